"""Deciding what came in: a declaration or a death becomes a draft of a case, or is rejected with a reason.

The rules are the database's (geo_registry/sql/360_intake.sql): it answers why it refuses. Nothing here writes
the register: the draft goes through the reviews of every other case.
"""

from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access import acts, cipher
from geo_registry.access.audit import legible
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import (
    Conflict,
    NotFound,
    NotSignedIn,
    Refused,
    RegistryError,
    RuleBroken,
    Stale,
)
from geo_registry.person.rules import check_document

_REFUSALS: dict[str, tuple[type[RegistryError], str, str | None]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能办理此事", None),
    "not-found": (NotFound, "没有找到，或不在您的区域内", None),
    "already-decided": (Conflict, "此件已办结，不能再办", None),
    "lapsed": (Conflict, "申报已过 30 天失效，请本人重新申报", None),
    "not-resident": (Conflict, "登记中没有此人现在的住处：请以理由退回，或按新到办理", None),
    "lives-elsewhere": (Conflict, "此人登记在其他区域，请由该区域办理，或以理由退回", None),
    "unit-unknown": (RuleBroken, "请选择您区域内现有的户室", "unit_id"),
    "already-registered": (Conflict, "此人已登记在该户室，不必再登记：请以理由退回", None),
    "number-differs": (RuleBroken, "证件号码与申报不一致，请重新打开申报后再确认", "id_number"),
    "form-open": (Conflict, "此证件已有一件在办登记，请先办结那一件", None),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided: the id and version of the thing, and the case that was drafted."""

    id: UUID
    version: int
    case_id: UUID | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What confirms a declaration: the dwelling, and number and phone as they were shown.

    A departure needs no dwelling: it is where the register says the person lives.
    """

    id_type: str
    id_number: str
    unit_id: UUID | None = None
    phone: str | None = None


def confirm_declaration(
    session: Session,
    viewer: Viewer,
    token: str,
    declaration_id: UUID,
    confirmed: Confirmation,
    *,
    version: int,
) -> Decided:
    """Make a draft of a case out of a declaration; its ordinary reviews follow.

    Raises:
        RuleBroken: the number is not the declared one, or the dwelling is none of the viewer's area.
        Conflict: decided or lapsed already, or the register says otherwise.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    document = check_document(confirmed.id_type, confirmed.id_number, on=today())
    index = cipher.blind_index(confirmed.id_type, document.normal)
    person_id = person_of(session, token, index)
    born, phone = document.birth_date, confirmed.phone
    act = acts.record(session, viewer, "confirm", "declaration", declaration_id)
    return _judged(
        session,
        declaration_id,
        func.registry.judge_declaration(
            hash_token(token), declaration_id, version, "confirmed", confirmed.unit_id, index, person_id,
            cipher.seal("person", "id_number", person_id, document.normal),
            cipher.seal("person", "phone", person_id, phone) if phone else None,
            document.sex, born and born.year, born and born.month, None, act,
        ),
    )  # fmt: skip


def reject_declaration(
    session: Session, viewer: Viewer, token: str, declaration_id: UUID, reason: str, *, version: int
) -> Decided:
    """Reject a declaration; whoever made it reads the reason by the receipt.

    Raises:
        RuleBroken: the reason cannot be read, or holds a number of a person.
        Conflict: decided or lapsed already.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    why = _legible(reason)
    act = acts.record(session, viewer, "reject", "declaration", declaration_id)
    nothing = (None,) * 8
    return _judged(
        session,
        declaration_id,
        func.registry.judge_declaration(
            hash_token(token), declaration_id, version, "rejected", *nothing, why, act
        ),
    )


def confirm_death(session: Session, viewer: Viewer, token: str, notice_id: UUID, *, version: int) -> Decided:
    """Make a draft of a cancellation out of a death notice; its ordinary reviews follow.

    Raises:
        Conflict: decided already, or the register says otherwise.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    act = acts.record(session, viewer, "confirm", "death_notice", notice_id)
    asked = func.registry.judge_death(hash_token(token), notice_id, version, "confirmed", None, act)
    return _judged(session, notice_id, asked)


def reject_death(
    session: Session, viewer: Viewer, token: str, notice_id: UUID, reason: str, *, version: int
) -> Decided:
    """Reject a death notice: it is about somebody else, or wrong.

    Raises:
        RuleBroken: the reason cannot be read, or holds a number of a person.
        Conflict: decided already.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    why = _legible(reason)
    act = acts.record(session, viewer, "reject", "death_notice", notice_id)
    asked = func.registry.judge_death(hash_token(token), notice_id, version, "rejected", why, act)
    return _judged(session, notice_id, asked)


def person_of(session: Session, token: str, index: bytes) -> UUID:
    """Return the id of the person of a document, or the one that a new person will get."""
    asked = func.registry.persons_of_documents(hash_token(token), [index])
    known = asked.table_valued("id_index", "residence_id", "person_id").render_derived()
    return session.execute(select(known.c.person_id)).scalars().first() or new_id()


def _judged(session: Session, object_id: UUID, asked: Any) -> Decided:  # noqa: ANN401  (SQLAlchemy's functions)
    answer = asked.table_valued("outcome", "version", "drafted").render_derived()
    outcome, current, case_id = session.execute(
        select(answer.c.outcome, answer.c.version, answer.c.drafted)
    ).one()
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    return Decided(object_id, current, case_id) if outcome == "done" else refuse(outcome)


def _legible(reason: str) -> str:
    if why := legible(reason):
        return why
    raise RuleBroken("text-unreadable", "理由含有看不见的字符、证件号码或电话，请重新填写", field="reason")


def refuse(outcome: str) -> NoReturn:
    """Raise the refusal of a code."""
    kind, detail, field = _REFUSALS[outcome]
    raise kind(outcome, detail, **({"field": field} if field else {}))
