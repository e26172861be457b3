"""Focus areas: list, one, registering and ending them."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.zone import FocusQuery, NewFocusArea
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.zone import focus, writes

router = APIRouter(prefix="/v1/focus-areas", tags=["focus areas"])
READ = Depends(Needs(Permission.ZONE_READ))
PROPOSE = Depends(Needs(Permission.ZONE_PROPOSE))


@router.get("", response_model=Page[focus.FocusRow], dependencies=[READ])
def focus_areas(
    query: Annotated[FocusQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List focus areas with their indicators, in order of id."""
    return answer(focus.focus_areas(session, viewer, **query.asked()))


@router.get("/{focus_area_id}", response_model=focus.FocusRow, dependencies=[READ])
def focus_area(focus_area_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one focus area."""
    return one(focus.focus_area(session, viewer, focus_area_id))


@router.post("", status_code=201, dependencies=[PROPOSE], response_model=WrittenOut)
def register(body: NewFocusArea, act: Once) -> Response:
    """Register a focus area."""
    return act.once(partial(writes.register_focus_area, act.session, act.viewer, **body.given()), 201)


@router.post("/{focus_area_id}/actions/retire", dependencies=[PROPOSE], response_model=WrittenOut)
def retire(focus_area_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a focus area."""
    target = {"focus_area_id": focus_area_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_focus_area, act.session, act.viewer, **target))
