"""线索: reports on plates as an inbox beside the map; accepted in one click, or not, with the reason."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.errors import NotFound
from geo_registry.plate import inbox
from web_map import layers, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS, CLOSE = 100, 19
Teller = Annotated[Viewer, Depends(Opens(Permission.PLATE_REPORT), scope="function")]


@router.get("/plates/reports")
def listed(
    request: Request,
    session: PageSession,
    viewer: Teller,
    state: Annotated[str, Query(pattern="^(pending|accepted|rejected|duplicate)$")] = "pending",
    chosen: Annotated[UUID | None, Query(alias="id")] = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show the reports of one state, the oldest first, and the chosen one on the map."""
    found = inbox.reports(session, viewer, state=state, after=after, limit=ROWS)
    row = _chosen(session, viewer, found.rows, chosen)
    own = own_areas(session, viewer)
    lon, lat, zoom, _ = start_view(own)
    if row is not None and (place := _place(row)):
        lon, lat, zoom = *place, CLOSE
    nonce = new_nonce()
    return page(
        request, "plate_reports.html", viewer, nonce=nonce, own=own, rows=found.rows, next=found.next,
        row=row, state=state, states=inbox.STATES, titles=inbox.TITLES,
        counts=inbox.report_counts(session, viewer),
        map=take_apart(town_map(layers.style(), (lon, lat), zoom), nonce), plate_states=words.PLATE_STATES,
        may_edit=viewer.may(Permission.PLATE_EDIT), alike=_alike(found.rows, row), facts=_facts(row),
    )  # fmt: skip


def _chosen(
    session: PageSession, viewer: Viewer, rows: tuple[inbox.ReportRow, ...], chosen: UUID | None
) -> inbox.ReportRow | None:
    if chosen is not None:
        try:
            return inbox.report(session, viewer, chosen)
        except NotFound:
            return None
    return rows[0] if rows else None


def _place(row: inbox.ReportRow) -> tuple[float, float] | None:
    for lon, lat in ((row.lon, row.lat), (row.planned_lon, row.planned_lat)):
        if lon is not None and lat is not None:
            return lon, lat
    return None


def _alike(rows: tuple[inbox.ReportRow, ...], row: inbox.ReportRow | None) -> list[inbox.ReportRow]:
    """Return the other reports of the same plate or address, into which the chosen one may be merged."""
    if row is None:
        return []
    of = row.plate_id or row.address_id
    return [one for one in rows if one.id != row.id and of and (one.plate_id or one.address_id) == of]


def _facts(row: inbox.ReportRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    planned = None if row.planned_lon is None else [row.planned_lon, row.planned_lat]
    return {"planned": planned, "told": None if row.lon is None else [row.lon, row.lat]}
