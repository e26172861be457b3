"""手工划界: the pane beside a drawing, and what it would do, told before it is done."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.grid.blocks import block
from geo_registry.grid.preview import Preview, preview, preview_new
from web_map import grid_board
from web_map.deps import Opens, PageSession
from web_map.grid_board import Card
from web_map.pages.grid import board_of
from web_map.render import PageRoute, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Mode = Literal["draw", "redraw", "split", "merge"]
_TITLES = {"draw": "划定新块", "redraw": "调整边界", "split": "划分", "merge": "并入邻块"}
_LEADS = {
    "draw": "在未划入网格的地块上划出新块；不能与现有网格重叠。",
    "redraw": "划出的地块归相邻最长边的邻块，划入的从原块取得，全覆盖不变。",
    "split": "用一条线把本块分成两块；较大的一半保留原编号，另一半为新块。",
    "merge": "本块并入相邻的一块，原编号停用，今后由那一块的责任人负责。",
}
# GeoJSON of a drawing by hand; a thousand corners have room.
LONGEST_SHAPE = 60_000


Drawer = Annotated[Viewer, Depends(Opens(Permission.BLOCK_DRAW), scope="function")]


@router.get("/panels/grid/drawing")
def drawing(
    session: PageSession,
    viewer: Drawer,
    mode: Annotated[Mode, Query()],
    block_id: Annotated[UUID | None, Query(alias="block")] = None,
) -> Response:
    """Show what to draw, the fields of the act, and room for the preview."""
    if mode == "draw":
        return piece("grid_drawing.html", mode=mode, block=None, title=_TITLES[mode], lead=_LEADS[mode])
    found = block(session, viewer, _given(block_id))
    around = board_of(session, viewer, found.community_id or found.district_id).cards
    return piece(
        "grid_drawing.html",
        mode=mode,
        block=found,
        title=f"{_TITLES[mode]} · {found.name}",
        lead=_LEADS[mode],
        neighbours=[card for card in around if card.id != found.id],
    )


@router.post("/panels/grid/preview")
def previewed(
    session: PageSession,
    viewer: Drawer,
    mode: Annotated[Mode, Form()],
    block_id: Annotated[str, Form(alias="block", max_length=36)] = "",
    shape: Annotated[str, Form(max_length=LONGEST_SHAPE)] = "",
    into: Annotated[str, Form(max_length=36)] = "",
    area: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Tell what a drawing would move, block by block; refusals come as the act itself would word them."""
    own = None if mode == "draw" else _given(_id(block_id))
    if own is None:
        found = preview_new(session, viewer, boundary=_geometry(shape))
    elif mode == "merge":
        found = preview(session, viewer, block_id=own, into_id=_id(into))
    elif mode == "split":
        found = preview(session, viewer, block_id=own, line=_geometry(shape))
    else:
        found = preview(session, viewer, block_id=own, boundary=_geometry(shape))
    return _told(session, viewer, found, own, area)


def _told(session: Session, viewer: Viewer, found: Preview, own: UUID | None, area: UUID | None) -> Response:
    touched = {one for move in found.moves for one in (move.source_id, move.target_id)} | {own}
    details = [block(session, viewer, one) for one in touched if one]
    homes = {one.community_id for one in details}
    boards = [board_of(session, viewer, home) for home in homes or {area}]
    cards = [card for one in boards for card in one.cards]
    crosses = len(homes) > 1
    checks = (
        (True, "全覆盖，无重叠"),
        (not crosses, "跨社区：划动的地块属于两个社区，请分别调整" if crosses else "不跨社区"),
        (True, "每块一名责任人" if own else "采纳后请指定责任人"),
        (True, "楼栋不拆分"),
    )
    return piece(
        "grid_preview.html",
        status=422 if crosses else 200,
        lead=named("；".join(found.sentences), cards),
        rows=grid_board.changes_of(cards, boards[0].measures, found.moves, own),
        checks=checks,
        shapes=json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "properties": {}, "geometry": move.shape} for move in found.moves
                ],
            }
        ),
    )


def named(sentence: str, cards: Sequence[Card]) -> str:
    """Return a sentence with the names of blocks, as the map shows them, in place of their codes."""
    for card in cards:
        sentence = sentence.replace(card.code, card.name)
    return sentence


def _given(block_id: UUID | None) -> UUID:
    if block_id is None:
        raise RuleBroken("block-required", "请先选定一块", field="block")
    return block_id


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _geometry(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RuleBroken("shape-required", "请先在图上画好界线", field="shape")
    return found
