"""撤回改号 in a real browser: tried first, taken back with a reason, refused once a certificate was given out."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.map.conftest import DESK, Visitor, headers_of
from tests.map.test_journeys import faults_of
from tests.map.test_numbering_pages import get, open_street, street_with
from tests.map.test_plate_editor import put_plate
from tests.map.test_plate_pages import BESIDE_STREET
from tests.map.test_plate_pages import open_street as open_plates

Visit = Callable[[tuple[int, int]], Visitor]


def _given(visitor: Visitor, street: dict[str, Any]) -> dict[str, str]:
    slots = get(visitor, f"/v1/streets/{street['id']}/numbering?reserve=false")["slots"]
    return {one["address_id"]: one["number"] for one in slots if one["kind"] == "given"}


def _publish(visitor: Visitor, street: dict[str, Any]) -> None:
    """Shift the numbers of one side by one, and go to the table of old and new."""
    page = visitor.page
    open_street(visitor, street, "&t=renumber")
    page.click("[data-slot][data-kind=given] [data-pick] >> nth=0")
    page.click("[data-shift='2']")
    page.click("#save")
    page.wait_for_selector("#act[open]")
    page.fill("#act-document_number", "望民〔2026〕19号")
    page.fill("#act-reason", "道路改线")
    page.click("#act-submit")
    page.click("text=旧号与新号对照")
    page.wait_for_selector("[data-change]")


@pytest.mark.browser
def test_a_mistaken_renumbering_is_taken_back(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=6)
    before = _given(visitor, street)
    _publish(visitor, street)
    assert _given(visitor, street) != before
    page.click("[data-take-back]")
    page.wait_for_selector("#act[open]")
    changed = page.locator(".numbering-trial tbody tr").count()
    expect(page.locator("#act-title").first).to_contain_text(f"撤回 {changed} 个新号", use_inner_text=True)
    visitor.shoot("take-back")
    assert faults_of(visitor) == []
    page.click("#act-submit")
    expect(page.locator("#act-error").first).to_contain_text("请填写事由", use_inner_text=True)
    page.fill("#act-reason", "选错了起点")
    with page.expect_navigation():
        page.click("#act-submit")
    assert _given(visitor, street) == before
    page.goto(f"{visitor.watch.base}/address-changes?street={street['id']}")
    assert page.locator("[data-change]:has-text('撤回改号')").count() > 0
    # The page of numbers has the same way back; a certificate given out stands in it.
    _publish(visitor, street)
    page.click("[data-certify] >> nth=0")
    page.click("#act-submit")
    page.wait_for_selector("#certificate-told a")
    open_street(visitor, street, "&t=renumber")
    page.click("#take-back")
    page.wait_for_selector("#act[open]")
    expect(page.locator("#act-title").first).to_contain_text("不能撤回", use_inner_text=True)
    expect(page.locator(".refusals").first).to_contain_text("已开具变更证明", use_inner_text=True)
    visitor.shoot("take-back-refused")


def _act(visitor: Visitor, path: str, body: dict[str, Any], version: int) -> Any:  # noqa: ANN401
    """Act as another window of the clerk would."""
    csrf = visitor.page.get_attribute("meta[name=csrf-token]", "content") or ""
    more = {"X-CSRF-Token": csrf, "Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'}
    headers = headers_of(visitor.watch.base, visitor.cookies["lin"]) | more
    reply = httpx.post(visitor.watch.base + path, json=body, headers=headers, timeout=30)
    assert reply.is_success, reply.text
    return reply.json()


def _place(visitor: Visitor, address: str, east: float = 0.0) -> Any:  # noqa: ANN401
    """Add a place to an address behind the page's back."""
    told = get(visitor, f"/v1/addresses/{address}")
    at = {"kind": "stairway", "lon": told["lon"] + east, "lat": told["lat"]}
    return _act(visitor, f"/v1/addresses/{address}/positions", at, told["version"])


