"""Acts of verifying a dwelling: open, visit, hear, approve, refuse, withdraw, print (R44, R47, R100)."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from geo_registry.access import acts
from geo_registry.access.rules import Permission, Role
from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_code, new_id
from geo_registry.db import TIMEZONE, Session, today, translated
from geo_registry.errors import Conflict, Refused, RuleBroken
from geo_registry.verification import rules
from geo_registry.verification.dwelling import authorize_at, dwelling_of
from geo_registry.verification.tables import Verification, VerificationStatement

KIND = "verification"
# The noun of cases stands beside this one.
_CASE = text("SELECT unit_id FROM registry.registration_case WHERE id = :case")
_NUMBER = text("SELECT nextval('registry.certificate_number')")


@dataclass(frozen=True, slots=True)
class Print:
    """打印: which time the proof of a verification is printed; the first is no reprint."""

    verification_id: UUID
    turn: int


def open_verification(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    case_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Open the verification of a dwelling, with the case it is for or by itself.

    Raises:
        RuleBroken: `unit-unknown`, `case-elsewhere`.
        Conflict: `verification-open`, one is under way for the same matter.
        Refused: the role, the area or the block does not allow it.

    """
    unit = dwelling_of(session, unit_id)
    authorize_at(session, viewer, Permission.VERIFICATION_WORK, unit)
    if case_id is not None and session.execute(_CASE, {"case": case_id}).scalar() != unit_id:
        raise RuleBroken("case-elsewhere", "没有这个登记案件，或不在该户室，请核对后重选", field="case_id")
    same = select(Verification.number).where(
        Verification.unit_id == unit_id, Verification.state == "open",
        Verification.case_id.is_not_distinct_from(case_id),
    )  # fmt: skip
    if number := session.execute(same).scalar():
        raise Conflict("verification-open", f"该户室已有核实中的 {number}，请在其上继续办理")
    row = Verification(
        id=new_id(), number=f"HS{new_code()}", unit_id=unit_id, building_id=unit.building_id, case_id=case_id,
        state="open", opened_by=viewer.account_id, district_id=unit.district_id,
        township_id=unit.township_id, community_id=unit.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "open", KIND, row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def visit(
    session: Session,
    viewer: Viewer,
    *,
    verification_id: UUID,
    version: int,
    visited_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Note the day on which the home was visited.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `verification-state`.
        RuleBroken: `day-invalid`.

    """
    row = _load(session, viewer, "visit", verification_id, version)
    opened = row.opened_at.astimezone(ZoneInfo(TIMEZONE)).date()
    row.visited_on = rules.check_day(
        visited_on or today(), first=min(opened, today()), today=today(), field="visited_on"
    )
    row.visited_by = viewer.account_id
    begin_act(session, viewer, "visit", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def hear(
    session: Session,
    viewer: Viewer,
    *,
    verification_id: UUID,
    version: int,
    speaker: str,
    lives_there: bool,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record what the applicant or a third party says; who spoke is kept by kind alone.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `verification-state`.
        RuleBroken: `speaker-unknown`, `statements-many`.

    """
    row = _load(session, viewer, "statement", verification_id, version)
    rules.choose(speaker, rules.SPEAKERS, "speaker", "speaker-unknown")
    if len(_said(session, verification_id)) >= rules.MOST_STATEMENTS:
        raise RuleBroken(
            "statements-many", f"一次核实最多 {rules.MOST_STATEMENTS} 条陈述，请据此审定", field="speaker"
        )
    act_id = begin_act(session, viewer, "hear", KIND, row, Paper(document_number, reason))
    session.add(
        VerificationStatement(
            id=new_id(), verification_id=row.id, speaker=speaker, lives_there=lives_there,
            heard_by=viewer.account_id, act_id=act_id,
        )
    )  # fmt: skip
    return finish(session, row)


def approve(
    session: Session,
    viewer: Viewer,
    *,
    verification_id: UUID,
    version: int,
    certificate_until: dt.date | None = None,
    note: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Find a dwelling lawful and lived in, and give the proof the next number of the register.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `verification-state`.
        Refused: `same-account`, who opened it does not decide it.
        RuleBroken: what the approval still needs; `until-invalid`.

    """
    row = _load(session, viewer, "approve", verification_id, version, Permission.VERIFICATION_DECIDE)
    note = rules.written(note, "note", 300)
    missing = rules.missing_for_approval(row.visited_on, _said(session, verification_id), note)
    if missing is not None:
        raise missing
    until = rules.proof_until(certificate_until, today())
    # Last of all: a number that is taken and not given is a gap in the register.
    number = session.execute(_NUMBER).scalar_one()
    row.certificate_number, row.certificate_until = f"ZS{today().year}-{number:06d}", until
    _decide(row, viewer, "approved", note)
    begin_act(session, viewer, "approve", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def refuse(
    session: Session,
    viewer: Viewer,
    *,
    verification_id: UUID,
    version: int,
    refusal: str,
    note: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Refuse the proof for one of the coded reasons.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `verification-state`.
        Refused: `same-account`, who opened it does not decide it.
        RuleBroken: `refusal-unknown`, `visit-missing`, `note-missing`.

    """
    row = _load(session, viewer, "refuse", verification_id, version, Permission.VERIFICATION_DECIDE)
    note = rules.written(note, "note", 300)
    rules.check_refusal(refusal, row.visited_on, note)
    row.refusal = refusal
    _decide(row, viewer, "refused", note)
    begin_act(session, viewer, "refuse", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def withdraw(
    session: Session,
    viewer: Viewer,
    *,
    verification_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a verification without a decision.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `verification-state`.
        RuleBroken: `reason-required`.

    """
    row = _load(session, viewer, "withdraw", verification_id, version)
    if not reason:
        raise RuleBroken("reason-required", "撤回须写明理由", field="reason")
    row.state = "withdrawn"
    begin_act(session, viewer, "withdraw", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def print_proof(session: Session, viewer: Viewer, *, verification_id: UUID) -> Print:
    """Note that the proof is printed, and answer which time it is.

    Raises:
        NotFound: no such verification.
        Conflict: `verification-state`; `proof-expired`.
        Refused: the role, the area or the block does not allow it.

    """
    row = _load(session, viewer, "print", verification_id, None)
    if row.certificate_until is not None and row.certificate_until < today():
        raise Conflict("proof-expired", f"该证明已于 {row.certificate_until} 到期，请重新核实")
    before = select(func.count()).where(
        Act.object_id == row.id, Act.verb == "print", Act.at >= row.opened_at - dt.timedelta(days=1)
    )
    turn = session.execute(before).scalar_one() + 1
    acts.record(
        session, viewer, "print", KIND, row.id,
        division_id=row.community_id or row.township_id or row.district_id,
        reason=None if turn == 1 else f"补打（第 {turn} 次）",
    )  # fmt: skip
    return Print(row.id, turn)


def _load(
    session: Session,
    viewer: Viewer,
    act: str,
    verification_id: UUID,
    version: int | None,
    permission: Permission = Permission.VERIFICATION_WORK,
) -> Verification:
    """Return a verification locked for an act that its state allows; a print needs no version."""
    known = version if version is not None else _version(session, verification_id)
    row = load_for_change(
        session, viewer, Verification, verification_id, version=known, permission=permission
    )
    authorize_at(session, viewer, permission, row)
    if permission is Permission.VERIFICATION_DECIDE and row.opened_by == viewer.account_id:
        raise Refused("same-account", "发起人不能审定自己发起的核实，请另一名民警或站长审定")
    if act == "withdraw" and row.opened_by != viewer.account_id and viewer.role is Role.COORDINATOR:
        raise Refused("not-yours", "只有发起人、民警或站长可以撤回")
    rules.VERIFICATION.step(act, row.state)
    return row


def _version(session: Session, verification_id: UUID) -> int:
    """Return the version as it is once the row is held: a print changes nothing and reads what there is."""
    query = select(Verification.version).where(Verification.id == verification_id)
    with translated():
        return session.execute(query.with_for_update(key_share=True)).scalar() or 0


def _said(session: Session, verification_id: UUID) -> list[rules.Said]:
    query = select(VerificationStatement.speaker, VerificationStatement.lives_there)
    rows = session.execute(query.where(VerificationStatement.verification_id == verification_id))
    return [rules.Said(*row) for row in rows]


def _decide(row: Verification, viewer: Viewer, state: str, note: str | None) -> None:
    row.state, row.note, row.decided_by = state, note, viewer.account_id
    row.decided_at = dt.datetime.now(dt.UTC)
