"""Street-front shops and the other buildings nobody lives in: workshops, schools, pavilions."""

import math
from typing import Final

from geo_registry.demo.layout import Superblock
from geo_registry.demo.plan import Box
from geo_registry.demo.records import Address
from geo_registry.demo.sketch import Site, Sketch, Stack
from geo_registry.demo.streets import Axis

ROAD_HALF_M: Final = 11.0
SHOP_DEPTH_M: Final = 13.0
GATE_HALF_M: Final = 7.0
NO_ROOMS: Final = Stack(0, 0, 0.0)


def free_land(block: Superblock) -> Box:
    """Return the land of a superblock between its pavements."""
    return block.box.inset(ROAD_HALF_M, ROAD_HALF_M, ROAD_HALF_M, ROAD_HALF_M)


def _add_shop(sketch: Sketch, axis: Axis, site: Site, community: str) -> None:
    floors = sketch.rng.choices((1, 2, 3), (5, 4, 1))[0]
    address = Address(community, axis.name, number=f"{axis.number(site.x, site.y)}号")
    stack = Stack(0, 0, site.width * site.depth * floors)
    year = sketch.rng.randint(1985, 2015)
    sketch.add_building(site, address, stack, style="shop", use="commercial", floors=floors, year=year)


def shop_row(
    sketch: Sketch,
    axis: Axis,
    community: str,
    *,
    start: float,
    end: float,
    edge: float,
    turn: float,
    gate: float,
) -> None:
    """Fill one side of a street with shops from `start` to `end`, their fronts on the line `edge`.

    `turn` is the direction the fronts look (plan angle of a building whose front looks south at 0); nothing
    is built within some metres of `gate`, where a lane opens.
    """
    rng = sketch.rng
    at = start
    while at < end - 9:
        width = rng.uniform(8.5, 14.0)
        depth = rng.uniform(9.5, 12.0)
        middle = at + width / 2
        at += width + (1.3 if rng.random() < 0.9 else rng.uniform(6, 22))
        if abs(middle - gate) < GATE_HALF_M + width / 2 or middle + width / 2 > end:
            continue
        inward = edge - depth / 2 if math.cos(turn) < -0.5 or math.sin(turn) > 0.5 else edge + depth / 2
        x, y = (middle, inward) if axis.is_east_west else (inward, middle)
        _add_shop(sketch, axis, Site(x, y, width, depth, turn), community)


def shop_sides(
    sketch: Sketch, block: Superblock, land: Box, community: str, gates: dict[str, float], *, always: str = ""
) -> Box:
    """Put shops on some sides of a superblock; return the land left behind them."""
    taken = {"west": 3.0, "south": 3.0, "east": 3.0, "north": 3.0}
    sides = (
        ("north", block.north, land.west, land.east, land.north, math.pi),
        ("south", block.south, land.west, land.east, land.south, 0.0),
        ("west", block.west, land.south + 16, land.north - 16, land.west, -math.pi / 2),
        ("east", block.east, land.south + 16, land.north - 16, land.east, math.pi / 2),
    )
    for side, axis, start, end, edge, turn in sides:
        if side != always and sketch.rng.random() >= axis.shop_share:
            continue
        gate = gates.get(side, -1e9)
        is_whole = side == always or sketch.rng.random() < 0.45
        ends = (0.0, 0.0) if is_whole else (sketch.rng.uniform(0, 0.2), sketch.rng.uniform(0, 0.4))
        low, high = start + (end - start) * ends[0], end - (end - start) * ends[1]
        shop_row(sketch, axis, community, start=low, end=high, edge=edge, turn=turn, gate=gate)
        taken[side] = SHOP_DEPTH_M + 3.0
    return land.inset(taken["west"], taken["south"], taken["east"], taken["north"])


