"""网格: the board of blocks, the panel of one, warnings, hand-over; drawing lies in `grid_drawing`."""

import json
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Measures
from geo_registry.area.reads import AreaRow, Crumb, area, areas, breadcrumb
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.grid.assignments import assignments, coordinators
from geo_registry.grid.blocks import block, gaps, outside_blocks
from geo_registry.measure.loads import block_loads
from geo_registry.measure.shapes import shapes
from web_map import grid_board, own_day, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.grid_board import Card, CycleNow, Frame
from web_map.grid_map import grid_map
from web_map.pages.home import own_areas, start_view
from web_map.pages.my_block import all_units, district_name
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
# So many rows of a list in the panel; more would not be read there.
ROWS = 100


GridViewer = Annotated[Viewer, Depends(Opens(Permission.GRID_READ), scope="function")]


@dataclass(frozen=True, slots=True)
class Board:
    """Where the board stands and what it shows."""

    own: tuple[AreaRow, ...]
    here: AreaRow | None
    cards: tuple[Card, ...]
    measures: Measures
    frame: Frame
    rental_frame: Frame
    cycle: CycleNow


def board_of(session: Session, viewer: Viewer, area_id: UUID | None) -> Board:
    """Return the board of an area, by default of the first of the viewer's own."""
    own = own_areas(session, viewer)
    here = area(session, viewer, area_id) if area_id is not None else own[0] if own else None
    measures = profile_in_force(session).measures
    frame = Frame(*measures.persons_per_coordinator)
    rental = Frame(*measures.rental_units_per_coordinator)
    cycle = grid_board.cycle_now(words.today())
    loads = block_loads(session, viewer, area_id=here.id) if here else ()
    cards = sorted((grid_board.card_of(load, frame, rental, cycle) for load in loads), key=_urgency)
    return Board(own, here, tuple(cards), measures, frame, rental, cycle)


def _urgency(card: Card) -> tuple[int, str]:
    return card.rank, card.code


@router.get("/grid")
def board(
    request: Request,
    session: PageSession,
    viewer: GridViewer,
    area_id: Annotated[UUID | None, Query(alias="area")] = None,
) -> Response:
    """Show the blocks of an area with load and progress."""
    shown = board_of(session, viewer, area_id)
    here = shown.here
    nonce = new_nonce()
    lon, lat, zoom, box = start_view((here,) if here else ())
    steps: tuple[Crumb, ...] = breadcrumb(session, viewer, community_id=here.id) if here else ()
    may_assign = viewer.may(Permission.BLOCK_ASSIGN)
    return page(
        request,
        "grid.html",
        viewer,
        nonce=nonce,
        map=take_apart(grid_map((lon, lat), zoom), nonce),
        own=shown.own,
        steps=steps,
        children=areas(session, viewer, parent_id=here.id, limit=100).rows if here else (),
        cards=shown.cards,
        frame=shown.frame,
        cycle=shown.cycle,
        totals=grid_board.totals_of(shown.cards),
        filters=grid_board.filters_of(shown.cards),
        coordinators=coordinators(session, viewer) if may_assign else (),
        may_assign=may_assign,
        may_draw=viewer.may(Permission.BLOCK_DRAW),
        today=words.today(),
        facts=facts_of(shown, box),
    )


def facts_of(shown: Board, box: object) -> dict[str, object]:
    """Return what the page's scripts need: blocks by id, legends, the box of the view."""
    has_unknown = any(card.verdict == "unknown" for card in shown.cards)
    return {
        "area": str(shown.here.id) if shown.here else "",
        "box": box,
        "blocks": grid_board.facts_of(shown.cards),
        "expected": shown.cycle.expected,
        "legends": {
            "load": grid_board.legend_of(shown.frame, has_unknown=has_unknown),
            "rental": grid_board.legend_of(shown.rental_frame, has_unknown=False),
        },
    }


@router.get("/panels/grid/shapes")
def block_shapes(
    session: PageSession, viewer: GridViewer, area_id: Annotated[UUID, Query(alias="area")]
) -> Response:
    """Return the shapes of the blocks of an area, simplified for looking at."""
    found = shapes(session, viewer, area_id=area_id, level="block")
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


@router.get("/panels/grid/blocks/{block_id}/boundary")
def boundary(session: PageSession, viewer: GridViewer, block_id: UUID) -> Response:
    """Return the exact boundary of a block, to draw on."""
    found = block(session, viewer, block_id)
    return JSONResponse({"boundary": found.boundary}, headers={"Cache-Control": "no-store"})


@router.get("/panels/grid/blocks/{block_id}")
def shown_block(session: PageSession, viewer: GridViewer, block_id: UUID) -> Response:
    """Show one block: load, progress, who answers since when, visits in totals, its buildings."""
    found = block(session, viewer, block_id)
    around = board_of(session, viewer, found.community_id or found.township_id or found.district_id)
    card = next((one for one in around.cards if one.id == block_id), None)
    buildings = tuple(all_units(session, viewer, block_id))
    district = district_name(session, viewer, found)
    if card is None:
        raise NotFound("block-retired", "这一块已不再使用，请刷新页面看现在的划分")
    return piece(
        "grid_block.html",
        block=found,
        card=card,
        frame=around.frame,
        rental_frame=around.rental_frame,
        cycle=around.cycle,
        duties=assignments(session, viewer, block_id),
        outcomes=own_day.outcomes_of(buildings),
        buildings=own_day.places_of(buildings, district),
        may_assign=viewer.may(Permission.BLOCK_ASSIGN),
        may_draw=viewer.may(Permission.BLOCK_DRAW),
    )


@router.get("/panels/grid/warnings")
def warnings(
    session: PageSession, viewer: GridViewer, area_id: Annotated[UUID, Query(alias="area")]
) -> Response:
    """List what the grid leaves open: blocks without anybody, ground and buildings in no block."""
    shown = board_of(session, viewer, area_id)
    found = outside_blocks(session, viewer, area_id=area_id, limit=ROWS)
    open_ground = gaps(session, viewer, community_id=area_id)[:ROWS]
    nobody = [card for card in shown.cards if not card.coordinator]
    counts = (("块无责任人", nobody), ("处未划入", open_ground), ("幢在网格外", found.rows))
    told = " · ".join(f"{len(rows)} {what}" for what, rows in counts if rows)
    return piece(
        "grid_warnings.html",
        summary=told or "都已划入，每块有责任人",
        nobody=nobody,
        gaps=[(gap, json.dumps(gap.shape)) for gap in open_ground],
        outside=found.rows,
        more_outside=found.next is not None,
    )
