"""The life of a plate: its phases on the map, and the one table of what may be done in which state."""

import datetime as dt
from dataclasses import dataclass
from functools import cache

from geo_registry.access.rules import Permission
from geo_registry.errors import RuleBroken
from geo_registry.log import holds_number

PHASES: dict[str, tuple[str, ...]] = {
    "draft": ("draft",),
    "numbered": ("numbered", "approved", "ordered"),
    "made": ("produced", "delivered", "damaged", "missing"),
    "on_wall": ("installed", "verified"),
    "ended": ("replaced", "superseded", "removed", "cancelled"),
}
"""Phase -> states. A damaged or missing plate exists, but does not hang: it never counts as on the wall."""
_PHASE_OF = {state: phase for phase, states in PHASES.items() for state in states}
ON_WALL = PHASES["on_wall"]
ENDED = PHASES["ended"]

NEAR_M, FAR_M = 50.0, 500.0
"""Metres from the planned place to the wall: beyond the first with a reason, beyond the second never."""
MOST_AT_ONCE = 1000
CLOCK_SKEW = dt.timedelta(minutes=5)
_MOUNTED = ("installed", "verified", "damaged", "missing")
_SITUATIONS = {
    "draft": "还是草拟",
    "numbered": "已编号、尚未批准",
    "approved": "已批准、尚未下单",
    "ordered": "已下单、尚未制作",
    "produced": "已制作、尚未送达",
    "delivered": "已送达、尚未上墙",
    "installed": "已上墙、尚未核验",
    "verified": "已上墙并核验",
    "damaged": "已登记破损",
    "missing": "已登记缺失",
    "replaced": "已更换",
    "superseded": "已被替代",
    "removed": "已拆除",
    "cancelled": "已取消",
}
STATE_TITLES = {
    "draft": "草拟",
    "numbered": "已编号",
    "approved": "已批准",
    "ordered": "已下单",
    "produced": "已制作",
    "delivered": "已送达",
    "installed": "已上墙",
    "verified": "已核验",
    "damaged": "破损",
    "missing": "缺失",
    "replaced": "已更换",
    "superseded": "已替代",
    "removed": "已拆除",
    "cancelled": "已取消",
}
KIND_TITLES = {
    "gate_large": "大门牌",
    "gate_medium": "中门牌",
    "gate_small": "小门牌",
    "building": "楼牌",
    "unit": "单元牌",
    "room": "户牌",
    "row": "排牌",
    "side_gate": "边门牌",
    "temporary": "临时门牌",
    "street_sign": "路牌",
}
_FORWARD = ("approve", "order", "produce", "deliver", "install")


@dataclass(frozen=True, slots=True)
class Step:
    """One act: from which states to which (None: the state stays), who may, and what it needs beside."""

    title: str
    sources: tuple[str, ...]
    target: str | None
    permission: Permission
    needs: tuple[str, ...] = ()


STEPS: dict[str, Step] = {
    "approve": Step("批准", ("draft", "numbered"), "approved", Permission.PLATE_EDIT),
    "order": Step("下单", ("approved",), "ordered", Permission.PLATE_PRODUCE, ("batch",)),
    "produce": Step("制作", ("ordered",), "produced", Permission.PLATE_PRODUCE),
    "deliver": Step("送达", ("produced",), "delivered", Permission.PLATE_PRODUCE),
    "scrap": Step(
        "报废", ("ordered", "produced", "delivered"), "approved", Permission.PLATE_PRODUCE, ("reason",)
    ),
    "install": Step(
        "上墙",
        ("delivered", "damaged", "missing"),
        "installed",
        Permission.PLATE_INSTALL,
        ("photo", "position"),
    ),
    "verify": Step("核验", ("installed",), "verified", Permission.PLATE_VERIFY, ("another_account",)),
    "report_damage": Step("报损", ON_WALL, "damaged", Permission.PLATE_INSPECT),
    "report_missing": Step("报失", (*ON_WALL, "damaged"), "missing", Permission.PLATE_INSPECT),
    "inspect": Step("巡查", ON_WALL, None, Permission.PLATE_INSPECT),
    "replace": Step("更换", _MOUNTED, "replaced", Permission.PLATE_EDIT),
    "supersede": Step("替代", _MOUNTED, "superseded", Permission.PLATE_EDIT, ("reason",)),
    "remove": Step("拆除", (*_MOUNTED, "superseded"), "removed", Permission.PLATE_EDIT, ("reason",)),
    "cancel": Step(
        "取消",
        ("draft", "numbered", "approved", "ordered", "produced", "delivered"),
        "cancelled",
        Permission.PLATE_EDIT,
        ("reason",),
    ),
    "move": Step(
        "移动",
        tuple(state for state in _SITUATIONS if state not in ENDED),
        None,
        Permission.PLATE_EDIT,
        ("position",),
    ),
}
"""Act -> what it may do; there is no other way from one state to another."""


