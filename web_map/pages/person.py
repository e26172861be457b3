"""以人找房: from an identity number, posted in a body, to every dwelling of the person."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import transaction
from geo_registry.residence.reads import dwellings_of_person
from web_map import words
from web_map.deps import Opens, PageSession, RequestEngine, StatedLook
from web_map.pages.home import own_areas
from web_map.pages.occupants import REVEALABLE, Looker
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PageViewer = Annotated[Viewer, Depends(Opens(Permission.PERSON_LOOK), scope="function")]
PersonLooker = Annotated[Viewer, Depends(Looker(Permission.PERSON_LOOK))]


@router.get("/person")
def person_page(request: Request, session: PageSession, viewer: PageViewer) -> Response:
    """Show the form; for roles without the permission the page does not exist."""
    purposes = purposes_for(session, viewer)
    own = own_areas(session, viewer)
    return page(
        request, "person.html", viewer, own=own, purposes=purposes, documents=words.DOCUMENTS,
        may_hurry=viewer.may(Permission.EMERGENCY_OPEN),
    )  # fmt: skip


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
    return piece(
        "_dwellings.html",
        found=found,
        person=found.person,
        look=look,
        purpose_title=purposes.get(look.purpose, ""),
        may_reveal=viewer.may(Permission.PERSON_REVEAL),
        revealable=REVEALABLE,
    )
