"""What a look tells beside who and where: households, hukou, absences, decisions, registration and age, at two times."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access.audit import Look
from geo_registry.access.rules import Role
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.residence.reads import dwellings_of_person, occupants_of_building, occupants_of_unit

from .conftest import NUMBERS, Town, sign_in

pytestmark = pytest.mark.commits
DAY = dt.timedelta(days=1)


def _look(town: Town, login: str = "officer1", **more: Any) -> Look:  # noqa: ANN401
    return Look(town.tokens[login], "02" if login == "coordinator" else "01", "居登-1183", **more)


def _store(town: Town, statement: str, **values: object) -> None:
    with town.owner.begin() as connection:
        connection.execute(text(statement), values)


def _at(town: Town, person: int) -> UUID:
    query = "SELECT id FROM registry.residence WHERE person_id = :p AND upper_inf(valid) AND upper_inf(sys)"
    with town.owner.connect() as connection:
        found = connection.execute(text(query), {"p": town.persons[person]}).scalar_one()
    assert isinstance(found, UUID)
    return found


def _row(town: Town, person: int, login: str = "officer1", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    found = occupants_of_building(town.app, _look(town, login, **more), town.buildings[1]).occupants
    (row,) = [row for row in found if row["person_id"] == str(town.persons[person])]
    return row


def test_occupants_come_household_by_household_with_the_head_first(town: Town) -> None:
    for kind, person, relation in (("family", 1, "0"), ("family", 3, "2")):
        _store(
            town,
            "UPDATE registry.residence SET relation_to_head = :r WHERE person_id = :p AND upper_inf(valid)",
            r=relation, p=town.persons[person],
        )  # fmt: skip
        assert kind == "family"
    household = new_id()
    _store(
        town,
        "INSERT INTO registry.household (id, unit_id, building_id, kind, district_id)"
        " SELECT :h, id, building_id, 'family', district_id FROM registry.housing_unit WHERE id = :u",
        h=household, u=town.units[1],
    )  # fmt: skip
    _store(
        town,
        "UPDATE registry.residence SET household_id = :h WHERE unit_id = :u AND upper_inf(valid)",
        h=household, u=town.units[1],
    )  # fmt: skip
    look = _look(town)
    first = occupants_of_unit(town.app, look, town.units[1], limit=1)
    rest = occupants_of_unit(town.app, look, town.units[1], limit=1, after=first.next)
    rows = [*first.occupants, *rest.occupants]
    assert [row["relation_to_head"] for row in rows] == ["0", "2"]
    assert {(row["household_id"], row["household_kind"]) for row in rows} == {(str(household), "family")}
    assert rest.next is None


@pytest.mark.requirement("R4")
def test_a_live_record_shows_its_age(town: Town) -> None:
    assert (_row(town, 1)["verified_on"], _row(town, 1)["verified_age_days"]) == (None, None)
    visited = "INSERT INTO registry.last_visit (unit_id, visited_at, outcome) VALUES (:u, now() - interval '9 days', 'met_all')"
    _store(town, visited, u=town.units[1])
    assert (_row(town, 1)["verified_by"], _row(town, 1)["verified_age_days"]) == ("visit", 9)
    _store(
        town,
        "UPDATE registry.residence SET verified_on = CURRENT_DATE - 3 WHERE person_id = :p AND upper_inf(valid)",
        p=town.persons[1],
    )
    assert (_row(town, 1)["verified_by"], _row(town, 1)["verified_age_days"]) == ("case", 3)
    # What was verified later does not make an earlier day younger.
    assert _row(town, 1, valid_at=today() - 30 * DAY)["verified_age_days"] is None
    person = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0]).person
    assert [row["verified_age_days"] for row in person["dwellings"]] == [3]


def test_registration_is_told_as_it_stood(town: Town) -> None:
    home, day = _at(town, 1), today()
    assert _row(town, 1)["registration"] is None
    add = """INSERT INTO registry.registration (residence_id, person_id, district_id, status, registered_on, expires_on, ended_on)
             SELECT :home, person_id, district_id, :status, :on, :until, :ended FROM registry.residence WHERE id = :home"""
    for status, on, until, ended in (
        ("changed", day - 300 * DAY, day - 10 * DAY, day - 20 * DAY),
        ("active", day - 20 * DAY, day + 345 * DAY, None),
    ):
        _store(town, add, home=home, status=status, on=on, until=until, ended=ended)
    told = {
        ago: (row["registration"], row["expires_on"])
        for ago in (0, 20, 21, 300, 301)
        for row in [_row(town, 1, valid_at=day - ago * DAY)]
    }
    assert told == {
        0: ("active", str(day + 345 * DAY)), 20: ("active", str(day + 345 * DAY)),
        21: ("active", str(day - 10 * DAY)), 300: ("active", str(day - 10 * DAY)), 301: (None, None),
    }  # fmt: skip
    _store(town, "UPDATE registry.registration SET expires_on = CURRENT_DATE - 1 WHERE status = 'active'")
    assert _row(town, 1)["registration"] == "expired"


def test_facts_are_told_as_they_were_known(town: Town) -> None:
    _store(
        town,
        "INSERT INTO registry.registration (residence_id, person_id, district_id, status, registered_on)"
        " SELECT id, person_id, district_id, 'active', CURRENT_DATE - 5 FROM registry.residence WHERE id = :home",
        home=_at(town, 1),
    )
    _store(town, "INSERT INTO registry.hukou (person_id, unit_id, valid) VALUES (:p, :u, '[2020-01-01,)')",
           p=town.persons[1], u=town.units[1])  # fmt: skip
    before = dt.datetime.now(dt.UTC)
    home = _at(town, 1)
    _store(
        town,
        "UPDATE registry.residence SET category = 'lodger', relation_to_head = '7' WHERE id = :r",
        r=home,
    )
    _store(town, "UPDATE registry.person SET name = '张小丰' WHERE id = :p", p=town.persons[1])
    _store(town, "UPDATE registry.hukou SET valid = '[2020-01-01,2021-01-01)' WHERE person_id = :p", p=town.persons[1])  # fmt: skip
    then, now = _row(town, 1, known_at=before), _row(town, 1)
    assert (then["category"], now["category"]) == ("incomer", "lodger")
    # One record in both: what was known is a copy beside it, and the registration belongs to the record.
    assert then["residence_id"] == now["residence_id"] == str(home)
    assert (then["registration"], now["registration"]) == ("active", "active")
    assert (then["separation"], now["separation"]) == ("consistent", "incomer")
    person = dwellings_of_person(town.app, _look(town, known_at=before), "111", NUMBERS[0]).person
    assert (person["name"], person["hukou"]["until"]) == ("张**", None)
    later = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0]).person
    assert (later["hukou"], [row["until"] for row in later["hukou_periods"]]) == (None, ["2021-01-01"])


def test_a_decision_lies_over_the_rule_for_its_time(town: Town) -> None:
    _store(
        town,
        "INSERT INTO registry.separation_decision (person_id, status, reason, decided_by, valid, district_id, township_id)"
        " SELECT :p, 'resident_not_registered_here', '实际居住已核', a.id, daterange(CURRENT_DATE - 10, CURRENT_DATE), u.district_id, u.township_id"
        " FROM registry.account a, registry.housing_unit u WHERE a.login = 'chief' AND u.id = :u",
        p=town.persons[1], u=town.units[1],
    )  # fmt: skip
    inside = _row(town, 1, valid_at=today() - 5 * DAY)
    assert (inside["separation"], inside["separation_derived"]) == ("resident_not_registered_here", "incomer")
    assert _row(town, 1)["separation"] == "incomer"
    person = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0]).person
    assert [(row["status"], row["current"]) for row in person["decisions"]] == [
        ("resident_not_registered_here", False)
    ]


def test_a_local_whose_hukou_lies_in_another_area_lives_apart(town: Town) -> None:
    _store(town, "UPDATE registry.residence SET category = 'local_hukou' WHERE person_id = :p AND upper_inf(valid)", p=town.persons[1])  # fmt: skip
    assert _row(town, 1)["separation"] is None
    _store(town, "INSERT INTO registry.hukou (person_id, unit_id, valid) VALUES (:p, :u, '[2020-01-01,)')",
           p=town.persons[1], u=town.units[2])  # fmt: skip
    assert _row(town, 1)["separation"] == "resident_not_registered_here"
    seen = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0]).person
    # That there is one is told; where it is, only to who works there.
    assert (seen["hukou"], seen["has_hukou"]) == (None, True)
    wide = dwellings_of_person(town.app, _look(town, "chief"), "111", NUMBERS[0]).person
    assert wide["hukou"]["unit_id"] == str(town.units[2])


def test_the_absent_are_counted_and_named_to_whom_it_concerns(town: Town) -> None:
    _store(town, "INSERT INTO registry.hukou (person_id, unit_id, valid) VALUES (:p, :u, '[2020-01-01,)')",
           p=town.persons[2], u=town.units[1])  # fmt: skip
    _store(
        town,
        "INSERT INTO registry.absence (person_id, unit_id, building_id, district_id, reason, informant, whereabouts_code, valid)"
        " SELECT :p, id, building_id, district_id, 'work', 'family', '990101002000', '[2024-01-01,)' FROM registry.housing_unit WHERE id = :u",
        p=town.persons[2], u=town.units[1],
    )  # fmt: skip
    found = occupants_of_unit(town.app, _look(town), town.units[1])
    assert found.registered_not_resident == 1
    (row,) = found.absent
    assert (row["name"], row["absence_reason"], row["absent_since"]) == ("李*", "work", "2024-01-01")
    plain = occupants_of_unit(town.app, _look(town, "coordinator"), town.units[1])
    assert (plain.registered_not_resident, plain.absent) == (1, [])
    before = occupants_of_unit(town.app, _look(town, valid_at=dt.date(2019, 6, 1)), town.units[1])
    assert before.registered_not_resident == 0


def test_the_time_bar_holds_counts_alone(town: Town) -> None:
    past = today() - 400 * DAY
    found = occupants_of_unit(town.app, _look(town), town.units[1])
    assert found.counts == [(str(past), 2)]
    room = occupants_of_building(town.app, _look(town), town.buildings[1])
    assert all(day.endswith("-01-01") for day, _ in room.counts)


def test_an_old_document_and_a_merged_record_lead_to_the_person(town: Town) -> None:
    _store(town, "UPDATE registry.person SET id_index = '\\x0102', id_tail = '99' WHERE id = :p", p=town.persons[1])  # fmt: skip
    found = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0])
    assert (found.person["person_id"], found.person["found_by"]) == (str(town.persons[1]), "former-document")
    _store(town, "UPDATE registry.residence SET person_id = :to, is_main = false WHERE person_id = :p",
           to=town.persons[1], p=town.persons[2])  # fmt: skip
    _store(town, "UPDATE registry.person SET merged_into = :to, township_id = NULL, district_id = NULL WHERE id = :p",
           to=town.persons[1], p=town.persons[2])  # fmt: skip
    merged = dwellings_of_person(town.app, _look(town, "chief"), "111", NUMBERS[1]).person
    assert (merged["person_id"], merged["found_by"]) == (str(town.persons[1]), "merged")
    assert len(merged["dwellings"]) == 3


def test_a_hukou_outside_the_registry_is_told_with_the_person(town: Town) -> None:
    _store(
        town,
        "INSERT INTO registry.hukou (person_id, division_code, address_text, valid) VALUES (:p, '341182000000', '明光市某村', '[2001-01-01,)')",
        p=town.persons[1],
    )
    seen = dwellings_of_person(town.app, _look(town), "111", NUMBERS[0]).person
    assert (seen["hukou"]["division_code"], seen["hukou"]["address"]) == ("341182000000", "明光市某村")


@pytest.mark.requirement("R79", "R103")
def test_every_live_residence_is_found_from_either_side(town: Town) -> None:
    with town.owner.begin() as connection:
        town.tokens["head"] = sign_in(connection, "head", Role.STATION_HEAD, "990101")
    by_place = {
        row["residence_id"]
        for building in town.buildings.values()
        for row in occupants_of_building(town.app, _look(town, "head"), building, limit=500).occupants
    }
    by_person = {
        row["residence_id"]
        for number in (*NUMBERS, "child3")
        for row in _dwellings(town, number)
        if row["current"]
    }
    stored = "SELECT id FROM registry.residence WHERE valid @> CURRENT_DATE AND upper_inf(sys)"
    with town.owner.connect() as connection:
        live = {str(one) for one in connection.execute(text(stored)).scalars()}
    assert by_place == by_person == live
    assert len(live) == 3


def _dwellings(town: Town, number: str) -> list[dict[str, Any]]:
    from geo_registry.access import cipher
    from geo_registry.access.audit import Target, look

    target = Target("dwellings", "person", None, ("dwellings",), subject=cipher.blind_index("111", number))
    _, answer = look(town.app, _look(town, "head"), target)
    rows: list[dict[str, Any]] = answer["person"]["dwellings"]
    return rows
