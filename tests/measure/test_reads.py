"""Rates of areas: pooled over weeks, told or hidden, the same for every viewer."""

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.grid.rules import cycle_of
from geo_registry.measure.reads import (
    area_rates,
    building_counts,
    heat_cells,
    ranking,
    rate_report,
    rates_of_blocks,
    shapes,
    week_of,
    weeks,
)
from tests.factories import (
    live_at,
    make_address,
    make_block,
    make_building,
    make_community,
    make_division,
    make_person,
    make_street,
    make_unit,
    make_viewer,
    square,
)
from tests.measure.counted import LEADER, NOW, WEEK, community_of, count


def test_a_rate_is_pooled_over_eight_weeks_up_to_the_asked_one(session: Session, township: Division) -> None:
    community, (block, *_) = community_of(session, township, (100, 80), (100, 60))
    count(session, block, community, week=NOW - 7 * WEEK, persons_met=50, persons_registered=20)
    count(session, block, community, week=NOW - 8 * WEEK, persons_met=900, persons_registered=900)
    rate = area_rates(session, LEADER, area_id=community.id).rates["registration_rate"]
    assert (rate.shown, rate.n, rate.k, rate.percent) == ("value", 250, 160, 64.0)
    assert rate.low == pytest.approx(57.88, abs=0.01)
    assert rate.high == pytest.approx(69.70, abs=0.01)
    assert (rate.target, rate.verdict, rate.class_no, rate.is_full) == (91.0, "missed", 0, False)
    before = area_rates(session, LEADER, area_id=community.id, week=NOW - WEEK).rates["registration_rate"]
    assert (before.n, before.k) == (950, 920)
    assert rate.change == pytest.approx(64.0 - 100 * 920 / 950, abs=0.01)


def test_weeks_begin_with_the_first_figures(session: Session, township: Division) -> None:
    assert weeks(session) == ()
    community, (block,) = community_of(session, township, (100, 80))
    assert weeks(session) == (NOW,)
    count(session, block, community, week=NOW - 3 * WEEK, persons_met=40)
    assert weeks(session) == tuple(NOW - step * WEEK for step in (3, 2, 1, 0))
    count(session, block, community, week=NOW - 90 * WEEK, persons_met=40)
    assert len(weeks(session)) == 53
    early = area_rates(session, LEADER, area_id=community.id, week=NOW - 91 * WEEK)
    assert early.persons is None
    assert {(rate.shown, rate.verdict, rate.n) for rate in early.rates.values()} == {
        ("none", "no_data", None)
    }


def test_the_future_is_refused(session: Session, township: Division) -> None:
    assert week_of(None) == week_of(today()) == NOW
    for read in (area_rates, lambda *a, **k: ranking(*a, level="block", **k)):
        with pytest.raises(RuleBroken) as caught:
            read(session, LEADER, area_id=township.id, week=today() + dt.timedelta(days=1))
        assert caught.value.facts["field"] == "as_of"


def test_the_state_of_an_earlier_week(session: Session, township: Division) -> None:
    community, (block,) = community_of(session, township, (100, 80), addresses=20, plated=15)
    count(session, block, community, week=NOW - WEEK, units=60, persons=300, addresses=10, plated=1)
    now = area_rates(session, LEADER, area_id=community.id)
    assert (now.persons, now.units, now.rates["plate_on_wall_rate"].n) == (400, 100, 30)
    then = area_rates(session, LEADER, area_id=community.id, week=NOW - WEEK)
    assert (then.persons, then.units) == (300, 60)
    wall = then.rates["plate_on_wall_rate"]
    assert (wall.n, wall.k, wall.is_full, wall.verdict, wall.low) == (10, 1, True, "missed", None)


def test_self_checks_of_the_cycle_around_the_week(session: Session, township: Division) -> None:
    community, (block,) = community_of(session, township, (100, 80))
    start = cycle_of(NOW).start
    count(session, block, community, week=start, units_visited=25)
    count(session, block, community, week=start - WEEK, units_visited=9)
    rate = area_rates(session, LEADER, area_id=community.id).rates["self_check_rate"]
    assert (rate.n, rate.k, rate.target, rate.verdict) == (40, 25, None, "no_target")


def test_small_counts_are_hidden_and_the_ranking_ends_with_them(session: Session, township: Division) -> None:
    community, blocks = community_of(session, township, (12, 8), (90, 60), (200, 193), (300, 250), (200, 150))
    rows = {row.id: row for row in ranking(session, LEADER, area_id=community.id, level="block")}
    rates = [rows[block].rates["registration_rate"] for block in blocks]
    assert [rate.shown for rate in rates] == ["hidden", "value", "class", "value", "value"]
    assert (rates[0].verdict, rates[0].n, rates[0].class_no) == ("too_few", None, None)
    assert (rates[2].verdict, rates[2].n, rates[2].percent, rates[2].class_no) == ("too_few", None, None, 3)
    told = [
        row.rates["registration_rate"]
        for row in ranking(session, LEADER, area_id=community.id, level="block")
    ]
    assert [rate.percent for rate in told] == [66.67, 75.0, 83.33, None, None]
    assert told[-1].shown == "hidden"


