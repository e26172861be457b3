"""The fixed parts of the questions about housing, built once; reads add who asks and for what."""

from typing import Any

from sqlalchemy import and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, located, outside
from geo_registry.area.tables import Division
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit

PLACE = func.coalesce(Building.position, func.ST_PointOnSurface(Building.outline))
TITLE = func.coalesce(
    Address.standard_text.concat(BuildingAddress.building_no), Building.label, Building.name, Building.code
)
_COMMUNITY, _TOWNSHIP, _DISTRICT = aliased(Division), aliased(Division), aliased(Division)


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


def _counts() -> tuple[Any, Any, Any]:
    """Return how many entrances a building has, its live units by use (unknown is ''), and its plates."""
    entrances = select(func.count()).where(Entrance.building_id == Building.id, Entrance.state == "realized")
    by_use = (
        select(HousingUnit.use, func.count().label("units"))
        .where(HousingUnit.building_id == Building.id, outside(HousingUnit.state, ENDED["housing_unit"]))
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
        .where(outside(plate.state, ENDED["plate"]), plate.district_id == Building.district_id)
    )
    uses = select(func.jsonb_object_agg(func.coalesce(by_use.c.use, ""), by_use.c.units)).correlate(Building)
    return entrances.scalar_subquery(), uses.scalar_subquery(), plates.scalar_subquery()


def _covering_block() -> Any:  # noqa: ANN401  (a lateral subquery)
    """Return the current block of the building's own community around it."""
    block = located("grid_block")
    return (
        select(block.id, block.name)
        .where(func.ST_Covers(block.boundary, PLACE), block.state == "current")
        .where(block.district_id == Building.district_id)
        .where(func.coalesce(block.community_id == Building.community_id, true()))
        .limit(1)
        .lateral("block")
    )


_UNIT_COLUMNS = (
    HousingUnit.id, HousingUnit.code, HousingUnit.building_id, HousingUnit.unit_text, Entrance.label,
    HousingUnit.floor, HousingUnit.room, HousingUnit.use, HousingUnit.area_m2, HousingUnit.state,
    HousingUnit.version,
)  # fmt: skip
_BLOCK = _covering_block()
_UNIT_PLACE = func.coalesce(HousingUnit.position, PLACE)

BUILDING_ROWS = _with_address(
    select(
        Building.id, Building.code, TITLE, Building.name, Building.label, Address.standard_text,
        BuildingAddress.building_no, Building.floors, Building.built_year, Building.use, Building.state,
        Building.method, _COMMUNITY.name, Building.version, func.ST_X(PLACE), func.ST_Y(PLACE),
    )
)  # fmt: skip
BUILDING_DETAIL = (
    _with_address(
        select(
            Building.id, Building.code, TITLE, Building.name, Building.label, Address.standard_text,
            Address.id, BuildingAddress.building_no, _estate(), _COMMUNITY.name, _TOWNSHIP.name,
            _DISTRICT.name, Building.community_id, Building.township_id, Building.district_id,
            _BLOCK.c.name, _BLOCK.c.id, Building.floors, Building.floors_below, Building.built_year,
            Building.use, Building.unauthorised, Building.state, Building.method,
            func.lower(Building.valid), func.upper(Building.valid), Building.version,
            func.ST_X(PLACE), func.ST_Y(PLACE), cast(func.ST_AsGeoJSON(Building.outline, 7), JSONB),
            *_counts(),
        )
    )
    .outerjoin(_TOWNSHIP, _TOWNSHIP.id == Building.township_id)
    .outerjoin(_DISTRICT, _DISTRICT.id == Building.district_id)
    .outerjoin(_BLOCK, true())
)  # fmt: skip
UNIT_ROWS = select(*_UNIT_COLUMNS).outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
UNIT_DETAIL = _with_address(
    select(
        *_UNIT_COLUMNS, HousingUnit.entrance_id, TITLE.concat(HousingUnit.unit_text), TITLE,
        _COMMUNITY.name, HousingUnit.district_id, HousingUnit.township_id, HousingUnit.community_id,
        func.lower(HousingUnit.valid), func.upper(HousingUnit.valid),
        func.ST_X(_UNIT_PLACE), func.ST_Y(_UNIT_PLACE),
    )
    .join(Building, Building.id == HousingUnit.building_id)
    .outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
)  # fmt: skip
PLAN = (
    select(
        HousingUnit.id, HousingUnit.code, HousingUnit.unit_text, HousingUnit.room, HousingUnit.floor,
        HousingUnit.use, HousingUnit.state, HousingUnit.area_m2, HousingUnit.version,
        Entrance.id, Entrance.label,
    )
    .select_from(Building)
    .outerjoin(
        HousingUnit,
        and_(HousingUnit.building_id == Building.id, outside(HousingUnit.state, ENDED["housing_unit"])),
    )
    .outerjoin(Entrance, Entrance.id == HousingUnit.entrance_id)
)  # fmt: skip
