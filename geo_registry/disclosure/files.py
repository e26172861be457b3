"""The bytes of a list: CSV or XLSX written in memory, without a cell that a spreadsheet runs; and read."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from geo_registry.disclosure.rules import HEADINGS, NUMBER_HEADINGS, Line
from geo_registry.errors import RuleBroken
from geo_registry.text import inert

Form = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LARGEST, LARGEST_INFLATED = 64 * 2**20, 256 * 2**20
_WIDTHS = (40, 12, 6, 8, 12, 12, 12, 22, 16)


def written(form: Form, lines: Sequence[Line], first_line: str, *, with_numbers: bool) -> bytes:
    """Return the file of a list: the mark, the headings, the rows."""
    headings = (*HEADINGS, *NUMBER_HEADINGS) if with_numbers else HEADINGS
    rows = [(first_line,), headings, *(line.cells(with_numbers=with_numbers) for line in lines)]
    return _csv(rows) if form == "csv" else _xlsx(rows, first_line)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([inert(cell) for cell in row] for row in rows)
    # With its mark, for spreadsheets of China take UTF-8 for GBK without it.
    return text.getvalue().encode("utf-8-sig")


def _xlsx(rows: Iterable[Sequence[str]], first_line: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    # The mark is printed on every page.
    sheet.oddFooter.center.text = first_line.replace("&", "&&")
    for place, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", value))
            # The library takes what begins with = for a formula.
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read_rows(path: Path) -> list[tuple[str, ...]]:
    """Return all rows of a CSV or XLSX file, whatever its headings.

    Raises:
        RuleBroken: it is too large, or neither.

    """
    content = path.read_bytes() if path.stat().st_size <= LARGEST else None
    if content is None:
        raise RuleBroken("file-large", f"{path.name} 超过 {LARGEST // 2**20} MiB", field="file")
    try:
        return list(_sheet(content) if zipfile.is_zipfile(io.BytesIO(content)) else _text(content))
    except (ValueError, KeyError, OSError, SyntaxError, csv.Error, zipfile.BadZipFile) as error:
        raise RuleBroken("file-unreadable", f"无法读取 {path.name}", field="file") from error


def _text(content: bytes) -> Iterator[tuple[str, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    delimiter = max("\t;,", key=text[:10_000].count)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield tuple(row)


def _sheet(content: bytes) -> Iterator[tuple[str, ...]]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > LARGEST_INFLATED:
            raise ValueError("inflates too far")
    book = load_workbook(io.BytesIO(content), read_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            yield tuple("" if value is None else str(value) for value in row)
    book.close()
