"""Import of areas: divisions from province to community, with or without boundaries.

Files: GeoJSON, GeoPackage or TopoJSON with polygons, CSV (also .xz) without. A constant `layers`
of the mapping names the objects of a TopoJSON file with their level, `counties:district`. In the
scheme `cn` codes are filled up to 12 digits, and level and parent follow from them where the file
says nothing. A county or city of the scheme `tw` is a *district*: it keeps a register of its own,
and that is what a district is here; for the same reason a prefecture-level city without districts
(东莞) is stored as a district.

An area that a file no longer lists is left as it is: which one followed it is told by a decree,
not by a list.
"""

import csv
import lzma
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geo_registry.area.tables import LEVELS
from geo_registry.codes import parse_division_code
from geo_registry.errors import RuleBroken
from geo_registry.exchange import geo_read
from geo_registry.exchange.encoding import encoding_of
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import Mapping, load_mapping
from geo_registry.exchange.staging import (
    Values,
    copy_rows,
    ewkb,
    original,
    read_values,
    run,
    sections,
    settle,
    staged,
    warn,
)  # fmt: skip
from geo_registry.text import normal_key

PSEUDO: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names that stand at the level of a city for want of one; they are left out of full names."""
_KINDS: Final = {
    "街道": "subdistrict", "街道办事处": "subdistrict", "镇": "town", "鎮": "town",
    "乡": "township", "鄉": "township",
    "居委会": "residents", "居民委员会": "residents", "社区": "residents", "里": "residents",
    "村委会": "villagers", "村民委员会": "villagers", "村": "villagers", "嘎查": "villagers",
}  # fmt: skip
_KIND: Final = re.compile(f"({'|'.join(sorted(_KINDS, key=len, reverse=True))})$")
_KINDS_OF: Final = {
    "township": ("subdistrict", "town", "township"),
    "community": ("residents", "villagers"),
}
_COLUMNS: Final = (
    "row_number", "outcome", "reason", "is_companion", "code", "name", "level", "kind", "parent_code",
    "is_pseudo", "boundary", "original",
)  # fmt: skip
_OVERLAP: Final = 0.01


@dataclass(frozen=True, slots=True)
class _Raw:
    """One row of a file before it is judged; `level` is that of its layer, if layers have one."""

    row: int
    properties: Values
    geometry: BaseGeometry | None = None
    fault: str | None = None
    level: str | None = None
    is_companion: bool = False


def import_areas(load: Load) -> None:
    """Load one file of areas, with those above it from the companion files where the register lacks them."""
    mapping, seen = load.request.mapping, dict[str, list[BaseGeometry]]()
    with staged(load, "area_row", sections("areas")["create"]):
        raw = _read(load.request.path, mapping)
        copy_rows(load.connection, "area_row", _COLUMNS, (_row(mapping, one, seen) for one in raw))
        _add_companions(load)
        _store(load, mapping)
        warn(load, "township-disagrees", _disagreeing(load))
        settle(load, "area_row")
    for level, shapes in seen.items():
        warn(load, f"overlap-{level}", count_overlaps(shapes))
    load.connection.execute("ANALYZE registry.division")


def load_companions(load: Load, *, codes: Path, boundaries: Path, counties: Collection[str]) -> None:
    """Load the areas of some counties and their codes in `codes`, beside a file of plates.

    `counties` are codes as the plates write them (10018, 63). Divisions get the scheme of the
    mapping `tw-villages`, and `external_code` rows of scheme `tw-dgbas` join the codes of `codes`
    by code of the town and name of the village. What is there already stays; nothing is counted.
    """
    mapping = load_mapping("tw-villages", "areas")
    wanted = tuple(sorted(county.ljust(5, "0") for county in counties))
    with staged(load, "area_row", sections("areas")["create"]):
        rows = (_row(mapping, one, {}, is_companion=True) for one in _read(boundaries, mapping))
        copy_rows(load.connection, "area_row", _COLUMNS, (row for row in rows if str(row[4])[:5] in wanted))
        _store(load, mapping)
    with staged(load, "code_row", sections("areas")["create-codes"]):
        joined = list(_joined_codes(load, codes, mapping, wanted))
        copy_rows(load.connection, "code_row", ("object_id", "value"), joined)
        run(load, [sections("areas")["name-codes"]], {"scheme": "tw-dgbas"})
    load.connection.execute("ANALYZE registry.division, registry.external_code")


def count_overlaps(shapes: list[BaseGeometry]) -> int:
    """Return how many pairs of polygons share more than a hundredth of the smaller one."""
    one, other = STRtree(shapes).query(shapes, predicate="overlaps")
    pairs = [(shapes[i], shapes[j]) for i, j in zip(one, other, strict=True) if i < j]
    shared = ((a.intersection(b).area, min(a.area, b.area)) for a, b in pairs)
    return sum(common > _OVERLAP * smaller for common, smaller in shared)


def _read(path: Path, mapping: Mapping) -> Iterator[_Raw]:
    if path.suffixes[-1:] in ([".csv"], [".xz"]):
        yield from (_Raw(row, properties) for row, properties in enumerate(_csv(path), start=1))
        return
    layers = [layer.split(":") for layer in mapping.constants.get("layers", "").split()]
    if not layers:
        found = geo_read.features(path, source_crs=mapping.constants.get("source_crs"))
        yield from (_Raw(one.row, one.properties, one.geometry, one.fault) for one in found)
        return
    topology = geo_read.topology(path)
    parts = ((level, geo_read.topology_features(topology, name)) for name, level in layers)
    every = chain.from_iterable(((level, one) for one in found) for level, found in parts)
    for row, (level, one) in enumerate(every, start=1):
        yield _Raw(row, one.properties, one.geometry, one.fault, level)


def _csv(path: Path) -> Iterator[Values]:
    is_packed = path.suffix == ".xz"
    encoding = "utf-8-sig" if is_packed else encoding_of(path)
    with lzma.open(path, "rt", encoding=encoding) if is_packed else path.open(encoding=encoding) as file:
        yield from csv.DictReader(file)


def _row(
    mapping: Mapping, raw: _Raw, seen: dict[str, list[BaseGeometry]], *, is_companion: bool = False
) -> tuple[object, ...]:
    """Return one staged row; a row that cannot be read at all carries its outcome already."""
    values = read_values(mapping, raw.properties)
    code, name = str(values.get("code") or ""), str(values.get("name") or "")
    level, parent = values.get("level") or raw.level, _parent(mapping, code, values, raw.properties)
    fault = None if code else "code-missing"
    if code and mapping.scheme == "cn":
        try:
            code, level, above = _chinese(code, level)
            # A file with a column for it says itself what stands at its top.
            parent = (
                _chinese(parent, None)[0] if parent else None if mapping.columns.get("parent_code") else above
            )
        except RuleBroken as error:
            fault = error.code
    if not name or level not in LEVELS:
        fault = fault or ("level-unknown" if name else "name-missing")
    boundary = geo_read.multi_polygon(raw.geometry) if raw.geometry else None
    if raw.fault not in {None, "geometry-missing"} or (raw.geometry and boundary is None):
        fault = fault or raw.fault or "geometry-type"
    if boundary and not fault:
        seen.setdefault(str(level), []).append(boundary)
    kind = values.get("kind") or _kind(str(level), name)
    return (
        raw.row, "refused" if fault else None, fault, is_companion, code, name, level, kind, parent,
        level == "city" and name in PSEUDO, ewkb(boundary), original(raw.properties),
    )  # fmt: skip


def _parent(mapping: Mapping, code: str, values: Values, properties: Values) -> str | None:
    """Return the parent's code; of several columns the first that does not repeat the row's own code."""
    for source in mapping.columns.get("parent_code", ()):
        value = properties.get(source.column)
        if value and str(value) != code:
            return str(value)
    return None if "parent_code" in mapping.columns else values.get("parent_code")


def _kind(level: str, name: str) -> str | None:
    """Return the kind that a name's last word tells, if it is one of its level."""
    found = _KIND.search(name)
    kind = _KINDS[found[1]] if found else None
    return kind if kind in _KINDS_OF.get(level, ()) else None


