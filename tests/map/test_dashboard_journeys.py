"""What a leader does on the page of figures, in a real browser, at desk and phone width."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.map import fake_figures as fake
from tests.map.conftest import _CSP_WATCH, DESK, LAPTOP, PHONE, Visitor, Watch, headers_of
from tests.map.test_journeys import faults_of

pytestmark = pytest.mark.browser
sizes = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
Open = Callable[..., Visitor]


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """Give the address of a server with the leader's page over the township in memory."""
    with fake.serving() as address:
        yield address


@pytest.fixture
def open_page(town: str, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Give a function that opens the page at a width; each page is held to the watch at the end."""
    fake.install(monkeypatch)
    visitors: list[tuple[BrowserContext, Visitor]] = []

    def make(size: tuple[int, int], query: str = "") -> Visitor:
        width, height = size
        is_phone = width < 768
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            has_touch=is_phone,
            is_mobile=is_phone,
        )
        context.add_init_script(_CSP_WATCH)
        visitor = Visitor(context.new_page(), Watch(town), width, {})
        visitor.watch.follow(visitor.page)
        visitors.append((context, visitor))
        visitor.page.goto(f"{town}/dashboard{query}")
        visitor.wait("window.figures !== undefined")
        return visitor

    yield make
    for context, visitor in visitors:
        visitor.settle()
        context.close()


def step(visitor: Visitor, act: Callable[[], object]) -> None:
    """Do something that changes the state of the page, and wait until its parts have come."""
    with visitor.page.expect_response(re.compile("/panels/dashboard")):
        act()
    visitor.wait("!document.querySelector('.board.is-loading')")


def click_area(page: Page, area: str) -> None:
    """Click the middle of an area on the map."""
    at = page.evaluate(
        """(id) => {
            const found = window.figures.at(id);
            const frame = window.figures.map.getContainer().getBoundingClientRect();
            return {x: frame.x + found.x, y: frame.y + found.y + 18};
        }""",
        area,
    )
    page.mouse.click(at["x"], at["y"])


@sizes
def test_a_leader_sees_where_it_falls_short_and_goes_to_the_buildings(
    open_page: Open, size: tuple[int, int]
) -> None:
    """Figures with intervals, another week, the worst area, its blocks, their buildings, and the way back."""
    visitor = open_page(size)
    page = visitor.page
    tile = page.inner_text("[data-key=tile-registration_rate]")
    assert "91.2" in tile
    assert "89.0–93.0 %" in tile
    expect(page.locator(".rank tbody tr")).to_have_count(17)
    visitor.shoot("dashboard")
    assert faults_of(visitor) == []
    step(visitor, lambda: page.click("#week-before"))
    assert f"week={fake.WEEKS[-2]}" in page.url
    step(visitor, lambda: page.click("#week-after"))
    assert "week=" not in page.url
    worst = page.locator(".rank tbody th a").first
    assert worst.inner_text() == "东渡"
    step(visitor, worst.click)
    assert "focus=" in page.url
    expect(page.locator(".zone-card")).to_have_count(1)
    expect(page.locator("#map-panel b").first).to_have_text("东渡", use_inner_text=True)
    visitor.shoot("dashboard-focus")
    assert faults_of(visitor) == []
    step(visitor, lambda: page.click("[data-key=into]"))
    expect(page.locator("#crumbs li:last-child").first).to_have_text("东渡居委", use_inner_text=True)
    expect(page.locator(".rank tbody tr")).to_have_count(6)
    step(visitor, page.locator(".rank tbody th a").first.click)
    step(visitor, lambda: page.click("[data-key=into]"))
    expect(page.locator("tr[data-building]")).to_have_count(8)
    assert page.locator("tr[data-building]").nth(2).inner_text().endswith("不足 10")
    visitor.shoot("dashboard-buildings")
    assert faults_of(visitor) == []
    step(visitor, page.go_back)
    step(visitor, page.go_back)
    expect(page.locator(".rank tbody tr")).to_have_count(6)
    assert "focus" not in page.url


@sizes
def test_heat_and_table_stand_in_the_address(open_page: Open, size: tuple[int, int]) -> None:
    visitor = open_page(size)
    page = visitor.page
    step(visitor, lambda: page.click("[data-key=view-heat]"))
    assert "view=heat" in page.url
    expect(page.locator("[data-part=legend]").first).to_contain_text(
        "不足 10 人，不显示", use_inner_text=True
    )
    assert page.locator(".leaflet-figures-heat-pane path").count() > 50
    visitor.shoot("dashboard-heat")
    assert faults_of(visitor) == []
    again = open_page(size, "?" + page.url.partition("?")[2])
    assert again.page.locator(".leaflet-figures-heat-pane path").count() > 50
    step(again, lambda: again.page.click("[data-key=view-table]"))
    expect(again.page.locator(".twin tbody tr")).to_have_count(18)
    again.shoot("dashboard-table")
    assert faults_of(again) == []


@sizes
def test_a_zone_marks_its_area_and_opens(open_page: Open, size: tuple[int, int]) -> None:
    visitor = open_page(size)
    page = visitor.page
    zone = fake.zone_row(1).id
    step(visitor, lambda: page.click(f"[data-key=zone-{zone}]"))
    expect(page.locator(".rank .is-chosen th").first).to_have_text("东渡", use_inner_text=True)
    assert page.get_attribute(f"[data-key=open-{zone}]", "href") == f"/zones/{zone}"
    expect(page.locator(f"[data-key=open-{zone}]").first).to_be_visible()
    expect(page.locator(".zone-flag.is-chosen")).to_have_count(1)
    step(visitor, lambda: page.click(".zone-flag >> nth=0"))
    assert page.locator(".zone-card.is-chosen h3").inner_text().startswith("1")


@sizes
def test_a_click_on_the_map_chooses_and_a_second_one_goes_in(open_page: Open, size: tuple[int, int]) -> None:
    visitor = open_page(size)
    page = visitor.page
    page.locator("#stage").scroll_into_view_if_needed()
    step(visitor, lambda: click_area(page, str(UUID(int=107))))
    expect(page.locator(".rank .is-chosen th").first).to_have_text("映月", use_inner_text=True)
    page.locator("#stage").scroll_into_view_if_needed()
    step(visitor, lambda: click_area(page, str(UUID(int=107))))
    expect(page.locator("#crumbs li:last-child").first).to_have_text("映月居委", use_inner_text=True)


def test_weeks_play_to_the_current_one(open_page: Open) -> None:
    visitor = open_page(DESK, f"?week={fake.WEEKS[2]}")
    page = visitor.page
    assert page.input_value("#week") == "2"
    page.evaluate("document.getElementById('week').value = 9")
    step(visitor, lambda: page.dispatch_event("#week", "change"))
    assert f"week={fake.WEEKS[9]}" in page.url
    page.click("#week-play")
    assert page.get_attribute("#week-play", "aria-pressed") == "true"
    visitor.wait("document.querySelector('#week').value === '2'")
    page.click("#week-play")
    assert page.get_attribute("#week-play", "aria-pressed") == "false"


def test_the_keyboard_does_all(open_page: Open) -> None:
    visitor = open_page(DESK)
    page = visitor.page
    page.focus(".rank tbody th a >> nth=1")
    step(visitor, lambda: page.keyboard.press("Enter"))
    assert page.evaluate("document.activeElement.textContent") == "北门"
    step(visitor, lambda: page.keyboard.press("["))
    assert "week=" in page.url
    page.focus("#rate")
    step(visitor, lambda: page.select_option("#rate", label="房屋采集率"))
    assert "rate=unit_capture_rate" in page.url
    assert page.evaluate("document.activeElement.id") == "rate"
    page.focus(".zone-flag >> nth=0")
    step(visitor, lambda: page.keyboard.press("Enter"))
    assert "focus=" in page.url


def test_a_lost_connection_is_told_and_the_page_stays(open_page: Open) -> None:
    visitor = open_page(DESK)
    page = visitor.page
    page.route("**/panels/dashboard*", lambda route: route.abort())
    page.click("[data-key=tile-accuracy_rate]")
    page.wait_for_selector("#board-error .state-error")
    assert "rate=" not in page.url
    expect(page.locator(".rank tbody tr")).to_have_count(17)
    page.unroute("**/panels/dashboard*")
    step(visitor, lambda: page.click("[data-key=tile-accuracy_rate]"))
    expect(page.locator("#board-error").first).to_be_hidden()
    visitor.watch.faults = [fault for fault in visitor.watch.faults if "ERR_FAILED" not in fault]


def test_paper_shows_map_table_scale_and_who_printed(open_page: Open) -> None:
    visitor = open_page(DESK)
    page = visitor.page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1032, "height": 702})
    assert re.search(r"比例 1 : \d{3,}", page.inner_text(".board-print-foot"))
    expect(page.locator(".board-print-foot").first).to_contain_text("陆某（lu）打印", use_inner_text=True)
    expect(page.locator(".watermark").first).to_be_visible()
    expect(page.locator("[data-key=tile-registration_rate]").first).to_contain_text(
        "n = 785", use_inner_text=True
    )
    assert "787" not in page.inner_text("main")
    expect(page.locator(".rank").first).to_be_visible()
    expect(page.locator("#week").first).to_be_hidden()
    visitor.shoot("dashboard-paper")
    pages = re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True))
    assert pages == [b"1"]


def test_small_screens_have_large_targets(open_page: Open) -> None:
    visitor = open_page(PHONE)
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll('main a, main button, main select, main input, .crumbbar button')]
            .filter((one) => one.offsetParent && !one.closest('.leaflet-container'))
            .map((one) => [one.outerHTML.slice(0, 60), (one.closest('label') ?? one).getBoundingClientRect().height])
            .filter(([, height]) => height < 43.5)"""
    )
    assert small == []


