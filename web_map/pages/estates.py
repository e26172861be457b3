"""小区房屋表: a developer's table read, put on the map, tried, and taken in by one act."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import areas
from geo_registry.exchange.estate_table import COLUMNS
from web_map import layers
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_AREAS = 100
Registrar = Annotated[Viewer, Depends(Opens(Permission.ADDRESS_NUMBER), scope="function")]


@router.get("/plates/estates")
def estates(request: Request, session: PageSession, viewer: Registrar) -> Response:
    """Show the page; the table is read, tried and stored by the interface."""
    own = own_areas(session, viewer)
    lon, lat, zoom, box = start_view(own)
    nonce = new_nonce()
    return page(
        request, "estates.html", viewer, nonce=nonce, own=own, switches=layers.SWITCHES,
        map=take_apart(town_map(layers.style(), (lon, lat), zoom), nonce),
        communities=areas(session, viewer, level="community", limit=MOST_AREAS).rows,
        columns=[words[0] for words in COLUMNS.values()],
        facts={
            "shown": "b", "box": box, "marks": layers.PLATE_MARKS, "plateZoom": layers.PLATE_ZOOM + 1,
            "font": layers.FONT,
        },
    )  # fmt: skip
