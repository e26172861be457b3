"""居住证转办: who was pointed to the permit desk, and which permit came of it; no permits are made here."""

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access import acts, cipher
from geo_registry.access.audit import Look, Target, legible, look
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import Engine, Session
from geo_registry.errors import RuleBroken
from geo_registry.registration import desk
from geo_registry.residence.reads import nobody, subject_of

Step = Literal["accepted", "issued", "endorsed", "refused"]
FIELDS = ("name_masked", "sex", "age", "id_tail", "registration", "permit")
_VERBS: dict[Step, str] = {
    "accepted": "accept",
    "issued": "issue",
    "endorsed": "endorse",
    "refused": "refuse",
}


@dataclass(frozen=True, slots=True)
class Permit:
    """How far a referral is; nothing of its person."""

    id: UUID
    status: str
    referred_on: dt.date
    issued_on: dt.date | None
    expires_on: dt.date | None
    archive_number: str | None
    version: int


def permits_of(engine: Engine, request: Look, id_type: str, id_number: str) -> dict[str, Any]:
    """Look at the registrations and referrals of the person of a document.

    Raises:
        RuleBroken: the number is not one of its kind.
        NotFound: nobody of that document in the viewer's area.

    """
    subject = subject_of(id_type, id_number)
    audit_id, told = look(engine, request, Target("permit", "person", None, FIELDS, subject=subject))
    if told is None:
        raise nobody(audit_id)
    found: dict[str, Any] = told
    return found


def permit(session: Session, token: str, referral_id: UUID) -> Permit:
    """Return how far a referral is.

    Raises:
        NotFound: there is none in the viewer's area.

    """
    call = func.registry.permit_state(hash_token(token), referral_id)
    columns = ("id", "status", "referred_on", "issued_on", "expires_on", "archive_number", "version")
    answer = call.table_valued(*columns).render_derived()
    row = session.execute(select(*answer.c)).one_or_none()
    if row is None:
        desk.refuse("not-found")
    return Permit(*row)


def refer_permit(session: Session, viewer: Viewer, token: str, *, registration_id: UUID) -> Written:
    """Refer the person of a registration who came without a referral.

    Raises:
        NotFound: no such registration in the viewer's area.
        Conflict: it is not valid, or the person has an open referral.

    """
    referral_id = new_id()
    act_id = acts.record(session, viewer, "refer", "permit_referral", referral_id)
    told = {"id": referral_id, "registration_id": registration_id, "act_id": act_id}
    desk.done(session, func.registry.refer_permit(hash_token(token), desk.jsonb(**told)))
    return Written(referral_id, 1)


def keep_permit(
    session: Session,
    viewer: Viewer,
    token: str,
    referral_id: UUID,
    *,
    step: Step,
    version: int,
    number: str | None = None,
    issued_on: dt.date | None = None,
    expires_on: dt.date | None = None,
    reason: str | None = None,
) -> Written:
    """Record one step of the permit desk: accepted, issued, endorsed or refused.

    Raises:
        NotFound: no such referral in the viewer's area.
        Conflict: it is not in a state for the step.
        RuleBroken: dates or number do not fit.
        Stale: `version` is not the current one.

    """
    why = legible(reason) if reason else None
    if step == "refused" and not why:
        raise RuleBroken(
            "reason-missing", "不予办理须写明原因，不能写证件号码或电话，请重新填写", field="reason"
        )
    act_id = acts.record(session, viewer, _VERBS[step], "permit_referral", referral_id, reason=why)
    told: dict[str, Any] = {
        "id": referral_id, "version": version, "step": step, "issued_on": issued_on,
        "expires_on": expires_on, "act_id": act_id,
    }  # fmt: skip
    if number is not None:
        sealed = cipher.seal("permit_referral", "permit_number", referral_id, number)
        told |= {"number": base64.b64encode(sealed).decode(), "tail": number[-4:]}
    call = func.registry.keep_permit(hash_token(token), desk.jsonb(**told))
    (current,) = desk.done(session, call, "version")
    return Written(referral_id, current)
