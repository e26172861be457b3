"""Premises: organisations at addresses, and how many of them were checked."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.premises import (
    CoverageQuery,
    NewPremises,
    PremisesCheck,
    PremisesCorrection,
    PremisesQuery,
)
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.premises import reads, writes

router = APIRouter(prefix="/v1/premises", tags=["premises"])
READ = Depends(Needs(Permission.PLACE_READ))
KEEP = Depends(Needs(Permission.PREMISES_KEEP))


@router.get("", response_model=Page[reads.PremisesRow], dependencies=[READ])
def listed(query: Annotated[PremisesQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List premises by name."""
    return answer(reads.premises(session, viewer, **query.asked()))


@router.get("/coverage", response_model=reads.Coverage, dependencies=[READ])
def coverage(
    query: Annotated[CoverageQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """Tell how many premises of an area were checked in a period."""
    return answer(reads.coverage(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/{premises_id}", response_model=reads.PremisesRow, dependencies=[READ])
def shown(premises_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one organisation."""
    return one(reads.one_premises(session, viewer, premises_id))


@router.post("", status_code=201, dependencies=[KEEP], response_model=WrittenOut)
def register(body: NewPremises, act: Once) -> Response:
    """Register an organisation in a building."""
    return act.once(partial(writes.register_premises, act.session, act.viewer, **body.given()), 201)


@router.post("/{premises_id}/actions/correct", dependencies=[KEEP], response_model=WrittenOut)
def correct(premises_id: UUID, body: PremisesCorrection, version: IfMatch, act: Once) -> Response:
    """Correct name, code or room."""
    told = {"premises_id": premises_id, "version": version, **body.given()}
    return act.once(partial(writes.correct_premises, act.session, act.viewer, **told))


@router.post("/{premises_id}/actions/check", dependencies=[KEEP], response_model=WrittenOut)
def check(premises_id: UUID, body: PremisesCheck, version: IfMatch, act: Once) -> Response:
    """Note that an organisation was found there."""
    told = {"premises_id": premises_id, "version": version, **body.given()}
    return act.once(partial(writes.check_premises, act.session, act.viewer, **told))


@router.post("/{premises_id}/actions/retire", dependencies=[KEEP], response_model=WrittenOut)
def retire(premises_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End the registration of an organisation that is gone."""
    told = {"premises_id": premises_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_premises, act.session, act.viewer, **told))
