"""我的网格: a coordinator's units of the day, on a phone first; visits are posted to the interface."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import breadcrumb
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.grid.blocks import BlockDetail, block
from geo_registry.grid.rules import CYCLE_DAYS, cycle_of
from geo_registry.grid.visits import BuildingVisits, MyBlock, block_units, my_blocks
from web_map import words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.grid_map import quiet_style
from web_map.own_day import buildings_today
from web_map.render import PageRoute, page
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ZOOM = 17
USUAL = ("met_some", "nobody_home", "vacant", "rescheduled")
RARE = ("document_not_sighted", "declined", "address_not_found", "demolished")


OwnViewer = Annotated[Viewer, Depends(Opens(Permission.BLOCK_OWN), scope="function")]


@router.get("/my-block")
def my_block(
    request: Request,
    session: PageSession,
    viewer: OwnViewer,
    block_id: Annotated[UUID | None, Query(alias="block")] = None,
) -> Response:
    """Show today's units of one of the viewer's blocks, by building, overdue ones first."""
    blocks = my_blocks(session, viewer)
    if not blocks:
        return page(request, "my_block.html", viewer, blocks=(), block=None, map=None)
    own = next((one for one in blocks if one.id == block_id), blocks[0])
    return page(request, "my_block.html", viewer, blocks=blocks, block=own, **_day(session, viewer, own))


def _day(session: Session, viewer: Viewer, own: MyBlock) -> dict[str, Any]:
    day, nonce = words.today(), new_nonce()
    cycle = cycle_of(day)
    district = district_name(session, viewer, block(session, viewer, own.id))
    buildings = buildings_today(all_units(session, viewer, own.id), cycle, day, district)
    listed = [unit for row in buildings for unit in row.units if unit.is_listed]
    done = sum(unit.is_done for unit in listed)
    return {
        "nonce": nonce,
        "map": take_apart(town_map(quiet_style(), (own.lon, own.lat), ZOOM), nonce),
        "buildings": buildings,
        "due_count": len(listed) - done,
        "done_today": done,
        "day_total": len(listed),
        "day_no": cycle.day_no,
        "days": CYCLE_DAYS,
        "visited": own.visited,
        "units": own.units,
        "expected_units": round(own.units * cycle.day_no / CYCLE_DAYS),
        "usual": USUAL,
        "rare": RARE,
        "facts": {
            "login": viewer.login,
            "block": str(own.id),
            "visited": own.visited,
            "outcomes": words.OUTCOMES,
            "rare": RARE,
            "buildings": [
                {"id": str(row.id), "lon": row.lon, "lat": row.lat, "title": row.title} for row in buildings
            ],
        },
    }


def district_name(session: Session, viewer: Viewer, found: BlockDetail) -> str | None:
    """Return the district of a block by name; every address of the block begins with it."""
    home = found.community_id or found.township_id or found.district_id
    steps = breadcrumb(session, viewer, community_id=home)
    return next((step.name for step in steps if step.kind == "district"), None)


def all_units(session: Session, viewer: Viewer, block_id: UUID) -> Iterator[BuildingVisits]:
    """Give every building of a block with its units, page by page."""
    after: str | None = None
    while True:
        found = block_units(session, viewer, block_id=block_id, after=after, limit=100)
        yield from found.rows
        if found.next is None:
            return
        after = found.next


@router.get("/panels/my-block/{block_id}/boundary")
def boundary(session: PageSession, viewer: OwnViewer, block_id: UUID) -> Response:
    """Return the boundary of one of the viewer's blocks.

    Raises:
        NotFound: the viewer does not answer for it.

    """
    if all(one.id != block_id for one in my_blocks(session, viewer)):
        raise NotFound("block-not-found", "没有这个网格，或不在您负责的范围内")
    found = block(session, viewer, block_id)
    return JSONResponse({"boundary": found.boundary}, headers={"Cache-Control": "no-store"})
