"""以人找房: from an identity number, posted in a body, to every dwelling of the person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, area, areas
from geo_registry.db import Session, transaction
from geo_registry.residence.reads import dwellings_of_person, persons_by_name
from web_map import time_axis, words
from web_map.deps import Opens, PageSession, RequestEngine, StatedLook
from web_map.pages.home import own_areas
from web_map.pages.occupants import REVEALABLE, Looker
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PageViewer = Annotated[Viewer, Depends(Opens(Permission.PERSON_LOOK), scope="function")]
PersonLooker = Annotated[Viewer, Depends(Looker(Permission.PERSON_LOOK))]
NameLooker = Annotated[Viewer, Depends(Looker(Permission.NAME_LOOK))]
AREAS = 100


@router.get("/person")
def person_page(request: Request, session: PageSession, viewer: PageViewer) -> Response:
    """Show the form; for roles without the permission the page does not exist."""
    purposes = purposes_for(session, viewer)
    own = own_areas(session, viewer)
    return page(
        request, "person.html", viewer, own=own, purposes=purposes, documents=words.DOCUMENTS,
        may_hurry=viewer.may(Permission.EMERGENCY_OPEN), may_split=viewer.may(Permission.PERSON_MERGE),
        areas=_searchable(session, viewer) if viewer.may(Permission.NAME_LOOK) else {},
    )  # fmt: skip


def _searchable(session: Session, viewer: Viewer) -> dict[str, tuple[AreaRow, ...]]:
    """Return the communities and townships in which a name may be searched."""
    levels = ("community", "township")
    found = {words.LEVELS[level]: areas(session, viewer, level=level, limit=AREAS).rows for level in levels}
    return {title: rows for title, rows in found.items() if rows}


@router.post("/panels/dwellings")
def dwellings(
    engine: RequestEngine,
    viewer: PersonLooker,
    look: StatedLook,
    id_type: Annotated[str, Form(max_length=30)],
    id_number: Annotated[str, Form(max_length=40)],
) -> Response:
    """List every dwelling of the person, newest first."""
    found = dwellings_of_person(engine, look, id_type, id_number)
    with transaction(engine) as session:
        purposes = {option.code: option.title for option in purposes_for(session, viewer)}
    today = words.today()
    shown = look.valid_at or today
    axis, lanes = time_axis.lanes_of(found.person, shown, today)
    return piece(
        "_dwellings.html", found=found, person=found.person, look=look, axis=axis, lanes=lanes,
        shown=shown, today=today, is_past=shown < today, purpose_title=purposes.get(look.purpose, ""),
        may_reveal=viewer.may(Permission.PERSON_REVEAL), revealable=REVEALABLE,
        may_split=viewer.may(Permission.PERSON_MERGE),
    )  # fmt: skip


@router.post("/panels/persons-by-name")
def named(
    engine: RequestEngine,
    viewer: NameLooker,
    look: StatedLook,
    area_id: Annotated[UUID, Form()],
    name: Annotated[str, Form(max_length=60)],
) -> Response:
    """List the adults of a name who live in one community or township."""
    found = persons_by_name(engine, look, area_id, name)
    with transaction(engine) as session:
        purposes = {option.code: option.title for option in purposes_for(session, viewer)}
        place = area(session, viewer, area_id)
    return piece(
        "_named.html", found=found, area=place, look=look, purpose_title=purposes.get(look.purpose, ""),
        may_reveal=viewer.may(Permission.PERSON_REVEAL),
    )  # fmt: skip