def _chinese(code: str, level: str | None) -> tuple[str, str, str | None]:
    """Return code, level and parent in 12 digits; the level follows from the code when it is not given."""
    found = parse_division_code(code)
    if level is None:
        # 441900 is a city that keeps the register itself: the district of its own code.
        level = "district" if len(code) == 6 else str(found.level)
    return found.digits, level, found.parent.digits if found.parent else None


def _add_companions(load: Load) -> None:
    """Stage the areas above the file's rows from its companions, as far as the register lacks them."""
    path, mapping = load.request.path, load.request.mapping
    files = [path.parent / name for name in mapping.companions.values()]
    files = [file for file in files if file.is_file() and file.resolve() != path.resolve()]
    if not files:
        return
    query = sections("areas")["missing-parents"]
    missing = [code for (code,) in load.connection.execute(query, {"scheme": mapping.scheme}).fetchall()]
    wanted = {code[:length].ljust(12, "0") for code in missing for length in (2, 4, 6, 9)}
    if not wanted:
        return
    rows: Iterable[tuple[object, ...]] = (
        _row(mapping, one, {}, is_companion=True) for file in files for one in _read(file, mapping)
    )
    count = copy_rows(load.connection, "area_row", _COLUMNS, (row for row in rows if row[4] in wanted))
    load.report.notes.append(f"上级区划 {count} 个由同目录的附带文件补入")


