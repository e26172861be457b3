"""Questions about blocks: lists, one, what they leave out."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Uuid

from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, area, outside, within
from geo_registry.area.tables import Division
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.grid.tables import BlockAssignment, BuildingBlock, GridBlock
from geo_registry.housing.tables import BuildingAddress, HousingUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One grid block in a list, with whoever is responsible for it today."""

    id: UUID
    code: str
    name: str
    state: str
    community_id: UUID | None
    community: str | None
    version: int
    lon: float
    lat: float
    responsible_id: UUID | None
    responsible: str | None


@dataclass(frozen=True, slots=True)
class BlockDetail(BlockRow):
    """One grid block with its boundary (GeoJSON), period of validity, ground and content."""

    district_id: UUID
    township_id: UUID | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    boundary: dict[str, Any]
    responsible_from: dt.date | None
    area_m2: float
    buildings: int
    units: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Ground of a community that lies in no block (GeoJSON polygon), and what stands on it."""

    shape: dict[str, Any]
    lon: float
    lat: float
    area_m2: float
    buildings: int
    units: int


@dataclass(frozen=True, slots=True)
class OutsideBuilding:
    """A building in no block, with its main address and the number of its units."""

    id: UUID
    address: str | None
    community_id: UUID | None
    community: str | None
    lon: float
    lat: float
    units: int


def blocks(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str | None = None,
    without_responsible: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[BlockRow]:
    """Return grid blocks in order of id; `area_id` is a district, township or community.

    `without_responsible` leaves only current blocks for which nobody is responsible today.
    """
    query = _rows().where(in_scope(viewer, GridBlock))
    if area_id is not None:
        query = query.where(within(GridBlock, area_id))
    if state is not None:
        query = query.where(GridBlock.state == state)
    if without_responsible:
        query = query.where(GridBlock.state == "current", BlockAssignment.id.is_(None))
    if after is not None:
        query = query.where(GridBlock.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(GridBlock.id).limit(checked_limit(limit) + 1)).all()
    return cut([BlockRow(*row) for row in found], limit, lambda row: (row.id,))


def block(session: Session, viewer: Viewer, block_id: UUID) -> BlockDetail:
    """Return one grid block.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = (
        _rows()
        .add_columns(
            GridBlock.district_id, GridBlock.township_id, func.lower(GridBlock.valid),
            func.upper(GridBlock.valid), cast(func.ST_AsGeoJSON(GridBlock.boundary, 7), JSONB),
            func.lower(BlockAssignment.valid), func.registry.area_m2(GridBlock.boundary),
            *_content(),
        )
        .where(GridBlock.id == block_id, in_scope(viewer, GridBlock))
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("block-not-found", "没有这个网格，或不在您的辖区内")
    return BlockDetail(*row)


def block_containing(session: Session, viewer: Viewer, *, lon: float, lat: float) -> BlockRow | None:
    """Return the current block around a point, None when there is none in scope."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    query = (
        _rows()
        .where(
            func.ST_Covers(GridBlock.boundary, point),
            GridBlock.state == "current",
            in_scope(viewer, GridBlock),
        )
        .order_by(GridBlock.code)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else BlockRow(*row)


def gaps(session: Session, viewer: Viewer, *, community_id: UUID) -> tuple[Gap, ...]:
    """Return the ground of a community in no block, in pieces of at least 1 m², most units first.

    Raises:
        NotFound: no such area, or it lies outside the viewer's areas.

    """
    area(session, viewer, community_id)
    found = func.registry.block_gaps(community_id).table_valued(
        column("shape"), column("m2"), column("buildings"), column("units")
    )
    point = func.ST_PointOnSurface(found.c.shape)
    query = select(
        cast(func.ST_AsGeoJSON(found.c.shape, 7), JSONB), func.ST_X(point), func.ST_Y(point),
        found.c.m2, found.c.buildings, found.c.units,
    )  # fmt: skip
    return tuple(Gap(*row) for row in session.execute(query))


def outside_blocks(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[OutsideBuilding]:
    """Return the buildings that lie in no block (未划入网格), in order of id."""
    last = None if after is None else read_cursor(after, UUID)[0]
    granted = None if viewer.areas is None else cast(list(viewer.areas), ARRAY(Uuid))
    found = func.registry.outside_blocks(
        cast(area_id, Uuid), granted, cast(last, Uuid), checked_limit(limit) + 1
    ).table_valued(
        column("building_id", Uuid), column("community_id", Uuid), column("place"), column("units")
    )
    number = (
        select(Address.standard_text)
        .join(BuildingAddress, BuildingAddress.address_id == Address.id)
        .where(BuildingAddress.building_id == found.c.building_id, BuildingAddress.is_main)
        .where(BuildingAddress.valid.contains(func.current_date()))
        .scalar_subquery()
    )
    query = (
        select(
            found.c.building_id, number, found.c.community_id, Division.name,
            func.ST_X(found.c.place), func.ST_Y(found.c.place), found.c.units,
        )
        .outerjoin(Division, Division.id == found.c.community_id)
        .order_by(found.c.building_id)
    )  # fmt: skip
    rows = [OutsideBuilding(*row) for row in session.execute(query)]
    return cut(rows, limit, lambda row: (row.id,))


def _content() -> tuple[Any, Any]:
    """Return how many buildings and live units lie in a block, as columns of a query over blocks."""
    inside = BuildingBlock.block_id == GridBlock.id
    buildings = select(func.count()).select_from(BuildingBlock).where(inside).scalar_subquery()
    units = (
        select(func.count())
        .select_from(BuildingBlock)
        .join(HousingUnit, HousingUnit.building_id == BuildingBlock.building_id)
        .where(inside, outside(HousingUnit.state, ENDED["housing_unit"]))
        .scalar_subquery()
    )
    return buildings, units


@cache
def _rows() -> Select[Any]:
    label = func.ST_PointOnSurface(GridBlock.boundary)
    return (
        select(
            GridBlock.id, GridBlock.code, GridBlock.name, GridBlock.state, GridBlock.community_id,
            Division.name, GridBlock.version, func.ST_X(label), func.ST_Y(label), Account.id, Account.name,
        )
        .outerjoin(Division, Division.id == GridBlock.community_id)
        .outerjoin(
            BlockAssignment,
            (BlockAssignment.block_id == GridBlock.id)
            & (BlockAssignment.role == "responsible")
            & BlockAssignment.valid.contains(func.current_date()),
        )
        .outerjoin(Account, Account.id == BlockAssignment.account_id)
    )  # fmt: skip
