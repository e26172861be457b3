"""Small counts: an attacker who has every reply, and subtracts, learns none of them (G7)."""

import random
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest

from geo_registry.measure.hiding import Cell, Shown, shown_of
from geo_registry.measure.rules import FLOOR, TOO_FEW, class_of

CITIES = 1_000
WEEKS = 3
SOLVED = 80  # most persons of a group whose every solution is tried
Told = dict[Hashable, Shown]


def tree(*leaves: tuple[int, int], parent: str = "c") -> list[Cell]:
    """Return a community of leaves."""
    cells = [Cell(f"{parent}{i}", parent, n, k) for i, (n, k) in enumerate(leaves)]
    return [Cell(parent, None, sum(n for n, _ in leaves), sum(k for _, k in leaves), is_small=False), *cells]


def test_what_is_large_is_told() -> None:
    assert set(shown_of(tree((100, 60), (200, 170)), fewest=TOO_FEW).values()) == {"value"}


def test_one_small_block_takes_the_smallest_other_with_it() -> None:
    shown = shown_of(tree((12, 8), (300, 250), (90, 60), (400, 300)), fewest=TOO_FEW)
    assert shown == {"c": "value", "c0": "hidden", "c1": "value", "c2": "class", "c3": "value"}


def test_blocks_with_few_misses_tell_their_class_alone() -> None:
    shown = shown_of(tree((100, 95), (100, 93), (100, 80)), fewest=TOO_FEW)
    assert shown == {"c": "value", "c0": "class", "c1": "class", "c2": "value"}


def test_nothing_is_told_below_what_is_not_told() -> None:
    cells = [
        Cell("d", None, 500, 400, is_small=False),
        Cell("t", "d", 20, 15, is_small=False),
        Cell("b", "t", 20, 15),
    ]
    cells += [Cell("u", "d", 480, 385, is_small=False), Cell("x", "u", 480, 385)]
    shown = shown_of(cells, fewest=TOO_FEW)
    assert (shown["d"], shown["t"], shown["b"], shown["u"], shown["x"]) == (
        "value",
        "hidden",
        "hidden",
        "class",
        "hidden",
    )


def test_a_class_is_given_up_where_it_leaves_one_answer() -> None:
    """60 met, 58 registered, two blocks of at least 30 in class 95-99 %: both could only be 29 of 30."""
    assert shown_of(tree((30, 29), (30, 29)), fewest=TOO_FEW) == {
        "c": "value",
        "c0": "hidden",
        "c1": "hidden",
    }


def test_what_is_not_listed_counts_but_is_never_told() -> None:
    cells = [Cell("c", None, 300, 200, is_small=False), Cell("old", "c", 100, 60, is_listed=False)]
    cells += [Cell("a", "c", 90, 60), Cell("b", "c", 110, 80)]
    assert shown_of(cells, fewest=TOO_FEW) == {"c": "value", "old": "hidden", "a": "class", "b": "value"}


@dataclass(frozen=True)
class City:
    """A tree of areas, and for every leaf and week what was counted in it."""

    parents: dict[str, str | None]
    is_small: dict[str, bool]
    flows: dict[str, np.ndarray]  # leaf -> weeks x (n, k)

    @cached_property
    def leaves(self) -> dict[str, list[str]]:
        """The leaves in each area."""
        found: dict[str, list[str]] = {area: [] for area in self.parents}
        for leaf in self.flows:
            above: str | None = leaf
            while above is not None:
                found[above].append(leaf)
                above = self.parents[above]
        return found

    def cells(self, week: int, *, has_hits: bool) -> list[Cell]:
        """Return the cells of a week: everything counted up to it."""
        cells = []
        for area, parent in self.parents.items():
            n, k = sum(self.flows[leaf][: week + 1].sum(axis=0) for leaf in self.leaves[area])
            cells.append(Cell(area, parent, int(n), int(k) if has_hits else None, self.is_small[area]))
        return cells


def random_city(rng: random.Random) -> City:
    """Return a district of townships, communities, zones and leaves, some of them in no community or zone."""
    parents: dict[str, str | None] = {"d": None}
    leaves = []
    for t in range(rng.randint(1, 3)):
        parents[f"t{t}"] = "d"
        for c in range(rng.randint(1, 3)):
            parents[f"t{t}c{c}"] = f"t{t}"
            community = f"t{t}c{c}"
            held = rng.randint(1, 4) if rng.random() < 0.4 else 0
            if held:
                parents[f"{community}z"] = community
            leaves += [(f"{community}z{b}", f"{community}z") for b in range(held)]
            leaves += [(f"{community}b{b}", community) for b in range(rng.randint(not held, 4))]
        if rng.random() < 0.2:
            leaves.append((f"t{t}rest", f"t{t}"))
    parents.update(leaves)
    size, share = rng.choice((4, 15, 40, 120)), rng.choice((0.03, 0.5, 0.85, 0.96, 0.99, 1.0))
    flows = {}
    for leaf, _ in leaves:
        counted = [rng.choice((0, rng.randint(0, 9), rng.randint(0, size))) for _ in range(WEEKS)]
        flows[leaf] = np.array([(n, sum(rng.random() < share for _ in range(n))) for n in counted])
    city = City(parents, {}, flows)
    for area, around in parents.items():
        own = city.leaves[area]
        # A zone is smaller than a community unless it is all of one.
        is_part = area.endswith("z") and len(own) < len(city.leaves[str(around)])
        city.is_small[area] = len(own) < 2 or is_part
    return city