@pytest.mark.browser
def test_places_and_certifications_on_an_old_version_show_both(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_plates(visitor)
    put_plate(visitor, street, -120)
    address = page.get_attribute(".object-head", "data-address") or ""
    seen = int(page.get_attribute(".object-head", "data-address-version") or 0)
    x, y = page.evaluate(BESIDE_STREET, street)

    def add_beside(dx: int) -> None:
        page.select_option("#place-kind", "vehicle_gate")
        page.click("[data-place-new]")
        page.mouse.click(x - 100 - dx, y - 10)

    _place(visitor, address)
    add_beside(0)
    page.wait_for_selector("#stale[open]")
    expect(page.locator("[data-stale=mine]").first).to_contain_text(f"第 {seen} 版", use_inner_text=True)
    expect(page.locator("[data-stale=now]").first).to_contain_text(f"第 {seen + 1} 版", use_inner_text=True)
    expect(page.locator("[data-stale=wanted]").first).to_contain_text("加点位", use_inner_text=True)
    visitor.shoot("stale-place")
    assert faults_of(visitor) == []
    page.click("#stale [value=mine]")
    visitor.wait("document.querySelectorAll('[data-place]').length === 3")
    # The way back starts from what we did ourselves: what another did since is not passed over.
    _place(visitor, address)
    page.keyboard.press("Control+z")
    page.wait_for_selector("#stale[open]")
    page.click("#stale [value=theirs]")
    visitor.wait("document.querySelectorAll('[data-place]').length === 4")
    # A certification likewise.
    _place(visitor, address)
    page.eval_on_selector(
        "#certify", "(button) => { button.removeAttribute('aria-disabled'); button.click(); }"
    )
    page.click("#act-submit")
    page.wait_for_selector("#stale[open]")
    expect(page.locator("[data-stale=wanted]").first).to_have_text("认证", use_inner_text=True)
    page.click("#stale [value=theirs]")
    page.wait_for_selector("#act[open]", state="detached")
    expect(page.locator("[data-uncertify]")).to_have_count(0)


@pytest.mark.browser
def test_numbers_on_an_old_version_of_the_street_show_both(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=2)
    open_street(visitor, street, "&t=renumber")
    version = int(page.get_attribute("#object [data-version]", "data-version") or 0)
    page.click("[data-slot][data-kind=given] [data-pick] >> nth=0")
    page.click("[data-shift='2']")
    page.click("#save")
    page.wait_for_selector("#act[open]")
    kept = {"numbers": [{"number": "977"}]}
    _act(visitor, f"/v1/streets/{street['id']}/actions/reserve", kept, version)
    page.fill("#act-document_number", "望民〔2026〕20号")
    page.fill("#act-reason", "道路改线")
    page.click("#act-submit")
    page.wait_for_selector("#stale[open]")
    expect(page.locator("[data-stale=now]").first).to_contain_text(
        f"第 {version + 1} 版", use_inner_text=True
    )
    page.click("#stale [value=mine]")
    page.wait_for_selector("text=旧号与新号对照")


TICK = """
    () => {
      const rows = [...document.querySelectorAll('input[data-tick]')].filter((one) => /\\D2\\d{3}号$/.test(one.dataset.text));
      for (const one of rows) one.click();
      return rows.map((one) => one.value);
    }
"""


@pytest.mark.browser
def test_an_act_on_more_than_fifty_plates_is_undone_and_an_approval_says_that_it_is_not(
    visit: Visit,
) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = open_plates(visitor)
    told = get(visitor, f"/v1/streets/{street}")
    lon, lat = told["axis"]["coordinates"][0][0][:2]
    slots = [{"number": str(2000 + turn), "lon": lon, "lat": lat} for turn in range(1, 54)]
    body = {"slots": slots, "plates": "draft", "reason": "补登"}
    _act(visitor, f"/v1/streets/{street}/actions/number", body, told["version"])
    page.goto(f"{visitor.watch.base}/plates?s={street}")
    visitor.wait_for_map()
    page.wait_for_selector("input[data-tick]")
    chosen = page.evaluate(TICK)
    assert len(chosen) == 53
    page.click("[data-bulk=cancel]")
    page.wait_for_selector("#act[open] .trial-sum")
    page.fill("#act-reason", "重复登记")
    page.click("#act-submit")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已取消 53 块')")
    page.keyboard.press("Control+z")
    page.wait_for_selector(".toast-act progress")
    visitor.shoot("undo-progress")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    assert {get(visitor, f"/v1/plates/{one}")["state"] for one in chosen} == {"draft"}
    page.wait_for_selector("input[data-tick]")
    page.click("input[data-tick] >> nth=0")
    visitor.wait("document.querySelectorAll('input[data-tick]:checked').length === 1")
    assert page.evaluate(TICK) == chosen
    page.click("[data-bulk=approve]")
    page.wait_for_selector("#act[open] .trial-sum")
    page.click("#act-submit")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('不能撤销')")
    expect(page.locator(".toast-act button")).to_have_count(0)


CHOOSE = """
    async (rows) => {
      const loaded = performance.getEntriesByType('resource').find((one) => one.name.includes('/plates_selection.js'));
      (await import(loaded.name)).choose(rows.map((one) => [
        one.id, { state: '草拟', text: one.address, address: one.address_id, lon: one.lon, lat: one.lat },
      ]));
    }
"""


def _in_a_building(visitor: Visitor, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Put plates whose addresses are not certified into the middle of a building; return them before and after."""
    rows = [get(visitor, f"/v1/plates/{one['id']}") for one in get(visitor, "/v1/plates?limit=40")["rows"]]
    chosen = [one for one in rows if one["certified"] is None and one["lon"] is not None][:count]
    assert len(chosen) == count
    house = next(one for one in get(visitor, "/v1/buildings?limit=20")["rows"] if one["lon"] is not None)
    for one in chosen:
        place = {"lon": round(house["lon"], 7), "lat": round(house["lat"], 7), "reason": "在楼内"}
        _act(visitor, f"/v1/plates/{one['id']}/actions/move", place, one["version"])
    return chosen, [get(visitor, f"/v1/plates/{one['id']}") for one in chosen]


def _bulk(visitor: Visitor, rows: list[dict[str, Any]], verb: str, done: str) -> None:
    """Do an act on some plates, chosen wherever they lie."""
    page = visitor.page
    page.evaluate(CHOOSE, rows)
    page.click(f"[data-bulk={verb}]")
    page.wait_for_selector("#act[open] .trial-sum")
    page.click("#act-submit")
    visitor.wait(f"document.querySelector('.toast-act')?.textContent.includes('{done}')")


@pytest.mark.browser
def test_a_way_back_of_many_passes_over_nothing_that_others_did(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    open_plates(visitor)
    before, (own, other) = _in_a_building(visitor, 2)
    _bulk(visitor, [own, other], "to-building", "已移到楼栋 2 块")
    moved = get(visitor, f"/v1/plates/{other['id']}")
    place = {"lon": round(moved["lon"] + 0.00002, 7), "lat": round(moved["lat"], 7), "reason": "门在东侧"}
    _act(visitor, f"/v1/plates/{other['id']}/actions/move", place, moved["version"])
    page.keyboard.press("Control+z")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('另 1 块没有办')")
    spots = [
        (one["lon"], one["lat"]) for one in (get(visitor, f"/v1/plates/{one['id']}") for one in (own, other))
    ]
    assert spots[0] == pytest.approx((own["lon"], own["lat"]), abs=1e-7)
    assert spots[1] == pytest.approx((place["lon"], place["lat"]), abs=1e-7)
    # What was certified before is not left without its certification.
    ground = {"address_ids": [own["address_id"]], "basis": "decree", "document_number": "望民〔2026〕7号"}
    _act(visitor, "/v1/addresses/actions/certify", ground, 0)
    _bulk(visitor, [own, other], "certify", "已认证")
    page.keyboard.press("Control+z")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    assert get(visitor, f"/v1/plates/{own['id']}")["certified"] is not None
    assert get(visitor, f"/v1/plates/{other['id']}")["certified"] is None
    for one in before:
        place = {"lon": round(one["lon"], 7), "lat": round(one["lat"], 7), "reason": "放回原处"}
        now = get(visitor, f"/v1/plates/{one['id']}")
        _act(visitor, f"/v1/plates/{one['id']}/actions/move", place, now["version"])
