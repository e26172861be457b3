"""A table of known places: where their names stand in a text, and how the places lie in one another.

Places are numbered so that whatever lies in a place follows it directly: one comparison tells whether
one lies in the other.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import marisa_trie

LEVELS = (
    "province", "city", "district", "development_zone", "township", "community",
    "street", "section", "lane", "sub_lane", "alley", "sub_alley", "estate", "hamlet", "group",
)  # fmt: skip
"""Levels of places, divisions first; the others are the kinds of the registry's place names."""
PROVINCE, CITY, DISTRICT, DEVELOPMENT_ZONE, TOWNSHIP, COMMUNITY = range(6)
WAYS = ("full", "short", "former", "variant", "alias")
"""How a spelling names a place: in full, without its generic word, by an abolished name, with another
generic word (县 for a city, 居委会 for 社区), by a registered alias."""
FULL, SHORT, FORMER, VARIANT, ALIAS = range(5)
MANY = -1
"""Stands for a place where more than eight of one level share a spelling."""
_GROUP = 8
_LONGEST = 30
_LEVEL_BITS, _WAY_BITS = 4, 3
_SHIFT = _LEVEL_BITS + _WAY_BITS
_LEVEL, _WAY = (1 << _LEVEL_BITS) - 1, (1 << _WAY_BITS) - 1


class Name(NamedTuple):
    """One meaning of a spelled name; `place` may be MANY."""

    place: int
    level: int
    way: int


Found = tuple[int, int, tuple[Name, ...]]
"""Start and end of a known name in a text, and what it may mean."""
Spelled = tuple[str, int, int, int]
"""A folded spelling with place, level and way."""


class Node(NamedTuple):
    """A place before it is numbered: its level, its parent's number (-1 at the top), code and key."""

    name: str
    level: int
    parent: int
    code: str = ""
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Which spellings are known and what each means: `meanings[first[id]:first[id + 1]]`, packed, sorted."""

    trie: marisa_trie.Trie
    first: Sequence[int]
    meanings: Sequence[int]
    starts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Places:
    """The columns of a gazetteer; `ends[i]` is the number behind the last place that lies in `i`.

    `reach` adds stretches of numbers to what lies in a place: its former children, or for a former
    division the places that followed it.
    """

    names: Sequence[str]
    codes: Sequence[str]
    levels: Sequence[int]
    parents: Sequence[int]
    ends: Sequence[int]
    keys: Sequence[UUID | None] = ()
    reach: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    successors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def columns(nodes: Sequence[Node]) -> Places:
    """Return the columns of nodes in order: each behind its parent, before its parent's next sibling."""
    ends = array("I", range(1, len(nodes) + 1))
    for place in range(len(nodes) - 1, -1, -1):
        above = nodes[place].parent
        if above >= 0 and ends[place] > ends[above]:
            ends[above] = ends[place]
    return Places(
        names=[node.name for node in nodes],
        codes=[node.code for node in nodes],
        levels=bytes(node.level for node in nodes),
        parents=array("i", (node.parent for node in nodes)),
        ends=ends,
        keys=[node.key for node in nodes],
    )


def pack(place: int, level: int, way: int) -> int:
    """Return a meaning as one number; in order of place."""
    return place << _SHIFT | level << _WAY_BITS | way


def index_of(spelled: Iterable[Spelled]) -> Index:
    """Return the index of spellings of at least two characters."""
    import numpy as np

    texts, packed = list[str](), array("I")
    for text, place, level, way in spelled:
        if len(text) > 1:
            texts.append(text)
            packed.append(pack(place, level, way))
    trie = marisa_trie.Trie(texts)
    pairs = np.fromiter(map(trie.get, texts), np.uint64, len(texts)) << np.uint64(32)
    pairs = np.unique(pairs | np.frombuffer(packed, np.uint32))
    # Of several ways to one place the best stands first.
    kept = np.ones(len(pairs), bool)
    kept[1:] = (pairs[1:] >> np.uint64(_WAY_BITS)) != (pairs[:-1] >> np.uint64(_WAY_BITS))
    pairs = pairs[kept]
    first = np.searchsorted(pairs >> np.uint64(32), np.arange(len(trie) + 1, dtype=np.uint64))
    return Index(
        trie,
        memoryview(first.astype(np.uint32).data),
        memoryview((pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32).data),
        frozenset(text[0] for text in texts),
    )


