"""The board of the grid and the coordinator's own block, as supervisor and coordinator use them."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.access.sessions import add_account
from geo_registry.grid.rules import cycle_of
from geo_registry.grid.visits import BuildingVisits, UnitVisit
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of
from tests.map.town import PASSWORD
from web_map.own_day import buildings_today, listed_today, overdue_days

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PAPER = "望澜网格〔2026〕7号"

# The fullest block of the first community is the coordinator's own, another waits for somebody.
_DUTY = """
    INSERT INTO registry.coordinator (account_id, trained_on)
    SELECT id, DATE '2026-01-10' FROM registry.account WHERE login IN ('he', 'su') ON CONFLICT DO NOTHING;
    INSERT INTO registry.block_assignment (block_id, account_id, valid, document_number)
    SELECT g.id, a.id, daterange(DATE '2026-02-01', NULL), '望澜网格〔2026〕1号'
    FROM registry.account a, LATERAL (
      SELECT k.block_id AS id FROM registry.building_block k
        JOIN registry.housing_unit u ON u.building_id = k.building_id
        JOIN registry.grid_block b ON b.id = k.block_id
        JOIN registry.division d ON d.id = b.township_id AND d.code LIKE '990101001%'
      GROUP BY k.block_id ORDER BY count(*) DESC, k.block_id LIMIT 1) g
    WHERE a.login = 'he';
    UPDATE registry.grid_block SET valid = daterange(DATE '2026-01-01', NULL) WHERE state = 'current'
"""


@dataclass(frozen=True)
class Duty:
    """The coordinator's own block."""

    block: UUID
    name: str
    community: UUID
    url: str

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a question to the register."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module")
def duty(town_url: cluster.Urls) -> Duty:
    """Give the coordinator a block, and a colleague who could take it over."""
    engine = create_engine(town_url.owner)
    with Session(engine) as session, session.begin():
        add_account(
            session, login="su", name="苏某", role=Role.COORDINATOR, password=PASSWORD,
            division_codes=("990101001000",),
        )  # fmt: skip
    engine.dispose()
    with psycopg.connect(town_url.owner) as connection:
        connection.execute(_DUTY)
        row = connection.execute(
            "SELECT g.id, g.name, g.community_id FROM registry.block_assignment b"
            " JOIN registry.grid_block g ON g.id = b.block_id JOIN registry.account a ON a.id = b.account_id"
            " WHERE a.login = 'he' ORDER BY lower(b.valid) LIMIT 1"
        ).fetchone()
    assert row is not None
    return Duty(*row, town_url.owner)


def visits_of(duty: Duty, unit: str) -> list[str]:
    """Return the outcomes of the visits to a unit in their order."""
    query = "SELECT outcome FROM registry.visit WHERE unit_id = %s ORDER BY visited_at, id"
    return [str(outcome) for (outcome,) in duty.ask(query, UUID(unit))]


# -- the list of the day


def unit(last: dt.date | None, *, is_due: bool = True) -> UnitVisit:
    """Return a unit that was last visited on a day."""
    at = None if last is None else dt.datetime.combine(last, dt.time(2), dt.UTC)
    return UnitVisit(uuid4(), "C", "101室", 1, "let_whole", 1, at, last and "met_all", is_due)


def test_the_day_lists_overdue_units_and_an_even_part_of_the_rest() -> None:
    day = dt.date(2026, 1, 6)
    cycle = cycle_of(day)
    late, fresh = unit(day - dt.timedelta(days=17)), [unit(day - dt.timedelta(days=3)) for _ in range(26)]
    listed = listed_today([late, *fresh], cycle, day)
    assert late.id in listed
    # 27 units in the 13 days left: three a day, the overdue one among them.
    assert len(listed) == 3
    assert overdue_days(day - dt.timedelta(days=17), day) == 3
    assert overdue_days(day - dt.timedelta(days=14), day) == 0
    assert overdue_days(None, day) == 0


def test_the_list_does_not_grow_while_one_works() -> None:
    day = dt.date(2026, 1, 6)
    units = [unit(day - dt.timedelta(days=3)) for _ in range(26)]
    before = listed_today(units, cycle_of(day), day)
    done = [unit(day, is_due=False) if one.id in before else one for one in units]
    after = listed_today(done, cycle_of(day), day)
    assert len(before) == len(after) == 2
    assert after == {one.id for one in done if not one.is_due}


