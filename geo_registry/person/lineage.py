"""Two records of one person made one, or one made two: proposed by one, judged by another, undone exactly.

The rules are the database's (geo_registry/sql/345_lineage.sql): it answers why it refuses. A lineage as a
piece of work names no person; who they are is a look.
"""

import base64
from collections.abc import Sequence
from typing import Any, Final, Literal, NoReturn
from uuid import UUID

from sqlalchemy import Engine, FunctionElement, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from geo_registry.access import acts, cipher
from geo_registry.access.audit import Look, Target, legible, look
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import Session
from geo_registry.errors import Conflict, NotFound, NotSignedIn, Refused, RegistryError, RuleBroken, Stale

Kind = Literal["merge", "split"]
Judgement = Literal["approved", "refused"]
MOST_PAIRS: Final = 200
_VERBS: Final[dict[Judgement, str]] = {"approved": "approve", "refused": "refuse"}
_NOBODY: Final = "没有找到，或不在您的区域内"
_REFUSALS: Final[dict[str, tuple[type[RegistryError], str, str | None]]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-allowed": (Refused, "当前角色不能归并、拆分人员，请由管理站站长或人口办办理", None),
    "not-found": (NotFound, _NOBODY, None),
    "same-person": (RuleBroken, "两条记录是同一条，请另选一条", "to_id"),
    "residence-unknown": (RuleBroken, "请选择该人员现有的居住记录", "residence_ids"),
    "already-proposed": (Conflict, "该人员已有待审批的归并或拆分，请先审批", "from_id"),
    "already-merged": (Conflict, "其中一条记录已被归并，请重新读取", "from_id"),
    "registered-under-other": (
        Conflict,
        "有效登记在将被并入的记录上，请对调两条记录后重新提出",
        "to_id",
    ),
    "own-request": (Refused, "不能审批或撤销自己提出的归并、拆分，请由他人办理", None),
    "not-open": (Conflict, "已办结，不能再办，请重新读取", None),
    "changed-since": (Conflict, "此后相关登记已有变动，不能撤销；请改用拆分", None),
}


def propose(
    session: Session,
    viewer: Viewer,
    token: str,
    kind: Kind,
    from_id: UUID,
    to_id: UUID,
    reason: str,
    residence_ids: Sequence[UUID] = (),
) -> Written:
    """Propose that the record `from_id` goes into `to_id`, or that chosen residences of it are of `to_id`.

    Raises:
        RuleBroken: the same record twice, no residence chosen, or a reason that cannot be read.
        Conflict: merged or proposed already, or the only registration would go.
        NotFound, Refused: the area or the role does not allow it.

    """
    words = readable(reason)
    lineage_id = new_id()
    act_id = acts.record(session, viewer, "propose", "person_lineage", lineage_id)
    chosen = literal(list(residence_ids), ARRAY(Uuid))
    asked = func.registry.propose_lineage(
        hash_token(token), lineage_id, kind, from_id, to_id, chosen, words, act_id
    )
    outcome = session.execute(select(asked)).scalar_one()
    return Written(lineage_id, 1) if outcome == "done" else _refuse(outcome)


def judge(
    session: Session,
    viewer: Viewer,
    token: str,
    lineage_id: UUID,
    judgement: Judgement,
    *,
    version: int,
    reason: str | None = None,
) -> Written:
    """Approve or refuse what somebody else proposed; an approval carries it out at once.

    Raises:
        Refused: one's own proposal, or the role does not allow it.
        Conflict: settled already, or the register has changed so that it cannot be carried out.
        NotFound, Stale: none in the area, or another version.

    """
    words = readable(reason) if reason else None
    act_id = acts.record(session, viewer, _VERBS[judgement], "person_lineage", lineage_id, reason=words)
    asked = func.registry.judge_lineage(hash_token(token), lineage_id, version, judgement, act_id)
    return _settled(session, lineage_id, asked)


def undo(
    session: Session, viewer: Viewer, token: str, lineage_id: UUID, *, version: int, reason: str
) -> Written:
    """Put back exactly what was moved, unless something was built on it since.

    Raises:
        Refused: one's own proposal, or the role does not allow it.
        Conflict: not carried out, or changed since.
        NotFound, Stale: none in the area, or another version.

    """
    act_id = acts.record(session, viewer, "undo", "person_lineage", lineage_id, reason=readable(reason))
    asked = func.registry.undo_lineage(hash_token(token), lineage_id, version, act_id)
    return _settled(session, lineage_id, asked)


def read(session: Session, token: str, lineage_id: UUID) -> dict[str, Any]:
    """Return a lineage as a piece of work, without the persons.

    Raises:
        NotFound: none in the viewer's area.

    """
    asked = func.registry.read_lineage(hash_token(token), lineage_id)
    found: dict[str, Any] | None = session.execute(select(asked)).scalar_one()
    if found is None:
        raise NotFound("not-found", _NOBODY)
    return found


def compare(engine: Engine, request: Look, lineage_id: UUID) -> dict[str, Any]:
    """Look at both records of a lineage side by side, with whole names and numbers.

    Must not be called inside an open transaction: the look commits itself.
    """
    fields = ("name", "birth", "id_number")
    _, found = look(engine, request, Target("lineage", "person_lineage", lineage_id, fields))
    if found is None:
        raise NotFound("not-found", _NOBODY)
    for side in ("from", "to"):
        # A record of which nothing lies in the viewer's area any more.
        if record := found[side]:
            sealed = base64.b64decode(record["id_number"])
            record["id_number"] = cipher.open_("person", "id_number", UUID(record["person_id"]), sealed)
    told: dict[str, Any] = found
    return told


def duplicates(engine: Engine, request: Look, area_id: UUID) -> dict[str, Any]:
    """Look for records of one area that may be of one person, and for what is proposed there.

    Must not be called inside an open transaction: the look commits itself.
    """
    fields = ("name", "sex", "age", "id_tail", "dwellings")
    target = Target("duplicates", "division", area_id, fields, limit=MOST_PAIRS)
    _, found = look(engine, request, target)
    told: dict[str, Any] = found
    return told


def readable(reason: str) -> str:
    """Return the reason of an act for the record.

    Raises:
        RuleBroken: it cannot be read, or holds a person's number.

    """
    if words := legible(reason):
        return words
    raise RuleBroken("text-unreadable", "事由含有看不见的字符、证件号码或电话，请重新填写", field="reason")


def _settled(session: Session, lineage_id: UUID, asked: FunctionElement[Any]) -> Written:
    answer = asked.table_valued("outcome", "version").render_derived()
    outcome, current = session.execute(select(answer.c.outcome, answer.c.version)).one()
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    return Written(lineage_id, current) if outcome == "done" else _refuse(outcome)


def _refuse(outcome: str) -> NoReturn:
    kind, detail, field = _REFUSALS[outcome]
    raise kind(outcome, detail, **({"field": field} if field else {}))
