"""The old quarter: narrow streets, lanes with sub-lanes, rows of small houses let room by room."""

import math
from dataclasses import dataclass
from typing import Final

from geo_registry.demo.layout import Superblock
from geo_registry.demo.plan import Box
from geo_registry.demo.records import Address
from geo_registry.demo.sketch import Site, Sketch, Stack
from geo_registry.demo.streets import Axis, narrow

_NAMES: Final = (
    "渡船街",
    "盐仓街",
    "豆市街",
    "竹行街",
    "打铁街",
    "米市街",
    "油车街",
    "染坊街",
    "纸马街",
    "箍桶街",
)
_STREET_HALF: Final = 5.0
_PITCH: Final = 20.5


@dataclass(frozen=True, slots=True)
class _Island:
    land: Box
    axis: Axis
    community: str


def fill(sketch: Sketch, block: Superblock, land: Box, community: str) -> None:
    """Cut the land into islands by narrow streets and build each."""
    rng, box = sketch.rng, block.box
    used = sum(street.name in _NAMES for street in sketch.streets)
    y = box.south + box.height * rng.uniform(0.42, 0.58)
    across = narrow(sketch, _NAMES[used % 10], is_east_west=True, at=y, low=box.west, high=box.east)
    halves = (
        (y + _STREET_HALF, land.north, block.north, y, box.north),
        (land.south, y - _STREET_HALF, across, box.south, y),
    )
    for count, (south, north, axis, low, high) in enumerate(halves, start=1):
        x = box.west + box.width * rng.uniform(0.36, 0.64)
        narrow(sketch, _NAMES[(used + count) % 10], is_east_west=False, at=x, low=low, high=high)
        for west, east in ((land.west, x - _STREET_HALF), (x + _STREET_HALF, land.east)):
            _island(sketch, _Island(Box(west, south, east, north), axis, community))


def _island(sketch: Sketch, island: _Island) -> None:
    """Build an island: a row on the street, behind it one lane with a sub-lane between each two rows."""
    rng, land = sketch.rng, island.land
    rows = max(2, int(land.height / _PITCH))
    pitch = land.height / rows
    spine = land.west + land.width * rng.uniform(0.4, 0.6)
    lane_number = island.axis.number(spine, land.north)
    lane = sketch.add_street(
        "lane",
        f"{lane_number}弄",
        [[(spine, island.axis.at), (spine, land.south + pitch * 0.4)]],
        parent=island.axis.external_id,
    )
    for row in range(rows):
        y = land.north - 6.2 - pitch * row
        address = Address(island.community, island.axis.name)
        if row:
            address = Address(island.community, island.axis.name, f"{lane_number}弄", f"{row}支弄")
            ends = (land.west + 3, y + pitch / 2), (land.east - 3, y + pitch / 2)
            sketch.add_street("sub_lane", address.sub_lane, [list(ends)], parent=lane)
        _row(sketch, island, address, y, spine)
    sketch.add_surface("residential", list(land.corners))


def _row(sketch: Sketch, island: _Island, address: Address, y: float, spine: float) -> None:
    rng, land = sketch.rng, island.land
    at, count = land.east - rng.uniform(0.5, 4), 0
    while at > land.west + 9:
        width, depth = rng.uniform(10.5, 17.0), rng.uniform(9.0, 11.4)
        x = at - width / 2
        at -= width + (1.6 if rng.random() < 0.75 else rng.uniform(3.5, 9))
        if abs(x - spine) < width / 2 + 3.2 or x - width / 2 < land.west:
            continue
        count += 1
        _house(
            sketch,
            island,
            address,
            Site(x, y + rng.uniform(-0.7, 0.7), width, depth, math.pi, rng.uniform(-0.03, 0.03)),
            count,
        )


def _house(sketch: Sketch, island: _Island, address: Address, site: Site, count: int) -> None:
    rng = sketch.rng
    number = count if address.lane else island.axis.number(site.x, island.land.north)
    full = Address(
        address.community_code, address.street, address.lane, address.sub_lane, number=f"{number}号"
    )
    floors = rng.choices((2, 3), (3, 1))[0]
    per_floor = 3 if site.width > 14 else 2
    area = site.width * site.depth / per_floor * 0.9
    w, d = site.width / 2, site.depth / 2
    notch = rng.uniform(0.2, 0.5) * d
    # Every third house has a small yard cut out of its back.
    shape = (
        [(-w, -d), (w, -d), (w, d - notch), (w * 0.2, d - notch), (w * 0.2, d), (-w, d)]
        if rng.random() < 0.35
        else None
    )
    sketch.add_building(
        site,
        full,
        Stack(0, per_floor, area),
        style="old",
        use="residential",
        floors=floors,
        year=rng.randint(1935, 1975),
        shape=shape,
    )
