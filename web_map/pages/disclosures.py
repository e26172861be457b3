"""对外提供: lists of persons for a recipient: asked for, approved by two others, made, traced."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, areas
from geo_registry.area.reads import area as area_detail
from geo_registry.db import Session
from geo_registry.disclosure import reads
from geo_registry.housing.reads import building as building_of
from geo_registry.housing.reads import housing_unit
from web_map import access_words, words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 30
AREAS = 100
HELPS: dict[str, Any] = {"access": access_words}
Requester = Annotated[Viewer, Depends(Opens(Permission.DISCLOSURE_REQUEST), scope="function")]


@router.get("/disclosures")
def all_disclosures(
    request: Request,
    session: PageSession,
    viewer: Requester,
    state: Annotated[str, Query(pattern="^[a-z]{0,20}$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
    disclosure: Annotated[UUID | None, Query()] = None,
    unit: Annotated[UUID | None, Query()] = None,
    building: Annotated[UUID | None, Query()] = None,
    area: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the own requests and those to approve, the chosen one beside them; or begin one."""
    found = reads.disclosures(session, viewer, state=state or None, after=after, limit=ROWS)
    chosen = reads.disclosure(session, viewer, disclosure) if disclosure else None
    return page(
        request, "disclosures.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        chosen=chosen, state=state, purposes=purposes_for(session, viewer),
        areas=_choosable(session, viewer), wished=_wished(session, viewer, unit, building, area), **HELPS,
    )  # fmt: skip


def _wished(
    session: Session, viewer: Viewer, unit: UUID | None, house: UUID | None, area: UUID | None
) -> tuple[str, UUID, str] | None:
    """Return kind, id and title of the dwelling or area that a request is to be about."""
    if area:
        return "division", area, area_detail(session, viewer, area).full_name
    if unit:
        found = housing_unit(session, viewer, unit)
        return "housing_unit", unit, f"{found.building_title}{found.unit_text}"
    return ("building", house, building_of(session, viewer, house).title) if house else None


def _choosable(session: Session, viewer: Viewer) -> dict[str, tuple[AreaRow, ...]]:
    """Return the first areas that a list may be about; the page finds the others by name."""
    levels = ("township", "community")
    found = {words.LEVELS[level]: areas(session, viewer, level=level, limit=AREAS).rows for level in levels}
    return {title: rows for title, rows in found.items() if rows}
