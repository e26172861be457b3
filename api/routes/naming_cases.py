"""Naming cases: a name on its way from the proposal through its approvals into force."""

from functools import partial
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import WrittenOut
from api.schemas.naming import (
    Decree,
    Effect,
    NameToCheck,
    NamingNote,
    NamingQuery,
    NamingRefusal,
    NewNaming,
    Resubmission,
)
from geo_registry.access.viewer import Permission
from geo_registry.address import (
    naming_alike,
    naming_cases,
    naming_opening,
    naming_papers,
    naming_reads,
)  # fmt: skip
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/naming-cases", tags=["naming cases"])
NAME = Depends(Needs(Permission.STREET_NAME))
APPROVE = Depends(Needs(Permission.NAME_APPROVE))


@router.get("", response_model=Page[naming_reads.NamingRow], dependencies=[NAME])
def list_cases(
    query: Annotated[NamingQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List naming cases, the newest first."""
    return answer(naming_reads.naming_cases(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/{naming_id}", response_model=naming_reads.NamingDetail, dependencies=[NAME])
def show_case(naming_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one case with its steps and what the viewer may do now."""
    return one(naming_reads.naming_case(session, viewer, naming_id))


@router.get("/{naming_id}/decree.pdf", response_class=Response, dependencies=[NAME])
def print_decree(naming_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Print the decree of an approved case; a draft until it is published."""
    name, content = naming_papers.decree(session, viewer, naming_id)
    headers = {**NO_STORE, "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}"}
    return Response(content, headers=headers, media_type="application/pdf")


@router.post("/check", response_model=list[naming_alike.Alike], dependencies=[NAME])
def check_name(body: NameToCheck, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the names of the county that are the same or sound alike; nothing is stored."""
    return answer(naming_alike.check_name(session, viewer, **body.given()))


@router.post("", status_code=201, dependencies=[NAME], response_model=WrittenOut)
def open_case(body: NewNaming, act: Once) -> Response:
    """Propose or keep a name, ask for another name, or for the end of one."""
    return act.once(partial(naming_opening.open_case, act.session, act.viewer, **body.given()), 201)


@router.post("/{naming_id}/actions/submit", dependencies=[NAME], response_model=WrittenOut)
def submit(naming_id: UUID, body: Resubmission, version: IfMatch, act: Once) -> Response:
    """Hand in a kept name, or a case that was returned."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_opening.submit, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/approve", dependencies=[APPROVE], response_model=WrittenOut)
def approve(naming_id: UUID, body: NamingNote, version: IfMatch, act: Once) -> Response:
    """Approve a case at its next level."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.approve, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/return", dependencies=[APPROVE], response_model=WrittenOut)
def return_case(naming_id: UUID, body: NamingRefusal, version: IfMatch, act: Once) -> Response:
    """Send a case back to be put right."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.return_case, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/reject", dependencies=[APPROVE], response_model=WrittenOut)
def reject(naming_id: UUID, body: NamingRefusal, version: IfMatch, act: Once) -> Response:
    """Turn a case down for good."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.reject, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/publish", dependencies=[NAME], response_model=WrittenOut)
def publish(naming_id: UUID, body: Decree, version: IfMatch, act: Once) -> Response:
    """Note the decree that makes an approved name public."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.publish, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/enforce", dependencies=[NAME], response_model=WrittenOut)
def enforce(naming_id: UUID, body: Effect, version: IfMatch, act: Once) -> Response:
    """Put a published case into force."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.enforce, act.session, act.viewer, **target))


@router.post("/{naming_id}/actions/withdraw", dependencies=[NAME], response_model=WrittenOut)
def withdraw(naming_id: UUID, body: NamingNote, version: IfMatch, act: Once) -> Response:
    """Take a case back before it is published."""
    target = {"case_id": naming_id, "version": version, **body.given()}
    return act.once(partial(naming_cases.withdraw, act.session, act.viewer, **target))
