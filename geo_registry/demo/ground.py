"""River, banks, bridges and roads that belong to no single community."""

import math
from random import Random

from geo_registry.demo import names, quarters, villages
from geo_registry.demo.layout import EAST, RIVER_HALF, RIVER_Y, SOUTH, WEST, District
from geo_registry.demo.plan import Frame, Point
from geo_registry.demo.sketch import Sketch
from geo_registry.demo.streets import draw

URBAN: int = 1
RURAL: int = 100
VILLAGE_FIRST: int = 201


def draw_district(
    rng: Random, frame: Frame, code: str, prefix: str, communities: int, rural: int
) -> tuple[Sketch, District]:
    """Draw a district with its first communities and villages; return the sheet and the plan behind it."""
    sketch = Sketch(rng, frame, code, prefix)
    plan = District(rng, communities, rural)
    _river(sketch)
    for block in plan.superblocks:
        for axis in (block.north, block.south, block.west, block.east):
            draw(sketch, axis)
    for block in plan.superblocks:
        quarters.fill(sketch, block, sketch.community_code(URBAN, block.community + 1))
    through = _country_roads(sketch, plan) if plan.villages else []
    for village in plan.villages:
        code = sketch.community_code(RURAL, VILLAGE_FIRST + village.community)
        villages.build(sketch, village, code, through)
    return sketch, plan


def community_names(sketch: Sketch) -> dict[str, str]:
    """Return the short name of every community code of a district."""
    urban = {sketch.community_code(URBAN, i + 1): name for i, name in enumerate(names.COMMUNITIES)}
    return urban | {
        sketch.community_code(RURAL, VILLAGE_FIRST + i): name for i, name in enumerate(names.VILLAGES)
    }


def _bank(rng: Random, level: float, swing: float) -> list[Point]:
    phase, other = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    return [
        (x, level + swing * (math.sin(x / 190 + phase) + 0.5 * math.sin(x / 83 + other)))
        for x in range(int(WEST) - 260, int(EAST) + 261, 20)
    ]


def _river(sketch: Sketch) -> None:
    north = _bank(sketch.rng, RIVER_Y + RIVER_HALF, 5.0)
    south = _bank(sketch.rng, RIVER_Y - RIVER_HALF, 7.0)
    sketch.add_surface("green", [*south, *[(x, -14.0) for x, _ in reversed(south)]])
    sketch.add_surface("green", [*[(x, y - 16) for x, y in south], *reversed(south)])
    sketch.add_surface("water", [*south, *reversed(north)])


def _country_roads(sketch: Sketch, plan: District) -> list[list[Point]]:
    found = []
    for name, x, end in (("柳河路", plan.bridges[0], SOUTH), ("东渡桥路", plan.bridges[1], SOUTH)):
        line = [(x + 16 * math.sin(min(0.0, y + 190) / 130), float(y)) for y in range(0, int(end) - 1, -20)]
        sketch.add_street("street", name, [line])
        found.append(line)
    return found
