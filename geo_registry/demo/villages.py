"""Villages: winding roads, scattered houses with groups or hamlets, annexes with a 附号, ponds and woods."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shapely import Polygon, STRtree, buffer, union_all
from shapely import box as shapely_box
from shapely.affinity import rotate
from shapely.geometry import LineString

from geo_registry.demo import names, shops
from geo_registry.demo.layout import Village
from geo_registry.demo.plan import Box, Point
from geo_registry.demo.records import Address
from geo_registry.demo.sketch import Site, Sketch, Stack
from geo_registry.demo.streets import narrow

MARKET_VILLAGE: Final = 3
_BANK: Final = 75.0
_ROADS: Final = (("柳溪路", "柳湾路"), ("荷风路", "荷塘路"), ("白渡路", "渡南路"), ("湾头路", "湾南路"))


@dataclass(frozen=True, slots=True)
class _House:
    x: float
    y: float
    width: float
    depth: float
    angle: float
    outline: Polygon


def _house(sketch: Sketch, x: float, y: float, width: float, depth: float, angle: float) -> _House:
    """Return a house at a plan point; its outline is in bent metres, where houses must keep apart."""
    at_x, at_y = sketch.frame.metres(x, y)
    plain = shapely_box(at_x - width / 2, at_y - depth / 2, at_x + width / 2, at_y + depth / 2)
    outline = rotate(plain, sketch.frame.heading(x, y) + angle, origin=(at_x, at_y), use_radians=True)
    return _House(x, y, width, depth, angle, outline)


def _bent(sketch: Sketch, line: Sequence[Point]) -> list[Point]:
    return [sketch.frame.metres(x, y) for x, y in line]


def build(sketch: Sketch, village: Village, community: str, through: list[list[Point]]) -> None:
    """Build one village; `through` are the roads already there, on the plan."""
    land = village.cell.inset(26, 26, 26, _BANK if village.community < 2 else 26)
    roads = _roads(sketch, village, land)
    ponds = [
        shops.blob(sketch, *_anywhere(sketch, land), sketch.rng.uniform(18, 42), sketch.rng.uniform(14, 26))
        for _ in range(4)
    ]
    market = _market(sketch, land, community) if village.community == MARKET_VILLAGE else None
    tracks = [LineString(_bent(sketch, road)) for road in roads + through]
    lakes = [Polygon(_bent(sketch, pond)) for pond in ponds]
    barred = union_all([buffer(track, 7.5) for track in tracks] + [buffer(lake, 5) for lake in lakes])
    if market is not None:
        barred = barred.union(Polygon(_bent(sketch, market.corners)))
    houses: list[_House] = []
    for road in roads:
        _along(sketch, road, land, barred, houses)
    _number(sketch, village, community, houses, barred)
    for pond, lake in zip(ponds, lakes, strict=True):
        if not any(lake.intersects(track) for track in tracks):
            sketch.add_surface("water", pond)
    _woods(sketch, land, houses, tracks)


def _anywhere(sketch: Sketch, land: Box) -> Point:
    return sketch.rng.uniform(land.west + 50, land.east - 50), sketch.rng.uniform(
        land.south + 40, land.north - 40
    )


def _roads(sketch: Sketch, village: Village, land: Box) -> list[list[Point]]:
    """Draw a winding road from side to side and a branch; return them on the plan."""
    rng = sketch.rng
    # The market lies at the southern edge of its village: the roads keep north of it.
    has_market = village.community == MARKET_VILLAGE
    low, high = (0.56, 0.68) if has_market else (0.4, 0.6)
    y0, phase = land.south + land.height * rng.uniform(low, high), rng.uniform(0, math.tau)
    swing, waves = land.height * rng.uniform(0.12, 0.2), rng.uniform(1.1, 1.8)
    cell = village.cell
    main = []
    for i in range(61):
        x = cell.west + cell.width * i / 60
        fade = min(1.0, i / 6, (60 - i) / 6)
        bend = math.sin(phase + waves * math.tau * i / 60) + 0.25 * math.sin(
            phase * 2 + 3.3 * waves * math.tau * i / 60
        )
        main.append((x, y0 + fade * swing * bend))
    foot = main[rng.choice((18, 22, 38, 42))]
    is_up = has_market or foot[1] < land.centre[1]
    reach = (land.north - foot[1]) if is_up else (land.south - foot[1])
    drift = rng.choice((-4.0, 2.5, 5.0))
    branch = [
        (foot[0] + 38 * math.sin(i / 20 * 4.4) + i * drift, foot[1] + reach * 0.92 * i / 20)
        for i in range(21)
    ]
    for name, road in zip(_ROADS[village.community], (main, branch), strict=True):
        sketch.add_street("street", name, [road])
    return [main, branch]


def _market(sketch: Sketch, land: Box, community: str) -> Box:
    """Build the old market street of the rural town; return the land it takes."""
    # It ends at the country road, which crosses the river 190 m west of the village's eastern edge.
    x = land.east + 26 - 190 - 205
    axis = narrow(sketch, "柳河老街", is_east_west=True, at=land.south + 36, low=x - 170, high=x + 170)
    for edge, turn in ((axis.at + 7, 0.0), (axis.at - 7, math.pi)):
        shops.shop_row(
            sketch, axis, community, start=axis.low, end=axis.high, edge=edge, turn=turn, gate=-1e9
        )
    sketch.add_surface(
        "commercial",
        [(x - 172, axis.at - 24), (x + 172, axis.at - 24), (x + 172, axis.at + 24), (x - 172, axis.at + 24)],
    )
    return Box(x - 180, axis.at - 28, x + 180, axis.at + 28)


def _along(sketch: Sketch, road: list[Point], land: Box, barred: Polygon, houses: list[_House]) -> None:
    """Scatter houses on both sides of a road, in clusters, clear of roads, water and one another."""
    rng = sketch.rng
    line = LineString(road)
    edge = land.inset(12, 12, 12, 12)
    at = 15.0
    while at < line.length - 15:
        at += rng.uniform(4.5, 8) if rng.random() < 0.96 else rng.uniform(50, 110)
        here, ahead = line.interpolate(at - 1), line.interpolate(at + 1)
        angle = math.atan2(ahead.y - here.y, ahead.x - here.x)
        side, ring = rng.choice((1, -1)), rng.choices((0, 1, 2), (6, 3, 2))[0]
        off = side * (rng.uniform(16, 22) + ring * 19)
        house = _house(
            sketch,
            here.x - math.sin(angle) * off,
            here.y + math.cos(angle) * off,
            rng.uniform(10, 14.5),
            rng.uniform(8.5, 11.5),
            _towards_south(angle) + rng.uniform(-0.16, 0.16),
        )
        outline = buffer(house.outline, 3.5)
        near = [other for other in houses if math.hypot(other.x - house.x, other.y - house.y) < 40]
        if (
            edge.west < house.x < edge.east
            and edge.south < house.y < edge.north
            and not outline.intersects(barred)
            and not any(o.outline.intersects(outline) for o in near)
        ):
            houses.append(house)


def _towards_south(angle: float) -> float:
    """Turn a road's direction so that a house along it looks south, never north."""
    turned = math.atan(math.tan(angle))
    return max(-0.5, min(0.5, turned))


