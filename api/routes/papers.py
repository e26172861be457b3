"""Papers of cases, the ledger, archive volumes, numbered sheets, referrals to the permit desk."""

from dataclasses import asdict
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentLook,
    CurrentViewer,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Page,
    Token,
    Transaction,
    answer,
    one,
)
from api.schemas.act import WrittenOut
from api.schemas.paper import (
    Binding,
    LedgerOut,
    LedgerQuery,
    NewReferral,
    NewSheets,
    NewVolume,
    PaperOf,
    PermitIssue,
    PermitRefusal,
    PermitTerm,
    SheetQuery,
    SheetRange,
    VoidRange,
    VolumeOut,
)
from api.schemas.residence import Identity
from geo_registry import pages
from geo_registry.access.viewer import Permission
from geo_registry.registration import ledger, papers, permits, sheets, volumes

router = APIRouter(prefix="/v1", tags=["papers"])
PAPER = Depends(NeedsToLook(Permission.CASE_OPEN))
LEDGER = Depends(NeedsToLook(Permission.LEDGER_LOOK))
PERMIT = Depends(NeedsToLook(Permission.PERMIT_RECORD))
RECORD = Depends(Needs(Permission.PERMIT_RECORD))
READ = Depends(Needs(Permission.CASE_READ))
KEEP = Depends(Needs(Permission.PAPER_KEEP))


@router.post("/registrations/{case_id}/papers", dependencies=[PAPER], response_class=Response)
def make_paper(case_id: UUID, body: PaperOf, engine: App, look: CurrentLook) -> Response:
    """Print one paper of one form: a look on the record, whose number stands on the paper."""
    made = papers.make_paper(engine, look, case_id, body.form_id, body.paper)
    return _pdf(made.content, made.name, {"Audit-Id": str(made.audit_id)})


@router.post("/areas/{area_id}/ledger", dependencies=[LEDGER], response_model=LedgerOut)
def ledger_of_area(area_id: UUID, body: LedgerQuery, engine: App, look: CurrentLook) -> Response:
    """List the ledger (台账) of a community or township, masked, newest first."""
    wanted = ledger.Wanted(body.status, body.since, body.until)
    found = ledger.ledger(engine, look, area_id, wanted, after=body.after, limit=body.limit)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})