def workshops(sketch: Sketch, axis: Axis, land: Box, community: str, estate: str) -> None:
    """Fill land with large halls that share one gate number, 1幢 and on."""
    rng = sketch.rng
    number = f"{axis.number(land.centre[0], land.north if axis.at > land.north else land.south)}号"
    columns, rows = max(1, int(land.width / 95)), max(1, int(land.height / 62))
    wide, tall = land.width / columns, land.height / rows
    count = 0
    for row in range(rows):
        for column in range(columns):
            if rng.random() < 0.12:
                continue
            count += 1
            width, depth = wide - rng.uniform(14, 34), tall - rng.uniform(16, 28)
            site = Site(land.west + wide * (column + 0.5), land.north - tall * (row + 0.5), width, depth)
            address = Address(community, axis.name, number=number, building_no=f"{count}幢")
            stack = Stack(0, 0, width * depth)
            year = rng.randint(1978, 2008)
            sketch.add_building(
                site, address, stack, style="public", use="industrial", floors=1, year=year, estate=estate
            )
    sketch.add_surface("commercial", list(land.corners))


def school(sketch: Sketch, axis: Axis, land: Box, community: str, name: str) -> None:
    """Build a school: three or four wings north of a sports field, one gate number."""
    rng = sketch.rng
    number = f"{axis.number(land.centre[0], land.north if axis.at > land.north else land.south)}号"
    field_top = land.south + land.height * 0.42
    oval = _oval(Box(land.west + 8, land.south + 8, land.east - 8, field_top - 8))
    sketch.add_surface("green", oval)
    rows = max(2, int((land.north - field_top) / 38))
    pitch = (land.north - field_top) / rows
    for row in range(rows):
        width = land.width * rng.uniform(0.55, 0.85)
        site = Site(land.centre[0] + rng.uniform(-6, 6), land.north - pitch * (row + 0.5), width, 14)
        address = Address(community, axis.name, number=number, building_no=f"{row + 1}幢")
        stack = Stack(0, 0, width * 14 * 4)
        sketch.add_building(
            site, address, stack, style="public", use="public", floors=4, year=1996, estate=name
        )


def _oval(box: Box) -> list[tuple[float, float]]:
    x, y = box.centre
    # Exponent 0.6 squares the ellipse off, as a running track is.
    return [
        (
            x + box.width / 2 * math.copysign(abs(math.cos(a)) ** 0.6, math.cos(a)),
            y + box.height / 2 * math.copysign(abs(math.sin(a)) ** 0.6, math.sin(a)),
        )
        for a in (math.tau * i / 48 for i in range(48))
    ]


def blob(sketch: Sketch, x: float, y: float, radius_x: float, radius_y: float) -> list[tuple[float, float]]:
    """Return a rounded irregular outline: a pond, a wood."""
    rng = sketch.rng
    waves = [(k, rng.uniform(0.03, 0.13), rng.uniform(0, math.tau)) for k in (2, 3, 5)]
    found = []
    for i in range(44):
        angle = math.tau * i / 44
        reach = 1 + sum(height * math.sin(k * angle + phase) for k, height, phase in waves)
        found.append((x + radius_x * reach * math.cos(angle), y + radius_y * reach * math.sin(angle)))
    return found


def park(sketch: Sketch, axis: Axis, land: Box, community: str, name: str) -> None:
    """Lay out a park with a lake and two pavilions."""
    x, y = land.centre
    sketch.add_surface("green", list(land.corners))
    sketch.add_surface("water", blob(sketch, x - land.width * 0.1, y, land.width * 0.24, land.height * 0.22))
    number = f"{axis.number(x, land.north if axis.at > land.north else land.south)}号"
    for count, (dx, dy) in enumerate(((0.33, 0.3), (0.3, -0.32)), start=1):
        site = Site(x + land.width * dx, y + land.height * dy, 22, 16)
        address = Address(community, axis.name, number=number, building_no=f"{count}幢")
        stack = Stack(0, 0, 352.0)
        sketch.add_building(
            site, address, stack, style="public", use="public", floors=1, year=2003, estate=name
        )
