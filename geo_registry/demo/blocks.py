"""Responsible blocks: cuts each community into blocks of some 400 persons that never split a building.

The cuts are made on the plan, between buildings. All cut lines are noded together before they are bent, so
that neighbours share every vertex: the blocks cover their community without gap or overlap.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geo_registry.demo.plan import Box, Frame
from geo_registry.demo.records import Block

TARGET: Final = 405
FEW: Final = 260
_CLEAR_M: Final = 4.6


@dataclass(slots=True)
class Leaf:
    """A piece of a community: its boxes on the plan, its buildings' boxes and the persons living there."""

    community: str
    cells: list[Box]
    people: list[tuple[Box, int]]

    @property
    def count(self) -> int:
        """Persons."""
        return sum(count for _, count in self.people)


def cut(community: str, cell: Box, people: list[tuple[Box, int]]) -> list[Leaf]:
    """Cut a cell of a community into pieces near the target; `people` are buildings with their persons."""
    leaf = Leaf(community, [cell], people)
    parts = round(leaf.count / TARGET)
    if parts < 2:
        return [leaf]
    best = min(_candidates(leaf, parts), default=None)
    if best is None:
        return [leaf]
    _, is_vertical, at = best
    low_cell = (
        Box(cell.west, cell.south, at, cell.north)
        if is_vertical
        else Box(cell.west, cell.south, cell.east, at)
    )
    high_cell = (
        Box(at, cell.south, cell.east, cell.north)
        if is_vertical
        else Box(cell.west, at, cell.east, cell.north)
    )
    side = 0 if is_vertical else 1
    low = [item for item in people if item[0].centre[side] < at]
    high = [item for item in people if item[0].centre[side] >= at]
    return cut(community, low_cell, low) + cut(community, high_cell, high)


def _candidates(leaf: Leaf, parts: int) -> list[tuple[float, bool, float]]:
    """Return (badness, is_vertical, position) of every line that passes between the buildings."""
    total, found = leaf.count, []
    cell = leaf.cells[0]
    for is_vertical in (True, False):
        spans = sorted(
            ((b.west, b.east) if is_vertical else (b.south, b.north), count) for b, count in leaf.people
        )
        reach, below = -1e9, 0
        extent = cell.width if is_vertical else cell.height
        for (start, end), count in spans:
            if start - reach >= _CLEAR_M and 0 < below < total:
                whole = min(max(1, round(below / total * parts)), parts - 1)
                badness = abs(below - total * whole / parts) / total * parts
                # Long thin blocks are hard to walk: of equal cuts, the one across the longer side wins.
                thin = 0.12 * (cell.width + cell.height) / (2 * extent)
                found.append((badness + thin, is_vertical, round((start + reach) / 2, 2)))
            reach, below = max(reach, end), below + count
    return found


def merge_small(leaves: list[Leaf]) -> list[Leaf]:
    """Join pieces with few persons to the least peopled neighbour of their community."""
    done: list[Leaf] = []
    waiting = sorted(leaves, key=lambda leaf: -leaf.count)
    while waiting:
        leaf = waiting.pop()
        others = [o for o in waiting + done if o.community == leaf.community and _are_neighbours(o, leaf)]
        if leaf.count >= FEW or not others:
            done.append(leaf)
            continue
        host = min(others, key=lambda other: other.count)
        host.cells += leaf.cells
        host.people += leaf.people
        waiting.sort(key=lambda item: -item.count)
    return done


def _are_neighbours(one: Leaf, other: Leaf) -> bool:
    return any(_shared_edge(a, b) > 25 for a in one.cells for b in other.cells)


def _shared_edge(a: Box, b: Box) -> float:
    if a.east == b.west or b.east == a.west:
        return min(a.north, b.north) - max(a.south, b.south)
    if a.north == b.south or b.north == a.south:
        return min(a.east, b.east) - max(a.west, b.west)
    return 0.0


def _faces(frame: Frame, boxes: list[Box]) -> list[tuple[Point, Polygon]]:
    """Return the bent faces between all edges of the boxes, each with a plan point inside it."""
    edges = [LineString([*box.corners, box.corners[0]]) for box in boxes]
    noded = shapely.segmentize(np.array(shapely.get_parts(shapely.union_all(edges))), 20.0)
    faces = shapely.get_parts(shapely.polygonize(noded))

    def bend(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.array([frame.degrees(x, y) for x, y in coordinates.tolist()])

    return [(shapely.point_on_surface(face), shapely.transform(face, bend)) for face in faces]


def draw_blocks(frame: Frame, leaves: list[Leaf], short_names: dict[str, str]) -> list[Block]:
    """Return the blocks of a district, numbered from the north-west in each community."""
    faces = _faces(frame, [cell for leaf in leaves for cell in leaf.cells])
    tree = shapely.STRtree([point for point, _ in faces])
    by_community: dict[str, list[tuple[float, float, Polygon]]] = defaultdict(list)
    for leaf in leaves:
        cells = [shapely.box(c.west, c.south, c.east, c.north) for c in leaf.cells]
        inside = sorted({int(i) for cell in cells for i in tree.query(cell, predicate="contains")})
        outline = shapely.coverage_union_all([faces[i][1] for i in inside])
        outline = (
            outline.geoms[0] if isinstance(outline, MultiPolygon) and len(outline.geoms) == 1 else outline
        )
        x, y = leaf.cells[0].centre
        by_community[leaf.community].append((-round(y / 140), x, shapely.normalize(outline)))
    return [
        Block(f"{code}{count:03d}", f"{short_names[code]}-{count:02d}", code, outline)
        for code in sorted(by_community)
        for count, (_, _, outline) in enumerate(
            sorted(by_community[code], key=lambda item: item[:2]), start=1
        )
    ]
