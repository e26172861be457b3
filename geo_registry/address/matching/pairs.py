"""Whether two address texts mean one place, judged by their parts alone, without any registry."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from geo_registry.address.matching.areas import is_same_area
from geo_registry.address.matching.keys import AREA_KINDS
from geo_registry.address.reading.parts import Reading, ReadPart
from geo_registry.gazetteer.fold import fold
from geo_registry.text import normal_key, to_int

Likeness = Literal["same", "partly", "different"]
_STREETS = frozenset({"street", "sub_street", "lane", "sub_lane", "alley", "sub_alley"})
_ESTATES = frozenset({"estate", "sub_estate"})
_VILLAGES = frozenset({"hamlet", "group", "community"})
_NAMED = _ESTATES | _VILLAGES | {"occupant"}
_INSIDE = {"building": "楼栋", "entrance": "单元", "floor": "楼层", "room": "室号"}
_ESTATE_WORDS = re.compile(r"(?<=..)(?:住宅小区|小区|社区|新村|公寓|花园|家园|大厦|广场|工业园|产业园|园区)$")
_OWN_NAME = re.compile(f"{_ESTATE_WORDS.pattern}|(?<=..)(?:有限)?(?:公司|集团|店|厂)$")
_BRACKETS = re.compile(r"[(（][^()（）]*[)）]?")
_UNNAMED = frozenset(
    {"country", "province", "city", "district", "repetition", "note", "street_number", *_INSIDE}
)
_TELLING, _PIECE = 5, 3
"""How many characters in common tell of one place, and how many where both name a building."""
_NUMBER = re.compile(r"[A-Z甲乙丙丁]?\d+(?:[-附之A-Z甲乙丙丁]*\d*)*")
_FIGURES = re.compile(r"\d+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two addresses are, with the reasons as Chinese sentences."""

    likeness: Likeness
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """What a reading says, comparable; `doors` are (place, number), `others` occupants and the unread."""

    areas: dict[str, str]
    streets: frozenset[str]
    doors: frozenset[tuple[str, str]]
    estates: frozenset[str]
    villages: frozenset[str]
    others: frozenset[str]
    notes: frozenset[str]
    inside: dict[str, str]
    last: str
    """The name of an estate, village or firm that stands last, outside of brackets."""
    text: str
    """All names below the district, side by side."""


def compare(one: Reading, other: Reading) -> Comparison:
    """Return whether two readings mean the same building or door, partly the same place, or different ones.

    `same` needs an equal door (street and number) that is not that of a whole estate, an equal estate and
    building in a street or area that both name, or an equal firm or person on an equal street or estate, and
    nothing left over on a side; or
    an equal building of an equal estate in an area that both name, or whose name is long. `partly` needs an
    equal door, street, village or estate, or a long piece of a name.
    """
    first, second = _place_of(one), _place_of(other)
    if strange := _strange_area(first, second):
        return Comparison("different", (strange,))
    reasons = tuple(_in_common(first, second))
    if not reasons:
        return Comparison("different", ("没有相同的路名、门牌或小区",))
    contradictions = tuple(_contradictions(first, second))
    is_same = (_is_covered(first, second) and _is_anchored(first, second)) or _is_building(first, second)
    return Comparison("same" if is_same and not contradictions else "partly", reasons + contradictions)


def _in_common(first: _Place, second: _Place) -> Iterator[str]:
    doors = first.doors & second.doors
    yield from (f"路名门牌相同：{name}{number}" for name, number in sorted(doors))
    yield from (f"小区或院落相同：{name}" for name in sorted(first.estates & second.estates))
    if doors:
        return
    streets = first.streets & second.streets
    if not (first.doors or second.doors or _shared_areas(first, second)):
        # A short name alone is that of many streets.
        streets = frozenset(street for street in streets if len(street) > _PIECE)
    shared = streets | (first.villages & second.villages)
    yield from (f"同在 {name}" for name in sorted(shared))
    if not shared and not first.estates & second.estates:
        buildings = {first.inside.get("building"), second.inside.get("building")}
        length = _PIECE if len(buildings) == 2 and None not in buildings else _TELLING
        if piece := _piece_in_common(first.text, second.text, length):
            yield f"名称中同有 {piece}"


def _piece_in_common(one: str, other: str, length: int) -> str:
    """Return the first piece of so many characters that two texts share."""
    pieces = (one[at : at + length] for at in range(len(one) - length + 1))
    return next((piece for piece in pieces if piece in other), "")


