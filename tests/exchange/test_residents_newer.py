"""What a list of residents may not undo: cases, ends, newer registrations; a second run changes nothing."""

import datetime as dt
import random
from pathlib import Path

import psycopg
import pytest

from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.exchange.residents import import_residents
from tests.exchange.samples import counts, run_file
from tests.exchange.test_residents import EAST, Values, many, person, write
from tests.exchange.test_residents import raw as raw  # noqa: PLC0414  (the fixture, under its own name)

REGISTERED = {"registered": "true", "registered_on": "2026-01-01", "registered_until": "2100-01-01"}
TOWN = {
    "hukou_scope": "town",
    "hukou_community_code": EAST,
    "hukou_street": "映月路",
    "hukou_number": "100号",
}
STATE = (
    "SELECT name, version FROM registry.person ORDER BY id",
    """SELECT id, unit_id, category, is_main, household_id, verified_on, end_reason, valid::text, sys::text
    FROM registry.residence ORDER BY id""",
    "SELECT id, unit_id, division_code, address_text, end_reason, valid::text, sys::text FROM registry.hukou ORDER BY id",
    "SELECT id, status, registered_on, expires_on, ended_on, version FROM registry.registration ORDER BY id",
    "SELECT id, unit_id, reason, valid::text, sys::text FROM registry.absence ORDER BY id",
    "SELECT id, unit_id, kind FROM registry.household ORDER BY id",
)


