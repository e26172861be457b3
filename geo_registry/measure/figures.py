"""Figures of areas for a week: the tree of areas with its counts, and what of them may be told."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import add
from uuid import UUID

from sqlalchemy import text

from geo_registry.address.profile import Profile
from geo_registry.db import Session
from geo_registry.measure.hiding import Cell, Shown, shown_of
from geo_registry.measure.rules import OF_PERSONS, RATES, SAMPLED, TOO_FEW, class_of, verdict, wilson

COUNTS = (
    "units", "rental_units", "persons", "registered", "addresses", "plated", "persons_met",
    "persons_registered", "records_checked", "records_right", "units_found", "units_listed",
    "forms_collected", "forms_entered", "units_visited",
)  # fmt: skip
UNITS, RENTAL_UNITS, PERSONS = 0, 1, 2
_AT = {name: index for index, name in enumerate(COUNTS)}
# Of each rate: counted, hits.
PARTS = {
    "registration_rate": (_AT["persons_met"], _AT["persons_registered"]),
    "accuracy_rate": (_AT["records_checked"], _AT["records_right"]),
    "unit_capture_rate": (_AT["units_found"], _AT["units_listed"]),
    "entry_rate": (_AT["forms_collected"], _AT["forms_entered"]),
    "plate_on_wall_rate": (_AT["addresses"], _AT["plated"]),
    "self_check_rate": (_AT["units"], _AT["units_visited"]),
}
Counts = tuple[int, ...]
NOTHING: Counts = (0,) * len(COUNTS)
Key = tuple[str, UUID] | tuple[str, UUID, UUID]
"""A node of the tree: ("area", division), ("zone", zone, the area around this part of it) or ("leaf", block,
or division for what lies in no block)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of an area as it may be told: `shown` is value, class, hidden or none (no figures).

    Shares are percent. The verdict is met, missed, not_demonstrated, too_few (too few to tell, here or beside
    it), no_data or no_target. `change` is in points since the week before.
    """

    name: str
    shown: str
    n: int | None
    k: int | None
    percent: float | None
    low: float | None
    high: float | None
    target: float | None
    verdict: str
    class_no: int | None
    is_full: bool
    change: float | None


@dataclass(slots=True)
class Node:
    """One area of the tree with its counts."""

    key: Key
    parent: Key | None
    counts: Counts = NOTHING
    leaves: int = 0
    is_listed: bool = True


@dataclass(slots=True)
class Tree:
    """The areas of some districts in one week; what may be told is worked out once for each measure."""

    floor: int
    nodes: dict[Key, Node] = field(default_factory=dict)
    _shown: dict[str, dict[Key, Shown]] = field(default_factory=dict)
    _blocks: dict[Key, set[UUID]] = field(default_factory=dict)

    def counts(self, key: Key) -> Counts:
        """Return the counts of a node, zeros where nothing is known."""
        return self.nodes[key].counts if key in self.nodes else NOTHING

    def shown(self, measure: str, key: Key) -> Shown:
        """Return what may be told of a node: `measure` is a rate or `persons`."""
        if measure not in OF_PERSONS and measure != "persons":
            return "value"
        if measure not in self._shown:
            fewest = max(TOO_FEW, self.floor) if measure in SAMPLED else self.floor
            cells = [cell for node in self.nodes.values() if (cell := _cell(node, measure))]
            self._shown[measure] = shown_of(cells, fewest=fewest, floor=self.floor)  # type: ignore[assignment]
        return self._shown[measure].get(key, "hidden")

    def is_empty(self, measure: str, key: Key) -> bool:
        """Tell whether nobody can live in a node, and nobody was counted."""
        return key not in self.nodes or _cell(self.nodes[key], measure) is None

    def parts_of(self, zone_id: UUID) -> tuple[Key, ...]:
        """Return the parts of a zone, one in each community; none in weeks that began without it."""
        return tuple(key for key in self._blocks if key[1] == zone_id)

    def cover_of(self, blocks: Iterable[UUID]) -> tuple[Key, ...]:
        """Return the nodes that make up a set of blocks: the parts of zones wholly in it, then blocks."""
        left = dict.fromkeys(blocks)
        whole = [key for key, own in self._blocks.items() if own <= left.keys()]
        inside = {block for key in whole for block in self._blocks[key]}
        return (*whole, *(("leaf", block) for block in left if block not in inside))

    def blocks_in(self, key: Key) -> int:
        """Return how many blocks a node of a set is: a part of a zone its own, another node one."""
        return len(self._blocks.get(key, (key,)))

    def add(self, row: "_Row") -> None:
        """Take in one row of figures, and add it to all areas around it."""
        path: list[Key] = [
            ("area", area) for area in (row.district_id, row.township_id, row.community_id) if area
        ]
        if row.leaf_id is not None:
            if row.zone_id is not None:
                path.append(("zone", row.zone_id, path[-1][1]))
                self._blocks.setdefault(path[-1], set()).add(row.leaf_id)
            path.append(("leaf", row.leaf_id))
        for parent, key in zip([None, *path], path, strict=False):
            node = self.nodes.setdefault(key, Node(key, parent))
            node.counts = tuple(map(add, node.counts, row.counts))
            node.leaves += row.leaves
            node.is_listed &= row.is_listed or key != path[-1]


@dataclass(frozen=True, slots=True)
class _Row:
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    zone_id: UUID | None
    leaf_id: UUID | None
    is_listed: bool
    leaves: int
    counts: Sequence[int]


_FIGURES = text("""
    SELECT week, district_id, township_id, community_id, zone_id, leaf_id, is_listed, leaves, counts
    FROM registry.figures(:districts, :expand, :weeks)
