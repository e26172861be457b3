"""Rules of what is said of a dwelling: which act follows which state, and what a decision rests on.

The dwelling is judged, never a person: no rule here asks who lives there.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from geo_registry.access.audit import legible
from geo_registry.errors import Conflict, RuleBroken

TIP_DAYS = 30
"""After so many days nobody processes a tip any more."""
LONGEST_PROOF_DAYS = 366
MOST_STATEMENTS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One act: from which states to which, and what to do instead where it is not possible."""

    title: str
    sources: tuple[str, ...]
    target: str
    hint: str


@dataclass(frozen=True, slots=True)
class Life:
    """The states of one kind of row and the acts between them."""

    noun: str
    code: str
    states: dict[str, str]
    steps: dict[str, Step]

    def step(self, act: str, state: str) -> Step:
        """Return an act when the state allows it.

        Raises:
            Conflict: the state does not allow the act.

        """
        step = self.steps[act]
        if state not in step.sources:
            detail = f"{self.noun}现为“{self.states[state]}”，不能{step.title}：{step.hint}"
            raise Conflict(self.code, detail, state=state)
        return step

    def next_acts(self, state: str) -> tuple[str, ...]:
        """Return the acts that a state allows."""
        return tuple(name for name, step in self.steps.items() if state in step.sources)


_AGAIN = "已有结论，情况有变请另行发起核实"
VERIFICATION = Life(
    "核实", "verification-state",
    {"open": "核实中", "approved": "已通过", "refused": "已拒绝", "withdrawn": "已撤回"},
    {
        "visit": Step("登记走访", ("open",), "open", _AGAIN),
        "statement": Step("记录陈述", ("open",), "open", _AGAIN),
        "approve": Step("通过", ("open",), "approved", _AGAIN),
        "refuse": Step("拒绝", ("open",), "refused", _AGAIN),
        "withdraw": Step("撤回", ("open",), "withdrawn", _AGAIN),
        "print": Step("打印证明", ("approved",), "approved", "核实通过后才有证明"),
    },
)  # fmt: skip
NOTE = Life(
    "备注", "note-state",
    {"open": "待移交", "handed_over": "已移交民警", "closed": "已办结"},
    {
        "hand-over": Step("移交", ("open",), "handed_over", "一条备注只移交一次"),
        "close": Step("办结", ("handed_over",), "closed", "请先移交社区民警，由民警办结"),
    },
)  # fmt: skip
TIP = Life(
    "线索", "tip-state",
    {"pending": "待处理", "processed": "已处理", "ignored": "不处理", "expired": "已过期"},
    {
        "process": Step("处理", ("pending",), "processed", "已有结果，如又有变动请另报一条"),
        "ignore": Step("不予处理", ("pending",), "ignored", "已有结果，如又有变动请另报一条"),
    },
)  # fmt: skip

