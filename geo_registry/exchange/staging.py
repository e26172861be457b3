"""Staged rows: a file's rows in a temporary table, judged by SQL and counted by their outcome.

Each importer has a file of SQL in named sections. A staged table has `row_number`, `outcome`,
`reason` and `detail`; a row without an outcome is still to be judged. What is kept out goes to the
ledger with its original columns.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import shapely
from psycopg import Connection, sql
from shapely.geometry.base import BaseGeometry

from geo_registry import crs
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import Mapping
from geo_registry.exchange.report import Kept
from geo_registry.text import clean

Values = dict[str, Any]


def read_values(mapping: Mapping, properties: Values) -> Values:
    """Return our columns of one feature: of several sources the first that is filled; texts are cleaned.

    Constants fill what the feature leaves open. A text that `values` does not translate stays as it is.
    """
    found: Values = dict(mapping.constants)
    for ours, sources in mapping.columns.items():
        for source in sources:
            value = _value(properties.get(source.column), source.scale)
            if value is not None:
                found[ours] = (source.values or {}).get(str(value), value)
                break
    return found


def _value(given: Any, scale: float) -> Any:  # noqa: ANN401  (whatever the file holds)
    if isinstance(given, str):
        return clean(given) or None
    if isinstance(given, int | float) and not isinstance(given, bool) and scale != 1.0:
        return given * scale
    return given


def whole(value: Any) -> int | None:  # noqa: ANN401  (whatever the file holds)
    """Return a value as whole number within 16 bits, None when it is not one."""
    try:
        number = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -32768 <= number <= 32767 else None


def ewkb(geometry: BaseGeometry | None) -> str | None:
    """Return a geometry as PostGIS reads it from COPY: EWKB in hexadecimal digits, SRID 4490."""
    if geometry is None:
        return None
    return str(shapely.to_wkb(shapely.set_srid(geometry, crs.STORED_SRID), hex=True, include_srid=True))


def original(properties: Values) -> str:
    """Return a row's own columns as JSON for the quarantine; what JSON does not know is written as text."""
    return json.dumps(properties, ensure_ascii=False, default=str).replace("\\u0000", "")


@cache
def sections(name: str, package: str = "geo_registry.exchange") -> dict[str, bytes]:
    """Return the statements of an SQL file by the name in the line `-- :: name` above each."""
    text = (resources.files(package) / f"{name}.sql").read_text(encoding="utf-8")
    pieces = re.split(r"^-- :: (\S+).*\n", text, flags=re.MULTILINE)
    return {key: body.encode() for key, body in zip(pieces[1::2], pieces[2::2], strict=True)}


@contextmanager
def staged(load: Load, table: str, create: bytes) -> Iterator[None]:
    """Make a temporary table for the block, and drop it when the block ends well."""
    load.connection.execute(create)
    yield
    load.connection.execute(sql.SQL("DROP TABLE pg_temp.{}").format(sql.Identifier(table)))


def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Copy rows into a temporary table, gather its statistics, and answer how many."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.Identifier(table)
    count = 0
    with connection.cursor().copy(sql.SQL("COPY pg_temp.{} ({}) FROM STDIN").format(target, names)) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    connection.execute(sql.SQL("ANALYZE pg_temp.{}").format(target))
    return count


def run(load: Load, statements: Iterable[bytes], values: Values | None = None) -> None:
    """Run statements one after the other with the same values and the act of this import."""
    for statement in statements:
        load.connection.execute(statement, {"act": load.act_id, **(values or {})})


def settle(load: Load, table: str, *, with_rows: bool = True) -> None:
    """Count the outcomes of a staged table into the report, and put the kept-out rows into the ledger.

    A table with persons passes `with_rows=False`: of its rows only number and reason are kept.
    """
    target = sql.Identifier(table)
    counts = sql.SQL("SELECT outcome, count(*) FROM pg_temp.{} GROUP BY outcome").format(target)
    for outcome, count in load.connection.execute(counts).fetchall():
        load.report.rows += count
        if outcome in {"stored", "changed"}:
            load.report.stored += count
            load.report.changed += count if outcome == "changed" else 0
        elif outcome == "unchanged":
            load.report.unchanged += count
    raw = sql.SQL("original, detail" if with_rows else "NULL, ''")
    kept = sql.SQL(
        "SELECT row_number, outcome, reason, {} FROM pg_temp.{} "
        "WHERE outcome IN ('quarantined', 'refused') ORDER BY row_number"
    ).format(raw, target)
    found = load.connection.execute(kept).fetchall()
    load.keep(
        Kept(number, outcome, reason, detail, row or {}) for number, outcome, reason, row, detail in found
    )


def warn(load: Load, reason: str, count: int) -> None:
    """Note a remark on rows that were stored all the same."""
    if count:
        load.report.warnings[reason] += count
