"""Questions about housing: buildings, their plan of floors and rooms, and single units."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, Box, located, outside, within
from geo_registry.area.tables import Division
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.housing.rules import FloorPlan, PlannedUnit, plan_floors
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
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


_PLACE = func.coalesce(Building.position, func.ST_PointOnSurface(Building.outline))
_TITLE = func.coalesce(
    Address.standard_text.concat(BuildingAddress.building_no), Building.label, Building.name, Building.code
)
_COMMUNITY = aliased(Division)


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
    query = _with_address(
        select(
            Building.id, Building.code, _TITLE, Building.name, Building.label, Address.standard_text,
            BuildingAddress.building_no, Building.floors, Building.built_year, Building.use, Building.state,
            Building.method, _COMMUNITY.name, Building.version, func.ST_X(_PLACE), func.ST_Y(_PLACE),
        )
    ).where(in_scope(viewer, Building))  # fmt: skip
    if area_id is not None:
        query = query.where(within(Building, area_id))
    if place_name_id is not None:
        query = query.where(Address.place_name_id == place_name_id)
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
    township, district, block = aliased(Division), aliased(Division), located("grid_block")
    covering = (
        select(block.id, block.name)
        .where(func.ST_Covers(block.boundary, _PLACE), block.state == "current", in_scope(viewer, block))
        .limit(1)
        .lateral("block")
    )
    query = (
        _with_address(
            select(
                Building.id, Building.code, _TITLE, Building.name, Building.label, Address.standard_text,
                Address.id, BuildingAddress.building_no, _estate(), _COMMUNITY.name, township.name,
                district.name, Building.community_id, Building.township_id, Building.district_id,
                covering.c.name, covering.c.id, Building.floors, Building.floors_below, Building.built_year,
                Building.use, Building.unauthorised, Building.state, Building.method,
                func.lower(Building.valid),
                func.upper(Building.valid), Building.version, func.ST_X(_PLACE), func.ST_Y(_PLACE),
                cast(func.ST_AsGeoJSON(Building.outline, 7), JSONB), *_counts(viewer),
            )
        )
        .outerjoin(township, township.id == Building.township_id)
        .outerjoin(district, district.id == Building.district_id)
        .outerjoin(covering, true())
        .where(Building.id == building_id, in_scope(viewer, Building))
    )  # fmt: skip
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
    live = and_(
        HousingUnit.building_id == Building.id,
        outside(HousingUnit.state, ENDED["housing_unit"]),
        in_scope(viewer, HousingUnit),
    )
    query = (
        select(
            HousingUnit.id, HousingUnit.code, HousingUnit.unit_text, HousingUnit.room, HousingUnit.floor,
            HousingUnit.use, HousingUnit.state, HousingUnit.area_m2, HousingUnit.version,
            Entrance.id, Entrance.label,
        )
        .select_from(Building)
        .outerjoin(HousingUnit, live)
        .outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
        .where(Building.id == building_id, in_scope(viewer, Building))
    )  # fmt: skip
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
    query = select(*_unit_columns()).outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
    query = query.where(in_scope(viewer, HousingUnit))
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
    place = func.coalesce(HousingUnit.position, _PLACE)
    query = (
        _with_address(
            select(
                *_unit_columns(), HousingUnit.entrance_id, _TITLE.concat(HousingUnit.unit_text), _TITLE,
                _COMMUNITY.name, HousingUnit.district_id, HousingUnit.township_id, HousingUnit.community_id,
                func.lower(HousingUnit.valid), func.upper(HousingUnit.valid),
                func.ST_X(place), func.ST_Y(place),
            )
            .join(Building, Building.id == HousingUnit.building_id)
            .outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
        )
        .where(HousingUnit.id == unit_id, in_scope(viewer, HousingUnit))
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("unit-not-found", "没有这个户室，或不在您的辖区内")
    return UnitDetail(*row)


def _with_address(query: Any) -> Any:  # noqa: ANN401  (a select of any columns)
    """Join the main address in force and the community to a query over buildings."""
    main = and_(
        BuildingAddress.building_id == Building.id,
        BuildingAddress.is_main,
        BuildingAddress.valid.contains(func.current_date()),
    )
    return (
        query.outerjoin(BuildingAddress, main)
        .outerjoin(Address, Address.id == BuildingAddress.address_id)
        .outerjoin(_COMMUNITY, _COMMUNITY.id == Building.community_id)
    )


def _estate() -> Any:  # noqa: ANN401  (a scalar subquery)
    """Return the estate that the building's address stands in, or the building's own name."""
    place, above = located("place_name"), located("place_name").id.table.alias("above").c
    named = (
        select(func.coalesce(func.max(place.name).filter(place.kind == "estate"), func.max(above.name)))
        .select_from(place.id.table)
        .outerjoin(above.id.table, (above.id == place.parent_id) & (above.kind == "estate"))
        .where(place.id == Address.place_name_id)
    )
    return func.coalesce(named.scalar_subquery(), Building.name)


def _counts(viewer: Viewer) -> tuple[Any, Any, Any]:
    """Return how many entrances a building has, its live units by use (unknown is ''), and its plates."""
    entrances = select(func.count()).where(Entrance.building_id == Building.id, Entrance.state == "realized")
    by_use = (
        select(HousingUnit.use, func.count().label("units"))
        .where(HousingUnit.building_id == Building.id, outside(HousingUnit.state, ENDED["housing_unit"]))
        .where(in_scope(viewer, HousingUnit))
        .group_by(HousingUnit.use)
        .correlate(Building)
        .subquery()
    )
    plate, carried = located("plate"), aliased(BuildingAddress)
    plates = (
        select(func.count())
        .select_from(carried)
        .join(plate.id.table, plate.address_id == carried.address_id)
        .where(carried.building_id == Building.id, carried.valid.contains(func.current_date()))
        .where(outside(plate.state, ENDED["plate"]), in_scope(viewer, plate))
    )
    uses = select(func.jsonb_object_agg(func.coalesce(by_use.c.use, ""), by_use.c.units)).correlate(Building)
    return entrances.scalar_subquery(), uses.scalar_subquery(), plates.scalar_subquery()


def _unit_columns() -> tuple[Any, ...]:
    return (
        HousingUnit.id, HousingUnit.code, HousingUnit.building_id, HousingUnit.unit_text, Entrance.label,
        HousingUnit.floor, HousingUnit.room, HousingUnit.use, HousingUnit.area_m2, HousingUnit.state,
        HousingUnit.version,
    )  # fmt: skip
