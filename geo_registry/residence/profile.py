"""Residence profiles: what differs from place to place in registering residence, held as data.

A profile is a YAML file with a code, a version and a period of validity. Those that come with the product lie
beside this module; files in ``profiles/residence`` of the installation's home stand before them.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select

from geo_registry.area.tables import Jurisdiction
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken
from geo_registry.settings import settings

FOLDER = Path(__file__).with_name("profiles")
GENERAL = "national"
Code = Annotated[str, Field(pattern=r"[a-z][a-z0-9-]{1,39}")]
Days = Annotated[int, Field(ge=1, le=366)]


class _Frozen(BaseModel):
    """A value read from a profile: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Occupancy(_Frozen):
    """居住人数提示: limits of a let dwelling; beyond them a human is told to look, nothing is decided."""

    max_per_room: Annotated[int, Field(ge=1, le=20)]
    min_area_m2: Annotated[float, Field(gt=0, le=100)]
    flag_persons: Annotated[int, Field(ge=2, le=200)] | None = None
    concentrated_rooms: Annotated[int, Field(ge=2, le=500)] | None = None
    concentrated_persons: Annotated[int, Field(ge=2, le=1000)] | None = None


class ResidenceProfile(_Frozen):
    """居住登记规则: who is registered, how long it lasts, and when a step is due.

    A stay of `presence_days` counts, the day of arrival included; with `inclusive` false it takes one more.
    A registration is renewed from `renewal_days` before its end on, at any time where a place sets none. A
    decision on 人户分离 begins `decision_ahead_days` after today at the latest.
    """

    code: Code
    version: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(min_length=2, max_length=60)]
    source: Annotated[str, Field(max_length=300)]
    valid_from: dt.date
    valid_to: dt.date | None = None
    calendar: Code
    presence_days: Days
    inclusive: bool
    overseas_admitted: bool
    term_months: Annotated[int, Field(ge=1, le=120)]
    renewal_days: Days | None = None
    review_days: Annotated[int, Field(ge=1, le=60)]
    same_day_entry: bool
    decision_ahead_days: Annotated[int, Field(ge=0, le=366)] = 0
    occupancy: Occupancy

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must lie after valid_from")
        return self

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether the profile is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def residence_profile(code: str, day: dt.date | None = None) -> ResidenceProfile:
    """Return the profile of a code in force on a day, the general one where the code has none.

    Raises:
        RuleBroken: a profile file of the installation is faulty.

    """
    day = day or today()
    known = _profiles()
    fitting = [one for one in known if one.code == code and one.holds_on(day)]
    fitting = fitting or [one for one in known if one.code == GENERAL and one.holds_on(day)]
    return max(fitting, key=lambda one: (one.valid_from, one.version))


def residence_profile_in_force(session: Session) -> ResidenceProfile:
    """Return the profile of the jurisdiction's scheme today."""
    code = session.execute(select(Jurisdiction.profile)).scalar_one_or_none()
    return residence_profile(code or GENERAL)


def read_residence_profile(path: Path) -> ResidenceProfile:
    """Return the profile that a YAML file holds.

    Raises:
        RuleBroken: `profile-faulty` with the first fault.

    """
    try:
        return ResidenceProfile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"]) or "file"
        raise RuleBroken("profile-faulty", f"{path.name}: {field}: {first['msg']}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleBroken("profile-faulty", f"{path.name}: cannot be read as YAML") from error


@cache
def _profiles() -> tuple[ResidenceProfile, ...]:
    """Read every profile once: those of the installation replace shipped ones of the same code."""
    own = _read(settings().home / "profiles" / "residence")
    replaced = {one.code for one in own}
    return (*own, *(one for one in _read(FOLDER) if one.code not in replaced))


def _read(folder: Path) -> tuple[ResidenceProfile, ...]:
    return tuple(read_residence_profile(path) for path in sorted(folder.glob("*.yaml")))
