"""今日: which units a coordinator goes to today, overdue ones first, and how each is told."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from geo_registry.grid.rooms import Rooms
from geo_registry.grid.rules import CYCLE_DAYS, Cycle
from geo_registry.grid.visits import BuildingVisits, UnitVisit
from web_map import words


@dataclass(frozen=True, slots=True)
class UnitToday:
    """One unit in the list of the day."""

    id: UUID
    room: str
    use: str
    use_group: str
    last: str
    said: str
    chip: str
    chip_class: str
    is_listed: bool
    is_done: bool
    in_cycle: bool
    overdue: int


@dataclass(frozen=True, slots=True)
class BuildingToday:
    """A building with its units; `due` counts those still to be visited today."""

    id: UUID
    title: str
    lon: float
    lat: float
    due: int
    units: tuple[UnitToday, ...]


def day_of(moment: dt.datetime | None) -> dt.date | None:
    """Return the day of a moment by China's clock."""
    return None if moment is None else moment.astimezone(words.CHINA).date()


def overdue_days(last: dt.date | None, day: dt.date) -> int:
    """Return by how many days a unit is past its fortnight; one never visited is due, not overdue."""
    return 0 if last is None else max((day - last).days - CYCLE_DAYS, 0)


def late_rooms(rooms: Rooms, day: dt.date) -> dict[UUID, str]:
    """Return the units that nobody has seen for a fortnight, in words; where nobody answers, none is late."""
    if rooms.responsible is None:
        return {}
    late = {unit: overdue_days(last, day) for unit, last in rooms.last_visits.items()}
    return {
        unit: f"超期 {late[unit]} 天未核" if last else "从未走访"
        for unit, last in rooms.last_visits.items()
        if last is None or late[unit]
    }


def listed_today(units: Sequence[UnitVisit], cycle: Cycle, day: dt.date) -> frozenset[UUID]:
    """Return the units of the day's list: overdue ones, those done today, and an even part of what is left.

    The part is what remains of the cycle over its remaining days, the longest unvisited first; what was done
    today counts for it, so that the list does not grow while one works.
    """
    done = [unit for unit in units if day_of(unit.visited_at) == day]
    due = sorted(
        (unit for unit in units if unit.is_due), key=lambda unit: day_of(unit.visited_at) or dt.date.min
    )
    days_left = CYCLE_DAYS - cycle.day_no + 1
    quota = -(-(len(due) + len(done)) // days_left) - len(done)
    overdue = [unit for unit in due if overdue_days(day_of(unit.visited_at), day)]
    return frozenset(unit.id for unit in (*done, *overdue, *due[: max(quota, 0)]))


def buildings_today(
    rows: Iterable[BuildingVisits], cycle: Cycle, day: dt.date, district: str | None
) -> tuple[BuildingToday, ...]:
    """Return the buildings of a block with the day's list marked, overdue units first in each."""
    found = tuple(rows)
    listed = listed_today([unit for row in found for unit in row.units], cycle, day)
    return tuple(_building(row, listed, day, district) for row in found)


def _building(
    row: BuildingVisits, listed: frozenset[UUID], day: dt.date, district: str | None
) -> BuildingToday:
    units = sorted(
        (unit_today(unit, is_listed=unit.id in listed, day=day) for unit in row.units),
        key=lambda unit: (unit.is_done, -unit.overdue),
    )
    due = sum(unit.is_listed and not unit.is_done for unit in units)
    return BuildingToday(row.building_id, _title(row, district), row.lon, row.lat, due, tuple(units))


def unit_today(unit: UnitVisit, *, is_listed: bool, day: dt.date) -> UnitToday:
    """Return how a unit is told: done today, overdue by days, or waiting for its visit."""
    last = day_of(unit.visited_at)
    is_done, late = last == day, overdue_days(last, day)
    said = words.word(words.OUTCOMES, unit.outcome) if unit.outcome else ""
    if is_done:
        chip, tone = f"✓ {said}", "chip-ok"
    elif unit.is_due and late:
        chip, tone = f"超期 {late} 天", "chip-warning"
    else:
        chip, tone = ("待走访" if unit.is_due else f"本周期已核 {last:%m-%d}"), ""
    return UnitToday(
        id=unit.id,
        room=unit.unit_text,
        use=words.USES.get(unit.use or "", "用途未登记"),
        use_group=words.USE_GROUPS.get(unit.use or "", words.UNKNOWN_USE)[0],
        last=f"上次 {last:%m-%d}" if last else "从未走访",
        said=said,
        chip=chip,
        chip_class=tone,
        is_listed=is_listed,
        is_done=is_done,
        in_cycle=not unit.is_due,
        overdue=late,
    )


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A building in the list of a block, with how many units are still open in this cycle."""

    title: str
    units: int
    open: int
    lon: float
    lat: float


def places_of(rows: Iterable[BuildingVisits], district: str | None) -> tuple[PlaceRow, ...]:
    """Return the buildings of a block for its panel."""
    return tuple(PlaceRow(_title(row, district), len(row.units), row.due, row.lon, row.lat) for row in rows)


def outcomes_of(rows: Iterable[BuildingVisits]) -> tuple[tuple[str, int], ...]:
    """Return how often each outcome was the last of this cycle, the most frequent first."""
    units = [unit for row in rows for unit in row.units if not unit.is_due and unit.outcome]
    counts = Counter(words.word(words.OUTCOMES, unit.outcome) for unit in units)
    return tuple(counts.most_common())


def _title(row: BuildingVisits, district: str | None) -> str:
    return words.local(row.address or row.name or "未编号楼栋", district)
