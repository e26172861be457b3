import json
import os
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from geo_registry.errors import RuleBroken
from geo_registry.exchange.mapping import load_mapping
from tests.exchange.plate_files import (
    DOOR_PLATES,
    EAST,
    FAR,
    PLAIN,
    WEST,
    all_of,
    door,
    load_list,
    register_villages,
    write_list,
)  # fmt: skip
from tests.exchange.samples import counts

DATA = os.environ.get("GEO_REGISTRY_DATA")


@pytest.fixture
def raw(connection: Connection, tmp_path: Path) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SELECT 1")  # opens the outer transaction
    register_villages(driver, tmp_path)
    return driver


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "doors.parquet"


ADDRESSES = "SELECT standard_text, number_key, state FROM registry.address ORDER BY standard_text"
UNITS = """
    SELECT a.standard_text || u.unit_text, u.state FROM registry.housing_unit u
    JOIN registry.building_address n USING (building_id) JOIN registry.address a ON a.id = n.address_id ORDER BY 1
"""


def test_a_row_becomes_names_address_building_unit_and_plate(raw: psycopg.Connection, path: Path) -> None:
    rows = [
        door("12號", section="一段", lane="3巷", alley="5弄"),
        door("12號二樓之1", section="1段", lane="3巷", alley="5弄"),
    ]
    assert counts(load_list(raw, write_list(path, *rows))) == (2, 2, 0, 0, 0, 0)
    names = all_of(raw, "SELECT kind, name, full_name FROM registry.place_name ORDER BY length(full_name)")
    assert names == [
        ("street", "中山路", "中山路"), ("section", "一段", "中山路一段"), ("lane", "3巷", "中山路一段3巷"),
        ("alley", "5弄", "中山路一段3巷5弄"),
    ]  # fmt: skip
    assert all_of(raw, UNITS) == [
        ("映月鎮東里中山路一段3巷5弄12號", "realized"), ("映月鎮東里中山路一段3巷5弄12號二樓之1", "realized"),
    ]  # fmt: skip
    assert all_of(raw, "SELECT text, state, kind FROM registry.plate") == [("12號", "numbered", "gate_small")]
    assert all_of(raw, "SELECT method, count(*) FROM registry.building GROUP BY 1") == [("derived", 1)]


def test_a_street_is_one_in_its_township_and_another_in_the_next(raw: psycopg.Connection, path: Path) -> None:
    rows = [door("1號"), door("3號", WEST, 0.015), door("1號", FAR, 0.025)]
    assert load_list(raw, write_list(path, *rows)).stored == 3
    assert all_of(raw, "SELECT count(*) FROM registry.place_name") == [(2,)]


def test_the_same_group_of_two_villages_has_two_texts(raw: psycopg.Connection, path: Path) -> None:
    rows = [door("18號", road=""), door("18號", WEST, 0.015, road=""), door("18號")]
    # This profile writes district and street alone; groups are unique in their village.
    mapping = PLAIN.model_copy(update={"profile": "shanghai"})
    assert load_list(raw, write_list(path, *rows), mapping).stored == 3
    assert [text for text, *_ in all_of(raw, ADDRESSES)] == [
        "映月縣中山路18号", "映月縣映月鎮東里1鄰18号", "映月縣映月鎮西里1鄰18号",
    ]  # fmt: skip


def test_without_a_road_the_neighbourhood_is_the_place(raw: psycopg.Connection, path: Path) -> None:
    rows = [
        door("7號", road=""),
        door("7號", road="", neighborhood="2鄰"),
        door("7號", road="", neighborhood=""),
    ]
    assert load_list(raw, write_list(path, *rows)).stored == 3
    assert [text for text, *_ in all_of(raw, ADDRESSES)] == [
        "映月鎮東里1鄰7號", "映月鎮東里2鄰7號", "映月鎮東里7號",
    ]  # fmt: skip