def test_a_building_tells_its_units_overdue_first_and_done_last() -> None:
    day = dt.date(2026, 1, 7)
    units = (unit(day, is_due=False), unit(day - dt.timedelta(days=15)), unit(day - dt.timedelta(days=20)))
    row = BuildingVisits(uuid4(), None, "映山区映月路6号", 120.0, 30.0, 2, units)
    (told,) = buildings_today([row], cycle_of(day), day, "映山区")
    assert told.title == "映月路6号"
    assert [one.chip for one in told.units] == ["超期 6 天", "超期 1 天", "✓ 人均在，无变化"]
    assert told.due == 2


# -- the coordinator


@pytest.mark.browser
@both
def test_a_coordinator_works_three_units(visit: Visit, duty: Duty, size: tuple[int, int]) -> None:
    """She signs in on her own block, records three units by one touch each; a second touch adds nothing."""
    visitor = visit(size)
    page = visitor.page
    visitor.sign_in("he")
    assert page.url.endswith("/my-block")
    assert duty.name in page.inner_text(".own-head")
    before = int(page.inner_text("#done-today"))
    cycle = int(page.inner_text("#cycle-done"))
    visitor.shoot("my-block")
    assert faults_of(visitor) == []
    units = page.locator(".own-unit[data-listed='1'][data-done='0']")
    ids = [str(units.nth(at).get_attribute("data-unit")) for at in range(3)]
    page.click(f"[data-unit='{ids[0]}']")
    visitor.shoot("my-block-unit")
    assert faults_of(visitor) == []
    for at, own in enumerate(ids):
        assert page.get_attribute(f"[data-unit='{own}']", "aria-pressed") == "true"
        page.dblclick("[data-outcome=met_all]")
        visitor.wait(
            f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')"
        )
        assert int(page.inner_text("#done-today")) == before + at + 1
        if at < 2:
            page.click("#next")
    assert int(page.inner_text("#cycle-done")) == cycle + 3
    assert [visits_of(duty, own) for own in ids] == [["met_all"]] * 3
    visitor.shoot("my-block-done")
    page.reload()
    assert int(page.inner_text("#done-today")) == before + 3
    assert not page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('visits'))")


