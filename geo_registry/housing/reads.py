"""Questions about housing: buildings, their plan of floors and rooms, and single units."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, Box, outside, within
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.housing.rules import FloorPlan, PlannedUnit, plan_floors
from geo_registry.housing.statements import (
    BUILDING_DETAIL,
    BUILDING_ROWS,
    PLAN,
    UNIT_DETAIL,
    UNIT_ROWS,
)
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor

__all__ = [
    "BuildingDetail", "BuildingRow", "FloorPlan", "UnitDetail", "UnitRow", "building", "building_at",
    "buildings", "housing_unit", "housing_units", "units_of_building",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuildingRow:
    """One building in a list; `title` is address and building number, or what else it is known by."""

    id: UUID
    code: str
    title: str
    name: str | None
    label: str | None
    address: str | None
    building_no: str | None
    floors: int | None
    built_year: int | None
    use: str | None
    state: str
    method: str
    community: str | None
    version: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class BuildingDetail:
    """One building with its outline (GeoJSON), its areas by name and what its units are used for."""

    id: UUID
    code: str
    title: str
    name: str | None
    label: str | None
    address: str | None
    address_id: UUID | None
    building_no: str | None
    estate: str | None
    community: str | None
    township: str | None
    district: str | None
    community_id: UUID | None
    township_id: UUID | None
    district_id: UUID
    block: str | None
    block_id: UUID | None
    floors: int | None
    floors_below: int | None
    built_year: int | None
    use: str | None
    unauthorised: bool
    state: str
    method: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    version: int
    lon: float
    lat: float
    outline: dict[str, Any] | None
    entrance_count: int
    unit_count: int
    use_counts: dict[str, int]
    plate_count: int


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit in a list."""

    id: UUID
    code: str
    building_id: UUID
    unit_text: str
    entrance: str | None
    floor: int | None
    room: str | None
    use: str | None
    area_m2: float | None
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class UnitDetail(UnitRow):
    """One unit with the standard address it is reached by."""

    entrance_id: UUID | None
    full_text: str
    building_title: str
    community: str | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    lon: float
    lat: float


def buildings(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    state: str | None = None,
    use: str | None = None,
    box: Box | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[BuildingRow]:
    """Return buildings in order of id; `area_id` is a district, township or community."""
    query = BUILDING_ROWS.where(in_scope(viewer, Building))
    if area_id is not None:
        query = query.where(within(Building, area_id))
    if place_name_id is not None:
        query = query.where(Address.scope_id == place_name_id)
    if state is not None:
        query = query.where(Building.state == state)
    if use is not None:
        query = query.where(Building.use == use)
    if box is not None:
        around = func.ST_MakeEnvelope(*box, SRID)
        query = query.where(or_(Building.outline.op("&&")(around), Building.position.op("&&")(around)))
    if after is not None:
        query = query.where(Building.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(Building.id).limit(checked_limit(limit) + 1)).all()
    return cut([BuildingRow(*row) for row in found], limit, lambda row: (row.id,))


def building(session: Session, viewer: Viewer, building_id: UUID) -> BuildingDetail:
    """Return one building, demolished ones too.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = BUILDING_DETAIL.where(Building.id == building_id, in_scope(viewer, Building))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("building-not-found", "没有这幢楼，或不在您的辖区内")
    *head, use_counts, plates = row
    by_use = {use: int(count) for use, count in sorted((use_counts or {}).items())}
    return BuildingDetail(*[*head, sum(by_use.values()), by_use, plates])


def building_at(session: Session, viewer: Viewer, *, lon: float, lat: float) -> UUID | None:
    """Return the building whose outline covers a point, None when there is none in scope."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    query = (
        select(Building.id)
        .where(func.ST_Covers(Building.outline, point), outside(Building.state, ENDED["building"]))
        .where(in_scope(viewer, Building))
        .order_by(Building.id)
        .limit(1)
    )
    return session.execute(query).scalar_one_or_none()


def units_of_building(session: Session, viewer: Viewer, building_id: UUID) -> FloorPlan:
    """Return the plan of a building: floors from the top down, a group of rooms for each entrance.

    Retired units are left out. Units without a floor stand apart.

    Raises:
        NotFound: the building does not exist or lies outside the viewer's areas.

    """
    query = PLAN.where(
        Building.id == building_id,
        in_scope(viewer, Building),
        or_(HousingUnit.id.is_(None), in_scope(viewer, HousingUnit)),
    )
    found = session.execute(query).all()
    if not found:
        raise NotFound("building-not-found", "没有这幢楼，或不在您的辖区内")
    return plan_floors([PlannedUnit(*row) for row in found if row.unit_text])


def housing_units(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID | None = None,
    area_id: UUID | None = None,
    state: str | None = None,
    use: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[UnitRow]:
    """Return units in order of id; `area_id` is a district, township or community."""
    query = UNIT_ROWS.where(in_scope(viewer, HousingUnit))
    if building_id is not None:
        query = query.where(HousingUnit.building_id == building_id)
    if area_id is not None:
        query = query.where(within(HousingUnit, area_id))
    if state is not None:
        query = query.where(HousingUnit.state == state)
    if use is not None:
        query = query.where(HousingUnit.use == use)
    if after is not None:
        query = query.where(HousingUnit.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(HousingUnit.id).limit(checked_limit(limit) + 1)).all()
    return cut([UnitRow(*row) for row in found], limit, lambda row: (row.id,))


def housing_unit(session: Session, viewer: Viewer, unit_id: UUID) -> UnitDetail:
    """Return one unit, retired ones too.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = UNIT_DETAIL.where(HousingUnit.id == unit_id, in_scope(viewer, HousingUnit))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("unit-not-found", "没有这个户室，或不在您的辖区内")
    return UnitDetail(*row)