def state(raw: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    return [many(raw, query) for query in STATE]


def decide(raw: psycopg.Connection, action: str, room: str = "402", **facts: object) -> None:
    """Pass a case of the `change_cancel` form about the residence that began first."""
    raw.execute(
        """INSERT INTO registry.account (login, name, role) SELECT 'clerk-1', 'clerk-1', 'entry_clerk'
        WHERE NOT EXISTS (SELECT FROM registry.account)"""
    )
    told = {"since": None, "ends": None, "why": None, "name": None, "code": None}
    values = told | {"id": new_id(), "act": new_id(), "action": action, "room": room} | facts
    raw.execute(
        """INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id,
          collected_by, collected_at, entered_by, district_id)
        SELECT %(id)s, 'case-' || %(id)s, %(action)s, 'change_cancel', 1, 'station_review', u.id, u.building_id, a.id, now(), a.id,
          u.district_id
        FROM registry.account a, registry.housing_unit u WHERE u.room = %(room)s LIMIT 1""",
        values,
    )
    raw.execute(
        """INSERT INTO registry.case_person (case_id, turn, is_open, person_id, residence_id, name, sex, birth_year, birth_month,
          id_type, id_number, id_index, id_tail, since, ends_on, end_reason, hukou_code, district_id)
        SELECT %(id)s, 1, false, p.id, r.id, coalesce(%(name)s, p.name), p.sex, p.birth_year, p.birth_month, p.id_type,
          p.id_number, p.id_index, p.id_tail, %(since)s, %(ends)s, %(why)s, %(code)s, r.district_id
        FROM registry.residence r JOIN registry.person p ON p.id = r.person_id WHERE upper_inf(r.sys)
        ORDER BY r.valid LIMIT 1""",
        values,
    )
    done = raw.execute("SELECT registry.apply_case(%(id)s, %(act)s)", values).fetchone()
    assert done == ("done",)


CASES: dict[str, Values] = {
    "deceased": {"action": "cancel", "ends": "2026-06-01", "why": "deceased"},
    "left": {"action": "cancel", "ends": "2026-06-01", "why": "left_area"},
    "never": {"action": "cancel", "ends": "2026-06-01", "why": "wrong"},
    "moved": {"action": "change", "room": "502", "since": "2026-06-01"},
    "renewed": {"action": "renew"},
    "began-later": {"action": "correct", "since": "2021-01-01"},
    "other-room": {"action": "correct", "room": "502"},
}


@pytest.mark.parametrize("case", CASES)
def test_a_list_undoes_no_case(raw: psycopg.Connection, tmp_path: Path, case: str) -> None:
    path = write(tmp_path / "r.csv", person(1, hukou_scope="here", **REGISTERED))
    assert counts(run_file(raw, import_residents, path)) == (1, 1, 0, 0, 0, 0)
    decide(raw, **CASES[case])
    before = state(raw)
    for _ in range(2):
        report = run_file(raw, import_residents, path)
        assert (counts(report), report.reasons) == ((1, 0, 0, 0, 1, 0), {"register-newer": 1})
        assert state(raw) == before
    assert many(raw, "SELECT * FROM registry.tally_drift()") == []


def test_who_died_lives_in_no_home_of_another_list(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_residents, write(tmp_path / "r.csv", person(1)))
    decide(raw, **CASES["deceased"])
    before = state(raw)
    told = write(
        tmp_path / "s.csv",
        person(1, room="502室", since="2025-01-01"),
        person(1, room="502室", since="2018-01-01", until="2019-01-01"),
    )
    report = run_file(raw, import_residents, told)
    assert (counts(report), report.reasons) == ((2, 1, 0, 0, 1, 0), {"register-newer": 1})
    assert [row for row in state(raw)[1] if row[7] != "[2018-01-01,2019-01-01)"] == before[1]


def test_who_comes_back_after_a_case_is_told_by_a_later_row(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_residents, write(tmp_path / "r.csv", person(1, since="2019-01-01")))
    decide(raw, **CASES["left"])
    later = write(tmp_path / "s.csv", person(1, room="502室", since=str(today())))
    assert counts(run_file(raw, import_residents, later)) == (1, 1, 0, 0, 0, 0)
    assert counts(run_file(raw, import_residents, later)) == (1, 0, 0, 1, 0, 0)


def test_a_name_and_a_hukou_that_a_case_gave_stay(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_residents, write(tmp_path / "r.csv", person(1, hukou_scope="here")))
    decide(raw, "correct", name="测试甲")
    decide(raw, "change", code="997501000000", since="2020-01-02")
    names = many(raw, "SELECT name, version FROM registry.person")
    hukou = state(raw)[2]
    other = write(tmp_path / "s.csv", person(1, room="502室", since="2021-01-01", hukou_scope="here"))
    for stored in (1, 0):
        report = run_file(raw, import_residents, other)
        assert report.stored == stored
        assert (report.warnings if stored else report.reasons)["register-newer"] == 1
    assert many(raw, "SELECT name, version FROM registry.person") == names
    assert names[0][0] == "测试甲"
    assert state(raw)[2] == hukou
    assert "997501000000" in {row[2] for row in hukou}


def test_no_list_opens_what_another_one_ended(raw: psycopg.Connection, tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", person(1, **REGISTERED))
    gone = {"until": "2026-06-01", "registration_status": "cancelled", "registration_ended_on": "2026-06-01"}
    run_file(raw, import_residents, first)
    second = write(tmp_path / "b.csv", person(1, **REGISTERED, **gone))
    assert counts(run_file(raw, import_residents, second)) == (1, 1, 1, 0, 0, 0)
    before = state(raw)
    report = run_file(raw, import_residents, first)
    assert (report.reasons, state(raw)) == ({"register-newer": 1}, before)


def test_an_older_registration_ends_no_newer_one(raw: psycopg.Connection, tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", person(1, **REGISTERED))
    run_file(raw, import_residents, first)
    newer = person(1, **{**REGISTERED, "registered_on": "2026-05-01"})
    assert counts(run_file(raw, import_residents, write(tmp_path / "b.csv", newer))) == (1, 1, 1, 0, 0, 0)
    registrations = "SELECT status, registered_on::text FROM registry.registration ORDER BY 2"
    told = [("expired", "2026-01-01"), ("active", "2026-05-01")]
    assert many(raw, registrations) == told
    assert run_file(raw, import_residents, first).reasons == {"register-newer": 1}
    assert many(raw, registrations) == told


def test_what_has_run_out_is_expired_whatever_the_list_says(raw: psycopg.Connection, tmp_path: Path) -> None:
    row = person(1, registration_status="active", registered_on="2025-01-01", registered_until=str(today()))
    path = write(tmp_path / "r.csv", row)
    assert counts(run_file(raw, import_residents, path)) == (1, 1, 0, 0, 0, 0)
    assert many(raw, "SELECT status FROM registry.registration") == [("expired",)]
    assert counts(run_file(raw, import_residents, path)) == (1, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    "column", ["since", "registered_on", "verified_on", "registration_ended_on", "away_since"]
)
def test_a_day_to_come_is_no_fact(raw: psycopg.Connection, tmp_path: Path, column: str) -> None:
    late = person(1) | {column: str(today() + dt.timedelta(days=1))}
    path = write(tmp_path / "r.csv", late, person(2) | {column: str(today())}, person(3, until="2100-01-01"))
    report = run_file(raw, import_residents, path)
    assert (report.stored, report.reasons) == (2, {"day-later": 1})


def generated(seed: random.Random) -> list[Values]:
    """Return a list as systems export them: homes that overlap, repeat and contradict each other."""

    def day(first: int = 2016) -> str:
        return f"{seed.randint(first, 2025)}-0{seed.randint(1, 9)}-01"

    def row() -> Values:
        values = person(seed.randint(1, 5), room=seed.choice(("402室", "502室")), since=day(), kind="lodger")
        values |= {"household_key": seed.choice("ABC"), "name": f"测试{seed.randint(1, 2)}"}
        if seed.random() < 0.4:
            values |= {"until": day(2020), "end_reason": seed.choice(("left_area", "deceased", ""))}
        if seed.random() < 0.6:
            values |= {
                "registered_on": day(),
                "registration_status": seed.choice(("active", "changed", "expired")),
            }
            values |= {"registered_until": seed.choice(("2100-01-01", "2026-02-01"))}
        if seed.random() < 0.5:
            values |= {**TOWN, "hukou_room": seed.choice(("402室", "502室")), "away_since": day()}
        elif seed.random() < 0.5:
            values |= {
                "hukou_scope": "elsewhere",
                "hukou_division_code": seed.choice(("997501000000", "997502000000")),
            }
        return values

    return [row() for _ in range(24)]


@pytest.mark.parametrize("seed", range(8))
def test_any_list_changes_nothing_the_second_and_the_third_time(
    raw: psycopg.Connection, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for turn in range(3):
        path = write(tmp_path / f"{turn}.csv", *generated(chance))
        first = run_file(raw, import_residents, path)
        before = state(raw)
        for _ in range(2):
            again = run_file(raw, import_residents, path)
            assert (again.stored, again.changed) == (0, 0)
            assert again.unchanged == first.stored + first.unchanged
            assert state(raw) == before
    assert many(raw, "SELECT * FROM registry.tally_drift()") == []
