"""Whether two address texts mean one place, judged by their parts alone, without any registry."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from geo_registry.address.matching.areas import is_same_area
from geo_registry.address.matching.keys import AREA_KINDS
from geo_registry.address.reading.parts import Reading
from geo_registry.gazetteer.fold import fold
from geo_registry.text import normal_key, to_int

Likeness = Literal["same", "partly", "different"]
_STREETS = frozenset({"street", "sub_street", "lane", "sub_lane", "alley", "sub_alley"})
_ESTATES = frozenset({"estate", "sub_estate"})
_VILLAGES = frozenset({"hamlet", "group", "community"})
_INSIDE = {"building": "楼栋", "entrance": "单元", "floor": "楼层", "room": "室号"}
_ESTATE_WORDS = re.compile(r"(?<=..)(?:住宅小区|小区|社区|新村|公寓|花园|家园|大厦|广场|工业园|产业园|园区)$")
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


def compare(one: Reading, other: Reading) -> Comparison:
    """Return whether two readings mean the same building or door, partly the same place, or different ones.

    `same` needs an equal door (street and number), an equal estate and building in a street or area that
    both name, or an equal firm or person on an equal street or estate; nothing may be left over on a side.
    `partly` needs an equal street, door, village or estate.
    """
    first, second = _place_of(one), _place_of(other)
    if strange := _strange_area(first, second):
        return Comparison("different", (strange,))
    reasons = tuple(_in_common(first, second))
    if not reasons:
        return Comparison("different", ("没有相同的路名、门牌或小区",))
    contradictions = tuple(_contradictions(first, second))
    is_same = not contradictions and _is_covered(first, second) and _is_anchored(first, second)
    return Comparison("same" if is_same else "partly", reasons + contradictions)


def _in_common(first: _Place, second: _Place) -> Iterator[str]:
    doors = first.doors & second.doors
    yield from (f"路名门牌相同：{name}{number}" for name, number in sorted(doors))
    yield from (f"小区或院落相同：{name}" for name in sorted(first.estates & second.estates))
    if not doors:
        shared = (first.streets & second.streets) | (first.villages & second.villages)
        yield from (f"同在 {name}" for name in sorted(shared))


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
    if first.doors & second.doors:
        return True
    if first.others:
        return bool(first.streets & second.streets or first.estates)
    is_near = bool(first.streets) or any(
        level in first.areas and level in second.areas for level in AREA_KINDS[1:]
    )
    return bool(first.estates) and "building" in first.inside and is_near


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
        key = fold(normal_key(part.value))
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
    )  # fmt: skip


def _figure(key: str) -> str:
    """Return the figures of a number without its word: 3号楼, 3幢 and 三栋 are one."""
    if found := _NUMBER.match(key):
        return "-".join(_FIGURES.findall(found.group()))
    value = to_int(key.rstrip("号楼幢栋座单元室层门"))
    return str(value) if value is not None else key
