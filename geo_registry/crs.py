"""Coordinates: the only place that changes them.

Everything is stored in CGCS2000 (EPSG:4490) and handed about as (longitude, latitude) in degrees, the
order of PostGIS and GeoJSON; EPSG itself declares latitude first for 4490 and northing first for the
projected codes. WGS 84 and CGCS2000 differ by decimetres at most and are taken as equal. GCJ-02 and
BD-09 are the offset systems of Chinese web maps; by the public formula they return to about 5 m of
the truth, enough for a map layer and not for surveying a plate.
"""

import math
from typing import Literal

from geo_registry.errors import RuleBroken

Datum = Literal["cgcs2000", "wgs84", "gcj02", "bd09"]
Point = tuple[float, float]
"""Longitude and latitude in degrees."""

STORED_SRID = 4490
OFFSET_ACCURACY_M = 5.0
"""Accuracy to record with a point that came from GCJ-02 or BD-09."""

# Krasovsky 1940, as the public formula has it.
_AXIS_M = 6_378_245.0
_ECCENTRICITY = 0.00669342162296594323
_BAIDU_TURN = math.pi * 3000 / 180
# CGCS2000 (GRS80) for distances.
_CGCS_AXIS_M = 6_378_137.0
_CGCS_ECCENTRICITY = 0.006694380022901


def to_stored(point: Point, datum: Datum) -> Point:
    """Return a point of any datum in CGCS2000.

    Raises:
        RuleBroken: `coordinate` when it is no longitude and latitude, often because the two are exchanged.

    """
    _check(point)
    if datum == "gcj02":
        return from_gcj02(point)
    if datum == "bd09":
        return from_bd09(point)
    return point


def _check(point: Point) -> None:
    lon, lat = point
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise RuleBroken("coordinate", "经纬度超出范围；顺序为经度、纬度", field="position")


def is_in_china(point: Point) -> bool:
    """Tell whether a point lies in the box to which web maps apply the offset."""
    lon, lat = point
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def to_gcj02(point: Point) -> Point:
    """Return a CGCS2000 point in GCJ-02; points outside the China box stay."""
    if not is_in_china(point):
        return point
    d_lon, d_lat = _gcj_offset(point)
    return point[0] + d_lon, point[1] + d_lat


def from_gcj02(point: Point) -> Point:
    """Return a GCJ-02 point in CGCS2000, by iteration to below a millimetre."""
    if not is_in_china(point):
        return point
    lon, lat = point
    for _ in range(8):
        d_lon, d_lat = _gcj_offset((lon, lat))
        lon, lat = point[0] - d_lon, point[1] - d_lat
    return lon, lat


def to_bd09(point: Point) -> Point:
    """Return a CGCS2000 point in BD-09."""
    return _bd_of_gcj(to_gcj02(point))


def from_bd09(point: Point) -> Point:
    """Return a BD-09 point in CGCS2000, by iteration to below a millimetre."""
    lon, lat = point[0] - 0.0065, point[1] - 0.006
    for _ in range(8):
        found = _bd_of_gcj((lon, lat))
        lon, lat = lon + point[0] - found[0], lat + point[1] - found[1]
    return from_gcj02((lon, lat))


def _bd_of_gcj(point: Point) -> Point:
    lon, lat = point
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BAIDU_TURN)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BAIDU_TURN)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def _gcj_offset(point: Point) -> Point:
    """Return the offset of GCJ-02 at a CGCS2000 point, in degrees, by the public formula."""
    x, y = point[0] - 105.0, point[1] - 35.0
    waves = 20.0 * (math.sin(6.0 * x * math.pi) + math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    root = math.sqrt(abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += _ripple(y, 20.0, 1.0, 3.0) + _ripple(y, 160.0, 12.0, 30.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += _ripple(x, 20.0, 1.0, 3.0) + _ripple(x, 150.0, 12.0, 30.0)
    latitude = math.radians(point[1])
    squash = 1 - _ECCENTRICITY * math.sin(latitude) ** 2
    meridian = _AXIS_M * (1 - _ECCENTRICITY) / (squash * math.sqrt(squash))
    parallel = _AXIS_M / math.sqrt(squash) * math.cos(latitude)
    return math.degrees(east / parallel), math.degrees(north / meridian)


def _ripple(at: float, height: float, short: float, long: float) -> float:
    """Return two waves of the formula: one of a height and period, one of twice the height."""
    return height * (math.sin(at * math.pi / short) + 2.0 * math.sin(at * math.pi / long)) * 2.0 / 3.0


def metric_srid(longitude: float) -> int:
    """Return the EPSG code of the 3-degree CGCS2000 zone of a longitude.

    The codes are those by central meridian, with an easting of 500 000 m.

    Raises:
        RuleBroken: `coordinate` west of 73.5 or east of 136.5 degrees, where no zone is defined.

    """
    meridian = 3 * math.floor(longitude / 3 + 0.5)
    if not 75 <= meridian <= 135:
        raise RuleBroken("coordinate", f"经度 {longitude} 不在 3 度带范围（73.5–136.5）内", field="position")
    return 4534 + (meridian - 75) // 3


def degree_lengths_m(latitude: float) -> tuple[float, float]:
    """Return the lengths in metres of one degree of longitude and of latitude at a latitude."""
    radians = math.radians(latitude)
    squash = 1 - _CGCS_ECCENTRICITY * math.sin(radians) ** 2
    meridian = _CGCS_AXIS_M * (1 - _CGCS_ECCENTRICITY) / (squash * math.sqrt(squash))
    parallel = _CGCS_AXIS_M / math.sqrt(squash) * math.cos(radians)
    return math.radians(1) * parallel, math.radians(1) * meridian


def distance_m(one: Point, other: Point) -> float:
    """Return the distance of two near points in metres, by a local flat map.

    The error stays below one in ten thousand up to 10 km at Chinese latitudes.
    """
    per_lon, per_lat = degree_lengths_m((one[1] + other[1]) / 2)
    return math.hypot((one[0] - other[0]) * per_lon, (one[1] - other[1]) * per_lat)


def offset_m(origin: Point, east_m: float, north_m: float) -> Point:
    """Return the point some metres east and north of another, by a local flat map."""
    per_lon, per_lat = degree_lengths_m(origin[1])
    return origin[0] + east_m / per_lon, origin[1] + north_m / per_lat
