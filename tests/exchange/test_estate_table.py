"""The developer's table: every line is a row or has faults, by line and heading."""

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence

import pytest
from openpyxl import Workbook

from geo_registry.address.profile import load_profile
from geo_registry.errors import RuleBroken
from geo_registry.exchange.estate_table import EstateTable, read_estate_table
from geo_registry.housing.estate_rows import EstateRow, building_key

PROFILE = load_profile("national")
HEAD = ("楼栋", "单元", "楼层", "室号", "用途", "建筑面积（㎡）", "备注")


def sheet(*rows: Sequence[object], merge: str = "") -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(list(row))
    if merge:
        page.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def lines(*rows: Sequence[object], encoding: str = "utf-8") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode(encoding)


def faults(table: EstateTable) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in table.faults]


@pytest.mark.requirement("R76")
@pytest.mark.parametrize("write", [sheet, lines, lambda *rows: lines(*rows, encoding="gb18030")])
def test_a_table_is_read_whatever_its_form(write: "type[object]") -> None:
    content: bytes = write(  # type: ignore[call-arg,assignment]
        ("清源小区房屋明细", *[""] * 6),
        HEAD,
        ("3栋", "2单元", 4, "402", "住宅", 89.5, "南向"),
        ("3号楼", "二", "4层", "403室", "", "", ""),
        (4, "", "B1", "B101", "车库", "1,200.5", ""),
    )
    table = read_estate_table(PROFILE, content)
    assert table.faults == ()
    assert table.rows == (
        EstateRow(3, "3栋", "2单元", 4, "402", None, 89.5),
        EstateRow(4, "3号楼", "二", 4, "403室"),
        EstateRow(5, "4", None, -1, "B101", "non_residential", 1200.5),
    )
    assert table.ignored == ("备注",)
    assert table.counts == {"lines": 3, "rows": 3, "faulty": 0, "buildings": 2, "entrances": 2}


def test_each_fault_stands_beside_its_line_and_heading() -> None:
    table = read_estate_table(
        PROFILE,
        sheet(
            HEAD,
            ("1", "1", 1, "101", "住宅", 80),
            ("", "1", 1, "102", "住宅", 80),
            ("1", "1", "顶", "103", "住宅", 80),
            ("1", "1", 1, "", "住宅", 80),
            ("1", "1", 1, "大堂?", "住宅", 80),
            ("1", "1", 1, "106", "宫殿", "八十"),
            ("1", "1", 1, "107", "住宅", -4),
            ("1", "1", 300, "108", "住宅", 80),
            (),
            ("1", "1单元", 1, "101室", "住宅", 80),
        ),
    )
    assert faults(table) == [
        (3, "楼栋", "building-missing"),
        (4, "楼层", "floor-unreadable"),
        (5, "室号", "room-missing"),
        (6, "室号", "unit-unreadable"),
        (7, "建筑面积（㎡）", "number-unreadable"),
        (7, "用途", "use-unknown"),
        (8, "建筑面积（㎡）", "area-invalid"),
        (9, "楼层", "floor-invalid"),
        (11, "室号", "row-twice"),
    ]
    assert [row.line for row in table.rows] == [2]
    # Nothing is lost: each line is a row or has faults.
    assert table.counts["rows"] + table.counts["faulty"] == table.lines == 9
    assert "第 2 行" in table.faults[-1].detail


def test_what_was_merged_holds_for_each_line() -> None:
    content = sheet(("楼栋", "室号"), ("7", "101"), (None, "102"), (None, "103"), merge="A2:A4")
    assert [row.building for row in read_estate_table(PROFILE, content).rows] == ["7", "7", "7"]


def test_a_building_is_one_however_its_number_is_written() -> None:
    written = ("3", "三栋", "03幢", "第3号楼", "３")
    table = read_estate_table(
        PROFILE, lines(("楼栋", "室号"), *((one, f"10{at}") for at, one in enumerate(written)))
    )
    assert (table.faults, table.counts["buildings"]) == ((), 1)
    assert building_key("十二座") == "12"
    assert {building_key(one) for one in ("A3", "三A", "甲", "3-1")} == {"A3", "三A", "甲", "3-1"}


