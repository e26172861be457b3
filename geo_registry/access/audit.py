"""Looks at persons: one CALL that writes the audit row, commits it, and only then reveals.

The reveal in the database answers only to a committed and flushed record (geo_registry/sql/300_lookup.sql);
this module cannot leave it out, for the server's role has no right on personal tables.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, any_, literal, select, text

from geo_registry.access.tables import Purpose
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.codes import new_id
from geo_registry.db import Session, translated, wire_of
from geo_registry.errors import (
    NotFound,
    NotSignedIn,
    PurposeRequired,
    Refused,
    RegistryError,
    TooMany,
    Unavailable,
)
from geo_registry.log import holds_number


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, why, and at which time; `token` is the session's, never an account id."""

    token: str
    purpose: str
    case_number: str
    address: str | None = None
    request_id: UUID | None = None
    valid_at: dt.date | None = None
    known_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at: a building, a unit or a person, with the fields that leave.

    `words` narrow a list (a name, a state): the record keeps a hash of a name, never the name.
    """

    action: str
    kind: str
    object_id: UUID | None
    fields: tuple[str, ...]
    subject: bytes | None = None
    after: tuple[UUID, UUID] | None = None
    limit: int = 200
    words: str | None = None


@dataclass(frozen=True, slots=True)
class PurposeOption:
    """One reason a role may state."""

    code: str
    title: str
    legal_basis: str
    case_pattern: str


_CALL = f"CALL registry.look({', '.join(f'${n}' for n in range(1, 18))}, NULL, NULL)"

_REFUSALS: dict[str, RegistryError] = {
    "session-ended": NotSignedIn("session-ended", "登录已失效，请重新登录"),
    "not-allowed": Refused("not-allowed", "当前角色不能查看人员"),
    "purpose-required": PurposeRequired("purpose-required", "查看人员须先说明目的"),
    "purpose-unknown": PurposeRequired("purpose-unknown", "没有这一目的代码", field="Access-Purpose"),
    "purpose-not-allowed": PurposeRequired(
        "purpose-not-allowed", "当前角色不能以此目的查看", field="Access-Purpose"
    ),
    "case-required": PurposeRequired(
        "case-required",
        "须填写案号或受理单号（4 至 60 个字符，不能写证件号码或电话）",
        field="Access-Purpose",
    ),
    "not-found": NotFound("not-found", "没有找到，或不在您的区域内"),
    "limit-reached": TooMany(
        "limit-reached", "查看次数已到上限（每小时、每日或每小时不同楼栋数），请稍后再试"
    ),
    "account-confined": Refused("account-confined", "请先在“我的账号”中完成改密、两步验证或紧急查看的复核"),
    "field-not-allowed": PurposeRequired(
        "field-not-allowed", "以此目的不能查看这些内容", field="Access-Purpose"
    ),
    "audit-unanchored": Unavailable("audit-unanchored", "审计锚定中断超过期限，查看已暂停，请联系审计管理员"),
}


def look(engine: Engine, request: Look, target: Target) -> tuple[UUID, Any]:
    """Look once; return the number of the audit row and the answer, None where there is nothing to show.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: as decided and recorded in the database.
        Unavailable: the record could not be made durable; nothing was revealed.

    """
    audit_id, told = look_text(engine, request, target)
    return audit_id, None if told is None else json.loads(told)


def look_text(engine: Engine, request: Look, target: Target) -> tuple[UUID, bytes | None]:
    """Look once, as `look`; the answer stays the JSON that the database made."""
    ticket = new_id()
    with translated():
        decision, told = wire_of(engine, _CALL).run(_values(ticket, request, target))
    return _granted(ticket, decision), told


async def look_async(engine: Engine, request: Look, target: Target) -> tuple[UUID, bytes | None]:
    """Look once, as `look_text`, while the event loop serves others."""
    ticket = new_id()
    with translated():
        decision, told = await wire_of(engine, _CALL).run_async(_values(ticket, request, target))
    return _granted(ticket, decision), told


def _values(ticket: UUID, request: Look, target: Target) -> Sequence[bytes | str | None]:
    after_unit, after_id = target.after or (None, None)
    return (
        str(ticket), hash_token(request.token), target.action, request.purpose, legible(request.case_number),
        target.kind, _text(target.object_id), target.subject, f"{{{','.join(target.fields)}}}",
        _text(request.valid_at), _text(request.known_at), request.address, _text(request.request_id),
        _text(after_unit), _text(after_id), str(target.limit), target.words,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _granted(ticket: UUID, decision: bytes | None) -> UUID:
    if decision != b"granted":
        refusal = _REFUSALS[(decision or b"").decode()]
        raise type(refusal)(refusal.code, refusal.detail, audit_id=str(ticket), **refusal.facts)
    return ticket


def legible(written: str) -> str:
    """Return a text for the record in single spaces, empty if unreadable or with a person's number in it."""
    plain = " ".join(written.split())
    return plain if plain.isprintable() and not holds_number(plain) else ""


def purposes_for(session: Session, viewer: Viewer) -> list[PurposeOption]:
    """Return the purposes that the viewer's role may state today, in order of their codes."""
    query = (
        select(Purpose.code, Purpose.title, Purpose.legal_basis, Purpose.case_pattern)
        .where(literal(viewer.role.value) == any_(Purpose.roles), text("valid @> CURRENT_DATE"))
        .order_by(Purpose.code)
    )
    return [PurposeOption(*row) for row in session.execute(query)]
