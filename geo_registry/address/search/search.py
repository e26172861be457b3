"""Search as one types: public codes, addresses as far as they go, former names, buildings, pinyin, initials.

A query is read by the profile, its names are looked up, then its doors. Where that leads to nothing certain,
further readings are tried, each only when the one before failed. Every hit says how it was found: A is what
was asked for, B one certain correction (a former name, a generic word put in), C a candidate with a reason.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from geo_registry.access.viewer import Viewer
from geo_registry.address.known import KnownPlaces, registry_gazetteer
from geo_registry.address.places import profile_in_force
from geo_registry.address.rules import normal_name
from geo_registry.address.scheme import Profile
from geo_registry.address.search.guesses import (
    Found,
    KnownDivisions,
    Parts,
    containing,
    districts_of,
    known_name,
    nearly,
)
from geo_registry.address.search.hits import alias_hit, building_hit, code_hit, door_hit, place_hit
from geo_registry.address.search.letters import counted_endings
from geo_registry.address.search.lookups import BEGINS, EQUALS, Lookups, Names, Near, Wanted
from geo_registry.address.search.marks import Ranges, marks, marks_of_letters
from geo_registry.address.search.query import NamePart, Query, read_query
from geo_registry.address.search.ranking import (
    Grade,
    Hit,
    in_divisions,
    is_room_of,
    match_of_door,
    match_of_place,
    ranked,
    squared_distance,
)
from geo_registry.db import Session
from geo_registry.gazetteer.fold import fold
from geo_registry.pages import checked_limit
from geo_registry.text import clean, normal_key

__all__ = ["Hit", "SearchResult", "kinds_of", "search"]

_MOST_PLACES, _LONGEST = 30, 200


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, the best first, and the time the search took."""

    hits: tuple[Hit, ...]
    milliseconds: float


