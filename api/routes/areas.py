"""Areas: lists, one, around a point."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, Needs, PageQuery, Transaction, answer, one
from api.schemas.place import PointQuery, Text, one_of
from geo_registry.access.viewer import Permission
from geo_registry.area import reads
from geo_registry.area.tables import LEVELS
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/areas", tags=["areas"], dependencies=[Depends(Needs(Permission.AREA_READ))])


class AreaQuery(PageQuery):
    """One page of areas, by level, parent or beginning of name or code."""

    level: Annotated[str | None, one_of(LEVELS)] = None
    parent_id: UUID | None = None
    text: Annotated[Text | None, Field(description="名称或代码的开头")] = None


@router.get("", response_model=Page[reads.AreaRow])
def areas(query: Annotated[AreaQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List the areas in force, in order of their codes."""
    return answer(reads.areas(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/containing", response_model=list[reads.AreaRow])
def containing(
    query: Annotated[PointQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List the areas around a point, from the largest to the smallest, the grid block last."""
    point = {"lon": query.lon, "lat": query.lat}
    block = reads.block_containing(session, viewer, **point)
    return answer((*reads.areas_containing(session, viewer, **point), *([block] if block else [])))


@router.get("/{area_id}", response_model=reads.AreaDetail)
def area(area_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one area with its boundary."""
    return one(reads.area(session, viewer, area_id))
