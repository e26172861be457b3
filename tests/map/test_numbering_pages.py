"""编号、重编、变更: a street numbered and renumbered in a real browser, and its changes looked up."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import FilePayload, expect

from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
# Where points lie on the screen that are so many metres beside the axis, near its ends.
SPOTS = """
    () => {
      const told = JSON.parse(document.querySelector('#object [data-map]').dataset.map);
      const line = told.lines[0];
      const { map } = window.townMap;
      const frame = map.getContainer().getBoundingClientRect();
      const spots = [];
      // Beside the middle of a straight piece, for streets bend.
      for (const share of [0.3, 0.7]) {
        const from = Math.floor((line.length - 1) * share);
        const [start, end] = [line[from], line[from + 1]];
        const along = line.length > 2 ? 0.5 : share;
        const at = [0, 1].map((axis) => start[axis] + (end[axis] - start[axis]) * along);
        const narrow = Math.cos(at[1] * Math.PI / 180);
        const dx = (end[0] - start[0]) * narrow, dy = end[1] - start[1];
        const size = Math.hypot(dx, dy);
        for (const turn of [1, -1]) {
          const off = turn * 15 / 111320;
          const spot = map.latLngToContainerPoint([at[1] + dx / size * off, at[0] - dy / size * off / narrow]);
          spots.push([spot.x + frame.x, spot.y + frame.y]);
        }
      }
      return spots;
    }
"""
CHECKED = """
    async ([rows, isChange]) => {
      const { check } = await import('/static/js/numbering_checks.js');
      return check(rows, isChange).map((flaws) => flaws.map((flaw) => `${flaw.level}: ${flaw.text}`));
    }
"""


def get(visitor: Visitor, path: str) -> Any:  # noqa: ANN401  (what the interface answers)
    """Return what the interface answers the clerk."""
    headers = headers_of(visitor.watch.base, visitor.cookies["lin"])
    reply = httpx.get(visitor.watch.base + path, headers=headers, timeout=30)
    assert reply.status_code == 200, reply.text
    return reply.json()


def street_with(visitor: Visitor, kind: str, *, least: int) -> dict[str, Any]:
    """Return the street with an axis that has the least numbers of a kind, but so many."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    for row in get(visitor, "/v1/streets?limit=100")["rows"]:
        if get(visitor, f"/v1/streets/{row['id']}")["axis"] is None:
            continue
        count = get(visitor, f"/v1/streets/{row['id']}/numbering")["counts"].get(kind, 0)
        if count >= least:
            found.append((count, row["id"], row))
    return min(found)[2]


def open_street(visitor: Visitor, street: dict[str, Any], query: str = "") -> None:
    """Open the page on a street and wait for its table."""
    visitor.enter("lin", f"/plates/numbering?s={street['id']}{query}")
    visitor.wait_for_map()
    visitor.page.wait_for_selector(f"#object [data-street='{street['id']}']", state="attached")


def put_doors(visitor: Visitor) -> None:
    """Put four doors beside the street, two on each side, and wait for their numbers."""
    page = visitor.page
    page.keyboard.press("n")
    for count, (x, y) in enumerate(page.evaluate(SPOTS), 1):
        page.mouse.click(x, y)
        visitor.wait(f"document.querySelectorAll('[data-slot][data-kind=door]').length === {count}")
    page.keyboard.press("Escape")


