"""Housing estates: parallel slab blocks, high-rise groups, dormitories; each behind one gate of a street."""

import math
from dataclasses import dataclass, replace
from typing import Final

from geo_registry.demo import shops
from geo_registry.demo.layout import FIRST_GATE, FIRST_NUMBER, Superblock
from geo_registry.demo.plan import Box, Point
from geo_registry.demo.records import Address
from geo_registry.demo.sketch import Site, Sketch, Stack
from geo_registry.demo.streets import Axis


@dataclass(frozen=True, slots=True)
class SlabStyle:
    """Measures of a slab estate, metres and rooms."""

    pitch: tuple[float, float]
    depth: float
    entrance_m: float
    per_floor: int
    floors: tuple[int, int]
    years: tuple[int, int]
    area_m2: float
    style: str
    names: str


SLAB: Final = SlabStyle((33.0, 37.5), 12.5, 25.0, 2, (6, 6), (1988, 2004), 62.0, "ordinary", "slab")
OLD_SLAB: Final = SlabStyle((28.0, 31.0), 10.5, 21.0, 2, (4, 5), (1958, 1982), 41.0, "old", "old")
MID_RISE: Final = SlabStyle((46.0, 52.0), 14.0, 27.0, 2, (11, 11), (2006, 2014), 92.0, "tower", "tower")

_GAP_M: Final = 13.0


@dataclass(frozen=True, slots=True)
class _Gate:
    """Where an estate opens to a street, and what its buildings' addresses have in common."""

    axis: Axis
    x: float
    is_north: bool
    address: Address
    estate: str
    uses_lane: bool

    def house(self, count: int) -> Address:
        """Return the address of one house: its number in the lane, or its mark behind the gate number."""
        if self.uses_lane:
            return replace(self.address, number=f"{count}号")
        return replace(self.address, building_no=f"{count}幢")


def _open_gate(sketch: Sketch, block: Superblock, land: Box, community: str, names: str) -> tuple[_Gate, Box]:
    """Choose the gate, number it, set the shops; return the gate and the land behind the shops."""
    rng = sketch.rng
    is_north = block.is_first or rng.random() < 0.5
    axis = block.north if is_north else block.south
    x = (
        block.box.west + block.box.width * FIRST_GATE
        if block.is_first
        else land.west + land.width * rng.uniform(0.35, 0.65)
    )
    y = land.north if is_north else land.south
    number = axis.number(x, y, FIRST_NUMBER if block.is_first else None)
    estate = sketch.estate_name(names, "映月新村" if block.is_first else None)
    uses_lane = block.is_first or rng.random() < (0.4 if names == "tower" else 0.8)
    address = (
        Address(community, axis.name, lane=f"{number}弄")
        if uses_lane
        else Address(community, axis.name, number=f"{number}号")
    )
    gate = _Gate(axis, x, is_north, address, estate, uses_lane)
    side = "north" if is_north else "south"
    inner = shops.shop_sides(
        sketch, block, land, community, {side: x}, always="north" if block.is_first else ""
    )
    return gate, inner


def _close_gate(sketch: Sketch, gate: _Gate, land: Box, lines: list[list[Point]]) -> None:
    parent = gate.axis.external_id
    if gate.uses_lane:
        parent = sketch.add_street("lane", gate.address.lane, lines, parent=parent)
    sketch.add_street("estate", gate.estate, parent=parent)
    sketch.add_surface("residential", list(land.corners))


def _slab_columns(
    sketch: Sketch, land: Box, spine: float, style: SlabStyle, wish: float
) -> list[tuple[float, float]]:
    """Return (centre, width) of the slabs of a row, from the east, leaving the lane at `spine` free."""
    found = []
    for west, east in ((land.west, spine - 5.5), (spine + 5.5, land.east)):
        count = max(1, round((east - west + _GAP_M) / (wish + _GAP_M)))
        width = (east - west - _GAP_M * (count - 1)) / count
        if width < style.entrance_m * 0.75:
            continue
        found += [(west + width / 2 + (width + _GAP_M) * i, width) for i in range(count)]
    return [(x, width * sketch.rng.uniform(0.94, 1.0)) for x, width in sorted(found, reverse=True)]


def _is_court(x: float, y: float, court: Box | None) -> bool:
    return court is not None and court.west < x < court.east and court.south < y < court.north


