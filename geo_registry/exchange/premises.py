"""Import of premises: organisations by name, unified code and address; their staff is no part of it (R66).

Addresses are read and found as everywhere; what is not found for certain stays aside. An organisation that a
list does not name stays registered: it is retired by an act.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy.engine import URL

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.matching import Match, match_many
from geo_registry.codes import new_id
from geo_registry.db import owner_engine, today, transaction
from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates_read import open_table
from geo_registry.exchange.staging import (
    Values,
    copy_rows,
    original,
    read_values,
    run,
    sections,
    settle,
    staged,
    warn,
)
from geo_registry.premises.rules import checked_code, checked_name
from geo_registry.text import clean

_COLUMNS: Final = (
    "row_number", "outcome", "reason", "detail", "original", "name", "organisation_code", "building_id",
    "unit_id", "checked_on",
)  # fmt: skip
_STEPS: Final = ("duplicates", "known", "twice", "compare", "insert", "update", "outcomes")
_STAFF: Final = re.compile(
    r"身份证|证件号|员工|从业人员|职工|id_?(card|number|no)$|staff|employee", re.IGNORECASE
)
_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
_AT_ONCE: Final = 1_000


def import_premises(load: Load) -> None:
    """Load one list of organisations.

    Raises:
        RuleBroken: `staff-list`, the file holds persons; or it cannot be read.

    """
    rows = list(_rows(load))
    _place(load, [row for row in rows if row["outcome"] is None])
    named = sections("premises")
    with staged(load, "premises_row", named["create"]):
        values = ([row.get(column) for column in _COLUMNS] for row in rows)
        copy_rows(load.connection, "premises_row", _COLUMNS, values)
        for step in _STEPS:
            run(load, named[step].split(b";\n"))
        settle(load, "premises_row")
    load.connection.execute("ANALYZE registry.premises")


def _rows(load: Load) -> Iterator[Values]:
    """Yield the rows of the file with their faults; a column that the mapping does not name is not read."""
    unreadable: list[int] = []
    header, total, tables = open_table(load.request.path, lambda number, _: unreadable.append(number))
    staff = [name for name in header if _STAFF.search(name.strip())]
    if staff:
        detail = f"文件有人员列（{'、'.join(staff)}）：单位名单不收从业人员，请删去这些列再导入"
        raise RuleBroken("staff-list", detail, field="file")
    load.request.mapping.sources_in(header)
    wanted = {source.column for sources in load.request.mapping.columns.values() for source in sources}
    kept = [name for name in header if name.strip() in wanted]
    warn(load, "columns-ignored", len(header) - len(kept))
    number = 0
    for table in tables:
        columns = {name.strip(): table.column(name).to_pylist() for name in kept}
        for place in range(table.num_rows):
            number += 1
            yield _row(load, number, {name: column[place] for name, column in columns.items()})
        load.request.progress("reading", number, total)
    for one in unreadable:
        yield {"row_number": one, "outcome": "refused", "reason": "row-unreadable", "detail": ""}


def _row(load: Load, number: int, told: Values) -> Values:
    row: Values = {
        "row_number": number,
        "outcome": None,
        "reason": None,
        "detail": "",
        "original": original(told),
    }
    values = read_values(load.request.mapping, told)
    try:
        row["name"] = checked_name(str(values.get("name") or ""))
        row["organisation_code"] = checked_code(str(values.get("organisation_code") or ""))
        row["checked_on"] = _day(values.get("checked_on"))
        row["address"] = _address(values.get("address"))
    except RuleBroken as error:
        return {**row, "outcome": "refused", "reason": error.code, "detail": error.detail}
    return row


def _address(value: Any) -> str:  # noqa: ANN401  (whatever the file holds)
    text = clean(str(value or ""))
    if not text:
        raise RuleBroken("address-missing", "缺少地址", field="address")
    return text


def _day(value: Any) -> dt.date | None:  # noqa: ANN401  (whatever the file holds)
    if value is None or not str(value).strip():
        return None
    found = _DAY.fullmatch(clean(str(value)))
    try:
        day = dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or day > today():
        raise RuleBroken("date-unreadable", "核对日期无法识别，或在今天之后", field="checked_on")
    return day


def _place(load: Load, rows: Sequence[Values]) -> None:
    """Find the building, and the room where it is named, of each row; what is not certain stays aside."""
    areas = _areas(load)
    viewer = Viewer(new_id(), new_id(), "import", "", Role.STEWARD, areas)
    engine = owner_engine(_url(load))
    try:
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            with transaction(engine) as session:
                found = match_many(session, viewer, [row["address"] for row in some], limit=1)
            for row, match in zip(some, found, strict=True):
                row.update(_placed(match))
            load.request.progress("placing", start + len(some), len(rows))
    finally:
        engine.dispose()


def _placed(match: Match) -> Values:
    best = match.best
    if best is None:
        return {
            "outcome": "quarantined",
            "reason": "address-unclear",
            "detail": "；".join(match.reasons)[:200],
        }
    if best.building_id is None:
        return {"outcome": "quarantined", "reason": "building-unknown", "detail": best.text}
    return {"building_id": best.building_id, "unit_id": best.unit_id}


def _areas(load: Load) -> tuple[Any, ...] | None:
    """Return the one division that an import is limited to, None without a limit."""
    if load.request.area is None:
        return None
    query = "SELECT id FROM registry.division WHERE code = %s AND valid @> CURRENT_DATE"
    found = load.connection.execute(query, [load.request.area]).fetchone()
    if found is None:
        raise RuleBroken("area-unknown", f"没有代码为 {load.request.area} 的区划", field="area")
    return (found[0],)


def _url(load: Load) -> str:
    """Return the address of the database that is loaded; addresses are found beside the transaction."""
    info = load.connection.info
    url = URL.create(
        "postgresql", info.user, info.password, database=info.dbname,
        query={"host": info.host, "port": str(info.port)},
    )  # fmt: skip
    return url.render_as_string(hide_password=False)
