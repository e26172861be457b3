"""Rules of zones under rectification: which act follows which state, what it demands, and the days left.

Grounds and states are those of the tables; a zone is a place, and no rule here asks about persons.
"""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from geo_registry.access.rules import Permission
from geo_registry.errors import Conflict, RuleBroken

STATE_TITLES = {
    "proposed": "提议",
    "notified": "告知",
    "listed": "挂牌",
    "plan_approved": "方案批准",
    "in_rectification": "整治中",
    "submitted": "报验",
    "returned": "退回整改",
    "accepted": "验收",
    "closed": "销牌",
    "failed": "未通过",
}
LIVE = tuple(state for state in STATE_TITLES if state not in {"closed", "failed"})
"""States in which a zone holds its blocks: no other zone may take them."""
SWEPT = ("in_rectification", "submitted", "returned")
"""States in which sweeps are held."""
PLANNED = ("notified", "listed", "plan_approved", "in_rectification", "returned")
"""States in which a plan may be made or amended."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One act of the life of a zone: from which states to which, by whom, and what it demands."""

    title: str
    sources: tuple[str, ...]
    target: str
    permission: Permission
    column: str | None
    hint: str
    needs_document: bool = False
    needs_reason: bool = False
    needs_sample: bool = False


_DECIDE, _WORK = Permission.ZONE_DECIDE, Permission.ZONE_WORK
TRANSITIONS: dict[str, Transition] = {
    "notify": Transition(
        "告知", ("proposed",), "notified", Permission.ZONE_PROPOSE, "notified_on",
        "只有刚提议的整治区才需告知",
    ),
    "list": Transition(
        "挂牌", ("notified",), "listed", _DECIDE, "listed_on", "请先告知，再挂牌", needs_document=True,
    ),
    "approve_plan": Transition(
        "批准方案", ("listed",), "plan_approved", _DECIDE, None, "挂牌后、整治前批准方案",
    ),
    "start": Transition(
        "开始整治", ("plan_approved", "returned"), "in_rectification", _WORK, "started_on",
        "请先由领导批准方案，再开始整治",
    ),
    "submit": Transition(
        "报验", ("in_rectification",), "submitted", _WORK, "submitted_on", "开始整治后才能报验",
    ),
    "accept": Transition(
        "验收", ("submitted",), "accepted", _DECIDE, "accepted_on", "请先报验，再验收",
        needs_document=True, needs_sample=True,
    ),
    "return": Transition(
        "退回", ("submitted",), "returned", _DECIDE, None, "只有已报验的整治区才能退回",
        needs_reason=True, needs_sample=True,
    ),
    "close": Transition(
        "销牌", ("accepted",), "closed", _DECIDE, "closed_on", "请先验收合格，再销牌", needs_document=True,
    ),
    "fail": Transition(
        "判定未通过",
        ("proposed", "notified", "listed", "plan_approved", "in_rectification", "returned"),
        "failed", _DECIDE, None, "已报验的请先验收或退回；已验收、已销牌的不能再判定未通过",
        needs_reason=True,
    ),
}  # fmt: skip
"""The whole life of a zone in one table."""


def next_acts(state: str) -> tuple[str, ...]:
    """Return the acts that a state allows, in the order of a zone's life."""
    return tuple(name for name, step in TRANSITIONS.items() if state in step.sources)


def check_act(
    act: str, state: str, *, document_number: str | None, reason: str | None, has_plan: bool
) -> Transition:
    """Return the transition of an act when state and papers allow it.

    Raises:
        Conflict: `zone-state` the state does not allow the act; `zone-without-plan`.
        RuleBroken: `document-required`, `reason-required`, each with its field.

    """
    step = TRANSITIONS[act]
    if act in {"approve_plan", "start"} and not has_plan:
        raise Conflict("zone-without-plan", "该整治区还没有方案，请先制定一点一方案")
    if state not in step.sources:
        detail = f"整治区现为“{STATE_TITLES[state]}”，不能{step.title}：{step.hint}"
        raise Conflict("zone-state", detail, state=state)
    if step.needs_document and not document_number:
        raise RuleBroken("document-required", f"{step.title}须填写文号", field="document_number")
    if step.needs_reason and not reason:
        raise RuleBroken("reason-required", f"{step.title}须写明理由", field="reason")
    return step