@router.get("/form-sheets", dependencies=[READ], response_model=pages.Page[sheets.SheetRow])
def form_sheets(
    query: Annotated[SheetQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List numbered sheets, newest first; who keeps no papers sees the own ones."""
    found = sheets.sheets(
        session, viewer, status=query.status, issued_to=query.account_id, after=query.after, limit=query.limit
    )
    return answer(found, NO_STORE)


@router.get("/form-sheets/totals", dependencies=[READ], response_model=list[sheets.SheetTotals])
def sheet_totals(session: Transaction, viewer: CurrentViewer) -> Response:
    """Count the sheets of each coordinator: issued = returned + void + still out."""
    return answer(sheets.totals(session, viewer), NO_STORE)


@router.get("/form-sheets/issues/{issue_id}", dependencies=[KEEP], response_class=Response)
def sheets_of_issue(issue_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Print the blank sheets of one issue that are still unused, one a page."""
    return _pdf(sheets.sheets_pdf(session, viewer, issue_id), "sheets.pdf")


@router.post("/form-sheets", status_code=201, response_model=WrittenOut, dependencies=[KEEP])
def issue_sheets(body: NewSheets, token: Token, act: Once) -> Response:
    """Hand out numbered sheets; answers the issue, whose sheets can be printed, and how many."""
    issue = partial(sheets.issue_sheets, act.session, act.viewer, token, **body.model_dump())
    return act.once(issue, 201)


@router.post("/form-sheets/actions/return", response_model=WrittenOut, dependencies=[KEEP])
def return_sheets(body: SheetRange, token: Token, act: Once) -> Response:
    """Take back sheets, all from one number to another or none; answers the act and how many."""
    return _moved(act, token, "returned", body)


@router.post("/form-sheets/actions/verify", response_model=WrittenOut, dependencies=[KEEP])
def verify_sheets(body: SheetRange, token: Token, act: Once) -> Response:
    """Mark returned sheets as checked."""
    return _moved(act, token, "verified", body)


@router.post("/form-sheets/actions/void", response_model=WrittenOut, dependencies=[KEEP])
def void_sheets(body: VoidRange, token: Token, act: Once) -> Response:
    """Void sheets that were spoilt or lost; their numbers are never used again."""
    return _moved(act, token, "void", body)


@router.get("/volumes", dependencies=[KEEP], response_model=pages.Page[volumes.VolumeRow])
def all_volumes(page: Page, session: Transaction, viewer: CurrentViewer) -> Response:
    """List archive volumes, newest first."""
    return answer(volumes.volumes(session, viewer, after=page.after, limit=page.limit), NO_STORE)


@router.get("/volumes/unbound", dependencies=[KEEP], response_model=pages.Page[volumes.Unbound])
def unbound_cases(page: Page, session: Transaction, token: Token) -> Response:
    """List cases that took effect and lie in no volume, the oldest first."""
    return answer(volumes.unbound(session, token, after=page.after, limit=page.limit), NO_STORE)


@router.get("/volumes/{volume_id}", dependencies=[KEEP], response_model=VolumeOut)
def one_volume(volume_id: UUID, session: Transaction, viewer: CurrentViewer, token: Token) -> Response:
    """Show one volume with its pages."""
    found = volumes.volume(session, viewer, volume_id)
    rows = volumes.volume_pages(session, token, volume_id)
    told = {**asdict(found), "pages": [asdict(row) for row in rows]}
    return answer(told, {"ETag": f'"{found.version}"', **NO_STORE})


@router.get("/volumes/{volume_id}/list", dependencies=[KEEP], response_class=Response)
def list_of_volume(volume_id: UUID, session: Transaction, viewer: CurrentViewer, token: Token) -> Response:
    """Print the list of what lies in a volume."""
    return _pdf(volumes.volume_pdf(session, viewer, token, volume_id), "volume.pdf")


@router.post("/volumes", status_code=201, response_model=WrittenOut, dependencies=[KEEP])
def open_volume(body: NewVolume, token: Token, act: Once) -> Response:
    """Open a volume; it takes the next number of the year in its district."""
    return act.once(partial(volumes.open_volume, act.session, act.viewer, token, **body.model_dump()), 201)


@router.post("/volumes/{volume_id}/actions/bind", response_model=WrittenOut, dependencies=[KEEP])
def bind_forms(volume_id: UUID, body: Binding, version: IfMatch, token: Token, act: Once) -> Response:
    """Bind all forms of some cases, page after page, all or none."""
    bind = partial(volumes.bind_forms, act.session, act.viewer, token, volume_id)
    return act.once(partial(bind, serials=body.serials, version=version))


@router.post("/volumes/{volume_id}/actions/close", response_model=WrittenOut, dependencies=[KEEP])
def close_volume(volume_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Close a volume for good."""
    return act.once(partial(volumes.close_volume, act.session, act.viewer, token, volume_id, version=version))


@router.post("/permits/lookup", dependencies=[PERMIT])
def permits_of(body: Identity, engine: App, look: CurrentLook) -> Response:
    """Show the registrations and permit referrals of the person of a document."""
    found = permits.permits_of(engine, look, body.id_type, body.id_number)
    return answer(found, {**NO_STORE, "Audit-Id": found["audit_id"]})


@router.get("/permits/{permit_id}", dependencies=[RECORD], response_model=permits.Permit)
def one_permit(permit_id: UUID, session: Transaction, token: Token) -> Response:
    """Show how far a referral is, and its version; nothing of its person."""
    return one(permits.permit(session, token, permit_id))


@router.post("/permits", status_code=201, response_model=WrittenOut, dependencies=[RECORD])
def refer_permit(body: NewReferral, token: Token, act: Once) -> Response:
    """Refer the person of a registration who came without a referral."""
    return act.once(partial(permits.refer_permit, act.session, act.viewer, token, **body.model_dump()), 201)


@router.post("/permits/{permit_id}/actions/accept", response_model=WrittenOut, dependencies=[RECORD])
def accept_permit(permit_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Accept an application; it takes the next archive number of the year in the district."""
    return _stepped(act, token, permit_id, "accepted", version)


@router.post("/permits/{permit_id}/actions/issue", response_model=WrittenOut, dependencies=[RECORD])
def issue_permit(permit_id: UUID, body: PermitIssue, version: IfMatch, token: Token, act: Once) -> Response:
    """Record that a permit was issued, with number and term."""
    return _stepped(act, token, permit_id, "issued", version, **body.model_dump())


@router.post("/permits/{permit_id}/actions/endorse", response_model=WrittenOut, dependencies=[RECORD])
def endorse_permit(permit_id: UUID, body: PermitTerm, version: IfMatch, token: Token, act: Once) -> Response:
    """Record that a permit was endorsed for a new term."""
    return _stepped(act, token, permit_id, "endorsed", version, **body.model_dump())


@router.post("/permits/{permit_id}/actions/refuse", response_model=WrittenOut, dependencies=[RECORD])
def refuse_permit(
    permit_id: UUID, body: PermitRefusal, version: IfMatch, token: Token, act: Once
) -> Response:
    """Record that a permit was refused, and why."""
    return _stepped(act, token, permit_id, "refused", version, **body.model_dump())


def _moved(act: Once, token: str, step: sheets.Step, body: SheetRange) -> Response:
    move = partial(sheets.move_sheets, act.session, act.viewer, token, step=step, **body.model_dump())
    return act.once(move)


def _stepped(
    act: Once, token: str, permit_id: UUID, step: permits.Step, version: int, **more: object
) -> Response:
    keep = partial(permits.keep_permit, act.session, act.viewer, token, permit_id, step=step)
    return act.once(partial(keep, version=version, **more))


def _pdf(content: bytes, name: str, more: dict[str, str] | None = None) -> Response:
    headers = {**NO_STORE, "Content-Disposition": f'inline; filename="{name}"', **(more or {})}
    return Response(content, headers=headers, media_type="application/pdf")
