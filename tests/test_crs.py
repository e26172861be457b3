"""Coordinates of maps and of the register."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.crs import (
    Point,
    degree_lengths_m,
    distance_m,
    from_bd09,
    from_gcj02,
    is_in_china,
    metric_srid,
    offset_m,
    to_bd09,
    to_gcj02,
    to_stored,
)
from geo_registry.errors import RuleBroken

MAINLAND = st.tuples(st.floats(73.7, 134.9), st.floats(18.2, 53.5))


@given(MAINLAND)
def test_offset_maps_return_to_the_same_point(point: Point) -> None:
    for there, back in ((to_gcj02, from_gcj02), (to_bd09, from_bd09)):
        found = back(there(point))
        assert math.dist(found, point) < 1e-9


@pytest.mark.parametrize(
    ("point", "gcj_m", "bd_m"),
    [
        ((121.47, 31.23), 482, 1141),
        ((121.23, 31.03), 483, None),
        ((109.488, 30.27), 548, None),
        ((103.55, 29.41), 380, None),
        ((116.40, 39.90), 556, None),
    ],
)
def test_size_of_the_offset(point: Point, gcj_m: float, bd_m: float | None) -> None:
    assert distance_m(point, to_gcj02(point)) == pytest.approx(gcj_m, abs=3)
    if bd_m:
        assert distance_m(point, to_bd09(point)) == pytest.approx(bd_m, abs=15)


def test_points_abroad_are_not_moved() -> None:
    assert not is_in_china((2.35, 48.85))
    assert to_gcj02((2.35, 48.85)) == (2.35, 48.85)
    assert from_gcj02((2.35, 48.85)) == (2.35, 48.85)


def test_every_datum_is_stored_alike() -> None:
    point = (121.23, 31.03)
    assert to_stored(point, "wgs84") == to_stored(point, "cgcs2000") == point
    assert to_stored(to_gcj02(point), "gcj02") == pytest.approx(point, abs=1e-9)
    assert to_stored(to_bd09(point), "bd09") == pytest.approx(point, abs=1e-9)


@pytest.mark.parametrize("point", [(31.03, 121.23), (math.nan, 30.0), (500.0, 10.0)])
def test_exchanged_or_impossible_coordinates_are_refused(point: Point) -> None:
    with pytest.raises(RuleBroken, match="经度、纬度"):
        to_stored(point, "wgs84")


@pytest.mark.parametrize(
    ("longitude", "srid"),
    [
        (120.9, 4549),
        (121.47, 4549),
        (121.6, 4550),
        (109.488, 4545),
        (103.55, 4544),
        (75.0, 4534),
        (135.0, 4554),
    ],
)
def test_metric_zone(longitude: float, srid: int) -> None:
    assert metric_srid(longitude) == srid


@pytest.mark.parametrize("longitude", [73.0, 137.0, 0.0])
def test_no_zone_outside_the_country(longitude: float) -> None:
    with pytest.raises(RuleBroken):
        metric_srid(longitude)


def test_a_degree_in_metres() -> None:
    per_lon, per_lat = degree_lengths_m(0.0)
    assert per_lon == pytest.approx(111_319.49, abs=0.1)
    assert per_lat == pytest.approx(110_574.28, abs=0.5)


@given(MAINLAND, st.floats(-2000, 2000), st.floats(-2000, 2000))
def test_metres_there_and_back(point: Point, east: float, north: float) -> None:
    moved = offset_m(point, east, north)
    assert distance_m(point, moved) == pytest.approx(math.hypot(east, north), rel=1e-3, abs=1e-3)
