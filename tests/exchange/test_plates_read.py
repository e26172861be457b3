import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import Workbook

from geo_registry.errors import RuleBroken
from geo_registry.exchange.mapping import Source
from geo_registry.exchange.plates_read import combined, distinct, numbers, open_table, texts

Unreadable = list[tuple[int, str]]


def read(path: Path) -> tuple[list[str], list[dict[str, object]], Unreadable]:
    unreadable: Unreadable = []
    header, _, tables = open_table(path, lambda row, detail: unreadable.append((row, detail)))
    return header, [row for table in tables for row in table.to_pylist()], unreadable


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_usual_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ROAD,NUMBER\n中山路,12號\n,\n", encoding=encoding)
    header, rows, unreadable = read(path)
    assert header == ["ROAD", "NUMBER"]
    assert rows == [{"ROAD": "中山路", "NUMBER": "12號"}, {"ROAD": "", "NUMBER": ""}]
    assert unreadable == []


def test_a_line_that_is_no_row_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ROAD,NUMBER\n中山路,1號\n中山路\n中山路,2號,3\n中山路,4號\n", encoding="utf-8")
    _, rows, unreadable = read(path)
    assert [row["NUMBER"] for row in rows] == ["1號", "4號"]
    assert [row for row, _ in unreadable] == [2, 3]


def test_excel_is_read_as_text(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["road", "number", "x"])
    sheet.append(["中山路", 12, 121.5])
    sheet.append(["中山路", None, dt.date(2026, 1, 2)])
    book.save(tmp_path / "a.xlsx")
    header, rows, _ = read(tmp_path / "a.xlsx")
    assert header == ["road", "number", "x"]
    assert [row["number"] for row in rows] == ["12", ""]
    assert rows[0]["x"] == "121.5"


def test_other_formats_and_broken_files_are_refused(tmp_path: Path) -> None:
    for name, code in (
        ("a.pdf", "format-unknown"),
        ("a.parquet", "file-unreadable"),
        ("a.xlsx", "file-unreadable"),
    ):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(RuleBroken) as caught:
            read(tmp_path / name)
        assert caught.value.code == code


def test_texts_are_trimmed_and_empty_when_missing() -> None:
    table = pa.table({"a": pa.array([" 北區 ", None, "a\0b", ""])})
    codes, values = texts(table, Source(column="a"), "x")
    assert [values[code] for code in codes] == ["北區", "x", "ab", "x"]
    codes, values = texts(table, None, "y")
    assert [values[code] for code in codes] == ["y"] * 4
    codes, values = texts(table, Source(column="a", values={"北區": "N"}))
    assert values[codes[0]] == "N"


def test_numbers_are_scaled_and_what_is_none_is_told_from_nothing() -> None:
    table = pa.table({"i": pa.array([1209646797, None]), "s": pa.array([" 1.5e1 ", "x"])})
    found, blank = numbers(table, Source(column="i", scale=1e-7))
    assert found[0] == 120.9646797
    assert blank.tolist() == [False, True]
    found, blank = numbers(table, Source(column="s"))
    assert found[0] == 15.0
    assert np.isnan(found[1])
    assert blank.tolist() == [False, False]
    assert numbers(table, None)[1].all()


def test_combinations_are_counted_without_overflow() -> None:
    big = np.array([1 << 40, 0, 1 << 40, 5])
    position, first = distinct([big, big, big])
    assert len(first) == 3
    assert position[0] == position[2]
    column = (np.array([0, 1, 0]), ["a", "b"])
    position, values = combined([column, (np.array([0, 0, 0]), ["z"])])
    assert [values[i] for i in position] == [("a", "z"), ("b", "z"), ("a", "z")]
