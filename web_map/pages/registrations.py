"""居住登记: the entry desk, cases and their review, one case, persons who stand twice in the register.

The pages hold no person: scripts ask the interface, and each answer with persons is a look on the record.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, areas
from geo_registry.db import Session, today
from geo_registry.registration import reads
from web_map import registration_words, words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CHOICES = 100
Reader = Annotated[Viewer, Depends(Opens(Permission.CASE_READ), scope="function")]
Clerk = Annotated[Viewer, Depends(Opens(Permission.CASE_ENTER), scope="function")]
Reviewer = Annotated[Viewer, Depends(Opens(Permission.CASE_REVIEW), scope="function")]
Merger = Annotated[Viewer, Depends(Opens(Permission.PERSON_MERGE), scope="function")]


def _page(request: Request, template: str, session: Session, viewer: Viewer, **values: object) -> Response:
    facts: dict[str, Any] = {
        "words": registration_words.for_scripts(),
        "account": str(viewer.account_id),
        "role": viewer.role.value,
        "today": today().isoformat(),
        "may": sorted(one.value for one in Permission if viewer.may(one)),
        **values,
    }
    return page(
        request, template, viewer, own=own_areas(session, viewer), facts=facts, reg=registration_words
    )


@router.get("/registrations")
def cases(request: Request, session: PageSession, viewer: Reader) -> Response:
    """List cases by state."""
    return _page(request, "registrations.html", session, viewer)


@router.get("/registrations/new")
def desk(request: Request, session: PageSession, viewer: Clerk) -> Response:
    """Give the entry desk."""
    return _page(request, "registration_new.html", session, viewer)


@router.get("/registrations/review")
def review(request: Request, session: PageSession, viewer: Reviewer) -> Response:
    """Show the queue of cases to judge, one of them beside it."""
    return _page(request, "registration_review.html", session, viewer)


@router.get("/registrations/{case_id:uuid}")
def case(request: Request, session: PageSession, viewer: Reader, case_id: UUID) -> Response:
    """Show one case: its states, and its forms by a look."""
    reads.case(session, viewer, case_id)
    return _page(request, "registration_case.html", session, viewer, case=str(case_id))


@router.get("/people/duplicates")
def duplicates(request: Request, session: PageSession, viewer: Merger) -> Response:
    """Show persons who may stand twice in the register."""
    return _page(request, "registration_duplicates.html", session, viewer, areas=_choosable(session, viewer))


def _choosable(session: Session, viewer: Viewer) -> list[dict[str, str]]:
    """Return the townships and communities that can be searched for persons who stand twice."""
    found: list[AreaRow] = []
    for level in ("township", "community"):
        found += areas(session, viewer, level=level, limit=CHOICES).rows
    return [{"id": str(row.id), "title": row.full_name, "level": words.LEVELS[row.level]} for row in found]
