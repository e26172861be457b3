"""Visits: by whom, when, and how far the cycle is; and what the grid leaves out (R20, R39)."""

import datetime as dt

import pytest
from sqlalchemy import select, text

from geo_registry.access.tables import Account
from geo_registry.db import today
from geo_registry.errors import NotFound, Refused, RuleBroken
from geo_registry.grid import reads, writes
from geo_registry.grid.rules import cycle_of
from geo_registry.grid.tables import LastVisit, Visit
from geo_registry.grid.visits import cycle_start
from tests.factories import make_community, make_viewer, square
from tests.grid.conftest import Quarter


@pytest.fixture
def keeper(quarter: Quarter) -> Account:
    """Give the coordinator responsible for block A."""
    account = quarter.coordinator(name="何某")
    writes.assign_block(
        quarter.session, quarter.viewer(), block_id=quarter.blocks[0].id, version=1, account_id=account.id,
        document_number="1号",
    )  # fmt: skip
    return account


def test_a_coordinator_visits_units_of_own_blocks_alone(quarter: Quarter, keeper: Account) -> None:
    viewer = quarter.viewer("coordinator", keeper)
    own, foreign = quarter.units[0][0], quarter.units[1][0]
    writes.record_visit(quarter.session, viewer, unit_id=own.id, outcome="met_all")
    with pytest.raises(Refused, match="not-your-block"):
        writes.record_visit(quarter.session, viewer, unit_id=foreign.id, outcome="met_all")
    row = quarter.session.execute(select(Visit)).scalar_one()
    assert (row.block_id, row.account_id, row.outcome) == (quarter.blocks[0].id, keeper.id, "met_all")
    assert quarter.session.execute(select(LastVisit.outcome)).scalar_one() == "met_all"


def test_a_coordinator_without_a_block_visits_nothing(quarter: Quarter) -> None:
    viewer = quarter.viewer("coordinator", quarter.coordinator())
    with pytest.raises(Refused):
        writes.record_visit(quarter.session, viewer, unit_id=quarter.units[0][0].id, outcome="met_all")


def test_a_visit_before_the_assignment_is_not_hers(quarter: Quarter, keeper: Account) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1, hours=1)
    with pytest.raises(Refused, match=str(today() - dt.timedelta(days=1))[:7]):
        writes.record_visit(
            quarter.session, quarter.viewer("coordinator", keeper), unit_id=quarter.units[0][0].id,
            outcome="met_all", visited_at=yesterday,
        )  # fmt: skip


def test_a_supervisor_visits_in_the_own_area(quarter: Quarter) -> None:
    unit = quarter.units[1][0]
    writes.record_visit(quarter.session, quarter.viewer(), unit_id=unit.id, outcome="nobody_home")
    elsewhere = make_viewer("supervisor", [make_community(quarter.session).id])
    with pytest.raises(Refused):
        writes.record_visit(quarter.session, elsewhere, unit_id=unit.id, outcome="nobody_home")
    with pytest.raises(Refused):
        writes.record_visit(quarter.session, quarter.viewer("clerk"), unit_id=unit.id, outcome="met_all")


def test_impossible_visits_are_refused(quarter: Quarter) -> None:
    unit, viewer = quarter.units[0][0], quarter.viewer()
    with pytest.raises(RuleBroken, match="outcome-invalid"):
        writes.record_visit(quarter.session, viewer, unit_id=unit.id, outcome="drunk")
    with pytest.raises(RuleBroken, match="unit-not-current"):
        writes.record_visit(quarter.session, viewer, unit_id=quarter.community.id, outcome="met_all")
    unit.state = "retired"
    quarter.session.flush()
    with pytest.raises(RuleBroken, match="unit-not-current"):
        writes.record_visit(quarter.session, viewer, unit_id=unit.id, outcome="met_all")


def test_my_blocks_tell_how_far_the_cycle_is(quarter: Quarter, keeper: Account) -> None:
    viewer = quarter.viewer("coordinator", keeper)
    writes.record_visit(quarter.session, viewer, unit_id=quarter.units[0][0].id, outcome="met_some")
    (mine,) = reads.my_blocks(quarter.session, viewer)
    cycle = cycle_of(today())
    assert (mine.code, mine.role, mine.units, mine.visited) == ("A", "responsible", 2, 1)
    assert (mine.starts, mine.ends, mine.day_no) == cycle
    assert reads.coverage(quarter.session, viewer, block_id=mine.id).visited == 1
    with pytest.raises(NotFound):
        reads.coverage(quarter.session, viewer, block_id=quarter.blocks[1].id)


