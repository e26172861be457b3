"""Buildings of an estate in rows, counted in S-shape: along one row and back along the next one."""

import math
from collections.abc import Sequence

import numpy as np
import shapely

from geo_registry.address.numbering.axis import Points

# Rows closer than this are one: of buildings without a depth it is all that is known.
_LEAST_GAP_M = 6.0
_FAR_NORTH_EAST = (1e6, 1e6)


def in_rows(shapes: Sequence[shapely.Geometry], start: tuple[float, float] | None) -> list[list[int]]:
    """Return the places of buildings (outlines or points, in metres) in rows, in the order of their numbers.

    Rows run as the long sides of the buildings do. They are counted from the one nearest to `start`, and the
    first row from its nearer end; without a start from the north-east.
    """
    if not shapes:
        return []
    angle, depth = _lie(shapes)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middles = shapely.get_coordinates(shapely.centroid(np.array(shapes)))
    turned = middles @ turn
    rows = _rows(turned[:, 1], max(depth / 2, _LEAST_GAP_M))
    begin = np.array(start or _FAR_NORTH_EAST) @ turn
    across = [float(turned[row, 1].mean()) for row in rows]
    if abs(across[-1] - begin[1]) < abs(across[0] - begin[1]):
        rows.reverse()
    along: list[float] = turned[:, 0].tolist()
    ends = sorted(along[place] for place in rows[0])
    is_rising = bool(abs(ends[0] - begin[0]) <= abs(ends[-1] - begin[0]))
    return [
        sorted(row, key=along.__getitem__, reverse=is_rising == (turn_of % 2 == 1))
        for turn_of, row in enumerate(rows)
    ]


def _lie(shapes: Sequence[shapely.Geometry]) -> tuple[float, float]:
    """Return the direction of the long sides, as an angle from the east, and the usual depth."""
    east = north = 0.0
    depths: list[float] = []
    for shape in shapes:
        corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
        if len(corners) < 4:
            continue
        sides = corners[1:3] - corners[:2]
        long, short = sorted(sides.tolist(), key=lambda side: -math.hypot(*side))
        more = math.hypot(*long) - math.hypot(*short)
        double = 2 * math.atan2(long[1], long[0])
        east, north = east + more * math.cos(double), north + more * math.sin(double)
        depths.append(math.hypot(*short))
    is_told = math.hypot(east, north) > 1e-6
    return math.atan2(north, east) / 2 if is_told else 0.0, float(np.median(depths)) if depths else 0.0


def _rows(across: Points, gap: float) -> list[list[int]]:
    """Return the places of metres across the rows, cut where the next building lies off the row before it."""
    rows: list[list[int]] = []
    for place in np.argsort(across, kind="stable").tolist():
        if rows and across[place] - float(across[rows[-1]].mean()) <= gap:
            rows[-1].append(place)
        else:
            rows.append([place])
    return rows
