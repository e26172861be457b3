"""Fills each superblock of a district with what the layout says stands there."""

from dataclasses import replace
from typing import Final

from geo_registry.demo import estates, old_town, shops
from geo_registry.demo.layout import Superblock
from geo_registry.demo.plan import Box
from geo_registry.demo.sketch import Sketch
from geo_registry.demo.streets import narrow

# Inner streets that part a superblock, in the order in which they are used.
_PARTING: Final = ("梅园街", "听雨街", "青衣街", "学士街", "长春街", "景行街")
_SCHOOLS: Final = ("望澜小学", "书院小学", "柳荫中学")


def fill(sketch: Sketch, block: Superblock, community: str) -> None:
    """Build one superblock."""
    land = shops.free_land(block)
    match block.kind:
        case "slab":
            estates.slabs(sketch, block, land, community, estates.SLAB)
        case "old_slab":
            estates.slabs(sketch, block, land, community, estates.OLD_SLAB)
        case "mid_rise":
            estates.slabs(sketch, block, land, community, estates.MID_RISE)
        case "tower":
            estates.towers(sketch, block, land, community)
        case "dormitory":
            estates.dormitories(sketch, block, land, community)
        case "yard":
            shops.workshops(sketch, block.south, land.inset(3, 3, 3, 3), community, "北门仓库")
        case "park":
            inner = shops.shop_sides(sketch, block, land, community, {})
            shops.park(sketch, block.north, inner, community, "书院公园")
        case "old_town":
            old_town.fill(sketch, block, land, community)
        case _:
            _parted(sketch, block, community)


def _parted(sketch: Sketch, block: Superblock, community: str) -> None:
    """Part a superblock by an inner street; a school or an estate on one side, an estate on the other."""
    rng, box = sketch.rng, block.box
    taken = sum(street.name in _PARTING for street in sketch.streets)
    at = box.west + box.width * rng.uniform(0.4, 0.6)
    axis = narrow(sketch, _PARTING[taken % 6], is_east_west=False, at=at, low=box.south, high=box.north)
    west = replace(block, box=Box(box.west, box.south, at, box.north), east=axis)
    east = replace(block, box=Box(at, box.south, box.east, box.north), west=axis)
    if block.kind == "school":
        land = shops.free_land(west)
        shops.school(sketch, block.south, land.inset(3, 3, 3, 3), community, _SCHOOLS[block.community % 3])
    else:
        estates.slabs(sketch, west, shops.free_land(west), community, estates.SLAB)
    estates.slabs(sketch, east, shops.free_land(east), community, estates.SLAB)
