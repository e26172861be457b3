"""Questions about grid blocks."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.grid.tables import GridBlock
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One grid block in a list."""

    id: UUID
    code: str
    name: str
    state: str
    community_id: UUID | None
    community: str | None
    version: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class BlockDetail(BlockRow):
    """One grid block with its boundary (GeoJSON) and period of validity."""

    district_id: UUID
    township_id: UUID | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    boundary: dict[str, Any]


def blocks(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[BlockRow]:
    """Return grid blocks in order of id; `area_id` is a district, township or community."""
    query = _rows().where(in_scope(viewer, GridBlock))
    if area_id is not None:
        query = query.where(within(GridBlock, area_id))
    if state is not None:
        query = query.where(GridBlock.state == state)
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


@cache
def _rows() -> Select[Any]:
    label = func.ST_PointOnSurface(GridBlock.boundary)
    return select(
        GridBlock.id, GridBlock.code, GridBlock.name, GridBlock.state, GridBlock.community_id, Division.name,
        GridBlock.version, func.ST_X(label), func.ST_Y(label),
    ).outerjoin(Division, Division.id == GridBlock.community_id)  # fmt: skip
