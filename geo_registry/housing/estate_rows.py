"""Rows of a developer's table: a building, an entrance, a floor and a room each, read by the profile."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from geo_registry.address.numbering.storing import Flaw
from geo_registry.address.numbers import door_reader
from geo_registry.address.scheme import Profile
from geo_registry.address.units import Unit
from geo_registry.housing.tables import UNIT_USES
from geo_registry.text import NUMERAL_CHARACTERS, clean, to_int

MOST_ROWS = 50_000
LEAST_FLOOR, MOST_FLOOR, MOST_M2 = -20, 200, 99_999.99
_SUFFIX = "(?:#?(?:号楼|号|楼|幢|栋|座)|#)"
_BUILDING_NAME = re.compile(f"第?(?:[A-Z]?\\d{{1,4}}|[A-Z]|[{NUMERAL_CHARACTERS}]{{1,4}}){_SUFFIX}")
_BUILDING = re.compile(r"[\w一-鿿()#.-]{1,20}")


@dataclass(frozen=True, slots=True)
class EstateRow:
    """One line of the table; `line` is its number in the sheet, of a workbook with several in `sheet`.

    A place is that of the building.
    """

    line: int
    building: str
    entrance: str | None = None
    floor: int | None = None
    room: str | None = None
    use: str | None = None
    area_m2: float | None = None
    lon: float | None = None
    lat: float | None = None
    sheet: str | None = None

    @property
    def where(self) -> str:
        """Tell sheet and line in words."""
        return f"第 {self.line} 行" if self.sheet is None else f"工作表“{self.sheet}”第 {self.line} 行"


@dataclass(frozen=True, slots=True)
class EstateUnit:
    """A unit that a row makes: `place` is that of the row in its list, `building` the key of its building."""

    place: int
    building: str
    entrance: str | None
    floor: int | None
    room: str | None
    text: str
    key: str
    use: str | None
    area_m2: float | None


@lru_cache(maxsize=4096)
def building_key(text: str) -> str:
    """Return the name of a building as it is told apart from others: 3号楼, 三栋 and 3幢 are one."""
    packed = clean(text).replace(" ", "").upper().removeprefix("第")
    bare = re.sub(f"{_SUFFIX}$", "", packed) or packed
    number = to_int(bare)
    return bare if number is None else str(number)


def names_building(text: str) -> bool:
    """Tell whether a text is the name of a building and nothing else: 3栋, 1#楼, A座, not Sheet1 or 说明."""
    return _BUILDING_NAME.fullmatch(clean(text).replace(" ", "").upper()) is not None


def read_units(profile: Profile, rows: Sequence[EstateRow]) -> tuple[list[EstateUnit], list[Flaw]]:
    """Return the units of all sound rows in their order, and what is wrong with each other row."""
    reader = door_reader(profile).units
    units: list[EstateUnit] = []
    flaws: list[Flaw] = []
    seen = dict[tuple[str, str], int]()
    known = dict[str, Unit | None]()
    for place, row in enumerate(rows):
        found = list(_faults(row, f"rows/{place}"))
        written = _written(profile, row)
        if written not in known:
            known[written] = reader.read(written)
        unit = known[written]
        # A floor alone is a dwelling where dwellings are counted below floors (二樓, 二樓之1).
        is_missing = not row.room and not (profile.rooms.pattern == "floor_and_sub" and row.floor)
        if is_missing or unit is None or not unit.key or unit.building:
            found.append(_unreadable(f"rows/{place}/room", is_missing=is_missing))
        elif not found:
            key = building_key(row.building), unit.key
            first = seen.setdefault(key, place)
            if first != place:
                detail = f"与{rows[first].where}重复：{row.building} {unit.text}"
                found.append(Flaw(f"rows/{place}/room", "row-twice", detail))
            else:
                units.append(_unit(place, key, row, unit))
        flaws += found
    return units, flaws


def _unreadable(pointer: str, *, is_missing: bool) -> Flaw:
    if is_missing:
        return Flaw(pointer, "room-missing", "没有室号")
    return Flaw(pointer, "unit-unreadable", "无法识别的户室，应如 101 或 2单元 101")


def _unit(place: int, key: tuple[str, str], row: EstateRow, unit: Unit) -> EstateUnit:
    floor = unit.floor if row.floor is None else row.floor
    area = None if row.area_m2 is None else round(row.area_m2, 2)
    return EstateUnit(place, key[0], unit.entrance, floor, unit.room, unit.text, unit.key, row.use, area)


def _faults(row: EstateRow, pointer: str) -> Iterator[Flaw]:
    if not _BUILDING.fullmatch(clean(row.building).replace(" ", "")):
        yield Flaw(f"{pointer}/building", "building-unreadable", "楼栋应为编号，如 3 或 3栋")
    if row.floor is not None and (row.floor == 0 or not LEAST_FLOOR <= row.floor <= MOST_FLOOR):
        yield Flaw(f"{pointer}/floor", "floor-invalid", f"楼层应为 {LEAST_FLOOR} 至 {MOST_FLOOR}，没有 0 层")
    if row.area_m2 is not None and not 0 < round(row.area_m2, 2) <= MOST_M2:
        yield Flaw(f"{pointer}/area_m2", "area-invalid", f"面积应为 0.01 至 {MOST_M2} 平方米")
    if row.use is not None and row.use not in UNIT_USES:
        yield Flaw(f"{pointer}/use", "use-invalid", "用途不在可选项中")
    if (row.lon is None) != (row.lat is None):
        yield Flaw(f"{pointer}/lon", "position-invalid", "经度、纬度须同时填写")


def _written(profile: Profile, row: EstateRow) -> str:
    """Return entrance, floor and room as they are written behind a number."""
    suffixes = {kind: part.suffixes for kind, part in profile.by_kind.items()}
    entrance, room = _bare(row.entrance, suffixes.get("entrance", ())), clean(row.room or "").replace(" ", "")
    room = room.upper()
    head = f"{entrance}{suffixes['entrance'][0]}" if entrance and "entrance" in suffixes else ""
    if profile.rooms.pattern == "floor_and_sub" and row.floor:
        floor = f"{row.floor}{suffixes['floor'][0]}" if row.floor > 0 else f"地下{-row.floor}"
        return head + floor + (room if room.startswith("之") or not room else f"之{room}")
    if room and room.isascii() and "room" in suffixes:
        room += suffixes["room"][0]
    return head + room


def _bare(text: str | None, words: Sequence[str]) -> str:
    """Return an entrance without its word: 二单元 is 2."""
    packed = clean(text or "").replace(" ", "").upper()
    for word in words:
        packed = packed.removesuffix(word)
    number = to_int(packed) if packed else None
    return packed if number is None else str(number)
