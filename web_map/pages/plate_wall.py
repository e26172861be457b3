"""上墙与核验: tasks and plates to put up, the phone page of one and what it keeps, the list to verify."""

import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import Session
from geo_registry.plate import field, reads
from geo_registry.plate.faces import parts_of
from geo_registry.plate.rules import FAR_M, NEAR_M, ON_WALL, STEPS, refusal
from web_map import layers, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NEARBY_M = 1000
MOST_TO_DO = 100
CARDS = 24
CLOSEST = 19
DESK_TASKS = 50
SCRIPTS = Path(__file__).parents[1] / "static"
_ASKED_AGAIN = {"Cache-Control": "no-cache"}


Installer = Annotated[Viewer, Depends(Opens(Permission.PLATE_INSTALL), scope="function")]
Verifier = Annotated[Viewer, Depends(Opens(Permission.PLATE_VERIFY), scope="function")]
ToDo = list[tuple[reads.PlateRow, float | None]]


@router.get("/plates/install")
def to_install(request: Request, session: PageSession, viewer: Installer) -> Response:
    """List tasks and plates that wait to be put up; who gives tasks out sees how far each township is."""
    desk = _desk(session, viewer) if viewer.may(Permission.PLATE_PRODUCE) else None
    return page(
        request, "plate_todos.html", viewer, rows=_waiting(session, viewer), near=False, desk=desk,
        own=own_areas(session, viewer), facts=_facts(viewer),
    )  # fmt: skip


def _facts(viewer: Viewer, **more: object) -> dict[str, object]:
    """Return what the scripts at the wall must know, online and off."""
    return {
        "login": viewer.login, "name": viewer.name, "words": words.PLATE_STATES, "kinds": words.PLATE_KINDS,
        "marks": layers.PLATE_MARKS, "installable": STEPS["install"].sources, "on_wall": ON_WALL, **more,
    }  # fmt: skip


def _desk(session: Session, viewer: Viewer) -> dict[str, Any]:
    """Return what those who give tasks out need: progress, the latest tasks, and batches with stock."""
    return {
        "progress": field.progress(session, viewer),
        "tasks": field.tasks(session, viewer, limit=DESK_TASKS).rows,
        "batches": field.free_batches(session, viewer),
        "installers": field.installers(session, viewer),
    }


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


@router.get("/plates/installing")
def shell(request: Request, session: PageSession, viewer: Installer) -> Response:
    """Show the phone page without a plate: kept on the phone, it opens any plate of its tasks offline."""
    return _phone_page(request, session, viewer, None)


@router.get("/plates/{plate_id}/install")
def install(request: Request, session: PageSession, viewer: Installer, plate_id: UUID) -> Response:
    """Show the phone page that puts a plate up, or says how it was found."""
    return _phone_page(request, session, viewer, field.plate_along(session, viewer, plate_id))


def _phone_page(
    request: Request, session: Session, viewer: Viewer, plate: field.FieldPlate | None
) -> Response:
    if plate is None or plate.lon is None or plate.lat is None:
        lon, lat, zoom, _ = start_view(own_areas(session, viewer))
    else:
        lon, lat, zoom = plate.lon, plate.lat, CLOSEST
    may_stand = plate is None or plate.state in {*STEPS["install"].sources, *ON_WALL}
    facts = _facts(
        viewer, near_m=NEAR_M, far_m=FAR_M, plate=None if plate is None else _told(plate),
        why_not="" if may_stand or plate is None else refusal("install", plate.state),
    )  # fmt: skip
    nonce = new_nonce()
    found = take_apart(town_map(layers.style(), (lon, lat), zoom), nonce)
    return page(request, "plate_install.html", viewer, nonce=nonce, map=found, facts=facts)


def _told(plate: field.FieldPlate) -> dict[str, object]:
    told = asdict(plate)
    return {**told, "id": str(plate.id), "task_id": plate.task_id and str(plate.task_id)}


@router.get("/plates/worker.js")
def worker(_viewer: Installer) -> Response:
    """Give the script that keeps the pages of the wall offline; below this address is all that it answers."""
    return Response(_worker(), media_type="text/javascript", headers=_ASKED_AGAIN)


@cache
def _worker() -> str:
    """Return the script, marked with what it keeps: browsers renew what they keep when the script changes."""
    kept = hashlib.sha256()
    for path in sorted([*SCRIPTS.glob("js/*.js"), *SCRIPTS.glob("css/*.css")]):
        kept.update(path.read_bytes())
    script = (SCRIPTS / "js/wall_worker.js").read_text(encoding="utf-8")
    return f"{script}// {kept.hexdigest()}\n"


@router.get("/plates/map-worker.js")
def map_worker(_viewer: Installer) -> Response:
    """Give the map's own worker where the tiles that it asks for can be kept."""
    script = SCRIPTS / "vendor/maplibre-gl/maplibre-gl-csp-worker.js"
    return FileResponse(script, media_type="text/javascript", headers=_ASKED_AGAIN)


@dataclass(frozen=True, slots=True)
class Card:
    """One plate to verify, and the two lines of its face as it was made."""

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
    cards = [
        Card(row, *(parts_of(row.made_text) if row.made_text else parts_of(row.address, row.district)))
        for row in found.rows
    ]
    own = own_areas(session, viewer)
    return page(request, "plate_verify.html", viewer, rows=cards, next=found.next, own=own)
