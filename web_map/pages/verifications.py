"""核实: verifications beside the chosen one with its steps, and the register of proofs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import Session, today
from geo_registry.housing.reads import housing_unit
from geo_registry.verification import notes, reads
from geo_registry.verification.tips import tips
from web_map import dwelling_words, words
from web_map.deps import Opens, PageSession, PlaceViewer
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
PURPOSE = "04"
Worker = Annotated[Viewer, Depends(Opens(Permission.VERIFICATION_WORK), scope="function")]
State = Annotated[str, Query(pattern="^(open|approved|refused|withdrawn)?$")]
After = Annotated[str | None, Query(max_length=200)]


@router.get("/verifications")
def listed(
    request: Request, session: PageSession, viewer: Worker, state: State = "open", after: After = None
) -> Response:
    """List verifications, those in hand first."""
    return _page(request, session, viewer, state=state, after=after)


@router.get("/verifications/proofs")
def proofs(request: Request, session: PageSession, viewer: Worker, after: After = None) -> Response:
    """Show the register of proofs with its gaps."""
    register = reads.proofs(session, viewer, after=after, limit=ROWS)
    return page(
        request, "proofs.html", viewer, own=own_areas(session, viewer), register=register, after=after,
        today=today(),
    )  # fmt: skip


@router.get("/verifications/{verification_id:uuid}")
def one(
    request: Request,
    session: PageSession,
    viewer: Worker,
    verification_id: UUID,
    state: State = "open",
    after: After = None,
) -> Response:
    """Show one verification beside the list."""
    return _page(
        request, session, viewer, state=state, after=after,
        found=reads.verification(session, viewer, verification_id),
    )  # fmt: skip


@router.get("/panels/housing-units/{unit_id}/dwelling")
def dwelling(session: PageSession, viewer: PlaceViewer, unit_id: UUID) -> Response:
    """Show what is noted of one dwelling and what may be done about it: a piece of the pane of a unit."""
    found = housing_unit(session, viewer, unit_id)
    may_work = viewer.may(Permission.VERIFICATION_WORK)
    may_note = viewer.may(Permission.DWELLING_NOTE)
    may_tell = viewer.may(Permission.TIP_GIVE)
    return piece(
        "_dwelling_notes.html", unit_id=found.id, may_work=may_work, may_note=may_note, may_tell=may_tell,
        may_close=viewer.may(Permission.TIP_WORK), dw=dwelling_words,
        verifications=reads.verifications(session, viewer, unit_id=unit_id, limit=5).rows if may_work else (),
        notes=notes.notes(session, viewer, unit_id=unit_id, limit=10).rows if may_note else (),
        tips=tips(session, viewer, unit_id=unit_id, limit=5).rows if may_tell else (),
    )  # fmt: skip


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    *,
    state: str,
    after: str | None,
    found: reads.VerificationDetail | None = None,
) -> Response:
    rows = reads.verifications(session, viewer, state=state or None, after=after, limit=ROWS)
    # Who may not state this purpose is given no advice.
    may_count = viewer.may(Permission.OCCUPANTS_LOOK) and PURPOSE in {
        one.code for one in purposes_for(session, viewer)
    }
    return page(
        request, "verifications.html", viewer, own=own_areas(session, viewer), rows=rows.rows, next=rows.next,
        after=after, state=state, found=found, today=today(), dw=dwelling_words, words=words,
        may_count=may_count, may_decide=viewer.may(Permission.VERIFICATION_DECIDE),
    )  # fmt: skip
