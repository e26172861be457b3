"""Zones among the replies: every answer of the real tree, of blocks, zones and sets, and nothing to subtract."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np
import pytest

from geo_registry.measure.figures import COUNTS, Key, Tree, _Row
from geo_registry.measure.places import SET_OF_BLOCKS, Place
from geo_registry.measure.reads import _told
from geo_registry.measure.rules import FLOOR, TOO_FEW

CITIES = 1_000
WEEKS = 3
MET, REGISTERED = COUNTS.index("persons_met"), COUNTS.index("persons_registered")
RATE = "registration_rate"


@dataclass(frozen=True)
class Town:
    """A district: the community and township of each leaf, its counts by week, and the zones of each week."""

    areas: dict[UUID, tuple[UUID, UUID | None]]
    counts: dict[UUID, np.ndarray]  # weeks x (met, registered)
    zones: tuple[dict[UUID, UUID], ...]  # by week: block -> zone

    def rows(self, week: int, expand: set[UUID] | None, *, has_zones: bool = True) -> list[_Row]:
        """Return what the database answers for a week, with the leaves of some communities (None: of all)."""
        rows: list[_Row] = []
        closed: dict[tuple[UUID, UUID], list[UUID]] = {}
        for leaf, (township, community) in self.areas.items():
            if expand is None or community is None or community in expand:
                zone = self.zones[week].get(leaf) if has_zones else None
                rows.append(
                    _Row(DISTRICT, township, community, zone, leaf, True, 1, self._counts([leaf], week))
                )
            else:
                closed.setdefault((township, community), []).append(leaf)
        rows += [
            _Row(DISTRICT, township, community, None, None, True, len(leaves), self._counts(leaves, week))
            for (township, community), leaves in closed.items()
        ]
        return rows

    def tree(self, week: int, expand: set[UUID] | None = None, *, has_zones: bool = True) -> Tree:
        """Return the tree of a week."""
        tree = Tree(FLOOR)
        for row in self.rows(week, expand, has_zones=has_zones):
            tree.add(row)
        return tree

    def _counts(self, leaves: Iterable[UUID], week: int) -> tuple[int, ...]:
        total = [0] * len(COUNTS)
        for leaf in leaves:
            total[0] += 1
            total[MET] += int(self.counts[leaf][week][0])
            total[REGISTERED] += int(self.counts[leaf][week][1])
        return tuple(total)

    @cached_property
    def leaves(self) -> dict[UUID | None, frozenset[UUID]]:
        """The leaves in each area."""
        found: dict[UUID | None, set[UUID]] = {DISTRICT: set(self.areas)}
        for leaf, areas in self.areas.items():
            for area in areas:
                found.setdefault(area, set()).add(leaf)
        return {area: frozenset(leaves) for area, leaves in found.items()}

    def leaves_of(self, key: Key, week: int) -> frozenset[UUID]:
        """Return the leaves in a node."""
        if key[0] == "leaf":
            return frozenset({key[1]})
        if key[0] == "area":
            return self.leaves[key[1]]
        around = self.leaves_of(("area", key[-1]), week)
        return frozenset(leaf for leaf in around if self.zones[week].get(leaf) == key[1])

    def met(self, leaves: frozenset[UUID], week: int) -> int:
        """Return how many were met in some leaves up to a week."""
        return sum(int(self.counts[leaf][week][0]) for leaf in leaves)

    def row(self, leaves: frozenset[UUID]) -> np.ndarray:
        """Return the equation that a figure of some leaves gives."""
        return np.array([float(leaf in leaves) for leaf in self.areas])

    def may_not_be_learned(self, key: Key, week: int) -> bool:
        """Tell whether a node has a number that nobody may learn."""
        leaves = self.leaves_of(key, week)
        n, k = (int(one) for one in sum(self.counts[leaf][week] for leaf in leaves))
        is_whole = any(leaves == self.leaves[areas[1]] for areas in self.areas.values() if areas[1])
        is_small = len(leaves) < 2 or (key[0] == "zone" and not is_whole)
        return min(n, k, n - k if is_small else FLOOR) < FLOOR


DISTRICT = UUID(int=1)


def random_town(rng: random.Random) -> Town:
    """Return a district of a few communities, with zones inside and across them that come and go."""
    areas: dict[UUID, tuple[UUID, UUID | None]] = {}
    for t in range(rng.randint(1, 2)):
        township = UUID(int=10 + t)
        for c in range(rng.randint(1, 3)):
            for b in range(rng.randint(1, 7)):
                areas[UUID(int=1000 + 100 * t + 10 * c + b)] = township, UUID(int=100 + 10 * t + c)
        if rng.random() < 0.2:
            areas[township] = township, None
    size, share = rng.choice((15, 40, 60, 120)), rng.choice((0.1, 0.5, 0.7, 0.85, 0.96, 1.0))
    counts = {}
    for leaf in areas:
        met = np.cumsum([rng.choice((0, rng.randint(0, 9), rng.randint(0, size))) for _ in range(WEEKS)])
        hits = [int(sum(rng.random() < share for _ in range(n))) for n in np.diff(met, prepend=0)]
        counts[leaf] = np.column_stack((met, np.cumsum(hits)))
    blocks = [leaf for leaf, (_, community) in areas.items() if community]
    lives = {z: (rng.randint(0, 1), rng.randint(1, WEEKS)) for z in range(3)}
    member = {block: rng.randint(0, 2) for block in blocks if rng.random() < 0.6}
    zones = tuple(
        {block: UUID(int=50 + z) for block, z in member.items() if lives[z][0] <= week < lives[z][1]}
        for week in range(WEEKS)
    )
    return Town(areas, counts, zones)


Reply = tuple[int, frozenset[UUID]]


def nodes_told(town: Town, week: int, *, has_zones: bool = True) -> set[Reply]:
    """Return the nodes of a week that are told with their value."""
    tree = town.tree(week, has_zones=has_zones)
    return {
        (week, town.leaves_of(key, week)) for key in tree.nodes if tree.shown(RATE, key) == "value"
    }  # fmt: skip


def replies_of(town: Town, week: int, rng: random.Random) -> set[Reply]:
    """Return all that is told with its value: of nodes, of zones, and of sets that cut across."""
    tree, told = town.tree(week), nodes_told(town, week)
    drawn = tuple(leaf for leaf, areas in town.areas.items() if areas[1] and rng.random() < 0.6)
    places = [Place(zone, "zone") for zone in set(town.zones[week].values())]
    for place in (*places, Place(SET_OF_BLOCKS, "blocks", blocks=drawn)):
        found = _told(tree, place)
        if found.shown[RATE] == "value":
            leaves = frozenset().union(*(town.leaves_of(key, week) for key in found.keys[RATE]))
            assert found.counts[MET] == town.met(leaves, week) >= TOO_FEW
            told.add((week, leaves))
            # A zone across communities: all of it that holds anybody, or nothing.
            whole = {block for block, own in town.zones[week].items() if own == place.id}
            assert not town.met(frozenset(whole) - leaves, week)
    return told


def attack(town: Town, told: set[Reply], week: int) -> list[Key]:
    """Return the nodes with a small number that some sum and difference of what is told gives.

    What was counted up to a week is a figure of its own: other weeks do not enter its equations.
    """
    known = [town.row(leaves) for _, leaves in told]
    wanted = [key for key in town.tree(week).nodes if town.may_not_be_learned(key, week)]
    if not known or not wanted:
        return []
    _, weights, basis = np.linalg.svd(np.array(known), full_matrices=False)
    basis = basis[weights > 1e-9]
    rows = np.array([town.row(town.leaves_of(key, week)) for key in wanted])
    left = np.abs(rows - rows @ basis.T @ basis).max(axis=1)
    return [key for key, rest in zip(wanted, left, strict=True) if rest < 1e-6]


@pytest.mark.promise("P24")
def test_a_thousand_towns_with_zones_give_away_no_small_number() -> None:
    rng = random.Random(20261123)
    told = zones = 0
    for _ in range(CITIES):
        town = random_town(rng)
        for week in range(WEEKS):
            replies = replies_of(town, week, rng)
            assert attack(town, replies, week) == []
            told += len(replies)
            nodes = town.tree(week).nodes
            zones += sum((week, town.leaves_of(key, week)) in replies for key in nodes if key[0] == "zone")
    assert told > 5_000
    assert zones > 500


def beside_the_tree(town: Town, week: int) -> set[Reply]:
    """Return what zones would tell that are judged by themselves, blocks being told as if there were none."""
    zones = {town.leaves_of(key, week): key for key in town.tree(week).nodes if key[0] == "zone"}
    told = {
        leaves for leaves, key in zones.items()
        if town.met(leaves, week) >= TOO_FEW and not town.may_not_be_learned(key, week)
    }  # fmt: skip
    return {(week, leaves) for leaves in told} | nodes_told(town, week, has_zones=False)


def within_a_week(town: Town, week: int) -> set[Reply]:
    """Return what a week would tell before and after its zones are proposed."""
    return nodes_told(town, week, has_zones=False) | nodes_told(town, week)


@pytest.mark.parametrize("broken", [beside_the_tree, within_a_week])
def test_an_attacker_finds_what_a_broken_rule_gives_away(broken: Callable[[Town, int], set[Reply]]) -> None:
    rng = random.Random(20261124)
    towns = [random_town(rng) for _ in range(200)]
    assert sum(bool(attack(town, broken(town, week), week)) for town in towns for week in range(WEEKS)) > 5


def test_the_same_is_told_at_every_level_and_from_every_corner() -> None:
    """Leaves that a question does not need are not read; what is told does not depend on that."""
    rng = random.Random(20261125)
    compared = 0
    for _ in range(200):
        town = random_town(rng)
        week = rng.randrange(WEEKS)
        whole = town.tree(week)
        communities = sorted({areas[1] for areas in town.areas.values() if areas[1]})
        for expand in (set(), {communities[0]}, set(rng.sample(communities, len(communities) // 2))):
            near = town.tree(week, expand)
            for key in near.nodes:
                for measure in (RATE, "persons", "entry_rate"):
                    assert near.shown(measure, key) == whole.shown(measure, key)
                    compared += 1
                assert near.counts(key) == whole.counts(key)
                assert near.is_empty(RATE, key) == whole.is_empty(RATE, key)
            for zone in set(town.zones[week].values()):
                blocks = tuple(block for block, own in town.zones[week].items() if own == zone)
                if {town.areas[block][1] for block in blocks} <= expand:
                    for place in (
                        Place(zone, "zone", blocks=blocks),
                        Place(SET_OF_BLOCKS, "blocks", blocks=blocks),
                    ):
                        assert _told(near, place) == _told(whole, place)
                        compared += 1
    assert compared > 5_000
