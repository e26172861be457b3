"""The audit as its administrators read it, on the record themselves; and what the server adds to it."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, text

from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.access.viewer import hash_token
from geo_registry.db import Session, transaction, translated
from geo_registry.pages import Page, cut, read_cursor

_PAGE = text("""
    SELECT * FROM registry.read_audit(:token, :account, :action, :decision, :purpose, :day, :after, :rows)""")
_STATE = text("SELECT * FROM registry.audit_state(:token)")
_REFUSAL = text("SELECT registry.note_refusal(:token, :code, :route, :object_id)")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row: who did what to which object, why, and what was decided; names of fields, never values."""

    id: UUID
    at: dt.datetime
    account_name: str | None
    role_title: str | None
    action: str
    purpose: str | None
    case_number: str | None
    object_kind: str
    object_id: UUID | None
    area_name: str | None
    fields: list[str]
    row_count: int | None
    decision: str
    note: str | None
    address: str | None
    shard: int | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of the audit; None asks nothing."""

    account: str | None = None
    action: str | None = None
    decision: str | None = None
    purpose: str | None = None
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of one chain."""

    shard: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class State:
    """How the chains stand: `anchor` is `fresh`, `late` (a warning), or `stopped` (no look is allowed)."""

    heads: list[Head]
    anchored_at: dt.datetime
    anchor: str
    warn_after_minutes: int
    stop_after_minutes: int


def audit_rows(
    session: Session, token: str, asked: Filters, *, after: str | None, limit: int
) -> Page[AuditRow]:
    """Return one page of the audit, newest first; reading it leaves a row too."""
    last = read_cursor(after, UUID)[0] if after else None
    values = {
        "token": hash_token(token), "account": asked.account, "action": asked.action,
        "decision": asked.decision, "purpose": asked.purpose, "day": asked.day,
        "after": last, "rows": limit + 1,
    }  # fmt: skip
    with translated():
        found = session.execute(_PAGE, values).mappings().all()
    rows = [
        AuditRow(
            role_title=ROLE_TITLES[Role(row["role"])] if row["role"] else None,
            address=str(row["address"]) if row["address"] else None,
            **{name: row[name] for name in row if name not in {"role", "address"}},
        )
        for row in found
    ]
    return cut(rows, limit, lambda row: (row.id,))


def audit_state(session: Session, token: str) -> State:
    """Return the heads of the chains and the age of the last anchor."""
    with translated():
        rows = session.execute(_STATE, {"token": hash_token(token)}).all()
    one = rows[0]
    age = dt.datetime.now(dt.UTC) - one.anchored_at
    return State(
        heads=[Head(row.shard, row.seq, bytes(row.hash).hex()) for row in rows],
        anchored_at=one.anchored_at,
        anchor="stopped" if age > one.stop_after else "late" if age > one.warn_after else "fresh",
        warn_after_minutes=one.warn_after // dt.timedelta(minutes=1),
        stop_after_minutes=one.stop_after // dt.timedelta(minutes=1),
    )


def note_refusal(engine: Engine, token: str, *, code: str, route: str, object_id: UUID | None) -> None:
    """Record that a signed-in caller was refused: code, template of the route, object asked for."""
    values = {"token": hash_token(token), "code": code, "route": route, "object_id": object_id}
    with transaction(engine) as session:
        session.execute(_REFUSAL, values)
