"""Tables as XLSX: row after row to a file on the disk, in little memory; what a cell holds is never run."""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import IO, Final
from urllib.parse import quote

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from geo_registry.text import inert

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | date | None
_PIECE = 1 << 16
# What a cell of a spreadsheet holds.
_LONGEST = 32_000
_OPTIONS: Final = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
    "strings_to_numbers": False,
}  # fmt: skip


def book(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, widths: Sequence[float] = ()
) -> IO[bytes]:
    """Write one sheet with its headings and rows; answers the open file, which vanishes when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by whoever sends it)
    made = Workbook(file, _OPTIONS)
    sheet = made.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    for place, row in enumerate(itertools.chain([headings], rows)):
        _write(sheet, place, row)
    made.close()
    file.seek(0)
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield an open file piece by piece, and close it."""
    with file:
        while piece := file.read(_PIECE):
            yield piece


def attached(name: str) -> dict[str, str]:
    """Return the headers of a reply that is a file of this name, kept by no browser's cache."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }


def _write(sheet: Worksheet, place: int, row: Sequence[Cell]) -> None:
    """Write a row: a number as a number, all else as text that no program takes for a formula."""
    for column, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, int | float):
            sheet.write_number(place, column, value)
            continue
        text = str(value)[:_LONGEST]
        if not text.isprintable():
            text = "".join(char for char in text if char.isprintable())
        sheet.write_string(place, column, inert(text))
