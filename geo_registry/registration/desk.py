"""The desk of papers, sheets, volumes and permits: how the database says no, in words.

The rules are the database's (geo_registry/sql/350_papers.sql): it answers why it refuses.
"""

import json
from typing import Any, NoReturn

from sqlalchemy import BindParameter, Function, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from geo_registry.db import Session
from geo_registry.errors import Conflict, NotFound, NotSignedIn, Refused, RegistryError, RuleBroken, Stale

_REFUSALS: dict[str, tuple[type[RegistryError], str, str | None]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能办理此事", None),
    "not-found": (NotFound, "没有找到，或不在您的区域内", None),
    "case-not-submitted": (Conflict, "案件还没有提交或已作废，提交后才能打印", None),
    "no-slip": (Conflict, "这份登记表没有凭证号，请先提交案件", None),
    "no-permit": (Conflict, "此人没有居住证记录，不需要变更通知", None),
    "not-coordinator": (RuleBroken, "领用人须是负责这一区域的协管员，请改选领用人或区域", "issued_to"),
    "sheet-unknown": (NotFound, "没有这个编号的登记表，或不在您的区域内，请核对编号", "first"),
    "sheet-state": (Conflict, "从起号数第 {told} 张登记表不在可办这一步的状态，请先核对它的状态", "first"),
    "too-many-sheets": (RuleBroken, "一次最多办理 500 张，请分段办理", "last"),
    "volume-closed": (Conflict, "本卷已封，不能再改；请另立一卷", None),
    "volume-empty": (Conflict, "本卷还没有装订登记表，不能封卷", None),
    "case-unknown": (NotFound, "没有第 {told} 个案件，或不在您的区域内，请核对案件号", "serials"),
    "case-not-active": (Conflict, "第 {told} 个案件还没有生效，生效后才能装订", "serials"),
    "already-bound": (Conflict, "第 {told} 个案件已装订在卷内，不能再装订", "serials"),
    "not-registered": (Conflict, "这项居住登记已不是有效状态，请先办理登记或续期", "registration_id"),
    "local-hukou": (RuleBroken, "本市户籍人员不办居住证；住址变动请办理变更登记", "registration_id"),
    "already-referred": (Conflict, "此人已有未办结的居住证转办，请在原转办上办理", "registration_id"),
    "permit-state": (Conflict, "居住证转办不在可办这一步的状态，请重新读取", None),
    "issued-on-invalid": (RuleBroken, "签发日须在转办日与今天之间", "issued_on"),
    "expires-on-invalid": (RuleBroken, "有效期须晚于签发日，签注后须晚于原有效期", "expires_on"),
}


def jsonb(**told: object) -> BindParameter[Any]:
    """Return what a call is told, as one JSON value; ids and days as text."""
    return literal(json.loads(json.dumps(told, default=str)), JSONB)


def done(session: Session, call: Function[Any], *columns: str) -> tuple[Any, ...]:
    """Make a call of the database that answers `done` or why not; return its other columns.

    Raises:
        Stale: the version that was read is not the current one.
        RegistryError: as `_REFUSALS` says.

    """
    if not columns:
        outcome, rest = session.execute(select(call)).scalar_one(), ()
    else:
        answer = call.table_valued("outcome", *columns).render_derived()
        outcome, *found = session.execute(select(*answer.c)).one()
        rest = tuple(found)
    if outcome != "done":
        refuse(outcome, rest)
    return rest


def refuse(outcome: str, told: tuple[Any, ...] = ()) -> NoReturn:
    """Raise what a refusal of the database means.

    Raises:
        RegistryError: always.

    """
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {told[0]} 版），请重新读取", current=told[0])
    kind, detail, field = _REFUSALS[outcome]
    facts = {"field": field} if field else {}
    raise kind(outcome, detail.format(told=told[-1] if told else ""), **facts)
