"""Files of blocks: what is stored, what is kept out and why, and what they leave uncovered (R5)."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.backdrop import import_backdrop
from geo_registry.exchange.blocks import import_blocks
from tests.exchange.samples import counts, feature, line, run_file, square, town, write_features


@pytest.fixture
def raw(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    return driver


def communities(raw: psycopg.Connection) -> list[tuple[object, ...]]:
    return raw.execute(
        """SELECT g.code, c.name, g.version FROM registry.grid_block g
        LEFT JOIN registry.division c ON c.id = g.community_id ORDER BY g.code"""
    ).fetchall()


def test_a_block_belongs_to_the_community_that_covers_most_of_it(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    path = write_features(
        tmp_path / "b.geojson",
        feature(square(0.001, 0.001), code="A", name="甲"),
        feature(square(0.0093, 0.003), code="B", name="乙"),
        feature(square(0.0097, 0.005), code="C", name="丙"),
        feature(square(0.002, 0.002), code="D", name="丁", community_code="310199100201"),
        feature(square(3, 3), code="E", name="戊"),
    )
    report = run_file(raw, import_blocks, path)
    assert (report.stored, report.warnings) == (5, {"area-unassigned": 1, "gap": 2})
    assert communities(raw) == [
        ("A", "东居委会", 1), ("B", "东居委会", 1), ("C", "西村委会", 1), ("D", "西村委会", 1), ("E", None, 1),
    ]  # fmt: skip
    assert counts(run_file(raw, import_blocks, path)) == (5, 0, 0, 5, 0, 0)


def test_a_redrawn_block_keeps_its_identity(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    run_file(raw, import_blocks, write_features(tmp_path / "a.geojson", feature(square(0, 0), code="A")))
    moved = write_features(tmp_path / "b.geojson", feature(square(0.015, 0), code="A"))
    assert counts(run_file(raw, import_blocks, moved)) == (1, 1, 1, 0, 0, 0)
    assert communities(raw) == [("A", "西村委会", 2)]


def test_faulty_blocks_are_told(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write_features(
        tmp_path / "b.geojson",
        feature(square(0, 0), code="A"),
        feature(square(0, 0), code="A"),
        feature(square(0, 0)),
        feature(None, code="B"),
        feature(line((0, 0), (1, 1)), code="C"),
        feature(square(-100, 0), code="D"),
        feature(square(0.0005, 0), code="E"),
    )
    report = run_file(raw, import_blocks, path)
    assert report.reasons == {
        "block-overlap": 1, "code-duplicate": 1, "code-missing": 1, "geometry-missing": 1, "geometry-type": 1,
        "outside-jurisdiction": 1,
    }  # fmt: skip


def kept(raw: psycopg.Connection) -> list[tuple[object, ...]]:
    return raw.execute(
        "SELECT row_number, detail FROM registry.quarantine WHERE reason = 'block-overlap' ORDER BY row_number"
    ).fetchall()


def test_of_overlapping_rows_the_first_is_stored_and_the_rest_judged_without_the_others(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    path = write_features(
        tmp_path / "b.geojson",
        feature(square(0, 0), code="A"),
        feature(square(0.0009, 0), code="B"),
        feature(square(0.0018, 0), code="C"),
        feature(square(0.001, 0.001), code="D"),
        feature(square(0.00125, 0.00125, 0.0001), code="E"),
    )
    report = run_file(raw, import_blocks, path)
    assert counts(report) == (5, 3, 0, 0, 2, 0)
    assert [code for code, *_ in communities(raw)] == ["A", "C", "D"]
    (row, detail), (inner, _) = kept(raw)
    assert (row, inner) == (2, 5)
    assert str(detail).startswith("网格 B 与网格 A 重叠 ")
    raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_stored_block_stands_against_rows_until_it_is_redrawn(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    run_file(raw, import_blocks, write_features(tmp_path / "a.geojson", feature(square(0, 0), code="A")))
    over = write_features(tmp_path / "b.geojson", feature(square(0.0005, 0), code="B"))
    assert run_file(raw, import_blocks, over).reasons == {"block-overlap": 1}
    both = write_features(
        tmp_path / "c.geojson",
        feature(square(0.0005, 0), code="B"),
        feature(square(0.0015, 0), code="A"),
    )
    assert counts(run_file(raw, import_blocks, both)) == (2, 2, 1, 0, 0, 0)
    # A's new ground is refused, so A stays where it was, and so stands against what came onto its old ground.
    stuck = write_features(
        tmp_path / "d.geojson",
        feature(square(0.005, 0), code="C"),
        feature(square(0.0055, 0), code="A"),
        feature(square(0.002, 0, 0.0001), code="D"),
    )
    report = run_file(raw, import_blocks, stuck)
    assert (report.stored, report.reasons) == (1, {"block-overlap": 2})
    raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_the_blocks_leave_out_is_told_in_words(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(raw, import_areas, town(tmp_path / "areas.geojson"))
    district, community = raw.execute(
        "SELECT district_id, id FROM registry.division WHERE name = '东居委会'"
    ).fetchone() or ("", "")
    for x in (121.3005, 121.3055):
        raw.execute(
            """INSERT INTO registry.building (method, district_id, community_id, position)
            VALUES ('derived', %s, %s, ST_SetSRID(ST_MakePoint(%s, 31.0005), 4490))""",
            [district, community, x],
        )
    report = run_file(
        raw, import_blocks, write_features(tmp_path / "a.geojson", feature(square(0, 0), code="A"))
    )
    assert report.warnings == {"gap": 1, "building-outside-blocks": 1}
    assert ["1 处地块" in report.notes[0], "1 幢楼" in report.notes[1]] == [True, True]
    found = raw.execute(
        """SELECT g.code FROM registry.building_block k JOIN registry.grid_block g ON g.id = k.block_id"""
    ).fetchall()
    assert found == [("A",)]


def test_pieces_of_the_backdrop_grow_together(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write_features(
        tmp_path / "w.geojson",
        feature(square(0, 0), id=1, kind="water", name="苏州河"),
        feature(square(0.001, 0), id=1, kind="water", name="苏州河"),
        feature(square(0, 0.01), id=2, kind="park"),
        feature(square(0, 0.02), id=3, kind="parking"),
        feature(line((0, 0), (1, 1)), id=4, kind="water"),
    )
    report = run_file(raw, import_backdrop, path, "osm-backdrop")
    assert report.reasons == {"kind-unknown": 1, "not-a-surface": 1}
    found = raw.execute(
        "SELECT kind, name, ST_NumGeometries(shape) FROM registry.backdrop ORDER BY kind"
    ).fetchall()
    assert found == [("green", None, 1), ("water", "苏州河", 1)]
    assert counts(run_file(raw, import_backdrop, path, "osm-backdrop")) == (5, 0, 0, 3, 2, 0)
    standard = write_features(tmp_path / "s.geojson", feature(square(0, 0.03), kind="green"))
    assert counts(run_file(raw, import_backdrop, standard)) == (1, 1, 0, 0, 0, 0)
    assert counts(run_file(raw, import_backdrop, standard)) == (1, 0, 0, 1, 0, 0)
