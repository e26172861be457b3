"""Files hold no cell that a spreadsheet runs, and say the same in either form."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from geo_registry.disclosure import files, rules
from geo_registry.disclosure.rules import Line, plain
from geo_registry.text import inert

LINE = Line(
    "映月路8号402室",
    "张*",
    "男",
    "36",
    "外来人员",
    "2024-03-01",
    "1X",
    "31011219900307201X",
    "+8613800000000",
)
TRICKS = (
    "=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＋1", "－1", "＠x", '=HYPERLINK("http://x")',
    "=cmd|' /C calc'!A0",
)  # fmt: skip


@pytest.mark.promise("P25")
@pytest.mark.parametrize("trick", TRICKS)
def test_no_cell_of_a_csv_is_a_formula(trick: str) -> None:
    content = files.written("csv", [replace(LINE, address=trick, name=trick)], trick, with_numbers=True)
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        for cell in row:
            assert cell == "" or cell[0] not in "=+-@\t\r\n＝＋－＠"
            assert cell.lstrip()[:1] not in {"=", "+", "-", "@"}


@pytest.mark.promise("P25")
@pytest.mark.parametrize("trick", [*TRICKS, "a\x07b"])
def test_every_cell_of_a_workbook_is_text(trick: str) -> None:
    content = files.written("xlsx", [replace(LINE, address=trick, name=trick)], trick, with_numbers=True)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert str(cells[0].value).strip() == trick.replace("\x07", "").strip()


@given(st.text(max_size=30))
def test_a_harmless_cell_can_be_read_back(cell: str) -> None:
    assert "'" in cell or plain(inert(cell)) == plain(cell)
    assert inert(inert(cell)) == inert(cell)


@pytest.mark.parametrize("with_numbers", [False, True])
def test_both_forms_say_the_same(with_numbers: bool) -> None:  # noqa: FBT001
    said = []
    forms: tuple[files.Form, ...] = ("csv", "xlsx")
    for form in forms:
        content = files.written(form, [LINE], "对外提供 D20261123-001", with_numbers=with_numbers)
        rows = files._text(content) if form == "csv" else files._sheet(content)
        said.append([[plain(cell) for cell in row if cell] for row in rows])
    assert said[0] == said[1]
    assert said[0][0] == ["对外提供D20261123-001"]
    assert ("31011219900307201X" in said[0][2]) is with_numbers


def test_the_mark_is_printed_on_every_page() -> None:
    content = files.written("xlsx", [LINE], "对外提供 D20261123-001　A&B", with_numbers=False)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert (
            "<oddFooter>&amp;C对外提供 D20261123-001　A&amp;&amp;B</oddFooter>"
            in packed.read("xl/worksheets/sheet1.xml").decode()
        )


def test_the_mark_names_number_recipient_and_day() -> None:
    import datetime as dt

    shown = rules.mark("D20261123-001", "映山区教育局", dt.date(2026, 11, 23))
    assert all(part in shown for part in ("D20261123-001", "映山区教育局", "2026-11-23"))
