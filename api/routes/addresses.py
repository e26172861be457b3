"""Addresses: search, the nearest, lists, one, and the acts on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, Needs, PageQuery, Strict, Transaction, answer, one
from api.schemas.place import PointQuery, Text, one_of, parse_point
from geo_registry.access.viewer import Permission
from geo_registry.address import reads
from geo_registry.address.tables import STATES
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/addresses", tags=["addresses"])
READ = Depends(Needs(Permission.PLACE_READ))


class SearchQuery(Strict):
    """What one types, and where one stands."""

    q: Annotated[Text, Field(description="地址、地名、拼音、首字母或编码")]
    near: Annotated[str | None, Field(max_length=60, description="lon,lat，用于同分排序")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class NearQuery(PointQuery):
    """A point and how far around it to look."""

    radius_m: Annotated[float, Field(gt=0, le=5000)] = 200
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class AddressQuery(PageQuery):
    """One page of addresses."""

    place_name_id: UUID | None = None
    community_id: UUID | None = None
    state: Annotated[str | None, one_of(STATES)] = None


@router.get("/search", response_model=reads.SearchResult, dependencies=[READ])
def search(query: Annotated[SearchQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell what a text may mean, the best first, each hit with its reason."""
    near = parse_point(query.near) if query.near else None
    return answer(reads.search(session, viewer, text=query.q, limit=query.limit, near=near))


@router.get("/nearest", response_model=list[reads.NearAddress], dependencies=[READ])
def nearest(query: Annotated[NearQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List the addresses around a point, the nearest first."""
    return answer(reads.nearest(session, viewer, **query.model_dump()))


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
