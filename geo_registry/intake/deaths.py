"""死亡信息比对: deaths that civil affairs tells, found by number among those who live here.

Kind of document, number and day are read and nothing else; who is not found leaves no trace. A hit is a
proposal: an officer opens it, confirms it into a case, and two others review that (R77).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Date, LargeBinary, String

from geo_registry.access import cipher
from geo_registry.db import today, transaction
from geo_registry.errors import RuleBroken
from geo_registry.intake.lists import Line, read_day, read_kind, read_lines
from geo_registry.person.rules import check_document

COLUMNS = {
    "kind": ("证件类型", "证件种类", "id_type", "idtype"),
    "number": ("证件号码", "身份证号", "身份证号码", "公民身份号码", "id_number", "idnumber"),
    "day": ("死亡日期", "死亡时间", "去世日期", "died_on", "diedon"),
}
_BATCH = 5_000
_STORE = text("SELECT hits, stored FROM registry.store_deaths(:kinds, :indexes, :days, :source)").bindparams(
    bindparam("kinds", type_=ARRAY(String)),
    bindparam("indexes", type_=ARRAY(LargeBinary)),
    bindparam("days", type_=ARRAY(Date)),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a file: its rows, those who live here, those among them not told before, and faults."""

    rows: int
    found: int
    stored: int
    faults: dict[str, int]


def import_deaths(engine: Engine, path: Path, *, source: str = "civil_affairs") -> Compared:
    """Compare a file of deaths with the register; a second import of it changes nothing.

    Raises:
        RuleBroken: the file cannot be read, or lacks a column.

    """
    faults: Counter[str] = Counter()
    rows = found = stored = 0
    lines = read_lines(path, COLUMNS, ("number", "day"))
    with transaction(engine) as session:
        while batch := list(islice(lines, _BATCH)):
            rows += len(batch)
            told = list(_told(batch, faults))
            kinds, indexes, days = zip(*told, strict=True) if told else ((), (), ())
            values = {
                "kinds": list(kinds), "indexes": list(indexes), "days": list(days), "source": source,
            }  # fmt: skip
            hits, new = session.execute(_STORE, values).one()
            found, stored = found + hits, stored + new
    return Compared(rows, found, stored, dict(faults))


def _told(lines: list[Line | None], faults: Counter[str]) -> Iterator[tuple[str, bytes, object]]:
    latest = today()
    for line in lines:
        day = read_day(line.values["day"]) if line else None
        if line is None or day is None or day > latest:
            faults["row-unreadable" if line is None else "day-invalid"] += 1
            continue
        kind = read_kind(line.values["kind"])
        try:
            document = check_document(kind, line.values["number"], on=latest)
        except RuleBroken as error:
            faults[error.code] += 1
            continue
        yield kind, cipher.blind_index(kind, document.normal), day
