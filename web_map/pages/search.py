"""As-you-type search: one field for addresses, buildings, units, plates and codes."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from geo_registry.address.reads import search
from web_map.deps import PageSession, PlaceViewer
from web_map.highlight import marked
from web_map.render import PageRoute, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST = 40


@router.post("/panels/search")
def found(
    session: PageSession,
    viewer: PlaceViewer,
    text: Annotated[str, Form(max_length=200)] = "",
    lon: Annotated[float | None, Form(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Form(ge=-90, le=90)] = None,
) -> Response:
    """List what the text may mean; the text comes in the body, for people type names into search boxes."""
    if not text.strip():
        return piece("_search_start.html")
    near = (lon, lat) if lon is not None and lat is not None else None
    result = search(session, viewer, text=text, limit=MOST, near=near)
    counts: dict[str, int] = {}
    for hit in result.hits:
        counts[hit.kind] = counts.get(hit.kind, 0) + 1
    return piece("_search.html", result=result, counts=counts, marked=marked, text=text)
