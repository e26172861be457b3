"""What people type for a registered door: whole, cut short, with an error, in other characters, in letters."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from opencc import OpenCC

from geo_registry.text import normal_key, pinyin, to_chinese

_DOORS = """
SELECT a.id, m.building_id, u.id, a.standard_text, u.unit_text, t.name, a.number_text, a.place_name_id, p.code, b.code,
  ST_X(a.position), ST_Y(a.position)
FROM registry.address a TABLESAMPLE SYSTEM (4) REPEATABLE (20261122)
  JOIN registry.building_address m ON m.address_id = a.id AND m.valid @> CURRENT_DATE
  JOIN registry.building b ON b.id = m.building_id
  JOIN registry.division t ON t.id = a.township_id
  JOIN registry.plate p ON p.address_id = a.id
  JOIN LATERAL (SELECT o.id, o.unit_text FROM registry.housing_unit o WHERE o.building_id = b.id AND o.unit_text <> ''
                  AND o.state = 'realized' ORDER BY md5(o.id::text) LIMIT 1) u ON true
WHERE a.state = 'current' AND a.place_name_id IS NOT NULL AND a.position IS NOT NULL ORDER BY a.id
"""
_simplified = OpenCC("t2s").convert
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x30, 0x3A)}


@dataclass(frozen=True, slots=True)
class Door:
    """A registered door: the ids that are right, its names from the street down, its texts, codes and point."""

    address_id: UUID
    building_id: UUID
    unit_id: UUID
    text: str
    unit: str
    township: str
    number: str
    names: tuple[tuple[str, str], ...]
    plate_code: str
    building_code: str
    lon: float
    lat: float

    @property
    def street(self) -> str:
        """The first name."""
        return self.names[0][1]

    @property
    def below(self) -> str:
        """What stands behind the first name."""
        return "".join(name for _, name in self.names[1:]) + self.number

    @property
    def ids(self) -> set[UUID]:
        """Every object that answers a text of this door."""
        return {self.address_id, self.building_id, self.unit_id}


def doors(connection: psycopg.Connection, count: int, chance: random.Random) -> list[Door]:
    """Return doors drawn from the register, with all their names; the first name is no count."""
    rows = connection.execute("SELECT id, kind, name, parent_id FROM registry.place_name").fetchall()
    places = {row[0]: row[1:] for row in rows}

    def chain(place: UUID | None) -> tuple[tuple[str, str], ...]:
        if place is None:
            return ()
        kind, name, parent = places[place]
        return (*chain(parent), (kind, name))

    found = []
    for address, building, unit, text, inner, township, number, place, *codes, lon, lat in connection.execute(
        _DOORS
    ):
        names = chain(place)
        if names and names[0][0] == "street":
            found.append(
                Door(
                    address,
                    building,
                    unit,
                    text,
                    inner,
                    township,
                    number,
                    names,
                    codes[0],
                    codes[1],
                    lon,
                    lat,
                )
            )
    return chance.sample(found, count)


def street_names(connection: psycopg.Connection) -> set[str]:
    """Return the first names of the register."""
    query = "SELECT DISTINCT name FROM registry.place_name WHERE parent_id IS NULL"
    return {name for (name,) in connection.execute(query)}


def mistyped(name: str, characters: Sequence[str], chance: random.Random) -> str:
    """Return a name with one error: a character of the same sound, another, one more, none, or two exchanged."""
    at = chance.randrange(len(name) - 1)
    before, char, behind = name[:at], name[at], name[at + 1 :]
    same = [one for one in characters if one != char and pinyin(one) == pinyin(char)]
    way = chance.random()
    if way < 0.4 and same:
        return before + chance.choice(same) + behind
    if way < 0.65:
        return before + chance.choice([one for one in characters if one != char]) + behind
    if way < 0.8 and len(name) > 3:
        return before + behind
    if way < 0.9 or len(behind) < 2 or behind[0] == char:
        return before + char + char + behind
    return before + behind[0] + char + behind[1:]


def in_other_characters(door: Door, chance: random.Random) -> str:
    """Return a text with two of: simplified, full width, blanks, numerals in Chinese, short words, another dash."""
    text = door.text
    ways: list[Callable[[str], str]] = [
        _simplified,
        lambda one: one.translate(FULL_WIDTH),
        lambda one: one.replace(door.street, f" {door.street} "),
        lambda one: one.replace("號", "号").replace("段", "段 "),
        lambda one: one.replace("之", "-"),
        lambda one: _with_chinese_figures(one, door),
    ]
    for way in chance.sample(ways, 2):
        text = way(text)
    return text


def _with_chinese_figures(text: str, door: Door) -> str:
    for kind, name in door.names[1:]:
        if kind in {"lane", "alley"} and name[:-1].isdecimal():
            text = text.replace(name, to_chinese(int(name[:-1])) + name[-1])
    return text


def sounded(door: Door, read: Callable[[str], str]) -> str:
    """Return the names and the number in letters: minshengdonglu5duan36xiang1hao, or msdl5d36x1h."""
    pieces = [read(door.street)]
    for kind, name in door.names[1:]:
        key = normal_key(name)
        pieces.append(read(_arabic(key)) if kind == "section" else read(key))
    return "".join(pieces) + read(door.number.replace("之", "-").replace("號", "号"))


def _arabic(name: str) -> str:
    figures = dict(zip("一二三四五六七八九", "123456789", strict=True))
    return "".join(figures.get(char, char) for char in name)


def with_figures(door: Door, read: Callable[[str], str]) -> str | None:
    """Return the sound with bare figures, fxj15-3, where at most a lane stands between street and number."""
    lanes = [name for _, name in door.names[1:]]
    figures = [name[:-1] for name in lanes] + [door.number[:-1]]
    if len(lanes) > 1 or not all(figure.isdecimal() for figure in figures):
        return None
    return read(door.street) + "-".join(figures)


def mixed(door: Door) -> str:
    """Return the street half in characters, half in letters, the rest as it is written."""
    half = len(door.street) // 2
    return door.street[:half] + pinyin(door.street[half:]) + door.below


def without_generic_word(door: Door) -> str | None:
    """Return the text without the street's last character, where two stay, and without the number's."""
    if len(door.street) < 3:
        return None
    return door.township + door.street[:-1] + door.below.removesuffix("號") if len(door.names) == 1 else None