def _number(sketch: Sketch, village: Village, community: str, houses: list[_House], barred: Polygon) -> None:
    """Give houses their groups (or hamlets) and numbers from west to east, and some an annex with a 附号."""
    kind = village.community
    ordered = sorted(houses, key=lambda house: (house.x, house.y))
    share = -(-len(ordered) // 4) if ordered else 1
    standing = [house.outline for house in houses]
    parents: dict[str, str] = {}
    for rank, house in enumerate(ordered):
        part, within = divmod(rank, share)
        address = _group(sketch, kind, community, part, parents)
        number = within + 1
        _dwelling(sketch, house, replace(address, number=f"{number}号"))
        if sketch.rng.random() < (0.3 if kind == 2 else 0.12):
            annex = _annex(sketch, house)
            around = buffer(annex.outline, 2.0)
            if not around.intersects(barred) and not any(around.intersects(other) for other in standing):
                standing.append(annex.outline)
                _dwelling(sketch, annex, replace(address, number=f"{number}号附1号"))


def _group(sketch: Sketch, kind: int, community: str, part: int, parents: dict[str, str]) -> Address:
    """Return the address of the part-th group; its hamlet and group are drawn when they are new."""
    hamlet = names.HAMLETS[part] if kind == 1 else ("湾南" if part > 1 else "湾北") if kind == 3 else ""
    group = "" if kind == 1 else f"{part % 2 + 1 if kind == 3 else part + 1}组"
    if hamlet and hamlet not in parents:
        parents[hamlet] = sketch.add_street("hamlet", hamlet, community=community)
    if group and hamlet + group not in parents:
        parents[hamlet + group] = sketch.add_street(
            "group", group, parent=parents.get(hamlet), community=community
        )
    return Address(community, hamlet=hamlet, group=group)


def _annex(sketch: Sketch, house: _House) -> _House:
    off = house.width / 2 + 6.0
    x, y = house.x + off * math.cos(house.angle), house.y + off * math.sin(house.angle)
    return _house(sketch, x, y, 5.5, 6.5, house.angle)


def _dwelling(sketch: Sketch, house: _House, address: Address) -> None:
    rng = sketch.rng
    floors = 1 if "附" in address.number else rng.choices((1, 2, 3), (2, 6, 3))[0]
    w, d = house.width / 2, house.depth / 2
    shape, door_at = None, 0.35
    if house.width > 9 and rng.random() < 0.45:
        side = rng.choice((1, -1))
        wing, door_at = side * w, 0.5 + side * 0.25
        inner, porch = 0.1 * wing, -d * 0.45
        shape = [(inner, porch), (inner, -d), (wing, -d), (wing, d), (-wing, d), (-wing, porch)]
    site = Site(house.x, house.y, house.width, house.depth, spin=house.angle)
    sketch.add_building(
        site,
        address,
        Stack(0, 0, house.width * house.depth * floors * 0.9),
        style="village",
        use="residential",
        floors=floors,
        year=rng.randint(1978, 2019),
        shape=shape,
        door_at=door_at,
    )


def _woods(sketch: Sketch, land: Box, houses: list[_House], roads: list[LineString]) -> None:
    tree = STRtree([house.outline for house in houses] + roads)
    for _ in range(9):
        outline = shops.blob(
            sketch, *_anywhere(sketch, land), sketch.rng.uniform(25, 60), sketch.rng.uniform(20, 38)
        )
        if len(tree.query(buffer(Polygon(_bent(sketch, outline)), 6), predicate="intersects")) == 0:
            sketch.add_surface("green", outline)
