"""The units that a coordinator is asked to visit on a day."""

import datetime as dt
from uuid import uuid4

from geo_registry.grid.rules import cycle_of
from geo_registry.grid.visits import BuildingVisits, UnitVisit
from web_map.own_day import buildings_today, listed_today, overdue_days


def unit(last: dt.date | None, *, is_due: bool = True) -> UnitVisit:
    """Return a unit that was last visited on a day."""
    at = None if last is None else dt.datetime.combine(last, dt.time(2), dt.UTC)
    return UnitVisit(uuid4(), "C", "101室", 1, "let_whole", 1, at, "met_all" if last else None, is_due)


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
