"""Rules of sweeps: weekly on the plan's weekday, at most seven days apart, one joint sweep a month."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geo_registry.errors import RuleBroken
from geo_registry.zone.rules import add_months

MOST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Held:
    """A sweep that was held: on which day, and whether it was the joint one of the month."""

    on: dt.date
    is_joint: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar.

    State: plain, held, joint, made_up (held after the planned day), missed (planned, not held), planned.
    """

    on: dt.date
    state: str
    is_today: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the calendar, Monday first; `state` is held, made_up, missed, planned or none."""

    monday: dt.date
    planned_on: dt.date | None
    state: str
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days between two sweeps, or since the last; more than seven are too many."""

    since: dt.date
    until: dt.date
    days: int
    is_open: bool = False

    @property
    def is_over(self) -> bool:
        """Whether more than seven days lie between."""
        return self.days > MOST_DAYS


@dataclass(frozen=True, slots=True)
class Month:
    """One month counted from the start, its joint sweep, and whether it is over."""

    since: dt.date
    until: dt.date
    joint_on: dt.date | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Sweeping:
    """The sweeps of a zone as they should be and as they were."""

    weeks: tuple[Week, ...]
    gaps: tuple[Gap, ...]
    months: tuple[Month, ...]
    held: int
    missed: int
    made_up: int
    next_on: dt.date | None

    @property
    def too_long(self) -> tuple[Gap, ...]:
        """The gaps of more than seven days."""
        return tuple(gap for gap in self.gaps if gap.is_over)


def sweeping(
    started_on: dt.date,
    weekday: int,
    sweeps: Sequence[Held],
    *,
    on: dt.date,
    due_on: dt.date,
    ended_on: dt.date | None = None,
) -> Sweeping:
    """Judge the sweeps of a zone on a day; `weekday` is 1 (Monday) to 7, `ended_on` stops the schedule.

    The calendar runs to the due date, or to the end of this week when that has passed.
    """
    last = ended_on or max(due_on, on + dt.timedelta(days=6 - on.weekday()))
    found = {sweep.on: sweep for sweep in sweeps}
    weeks = tuple(
        _week(monday, started_on, last, weekday, found, on) for monday in _mondays(started_on, last)
    )
    passed = min(on, ended_on) if ended_on else on
    return Sweeping(
        weeks=weeks,
        gaps=gaps_of(started_on, sorted(found), passed, is_open=ended_on is None),
        months=tuple(_months(started_on, sweeps, passed, is_ended=ended_on is not None)),
        held=len(found),
        missed=sum(week.state in {"missed", "made_up"} for week in weeks),
        made_up=sum(week.state == "made_up" for week in weeks),
        next_on=next((week.planned_on for week in weeks if week.state == "planned"), None),
    )


def gaps_of(
    started_on: dt.date, held: Sequence[dt.date], until: dt.date, *, is_open: bool = True
) -> tuple[Gap, ...]:
    """Return the gaps from the start over each sweep to today; the last one still grows."""
    days = [started_on, *(day for day in held if day >= started_on)]
    closed = [Gap(before, after, (after - before).days) for before, after in pairwise(days)]
    if is_open and until > days[-1]:
        closed.append(Gap(days[-1], until, (until - days[-1]).days, is_open=True))
    return tuple(closed)


def _mondays(since: dt.date, until: dt.date) -> Iterator[dt.date]:
    day = since - dt.timedelta(days=since.weekday())
    while day <= until:
        yield day
        day += dt.timedelta(days=7)


def _week(
    monday: dt.date,
    started_on: dt.date,
    last: dt.date,
    weekday: int,
    found: dict[dt.date, Held],
    on: dt.date,
) -> Week:
    planned = monday + dt.timedelta(days=weekday - 1)
    wanted = planned if started_on <= planned <= last else None
    days = [monday + dt.timedelta(days=number) for number in range(7)]
    held = [day for day in days if day in found]
    state = _state(wanted, held, on)
    shown = tuple(Day(day, _day_state(day, wanted, state, found), day == on) for day in days)
    return Week(monday, wanted, state, shown)


def _state(wanted: dt.date | None, held: Sequence[dt.date], on: dt.date) -> str:
    if wanted is None:
        return "held" if held else "none"
    if held:
        return "held" if held[0] <= wanted else "made_up"
    return "missed" if wanted < on else "planned"


def _day_state(day: dt.date, wanted: dt.date | None, week: str, found: dict[dt.date, Held]) -> str:
    if day in found:
        if week == "made_up":
            return "made_up"
        return "joint" if found[day].is_joint else "held"
    if day == wanted and week in {"missed", "made_up"}:
        return "missed"
    return "planned" if day == wanted and week == "planned" else "plain"


def _months(
    started_on: dt.date, sweeps: Sequence[Held], until: dt.date, *, is_ended: bool
) -> Iterator[Month]:
    number = 0
    while (since := add_months(started_on, number)) <= until:
        number += 1
        end = add_months(started_on, number)
        joint = [sweep.on for sweep in sweeps if sweep.is_joint and since <= sweep.on < end]
        yield Month(since, end, min(joint, default=None), is_over=end <= until or is_ended)


def check_sweep(
    held_on: dt.date,
    *,
    started_on: dt.date | None,
    today: dt.date,
    units_planned: int,
    units_visited: int,
    newly_registered: int,
) -> None:
    """Let a sweep in that was held between the start and today, with figures that can be.

    Raises:
        RuleBroken: `zone-not-started`, `day-in-future`, `day-too-early`, `sweep-figures`.

    """
    if started_on is None:
        raise RuleBroken("zone-not-started", "还没有开始整治，不能登记清查：请先开始整治", field="held_on")
    if held_on > today:
        raise RuleBroken("day-in-future", "清查日期不能晚于今天：办完后再登记", field="held_on")
    if held_on < started_on:
        raise RuleBroken("day-too-early", f"清查日期不能早于开始整治的 {started_on}", field="held_on")
    if not 0 <= units_visited <= units_planned:
        raise RuleBroken("sweep-figures", "已核户室不能多于应核户室，也不能为负", field="units_visited")
    if units_planned < 1 or newly_registered < 0:
        raise RuleBroken("sweep-figures", "应核户室至少为 1，新增登记不能为负", field="units_planned")
