"""Decisions on the grid that need no database: cycles, who may answer for a block, when a visit was."""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from geo_registry.access.rules import Role, covers
from geo_registry.errors import Conflict, RuleBroken

CYCLE_DAYS = 14
FIRST_CYCLE = dt.date(2026, 1, 5)
OLDEST_VISIT = dt.timedelta(days=365)
CLOCK_SKEW = dt.timedelta(minutes=2)
"""A phone's clock may run ahead of ours by so much."""


BACK = dt.timedelta(days=31)
AHEAD = dt.timedelta(days=366)
"""So far from today the first or last day of an assignment may lie."""


class Cycle(NamedTuple):
    """自查周期: a fortnight as a half-open range of days, and the number of a day in it from 1."""

    start: dt.date
    end: dt.date
    day_no: int


def cycle_of(day: dt.date) -> Cycle:
    """Return the self-check cycle around a day; cycles begin every other Monday from 2026-01-05 (R39)."""
    passed = (day - FIRST_CYCLE).days % CYCLE_DAYS
    start = day - dt.timedelta(days=passed)
    return Cycle(start, start + dt.timedelta(days=CYCLE_DAYS), passed + 1)


def check_visited_at(visited_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return when a visit was, never later than now.

    Raises:
        RuleBroken: `visit-in-future` or `visit-too-old`.

    """
    if visited_at > now + CLOCK_SKEW:
        raise RuleBroken("visit-in-future", "走访时间不能晚于现在，请检查手机时间", field="visited_at")
    if visited_at < now - OLDEST_VISIT:
        raise RuleBroken("visit-too-old", "走访时间早于一年前，不能补录", field="visited_at")
    return min(visited_at, now)


def check_coordinator(
    *,
    name: str,
    role: str,
    is_active: bool,
    trained_on: dt.date | None,
    grants: tuple[UUID | None, ...],
    areas: tuple[UUID | None, ...],
    starts_on: dt.date,
) -> None:
    """Refuse an account that cannot answer for a block; `grants` holds None for the whole installation.

    Raises:
        RuleBroken: with what to do about it.

    """
    if role != Role.COORDINATOR:
        raise RuleBroken(
            "not-a-coordinator", f"{name} 不是协管员账号，请选择协管员，或由安全管理员另设协管员账号",
            field="account_id",
        )  # fmt: skip
    if not is_active:
        raise RuleBroken(
            "coordinator-inactive", f"{name} 的账号已停用，请选择在岗的协管员", field="account_id"
        )
    if trained_on is None or trained_on > starts_on:
        when = "没有培训记录" if trained_on is None else f"{trained_on} 才完成培训"
        detail = f"{name} {when}，未经培训不能上岗；请先登记培训，或把起始日期改到培训之后"
        raise RuleBroken("coordinator-untrained", detail, field="account_id")
    granted = None if None in grants else tuple(one for one in grants if one is not None)
    if not covers(granted, *areas):
        detail = f"{name} 的授权区域不含这个网格，请先由安全管理员授权该居村"
        raise RuleBroken("coordinator-elsewhere", detail, field="account_id")


def check_start(
    starts_on: dt.date, block_from: dt.date | None, held_by: str | None, held_from: dt.date | None
) -> None:
    """Refuse a day on which somebody else has only just begun, or before the block was there.

    Raises:
        RuleBroken: `start-too-early`.
        Conflict: `responsible-exists`.

    """
    if block_from is not None and starts_on < block_from:
        raise RuleBroken(
            "start-too-early", f"网格自 {block_from} 起才有，起始日期不能更早", field="starts_on"
        )
    if held_from is not None and held_from >= starts_on:
        detail = (
            f"{held_by} 自 {held_from} 起负责这个网格，同一时间只能有一名责任人；请把起始日期改到该日之后"
        )
        raise Conflict("responsible-exists", detail, field="starts_on")


def check_document(document_number: str | None) -> None:
    """Demand the paper on which blocks are drawn and handed over.

    Raises:
        RuleBroken: `document-required`.

    """
    if not document_number:
        raise RuleBroken("document-required", "划界和交接须有依据，请填写文号", field="document_number")


def check_near(day: dt.date, today: dt.date, *, field: str) -> None:
    """Refuse a day of an assignment so far off that it is a slip, or would rewrite who answered for the past.

    Raises:
        RuleBroken: `day-too-far`.

    """
    if not today - BACK <= day <= today + AHEAD:
        detail = f"日期应在 {today - BACK} 至 {today + AHEAD} 之间，请核对年月日"
        raise RuleBroken("day-too-far", detail, field=field)
