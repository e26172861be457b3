"""Place names: streets, and the lanes, estates and hamlets below and beside them; the acts on them."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, IfMatch, Needs, Once, PageQuery, Strict, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.address import NewStreet, Release, Rename, Reservation, StreetCorrection
from api.schemas.place import Text, parse_point
from geo_registry.access.viewer import Permission
from geo_registry.address import reads, writes
from geo_registry.address.tables import PLACE_KINDS
from geo_registry.pages import Page

router = APIRouter(prefix="/v1", tags=["streets"])
READ = Depends(Needs(Permission.PLACE_READ))
NAME = Depends(Needs(Permission.STREET_NAME))
RENAME = Depends(Needs(Permission.STREET_RENAME))
RETIRE = Depends(Needs(Permission.STREET_RETIRE))
NUMBER = Depends(Needs(Permission.ADDRESS_NUMBER))
STREETS = ("street", "section")
LANES = tuple(kind for kind in PLACE_KINDS if kind not in STREETS)


class PlaceNameQuery(PageQuery):
    """One page of place names."""

    district_id: UUID | None = None
    parent_id: UUID | None = None
    text: Annotated[Text | None, Field(description="地名的开头")] = None


class NumberingQuery(Strict):
    """How to number a street: by default as the profile says, both sides, with numbers for blank land."""

    side: Annotated[Literal["odd", "even"] | None, Field(description="只看单号侧或双号侧")] = None
    mode: Annotated[Literal["order", "distance"] | None, Field(description="按顺序或按距离")] = None
    origin: Annotated[str | None, Field(alias="from", max_length=60, description="lon,lat，从哪一端编起")] = (
        None
    )
    reserve: Annotated[bool, Field(description="空地是否留号")] = True


class EstateQuery(Strict):
    """From where to number the buildings of an estate."""

    gate: Annotated[
        str | None, Field(alias="from", max_length=60, description="lon,lat，小区出入口的位置")
    ] = None


HowToNumber = Annotated[NumberingQuery, Query()]
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


@router.get("/streets/{place_name_id}/numbering", response_model=reads.StreetPlan, dependencies=[READ])
def numbering(
    place_name_id: UUID,
    query: Annotated[NumberingQuery, Query()],
    session: Transaction,
    viewer: CurrentViewer,
) -> Response:
    """Show the numbers a street has, and those its doors would get; nothing is stored."""
    origin = parse_point(query.origin, "from") if query.origin else None
    plan = reads.plan_street(
        session, viewer, place_name_id=place_name_id, side=query.side, mode=query.mode, origin=origin,
        keeps_free=query.reserve,
    )  # fmt: skip
    return one(plan)


@router.get("/lanes/{place_name_id}/numbering", response_model=reads.EstatePlan, dependencies=[READ])
def estate_numbering(
    place_name_id: UUID,
    query: Annotated[EstateQuery, Query()],
    session: Transaction,
    viewer: CurrentViewer,
) -> Response:
    """Show the numbers an estate has, and those its other buildings would get; nothing is stored."""
    gate = parse_point(query.gate, "from") if query.gate else None
    return one(reads.plan_estate(session, viewer, place_name_id=place_name_id, gate=gate))


@router.post("/streets/{place_name_id}/actions/reserve", dependencies=[NUMBER], response_model=WrittenOut)
def reserve_numbers(place_name_id: UUID, body: Reservation, version: IfMatch, act: Once) -> Response:
    """Keep numbers of a street for doors to come."""
    wishes = [writes.Wish(wish.number, wish.lon, wish.lat) for wish in body.numbers]
    target = {"place_name_id": place_name_id, "version": version, **body.given(), "numbers": wishes}
    return act.once(partial(writes.reserve_numbers, act.session, act.viewer, **target))


@router.post("/streets/{place_name_id}/actions/release", dependencies=[NUMBER], response_model=WrittenOut)
def release_numbers(place_name_id: UUID, body: Release, version: IfMatch, act: Once) -> Response:
    """Let kept numbers of a street go, all of them unless some are named."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    return act.once(partial(writes.release_numbers, act.session, act.viewer, **target))


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
