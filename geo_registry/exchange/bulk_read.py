"""Addresses of a file, row after row in constant memory: text, CSV, Excel, parquet.

No row is lost and none stops the reading: what is no row of the table comes out with a fault.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile

import pyarrow as pa

from geo_registry.errors import RuleBroken
from geo_registry.exchange.encoding import encoding_of, encoding_remark
from geo_registry.exchange.plates_read import cell_text

ADDRESS_NAMES: Final = (
    "详细地址", "完整地址", "地址全称", "标准地址", "门牌地址", "門牌地址", "地址", "住址", "居住地址",
    "现住址", "现住地址", "full_address", "fulladdress", "full_addr", "address", "addr", "text",
)  # fmt: skip
"""Names of a column that holds whole addresses, the surest first; capitals do not matter."""
_LONGEST_LINE: Final = 1 << 20
_MOST_LINES: Final = 50
_LONGEST_RECORD: Final = 1 << 17
_ROWS: Final = 4096
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Row(NamedTuple):
    """One row: number from 1 behind the header, address text, columns kept, a sentence if it is no row."""

    number: int
    text: str
    kept: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file: the column that is read, what is kept, the number of rows where it is known.

    `has_lines` tells that a row is about a line of the file. `remark` is on the encoding, for people.
    """

    column: str
    kept: tuple[str, ...]
    total: int | None
    rows: Iterator[Row]
    has_lines: bool = False
    remark: str | None = None


Line = tuple[Sequence[str], str]
"""The cells asked for, and the fault of a row that has none."""
Reader = Callable[[Sequence[int]], Iterator[Line]]
"""Gives the cells of some columns, by their places in the header."""
Opened = tuple[tuple[str, ...], int | None, Reader]


def open_rows(path: Path, column: str | None = None, keep: Sequence[str] = ()) -> Rows:
    """Return the rows of a file; the column is found by its name when it is not given.

    Raises:
        RuleBroken: `format-unknown`, `file-unreadable`, `encoding-unknown`, or `column-missing`.

    """
    suffix = path.suffix.lower()
    if suffix in {"", ".txt"}:
        if keep or column:
            raise RuleBroken("column-missing", "文本文件没有列：每行一个地址", field="column")
        encoding = encoding_of(path)
        rows = (
            Row(number, sound(line.rstrip("\r\n"))) for number, line in enumerate(_lines(path, encoding), 1)
        )
        return Rows("", (), None, rows, has_lines=True, remark=encoding_remark(encoding))
    opener = _OPENERS.get(suffix)
    if opener is None:
        known = "、".join((".txt", *_OPENERS))
        raise RuleBroken("format-unknown", f"不支持的文件格式 {path.suffix}；可用：{known}", field="file")
    header, total, read = _guarded(path, opener)
    chosen = address_column(header, column)
    places = [header.index(chosen), *(_place(header, name) for name in keep)]
    has_lines = suffix in {".csv", ".tsv"}
    remark = encoding_remark(encoding_of(path)) if has_lines else None
    return Rows(chosen, tuple(keep), total, _numbered(path, read(places)), has_lines, remark)


def address_column(header: Sequence[str], column: str | None) -> str:
    """Return the name of the column with the addresses: the one asked for, else the one known by its name.

    Raises:
        RuleBroken: `column-missing`, with the columns that there are; `file-empty`.

    """
    if not header:
        raise RuleBroken("file-empty", "文件是空的，连列名也没有", field="file")
    if column is not None:
        return header[_place(header, column)]
    names = {re.sub(r"[\s_]+", "_", name.strip()).casefold(): name for name in reversed(header)}
    known = next((names[name] for name in ADDRESS_NAMES if name in names), None)
    if known is None:
        like = [name for name in header if "地址" in name or "addr" in name.casefold()]
        known = like[0] if len(like) == 1 else header[0] if len(header) == 1 else None
    if known is None:
        raise RuleBroken(
            "column-missing",
            f"不知道哪一列是地址；文件的列有：{_listed(header)}。请用 --column 指定",
            field="column",
        )
    return known


def sound(text: str) -> str:
    """Return a text that can be written: half of a surrogate pair is replaced."""
    return _SURROGATES.sub("\ufffd", text)


def _place(header: Sequence[str], name: str) -> int:
    folded = [one.strip().casefold() for one in header]
    if name.strip().casefold() not in folded:
        raise RuleBroken(
            "column-missing", f"文件没有列 {name}；文件的列有：{_listed(header)}", field="column"
        )
    return folded.index(name.strip().casefold())


def _listed(header: Sequence[str]) -> str:
    shown = "、".join("".join(char for char in name if char.isprintable()) for name in header[:30])
    return f"{shown} 等 {len(header)} 列" if len(header) > 30 else shown


