"""申报: the queue of what residents declare and of deaths that were told; one of them opened by a look."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import Session
from geo_registry.intake import reads
from geo_registry.pages import Page
from web_map import intake_words, words
from web_map.deps import Opens, PageSession, RequestEngine, StatedLook, Token
from web_map.pages.home import own_areas
from web_map.pages.occupants import Looker
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 30
After = Annotated[str | None, Query(max_length=200)]
Clerk = Annotated[Viewer, Depends(Opens(Permission.DECLARATION_REVIEW), scope="function")]
Officer = Annotated[Viewer, Depends(Opens(Permission.DEATH_REVIEW), scope="function")]
State = Annotated[str, Query(pattern="^[a-z]{0,20}$")]
Declared = Annotated[Viewer, Depends(Looker(Permission.DECLARATION_REVIEW))]
Told = Annotated[Viewer, Depends(Looker(Permission.DEATH_REVIEW))]


@router.get("/declarations")
def declarations(
    request: Request,
    session: PageSession,
    viewer: Clerk,
    token: Token,
    state: State = "",
    after: After = None,
    chosen: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List declarations in one state, the oldest first, the chosen one beside them."""
    state = state if state in reads.DECLARATION_STATES else "pending"
    found = reads.declarations(session, token, status=state, after=after, limit=ROWS)
    one = reads.declaration(session, token, chosen) if chosen else None
    return _queue(request, session, viewer, "declarations", state, found, one)


@router.get("/death-notices")
def death_notices(
    request: Request,
    session: PageSession,
    viewer: Officer,
    token: Token,
    state: State = "",
    after: After = None,
    chosen: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the deaths that were told in one state, the oldest first, the chosen one beside them."""
    state = state if state in reads.NOTICE_STATES else "proposed"
    found = reads.death_notices(session, token, status=state, after=after, limit=ROWS)
    one = reads.death_notice(session, token, chosen) if chosen else None
    return _queue(request, session, viewer, "deaths", state, found, one)


def _queue(
    request: Request,
    session: Session,
    viewer: Viewer,
    kind: str,
    state: str,
    found: Page[Any],
    chosen: object,
) -> Response:
    return page(
        request, "declarations.html", viewer, own=own_areas(session, viewer), rows=found.rows,
        next=found.next, chosen=chosen, state=state, kind=kind, intake=intake_words,
        base="/death-notices" if kind == "deaths" else "/declarations",
    )  # fmt: skip


@router.post("/panels/declarations/{declaration_id}")
def declaration(declaration_id: UUID, engine: RequestEngine, viewer: Declared, look: StatedLook) -> Response:
    """Show one declaration in full, with the dwellings that its address may mean."""
    found = reads.open_declaration(engine, look, declaration_id)
    return piece(
        "_declaration.html", found=found, told=found.declaration, intake=intake_words,
        documents=words.DOCUMENTS, may_confirm=viewer.may(Permission.DECLARATION_REVIEW),
    )  # fmt: skip


@router.post("/panels/death-notices/{notice_id}")
def death_notice(notice_id: UUID, engine: RequestEngine, viewer: Told, look: StatedLook) -> Response:
    """Show whom a death notice is about."""
    found = reads.open_notice(engine, look, notice_id)
    return piece(
        "_death_notice.html", found=found, told=found.notice, intake=intake_words, documents=words.DOCUMENTS,
        words=words, may_confirm=viewer.may(Permission.DEATH_REVIEW),
    )  # fmt: skip
