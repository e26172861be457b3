"""Lawful dwellings: verifications, their proofs, and what the rules of letting advise."""

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
    Transaction,
    answer,
    one,
)
from api.deps import Page as Paged
from api.schemas.act import Paper, WrittenOut
from api.schemas.verification import (
    Approval,
    DwellingQuery,
    NewVerification,
    RefusalIn,
    Rooms,
    StatementIn,
    VisitIn,
)
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.verification import occupancy, reads, writes
from geo_registry.verification.certificate import certificate_pdf

router = APIRouter(prefix="/v1", tags=["verifications"])
WORK = Depends(Needs(Permission.VERIFICATION_WORK))
DECIDE = Depends(Needs(Permission.VERIFICATION_DECIDE))
COUNT = Depends(NeedsToLook(Permission.OCCUPANTS_LOOK))
OF = "/verifications/{verification_id}"


@router.get("/verifications", response_model=Page[reads.VerificationRow], dependencies=[WORK])
def verifications(
    query: Annotated[DwellingQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List verifications, the latest first."""
    return answer(reads.verifications(session, viewer, **query.asked()))


@router.get("/verification-certificates", response_model=reads.ProofRegister, dependencies=[WORK])
def proofs(query: Paged, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the proofs in the order of their numbers, with the numbers that are missing."""
    return answer(reads.proofs(session, viewer, after=query.after, limit=query.limit))


@router.get(OF, response_model=reads.VerificationDetail, dependencies=[WORK])
def verification(verification_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one verification: visit, statements, decision, and what an approval still needs."""
    return one(reads.verification(session, viewer, verification_id))


@router.post("/verifications", status_code=201, dependencies=[WORK], response_model=WrittenOut)
def open_verification(body: NewVerification, act: Once) -> Response:
    """Open the verification of a dwelling."""
    return act.once(partial(writes.open_verification, act.session, act.viewer, **body.given()), 201)


@router.post(f"{OF}/actions/visit", dependencies=[WORK], response_model=WrittenOut)
def visit(verification_id: UUID, body: VisitIn, version: IfMatch, act: Once) -> Response:
    """Note the day of the visit."""
    told = {"verification_id": verification_id, "version": version, **body.given()}
    return act.once(partial(writes.visit, act.session, act.viewer, **told))


@router.post(f"{OF}/actions/statement", dependencies=[WORK], response_model=WrittenOut)
def hear(verification_id: UUID, body: StatementIn, version: IfMatch, act: Once) -> Response:
    """Record what the applicant or a third party says."""
    told = {"verification_id": verification_id, "version": version, **body.given()}
    return act.once(partial(writes.hear, act.session, act.viewer, **told))


@router.post(f"{OF}/actions/approve", dependencies=[DECIDE], response_model=WrittenOut)
def approve(verification_id: UUID, body: Approval, version: IfMatch, act: Once) -> Response:
    """Approve a dwelling and give its proof the next number."""
    told = {"verification_id": verification_id, "version": version, **body.given()}
    return act.once(partial(writes.approve, act.session, act.viewer, **told))


@router.post(f"{OF}/actions/refuse", dependencies=[DECIDE], response_model=WrittenOut)
def refuse(verification_id: UUID, body: RefusalIn, version: IfMatch, act: Once) -> Response:
    """Refuse the proof for a coded reason."""
    told = {"verification_id": verification_id, "version": version, **body.given()}
    return act.once(partial(writes.refuse, act.session, act.viewer, **told))


@router.post(f"{OF}/actions/withdraw", dependencies=[WORK], response_model=WrittenOut)
def withdraw(verification_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a verification without a decision."""
    told = {"verification_id": verification_id, "version": version, **body.given()}
    return act.once(partial(writes.withdraw, act.session, act.viewer, **told))


@router.post(f"{OF}/certificate", dependencies=[WORK])
def print_proof(verification_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Print the proof as PDF; each print is noted, and a reprint says that it is one."""
    printed = writes.print_proof(session, viewer, verification_id=verification_id)
    found = reads.verification(session, viewer, verification_id)
    name = f'attachment; filename="{found.row.certificate_number}.pdf"'
    headers = {**NO_STORE, "Content-Disposition": name}
    return Response(certificate_pdf(found, turn=printed.turn), headers=headers, media_type="application/pdf")


@router.post(
    "/housing-units/{unit_id}/occupancy-advice", dependencies=[COUNT], response_model=occupancy.Advice
)
def occupancy_advice(unit_id: UUID, body: Rooms, engine: App, look: CurrentLook) -> Response:
    """Say what the local rules of letting tell of the number of residents; advice only, kept nowhere."""
    found = occupancy.occupancy_advice(engine, look, unit_id, rooms=body.rooms)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})