""")


def trees(
    session: Session,
    *,
    districts: Sequence[UUID],
    expand: Sequence[UUID] | None,
    weeks: Sequence[dt.date],
    floor: int,
) -> dict[dt.date, Tree]:
    """Return the tree of some districts for each week (Mondays), with the leaves of some communities.

    What may be told of a node follows from its siblings and the areas above: leaves elsewhere are not read.
    """
    found = {week: Tree(floor) for week in weeks}
    leaves_of = None if expand is None else list(expand)
    asked = {"districts": list(districts), "expand": leaves_of, "weeks": list(weeks)}
    for row in session.execute(_FIGURES, asked):
        found[row.week].add(_Row(*row[1:]))
    return found


def _cell(node: Node, measure: str) -> Cell | None:
    """Return what the hiding of small counts sees of a node; None where nobody can live."""
    n_at, k_at = PARTS.get(measure, (PERSONS, -1))
    n, k = node.counts[n_at], node.counts[k_at] if k_at >= 0 else None
    if not node.counts[UNITS] and not n:
        return None
    is_small = node.key[0] in {"zone", "leaf"} or node.leaves < 2
    return Cell(node.key, node.parent, n, k, is_small, node.is_listed)


def rates_of(
    profile: Profile, week: dt.date, counts: Counts, before: Counts, shown: dict[str, tuple[str, str]]
) -> dict[str, Rate]:
    """Return all rates of one area; `shown` is what may be told of each in this week and the one before."""
    return {name: _rate(profile, week, name, counts, before, *shown[name]) for name in RATES}


def _rate(
    profile: Profile, week: dt.date, name: str, counts: Counts, before: Counts, shown: str, shown_before: str
) -> Rate:
    target = profile.target(name, week)
    aim = None if target is None else target.target_permille / 10
    is_full = name not in SAMPLED
    n, k = (counts[at] for at in PARTS[name])
    if shown == "hidden":
        return _untold(name, "hidden", "too_few", aim)
    if shown == "none" or not n:
        return _untold(name, "none", "no_data", aim)
    share = 100 * k / n
    if shown == "class":
        return _untold(name, "class", "too_few", aim, class_of(share))
    judged = verdict(
        k, n, target_permille=target.target_permille if target else None,
        good=target.good if target else "at_least", method=profile.measures.verdict_method, is_full=is_full,
    )  # fmt: skip
    low, high = (None, None) if is_full else (round(100 * bound, 2) for bound in wilson(k, n))
    n_before, k_before = (before[at] for at in PARTS[name])
    is_comparable = shown_before == "value" and n_before
    change = round(share - 100 * k_before / n_before, 2) if is_comparable else None
    return Rate(
        name, "value", n, k, round(share, 2), low, high, aim, judged, class_of(share), is_full, change
    )


def _untold(name: str, shown: str, word: str, aim: float | None, class_no: int | None = None) -> Rate:
    is_full = name not in SAMPLED
    return Rate(name, shown, None, None, None, None, None, aim, word, class_no, is_full, None)


def no_rates(profile: Profile, week: dt.date) -> dict[str, Rate]:
    """Return the rates of a week before the first figures."""
    return rates_of(profile, week, NOTHING, NOTHING, dict.fromkeys(RATES, ("none", "none")))


def added(many: Iterable[Counts]) -> Counts:
    """Return the sum of counts, part by part."""
    total = NOTHING
    for counts in many:
        total = tuple(map(add, total, counts))
    return total
