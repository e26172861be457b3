"""Questions about areas: divisions by level, by point and by tree; the history of every place object."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    column,
    func,
    null,
    or_,
    select,
    table,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import literal as value
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.area.history import Change, Version, history_of
from geo_registry.area.tables import LEVELS, Division
from geo_registry.base import SCHEMA, SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor

__all__ = [
    "ENDED",
    "NEVER",
    "AreaCounts",
    "AreaDetail",
    "AreaRow",
    "Box",
    "Change",
    "Crumb",
    "Version",
    "area",
    "areas",
    "areas_containing",
    "block_containing",
    "breadcrumb",
    "counts_of",
    "districts_of",
    "division_in_scope",
    "history_of",
    "located",
    "outside",
    "within",
]  # fmt: skip

NEVER = ("removed", "rejected")
"""States in which a thing was never there: the partial indexes leave them out."""
ENDED = {
    "address": ("retired", *NEVER),
    "building": ("demolished", "not_realized", "removed"),
    "housing_unit": ("retired", "not_realized", *NEVER),
    "plate": ("replaced", "superseded", "removed", "cancelled"),
}
"""States that end the life of a thing, by table."""
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4490."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One division in a list; `box` is None while nobody has drawn its boundary."""

    id: UUID
    code: str
    level: str
    kind: str | None
    name: str
    full_name: str
    parent_id: UUID | None
    version: int
    valid_from: dt.date | None
    valid_to: dt.date | None
    lon: float | None
    lat: float | None
    box: Box | None


@dataclass(frozen=True, slots=True)
class AreaDetail(AreaRow):
    """One division with its boundary as GeoJSON and its place in the tree."""

    scheme: str
    parent_name: str | None
    district_id: UUID | None
    township_id: UUID | None
    boundary: dict[str, Any] | None
    children: int


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """What stands in an area now; nothing personal."""

    addresses: int
    buildings: int
    units: int
    plates: int


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the path from the city to a building: kind is a level, `block`, or `building`."""

    kind: str
    id: UUID
    name: str
    code: str


def division_in_scope(viewer: Viewer, division: type[Division] = Division) -> ColumnElement[bool]:
    """Return the condition that a division is, or lies in, one of the viewer's areas."""
    if viewer.areas is None:
        return true()
    areas = value(list(viewer.areas), ARRAY(Uuid))
    return or_(
        division.id == func.any(areas),
        division.district_id == func.any(areas),
        division.township_id == func.any(areas),
    )


def districts_of(areas: tuple[UUID, ...]) -> ColumnElement[Any]:
    """Return the districts of some areas as an array, for indexes that begin with the district."""
    granted = value(list(areas), ARRAY(Uuid))
    query = select(func.coalesce(Division.district_id, Division.id)).where(Division.id == func.any(granted))
    return func.array(query.scalar_subquery())


