"""The registry's own names as a gazetteer: divisions, streets to groups, aliases."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from geo_registry.db import Session
from geo_registry.gazetteer.alike import Alike, Similar
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.spellings import spellings
from geo_registry.gazetteer.table import (
    ALIAS,
    CITY,
    FORMER,
    FULL,
    LEVELS,
    SHORT,
    Gazetteer,
    Index,
    Node,
    Places,
    Spelled,
    columns,
    index_of,
)  # fmt: skip
from geo_registry.text import pinyin, to_chinese

_DIVISIONS = text("""
    SELECT id, parent_id, coalesce(district_id, id) AS district_id, level, name, code,
      upper(valid) <= CURRENT_DATE AS is_former,
      scheme = 'cn' AND level = 'province' AND left(code, 2) IN ('11', '12', '31', '50') AS is_city
    FROM registry.division ORDER BY array_position(CAST(:levels AS text[]), level), code
""")
# As text, because few ids of places above others differ: each is made only once.
_PLACES = text("""
    SELECT id, kind, name, normal_name, pinyin, code::text, full_name, state, parent_id::text, scope_id::text,
      district_id::text, township_id::text, community_id::text
    FROM registry.place_name WHERE state NOT IN ('removed', 'rejected') ORDER BY id
""")
_ALIASES = text("""
    SELECT object_id, name, normal_name, kind = 'historical_name' AS is_former
    FROM registry.address_alias WHERE object_kind IN ('place_name', 'division')
""")
_SECTION, _ESTATE = LEVELS.index("section"), LEVELS.index("estate")
_PSEUDO: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_ESTATE_WORDS: Final = re.compile(r"(?<=..)(?:住宅小区|小区|住宅区|公寓)$")
_FIGURES: Final = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_COUNTED: Final = re.compile(r"第?\d+(?:[-之]\d+)*\D{1,2}")


class PlaceRow(NamedTuple):
    """A place name as it is registered; `scope_id` is what it is unique in."""

    id: UUID
    code: str
    full_name: str
    state: str
    district_id: UUID | None
    township_id: UUID | None
    community_id: UUID | None
    parent_id: UUID | None
    scope_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Row:
    """One division or place name; of a place name also its normal key, its sound and what is registered."""

    id: UUID
    parent: UUID | None
    level: int
    name: str
    code: str = ""
    key: str = ""
    sound: str = ""
    is_former: bool = False
    is_city: bool = False
    district: UUID | None = None
    own: PlaceRow | None = None


class _Alias(NamedTuple):
    """Another name of a division or place name."""

    id: UUID
    name: str
    key: str
    is_former: bool


class KnownPlaces(Gazetteer):
    """The names of one registry at one moment."""

    def __init__(self, places: Places, index: Index, rows: Sequence[_Row], aliases: Sequence[_Alias]) -> None:
        super().__init__(places, index)
        self._rows, self._aliases = rows, aliases

    def prepare(self) -> None:
        """Order the names for every way of asking, which is done when first asked otherwise."""
        _ = self._numbers, self._named, self._scoped, self._children, self._once_named, self._alike

    def place_of(self, key: UUID) -> int | None:
        """Return the place of a registry's object, None when it has no name here."""
        return self._numbers.get(key)

    def similar(self, folded: str, limit: int = 8, *, with_others: bool = False) -> tuple[Similar, ...]:
        """Return street, estate, hamlet and group names nearly written like a folded name or of its sound.

        Counted names (33巷, 4组) are not among them: another number is another place. `with_others` adds
        names that differ in a numeral or a direction (中山东路 for 中山西路), never a slip for certain.
        """
        return self._alike.similar(folded, pinyin(folded), limit, with_others=with_others)

    def holding(self, folded: str, parts: Sequence[int] | None = None) -> Iterator[int]:
        """Find the place names that hold a folded text of one line; `parts` are divisions to keep to."""
        written, starts = self._written
        # What lies in a division follows it directly.
        for low, high in [(0, len(self))] if parts is None else [(part, self._ends[part]) for part in parts]:
            at = starts[low]
            while (at := written.find(folded, at, starts[high])) >= 0:
                place = bisect_right(starts, at) - 1
                yield place
                at = starts[place + 1]

    def named(self, key: str) -> Sequence[PlaceRow]:
        """Return the place names of a normal key; those that lie in no other one come first."""
        return self._named.get(key, ())

    def directly_below(self, scope: UUID, key: str) -> Sequence[PlaceRow]:
        """Return the place names of a normal key that are unique in a place name or division."""
        return self._scoped.get((scope, key), ())

    def children(self, place: UUID) -> Sequence[tuple[str, PlaceRow]]:
        """Return the names of what lies directly in a place name."""
        return self._children.get(place, ())

    def once_named(self, key: str) -> Sequence[tuple[str, PlaceRow]]:
        """Return the place names that bear another name of this normal key, with that name."""
        return self._once_named.get(key, ())

    def districts(self, areas: Iterable[UUID]) -> frozenset[UUID]:
        """Return the districts in which divisions lie."""
        own = (self._numbers.get(area) for area in areas)
        found = (self._rows[place].district for place in own if place is not None)
        return frozenset(district for district in found if district is not None)

    @cached_property
    def _named(self) -> dict[str, list[PlaceRow]]:
        found = defaultdict[str, list[PlaceRow]](list)
        for row in sorted(self._own(), key=lambda one: (one[1].parent_id is not None, one[1].id.int)):
            found[row[0]].append(row[1])
        return dict(found)

    @cached_property
    def _scoped(self) -> dict[tuple[UUID | None, str], list[PlaceRow]]:
        found = defaultdict[tuple[UUID | None, str], list[PlaceRow]](list)
        for key, own in self._own():
            found[own.scope_id, key].append(own)
        return dict(found)

    @cached_property
    def _children(self) -> dict[UUID, list[tuple[str, PlaceRow]]]:
        found = defaultdict[UUID, list[tuple[str, PlaceRow]]](list)
        for row in self._rows:
            if row.own is not None and row.own.parent_id is not None:
                found[row.own.parent_id].append((row.name, row.own))
        return dict(found)

    @cached_property
    def _once_named(self) -> dict[str, list[tuple[str, PlaceRow]]]:
        found = defaultdict[str, list[tuple[str, PlaceRow]]](list)
        for alias in self._aliases:
            place = self._numbers.get(alias.id)
            own = self._rows[place].own if place is not None else None
            if own is not None:
                found[alias.key].append((alias.name, own))
        return dict(found)

    def _own(self) -> Iterator[tuple[str, PlaceRow]]:
        return ((row.key, row.own) for row in self._rows if row.own is not None)

    @cached_property
    def _written(self) -> tuple[str, Sequence[int]]:
        """All place names in one text, a line each (empty for divisions), and where lines start and end."""
        lines = [fold(row.name) if row.key else "" for row in self._rows]
        return "\n".join(lines), (0, *accumulate(len(line) + 1 for line in lines))

    @cached_property
    def _numbers(self) -> dict[UUID, int]:
        return {row.id: place for place, row in enumerate(self._rows)}

    @cached_property
    def _alike(self) -> Alike:
        return Alike(
            (folded, place, row.sound)
            for place, row in enumerate(self._rows)
            if row.sound and not _COUNTED.fullmatch(row.key)
            for folded in [fold(row.name)]
        )


