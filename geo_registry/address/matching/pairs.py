"""Whether two address texts mean one place, judged by their parts alone, without any registry."""

import re
from collections.abc import Iterable, Iterator
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
_COUNTRY = frozenset({"hamlet", "group", "community"})
_ESTATE_WORDS = re.compile(r"(?<=..)(?:住宅小区|小区|社区|新村|公寓|花园|家园|大厦|广场|工业园|产业园|园区)$")
_FIGURES = re.compile(r"\d+|[A-Z]+")
_BRANCH = re.compile(r"[A-Z甲乙丙丁]?\d+(?:[-附之A-Z甲乙丙丁]*\d*)*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two addresses are, with the reasons as Chinese sentences."""

    likeness: Likeness
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """What a reading says, comparable: areas, doors as (place, number), estates, figures inside."""

    areas: dict[str, str]
    streets: frozenset[str]
    doors: frozenset[tuple[str, str]]
    estates: frozenset[str]
    villages: frozenset[str]
    inside: dict[str, str]


def compare(one: Reading, other: Reading) -> Comparison:
    """Return whether two readings mean the same building or door, partly the same place, or different ones.

    `same` needs an equal door (street and number) or an equal estate with its building, and nothing that
    contradicts; a part that only one text has does not contradict.
    """
    first, second = _place_of(one), _place_of(other)
    reasons: list[str] = []
    likeness = _likeness(first, second, reasons)
    return Comparison(likeness, tuple(reasons))


def _likeness(first: _Place, second: _Place, reasons: list[str]) -> Likeness:
    if stranger := _strange_area(first, second):
        reasons.append(stranger)
        return "different"
    doors, estates = first.doors & second.doors, _alike(first.estates, second.estates)
    streets, villages = first.streets & second.streets, first.villages & second.villages
    reasons += [f"路名门牌相同：{street}{number}" for street, number in sorted(doors)]
    reasons += [f"小区或院落相同：{name}" for name in sorted(estates)]
    if not doors:
        reasons += [f"同在 {name}" for name in sorted(streets | villages)]
    if not (doors or estates or streets or villages):
        reasons.append("没有相同的路名、门牌或小区")
        return "different"
    differing = list(_differing(first, second))
    reasons += differing
    if (
        not differing
        and not _is_other_door(first, second, reasons)
        and _is_one_place(first, second, doors, estates)
    ):
        return "same"
    return "partly"


def _is_one_place(
    first: _Place, second: _Place, doors: frozenset[tuple[str, str]], estates: frozenset[str]
) -> bool:
    building, behind = first.inside.get("building"), second.inside.get("building")
    if estates and building and behind:
        return True
    return bool(doors) and bool(building) == bool(behind)


def _is_other_door(first: _Place, second: _Place, reasons: list[str]) -> bool:
    """Tell whether both give a number on one street, and not the same one."""
    shared = first.streets & second.streets
    for street in sorted(shared):
        numbers = [{number for name, number in place.doors if name == street} for place in (first, second)]
        if all(numbers) and not numbers[0] & numbers[1]:
            reasons.append(f"{street} 的门牌号不同：{min(numbers[0])}、{min(numbers[1])}")
            return True
    return False


def _strange_area(first: _Place, second: _Place) -> str:
    for level in AREA_KINDS[:4]:
        one, other = first.areas.get(level), second.areas.get(level)
        if one and other and not _may_be_one(one, other):
            return f"区划不同：{one}、{other}"
    return ""


def _may_be_one(one: str, other: str) -> bool:
    return is_same_area(one, other) or is_same_area(other, one) or one[:2] == other[:2]


def _differing(first: _Place, second: _Place) -> Iterator[str]:
    titles = {"building": "楼栋", "entrance": "单元", "floor": "楼层", "room": "室号"}
    for kind, title in titles.items():
        one, other = first.inside.get(kind), second.inside.get(kind)
        if one and other and one != other:
            yield f"{title}不同：{one}、{other}"


def _alike(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in one for twin in other if name == twin)


def _place_of(reading: Reading) -> _Place:
    areas: dict[str, str] = {}
    names: dict[str, set[str]] = {"streets": set(), "estates": set(), "villages": set()}
    doors: set[tuple[str, str]] = set()
    inside: dict[str, str] = {}
    last = ""
    for part in reading.parts:
        key = fold(normal_key(part.value))
        if part.kind in AREA_KINDS:
            areas.setdefault(part.kind, key)
        if part.kind in _STREETS:
            last = f"{last}{key}" if part.kind != "street" and key[:1].isdecimal() else key
            names["streets"].add(last)
        elif part.kind in _ESTATES:
            last = _ESTATE_WORDS.sub("", key)
            names["estates"].add(last)
        elif part.kind in _COUNTRY:
            last = key
            names["villages"].add(key)
        elif part.kind in {"street_number", "sub_street_number"} and last:
            doors.add((last, _figure(key)))
        elif part.kind in {"building", "entrance", "floor", "room"}:
            inside.setdefault(part.kind, _figure(key))
    return _Place(
        areas,
        frozenset(names["streets"]),
        frozenset(doors),
        frozenset(names["estates"]),
        frozenset(names["villages"]),
        inside,
    )


def _figure(key: str) -> str:
    """Return the figures of a number without its word: 3号楼, 3幢 and 三栋 are one."""
    found = _BRANCH.match(key)
    if found:
        return "-".join(_FIGURES.findall(found.group())) or found.group()
    value = to_int(key.rstrip("号楼幢栋座单元室层门"))
    return str(value) if value is not None else key


def likenesses(pairs: Iterable[tuple[Reading, Reading]]) -> Iterator[Likeness]:
    """Yield the likeness of each pair."""
    for one, other in pairs:
        yield compare(one, other).likeness
