"""台账, 档案, 登记表, 居住证: what the desk of papers keeps."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, area, areas
from geo_registry.db import Session, today, transaction
from geo_registry.registration import ledger, permits, sheets, volumes
from geo_registry.registration.forms import current_forms
from web_map import access_words, paper_words, words
from web_map.deps import Opens, PageSession, RequestEngine, StatedLook, Token
from web_map.pages.home import own_areas
from web_map.pages.occupants import Looker
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS, CHOICES = 50, 100
HELPS: dict[str, Any] = {"paper": paper_words, "access": access_words}
Reader = Annotated[Viewer, Depends(Opens(Permission.CASE_READ), scope="function")]
Keeper = Annotated[Viewer, Depends(Opens(Permission.PAPER_KEEP), scope="function")]
LedgerViewer = Annotated[Viewer, Depends(Opens(Permission.LEDGER_LOOK), scope="function")]
LedgerLooker = Annotated[Viewer, Depends(Looker(Permission.LEDGER_LOOK))]
DeskViewer = Annotated[Viewer, Depends(Opens(Permission.PERMIT_RECORD), scope="function")]
DeskLooker = Annotated[Viewer, Depends(Looker(Permission.PERMIT_RECORD))]
After = Annotated[str | None, Query(max_length=200)]
Word = Annotated[str, Query(pattern="^[a-z_]{0,20}$")]


@router.get("/registrations/ledger")
def ledger_page(request: Request, session: PageSession, viewer: LedgerViewer) -> Response:
    """Ask for the area, the state and the days; the ledger itself is a look."""
    return page(
        request, "ledger.html", viewer, own=own_areas(session, viewer), areas=_choosable(session, viewer),
        purposes=purposes_for(session, viewer), **HELPS,
    )  # fmt: skip


@router.post("/panels/ledger")
def ledger_rows(
    engine: RequestEngine,
    viewer: LedgerLooker,
    look: StatedLook,
    area_id: Annotated[UUID, Form()],
    status: Annotated[str, Form(pattern="^[a-z_]{0,20}$")] = "",
    since: Annotated[dt.date | None, Form()] = None,
    until: Annotated[dt.date | None, Form()] = None,
    after: Annotated[UUID | None, Form()] = None,
) -> Response:
    """List one page of the ledger of an area, masked."""
    wanted = ledger.Wanted(status or None, since, until)
    found = ledger.ledger(engine, look, area_id, wanted, after=after, limit=ROWS)
    with transaction(engine) as session:
        place = area(session, viewer, area_id)
        purposes = {option.code: option.title for option in purposes_for(session, viewer)}
    return piece(
        "_ledger.html", found=found, place=place, after=after, look=look, **HELPS,
        purpose_title=purposes.get(look.purpose, ""), may_ask=viewer.may(Permission.DISCLOSURE_REQUEST),
    )  # fmt: skip


@router.get("/registrations/volumes")
def all_volumes(
    request: Request,
    session: PageSession,
    viewer: Keeper,
    token: Token,
    after: After = None,
    volume: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List volumes, the chosen one with its pages beside them, and what waits to be bound."""
    found = volumes.volumes(session, viewer, after=after, limit=ROWS)
    chosen = volumes.volume(session, viewer, volume) if volume else None
    is_open = chosen is not None and chosen.closed_at is None
    return page(
        request, "volumes.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        chosen=chosen, pages=volumes.volume_pages(session, token, chosen.id) if chosen else [],
        waiting=volumes.unbound(session, token, limit=ROWS) if is_open or not chosen else None,
        areas=_choosable(session, viewer), **HELPS,
    )  # fmt: skip


@router.get("/registrations/sheets")
def all_sheets(
    request: Request,
    session: PageSession,
    viewer: Reader,
    status: Word = "",
    account: Annotated[UUID | None, Query()] = None,
    after: After = None,
) -> Response:
    """Count the sheets of each coordinator and list them."""
    return _sheets(request, session, viewer, status=status, account=account, after=after)


@router.get("/registrations/sheets/issues/{issue_id}")
def sheets_issued(request: Request, session: PageSession, viewer: Keeper, issue_id: UUID) -> Response:
    """Show the sheets with those that were handed out just now, to be printed."""
    return _sheets(request, session, viewer, issue=issue_id)


def _sheets(
    request: Request,
    session: Session,
    viewer: Viewer,
    *,
    status: str = "",
    account: UUID | None = None,
    after: str | None = None,
    issue: UUID | None = None,
) -> Response:
    found = sheets.sheets(session, viewer, status=status or None, issued_to=account, after=after, limit=ROWS)
    issued = sheets.issued(session, viewer, issue) if issue else ()
    return page(
        request, "sheets.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        totals=sheets.totals(session, viewer), coordinators=sheets.coordinators(session, viewer),
        asked={"status": status, "account": account or ""}, issue=issue, issued=issued,
        forms={one.form: one.title for one in current_forms()}, areas=_choosable(session, viewer),
        may_keep=viewer.may(Permission.PAPER_KEEP), **HELPS,
    )  # fmt: skip


@router.get("/permits")
def permits_page(request: Request, session: PageSession, viewer: DeskViewer) -> Response:
    """Ask for the document of the person at the desk."""
    return page(
        request, "permits.html", viewer, own=own_areas(session, viewer), documents=words.DOCUMENTS,
        purposes=purposes_for(session, viewer),
    )  # fmt: skip


@router.post("/panels/permits")
def permits_of(
    engine: RequestEngine,
    viewer: DeskLooker,
    look: StatedLook,
    id_type: Annotated[str, Form(max_length=30)],
    id_number: Annotated[str, Form(max_length=40)],
) -> Response:
    """Show registrations and referrals of a person, with what may be done."""
    found = permits.permits_of(engine, look, id_type, id_number)
    with transaction(engine) as session:
        purposes = {option.code: option.title for option in purposes_for(session, viewer)}
    return piece(
        "_permits.html", found=found, look=look, purpose_title=purposes.get(look.purpose, ""), today=today(),
        **HELPS,
    )  # fmt: skip


def _choosable(session: Session, viewer: Viewer) -> dict[str, tuple[AreaRow, ...]]:
    """Return the townships and communities of the viewer, as far as a list may hold them."""
    found = {
        words.LEVELS[level]: areas(session, viewer, level=level, limit=CHOICES).rows
        for level in ("community", "township")
    }
    return {title: rows for title, rows in found.items() if rows}
