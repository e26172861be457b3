"""Whether files of residence profiles and calendars hold: every fault with its field, before they count."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from geo_registry.errors import RuleBroken
from geo_registry.residence import calendar, profile
from geo_registry.settings import settings


def files() -> list[Path]:
    """Return the files that the server reads: those of the installation, then those of the product."""
    home = settings().home
    folders = (home / "profiles" / "residence", home / "calendars", profile.FOLDER, calendar.FOLDER)
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def faults_of(path: Path) -> list[str]:
    """Return what is wrong in a file, as `field: reason`; a file that names a year is a calendar."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        at = getattr(error, "problem_mark", None)
        return [f"file: cannot be read as YAML{f', line {at.line + 1}' if at else ''}"]
    if not isinstance(told, dict):
        return ["file: holds no fields"]
    is_calendar = "year" in told
    faults = _model_faults(calendar.Year if is_calendar else profile.ResidenceProfile, told)
    return faults or (_calendar_faults(path) if is_calendar else _profile_faults(path))


def _model_faults(model: type[BaseModel], told: dict[str, Any]) -> list[str]:
    try:
        model.model_validate(told)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return [f"{'.'.join(str(step) for step in one['loc']) or 'file'}: {one['msg']}" for one in found]
    return []


def _calendar_faults(path: Path) -> list[str]:
    try:
        found = calendar.read_year(path)
    except RuleBroken as error:
        return [f"holidays: {error.detail.removeprefix(f'{path.name}: ')}"]
    faults = []
    if not path.stem.endswith(f"-{found.year}"):
        faults.append(f"year: the file must be named <calendar>-{found.year}.yaml, or it is never read")
    for day in found.work_days:
        if found.is_off(day):
            faults.append(f"work_days: {day} is a holiday too")
        elif day.isoweekday() <= 5:
            faults.append(f"work_days: {day} is no weekend")
    return faults


def _profile_faults(path: Path) -> list[str]:
    named = profile.read_residence_profile(path).calendar
    folders = (path.parent, settings().home / "calendars", calendar.FOLDER)
    if any(True for folder in folders for _ in folder.glob(f"{named}-*.yaml")):
        return []
    return [f"calendar: {named} has no file {named}-<year>.yaml"]
