"""What the database answers when it refuses a step of a case, as errors that say what to do next."""

from collections.abc import Mapping
from typing import Any, Final

from geo_registry.errors import (
    Conflict,
    NotFound,
    NotSignedIn,
    Refused,
    RegistryError,
    RuleBroken,
)
from geo_registry.registration.rules import MOVES, STATUS_TITLES, placed

_STEPS: Final = {
    "fill": "填写", "submit": "提交", "void": "作废", "take": "领办", "pass": "通过", "return": "退回",
}  # fmt: skip
_KINDS: Final[dict[str, tuple[type[RegistryError], str, str | None]]] = {
    "session-ended": (NotSignedIn, "登录已失效，请重新登录", None),
    "account-confined": (Refused, "请先在“我的账号”中完成改密、两步验证或紧急查看的复核", None),
    "not-found": (NotFound, "没有这个案件，或不在您的区域内", None),
    "outside-area": (Refused, "不在您的区域内，请由当地的协管员或录入员办理", None),
    "outside-block": (Refused, "不在您负责的网格内，请由该网格的协管员办理，或交管理站录入员", None),
    "own-case": (Refused, "您采集或录入过本案，不能复核；请由本辖区另一名民警或站长复核", None),
    "same-reviewer": (Refused, "您已作为民警复核过本案，请由本辖区另一名站长复核", None),
    "taken-by-other": (Conflict, "本案已由他人领办，请先领办再复核", None),
    "taken-already": (Conflict, "您已领办本案，请直接通过或退回", None),
    "unit-unknown": (RuleBroken, "没有这个户室，请从地址查询结果中选择", "unit_id"),
    "unit-ended": (RuleBroken, "该户室未建成或已注销，不能登记；请选现有户室，或先办理户室登记", "unit_id"),
    "collector-other": (Refused, "协管员只能录入自己采集的登记表；代他人录入请交信息录入员", "collected_by"),
    "collector-unknown": (RuleBroken, "采集人须为在用的协管员或录入员账号", "collected_by"),
    "collected-later": (RuleBroken, "采集时间不能晚于现在", "collected_at"),
    "collected-too-early": (RuleBroken, "采集时间早于一年前，请核对年份，或重新采集", "collected_at"),
    "late-reason-required": (RuleBroken, "采集当日未录入，请填写迟录原因", "late_reason"),
    "forms-missing": (RuleBroken, "案件还没有登记表，请先填写人员", "forms"),
    "residence-unknown": (RuleBroken, "没有这项居住登记，或不在您的区域；请选本户现住人员", "residence_id"),
    "residence-elsewhere": (RuleBroken, "此人登记在另一户室，请到那一户办理，或改办变更", "residence_id"),
    "residence-ended": (Conflict, "此人的居住已经结束；再次来住请办新登记", "residence_id"),
    "document-of-other": (Conflict, "该证件属于登记簿中的另一人；如为同一人，请申请归并", "id_number"),
    "person-changed": (Conflict, "登记簿刚刚有变动，请再保存一次", "id_number"),
    "document-held": (
        Conflict, "本案现在不能收这一证件，请向本人问明；重新键入号码，页面核对后说明原因", "id_number",
    ),
    "document-twice": (RuleBroken, "同一证件在本案中出现两次，请删去一人", "id_number"),
    "sheet-used": (Conflict, "该纸质登记表编号已录入过，请核对编号", "sheet_number"),
    "sheet-unknown": (RuleBroken, "没有发放过这个编号的登记表，或已作废，请核对编号", "sheet_number"),
    "field-missing": (RuleBroken, "必填项未填，请补全后再提交", None),
    "already-registered": (
        Conflict, "此人在本户已有有效登记，不能重复登记；信息有变请办“变更”，到期请办“续期”", "id_number",
    ),
    "day-later": (RuleBroken, "日期晚于今天，还没有发生；请到了那一天再提交", None),
    "has-died": (
        Conflict, "登记簿记载此人已死亡，不能登记；死亡记载有误的，请先办“更正”，改其注销原因", "id_number",
    ),
    "end-reason-unfit": (
        RuleBroken, "更正只能改为离开、迁移、落户或区划合并；死亡、登记有误等请办“注销”", "end_reason",
    ),
    "already-absent": (Conflict, "此人已登记为户在人不在；信息有变请先注销原登记", "id_number"),
    "nothing-changed": (RuleBroken, "没有填写任何变更内容，请至少改一项", None),
    "ends-before-start": (
        RuleBroken, "终止日期早于居住起始日期；如属登记有误，请选“重复登记”“登记有误”或“虚假登记”", "ends_on",
    ),
    "head-twice": (RuleBroken, "家庭户只有一名户主，请改其中一人；合租请选集体户", "relation_to_head"),
    "head-missing": (RuleBroken, "家庭户须有一名户主（选“本人”）；合租请选集体户", "relation_to_head"),
    "lives-here-later": (Conflict, "此人在本户的居住从更晚的日期开始，请核对日期，或办“更正”", None),
    "lives-elsewhere-later": (Conflict, "此人在别处的居住从更晚的日期开始，请退回核对来住日期", None),
    "has-ended": (Conflict, "此人的居住在这一天之前已经结束，请退回核对日期", None),
    "before-its-start": (Conflict, "日期早于居住起始日期，请退回核对；起始日期有误请办“更正”", None),
    "registration-expired": (Conflict, "原登记已过期，请先办“续期”再办变更", None),
    "renewal-early": (Conflict, "登记离到期还早", "residence_id"),
    "not-absent": (Conflict, "此人在本户没有户在人不在登记，请作废本案", None),
    "not-registered": (Conflict, "此人没有可续期的登记，请办新登记", None),
    "form-outdated": (Conflict, "此人的记录已归并到另一记录，请退回重新填写", None),
    "document-taken": (Conflict, "更正后的证件属于另一人，请退回；如为同一人，请申请归并", None),
    "residence-gone": (Conflict, "所涉居住登记已不存在，请退回核对", None),
    "overlaps": (Conflict, "与登记簿中同一时期的居住或户籍冲突，请退回核对日期", None),
}  # fmt: skip


def refusal(outcome: str, step: str, answer: Mapping[str, Any]) -> RegistryError:
    """Return the error for an answer of `keep_case` or `judge_case` that is not `done`."""
    if outcome == "wrong-state":
        return Conflict("wrong-state", _state(step, answer.get("status")))
    if outcome == "not-allowed":
        return Refused(outcome, "居住登记由协管员或信息录入员办理，由社区民警和管理站站长复核")
    if outcome == "other-reviewer":
        now = "管理站站长" if answer.get("status") == "station_review" else "社区民警"
        return Conflict(outcome, f"本案现由{now}复核，还没有轮到您")
    kind, detail, field = _KINDS.get(outcome, (Conflict, "登记簿不能接受，请退回核对", None))
    if outcome == "renewal-early":
        detail += f"，{answer['day']} 起可以续期；信息有变请办“变更”"
    field = answer.get("field") or field
    fault = kind(outcome, detail, **({"field": field} if field else {}))
    turn = answer.get("turn")
    return placed(fault, turn) if turn else fault


def _state(step: str, status: str | None) -> str:
    fitting = "、".join(dict.fromkeys(f"“{STATUS_TITLES[old]}”" for name, old, _, _ in MOVES if name == step))
    title = STATUS_TITLES.get(status or "", "新")
    return f"案件现为“{title}”，只有{fitting}的案件才能{_STEPS[step]}，请重新读取"
