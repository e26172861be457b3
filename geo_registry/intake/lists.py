"""Lists of persons that other offices send: the columns asked for, by any of their names; nothing else."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from geo_registry.errors import RuleBroken
from geo_registry.exchange.plates_read import open_table
from geo_registry.text import clean

_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
DOCUMENT_KINDS = {
    "居民身份证": "111", "身份证": "111", "户口簿": "113", "户口本": "113", "护照": "414", "台胞证": "511",
    "台湾居民来往大陆通行证": "511", "港澳居民来往内地通行证": "516", "回乡证": "516",
    "外国人永久居留身份证": "553", "其他": "990", "": "111",
}  # fmt: skip
"""How lists write the kinds of documents; a list without the column is one of citizen cards."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: its number from 1 behind the header, and its columns, empty where missing."""

    number: int
    values: Mapping[str, str]


def read_lines(
    path: Path, columns: Mapping[str, tuple[str, ...]], needed: tuple[str, ...]
) -> Iterator[Line | None]:
    """Yield the rows of a CSV or spreadsheet file; None for one that is no row of its table.

    Args:
        path: the file.
        columns: our name of a column with the names that lists give it.
        needed: those without which there is nothing to read.

    Raises:
        RuleBroken: `format-unknown`, `file-unreadable`, or `column-missing`.

    """
    broken: list[int] = []
    header, _, tables = open_table(path, lambda number, _: broken.append(number))
    named = {re.sub(r"[\s_]", "", clean(name)).casefold(): name for name in reversed(header)}
    found = {
        ours: next((named[one.casefold()] for one in names if one.casefold() in named), None)
        for ours, names in columns.items()
    }
    for ours in needed:
        if found[ours] is None:
            wanted = "、".join(columns[ours])
            raise RuleBroken("column-missing", f"文件缺少列“{wanted}”中的任何一个", field="file")
    number = 0
    for table in tables:
        cells = {ours: table.column(name).to_pylist() for ours, name in found.items() if name is not None}
        for place in range(table.num_rows):
            number += 1
            values = {ours: clean(str(column[place] or "")) for ours, column in cells.items()}
            yield Line(number, dict.fromkeys(found, "") | values)
    yield from (None for _ in broken)


def read_day(text: str) -> dt.date | None:
    """Return the day that a cell writes, None for what is none."""
    found = _DAY.fullmatch(text)
    try:
        return dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def read_kind(text: str) -> str:
    """Return the code of a kind of document, written as a code or as a word."""
    return DOCUMENT_KINDS.get(text, text)