def areas(
    session: Session,
    viewer: Viewer,
    *,
    level: str | None = None,
    parent_id: UUID | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[AreaRow]:
    """Return the divisions in force, in order of code; `text` is the beginning of a name or code."""
    if level is not None and level not in LEVELS:
        raise RuleBroken("level-unknown", f"区划层级应为 {'、'.join(LEVELS)} 之一", field="level")
    query = _rows().where(division_in_scope(viewer), Division.valid.contains(func.current_date()))
    if level is not None:
        query = query.where(Division.level == level)
    if parent_id is not None:
        query = query.where(Division.parent_id == parent_id)
    if text:
        query = query.where(
            or_(
                Division.name.startswith(text, autoescape=True),
                Division.code.startswith(text, autoescape=True),
            )
        )
    if after is not None:
        query = query.where(func.row(Division.code, Division.id) > func.row(*_code_and_id(after)))
    found = session.execute(query.order_by(Division.code, Division.id).limit(checked_limit(limit) + 1)).all()
    return cut([_area_row(row) for row in found], limit, lambda row: (row.code, row.id))


def area(session: Session, viewer: Viewer, area_id: UUID) -> AreaDetail:
    """Return one division, abolished ones too.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _detail().where(Division.id == area_id, division_in_scope(viewer))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("area-not-found", "没有这个区划，或不在您的辖区内")
    return AreaDetail(*[*row[:12], _box(row[12:16]), *row[16:]])


def areas_containing(session: Session, viewer: Viewer, *, lon: float, lat: float) -> tuple[AreaRow, ...]:
    """Return the divisions around a point, from the province to the community."""
    query = (
        _rows()
        .where(
            func.ST_Covers(Division.boundary, _point(lon, lat)),
            Division.valid.contains(func.current_date()),
            division_in_scope(viewer),
        )
        .order_by(func.array_position(list(LEVELS), Division.level), Division.code)
    )
    return tuple(_area_row(row) for row in session.execute(query))


def block_containing(session: Session, viewer: Viewer, *, lon: float, lat: float) -> AreaRow | None:
    """Return the grid block around a point as an area of level `block` below its community."""
    block = located("grid_block")
    mark = func.ST_PointOnSurface(block.boundary)
    query = (
        select(
            block.id, block.code, value("block"), null(), block.name, block.name,
            func.coalesce(block.community_id, block.township_id, block.district_id),
            block.version,
            func.lower(block.valid), func.upper(block.valid), func.ST_X(mark), func.ST_Y(mark),
            func.ST_XMin(block.boundary), func.ST_YMin(block.boundary), func.ST_XMax(block.boundary),
            func.ST_YMax(block.boundary),
        )
        .where(func.ST_Covers(block.boundary, _point(lon, lat)), block.state == "current")
        .where(in_scope(viewer, block))
        .order_by(block.code)
        .limit(1)
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    return None if row is None else _area_row(row)


def counts_of(session: Session, viewer: Viewer, area_id: UUID) -> AreaCounts:
    """Return how many live addresses, buildings, units and plates of an area the viewer may see."""
    counts = []
    for name, states in ENDED.items():
        row = located(name)
        count = select(func.count()).where(
            within(row, area_id), in_scope(viewer, row), outside(row.state, states)
        )
        counts.append(count.scalar_subquery())
    return AreaCounts(*session.execute(select(*counts)).one())


def breadcrumb(
    session: Session, viewer: Viewer, *, community_id: UUID | None = None, building_id: UUID | None = None
) -> tuple[Crumb, ...]:
    """Return the path city > district > township > community, and for a building > block > building.

    `community_id` may be a division of any level. The names of the areas above the viewer's own are shown.

    Raises:
        NotFound: the object does not exist or lies outside the viewer's areas.

    """
    steps: tuple[Crumb, ...] = ()
    if building_id is not None:
        community_id, steps = _steps_of_building(session, viewer, building_id)
    lowest = (
        select(Division.id, Division.parent_id, Division.level, Division.name, Division.code)
        .where(Division.id == community_id)
        .where(division_in_scope(viewer) if building_id is None else true())
        .cte("path", recursive=True)
    )
    above = aliased(Division)
    path = lowest.union_all(
        select(above.id, above.parent_id, above.level, above.name, above.code).join(
            lowest, above.id == lowest.c.parent_id
        )
    )
    order = func.array_position(list(LEVELS), path.c.level)
    found = session.execute(select(path.c.level, path.c.id, path.c.name, path.c.code).order_by(order)).all()
    if not found:
        raise NotFound("area-not-found", "没有这个区划，或不在您的辖区内")
    return (*(Crumb(*row) for row in found if row.level != "province"), *steps)


def _steps_of_building(session: Session, viewer: Viewer, building_id: UUID) -> tuple[UUID, tuple[Crumb, ...]]:
    """Return the lowest division of a building, and the steps below it."""
    building = located("building")
    query = _steps().where(building.id == building_id, in_scope(viewer, building))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("building-not-found", "没有这幢楼，或不在您的辖区内")
    own = Crumb("building", *row[1:4])
    return row[0], (own,) if row[4] is None else (Crumb("block", *row[4:7]), own)


@cache
def _steps() -> Select[Any]:
    """Return the lowest division, the building and its block, of the building's own community."""
    building, block = located("building"), located("grid_block")
    carried, address = located("building_address"), located("address")
    place = func.coalesce(building.position, func.ST_PointOnSurface(building.outline))
    covering = (
        select(block.id, block.name, block.code)
        .where(func.ST_Covers(block.boundary, place), block.state == "current")
        .where(block.district_id == building.district_id)
        .where(func.coalesce(block.community_id == building.community_id, true()))
        .limit(1)
        .lateral("block")
    )
    numbered = address.standard_text.concat(carried.building_no)
    title = func.coalesce(numbered, building.label, building.name, building.code)
    today = carried.is_main & carried.valid.op("@>")(func.current_date())
    return (
        select(
            func.coalesce(building.community_id, building.township_id, building.district_id),
            building.id, title, building.code, covering.c.id, covering.c.name, covering.c.code,
        )
        .select_from(building.id.table)
        .outerjoin(carried.address_id.table, (carried.building_id == building.id) & today)
        .outerjoin(address.id.table, address.id == carried.address_id)
        .outerjoin(covering, true())
    )  # fmt: skip


def within(row: Any, area_id: UUID) -> ColumnElement[bool]:  # noqa: ANN401  (a located class or its columns)
    """Return the condition that a located row lies in a district, township or community."""
    return or_(row.district_id == area_id, row.township_id == area_id, row.community_id == area_id)


def outside(state: Any, states: tuple[str, ...]) -> ColumnElement[bool]:  # noqa: ANN401  (a column)
    """Return the condition that a state is none of these, with the states in the statement's own text.

    Only so can the planner prove that a partial index serves the query.
    """
    listed: BindParameter[Any] = bindparam(None, list(states), expanding=True, literal_execute=True)
    return cast("ColumnElement[bool]", state.not_in(listed))


@cache
def located(name: str) -> Any:  # noqa: ANN401  (columns of a table that stands above this noun)
    """Return the columns of a located table by its name, for reads that may not import its noun."""
    names = (
        "id", "code", "kind", "name", "label", "state", "district_id", "township_id", "community_id",
        "parent_id", "place_name_id", "address_id", "building_id", "building_no", "is_main", "valid",
        "standard_text", "position", "outline", "boundary", "version",
    )  # fmt: skip
    return table(name, *_columns(*names), schema=SCHEMA).c


def _columns(*names: str) -> list[Any]:
    return [column(name, Uuid) if name == "id" or name.endswith("_id") else column(name) for name in names]


@cache
def _rows() -> Select[Any]:
    label = func.ST_PointOnSurface(Division.boundary)
    return select(
        Division.id, Division.code, Division.level, Division.kind, Division.name, Division.full_name,
        Division.parent_id, Division.version, func.lower(Division.valid), func.upper(Division.valid),
        func.ST_X(label), func.ST_Y(label),
        func.ST_XMin(Division.boundary), func.ST_YMin(Division.boundary),
        func.ST_XMax(Division.boundary), func.ST_YMax(Division.boundary),
    )  # fmt: skip


@cache
def _detail() -> Select[Any]:
    parent, child = aliased(Division), aliased(Division)
    children = select(func.count()).where(
        child.parent_id == Division.id, child.valid.contains(func.current_date())
    )
    return (
        _rows()
        .add_columns(
            Division.scheme,
            parent.name,
            Division.district_id,
            Division.township_id,
            sql_cast(func.ST_AsGeoJSON(Division.boundary, 7), JSONB),
            children.scalar_subquery(),
        )
        .outerjoin(parent, parent.id == Division.parent_id)
    )


def _area_row(row: Any) -> AreaRow:  # noqa: ANN401  (one row of `_rows`)
    return AreaRow(*[*row[:12], _box(row[12:16])])


def _box(sides: Any) -> Box | None:  # noqa: ANN401  (four numbers or four times None)
    return None if sides[0] is None else (sides[0], sides[1], sides[2], sides[3])


def _code_and_id(after: str) -> tuple[Any, ...]:
    code, last = read_cursor(after, str, UUID)
    return code, last


def _point(lon: float, lat: float) -> ColumnElement[Any]:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
