"""The plan of a building: which room stands where in the grid of floors and entrances."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """One live unit as the plan needs it; `room` is 402, `unit_text` 2单元402室."""

    id: UUID
    code: str
    unit_text: str
    room: str | None
    floor: int | None
    use: str | None
    state: str
    area_m2: float | None
    version: int
    entrance_id: UUID | None
    entrance: str | None

    @property
    def label(self) -> str:
        """What stands on the door: the room, or the whole text of a unit without one."""
        return self.room or self.unit_text


@dataclass(frozen=True, slots=True)
class EntranceColumn:
    """A group of columns of the plan; `label` is '' for units that no entrance is known of."""

    id: UUID | None
    label: str
    width: int


@dataclass(frozen=True, slots=True)
class FloorRow:
    """One floor: for each entrance its units in natural order."""

    floor: int
    label: str
    cells: tuple[tuple[PlannedUnit, ...], ...]


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """Floors from the top down with basements last; `loose` are the units without a floor."""

    entrances: tuple[EntranceColumn, ...]
    floors: tuple[FloorRow, ...]
    loose: tuple[PlannedUnit, ...]
    unit_count: int
    use_counts: dict[str, int]


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key by which 2 stands before 10."""
    pieces = re.findall(r"\d+|\D+", text)
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)


def floor_label(floor: int) -> str:
    """Return the name of a floor on the plan: 6层, 地下1层."""
    return f"{floor}层" if floor > 0 else f"地下{-floor}层" if floor < 0 else "夹层"


def plan_floors(units: Sequence[PlannedUnit]) -> FloorPlan:
    """Return the plan of a building's units."""
    ordered = sorted(units, key=lambda unit: (natural_order(unit.label), unit.code))
    placed = [unit for unit in ordered if unit.floor is not None]
    keys = sorted({_entrance(unit) for unit in placed}, key=lambda key: (key[1] == "", natural_order(key[1])))
    rows: dict[int, dict[tuple[UUID | None, str], list[PlannedUnit]]] = {}
    for unit in placed:
        rows.setdefault(unit.floor or 0, {}).setdefault(_entrance(unit), []).append(unit)
    floors = tuple(
        FloorRow(floor, floor_label(floor), tuple(tuple(rows[floor].get(key, ())) for key in keys))
        for floor in sorted(rows, reverse=True)
    )
    entrances = tuple(
        EntranceColumn(*key, max(len(row.cells[column]) for row in floors)) for column, key in enumerate(keys)
    )
    loose = tuple(unit for unit in ordered if unit.floor is None)
    return FloorPlan(entrances, floors, loose, len(ordered), _counted(ordered))


def _entrance(unit: PlannedUnit) -> tuple[UUID | None, str]:
    return unit.entrance_id, unit.entrance or ""


def _counted(units: Sequence[PlannedUnit]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for unit in units:
        counts[unit.use or ""] = counts.get(unit.use or "", 0) + 1
    return dict(sorted(counts.items()))
