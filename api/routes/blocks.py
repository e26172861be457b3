"""Grid blocks: lists, one, what they leave out, and the acts on them."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, PageQuery, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.grid import (
    Assignment,
    AssignmentEnd,
    BlockName,
    Merge,
    NewBlock,
    PreviewAsked,
    Redraw,
    Split,
)
from api.schemas.place import PlaceQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.grid import reads, writes
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/blocks", tags=["blocks"])
coordinators_router = APIRouter(prefix="/v1/coordinators", tags=["blocks"])
READ = Depends(Needs(Permission.PLACE_READ))
GRID = Depends(Needs(Permission.GRID_READ))
OWN = Depends(Needs(Permission.BLOCK_OWN))
VISIT = Depends(Needs(Permission.VISIT_RECORD))
DRAW = Depends(Needs(Permission.BLOCK_DRAW))
ASSIGN = Depends(Needs(Permission.BLOCK_ASSIGN))


class BlockQuery(PlaceQuery):
    """One page of grid blocks."""

    state: Annotated[str | None, one_of(("current", "retired", "removed"))] = None
    without_responsible: bool = False


class UnitsQuery(PageQuery):
    """One page of the buildings of a block with their units."""

    due_only: bool = False


Asked = Annotated[BlockQuery, Query()]
Outside = Annotated[PlaceQuery, Query()]
Units = Annotated[UnitsQuery, Query()]


@router.get("", response_model=Page[reads.BlockRow], dependencies=[READ])
def blocks(query: Asked, session: Transaction, viewer: CurrentViewer) -> Response:
    """List grid blocks in order of id, with whoever is responsible today."""
    return answer(reads.blocks(session, viewer, **query.asked()))


@router.get("/mine", response_model=list[reads.MyBlock], dependencies=[OWN])
def my_blocks(session: Transaction, viewer: CurrentViewer) -> Response:
    """List the blocks for which the viewer answers today, with the progress of the cycle."""
    return answer(reads.my_blocks(session, viewer))


@router.get("/gaps", response_model=list[reads.Gap], dependencies=[GRID])
def gaps(community_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the ground of a community that lies in no block."""
    return answer(reads.gaps(session, viewer, community_id=community_id))


@router.get("/outside", response_model=Page[reads.OutsideBuilding], dependencies=[GRID])
def outside(query: Outside, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the buildings that lie in no block."""
    return answer(reads.outside_blocks(session, viewer, **query.asked()))


@router.get("/{block_id}", response_model=reads.BlockDetail, dependencies=[READ])
def block(block_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one grid block."""
    return one(reads.block(session, viewer, block_id))


@router.get("/{block_id}/assignments", response_model=list[reads.AssignmentRow], dependencies=[READ])
def assignments(block_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """List who answers and answered for a block."""
    return answer(reads.assignments(session, viewer, block_id))


@router.get("/{block_id}/units", response_model=Page[reads.BuildingVisits], dependencies=[VISIT])
def block_units(block_id: UUID, query: Units, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the units of a block by building, with their last visits."""
    asked = query.model_dump(exclude_none=True)
    return answer(reads.block_units(session, viewer, block_id=block_id, **asked))


@router.post("/{block_id}/preview", response_model=writes.Preview, dependencies=[DRAW])
def preview(block_id: UUID, body: PreviewAsked, session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell what an act on a block would move; nothing is stored."""
    return answer(writes.preview(session, viewer, block_id=block_id, **body.given()))


@router.post("", status_code=201, dependencies=[DRAW], response_model=WrittenOut)
def draw_block(body: NewBlock, act: Once) -> Response:
    """Draw a block on free ground."""
    return act.once(partial(writes.draw_block, act.session, act.viewer, **body.given()), 201)


@router.post("/{block_id}/actions/redraw", dependencies=[DRAW], response_model=WrittenOut)
def redraw_block(block_id: UUID, body: Redraw, version: IfMatch, act: Once) -> Response:
    """Give a block a new boundary; neighbours give and take."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.redraw_block, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/split", dependencies=[DRAW], response_model=WrittenOut)
def split_block(block_id: UUID, body: Split, version: IfMatch, act: Once) -> Response:
    """Split a block by a line; the larger part stays."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.split_block, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/merge", dependencies=[DRAW], response_model=WrittenOut)
def merge_blocks(block_id: UUID, body: Merge, version: IfMatch, act: Once) -> Response:
    """Merge a block into a neighbour."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.merge_blocks, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/retire", dependencies=[DRAW], response_model=WrittenOut)
def retire_block(block_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a block in which nothing stands."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_block, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/rename", dependencies=[DRAW], response_model=WrittenOut)
def rename_block(block_id: UUID, body: BlockName, version: IfMatch, act: Once) -> Response:
    """Give a block another name."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.rename_block, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/assign", dependencies=[ASSIGN], response_model=WrittenOut)
def assign_block(block_id: UUID, body: Assignment, version: IfMatch, act: Once) -> Response:
    """Make a coordinator responsible for a block, or a deputy; a hand-over ends the old one."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.assign_block, act.session, act.viewer, **target))


@router.post("/{block_id}/actions/end-assignment", dependencies=[ASSIGN], response_model=WrittenOut)
def end_assignment(block_id: UUID, body: AssignmentEnd, version: IfMatch, act: Once) -> Response:
    """End an assignment."""
    target = {"block_id": block_id, "version": version, **body.given()}
    return act.once(partial(writes.end_assignment, act.session, act.viewer, **target))


@coordinators_router.get("", response_model=list[reads.CoordinatorRow], dependencies=[ASSIGN])
def coordinators(session: Transaction, viewer: CurrentViewer, block_id: UUID | None = None) -> Response:
    """List the coordinators of the viewer's areas; with a block, those who may answer for it."""
    return answer(reads.coordinators(session, viewer, block_id=block_id))
