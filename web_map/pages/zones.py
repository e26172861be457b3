"""挂牌整治: the list of zones and focus areas with their map, one zone, and the page that proposes one."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import breadcrumb, history_of
from geo_registry.area.writes import Areas
from geo_registry.db import Session
from geo_registry.measure.reads import rates_of_zones
from geo_registry.zone import reads, rules, shapes, work
from geo_registry.zone.figures import ZoneFigures, rate_words, zone_figures
from geo_registry.zone.focus import focus_areas
from web_map import layers, words, zone_words
from web_map.charts import progress
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import MapPieces, take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page
from web_map.town_map import town_map
from web_map.zone_chart import Point, rate_chart

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ZoneViewer = Annotated[Viewer, Depends(Opens(Permission.ZONE_READ), scope="function")]
Proposer = Annotated[Viewer, Depends(Opens(Permission.ZONE_PROPOSE), scope="function")]
NO_STORE = {"Cache-Control": "no-store"}
HELPS: dict[str, Any] = {"zone_words": zone_words, "rate_words": rate_words, "progress": progress}


@router.get("/zones")
def zones(
    request: Request,
    session: PageSession,
    viewer: ZoneViewer,
    state: Annotated[str, Query(pattern="^[a-z_]{0,20}$")] = "live",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the zones and focus areas of the viewer's areas, beside their map."""
    nonce, own = new_nonce(), own_areas(session, viewer)
    found = reads.zones(session, viewer, state=state or None, after=after)
    rated = rates_of_zones(session, [row.id for row in found.rows]) if found.rows else ()
    rates = {row.id: one.rates["registration_rate"] for row, one in zip(found.rows, rated, strict=True)}
    return page(
        request, "zones.html", viewer, nonce=nonce, map=_map(own, nonce), own=own, rows=found.rows,
        rates=rates, next=found.next, state=state, states=rules.STATE_TITLES,
        focus=focus_areas(session, viewer).rows, may_propose=viewer.may(Permission.ZONE_PROPOSE),
        box=start_view(own)[3], today=dt.datetime.now(words.CHINA), **HELPS,
    )  # fmt: skip


@router.get("/zones/new")
def new_place(
    request: Request,
    session: PageSession,
    viewer: Proposer,
    kind: Annotated[str, Query(pattern="^(zone|focus)$")] = "zone",
) -> Response:
    """Show the page on which a zone is proposed, or a focus area registered."""
    nonce, own = new_nonce(), own_areas(session, viewer)
    blocks = shapes.choosable_blocks(session, viewer)
    return page(
        request, "zone_new.html", viewer, nonce=nonce, map=_map(own, nonce), own=own, kind=kind,
        blocks=[feature["properties"] for feature in blocks["features"]],
        focus=focus_areas(session, viewer).rows, box=start_view(own)[3], **HELPS,
    )  # fmt: skip


@router.get("/zones/{zone_id}")
def zone(request: Request, session: PageSession, viewer: ZoneViewer, zone_id: UUID) -> Response:
    """Show one zone: where it stands, its plan, sweeps, figures, and what may be done with it."""
    nonce = new_nonce()
    found = reads.zone(session, viewer, zone_id)
    figures = zone_figures(session, viewer, found)
    lon, lat = found.row.lon, found.row.lat
    may_work = viewer.may(Permission.ZONE_WORK)
    return page(
        request, "zone.html", viewer, nonce=nonce, own=own_areas(session, viewer), zone=found, row=found.row,
        map=take_apart(town_map(layers.style(), (lon, lat), 16), nonce), figures=figures,
        steps=breadcrumb(session, viewer, community_id=_smallest(found)) if _sees(viewer, found) else (),
        chart=_chart(found, figures), acts=_acts(found), may_work=may_work,
        may_plan=may_work and found.row.state in rules.PLANNED,
        may_sweep=may_work and found.row.state in rules.SWEPT and found.started_on is not None,
        workers=work.workers_of(session, _areas(found)) if may_work else {}, transitions=rules.TRANSITIONS,
        history=_history(session, viewer, zone_id), today=dt.datetime.now(words.CHINA), **HELPS,
    )  # fmt: skip


@router.get("/panels/zones/places")
def places(session: PageSession, viewer: ZoneViewer) -> Response:
    """Return all live zones and focus areas for the map."""
    return JSONResponse(shapes.places(session, viewer), headers=NO_STORE)


@router.get("/panels/zones/blocks")
def blocks(session: PageSession, viewer: Proposer) -> Response:
    """Return the blocks to choose from."""
    return JSONResponse(shapes.choosable_blocks(session, viewer), headers=NO_STORE)


@router.get("/panels/zones/{zone_id}/map")
def zone_map(session: PageSession, viewer: ZoneViewer, zone_id: UUID) -> Response:
    """Return the outline of a zone and its buildings."""
    found = reads.zone(session, viewer, zone_id)
    drawn = {
        "outline": shapes.zone_outline(session, found),
        "buildings": shapes.zone_buildings(session, found),
    }
    return JSONResponse(drawn, headers=NO_STORE)


def _map(own: Any, nonce: str) -> MapPieces:  # noqa: ANN401  (the viewer's areas)
    lon, lat, zoom, _ = start_view(own)
    return take_apart(town_map(layers.style(), (lon, lat), zoom), nonce)


def _areas(zone: reads.ZoneDetail) -> Areas:
    return Areas(zone.district_id, zone.township_id, zone.community_id)


def _smallest(zone: reads.ZoneDetail) -> UUID:
    return zone.community_id or zone.township_id or zone.district_id


def _sees(viewer: Viewer, zone: reads.ZoneDetail) -> bool:
    """Tell whether the path above a zone may be shown: its smallest area lies in one of the viewer's."""
    ids = (zone.district_id, zone.township_id, zone.community_id)
    return viewer.areas is None or any(area in viewer.areas for area in ids)


def _acts(zone: reads.ZoneDetail) -> tuple[str, ...]:
    """Return the steps that the viewer may take, those that need a plan only once there is one."""
    needs_plan = {"approve_plan", "start"}
    return tuple(act for act in zone.next_acts if zone.plan is not None or act not in needs_plan)


def _history(session: Session, viewer: Viewer, zone_id: UUID) -> Any:  # noqa: ANN401  (versions, or nothing)
    if not viewer.may(Permission.HISTORY_READ):
        return ()
    return history_of(session, viewer, kind="zone", object_id=zone_id)[:20]


def _chart(zone: reads.ZoneDetail, figures: ZoneFigures) -> Any:  # noqa: ANN401  (SVG, or none)
    points = [
        Point(week, rate.percent if rate.shown == "value" else None, rate.low, rate.high)
        for week, rate in figures.series
    ]
    while len(points) > 6 and points[0].percent is None:
        points.pop(0)
    if all(point.percent is None for point in points):
        return None
    due = zone.row.due_on
    more = (due - points[-1].week).days // 7 if due and zone.row.state in rules.LIVE else 0
    return rate_chart(points, target=figures.now.rates["registration_rate"].target, more=max(0, min(more, 9)))