def test_a_visit_of_the_cycle_before_does_not_count(quarter: Quarter) -> None:
    viewer, unit = quarter.viewer(), quarter.units[0][0]
    before = cycle_start(cycle_of(today())) - dt.timedelta(minutes=1)
    writes.record_visit(quarter.session, viewer, unit_id=unit.id, outcome="met_all", visited_at=before)
    assert reads.coverage(quarter.session, viewer, block_id=quarter.blocks[0].id).visited == 0
    at = cycle_start(cycle_of(today()))
    writes.record_visit(quarter.session, viewer, unit_id=unit.id, outcome="met_all", visited_at=at)
    assert reads.coverage(quarter.session, viewer, block_id=quarter.blocks[0].id).visited == 1


def test_units_of_a_block_come_by_building_with_what_is_due(quarter: Quarter, keeper: Account) -> None:
    viewer = quarter.viewer("coordinator", keeper)
    first, second = quarter.units[0]
    writes.record_visit(quarter.session, viewer, unit_id=first.id, outcome="vacant")
    (building,) = reads.block_units(quarter.session, viewer, block_id=quarter.blocks[0].id).rows
    assert (building.building_id, building.due) == (quarter.houses[0].id, 1)
    assert [(one.id, one.outcome, one.is_due) for one in building.units] == [
        (first.id, "vacant", False), (second.id, None, True)
    ]  # fmt: skip
    (due,) = reads.block_units(quarter.session, viewer, block_id=quarter.blocks[0].id, due_only=True).rows
    assert [one.id for one in due.units] == [second.id]
    with pytest.raises(NotFound):
        reads.block_units(quarter.session, viewer, block_id=quarter.blocks[1].id)


def test_pages_of_units_go_on_where_they_stopped(quarter: Quarter) -> None:
    viewer = quarter.viewer()
    quarter.blocks[1].state = quarter.blocks[2].state = "retired"
    quarter.blocks[0].boundary = square(150, 50, 300, 100)
    quarter.session.flush()
    seen, after = [], None
    for _ in range(3):
        page = reads.block_units(quarter.session, viewer, block_id=quarter.blocks[0].id, after=after, limit=1)
        seen += [row.building_id for row in page.rows]
        after = page.next
    assert (seen, after) == ([house.id for house in quarter.houses], None)


def test_visits_of_a_unit_come_latest_first(quarter: Quarter, keeper: Account) -> None:
    viewer, unit = quarter.viewer(), quarter.units[0][0]
    now = dt.datetime.now(dt.UTC)
    for hours, outcome in ((5, "nobody_home"), (1, "met_all"), (3, "rescheduled")):
        at = now - dt.timedelta(hours=hours)
        writes.record_visit(quarter.session, viewer, unit_id=unit.id, outcome=outcome, visited_at=at)
    page = reads.visits(quarter.session, viewer, unit_id=unit.id, limit=2)
    rest = reads.visits(quarter.session, viewer, unit_id=unit.id, limit=2, after=page.next)
    assert [row.outcome for row in (*page.rows, *rest.rows)] == ["met_all", "rescheduled", "nobody_home"]
    mine = quarter.viewer("coordinator", keeper)
    assert len(reads.visits(quarter.session, mine, unit_id=unit.id).rows) == 3
    with pytest.raises(NotFound):
        reads.visits(quarter.session, mine, unit_id=quarter.units[1][0].id)


def test_gaps_and_what_lies_outside_are_listed(quarter: Quarter) -> None:
    viewer = quarter.viewer()
    assert reads.gaps(quarter.session, viewer, community_id=quarter.community.id) == ()
    quarter.blocks[2].state = "retired"
    quarter.session.flush()
    (gap,) = reads.gaps(quarter.session, viewer, community_id=quarter.community.id)
    assert (gap.buildings, gap.units, gap.shape["type"]) == (1, 2, "Polygon")
    assert gap.area_m2 == pytest.approx(10_000, rel=0.01)
    page = reads.outside_blocks(quarter.session, viewer, area_id=quarter.community.id)
    assert [(row.id, row.units) for row in page.rows] == [(quarter.houses[2].id, 2)]
    assert page.rows[0].address
    elsewhere = make_viewer("supervisor", [make_community(quarter.session).id])
    assert reads.outside_blocks(quarter.session, elsewhere).rows == ()
    with pytest.raises(NotFound):
        reads.gaps(quarter.session, elsewhere, community_id=quarter.community.id)


def test_nobody_writes_where_a_place_lies(quarter: Quarter) -> None:
    query = text(
        "SELECT has_table_privilege('registry_app', 'registry.building_block', 'INSERT, UPDATE, DELETE')"
    )
    assert not quarter.session.execute(query).scalar_one()
