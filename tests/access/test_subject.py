"""What a person is told: what is stored, and who looked, in which role, for which purpose."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from geo_registry.access.audit import Look
from geo_registry.access.rules import Role
from geo_registry.db import today
from geo_registry.errors import NotFound, Refused
from geo_registry.residence.reads import (
    dwellings_of_person,
    occupants_of_building,
    occupants_of_unit,
    reveal_person,
)
from geo_registry.residence.subject import subject_report

from .conftest import NUMBERS, Town, sign_in

pytestmark = pytest.mark.commits


def _look(town: Town, login: str, purpose: str = "02", **more: Any) -> Look:  # noqa: ANN401
    return Look(town.tokens[login], purpose, "走访2026-0031", **more)


def _report(town: Town, number: str = NUMBERS[0]) -> dict[str, Any]:
    return subject_report(town.app, _look(town, "office", "06"), "111", number)


@pytest.fixture
def asked(town: Town) -> Town:
    """Give the town with an account of the population office of township 1."""
    with town.owner.begin() as connection:
        town.tokens["office"] = sign_in(connection, "office", Role.POPULATION_OFFICE, "990101001")
    return town


def test_every_look_at_a_person_is_told_without_a_name(asked: Town) -> None:
    town = asked
    occupants_of_building(town.app, _look(town, "coordinator"), town.buildings[1])
    occupants_of_unit(town.app, _look(town, "officer1"), town.units[1])
    dwellings_of_person(town.app, _look(town, "chief", "05"), "111", NUMBERS[0])
    reveal_person(town.app, _look(town, "officer1", "05"), town.persons[1], ["name", "birth"])
    # Not at this person: another building, a day before, a look that was refused, another person.
    occupants_of_building(town.app, _look(town, "officer2"), town.buildings[2])
    before = _look(town, "officer1", valid_at=today() - dt.timedelta(days=450))
    occupants_of_building(town.app, before, town.buildings[1])
    with pytest.raises(NotFound):
        dwellings_of_person(town.app, _look(town, "officer2", "05"), "111", "11010519491231002X")
    with pytest.raises(Refused):
        occupants_of_building(town.app, _look(town, "clerk"), town.buildings[1])
    report = _report(town)
    assert [(row["way"], row["role_title"], row["purpose"]) for row in report["looks"]] == [
        ("number", "人口办", "06"),
        ("person", "社区民警", "05"),
        ("number", "社区民警", "05"),
        ("housing_unit", "社区民警", "02"),
        ("building", "协管员", "02"),
    ]
    assert report["looks"][1]["fields"] == ["name", "birth"]
    assert (report["looks"][2]["office"], report["looks"][3]["office"]) == ("映山区", "映山区镇1")
    assert report["looks"][2]["legal_basis"] == "个人信息保护法第三十四条"
    assert (report["name"], report["stored"]) == ("张**", ["name", "sex", "birth", "id_number"])
    assert [row["unit"] for row in report["dwellings"]] == ["401室"]
    told = str(report)
    assert not [login for login in ("officer1", "chief") if login in told]
    assert "三丰" not in told
    assert NUMBERS[0] not in told


def test_a_purpose_may_be_told_later(asked: Town) -> None:
    town = asked
    dwellings_of_person(town.app, _look(town, "officer1", "05"), "111", NUMBERS[0])
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.purpose SET report_delay_days = 30 WHERE code = '05'"))
    assert [row["purpose"] for row in _report(town)["looks"]] == ["06"]
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.purpose SET report_delay_days = 0 WHERE code = '05'"))
    assert [row["purpose"] for row in _report(town)["looks"]] == ["06", "06", "05"]


def test_a_former_dwelling_counts_as_of_the_look(asked: Town) -> None:
    town = asked
    then = _look(town, "officer1", valid_at=today() - dt.timedelta(days=500))
    occupants_of_building(town.app, then, town.buildings[1])
    occupants_of_building(town.app, _look(town, "officer1"), town.buildings[1])
    assert [row["way"] for row in _report(town, NUMBERS[1])["looks"]] == ["number", "building"]


def test_only_the_office_of_the_area_reports(asked: Town) -> None:
    town = asked
    with pytest.raises(Refused):
        subject_report(town.app, _look(town, "officer1", "05"), "111", NUMBERS[0])
    with town.owner.begin() as connection:
        town.tokens["far"] = sign_in(connection, "far", Role.POPULATION_OFFICE, "990101002")
    with pytest.raises(NotFound) as refused:
        subject_report(town.app, _look(town, "far", "06"), "111", NUMBERS[0])
    assert refused.value.facts["audit_id"]
