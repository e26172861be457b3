"""Questions about production batches: what was ordered and made, mounted, scrapped, and is in stock."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import within
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.tables import Plate, PlateBatch


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch; made = installed + stock + scrapped, and `waiting` plates are not made yet."""

    id: UUID
    code: str
    number: str
    maker: str
    state: str
    ordered_on: dt.date
    due_on: dt.date | None
    delivered_on: dt.date | None
    ordered: int
    made: int
    installed: int
    stock: int
    scrapped: int
    version: int
    waiting: int
    age_days: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class BatchDetail(BatchRow):
    """One batch with its document, its areas, and its plates by state."""

    document_number: str | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    by_state: dict[str, int]


def batches(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[BatchRow]:
    """Return batches, the latest first."""
    query = _rows().where(in_scope(viewer, PlateBatch))
    if area_id is not None:
        query = query.where(within(PlateBatch, area_id))
    if state is not None:
        query = query.where(PlateBatch.state == state)
    if after is not None:
        query = query.where(PlateBatch.id < read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(PlateBatch.id.desc()).limit(checked_limit(limit) + 1)).all()
    return cut([BatchRow(*[*row, *_age(row)]) for row in found], limit, lambda row: (row.id,))


def batch(session: Session, viewer: Viewer, batch_id: UUID) -> BatchDetail:
    """Return one batch; its plates are a list of plates.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _rows().add_columns(
        PlateBatch.document_number, PlateBatch.district_id, PlateBatch.township_id, PlateBatch.community_id
    )
    row = session.execute(query.where(PlateBatch.id == batch_id, in_scope(viewer, PlateBatch))).one_or_none()
    if row is None:
        raise NotFound("batch-not-found", "没有这个批次，或不在您的辖区内")
    states = select(Plate.state, func.count()).where(Plate.batch_id == batch_id).group_by(Plate.state)
    by_state = {state: int(count) for state, count in session.execute(states.order_by(Plate.state))}
    return BatchDetail(*[*row[:15], *_age(row), *row[15:], by_state])


@cache
def _rows() -> Any:  # noqa: ANN401  (a select of many columns)
    waiting = select(func.count()).where(Plate.batch_id == PlateBatch.id, Plate.state == "ordered")
    return select(
        PlateBatch.id, PlateBatch.code, PlateBatch.number, PlateBatch.maker, PlateBatch.state,
        PlateBatch.ordered_on, PlateBatch.due_on, PlateBatch.delivered_on, PlateBatch.ordered,
        PlateBatch.made, PlateBatch.installed, PlateBatch.stock, PlateBatch.scrapped, PlateBatch.version,
        waiting.scalar_subquery(),
    )  # fmt: skip


def _age(row: Any) -> tuple[int, bool]:  # noqa: ANN401  (one row of `_rows`)
    """Return the days since the order, and whether plates that were due have not all arrived."""
    is_open = row.state in {"ordered", "produced"}
    return (today() - row.ordered_on).days, is_open and row.due_on is not None and row.due_on < today()
