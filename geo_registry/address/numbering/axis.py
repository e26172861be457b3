"""The axis of a street as one line with a beginning: metres along it, metres beside it, the side of a point.

Axes come in pieces: cut at sheet edges, two carriageways, a stretch missing. The pieces are joined to one
line between the two ends that lie farthest apart; what is left over (the other carriageway, a spur) does not
count.
"""

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import shapely

from geo_registry.address.scheme import Profile

Hand = Literal["left", "right"]
Compass = Literal["north", "east", "south", "west"]
Points = np.ndarray[Any, np.dtype[np.float64]]

_TURN: tuple[Compass, ...] = ("north", "east", "south", "west")
# Leaving the drawn line costs more than staying on it, so that a gap is crossed once and at its narrowest.
_GAP_COST = 1.5
_EPSILON_M = 0.5


@dataclass(frozen=True, slots=True)
class Foot:
    """Where a point lies along an axis: metres from its beginning, metres beside it, which hand."""

    distance_m: float
    from_axis_m: float
    hand: Hand


class Axis:
    """One line in metres of its own plane; distances are true to a few centimetres in a city."""

    def __init__(self, line: Points, origin: tuple[float, float]) -> None:
        """Take points in metres around an origin in degrees."""
        self._points, self._origin = line, origin
        self._line = shapely.LineString(line)
        self.length_m = float(self._line.length)

    def turned(self) -> "Axis":
        """Return the same axis counted from its other end."""
        return Axis(self._points[::-1], self._origin)

    def feet(self, places: Points) -> tuple[Points, Points]:
        """Return metres along and metres beside the axis, left positive, of points (n x 2, degrees)."""
        spots = shapely.points((places - self._origin) * metres_per_degree(self._origin))
        along = shapely.line_locate_point(self._line, spots)
        before, after = (
            shapely.get_coordinates(shapely.line_interpolate_point(self._line, np.clip(at, 0, self.length_m)))
            for at in (along - _EPSILON_M, along + _EPSILON_M)
        )
        ahead, aside = after - before, shapely.get_coordinates(spots) - before
        turn = ahead[:, 0] * aside[:, 1] - ahead[:, 1] * aside[:, 0]
        beside = shapely.distance(self._line, spots)
        return along, np.where(turn >= 0, beside, -beside)

    def foot(self, lon: float, lat: float) -> Foot:
        """Return where one point lies."""
        along, beside = self.feet(np.array([[lon, lat]]))
        return Foot(float(along[0]), float(abs(beside[0])), "left" if beside[0] >= 0 else "right")

    def places(self, along: Points) -> Points:
        """Return the points (n x 2, degrees) at some metres along the axis."""
        found = shapely.get_coordinates(shapely.line_interpolate_point(self._line, along))
        placed: Points = found / metres_per_degree(self._origin) + self._origin
        return placed

    @property
    def corners(self) -> Points:
        """The corners of the line (n x 2, degrees), from its beginning."""
        placed: Points = self._points / metres_per_degree(self._origin) + self._origin
        return placed

    @property
    def heading(self) -> Compass:
        """The point of the compass that the axis runs to, from its beginning to its end."""
        east, north = self._points[-1] - self._points[0]
        if abs(east) < _EPSILON_M and abs(north) < _EPSILON_M:
            east, north = self._points[len(self._points) // 2] - self._points[0]
        if abs(east) >= abs(north):
            return "east" if east >= 0 else "west"
        return "north" if north >= 0 else "south"

    def compass(self, hand: Hand) -> Compass:
        """Return the point of the compass on one hand of the axis."""
        return _TURN[(_TURN.index(self.heading) + (-1 if hand == "left" else 1)) % 4]

    def from_origin(self, origin: Sequence[str]) -> "Axis":
        """Return the axis counted from the point of the compass that a profile names for its direction."""
        back = _TURN[(_TURN.index(self.heading) + 2) % 4]
        return self.turned() if self.heading in origin and back not in origin else self

    def from_point(self, lon: float, lat: float) -> "Axis":
        """Return the axis counted from the end that lies nearer to a point."""
        spot = (np.array([lon, lat]) - self._origin) * metres_per_degree(self._origin)
        near, far = (float(np.hypot(*(end - spot))) for end in (self._points[0], self._points[-1]))
        return self.turned() if far < near else self

    def from_mouth(self, street: "Axis") -> "Axis":
        """Return the axis of a lane counted from the end that lies nearer to its street."""
        ends = self.corners[[0, -1]]
        beside = np.abs(street.feet(ends)[1])
        return self.turned() if beside[1] < beside[0] else self

    def odd_hand(self, profile: Profile) -> Hand:
        """Return the hand on which a profile puts odd numbers."""
        sides = profile.numbering.odd_sides
        hand: Hand
        for hand in ("left", "right"):
            if hand in sides or self.compass(hand) in sides:
                return hand
        return "left"


@lru_cache(maxsize=512)
def axis_of(shape: bytes) -> Axis | None:
    """Return the axis of a line or its pieces as it is drawn, None for a line without length."""
    found = shapely.from_wkb(shape)
    pieces = [shapely.get_coordinates(piece) for piece in shapely.get_parts(found)]
    if not pieces:
        return None
    corners = np.vstack(pieces)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    origin = float(middle[0]), float(middle[1])
    merged = shapely.line_merge(
        shapely.MultiLineString([(one - origin) * metres_per_degree(origin) for one in pieces])
    )
    lines = [shapely.get_coordinates(one) for one in shapely.get_parts(merged)]
    lines = [one for one in lines if len(one) > 1]
    if not lines:
        return None
    joined = Axis(_spine(lines), origin)
    return joined if joined.length_m > 2 * _EPSILON_M else None


@lru_cache(maxsize=1024)
def metres_per_degree(origin: tuple[float, float]) -> Points:
    """Return metres a degree of longitude and of latitude on the ellipsoid at a point."""
    phi = math.radians(origin[1])
    return np.array(
        [
            111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi),
            111_132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi),
        ]
    )


