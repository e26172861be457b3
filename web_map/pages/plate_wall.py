"""上墙与核验: plates to put up, the phone page that records one, and the list to verify."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import Session
from geo_registry.plate import reads
from geo_registry.plate.rules import FAR_M, NEAR_M, STEPS, refusal
from web_map import layers
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.pages.plates import face
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NEARBY_M = 1000
MOST_TO_DO = 100
CARDS = 24
CLOSEST = 19


Installer = Annotated[Viewer, Depends(Opens(Permission.PLATE_INSTALL), scope="function")]
Verifier = Annotated[Viewer, Depends(Opens(Permission.PLATE_VERIFY), scope="function")]
ToDo = list[tuple[reads.PlateRow, float | None]]


@router.get("/plates/install")
def to_install(request: Request, session: PageSession, viewer: Installer) -> Response:
    """List plates that wait to be put up."""
    rows, own = _waiting(session, viewer), own_areas(session, viewer)
    return page(request, "plate_todos.html", viewer, rows=rows, near=False, own=own)


@router.get("/panels/plates/todo")
def todo(
    session: PageSession,
    viewer: Installer,
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
) -> Response:
    """List plates that wait to be put up: around a point the nearest first."""
    if lon is None or lat is None:
        return piece("plate_todo.html", rows=_waiting(session, viewer), near=False)
    found = reads.nearest_to_install(session, viewer, lon=lon, lat=lat, radius_m=NEARBY_M, limit=MOST_TO_DO)
    return piece("plate_todo.html", rows=[(row, row.distance_m) for row in found], near=True)


def _waiting(session: Session, viewer: Viewer) -> ToDo:
    """Return plates that wait to be put up, those already delivered first."""
    rows: ToDo = []
    for state in STEPS["install"].sources:
        left = MOST_TO_DO - len(rows)
        if left > 0:
            rows += [(row, None) for row in reads.plates(session, viewer, state=state, limit=left).rows]
    return rows


@router.get("/plates/{plate_id}/install")
def install(request: Request, session: PageSession, viewer: Installer, plate_id: UUID) -> Response:
    """Show the phone page that records a plate on the wall."""
    plate = reads.plate(session, viewer, plate_id)
    if plate.lon is None or plate.lat is None:
        lon, lat, zoom, _ = start_view(own_areas(session, viewer))
    else:
        lon, lat, zoom = plate.lon, plate.lat, CLOSEST
    nonce = new_nonce()
    return page(
        request, "plate_install.html", viewer, nonce=nonce, plate=plate, near_m=NEAR_M, far_m=FAR_M,
        map=take_apart(town_map(layers.style(), (lon, lat), zoom), nonce),
        why_not="" if plate.state in STEPS["install"].sources else refusal("install", plate.state),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """One plate to verify, and the two lines of its planned face."""

    plate: reads.PlateToVerify
    upper: str
    lower: str


@router.get("/plates/verify")
def to_verify(
    request: Request,
    session: PageSession,
    viewer: Verifier,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List plates on the wall that another account has to verify, photo beside plan."""
    found = reads.to_verify(session, viewer, after=after, limit=CARDS)
    cards = [Card(row, *face(row.address, row.district)) for row in found.rows]
    own = own_areas(session, viewer)
    return page(request, "plate_verify.html", viewer, rows=cards, next=found.next, own=own)
