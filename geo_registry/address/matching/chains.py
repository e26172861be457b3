"""The place names that a chain of names leads to, step by step through the names in memory: pure rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from geo_registry.access.viewer import Viewer
from geo_registry.address.known import KnownPlaces
from geo_registry.address.known_places import PlaceRow
from geo_registry.address.matching.keys import Name

MOST_BELOW = 300
"""As many places as a first name leads to at most."""
_MOST_FORMER = 50


class Chain(NamedTuple):
    """A chain of names asked for: directly below some scopes, within some areas, or anywhere.

    With `may_skip` one name between two others may be missing.
    """

    names: tuple[Name, ...]
    scopes: tuple[UUID, ...] = ()
    within: tuple[UUID, ...] = ()
    may_skip: bool = False


class Met(NamedTuple):
    """A place name that a chain leads to, and how: `depth` names of the chain were found.

    `is_below` tells that its parents were not written, `skipped` a name between that was not, `via` the
    former name that was.
    """

    place: PlaceRow
    depth: int
    is_below: bool = False
    skipped: str | None = None
    via: str | None = None


class Chains:
    """The chains of one viewer; what leads nowhere answers with the deepest names that were found.

    A chain begins in the districts of the viewer's areas only, because a street belongs to a district
    and its doors to communities.
    """

    def __init__(self, known: KnownPlaces, viewer: Viewer) -> None:
        self._known = known
        self._districts = None if viewer.areas is None else known.districts(viewer.areas)
        self._found: dict[Chain, list[Met]] = {}

    def places(self, chain: Chain) -> list[Met]:
        """Return the deepest places of a chain, in a fixed order."""
        found = self._found.get(chain)
        if found is None:
            found = self._found[chain] = self._walk(chain) if chain.names else []
        return found

    def _walk(self, chain: Chain) -> list[Met]:
        steps = defaultdict[int, list[Met]](list)
        for met in self._starts(chain):
            steps[met.depth].append(met)
        for depth in range(1, len(chain.names)):
            key = chain.names[depth].key
            for met in steps[depth]:
                steps[depth + 1] += self._next(met, key, may_skip=chain.may_skip)
        return next((steps[depth] for depth in range(len(chain.names), 0, -1) if steps[depth]), [])

    def _starts(self, chain: Chain) -> Iterator[Met]:
        known, key = self._known, chain.names[0].key
        if chain.scopes:
            rows = (row for scope in chain.scopes for row in known.directly_below(scope, key))
            found = self._own(rows)
        else:
            inside = (row for row in known.named(key) if _is_within(row, chain.within))
            found = islice(self._own(inside), MOST_BELOW)
        for row in found:
            yield Met(row, 1, is_below=row.parent_id is not None)
        yield from sorted(self._former(chain.names), key=lambda met: met.place.id.int)[:_MOST_FORMER]

    def _former(self, names: Sequence[Name]) -> Iterator[Met]:
        """Yield what was called as the first name says, or the first two together and so on."""
        before = ""
        for depth, name in enumerate(names, 1):
            for former, row in self._known.once_named(before + name.key):
                if self._is_own(row):
                    yield Met(row, depth, via=former)
            before += name.text

    def _next(self, met: Met, key: str, *, may_skip: bool) -> Iterator[Met]:
        known, place = self._known, met.place.id
        for row in known.directly_below(place, key):
            yield met._replace(place=row, depth=met.depth + 1)
        if may_skip and met.skipped is None:
            for name, between in known.children(place):
                for row in known.directly_below(between.id, key):
                    yield met._replace(place=row, depth=met.depth + 1, skipped=name)

    def _own(self, rows: Iterable[PlaceRow]) -> Iterator[PlaceRow]:
        return (row for row in rows if self._is_own(row))

    def _is_own(self, row: PlaceRow) -> bool:
        return self._districts is None or row.district_id in self._districts


def _is_within(row: PlaceRow, areas: tuple[UUID, ...]) -> bool:
    return not areas or row.district_id in areas or row.township_id in areas or row.community_id in areas
