"""单位: organisations at addresses, how many were checked, and the acts on one of them."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import today
from geo_registry.premises import reads
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
Keeper = Annotated[Viewer, Depends(Opens(Permission.PREMISES_KEEP), scope="function")]


@router.get("/premises")
def listed(
    request: Request,
    session: PageSession,
    viewer: Keeper,
    q: Annotated[str, Query(max_length=100)] = "",
    area: UUID | None = None,
    unchecked: bool = False,  # noqa: FBT001, FBT002  (a query parameter)
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List organisations by name, beside the share that was checked this year."""
    own = own_areas(session, viewer)
    chosen = area or (own[0].id if own else None)
    since = dt.date(today().year, 1, 1)
    found = reads.premises(
        session, viewer, q=q or None, area_id=area, unchecked_since=since if unchecked else None, after=after,
        limit=ROWS,
    )  # fmt: skip
    covered = reads.coverage(session, viewer, area_id=chosen) if chosen else None
    return page(
        request, "premises.html", viewer, own=own, rows=found.rows, next=found.next, after=after, q=q,
        area=area, unchecked=unchecked, covered=covered, today=today(), since=since,
    )  # fmt: skip