def _store(load: Load, mapping: Mapping) -> None:
    named = sections("areas")
    values: Values = {"scheme": mapping.scheme or "local", "levels": list(LEVELS)}
    run(load, [named["index"], named["duplicates"]], values)
    steps = ("resolve", "orphans", "compare", "same", "identify", "insert", "update")
    for level in LEVELS:
        run(load, [named[step] for step in steps], {**values, "level": level})
    run(load, [named["drop-companions"]])


def _disagreeing(load: Load) -> int:
    """Return how many communities stand under a township that their own code does not begin with."""
    if load.request.mapping.scheme != "cn":
        return 0
    found = load.connection.execute(sections("areas")["disagreeing"]).fetchone()
    return int(found[0]) if found else 0


def _joined_codes(
    load: Load, path: Path, mapping: Mapping, counties: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    """Yield (division, code) where a code's town is known and its name is that of the division.

    A code such as 1001802-004 holds the town; names are written with and without the county, with
    blanks inside and in variants, and some rows of the list pair a name with a code of another
    county: those join nothing.
    """
    towns: dict[str, str] = {}
    names: dict[tuple[str, str], object] = {}
    query = sections("areas")["divisions-below"]
    for division, code, level, name, full_name in load.connection.execute(
        query, {"scheme": mapping.scheme, "counties": list(counties)}
    ):
        if level == "township":
            towns[code] = name
        own = (towns.get(code[:8], "") if level == "community" else "") + name
        for key in {normal_key(own), normal_key(full_name)}:
            names[code[:8], key] = division
    for row in _csv(path):
        county, town = _split(row["dgbas_id"])
        division = names.get((town or county, normal_key(row["name"])))
        if division is not None:
            yield division, row["dgbas_id"]


def _split(code: str) -> tuple[str, str | None]:
    """Return county and town of a code as the boundaries write them: 6801300-006 is 68000 and 68000130."""
    town = code.partition("-")[0]
    county = town[:2] if town[:1] == "6" else town[:5]
    rest = town.removeprefix(county)
    padded = county.ljust(5, "0")
    # Special municipalities write the town with three digits and two zeros, counties with two digits.
    number = rest[:3] if county[:1] == "6" else rest
    return padded, f"{padded}{int(number):02d}0" if number.isdecimal() else None
