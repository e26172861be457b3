"""Deaths that civil affairs tells: the queue, one of them in full, confirmed into a draft or rejected."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentLook,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Token,
    Transaction,
    answer,
    one,
)
from api.schemas.act import WrittenOut
from api.schemas.intake import NoticeQuery, Rejection
from geo_registry.access.viewer import Permission
from geo_registry.intake import reads, writes
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["declarations"])
REVIEW = Depends(Needs(Permission.DEATH_REVIEW))
LOOK = Depends(NeedsToLook(Permission.DEATH_REVIEW))


@router.get("/death-notices", response_model=Page[reads.NoticeRow], dependencies=[REVIEW])
def death_notices(query: Annotated[NoticeQuery, Query()], session: Transaction, token: Token) -> Response:
    """List the deaths told of the viewer's areas in one state, the oldest first; without persons."""
    found = reads.death_notices(session, token, status=query.status, after=query.after, limit=query.limit)
    return answer(found, NO_STORE)


@router.get("/death-notices/{notice_id}", response_model=reads.NoticeRow, dependencies=[REVIEW])
def death_notice(notice_id: UUID, session: Transaction, token: Token) -> Response:
    """Show one death notice as the queue does; without its person."""
    return one(reads.death_notice(session, token, notice_id))


@router.post("/death-notices/{notice_id}/open", response_model=reads.OpenedNotice, dependencies=[LOOK])
def open_notice(notice_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Show whom a death notice is about: a look on the record."""
    found = reads.open_notice(engine, look, notice_id)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})


@router.post("/death-notices/{notice_id}/actions/confirm", response_model=WrittenOut, dependencies=[REVIEW])
def confirm(notice_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Make a draft of a cancellation, which both reviews have yet to pass; nothing is cancelled here."""
    return act.once(partial(writes.confirm_death, act.session, act.viewer, token, notice_id, version=version))


@router.post("/death-notices/{notice_id}/actions/reject", response_model=WrittenOut, dependencies=[REVIEW])
def reject(notice_id: UUID, body: Rejection, version: IfMatch, token: Token, act: Once) -> Response:
    """Reject a death notice with a reason: it is about somebody else, or wrong."""
    return act.once(
        partial(writes.reject_death, act.session, act.viewer, token, notice_id, body.reason, version=version)
    )
