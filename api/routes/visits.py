"""Visits to housing units."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Once, PageQuery, Transaction, answer
from api.schemas.act import WrittenOut
from api.schemas.grid import NewVisit
from geo_registry.access.viewer import Permission
from geo_registry.grid import reads, writes
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/housing-units/{unit_id}/visits", tags=["visits"])
VISIT = Depends(Needs(Permission.VISIT_RECORD))


@router.get("", response_model=Page[reads.VisitRow], dependencies=[VISIT])
def visits(
    unit_id: UUID, query: Annotated[PageQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List the visits to a unit, the latest first."""
    asked = query.model_dump(exclude_none=True)
    return answer(reads.visits(session, viewer, unit_id=unit_id, **asked))


@router.post("", status_code=201, dependencies=[VISIT], response_model=WrittenOut)
def record_visit(unit_id: UUID, body: NewVisit, act: Once) -> Response:
    """Record a visit; it never changes."""
    return act.once(
        partial(writes.record_visit, act.session, act.viewer, unit_id=unit_id, **body.given()), 201
    )
