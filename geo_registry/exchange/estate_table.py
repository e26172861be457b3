"""The developer's table of an estate (XLSX, CSV): every line is a row or has faults."""

import csv
import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from geo_registry.address.scheme import Profile
from geo_registry.errors import RuleBroken
from geo_registry.exchange import estate_sheet
from geo_registry.exchange.plates_read import cell_text
from geo_registry.housing.estate_rows import MOST_ROWS, EstateRow, building_key, names_building, read_units
from geo_registry.text import clean, to_int

COLUMNS: dict[str, tuple[str, ...]] = {
    "building": ("楼栋", "楼号", "栋号", "幢号", "楼栋号", "幢", "栋", "building"),
    "entrance": ("单元", "单元号", "门洞", "entrance"),
    "floor": ("楼层", "层", "所在层", "层数", "floor"),
    "room": ("室号", "房号", "房间号", "房间", "户号", "室", "room"),
    "use": ("用途", "房屋用途", "规划用途", "use"),
    "area_m2": (
        "面积",
        "建筑面积",
        "建筑面积(㎡)",
        "建筑面积(平方米)",
        "建筑面积(m2)",
        "预测面积",
        "area",
        "area_m2",
    ),
    "lon": ("经度", "lon", "lng"),
    "lat": ("纬度", "lat"),
}
"""Column -> the headings by which it is known."""
_USES = {
    "住宅": None, "居住": None, "成套住宅": None, "普通住宅": None, "空置": "vacant", "自住": "self_occupied",
    **dict.fromkeys(
        ("商业", "商铺", "商服", "办公", "车库", "车位", "储藏", "储藏室", "物业", "配套", "公建", "非居住"),
        "non_residential",
    ),
}  # fmt: skip
_HEAD_WITHIN = 15