def test_every_row_has_an_outcome_and_its_reason(raw: psycopg.Connection, path: Path) -> None:
    rows = [
        door("1號"), door("1 號"), door("3號", x=0.015), door("5號", y_e7=0), door("7號", x_e7=None),
        door("9號", x_e7=2_000_000_000), door(""), door("0號"), door("甲"), door("11號?!x"), door("13號", "nowhere"),
        door("15號(王宅)"),
    ]  # fmt: skip
    report = load_list(raw, write_list(path, *rows))
    assert counts(report) == (12, 2, 0, 0, 10, 0)
    assert report.reasons == {
        "duplicate": 1, "outside-village": 1, "latitude-zero": 1, "position-missing": 1, "position-unusable": 1,
        "number-missing": 1, "number-impossible": 2, "number-unreadable": 1, "area-unknown": 1,
    }  # fmt: skip
    assert report.warnings == {"remark": 1}
    kept = all_of(raw, "SELECT row_number, reason, detail FROM registry.quarantine ORDER BY row_number")
    assert kept[0] == (2, "duplicate", "与第 1 行相同")
    assert kept[1][:2] == (3, "outside-village")
    assert "东" not in kept[1][2]
    assert "東里" in kept[1][2]
    assert kept[1][2].endswith("m")


def test_a_remark_is_stored_nowhere(raw: psycopg.Connection, path: Path) -> None:
    load_list(raw, write_list(path, door("15號(王宅)")))
    for table in ("place_name", "address", "building", "housing_unit", "plate", "quarantine"):
        assert not all_of(raw, f"SELECT 1 FROM registry.{table} t WHERE t::text LIKE '%王宅%'")


def test_the_same_file_again_changes_nothing(raw: psycopg.Connection, path: Path) -> None:
    rows = [door("1號"), door("1號二樓"), door("3號"), door("3號", x=0.015), door("5號", road="")]
    first = load_list(raw, write_list(path, *rows))
    before = all_of(
        raw,
        "SELECT id, version FROM registry.address UNION ALL SELECT id, version FROM registry.housing_unit ORDER BY 1",
    )
    second = load_list(raw, path)
    assert (first.stored, second.stored, second.changed, second.unchanged) == (4, 0, 0, 4)
    assert before == all_of(
        raw,
        "SELECT id, version FROM registry.address UNION ALL SELECT id, version FROM registry.housing_unit ORDER BY 1",
    )
    assert all_of(raw, "SELECT count(*) FROM registry.quarantine") == [(1,)]


def test_a_moved_door_is_a_change(raw: psycopg.Connection, path: Path) -> None:
    load_list(raw, write_list(path, door("1號"), door("1號二樓")))
    report = load_list(raw, write_list(path, door("1號", x=0.006), door("1號二樓", x=0.006)))
    assert counts(report) == (2, 1, 1, 1, 0, 0)
    assert all_of(
        raw,
        "SELECT count(DISTINCT position) FROM (SELECT position FROM registry.address UNION ALL "
        "SELECT position FROM registry.building UNION ALL SELECT position FROM registry.plate) p",
    ) == [(1,)]


def test_a_list_rewrites_what_an_older_way_of_writing_left(raw: psycopg.Connection, path: Path) -> None:
    load_list(raw, write_list(path, door("1號"), door("3號")))
    texts = "SELECT number_text, standard_text FROM registry.address ORDER BY number"
    written = all_of(raw, texts)
    raw.execute(
        "UPDATE registry.address SET number_text = '第1號', standard_text = replace(standard_text, '1號', '第1號') "
        "WHERE number = 1"
    )
    report = load_list(raw, path)
    assert (report.changed, report.unchanged) == (1, 1)
    assert all_of(raw, texts) == written
    again = load_list(raw, path)
    assert (again.changed, again.unchanged) == (0, 2)


def test_what_a_township_no_longer_lists_is_retired_and_reinstated(
    raw: psycopg.Connection, path: Path
) -> None:
    many = [door(f"{n}號") for n in range(1, 9)]
    load_list(raw, write_list(path, *many, door("10號二樓"), door("10號"), door("1號", FAR, 0.025)))
    report = load_list(raw, write_list(path, *many, door("10號")))
    assert (report.retired, report.unchanged) == (1, 9)
    assert all_of(raw, "SELECT count(*) FROM registry.address WHERE state = 'current'") == [(10,)]
    report = load_list(raw, write_list(path, *many))
    assert report.retired == 1
    assert all_of(raw, "SELECT state FROM registry.address WHERE number = 10") == [("retired",)]
    assert all_of(raw, "SELECT state FROM registry.plate WHERE text = '10號'") == [("cancelled",)]
    report = load_list(raw, write_list(path, *many, door("10號"), door("10號二樓")))
    assert (report.stored, report.changed, report.unchanged) == (2, 2, 8)
    assert all_of(raw, "SELECT state, upper_inf(valid) FROM registry.address WHERE number = 10") == [
        ("current", True)
    ]
    assert all_of(raw, "SELECT count(*) FROM registry.building") == [(10,)]
    assert load_list(raw, path).stored == 0


