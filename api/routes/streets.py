"""Place names: streets, and the lanes, estates and hamlets below and beside them; the acts on them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, Needs, PageQuery, Transaction, answer, one
from api.schemas.place import Text
from geo_registry.access.viewer import Permission
from geo_registry.address import reads
from geo_registry.address.tables import PLACE_KINDS
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["streets"])
READ = Depends(Needs(Permission.PLACE_READ))
STREETS = ("street", "section")
LANES = tuple(kind for kind in PLACE_KINDS if kind not in STREETS)


class PlaceNameQuery(PageQuery):
    """One page of place names."""

    district_id: UUID | None = None
    parent_id: UUID | None = None
    text: Annotated[Text | None, Field(description="地名的开头")] = None


Asked = Annotated[PlaceNameQuery, Query()]


@router.get("/streets", response_model=Page[reads.PlaceNameRow], dependencies=[READ])
def streets(query: Asked, session: Transaction, viewer: CurrentViewer) -> Response:
    """List streets and their sections in order of id."""
    filters = query.model_dump(exclude_none=True)
    return answer(reads.place_names(session, viewer, kinds=STREETS, **filters))


@router.get("/lanes", response_model=Page[reads.PlaceNameRow], dependencies=[READ])
def lanes(query: Asked, session: Transaction, viewer: CurrentViewer) -> Response:
    """List lanes, alleys, estates, hamlets and groups in order of id."""
    filters = query.model_dump(exclude_none=True)
    return answer(reads.place_names(session, viewer, kinds=LANES, **filters))


@router.get("/streets/{place_name_id}", response_model=reads.PlaceNameDetail, dependencies=[READ])
@router.get("/lanes/{place_name_id}", response_model=reads.PlaceNameDetail, dependencies=[READ])
def place_name(place_name_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one place name with its axis."""
    return one(reads.place_name(session, viewer, place_name_id))
