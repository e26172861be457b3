"""The drawing board: a flat plan in metres and the bending of it into a landscape.

A town is laid out on a plan with straight lines, which keeps every step simple. One smooth, invertible bend
of the plane then turns straight streets into gently curved ones. What shares a point on the plan shares it on
the map, so blocks that fit on the plan fit exactly on the map.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final, Self

from shapely.geometry import LineString, Polygon

Point = tuple[float, float]

# The town lies near 121.3 E, 30.9 N; metres per degree on the GRS 80 ellipsoid at that latitude. The bend
# makes the plan a fiction anyway, so the constant of the first district serves all of them.
LON: Final = 121.3
LAT: Final = 30.9
METRES_PER_LON: Final = 95_604.0
METRES_PER_LAT: Final = 110_867.0
DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle on the plan, metres."""

    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        """East-west extent."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """North-south extent."""
        return self.north - self.south

    @property
    def centre(self) -> Point:
        """Middle point."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Corners, counter-clockwise from the south-west."""
        return (
            (self.west, self.south),
            (self.east, self.south),
            (self.east, self.north),
            (self.west, self.north),
        )

    def inset(self, west: float, south: float, east: float, north: float) -> Self:
        """Return the box with each side moved inwards."""
        return type(self)(self.west + west, self.south + south, self.east - east, self.north - north)


@dataclass(frozen=True, slots=True)
class _Wave:
    height: float
    along_x: float
    along_y: float
    phase: float

    def at(self, x: float, y: float) -> float:
        """Return the displacement of a point, in metres."""
        return self.height * math.sin(self.along_x * x + self.along_y * y + self.phase)


def _wave(rng: Random, height: float, length: float, *, tilt: float, over_y: bool) -> _Wave:
    long, short = math.tau / length, math.tau / length * tilt
    phase = rng.uniform(0, math.tau)
    return _Wave(height, short, long, phase) if over_y else _Wave(height, long, short, phase)


class Frame:
    """Carries plan points to EPSG:4490: bend, turn by some degrees, scale to degrees.

    East-west lines swing north and south, north-south lines east and west; along itself a line is hardly
    stretched, so that distances on the plan hold on the map within a few per cent.
    """

    def __init__(self, rng: Random, shift_x: float, shift_y: float) -> None:
        self._dx = (
            _wave(rng, 42, 1500, tilt=0.15, over_y=True),
            _wave(rng, 9, 560, tilt=0.2, over_y=True),
        )
        self._dy = (
            _wave(rng, 46, 1700, tilt=0.15, over_y=False),
            _wave(rng, 9, 610, tilt=0.2, over_y=False),
        )
        turn = math.radians(rng.uniform(2.5, 5.5)) * rng.choice((1, -1))
        self._cos, self._sin = math.cos(turn), math.sin(turn)
        self._shift = (shift_x, shift_y)

    def metres(self, x: float, y: float) -> Point:
        """Return the bent position of a plan point, still in metres."""
        bent_x = x + sum(wave.at(x, y) for wave in self._dx)
        bent_y = y + sum(wave.at(x, y) for wave in self._dy)
        return (
            bent_x * self._cos - bent_y * self._sin + self._shift[0],
            bent_x * self._sin + bent_y * self._cos + self._shift[1],
        )

    def degrees(self, x: float, y: float) -> Point:
        """Return longitude and latitude of a plan point, rounded to a millimetre."""
        return _degrees(*self.metres(x, y))

    def heading(self, x: float, y: float, plan_angle: float = 0.0) -> float:
        """Return the direction (radians) a plan line of that angle has on the map at this point."""
        reach_x, reach_y = math.cos(plan_angle), math.sin(plan_angle)
        ahead = self.metres(x + reach_x, y + reach_y)
        behind = self.metres(x - reach_x, y - reach_y)
        return math.atan2(ahead[1] - behind[1], ahead[0] - behind[0])

    def polygon(self, points: list[Point]) -> Polygon:
        """Return a bent polygon; edges longer than 15 m get further points."""
        ring = _densified([*points, points[0]])
        return Polygon([self.degrees(x, y) for x, y in ring])

    def line(self, points: list[Point]) -> LineString:
        """Return a bent line; stretches longer than 15 m get further points."""
        return LineString([self.degrees(x, y) for x, y in _densified(points)])

    def stamp(self, at: Point, shape: list[Point], turn: float) -> list[Point]:
        """Return a rigid shape (metres around its own centre) set down at a plan point, as degrees."""
        x0, y0 = self.metres(*at)
        cos, sin = math.cos(turn), math.sin(turn)
        return [_degrees(x0 + x * cos - y * sin, y0 + x * sin + y * cos) for x, y in shape]


def _degrees(x: float, y: float) -> Point:
    return round(LON + x / METRES_PER_LON, DIGITS), round(LAT + y / METRES_PER_LAT, DIGITS)


def _densified(points: list[Point]) -> list[Point]:
    dense = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        parts = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / 15))
        dense += [(x0 + (x1 - x0) * i / parts, y0 + (y1 - y0) * i / parts) for i in range(1, parts + 1)]
    return dense