def test_every_viewer_and_every_question_gets_the_same_answer(session: Session, township: Division) -> None:
    district_id = township.district_id
    assert district_id is not None
    one, blocks = community_of(session, township, (12, 8), (90, 60), (300, 250), (40, 20))
    other, _ = community_of(session, township, (500, 470), (20, 3))
    community_of(session, township, (12, 8))
    own = make_viewer(Role.SUPERVISOR, areas=[one.id])
    wide = {row.id: row for row in ranking(session, LEADER, area_id=district_id, level="block")}
    near = {row.id: row for row in ranking(session, own, area_id=one.id, level="block")}
    assert set(near) == set(blocks)
    assert near == {block: wide[block] for block in blocks}
    for block in blocks:
        assert area_rates(session, own, area_id=block) == wide[block]
    towns = {row.id: row for row in ranking(session, LEADER, area_id=district_id, level="community")}
    assert len(towns) == 3
    for area, row in towns.items():
        assert area_rates(session, LEADER, area_id=area) == row
    for hidden in (other.id, township.id, district_id, new_id()):
        with pytest.raises(NotFound):
            area_rates(session, own, area_id=hidden)


def test_levels_are_a_closed_list(session: Session, township: Division) -> None:
    with pytest.raises(RuleBroken) as caught:
        ranking(session, LEADER, area_id=township.id, level="street")
    assert caught.value.code == "level-unknown"


def test_what_lies_in_no_block_is_listed_as_rest(session: Session, township: Division) -> None:
    community, _ = community_of(session, township, (100, 80), (100, 70))
    count(
        session,
        community.id,
        community,
        is_block=False,
        units=20,
        persons=50,
        persons_met=60,
        persons_registered=40,
    )
    count(
        session,
        township.id,
        township,
        is_block=False,
        units=20,
        persons=50,
        persons_met=80,
        persons_registered=40,
    )
    rows = ranking(session, LEADER, area_id=township.id, level="block")
    assert [(row.level, row.rates["registration_rate"].n) for row in rows] == [
        ("rest", 80), ("rest", 60), ("block", 100), ("block", 100)
    ]  # fmt: skip
    assert sum(row.units for row in rows) == area_rates(session, LEADER, area_id=township.id).units == 120
    listed = ranking(session, LEADER, area_id=township.id, level="community")
    assert [(row.level, row.name) for row in listed] == [
        ("rest", f"{township.name}（其余）"),
        ("community", community.name),
    ]


def test_a_block_that_ended_counts_for_its_community_alone(session: Session, township: Division) -> None:
    community, (ended, *rest) = community_of(session, township, (100, 80), (100, 70), (100, 60))
    session.execute(text("UPDATE registry.grid_block SET state = 'retired' WHERE id = :id"), {"id": ended})
    rows = ranking(session, LEADER, area_id=community.id, level="block")
    assert {row.id for row in rows} == set(rest)
    # The ended one would be the total less the others: one of them is not told.
    assert sorted(row.rates["registration_rate"].shown for row in rows) == ["class", "value"]
    assert area_rates(session, LEADER, area_id=community.id).rates["registration_rate"].n == 300


def test_a_city_is_the_sum_of_its_told_districts(session: Session) -> None:
    city = make_division(session, level="city")
    for met in ((100, 80), (200, 150), (20, 15)):
        district = make_division(session, parent=city)
        community_of(session, make_division(session, parent=district), met, met)
    found = area_rates(session, LEADER, area_id=city.id)
    rate = found.rates["registration_rate"]
    assert (rate.n, rate.k, found.left_out) == (640, 490, 0)
    assert [row.level for row in ranking(session, LEADER, area_id=city.id, level="district")] == [
        "district"
    ] * 3
    assert len(ranking(session, LEADER, area_id=city.id, level="block")) == 6
    with pytest.raises(NotFound):
        area_rates(session, make_viewer(Role.LEADER, areas=[new_id()]), area_id=city.id)


