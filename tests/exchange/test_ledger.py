from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load, Request, run_import
from geo_registry.exchange.mapping import Mapping
from geo_registry.exchange.report import Kept


@pytest.fixture
def raw(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    return driver


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n", encoding="utf-8")
    return Request("plates", path, Mapping(code="mine", title="Mine", kind="plates"))


def importer(load: Load) -> None:
    load.report.rows = 4
    load.report.stored = 1
    load.keep(
        [
            Kept(2, "quarantined", "duplicate", "同第 1 行", {"x": "1"}),
            Kept(3, "quarantined", "duplicate", "同第 1 行", {"x": "1"}),
            Kept(4, "refused", "row-unreadable", "", {"x": "\0"}),
        ]
    )


def count(raw: psycopg.Connection, table: str) -> int:
    row = raw.execute(f"SELECT count(*) FROM registry.{table}").fetchone()
    assert row
    return int(row[0])


def test_each_load_is_one_act_and_one_row_of_counts(raw: psycopg.Connection, request_: Request) -> None:
    report = run_import(raw, request_, importer)
    assert (report.quarantined, report.refused, report.reasons["duplicate"]) == (2, 1, 2)
    assert (count(raw, "import_file"), count(raw, "act")) == (1, 1)
    assert count(raw, "quarantine") == 2, "equal rows are listed one by one"


def test_the_same_fault_of_the_same_row_is_kept_once(raw: psycopg.Connection, request_: Request) -> None:
    for _ in range(3):
        run_import(raw, request_, importer)
    assert (count(raw, "import_file"), count(raw, "quarantine")) == (3, 2)


def test_a_dry_run_counts_and_stores_nothing(raw: psycopg.Connection, request_: Request) -> None:
    from dataclasses import replace

    seen: list[Kept] = []
    report = run_import(raw, replace(request_, dry_run=True), importer, lambda load: seen.extend(load.kept()))
    assert report.quarantined == 2
    assert [one.row_number for one in seen] == [2, 3, 4]
    assert (count(raw, "import_file"), count(raw, "act"), count(raw, "quarantine")) == (0, 0, 0)


def test_a_failure_leaves_nothing(raw: psycopg.Connection, request_: Request) -> None:
    def fails(load: Load) -> None:
        importer(load)
        raise RuleBroken("column-missing", "x")

    with pytest.raises(RuleBroken):
        run_import(raw, request_, fails)
    assert (count(raw, "act"), count(raw, "import_file")) == (0, 0)


def test_a_missing_companion_is_named(request_: Request) -> None:
    with pytest.raises(RuleBroken, match="codes") as caught:
        request_.companion("codes")
    assert caught.value.code == "companion-missing"


def test_rows_of_residents_are_not_kept(raw: psycopg.Connection, request_: Request) -> None:
    from dataclasses import replace

    run_import(raw, replace(request_, kind="residents"), importer)
    assert count(raw, "quarantine") == 0
