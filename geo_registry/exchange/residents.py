"""Import of residents: persons, where they live and lived, their hukou, and how they are registered.

A person is found again by the blind index of the identity document, a residence by person, unit and
time. The file is read in batches and never held whole; numbers are encrypted in this process before they
are staged. Reports, messages and files name a row by its number and a reason, never by a value. Who is
missing in a list stays registered: departures are acts of their own, or rows with an end. What a case has
decided is newer than any list.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
from psycopg import sql

from geo_registry.db import today
from geo_registry.errors import RuleBroken
from geo_registry.exchange import residents_people, residents_units
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.residents_people import Key, People, people_of
from geo_registry.exchange.residents_people import sealed as _sealed
from geo_registry.exchange.residents_read import Row, Stay, read_batches
from geo_registry.exchange.residents_units import Units
from geo_registry.exchange.staging import run, sections, staged, warn

_ROW = (
    "row_number", "reason", "person_id", "unit_ref", "hukou_ref", "category", "relation", "valid",
    "registered_on", "expires_on", "status", "ended_on", "end_reason", "verified_on", "household",
    "household_kind", "hukou_code", "hukou_address", "away_since", "away_reason", "informant",
    "whereabouts_code", "whereabouts",
)  # fmt: skip
_STAGED = (
    ("resident_row", "create-rows"), ("resident_person", "create-persons"),
    ("resident_retold", "create-retold"), ("resident_unit", "create-units"),
    ("resident_altered", "create-altered"), ("resident_newer", "create-newer"),
)  # fmt: skip
_STEPS = (
    "units", "match", "newer", "stays", "households", "persons", "residences", "registrations", "hukou",
    "absences", "left",
)  # fmt: skip


def import_residents(load: Load) -> None:
    """Load one list of residents.

    Raises:
        RuleBroken: the file cannot be read, or the database refuses it; the message names no value.

    """
    try:
        _import(load)
    except psycopg.Error as error:
        # The database quotes the row it refuses: nothing of that may leave.
        raise RuleBroken("residents-refused", f"数据库拒绝写入（{error.sqlstate}），未保存任何数据") from None


def _import(load: Load) -> None:
    doubts: dict[str, int] = {}
    script = sections("residents")
    load.connection.execute("DROP TABLE IF EXISTS pg_temp.stage_name")
    with ExitStack() as tables:
        for name, section in _STAGED:
            tables.enter_context(staged(load, name, script[section]))
        tables.enter_context(staged(load, "stage_name", sections("buildings")["create-names"]))
        units = Units(load)
        for batch in read_batches(load, today(), doubts):
            _stage(load, batch.rows, *units.stage(batch.units))
        units.find_names()
        # One moment for all that this file tells; what it changes was known until then.
        run(load, [script["moment"]])
        for done, step in enumerate(_STEPS):
            load.request.progress("storing", done, len(_STEPS))
            run(load, script[step].split(b";\n"))
        _settle(load, doubts)
    run(load, script["clear"].split(b";\n"))


def _stage(load: Load, rows: list[Row], first: int, units: list[tuple[object, ...]]) -> None:
    people, keys = people_of(load, rows)
    _copy(load, "resident_unit", residents_units.COLUMNS, units)
    _copy(load, "resident_person", residents_people.COLUMNS, _sealed(people.fresh))
    if people.retold:
        _copy(load, "resident_retold", residents_people.COLUMNS, _sealed(people.retold))
        run(load, sections("residents")["retell"].split(b";\n"))
    _copy(load, "resident_row", _ROW, _values(rows, keys, people, first))


def _copy(load: Load, table: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with load.connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _values(
    rows: list[Row], keys: list[Key | None], people: People, first: int
) -> Iterator[tuple[object, ...]]:
    for row, key in zip(rows, keys, strict=True):
        if key is None or row.stay is None:
            yield row.number, row.reason, *[None] * (len(_ROW) - 2)
            continue
        places = [None if place is None else first + place for place in (row.unit, row.hukou_unit)]
        yield row.number, None, people.ids[key], *places, *_facts(row.stay)


def _facts(stay: Stay) -> tuple[object, ...]:
    """Return the columns of a stay in the order of the staging table."""
    category, relation, since, until, *rest = stay
    (registered_on, expires_on, status, ended_on, end_reason, verified_on, household, kind, *hukou) = rest
    valid = f"[{since},{until or ''})" if since else None
    return (
        category, relation, valid, registered_on, expires_on, status, ended_on, end_reason, verified_on,
        household, kind, *hukou,
    )  # fmt: skip


def _settle(load: Load, doubts: dict[str, int]) -> None:
    """Count what became of the rows; of those kept out, only number and reason are kept."""
    script, report = sections("residents"), load.report
    for outcome, reason, count in load.connection.execute(script["outcomes"]).fetchall():
        report.rows += count
        if outcome in {"stored", "changed"}:
            report.stored += count
            report.changed += count if outcome == "changed" else 0
        elif outcome == "unchanged":
            report.unchanged += count
        else:
            report.count_kept(outcome, reason, count)
    run(load, [script["kept"]])
    found: Any = load.connection.execute(script["remarks"]).fetchone()
    remarks = ("hukou-unit-unknown", "second-residence", "away-without-hukou", "register-newer")
    for reason, count in {**doubts, **dict(zip(remarks, found, strict=True))}.items():
        warn(load, reason, count)
