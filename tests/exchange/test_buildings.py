from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.buildings import import_buildings
from geo_registry.exchange.buildings_read import area_m2, numbers_of
from geo_registry.exchange.mapping import load_mapping
from geo_registry.exchange.streets import import_streets
from tests.exchange.samples import counts, feature, line, point, run_file, square, town, write_features


@pytest.fixture
def raw(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    return driver


def numbered(raw: psycopg.Connection) -> list[tuple[object, ...]]:
    return raw.execute(
        """SELECT b.label, a.standard_text, l.building_no, l.is_main, p.text
        FROM registry.building b LEFT JOIN registry.building_address l ON l.building_id = b.id
        LEFT JOIN registry.address a ON a.id = l.address_id LEFT JOIN registry.plate p ON p.address_id = a.id
        ORDER BY ST_X(b.position), l.is_main DESC, a.number"""
    ).fetchall()


def estate(path: Path) -> Path:
    east = {"community_code": "310199100001", "street": "映月路"}
    return write_features(
        path,
        feature(square(0.001, 0.001, 0.0002), external_id="B1", number="100号", floors=6, built_year=1998, **east),
        feature(square(0.002, 0.001, 0.0002), external_id="B2", lane="218弄", number="6号", building_no="3幢",
                name="晨曦新村", **east),
        feature(square(0.003, 0.001, 0.0002), external_id="B3", use="shop", **east),
    )  # fmt: skip


def test_a_building_gets_its_number_its_label_and_a_plate(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    path = estate(tmp_path / "b.geojson")
    assert counts(run_file(raw, import_buildings, path)) == (3, 3, 0, 0, 0, 0)
    assert numbered(raw) == [
        ("100号", "映月区映月路100号", "", True, "100号"),
        ("3幢", "映月区映月路218弄6号", "3幢", True, "6号"),
        (None, None, None, None, None),
    ]
    assert counts(run_file(raw, import_buildings, path)) == (3, 0, 0, 3, 0, 0)


def test_a_street_that_is_there_is_used(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    street = feature(line((0, 0.001), (0.005, 0.001)), kind="street", name="映月路")
    run_file(raw, import_streets, write_features(tmp_path / "s.geojson", street))
    run_file(raw, import_buildings, estate(tmp_path / "b.geojson"))
    found = raw.execute(
        "SELECT name, count(axis) FROM registry.place_name GROUP BY name ORDER BY name"
    ).fetchall()
    assert found == [("218弄", 0), ("映月路", 1)]


def test_a_building_known_by_its_number_gets_its_outline(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    run_file(raw, import_buildings, estate(tmp_path / "b.geojson"))
    raw.execute("DELETE FROM registry.external_code WHERE object_kind = 'building'")
    raw.execute("UPDATE registry.building SET outline = NULL, method = 'derived' WHERE label = '100号'")
    report = run_file(raw, import_buildings, estate(tmp_path / "b.geojson"))
    assert report.changed == 1
    found = raw.execute(
        "SELECT count(*), count(outline) FROM registry.building WHERE label = '100号'"
    ).fetchone()
    assert found == (1, 1)


def test_pieces_parts_and_label_points_become_one_building(raw: psycopg.Connection, tmp_path: Path) -> None:
    street = {"addr_street": "中山东一路"}
    path = write_features(
        tmp_path / "b.geojson",
        feature(square(0, 0), id=1, kind="building"),
        feature(square(0.001, 0), id=1, kind="building", name="海关大楼"),
        feature(square(0, 0, 0.0004), id=2, kind="building_part"),
        feature(point(0.0005, 0.0005), id=1, kind="building", name="海关大楼"),
        feature(point(0.0006, 0.0005), id=3, kind="address", addr_housenumber="13", **street),
        feature(point(0.0007, 0.0005), id=4, kind="address", addr_housenumber="15-17", **street),
        feature(point(0.5, 0.5), id=5, kind="address", addr_housenumber="99", **street),
        feature(square(0.01, 0), id=6, kind="building", addr_street="Zhongshan Road", addr_housenumber="8"),
        feature(
            square(0.02, 0), id=7, kind="building", addr_street="四川中路126弄", addr_housenumber="No. 8"
        ),
        feature(square(0.03, 0), id=8, kind="building", addr_housenumber="7 7Floor", **street),
    )
    report = run_file(raw, import_buildings, path, "osm-buildings")
    assert counts(report) == (10, 9, 0, 0, 1, 0)
    assert report.reasons == {"building-unknown": 1}
    assert (report.warnings["name-not-chinese"], report.warnings["number-unreadable"]) == (1, 1)
    sounds = raw.execute("SELECT name, pinyin, initials FROM registry.building_sound").fetchall()
    assert sounds == [("海关大楼", "haiguandalou", "hgdl")]
    assert numbered(raw) == [
        ("13号", "中山东一路13号", "", True, "13号"),
        ("13号", "中山东一路15号", "", False, "15号"),
        ("13号", "中山东一路17号", "", False, "17号"),
        ("8号", None, None, None, None),
        ("8号", "四川中路126弄8号", "", True, "8号"),
        (None, None, None, None, None),
    ]
    outlines = raw.execute("SELECT ST_NumGeometries(outline) FROM registry.building").fetchall()
    assert {count for (count,) in outlines} == {1}
    assert counts(run_file(raw, import_buildings, path, "osm-buildings")) == (10, 0, 0, 9, 1, 0)


def test_two_buildings_of_one_number_share_it(raw: psycopg.Connection, tmp_path: Path) -> None:
    both = {"addr_street": "滨江大道", "addr_housenumber": "2727", "kind": "building"}
    path = write_features(
        tmp_path / "b.geojson", feature(square(0, 0), id=1, **both), feature(square(1, 0), id=2, **both)
    )
    run_file(raw, import_buildings, path, "osm-buildings")
    assert [(row[1], row[3]) for row in numbered(raw)] == [
        ("滨江大道2727号", True),
        ("滨江大道2727号", False),
    ]


def test_impossible_buildings_stay_out(raw: psycopg.Connection, tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[121, 31], [122, 32], [122, 31], [121, 32], [121, 31]]]}
    path = write_features(
        tmp_path / "b.geojson",
        feature(square(0, 0), external_id="A"),
        feature(square(0.0001, 0), external_id="B"),
        feature(square(1, 0, 0.000005), external_id="C"),
        feature(square(-80, 0), external_id="D"),
        feature(bow_tie, external_id="E"),
        feature(line((0, 0), (1, 1)), external_id="F"),
        feature(None, external_id="G"),
        feature(square(2, 0), external_id="H", kind="wall"),
    )
    report = run_file(raw, import_buildings, path)
    assert report.reasons == {
        "overlap": 1, "too-small": 1, "outside-jurisdiction": 1, "geometry-invalid": 1, "geometry-type": 1,
        "geometry-missing": 1,
    }  # fmt: skip
    again = write_features(tmp_path / "c.geojson", feature(square(0.00005, 0.00005), external_id="Z"))
    assert run_file(raw, import_buildings, again).reasons == {"overlap": 1}


def test_ranges_and_prefixes_of_numbers() -> None:
    osm, standard = (
        load_mapping("osm-buildings", "buildings"),
        load_mapping("standard-buildings", "buildings"),
    )
    assert numbers_of(osm, "5~21") == ["5", "21"]
    assert numbers_of(osm, "628弄4-7号") == ["628弄4号", "628弄7号"]
    assert numbers_of(osm, "No. 33") == ["33"]
    assert numbers_of(osm, "12-3") == ["12-3"]
    assert numbers_of(standard, "12-14") == ["12-14"]


def test_areas_are_in_square_metres() -> None:
    from shapely.geometry import shape

    assert area_m2(shape(square(0, 0))) == pytest.approx(95.5 * 110.9, rel=0.01)
