"""Lists of persons that leave the registry: asked for by one, approved by two others, then made."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentViewer,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Token,
    Transaction,
    address_of,
    answer,
    one,
)
from api.schemas.act import WrittenOut
from api.schemas.disclosure import DisclosureQuery, FileForm, NewDisclosure, Refusal, Verdict
from geo_registry.access.audit import Look
from geo_registry.access.viewer import Permission
from geo_registry.disclosure import files, reads, writes
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["disclosures"])
REQUEST = Depends(Needs(Permission.DISCLOSURE_REQUEST))
APPROVE = Depends(Needs(Permission.DISCLOSURE_APPROVE))
MAKE = Depends(NeedsToLook(Permission.DISCLOSURE_REQUEST))


@router.get("/disclosures", response_model=Page[reads.DisclosureRow], dependencies=[REQUEST])
def disclosures(
    query: Annotated[DisclosureQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List one's own requests and those one may approve, newest first."""
    found = reads.disclosures(session, viewer, state=query.state, after=query.after, limit=query.limit)
    return answer(found, NO_STORE)


@router.get("/disclosures/{disclosure_id}", response_model=reads.DisclosureRow, dependencies=[REQUEST])
def disclosure(disclosure_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one request with its approvals and files."""
    return one(reads.disclosure(session, viewer, disclosure_id))


@router.post("/disclosures", status_code=201, response_model=WrittenOut, dependencies=[REQUEST])
def request_disclosure(body: NewDisclosure, token: Token, act: Once) -> Response:
    """Ask for a list of the persons of a unit, a building, a community or a township."""
    request = writes.Request(**body.model_dump())
    return act.once(partial(writes.request_disclosure, act.session, act.viewer, token, request), 201)


@router.post(
    "/disclosures/{disclosure_id}/actions/approve", response_model=WrittenOut, dependencies=[APPROVE]
)
def approve(disclosure_id: UUID, body: Verdict, version: IfMatch, token: Token, act: Once) -> Response:
    """Approve somebody else's request; the second approval opens it."""
    return _judge(act, token, disclosure_id, "approved", version, body.note)


@router.post("/disclosures/{disclosure_id}/actions/refuse", response_model=WrittenOut, dependencies=[APPROVE])
def refuse(disclosure_id: UUID, body: Refusal, version: IfMatch, token: Token, act: Once) -> Response:
    """Refuse somebody else's request for good."""
    return _judge(act, token, disclosure_id, "refused", version, body.note)


@router.post(
    "/disclosures/{disclosure_id}/actions/withdraw", response_model=WrittenOut, dependencies=[REQUEST]
)
def withdraw(disclosure_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Withdraw one's own request while no file was made."""
    return _judge(act, token, disclosure_id, "withdrawn", version, None)


@router.post("/disclosures/{disclosure_id}/actions/make", response_class=Response, dependencies=[MAKE])
def make_file(disclosure_id: UUID, body: FileForm, request: Request, engine: App, token: Token) -> Response:
    """Make the file of an approved request: a look on the record; the server keeps its hash alone."""
    look = Look(token, "", "", address_of(request), request.state.request_id)
    made = writes.make_file(engine, look, disclosure_id, body.form)
    told = {"Audit-Id": str(made.audit_id), "Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, headers={**NO_STORE, **told}, media_type=files.MEDIA_TYPES[made.form])


def _judge(
    act: Once, token: str, disclosure_id: UUID, judgement: writes.Judgement, version: int, note: str | None
) -> Response:
    judge = partial(
        writes.judge_disclosure,
        act.session,
        act.viewer,
        token,
        disclosure_id,
        judgement,
        version=version,
        note=note,
    )
    return act.once(judge)
