"""Search as one types: public codes, addresses as far as they go, former names, pinyin and initials.

A query is read by the profile, its names are looked up, then its doors. Every hit says how it was found:
A is what was asked for, B one certain correction (a former name, a generic word put in), C a candidate with
its reason.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy import text as sql

from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.query import NamePart, Query, read_query
from geo_registry.address.ranking import (
    Grade,
    Hit,
    highlight,
    is_room_of,
    match_of_door,
    match_of_place,
    note_of,
    ranked,
)
from geo_registry.address.rules import normal_name
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.area.reads import NEVER, outside
from geo_registry.db import Session
from geo_registry.pages import checked_limit
from geo_registry.text import normal_key

__all__ = ["Hit", "SearchResult", "kinds_of", "search"]

# Upper ends of a range of keys: everything that begins with a text, and the text alone.
_BEGINS, _EQUALS = "\U0010ffff", "\x01"
_PLACES = sql(
    "SELECT * FROM registry.find_places(CAST(:areas AS uuid[]), CAST(:lows AS text[]),"
    " CAST(:highs AS text[]), CAST(:letters AS text), CAST(:letters_end AS text))"
)
_DOORS = sql(
    "SELECT * FROM registry.find_doors(CAST(:areas AS uuid[]), CAST(:scopes AS uuid[]),"
    " CAST(:parents AS uuid[]), CAST(:asked AS text), :is_prefix, CAST(:lane AS text),"
    " CAST(:building AS text), CAST(:unit AS text), :unit_is_prefix, :with_units, :most)"
)
_CODE = sql("SELECT * FROM registry.find_code(CAST(:areas AS uuid[]), CAST(:asked AS bpchar))")
_ALIASES = sql("SELECT * FROM registry.find_aliases(CAST(:areas AS uuid[]), :low, :high)")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, the best first, and the time the search took."""

    hits: tuple[Hit, ...]
    milliseconds: float


