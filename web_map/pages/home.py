"""一张图: the map home, its start view, its path of areas, its counts and its table twin."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, Box, area, areas, areas_containing, breadcrumb, counts_of
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.housing.reads import building_at, buildings
from geo_registry.plate.reads import plate_counts
from web_map import layers, words
from web_map.csp import new_nonce
from web_map.deps import CurrentViewer, PageSession, PlaceViewer
from web_map.folium_page import take_apart
from web_map.render import PageRoute, page, piece
from web_map.sections import sections_for
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
# Where the map opens when nothing is drawn yet: the middle of the country.
NOWHERE = (104.0, 35.0, 4)
ROWS = 50
# From these zooms on one township or one community fills the view.
SHOWS_TOWNSHIP, SHOWS_COMMUNITY = 13.5, 16.0


def box_of(
    west: Annotated[float, Query(ge=-180, le=180)],
    south: Annotated[float, Query(ge=-90, le=90)],
    east: Annotated[float, Query(ge=-180, le=180)],
    north: Annotated[float, Query(ge=-90, le=90)],
) -> Box:
    """Return the box of the map's view, in degrees."""
    return west, south, east, north


ViewBox = Annotated[Box, Depends(box_of)]


@router.get("/")
def home(request: Request, session: PageSession, viewer: CurrentViewer) -> Response:
    """Show the map; an administrator, who sees no places, is led to the first section or the own account."""
    if not viewer.may(Permission.PLACE_READ):
        return RedirectResponse(sections[0].path if (sections := sections_for(viewer)) else "/account", 303)
    own = own_areas(session, viewer)
    nonce = new_nonce()
    lon, lat, zoom, box = start_view(own)
    pieces = take_apart(town_map(layers.style(), (lon, lat), zoom), nonce)
    may_look = viewer.may(Permission.OCCUPANTS_LOOK)
    return page(
        request,
        "home.html",
        viewer,
        nonce=nonce,
        map=pieces,
        own=own,
        counts=counts_of(session, viewer, own[0].id) if own else None,
        children=areas(session, viewer, parent_id=own[0].id, limit=60).rows if own else (),
        switches=layers.SWITCHES,
        facts={
            "shown": layers.SHOWN_AT_FIRST,
            "box": box,
            "marks": layers.PLATE_MARKS,
            "plateZoom": layers.PLATE_ZOOM + 1,
        },
        purposes=purposes_for(session, viewer) if may_look else [],
        may_hurry=viewer.may(Permission.EMERGENCY_OPEN),
        today=dt.datetime.now(words.CHINA),
    )


def own_areas(session: Session, viewer: Viewer) -> tuple[AreaRow, ...]:
    """Return the viewer's areas; for the whole installation its topmost division."""
    if viewer.areas is not None:
        return tuple(area(session, viewer, area_id) for area_id in viewer.areas[:20])
    for level in ("city", "district"):
        if found := areas(session, viewer, level=level, limit=1).rows:
            return found
    return ()


def start_view(own: tuple[AreaRow, ...]) -> tuple[float, float, int, Box | None]:
    """Return where the map opens (longitude, latitude, zoom) and the box of the viewer's areas."""
    boxes = [row.box for row in own if row.box is not None]
    if not boxes:
        return *NOWHERE, None
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return (west + east) / 2, (south + north) / 2, 15, (west, south, east, north)


@router.get("/panels/crumbs")
def crumbs(
    session: PageSession,
    viewer: PlaceViewer,
    building_id: Annotated[UUID | None, Query()] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
    zoom: Annotated[float, Query(ge=0, le=30)] = 30,
) -> Response:
    """Return the path city > district > township > community > block > building, short for a wide view."""
    if building_id is not None:
        return piece("_crumbs.html", steps=breadcrumb(session, viewer, building_id=building_id))
    around = (
        areas_containing(session, viewer, lon=lon, lat=lat) if lon is not None and lat is not None else ()
    )
    coarse = [row for row in around if row.level not in too_fine(zoom)] or around
    steps: Any = breadcrumb(session, viewer, community_id=coarse[-1].id) if coarse else ()
    return piece("_crumbs.html", steps=steps)


def too_fine(zoom: float) -> tuple[str, ...]:
    """Return the levels of areas of which a view at a zoom shows several."""
    if zoom < SHOWS_TOWNSHIP:
        return ("township", "community")
    return ("community",) if zoom < SHOWS_COMMUNITY else ()


@router.get("/panels/plate-counts")
def counts(session: PageSession, viewer: PlaceViewer, box: ViewBox) -> Response:
    """Return how many plates of each mark lie in the view."""
    by_mark = dict.fromkeys((mark for mark, _ in words.PLATE_LEGEND), 0)
    for state, count in plate_counts(session, viewer, box=box).by_state.items():
        if mark := layers.PLATE_MARKS.get(state):
            by_mark[mark] += count
    return JSONResponse(by_mark, headers={"Cache-Control": "no-store"})


@router.get("/panels/building-at")
def hit(
    session: PageSession,
    viewer: PlaceViewer,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
) -> Response:
    """Return the building under a point, for maps that cannot look into their own tiles."""
    found = building_at(session, viewer, lon=lon, lat=lat)
    return JSONResponse({"id": str(found) if found else None}, headers={"Cache-Control": "no-store"})


@router.get("/panels/table")
def table(
    session: PageSession,
    viewer: PlaceViewer,
    box: ViewBox,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the buildings that the map shows: its table twin."""
    found = buildings(session, viewer, box=box, after=after, limit=ROWS)
    return piece("_table.html", rows=found.rows, next=found.next, box=box, is_first=after is None)


@router.get("/panels/areas/{area_id}")
def area_box(session: PageSession, viewer: PlaceViewer, area_id: UUID) -> Response:
    """Return the box of an area, for the map to show it whole."""
    found = area(session, viewer, area_id)
    if found.box is None:
        raise NotFound("area-not-drawn", "这个区划还没有边界")
    return JSONResponse({"box": found.box, "name": found.name}, headers={"Cache-Control": "no-store"})