def test_a_profile_with_floors_before_rooms_reads_both() -> None:
    profile = load_profile("road-section")
    table = read_estate_table(
        profile, lines(("楼栋", "楼层", "室号"), ("1", "2", "1"), ("1", "2", "2"), ("1", "3", "1"))
    )
    assert (table.faults, len(table.rows)) == ((), 3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "columns-missing"),
        (b"\x00\x01", "file-unreadable"),
        (b"PK\x03\x04broken", "file-unreadable"),
        (lines(("姓名", "室号"), ("甲", "101")), "columns-missing"),
        (lines(("楼栋", "室号")), "rows-missing"),
        (b"\xff\xff\xff", "file-unreadable"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(RuleBroken, match=f"^{code}: "):
        read_estate_table(PROFILE, content)


@pytest.mark.parametrize("cell", ["XFD1048576", "xfd1048576", "BZZ60000", "ZZZZZZZ1"])
def test_a_cell_far_away_takes_no_memory(cell: str) -> None:
    """A book of two kilobytes may not make a billion cells real."""
    far = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheet(("楼栋", "室号"), ("1", "101")))) as old,
        zipfile.ZipFile(far, "w") as new,
    ):
        for part in old.infolist():
            content = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                row = re.sub("[A-Za-z]", "", cell)
                content = content.replace(
                    b"</sheetData>", f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
                )
            new.writestr(part.filename, content)
    with pytest.raises(RuleBroken) as refused:
        read_estate_table(PROFILE, far.getvalue())
    assert refused.value.code == "file-unreadable"


@pytest.mark.parametrize(
    "content",
    [
        sheet(("楼栋", "室号"), ("1", "101"), merge="Z1:AA2"),
        lines(("楼栋", "室号", "楼层"), ("1", "101", "9" * 5000)),
        lines(("楼栋", "室号", "单元"), ("1", "101", "9" * 5000)),
        lines(("楼栋", "室号"), ("9" * 5000, "101")),
    ],
)
def test_odd_cells_are_faults_of_their_line(content: bytes) -> None:
    table = read_estate_table(PROFILE, content)
    assert table.lines == 1
    assert len(table.rows) + table.counts["faulty"] == 1


def book(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    made = Workbook()
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(list(row))
    del made["Sheet"]
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_sheets_with_the_same_headings_are_one_table() -> None:
    content = book(
        {
            "东区": [("清源小区",), ("楼栋", "室号"), ("1", "101"), ("1", "?")],
            "西区": [("室号", "楼栋", "备注"), ("101", "2"), ("101", "1栋"), ("", "2")],
            "空": [()],
        }
    )
    table = read_estate_table(PROFILE, content)
    assert [(one.sheet, one.line, one.building) for one in table.rows] == [("东区", 3, "1"), ("西区", 2, "2")]
    assert [(one.sheet, one.line, one.column, one.code) for one in table.faults] == [
        ("东区", 4, "室号", "unit-unreadable"), ("西区", 3, "室号", "row-twice"), ("西区", 4, "室号", "room-missing"),
    ]  # fmt: skip
    assert "工作表“东区”第 3 行" in table.faults[1].detail
    assert (table.sheets, table.ignored) == ((("东区", 1), ("西区", 1)), ("备注",))
    assert table.counts == {"lines": 5, "rows": 2, "faulty": 3, "buildings": 2, "entrances": 0}


def test_a_sheet_named_after_a_building_needs_no_column_of_buildings() -> None:
    head: Sequence[object] = ("单元", "室号", "面积")
    content = book({"3栋": [head, ("1", "101", 80), ("1", "102", 80)], "5#楼": [head, ("1", "101", "八十")]})
    table = read_estate_table(PROFILE, content)
    assert [(one.sheet, one.line, building_key(one.building)) for one in table.rows] == [
        ("3栋", 2, "3"), ("3栋", 3, "3"),
    ]  # fmt: skip
    assert [(one.sheet, one.line, one.column) for one in table.faults] == [("5#楼", 2, "面积")]
    alone = read_estate_table(PROFILE, book({"A座": [head, ("1", "101", 80)]}))
    assert ([one.building for one in alone.rows], alone.sheets) == (["A座"], ())
    for name in ("Sheet1", "说明", "101", "房屋"):
        with pytest.raises(RuleBroken, match=r"^columns-missing: "):
            read_estate_table(PROFILE, book({name: [head, ("1", "101", 80)]}))


def test_no_sheet_is_lost_without_a_word() -> None:
    first = [("楼栋", "室号"), ("1", "101")]
    differs: list[Sequence[object]] = [("楼栋", "单元", "室号"), ("2", "1", "101")]
    with pytest.raises(RuleBroken, match=r"^sheets-differ: .*2栋.*1栋"):
        read_estate_table(PROFILE, book({"1栋": first, "2栋": differs}))
    with pytest.raises(RuleBroken, match=r"^columns-missing: .*说明"):
        read_estate_table(PROFILE, book({"1栋": first, "说明": [("填表说明",), ("每户一行",)]}))
