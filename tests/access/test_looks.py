"""Looks at persons: no answer without its committed record, no row from outside the area."""

import datetime as dt
import json
import random
from collections import Counter
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.db import today, translated
from geo_registry.errors import (
    NotFound,
    NotSignedIn,
    PurposeRequired,
    Refused,
    RegistryError,
    TooMany,
    Unavailable,
)
from geo_registry.residence.reads import (
    dwellings_of_person,
    occupants_of_building,
    occupants_of_unit,
    reveal_person,
)  # fmt: skip

from .conftest import NUMBERS, Town

pytestmark = pytest.mark.commits
CASE = "居登〔2026〕1183号"


def _look(town: Town, login: str = "officer1", **changes: object) -> Look:
    values = {
        "token": town.tokens.get(login, "no such token"),
        "purpose": "01",
        "case_number": CASE,
        **changes,
    }
    return Look(**values)  # type: ignore[arg-type]


def test_occupants_arrive_masked_and_on_the_record(town: Town) -> None:
    answer = occupants_of_building(town.app, _look(town), town.buildings[1])
    adult, child = sorted(answer.occupants, key=lambda row: row["minor"])
    assert (adult["name"], adult["sex"], adult["id_tail"], adult["unit"]) == ("张**", "1", "13", "401室")
    assert (child["minor"], child["name"], child["sex"], child["age"], child["id_tail"]) == (
        True,
        None,
        None,
        None,
        None,
    )
    row = town.one(text("SELECT * FROM registry.audit"))
    assert (row.id, row.decision, row.purpose, row.case_number) == (answer.audit_id, "granted", "01", CASE)
    assert (row.object_kind, row.object_id, row.role) == ("building", town.buildings[1], "officer")


def test_a_past_day_shows_who_lived_there_then(town: Town) -> None:
    then = today() - dt.timedelta(days=500)
    answer = occupants_of_building(town.app, _look(town, valid_at=then), town.buildings[1])
    assert [row["unit"] for row in answer.occupants] == ["402室"]
    assert answer.valid_at == then
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    assert occupants_of_building(town.app, _look(town, known_at=before), town.buildings[1]).occupants == []


def test_pages_of_occupants_join_without_gap_or_double(town: Town) -> None:
    whole = occupants_of_building(town.app, _look(town), town.buildings[1])
    first = occupants_of_building(town.app, _look(town), town.buildings[1], limit=1)
    rest = occupants_of_building(town.app, _look(town), town.buildings[1], limit=1, after=first.next)
    assert first.next is not None
    assert rest.next is None
    assert first.occupants + rest.occupants == whole.occupants


def test_a_person_is_found_by_the_number_with_the_dwellings_of_the_area(town: Town) -> None:
    seen = dwellings_of_person(town.app, _look(town, "chief"), "111", NUMBERS[1])
    assert (seen.person["name"], len(seen.person["dwellings"])) == ("李*", 2)
    assert [row["current"] for row in seen.person["dwellings"]] == [True, False]
    partly = dwellings_of_person(town.app, _look(town), "111", NUMBERS[1])
    assert [row["unit"] for row in partly.person["dwellings"]] == ["402室"]
    with pytest.raises(NotFound):
        dwellings_of_person(town.app, _look(town, "officer2"), "111", NUMBERS[0])
    assert (
        town.count("SELECT count(*) FROM registry.audit WHERE action = 'dwellings' AND decision = 'granted'")
        == 3
    )


def test_a_full_value_is_one_more_look(town: Town) -> None:
    shown = reveal_person(town.app, _look(town), town.persons[1], ["id_number", "name"])
    assert shown.fields == {"id_number": NUMBERS[0], "name": "张三丰"}
    with pytest.raises(NotFound):
        reveal_person(town.app, _look(town, "officer2"), town.persons[1], ["name"])
    row = town.one(text("SELECT fields FROM registry.audit ORDER BY at LIMIT 1"))
    assert row.fields == ["id_number", "name"]


@pytest.mark.parametrize(
    ("login", "changes", "error", "code"),
    [
        ("officer1", {"purpose": ""}, PurposeRequired, "purpose-required"),
        ("officer1", {"purpose": "99"}, PurposeRequired, "purpose-unknown"),
        ("clerk", {}, Refused, "not-allowed"),
        ("auditor", {}, Refused, "not-allowed"),
        ("coordinator", {"purpose": "05"}, PurposeRequired, "purpose-not-allowed"),
        ("officer1", {"case_number": " "}, PurposeRequired, "case-required"),
        ("officer1", {"case_number": " " * 8}, PurposeRequired, "case-required"),
        ("officer1", {"case_number": "\u200b" * 8}, PurposeRequired, "case-required"),
        ("officer1", {"case_number": "2026-\u202e1183"}, PurposeRequired, "case-required"),
        ("officer1", {"case_number": "1183\x07"}, PurposeRequired, "case-required"),
        ("officer2", {}, NotFound, "not-found"),
    ],
)
def test_a_refused_look_reveals_nothing_and_is_on_the_record(
    town: Town, login: str, changes: dict[str, object], error: type[RegistryError], code: str
) -> None:
    with pytest.raises(error) as caught:
        occupants_of_building(town.app, _look(town, login, **changes), town.buildings[1])
    assert caught.value.code == code
    decision = town.one(text("SELECT decision FROM registry.audit"))[0]
    assert decision == code


