"""Periods drawn over years: how many lived in a room; where a person lived, was registered, was away."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from geo_registry.text import natural_order

SHORTEST, LONGEST = 3, 15
"""Years that an axis spans at least and at most; what is older begins at its left edge."""
MOST_TICKS = 8
ROOM_FOR_TEXT, ROOM_FOR_FIGURE = 9.0, 4.5
"""Percent of the width that a bar needs for its words, and for the first of them alone."""
# The district stands before every address of it; a lane has little room for its name.
_DISTRICT = re.compile(r"^.{2,6}?[区县](?![路街道弄号])")


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: left edge and width in percent of the axis, what it says, and how it is drawn."""

    left: float
    width: float
    text: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of days up to today with ticks of years; `shown` is the day of the list, from the first on."""

    first: dt.date
    days: int
    shown: int
    ticks: tuple[tuple[float, str], ...]

    def at(self, day: dt.date) -> float:
        """Return the place of a day in percent, within the axis."""
        return round(min(max((day - self.first).days / self.days, 0), 1) * 100, 2)

    def bar(self, since: dt.date, until: dt.date | None, text: str, tone: str, title: str) -> Bar | None:
        """Return the bar of a period, None where it lies outside; a day is never too thin to be seen."""
        last = self.first + dt.timedelta(days=self.days)
        if since > last or (until is not None and until <= self.first):
            return None
        left = min(self.at(since), 99.0)
        width = max(round(self.at(until or last) - left, 2), 1.0)
        figure = text.partition(" ")[0] if width >= ROOM_FOR_FIGURE else ""
        return Bar(left, width, text if width >= ROOM_FOR_TEXT else figure, tone, title)


@dataclass(frozen=True, slots=True)
class Lane:
    """The periods of one place, or of one hukou, under its name."""

    kind: str
    title: str
    bars: tuple[Bar, ...]


def axis_of(earliest: dt.date, shown: dt.date, today: dt.date) -> Axis:
    """Return the axis from the year of the earliest day to today."""
    year = min(max(earliest.year, today.year - LONGEST), today.year - SHORTEST)
    first = dt.date(year, 1, 1)
    days = (today - first).days
    step = -(-(today.year - year + 1) // MOST_TICKS)
    ticks = tuple(
        (round((dt.date(one, 1, 1) - first).days / days * 100, 2), str(one))
        for one in range(year, today.year + 1, step)
    )
    return Axis(first, days, min(max((shown - first).days, 0), days), ticks)


def occupancy(
    counts: Sequence[tuple[str, int]], shown: dt.date, today: dt.date
) -> tuple[Axis, tuple[Bar, ...]]:
    """Return the bar of a room or building: how many lived there from one day to the next, counts alone."""
    steps = [(dt.date.fromisoformat(day), people) for day, people in counts]
    axis = axis_of(min([*(day for day, _ in steps), shown], default=today), shown, today)
    ends = [*(day for day, _ in steps), None][1:]
    drawn = (
        axis.bar(
            since, until, f"{people} 人", _tone(since, until, shown), _told(since, until, f"{people} 人")
        )
        for (since, people), until in zip(steps, ends, strict=True)
        if people > 0
    )
    return axis, tuple(bar for bar in drawn if bar)


def _tone(since: dt.date, until: dt.date | None, shown: dt.date) -> str:
    return "is-shown" if since <= shown and (until is None or shown < until) else "is-other"


def _told(since: dt.date | None, until: dt.date | None, text: str) -> str:
    return f"{since or '此前'} 至 {until or '今'}：{text}"


def lanes_of(person: dict[str, Any], shown: dt.date, today: dt.date) -> tuple[Axis, tuple[Lane, ...]]:
    """Return one lane for each dwelling, each hukou and each place somebody is away from, newest first."""
    rows = [
        *(("live", _place(row), row) for row in person["dwellings"]),
        *(("hukou", _place(row), row) for row in person["hukou_periods"]),
        *(("away", row["unit"], row) for row in person["absences"]),
    ]
    begun = [day for _, _, row in rows if (day := _day(row["since"]))]
    axis = axis_of(min([*begun, shown], default=today), shown, today)
    found: dict[tuple[str, str], list[Bar]] = {}
    for kind, title, row in rows:
        since, until = _day(row["since"]), _day(row["until"])
        tone = f"is-{kind}{'' if row['current'] else ' is-former'}"
        bar = axis.bar(since or axis.first, until, _short(since), tone, _told(since, until, title))
        found.setdefault((kind, title), []).extend([bar] if bar else [])
    return axis, tuple(Lane(kind, title, tuple(bars)) for (kind, title), bars in found.items())


def _short(since: dt.date | None) -> str:
    return since.strftime("%Y-%m\u00a0起") if since else ""


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _place(row: dict[str, Any]) -> str:
    words = [row.get("address"), row.get("building_no"), row.get("unit")]
    known = "".join(word for word in words if word)
    return _DISTRICT.sub("", known) or f"区划 {row.get('division_code') or '不详'}"


def households(rows: Iterable[dict[str, Any]]) -> list[list[list[dict[str, Any]]]]:
    """Return occupants by unit in the order of their numbers, and in each unit by household."""
    units: dict[str, dict[str | None, list[dict[str, Any]]]] = {}
    for row in rows:
        units.setdefault(row["unit_id"], {}).setdefault(row["household_id"], []).append(row)
    found = [list(unit.values()) for unit in units.values()]
    return sorted(found, key=lambda unit: natural_order(unit[0][0]["unit"]))
