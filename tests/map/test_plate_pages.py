"""门牌: the clerk's editor, batches, the wall, in a real browser at desk and phone width."""

import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
BESIDE_STREET = """
    async (id) => {
      const told = await (await fetch(`/panels/plates/streets/${id}`)).json();
      const line = told.axis.coordinates[0];
      const at = line[Math.floor(line.length / 2)];
      const { map } = window.townMap;
      map.setView([at[1], at[0]], 18, { animate: false });
      const frame = map.getContainer().getBoundingClientRect();
      const spot = map.latLngToContainerPoint([at[1] + 0.00009, at[0] + 0.00004]);
      return [spot.x + frame.x, spot.y + frame.y];
    }
"""


def open_street(visitor: Visitor) -> str:
    """Open the editor on the street with an axis that has most numbers; return the street's id."""
    page = visitor.page
    visitor.enter("lin", "/plates")
    visitor.wait_for_map()
    page.wait_for_selector(".street-list li", state="attached")
    find = """
        async () => {
          const numbers = (row) => Number(row.querySelector('.num')?.textContent.split('/')[1] ?? 0);
          const rows = [...document.querySelectorAll('.street-list [data-street]')];
          for (const row of rows.sort((one, other) => numbers(other) - numbers(one))) {
            const id = row.getAttribute('data-street');
            const told = await (await fetch(`/panels/plates/streets/${id}`)).json();
            if (told.axis) return id;
          }
        }
    """
    street = str(page.evaluate(find))
    page.goto(f"{visitor.watch.base}/plates?s={street}")
    visitor.wait_for_map()
    page.wait_for_selector(".plates-table [data-row]", state="attached")
    return street


def rate_of(visitor: Visitor) -> tuple[int, int]:
    """Return addresses with a plate on the wall, and all, of the street shown."""
    text = visitor.page.text_content(".rate .num >> nth=0") or ""
    on_wall, addresses = (int(part) for part in text.split("/"))
    return on_wall, addresses


def put_new_plate(visitor: Visitor, street: str) -> str:
    """Add a plate beside the street with one click; return its address."""
    page = visitor.page
    page.keyboard.press("n")
    x, y = page.evaluate(BESIDE_STREET, street)
    page.mouse.click(x, y)
    page.wait_for_selector("[data-proposed]", state="attached")
    proposed = "-".join(part for part in map(page.input_value, ("#new-number", "#new-sub")) if part)
    assert re.fullmatch(r"\d+(-\d+)?", proposed)
    assert (page.text_content("#preview-text") or "").endswith(f"{proposed}号")
    give_reason(visitor)
    page.click("#new-save")
    page.wait_for_selector(".object-head[data-plate]")
    return page.get_attribute(".object-head", "data-title") or ""


def give_reason(visitor: Visitor) -> None:
    """Give the reason that warnings ask for, when there are any."""
    if visitor.page.locator("#new-reason").count():
        visitor.page.fill("#new-reason", "院落后退")
    visitor.wait("document.querySelector('#new-save').getAttribute('aria-disabled') === 'false'")


def do_act(visitor: Visitor, verb: str, **values: str) -> None:
    """Press an act's button, fill its dialog and confirm."""
    page = visitor.page
    page.click(f"[data-act={verb}]")
    for name, value in values.items():
        page.fill(f"#act-{name}", value)
    page.click("#act-submit")
    page.wait_for_selector("#act[open]", state="detached")


def plate_of(visitor: Visitor, login: str, plate_id: str) -> dict[str, Any]:
    """Return a plate as the interface tells it."""
    headers = headers_of(visitor.watch.base, visitor.cookies[login])
    reply = httpx.get(f"{visitor.watch.base}/v1/plates/{plate_id}", headers=headers)
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


