"""What residents declare of themselves: the queue, one of them in full, confirmed into a draft, rejected."""

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
from api.schemas.intake import ConfirmedDeclaration, DeclarationQuery, Rejection
from geo_registry.access.viewer import Permission
from geo_registry.intake import reads, writes
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["declarations"])
REVIEW = Depends(Needs(Permission.DECLARATION_REVIEW))
LOOK = Depends(NeedsToLook(Permission.DECLARATION_REVIEW))


@router.get("/declarations", response_model=Page[reads.DeclarationRow], dependencies=[REVIEW])
def declarations(query: Annotated[DeclarationQuery, Query()], session: Transaction, token: Token) -> Response:
    """List the declarations of the viewer's areas in one state, the oldest first; without persons."""
    found = reads.declarations(session, token, status=query.status, after=query.after, limit=query.limit)
    return answer(found, NO_STORE)


@router.get("/declarations/{declaration_id}", response_model=reads.DeclarationRow, dependencies=[REVIEW])
def declaration(declaration_id: UUID, session: Transaction, token: Token) -> Response:
    """Show one declaration as the queue does; without its person."""
    return one(reads.declaration(session, token, declaration_id))


@router.post(
    "/declarations/{declaration_id}/open", response_model=reads.OpenedDeclaration, dependencies=[LOOK]
)
def open_declaration(declaration_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Show one declaration in full, with the dwellings its address may mean: a look on the record."""
    found = reads.open_declaration(engine, look, declaration_id)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})


@router.post(
    "/declarations/{declaration_id}/actions/confirm", response_model=WrittenOut, dependencies=[REVIEW]
)
def confirm(
    declaration_id: UUID, body: ConfirmedDeclaration, version: IfMatch, token: Token, act: Once
) -> Response:
    """Make a draft of a registration case out of a declaration; the register itself is not written."""
    told = writes.Confirmation(**body.model_dump())
    return act.once(
        partial(
            writes.confirm_declaration, act.session, act.viewer, token, declaration_id, told, version=version
        )
    )


@router.post(
    "/declarations/{declaration_id}/actions/reject", response_model=WrittenOut, dependencies=[REVIEW]
)
def reject(declaration_id: UUID, body: Rejection, version: IfMatch, token: Token, act: Once) -> Response:
    """Reject a declaration with a reason, which whoever made it can read."""
    return act.once(
        partial(
            writes.reject_declaration, act.session, act.viewer, token, declaration_id, body.reason,
            version=version,
        )
    )  # fmt: skip