def search(
    session: Session, viewer: Viewer, *, text: str, limit: int = 20, near: Near = None
) -> SearchResult:
    """Return what a text may mean within the viewer's areas; of candidates those near (lon, lat) come first.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    begun = time.perf_counter()
    checked_limit(limit)
    profile = profile_in_force(session)
    asked = _Search(session, viewer, profile, read_query(profile, text[:_LONGEST]), limit, near)
    found = ranked(asked.hits(), near)[:limit]
    shown = tuple(replace(hit, highlight=asked.marks(hit)) for hit in found)
    return SearchResult(shown, round((time.perf_counter() - begun) * 1000, 1))


def kinds_of(hits: Iterable[Hit]) -> dict[str, int]:
    """Return how many hits there are of each kind."""
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.kind] = counts.get(hit.kind, 0) + 1
    return counts


class _Search:
    """One search of one viewer."""

    def __init__(
        self, session: Session, viewer: Viewer, profile: Profile, query: Query, limit: int, near: Near
    ) -> None:
        self._session = session
        self._areas = viewer.areas
        self._lookups = Lookups(session, viewer, near, limit)
        self._profile = profile
        self._query = query
        self._near = near
        # Whether the first name stands in the register as it was typed.
        self._is_known = False
        # Where the place name begins in the text of a door, behind divisions.
        self._begins: dict[UUID, int] = {}

    @cached_property
    def _names(self) -> KnownPlaces:
        return registry_gazetteer(self._session)

    @cached_property
    def _parts(self) -> Parts:
        return districts_of(self._names, self._areas)

    def marks(self, hit: Hit) -> Ranges:
        """Return the ranges of a hit's text that were typed."""
        query = self._query
        if not query.spelled:
            return marks(hit.text, query.text)
        return marks_of_letters(hit.text, query.spelled, query.behind, self._begins.get(hit.id, 0))

    def hits(self) -> list[Hit]:
        """Return everything the query may mean, not yet ranked."""
        if self._query.code is not None:
            return [code_hit(row, is_whole=True) for row in self._lookups.codes(self._query.code[1])]
        hits = self._by_letters() if self._query.letters else self._by_text()
        return hits + self._by_beginning_of_code(is_sought=not hits)

    def _by_beginning_of_code(self, *, is_sought: bool) -> list[Hit]:
        """Find what bears a code that begins so; letters alone are a sound first."""
        beginnings = self._query.code_beginnings
        if not is_sought and all(code.isalpha() for code in beginnings):
            return []
        rows = [row for code in beginnings for row in self._lookups.codes(code)]
        return [code_hit(row, is_whole=False, is_sole=len(rows) == 1) for row in rows]

    def _by_text(self) -> list[Hit]:
        whole = normal_key(self._query.text)
        if not whole:
            return []
        hits = [alias_hit(row, whole) for row in self._lookups.aliases(whole)]
        hits += self._by_names(whole)
        if self._query.door is None:
            hits += self._by_building_names()
        if _is_certain(hits) or (hits and self._query.door is None):
            return hits
        further: tuple[Callable[[], list[Hit]], ...] = (
            self._by_building_names if self._query.door is not None else list,
            self._by_figures,
            lambda: self._by_names(whole) if self._read_by_known_divisions() else [],
            self._by_known_name,
            self._by_likeness,
        )
        for step in further:
            hits += step()
            if _is_certain(hits):
                break
        return hits or self._by_piece()

    def _by_names(self, whole: str) -> list[Hit]:
        query = self._query
        ends = [BEGINS if part.is_open else EQUALS for part in query.names]
        if ends and query.door is None and not query.rest:
            # The last name may still be being typed.
            ends[-1] = BEGINS
        if not query.names:
            return self._below(Names(((whole, whole + BEGINS),)), Wanted())
        ranges = tuple((part.key, part.key + end) for part, end in zip(query.names, ends, strict=True))
        return self._below(Names(ranges), self._wanted())

    def _by_letters(self) -> list[Hit]:
        """Find yyl218-6-402 and yyl218n6h: by sound, by initials, and with a count at the end."""
        query = self._query
        hits = self._below_letters(query.letters)
        if not hits and query.initials != query.letters:
            hits = self._below_letters(query.initials)
        if not _is_certain(hits):
            for head, key in counted_endings(self._profile, query.letters):
                hits += self._below_letters(head, (key, key + EQUALS))
        # One letter begins too many names: those of places are enough.
        if len(query.letters) > 1 and not query.figures and not _is_certain(hits):
            hits += self._by_building_sounds()
        return hits

    def _below_letters(self, letters: str, *inner: tuple[str, str]) -> list[Hit]:
        query, first = self._query, (("", ""), *inner)
        if query.names or query.door is not None:
            ranges = tuple((part.key, part.key + EQUALS) for part in query.names)
            return self._below(Names((*first, *ranges), letters), self._wanted())
        return [
            hit
            for ranges, wanted in self._steps()
            for hit in self._below(Names((*first, *ranges), letters), wanted)
        ]

    def _by_figures(self) -> list[Hit]:
        """Find 映月路218-6-402: figures without words behind a name."""
        query = self._query
        if not query.figures or not query.names:
            return []
        first = query.names[0]
        self._query = replace(query, names=(first,), door=None, unit_key="")
        end = BEGINS if first.is_open else EQUALS
        return [
            hit
            for ranges, wanted in self._steps()
            for hit in self._below(Names(((first.key, first.key + end), *ranges)), wanted)
        ]

    def _steps(self) -> list[tuple[tuple[tuple[str, str], ...], Wanted]]:
        """Return how figures may be meant: the first is a door, or a lane with the door behind it."""
        figures = [str(figure) for figure in self._query.figures]
        steps: list[tuple[tuple[tuple[str, str], ...], Wanted]] = [((), _wanted_by(figures))]
        for word in _counted_words(self._profile) if figures else ():
            lane = f"{figures[0]}{word}"
            steps.append((((lane, lane + EQUALS),), _wanted_by(figures[1:])))
        return steps

    def _wanted(self) -> Wanted:
        query = self._query
        if query.door is None:
            return Wanted()
        own = query.door.number_text if query.door.is_building else query.door.building_text
        begins = int(query.number_key) if query.number_is_prefix and len(query.number_key) <= 5 else None
        return Wanted(query.number_key, begins, own or None, query.unit_key or None, query.unit_is_prefix)

    def _by_building_names(self) -> list[Hit]:
        """Find buildings by their own name, alone or with a number behind it."""
        query, wanted = self._query, self._wanted()
        typed = "".join(part.text for part in query.names) + query.rest or query.text
        names = {clean(name).replace(" ", "") for name in (typed, *(part.text for part in query.names[-1:]))}
        names = {name for one in names for name in (one, normal_key(one)) if name and not name[0].isdecimal()}
        rows = self._lookups.buildings(sorted(names), wanted) if names else []
        if wanted.number is None:
            return [building_hit(row) for row in rows]
        return self._at_buildings(rows, ("B", "楼栋名称", 80.0))

    def _at_buildings(self, rows: list[Any], place: Grade) -> list[Hit]:
        """Look up the door that was asked for at buildings that bear its number; a few of them."""
        query, wanted = self._query, self._wanted()
        return [
            door_hit(found, match_of_door(found, query, row.building_no or None, wanted.unit, place))
            for row in rows[:3]
            for found in self._lookups.doors(
                [row.scope_id], replace(wanted, number=row.number_key, begins=None, building=None), [], None
            )
            if found.building_id == row.id
        ]

    def _by_building_sounds(self) -> list[Hit]:
        """Find buildings by the sound or the initials of their own name, alone or with a number behind it."""
        query, wanted = self._query, self._wanted()
        for letters in dict.fromkeys((query.letters, query.initials)):
            rows = [
                row
                for row in self._lookups.buildings([], wanted, letters)
                if _has_in_order(row.name, query.characters)
            ]
            if rows and wanted.number is not None:
                return self._at_buildings(rows, ("C", "楼栋名称拼音", 46.0))
            if rows:
                is_sole = len(rows) == 1
                return [building_hit(row, is_sole=is_sole) for row in rows]
        return []

    def _read_by_known_divisions(self) -> bool:
        """Read the query anew with the divisions that exist; tell whether that makes a difference."""
        known = KnownDivisions(self._names)
        read = read_query(self._profile, self._query.text, divisions=known)
        is_other = (read.divisions, read.names) != (self._query.divisions, self._query.names)
        self._query = read
        return is_other

    def _by_known_name(self) -> list[Hit]:
        """Read the query anew behind a known name: in another script, behind other words, 春园西路."""
        typed = clean(self._query.text).replace(" ", "")
        known = known_name(self._names, typed, self._parts)
        if known is None:
            return []
        asked, first = self._query, typed[known.start : known.end]
        if self._is_known and asked.names and fold(asked.names[0].text) == fold(first):
            return []
        # Any name of the kind stands for the known one while the rest is read.
        stand_in = f"甲{self._profile.by_kind[known.kind].suffixes[0]}"
        read = read_query(self._profile, stand_in + typed[known.end :])
        front = read_query(self._profile, typed[: known.start])
        name = NamePart(known.kind, first, normal_name(self._profile, known.kind, first))
        divisions = front.divisions or asked.divisions
        self._query = replace(read, text=asked.text, names=(name, *read.names[1:]), divisions=divisions)
        self._is_known = True
        is_whole = not (front.names or front.rest or front.letters or front.door)
        hits = self._below_found(tuple((key, way if is_whole else "behind") for key, way in known.found))
        if not _is_certain(hits):
            self._query = asked
        return hits

    def _by_likeness(self) -> list[Hit]:
        """Find names that sound like the first one or differ from it by one character."""
        names = self._query.names
        if not names:
            return []
        return self._below_found(nearly(self._names, names[0].text, self._parts))

    def _by_piece(self) -> list[Hit]:
        """Find names that hold what was typed."""
        typed = clean(self._query.text).replace(" ", "")
        self._query = replace(self._query, names=(), door=None)
        return self._below_found(containing(self._names, typed, self._parts))

    def _below_found(self, found: Found) -> list[Hit]:
        """Look up names that were found elsewhere, with the rest of the query below them."""
        if not found:
            return []
        ranges = tuple((part.key, part.key + EQUALS) for part in self._query.names[1:])
        return self._below(Names((("", ""), *ranges), found=found), self._wanted())

    def _below(self, names: Names, wanted: Wanted) -> list[Hit]:
        """Look up the names, then what stands below the best of them."""
        letters = names.letters
        found = [
            row for row in self._lookups.places(names) if _has_in_order(row.full_name, self._query.characters)
        ]
        depth = max((row.depth for row in found), default=0)
        if depth < len(names.ranges) and (letters or depth == 0):
            return []
        places = in_divisions([row for row in found if row.depth == depth], self._query)
        is_sole = len(places) == 1 and not (names.found and self._is_known)
        self._is_known |= any(row.way in {"exact", "alias"} for row in places)
        missing = "" if letters else "".join(part.text for part in self._query.names[depth:])
        grades = {
            row.id: match_of_place(row, self._query, certain=is_sole, missing=missing) for row in places
        }
        hits = [place_hit(row, grades[row.id], has_door=bool(wanted.number)) for row in places if row.visible]
        return hits if missing else hits + self._doors(places, grades, wanted)

    def _doors(self, places: list[Any], grades: dict[UUID, Grade], wanted: Wanted) -> list[Hit]:
        """Look up the doors below the places; without a number, the first doors of a name that is exact."""
        best = sorted(places, key=lambda row: (-grades[row.id][2], squared_distance(row, self._near)))
        best = best[:_MOST_PLACES]
        if wanted.number is None:
            best = [row for row in best if grades[row.id][0] == "A"][:1]
        if not best:
            return []
        lanes = [row for row in best if row.parent_id is not None and row.normal_name[0].isdigit()]
        lane = lanes[0].normal_name.rstrip("弄巷段支") if lanes else None
        rows = self._lookups.doors([row.id for row in best], wanted, [row.parent_id for row in lanes], lane)
        place = max((grades[row.id] for row in best), key=lambda grade: grade[2])
        rooms = {
            row.id for row in rows if wanted.unit and row.unit_key and is_room_of(row.unit_key, wanted.unit)
        }
        is_sole = len(rooms) == 1
        names = {row.full_name for row in best}
        self._begins |= {row.id: _begin_of(row.text, names) for row in rows}
        return [
            door_hit(
                row, match_of_door(row, self._query, wanted.building, wanted.unit, place, is_sole=is_sole)
            )
            for row in rows
        ]


def _is_certain(hits: list[Hit]) -> bool:
    return any(hit.match != "C" for hit in hits)


def _begin_of(text: str, names: Iterable[str]) -> int:
    """Return where the first of some names begins in a text."""
    return min((at for name in names if (at := text.find(name)) >= 0), default=0)


def _has_in_order(name: str, characters: str) -> bool:
    """Return whether the characters that were typed stand in a name, in this order."""
    at = 0
    for char in characters:
        at = name.find(char, at) + 1
        if not at:
            return False
    return True


def _wanted_by(figures: list[str]) -> Wanted:
    number, unit = [*figures, "", ""][:2]
    if not number:
        return Wanted()
    begins = int(number) if not unit and len(number) <= 5 else None
    return Wanted(number, begins, None, f"r{unit}" if unit else None, bool(unit))


def _counted_words(profile: Profile) -> list[str]:
    """Return the words of parts that are a count below a street, such as 弄."""
    parts = [part for part in profile.place_parts if part.numbered and "street" in part.parents]
    return [normal_key(part.suffixes[0]) for part in parts[:2]]
