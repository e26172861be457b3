"""Grid blocks: lists and one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer, one
from api.schemas.place import PlaceQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.grid import reads
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/blocks", tags=["blocks"], dependencies=[Depends(Needs(Permission.PLACE_READ))])


class BlockQuery(PlaceQuery):
    """One page of grid blocks."""

    state: Annotated[str | None, one_of(("current", "retired", "removed"))] = None


@router.get("", response_model=Page[reads.BlockRow])
def blocks(query: Annotated[BlockQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List grid blocks in order of id."""
    return answer(reads.blocks(session, viewer, **query.asked()))


@router.get("/{block_id}", response_model=reads.BlockDetail)
def block(block_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one grid block."""
    return one(reads.block(session, viewer, block_id))
