"""What people do on the pages, in a real browser, at desk and phone width."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, LAPTOP, PHONE, Visitor
from tests.map.town import adult_of

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
CASE = "望澜居登〔2026〕1183号"
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def faults_of(visitor: Visitor) -> list[str]:
    """Return the serious and critical faults that axe finds on the page as it stands."""
    found = Axe().run(visitor.page).response["violations"]
    grave = [fault for fault in found if fault["impact"] in {"serious", "critical"}]
    return [f"{fault['id']}: {[node['html'][:120] for node in fault['nodes'][:4]]}" for fault in grave]


def state_purpose(visitor: Visitor, code: str = "01") -> None:
    """Fill the purpose dialog and confirm it with Enter."""
    visitor.page.check(f"#purpose input[value='{code}']")
    visitor.page.fill("#case-number", CASE)
    visitor.page.press("#case-number", "Enter")


def click_building(visitor: Visitor) -> str:
    """Click the building nearest the middle of the map, on the map; return its id."""
    find = """() => {
        const gl = window.townMap.layer.getMaplibreMap();
        const frame = window.townMap.map.getContainer().getBoundingClientRect();
        const middle = [frame.width / 2, frame.height / 2];
        const spots = gl.queryRenderedFeatures({layers: ['building']}).map((feature) => {
          const ring = feature.geometry.coordinates.flat(feature.geometry.type === 'Polygon' ? 1 : 2);
          const centre = [0, 1].map((axis) => ring.reduce((sum, at) => sum + at[axis], 0) / ring.length);
          const at = window.townMap.map.latLngToContainerPoint([centre[1], centre[0]]);
          return {id: feature.properties.id, x: at.x + frame.x, y: at.y + frame.y, use: feature.properties.use,
                  far: Math.hypot(at.x - middle[0], at.y - middle[1])};
        });
        return spots.filter((spot) => spot.use === 'residential').sort((a, b) => a.far - b.far)[0];
    }"""
    spot = visitor.page.evaluate(find)
    visitor.page.mouse.click(spot["x"], spot["y"])
    return str(spot["id"])


@both
def test_sign_in_says_what_is_wrong_beside_the_field(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    page.goto(f"{visitor.watch.base}/login")
    page.click("button[type=submit]")
    expect(page.locator("#login-error").first).to_have_text("请填写账号", use_inner_text=True)
    page.fill("#login", "du")
    page.fill("#password", "not the password")
    page.click("button[type=submit]")
    page.wait_for_selector("#password-error:not([hidden])")
    expect(page.locator("#password-error").first).to_have_text("账号或密码不正确", use_inner_text=True)
    visitor.shoot("login")
    assert faults_of(visitor) == []
    visitor.sign_in()
    page.wait_for_selector(".toast-line")
    expect(page.locator(".toast-line").first).to_contain_text("社区民警", use_inner_text=True)


@both
def test_the_map_home_shows_the_town_and_nothing_foreign(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    visitor.enter()
    visitor.wait_for_map()
    visitor.page.wait_for_selector("#crumbs li:nth-child(3)")
    visitor.wait("document.querySelector('#legend [data-mark=installed] b').textContent !== '–'")
    visitor.shoot("home")
    assert faults_of(visitor) == []
    assert not [request for request in visitor.watch.requests if "missing" in request]


@both
def test_from_the_map_to_the_occupants(visit: Visit, size: tuple[int, int]) -> None:
    """An officer clicks a building, chooses a room, states a purpose, sees masked occupants, looks back, ends."""
    visitor = visit(size)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    building = click_building(visitor)
    page.wait_for_selector(".room")
    assert f"b={building}" in page.url
    assert page.get_attribute("#look", "aria-disabled") == "true"
    visitor.shoot("building")
    assert faults_of(visitor) == []
    page.click(".room.use-self >> nth=0")
    page.click("#look")
    visitor.shoot("purpose")
    assert faults_of(visitor) == []
    expect(page.locator("#purpose input:checked")).to_have_count(0)
    state_purpose(visitor)
    page.wait_for_selector(".people tbody tr")
    names = page.locator(".person-name").all_inner_texts()
    assert names
    assert all(re.fullmatch(r".\*{1,2}", name) for name in names)
    first_audit = page.get_attribute(".audit-id", "title")
    visitor.shoot("occupants")
    assert faults_of(visitor) == []
    page.click("[data-past]")
    page.fill("#past-day", "2025-06-01")
    page.wait_for_selector(".is-past")
    expect(page.locator(".past-banner").first).to_contain_text("历史时点 2025-06-01", use_inner_text=True)
    assert page.get_attribute(".audit-id", "title") != first_audit
    visitor.shoot("past")
    assert faults_of(visitor) == []
    page.click(".audit [data-end]")
    page.wait_for_selector("#room", state="hidden")
    assert not page.inner_html("#room")
    expect(page.locator("#object").first).to_be_visible()
    assert not [url for url in visitor.watch.requests if CASE in url or "purpose" in url]


def test_a_reveal_is_confirmed_and_shows_one_field(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.click(".room.use-self >> nth=0")
    page.click("#look")
    state_purpose(visitor)
    page.wait_for_selector("[data-reveal]")
    page.click("[data-reveal] >> nth=0")
    page.click("#confirm [value=cancel]")
    expect(page.locator(".revealed")).to_have_count(0)
    page.click("[data-reveal] >> nth=0")
    page.check("#confirm input[value=id_number]")
    visitor.shoot("reveal")
    page.click("#confirm [value=ok]")
    page.wait_for_selector(".revealed")
    assert re.search(r"证件号码 \d{17}[\dX]", page.inner_text(".revealed"))
    assert not [url for url in visitor.watch.requests if "person_id" in url]


@pytest.mark.parametrize("size", [DESK, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
def test_the_whole_building_after_a_purpose_is_complete(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.click("#choose-building")
    page.click("#look")
    page.fill("#case-number", CASE)
    page.press("#case-number", "Enter")
    expect(page.locator("#purpose").first).to_be_visible()
    page.keyboard.press("Escape")
    assert not page.is_visible("#purpose")
    page.click("#look")
    assert page.input_value("#case-number") == ""
    state_purpose(visitor, "02")
    page.wait_for_selector(".people tbody tr")
    expect(page.locator("#room-title").first).to_have_text("整幢住户", use_inner_text=True)
    assert page.locator(".unit-row").count() > 1
    visitor.shoot("whole")
    visitor.settle()


@both
def test_search_jumps_and_highlights(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    page.keyboard.press("/")
    page.keyboard.type("集贤街678弄2")
    page.wait_for_selector(".hit mark")
    visitor.shoot("search")
    assert faults_of(visitor) == []
    page.keyboard.press("ArrowDown")
    assert page.get_attribute(".hit >> nth=0", "aria-selected") == "true"
    page.keyboard.press("Enter")
    page.wait_for_selector("#object-title")
    expect(page.locator("#object-title").first).to_have_text("集贤街678弄2号", use_inner_text=True)
    page.wait_for_selector("#crumbs [aria-current]")
    page.reload()
    page.wait_for_selector("#object-title")
    expect(page.locator("#object-title").first).to_have_text("集贤街678弄2号", use_inner_text=True)


@both
def test_the_table_tells_what_the_map_shows(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    page.click("#show-table")
    page.wait_for_selector(".table-buildings tbody tr")
    assert "v=table" in page.url
    visitor.shoot("table")
    assert faults_of(visitor) == []
    page.click(".table-buildings tbody tr >> nth=0")
    page.wait_for_selector("#object-title")
    expect(page.locator("#table-twin").first).to_be_hidden()


@both
def test_from_a_person_to_the_dwellings(visit: Visit, size: tuple[int, int], town_url: cluster.Urls) -> None:
    number, name = adult_of(town_url)
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    visitor = visit(size)
    page = visitor.page
    visitor.enter(path="/person")
    visitor.shoot("person")
    assert faults_of(visitor) == []
    page.fill("#id-number", wrong)
    page.click("#find-person")
    state_purpose(visitor, "05")
    page.wait_for_selector("#id-number-error:not([hidden])")
    page.fill("#id-number", number)
    page.click("#find-person")
    state_purpose(visitor, "05")
    page.wait_for_selector(".dwellings li")
    assert page.inner_text("#person-name") == name[0] + "*" * (len(name) - 1)
    visitor.shoot("dwellings")
    assert faults_of(visitor) == []
    assert not [url for url in visitor.watch.requests if number in url]
    page.click(".dwellings a >> nth=0")
    page.wait_for_selector(".room[aria-pressed=true]")
    page.go_back()
    page.wait_for_selector("#id-number")
    assert page.input_value("#id-number") == ""
    expect(page.locator(".dwellings")).to_have_count(0)


@pytest.mark.parametrize(
    ("login", "sections"), [("lin", ["一张图", "地址识别", "看板", "居住登记", "门牌"]), ("ye", [])]
)
def test_what_a_role_may_not_do_is_absent(visit: Visit, login: str, sections: list[str]) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter(login)
    assert page.locator(".sections a").all_inner_texts() == sections
    expect(page.locator("#purpose")).to_have_count(0)
    page.goto(f"{visitor.watch.base}/person")
    expect(page.locator("h1").first).to_have_text("没有找到", use_inner_text=True)
    visitor.shoot(f"absent-{login}")
    assert faults_of(visitor) == []


@both
def test_plain_pages_hold_to_the_same_rules(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    for path in ("/about", "/nowhere"):
        visitor.page.goto(visitor.watch.base + path)
        visitor.shoot(path[1:])
        assert faults_of(visitor) == []


def test_sign_out_leaves_nothing_behind(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.sign_in()
    page.click("#who summary")
    page.click("[data-sign-out]")
    page.wait_for_selector("#login-form")
    assert page.evaluate("window.sessionStorage.length + window.localStorage.length") == 0
    page.goto(f"{visitor.watch.base}/")
    assert "/login" in page.url


def test_the_way_back_undoes_table_and_building(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.wait_for_selector(".room")
    page.click("#show-table")
    page.wait_for_selector(".table-buildings tbody tr")
    page.go_back()
    page.wait_for_selector("#table-twin", state="hidden")
    expect(page.locator("#object").first).to_be_visible()
    page.go_back()
    page.wait_for_selector("#object", state="hidden")
    assert "b=" not in page.url
    page.go_forward()
    page.wait_for_selector(".room")


def test_an_unfinished_purpose_says_what_is_missing(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.click(".room.use-self >> nth=0")
    page.click("#look")
    page.press("#case-number", "Enter")
    expect(page.locator("#purpose-legal").first).to_have_text("请先选择目的代码", use_inner_text=True)
    page.check("#purpose input[value='01']")
    page.fill("#case-number", "12")
    page.press("#case-number", "Enter")
    expect(page.locator("#case-hint").first).to_have_text(
        "案号或受理单号须有 4 至 60 个字", use_inner_text=True
    )
    assert page.get_attribute("#case-number", "aria-invalid") == "true"
    assert faults_of(visitor) == []


def test_a_lost_connection_keeps_the_purpose_and_is_told(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.click(".room.use-self >> nth=0")
    page.click("#look")
    page.route("**/panels/occupants", lambda route: route.abort())
    state_purpose(visitor)
    visitor.wait("document.querySelector('#case-hint').textContent.startsWith('连接中断')")
    assert page.input_value("#case-number") == CASE
    page.unroute("**/panels/occupants")
    visitor.watch.faults.clear()
    page.press("#case-number", "Enter")
    page.wait_for_selector(".people tbody tr")
    page.keyboard.press("Escape")
    visitor.wait("document.activeElement.matches('.room[aria-pressed=true]')")
