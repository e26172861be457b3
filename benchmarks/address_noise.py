"""Registered doors written as people write them: with an error, a gap, another order, other characters."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

import psycopg
from opencc import OpenCC

from geo_registry.text import NUMERAL_CHARACTERS, pinyin, to_chinese, to_int

_ROWS = """
SELECT a.id, u.id, d.name, t.name, c.name, a.neighborhood, a.place_name_id, a.number_text, u.unit_text
FROM registry.address a TABLESAMPLE BERNOULLI (%s) REPEATABLE (7)
  JOIN registry.building_address m ON m.address_id = a.id AND m.valid @> CURRENT_DATE
  JOIN registry.housing_unit u ON u.building_id = m.building_id AND u.state = 'realized'
  JOIN registry.division d ON d.id = a.district_id
  JOIN registry.division t ON t.id = a.township_id
  JOIN registry.division c ON c.id = a.community_id
WHERE a.state = 'current' ORDER BY a.id, u.id
"""
AREAS = ("district", "township", "community", "neighborhood")


class Door(NamedTuple):
    """A registered door: the object that is right, and its parts as (kind, text) in their order."""

    address_id: UUID
    unit_id: UUID | None
    parts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for _, text in self.parts)


def registered(connection: psycopg.Connection, percent: float = 100) -> list[Door]:
    """Return the current doors of the registry, or of a share of its addresses, with all their parts."""
    places = {
        row[0]: row[1:]
        for row in connection.execute("SELECT id, kind, name, parent_id FROM registry.place_name")
    }

    @cache
    def chain(place: UUID | None) -> tuple[tuple[str, str], ...]:
        if place is None:
            return ()
        kind, name, parent = places[place]
        return (*chain(parent), (kind, name))

    doors = []
    for address, unit, *areas, place, number, inner in connection.execute(_ROWS, [percent]):
        # Where no street stands, the registry keeps the neighbourhood as the place the number belongs to.
        names = tuple(part for part in chain(place) if part[0] != "group")
        written = tuple((kind, text) for kind, text in zip(AREAS, areas, strict=True) if text)
        door = (("number", number), ("unit", inner)) if inner else (("number", number),)
        doors.append(Door(address, unit if inner else None, (*written, *names, *door)))
    return doors


def _changed(door: Door, at: int, text: str) -> Door:
    return door._replace(parts=(*door.parts[:at], (door.parts[at][0], text), *door.parts[at + 1 :]))


def mistyped(doors: Sequence[Door], chance: random.Random) -> Iterator[Door]:
    """Yield doors with one error in a name: a character of the same sound, another, none, twice, exchanged."""
    names = {text for door in doors for kind, text in door.parts if _is_named(kind, text)}
    characters = sorted({char for name in names for char in name[:-1]} - set(NUMERAL_CHARACTERS))
    sounds = defaultdict[str, list[str]](list)
    for char in characters:
        sounds[pinyin(char)].append(char)
    for door in doors:
        choices = [at for at, (kind, text) in enumerate(door.parts) if _is_named(kind, text)]
        if choices:
            at = chance.choice(choices)
            yield _changed(door, at, _with_error(door.parts[at][1], characters, sounds, chance))


def _is_named(kind: str, text: str) -> bool:
    """Tell whether a part is a name with at least two characters that may be mistyped."""
    open_ones = [char for char in text[:-1] if char not in NUMERAL_CHARACTERS and not char.isdecimal()]
    return kind in {"township", "community", "street", "estate"} and len(text) >= 3 and bool(open_ones)


def _with_error(
    name: str, characters: Sequence[str], sounds: dict[str, list[str]], chance: random.Random
) -> str:
    at = chance.choice([at for at, char in enumerate(name[:-1]) if char not in NUMERAL_CHARACTERS])
    before, char, behind = name[:at], name[at], name[at + 1 :]
    same = [one for one in sounds.get(pinyin(char), ()) if one != char]
    way = chance.random()
    if way < 0.5 and same:
        return before + chance.choice(same) + behind
    if way < 0.7:
        return before + chance.choice([one for one in characters if one != char]) + behind
    if way < 0.8:
        return before + behind
    if way < 0.9 or len(name) < 3 or at + 2 >= len(name) or behind[0] == char:
        return before + char + char + behind
    return before + behind[0] + char + behind[1:]


def gapped(doors: Sequence[Door], chance: random.Random) -> Iterator[Door]:
    """Yield doors without one of the parts above the number."""
    for door in doors:
        count = sum(kind not in {"number", "unit"} for kind, _ in door.parts)
        at = chance.randrange(count)
        yield door._replace(parts=door.parts[:at] + door.parts[at + 1 :])


def swapped(doors: Sequence[Door], chance: random.Random) -> Iterator[Door]:
    """Yield doors with two neighbouring parts exchanged, or with the areas behind the door."""
    for door in doors:
        count = sum(kind not in {"number", "unit"} for kind, _ in door.parts)
        areas = sum(kind in AREAS for kind, _ in door.parts)
        if chance.random() < 0.25 or count < 2:
            yield door._replace(parts=door.parts[areas:] + door.parts[:areas])
        else:
            at = chance.randrange(count - 1)
            one, other = door.parts[at : at + 2]
            yield door._replace(parts=(*door.parts[:at], other, one, *door.parts[at + 2 :]))


def varied(doors: Sequence[Door], chance: random.Random) -> Iterator[Door]:
    """Yield doors written in other characters: script, width, numerals, dashes, gaps between parts."""
    simplified = OpenCC("t2s").convert
    ways: list[Callable[[str, str], str]] = [
        lambda _, text: simplified(text),
        lambda _, text: text.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)}),
        lambda kind, text: text.replace("之", "-") if kind == "number" else text,
        lambda kind, text: _other_numeral(text) if kind in {"section", "lane", "alley"} else text,
        lambda _, text: text.replace("號", "号").replace("臺", "台").replace("樓", "楼"),
        lambda _, text: text + " ",
        lambda kind, text: text + "," if kind in AREAS else text,
    ]
    for door in doors:
        parts = door.parts
        for way in chance.sample(ways, 2):
            parts = tuple((kind, way(kind, text)) for kind, text in parts)
        yield door._replace(parts=parts)


def _other_numeral(text: str) -> str:
    figure = to_int(text[:-1])
    if figure is None or figure > 99:
        return text
    return (to_chinese(figure) if text[0].isdecimal() else str(figure)) + text[-1]


class Readings(NamedTuple):
    """How many registered addresses a text without one part may mean."""

    counts: Counter[str]

    def of(self, door: Door) -> int:
        """Return the number of addresses that read so with all parts or without one."""
        return self.counts[_address_text(door.parts)]


def readings(doors: Iterable[Door]) -> Readings:
    """Count what every address reads like, whole and without each of its parts."""
    texts = Counter[str]()
    for door in {door.address_id: door for door in doors}.values():
        count = sum(kind not in {"number", "unit"} for kind, _ in door.parts)
        shorter = (door.parts[:at] + door.parts[at + 1 :] for at in range(count))
        texts.update({_address_text(parts) for parts in (door.parts, *shorter)})
    return Readings(texts)


def _address_text(parts: Iterable[tuple[str, str]]) -> str:
    return "/".join(text for kind, text in parts if kind != "unit")
