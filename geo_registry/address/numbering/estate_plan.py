"""The buildings of an estate before anything is stored: numbers they have, and those the others would get."""

import itertools
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import select, text

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.axis import Points, metres_per_degree
from geo_registry.address.numbering.numbered import Series, series_of, within_areas
from geo_registry.address.numbering.numbering import as_typed, written_before
from geo_registry.address.numbering.rows import in_rows
from geo_registry.address.numbers import make_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import PlaceName
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken

# Estates, and villages and their groups, whose houses are numbered in rows as well.
_IN_ROWS = ("estate", "hamlet", "group")
# Farther apart two buildings are no neighbours, nor does one stand at a gate; none is sought
# beyond the reach.
_BESIDE_M, _GATE_M, _REACH_M = 45.0, 100.0, 500.0
_GROUND = text("""
    SELECT g.* FROM registry.estate_ground(:id, :lon, :lat, :reach) g
    WHERE registry.covers(CAST(:areas AS uuid[]), g.district_id, g.township_id, g.community_id)
""")
_AXES = text("SELECT ST_AsBinary(a) FROM registry.axes_around(:lon, :lat, :reach) a")


@dataclass(frozen=True, slots=True)
class EstateSlot:
    """One number of an estate: of an address that is there, or (`door`) of a building that would get it.

    `row` counts the rows of the buildings without a number from the gate on.
    """

    kind: Literal["given", "reserved", "proposed", "retired", "door"]
    number: str
    number_text: str
    standard_text: str
    row: int | None
    lon: float | None
    lat: float | None
    address_id: UUID | None = None
    version: int | None = None
    building_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EstatePlan:
    """An estate with all its numbers; `version` is that of the estate, `rows` how many rows are new."""

    id: UUID
    name: str
    version: int
    rows: int
    slots: tuple[EstateSlot, ...]
    counts: dict[str, int]


def plan_estate(
    session: Session, viewer: Viewer, *, place_name_id: UUID, gate: tuple[float, float] | None = None
) -> EstatePlan:
    """Return the numbers that an estate has and its other buildings would get, row by row; nothing is stored.

    A hamlet (自然村) and a group of a village are numbered likewise, by doors and within their community.
    All numbers of the estate count, those in the viewer's areas are shown.

    The buildings of an estate are those without a number around its gate (degrees) and its numbered ones, as
    far as each stands beside the next and no street parts them. Without a gate they are counted from the
    north-east.

    Raises:
        NotFound: no such place name in the viewer's areas.
        RuleBroken: `not-estate`, or `gate-missing` where no number of the estate has a place.

    """
    query = select(PlaceName).where(PlaceName.id == place_name_id, in_scope(viewer, PlaceName))
    estate = session.execute(query).scalar_one_or_none()
    if estate is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
    if estate.kind not in _IN_ROWS:
        detail = f"{estate.full_name} 不是小区或村组，请按道路编号"
        raise RuleBroken("not-estate", detail, field="place_name_id")
    series = series_of(session, profile_in_force(session), estate.id)
    middle = gate or _middle(series)
    if middle is None:
        detail = f"{estate.full_name} 还没有带位置的号，请给出出入口的位置"
        raise RuleBroken("gate-missing", detail, field="from")
    rows = _buildings(session, viewer, estate, middle, gate)
    slots = within_areas(
        session, viewer, estate.id, [*_given(series), *_doors(session, series, estate, rows)]
    )
    return EstatePlan(
        estate.id, estate.full_name, estate.version, len(rows), tuple(slots),
        dict(Counter(one.kind for one in slots)),
    )  # fmt: skip


def _middle(series: Series) -> tuple[float, float] | None:
    placed = [(one.lon, one.lat) for one in series.given if one.lon is not None and one.lat is not None]
    if not placed:
        return None
    lon, lat = np.array(placed).mean(axis=0).tolist()
    return lon, lat


