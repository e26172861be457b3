import csv
import datetime as dt
import json
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection

from geo_registry.access.cipher import blind_index, open_
from geo_registry.errors import RuleBroken
from geo_registry.exchange import residents
from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.buildings import import_buildings
from geo_registry.exchange.residents import import_residents
from geo_registry.person.rules import id_check_character
from geo_registry.settings import make_secrets
from tests.exchange.samples import counts, feature, run_file, square, town, write_features

Values = dict[str, str]
EAST = "310199100001"
TODAY = dt.datetime.now(dt.UTC).date()


def number(sequence: int, birth: str = "19900101") -> str:
    """Return an identity number of an unassigned division with a valid check character."""
    body = f"990101{birth}{sequence:03d}"
    return body + id_check_character(body)


def person(sequence: int, **values: str) -> Values:
    """Return a row: a man or woman in room 402 of the building 映月路100号 since 2020."""
    row = {
        "name": f"测试{sequence}", "sex": "1" if sequence % 2 else "2", "id_type": "111",
        "id_number": number(sequence), "phone": f"10000000{sequence:03d}", "kind": "incomer",
        "community_code": EAST, "street": "映月路", "number": "100号", "room": "402室", "since": "2020-01-02",
    }  # fmt: skip
    return row | values


def write(path: Path, *rows: Values) -> Path:
    header = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def prepare(driver: psycopg.Connection, folder: Path) -> None:
    """Put the rooms 402 and 502 of one building into a register."""
    make_secrets()
    run_file(driver, import_areas, town(folder / "areas.geojson"))
    house = feature(
        square(0.001, 0.001, 0.0002), external_id="B1", community_code=EAST, street="映月路", number="100号"
    )
    run_file(driver, import_buildings, write_features(folder / "b.geojson", house))
    driver.execute(
        """INSERT INTO registry.housing_unit (building_id, floor, room, unit_text, unit_key, district_id, township_id,
          community_id)
        SELECT b.id, f, f || '02', f || '02室', 'r' || f || '02', b.district_id, b.township_id, b.community_id
        FROM registry.building b, generate_series(4, 5) f"""
    )


