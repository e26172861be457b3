import json
import os
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from shapely.geometry import Polygon
from sqlalchemy import Connection

from geo_registry.exchange.areas import count_overlaps, import_areas, load_companions
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import load_mapping
from tests.exchange.samples import area, counts, feature, run_file, square, town, write_features

DATA = os.environ.get("GEO_REGISTRY_DATA")
Row = tuple[object, ...]


@pytest.fixture
def raw(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    return driver


def one(raw: psycopg.Connection, query: str, *values: object) -> Row:
    row = raw.execute(query.encode(), values).fetchone()
    assert row
    return tuple(row)


def test_levels_hang_together_and_carry_the_ids_of_their_scope(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    report = run_file(raw, import_areas, town(tmp_path / "a.geojson"))
    assert counts(report) == (4, 4, 0, 0, 0, 0)
    query = """SELECT c.full_name, c.kind, c.township_id = t.id, c.district_id = d.id, t.township_id = t.id,
      d.district_id = d.id, c.act_id IS NOT NULL, ST_Area(c.boundary) > 0
      FROM registry.division c JOIN registry.division t ON t.id = c.parent_id
      JOIN registry.division d ON d.id = t.parent_id
      WHERE c.code = '310199100201'"""
    assert one(raw, query) == ("映月区映月镇西村委会", "villagers", True, True, True, True, True, True)


def test_the_same_file_again_changes_nothing(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = town(tmp_path / "a.geojson")
    run_file(raw, import_areas, path)
    assert counts(run_file(raw, import_areas, path)) == (4, 0, 0, 4, 0, 0)
    assert one(raw, "SELECT count(*) FROM registry.place_history") == (0,)


def test_a_new_name_or_boundary_is_a_change_of_the_same_division(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "a.geojson"))
    before = one(raw, "SELECT id FROM registry.division WHERE code = '310199100001'")
    again = write_features(
        tmp_path / "b.geojson",
        area("310199100001", "东新居委会", "community", "310199100000", square(0, 0, 0.009)),
    )
    assert counts(run_file(raw, import_areas, again)) == (1, 1, 1, 0, 0, 0)
    after = one(raw, "SELECT id, name, version FROM registry.division WHERE code = '310199100001'")
    assert after == (before[0], "东新居委会", 2)


def test_faulty_rows_are_kept_out_one_by_one(raw: psycopg.Connection, tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    line = {"type": "LineString", "coordinates": [[121, 31], [122, 31]]}
    path = write_features(
        tmp_path / "a.geojson",
        area("310199000000", "映月区", "district", None),
        area("310199000000", "映月新区", "district", None),
        area("310199100000", "映月镇", "township", "310198000000"),
        area("310199100001", "东居委会", "community", "310199100000"),
        area("310199200000", "", "township", "310199000000"),
        area("310199300000", "北镇", "county", "310199000000"),
        area("3101", "南镇", "township", "310199000000", bow_tie),
        area("31019940", "南镇", "township", "310199000000"),
        area("310199400000", "南镇", "township", "310199000000", line),
        feature(None, name="无码镇"),
    )
    report = run_file(raw, import_areas, path)
    assert report.reasons == {
        "code-duplicate": 1, "parent-unknown": 2, "name-missing": 1, "level-unknown": 1,
        "geometry-invalid": 1, "division-code": 1, "geometry-type": 1, "code-missing": 1,
    }  # fmt: skip
    assert counts(report) == (10, 1, 0, 0, 3, 6)
    kept = one(
        raw, "SELECT detail, row ->> 'name' FROM registry.quarantine WHERE reason = 'parent-unknown' LIMIT 1"
    )
    assert kept == ("上级代码 310198000000", "映月镇")


def test_a_community_under_a_township_of_another_code_is_stored_with_a_remark(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    path = write_features(
        tmp_path / "a.geojson",
        area("340702000000", "铜官区", "district", None),
        area("340702005000", "五镇", "township", "340702000000"),
        area("340702006005", "六社区", "community", "340702005000"),
    )
    report = run_file(raw, import_areas, path)
    assert (report.stored, report.warnings) == (3, {"township-disagrees": 1})


def test_overlapping_polygons_of_a_level_are_counted(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write_features(
        tmp_path / "a.geojson",
        area("310199000000", "映月区", "district", None, square(0, 0, 0.02)),
        area("310198000000", "邻区", "district", None, square(0.015, 0, 0.02)),
    )
    assert run_file(raw, import_areas, path).warnings == {"overlap-district": 1}
    touching = [Polygon([(x, 0), (x + 1, 0), (x + 1, 1), (x, 1)]) for x in range(3)]
    assert count_overlaps(touching) == 0


CODES = {
    "provinces.csv": "code,name\n44,广东省\n11,北京市\n",
    "cities.csv": "code,name,provinceCode\n4419,东莞市,44\n1101,市辖区,11\n",
    "areas.csv": "code,name\n441900,东莞市\n110101,东城区\n110102,西城区\n",
    "streets.csv": "code,name\n441900003,东城街道\n110101001,东华门街道\n",
    "villages.csv": "code,name\n110101001001,多福巷社区居委会\n441900003001,岗贝社区居委会\n",
}


def test_a_list_of_codes_takes_what_is_above_from_the_files_beside_it(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    for name, text in CODES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = run_file(raw, import_areas, tmp_path / "villages.csv", "cn-divisions")
    assert counts(report) == (2, 2, 0, 0, 0, 0)
    query = "SELECT full_name, level FROM registry.division WHERE scheme = 'cn' AND code = %s"
    assert one(raw, query, "110101001001") == ("北京市东城区东华门街道多福巷社区居委会", "community")
    # A city without districts is the district of its own code.
    assert one(raw, query, "441900000000") == ("广东省东莞市", "district")
    assert one(raw, query, "441900003001")[0] == "广东省东莞市东城街道岗贝社区居委会"
    assert raw.execute("SELECT FROM registry.division WHERE code = '110102000000'").fetchone() is None
    for name in ("cities.csv", "areas.csv", "streets.csv", "villages.csv"):
        report = run_file(raw, import_areas, tmp_path / name, "cn-divisions")
        assert report.changed == 0
        assert report.quarantined == 0
    assert one(raw, query, "441900000000")[1] == "district"


def villages(path: Path) -> Path:
    objects: dict[str, list[tuple[str, str, str, str, dict[str, str]]]] = {
        "counties": [("COUNTYCODE", "10018", "COUNTYNAME", "新竹市", {})],
        "towns": [("TOWNCODE", "10018020", "TOWNNAME", "北區", {"COUNTYCODE": "10018"})],
        "villages": [
            ("VILLCODE", "10018020004", "VILLNAME", "中臺里", {"TOWNCODE": "10018020", "COUNTYCODE": "10018"})
        ],
    }
    packed = {
        name: {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0]], "properties": rest | {code_key: code, name_key: text}}
                for code_key, code, name_key, text, rest in rows
            ],
        }
        for name, rows in objects.items()
    }
    ring = [[120.9, 24.8], [121.0, 24.8], [121.0, 24.9], [120.9, 24.9], [120.9, 24.8]]
    path.write_text(json.dumps({"type": "Topology", "objects": packed, "arcs": [ring]}))
    return path


def test_a_topology_gives_three_levels_and_companions_join_codes_by_name(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    boundaries, codes = villages(tmp_path / "v.json"), tmp_path / "areas.csv"
    codes.write_text(
        "name,dgbas_id\n新竹市,10018\n新竹市北　區,1001802\n新竹巿北區中台里,1001802-004\n"
        "北區中臺里,1001802-004\n七堵區中臺里,6801300-006\n",
        encoding="utf-8",
    )
    assert counts(run_file(raw, import_areas, boundaries, "tw-villages")) == (3, 3, 0, 0, 0, 0)

    def companions(load: Load) -> None:
        load_companions(load, codes=codes, boundaries=boundaries, counties={"10018"})

    companions.__name__ = "import_plates"
    for _ in range(2):
        assert counts(run_file(raw, companions, boundaries, "door-plates")) == (0, 0, 0, 0, 0, 0)
    query = """SELECT e.value, d.full_name, d.level FROM registry.external_code e
      JOIN registry.division d ON d.id = e.object_id WHERE e.scheme = 'tw-dgbas' ORDER BY 1"""
    assert raw.execute(query).fetchall() == [
        ("10018", "新竹市", "district"), ("1001802", "新竹市北區", "township"),
        ("1001802-004", "新竹市北區中臺里", "community"),
    ]  # fmt: skip
    assert load_mapping("tw-villages", "areas").scheme == "tw"
    assert isinstance(one(raw, "SELECT act_id FROM registry.division WHERE code = '10018'")[0], UUID)


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="GEO_REGISTRY_DATA names no folder of real data")
def test_all_villages_load_and_load_again(raw: psycopg.Connection) -> None:
    path = Path(str(DATA)) / "villages" / "villages-10t.json"
    first = run_file(raw, import_areas, path, "tw-villages")
    assert counts(first) == (8091, 8091, 0, 0, 0, 0)
    assert first.seconds < 60
    assert counts(run_file(raw, import_areas, path, "tw-villages")) == (8091, 0, 0, 8091, 0, 0)