def _buildings(
    session: Session,
    viewer: Viewer,
    estate: PlaceName,
    middle: tuple[float, float],
    gate: tuple[float, float] | None,
) -> list[list[Any]]:
    """Return the buildings without a number in rows (rows of estate_ground)."""
    around = {"lon": middle[0], "lat": middle[1], "reach": _REACH_M}
    areas = None if viewer.areas is None else list(viewer.areas)
    found = session.execute(_GROUND, {**around, "id": estate.id, "areas": areas}).all()
    if estate.kind != "estate" and estate.community_id is not None:
        found = [row for row in found if row.community_id == estate.community_id]
    axes = [bytes(axis) for axis in session.execute(_AXES, around).scalars()]
    scale = metres_per_degree(middle)

    def plane(points: Points) -> Points:
        moved: Points = (points - np.array(middle)) * scale
        return moved

    shapes = [shapely.transform(shapely.from_wkb(bytes(row.shape)), plane) for row in found]
    streets = shapely.union_all([shapely.transform(shapely.from_wkb(axis), plane) for axis in axes])
    seeds = [place for place, row in enumerate(found) if row.is_numbered]
    if gate is not None:
        point = shapely.Point(0, 0)
        seeds += [place for place, shape in enumerate(shapes) if _is_beside(point, shape, streets, _GATE_M)]
    mine = [place for place in _together(shapes, streets, seeds) if not found[place].is_numbered]
    ordered = in_rows([shapes[place] for place in mine], None if gate is None else (0.0, 0.0))
    return [[found[mine[place]] for place in row] for row in ordered]


def _together(
    shapes: Sequence[shapely.Geometry], streets: shapely.Geometry, seeds: Sequence[int]
) -> list[int]:
    """Return the buildings that are reached from some, each beside the one before with no street between."""
    tree = shapely.STRtree(list(shapes))
    reached, queue = set(seeds), deque(seeds)
    while queue:
        here = queue.popleft()
        for there in tree.query(shapes[here], predicate="dwithin", distance=_BESIDE_M).tolist():
            if there not in reached and _is_beside(shapes[here], shapes[there], streets, _BESIDE_M):
                reached.add(there)
                queue.append(there)
    return sorted(reached)


def _is_beside(
    one: shapely.Geometry, other: shapely.Geometry, streets: shapely.Geometry, metres: float
) -> bool:
    near = bool(shapely.dwithin(one, other, metres))
    return near and not shapely.intersects(shapely.shortest_line(one, other), streets)


def _given(series: Series) -> Iterator[EstateSlot]:
    for one in series.given:
        if not one.is_free:
            kind: Any = "given" if one.state == "current" else one.state
            yield EstateSlot(
                kind, as_typed(series.profile, one.number_text), one.number_text, one.standard_text, None,
                one.lon, one.lat, one.id, one.version,
            )  # fmt: skip


def _doors(
    session: Session, series: Series, estate: PlaceName, rows: Sequence[Sequence[Any]]
) -> Iterator[EstateSlot]:
    """Number the buildings on from the last number; those of an estate as buildings unless most are doors."""
    profile, kept = series.profile, [one for one in series.given if not one.is_free]
    buildings = sum(1 if one.number_key.startswith("b") else -1 for one in kept)
    is_building = estate.kind == "estate" and buildings >= 0
    numbers = (
        number
        for number in itertools.count(max((one.number for one in kept), default=0) + 1)
        if number not in profile.numbering.skip
    )
    before = dict[UUID, str]()
    for turn, row in enumerate(rows, 1):
        for building in row:
            area = building.community_id or building.township_id or building.district_id
            if area not in before:
                before[area] = written_before(session, profile, area, estate.id) + estate.full_name
            written = make_door(profile, next(numbers), is_building=is_building).number_text
            yield EstateSlot(
                "door", as_typed(profile, written), written, before[area] + written, turn, building.lon,
                building.lat, building_id=building.id,
            )  # fmt: skip
