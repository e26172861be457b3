from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from geo_registry.errors import RuleBroken
from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.streets import import_streets
from tests.exchange.samples import counts, feature, line, point, run_file, town, write_features


@pytest.fixture
def raw(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    return driver


def tree(path: Path) -> Path:
    """Write a street in two pieces with a lane and a sub-lane, and a hamlet with a group, in any order."""
    east = "310199100001"
    return write_features(
        path,
        feature(line((0.002, 0.002), (0.002, 0.003)), external_id="L1", kind="lane", name="218弄",
                parent_external_id="S1"),
        feature(None, external_id="U1", kind="sub_lane", name="３支弄", parent_external_id="L1"),
        feature(line((0, 0.002), (0.002, 0.002)), external_id="S1", kind="street", name="映月路"),
        feature(line((0.002, 0.002), (0.004, 0.002)), external_id="S2", kind="street", name="映月路"),
        feature(None, external_id="H1", kind="hamlet", name="彭家湾", community_code=east),
        feature(None, external_id="G1", kind="group", name="3组", parent_external_id="H1"),
    )  # fmt: skip


def names(raw: psycopg.Connection) -> list[tuple[object, ...]]:
    return raw.execute(
        """SELECT p.full_name, p.kind, p.initials, ST_NumGeometries(p.axis), d.name, t.name, c.name, p.version
        FROM registry.place_name p JOIN registry.division d ON d.id = p.district_id
        LEFT JOIN registry.division t ON t.id = p.township_id LEFT JOIN registry.division c ON c.id = p.community_id
        ORDER BY p.full_name COLLATE "C" """
    ).fetchall()


def test_pieces_are_one_street_and_names_hang_below_each_other(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    report = run_file(raw, import_streets, tree(tmp_path / "s.geojson"))
    assert counts(report) == (6, 6, 0, 0, 0, 0)
    place = ("映月区", "映月镇")
    assert names(raw) == [
        ("彭家湾", "hamlet", "pjw", None, *place, "东居委会", 1),
        ("彭家湾3组", "group", "3z", None, *place, "东居委会", 1),
        ("映月路", "street", "yyl", 1, *place, None, 1),
        ("映月路218弄", "lane", "218l", 1, *place, "东居委会", 1),
        ("映月路218弄3支弄", "sub_lane", "3zl", None, *place, "东居委会", 1),
    ]


def test_the_same_file_again_changes_nothing_and_a_new_piece_changes_its_street(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    path = tree(tmp_path / "s.geojson")
    run_file(raw, import_streets, path)
    assert counts(run_file(raw, import_streets, path)) == (6, 0, 0, 6, 0, 0)
    longer = write_features(
        tmp_path / "t.geojson",
        feature(line((0, 0.002), (0.006, 0.002)), external_id="S1", kind="street", name="映月路"),
    )
    assert counts(run_file(raw, import_streets, longer)) == (1, 1, 1, 0, 0, 0)
    found = raw.execute("SELECT version FROM registry.place_name WHERE name = '映月路'").fetchall()
    assert found == [(2,)]


def test_what_is_no_named_street_stays_aside(raw: psycopg.Connection, tmp_path: Path) -> None:
    nan = {"type": "LineString", "coordinates": [[121, 31], [float("nan"), 31]]}
    path = write_features(
        tmp_path / "s.geojson",
        feature(line((0, 0), (0.001, 0)), id=1, kind="path"),
        feature(line((0, 0), (0.001, 0)), id=2, kind="rail", name="上海轨道交通2号线"),
        feature(line((0, 0), (0.001, 0)), id=3, kind="major_road", name="Century Avenue"),
        feature(point(0, 0), id=4, kind="major_road", name="世纪大道"),
        feature(nan, id=5, kind="major_road", name="世纪大道"),
        feature(line((0, 0), (0.001, 0)), id=6, kind="major_road", name="世纪大道"),
        feature(line((0, 0), (0.001, 0)), id=7, kind="major_road", name="外白渡桥"),
    )
    report = run_file(raw, import_streets, path, "osm-streets")
    assert report.reasons == {
        "unnamed": 1, "not-a-street": 1, "name-not-chinese": 1, "geometry-type": 1, "geometry-invalid": 1
    }  # fmt: skip
    assert (report.stored, report.refused) == (2, 2)
    # Nothing is lost for want of boundaries.
    assert report.warnings == {"area-unassigned": 2, "name-unusual": 1}
    assert {row[4] for row in names(raw)} == {"未划定区域"}


def test_a_parent_that_nobody_knows_is_told(raw: psycopg.Connection, tmp_path: Path) -> None:
    lane = feature(None, external_id="L1", kind="lane", name="218弄", parent_external_id="S9")
    report = run_file(raw, import_streets, write_features(tmp_path / "s.geojson", lane))
    assert report.reasons == {"parent-unknown": 1}


def test_the_caller_may_say_where_the_lines_lie(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    path = write_features(
        tmp_path / "s.geojson",
        feature(line((0.001, 0.001), (0.002, 0.001)), kind="street", name="东环路"),
        feature(line((0.5, 0.5), (0.6, 0.5)), kind="street", name="远环路"),
        feature(line((0.015, 0.001), (0.016, 0.001)), kind="street", name="西环路"),
    )
    report = run_file(raw, import_streets, path, area="310199100001")
    assert (report.stored, report.reasons) == (2, {"outside-area": 1})
    with pytest.raises(RuleBroken, match="area-unknown"):
        run_file(raw, import_streets, path, area="990000000000")


def test_two_far_streets_of_one_name_are_not_made_one(raw: psycopg.Connection, tmp_path: Path) -> None:
    here = write_features(tmp_path / "a.geojson", feature(line((0, 0), (0.01, 0)), name="世纪大道"))
    there = write_features(tmp_path / "b.geojson", feature(line((2, 2), (2.01, 2)), name="世纪大道"))
    assert run_file(raw, import_streets, here).stored == 1
    assert run_file(raw, import_streets, there).reasons == {"same-name-far": 1}