def photo() -> FilePayload:
    """Return a picture as a camera would hand it over, no two alike."""
    content = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(content, "JPEG")
    return {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


@pytest.mark.browser
@both
def test_the_editor_shows_streets_plates_and_what_is_missing(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    open_street(visitor)
    if size == PHONE:
        visitor.shoot("plates-map")
        page.click("#left-open")
    visitor.wait("document.querySelector('#legend [data-mark=installed] b').textContent !== '–'")
    on_wall, addresses = rate_of(visitor)
    visitor.shoot("plates-street")
    assert faults_of(visitor) == []
    page.click("#tab-missing")
    page.wait_for_selector("[data-missing]")
    assert page.inner_text("#tab-missing").endswith(str(addresses - on_wall))
    page.click("[data-missing] >> nth=0")
    page.wait_for_selector("#object .face")
    assert "上墙证据" in page.inner_text("#object") or "还没有门牌" in page.inner_text("#object")
    visitor.shoot("plate")
    assert faults_of(visitor) == []
    page.click("#show-table")
    page.wait_for_selector(".table-plates")


@pytest.mark.browser
def test_from_a_click_to_the_wall(visit: Visit) -> None:
    """A clerk adds a plate, moves it and back, has it made; a coordinator puts it up; the clerk verifies it."""
    desk, phone = visit(DESK), visit(PHONE)
    page = desk.page
    street = open_street(desk)
    before = rate_of(desk)
    address = put_new_plate(desk, street)
    plate = page.get_attribute(".object-head", "data-plate") or ""
    desk.wait("document.querySelector('.toast-act button') !== null")
    desk.shoot("plate-new-saved")
    desk.wait(f"document.querySelector('.rate .num').textContent.endsWith('/ {before[1] + 1}')")
    assert rate_of(desk) == (before[0], before[1] + 1)
    move_and_back(desk, plate)
    do_act(desk, "approve", document_number="望民〔2026〕7号")
    desk.wait("document.querySelector('#object .chips').textContent.includes('已批准')")
    batch = order(desk, address)
    make_and_deliver(desk)
    put_up(phone, plate, address)
    desk.enter("lin", "/plates/verify")
    desk.shoot("plates-verify")
    assert faults_of(desk) == []
    page.click(f"[data-card='{plate}'] [data-act=verify]")
    page.click("#act-submit")
    page.wait_for_selector(f"[data-card='{plate}']", state="detached")
    told = plate_of(desk, "lin", plate)
    assert (told["state"], told["batch_id"]) == ("verified", batch)
    assert told["installation"]["verifier"] != told["installation"]["installer"]
    page.goto(f"{desk.watch.base}/plates?s={street}&p={plate}")
    page.wait_for_selector(".evidence img")
    assert rate_of(desk) == (before[0] + 1, before[1] + 1)
    desk.wait("document.querySelector('.evidence img').naturalWidth > 0")
    desk.shoot("plate-verified")
    page.click("#tab-missing")
    page.wait_for_selector("#tab-missing[aria-pressed=true]")
    assert address not in page.inner_text("#plates-left")


def move_and_back(desk: Visitor, plate: str) -> None:
    """Drag a plate, see it saved once; push it by a key; take both back by the keyboard; leave by Esc."""
    page = desk.page
    start = plate_of(desk, "lin", plate)
    page.keyboard.press("m")
    page.wait_for_selector(".plate-pin")
    box = page.locator(".plate-pin").bounding_box()
    assert box
    page.mouse.move(box["x"] + 15, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 45, box["y"] + 35, steps=5)
    page.mouse.up()
    desk.wait("document.querySelector('.toast-act')?.textContent.includes('已移动')")
    moved = plate_of(desk, "lin", plate)
    assert moved["version"] == start["version"] + 1
    assert (moved["lon"], moved["lat"]) != (start["lon"], start["lat"])
    page.keyboard.press("Shift+ArrowRight")
    wait_for_version(desk, plate, start["version"] + 2)
    page.keyboard.press("Control+z")
    wait_for_version(desk, plate, start["version"] + 3)
    page.keyboard.press("Control+z")
    wait_for_version(desk, plate, start["version"] + 4)
    back = plate_of(desk, "lin", plate)
    assert (back["lon"], back["lat"]) == pytest.approx((start["lon"], start["lat"]), abs=1e-7)
    page.keyboard.press("Escape")
    expect(page.locator(".plate-pin")).to_have_count(0)
    desk.wait(f"document.querySelector('.object-head').dataset.version === '{back['version']}'")


def wait_for_version(desk: Visitor, plate: str, version: int) -> None:
    """Wait until the register and the pane hold a version."""
    desk.wait(f"document.querySelector('.object-head').dataset.version === '{version}'")
    assert plate_of(desk, "lin", plate)["version"] == version


def order(desk: Visitor, address: str) -> str:
    """Tick all plates of the street: the dry run says which cannot be ordered; order the one that can."""
    page = desk.page
    page.check("#tick-all")
    page.click("[data-bulk=order]")
    page.wait_for_selector("[data-trial]")
    assert "还没有" in page.inner_text(".refusals") or "不能下单" in page.inner_text(".refusals")
    assert address not in page.inner_text(".refusals")
    desk.shoot("batch-trial")
    assert faults_of(desk) == []
    page.click("#act-submit")
    expect(page.locator("#act-error").first).to_have_text("请填写批次号", use_inner_text=True)
    page.fill("#act-number", "望澜牌〔2026〕第90批")
    page.fill("#act-maker", "望澜标牌厂")
    page.click("#act-submit")
    page.wait_for_url(re.compile(r"/plates/batches/[0-9a-f-]{36}$"))
    return page.url.rsplit("/", 1)[1]


def make_and_deliver(desk: Visitor) -> None:
    """Record a batch as made and delivered; its figures add up, and it prints."""
    page = desk.page
    batch = page.url
    assert page.get_attribute("[data-act=deliver]", "aria-disabled") == "true"
    assert "请先登记制作" in (page.get_attribute("[data-act=deliver]", "title") or "")
    with page.expect_navigation():
        do_act(desk, "produce")
    with page.expect_navigation():
        do_act(desk, "deliver")
    made, on_wall, stock, scrapped = (int(one) for one in re.findall(r"\d+", page.inner_text(".equation")))
    assert made == on_wall + stock + scrapped == stock > 0
    desk.shoot("batch")
    assert faults_of(desk) == []
    csv = page.request.get(f"{batch}.csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text().strip().splitlines()) == made + 1
    page.goto(f"{batch}/sheet")
    assert page.locator(".sheet .face").count() == made
    desk.shoot("batch-sheet")
    assert faults_of(desk) == []
    page.goto(f"{desk.watch.base}/plates/batches")
    desk.shoot("batches")
    assert faults_of(desk) == []


def put_up(phone: Visitor, plate: str, address: str) -> None:
    """Record a plate on the wall with photo and position, from the list of those nearby."""
    page = phone.page
    told = plate_of(phone, "lin", plate)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation(
        {"longitude": told["lon"] + 0.00001, "latitude": told["lat"], "accuracy": 4.0}
    )
    phone.enter("he", "/plates/install")
    page.click("#near")
    phone.wait("document.querySelector('#near-words').textContent.includes('由近到远')")
    # What was given out as a task stands before it.
    first = "#others-list li:not([hidden]) a"
    phone.wait(f"document.querySelector('{first}')?.getAttribute('href') === '/plates/{plate}/install'")
    phone.shoot("plates-todo")
    assert faults_of(phone) == []
    page.click(f"{first} >> nth=0")
    page.wait_for_selector("#install-form")
    page.click("#submit", force=True)  # it looks disabled, and says why
    phone.wait("document.querySelector('#install-error').textContent === '请先拍照'")
    page.set_input_files("#photo", photo())
    phone.wait("document.querySelector('#submit').getAttribute('aria-disabled') === 'false'")
    phone.shoot("plate-install")
    assert faults_of(phone) == []
    page.click("#submit")
    page.wait_for_url(f"{phone.watch.base}/plates/install")
    page.wait_for_selector(".toast-line")
    assert address.endswith(page.inner_text(".toast-line").split("：")[0])


@pytest.mark.browser
@both
def test_a_taken_number_cannot_be_saved_and_esc_leaves_nothing(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    street = open_street(visitor)
    taken = (page.text_content(".plate-open b >> nth=0") or "").removesuffix("号")
    page.click("#new-plate")
    x, y = page.evaluate(BESIDE_STREET, street)
    page.mouse.click(x, y)
    page.wait_for_selector("[data-proposed]", state="attached")
    page.fill("#new-number", taken)
    page.wait_for_selector("[data-code=number-taken]")
    assert page.get_attribute("#new-save", "aria-disabled") == "true"
    expect(page.locator("#new-preview").first).to_contain_text("已被使用", use_inner_text=True)
    visitor.shoot("plate-taken")
    assert faults_of(visitor) == []
    page.fill("#new-number", "九百零一甲乙")
    page.wait_for_selector("#new-preview .check-error")
    page.press("#new-number", "Escape")
    page.wait_for_selector("#new-form", state="detached")
    expect(page.locator(".plate-pin")).to_have_count(0)
    assert not [one for one in visitor.watch.requests if one.startswith("POST") and "/v1/plates" in one]


@pytest.mark.browser
def test_a_new_plate_is_taken_back(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    put_new_plate(visitor, street)
    plate = page.get_attribute(".object-head", "data-plate") or ""
    page.click(".toast-act button")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    assert plate_of(visitor, "lin", plate)["state"] == "cancelled"


@pytest.mark.browser
def test_a_move_on_an_old_version_shows_both(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    put_new_plate(visitor, street)
    plate = page.get_attribute(".object-head", "data-plate") or ""
    told = plate_of(visitor, "lin", plate)
    page.keyboard.press("m")
    page.wait_for_selector(".plate-pin")
    headers = headers_of(visitor.watch.base, visitor.cookies["lin"])
    csrf = page.get_attribute("meta[name=csrf-token]", "content") or ""
    other = httpx.post(
        f"{visitor.watch.base}/v1/plates/{plate}/actions/move",
        json={"lon": told["lon"] + 0.0001, "lat": told["lat"]},
        headers=headers
        | {"X-CSRF-Token": csrf, "Idempotency-Key": plate, "If-Match": f'"{told["version"]}"'},
    )
    assert other.status_code == 200, other.text
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#stale[open]")
    expect(page.locator("[data-stale=mine]").first).to_contain_text(
        f"第 {told['version']} 版", use_inner_text=True
    )
    expect(page.locator("[data-stale=now]").first).to_contain_text(
        f"第 {told['version'] + 1} 版", use_inner_text=True
    )
    assert faults_of(visitor) == []
    page.click("#stale [value=mine]")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已移动')")
    assert plate_of(visitor, "lin", plate)["version"] == told["version"] + 2


def test_the_pages_are_absent_for_other_roles(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    paths = ("/plates", "/plates/batches", "/plates/install", "/plates/verify", "/panels/plates/list")
    allowed = {"lin": set(paths), "he": {"/plates/install"}, "feng": {"/plates/verify"}, "du": set()}
    for login, granted in allowed.items():
        for path in paths:
            reply = httpx.get(server + path, headers=headers_of(server, cookies[login]))
            assert reply.status_code == (200 if path in granted else 404), (login, path)


def test_what_is_typed_stays_text(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    """A number that is code is refused in words, and stands escaped in the preview."""
    headers = headers_of(server, cookies["lin"]) | {"HX-Request": "true"}
    streets = httpx.get(f"{server}/panels/plates/list", headers=headers).text
    found = re.search(r'data-street="([0-9a-f-]{36})"', streets)
    assert found
    asked = {"lon": "121.3", "lat": "30.9", "street": found[1], "number": "<img src=x>"}
    reply = httpx.get(f"{server}/panels/plates/preview", params=asked, headers=headers)
    assert reply.status_code == 200
    assert "check-error" in reply.text
    assert "<img" not in reply.text


@pytest.mark.browser
def test_the_keys_of_the_editor_stand_in_the_list_of_keys(visit: Visit) -> None:
    visitor = visit(DESK)
    visitor.enter("lin", "/plates")
    visitor.page.wait_for_selector(".street-list")
    visitor.page.keyboard.press("?")
    expect(visitor.page.locator("#keys").first).to_contain_text("移动所选门牌", use_inner_text=True)


def test_a_trial_of_nonsense_is_refused_in_words(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    headers = headers_of(server, cookies["lin"]) | {"HX-Request": "true"}
    for ids in ("no-id", ","):
        reply = httpx.post(
            f"{server}/panels/plates/trial", data={"ids": ids, "verb": "order"}, headers=headers
        )
        assert reply.status_code == 422
        assert 'role="alert"' in reply.text
