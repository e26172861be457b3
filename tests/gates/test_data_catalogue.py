"""数据目录: every stored column has its class and its purpose, and no column is stored without them."""

import csv
import re

import pytest
from sqlalchemy import Connection, text

from geo_registry import tables
from geo_registry.settings import ROOT

CLASSES = {"personal-sensitive", "personal", "account", "audit", "place", "total", "operation"}
OF_PERSONS = {"personal-sensitive", "personal"}
# Partitions are their table.
STORED = text("""
    SELECT c.relname, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace IN ('registry'::regnamespace, 'public'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
""")


@pytest.fixture(scope="module")
def catalogue() -> list[dict[str, str]]:
    with (ROOT / "geo_registry" / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_column_is_in_the_catalogue_and_nothing_else(
    connection: Connection, catalogue: list[dict[str, str]]
) -> None:
    stored = {(table, column) for table, column in connection.execute(STORED)}
    listed = [(row["table"], row["column"]) for row in catalogue]
    assert len(stored) > 600
    assert len(listed) == len(set(listed))
    assert stored - set(listed) == set()
    assert set(listed) - stored == set()


def test_every_column_has_a_class_and_a_purpose_in_words(catalogue: list[dict[str, str]]) -> None:
    assert {row["class"] for row in catalogue} == CLASSES
    assert [
        row for row in catalogue if len(row["purpose"]) < 4 or not re.match("[A-Z]", row["purpose"])
    ] == []


def test_what_is_personal_lies_behind_the_wall(catalogue: list[dict[str, str]]) -> None:
    behind = {row["table"] for row in catalogue if row["class"] in OF_PERSONS}
    assert behind == set(tables.PERSONAL)
    assert {row["class"] for row in catalogue if row["table"] in tables.PERSONAL} <= OF_PERSONS
    assert {row["class"] for row in catalogue if row["table"] in tables.PLACE} <= {"place", "total"}
    sensitive = {row["column"] for row in catalogue if row["class"] == "personal-sensitive"}
    assert sensitive == {"id_number", "id_index", "id_tail", "phone", "permit_number", "permit_tail"}


def test_what_is_sensitive_is_no_plain_text(connection: Connection, catalogue: list[dict[str, str]]) -> None:
    plain = connection.execute(
        text("""
            SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'registry.person'::regclass
              AND a.attname = ANY (:names) AND format_type(a.atttypid, a.atttypmod) <> 'bytea'
        """),
        {"names": [row["column"] for row in catalogue if row["class"] == "personal-sensitive"]},
    ).scalars()
    # Two characters, by which a list tells namesakes apart.
    assert set(plain) == {"id_tail"}
