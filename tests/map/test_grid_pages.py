"""The board of the grid and the coordinator's own block, as supervisor and coordinator use them."""

import datetime as dt
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
    WHERE a.login = 'he'
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
    assert [one.chip for one in told.units] == ["逾期 6 天", "逾期 1 天", "✓ 人均在，无变化"]
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