def search(
    session: Session, viewer: Viewer, *, text: str, limit: int = 20, near: tuple[float, float] | None = None
) -> SearchResult:
    """Return what a text may mean within the viewer's areas; `near` (lon, lat) settles ties.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    begun = time.perf_counter()
    checked_limit(limit)
    profile = profile_in_force(session)
    query = read_query(profile, text)
    found = ranked(_Search(session, viewer, profile, query, limit).hits(), near)[:limit]
    shown = tuple(replace(hit, highlight=highlight(hit.text, text, query.letters)) for hit in found)
    return SearchResult(shown, round((time.perf_counter() - begun) * 1000, 1))


def kinds_of(hits: Iterable[Hit]) -> dict[str, int]:
    """Return how many hits there are of each kind."""
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.kind] = counts.get(hit.kind, 0) + 1
    return counts


@dataclass(frozen=True, slots=True)
class _Names:
    """The chain of names asked for, as ranges of keys; `letters` stand for the first one when given."""

    ranges: tuple[tuple[str, str], ...]
    letters: str | None = None


@dataclass(frozen=True, slots=True)
class _Door:
    """What is asked below the names: number, building and unit, each None when it was not typed."""

    number: str | None = None
    is_prefix: bool = False
    building: str | None = None
    unit: str | None = None
    unit_is_prefix: bool = False


class _Search:
    """One search of one viewer."""

    def __init__(self, session: Session, viewer: Viewer, profile: Profile, query: Query, limit: int) -> None:
        self._session = session
        self._areas = None if viewer.areas is None else list(viewer.areas)
        self._profile = profile
        self._query = query
        self._limit = limit

    def hits(self) -> list[Hit]:
        """Return everything the query may mean, not yet ranked."""
        if self._query.code is not None:
            return self._by_code(self._query.code[1])
        return self._by_letters() if self._query.letters else self._by_text()

    def _rows(self, statement: Any, **values: object) -> list[Any]:  # noqa: ANN401  (a text clause)
        return list(self._session.execute(statement, {"areas": self._areas, **values}))

    def _by_code(self, code: str) -> list[Hit]:
        return [
            Hit(
                row.kind, row.id, row.code, row.text, (), "A", "编码一致", 100.0, row.lon, row.lat,
                row.building_id, row.unit_id, note_of(row.kind, row.state),
            )
            for row in self._rows(_CODE, asked=code)
        ]  # fmt: skip

    def _by_letters(self) -> list[Hit]:
        """Find yyl218-6-402: the first figure is a door, or a lane with the door behind it."""
        letters, figures = self._query.letters, [str(figure) for figure in self._query.figures]
        hits = self._below(_Names((("", ""),), letters), _door_of(figures))
        if figures:
            for word in _counted_words(self._profile):
                lane = f"{figures[0]}{word}"
                hits += self._below(
                    _Names((("", ""), (lane, lane + _EQUALS)), letters), _door_of(figures[1:])
                )
        return hits

    def _by_text(self) -> list[Hit]:
        whole = normal_key(self._query.text)
        if not whole:
            return []
        hits = [_alias_hit(row, whole) for row in self._rows(_ALIASES, low=whole, high=whole + _BEGINS)]
        hits += self._by_names(whole)
        if not any(hit.match == "A" for hit in hits) and self._read_by_known_name(whole):
            hits += self._by_names(whole)
        return hits

    def _by_names(self, whole: str) -> list[Hit]:
        query = self._query
        ends = [_BEGINS if part.is_open else _EQUALS for part in query.names]
        if ends and query.door is None and not query.rest:
            # The last name may still be being typed.
            ends[-1] = _BEGINS
        ranges = tuple((part.key, part.key + end) for part, end in zip(query.names, ends, strict=True))
        door = _Door()
        if query.door is not None:
            own = query.door.number_text if query.door.is_building else query.door.building_text
            unit = query.unit_key or None
            door = _Door(query.number_key, query.number_is_prefix, own or None, unit, query.unit_is_prefix)
        return self._below(_Names(ranges or ((whole, whole + _BEGINS),)), door)

    def _read_by_known_name(self, whole: str) -> bool:
        """Read the query anew behind the longest known name: 春园西路 is no estate 春园."""
        divisions = normal_key("".join(name for _, name in self._query.divisions))
        own = whole.removeprefix(divisions)
        kind, longest = _first_kind(self._profile), min(len(own), 14)
        keys = {normal_name(self._profile, kind, own[:n]): n for n in range(2, longest + 1)}
        known = select(PlaceName.kind, PlaceName.normal_name).where(
            PlaceName.normal_name.in_(keys), PlaceName.parent_id.is_(None), outside(PlaceName.state, NEVER)
        )
        rows = self._session.execute(known).all()
        part = max(rows, key=lambda row: keys[row.normal_name], default=None)
        if part is None or (self._query.names and self._query.names[0].key == part.normal_name):
            return False
        # Any name of the kind stands for the known one while the rest is read.
        stand_in = f"甲{self._profile.by_kind[part.kind].suffixes[0]}"
        read = read_query(self._profile, stand_in + own[keys[part.normal_name] :])
        first = NamePart(part.kind, own[: keys[part.normal_name]], part.normal_name)
        self._query = replace(
            read, text=self._query.text, names=(first, *read.names[1:]), divisions=self._query.divisions
        )
        return True

    def _below(self, names: _Names, door: _Door) -> list[Hit]:
        """Look up the names, then what stands below the best of them."""
        letters = names.letters
        found = self._rows(
            _PLACES,
            lows=[None if letters and not low else low for low, _ in names.ranges],
            highs=[high for _, high in names.ranges],
            letters=letters,
            letters_end=letters + _BEGINS if letters else None,
        )
        depth = max((row.depth for row in found), default=0)
        if depth < len(names.ranges) and (letters or depth == 0):
            return []
        places = [row for row in found if row.depth == depth]
        missing = "" if letters else "".join(part.text for part in self._query.names[depth:])
        grades = {
            row.id: match_of_place(row, self._query, certain=len(places) == 1, missing=missing)
            for row in places
        }
        hits = [_place_hit(row, grades[row.id], has_door=bool(door.number)) for row in places if row.visible]
        return hits if missing else hits + self._doors(places, grades, door)

    def _doors(self, places: list[Any], grades: dict[UUID, Grade], door: _Door) -> list[Hit]:
        """Look up the doors below the places; without a number, the first doors of a name that is exact."""
        best = sorted(places, key=lambda row: -grades[row.id][2])[:30]
        if door.number is None:
            best = [row for row in best if grades[row.id][0] == "A"][:1]
        if not best:
            return []
        lanes = [row for row in best if row.parent_id is not None and row.normal_name[0].isdigit()]
        rows = self._rows(
            _DOORS,
            scopes=[row.id for row in best],
            parents=[row.parent_id for row in lanes],
            asked=door.number,
            is_prefix=door.is_prefix,
            lane=lanes[0].normal_name.rstrip("弄巷段支") if lanes else None,
            building=door.building,
            unit=door.unit,
            unit_is_prefix=door.unit_is_prefix,
            with_units=door.number is not None,
            most=self._limit,
        )
        place = max((grades[row.id] for row in best), key=lambda grade: grade[2])
        rooms = {row.id for row in rows if door.unit and row.unit_key and is_room_of(row.unit_key, door.unit)}
        return [
            _door_hit(
                row,
                match_of_door(row, self._query, door.building, door.unit, place, is_sole=len(rooms) == 1),
            )
            for row in rows
        ]


def _first_kind(profile: Profile) -> str:
    """Return the kind of name that an address begins with."""
    return next(part.kind for part in profile.place_parts if part.may_start)


def _door_of(figures: list[str]) -> _Door:
    number, unit = [*figures, "", ""][:2]
    if not number:
        return _Door()
    return _Door(number, not unit, None, f"r{unit}" if unit else None, bool(unit))


def _counted_words(profile: Profile) -> list[str]:
    """Return the words of parts that are a count below a street, such as 弄."""
    parts = [part for part in profile.place_parts if part.numbered and "street" in part.parents]
    return [normal_key(part.suffixes[0]) for part in parts[:2]]


def _alias_hit(row: Any, whole: str) -> Hit:  # noqa: ANN401  (a row of find_aliases)
    is_whole = row.normal_name == whole
    note = f"{row.until} 起为 {row.text}" if row.until else f"今为 {row.text}"
    return Hit(
        row.kind, row.id, row.code, row.via, (), "B" if is_whole else "C",
        "曾用名" if is_whole else "曾用名前缀",
        75.0 if is_whole else 45.0, row.lon, row.lat, row.building_id, None, note,
    )  # fmt: skip


def _place_hit(row: Any, grade: Grade, *, has_door: bool) -> Hit:  # noqa: ANN401  (a row of find_places)
    match, reason, score = grade
    if has_door:
        reason, score = reason if match == "C" else "上级地名", score - 60
        match = "C"
    note = note_of(row.kind, row.state) + (f" · 今为 {row.full_name}" if row.via else "")
    return Hit(
        "street", row.id, row.code, row.via or row.full_name, (), match, reason, score, row.lon,
        row.lat, None, None, note,
    )  # fmt: skip


def _door_hit(row: Any, grade: Grade) -> Hit:  # noqa: ANN401  (a row of find_doors)
    note = note_of(row.kind, row.state, units=row.units, name=row.name, use=row.use, area_m2=row.area_m2)
    return Hit(
        row.kind, row.id, row.code, row.text, (), *grade, row.lon, row.lat, row.building_id, row.unit_id,
        note, (row.number, row.building_no, row.unit_key or ""),
    )  # fmt: skip