@dataclass(frozen=True, slots=True)
class TableFault:
    """What is wrong with one line; `line` is its number in the sheet, `column` the heading there."""

    line: int
    column: str
    code: str
    detail: str
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class EstateTable:
    """A table that was read: `lines` are all that hold anything, each a row or one with faults.

    `sheets` tells the sheets that were joined, in the order of the rows, and how many rows each gave.
    """

    lines: int
    rows: tuple[EstateRow, ...]
    faults: tuple[TableFault, ...]
    ignored: tuple[str, ...]
    counts: dict[str, int]
    sheets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Lines below the headings: the place and heading of each column, and the headings not known."""

    name: str | None
    columns: dict[str, tuple[int, str]]
    ignored: tuple[str, ...]
    body: list[tuple[int, Sequence[str]]]
    building: str | None


def read_estate_table(profile: Profile, content: bytes) -> EstateTable:
    """Read a table, whatever its form; its headings stand within the first lines.

    Sheets with the same headings are one table. A sheet that is named after a building (3栋) needs no column
    of buildings.

    Raises:
        RuleBroken: `file-unreadable`, `sheets-differ`, `columns-missing`, `rows-too-many`, `rows-missing`.

    """
    sheets = _same_headed(_sheets(content))
    lines = sum(len(one.body) for one in sheets)
    if not 1 <= lines <= MOST_ROWS:
        code = "rows-too-many" if lines else "rows-missing"
        raise RuleBroken(code, f"一张表应有 1 至 {MOST_ROWS} 行房屋", field="file")
    rows, faults = [], []
    for sheet in sheets:
        for line, cells in sheet.body:
            row, wrong = _row(line, sheet, cells)
            rows.append(row)
            faults += [_fault(sheets, row, *one) for one in wrong]
    faulty = {(one.sheet, one.line) for one in faults}
    sound = [row for row in rows if (row.sheet, row.line) not in faulty]
    for flaw in read_units(profile, sound)[1]:
        _, place, column = flaw.pointer.split("/")
        faults.append(_fault(sheets, sound[int(place)], column, flaw.code, flaw.detail))
    faulty = {(one.sheet, one.line) for one in faults}
    kept = tuple(row for row in sound if (row.sheet, row.line) not in faulty)
    order = {one.name: place for place, one in enumerate(sheets)}
    faults.sort(key=lambda one: (order[one.sheet], one.line))
    given = Counter(row.sheet for row in kept)
    return EstateTable(
        lines, kept, tuple(faults), tuple(dict.fromkeys(word for one in sheets for word in one.ignored)),
        _counts(kept, len(faulty), lines),
        tuple((one.name, given[one.name]) for one in sheets if one.name is not None),
    )  # fmt: skip


def _fault(sheets: Sequence[_Sheet], row: EstateRow, column: str, code: str, detail: str) -> TableFault:
    heading = next(
        (one.columns[column][1] for one in sheets if one.name == row.sheet and column in one.columns), None
    )
    return TableFault(row.line, heading or COLUMNS[column][0], code, detail, row.sheet)


def _counts(rows: Sequence[EstateRow], faulty: int, lines: int) -> dict[str, int]:
    buildings = Counter(building_key(row.building) for row in rows)
    entrances = {(building_key(row.building), row.entrance) for row in rows if row.entrance}
    return {
        "lines": lines, "rows": len(rows), "faulty": faulty, "buildings": len(buildings),
        "entrances": len(entrances),
    }  # fmt: skip


def _same_headed(sheets: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> list[_Sheet]:
    """Return the sheets with their headings, when these are the same; a single sheet has no name."""
    found = [_headed(name, rows, is_one=len(sheets) == 1) for name, rows in sheets]
    for one in found[1:]:
        if one.columns.keys() != found[0].columns.keys():
            detail = (
                f"工作表“{one.name}”的表头与“{found[0].name}”的不同，请改成一样的表头，或删去这张表再上传"
            )
            raise RuleBroken("sheets-differ", detail, field="file")
    return found


def _headed(name: str, rows: Sequence[Sequence[str]], *, is_one: bool) -> _Sheet:
    """Return a sheet with the headings that stand within its first lines."""
    building = name if names_building(name) else None
    names = {_folded(word): column for column, words in COLUMNS.items() for word in words}
    lines = [(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]
    for number, cells in lines[:_HEAD_WITHIN]:
        found: dict[str, tuple[int, str]] = {}
        for place, cell in enumerate(cells):
            if (column := names.get(_folded(cell))) and column not in found:
                found[column] = place, cell.strip()
        if "room" in found and ("building" in found or (building and len(found) > 1)):
            known = {place for place, _ in found.values()}
            ignored = tuple(cell for place, cell in enumerate(cells) if cell and place not in known)
            body = [(line, cells) for line, cells in lines if line > number]
            return _Sheet(None if is_one else name, found, ignored, body, building)
    wanted = "、".join(words[0] for words in COLUMNS.values())
    detail = f"表头应有“楼栋”和“室号”（以楼栋命名的工作表可以没有“楼栋”），可用的列：{wanted}"
    raise RuleBroken("columns-missing", detail if is_one else f"工作表“{name}”的{detail}", field="file")


def _folded(heading: str) -> str:
    return clean(heading).replace(" ", "").replace("（", "(").replace("）", ")").lower()


def _row(line: int, sheet: _Sheet, written: Sequence[str]) -> tuple[EstateRow, list[tuple[str, str, str]]]:
    """Return a line as a row, and what cannot be read in it: column, code and detail."""
    wrong: list[tuple[str, str, str]] = []
    cells = {name: written[at] if at < len(written) else "" for name, (at, _) in sheet.columns.items()}
    building = cells["building"].strip() if "building" in cells else sheet.building
    values: dict[str, Any] = {"line": line, "building": building, "sheet": sheet.name}
    values["entrance"] = cells.get("entrance", "").strip() or None
    values["room"] = cells["room"].strip() or None
    if not values["building"]:
        wrong.append(("building", "building-missing", "没有楼栋"))
    if (floor := _floor(cells.get("floor", ""))) is False:
        wrong.append(("floor", "floor-unreadable", "无法识别的楼层"))
    for column in ("area_m2", "lon", "lat"):
        try:
            values[column] = float(cells[column].replace(",", "")) if cells.get(column, "").strip() else None
        except ValueError:
            wrong.append((column, "number-unreadable", "应为数字"))
    use = clean(cells.get("use", "")).replace(" ", "")
    if use and use not in _USES:
        wrong.append(("use", "use-unknown", f"未知的用途，可用：{'、'.join(_USES)}"))
    row = EstateRow(**values, floor=floor or None, use=_USES.get(use))
    return row, wrong


def _floor(text: str) -> int | bool:
    """Return a floor (3层, B1, 地下1层, -1), 0 for none and False for what is no floor."""
    packed = clean(text).replace(" ", "").upper().removesuffix("层").removesuffix("楼").removeprefix("第")
    if not packed:
        return 0
    sign = 1
    for word in ("地下", "负", "B", "-"):
        if packed.startswith(word):
            packed, sign = packed.removeprefix(word), -1
            break
    number = to_int(packed.removesuffix(".0"))
    return sign * number if number else False


def _sheets(content: bytes) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the sheets with lines, or a text, by name: their cells without spaces at their ends."""
    try:
        if content[:4] == b"PK\x03\x04":
            return [(one["name"], list(_filled(one))) for one in _book(content)]
        return [("", list(_text(content)))]
    except (ValueError, KeyError, OSError, SyntaxError, csv.Error, subprocess.SubprocessError) as error:
        detail = "无法读取这个文件，请另存为 xlsx 或 CSV（UTF-8 或 GB18030）再上传"
        raise RuleBroken("file-unreadable", detail, field="file") from error


def _book(content: bytes) -> list[dict[str, Any]]:
    read = subprocess.run(
        [sys.executable, "-I", estate_sheet.__file__], input=content, capture_output=True, check=False,
        timeout=2 * estate_sheet.MOST_SECONDS,
    )  # fmt: skip
    if read.returncode != 0:
        raise ValueError("the workbook cannot be read")
    told: list[dict[str, Any]] = json.loads(read.stdout)
    return told


def _filled(sheet: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    rows: list[list[str | float]] = sheet["rows"]
    # What was merged over several lines is true of each of them.
    for (top, left), (bottom, right) in sheet["merged"]:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [rows[top][left]] * len(row[left : right + 1])
    for cells in rows:
        yield tuple(cell_text(cell).strip() for cell in cells)


def _text(content: bytes) -> Iterator[tuple[str, ...]]:
    if b"\x00" in content:
        raise ValueError("no text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    delimiter = max("\t;,", key=text[:10_000].count)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield tuple(cell.strip() for cell in row)
