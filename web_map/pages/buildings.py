"""The pane of one building: facts, floors x rooms, plates, history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import history_of
from geo_registry.grid.rooms import rooms_of_building
from geo_registry.housing.reads import building, units_of_building
from geo_registry.plate.reads import plates_of_building
from web_map import words
from web_map.deps import Opens, PageSession, PlaceViewer
from web_map.own_day import late_rooms
from web_map.render import PageRoute, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
HistoryViewer = Annotated[Viewer, Depends(Opens(Permission.HISTORY_READ), scope="function")]


@router.get("/panels/buildings/{building_id}")
def shown(session: PageSession, viewer: PlaceViewer, building_id: UUID) -> Response:
    """Show a building with its rooms; no head count and no name here, on purpose."""
    found = building(session, viewer, building_id)
    plan = units_of_building(session, viewer, building_id)
    rooms = rooms_of_building(session, viewer, building_id)
    may_see_visits = viewer.may(Permission.GRID_READ) or viewer.may(Permission.BLOCK_OWN)
    groups = dict.fromkeys(words.GROUP_ORDER, 0)
    for use, count in plan.use_counts.items():
        groups[words.USE_GROUPS.get(use, words.UNKNOWN_USE)[0]] += count
    return piece(
        "_building.html",
        building=found,
        plan=plan,
        groups=groups,
        responsible=rooms.responsible,
        overdue=late_rooms(rooms, words.today()) if may_see_visits else {},
        may_look=viewer.may(Permission.OCCUPANTS_LOOK),
        may_read_history=viewer.may(Permission.HISTORY_READ),
    )


@router.get("/panels/buildings/{building_id}/plates")
def plates(session: PageSession, viewer: PlaceViewer, building_id: UUID) -> Response:
    """List the plates of a building."""
    found = building(session, viewer, building_id)
    return piece("_plates.html", plates=plates_of_building(session, viewer, found.id))


@router.get("/panels/buildings/{building_id}/history")
def history(session: PageSession, viewer: HistoryViewer, building_id: UUID) -> Response:
    """List versions and acts of a building, newest first."""
    return piece(
        "_history.html", versions=history_of(session, viewer, kind="building", object_id=building_id)
    )
