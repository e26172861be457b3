"""Generates a town: areas, blocks, streets, buildings, units and people from one seed."""

from collections import Counter, defaultdict
from datetime import date
from random import Random
from typing import Final

import pyarrow as pa
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo_registry.demo import blocks, names
from geo_registry.demo.ground import RURAL, URBAN, community_names, draw_district
from geo_registry.demo.layout import District
from geo_registry.demo.past import add_history
from geo_registry.demo.people import Registrar
from geo_registry.demo.plan import Box, Frame
from geo_registry.demo.records import Area, Block, Town
from geo_registry.demo.residents import Census
from geo_registry.demo.sketch import Sketch
from geo_registry.demo.units import units_of

TODAY: Final = date(2026, 11, 20)
SEED: Final = 20261120
CITY_CODE: Final = "990100000000"
_SPACING_M: Final = 2900.0
_PER_ROW: Final = 7


def generate(today: date = TODAY, seed: int = SEED, scale: float = 1.0) -> Town:
    """Generate a town of about `scale` x 20 000 units; the same arguments give the same town.

    Below 1 a district has fewer communities; above 1 there are more districts side by side, at most 99.
    Geometry is EPSG:4490. People and places are invented: division codes begin with 99, as no real one does.
    """
    if not 0 < scale <= 99:
        raise ValueError(f"scale must be above 0 and at most 99, not {scale}")
    parts = [_district(today, seed, index, min(1.0, scale)) for index in range(max(1, round(scale)))]
    areas = [area for part in parts for area in part.areas]
    city = Area(
        CITY_CODE, names.CITY, "city", None, None, _union([a for a in areas if a.level == "district"])
    )
    return Town(
        today,
        seed,
        (city, *areas),
        tuple(block for part in parts for block in part.blocks),
        tuple(street for part in parts for street in part.streets),
        tuple(building for part in parts for building in part.buildings),
        tuple(surface for part in parts for surface in part.surfaces),
        pa.concat_tables([part.plates for part in parts]),
        pa.concat_tables([part.residents for part in parts]),
    )


def _district(today: date, seed: int, index: int, share: float) -> Town:
    """Generate one district as a town without its city."""
    # The generator draws a picture, not a secret.
    rng = Random(f"{seed}/{index}")  # noqa: S311
    code = f"9901{index + 1:02d}"
    row, column = divmod(index, _PER_ROW)
    frame = Frame(rng, column * _SPACING_M - 1100, row * _SPACING_M)
    communities, rural = max(1, round(6 * share)), max(1, round(4 * share))
    sketch, plan = draw_district(rng, frame, code, f"{code[4:]}-", communities, rural)
    units = units_of(sketch)
    years = [draft.building.built_year for draft in sketch.drafts]
    low = sketch.community_code(URBAN, names.COMMUNITIES.index("东渡") + 1)
    census = Census(rng, today, code, units, years, low, Registrar(rng, today, code))
    census.settle()
    people = Counter(units.draft_of[stay.unit] for stay in census.stays)
    add_history(census)
    found = _blocks(sketch, plan, people)
    return Town(
        today,
        seed,
        tuple(_areas(sketch, index, found)),
        tuple(found),
        tuple(sketch.streets),
        tuple(draft.building for draft in sketch.drafts),
        tuple(sketch.surfaces),
        units.table(),
        census.table(),
    )


def _cells(sketch: Sketch, plan: District) -> list[tuple[str, Box]]:
    urban = [(sketch.community_code(URBAN, block.community + 1), block.cell) for block in plan.superblocks]
    return urban + [
        (sketch.community_code(RURAL, 201 + village.community), village.cell) for village in plan.villages
    ]


def _blocks(sketch: Sketch, plan: District, people: Counter[int]) -> list[Block]:
    """Cut the district's land into blocks by where its people live."""
    leaves: list[blocks.Leaf] = []
    placed = [(draft.box, people[place], draft.box.centre) for place, draft in enumerate(sketch.drafts)]
    for community, cell in _cells(sketch, plan):
        inside = [
            (box, count)
            for box, count, (x, y) in placed
            if cell.west <= x < cell.east and cell.south <= y < cell.north
        ]
        leaves += blocks.cut(community, cell, inside)
    return blocks.draw_blocks(sketch.frame, blocks.merge_small(leaves), community_names(sketch))


def _union(parts: list[Area] | list[Block]) -> MultiPolygon:
    """Join outlines that share their vertices; no vertex moves."""
    joined = shapely.normalize(shapely.coverage_union_all([part.geometry for part in parts]))
    return MultiPolygon([joined]) if isinstance(joined, Polygon) else joined


def _areas(sketch: Sketch, index: int, found: list[Block]) -> list[Area]:
    """Return the district, its townships and their communities; each is the union of what it contains."""
    district = f"{sketch.code}000000"
    short = community_names(sketch)
    by_community: dict[str, list[Block]] = defaultdict(list)
    for block in found:
        by_community[block.community_code].append(block)
    areas: list[Area] = []
    for number, name, kind, child, tail in (
        (URBAN, names.SUBDISTRICT, "subdistrict", "residents", "居委"),
        (RURAL, names.RURAL_TOWN, "town", "villagers", "村"),
    ):
        code = f"{sketch.code}{number:03d}000"
        children = [
            Area(key, short[key] + tail, "community", child, code, _union(parts))
            for key, parts in by_community.items()
            if key.startswith(code[:9])
        ]
        areas += [Area(code, name, "township", kind, district, _union(children)), *children]
    townships = [area for area in areas if area.level == "township"]
    return [
        Area(district, names.district_name(index), "district", None, CITY_CODE, _union(townships)),
        *areas,
    ]
