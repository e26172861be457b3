"""Questions about verifications: work in hand, one with its dossier, the register of proofs."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text

from geo_registry.access.rules import Permission
from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.verification import rules
from geo_registry.verification.dwelling import name_of, placed, reachable
from geo_registry.verification.tables import Verification, VerificationStatement

# Numbers that no proof carries: taken for one whose decision did not come about.
_GAPS = text("""
    SELECT n::int FROM generate_series(1, (
      SELECT max(split_part(v.certificate_number, '-', 2)::int) FROM registry.verification v)) n
    WHERE NOT EXISTS (SELECT FROM registry.verification v
      WHERE v.certificate_number IS NOT NULL AND split_part(v.certificate_number, '-', 2)::int = n)
    ORDER BY n LIMIT 100
""")
_COUNTED = text("""
    SELECT count(certificate_number), coalesce(max(split_part(certificate_number, '-', 2)::int), 0)
    FROM registry.verification
""")


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """One verification in a list; it names no person but who works on it."""

    id: UUID
    number: str
    unit_id: UUID
    building_id: UUID
    case_id: UUID | None
    state: str
    opened_by: str | None
    opened_at: dt.datetime
    visited_on: dt.date | None
    statements: int
    refusal: str | None
    decided_by: str | None
    decided_at: dt.datetime | None
    certificate_number: str | None
    certificate_until: dt.date | None
    version: int
    address: str
    unit_text: str
    community: str | None

    @property
    def state_title(self) -> str:
        """The state in words."""
        return rules.VERIFICATION.states[self.state]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One statement: who spoke, by kind, and what was said."""

    id: UUID
    speaker: str
    lives_there: bool
    heard_by: str | None
    heard_at: dt.datetime


@dataclass(frozen=True, slots=True)
class VerificationDetail:
    """One verification with its dossier, what an approval still needs, and what follows from a refusal."""

    row: VerificationRow
    note: str | None
    visited_by: str | None
    statements: tuple[StatementRow, ...]
    prints: int
    missing: str | None
    refusal_title: str | None
    follows: str | None
    may: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One proof of the register."""

    certificate_number: str
    certificate_until: dt.date
    decided_at: dt.datetime
    decided_by: str | None
    prints: int
    verification_id: UUID
    number: str
    address: str
    unit_text: str
    community: str | None


@dataclass(frozen=True, slots=True)
class ProofRegister:
    """证明登记册: the proofs of the viewer's areas; counts and missing numbers are of the installation."""

    issued: int
    last: int
    gaps: tuple[int, ...]
    rows: tuple[ProofRow, ...]
    next: str | None


def verifications(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    unit_id: UUID | None = None,
    building_id: UUID | None = None,
    mine: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[VerificationRow]:
    """Return verifications, the latest first; `mine` are those the viewer opened."""
    query = _rows().where(reachable(viewer, Verification))
    for column, value in (
        (Verification.state, state), (Verification.unit_id, unit_id),
        (Verification.building_id, building_id),
        (Verification.opened_by, viewer.account_id if mine else None),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(Verification.id < read_cursor(after, UUID)[0])
    query = query.order_by(Verification.id.desc()).limit(checked_limit(limit) + 1)
    return cut([VerificationRow(*row) for row in session.execute(query)], limit, lambda row: (row.id,))


def verification(session: Session, viewer: Viewer, verification_id: UUID) -> VerificationDetail:
    """Return one verification with its dossier.

    Raises:
        NotFound: there is none, or not one of the viewer's.

    """
    more: Any = (Verification.note, name_of(Verification.visited_by), Verification.opened_by)
    query = _rows().add_columns(*more)
    found = session.execute(
        query.where(Verification.id == verification_id, reachable(viewer, Verification))
    ).one_or_none()
    if found is None:
        raise NotFound("verification-not-found", "没有这项核实，或不在您负责的范围内")
    *told, note, visited_by, opened_by = found
    row = VerificationRow(*told)
    said = _statements(session, verification_id)
    refusal = rules.REFUSALS.get(row.refusal or "")
    return VerificationDetail(
        row, note, visited_by, said, _prints(session, row), _missing(row, said, note),
        refusal.title if refusal else None, refusal.follows if refusal else None,
        _acts(viewer, row, opened_by), row.version,
    )  # fmt: skip


def proofs(session: Session, viewer: Viewer, *, after: str | None = None, limit: int = 50) -> ProofRegister:
    """Return the register of proofs in the order of their numbers, the last first."""
    number = Verification.certificate_number
    prints = (
        select(func.count())
        .where(Act.object_id == Verification.id, Act.verb == "print", Act.at >= Verification.opened_at)
        .scalar_subquery()
    )
    query = placed(
        Verification, number, Verification.certificate_until, Verification.decided_at,
        name_of(Verification.decided_by), prints, Verification.id, Verification.number,
    ).where(number.is_not(None), reachable(viewer, Verification))  # fmt: skip
    if after is not None:
        query = query.where(number < read_cursor(after, str)[0])
    rows = session.execute(query.order_by(number.desc()).limit(checked_limit(limit) + 1)).all()
    page = cut([ProofRow(*row) for row in rows], limit, lambda row: (row.certificate_number,))
    issued, last = session.execute(_COUNTED).one()
    return ProofRegister(issued, last, tuple(session.execute(_GAPS).scalars()), page.rows, page.next)


def _rows() -> Select[Any]:
    row = Verification
    said = select(func.count()).where(VerificationStatement.verification_id == row.id).scalar_subquery()
    return placed(
        row, row.id, row.number, row.unit_id, row.building_id, row.case_id, row.state, name_of(row.opened_by),
        row.opened_at, row.visited_on, said, row.refusal, name_of(row.decided_by), row.decided_at,
        row.certificate_number, row.certificate_until, row.version,
    )  # fmt: skip


def _statements(session: Session, verification_id: UUID) -> tuple[StatementRow, ...]:
    query = (
        select(
            VerificationStatement.id, VerificationStatement.speaker, VerificationStatement.lives_there,
            name_of(VerificationStatement.heard_by), VerificationStatement.heard_at,
        )
        .where(VerificationStatement.verification_id == verification_id)
        .order_by(VerificationStatement.id)
    )  # fmt: skip
    return tuple(StatementRow(*row) for row in session.execute(query))


def _prints(session: Session, row: VerificationRow) -> int:
    query = select(func.count()).where(Act.object_id == row.id, Act.verb == "print", Act.at >= row.opened_at)
    return session.execute(query).scalar_one()


def _missing(row: VerificationRow, said: tuple[StatementRow, ...], note: str | None) -> str | None:
    if row.state != "open":
        return None
    told = [rules.Said(one.speaker, one.lives_there) for one in said]
    fault = rules.missing_for_approval(row.visited_on, told, note)
    return fault.detail if fault else None


def _acts(viewer: Viewer, row: VerificationRow, opened_by: UUID) -> tuple[str, ...]:
    """Return the acts that the viewer may do now: nobody decides what he opened."""
    decides = viewer.may(Permission.VERIFICATION_DECIDE) and viewer.account_id != opened_by
    return tuple(
        act
        for act in rules.VERIFICATION.next_acts(row.state)
        if (decides if act in {"approve", "refuse"} else viewer.may(Permission.VERIFICATION_WORK))
    )
