"""查看复核 and 审计: looks judged by somebody else, and the record as its administrators read it."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.purposes import all_purposes
from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.audit import reviews, trail
from web_map import access_words
from web_map.deps import Opens, PageSession, Token
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
HELPS: dict[str, Any] = {"access": access_words}
Reviewer = Annotated[Viewer, Depends(Opens(Permission.LOOK_REVIEW), scope="function")]
Auditor = Annotated[Viewer, Depends(Opens(Permission.AUDIT_READ), scope="function")]
Code = Annotated[str, Query(pattern="^[a-z0-9._-]{0,40}$")]


@router.get("/reviews")
def waiting(
    request: Request,
    session: PageSession,
    viewer: Reviewer,
    token: Token,
    state: Annotated[Literal["waiting", "judged"], Query()] = "waiting",
    kind: Annotated[str, Query(pattern="^[a-z]{0,20}$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
    review: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List looks to judge, the oldest first, and show one; the first when none is chosen."""
    found = reviews.reviews(
        session, token, waiting=state == "waiting", kind=kind or None, after=after, limit=ROWS
    )
    chosen = next((row for row in found.rows if row["id"] == str(review)), None)
    return page(
        request, "reviews.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        chosen=chosen or (found.rows[0] if found.rows else None), is_chosen=chosen is not None,
        asked={"state": state, "kind": kind}, role_title=lambda role: ROLE_TITLES[Role(role)], **HELPS,
    )  # fmt: skip


@router.get("/audit")
def audit(
    request: Request,
    session: PageSession,
    viewer: Auditor,
    token: Token,
    account: Code = "",
    action: Code = "",
    decision: Code = "",
    purpose: Code = "",
    day: Annotated[dt.date | Literal[""], Query()] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show how the chains stand, and one page of the audit; reading it is a row of its own."""
    asked = {"account": account, "action": action, "decision": decision, "purpose": purpose, "day": day}
    state = trail.audit_state(session, token)
    titles = {row["code"]: row["title"] for row in all_purposes(session)}
    wanted: dict[str, Any] = {name: value or None for name, value in asked.items()}
    found = trail.audit_rows(session, token, trail.Filters(**wanted), after=after, limit=ROWS)
    return page(
        request, "audit.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        asked=asked, state=state, sealed=sum(head.seq for head in state.heads), purposes=titles, **HELPS,
    )  # fmt: skip
