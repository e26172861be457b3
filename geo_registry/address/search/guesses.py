"""What the known names say about a text that was not understood: names within, nearly written, contained."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from geo_registry.address.known import KnownPlaces, registry_gazetteer
from geo_registry.db import transaction
from geo_registry.errors import RegistryError
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import FULL, LEVELS, MANY, VARIANT, Name
from geo_registry.text import NUMERAL_CHARACTERS, pinyin

Found = tuple[tuple[UUID, str], ...]
"""Ids of place names, each with the way that led to it."""
Parts = Sequence[int] | None
"""The places of districts, to which a look-up keeps; None is everywhere."""
_MOST = 40
_DISTRICT, _STREET, _SECTION = (LEVELS.index(level) for level in ("district", "street", "section"))
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


def known_name(places: KnownPlaces, text: str, parts: Parts = None) -> KnownName | None:
    """Return the known name of a text that a door most likely follows: before a figure, the longest."""
    folded = fold(text)
    best: tuple[bool, int, int] | None = None
    chosen: KnownName | None = None
    for start, end, meanings in places.find(folded):
        names = _door_names(places, folded[start:end], meanings, parts)
        if not names or _COUNTED.fullmatch(folded[start:end]):
            continue
        behind = folded[end : end + 1]
        order = (not behind or behind.isdecimal() or behind in NUMERAL_CHARACTERS, end - start, start)
        if best is None or order > best:
            found = [
                (places.key(one.place), "exact" if one.way in {FULL, VARIANT} else "alias") for one in names
            ]
            best = order
            chosen = KnownName(
                start, end, LEVELS[names[0].level], tuple((key, way) for key, way in found if key is not None)
            )
    return chosen


def _door_names(places: KnownPlaces, folded: str, meanings: Iterable[Name], parts: Parts) -> list[Name]:
    """Return the place names of a spelling that doors stand below, some of them where there are many."""
    names = [one for one in meanings if one.level >= _STREET and one.level != _SECTION]
    if any(one.place == MANY for one in names):
        if parts is None:
            names = [one for one in places.meanings(folded) if one.level >= _STREET]
        else:
            found = (one for part in parts for one in places.inside(folded, part, _MOST))
            names = [one for one in found if one.level >= _STREET]
    return [one for one in names if _lies_in(places, one.place, parts)]


def districts_of(places: KnownPlaces, areas: Iterable[UUID] | None) -> Parts:
    """Return the districts in which areas lie: a street belongs to one, and its doors to the areas."""
    if areas is None:
        return None
    known = [place for area in areas if (place := places.place_of(area)) is not None]
    return sorted({_district_of(places, place) for place in known})


def _district_of(places: KnownPlaces, place: int) -> int:
    around = (place, *places.ancestors(place))
    return next((one for one in around if places.level(one) == _DISTRICT), place)


def nearly(places: KnownPlaces, name: str, parts: Parts = None) -> Found:
    """Return the names that sound like a name or differ from it by one character, directions included."""
    found = places.similar(fold(name), len(places), with_others=True)
    return _first(places, ((one.place, one.way) for one in found if _lies_in(places, one.place, parts)))


def containing(places: KnownPlaces, piece: str, parts: Parts = None) -> Found:
    """Return the names that hold a piece of two characters or more, some of them where there are many."""
    wanted = fold(piece)
    if len(wanted) < 2 or wanted.isdecimal() or "\n" in wanted:
        return ()
    return _first(places, ((place, "inside") for place in places.holding(wanted, parts)))


def _lies_in(places: KnownPlaces, place: int, parts: Parts) -> bool:
    return parts is None or any(places.is_within(place, part) for part in parts)


def _first(places: KnownPlaces, found: Iterable[tuple[int, str]]) -> Found:
    """Return the first of the places found, by their ids."""
    keys = ((places.key(place), way) for place, way in found)
    return tuple(islice(((key, way) for key, way in keys if key is not None), _MOST))
