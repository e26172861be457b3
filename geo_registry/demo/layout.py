"""The plan of a district: where its streets run, what stands between them, which community that is.

Seven columns and four rows of superblocks lie north of the river; north and south of 集贤街 the columns
differ, so that most north-south streets end at it. South of the river lie the four villages.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from geo_registry.demo.plan import Box
from geo_registry.demo.streets import Axis

WEST: Final = -70.0
EAST: Final = 2300.0
NORTH: Final = 1190.0
SOUTH: Final = -1010.0
RIVER_Y: Final = -105.0
RIVER_HALF: Final = 36.0

# One letter a superblock, rows from the north: which community (place in _ORDER) and what is built.
_COMMUNITY: Final = ("BBSSSFF", "BLSSSFF", "LLQQDDF", "LLQQDDD")
_BUILT: Final = ("YWSCSTT", "SCPGSTM", "PSSPOOT", "SCSSORR")
FIRST_NUMBER: Final = 218
FIRST_GATE: Final = 0.3
"""Number of the first estate's lane, and where it opens as a share of its superblock's width."""
_ORDER: Final = "QDFBSL"
KINDS: Final = {
    "Y": "yard",
    "W": "dormitory",
    "S": "slab",
    "C": "school",
    "T": "tower",
    "P": "pair",
    "G": "park",
    "M": "mid_rise",
    "O": "old_slab",
    "R": "old_town",
}


@dataclass(frozen=True, slots=True)
class Superblock:
    """Land between streets: `box` between the four axes, `cell` the share of the district it stands for."""

    box: Box
    cell: Box
    community: int
    kind: str
    north: Axis
    south: Axis
    west: Axis
    east: Axis
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Village:
    """A village's share of the land south of the river; `community` counts from 0."""

    cell: Box
    community: int


def _lines(rng: Random, values: tuple[float, ...]) -> list[float]:
    return [round(value + rng.uniform(-14, 14), 1) for value in values]


class District:
    """All streets and superblocks of one district."""

    def __init__(self, rng: Random, communities: int, villages: int) -> None:
        self._south = _lines(rng, (0, 318, 640, 985, 1312, 1622, 1926, 2235))
        self._north = _lines(rng, (0, 352, 600, 985, 1262, 1570, 1880, 2235))
        # 西环路, 文昌路 and 望澜路 run through; the others end at 集贤街.
        for column in (0, 3, 7):
            self._north[column] = self._south[column]
        self._rows = _lines(rng, (0, 285, 562))
        self._upper = _lines(rng, (1112, 852, 815, 846))
        self.axes = self._east_west() + self._north_south()
        self._by_name = {axis.name: axis for axis in self.axes}
        self.superblocks = [
            block
            for row in range(4)
            for column in range(7)
            if (block := self._superblock(row, column)).community < communities
        ]
        self._pace()
        self.villages = [village for village in self._villages() if village.community < villages]
        self.bridges = (self._south[3], self._south[6])

    def _east_west(self) -> list[Axis]:
        xs, xn, ys, yn = self._south, self._north, self._rows, self._upper
        return [
            Axis("柳荫街", True, ys[0], xs[0], xs[7], 0.1),
            Axis("映月路", True, ys[1], xs[0], xs[5], 0.5),
            Axis("东渡街", True, ys[1], xs[5], xs[7], 0.8),
            Axis("集贤街", True, ys[2], xs[0], xs[7], 0.18),
            Axis("仓前街", True, yn[1], xn[0], xn[2], 0.3),
            Axis("书院街", True, yn[2], xn[2], xn[5], 0.4),
            Axis("枫桥街", True, yn[3], xn[5], xn[7], 0.2),
            Axis("北环路", True, yn[0], xn[0], xn[7], 0.0),
        ]

    def _north_south(self) -> list[Axis]:
        xs, xn, ys, yn = self._south, self._north, self._rows, self._upper
        south = ("", "桑园街", "竹衍街", "", "石桥路", "渡口路", "盐仓路", "")
        north = ("", "北门大街", "学前街", "", "青石街", "枫林路", "丹枫路", "")
        through = {0: "西环路", 3: "文昌路", 7: "望澜路"}
        found = [Axis(name, False, xs[i], ys[0], yn[0], 0.1) for i, name in through.items()]
        found += [Axis(name, False, xs[i], ys[0], ys[2], 0.08) for i, name in enumerate(south) if name]
        found += [Axis(name, False, xn[i], ys[2], yn[0], 0.08) for i, name in enumerate(north) if name]
        return found

    def _between(self, row: int, column: int) -> tuple[Axis, Axis]:
        """Return the axes north and south of a superblock."""
        upper = "仓前街" if column < 2 else "书院街" if column < 5 else "枫桥街"
        middle = "映月路" if column < 5 else "东渡街"
        chain = ("北环路", upper, "集贤街", middle, "柳荫街")
        return self._by_name[chain[row]], self._by_name[chain[row + 1]]

    def _superblock(self, row: int, column: int) -> Superblock:
        xs = self._north if row < 2 else self._south
        north, south = self._between(row, column)
        sides = [
            next(a for a in self.axes if not a.is_east_west and a.at == xs[i] and a.low <= south.at < a.high)
            for i in (column, column + 1)
        ]
        box = Box(xs[column], south.at, xs[column + 1], north.at)
        cell = Box(
            WEST if column == 0 else box.west,
            RIVER_Y if row == 3 else box.south,
            EAST if column == 6 else box.east,
            NORTH if row == 0 else box.north,
        )
        community = _ORDER.index(_COMMUNITY[row][column])
        kind = KINDS[_BUILT[row][column]]
        return Superblock(
            box, cell, community, kind, north, south, sides[0], sides[1], (row, column) == (3, 3)
        )

    def _pace(self) -> None:
        """Space the numbers of 映月路 so that the gate of the first estate is 218弄."""
        axis, box = self._by_name["映月路"], self._superblock(3, 3).box
        axis.step_m = 2 * (axis.high - (box.west + FIRST_GATE * box.width)) / FIRST_NUMBER

    def _villages(self) -> list[Village]:
        middle = self._south[3] + 190
        return [
            Village(Box(WEST, -560.0, middle, RIVER_Y), 0),
            Village(Box(middle, -590.0, EAST, RIVER_Y), 1),
            Village(Box(middle, SOUTH, EAST, -590.0), 2),
            Village(Box(WEST, SOUTH, middle, -560.0), 3),
        ]
