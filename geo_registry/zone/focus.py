"""Questions about focus areas: places that need more attention, with what stands in them."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.zone.figures import Figures, figures_of, figures_of_sets
from geo_registry.zone.tables import FocusArea, FocusAreaBlock


@dataclass(frozen=True, slots=True)
class FocusRow:
    """One focus area with what stands in it; `rental_share` is that of its units, in percent."""

    id: UUID
    code: str
    name: str
    kind: str
    state: str
    area: str
    valid_from: dt.date | None
    version: int
    lon: float
    lat: float
    block_ids: tuple[UUID, ...]
    figures: Figures
    rental_share: float | None


def focus_areas(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str = "current",
    after: str | None = None,
    limit: int = 50,
) -> Page[FocusRow]:
    """Return focus areas in order of id with their indicators."""
    query = _rows().where(in_scope(viewer, FocusArea), FocusArea.state == state)
    if area_id is not None:
        query = query.where(within(FocusArea, area_id))
    if after is not None:
        query = query.where(FocusArea.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(FocusArea.id).limit(checked_limit(limit) + 1)).all()
    page = cut(found, limit, lambda row: (row.id,))
    figures = figures_of_sets(session, [row.blocks or () for row in page.rows])
    return Page(tuple(_row(row, one) for row, one in zip(page.rows, figures, strict=True)), page.next)


def focus_area(session: Session, viewer: Viewer, focus_area_id: UUID) -> FocusRow:
    """Return one focus area.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _rows().where(FocusArea.id == focus_area_id, in_scope(viewer, FocusArea))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("focus-area-not-found", "没有这个重点区域，或不在您的辖区内")
    return _row(row, figures_of(session, row.blocks or ()))


@cache
def _rows() -> Select[Any]:
    label = func.ST_PointOnSurface(FocusArea.boundary)
    blocks = (
        select(func.array_agg(aggregate_order_by(FocusAreaBlock.block_id, FocusAreaBlock.block_id)))
        .where(FocusAreaBlock.focus_area_id == FocusArea.id)
        .scalar_subquery()
    )
    area = func.coalesce(FocusArea.community_id, FocusArea.township_id, FocusArea.district_id)
    return select(
        FocusArea.id, FocusArea.code, FocusArea.name, FocusArea.kind, FocusArea.state,
        func.coalesce(Division.name, ""),
        func.lower(FocusArea.valid), FocusArea.version, func.ST_X(label), func.ST_Y(label),
        blocks.label("blocks"),
    ).outerjoin(Division, Division.id == area)  # fmt: skip


def _row(row: Any, figures: Figures) -> FocusRow:  # noqa: ANN401  (one row of `_rows`)
    share = 100 * figures.rental_units / figures.units if figures.units else None
    return FocusRow(*[*row[:10], tuple(row.blocks or ()), figures, share])
