"""Rules of a naming case: which step follows which, and who takes it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal
from uuid import UUID

from geo_registry.access.rules import Permission, covers
from geo_registry.errors import Refused, RuleBroken

Step = Literal["submit", "approve", "return", "reject", "publish", "enforce", "withdraw"]
OPEN: Final = ("reserved", "reviewing", "returned", "approved", "published")
"""States of a case that is on its way."""
FROM: Final[dict[Step, frozenset[str]]] = {
    "submit": frozenset({"reserved", "returned"}),
    "approve": frozenset({"reviewing"}),
    "return": frozenset({"reviewing"}),
    "reject": frozenset({"reviewing"}),
    "publish": frozenset({"approved"}),
    "enforce": frozenset({"published"}),
    "withdraw": frozenset({"reserved", "reviewing", "returned", "approved", "published"}),
}
"""States from which a step is taken; what is in force is out of the office's hands."""
PERMISSIONS: Final[dict[Step, Permission]] = {
    "submit": Permission.STREET_NAME,
    "approve": Permission.NAME_APPROVE,
    "return": Permission.NAME_APPROVE,
    "reject": Permission.NAME_APPROVE,
    "publish": Permission.STREET_NAME,
    "enforce": Permission.STREET_NAME,
    "withdraw": Permission.STREET_NAME,
}
STATE_TITLES: Final = {
    "reserved": "预留",
    "reviewing": "审批中",
    "returned": "已退回",
    "approved": "已批准",
    "published": "已公布",
    "in_force": "已生效",
    "rejected": "已否决",
    "withdrawn": "已撤回",
}
STEP_TITLES: Final = {
    "reserve": "预留",
    "submit": "提出",
    "approve": "批准",
    "return": "退回",
    "reject": "否决",
    "publish": "公布",
    "enforce": "生效",
    "withdraw": "撤回",
}
ACTION_TITLES: Final = {"name": "命名", "rename": "更名", "retire": "注销"}
LEVEL_TITLES: Final = {"township": "镇街", "district": "区县", "city": "市"}


def state_after(step: Step, state: str, level: int, levels: Sequence[str]) -> str:
    """Return the state a step leads to; `level` counts the levels that have approved, this step included.

    Raises:
        RuleBroken: `step-not-open`, the case does not stand where the step begins.

    """
    if state not in FROM[step]:
        begins = "、".join(title for one, title in STATE_TITLES.items() if one in FROM[step])
        detail = f"案件现为“{STATE_TITLES[state]}”，只有“{begins}”的案件才能{STEP_TITLES[step]}"
        raise RuleBroken("step-not-open", detail, field="state")
    if step in {"submit", "approve"}:
        return "approved" if level >= len(levels) else "reviewing"
    return {
        "return": "returned",
        "reject": "rejected",
        "publish": "published",
        "enforce": "in_force",
        "withdraw": "withdrawn",
    }[step]


def is_of_level(
    areas: tuple[UUID, ...] | None, level: str, district_id: UUID, township_id: UUID | None
) -> bool:
    """Tell whether an account's areas reach over the whole township, district or city of a case."""
    if level == "city":
        return areas is None
    return covers(areas, district_id, township_id if level == "township" else None)


def check_judge(account_id: UUID, proposed_by: Collection[UUID], approved_by: Collection[UUID]) -> None:
    """Refuse a judge who proposed the case or has handed it in, or has approved it at another level.

    Raises:
        Refused: `own-case` or `approved-before`.

    """
    if account_id in proposed_by:
        raise Refused("own-case", "不能审批自己提出的地名，请由他人审批")
    if account_id in approved_by:
        raise Refused("approved-before", "您已在前一级批准过，这一级须由他人审批")


def handed_in(steps: Iterable[tuple[str, UUID]]) -> frozenset[UUID]:
    """Return who has proposed a case or ever handed it in."""
    return frozenset(account_id for step, account_id in steps if step in {"reserve", "submit"})


def approved_since(steps: Iterable[tuple[str, UUID]]) -> frozenset[UUID]:
    """Return who has approved a case since it was last handed in; its steps come in order."""
    approved: set[UUID] = set()
    for step, account_id in steps:
        if step == "submit":
            approved.clear()
        if step == "approve":
            approved.add(account_id)
    return frozenset(approved)
