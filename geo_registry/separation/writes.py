"""Runs of the check of separated persons, and referrals of persons without hukou.

The rules are the database's (geo_registry/sql/365_separation.sql): it answers why it refuses.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access import acts, cipher
from geo_registry.access.audit import legible
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.writes import Written
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
from geo_registry.intake.writes import person_of
from geo_registry.person.rules import check_document, last_two, month_of
from geo_registry.text import clean

_REFUSALS: dict[str, tuple[type[RegistryError], str, str | None]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能办理此事", None),
    "not-found": (NotFound, "没有找到，或不在您的区域内", None),
    "term-invalid": (RuleBroken, "截止日期不能早于开始日期", "closes_on"),
    "run-closed": (Conflict, "本次核对已结束，不能再改", None),
    "run-empty": (Conflict, "名单还没有载入，不能结束", None),
    "outcomes-missing": (Conflict, "还有人员没有核对结果，请逐人填写后再结束", None),
    "no-field": (Conflict, "本次只比对数据，没有入户阶段；请另开一次核对", None),
    "unit-unknown": (RuleBroken, "请选择您区域内现有的户室", "unit_id"),
    "already-listed": (Conflict, "此人已在本次核对的名单中", "id_number"),
    "whereabouts-missing": (RuleBroken, "请填写去向：区划代码或去向说明", "whereabouts"),
    "case-not-due": (Conflict, "只有“仍人户分离”且还没有登记表的人员可以生成登记表", "unit_id"),
    "already-registered": (Conflict, "此人已登记在该户室，不必再生成登记表", "unit_id"),
    "number-differs": (RuleBroken, "须填写证件号码，且与名单一致", "id_number"),
    "form-open": (Conflict, "此证件已有一件在办登记，请先办结那一件", None),
    "has-hukou": (Conflict, "此人已有户籍信息，不需转办", None),
    "referral-open": (Conflict, "此人已有在办的转办，请先办结", None),
    "already-decided": (Conflict, "此件已办结，不能再办", None),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What opens a run; `data_only` has no field phase (R19)."""

    title: str
    mode: str
    area_id: UUID
    opens_on: dt.date
    closes_on: dt.date


@dataclass(frozen=True, slots=True)
class Find:
    """Somebody whom the field found beside the list (R16)."""

    name: str
    id_type: str
    id_number: str
    unit_id: UUID
    sex: str = "0"
    hukou_text: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found out about one person; with a dwelling a draft of the registration is made.

    `id_number` is needed for whom the register does not know yet: it is sealed anew for the new person.
    """

    outcome: str
    whereabouts_code: str | None = None
    whereabouts: str | None = None
    unit_id: UUID | None = None
    since: dt.date | None = None
    id_type: str = "111"
    id_number: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """One person of a run as it stands now, and the case that was drafted."""

    id: UUID
    version: int
    case_id: UUID | None


def open_run(session: Session, viewer: Viewer, token: str, run: Run) -> Written:
    """Open a run for a community or a township.

    Raises:
        RuleBroken: the term is empty, or the title cannot be read.
        Refused, NotFound: the role or the area does not allow it.

    """
    title, own_id = _legible(run.title, "title"), new_id()
    act = acts.record(session, viewer, "open", "separation_run", own_id, division_id=run.area_id)
    asked = func.registry.open_separation_run(
        hash_token(token), own_id, title, run.mode, run.opens_on, run.closes_on, run.area_id, act
    )
    _refuse_unless_done(session.execute(select(asked)).scalar_one())
    return Written(own_id, 1)


def close_run(session: Session, viewer: Viewer, token: str, run_id: UUID, *, version: int) -> Written:
    """Close a run; every person has an outcome by then.

    Raises:
        Conflict: somebody has no outcome, or it is closed.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    act = acts.record(session, viewer, "close", "separation_run", run_id)
    asked = func.registry.close_separation_run(hash_token(token), run_id, version, act)
    return _answered(session, run_id, asked)


