"""Sweeps: a week without one is missed, gaps count against seven days, one joint sweep a month (R54, R56)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.errors import RuleBroken
from geo_registry.zone.sweeps import Held, Sweeping, check_sweep, gaps_of, sweeping

START, DUE, TODAY = dt.date(2026, 10, 12), dt.date(2026, 12, 8), dt.date(2026, 11, 20)


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def _story(*days: str, joint: tuple[str, ...] = ("10-28",), on: dt.date = TODAY) -> Sweeping:
    return sweeping(START, 3, [Held(_day(day), day in joint) for day in days], on=on, due_on=DUE)


STORY = ("10-14", "10-21", "10-28", "11-06", "11-11", "11-18")


def test_the_calendar_of_the_story() -> None:
    found = _story(*STORY)
    assert [week.state for week in found.weeks] == [
        "held", "held", "held", "made_up", "held", "held", "planned", "planned", "none",
    ]  # fmt: skip
    assert (found.held, found.missed, found.made_up, found.next_on) == (6, 1, 1, _day("11-25"))
    states = {day.on: day.state for week in found.weeks for day in week.days}
    assert states[_day("11-04")] == "missed"
    assert states[_day("11-06")] == "made_up"
    assert states[_day("10-28")] == "joint"
    assert states[_day("11-25")] == states[_day("12-02")] == "planned"
    assert states[_day("11-20")] == "plain"
    assert [day.on for week in found.weeks for day in week.days if day.is_today] == [TODAY]
    assert [(gap.since, gap.until, gap.days) for gap in found.too_long] == [(_day("10-28"), _day("11-06"), 9)]


def test_a_week_without_a_sweep_is_missed_from_the_day_after_the_planned_one() -> None:
    assert _story(*STORY, on=_day("11-25")).weeks[6].state == "planned"
    assert _story(*STORY, on=_day("11-26")).weeks[6].state == "missed"
    assert _story(*STORY, on=_day("11-26")).next_on == _day("12-02")


def test_an_early_sweep_keeps_the_week() -> None:
    week = _story("10-13").weeks[0]
    assert (week.state, [day.state for day in week.days]) == ("held", ["plain", "held", *["plain"] * 5])


def test_the_first_week_plans_nothing_before_the_start() -> None:
    late = sweeping(dt.date(2026, 10, 15), 3, [], on=dt.date(2026, 10, 18), due_on=DUE)
    assert (late.weeks[0].planned_on, late.weeks[0].state) == (None, "none")
    assert late.weeks[1].planned_on == dt.date(2026, 10, 21)


def test_an_overdue_zone_goes_on_being_swept() -> None:
    found = _story(*STORY, on=dt.date(2026, 12, 20))
    assert found.weeks[-1].monday == dt.date(2026, 12, 14)
    assert found.weeks[-1].state == "missed"


def test_the_end_stops_the_schedule_and_the_last_gap() -> None:
    found = sweeping(START, 3, [Held(_day("10-14"))], on=TODAY, due_on=DUE, ended_on=_day("10-20"))
    assert [week.state for week in found.weeks] == ["held", "none"]
    assert [gap.days for gap in found.gaps] == [2]
    assert found.next_on is None


def test_gaps_begin_at_the_start_and_the_last_one_is_open() -> None:
    gaps = gaps_of(START, [START + dt.timedelta(days=7)], START + dt.timedelta(days=15))
    assert [(gap.days, gap.is_over, gap.is_open) for gap in gaps] == [(7, False, False), (8, True, True)]
    assert gaps_of(START, [], START) == ()


def test_a_joint_sweep_is_due_in_each_month_from_the_start() -> None:
    found = _story(*STORY)
    assert [(month.since, month.joint_on, month.is_over) for month in found.months] == [
        (START, _day("10-28"), True), (_day("11-12"), None, False),
    ]  # fmt: skip
    month_end = sweeping(dt.date(2026, 12, 31), 3, [], on=dt.date(2027, 3, 1), due_on=dt.date(2027, 2, 28))
    assert [month.since for month in month_end.months] == [
        dt.date(2026, 12, 31), dt.date(2027, 1, 31), dt.date(2027, 2, 28),
    ]  # fmt: skip


@given(st.sets(st.integers(0, 60), max_size=20), st.integers(1, 7), st.integers(0, 60))
def test_every_sweep_is_counted_and_the_gaps_fill_the_time(offsets: set[int], weekday: int, now: int) -> None:
    on = START + dt.timedelta(days=now)
    held = [Held(START + dt.timedelta(days=offset)) for offset in sorted(offsets) if offset <= now]
    found = sweeping(START, weekday, held, on=on, due_on=DUE)
    shown = [day for week in found.weeks for day in week.days if day.state in {"held", "made_up", "joint"}]
    assert [day.on for day in shown] == [sweep.on for sweep in held]
    assert sum(gap.days for gap in found.gaps) == now
    assert sum(day.state == "missed" for week in found.weeks for day in week.days) == found.missed


def _checked(**over: object) -> None:
    values: dict[str, object] = {
        "held_on": TODAY, "started_on": START, "today": TODAY, "units_planned": 412, "units_visited": 351,
        "newly_registered": 19,
    }  # fmt: skip
    check_sweep(**{**values, **over})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"started_on": None}, "zone-not-started"),
        ({"held_on": TODAY + dt.timedelta(days=1)}, "day-in-future"),
        ({"held_on": START - dt.timedelta(days=1)}, "day-too-early"),
        ({"units_visited": 413}, "sweep-figures"),
        ({"units_planned": 0, "units_visited": 0}, "sweep-figures"),
        ({"newly_registered": -1}, "sweep-figures"),
    ],
)
def test_a_sweep_that_cannot_have_been_is_refused(over: dict[str, object], code: str) -> None:
    _checked()
    with pytest.raises(RuleBroken, match=f"^{code}: "):
        _checked(**over)