def check_day(on: dt.date, today: dt.date, *, field: str, after: dt.date | None = None) -> dt.date:
    """Return the day of an act when it is not in the future, and not before the act that precedes it.

    Raises:
        RuleBroken: `day-in-future`, `day-too-early`.

    """
    if on > today:
        raise RuleBroken("day-in-future", "日期不能晚于今天", field=field)
    if after is not None and on < after:
        raise RuleBroken("day-too-early", f"日期不能早于前一环节的 {after}", field=field)
    return on


def check_submission(open_measures: int, reason: str | None) -> None:
    """Let a zone be submitted when its measures are done, or the reason says why not.

    Raises:
        RuleBroken: `measures-open`.

    """
    if open_measures and not reason:
        detail = f"还有 {open_measures} 项措施未完成：请完成后报验，或写明原因"
        raise RuleBroken("measures-open", detail, field="reason")


def check_proof(act: str, *, verdict: str, figures: str, drawn_on: dt.date, submitted_on: dt.date) -> None:
    """Let a decision rest on a sample that was drawn after the zone was submitted and supports it.

    `figures` is the sample's result in words, for the refusal.

    Raises:
        RuleBroken: `sample-too-old`, `sample-not-met`, `sample-not-checked`.

    """
    if drawn_on < submitted_on:
        raise RuleBroken(
            "sample-too-old",
            f"该抽样方案抽于 {drawn_on}，早于报验日 {submitted_on}：请报验后重新抽样",
            field="sample_plan_id",
        )
    if verdict == "no_data":
        raise RuleBroken(
            "sample-not-checked", "该抽样方案还没有核查结果：请先完成现场核查", field="sample_plan_id"
        )
    if act == "accept" and verdict != "met":
        raise RuleBroken(
            "sample-not-met",
            f"样本结果为{figures}，未证实达到目标，不能验收：请退回整改，或增加样本后再核查",
            field="sample_plan_id",
        )


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later, or the last day of a month that is too short.

    As PostgreSQL adds `interval '2 months'`: 31 December and two months are the last of February.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, slots=True)
class Term:
    """How much of a zone's time is used; `days_left` is negative when it is overdue."""

    days: int
    used: int
    days_left: int
    is_overdue: bool

    @property
    def share(self) -> float:
        """The share of the time used, 0 to 1."""
        return min(1.0, self.used / self.days)


def term_of(
    listed_on: dt.date | None, due_on: dt.date | None, *, on: dt.date, ended_on: dt.date | None = None
) -> Term | None:
    """Return the term of a listed zone on a day; acceptance or failure stops the clock."""
    if listed_on is None or due_on is None:
        return None
    stands = min(on, ended_on) if ended_on else on
    left = (due_on - stands).days
    return Term((due_on - listed_on).days, max(0, (stands - listed_on).days), left, left < 0)


@dataclass(frozen=True, slots=True)
class NewMeasure:
    """One measure as a plan gives it; `turn` names one that stands there already."""

    title: str
    due_on: dt.date
    responsible_id: UUID | None = None
    turn: int | None = None


def check_measures(
    measures: Sequence[NewMeasure], *, due_on: dt.date | None, known: Sequence[int] = ()
) -> None:
    """Let a plan have between 1 and 30 measures, each due within the zone's own time.

    Raises:
        RuleBroken: `measures-missing`, `measures-too-many`, `measure-unknown`, `measure-too-late`.

    """
    if not measures and not known:
        raise RuleBroken("measures-missing", "方案须至少有一项措施，写明完成日期", field="measures")
    turns = {measure.turn for measure in measures if measure.turn is not None}
    if len(known) + sum(measure.turn is None for measure in measures) > 30:
        raise RuleBroken("measures-too-many", "一个方案最多 30 项措施", field="measures")
    if turns - set(known):
        raise RuleBroken("measure-unknown", f"方案没有第 {min(turns - set(known))} 项措施", field="measures")
    late = [measure for measure in measures if due_on is not None and measure.due_on > due_on]
    if late:
        detail = f"措施“{late[0].title}”的完成日期晚于整治到期日 {due_on}，请提前"
        raise RuleBroken("measure-too-late", detail, field="measures")
