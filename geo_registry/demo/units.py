"""The units of drafted buildings as columns: what `plates.parquet` holds."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pyarrow as pa

from geo_registry.demo.sketch import Draft, Sketch

ADDRESS_PARTS: Final = (
    "community_code",
    "street",
    "lane",
    "sub_lane",
    "hamlet",
    "group",
    "number",
    "building_no",
)
UNIT_REFERENCE: Final = (*ADDRESS_PARTS, "entrance", "room")
PLATES: Final = pa.schema(
    [
        *((part, pa.string()) for part in (*ADDRESS_PARTS, "entrance")),
        ("floor", pa.int16()),
        *((part, pa.string()) for part in ("room", "use")),
        *((part, pa.float64()) for part in ("area_m2", "lon", "lat")),
        *((part, pa.string()) for part in ("building_external_id", "plate_state")),
    ]
)

_USES: Final = (
    "self_occupied",
    "let_whole",
    "let_rooms",
    "collective_dormitory",
    "vacant",
    "non_residential",
)
_USE_WEIGHTS: Final = {
    "ordinary": (62, 19, 3, 0.5, 12, 2.5),
    "tower": (66, 16, 1, 0.2, 16, 1.5),
    "old": (30, 32, 24, 2, 9, 3),
    "village": (78, 7, 5, 0, 9, 1),
    "dormitory": (0, 4, 2, 84, 8, 2),
    "shop": (0, 0, 0, 0, 0, 1),
    "public": (0, 0, 0, 0, 0, 1),
}
# Rather more than half are delivered, to hang on the wall with evidence; the others are on their way.
_STATES: Final = ("numbered", "approved", "ordered", "produced", "delivered")
_STATE_WEIGHTS: Final = (17, 9, 6, 10, 58)


@dataclass(slots=True)
class Units:
    """All units of a district by column; `draft_of` is the place of the unit's building on the sheet."""

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in PLATES.names})
    draft_of: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the units."""
        return len(self.draft_of)

    def table(self) -> pa.Table:
        """Return the columns of `plates.parquet`."""
        return pa.table(self.columns, schema=PLATES)


def units_of(sketch: Sketch) -> Units:
    """Return the units of every building on the sheet, in the order of the buildings."""
    units = Units()
    for place, draft in enumerate(sketch.drafts):
        _add_building(sketch.rng, units, place, draft)
    return units


def _rooms(draft: Draft) -> list[tuple[int, int | None, str]]:
    """Return (entrance from 0, floor, room) of every unit; a building without rooms is one unit."""
    stack = draft.stack
    if not stack.per_floor:
        return [(0, None, "")]
    return [
        (entrance, floor, f"{floor}{entrance * stack.per_floor + place:02d}室")
        for entrance in range(max(1, stack.entrances))
        for floor in range(1, draft.building.floors + 1)
        for place in range(1, stack.per_floor + 1)
    ]


def _add_building(rng: Random, units: Units, place: int, draft: Draft) -> None:
    rooms, columns, address = _rooms(draft), units.columns, draft.building.address
    count = len(rooms)
    for part in ADDRESS_PARTS:
        columns[part] += [getattr(address, part)] * count
    columns["entrance"] += [
        f"{entrance + 1}单元" if draft.stack.entrances else "" for entrance, _, _ in rooms
    ]
    columns["floor"] += [floor for _, floor, _ in rooms]
    columns["room"] += [room for _, _, room in rooms]
    columns["use"] += rng.choices(_USES, _USE_WEIGHTS[draft.style], k=count)
    columns["area_m2"] += _areas(rng, draft, count)
    columns["lon"] += [draft.doors[entrance][0] for entrance, _, _ in rooms]
    columns["lat"] += [draft.doors[entrance][1] for entrance, _, _ in rooms]
    columns["building_external_id"] += [draft.building.external_id] * count
    columns["plate_state"] += rng.choices(_STATES, _STATE_WEIGHTS) * count
    units.draft_of += [place] * count


def _areas(rng: Random, draft: Draft, count: int) -> list[float]:
    # The rooms above one another are alike; the plan of a floor differs from room to room.
    if not draft.stack.per_floor:
        return [round(draft.stack.area_m2, 1)]
    across = max(1, draft.stack.entrances) * draft.stack.per_floor
    sizes = [round(draft.stack.area_m2 * rng.uniform(0.86, 1.2), 1) for _ in range(across)]
    per, floors = draft.stack.per_floor, draft.building.floors
    return [sizes[i // (per * floors) * per + i % per] for i in range(count)]
