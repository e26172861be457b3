"""Reading lists of door plates in batches: parquet, CSV and Excel, as columns and never as row objects."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo_registry.errors import RuleBroken
from geo_registry.exchange.encoding import encoding_of
from geo_registry.exchange.mapping import Source

BATCH = 65_536
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Unreadable = Callable[[int, str], None]
"""Is told the row number and why, for each line that is no row of the table."""
Column = tuple[NDArray[np.int64], list[str]]
"""A text column: for each row the position of its text, and the distinct texts."""


def open_table(path: Path, unreadable: Unreadable) -> tuple[list[str], int | None, Iterator[pa.Table]]:
    """Return header, number of rows where it is known beforehand, and the batches of a file.

    Raises:
        RuleBroken: `format-unknown` or `file-unreadable`.

    """
    readers = {".parquet": _parquet, ".csv": _csv, ".xlsx": _excel, ".xls": _excel, ".ods": _excel}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RuleBroken(
            "format-unknown", f"不支持的文件格式 {path.suffix}；可用：{'、'.join(readers)}", field="file"
        )
    try:
        return reader(path, unreadable)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise RuleBroken("file-unreadable", f"无法读取 {path.name}：{error}", field="file") from error


def _parquet(path: Path, _: Unreadable) -> tuple[list[str], int | None, Iterator[pa.Table]]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    batches = (pa.Table.from_batches([batch]) for batch in file.iter_batches(BATCH))
    return file.schema_arrow.names, file.metadata.num_rows, batches


def _csv(path: Path, unreadable: Unreadable) -> tuple[list[str], int | None, Iterator[pa.Table]]:
    from pyarrow import csv

    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        header = [name.strip().strip('"') for name in file.readline().rstrip("\r\n").split(",")]

    def skip(row: Any) -> str:  # noqa: ANN401  (pyarrow publishes no types)
        # Lines count from 1 with the header; rows count from 1 behind it.
        unreadable((row.number or 1) - 1, f"应有 {row.expected_columns} 列，实有 {row.actual_columns} 列")
        return "skip"

    reader = csv.open_csv(
        path,
        csv.ReadOptions(
            use_threads=False, encoding=encoding.removesuffix("-sig"), column_names=header, skip_rows=1
        ),
        csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    )
    return header, None, (pa.Table.from_batches([batch]) for batch in reader)


def _excel(path: Path, _: Unreadable) -> tuple[list[str], int | None, Iterator[pa.Table]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except CalamineError as error:
        raise RuleBroken("file-unreadable", f"无法读取 {path.name}：{error}", field="file") from error
    rows = sheet.iter_rows()
    header = [cell_text(value) for value in next(rows, [])]

    def batches() -> Iterator[pa.Table]:
        chunk: list[list[str]] = []
        for row in rows:
            chunk.append([cell_text(value) for value in row])
            if len(chunk) == BATCH:
                yield _table(header, chunk)
                chunk = []
        if chunk:
            yield _table(header, chunk)

    return header, max(sheet.height - 1, 0), batches()


def cell_text(value: object) -> str:
    """Return a cell as text; a spreadsheet keeps 5 as 5.0."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _table(header: Sequence[str], rows: list[list[str]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(header))


def texts(table: pa.Table, source: Source | None, constant: str = "") -> Column:
    """Return a text column without outer spaces and controls; empty for what is missing."""
    if source is None:
        return np.zeros(table.num_rows, np.int64), [constant]
    column = table.column(source.column).combine_chunks().cast(pa.string())
    encoded = pc.fill_null(column, constant).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values = [_CONTROLS.sub("", value).strip() or constant for value in encoded.dictionary.to_pylist()]
    if source.values is not None:
        values = [source.values.get(value, value) for value in values]
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), values


def numbers(table: pa.Table, source: Source | None) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a column of numbers with NaN for what is none, and which rows hold nothing at all."""
    if source is None:
        return np.full(table.num_rows, np.nan), np.ones(table.num_rows, bool)
    column = table.column(source.column).combine_chunks()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        is_blank = pc.equal(pc.utf8_trim_whitespace(pc.fill_null(column, "")), "")
        readable = pc.match_substring_regex(pc.fill_null(column, ""), _NUMBER)
        trimmed = pc.utf8_trim_whitespace(pc.if_else(readable, column, None))
        values = trimmed.cast(pa.float64())
    else:
        is_blank, values = pc.is_null(column), column.cast(pa.float64(), safe=False)
    found = pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False)
    if source.scale != 1.0:
        # Scaled integers are decimal fractions: nine places are more than any of them has.
        found = np.round(found * source.scale, 9)
    return found, is_blank.to_numpy(zero_copy_only=False)


def combined(columns: Sequence[Column]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Return for each row the position of its combination of texts, and the distinct combinations."""
    codes = [code for code, _ in columns]
    position, first = distinct(codes)
    values = [[texts[code] for code in codes[first].tolist()] for codes, texts in columns]
    return position, list(zip(*values, strict=True))


def distinct(keys: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each row the position of its combination of keys, and the first row of each.

    The keys may be large but not negative; they are packed two at a time, so that nothing overflows.
    """
    position = keys[0]
    _, first, position = np.unique(position, return_index=True, return_inverse=True)
    for key in keys[1:]:
        span = int(key.max(initial=0)) + 1
        _, first, position = np.unique(position * span + key, return_index=True, return_inverse=True)
    return position.astype(np.int64), first.astype(np.int64)