@pytest.mark.browser
def test_a_visit_waits_for_the_network_and_arrives_once(visit: Visit, duty: Duty) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    page.click(f"[data-unit='{own}']")
    # The register stores it, but the answer is lost: the same key must not store it again.
    page.route("**/visits", lambda route: (route.fetch(), route.abort()))
    page.click("[data-outcome=nobody_home]")
    visitor.wait("document.querySelector('#said').textContent.includes('等待上传')")
    page.wait_for_selector("#queue:not([hidden])")
    assert "待传 1 条" in page.inner_text("#queue")
    visitor.shoot("my-block-waiting")
    assert faults_of(visitor) == []
    page.unroute("**/visits")
    page.reload()
    visitor.wait(f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')")
    visitor.wait("Object.keys(sessionStorage).every((name) => !name.startsWith('visits'))")
    assert visits_of(duty, own) == ["nobody_home"]
    # The lost answer is noted by the browser itself.
    visitor.watch.faults[:] = [fault for fault in visitor.watch.faults if "ERR_FAILED" not in fault]


@pytest.mark.browser
def test_a_rare_outcome_is_confirmed_and_a_mistake_is_corrected_by_another_visit(
    visit: Visit, duty: Duty
) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    page.click(f"[data-unit='{own}']")
    page.click("#more")
    page.click("[data-outcome=demolished]")
    assert "已拆除" in page.inner_text("#sure-text")
    visitor.shoot("my-block-sure")
    assert faults_of(visitor) == []
    page.click("#sure [value=cancel]")
    assert visits_of(duty, own) == []
    page.click("[data-outcome=declined]")
    page.click("#sure [value=ok]")
    visitor.wait(
        f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓ 拒访')"
    )
    page.click("#amend")
    page.click("[data-outcome=vacant]")
    assert "更正为“空置”" in page.inner_text("#sure-text")
    page.click("#sure [value=ok]")
    visitor.wait(
        f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓ 空置')"
    )
    assert visits_of(duty, own) == ["declined", "vacant"]


@pytest.mark.browser
def test_a_refused_visit_says_why(visit: Visit, duty: Duty) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    refusal = '{"status":403,"code":"not-your-block","detail":"这户不在您负责的网格内，请联系该网格责任人"}'
    page.route("**/visits", lambda route: route.fulfill(status=403, body=refusal))
    page.click(f"[data-unit='{own}']")
    page.click("[data-outcome=met_all]")
    visitor.wait("document.querySelector('#said').textContent.includes('没有记上：这户不在您负责的网格内')")
    assert "失败 1 条" in page.inner_text("#queue")
    page.unroute("**/visits")
    page.click("#queue-retry")
    visitor.wait(f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')")
    assert visits_of(duty, own) == ["met_all"]


@pytest.mark.browser
@both
def test_any_unit_of_the_block_is_found_and_the_map_leads_to_a_building(
    visit: Visit, duty: Duty, size: tuple[int, int]
) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("he", "/my-block")
    room = str(page.locator(".own-unit[data-listed='0']").first.get_attribute("data-room"))
    page.fill("#find", room)
    assert page.locator(".own-unit:visible").count() > 0
    assert all(room in text for text in page.locator(".own-unit:visible b").all_inner_texts())
    page.fill("#find", "没有这户")
    assert page.is_visible("#none-found")
    page.fill("#find", "")
    if size == PHONE:
        page.click("#show-map")
    page.wait_for_selector(".own-mark")
    visitor.wait("document.querySelector('.own-mark.is-open') !== null")
    visitor.shoot("my-block-map")
    assert faults_of(visitor) == []
    page.locator(".own-mark.is-open").first.dispatch_event("click")
    page.wait_for_selector("#sheet:not([hidden])")


def test_the_own_block_shows_no_person(server: str, cookies: dict[str, httpx.Cookies], duty: Duty) -> None:
    html = httpx.get(f"{server}/my-block", headers=headers_of(server, cookies["he"])).text
    names = [str(name) for (name,) in duty.ask("SELECT DISTINCT name FROM registry.person LIMIT 400")]
    assert names
    assert not [name for name in names if name in html]


def test_pages_of_the_grid_are_absent_for_others(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    for login, path in (("lin", "/grid"), ("he", "/grid"), ("feng", "/my-block"), ("ye", "/grid")):
        reply = httpx.get(f"{server}{path}", headers=headers_of(server, cookies[login]))
        assert reply.status_code == 404, (login, path)


# -- the supervisor


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
    assert page.locator(".duties .is-current").count() == 1
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
    assert page.locator(f".block-card[data-block='{duty.block}']:visible").count() == 0
    visitor.wait("document.getElementById('warnings-text').textContent.includes('块无责任人')")
    page.click("#warnings")
    page.wait_for_selector("[data-open-block]")
    visitor.shoot("grid-warnings")
    assert faults_of(visitor) == []
    page.click("[data-open-block] >> nth=0")
    page.wait_for_selector("[data-handover]")
    assert page.inner_text("[data-handover]") == "指定责任人"


@pytest.mark.browser
def test_a_block_is_handed_over(visit: Visit, duty: Duty) -> None:
    """Without a document number, and to whom holds it already, it is refused beside the field."""
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
    assert page.inner_text("#handover [data-for=document_number]") == "请填写文号，交接须有依据"
    visitor.shoot("grid-handover")
    assert faults_of(visitor) == []
    page.fill("#handover-document", PAPER)
    page.fill("#handover-reason", "调岗")
    page.fill("#handover-starts", "2026-01-31")
    page.click("#handover [type=submit]")
    page.wait_for_selector("#handover .field-error:not([hidden])")
    assert "同一时间只能有一名责任人" in page.inner_text("#handover .field-error:not([hidden])")
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
    assert page.inner_text(".field-error[data-for=form]") == "请先在图上画好界线"
    cut_through(visitor, duty.block)
    page.wait_for_selector(".preview-table")
    assert "平方米" in page.inner_text(".preview-lead")
    assert page.locator(".preview-table tbody tr").count() == 2
    assert page.locator(".checks .is-met").count() == 4
    visitor.shoot("grid-split")
    assert faults_of(visitor) == []
    page.fill("#draw-name", "试划-乙")
    page.click("#adopt")
    assert page.inner_text("[data-for=document_number]") == "请填写文号，划界须有依据"
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
    assert "停用" in page.inner_text(".preview-table")
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
    assert "→" in page.inner_text(".preview-lead")
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
    assert "与现有网格重叠" in page.inner_text("#preview")
    assert page.get_attribute("#adopt", "aria-disabled") == "true"
    visitor.shoot("grid-overlap")
    assert faults_of(visitor) == []
    page.click("[data-draw-cancel]")
    assert page.locator(".is-drawing").count() == 0


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