def test_an_ended_session_is_on_the_record_and_a_token_of_nobody_is_not(town: Town) -> None:
    with pytest.raises(NotSignedIn):
        occupants_of_building(town.app, _look(town, "nobody"), town.buildings[1])
    assert town.count("SELECT count(*) FROM registry.audit") == 0
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.session SET ended_at = now()"))
    with pytest.raises(NotSignedIn):
        occupants_of_building(town.app, _look(town), town.buildings[1])
    row = town.one(
        text(
            "SELECT a.decision, c.login FROM registry.audit a JOIN registry.account c ON c.id = a.account_id"
        )
    )
    assert tuple(row) == ("session-ended", "officer1")


def test_a_coordinator_sees_who_lives_at_an_address_but_not_where_a_person_lives(town: Town) -> None:
    look = _look(town, "coordinator", purpose="02")
    assert occupants_of_unit(town.app, look, town.units[1]).occupants
    with pytest.raises(Refused):
        dwellings_of_person(town.app, look, "111", NUMBERS[0])
    with pytest.raises(Refused):
        reveal_person(town.app, look, town.persons[1], ["name"])


def test_the_hourly_limit_holds(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.account SET hourly_limit = 3 WHERE login = 'officer1'"))
    for _ in range(3):
        occupants_of_unit(town.app, _look(town), town.units[1])
    with pytest.raises(TooMany):
        occupants_of_unit(town.app, _look(town), town.units[1])


def test_a_unit_that_moves_to_another_area_takes_its_people_along(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(
            text("""UPDATE registry.housing_unit u SET township_id = d.id FROM registry.division d
                    WHERE d.code = '990101002' AND u.id = :unit"""),
            {"unit": town.units[1]},
        )
    assert (
        town.count("""SELECT count(*) FROM registry.residence r JOIN registry.housing_unit u ON u.id = r.unit_id
                         WHERE r.township_id <> u.township_id""")
        == 0
    )
    with pytest.raises(NotFound):
        occupants_of_unit(town.app, _look(town), town.units[1])
    assert len(occupants_of_unit(town.app, _look(town, "officer2"), town.units[1]).occupants) == 2


TRICKS = (
    "SELECT * FROM registry.person",
    "SELECT name FROM registry.person LIMIT 1",
    "COPY registry.person TO STDOUT",
    "SELECT * FROM registry.residence",
    "UPDATE registry.person SET name = name RETURNING name",
    "DELETE FROM registry.residence RETURNING *",
    """INSERT INTO registry.audit (id, at, action, object_kind, fields, decision, written_xid, written_lsn)
       VALUES ('{ticket}', clock_timestamp(), 'occupants', 'building', '{{}}', 'granted', '3', '0/1')""",
    "SELECT * FROM registry.audit",
    "SET ROLE registry_reader",
    "SET ROLE registry_owner",
    "SET SESSION AUTHORIZATION registry_owner",
    "SELECT set_config('registry.areas', '*', false), (SELECT count(*) FROM registry.person)",
    "SELECT registry.reveal_occupants('{ticket}', '\\x{token}', NULL, NULL, 10)",
    "SELECT registry.reveal_dwellings('{ticket}', '\\x{token}')",
    "CREATE OR REPLACE FUNCTION registry.honour(ticket uuid, asked_by bytea, wanted text) RETURNS registry.audit LANGUAGE sql AS 'SELECT NULL'",
    "ALTER TABLE registry.person DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON registry.person USING (true)",
)


@pytest.mark.promise("P8")
def test_the_server_password_alone_opens_nothing(town: Town) -> None:
    chance = random.Random(8)
    refusals: Counter[str] = Counter()
    for number in range(500):
        trick = TRICKS[number % len(TRICKS)]
        login = chance.choice(list(town.tokens))
        filled = trick.format(ticket=uuid4(), token=hash_token(town.tokens[login]).hex())
        with town.app.connect() as connection:
            try:
                connection.exec_driver_sql(filled)
            except DBAPIError as error:
                refusals[str(getattr(error.orig, "sqlstate", None))] += 1
    # For want of a right, or of a committed record: a trick that fails for its spelling would prove nothing.
    assert refusals == {"42501": 442, "55000": 58}


@pytest.mark.promise("P8")
def test_an_intent_that_is_not_committed_reveals_nothing(town: Town) -> None:
    intent = text("""SELECT registry.intent(:ticket, :token, 'occupants', '01', '居登-1183', 'building', :building, NULL,
                     '{}', CURRENT_DATE, NULL, NULL, NULL)""")
    reveal = text("SELECT registry.reveal_occupants(:ticket, :token, NULL, NULL, 10)")
    values = {"ticket": new_id(), "token": hash_token(town.tokens["officer1"]), "building": town.buildings[1]}

    def is_refused(*, savepoint: bool) -> bool:
        with town.app.connect() as connection:
            assert connection.execute(intent, values).scalar_one() == "granted"
            try:
                if savepoint:
                    with connection.begin_nested():
                        connection.execute(reveal, values)
                else:
                    connection.execute(reveal, values)
            except DBAPIError:
                connection.rollback()
                return True
            return False

    assert is_refused(savepoint=False)
    assert is_refused(savepoint=True)
    assert town.count("SELECT count(*) FROM registry.audit") == 0
    with town.app.connect() as connection:
        connection.execute(intent, values)
        connection.commit()
        assert json.loads(connection.execute(reveal, values).scalar_one())["occupants"]
        connection.rollback()
        other = {**values, "token": hash_token(town.tokens["chief"])}
        with pytest.raises(DBAPIError):
            connection.execute(reveal, other)
    assert town.count("SELECT count(*) FROM registry.audit") == 1


INTENT = text("""SELECT registry.intent(:ticket, :token, :action, '02', '走访-1183', :kind, :object, :subject, :fields,
                 CURRENT_DATE, NULL, NULL, NULL)""")
REVEALS = {
    "occupants": text("SELECT registry.reveal_occupants(:ticket, :token, NULL, NULL, 10)"),
    "dwellings": text("SELECT registry.reveal_dwellings(:ticket, :token)"),
    "person": text("SELECT registry.reveal_person(:ticket, :token)"),
}


@pytest.mark.promise("P8")
@pytest.mark.parametrize("wanted", ["dwellings", "person"])
def test_a_ticket_for_a_list_opens_no_person(town: Town, wanted: str) -> None:
    values = {
        "ticket": new_id(), "token": hash_token(town.tokens["coordinator"]), "action": "occupants", "kind": "person",
        "object": town.persons[1], "subject": cipher.blind_index("111", NUMBERS[0]), "fields": ["name"],
    }  # fmt: skip
    with town.app.connect() as connection:
        connection.execute(INTENT, values)
        connection.commit()
        with pytest.raises(DBAPIError, match="no committed audit record"):
            connection.execute(REVEALS[wanted], values)
        connection.rollback()
        values |= {"ticket": new_id(), "kind": "housing_unit", "object": town.units[1]}
        assert connection.execute(INTENT, values).scalar_one() == "granted"
        connection.commit()
        assert json.loads(connection.execute(REVEALS["occupants"], values).scalar_one())["occupants"]


@pytest.mark.promise("P8")
def test_the_record_waits_for_the_disk_whatever_the_caller_set(town: Town) -> None:
    values = {
        "ticket": new_id(), "token": hash_token(town.tokens["coordinator"]), "action": "occupants",
        "kind": "housing_unit", "object": town.units[1], "subject": None, "fields": [],
    }  # fmt: skip
    with town.app.connect() as connection:
        connection.execute(text("SET synchronous_commit = off"))
        connection.execute(INTENT, values)
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        connection.rollback()


def test_a_reveal_without_its_record_is_an_error_of_the_registry(town: Town) -> None:
    values = {"ticket": new_id(), "token": hash_token(town.tokens["officer1"])}
    with pytest.raises(Unavailable), translated(), town.app.connect() as connection:
        connection.execute(REVEALS["person"], values)


def test_no_day_makes_a_child_an_adult(town: Town) -> None:
    for day in (today() + dt.timedelta(days=365 * 30), dt.date.max):
        rows = occupants_of_building(town.app, _look(town, valid_at=day), town.buildings[1]).occupants
        assert sorted((row["minor"], row["name"]) for row in rows) == [(False, "张**"), (True, None)]


@pytest.mark.parametrize(
    ("year", "month", "day", "minor"),
    [
        (2012, 3, "2026-02-28", True),
        (2012, 3, "2026-03-31", True),
        (2012, 3, "2026-04-01", False),
        (2012, None, "2026-12-31", True),
        (2012, None, "2027-01-01", False),
        (None, 3, "2026-04-01", True),
        (1990, 12, "2026-01-01", False),
        (2030, 1, "2026-01-01", True),
    ],
)
def test_under_14_until_it_is_certain(
    connection: Connection, year: int | None, month: int | None, day: str, *, minor: bool
) -> None:
    asked = text("SELECT registry.is_minor(:year, :month, CAST(:day AS date))")
    assert connection.execute(asked, {"year": year, "month": month, "day": day}).scalar_one() is minor


@pytest.mark.promise("P5")
def test_row_security_binds_the_reader_whatever_the_query(town: Town) -> None:
    with town.owner.connect() as connection:
        ids: dict[str, UUID] = {
            row.code: row.id for row in connection.execute(text("SELECT code, id FROM registry.division"))
        }
        connection.execute(text("SET ROLE registry_reader"))
        for areas, people in (
            ("", 0),
            (str(uuid4()), 0),
            (str(ids["990101001"]), 3),
            (str(ids["990101002"]), 1),
            ("*", 3),
        ):
            connection.execute(text("SELECT set_config('registry.areas', :areas, true)"), {"areas": areas})
            assert connection.execute(text("SELECT count(*) FROM registry.person")).scalar_one() == people
        connection.rollback()
