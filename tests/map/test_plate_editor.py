"""门牌编辑: the number line, keys, lasso, acts taken back and done again, warnings and the bin."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from geo_registry.text import initials
from tests.map.conftest import DESK, Visitor, headers_of
from tests.map.test_journeys import faults_of
from tests.map.test_plate_pages import BESIDE_STREET, give_reason, open_street, plate_of

Visit = Callable[[tuple[int, int]], Visitor]


def put_plate(visitor: Visitor, street: str, right: int, number: str = "") -> str:
    """Add a plate beside the street, some pixels to the right of its middle; return its id."""
    page = visitor.page
    page.keyboard.press("1")
    x, y = page.evaluate(BESIDE_STREET, street)
    page.mouse.click(x + right, y)
    page.wait_for_selector("[data-proposed]", state="attached")
    if number:
        page.fill("#new-number", number)
        page.wait_for_selector(f"#new-preview:has-text('{number}号')")
    give_reason(visitor)
    page.keyboard.press("Control+s")
    page.wait_for_selector(".object-head[data-plate]")
    visitor.wait("document.querySelector('.toast-act button') !== null")
    return page.get_attribute(".object-head", "data-plate") or ""


def wait_for_state(visitor: Visitor, plate: str, state: str) -> None:
    """Wait until the register holds a state of a plate."""
    for _ in range(100):
        if plate_of(visitor, "lin", plate)["state"] == state:
            return
        visitor.page.wait_for_timeout(200)
    raise AssertionError(plate_of(visitor, "lin", plate)["state"])


@pytest.mark.browser
def test_a_street_is_walked_by_metres_sides_and_keys(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    open_street(visitor)
    visitor.wait("document.querySelectorAll('.axis-tick').length > 0")
    metres = page.locator(".plates-table tbody td:nth-child(3)").all_inner_texts()
    placed = [float(one) for one in metres if one != "—"]
    assert placed
    assert placed == sorted(placed)
    page.click("#side-odd")
    page.wait_for_selector("#side-odd[aria-pressed=true]")
    beside = int(page.inner_text("#side-odd").split()[-1])
    assert page.locator(".plates-table [data-row]").count() == beside
    page.click("#side-odd")
    page.wait_for_selector("#side-odd[aria-pressed=false]")
    page.keyboard.press("]")
    page.wait_for_selector(".object-head[data-plate]")
    first = page.get_attribute(".object-head", "data-plate")
    page.keyboard.press("x")
    expect(page.locator("[data-selection-count]").first).to_have_text("已选 1 块", use_inner_text=True)
    assert page.is_checked(f"[data-tick][value='{first}']")
    page.keyboard.press("]")
    visitor.wait(f"document.querySelector('.object-head')?.dataset.plate !== '{first}'")
    visitor.shoot("plate-editor")
    assert faults_of(visitor) == []
    page.keyboard.press("Escape")
    expect(page.locator("#selection").first).to_be_hidden()
    for colour in ("certified", "street", "state"):
        page.keyboard.press("c")
        page.wait_for_selector(f"[data-colour={colour}][aria-pressed=true]")
        page.wait_for_selector(f"[data-legend={colour}]:not([hidden])", state="attached")
    page.keyboard.press("t")
    page.wait_for_selector(".table-plates")
    assert faults_of(visitor) == []


@pytest.mark.browser
def test_what_is_caught_with_the_lasso_is_certified_and_taken_back(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    plate = put_plate(visitor, street, -120)
    told = plate_of(visitor, "lin", plate)
    page.keyboard.press("l")
    at = page.evaluate(
        """([lon, lat]) => {
          const { map } = window.townMap;
          const frame = map.getContainer().getBoundingClientRect();
          const spot = map.latLngToContainerPoint([lat, lon]);
          return [spot.x + frame.x, spot.y + frame.y];
        }""",
        [told["lon"], told["lat"]],
    )
    corners = [(-6, -6), (6, -6), (6, 6), (-6, 6), (-6, -3)]
    page.mouse.move(at[0] + corners[0][0], at[1] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(at[0] + x, at[1] + y, steps=3)
    page.mouse.up()
    page.wait_for_selector("#selection:not([hidden])")
    page.click("[data-bulk=certify]")
    page.wait_for_selector("#act[open] .trial-sum")
    expect(page.locator("#act .trial-sum").first).to_contain_text("可以认证 1 块", use_inner_text=True)
    visitor.shoot("plate-certify-trial")
    assert faults_of(visitor) == []
    page.click("#act-submit")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已认证')")
    assert plate_of(visitor, "lin", plate)["certified"]["basis"] == "visit"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    assert plate_of(visitor, "lin", plate)["certified"] is None
    page.keyboard.press("Control+Shift+z")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已重做')")
    assert plate_of(visitor, "lin", plate)["certified"] is not None


@pytest.mark.browser
def test_what_a_colleague_certified_meanwhile_is_moved_for_a_reason(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    plate = put_plate(visitor, open_street(visitor), 140)
    told = plate_of(visitor, "lin", plate)
    page.keyboard.press("m")
    page.wait_for_selector(".plate-pin")
    csrf = page.get_attribute("meta[name=csrf-token]", "content") or ""
    headers = headers_of(visitor.watch.base, visitor.cookies["lin"]) | {"X-CSRF-Token": csrf}
    certified = httpx.post(
        f"{visitor.watch.base}/v1/addresses/actions/certify",
        json={"address_ids": [told["address_id"]], "basis": "visit"},
        headers=headers | {"Idempotency-Key": plate},
    )
    assert certified.status_code == 200, certified.text
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#act[open]")
    expect(page.locator("#act").first).to_contain_text("移动已认证的门牌", use_inner_text=True)
    assert plate_of(visitor, "lin", plate)["certified"] is not None
    page.fill("#act-reason", "现场复测")
    page.click("#act-submit")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已移动')")
    moved = plate_of(visitor, "lin", plate)
    assert (moved["certified"], moved["lon"] < told["lon"]) == (None, True)
    visitor.watch.faults = [one for one in visitor.watch.faults if "422" not in one]


@pytest.mark.browser
def test_a_new_plate_leaves_comes_back_and_lies_in_the_bin(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    plate = put_plate(visitor, street, 110)
    page.keyboard.press("Control+z")
    wait_for_state(visitor, plate, "cancelled")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    page.keyboard.press("Control+Shift+z")
    wait_for_state(visitor, plate, "draft")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已重做')")
    page.keyboard.press("Control+z")
    wait_for_state(visitor, plate, "cancelled")
    page.goto(f"{visitor.watch.base}/plates/bin?kind=address&street={street}")
    page.wait_for_selector("[data-restore=address]")
    visitor.shoot("plate-bin")
    assert faults_of(visitor) == []
    page.click("[data-restore=address] >> nth=0")
    wait_for_state(visitor, plate, "draft")


@pytest.mark.browser
def test_a_warning_is_accepted_with_a_reason_and_asked_about_again(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    for number in ("9001", "9002"):
        put_plate(visitor, street, 60, number)
    page.goto(f"{visitor.watch.base}/plates/warnings?street={street}")
    page.wait_for_selector("[data-accept]")
    before = page.locator("[data-accept]").count()
    visitor.shoot("plate-warnings")
    assert faults_of(visitor) == []
    page.click("[data-accept] >> nth=0")
    page.click("#act-submit")
    expect(page.locator("#act-error").first).to_have_text("请填写事由", use_inner_text=True)
    page.fill("#act-reason", "同一门洞，两块牌")
    page.click("#act-submit")
    visitor.wait(f"document.querySelectorAll('[data-accept]').length === {before - 1}")
    page.keyboard.press("Control+z")
    visitor.wait(f"document.querySelectorAll('[data-accept]').length === {before}")


@pytest.mark.browser
def test_an_address_gets_a_second_place(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_street(visitor)
    put_plate(visitor, street, -200)
    x, y = page.evaluate(BESIDE_STREET, street)
    page.select_option("#place-kind", "vehicle_gate")
    page.click("[data-place-new]")
    page.mouse.click(x - 180, y - 10)
    page.wait_for_selector("[data-place-act=end]")
    expect(page.locator("[data-place]")).to_have_count(2)
    assert page.locator(".place-mark").inner_text() == "车行门"
    page.keyboard.press("Control+z")
    visitor.wait("document.querySelectorAll('[data-place]').length === 1")


@pytest.mark.browser
def test_a_street_is_found_by_any_writing_and_the_area_is_counted(visit: Visit) -> None:
    """The server searches, so that a city's thousands of streets need not be in the page."""
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", "/plates")
    page.wait_for_selector("#area-rate meter")
    assert int(page.inner_text("#missing-count")) > 0
    row = page.locator(".street-list li").last
    name, count = row.locator(".street-name").inner_text(), page.locator(".street-list li").count()
    for written in (name, name[1:], initials(name)):
        page.fill("#street-filter", written)
        visitor.wait(f"document.querySelectorAll('.street-list li').length < {count}")
        assert name in page.inner_text(".street-list")
        assert page.evaluate("document.activeElement.id") == "street-filter"
        page.fill("#street-filter", "")
        visitor.wait(f"document.querySelectorAll('.street-list li').length === {count}")
    page.fill("#street-filter", "没有这条路")
    page.wait_for_selector(".plates-scroll:has-text('没有找到“没有这条路”')")