def test_a_set_of_blocks_adds_up_what_is_told(session: Session, township: Division) -> None:
    _, blocks = community_of(session, township, (12, 8), (90, 60), (300, 250), (40, 20))
    found = rates_of_blocks(session, blocks)
    rate = found.rates["registration_rate"]
    told = [area_rates(session, LEADER, area_id=block).rates["registration_rate"] for block in blocks]
    assert rate.n == sum(one.n or 0 for one in told)
    assert (found.left_out, found.persons, found.units) == (
        sum(one.shown != "value" for one in told),
        400,
        160,
    )
    assert 0 < found.left_out < 4
    assert rates_of_blocks(session, blocks[:1]).rates["registration_rate"].shown == "hidden"
    nothing = rates_of_blocks(session, [])
    assert (nothing.rates["registration_rate"].shown, nothing.persons, nothing.units) == ("hidden", None, 0)


def test_one_rate_of_an_area_and_of_the_areas_in_it(session: Session, township: Division) -> None:
    one, _ = community_of(session, township, (100, 80), addresses=10, plated=10)
    two, _ = community_of(session, township, (100, 60), addresses=10, plated=5)
    report = rate_report(session, LEADER, rate="plate_on_wall_rate", area_id=township.id, level="community")
    assert (report.week, report.is_current, report.method) == (NOW, True, "wilson_two_sided")
    assert (report.area.rate.percent, [row.id for row in report.rows]) == (75.0, [two.id, one.id])
    assert [row.rate.verdict for row in report.rows] == ["missed", "met"]
    with pytest.raises(RuleBroken):
        rate_report(session, LEADER, rate="happiness", area_id=township.id)


def test_outlines_of_areas(session: Session, township: Division) -> None:
    community, blocks = community_of(session, township, (100, 80), (100, 60))
    drawn = shapes(session, LEADER, area_id=township.id, level="block")
    assert {feature["properties"]["id"] for feature in drawn["features"]} == {str(block) for block in blocks}
    assert {feature["geometry"]["type"] for feature in drawn["features"]} <= {"Polygon", "MultiPolygon"}
    assert [
        feature["properties"]["name"]
        for feature in shapes(session, LEADER, area_id=township.id, level="community")["features"]
    ] == [community.name]


def test_heat_cells_tell_classes_alone(session: Session, township: Division) -> None:
    community, _ = community_of(session, township, (100, 80))
    for week, column, number in ((NOW - WEEK, 1, 2), (NOW - WEEK, 2, None), (NOW - 2 * WEEK, 1, 0)):
        session.execute(
            text("""INSERT INTO registry.heat_cell (week, column_no, row_no, class_no, shape, district_id, township_id, community_id)
                 VALUES (:week, :column, 1, :number, ST_Envelope(CAST(:shape AS geometry)), :d, :t, :c)"""),
            {"week": week, "column": column, "number": number, "shape": square(0, 0, 100), "d": community.district_id,
             "t": community.township_id, "c": community.id},
        )  # fmt: skip
    found = heat_cells(session, LEADER, area_id=community.id)
    assert found["week"] == (NOW - WEEK).isoformat()
    assert sorted(str(cell["properties"]) for cell in found["features"]) == [
        "{'class_no': 2}",
        "{'class_no': None}",
    ]
    early = heat_cells(session, LEADER, area_id=community.id, week=NOW - 2 * WEEK)
    assert [cell["properties"] for cell in early["features"]] == [{"class_no": 0}]
    # An asked week without cells has none; without a week the latest are meant.
    for empty in (NOW, NOW - 3 * WEEK):
        none = heat_cells(session, LEADER, area_id=community.id, week=empty)
        assert (none["features"], none["week"]) == ([], empty.isoformat())
    assert heat_cells(session, make_viewer(Role.LEADER, areas=[new_id(), township.id]), area_id=community.id)[
        "week"
    ]


def test_buildings_of_a_block(session: Session) -> None:
    # The database was made on an earlier day, perhaps.
    session.execute(text("SELECT * FROM registry.turn_day()"))
    community = make_community(session)
    block = make_block(session, community)
    street = make_street(session, community=community)
    for number, persons in ((8, 12), (10, 3), (12, 14), (14, 30)):
        building = make_building(session, address=make_address(session, number, street=street))
        units = [make_unit(session, building, room, use="let_whole") for room in ("101", "102", "103")]
        for index in range(persons):
            live_at(session, make_person(session), units[index % 3])
    found = {row.address: row for row in building_counts(session, LEADER, block_id=block.id)}
    # Three persons at 10号; the 59 of the block less 12, 14 and 30 would give them away.
    assert {row.address[-3:]: row.persons for row in found.values() if row.address} == {
        "路8号": None, "10号": None, "12号": 14, "14号": 30
    }  # fmt: skip
    assert {(row.units, row.rental_units) for row in found.values()} == {(3, 3)}
    assert area_rates(session, LEADER, area_id=block.id).persons == 59
    for stranger in (community.id, new_id()):
        with pytest.raises(NotFound):
            building_counts(session, LEADER, block_id=stranger)