def phase_of(state: str) -> str:
    """Return the phase of a state: draft, numbered, made, on_wall or ended."""
    return _PHASE_OF[state]


def acts_in(state: str) -> tuple[str, ...]:
    """Return the acts that are allowed in a state, in the order of a plate's life."""
    return tuple(act for act, step in STEPS.items() if state in step.sources)


def check_step(act: str, state: str, text: str) -> Step:
    """Return the step of an act when the plate named `text` may take it in its state.

    Raises:
        RuleBroken: `plate-state`, with the state the plate is in and what comes first.

    """
    step = STEPS[act]
    if state not in step.sources:
        raise RuleBroken("plate-state", f"{text}{refusal(act, state)}", field="state", state=state)
    return step


@cache
def refusal(act: str, state: str) -> str:
    """Return why an act is not possible in a state and what to do instead, as the end of a sentence."""
    possible = [STEPS[one].title for one in acts_in(state)]
    if ways := way_to(act, state):
        first = f"请先登记{_listed([STEPS[way].title for way in ways])}"
    elif possible:
        first = f"可以办理{_listed(possible)}"
    else:
        first = "请为该地址另编新门牌"
    return f"门牌{_SITUATIONS[state]}，不能{STEPS[act].title}；{first}"


@cache
def way_to(act: str, state: str) -> tuple[str, ...]:
    """Return the acts that lead forward from a state to one in which `act` is allowed; empty when none do."""
    way: list[str] = []
    while state not in STEPS[act].sources:
        forward = next((one for one in _FORWARD if state in STEPS[one].sources and one != act), None)
        if forward is None or state == STEPS[act].target:
            return ()
        way.append(forward)
        state = STEPS[forward].target or state
    return tuple(way)


def _listed(words: list[str]) -> str:
    return "和".join(part for part in ("、".join(words[:-1]), words[-1]) if part)


def check_reason(act: str, reason: str | None) -> None:
    """Demand a reason where an act needs one.

    Raises:
        RuleBroken: `reason-required`.

    """
    if "reason" in STEPS[act].needs and not (reason or "").strip():
        raise RuleBroken("reason-required", f"{STEPS[act].title}须说明事由", field="reason")


def check_distance(distance_m: float | None, reason: str | None) -> None:
    """Judge how far from its planned place a plate is put up; None where no place was planned.

    Raises:
        RuleBroken: `too-far` beyond 500 m, `reason-required` beyond 50 m without a reason.

    """
    if distance_m is None or distance_m <= NEAR_M:
        return
    if distance_m > FAR_M:
        detail = (
            f"距规划位置 {distance_m:.0f} 米，超过 {FAR_M:.0f} 米，不能登记上墙；请核对门牌，或先移动规划位置"
        )
        raise RuleBroken("too-far", detail, field="lon", distance_m=round(distance_m))
    if not (reason or "").strip():
        detail = f"距规划位置 {distance_m:.0f} 米，超过 {NEAR_M:.0f} 米，请说明原因"
        raise RuleBroken("reason-required", detail, field="reason", distance_m=round(distance_m))


def check_sign(says: str, should_say: str, reason: str | None) -> None:
    """Refuse to put up a sign with an old name unknowingly.

    Raises:
        RuleBroken: `old-sign` without a reason.

    """
    if says != should_say and not (reason or "").strip():
        detail = f"牌上写的是旧名“{says}”，现应为“{should_say}”；请先停下并联系经办，确需先挂旧牌的请说明原因"
        raise RuleBroken("old-sign", detail, field="reason", says=says, should_say=should_say)


def check_moment(moment: dt.datetime, now: dt.datetime, field: str) -> None:
    """Refuse a time in the future, or before there were digital photos of plates.

    Raises:
        RuleBroken: `time-impossible`.

    """
    if moment > now + CLOCK_SKEW:
        raise RuleBroken("time-impossible", "时间不能晚于现在，请检查手机时钟", field=field)
    if moment.year < 2000:
        raise RuleBroken("time-impossible", "时间过早，请核对年份", field=field)


def check_accuracy(accuracy_m: float | None) -> None:
    """Refuse an accuracy of a position that no receiver reports.

    Raises:
        RuleBroken: `accuracy-impossible`.

    """
    # One decimal is stored: what would round to none or to a thousand cannot be.
    if accuracy_m is not None and not 0.1 <= accuracy_m <= 999.9:
        raise RuleBroken("accuracy-impossible", "定位精度应在 0.1 至 999.9 米之间", field="accuracy_m")


def check_words(**told: str | None) -> None:
    """Keep numbers of persons out of what is written freely; the name of an argument is that of its field.

    Raises:
        RuleBroken: `text-unreadable`.

    """
    for field, words in told.items():
        if words and holds_number(words):
            raise RuleBroken("text-unreadable", "这里不能写证件号码或电话，请改写后再办", field=field)
