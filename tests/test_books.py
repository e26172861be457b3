"""Tables as XLSX: they open as they were written, and nothing in them runs."""

import datetime as dt
import io
import tracemalloc

from openpyxl import load_workbook

from geo_registry.books import attached, book, pieces


def test_a_table_opens_as_it_was_written() -> None:
    rows = [("映月路", 8, 1.5, None, dt.date(2026, 11, 20)), (" 两端 空格 ", -3, 0.0, "", None)]
    content = b"".join(pieces(book('路 & "号"', ("名", "号", "米", "空", "日"), rows, widths=(20, 8))))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert (sheet.title, sheet.freeze_panes) == ('路 & "号"', "A2")
    assert 20 <= sheet.column_dimensions["A"].width < 21
    assert list(sheet.iter_rows(values_only=True)) == [
        ("名", "号", "米", "空", "日"),
        ("映月路", 8, 1.5, None, "2026-11-20"),
        (" 两端 空格 ", -3, 0, "", None),
    ]


def test_no_cell_is_a_formula_or_breaks_the_file() -> None:
    hostile = ("=1+1", "@SUM(1)", "<row/>", "a\x00\x1fb\ud800", "]]>", "&amp;", "龘" * 40_000)
    content = b"".join(pieces(book("表", ["甲"], [(one,) for one in hostile])))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(hostile)
    assert [cell.value for cell in cells][:6] == ["'=1+1", "'@SUM(1)", "<row/>", "ab", "]]>", "&amp;"]


def test_a_long_table_takes_no_more_memory_than_a_short_one() -> None:
    def peak(count: int) -> int:
        tracemalloc.reset_peak()
        with book("表", ("序", "地址"), ((number, f"映月路{number}号") for number in range(count))) as file:
            assert file.seek(0, 2) > count
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    short, long = peak(8_000), peak(20_000)
    tracemalloc.stop()
    assert long < short + 100_000


def test_a_name_of_a_file_is_one_header() -> None:
    told = attached('批次 "3"\r\nX: y.xlsx')["Content-Disposition"]
    assert "\r" not in told
    assert "\n" not in told
    assert told.startswith("attachment; filename*=UTF-8''%E6%89%B9")