def known_places(session: Session) -> KnownPlaces:
    """Read all names of the registry."""
    rows = _in_order([*_division_rows(session), *_place_rows(session)])
    numbers = {row.id: place for place, row in enumerate(rows)}
    nodes = [
        Node(row.name, row.level, numbers.get(row.parent, -1) if row.parent else -1, row.code, row.id)
        for row in rows
    ]
    spelled = [one for place, row in enumerate(rows) for one in _spelled(place, row)]
    aliases = [_Alias(*one) for one in session.execute(_ALIASES).all()]
    spelled += _other_spellings(aliases, numbers, nodes)
    return KnownPlaces(columns(nodes), index_of(spelled), rows, aliases)


def _division_rows(session: Session) -> Iterator[_Row]:
    for one in session.execute(_DIVISIONS, {"levels": list(LEVELS)}).all():
        yield _Row(
            one.id, one.parent_id, LEVELS.index(one.level), one.name, one.code,
            is_former=bool(one.is_former), is_city=one.is_city, district=one.district_id,
        )  # fmt: skip


class _Ids(dict[str | None, UUID | None]):
    """Ids by their text, each made once."""

    def __missing__(self, text: str | None) -> UUID | None:
        found = self[text] = UUID(text) if text else None
        return found


def _place_rows(session: Session) -> Iterator[_Row]:
    levels = {name: number for number, name in enumerate(LEVELS)}
    ids = _Ids()
    # All at once: asked for row by row they take half as long again.
    for key, kind, name, normal, sound, code, full_name, state, *above in session.execute(_PLACES).all():
        parent, scope, district, township, community = map(ids.__getitem__, above)
        own = PlaceRow(key, code, full_name, state, district, township, community, parent, scope)
        lies_in = parent or community or township or district
        yield _Row(
            key, lies_in, levels[kind], name, "", normal, sound or pinyin(name), state == "retired", own=own
        )


def _in_order(rows: Sequence[_Row]) -> list[_Row]:
    """Return rows so that whatever lies in a place follows it directly."""
    known = {row.id for row in rows}
    below = defaultdict[UUID | None, list[_Row]](list)
    for row in rows:
        below[row.parent if row.parent in known else None].append(row)
    ordered, waiting = list[_Row](), below[None][::-1]
    while waiting:
        row = waiting.pop()
        ordered.append(row)
        waiting += reversed(below.get(row.id, ()))
    return ordered


def _spelled(place: int, row: _Row) -> Iterator[Spelled]:
    if row.key:
        for written in _variants(row):
            yield fold(written), place, row.level, FORMER if row.is_former else FULL
        if row.level == _ESTATE and _ESTATE_WORDS.search(row.name):
            yield fold(_ESTATE_WORDS.sub("", row.name)), place, row.level, SHORT
    elif row.name not in _PSEUDO:
        for written, way in spellings(row.name, row.level):
            for level in (row.level, CITY) if row.is_city else (row.level,):
                yield fold(written), place, level, FORMER if row.is_former else way


def _variants(row: _Row) -> set[str]:
    """Return a place name as written, as compared, and with its figures in Chinese numerals."""
    found = {row.name, row.key}
    if row.level == _SECTION or not _COUNTED.fullmatch(row.key):
        found.add(_FIGURES.sub(lambda one: to_chinese(int(one[0])), row.key))
    return found


def _other_spellings(
    aliases: Sequence[_Alias], numbers: dict[UUID, int], nodes: Sequence[Node]
) -> Iterator[Spelled]:
    for alias in aliases:
        place = numbers.get(alias.id)
        if place is not None:
            for written in {alias.name, alias.key}:
                yield fold(written), place, nodes[place].level, FORMER if alias.is_former else ALIAS
