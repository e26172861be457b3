"""Working days: weekends, public holidays and the days worked in their place (调休).

The holidays of a year are a file ``<calendar>-<year>.yaml``, made each November from the notice of the State
Council; files in ``calendars`` of the installation's home stand before those that come with the product.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo_registry.errors import RuleBroken
from geo_registry.settings import settings

FOLDER = Path(__file__).with_name("calendars")
# 全国年节及纪念日放假办法（2025 施行）: what holds before the notice of a year; the others follow the moon.
FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_SATURDAY = 5


class Year(BaseModel):
    """The holidays of one year, first and last day of each with its name, and the weekends worked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: Annotated[int, Field(ge=2000, le=2200)]
    holidays: tuple[tuple[dt.date, dt.date, str], ...]
    work_days: tuple[dt.date, ...]

    def is_off(self, day: dt.date) -> bool:
        """Tell whether a day is a public holiday."""
        return any(first <= day <= last for first, last, _ in self.holidays)


def is_known(calendar: str, year: int) -> bool:
    """Tell whether the holidays of a year have been loaded; without them only fixed ones are known."""
    return _year(calendar, year) is not None


def is_working_day(calendar: str, day: dt.date) -> bool:
    """Tell whether offices work on a day."""
    year = _year(calendar, day.year)
    if year is None:
        return day.weekday() < _SATURDAY and (day.month, day.day) not in FIXED
    if day in year.work_days:
        return True
    return day.weekday() < _SATURDAY and not year.is_off(day)


def add_working_days(calendar: str, day: dt.date, count: int) -> dt.date:
    """Return the day on which `count` working days after a day have passed; the day itself is not counted."""
    while count > 0:
        day += dt.timedelta(days=1)
        count -= is_working_day(calendar, day)
    return day


def read_year(path: Path) -> Year:
    """Return the year that a YAML file holds.

    Raises:
        RuleBroken: `calendar-faulty`; the file is no year, or names days of another one.

    """
    try:
        found = Year.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleBroken(
            "calendar-faulty", f"{path.name}: year, holidays and work_days are needed"
        ) from error
    named = [day for first, last, _ in found.holidays for day in (first, last)] + list(found.work_days)
    if any(day.year != found.year for day in named) or any(first > last for first, last, _ in found.holidays):
        raise RuleBroken(
            "calendar-faulty", f"{path.name}: a day lies outside the year, or a holiday ends early"
        )
    return found


@cache
def _year(calendar: str, year: int) -> Year | None:
    name = f"{calendar}-{year}.yaml"
    for folder in (settings().home / "calendars", FOLDER):
        if (folder / name).is_file():
            return read_year(folder / name)
    return None
