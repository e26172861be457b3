"""Read lists of divisions with their official codes: CSV files with the columns code and name."""

import csv
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TextIO

from geo_registry.errors import RuleBroken
from geo_registry.gazetteer.spellings import ZONE, usual_name
from geo_registry.gazetteer.table import (
    CITY,
    COMMUNITY,
    DEVELOPMENT_ZONE,
    DISTRICT,
    PROVINCE,
    TOWNSHIP,
    Node,
)  # fmt: skip

Note = Callable[[int], None]
"""Told of every so many rows, with how many there are in all."""

_LEVEL_OF: Final = {2: PROVINCE, 4: CITY, 6: DISTRICT, 9: TOWNSHIP, 12: COMMUNITY}
_ABOVE: Final = (9, 6, 4, 2)
_EMPTY: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
# Outside the statistical lists, with the codes of the national standard.
_FURTHER: Final = {"71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区"}
_EVERY: Final = 20_000


def read_divisions(folder: Path, note: Note = lambda _: None) -> dict[str, str]:
    """Return the names of all divisions of a folder by code, of every `.csv` and `.csv.xz` file in it.

    A code has 2, 4, 6, 9 or 12 digits; of one code in several files the first file's name counts.

    Raises:
        RuleBroken: `gazetteer-folder`, `gazetteer-file`, `gazetteer-row`, naming file and row.

    """
    files = sources(folder)
    names = dict(_FURTHER)
    for file in files:
        for code, name in _rows(file):
            names.setdefault(code, name)
            if len(names) % _EVERY == 0:
                note(len(names))
    note(len(names))
    if not any(len(code) == 2 and code not in _FURTHER for code in names):
        raise RuleBroken(
            "gazetteer-folder",
            f"{folder} 中没有省级名称（2 位代码），请把 provinces.csv 放在同一目录",
            field="folder",
        )
    return names


def sources(folder: Path) -> list[Path]:
    """Return the files of a folder that hold divisions, in order of name.

    Raises:
        RuleBroken: `gazetteer-folder`.

    """
    found = [path for path in folder.glob("*") if path.name.endswith((".csv", ".csv.xz")) and path.is_file()]
    if not found:
        raise RuleBroken(
            "gazetteer-folder", f"{folder} 中没有 .csv 或 .csv.xz 文件，请检查目录", field="folder"
        )
    return sorted(found)


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    number = 1
    try:
        with _opened(file) as text:
            rows = csv.DictReader(text)
            if missing := {"code", "name"} - set(rows.fieldnames or ()):
                columns = "、".join(sorted(missing))
                raise RuleBroken("gazetteer-file", f"{file.name} 第 1 行缺少列 {columns}", field="folder")
            for number, row in enumerate(rows, start=2):
                yield _checked(file, number, row["code"], row["name"])
    except (UnicodeDecodeError, csv.Error, lzma.LZMAError, EOFError, OSError) as error:
        raise RuleBroken(
            "gazetteer-file",
            f"{file.name} 第 {number} 行之后无法读取（须为 UTF-8 编码的 CSV）：{error}",
            field="folder",
        ) from error


def _checked(file: Path, number: int, code: str | None, name: str | None) -> tuple[str, str]:
    code, name = (code or "").strip(), (name or "").strip()
    if len(code) not in _LEVEL_OF or not (code.isascii() and code.isdecimal()):
        raise RuleBroken(
            "gazetteer-row",
            f"{file.name} 第 {number} 行：代码“{code}”应为 2、4、6、9 或 12 位数字",
            field="folder",
        )
    if not name:
        raise RuleBroken("gazetteer-row", f"{file.name} 第 {number} 行：名称为空", field="folder")
    return code, name


def _opened(file: Path) -> TextIO:
    if file.suffix == ".xz":
        return lzma.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def nodes_of(names: dict[str, str]) -> tuple[list[Node], list[str]]:
    """Return divisions as nodes, each behind its parent, in order of code; and their names as listed.

    Left out is what is no name (市辖区 as a city, virtual communities) and a district that repeats its
    city (东莞): what stands below hangs on the next one above.
    """
    nodes, listed, number = list[Node](), list[str](), dict[str, int]()
    for code in sorted(names):
        name, level = names[code], _LEVEL_OF[len(code)]
        over = (number.get(code[:digits], -1) for digits in _ABOVE if digits < len(code))
        above = next((place for place in over if place >= 0), -1)
        if _is_left_out(name, level) or (above < 0 and level != PROVINCE):
            continue
        if level == DISTRICT and above >= 0 and nodes[above].name == name:
            continue
        number[code] = len(nodes)
        kind = DEVELOPMENT_ZONE if _is_zone(code, name) else level
        nodes.append(Node(usual_name(name, level), kind, above, code.ljust(12, "0")))
        listed.append(name)
    return nodes, listed


def _is_left_out(name: str, level: int) -> bool:
    if level in {CITY, DISTRICT}:
        return name in _EMPTY
    return level == COMMUNITY and "虚拟" in name


def _is_zone(code: str, name: str) -> bool:
    """Tell a development zone: a district numbered 71 to 79, a township from 400 on that is named so."""
    if len(code) == 6:
        return "71" <= code[4:] <= "79"
    return len(code) == 9 and code[6] in "45" and bool(ZONE.search(name))