def small_numbers(cell: Cell) -> Iterator[tuple[str, int]]:
    """Give the numbers of a cell that nobody may learn."""
    numbers = {"n": cell.n}
    if cell.k is not None:
        numbers["k"] = cell.k
        if cell.is_small:
            numbers["miss"] = cell.n - cell.k
    yield from ((name, value) for name, value in numbers.items() if value < FLOOR)


def attack_by_subtraction(city: City, replies: list[tuple[list[Cell], Told]]) -> list[Any]:
    """Return the untold cells that some sum and difference of told cells, of any week and level, gives."""
    at = {leaf: i for i, leaf in enumerate(city.flows)}
    told, untold = [], []
    for week, (cells, shown) in enumerate(replies):
        for cell in cells:
            row = np.zeros((len(at), WEEKS))
            row[[at[leaf] for leaf in city.leaves[str(cell.id)]], : week + 1] = 1
            if shown[cell.id] == "value":
                told.append(row.ravel())
            elif any(small_numbers(cell)):
                untold.append((cell, week, row.ravel()))
    if not told or not untold:
        return []
    _, weights, basis = np.linalg.svd(np.array(told), full_matrices=False)
    basis = basis[weights > 1e-9]
    wanted = np.array([row for _, _, row in untold])
    left = np.abs(wanted - wanted @ basis.T @ basis).max(axis=1)
    return [(cell, week) for (cell, week, _), rest in zip(untold, left, strict=True) if rest < 1e-6]


@cache
def classes() -> np.ndarray:
    """Return the class of each (n, k) that a solved group may hold."""
    size = range(SOLVED + 1)
    return np.array([[class_of(100 * k / n) if n else -1 for k in size] for n in size])


def possible(cell: Cell, shown: Shown, size: tuple[int, int], fewest: int) -> np.ndarray:
    """Return which (n, k) of a cell fit what is told of it."""
    n, k = np.indices(size)
    fits = k <= n
    if shown == "class":
        fits &= (n >= fewest) & (classes()[: size[0], : size[1]] == classes()[cell.n, cell.k or 0])
    return fits


def attack_by_classes(untold: list[Cell], shown: Told, fewest: int) -> list[Any]:
    """Return the small numbers of siblings that their sum and their classes leave only one value for."""
    total = sum(cell.n for cell in untold), sum(cell.k or 0 for cell in untold)
    size = total[0] + 1, total[1] + 1
    wide = 2 * size[0], 2 * size[1]
    fits = [possible(cell, shown[cell.id], size, fewest) for cell in untold]
    waves = [np.fft.rfft2(one, wide) for one in fits]
    found: list[Any] = []
    for i, cell in enumerate(untold):
        others = np.zeros(size)
        others[0, 0] = 1
        for j, wave in enumerate(waves):
            if j != i:
                others = (
                    np.fft.irfft2(np.fft.rfft2(others, wide) * wave, wide)[: size[0], : size[1]] > 0.5
                ).astype(float)
        n, k = np.nonzero(fits[i] & (others[::-1, ::-1] > 0))
        answers = {"n": set(n), "k": set(k), "miss": set(n - k)}
        found += [
            (cell, name) for name, _ in small_numbers(cell)
            if len(answers[name]) < 2 and (name != "miss" or total[0] > total[1])
        ]  # fmt: skip
    return found


def check_week(cells: list[Cell], shown: Told, fewest: int) -> int:
    """Check one week's replies; return how many groups with classes were solved in full."""
    solved = 0
    for cell in cells:
        if shown[cell.id] == "value":
            assert cell.n >= fewest
            assert not list(small_numbers(cell)), cell
            children = [one for one in cells if one.parent == cell.id]
            untold = [one for one in children if shown[one.id] != "value"]
            if not untold:
                continue
            assert len(untold) > 1, (cell, untold)
            hits, n = sum(one.k or 0 for one in untold), sum(one.n for one in untold)
            assert n >= FLOOR
            if cell.k is not None and len(untold) < len(children):
                assert hits >= FLOOR
                assert n - hits >= FLOOR or not any(one.is_small for one in untold)
            if n <= SOLVED and any(shown[one.id] == "class" for one in untold):
                assert attack_by_classes(untold, shown, fewest) == []
                solved += 1
        else:
            below = [one for one in cells if one.parent == cell.id]
            assert {shown[one.id] for one in below} <= {"hidden"}
    return solved


@pytest.mark.promise("P24")
@pytest.mark.parametrize(("fewest", "has_hits"), [(TOO_FEW, True), (FLOOR, True), (FLOOR, False)])
def test_no_small_count_of_a_thousand_cities_can_be_worked_out(fewest: int, *, has_hits: bool) -> None:
    rng = random.Random(20261122 + fewest + has_hits)
    told = untold = solved = 0
    for _ in range(CITIES):
        city = random_city(rng)
        replies = []
        for week in range(WEEKS):
            cells = city.cells(week, has_hits=has_hits)
            shown = shown_of(cells, fewest=fewest)
            solved += check_week(cells, shown, fewest)
            replies.append((cells, shown))
            told += sum(one == "value" for one in shown.values())
            untold += sum(one != "value" for one in shown.values())
        assert attack_by_subtraction(city, replies) == []
    assert told > 5_000
    assert untold > 5_000
    assert solved > 300 or not has_hits, solved
