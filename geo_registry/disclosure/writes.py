"""Requests for lists of persons: asked by one, judged by two others, made by the first.

The rules are the database's (geo_registry/sql/320_disclosure.sql): it answers why it refuses. A file is one
look, on the record before its first row is read; it is made in memory, leaves with the reply, and is kept
nowhere.
"""

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access import acts, cipher
from geo_registry.access.audit import Look, Target, legible, look
from geo_registry.access.rules import Permission, refuse_unless
from geo_registry.access.viewer import Viewer, enter, hash_token
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import Engine, Session, today, transaction
from geo_registry.disclosure import files, reads, rules
from geo_registry.errors import (
    Conflict,
    NotFound,
    NotSignedIn,
    PurposeRequired,
    Refused,
    RegistryError,
    RuleBroken,
    Stale,
)

Judgement = Literal["approved", "refused", "withdrawn"]
_VERBS: dict[Judgement, str] = {"approved": "approve", "refused": "refuse", "withdrawn": "withdraw"}
_REFUSALS: dict[str, tuple[type[RegistryError], str, str | None]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能办理对外提供", None),
    "not-found": (NotFound, "没有找到，或不在您的区域内", None),
    "purpose-unknown": (PurposeRequired, "没有这一目的代码", "purpose"),
    "purpose-not-allowed": (PurposeRequired, "当前角色不能以此目的提供", "purpose"),
    "field-not-allowed": (PurposeRequired, "以此目的不能提供证件号码和电话", "with_numbers"),
    "case-required": (PurposeRequired, "案号或受理单号不符合此目的的格式", "case_number"),
    "too-many-rows": (RuleBroken, f"超过 {rules.MOST_ROWS} 人，请按社区或楼栋分别申请", "object_id"),
    "own-request": (Refused, "不能审批自己的申请，请由他人审批", None),
    "already-judged": (Conflict, "您已审批过，须由另一人审批", None),
    "not-open": (Conflict, "申请已办结、撤回或过期，不能再办", None),
    "not-approved": (Conflict, "须先有两人审批同意，且在有效期内，才能生成文件", None),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: which persons, for whom, why, for how many days."""

    object_kind: str
    object_id: UUID
    purpose: str
    case_number: str
    recipient: str
    reason: str
    with_numbers: bool = False
    days: int = 7


@dataclass(frozen=True, slots=True)
class Made:
    """A file in memory with its name and the number of its audit row."""

    audit_id: UUID
    name: str
    form: files.Form
    content: bytes


def request_disclosure(session: Session, viewer: Viewer, token: str, request: Request) -> Written:
    """Ask for a list of the persons of a unit, a building, a community or a township.

    Raises:
        RuleBroken: more than 5 000 persons, or a text that cannot be read.
        PurposeRequired, Refused, NotFound: the purpose, the role or the area does not allow it.

    """
    case_number, recipient, reason = map(legible, (request.case_number, request.recipient, request.reason))
    if not (case_number and recipient and reason):
        raise RuleBroken(
            "text-unreadable",
            "案号、接收单位或事由含有看不见的字符、证件号码或电话，请重新填写",
            field="reason",
        )
    request = replace(request, case_number=case_number, recipient=recipient, reason=reason)
    disclosure_id = new_id()
    acts.record(
        session, viewer, "request", "disclosure", disclosure_id,
        document_number=request.case_number, reason=request.reason,
    )  # fmt: skip
    asked = func.registry.request_disclosure(
        hash_token(token), disclosure_id, request.object_kind, request.object_id, request.purpose,
        request.case_number, request.recipient, request.reason, request.with_numbers, request.days,
        rules.MOST_DECOYS,
    )  # fmt: skip
    outcome = session.execute(select(asked)).scalar_one()
    return Written(disclosure_id, 1) if outcome == "done" else _refuse(outcome)


def judge_disclosure(
    session: Session,
    viewer: Viewer,
    token: str,
    disclosure_id: UUID,
    judgement: Judgement,
    *,
    version: int,
    note: str | None = None,
) -> Written:
    """Approve or refuse somebody else's request, or withdraw one's own.

    Raises:
        NotFound: no such request in the viewer's area.
        Refused: it is the viewer's own, or the role does not allow it.
        Conflict: judged already by the viewer, or settled.
        Stale: `version` is not the current one.

    """
    acts.record(session, viewer, _VERBS[judgement], "disclosure", disclosure_id, reason=note)
    asked = func.registry.judge_disclosure(hash_token(token), disclosure_id, version, judgement, note)
    answer = asked.table_valued("outcome", "version").render_derived()
    outcome, current = session.execute(select(answer.c.outcome, answer.c.version)).one()
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    return Written(disclosure_id, current) if outcome == "done" else _refuse(outcome)


def make_file(engine: Engine, request: Look, disclosure_id: UUID, form: files.Form) -> Made:
    """Make the file of an approved request: one look, of its purpose and case, by its requester.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotFound: no such request of the viewer.
        Conflict: it is not approved, or no longer valid.
        RuleBroken: more than 5 000 persons live there by now.

    """
    with transaction(engine) as session:
        viewer = enter(session, request.token)
        refuse_unless(allowed=viewer.may(Permission.DISCLOSURE_REQUEST), what="对外提供")
        wanted = reads.disclosure(session, viewer, disclosure_id)
    if not wanted.may_make:
        _refuse("not-approved")
    fields = ("name_masked", "sex", "age", "category", "since", "id_tail")
    numbers = ("id_number", "phone") if wanted.with_numbers else ()
    stated = replace(request, purpose=wanted.purpose, case_number=wanted.case_number)
    target = Target("export", "disclosure", disclosure_id, (*fields, *numbers))
    ticket, answer = look(engine, stated, target)
    if answer is None:
        _refuse("not-approved")
    if len(answer["rows"]) > rules.MOST_ROWS:
        _refuse("too-many-rows")
    lines = rules.with_decoys(
        [_line(row) for row in answer["rows"]], answer["decoys"], bytes.fromhex(answer["seed"])
    )
    first_line = rules.mark(wanted.number, wanted.recipient, today())
    content = files.written(form, lines, first_line, with_numbers=wanted.with_numbers)
    _keep(engine, request.token, ticket, form, len(lines), content)
    return Made(ticket, f"{wanted.number}.{form}", form, content)


def _line(row: dict[str, Any]) -> rules.Line:
    return rules.line_of(row, _opened(row, "id_number"), _opened(row, "phone"))


def _opened(row: dict[str, Any], field: str) -> str:
    if row[field] is None:
        return ""
    return cipher.open_("person", field, UUID(row["person_id"]), base64.b64decode(row[field]))


def _keep(engine: Engine, token: str, ticket: UUID, form: str, rows: int, content: bytes) -> None:
    digest = hashlib.sha256(content).digest()
    with transaction(engine) as session:
        kept = func.registry.keep_file(hash_token(token), ticket, form, rows, digest)
        if not session.execute(select(kept)).scalar_one():
            _refuse("not-approved")


def _refuse(outcome: str) -> NoReturn:
    kind, detail, field = _REFUSALS[outcome]
    raise kind(outcome, detail, **({"field": field} if field else {}))
