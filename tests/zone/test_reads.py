"""Lists and figures of zones: order, scope, term, sweeps, conditions, shapes for the map (R53, R55, R57)."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.area.writes import Areas
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.zone import focus, reads, shapes, work, writes
from geo_registry.zone.figures import zone_figures
from geo_registry.zone.tables import PlanMeasure, RectificationPlan, Sweep, Zone, ZoneBlock
from tests import factories as make
from tests.zone.conftest import Quarter, viewer_of


def _zone(session: Session, quarter: Quarter, block: int, listed: int | None, **over: Any) -> Zone:  # noqa: ANN401
    """Store a zone of one block, listed so many days ago."""
    day, community = today(), quarter.community
    values = {
        "id": new_id(), "name": f"片区{block}", "ground": "low_registration",
        "state": "notified" if listed is None else "in_rectification", "proposed_on": day - dt.timedelta(days=100),
        "notified_on": day - dt.timedelta(days=99), "boundary": make.square(100 * block, 0, 100),
        "listed_on": None if listed is None else day - dt.timedelta(days=listed),
        "started_on": None if listed is None else day - dt.timedelta(days=listed - 4),
        "district_id": community.district_id, "township_id": community.township_id, "community_id": community.id,
        **over,
    }  # fmt: skip
    zone = Zone(**values)
    session.add(zone)
    session.flush()
    session.add(ZoneBlock(zone_id=zone.id, block_id=quarter.blocks[block].id))
    session.flush()
    return zone


def _plan(session: Session, quarter: Quarter, zone: Zone, *sweeps: int) -> None:
    """Store an approved plan with one late and one done measure, and sweeps so many days ago."""
    account = quarter.supervisor.account_id
    plan = RectificationPlan(
        id=new_id(), zone_id=zone.id, cause="老街隔间多", responsible_id=account, sweep_weekday=3,
        approved_on=zone.listed_on, approved_by=account,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    for turn, (late, done) in enumerate(((3, 60), (9, 100)), 1):
        due = today() - dt.timedelta(days=late)
        session.add(
            PlanMeasure(plan_id=plan.id, turn=turn, title=f"措施{turn}", due_on=due, done_percent=done)
        )
    for ago in sweeps:
        session.add(
            Sweep(
                zone_id=zone.id, held_on=today() - dt.timedelta(days=ago), account_id=account, units_planned=40,
                units_visited=30, newly_registered=12,
            )
        )  # fmt: skip
    session.flush()


def test_what_is_due_first_leads_and_what_is_over_comes_last(session: Session, quarter: Quarter) -> None:
    _zone(session, quarter, 0, None)
    _zone(session, quarter, 1, 20)
    _zone(session, quarter, 2, 80)
    _zone(session, quarter, 3, 90, state="accepted", accepted_on=today() - dt.timedelta(days=40))
    _zone(session, quarter, 4, 95, state="failed")
    found = reads.zones(session, quarter.leader)
    assert [row.name for row in found.rows] == ["片区2", "片区1", "片区0", "片区3", "片区4"]
    assert [row.is_overdue for row in found.rows] == [True, False, False, False, False]
    assert [row.is_at_work for row in found.rows] == [True, True, True, False, False]
    late = found.rows[0]
    assert late.days_left is not None
    assert late.days_left < 0
    assert late.share_used == 1.0
    paged: list[str] = []
    after = None
    for _ in range(3):
        page = reads.zones(session, quarter.leader, after=after, limit=2)
        paged += [row.name for row in page.rows]
        after = page.next
    assert after is None
    assert paged == [row.name for row in found.rows]


def test_lists_are_cut_by_area_and_state(session: Session, quarter: Quarter) -> None:
    _zone(session, quarter, 0, 20)
    _zone(session, quarter, 1, 90, state="failed")
    stranger = viewer_of(session, Role.LEADER, make.make_community(session))
    assert reads.zones(session, stranger).rows == ()
    assert len(reads.zones(session, quarter.leader, area_id=quarter.community.township_id).rows) == 2
    assert [row.name for row in reads.zones(session, quarter.leader, state="live").rows] == ["片区0"]
    assert [row.name for row in reads.zones(session, quarter.leader, state="failed").rows] == ["片区1"]
    with pytest.raises(RuleBroken, match=r"^state-unknown: "):
        reads.zones(session, quarter.leader, state="gone")


def test_missed_sweeps_and_late_measures_stand_out(session: Session, quarter: Quarter) -> None:
    zone = _zone(session, quarter, 0, 40)
    _plan(session, quarter, zone, 30, 22)
    row = reads.zones(session, quarter.leader).rows[0]
    assert (row.held, row.has_plan, row.days_without) == (2, True, 22)
    assert row.missed >= 2
    found = reads.zone(session, quarter.leader, zone.id)
    assert found.plan is not None
    assert [one.days_late for one in found.plan.measures] == [3, 0]
    assert found.sweeping is not None
    assert [gap.days for gap in found.sweeping.too_long] == [8, 22]
    assert [step.status for step in found.steps] == ["done"] * 4 + ["current"] + ["todo"] * 3


def test_a_failed_zone_stops_where_it_was(session: Session, quarter: Quarter) -> None:
    zone = _zone(session, quarter, 0, 90, state="failed")
    _plan(session, quarter, zone, 30)
    found = reads.zone(session, quarter.leader, zone.id)
    assert [step.status for step in found.steps] == ["done"] * 5 + ["todo"] * 3
    assert (found.next_acts, found.row.days_left) == ((), None)


def test_acts_are_offered_to_who_may_do_them(session: Session, quarter: Quarter) -> None:
    zone = _zone(session, quarter, 0, 20)
    assert reads.zone(session, quarter.supervisor, zone.id).next_acts == ("submit",)
    assert reads.zone(session, quarter.leader, zone.id).next_acts == ("fail",)
    assert reads.zone(session, quarter.officer, zone.id).next_acts == ()


def test_figures_say_what_was_and_what_is_open(session: Session, quarter: Quarter) -> None:
    zone = _zone(session, quarter, 0, 40)
    _plan(session, quarter, zone, 3)
    street = make.make_street(session, community=quarter.community)
    building = make.make_building(session, address=make.make_address(session, street=street), at=(0, 0))
    for number in range(1, 5):
        make.make_unit(session, building, f"10{number}", use="let_whole" if number == 1 else "self_occupied")
    session.execute(text("SELECT registry.tally_rebuild()"))
    found = reads.zone(session, quarter.leader, zone.id)
    figures = zone_figures(session, quarter.leader, found)
    assert (figures.now.buildings, figures.now.units, figures.now.rental_units) == (1, 4, 1)
    assert len(figures.series) == 12
    by_key = {one.key: one for one in figures.conditions}
    assert [key for key, one in by_key.items() if one.is_met] == ["plan"]
    assert by_key["measures"].text == "1 / 2"
    assert by_key["sample"].text == "尚未抽样"
    assert (figures.decisions, figures.samples) == ((), ())


def test_focus_areas_carry_their_indicators(session: Session, quarter: Quarter) -> None:
    done = writes.register_focus_area(
        session, quarter.officer, name="东渡口老街", kind="old_lanes", block_ids=[quarter.blocks[0].id]
    )
    row = focus.focus_areas(session, quarter.leader).rows[0]
    assert (row.id, row.kind, row.figures.units, row.rental_share) == (done.id, "old_lanes", 0, None)
    assert focus.focus_area(session, quarter.leader, done.id).version == done.version
    stranger = viewer_of(session, Role.LEADER, make.make_community(session))
    with pytest.raises(NotFound):
        focus.focus_area(session, stranger, done.id)
    writes.retire_focus_area(session, quarter.officer, focus_area_id=done.id, version=done.version)
    assert focus.focus_areas(session, quarter.leader).rows == ()


def test_maps_are_cut_by_area(session: Session, quarter: Quarter) -> None:
    zone = _zone(session, quarter, 0, 80)
    stranger = viewer_of(session, Role.LEADER, make.make_community(session))
    drawn = shapes.places(session, quarter.leader)["features"]
    assert [one["properties"]["late"] for one in drawn] == [True]
    assert shapes.places(session, stranger)["features"] == []
    blocks = shapes.choosable_blocks(session, quarter.officer)["features"]
    assert [one["properties"]["zone"] for one in blocks] == ["片区0", None, None, None, None, None]
    assert shapes.choosable_blocks(session, stranger)["features"] == []
    found = reads.zone(session, quarter.leader, zone.id)
    assert shapes.zone_outline(session, found)["type"] == "MultiPolygon"


def test_a_building_stands_as_its_unit_that_was_visited_longest_ago(
    session: Session, quarter: Quarter
) -> None:
    zone = _zone(session, quarter, 0, 40)
    street = make.make_street(session, community=quarter.community)
    states = {"done": [1, 6], "open": [1, 10], "late": [1, 20], "none": []}
    for number, ago in enumerate(states.values()):
        building = make.make_building(
            session, address=make.make_address(session, street=street), at=(-40 + 20 * number, 0)
        )
        for turn, days in enumerate(ago):
            unit = make.make_unit(session, building, f"10{turn + 1}")
            session.execute(
                text("""INSERT INTO registry.visit (visited_at, unit_id, outcome)
                        VALUES (now() - make_interval(days => :days), :unit, 'met_all')"""),
                {"days": days, "unit": unit.id},
            )
    found = reads.zone(session, quarter.leader, zone.id)
    drawn = shapes.zone_buildings(session, found)["features"]
    assert sorted(one["properties"]["visited"] for one in drawn) == sorted(states)


def test_workers_are_those_with_a_grant_around_the_zone(session: Session, quarter: Quarter) -> None:
    community = quarter.community
    above = viewer_of(session, Role.LEADER, session.get_one(type(community), community.district_id))
    viewer_of(session, Role.CLERK, community)
    viewer_of(session, Role.SUPERVISOR, make.make_community(session))
    found = reads.zone(session, quarter.leader, _zone(session, quarter, 0, 20).id)
    known = work.workers_of(session, Areas(found.district_id, found.township_id, found.community_id))
    wanted = {quarter.officer, quarter.supervisor, quarter.leader, above}
    assert set(known) == {viewer.account_id for viewer in wanted}
