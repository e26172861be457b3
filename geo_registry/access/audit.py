"""Looks at persons: one CALL that writes the audit row, commits it, and only then reveals.

The reveal in the database answers only to a committed and flushed record (geo_registry/sql/300_lookup.sql);
this module cannot leave it out, for the server's role has no right on personal tables.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, any_, literal, select, text

from geo_registry.access.tables import Purpose
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.codes import new_id
from geo_registry.db import Session, translated
from geo_registry.errors import (
    NotFound,
    NotSignedIn,
    PurposeRequired,
    Refused,
    RegistryError,
    TooMany,
    Unavailable,
)


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
    """What is looked at: a building, a unit or a person, with the fields that leave."""

    action: str
    kind: str
    object_id: UUID | None
    fields: tuple[str, ...]
    subject: bytes | None = None
    after: tuple[UUID, UUID] | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True)
class PurposeOption:
    """One reason a role may state."""

    code: str
    title: str
    legal_basis: str
    case_pattern: str


_CALL = text("""
    CALL registry.look(:ticket, :token, :action, :purpose, :case_number, :kind, :object_id, :subject,
      :fields, :valid_at, :known_at, CAST(:address AS inet), :request_id,
      :after_unit, :after_id, :page_rows, NULL, NULL)""")

_REFUSALS: dict[str, RegistryError] = {
    "session-ended": NotSignedIn("session-ended", "登录已失效，请重新登录"),
    "not-allowed": Refused("not-allowed", "当前角色不能查看人员"),
    "purpose-required": PurposeRequired("purpose-required", "查看人员须先说明目的"),
    "purpose-unknown": PurposeRequired("purpose-unknown", "没有这一目的代码", field="Access-Purpose"),
    "purpose-not-allowed": PurposeRequired(
        "purpose-not-allowed", "当前角色不能以此目的查看", field="Access-Purpose"
    ),
    "case-required": PurposeRequired(
        "case-required", "须填写案号或受理单号（4 至 60 个字符）", field="Access-Purpose"
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
    """Look once; return the number of the audit row and the answer (JSON made in the database).

    Must not be called inside an open transaction: the procedure commits.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: as decided and recorded in the database.
        Unavailable: the record could not be made durable; nothing was revealed.

    """
    ticket = new_id()
    after_unit, after_id = target.after or (None, None)
    values = {
        "ticket": ticket, "token": hash_token(request.token), "action": target.action,
        "purpose": request.purpose, "case_number": _legible(request.case_number), "kind": target.kind,
        "object_id": target.object_id, "subject": target.subject, "fields": list(target.fields),
        "valid_at": request.valid_at, "known_at": request.known_at, "address": request.address,
        "request_id": request.request_id, "after_unit": after_unit, "after_id": after_id,
        "page_rows": target.limit,
    }  # fmt: skip
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        decision, answer = connection.execute(_CALL, values).one()
    if decision != "granted":
        refusal = _REFUSALS[decision]
        raise type(refusal)(refusal.code, refusal.detail, audit_id=str(ticket), **refusal.facts)
    return ticket, answer


def _legible(case_number: str) -> str:
    """Return a case number with single spaces, empty when a reader could not see all of it."""
    plain = " ".join(case_number.split())
    return plain if plain.isprintable() else ""


def purposes_for(session: Session, viewer: Viewer) -> list[PurposeOption]:
    """Return the purposes that the viewer's role may state today, in order of their codes."""
    query = (
        select(Purpose.code, Purpose.title, Purpose.legal_basis, Purpose.case_pattern)
        .where(literal(viewer.role.value) == any_(Purpose.roles), text("valid @> CURRENT_DATE"))
        .order_by(Purpose.code)
    )
    return [PurposeOption(*row) for row in session.execute(query)]
