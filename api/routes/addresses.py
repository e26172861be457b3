"""Addresses: search, the nearest, lists, one, and the acts on it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, IfMatch, Needs, Once, PageQuery, Strict, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.address import AddressCorrection, NewAddress, Renumber
from api.schemas.place import Lat, Lon, PointQuery, Text, one_of, parse_point
from geo_registry.access.viewer import Permission
from geo_registry.address import reads, writes
from geo_registry.address.tables import STATES
from geo_registry.errors import RuleBroken
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/addresses", tags=["addresses"])
READ = Depends(Needs(Permission.PLACE_READ))
NUMBER = Depends(Needs(Permission.ADDRESS_NUMBER))
APPROVE = Depends(Needs(Permission.ADDRESS_APPROVE))
CORRECT = Depends(Needs(Permission.ADDRESS_CORRECT))
RETIRE = Depends(Needs(Permission.ADDRESS_RETIRE))


class SearchQuery(Strict):
    """What one types, and where one stands."""

    q: Annotated[Text, Field(description="地址、地名、拼音、首字母或编码")]
    lon: Annotated[Lon | None, Field(description="与 lat 一起：同分时近者在前")] = None
    lat: Lat | None = None
    near: Annotated[str | None, Field(max_length=60, description="lon,lat，与分开写的 lon、lat 相同")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    def place(self) -> tuple[float, float] | None:
        """Return where one stands, as longitude and latitude.

        Raises:
            RuleBroken: `point-invalid` when half of it is missing.

        """
        if self.near:
            return parse_point(self.near)
        if self.lon is None and self.lat is None:
            return None
        if self.lon is None or self.lat is None:
            lacking = "lat" if self.lat is None else "lon"
            raise RuleBroken("point-invalid", "lon 与 lat 须一起给出（度）", field=lacking)
        return self.lon, self.lat


class NearQuery(PointQuery):
    """A point and how far around it to look."""

    radius_m: Annotated[float, Field(gt=0, le=5000)] = 200
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class LocateQuery(PointQuery):
    """A point, how far to look for doors and how many to tell."""

    radius_m: Annotated[float, Field(gt=0, le=5000)] = 500
    limit: Annotated[int, Field(ge=1, le=100)] = 5


class AddressQuery(PageQuery):
    """One page of addresses."""

    place_name_id: UUID | None = None
    community_id: UUID | None = None
    state: Annotated[str | None, one_of(STATES)] = None


@router.get("/search", response_model=reads.SearchResult, dependencies=[READ])
def search(query: Annotated[SearchQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell what a text may mean, the best first, each hit with its reason."""
    return answer(reads.search(session, viewer, text=query.q, limit=query.limit, near=query.place()))


@router.get("/nearest", response_model=list[reads.NearAddress], dependencies=[READ])
def nearest(query: Annotated[NearQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List the addresses around a point, the nearest first."""
    return answer(reads.nearest(session, viewer, **query.model_dump()))


@router.get("/locate", response_model=reads.Located, dependencies=[READ])
def locate(query: Annotated[LocateQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell areas, street and side, the nearest doors of a point, and the address of a new door there."""
    return answer(reads.locate(session, viewer, **query.model_dump()))


@router.get("", response_model=Page[reads.AddressRow], dependencies=[READ])
def addresses(
    query: Annotated[AddressQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List addresses: those of a place name in order of number, others in order of id."""
    return answer(reads.addresses(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/{address_id}", response_model=reads.AddressDetail, dependencies=[READ])
def address(address_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one address with its areas, buildings and plates."""
    return one(reads.address(session, viewer, address_id))


@router.post("", status_code=201, dependencies=[NUMBER], response_model=WrittenOut)
def number_address(body: NewAddress, act: Once) -> Response:
    """Give a door a number: the one asked for, or the next free one."""
    return act.once(partial(writes.number_address, act.session, act.viewer, **body.given()), 201)


@router.post("/{address_id}/actions/approve", dependencies=[APPROVE], response_model=WrittenOut)
def approve_address(address_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Put a proposed address into force."""
    target = {"address_id": address_id, "version": version, **body.given()}
    return act.once(partial(writes.approve_address, act.session, act.viewer, **target))


@router.post("/{address_id}/actions/correct", dependencies=[CORRECT], response_model=WrittenOut)
def correct_address(address_id: UUID, body: AddressCorrection, version: IfMatch, act: Once) -> Response:
    """Correct the position of an address, or what is noted beside it."""
    target = {"address_id": address_id, "version": version, **body.given()}
    return act.once(partial(writes.correct_address, act.session, act.viewer, **target))


@router.post("/{address_id}/actions/renumber", dependencies=[NUMBER], response_model=WrittenOut)
def renumber_address(address_id: UUID, body: Renumber, version: IfMatch, act: Once) -> Response:
    """Give a door another number: a new address follows the old one."""
    target = {"address_id": address_id, "version": version, **body.given()}
    return act.once(partial(writes.renumber_address, act.session, act.viewer, **target))


@router.post("/{address_id}/actions/retire", dependencies=[RETIRE], response_model=WrittenOut)
def retire_address(address_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End an address; its number is never given again."""
    target = {"address_id": address_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_address, act.session, act.viewer, **target))
