"""Lists of organisations: every row accounted for, no column about staff read (R62, R66)."""

import csv
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Request, run_import
from geo_registry.exchange.mapping import standard_mapping
from geo_registry.exchange.premises import import_premises
from geo_registry.exchange.report import Report
from geo_registry.person.rules import credit_check_character
from tests.factories import make_address, make_building, make_community, make_street, make_unit

pytestmark = [pytest.mark.commits, pytest.mark.requirement("R62", "R66")]
CODE = "91310000MA1FL0Q54"
CODE += credit_check_character(CODE)
HEAD = ["单位名称", "统一社会信用代码", "地址", "核对日期", "法定代表人", "电话"]


def load(database: cluster.Urls, path: Path, *, dry_run: bool = False) -> Report:
    request = Request(kind="premises", path=path, mapping=standard_mapping("premises"), dry_run=dry_run)
    with psycopg.connect(database.owner) as connection:
        return run_import(connection, request, import_premises)


def write(path: Path, head: list[str], *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.fixture
def street(committed: Engine) -> str:
    """Give a street with a house of one flat, really stored; return its name."""
    with Session(committed) as session, session.begin():
        community = make_community(session)
        street = make_street(session, "映月路", community=community)
        make_unit(session, make_building(session, address=make_address(session, 8, street=street)), "402")
        return street.name


def stored(database: cluster.Urls) -> list[tuple[str, str | None, bool, str | None]]:
    query = """SELECT name, organisation_code, unit_id IS NOT NULL, checked_on::text FROM registry.premises ORDER BY name"""
    with psycopg.connect(database.owner) as connection:
        return connection.execute(query).fetchall()


def test_every_row_is_stored_or_explained(database: cluster.Urls, street: str, tmp_path: Path) -> None:
    path = write(
        tmp_path / "units.csv", HEAD,
        ["望澜书店", CODE, "映月路8号402室", "2026-03-02", "张某", "13812345678"],
        ["望澜米行", "", "映月路8号", "", "李某", ""],
        ["望澜米行", "", "映月路8号", "", "李某", ""],
        ["一", "", "映月路8号", "", "", ""],
        ["错码行", "91310000MA1FL0Q540", "映月路8号", "", "", ""],
        ["远处行", "", "没有这条路99号", "", "", ""],
        ["无址行", "", "", "", "", ""],
        ["坏日行", "", "映月路8号", "明天", "", ""],
    )  # fmt: skip
    first = load(database, path)
    assert (first.rows, first.stored, first.quarantined, first.refused) == (8, 2, 2, 4)
    assert dict(first.reasons)["premises-duplicate"] == 1
    assert first.warnings["columns-ignored"] == 2
    assert [row[0] for row in stored(database)] == ["望澜书店", "望澜米行"]
    assert {row[0]: row[2] for row in stored(database)} == {"望澜书店": True, "望澜米行": False}
    again = load(database, path)
    assert (again.stored, again.unchanged) == (0, 2)
    with psycopg.connect(database.owner) as connection:
        kept = connection.execute("SELECT row::text FROM registry.quarantine").fetchall()
    assert kept
    assert not [row for (row,) in kept if "李某" in row or "法定代表人" in row]


def test_a_later_list_changes_what_it_tells(database: cluster.Urls, street: str, tmp_path: Path) -> None:
    head = ["name", "organisation_code", "address", "checked_on"]
    load(database, write(tmp_path / "a.csv", head, ["望澜书店", "", "映月路8号", "2026-03-02"]))
    tried = load(
        database, write(tmp_path / "b.csv", head, ["望澜书店", CODE, "映月路8号", "2026-01-02"]), dry_run=True
    )
    assert tried.changed == 1
    assert stored(database) == [("望澜书店", None, False, "2026-03-02")]
    done = load(database, tmp_path / "b.csv")
    assert (done.stored, done.changed) == (1, 1)
    assert stored(database) == [("望澜书店", CODE, False, "2026-03-02")]


@pytest.mark.parametrize("column", ["员工身份证号", "id_number", "从业人员姓名", "staff"])
def test_a_list_of_staff_is_refused(database: cluster.Urls, street: str, tmp_path: Path, column: str) -> None:
    path = write(tmp_path / "staff.csv", ["name", "address", column], ["望澜书店", "映月路8号", "x"])
    with pytest.raises(RuleBroken, match="staff-list"):
        load(database, path)
    assert stored(database) == []
