"""The queues of declarations and of deaths: lists without persons, and one of them in full, on the record."""

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select

from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look
from geo_registry.access.viewer import Viewer, enter, hash_token
from geo_registry.address.matching.find import match
from geo_registry.address.matching.match import Candidate
from geo_registry.db import Session, today, transaction
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor

DECLARATION_STATES = ("pending", "confirmed", "rejected", "expired")
NOTICE_STATES = ("proposed", "confirmed", "rejected")
_DECLARATION = (
    "id", "kind", "status", "place", "declared_at", "lapses_on", "decided_at", "decided_by_name",
    "reject_reason", "case_id", "serial", "version",
)  # fmt: skip
_NOTICE = (
    "id", "source", "status", "place", "received_at", "decided_at", "decided_by_name", "reject_reason",
    "case_id", "serial", "version",
)  # fmt: skip
_MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class DeclarationRow:
    """One declaration in the queue: where, what and since when; nothing of who made it."""

    id: UUID
    kind: str
    status: str
    place: str
    declared_at: dt.datetime
    lapses_on: dt.date
    days_left: int
    decided_at: dt.datetime | None
    decided_by_name: str | None
    reject_reason: str | None
    case_id: UUID | None
    serial: str | None
    version: int


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One death that was told: where the person lives and since when it waits; nothing of who it is."""

    id: UUID
    source: str
    status: str
    place: str
    received_at: dt.datetime
    decided_at: dt.datetime | None
    decided_by_name: str | None
    reject_reason: str | None
    case_id: UUID | None
    serial: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A dwelling that the address of a declaration may mean; `grade` is that of the match."""

    unit_id: UUID | None
    building_id: UUID | None
    text: str
    grade: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenedDeclaration:
    """One declaration in full, with the dwellings that its address may mean and what the register knows."""

    audit_id: UUID
    declaration: dict[str, Any]
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class OpenedNotice:
    """One death that was told, with the person it is about."""

    audit_id: UUID
    notice: dict[str, Any]


def declarations(
    session: Session, token: str, *, status: str = "pending", after: str | None = None, limit: int = 50
) -> Page[DeclarationRow]:
    """Return the declarations of the viewer's areas in one state, the oldest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    day = today()
    rows = [
        DeclarationRow(**row, days_left=(row["lapses_on"] - day).days)
        for row in _rows(session, func.registry.read_declarations, _DECLARATION, token, status, after, limit)
    ]
    return cut(rows, limit, lambda row: (row.id,))


def death_notices(
    session: Session, token: str, *, status: str = "proposed", after: str | None = None, limit: int = 50
) -> Page[NoticeRow]:
    """Return the deaths told of the viewer's areas in one state, the oldest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    found = _rows(session, func.registry.read_death_notices, _NOTICE, token, status, after, limit)
    return cut([NoticeRow(**row) for row in found], limit, lambda row: (row.id,))


def declaration(session: Session, token: str, declaration_id: UUID) -> DeclarationRow:
    """Return one declaration as the queue shows it.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    asked = func.registry.read_declarations(hash_token(token), None, None, 1, declaration_id)
    for row in _told(session, asked, _DECLARATION):
        return DeclarationRow(**row, days_left=(row["lapses_on"] - today()).days)
    raise NotFound("not-found", "没有找到，或不在您的区域内")


def death_notice(session: Session, token: str, notice_id: UUID) -> NoticeRow:
    """Return one death that was told, as the queue shows it.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    asked = func.registry.read_death_notices(hash_token(token), None, None, 1, notice_id)
    for row in _told(session, asked, _NOTICE):
        return NoticeRow(**row)
    raise NotFound("not-found", "没有找到，或不在您的区域内")


def _rows(
    session: Session,
    call: Any,  # noqa: ANN401  (SQLAlchemy's functions have no type of their own)
    columns: tuple[str, ...],
    token: str,
    status: str,
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    last = read_cursor(after, UUID)[0] if after else None
    return _told(session, call(hash_token(token), status, last, checked_limit(limit) + 1), columns)


def _told(session: Session, asked: Any, columns: tuple[str, ...]) -> list[dict[str, Any]]:  # noqa: ANN401  (as above)
    answer = asked.table_valued(*columns).render_derived()
    found = session.execute(select(*(answer.c[name] for name in columns)).order_by(answer.c.id))
    return [dict(row._mapping) for row in found]  # noqa: SLF001  (the public way to a row's names)


def open_declaration(engine: Engine, request: Look, declaration_id: UUID) -> OpenedDeclaration:
    """Show one declaration in full: a look on the record.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    fields = ("name", "id_number", "phone", "address")
    audit_id, told = look(engine, request, Target("declaration", "declaration", declaration_id, fields))
    if told is None:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    for name in ("id_number", "phone"):
        told[name] = _opened(name, declaration_id, told[name])
    with transaction(engine) as session:
        suggestions = suggest(session, enter(session, request.token), told["address_text"])
    return OpenedDeclaration(audit_id, told, suggestions)


def open_notice(engine: Engine, request: Look, notice_id: UUID) -> OpenedNotice:
    """Show whom a death notice is about: a look on the record.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    fields = ("name", "sex", "age", "id_tail", "address")
    audit_id, told = look(engine, request, Target("death", "death_notice", notice_id, fields))
    if told is None:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    return OpenedNotice(audit_id, told)


def suggest(session: Session, viewer: Viewer, address: str) -> tuple[Suggestion, ...]:
    """Return the dwellings within the viewer's areas that an address may mean, the best first."""
    found = match(session, viewer, address, _MOST_CANDIDATES)
    return tuple(_suggestion(one, found.grade) for one in found.candidates if one.building_id is not None)


def _suggestion(one: Candidate, grade: str) -> Suggestion:
    unit = one.unit_id or (one.id if one.kind == "unit" else None)
    return Suggestion(unit, one.building_id, one.text, grade, one.reasons)


def _opened(column: str, row_id: UUID, sealed: str | None) -> str | None:
    return None if sealed is None else cipher.open_("declaration", column, row_id, base64.b64decode(sealed))
