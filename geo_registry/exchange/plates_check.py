"""Judging positions: on the earth, in the jurisdiction, in the village that the row names."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
METRES_PER_DEGREE = 111_320.0
"""Length of a degree of longitude on the equator; of latitude it is one part in 150 less."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A county that lies elsewhere: the median offset of its doors from their villages, in degrees."""

    lon: float
    lat: float

    @property
    def detail(self) -> str:
        """The offset in words."""
        return f"整个县市的坐标偏移：经度 {self.lon:+.4f}°，纬度 {self.lat:+.4f}°"


@dataclass(slots=True)
class Villages:
    """The polygons of the communities of a file, by area index; prepared, for many points each."""

    polygons: dict[int, shapely.Geometry] = field(default_factory=dict)
    centres: dict[int, tuple[float, float]] = field(default_factory=dict)

    def add(self, index: int, boundary: bytes | None) -> None:
        """Keep the boundary of an area, given as WKB."""
        if boundary is not None:
            polygon = shapely.from_wkb(boundary)
            shapely.prepare(polygon)
            self.polygons[index] = polygon
            self.centres[index] = (polygon.centroid.x, polygon.centroid.y)

    def inside(self, areas: NDArray[np.int64], lon: Floats, lat: Floats, tolerance_m: float) -> Flags:
        """Tell for each point whether it lies in its area or on the edge; an area without polygon has all."""
        answer = np.ones(len(areas), bool)
        order = np.argsort(areas, kind="stable")
        starts = np.flatnonzero(np.diff(areas[order], prepend=-2))
        for rows in np.split(order, starts[1:]) if len(order) else ():
            polygon = self.polygons.get(int(areas[rows[0]]))
            if polygon is not None:
                answer[rows] = shapely.intersects_xy(polygon, lon[rows], lat[rows])
        if tolerance_m:
            outside = np.flatnonzero(~answer)
            answer[outside] = self.metres(areas[outside], lon[outside], lat[outside]) <= tolerance_m
        return answer

    def metres(self, areas: NDArray[np.int64], lon: Floats, lat: Floats) -> Floats:
        """Return how far each point lies from its area, in metres on the flat; 0 without a polygon."""
        answer = np.zeros(len(areas))
        for index in np.unique(areas).tolist():
            if (polygon := self.polygons.get(index)) is None:
                continue
            scale = np.array([METRES_PER_DEGREE * math.cos(math.radians(self.centres[index][1])), 110_900.0])
            flat = shapely.transform(polygon, lambda points, scale=scale: points * scale)
            rows = np.flatnonzero(areas == index)
            answer[rows] = shapely.distance(flat, shapely.points(lon[rows] * scale[0], lat[rows] * scale[1]))
        return answer


@dataclass(slots=True)
class ShiftFinder:
    """Collects, for each county, how far doors outside their villages lie from the villages' centres."""

    share: float
    offset_degrees: float
    spread: float
    _seen: dict[UUID, int] = field(init=False, default_factory=lambda: defaultdict(int))
    _offsets: dict[UUID, list[Floats]] = field(init=False, default_factory=lambda: defaultdict(list))

    def note(self, county: UUID, seen: int, offsets: Floats) -> None:
        """Add rows of a county: how many have a position, and the offsets (rows x 2) of those outside."""
        self._seen[county] += seen
        self._offsets[county].append(offsets)

    def shifted(self) -> dict[UUID, Shift]:
        """Return the counties of which most doors lie outside, all about equally far and far away."""
        found = {}
        for county, seen in self._seen.items():
            offsets = np.concatenate(self._offsets[county])
            if not seen or len(offsets) <= self.share * seen:
                continue
            middle = np.median(offsets, axis=0)
            length = float(np.hypot(*middle))
            scatter = float(np.median(np.hypot(*(offsets - middle).T)))
            if length >= self.offset_degrees and scatter <= self.spread * length:
                found[county] = Shift(float(middle[0]), float(middle[1]))
        return found