@pytest.mark.browser
def test_a_street_is_numbered_on_the_map_and_stored_in_one_act(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=0)
    before = get(visitor, f"/v1/streets/{street['id']}/numbering")["counts"].get("given", 0)
    open_street(visitor, street)
    put_doors(visitor)
    inputs = page.locator("[data-slot][data-kind=door]:not([hidden]) [data-typed]")
    sides = page.evaluate(
        "[...document.querySelectorAll('[data-slot][data-kind=door]')].map((one) => one.dataset.side)"
    )
    assert sorted(sides) == ["even", "even", "odd", "odd"]
    proposed = inputs.nth(0).input_value()
    inputs.nth(0).fill(inputs.nth(1).input_value())
    assert page.get_attribute("#save", "aria-disabled") == "true"
    expect(page.locator("[data-level=error] >> nth=0").first).to_contain_text("重复", use_inner_text=True)
    visitor.shoot("numbering-conflict")
    assert faults_of(visitor) == []
    inputs.nth(0).fill(proposed)
    page.keyboard.press("Control+s")
    expect(page.locator("#act-text").first).to_contain_text("新编 4 个号", use_inner_text=True)
    page.select_option("#act-plates", "numbered")
    page.click("#act-submit")
    page.wait_for_selector("#act[open]", state="detached")
    visitor.wait("document.querySelectorAll('[data-slot][data-kind=door]').length === 0")
    plan = get(visitor, f"/v1/streets/{street['id']}/numbering")
    assert plan["counts"]["given"] == before + 4
    assert [one["remarks"] for one in plan["slots"] if one["number"] == proposed] == [[]]
    visitor.shoot("numbering-stored")


@pytest.mark.browser
@both
def test_a_street_is_chosen_and_read_at_any_width(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    street = street_with(visitor, "given", least=6)
    visitor.enter("lin", "/plates/numbering")
    visitor.wait_for_map()
    page.wait_for_selector("[data-street-row]")
    visitor.shoot("numbering-start")
    assert faults_of(visitor) == []
    page.fill("#street-filter", street["full_name"])
    page.click(f"[data-street-row]:not([hidden]) [data-street='{street['id']}']")
    page.wait_for_selector("[data-slot]", state="attached")
    visitor.wait("!document.querySelector('#plan-legend').hidden")
    if size == PHONE:
        visitor.shoot("numbering-map")
        page.click("#show-table")
    given = page.locator("[data-slot][data-kind=given]:visible")
    assert given.count() == page.locator("[data-slot][data-kind=given]").count() > 0
    visitor.shoot("numbering-table")
    assert faults_of(visitor) == []
    begins = (
        "JSON.parse(document.querySelector('#object [data-map]')?.dataset.map ?? '{}').lines?.[0][0].join()"
    )
    here = page.evaluate(begins)
    if size == PHONE:
        page.click("#show-map")
        page.click("#left-open")
    page.click("[data-origin=other]")
    visitor.wait(f"![undefined, '{here}'].includes({begins})")
    there = page.evaluate(begins)
    page.reload()
    visitor.wait(f"{begins} === '{there}'")


@pytest.mark.browser
@pytest.mark.requirement("R90")
def test_numbers_are_moved_along_published_and_certified(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=6)
    open_street(visitor, street, "&t=renumber")
    side = page.get_attribute("[data-slot][data-kind=given] >> nth=0", "data-side")
    old = page.get_attribute("[data-slot][data-kind=given] >> nth=0", "data-number")
    page.click("[data-slot][data-kind=given] [data-pick] >> nth=0")
    page.click("[data-shift='2']")
    changed = page.locator(f"[data-slot][data-kind=given][data-side={side}]").count()
    expect(page.locator("#numbering-sum").first).to_contain_text(f"改 {changed} 个号", use_inner_text=True)
    visitor.shoot("numbering-renumber")
    page.click("#save")
    page.wait_for_selector("#act[open]")
    assert page.locator(".numbering-trial tbody tr").count() == changed
    visitor.shoot("numbering-trial")
    page.fill("#act-document_number", "望民〔2026〕19号")
    page.fill("#act-reason", "道路改线")
    page.click("#act-submit")
    page.click("text=旧号与新号对照")
    page.wait_for_selector("[data-change]")
    assert page.locator("[data-change]").count() == min(changed, 50)
    page.goto(f"{visitor.watch.base}/address-changes")
    latest = page.locator("[data-act]").first
    assert street["full_name"] in latest.inner_text()
    assert "望民〔2026〕19号" in latest.inner_text()
    visitor.shoot("changes-latest")
    latest.get_by_role("link").click()
    page.wait_for_selector("[data-change]")
    look_up(visitor, f"{street['full_name']}{old}号")


def look_up(visitor: Visitor, text: str) -> None:
    """Look up a change by its old text, follow the chain, and give out a certificate."""
    page = visitor.page
    page.fill("#changes-q", text)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-change]")
    assert text in page.inner_text("[data-change] >> nth=0")
    visitor.shoot("changes")
    assert faults_of(visitor) == []
    page.click("[data-change] >> text=沿革")
    page.wait_for_selector(".changes-chain")
    page.click("[data-certify] >> nth=0")
    page.click("#act-submit")
    page.wait_for_selector("#certificate-told a")
    number = page.inner_text("#certificate-told").removeprefix("已开具 ").partition("。")[0]
    page.fill("#certificate-code", number)
    page.keyboard.press("Enter")
    visitor.wait("document.querySelector('#certificate-told').textContent.includes('属实')")


