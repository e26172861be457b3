"""Place names: streets, and the lanes, estates and hamlets below and beside them; the acts on them."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, IfMatch, Needs, Once, PageQuery, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.address import NewStreet, Rename, StreetCorrection
from api.schemas.place import Text
from geo_registry.access.viewer import Permission
from geo_registry.address import reads, writes
from geo_registry.address.tables import PLACE_KINDS
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["streets"])
READ = Depends(Needs(Permission.PLACE_READ))
NAME = Depends(Needs(Permission.STREET_NAME))
RENAME = Depends(Needs(Permission.STREET_RENAME))
RETIRE = Depends(Needs(Permission.STREET_RETIRE))
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


@router.post("/streets", status_code=201, dependencies=[NAME], response_model=WrittenOut)
def name_street(body: NewStreet, act: Once) -> Response:
    """Name a street, lane, estate or hamlet."""
    return act.once(partial(writes.name_street, act.session, act.viewer, **body.given()), 201)


@router.post("/streets/{place_name_id}/actions/rename", dependencies=[RENAME], response_model=WrittenOut)
def rename_street(place_name_id: UUID, body: Rename, version: IfMatch, act: Once) -> Response:
    """Give a place another name; the old one stays findable, and all below it follows."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    return act.once(partial(writes.rename_street, act.session, act.viewer, **target))


@router.post("/streets/{place_name_id}/actions/correct", dependencies=[RENAME], response_model=WrittenOut)
def correct_street(place_name_id: UUID, body: StreetCorrection, version: IfMatch, act: Once) -> Response:
    """Correct the spelling or the axis of a place name; no former name is left."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    return act.once(partial(writes.correct_street, act.session, act.viewer, **target))


@router.post("/streets/{place_name_id}/actions/retire", dependencies=[RETIRE], response_model=WrittenOut)
def retire_street(place_name_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a place name; it stays findable and is not given again."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_street, act.session, act.viewer, **target))
