import gzip
import json
from pathlib import Path

import pytest
from shapely.geometry import Point, Polygon, shape

from geo_registry import crs
from geo_registry.errors import RuleBroken
from geo_registry.exchange import geo_read

SQUARE = [(121.0, 31.0), (121.1, 31.0), (121.1, 31.1), (121.0, 31.1), (121.0, 31.0)]


def write(path: Path, *geometries: object, **members: object) -> Path:
    features = [
        {"type": "Feature", "properties": {"n": n}, "geometry": geometry}
        for n, geometry in enumerate(geometries)
    ]
    text = json.dumps({"type": "FeatureCollection", **members, "features": features})
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def polygon(*ring: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [list(ring)]}


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.json.gz"])
def test_features_come_in_order_with_their_row(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, {"type": "Point", "coordinates": [121, 31]}, polygon(*SQUARE), bbox=[1, 2])
    found = list(geo_read.features(path))
    assert [(one.row, one.properties, one.fault) for one in found] == [
        (1, {"n": 0}, None),
        (2, {"n": 1}, None),
    ]
    assert found[0].geometry == Point(121, 31)
    assert found[1].geometry == Polygon(SQUARE)


def test_a_file_larger_than_the_buffer_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_read, "_CHUNK", 7)
    path = write(
        tmp_path / "a.geojson", *[{"type": "Point", "coordinates": [100 + n, 31.25]} for n in range(20)]
    )
    assert [one.geometry.x for one in geo_read.features(path) if one.geometry] == [100 + n for n in range(20)]


FAULTY: dict[str, list[object]] = {
    "geometry-missing": [None, {"type": "Polygon", "coordinates": []}],
    "geometry-type": [{"type": "Sphere"}, {"type": "Circle", "coordinates": [1, 2]}],
    "geometry-invalid": [
        polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)),
        polygon((0, 0), (1, 1)),
        {"type": "Point", "coordinates": [float("nan"), 31]},
        {"type": "Point", "coordinates": [float("inf"), 31]},
        {"type": "LineString", "coordinates": [[121, 31], [121, float("nan")], [122, 31]]},
        {"type": "Point", "coordinates": [31, 121]},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point"},
        {"type": "LineString", "coordinates": [[121, 31]]},
    ],
}


@pytest.mark.parametrize(("fault", "raw"), [(fault, raw) for fault, many in FAULTY.items() for raw in many])
def test_an_unusable_geometry_is_named_and_never_stops_the_file(
    tmp_path: Path, fault: str, raw: object
) -> None:
    path = write(tmp_path / "a.geojson", raw, {"type": "Point", "coordinates": [121, 31]})
    bad, good = geo_read.features(path)
    assert (bad.fault, bad.geometry) == (fault, None)
    assert good.fault is None


def test_a_touch_is_repaired_because_the_area_stays(tmp_path: Path) -> None:
    touching = polygon((0, 0), (2, 0), (2, 2), (1, 0), (0, 2), (0, 0))
    (one,) = geo_read.features(write(tmp_path / "a.geojson", touching))
    assert one.fault is None
    assert one.geometry is not None
    assert one.geometry.is_valid
    assert one.geometry.area == pytest.approx(2)


def test_heights_are_dropped(tmp_path: Path) -> None:
    (one,) = geo_read.features(write(tmp_path / "a.geojson", {"type": "Point", "coordinates": [121, 31, 5]}))
    assert one.geometry == Point(121, 31)
    assert not one.geometry.has_z


@pytest.mark.parametrize("name", ["EPSG:4490", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"])
def test_degrees_of_cgcs2000_and_wgs84_stay(tmp_path: Path, name: str) -> None:
    member = {"type": "name", "properties": {"name": name}}
    path = write(tmp_path / "a.geojson", {"type": "Point", "coordinates": [121.5, 31.2]}, crs=member)
    assert next(geo_read.features(path)).geometry == Point(121.5, 31.2)


def test_metres_of_a_zone_become_degrees(tmp_path: Path) -> None:
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    path = write(tmp_path / "a.geojson", {"type": "Point", "coordinates": [500_000, 3_432_000]}, crs=member)
    found = next(geo_read.features(path)).geometry
    assert found is not None
    assert (found.x, found.y) == pytest.approx((120, 31.008), abs=0.01)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_web_map_offsets_are_taken_back(tmp_path: Path, datum: str) -> None:
    truth = (121.5, 31.2)
    shifted = crs.to_gcj02(truth) if datum == "gcj02" else crs.to_bd09(truth)
    path = write(tmp_path / "a.geojson", {"type": "Point", "coordinates": list(shifted)})
    found = next(geo_read.features(path, source_crs=datum)).geometry
    assert found is not None
    assert crs.distance_m((found.x, found.y), truth) < 0.01


def test_an_unknown_system_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", {"type": "Point", "coordinates": [121, 31]})
    with pytest.raises(RuleBroken, match="crs-unknown"):
        list(geo_read.features(path, source_crs="EPSG:999999"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"type": "FeatureCollection"}',
        '{"features": [{"type": "Fea',
        '{"features": [1]}',
        '{"a" 1}',
    ],
)
def test_a_broken_file_is_refused_as_such(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(RuleBroken, match="file-format"):
        list(geo_read.features(path))


def test_geopackage_is_read_and_moved(tmp_path: Path) -> None:
    import geopandas

    path = tmp_path / "a.gpkg"
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[shape(polygon(*SQUARE)), None], crs=4490)
    frame.to_crs(4549).to_file(path, layer="houses", engine="pyogrio")
    first, second = geo_read.features(path)
    assert first.properties["n"] == 1
    assert first.geometry is not None
    assert first.geometry.equals_exact(shape(polygon(*SQUARE)), 1e-7)
    assert second.fault == "geometry-missing"
    with pytest.raises(RuleBroken, match="layer-missing"):
        list(geo_read.features(path, layer="streets"))


def test_topojson_is_recognised_by_its_type(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    objects = {"spots": {"type": "Point", "coordinates": [121, 31], "properties": {"a": 1}}}
    path.write_text(json.dumps({"type": "Topology", "objects": objects, "arcs": []}))
    (one,) = geo_read.features(path)
    assert (one.row, one.properties, one.geometry) == (1, {"a": 1}, Point(121, 31))