def _shared_areas(first: _Place, second: _Place) -> bool:
    """Tell whether both name an area below the province that may be one."""
    return any(
        level in first.areas
        and level in second.areas
        and _may_be_one(first.areas[level], second.areas[level])
        for level in AREA_KINDS[1:]
    )


def _contradictions(first: _Place, second: _Place) -> Iterator[str]:
    for kind, title in _INSIDE.items():
        one, other = first.inside.get(kind), second.inside.get(kind)
        if one and other and one != other:
            yield f"{title}不同：{one}、{other}"
    for street in sorted(first.streets & second.streets):
        one_side, other_side = (
            {number for name, number in place.doors if name == street} for place in (first, second)
        )
        if one_side and other_side and not one_side & other_side:
            yield f"{street} 的门牌号不同：{min(one_side)}、{min(other_side)}"


def _is_covered(first: _Place, second: _Place) -> bool:
    """Tell whether all that one text says below its areas stands in the other one too."""
    return (
        first.inside == second.inside
        and first.estates == second.estates
        and first.others == second.others
        and first.notes == second.notes
        and (first.streets == second.streets or bool(first.others))
    )


def _is_anchored(first: _Place, second: _Place) -> bool:
    if first.others:
        return bool(first.streets & second.streets or first.estates)
    if not first.estates:
        return bool(first.doors & second.doors)
    # The number of an estate is that of all its buildings.
    is_near = bool(first.streets) or any(
        level in first.areas and level in second.areas for level in AREA_KINDS[1:]
    )
    return "building" in first.inside and is_near


def _is_building(first: _Place, second: _Place) -> bool:
    """Tell whether both name one building of one estate: in an area both name, or if the name is long."""
    building, own = first.inside.get("building"), _OWN_NAME.sub("", first.last)
    if not building or second.inside.get("building") != building or first.notes or second.notes:
        return False
    if not own or own != _OWN_NAME.sub("", second.last):
        return False
    is_plain = "floor" not in first.inside and "floor" not in second.inside
    return _shared_areas(first, second) or (is_plain and len(own) > _TELLING)


def _strange_area(first: _Place, second: _Place) -> str:
    for level in AREA_KINDS[:4]:
        one, other = first.areas.get(level), second.areas.get(level)
        if one and other and not _may_be_one(one, other):
            return f"区划不同：{one}、{other}"
    return ""


def _may_be_one(one: str, other: str) -> bool:
    return is_same_area(one, other) or is_same_area(other, one) or one[:2] == other[:2]


def _place_of(reading: Reading) -> _Place:
    areas: dict[str, str] = {}
    inside: dict[str, str] = {}
    streets, estates, villages = set[str](), set[str](), set[str]()
    others, notes = set[str](), set[str]()
    doors = set[tuple[str, str]]()
    last = ""
    for part in reading.parts:
        key = _key(part)
        if part.kind in AREA_KINDS:
            areas.setdefault(part.kind, key)
        if part.kind in _STREETS:
            last = f"{last}{key}" if part.kind != "street" and key[:1].isdecimal() else key
            streets.add(last)
        elif part.kind in _ESTATES:
            last = _ESTATE_WORDS.sub("", key)
            estates.add(last)
        elif part.kind in _VILLAGES:
            last = key
            villages.add(key)
        elif part.kind in {"street_number", "sub_street_number"} and last:
            doors.add((last, _figure(key)))
        elif part.kind in _INSIDE:
            figure = _figure(key)
            known = inside.get(part.kind, figure)
            inside[part.kind] = known if figure in known.split("/") else f"{known}/{figure}"
        elif part.kind in {"occupant", "unread"}:
            others.add(key)
        elif part.kind == "note":
            notes.add(key)
    return _Place(
        areas, frozenset(streets), frozenset(doors), frozenset(estates), frozenset(villages),
        frozenset(others), frozenset(notes), inside,
        _last_name(reading), "".join(_key(part) for part in reading.parts if part.kind not in _UNNAMED),
    )  # fmt: skip


def _key(part: ReadPart) -> str:
    return fold(normal_key(part.value))


def _last_name(reading: Reading) -> str:
    brackets = [found.span() for found in _BRACKETS.finditer(reading.input)]
    names = (part for part in reversed(reading.parts) if part.kind in _NAMED)
    return next(
        (_key(part) for part in names if not any(start < part.start < end for start, end in brackets)), ""
    )


def _figure(key: str) -> str:
    """Return the figures of a number without its word: 3号楼, 3幢 and 三栋 are one."""
    if found := _NUMBER.match(key):
        return "-".join(_FIGURES.findall(found.group()))
    value = to_int(key.rstrip("号楼幢栋座单元室层门"))
    return str(value) if value is not None else key