def _spine(lines: list[Points]) -> Points:
    """Return the shortest way along the pieces and over their gaps from one far end to the other."""
    if len(lines) == 1:
        return lines[0]
    ends = np.array([point for line in lines for point in (line[0], line[-1])])
    gaps = np.hypot(ends[:, None, 0] - ends[None, :, 0], ends[:, None, 1] - ends[None, :, 1])
    first, last = (int(one) for one in np.unravel_index(np.argmax(gaps), gaps.shape))
    costs = gaps * _GAP_COST
    lengths = [float(shapely.LineString(line).length) for line in lines]
    for number, length in enumerate(lengths):
        a, b = 2 * number, 2 * number + 1
        costs[a, b] = costs[b, a] = min(length, costs[a, b]) if length > 0 else 0.0
    if first > last:
        first, last = last, first
    way = _shortest(costs, first, last)
    points = [ends[way[0]][None, :]]
    for before, after in itertools.pairwise(way):
        line = lines[before // 2] if before // 2 == after // 2 else ends[[before, after]]
        points.append(line if before % 2 == 0 or before // 2 != after // 2 else line[::-1])
    joined = np.vstack(points)
    steps = np.hypot(*np.diff(joined, axis=0).T)
    kept: Points = joined[np.concatenate(([True], steps > 1e-6))]
    return kept


def _shortest(costs: Points, first: int, last: int) -> list[int]:
    """Return the cheapest way between two ends (Dijkstra over all pairs)."""
    best, came = np.full(len(costs), np.inf), np.full(len(costs), -1)
    best[first] = 0.0
    queue, done = [(0.0, first)], set[int]()
    while queue:
        cost, here = heapq.heappop(queue)
        if here in done:
            continue
        done.add(here)
        if here == last:
            break
        reach = cost + costs[here]
        for there in np.flatnonzero(reach < best).tolist():
            best[there], came[there] = reach[there], here
            heapq.heappush(queue, (float(reach[there]), there))
    way = [last]
    while way[-1] != first:
        way.append(int(came[way[-1]]))
    return way[::-1]
