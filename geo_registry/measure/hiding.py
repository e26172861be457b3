"""Small counts stay hidden: which cells of a tree of areas may be told, so that no other gives them away.

A cell is what one area holds of one measure: `n` counted, `k` of them hits. Its parent is the sum of its
children. Three answers: its value, its class alone, or nothing. Decided top-down and from the counts alone:
the same for every viewer, request and zoom.

1. Under the floor nothing is told, and nothing below an area that is not told with its value.
2. A class alone is told where the hits, or in areas smaller than a community the misses, lie under the floor.
3. Among the children of a told parent, those not told are none or at least two, and hold together at least
   the floor of counted, hits and misses; else the smallest told sibling joins them.
4. A class narrows what a cell can be. It is told only while every small number could also be another one.

One thing a total tells in spite of all: where it has no misses, nothing below it has any.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from geo_registry.measure.rules import FLOOR, class_of

Shown = Literal["value", "class", "hidden"]
# What one person may change between two cells that are not told: one more or less, a hit or not, or turning
# from one into the other. Each move of one cell needs its opposite in another, so that their sum stays.
_MOVES = ((1, 1), (1, 0), (-1, -1), (-1, 0), (0, 1), (0, -1))
_OPPOSITE = (2, 3, 0, 1, 5, 4)
_CHANGES = {"n": (0, 1, 2, 3), "k": (0, 2, 4, 5), "miss": (1, 3, 4, 5)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One area's counts; `k` is None where persons alone are counted.

    `is_small` is an area smaller than a community, or one that consists of such an area alone; what is not
    `is_listed` is never told by itself, but is part of its parent.
    """

    id: Hashable
    parent: Hashable | None
    n: int
    k: int | None = None
    is_small: bool = True
    is_listed: bool = True


def shown_of(cells: Iterable[Cell], *, fewest: int = FLOOR, floor: int = FLOOR) -> dict[Hashable, Shown]:
    """Return what may be told of each cell; below `fewest` counted nothing is, 30 for a sample.

    A cell whose parent is not among the cells is a root.
    """
    listed = sorted(cells, key=lambda cell: str(cell.id))
    known = {cell.id for cell in listed}
    children: dict[Hashable | None, list[Cell]] = {}
    for cell in listed:
        children.setdefault(cell.parent if cell.parent in known else None, []).append(cell)
    limits = _Limits(fewest, floor)
    shown: dict[Hashable, Shown] = {}
    pending: list[tuple[Shown, Cell]] = []
    for root in children.get(None, []):
        shown[root.id] = limits.own(root)
        pending.append((shown[root.id], root))
    while pending:
        parent_shown, parent = pending.pop()
        siblings = children.get(parent.id, [])
        decided = _decide(siblings, limits) if parent_shown == "value" else {}
        for cell in siblings:
            shown[cell.id] = decided.get(cell.id, "hidden")
            pending.append((shown[cell.id], cell))
    return shown


@dataclass(frozen=True, slots=True)
class _Limits:
    fewest: int
    floor: int

    def own(self, cell: Cell) -> Shown:
        """Return what a cell's own counts allow."""
        if cell.n < self.fewest or not cell.is_listed:
            return "hidden"
        return "class" if self.small_of(cell) else "value"

    def small_of(self, cell: Cell) -> tuple[str, ...]:
        """Return which numbers of a cell nobody may learn."""
        small = ["n"] if cell.n < self.floor else []
        if cell.k is not None:
            small += ["k"] if cell.k < self.floor else []
            small += ["miss"] if cell.is_small and cell.n - cell.k < self.floor else []
        return tuple(small)


def _decide(siblings: Sequence[Cell], limits: _Limits) -> dict[Hashable, Shown]:
    """Return what may be told of the children of one told parent."""
    shown = {cell.id: limits.own(cell) for cell in siblings}
    # The smallest told one stands last.
    told = sorted((cell for cell in siblings if shown[cell.id] == "value"), key=lambda c: -c.n)
    untold = _Untold([cell for cell in siblings if shown[cell.id] != "value"])
    while untold.cells and told and not untold.is_enough(limits.floor):
        cell = told.pop()
        shown[cell.id] = "hidden" if cell.k is None else "class"
        untold.add(cell)
    _widen(untold.cells, shown, limits)
    return shown


class _Untold:
    """The children that are not told, with their sums kept as they join."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells: list[Cell] = []
        self.n = self.hits = 0
        self.has_small = False
        for cell in cells:
            self.add(cell)

    def add(self, cell: Cell) -> None:
        """Take one more in."""
        self.cells.append(cell)
        self.n += cell.n
        self.hits += cell.n if cell.k is None else cell.k
        self.has_small |= cell.is_small and cell.k is not None

    def is_enough(self, floor: int) -> bool:
        """Tell whether they hide each other."""
        is_covered = len(self.cells) > 1 and self.n >= floor and self.hits >= floor
        return is_covered and (not self.has_small or self.n - self.hits >= floor)


def _widen(untold: Sequence[Cell], shown: dict[Hashable, Shown], limits: _Limits) -> None:
    """Take the class from cells until no small number can be worked out from classes and totals."""
    while classed := [cell for cell in untold if shown[cell.id] == "class"]:
        certain = _certain(untold, shown, limits)
        taken = [cell for cell in classed if cell.id in certain] or (classed if certain else [])
        if not taken:
            return
        for cell in taken:
            shown[cell.id] = "hidden"


def _certain(untold: Sequence[Cell], shown: dict[Hashable, Shown], limits: _Limits) -> set[Hashable]:
    """Return the cells of which a small number has no other value that fits all that is told."""
    moves = {cell.id: _moves(cell, shown[cell.id], limits) for cell in untold}
    offered = Counter(move for own in moves.values() for move in own)
    has_misses = any(cell.n > (cell.k or 0) for cell in untold)
    found = set()
    for cell in untold:
        own = moves[cell.id]
        free = {move for move in own if offered[_OPPOSITE[move]] > (_OPPOSITE[move] in own)}
        for number in limits.small_of(cell):
            if not free.intersection(_CHANGES[number]) and (number != "miss" or has_misses):
                found.add(cell.id)
    return found


def _moves(cell: Cell, shown: Shown, limits: _Limits) -> set[int]:
    """Return the moves after which a cell would still be told in the same way."""
    found = set()
    for move, (more, hits) in enumerate(_MOVES):
        n, k = cell.n + more, (cell.k or 0) + hits
        is_possible = n >= 0 and more == hits if cell.k is None else 0 <= k <= n
        if is_possible and shown == "class":
            before = class_of(100 * (cell.k or 0) / cell.n)
            is_possible = n >= limits.fewest and class_of(100 * k / n) == before
        if is_possible:
            found.add(move)
    return found
