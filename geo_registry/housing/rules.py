"""The plan of a building: which room stands where in the grid of floors and entrances."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from geo_registry.errors import Conflict, RuleBroken
from geo_registry.text import natural_order


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


BUILDING_IN_USE = ("planned", "under_construction", "realized", "under_conversion", "out_of_use")
METHODS = ("measured", "outlined", "derived")
LEAST_AREA_M2, FARTHEST_M, MOST_SHARED = 1.0, 20.0, 0.8
"""Guards on outlines: smallest area, farthest move, largest share of ground with another building."""


def check_facts(
    state: str, method: str, floors: int | None, floors_below: int | None, built_year: int | None
) -> None:
    """Refuse facts of a building that cannot be.

    Raises:
        RuleBroken: with the field's name.

    """
    if state not in BUILDING_IN_USE:
        raise RuleBroken("state-invalid", f"楼栋状态应为 {'、'.join(BUILDING_IN_USE)} 之一", field="state")
    if method not in METHODS:
        raise RuleBroken("method-invalid", f"轮廓来源应为 {'、'.join(METHODS)} 之一", field="method")
    limits = {
        "floors": (floors, 0, 200),
        "floors_below": (floors_below, 0, 20),
        "built_year": (built_year, 1000, 2200),
    }
    for field, (value, least, most) in limits.items():
        if value is not None and not least <= value <= most:
            raise RuleBroken(f"{field.replace('_', '-')}-invalid", f"应为 {least} 至 {most}", field=field)


def check_outline(
    *, is_valid: bool, area_m2: float, distance_m: float | None, share: float | None, other_id: UUID | None
) -> None:
    """Refuse an outline by its measures: unsound, too small, too far away, or on another building.

    Raises:
        RuleBroken: `geometry-unsound`, `outline-too-small`, `outline-too-far`.
        Conflict: `outline-overlaps`, with the other building.

    """
    if not is_valid:
        raise RuleBroken("geometry-unsound", "轮廓须闭合且不自相交", field="outline")
    if area_m2 < LEAST_AREA_M2:
        raise RuleBroken("outline-too-small", f"轮廓面积 {area_m2:.2f} m²，不足 1 m²", field="outline")
    if distance_m is not None and distance_m > FARTHEST_M:
        detail = f"新轮廓距原位置 {distance_m:.0f} 米，超过 20 米；若为另一幢楼，请另行登记"
        raise RuleBroken("outline-too-far", detail, field="outline")
    if share is not None and share > MOST_SHARED:
        detail = f"与另一幢楼重叠 {share:.0%}，超过 80%"
        raise Conflict("outline-overlaps", detail, field="outline", other_id=str(other_id))