def test_a_row_kept_out_still_protects_what_is_registered(raw: psycopg.Connection, path: Path) -> None:
    load_list(raw, write_list(path, door("1號"), door("3號")))
    report = load_list(raw, write_list(path, door("1號"), door("3號", x=0.015)))
    assert (report.retired, report.reasons["outside-village"]) == (0, 1)


def test_retirement_warns_and_stops(raw: psycopg.Connection, path: Path) -> None:
    many = [door(f"{n}號") for n in range(1, 11)]
    load_list(raw, write_list(path, *many))
    assert load_list(raw, write_list(path, *many[:7]), dry_run=True).warnings["retirement"] == 3
    with pytest.raises(RuleBroken, match="--confirm-retirement"):
        load_list(raw, write_list(path, *many[:1]))
    assert load_list(raw, path, partial=True).retired == 0
    assert load_list(raw, path, confirm_retirement=True).retired == 9


def test_a_county_that_lies_elsewhere_is_kept_out_whole(raw: psycopg.Connection, path: Path) -> None:
    rows = [door(f"{n}號", (EAST, WEST, FAR)[n % 3], 2.005 + 0.01 * (n % 3)) for n in range(1, 60)]
    report = load_list(raw, write_list(path, *rows, door("", "nowhere")))
    assert counts(report) == (60, 0, 0, 0, 60, 0)
    assert report.reasons == {"shifted": 60}
    assert "+2.0" in report.notes[0]
    assert all_of(raw, "SELECT count(*) FROM registry.place_name") == [(0,)]
    kept = all_of(raw, "SELECT DISTINCT detail FROM registry.quarantine")
    assert kept == [("整个县市的坐标偏移：经度 +2.0000°，纬度 +0.0000°",)]


def test_some_doors_outside_are_no_shift(raw: psycopg.Connection, path: Path) -> None:
    rows = [door(f"{n}號", x=0.005 if n % 2 else 2.005) for n in range(1, 41)]
    report = load_list(raw, write_list(path, *rows))
    assert (report.stored, report.reasons["outside-village"]) == (20, 20)


def test_a_dry_run_counts_the_same_and_stores_nothing(raw: psycopg.Connection, path: Path) -> None:
    report = load_list(raw, write_list(path, door("1號"), door("3號", x=0.015)), dry_run=True)
    assert counts(report) == (2, 1, 0, 0, 1, 0)
    assert all_of(raw, "SELECT count(*) FROM registry.address") == [(0,)]


def test_an_import_can_be_limited_to_a_division(raw: psycopg.Connection, path: Path) -> None:
    rows = [door("1號"), door("3號", WEST, 0.015), door("1號", FAR, 0.025)]
    report = load_list(raw, write_list(path, *rows), area=EAST)
    assert (report.stored, report.reasons["outside-area"]) == (1, 2)
    load_list(raw, path)
    report = load_list(raw, write_list(path, door("5號")), area=EAST, confirm_retirement=True)
    assert (report.stored, report.retired) == (1, 1)
    with pytest.raises(RuleBroken, match="999"):
        load_list(raw, path, area="999")


def test_a_village_may_be_written_by_its_name_within_its_town(raw: psycopg.Connection, path: Path) -> None:
    raw.execute(
        """INSERT INTO registry.external_code (object_kind, object_id, scheme, value)
           SELECT 'division', id, 'tw-dgbas', '6600100-' || right(code, 3) FROM registry.division
           WHERE code IN ('310199100001', '310199100201')"""
    )
    rows = [
        door("1號", "東里", town="6600100"), door("2號", "6600100-001", town="6600100"),
        door("3號", "無里", town="6600100"), door("4號", "東里", town="6600200"),
    ]  # fmt: skip
    report = load_list(raw, write_list(path, *rows), DOOR_PLATES.model_copy(update={"companions": {}}))
    assert report.reasons == {"area-unknown": 2}
    communities = all_of(
        raw, "SELECT d.name FROM registry.address a JOIN registry.division d ON d.id = a.community_id"
    )
    assert communities == [("東里",), ("東里",)]


