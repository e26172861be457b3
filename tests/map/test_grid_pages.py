"""The board of the grid, as a supervisor uses it (R5, R83)."""

import re
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect

from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.duty import Duty
from tests.map.test_journeys import Visit, faults_of

both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PAPER = "望澜网格〔2026〕7号"


def test_pages_of_the_grid_are_absent_for_others(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    for login, path in (("lin", "/grid"), ("he", "/grid"), ("feng", "/my-block"), ("ye", "/grid")):
        reply = httpx.get(f"{server}{path}", headers=headers_of(server, cookies[login]))
        assert reply.status_code == 404, (login, path)


def board(visitor: Visitor, duty: Duty, login: str = "feng") -> None:
    """Open the board of the community of the coordinator's block."""
    visitor.enter(login, f"/grid?area={duty.community}")
    visitor.wait("performance.getEntriesByName('blocks-drawn').length > 0")


def open_block(visitor: Visitor, block: UUID) -> None:
    """Choose a block by its card, wherever the cards are."""
    if visitor.width < 768:
        visitor.page.click("#show-list")
    visitor.page.click(f".block-card[data-block='{block}']")
    visitor.page.wait_for_selector("[data-panel-block]")


@pytest.mark.browser
@both
def test_a_supervisor_finds_a_block_from_card_map_and_table(
    visit: Visit, duty: Duty, size: tuple[int, int]
) -> None:
    visitor = visit(size)
    page = visitor.page
    board(visitor, duty)
    visitor.shoot("grid")
    assert faults_of(visitor) == []
    open_block(visitor, duty.block)
    assert page.inner_text("#object-title") == duty.name
    expect(page.locator(".duties .is-current")).to_have_count(1)
    visitor.shoot("grid-block")
    assert faults_of(visitor) == []
    assert f"block={duty.block}" in page.url
    page.click("#show-table")
    assert page.locator("tr[aria-current]").get_attribute("data-block") == str(duty.block)
    visitor.shoot("grid-table")
    assert faults_of(visitor) == []
    other = page.locator("#table-twin tr[data-block]:not([aria-current])").first
    wanted = str(other.get_attribute("data-block"))
    other.click()
    visitor.wait(f"document.querySelector('[data-panel-block=\"{wanted}\"]') !== null")
    assert page.get_attribute(f".block-card[data-block='{wanted}']", "aria-pressed") == "true"
    for paint in ("cover", "rental"):
        page.click(f"[data-paint={paint}]")
        assert f"c={paint}" in page.url
    page.reload()
    page.wait_for_selector("[data-panel-block]")
    assert page.get_attribute("[data-paint=rental]", "aria-pressed") == "true"


@pytest.mark.browser
def test_filters_and_warnings_name_blocks_without_anybody(visit: Visit, duty: Duty) -> None:
    visitor = visit(DESK)
    page = visitor.page
    board(visitor, duty)
    page.click("[data-filter=nobody]")
    shown = page.locator(".block-card:visible")
    assert shown.count() >= 1
    assert all("无责任人" in text for text in shown.all_inner_texts())
    expect(page.locator(f".block-card[data-block='{duty.block}']:visible")).to_have_count(0)
    visitor.wait("document.getElementById('warnings-text').textContent.includes('块无责任人')")
    page.click("#warnings")
    page.wait_for_selector("[data-open-block]")
    visitor.shoot("grid-warnings")
    assert faults_of(visitor) == []
    page.click("[data-open-block] >> nth=0")
    page.wait_for_selector("[data-handover]")
    expect(page.locator("[data-handover]").first).to_have_text("指定责任人", use_inner_text=True)


@pytest.mark.browser
def test_a_block_is_handed_over(visit: Visit, duty: Duty) -> None:
    """Without a document number, or on a day long past, it is refused beside the field."""
    visitor = visit(DESK)
    page = visitor.page
    board(visitor, duty)
    open_block(visitor, duty.block)
    now, then = "何某", "苏某"
    page.click("[data-handover]")
    assert now in page.inner_text("#handover-block")
    heir = str(page.locator("#handover-account option", has_text=then).get_attribute("value"))
    page.select_option("#handover-account", heir)
    page.click("#handover [type=submit]")
    expect(page.locator("#handover [data-for=document_number]").first).to_have_text(
        "请填写文号，交接须有依据", use_inner_text=True
    )
    visitor.shoot("grid-handover")
    assert faults_of(visitor) == []
    page.fill("#handover-document", PAPER)
    page.fill("#handover-reason", "调岗")
    page.fill("#handover-starts", "2026-01-31")
    page.click("#handover [type=submit]")
    page.wait_for_selector("#handover .field-error:not([hidden])")
    expect(page.locator("#handover .field-error:not([hidden])").first).to_contain_text(
        "请核对年月日", use_inner_text=True
    )
    tomorrow = duty.ask("SELECT CURRENT_DATE + 2")[0][0]
    page.fill("#handover-starts", str(tomorrow))
    page.click("#handover [type=submit]")
    page.wait_for_selector(".toast-line")
    page.wait_for_selector("[data-panel-block]")
    assert then in page.locator(".duties li").first.inner_text()
    held = duty.ask(
        "SELECT count(*) FROM registry.block_assignment WHERE block_id = %s AND role = 'responsible'"
        " AND valid @> %s::date",
        duty.block, tomorrow,
    )  # fmt: skip
    assert held == [(1,)]


_BOX = """(id) => {
    const map = window.townMap.map;
    const frame = map.getContainer().getBoundingClientRect();
    let found = null;
    map.eachLayer((layer) => { if (layer.feature?.id === id && layer.getBounds) found = layer.getBounds(); });
    map.fitBounds(found, {padding: [90, 90], animate: false});
    const [nw, se] = [found.getNorthWest(), found.getSouthEast()].map((at) => map.latLngToContainerPoint(at));
    return {west: nw.x + frame.x, north: nw.y + frame.y, east: se.x + frame.x, south: se.y + frame.y};
}"""


def cut_through(visitor: Visitor, block: UUID) -> None:
    """Draw a line through the middle of a block, from beyond one side to beyond the other."""
    mouse, box = visitor.page.mouse, visitor.page.evaluate(_BOX, str(block))
    middle = (box["west"] + box["east"]) / 2
    mouse.click(middle, box["north"] - 40)
    visitor.page.wait_for_timeout(300)
    mouse.move(middle, box["south"], steps=4)
    mouse.click(middle, box["south"] + 40)
    visitor.page.wait_for_timeout(300)
    mouse.dblclick(middle, box["south"] + 40)


def start_drawing(visitor: Visitor, mode: str) -> None:
    """Open the pane of a drawing and wait until it listens."""
    visitor.page.click("#draw-new" if mode == "draw" else f"[data-draw={mode}]")
    visitor.page.wait_for_selector("#draw-form")
    if mode != "merge":
        visitor.wait("document.querySelector('#preview .hint') !== null")


@pytest.mark.browser
def test_a_block_is_split_with_a_preview_and_merged_again(visit: Visit, duty: Duty) -> None:
    visitor = visit(DESK)
    page = visitor.page
    board(visitor, duty)
    open_block(visitor, duty.block)
    before = page.locator(".block-card").count()
    start_drawing(visitor, "split")
    page.dispatch_event("#adopt", "click")
    expect(page.locator(".field-error[data-for=form]").first).to_have_text(
        "请先在图上画好界线", use_inner_text=True
    )
    cut_through(visitor, duty.block)
    page.wait_for_selector(".preview-table")
    expect(page.locator(".preview-lead").first).to_contain_text("平方米", use_inner_text=True)
    expect(page.locator(".preview-table tbody tr")).to_have_count(2)
    expect(page.locator(".checks .is-met")).to_have_count(4)
    visitor.shoot("grid-split")
    assert faults_of(visitor) == []
    page.fill("#draw-name", "试划-乙")
    page.click("#adopt")
    expect(page.locator("[data-for=document_number]").first).to_have_text(
        "请填写文号，划界须有依据", use_inner_text=True
    )
    page.fill("#draw-document", PAPER)
    page.fill("#draw-reason", "超出区间")
    page.click("#adopt")
    page.wait_for_selector(".toast-line")
    page.wait_for_selector("[data-panel-block]")
    assert page.locator(".block-card").count() == before + 1
    new = duty.ask("SELECT id FROM registry.grid_block WHERE name = '试划-乙' AND state = 'current'")[0][0]
    assert duty.ask("SELECT count(*) FROM registry.block_assignment WHERE block_id = %s", new) != [(0,)]
    visitor.wait("performance.getEntriesByName('blocks-drawn').length > 0")
    open_block(visitor, UUID(str(new)))
    start_drawing(visitor, "merge")
    page.select_option("#into", str(duty.block))
    page.wait_for_selector(".preview-table")
    expect(page.locator(".preview-table").first).to_contain_text("停用", use_inner_text=True)
    page.fill("#draw-document", PAPER)
    page.fill("#draw-reason", "试划后恢复")
    page.click("#adopt")
    page.wait_for_url(f"**block={duty.block}**")
    page.wait_for_selector("[data-panel-block]")
    assert page.locator(".block-card").count() == before


@pytest.mark.browser
def test_a_boundary_is_dragged_and_neighbours_follow(visit: Visit, duty: Duty) -> None:
    visitor = visit(DESK)
    page = visitor.page
    board(visitor, duty)
    open_block(visitor, duty.block)
    start_drawing(visitor, "redraw")
    page.wait_for_selector(".marker-icon:not(.marker-icon-middle)")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/preview" in request.url else None)
    corner = page.locator(".marker-icon:not(.marker-icon-middle)").first.bounding_box()
    title = page.locator("#map-frame").bounding_box()
    assert corner
    assert title
    middle = (title["x"] + title["width"] / 2, title["y"] + title["height"] / 2)
    x, y = corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + (middle[0] - x) / 3, y + (middle[1] - y) / 3, steps=6)
    page.mouse.up()
    page.wait_for_selector(".preview-table")
    assert len(asked) == 1
    expect(page.locator(".preview-lead").first).to_contain_text("→", use_inner_text=True)
    visitor.shoot("grid-redraw")
    assert faults_of(visitor) == []
    gaps = "SELECT count(*) FROM registry.block_gaps(%s)"
    before = duty.ask(gaps, duty.community)
    page.fill("#draw-document", PAPER)
    page.fill("#draw-reason", "按道路调整")
    page.click("#adopt")
    page.wait_for_selector(".toast-line")
    assert duty.ask(gaps, duty.community) == before