class Gazetteer:
    """Known places and their spellings; for reading only, shared by threads.

    Texts and names are asked for in the form of `fold`. Places are named by their number.
    """

    def __init__(self, places: Places, index: Index) -> None:
        self._places, self._index = places, index
        self._ends, self._parents, self._reach = places.ends, places.parents, places.reach
        self._prefixes: Callable[[str], list[str]] = index.trie.prefixes

    def __len__(self) -> int:
        return len(self._parents)

    @property
    def spellings(self) -> int:
        """The number of different spellings."""
        return len(self._index.first) - 1

    def find(self, folded: str) -> list[Found]:
        """Return every known name at every start, shorter ones first; at most eight meanings a level.

        Where more places of a level share the spelling, one meaning with the place MANY stands for
        them: ask `inside`.
        """
        return [
            (start, start + len(word), self.few(word))
            for start, words in self.words(folded)
            for word in words
        ]

    def words(self, folded: str) -> list[tuple[int, list[str]]]:
        """Return every start of known names, each with the names from there, shorter ones first."""
        starts, prefixes = self._index.starts, self._prefixes
        return [
            (start, words)
            for start, char in enumerate(folded)
            if char in starts and (words := prefixes(folded[start : start + _LONGEST]))
        ]

    def words_at(self, folded: str, start: int) -> list[str]:
        """Return the known names from one start, shorter ones first."""
        return self._prefixes(folded[start : start + _LONGEST])

    def few(self, word: str) -> tuple[Name, ...]:
        """Return what a known spelling may mean, at most eight meanings a level as `find` returns them."""
        key = self._index.trie[word]
        low, high = self._index.first[key], self._index.first[key + 1]
        if high - low == 1:
            return (_unpacked(self._index.meanings[low]),)
        packed = self._index.meanings[low:high]
        return tuple(map(_unpacked, packed) if high - low <= _GROUP else _grouped(packed))

    def inside(self, folded: str, above: int, limit: int = 8) -> tuple[Name, ...]:
        """Return at most `limit` meanings of a spelling among the places that lie in `above`."""
        key = self._index.trie.get(folded)
        if key is None:
            return ()
        low, high = self._index.first[key], self._index.first[key + 1]
        meanings, found = self._index.meanings, list[Name]()
        for start, end in ((above, self._ends[above]), *self._reach.get(above, ())):
            at = bisect_left(meanings, start << _SHIFT, low, high)
            while at < high and len(found) < limit and meanings[at] >> _SHIFT < end:
                name = _unpacked(meanings[at])
                if name.place != above and name not in found:
                    found.append(name)
                at += 1
        return tuple(found)

    def meanings(self, folded: str, limit: int = 64) -> tuple[Name, ...]:
        """Return at most `limit` meanings of exactly this spelling."""
        key = self._index.trie.get(folded)
        if key is None:
            return ()
        low, high = self._index.first[key], self._index.first[key + 1]
        return tuple(_unpacked(self._index.meanings[at]) for at in range(low, min(high, low + limit)))

    def name(self, place: int) -> str:
        """Return the usual name of a place."""
        return self._places.names[place]

    def level(self, place: int) -> int:
        """Return the level of a place: an index of LEVELS."""
        return self._places.levels[place]

    def parent(self, place: int) -> int:
        """Return the place directly above, -1 at the top."""
        return self._parents[place]

    def code(self, place: int) -> str:
        """Return the code of a place, empty when it has none."""
        return self._places.codes[place]

    def key(self, place: int) -> UUID | None:
        """Return the id of the registry's object, None in a table of another source."""
        return self._places.keys[place] if self._places.keys else None

    def ancestors(self, place: int) -> tuple[int, ...]:
        """Return the places above a place, the nearest first."""
        found = []
        while (place := self._parents[place]) >= 0:
            found.append(place)
        return tuple(found)

    def below(self, place: int) -> tuple[int, ...]:
        """Return the places directly below a place, in their order."""
        found, child = list[int](), place + 1
        while child < self._ends[place]:
            found.append(child)
            child = self._ends[child]
        return tuple(found)

    def is_within(self, place: int, above: int) -> bool:
        """Tell whether a place lies in another one, or once did: children of abolished divisions too."""
        if above < place < self._ends[above]:
            return True
        for start, end in self._reach.get(above, ()):  # noqa: SIM110  (asked for too often for a generator)
            if start <= place < end:
                return True
        return False

    def successors(self, place: int) -> tuple[int, ...]:
        """Return what followed an abolished division; nothing for one that stands."""
        return self._places.successors.get(place, ())


def _unpacked(meaning: int) -> Name:
    return Name(meaning >> _SHIFT, meaning >> _WAY_BITS & _LEVEL, meaning & _WAY)


def _grouped(packed: Sequence[int]) -> Iterator[Name]:
    by_level = defaultdict[int, list[int]](list)
    for meaning in packed:
        by_level[meaning >> _WAY_BITS & _LEVEL].append(meaning)
    for level, meanings in sorted(by_level.items()):
        if len(meanings) > _GROUP:
            yield Name(MANY, level, min(meaning & _WAY for meaning in meanings))
        else:
            yield from map(_unpacked, meanings)
