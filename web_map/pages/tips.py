"""线索: what volunteers and staff tell of dwellings, and what came of it; notes on dwellings beside them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Role, Viewer
from geo_registry.verification import notes, tips
from web_map import dwelling_words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
Giver = Annotated[Viewer, Depends(Opens(Permission.TIP_GIVE), scope="function")]
Noter = Annotated[Viewer, Depends(Opens(Permission.DWELLING_NOTE), scope="function")]
After = Annotated[str | None, Query(max_length=200)]


@router.get("/tips")
def listed(
    request: Request,
    session: PageSession,
    viewer: Giver,
    state: Annotated[str, Query(pattern="^(pending|processed|ignored|expired)?$")] = "pending",
    after: After = None,
) -> Response:
    """List tips; who only gives them sees the own ones."""
    may_work = viewer.may(Permission.TIP_WORK)
    chosen = state if may_work else ""
    found = tips.tips(session, viewer, state=chosen or None, after=after, limit=ROWS)
    return page(
        request, "tips.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        after=after, state=chosen, thanks=tips.thanks(session, viewer), may_work=may_work,
        may_note=viewer.may(Permission.DWELLING_NOTE), dw=dwelling_words,
    )  # fmt: skip


@router.get("/tips/notes")
def noted(request: Request, session: PageSession, viewer: Noter, after: After = None) -> Response:
    """List notes on dwellings, the latest first."""
    found = notes.notes(session, viewer, after=after, limit=ROWS)
    return page(
        request, "dwelling_notes.html", viewer, own=own_areas(session, viewer), rows=found.rows,
        next=found.next, after=after, dw=dwelling_words, may_close=viewer.role is Role.OFFICER,
    )  # fmt: skip