@pytest.fixture
def raw(connection: Connection, tmp_path: Path) -> psycopg.Connection:
    """Give a register with the rooms 402 and 502 of one building."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    prepare(driver, tmp_path)
    return driver


def many(raw: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return raw.execute(query.encode()).fetchall()


def test_a_person_is_sealed_and_found_again_by_the_document(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", person(1, relation_to_head="0"))
    assert counts(run_file(raw, import_residents, path)) == (1, 1, 0, 0, 0, 0)
    ((row_id, name, sex, year, tail, sealed, index, phone, has_area),) = raw.execute(
        """SELECT id, name, sex, birth_year, id_tail, id_number, id_index, phone, community_id IS NOT NULL
        FROM registry.person"""
    ).fetchall()
    assert (name, sex, year, tail, has_area) == ("测试1", "1", 1990, number(1)[-2:], True)
    assert bytes(index) == blind_index("111", number(1))
    assert open_("person", "id_number", row_id, bytes(sealed)) == number(1)
    assert open_("person", "phone", row_id, bytes(phone)) == "10000000001"
    assert many(
        raw, "SELECT category, relation_to_head, is_main, lower(valid), upper(valid) FROM registry.residence"
    ) == [("incomer", "0", True, dt.date(2020, 1, 2), None)]


def test_the_same_list_again_changes_nothing(raw: psycopg.Connection, tmp_path: Path) -> None:
    registered = {
        "registered": "true",
        "registered_on": "2026-01-01",
        "registered_until": str(TODAY.replace(year=TODAY.year + 1, day=1)),
    }
    path = write(
        tmp_path / "r.csv",
        person(1, hukou_scope="here", **registered),
        person(2, hukou_scope="elsewhere", hukou_division_code="997501000000"),
        person(3, room="502室", until="2024-05-01", registered="", registered_on="2021-01-01", registered_until="2022-01-01"),
        person(3, since="2024-05-01", hukou_scope="town", hukou_community_code=EAST, hukou_street="映月路",
               hukou_number="100号", hukou_room="502室"),
    )  # fmt: skip
    assert counts(run_file(raw, import_residents, path)) == (4, 4, 0, 0, 0, 0)
    assert counts(run_file(raw, import_residents, path)) == (4, 0, 0, 4, 0, 0)
    assert many(raw, "SELECT count(*) FROM registry.person") == [(3,)]
    assert many(raw, "SELECT status FROM registry.registration ORDER BY 1") == [("active",), ("expired",)]
    assert many(raw, "SELECT count(unit_id), count(division_code) FROM registry.hukou") == [(2, 1)]
    assert many(raw, "SELECT count(*) FILTER (WHERE is_main), count(*) FROM registry.residence") == [(4, 4)]


def test_a_departure_corrects_what_was_known_and_keeps_it(raw: psycopg.Connection, tmp_path: Path) -> None:
    registered = {"registered": "true", "registered_on": "2026-01-01"}
    run_file(raw, import_residents, write(tmp_path / "a.csv", person(1, **registered)))
    path = write(
        tmp_path / "b.csv",
        person(1, until="2026-06-01", name="测试甲", registered="false", registered_on="2026-01-01"),
        person(1, since="2026-06-01", room="502室", name="测试甲"),
    )
    assert counts(run_file(raw, import_residents, path)) == (2, 2, 1, 0, 0, 0)
    live = "SELECT count(*) FROM registry.residence WHERE upper_inf(sys)"
    assert many(raw, live) == [(2,)]
    assert many(raw, "SELECT count(*) FROM registry.residence") == [(3,)]
    assert many(raw, "SELECT name, version FROM registry.person") == [("测试甲", 2)]
    assert many(raw, "SELECT status FROM registry.registration") == [("cancelled",)]
    assert counts(run_file(raw, import_residents, path)) == (2, 0, 0, 2, 0, 0)


FAULTS: dict[str, Values] = {
    "id-check": {"id_number": number(4)[:-1] + ("0" if number(4)[-1] != "0" else "1")},
    "id-type": {"id_type": "777"},
    "name-missing": {"name": " "},
    "category-unknown": {"kind": "somebody"},
    "since-missing": {"since": ""},
    "date-unreadable": {"since": "2020-13-45"},
    "period-empty": {"until": "2020-01-02"},
    "registration-period": {"registered_on": "2026-01-01", "registered_until": "2025-01-01"},
    "unit-unknown": {"room": "902室"},
    "area-unknown": {"community_code": "310199100999"},
    "number-unreadable": {"number": "无号"},
}


@pytest.mark.parametrize(("reason", "fault"), FAULTS.items())
def test_a_faulty_row_is_told_by_number_and_reason_alone(
    raw: psycopg.Connection, tmp_path: Path, reason: str, fault: Values
) -> None:
    path = write(tmp_path / "r.csv", person(1), person(4, **fault))
    report = run_file(raw, import_residents, path)
    assert (report.stored, report.reasons) == (1, {reason: 1})
    assert many(raw, "SELECT count(*) FROM registry.person") == [(1,)]
    assert many(raw, "SELECT count(*) FROM registry.quarantine") == [(0,)]
    shown = json.dumps(report.as_dict(), ensure_ascii=False)
    assert not any(value in shown for value in (number(1), number(4), "测试", "10000000"))


def test_columns_that_nobody_asked_for_are_dropped_and_counted(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    path = write(tmp_path / "r.csv", person(1, remark="任何备注", colour="任何颜色"))
    report = run_file(raw, import_residents, path)
    assert (report.stored, report.warnings) == (1, {"columns-ignored": 2})


def test_doubts_are_remarked_and_do_not_block(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        person(1, sex="2", birth_date="1991-01-01"),
        person(2, hukou_scope="town", hukou_community_code=EAST, hukou_street="无此路", hukou_number="1号"),
        person(3),
        person(3, room="502室", since="2021-01-01"),
        person(3, room="502室", since="2022-01-01"),
    )
    report = run_file(raw, import_residents, path)
    assert report.warnings == {
        "sex-disagrees": 1, "birth-disagrees": 1, "hukou-unit-unknown": 1, "second-residence": 1
    }  # fmt: skip
    assert (report.stored, report.reasons) == (4, {"residence-duplicate": 1})


def test_what_the_database_refuses_leaves_without_a_value(
    raw: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> list[tuple[object, ...]]:
        return [(number(1), "测试1")]

    monkeypatch.setattr(residents, "_sealed", broken)
    with pytest.raises(RuleBroken, match="residents-refused") as error:
        run_file(raw, import_residents, write(tmp_path / "r.csv", person(1)))
    assert number(1) not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_a_dry_run_leaves_nobody(raw: psycopg.Connection, tmp_path: Path) -> None:
    report = run_file(raw, import_residents, write(tmp_path / "r.csv", person(1)), dry_run=True)
    assert report.stored == 1
    for table in ("person", "residence", "hukou", "registration"):
        query = sql.SQL("SELECT count(*) FROM registry.{}").format(sql.Identifier(table))
        assert raw.execute(query).fetchone() == (0,)