def _guarded(path: Path, opener: Callable[[Path], Opened]) -> Opened:
    try:
        return opener(path)
    except (pa.ArrowException, ValueError, KeyError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RuleBroken:
    return RuleBroken("file-unreadable", f"无法读取 {path.name}：{error}", field="file")


def _numbered(path: Path, lines: Iterator[Line]) -> Iterator[Row]:
    number = 0
    try:
        for number, (cells, fault) in enumerate(lines, start=1):
            text, *kept = map(sound, cells)
            yield Row(number, text, tuple(kept), fault)
    except (pa.ArrowException, ValueError, KeyError, OSError, SyntaxError) as error:
        raise _unreadable(path, error) from error


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        while line := file.readline(_LONGEST_LINE):
            yield line
            while line and len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
                line = file.readline(_LONGEST_LINE)


def _csv(path: Path) -> Opened:
    lines = _lines(path, encoding_of(path))
    first = next(lines, "")
    delimiter = max("\t;,", key=first.count)
    records = _records(chain([first], lines), delimiter)
    header, fault = next(records, ([], ""))
    if fault:
        raise RuleBroken("file-unreadable", f"无法读取 {path.name} 的表头：{fault}", field="file")

    def read(places: Sequence[int]) -> Iterator[Line]:
        for cells, fault in records:
            yield _chosen(cells, fault, places, len(header), delimiter)

    return tuple(name.strip() for name in header), None, read


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Yield the cells of each record; of one that cannot be read its text as the only cell, and the fault."""
    # A quoted field, and the quote before the next field or line that closes it if there is one.
    edge = re.escape(delimiter)
    quoted = re.compile(rf'(?:^|{edge})"[^"]*(?:""[^"]*)*("(?=[{edge}\r\n]|$)|)')
    waiting: deque[str] = deque()
    for line in _with_first(waiting, lines):
        whole = _whole(line, waiting, lines, quoted) if '"' in line else line
        try:
            if whole is None and line.count('"') % 2:
                yield [line.rstrip("\r\n")], "引号没有闭合"
            else:
                yield next(csv.reader([whole or line], delimiter=delimiter)), ""
        except csv.Error as error:
            yield [line.rstrip("\r\n")], f"不是一行表格（{error}）"


def _with_first(waiting: deque[str], lines: Iterator[str]) -> Iterator[str]:
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        yield line


def _whole(line: str, waiting: deque[str], lines: Iterator[str], quoted: re.Pattern[str]) -> str | None:
    """Return a record whose quoted cells go over several lines, None when a quote stays open.

    Lines read in vain are put back: they are records of their own.
    """
    taken = [line]
    whole = line
    while any(not closed for closed in quoted.findall(whole)):
        more = next(_with_first(waiting, lines), None)
        if more is not None:
            taken.append(more)
            whole += more
        if more is None or len(taken) > _MOST_LINES or len(whole) > _LONGEST_RECORD:
            waiting.extendleft(reversed(taken[1:]))
            return None
    return whole


def _chosen(cells: list[str], fault: str, places: Sequence[int], width: int, delimiter: str) -> Line:
    """Return the cells asked for; a row with cells too many or too few is given whole, with what is wrong."""
    if not fault and cells and (places[0] >= len(cells) or any(cells[width:])):
        cells, fault = [delimiter.join(cells)], f"应有 {width} 列，实有 {len(cells)} 列"
    if fault:
        return (cells[0], *[""] * (len(places) - 1)), fault
    return [cells[place] if place < len(cells) else "" for place in places], ""


def _xlsx(path: Path) -> Opened:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile) as error:
        raise _unreadable(path, error) from error
    sheet = book.worksheets[0]
    height = sheet.max_row or 0
    # The size a file tells of itself may be wrong.
    sheet.reset_dimensions()
    return _sheet(sheet.iter_rows(values_only=True), height - 1 if height else None, book.close)


def _calamine(path: Path) -> Opened:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except CalamineError as error:
        raise _unreadable(path, error) from error
    return _sheet(sheet.iter_rows(), max(sheet.height - 1, 0), lambda: None)


def _sheet(rows: Iterator[Sequence[object]], total: int | None, close: Callable[[], None]) -> Opened:
    """Open a sheet; rows at its end that are empty altogether are formatting, not rows."""
    header = tuple(cell_text(value).strip() for value in next(rows, ()))

    def read(places: Sequence[int]) -> Iterator[Line]:
        empty = 0
        for row in rows:
            if all(value is None or value == "" for value in row):
                empty += 1
                continue
            for _ in range(empty):
                yield [""] * len(places), ""
            empty = 0
            yield [cell_text(row[place]) if place < len(row) else "" for place in places], ""
        close()

    return header, total, read


def _parquet(path: Path) -> Opened:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, pre_buffer=False)
    header = tuple(file.schema_arrow.names)

    def read(places: Sequence[int]) -> Iterator[Line]:
        names = [header[place] for place in places]
        for batch in file.iter_batches(_ROWS, columns=list(dict.fromkeys(names))):
            cells = [_texts(batch.column(name)) for name in names]
            for row in zip(*cells, strict=True):
                yield row, ""
        file.close()

    return header, file.metadata.num_rows, read


def _texts(column: Any) -> list[str]:  # noqa: ANN401  (pyarrow publishes no types)
    """Return a column as texts; bytes that are no UTF-8 are replaced."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = column.cast(pa.large_binary())
    values = column.to_pylist()
    return [
        value.decode("utf-8", "replace") if isinstance(value, bytes) else cell_text(value) for value in values
    ]


_OPENERS: Final[dict[str, Callable[[Path], Opened]]] = {
    ".csv": _csv, ".tsv": _csv, ".parquet": _parquet, ".xlsx": _xlsx, ".xls": _calamine, ".ods": _calamine,
}  # fmt: skip