SPEAKERS = {
    "applicant": "申请人", "neighbour": "邻居", "staff": "物业或单位人员", "landlord": "房东",
    "committee": "居（村）委会",
}  # fmt: skip
NOTES = {
    "unregistered_letting": "出租未登记", "illegal_partition": "违规隔断", "overcrowded": "居住拥挤",
    "illegal_building": "违法建筑", "changed_use": "擅自改变用途",
}  # fmt: skip
NOTE_OUTCOMES = {"put_right": "已整改", "unfounded": "情况不实", "passed_on": "已转有关部门"}
TIPS = {"arrived": "新来", "changed": "变动", "left": "离开"}
TIP_OUTCOMES = {
    "registered": "已登记", "changed": "已变更", "cancelled": "已注销", "nothing_found": "核实无变动",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """拒绝理由: one coded reason, and what follows from it for the applicant."""

    title: str
    follows: str


_NO_PROOF = "不出具居住证明，不能据此申领居住证"
REFUSALS = {
    "not_actually_resident": Refusal("未实际居住", f"{_NO_PROOF}；实际入住后可再申请核实。"),
    "illegal_building": Refusal(
        "违法建筑", f"{_NO_PROOF}；请改以合法住所申请，房屋情况可记入房屋备注移交民警。"
    ),
    "group_renting": Refusal("群租", f"{_NO_PROOF}；整改到符合当地出租规定后可再申请核实。"),
    "residential_used_otherwise": Refusal("居改非", f"{_NO_PROOF}；恢复居住用途后可再申请核实。"),
    "non_residential_as_home": Refusal("非改居", f"{_NO_PROOF}；该处不是住宅，请改以合法住所申请。"),
    "false_statement": Refusal("虚假陈述", f"{_NO_PROOF}；涉嫌弄虚作假的情况已告知社区民警，依法处理。"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: by whom, only by kind, and whether the applicant lives there."""

    speaker: str
    lives_there: bool


def missing_for_approval(
    visited_on: dt.date | None, said: Sequence[Said], note: str | None
) -> RuleBroken | None:
    """Return the first thing that an approval still needs, None when it may be given (R44).

    Needed are the visit and two statements for it, the applicant's and a third party's; where anybody says
    otherwise, a note why it is approved all the same.
    """
    own = [one.lives_there for one in said if one.speaker == "applicant"]
    others = [one.lives_there for one in said if one.speaker != "applicant"]
    if visited_on is None:
        return RuleBroken("visit-missing", "还没有入户走访：请先登记走访日期", field="visited_on")
    if not own:
        return RuleBroken("statement-applicant", "还没有申请人的陈述：请先询问并记录", field="speaker")
    if not others:
        detail = "还没有第三方的陈述：请询问邻居、物业、房东或居（村）委会并记录"
        return RuleBroken("statement-third-party", detail, field="speaker")
    if not any(own) or not any(others):
        detail = "申请人或第三方都说不在此居住，不能通过：请拒绝，或补充询问"
        return RuleBroken("statement-against", detail, field="speaker")
    if not (all(own) and all(others)) and not note:
        return RuleBroken("note-missing", "陈述不一致，通过须写明依据", field="note")
    return None


def check_refusal(reason: str, visited_on: dt.date | None, note: str | None) -> None:
    """Let a refusal pass that carries one of the coded reasons and rests on a visit, or says what is false.

    Raises:
        RuleBroken: `refusal-unknown`, `visit-missing`, `note-missing`.

    """
    if reason not in REFUSALS:
        raise RuleBroken("refusal-unknown", f"拒绝理由应为 {'、'.join(REFUSALS)} 之一", field="refusal")
    if reason == "false_statement":
        if not note:
            raise RuleBroken("note-missing", "虚假陈述须写明何处不实", field="note")
    elif visited_on is None:
        raise RuleBroken("visit-missing", "还没有入户走访：请先登记走访日期，再拒绝", field="visited_on")


def proof_until(until: dt.date | None, today: dt.date) -> dt.date:
    """Return until when a proof holds: the day asked for, or a year from today.

    Raises:
        RuleBroken: `until-invalid`.

    """
    last = today + dt.timedelta(days=LONGEST_PROOF_DAYS)
    day = until or today + dt.timedelta(days=365)
    if not today < day <= last:
        raise RuleBroken("until-invalid", f"证明有效期应在明天至 {last} 之间", field="certificate_until")
    return day


def check_day(on: dt.date, *, first: dt.date, today: dt.date, field: str) -> dt.date:
    """Return a day that lies neither before the first possible one nor in the future.

    Raises:
        RuleBroken: `day-invalid`.

    """
    if not first <= on <= today:
        raise RuleBroken("day-invalid", f"日期应在 {first} 至今天之间", field=field)
    return on


def choose(value: str, known: dict[str, str], field: str, code: str) -> str:
    """Return a value of a closed list.

    Raises:
        RuleBroken: it is none.

    """
    if value not in known:
        raise RuleBroken(code, f"应为 {'、'.join(known)} 之一", field=field)
    return value


def written(text: str | None, field: str, most: int) -> str | None:
    """Return a free text about a dwelling in single spaces, None when there is none.

    Raises:
        RuleBroken: `text-illegible` too long, unreadable or with the number of a person in it.

    """
    if text is None or not text.strip():
        return None
    plain = legible(text)
    if not plain or len(plain) > most:
        detail = f"不超过 {most} 字，只写房屋情况，不写证件号码和电话"
        raise RuleBroken("text-illegible", detail, field=field)
    return plain


def is_too_old(given_on: dt.date, today: dt.date) -> bool:
    """Tell whether a tip has expired."""
    return (today - given_on).days > TIP_DAYS