def add_find(session: Session, viewer: Viewer, token: str, run_id: UUID, find: Find) -> Written:
    """Add somebody whom the field found; counted apart from the list.

    Raises:
        RuleBroken: the number is not one of its kind, or the dwelling is none of the viewer's area.
        Conflict: the run is closed, has no field phase, or holds the person.
        Refused, NotFound: the role or the area does not allow it.

    """
    own_id, document = new_id(), check_document(find.id_type, find.id_number, on=today())
    hukou = _legible(find.hukou_text, "hukou_text") if find.hukou_text else None
    acts.record(session, viewer, "find", "separation_run", run_id)
    asked = func.registry.add_separation_item(
        hash_token(token), run_id, own_id, clean(find.name), document.sex or find.sex,
        *month_of(document), find.id_type,
        cipher.seal("separation_item", "id_number", own_id, document.normal),
        cipher.blind_index(find.id_type, document.normal), last_two(document.normal), hukou, find.unit_id,
    )  # fmt: skip
    _refuse_unless_done(session.execute(select(asked)).scalar_one())
    return Written(own_id, 1)


def settle(
    session: Session, viewer: Viewer, token: str, item_id: UUID, told: Outcome, *, version: int
) -> Settled:
    """Note what was found out about one person; a still separated one may get a draft of the registration.

    Raises:
        RuleBroken: whereabouts, number or dwelling are missing or wrong.
        Conflict: the run is closed, or the register says otherwise.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    where = _legible(told.whereabouts, "whereabouts") if told.whereabouts else None
    index = sealed = person_id = None
    if told.id_number:
        document = check_document(told.id_type, told.id_number, on=today())
        index = cipher.blind_index(told.id_type, document.normal)
        person_id = person_of(session, token, index)
        sealed = cipher.seal("person", "id_number", person_id, document.normal)
    act = acts.record(session, viewer, "settle", "separation_item", item_id)
    asked = func.registry.settle_separation_item(
        hash_token(token), item_id, version, told.outcome, told.whereabouts_code, where, told.unit_id,
        told.since, person_id, index, sealed, act,
    )  # fmt: skip
    answer = asked.table_valued("outcome", "version", "drafted").render_derived()
    outcome, current, case_id = session.execute(
        select(answer.c.outcome, answer.c.version, answer.c.drafted)
    ).one()
    _refuse_unless_done(outcome, current)
    return Settled(item_id, current, case_id)


def refer(session: Session, viewer: Viewer, token: str, person_id: UUID, referred_to: str) -> Written:
    """Refer a person without any hukou to civil affairs or to the police (R67).

    Raises:
        Conflict: the person has a hukou, or an open referral.
        Refused, NotFound: the role or the area does not allow it.

    """
    own_id = new_id()
    act = acts.record(session, viewer, "refer", "hukou_referral", own_id)
    asked = func.registry.refer_hukou(hash_token(token), own_id, person_id, referred_to, act)
    _refuse_unless_done(session.execute(select(asked)).scalar_one())
    return Written(own_id, 1)


def close_referral(
    session: Session, viewer: Viewer, token: str, referral_id: UUID, outcome: str, *, version: int
) -> Written:
    """Close a referral with what became of it.

    Raises:
        Conflict: it is closed.
        Refused, NotFound: the role or the area does not allow it.
        Stale: `version` is not the current one.

    """
    act = acts.record(session, viewer, "close", "hukou_referral", referral_id)
    asked = func.registry.close_hukou_referral(hash_token(token), referral_id, version, outcome, act)
    return _answered(session, referral_id, asked)


def _answered(session: Session, object_id: UUID, asked: Any) -> Written:  # noqa: ANN401  (SQLAlchemy's functions)
    answer = asked.table_valued("outcome", "version").render_derived()
    outcome, current = session.execute(select(answer.c.outcome, answer.c.version)).one()
    _refuse_unless_done(outcome, current)
    return Written(object_id, current)


def _legible(told: str, field: str) -> str:
    if text := legible(told):
        return text
    raise RuleBroken("text-unreadable", "文字含有看不见的字符、证件号码或电话，请重新填写", field=field)


def _refuse_unless_done(outcome: str, current: int | None = None) -> None:
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    if outcome != "done":
        _refuse(outcome)


def _refuse(outcome: str) -> NoReturn:
    kind, detail, field = _REFUSALS[outcome]
    raise kind(outcome, detail, **({"field": field} if field else {}))