@pytest.mark.browser
@both
def test_changes_are_asked_for_at_any_width(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    visitor.enter("lin", "/address-changes")
    visitor.shoot("changes-start")
    assert faults_of(visitor) == []
    visitor.page.goto(f"{visitor.watch.base}/address-changes?q=没有这条路9号")
    expect(visitor.page.locator("main").first).to_contain_text("没有这样的变更", use_inner_text=True)


def row(kind: str, number: str, metres: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a row of the table as the checks take it."""
    side = "odd" if metres % 2 else "even"
    plain = {"kind": kind, "number": number, "was": number, "taken": True, "side": side, "metres": metres}
    return {**plain, "remarks": "", **more}


@pytest.mark.browser
def test_what_is_typed_is_checked_while_it_is_typed(visit: Visit) -> None:
    visitor = visit(DESK)
    visitor.enter("lin", "/address-changes")

    def told(rows: list[dict[str, Any]], *, is_change: bool = False) -> list[list[str]]:
        found: list[list[str]] = visitor.page.evaluate(CHECKED, [rows, is_change])
        return found

    assert told([row("door", "1", 1), row("door", "3", 11), row("given", "5", 21)]) == [[], [], []]
    assert told([row("door", "5号", 11), row("given", "5", 21)]) == [["error: 5 已被使用"], []]
    assert told([row("door", "5", 11), row("retired", "5", 21)])[0][0].startswith("error: 5 曾经使用")
    assert told([row("door", "５", 11, taken=False), row("given", "5", 21)]) == [[], []]
    assert told([row("door", "12-1", 2), row("door", "12之1号", 12)]) == [
        ["error: 12之1号 重复"],
        ["error: 12-1 重复"],
    ]
    # The register takes them for two doors.
    assert told([row("given", "12-1", 2), row("given", "12号附1", 12)], is_change=True) == [[], []]
    assert told([row("door", "路口", 1)])[0][0].startswith("error: 号码不能识别")
    assert told([row("door", "4", 1, was="1")])[0][0] == "warning: 这一侧编单号"
    behind = told([row("given", "1", 1), row("door", "9", 11, was="3"), row("given", "5", 21)])
    assert behind[1] == ["warning: 号序与位置不符（前后为 1 与 5）"]
    moved = [row("given", "3", 1, was="1"), row("given", "5", 11, was="3")]
    assert told(moved, is_change=True) == [[], []]
    assert told([*moved, row("given", "5", 21)], is_change=True)[1][0] == "error: 5 重复"


@pytest.mark.browser
def test_what_was_numbered_is_taken_back(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=0)
    before = get(visitor, f"/v1/streets/{street['id']}/numbering")["counts"].get("given", 0)
    open_street(visitor, street)
    put_doors(visitor)
    page.click("#save")
    page.click("#act-submit")
    page.wait_for_selector("#act[open]", state="detached")
    page.click("#toasts button")
    visitor.wait("document.querySelector('#toasts').textContent.includes('已撤销')")
    assert get(visitor, f"/v1/streets/{street['id']}/numbering")["counts"].get("given", 0) == before


@pytest.mark.browser
def test_an_estate_is_numbered_row_by_row_from_its_gate(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    rows = get(visitor, "/v1/lanes?limit=100")["rows"]
    open_street(visitor, next(row for row in rows if row["kind"] == "estate"))
    expect(page.locator("#pick-gate").first).to_be_visible()
    assert not page.is_visible("#add-door")


TABLE_HEAD = "楼栋,单元,楼层,室号,用途,面积,经度,纬度\n"


def table_of(lon: float, lat: float) -> FilePayload:
    """Return a table of two buildings, the second without a place, with one faulty line."""
    lines = [
        f"{building}号楼,{entrance},{floor},{floor}0{room},住宅,88.5,{place}\n"
        for building, place in ((1, f"{lon},{lat}"), (2, ","))
        for entrance in (1, 2) for floor in (1, 2) for room in (1, 2)
    ]  # fmt: skip
    text = TABLE_HEAD + "".join(lines) + "1号楼,1,1,101,住宅,70,,\n"
    return {"name": "房屋表.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


@pytest.mark.browser
@pytest.mark.requirement("R76")
def test_an_estate_is_taken_in_from_its_table(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    street = street_with(visitor, "given", least=0)
    lon, lat = get(visitor, f"/v1/streets/{street['id']}")["axis"]["coordinates"][0][0][:2]
    visitor.enter("lin", "/plates/estates")
    visitor.wait_for_map()
    page.click("[data-which=new]")
    page.fill("#estate-name", "映荷新苑")
    page.fill("#estate-document", "望民〔2026〕33号")
    page.fill("#estate-find", street["full_name"])
    page.click(f"#estate-found [data-street='{street['id']}']")
    visitor.wait("document.querySelector('#estate-chosen').textContent !== ''")
    page.set_input_files("#estate-file", table_of(lon, lat))
    page.wait_for_selector("#report table")
    expect(page.locator("#report").first).to_contain_text("与第 2 行重复", use_inner_text=True)
    page.click("#estate-try")
    expect(page.locator("#estate-error").first).to_contain_text("还有 1 幢没有位置", use_inner_text=True)
    visitor.shoot("estate-unplaced")
    assert faults_of(visitor) == []
    page.click("#report button >> nth=0")
    beside = "([lon, lat]) => { window.townMap.map.setView([lat, lon], 18, { animate: false }); }"
    page.evaluate(beside, [lon, lat])
    frame = page.locator("#map-frame").bounding_box()
    assert frame is not None
    page.mouse.click(frame["x"] + frame["width"] / 2 + 60, frame["y"] + frame["height"] / 2)
    page.click("#estate-try")
    visitor.wait("document.querySelector('#estate-save').getAttribute('aria-disabled') === 'false'")
    assert page.inner_text("#estate-told").startswith("2 幢 · 4 单元 · 16 套")
    visitor.shoot("estate-plan")
    assert faults_of(visitor) == []
    page.click("#estate-save")
    page.fill("#act-reason", "重复的一行不入库")
    page.click("#act-submit")
    page.click("text=看这个小区的编号")
    page.wait_for_selector("[data-slot]", state="attached")
    expect(page.locator("[data-slot][data-kind=given]")).to_have_count(2)


@pytest.mark.browser
def test_the_page_of_estates_fits_a_phone(visit: Visit) -> None:
    visitor = visit(PHONE)
    visitor.enter("lin", "/plates/estates")
    visitor.wait_for_map()
    visitor.shoot("estate-start")
    assert faults_of(visitor) == []
