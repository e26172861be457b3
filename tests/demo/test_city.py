"""The generated city: the same bytes for the same seed, plausible, nobody's, and read by the importers whole."""

import datetime as dt
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from geo_registry.cli import app
from geo_registry.demo.city import FILES, LEFT_SHARE, Written, write_city
from geo_registry.demo.city_plan import COMMUNITY_UNITS, City, street_name
from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.ledger import Importer, Request, run_import
from geo_registry.exchange.mapping import Kind, standard_mapping
from geo_registry.exchange.plates import import_plates
from geo_registry.exchange.residents import import_residents
from geo_registry.person.rules import check_document, id_check_character
from geo_registry.settings import make_secrets

Row = dict[str, Any]
TODAY = dt.date(2026, 11, 23)
SMALL = City(units=2600, persons=6500, years=10, seed=7, today=TODAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("city")
    assert write_city(SMALL, found) == Written(2600, 6500, pq.read_metadata(found / FILES[3]).num_rows)
    return found


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    found: list[Row] = pq.read_table(folder / FILES[3]).to_pylist()
    return found


@pytest.fixture(scope="module")
def units(folder: Path) -> list[Row]:
    found: list[Row] = pq.read_table(folder / FILES[2]).to_pylist()
    return found


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(folder: Path, tmp_path: Path) -> None:
    write_city(SMALL, tmp_path / "again")
    write_city(City(2600, 6500, 10, 5, TODAY), tmp_path / "other")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "other" / FILES[3]).read_bytes() != (folder / FILES[3]).read_bytes()


def test_documents_are_valid_unique_and_nobodys(rows: list[Row]) -> None:
    numbers = defaultdict(set)
    for row in rows:
        numbers[row["id_number"]].add((row["name"], row["birth_date"], row["sex"]))
        if row["id_type"] == "414":
            assert row["kind"] == "overseas"
            check_document("414", row["id_number"], on=TODAY)
            continue
        number = row["id_number"]
        assert number.startswith("99")
        assert number[6:14] == f"{row['birth_date']:%Y%m%d}"
        assert number[17] == id_check_character(number[:17])
        assert int(number[16]) % 2 == int(row["sex"]) % 2
    assert len(numbers) == SMALL.persons
    assert {len(told) for told in numbers.values()} == {1}
    assert all(row["phone"] is None or row["phone"].startswith("100") for row in rows)


def test_numbers_of_different_pieces_never_meet(tmp_path: Path) -> None:
    write_city(City(24_000, 60_000, 10, 1, TODAY), tmp_path)
    assert (
        len(set(pq.read_table(tmp_path / FILES[3], columns=["id_number"])["id_number"].to_pylist())) == 60_000
    )


def test_everybody_has_one_home_at_a_time_over_ten_years(rows: list[Row]) -> None:
    stays = defaultdict(list)
    for row in rows:
        stays[row["id_number"]].append(row)
    left = sum(all(row["until"] for row in own) for own in stays.values())
    assert LEFT_SHARE * 0.9 < left / len(stays) < LEFT_SHARE * 1.1
    for own in stays.values():
        for before, after in pairwise(own):
            assert before["until"] == after["since"]
            assert before["end_reason"] == "moved_within_city"
        assert all(row["since"] >= row["birth_date"] for row in own)
        assert all(row["until"] is None or row["since"] < row["until"] <= TODAY for row in own)
        assert all(row["since"] >= TODAY - dt.timedelta(days=3651) for row in own[:-1])
    assert 0.3 < sum(len(own) > 1 for own in stays.values()) / len(stays) < 0.8