def test_a_missing_companion_says_which(raw: psycopg.Connection, path: Path) -> None:
    with pytest.raises(RuleBroken, match=r"areas\.csv"):
        load_list(raw, write_list(path, door("1號", "1001802-004")), DOOR_PLATES)


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="GEO_REGISTRY_DATA names no folder of real data")
def test_a_sample_of_a_real_register_loads_with_its_companions(raw: psycopg.Connection) -> None:
    sample = Path(str(DATA)) / "door-plates" / "sample_10018-中山路_2026.csv"
    first = load_list(raw, sample, DOOR_PLATES)
    assert first.stored > 0.9 * first.rows
    assert load_list(raw, sample, DOOR_PLATES).unchanged == first.stored


def test_standard_columns_attach_to_registered_buildings(raw: psycopg.Connection, tmp_path: Path) -> None:
    from geo_registry.exchange.buildings import import_buildings
    from tests.exchange.samples import feature, run_file, square, write_features

    building = feature(
        square(0.004, 0.004), external_id="b-1", street="光明路", number="18号", building_no="3幢",
        community_code=EAST, floors=6,
    )  # fmt: skip
    run_file(raw, import_buildings, write_features(tmp_path / "b.geojson", building))
    header = "community_code,street,number,building_no,entrance,floor,room,use,area_m2,lon,lat,building_external_id,plate_state"
    place = f"{EAST},光明路,18号,3幢"
    where = "121.3045,31.0045,b-1,installed"
    lines = [
        header,
        f"{place},1单元,1,101室,vacant,80.5,{where}",
        f"{place},1单元,2,201室,self_occupied,80.5,{where}",
        f"{place},2单元,1,101室,,-3,{where}",
        f"{place},2单元,1,102室,palace,60,{where}",
    ]
    path = tmp_path / "units.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    standard = load_mapping("standard-plates", "plates")
    report = load_list(raw, path, standard)
    assert counts(report) == (4, 2, 0, 0, 2, 0)
    assert report.reasons == {"unit-area-impossible": 1, "use-unknown": 1}
    assert all_of(raw, "SELECT count(*) FROM registry.building") == [(1,)]
    assert all_of(raw, "SELECT label, label_key FROM registry.entrance") == [("1单元", "1")]
    assert all_of(raw, "SELECT unit_text, floor, use, area_m2::text FROM registry.housing_unit ORDER BY 1") == [
        ("1单元101室", 1, "vacant", "80.50"), ("1单元201室", 2, "self_occupied", "80.50"),
    ]  # fmt: skip
    # A list proves nothing of the wall.
    assert all_of(raw, "SELECT state FROM registry.plate") == [("delivered",)]
    assert report.warnings["plate-unproven"] == 1
    assert load_list(raw, path, standard).unchanged == 2
    path.write_text(path.read_text(encoding="utf-8").replace("vacant", "let_whole"), encoding="utf-8")
    assert counts(load_list(raw, path, standard)) == (4, 1, 1, 1, 2, 0)


def test_what_was_mounted_here_is_known_better_than_by_a_list(raw: psycopg.Connection, path: Path) -> None:
    many = [door(f"{n}號") for n in range(1, 11)]
    load_list(raw, write_list(path, *many))
    raw.execute(
        "INSERT INTO registry.account (id, login, name, role) VALUES (registry.new_id(), 'mounter', '上墙人', 'coordinator')"
    )
    raw.execute(
        "INSERT INTO registry.photo (sha256, width, height, size_bytes) VALUES (decode(repeat('ab', 32), 'hex'), 9, 9, 9)"
    )
    raw.execute(
        """INSERT INTO registry.plate_installation (plate_id, photo_sha256, installed_at, account_id, position)
           SELECT p.id, f.sha256, now(), c.id, p.position FROM registry.plate p, registry.photo f, registry.account c
           WHERE p.text IN ('9號', '10號')"""
    )
    raw.execute("UPDATE registry.plate SET state = 'installed' WHERE text IN ('9號', '10號')")
    assert load_list(raw, write_list(path, *many[:9])).retired == 1
    raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
    states = all_of(raw, "SELECT text, state FROM registry.plate WHERE state <> 'numbered' ORDER BY 1")
    assert states == [("10號", "superseded"), ("9號", "installed")]
    assert all_of(raw, "SELECT count(*) FROM registry.plate_installation WHERE ended_at IS NULL") == [(1,)]


def test_original_columns_stay_with_the_row_kept_out(raw: psycopg.Connection, path: Path) -> None:
    load_list(raw, write_list(path, door("", road="光明路")))
    (row,) = all_of(raw, "SELECT row::text FROM registry.quarantine")
    assert json.loads(row[0])["road"] == "光明路"
    assert PLAIN.code == "door-plates"