def test_the_page_fits_a_laptop(open_page: Open) -> None:
    visitor = open_page(LAPTOP, f"?focus={fake.zone_row(0).id}")
    visitor.shoot("dashboard")
    assert faults_of(visitor) == []


@sizes
def test_over_a_stored_town_from_sign_in_to_the_buildings(
    visit: Callable[[tuple[int, int]], Visitor], size: tuple[int, int]
) -> None:
    """A leader signs in, lands on the figures, chooses a rate and goes from the township to the buildings."""
    visitor = visit(size)
    page = visitor.page
    visitor.sign_in("lu")
    page.wait_for_url("**/dashboard")
    visitor.wait_for_map()
    assert page.inner_text("#crumbs li:last-child")
    step(visitor, lambda: page.select_option("#rate", label="门牌上墙率"))
    expect(page.locator("[data-key=tile-plate_on_wall_rate]").first).to_contain_text(
        "全数", use_inner_text=True
    )
    visitor.shoot("dashboard-town")
    for _ in range(2):
        step(visitor, page.locator(".rank tbody th a").first.click)
        step(visitor, lambda: page.click("[data-key=into]"))
    assert page.locator("tr[data-building]").count() > 0
    assert page.locator(".leaflet-figures-buildings-pane path").count() > 0
    visitor.shoot("dashboard-town-buildings")
    step(visitor, lambda: page.click("[data-key=view-heat]"))
    assert faults_of(visitor) == []
    again = page.url
    page.goto(again)
    visitor.wait("window.figures !== undefined")
    assert page.url == again
    assert page.locator("tr[data-building]").count() > 0


def test_the_server_answers_within_a_fifth_of_a_second(
    server: str, cookies: dict[str, httpx.Cookies]
) -> None:
    with httpx.Client(base_url=server, headers=headers_of(server, cookies["lu"])) as client:
        times = []
        for _ in range(6):
            timing = client.get("/panels/dashboard").headers["server-timing"]
            times.append(float(timing.removeprefix("app;dur=").partition(",")[0]))
    assert min(times) < 200