def test_kinds_states_and_separations_of_both_directions_occur(rows: list[Row]) -> None:
    assert set(Counter(row["kind"] for row in rows)) == {
        "local_hukou",
        "incomer",
        "lodger",
        "unsettled",
        "overseas",
    }
    assert {row["registration_status"] for row in rows} == {None, "active", "expired", "cancelled", "changed"}
    assert {row["household_kind"] for row in rows} == {"family", "collective"}
    scopes = Counter(row["hukou_scope"] for row in rows)
    assert scopes["here"] > scopes["town"] > 0
    assert scopes["elsewhere"] > 0
    assert all(row["hukou_division_code"] for row in rows if row["hukou_scope"] == "elsewhere")
    away = [row for row in rows if row["away_since"]]
    assert away
    assert all(row["hukou_scope"] in {"here", "town"} and row["until"] for row in away)
    for row in rows:
        if row["registration_status"] == "active":
            assert row["registered_on"] <= TODAY < row["registered_until"]
        if row["registration_status"] == "expired":
            assert row["registered_until"] <= TODAY


def test_households_follow_the_census(rows: list[Row]) -> None:
    present = [row for row in rows if row["until"] is None and row["household_kind"] == "family"]
    sizes = Counter(Counter((row["household_key"], row["room"], row["number"]) for row in present).values())
    total = sum(sizes.values())
    assert 0.22 < sizes[1] / total < 0.5
    assert sum(sizes[n] for n in range(1, 7)) > 0.99 * total
    heads = Counter(row["household_key"] for row in present if row["relation_to_head"] == "0")
    assert max(heads.values()) == 1


def test_units_have_addresses_of_their_own(units: list[Row]) -> None:
    names = ("community_code", "street", "lane", "hamlet", "group", "number", "entrance", "room")
    assert len({tuple(row[name] for name in names) for row in units}) == SMALL.units
    assert {row["use"] for row in units} >= {"self_occupied", "let_whole", "let_rooms", "vacant"}
    assert len({street_name(n) for n in range(20_000)}) == 20_000
    assert len({row["community_code"] for row in units[:COMMUNITY_UNITS]}) == 1


@pytest.fixture
def raw(connection: Connection, folder: Path) -> psycopg.Connection:
    make_secrets()
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    loads: tuple[tuple[Kind, str, Importer], ...] = (
        ("areas", FILES[0], import_areas),
        ("plates", FILES[2], import_plates),
    )
    for kind, name, importer in loads:
        report = run_import(
            driver, Request(kind, folder / name, standard_mapping(kind), partial=True), importer
        )
        assert report.stored == report.rows
    return driver


@pytest.mark.requirement("R1")
def test_the_importers_read_all_of_it_and_a_second_time_change_nothing(
    raw: psycopg.Connection, folder: Path, rows: list[Row]
) -> None:
    request = Request("residents", folder / FILES[3], standard_mapping("residents"))
    report = run_import(raw, request, import_residents)
    assert (report.stored, report.rows) == (len(rows), len(rows))
    counted = """SELECT (SELECT count(*) FROM registry.person), (SELECT count(*) FROM registry.residence),
        (SELECT count(*) FROM registry.absence), (SELECT count(DISTINCT (id_index, id_type)) FROM registry.person)"""
    away = sum(row["away_since"] is not None for row in rows)
    expected = (SMALL.persons, len(rows), away, SMALL.persons)
    assert raw.execute(counted).fetchone() == expected
    again = run_import(raw, request, import_residents)
    assert (again.stored, again.unchanged) == (0, len(rows))
    assert raw.execute(counted).fetchone() == expected


def test_the_command_tells_what_it_wrote_and_refuses_the_impossible(tmp_path: Path) -> None:
    arguments = [
        "city",
        "generate",
        "--units",
        "300",
        "--persons",
        "700",
        "-o",
        str(tmp_path),
        "--today",
        "2026-11-23",
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "300 units, 700 persons" in done.output
    named = json.loads((tmp_path / FILES[0]).read_text())["features"]
    assert {one["properties"]["level"] for one in named} == {"district", "township", "community"}
    crowded = CliRunner().invoke(
        app, ["city", "generate", "--units", "3", "--persons", "700", "-o", str(tmp_path)]
    )
    assert crowded.exit_code == 2