def slabs(sketch: Sketch, block: Superblock, land: Box, community: str, style: SlabStyle) -> None:
    """Build an estate of parallel slabs, numbered in an S from the north-east."""
    rng = sketch.rng
    gate, inner = _open_gate(sketch, block, land, community, style.names)
    rows = max(2, int((inner.height + 8) / rng.uniform(*style.pitch)))
    if block.is_first:
        rows = 6
    pitch = inner.height / rows
    year, floors = rng.randint(*style.years), rng.randint(*style.floors)
    wish = 60.0 if block.is_first else rng.choice((2, 2, 2.3, 3)) * style.entrance_m
    columns = _slab_columns(sketch, inner, gate.x, style, wish)
    x, y = inner.centre
    court = None
    if not block.is_first and len(columns) > 2 and rng.random() < 0.5:
        reach_x, reach_y = inner.width * 0.2, pitch * 0.9
        court = Box(x - reach_x, y - reach_y, x + reach_x, y + reach_y)
    lines = [[(gate.x, gate.axis.at), (gate.x, inner.south + 2 if gate.is_north else inner.north - pitch)]]
    count = 0
    for row in range(rows):
        middle = inner.north - pitch * (row + 0.5) + 2.5
        lines.append([(inner.west, middle - style.depth / 2 - 6), (inner.east, middle - style.depth / 2 - 6)])
        for x, width in columns if row % 2 == 0 else columns[::-1]:
            if _is_court(x, middle, court):
                continue
            count += 1
            entrances = 2 if block.is_first else max(1, round(width / style.entrance_m))
            site = Site(
                x, middle, width, style.depth + rng.uniform(-0.8, 0.8), spin=rng.uniform(-0.006, 0.006)
            )
            sketch.add_building(
                site,
                gate.house(count),
                Stack(entrances, style.per_floor, style.area_m2),
                style=style.style,
                use="residential",
                floors=floors,
                year=1998 if block.is_first else year + row // 3,
                estate=gate.estate,
                below=1 if floors > 6 else 0,
            )
    if court is not None:
        green = court.inset(6, 8, 6, 8)
        sketch.add_surface("residential", list(inner.corners))
        sketch.add_surface("green", shops.blob(sketch, *green.centre, green.width * 0.4, green.height * 0.36))
    _close_gate(sketch, gate, inner, lines)


def _tower_shape(width: float, depth: float) -> list[Point]:
    """Return the outline of a point block: a body with a set-back wing on each side."""
    w, d = width / 2, depth / 2
    return [
        (-w, -d * 0.55),
        (-w * 0.42, -d * 0.55),
        (-w * 0.42, -d),
        (w * 0.42, -d),
        (w * 0.42, -d * 0.55),
        (w, -d * 0.55),
        (w, d * 0.6),
        (w * 0.3, d * 0.6),
        (w * 0.3, d),
        (-w * 0.3, d),
        (-w * 0.3, d * 0.6),
        (-w, d * 0.6),
    ]


def towers(sketch: Sketch, block: Superblock, land: Box, community: str) -> None:
    """Build a high-rise estate: staggered point blocks around a green with a pond, a ring road."""
    rng = sketch.rng
    gate, inner = _open_gate(sketch, block, land, community, "tower")
    columns, rows = max(2, round(inner.width / 84)), max(2, round(inner.height / 74))
    wide, tall = inner.width / columns, inner.height / rows
    year, count = rng.randint(2009, 2020), 0
    x0, y0 = inner.centre
    for row in range(rows):
        shift = wide * (0.16 if row % 2 else -0.16)
        order = range(columns) if row % 2 else range(columns - 1, -1, -1)
        for column in order:
            x = inner.west + wide * (column + 0.5) + shift
            y = inner.north - tall * (row + 0.5) + rng.uniform(-3, 3)
            if abs(x - gate.x) < 22:
                x += 24 - abs(x - gate.x) if x >= gate.x else abs(x - gate.x) - 24
            if math.hypot((x - x0) / inner.width, (y - y0) / inner.height) < 0.16:
                continue
            count += 1
            site = Site(x, y, 32.0, 21.0, spin=rng.uniform(-0.02, 0.02))
            sketch.add_building(
                site,
                gate.house(count),
                Stack(1, 4, 88.0),
                style="tower",
                use="residential",
                floors=rng.randint(18, 26),
                year=year,
                estate=gate.estate,
                below=2,
                shape=_tower_shape(32.0, 21.0),
            )
    lines = [[(gate.x, gate.axis.at), (gate.x, inner.north - 3 if gate.is_north else inner.south + 3)]]
    _close_gate(
        sketch, gate, inner, [*lines, [*inner.inset(-1, 1, -1, 1).corners, (inner.west - 1, inner.south + 1)]]
    )
    sketch.add_surface("green", shops.blob(sketch, x0, y0, inner.width * 0.13, inner.height * 0.12))
    sketch.add_surface("water", shops.blob(sketch, x0, y0, inner.width * 0.06, inner.height * 0.05))


def dormitories(sketch: Sketch, block: Superblock, land: Box, community: str) -> None:
    """Build a workers' quarter: four dormitory slabs beside halls."""
    west, east = land.inset(3, 3, land.width * 0.52, 3), land.inset(land.width * 0.5, 3, 3, 3)
    shops.workshops(sketch, block.south, west, community, "北门工业园")
    axis = block.north
    number = f"{axis.number(east.centre[0], land.north)}号"
    pitch = east.height / 4
    for row in range(4):
        site = Site(east.centre[0], east.north - pitch * (row + 0.5), min(60.0, east.width - 20), 16)
        address = Address(community, axis.name, number=number, building_no=f"{row + 1}幢")
        sketch.add_building(
            site,
            address,
            Stack(0, 12, 26.0),
            style="dormitory",
            use="dormitory",
            floors=5,
            year=2008,
            estate="北门公寓",
        )
    sketch.add_surface("residential", list(east.corners))