@pytest.mark.browser
def test_a_new_block_on_taken_ground_is_refused_in_words(visit: Visit, duty: Duty) -> None:
    visitor = visit(DESK)
    page = visitor.page
    board(visitor, duty)
    start_drawing(visitor, "draw")
    box = page.evaluate(_BOX, str(duty.block))
    x, y = (box["west"] + box["east"]) / 2, (box["north"] + box["south"]) / 2
    for dx, dy in ((0, 0), (60, 0), (60, 50), (0, 0)):
        page.mouse.click(x + dx, y + dy)
        page.wait_for_timeout(250)
    page.wait_for_selector("#preview .state-error")
    expect(page.locator("#preview").first).to_contain_text("与现有网格重叠", use_inner_text=True)
    assert page.get_attribute("#adopt", "aria-disabled") == "true"
    visitor.shoot("grid-overlap")
    assert faults_of(visitor) == []
    page.click("[data-draw-cancel]")
    expect(page.locator(".is-drawing")).to_have_count(0)


def test_few_persons_are_never_a_number(server: str, cookies: dict[str, httpx.Cookies], duty: Duty) -> None:
    page = httpx.get(f"{server}/grid?area={duty.community}", headers=headers_of(server, cookies["feng"]))
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    few = [int(n) for n in re.findall(r'"persons":(\d+)', page.text) if int(n) < 10]
    assert few == []


def test_a_malformed_drawing_is_refused_beside_the_map(
    server: str, cookies: dict[str, httpx.Cookies], duty: Duty
) -> None:
    headers = headers_of(server, cookies["feng"]) | {"HX-Request": "true"}
    for shape in ("", "[]", "{}", '{"type":"Point","coordinates":[1,2]}', "x" * 100):
        sent = {"mode": "redraw", "block": str(duty.block), "shape": shape, "area": str(duty.community)}
        reply = httpx.post(f"{server}/panels/grid/preview", data=sent, headers=headers)
        assert reply.status_code == 422, shape
        assert "state-error" in reply.text
    reply = httpx.post(f"{server}/panels/grid/preview", data={"mode": "split"}, headers=headers)
    assert 'data-code="block-required"' in reply.text
