"""What the known names say about a text that was not understood: names within, nearly written, contained."""

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from geo_registry.address.known import KnownPlaces, registry_gazetteer
from geo_registry.db import transaction
from geo_registry.errors import RegistryError
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import FULL, LEVELS, MANY, VARIANT
from geo_registry.text import NUMERAL_CHARACTERS, pinyin

Found = tuple[tuple[UUID, str], ...]
"""Ids of place names, each with the way that led to it."""
_MOST = 40
_STREET, _SECTION = LEVELS.index("street"), LEVELS.index("section")
_COUNTED = re.compile(f"[\\d{NUMERAL_CHARACTERS}]+\\D{{1,2}}")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A known name within a text: where it stands, its kind, and the place names so called."""

    start: int
    end: int
    kind: str
    found: Found


def prepare(engine: Engine) -> None:
    """Read sounds, scripts and names before the first search asks for them; no database, only sounds."""
    pinyin("路")
    with suppress(RegistryError, SQLAlchemyError), transaction(engine) as session:
        nearly(registry_gazetteer(session), "路路")


class KnownDivisions:
    """The names of divisions that exist, for a reading that takes nothing else for one."""

    def __init__(self, places: KnownPlaces) -> None:
        self._places = places

    def __contains__(self, name: object) -> bool:
        return any(one.level < _STREET for one in self._places.meanings(fold(str(name))))


def known_name(places: KnownPlaces, text: str) -> KnownName | None:
    """Return the known name of a text that a door most likely follows: before a figure, the longest."""
    folded = fold(text)
    best: tuple[bool, int, int] | None = None
    chosen: KnownName | None = None
    for start, end, meanings in places.find(folded):
        names = [one for one in meanings if one.level >= _STREET and one.level != _SECTION]
        if not names or _COUNTED.fullmatch(folded[start:end]):
            continue
        behind = folded[end : end + 1]
        order = (not behind or behind.isdecimal() or behind in NUMERAL_CHARACTERS, end - start, start)
        if best is None or order > best:
            if any(one.place == MANY for one in names):
                names = [one for one in places.meanings(folded[start:end]) if one.level >= _STREET]
            found = [
                (places.key(one.place), "exact" if one.way in {FULL, VARIANT} else "alias") for one in names
            ]
            best = order
            chosen = KnownName(
                start, end, LEVELS[names[0].level], tuple((key, way) for key, way in found if key is not None)
            )
    return chosen


def nearly(places: KnownPlaces, name: str) -> Found:
    """Return the names that sound like a name or differ from it by one character, directions included."""
    found = places.similar(fold(name), _MOST, with_others=True)
    keys = ((places.key(one.place), one.way) for one in found if one.distance <= 1 or one.way == "sound")
    return tuple((key, way) for key, way in keys if key is not None)


def containing(places: KnownPlaces, piece: str) -> Found:
    """Return the names that hold a piece of two characters or more, some of them where there are many."""
    wanted = fold(piece)
    if len(wanted) < 2 or wanted.isdecimal() or "\n" in wanted:
        return ()
    written, starts = _written(places)
    found: dict[UUID, str] = {}
    at = written.find(wanted)
    while at >= 0 and len(found) < _MOST:
        key = places.key(bisect_right(starts, at) - 1)
        if key is not None:
            found[key] = "inside"
        at = written.find(wanted, at + 1)
    return tuple(found.items())


@lru_cache(maxsize=2)
def _written(places: KnownPlaces) -> tuple[str, list[int]]:
    """Return all names in one text, a line each (empty for divisions), and where each line starts."""
    lines = [
        fold(places.name(place)) if places.level(place) >= _STREET else "" for place in range(len(places))
    ]
    starts, at = list[int](), 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return "\n".join(lines), starts
