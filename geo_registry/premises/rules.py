"""Rules of premises: what an organisation at an address is called and how it is checked; no staff (R66)."""

import datetime as dt

from geo_registry.errors import RuleBroken
from geo_registry.log import holds_number
from geo_registry.person.rules import check_credit_code
from geo_registry.text import clean

STATES = {"current": "在册", "retired": "已迁出", "removed": "已删除"}


def checked_name(name: str) -> str:
    """Return the name of an organisation.

    Raises:
        RuleBroken: `name-length`, or `text-unreadable` when a number of a person stands in it.

    """
    found = clean(name)
    if not 2 <= len(found) <= 120:
        raise RuleBroken("name-length", "单位名称应为 2 至 120 个字", field="name")
    if holds_number(found):
        raise RuleBroken("text-unreadable", "单位名称中不能写证件号码或电话", field="name")
    return found


def checked_code(code: str | None) -> str | None:
    """Return a unified credit code in its normal form, None when there is none.

    Raises:
        RuleBroken: `credit-format`, `credit-check`.

    """
    if code is None or not code.strip():
        return None
    try:
        return check_credit_code(code)
    except RuleBroken as error:
        raise RuleBroken(error.code, error.detail, field="organisation_code") from error


def checked_day(on: dt.date | None, today: dt.date) -> dt.date:
    """Return the day of a check, today unless told otherwise.

    Raises:
        RuleBroken: `day-invalid`.

    """
    day, first = on or today, today - dt.timedelta(days=366)
    if not first <= day <= today:
        raise RuleBroken("day-invalid", f"核对日期应在 {first} 至今天之间", field="checked_on")
    return day


def period_of(since: dt.date | None, until: dt.date | None, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day of a period of checks: this year so far unless told otherwise.

    Raises:
        RuleBroken: `period-invalid`.

    """
    first, last = since or dt.date(today.year, 1, 1), until or today
    if last < first:
        raise RuleBroken("period-invalid", "截止日期不能早于起始日期", field="until")
    return first, last
