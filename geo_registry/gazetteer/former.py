"""Divisions that were abolished, renamed or moved: `former.csv`, and what it adds to a table of divisions.

A row names a former division, its level, where it lay and what followed it. With one successor its name
becomes a spelling of the successor; a divided one becomes a place of its own, in which the places lie
that followed it. Nothing is added by a name that now belongs to what lies above the successor (临汾市, once
a county-level city, now the city around 尧都区), nor by a short name that a division of today goes by.
Paths are names joined by a slash; a successor is looked for in the place where the division lay, then
above it.
"""

import csv
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.spellings import short_name
from geo_registry.gazetteer.table import FORMER, LEVELS, TOWNSHIP, Places, Spelled

_RECENT: Final = 2000
"""From this year on the short name of an abolished district is still heard beside a town of that name."""
FILE: Final = Path(__file__).with_name("former.csv")


@dataclass(frozen=True, slots=True)
class Former:
    """One row: a division that stands no longer, or no longer there."""

    name: str
    level: int
    within: tuple[str, ...]
    successors: tuple[tuple[str, ...], ...]
    year: int


def read_former(file: Path = FILE) -> list[Former]:
    """Return the former divisions in the order of the file: a divided one before what lay in it."""
    with file.open(encoding="utf-8", newline="") as rows:
        return [
            Former(
                row["name"],
                LEVELS.index(row["level"]),
                tuple(row["within"].split("/")),
                tuple(tuple(path.split("/")) for path in row["successors"].split(";")),
                int(row["year"]),
            )
            for row in csv.DictReader(rows)
        ]


@dataclass(slots=True)
class Merged:
    """A table with its former divisions, their spellings, and the rows whose places it does not hold."""

    places: Places
    spelled: list[Spelled] = field(default_factory=list)
    unknown: list[Former] = field(default_factory=list)


def merge(places: Places, rows: Iterable[Former]) -> Merged:
    """Add former divisions to a table; rows whose places it does not hold are left out and told."""
    draft = _Draft(places)
    for row in rows:
        draft.add(row)
    return Merged(draft.places(), draft.spelled, draft.unknown)


class _Draft:
    """A table while former divisions are added behind its own places."""

    def __init__(self, places: Places) -> None:
        self._base = places
        self._names, self._levels = list(places.names), bytearray(places.levels)
        self._parents, self._ends = array("i", places.parents), array("I", places.ends)
        self._reach = defaultdict[int, list[tuple[int, int]]](list)
        self._successors: dict[int, tuple[int, ...]] = {}
        self._numbers = defaultdict[str, list[int]](list)
        self._current = dict[str, int]()
        for place, (name, level) in enumerate(zip(places.names, places.levels, strict=True)):
            if level <= TOWNSHIP:
                self._numbers[name].append(place)
                for text in {name, short_name(name, level)}:
                    self._current[text] = min(level, self._current.get(text, level))
        self.spelled: list[Spelled] = []
        self.unknown: list[Former] = []

    def places(self) -> Places:
        """Return the table as it is now."""
        further = len(self._names) - len(self._base.names)
        return replace(
            self._base,
            names=self._names,
            codes=[*self._base.codes, *[""] * further],
            levels=bytes(self._levels),
            parents=self._parents,
            ends=self._ends,
            keys=(),
            reach={place: tuple(stretches) for place, stretches in self._reach.items()},
            successors=self._successors,
        )

    def add(self, row: Former) -> None:
        """Add one former division."""
        within = self._at(row.within, ())
        found = [] if within is None else [self._at(path, self._line(within)) for path in row.successors]
        successors = [place for place in found if place is not None]
        if within is None or not successors or len(successors) < len(found):
            self.unknown.append(row)
            return
        if any(self._names[above] == row.name for above in self._line(self._parents[successors[0]])):
            return
        place = successors[0] if len(successors) == 1 else self._divided(row, within, successors)
        if len(successors) == 1:
            for above in self._line(within):
                if place != above and not self._is_within(place, above):
                    self._reach[above].append((place, self._ends[place]))
        self.spelled.append((fold(row.name), place, row.level, FORMER))
        short = short_name(row.name, row.level)
        known = self._current.get(short)
        if known is None or (known == TOWNSHIP and row.year >= _RECENT):
            self.spelled.append((fold(short), place, row.level, FORMER))

    def _divided(self, row: Former, within: int, successors: Sequence[int]) -> int:
        place = len(self._names)
        self._names.append(row.name)
        self._levels.append(row.level)
        self._parents.append(within)
        self._ends.append(place + 1)
        self._numbers[row.name].append(place)
        self._successors[place] = tuple(successors)
        for above in self._line(within):
            self._reach[above].append((place, place + 1))
        self._reach[place] += [(one, self._ends[one]) for one in successors]
        return place

    def _at(self, path: Sequence[str], scopes: Sequence[int]) -> int | None:
        """Return the place of a path: in the first of the scopes that holds it, else anywhere."""
        for scope in scopes:
            found = [place for place in self._places(path) if self._is_within(place, scope)]
            if found:
                return min(found, key=lambda place: (self._levels[place], place))
        found = list(self._places(path))
        return min(found, key=lambda place: self._levels[place]) if found else None

    def _places(self, path: Sequence[str]) -> Iterator[int]:
        above = [list(self._numbers[name]) for name in path[:-1]] if len(path) > 1 else []
        for place in self._numbers.get(path[-1], ()):
            if all(any(self._is_within(place, one) for one in level) for level in above):
                yield place

    def _line(self, place: int) -> tuple[int, ...]:
        line = list[int]()
        while place >= 0:
            line.append(place)
            place = self._parents[place]
        return tuple(line)

    def _is_within(self, place: int, above: int) -> bool:
        return above < place < self._ends[above] or any(
            start <= place < end for start, end in self._reach.get(above, ())
        )
