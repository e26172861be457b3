"""Segments: pieces of a text that may be a part of an address, with what they cost."""

from collections.abc import Iterable
from typing import NamedTuple

from geo_registry.address.reading import costs
from geo_registry.address.reading.parts import ReadKind
from geo_registry.gazetteer.table import SHORT, Name

KEEP = -1
"""The state behind a segment that leaves the state as it was: a separator, a note, a repetition."""
FREE = -1
"""The column of a segment that may stand anywhere."""
_SHIFT = 4
_WHICH = (1 << _SHIFT) - 1


Place = tuple[int, int]
"""Number of the gazetteer and of the place in it."""
Context = tuple[Place, ...]
"""The deepest known places of a way: one, or several while a name is ambiguous."""
Fit = tuple[float, "Near", bool]
"""What a known name costs in a context, the context behind it, whether it repeats what was read."""


class Rule(NamedTuple):
    """What a segment becomes, why, which column it pays and in which state it leaves."""

    kind: ReadKind
    name: str
    column: int
    state: int


class Known(NamedTuple):
    """A known name at one level: its spelling, and the places it may mean in the gazetteer of that number."""

    word: str
    level: int
    gazetteer: int
    places: tuple[int, ...]
    """May hold MANY."""
    is_short: bool
    is_former: bool
    stem: int
    """1 for a township in short, 2 for a community: names too common to be looked for inside other names."""

    @property
    def meanings(self) -> tuple[Name, ...]:
        """The places as meanings of the name."""
        return tuple(Name(place, self.level, 0) for place in self.places)


Plain = tuple[str, int, int, bytes, int, bool, int]
"""A known name as it is remembered: spelling, level, gazetteer, packed places, way, whether former, stem."""
Near = tuple[int, ...]
"""A context as it is remembered: the places as numbers."""
Segment = tuple[int, int, int, float, Plain | None, Rule]
"""End, column, state behind, own cost, known name, rule; a tuple because the search reads hundreds a text."""
Lattice = list[list[Segment]]
"""The segments by the place where they start."""


def known_of(plain: Plain) -> Known:
    """Return a known name as it was remembered."""
    word, level, gazetteer, places, way, is_former, stem = plain
    return Known(word, level, gazetteer, tuple(memoryview(places).cast("i")), way == SHORT, is_former, stem)


def near(places: Iterable[Place]) -> Near:
    """Return places as numbers."""
    return tuple([number << _SHIFT | which for which, number in places])


def context_of(places: Near) -> Context:
    """Return numbers as places."""
    return tuple([(number & _WHICH, number >> _SHIFT) for number in places])


def rule(kind: ReadKind, name: str, column: str, state: str | None = None) -> Rule:
    """Return a rule by the names of its column and of the state behind, which is the kind when left out."""
    return Rule(kind, name, costs.COLUMN[column], costs.STATE[state or kind])


def segment(end: int, of: Rule, cost: float = 0.0) -> Segment:
    """Return a segment that ends at a place by a rule."""
    return (end, of.column, of.state, cost, None, of)


TEXT = rule("estate", "text", "text", "text")
SEPARATOR = Rule("repetition", "separator", FREE, KEEP)
