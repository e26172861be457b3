"""What an officer decides about 人户分离 of a person against the rule, for a time and a reason.

The rules are the database's (geo_registry/sql/345_lineage.sql): it answers why it refuses.
"""

import datetime as dt
from typing import Any, Final, NoReturn
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access import acts
from geo_registry.access.audit import legible
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, NotFound, NotSignedIn, Refused, RegistryError, RuleBroken, Stale
from geo_registry.residence.profile import residence_profile_in_force

_REFUSALS: Final[dict[str, tuple[type[RegistryError], str, str | None]]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能认定人户分离，请由社区民警或管理站站长办理", None),
    "not-found": (NotFound, "没有找到，或不在您的区域内", None),
    "before-its-start": (RuleBroken, "止日须在起日之后，请改正日期", "to"),
    "decided-already": (Conflict, "这段时间内已有认定，请先终止原认定", "from"),
    "has-ended": (Conflict, "该认定在这一天前已终止，请重新读取", "ends_on"),
}


def decide(
    session: Session,
    viewer: Viewer,
    token: str,
    person_id: UUID,
    status: str,
    reason: str,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
) -> Written:
    """Decide what holds of a person against the rule; the decision before ends where this one begins.

    Raises:
        RuleBroken: a start too far ahead, an end before the start, or a reason that cannot be read.
        Conflict: another decision begins within the time.
        NotFound, Refused: the area or the role does not allow it.

    """
    words = legible(reason)
    if not words:
        raise RuleBroken(
            "text-unreadable", "事由含有看不见的字符、证件号码或电话，请重新填写", field="reason"
        )
    ahead = residence_profile_in_force(session).decision_ahead_days
    if starts_on > (latest := today() + dt.timedelta(days=ahead)):
        raise RuleBroken(
            "decided-ahead", f"认定最迟从 {latest} 起，请改正起日，或到那一天再认定", field="from"
        )
    decision_id = new_id()
    act_id = acts.record(session, viewer, "decide", "separation_decision", decision_id)
    asked = func.registry.decide_separation(
        hash_token(token), decision_id, person_id, status, words, starts_on, ends_on, act_id
    )
    outcome = session.execute(select(asked)).scalar_one()
    return Written(decision_id, 1) if outcome == "done" else _refuse(outcome)


def read(session: Session, token: str, decision_id: UUID) -> dict[str, Any]:
    """Return a decision without its person.

    Raises:
        NotFound: none in the viewer's area.

    """
    asked = func.registry.read_separation_decision(hash_token(token), decision_id)
    found: dict[str, Any] | None = session.execute(select(asked)).scalar_one()
    if found is None:
        _refuse("not-found")
    return found


def end(
    session: Session,
    viewer: Viewer,
    token: str,
    decision_id: UUID,
    *,
    version: int,
    ends_on: dt.date | None = None,
) -> Written:
    """End a decision on a day, today by default; one that would end before it begins never was.

    Raises:
        Conflict: ended already.
        NotFound, Refused, Stale: the area, the role or the version does not allow it.

    """
    act_id = acts.record(session, viewer, "end", "separation_decision", decision_id)
    asked = func.registry.end_separation_decision(
        hash_token(token), decision_id, version, ends_on or today(), act_id
    )
    answer = asked.table_valued("outcome", "version").render_derived()
    outcome, current = session.execute(select(answer.c.outcome, answer.c.version)).one()
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    return Written(decision_id, current) if outcome == "done" else _refuse(outcome)


def _refuse(outcome: str) -> NoReturn:
    kind, detail, field = _REFUSALS[outcome]
    raise kind(outcome, detail, **({"field": field} if field else {}))
