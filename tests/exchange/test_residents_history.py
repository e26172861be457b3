"""Lists of residents with histories, households, absences and other headings."""

import datetime as dt
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from geo_registry import cluster
from geo_registry.access.cipher import open_
from geo_registry.errors import RuleBroken
from geo_registry.exchange import residents_read
from geo_registry.exchange.residents import import_residents
from tests.exchange.samples import counts, run_file
from tests.exchange.test_residents import EAST, Values, many, number, person, prepare, write
from tests.exchange.test_residents import raw as raw  # noqa: PLC0414  (the fixture, under its own name)


def test_households_are_made_once_for_each_unit_and_key(raw: psycopg.Connection, tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        person(1, household_key="7", relation_to_head="0", verified_on="2026-05-01"),
        person(2, household_key="7", relation_to_head="1"),
        person(3, household_key="7", room="502室", household_kind="collective"),
        person(4),
    )
    assert counts(run_file(raw, import_residents, path)) == (4, 4, 0, 0, 0, 0)
    homes = """SELECT h.kind, count(*), max(r.verified_on) FROM registry.residence r JOIN registry.household h
        ON h.id = r.household_id AND h.unit_id = r.unit_id GROUP BY h.id, 1 ORDER BY 1 DESC"""
    assert many(raw, homes) == [("family", 2, dt.date(2026, 5, 1)), ("collective", 1, None)]
    # Another member, later: the household is the one that is there.
    grown = write(
        tmp_path / "s.csv", person(1, household_key="7", relation_to_head="0"), person(5, household_key="7")
    )
    assert counts(run_file(raw, import_residents, grown)) == (2, 1, 0, 1, 0, 0)
    assert many(raw, homes)[0] == ("family", 3, dt.date(2026, 5, 1))
    assert counts(run_file(raw, import_residents, path)) == (4, 0, 0, 4, 0, 0)


def test_ten_years_of_homes_with_their_registrations(raw: psycopg.Connection, tmp_path: Path) -> None:
    past: Values = {"until": "2020-03-01", "end_reason": "moved_within_city", "registered_on": "2016-03-05",
        "registration_status": "changed", "registration_ended_on": "2020-03-01", "room": "502室"}  # fmt: skip
    path = write(
        tmp_path / "r.csv",
        person(1, since="2016-03-01", **past),
        person(1, since="2020-03-01", until="2023-01-01", registered_on="2020-03-02", registered_until="2021-03-02",
               registration_status="expired"),
        person(1, since="2023-01-01", room="502室", registered_on="2026-06-01", registration_status="active"),
    )  # fmt: skip
    assert counts(run_file(raw, import_residents, path)) == (3, 3, 0, 0, 0, 0)
    told = """SELECT lower(r.valid)::text, r.end_reason, g.status, g.ended_on::text, g.end_reason
        FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id ORDER BY 1"""
    assert many(raw, told) == [
        ("2016-03-01", "moved_within_city", "changed", "2020-03-01", "moved_within_city"),
        ("2020-03-01", None, "expired", None, None),
        ("2023-01-01", None, "active", None, None),
    ]
    assert many(raw, "SELECT count(*) FROM registry.person") == [(1,)]
    assert counts(run_file(raw, import_residents, path)) == (3, 0, 0, 3, 0, 0)


def test_periods_that_shift_against_each_other_are_corrected_together(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    def homes(day: str) -> Path:
        rows = person(1, since="2016-01-01", until=day), person(1, since=day, room="502室")
        return write(tmp_path / f"{day}.csv", *rows)

    run_file(raw, import_residents, homes("2020-01-01"))
    assert counts(run_file(raw, import_residents, homes("2022-01-01"))) == (2, 2, 2, 0, 0, 0)
    assert counts(run_file(raw, import_residents, homes("2018-01-01"))) == (2, 2, 2, 0, 0, 0)
    live = "SELECT valid::text, is_main FROM registry.residence WHERE upper_inf(sys) ORDER BY 1"
    assert many(raw, live) == [("[2016-01-01,2018-01-01)", True), ("[2018-01-01,)", True)]
    assert many(raw, "SELECT count(*) FROM registry.residence WHERE version_of IS NOT NULL") == [(4,)]


def test_who_is_away_from_the_hukou_is_told_as_such(raw: psycopg.Connection, tmp_path: Path) -> None:
    here = {"hukou_scope": "town", "hukou_community_code": EAST, "hukou_street": "映月路", "hukou_number": "100号",
        "hukou_room": "502室", "kind": "local_hukou"}  # fmt: skip
    gone = {"since": "", "room": "", "away_since": "2024-05-01", "away_reason": "work", "informant": "family"}
    path = write(
        tmp_path / "r.csv",
        person(1, **here, **gone, whereabouts="外省"),
        person(2, **(here | {"hukou_room": "902室"}), **gone),
        person(3, **here, away_since="2025-01-01"),
        person(4, away_since="2025-01-01"),
    )
    report = run_file(raw, import_residents, path)
    assert counts(report) == (4, 3, 0, 0, 1, 0)
    assert report.reasons == {"hukou-unit-unknown": 1}
    assert report.warnings["away-without-hukou"] == 1
    told = "SELECT reason, informant, whereabouts, valid::text FROM registry.absence ORDER BY valid"
    assert many(raw, told) == [
        ("work", "family", "外省", "[2024-05-01,)"),
        ("other", "committee", None, "[2025-01-01,)"),
    ]
    assert many(raw, "SELECT count(*) FROM registry.residence") == [(2,)]
    assert counts(run_file(raw, import_residents, path)) == (4, 0, 0, 3, 1, 0)


def test_the_address_of_a_hukou_elsewhere_is_kept_as_text(raw: psycopg.Connection, tmp_path: Path) -> None:
    row = person(1, hukou_scope="elsewhere", hukou_division_code="997501000000", hukou_address="东山镇 12号")
    path = write(tmp_path / "r.csv", row)
    run_file(raw, import_residents, path)
    told = "SELECT division_code, address_text FROM registry.hukou WHERE upper_inf(sys)"
    assert many(raw, told) == [("997501000000", "东山镇 12号")]
    moved = write(tmp_path / "s.csv", row | {"hukou_scope": "here"})
    assert counts(run_file(raw, import_residents, moved)) == (1, 1, 1, 0, 0, 0)
    assert many(raw, told) == [(None, None)]
    assert many(raw, "SELECT address_text FROM registry.hukou WHERE version_of IS NOT NULL") == [
        ("东山镇 12号",)
    ]


@pytest.mark.requirement("R1")
def test_one_document_is_one_live_record_however_it_is_written(
    raw: psycopg.Connection, tmp_path: Path
) -> None:
    old = number(7, "19850607")
    fifteen = old[:6] + old[8:17]
    spaced = f"{old[:6]} {old[6:14]} {old[14:]}"
    path = write(
        tmp_path / "r.csv",
        person(7, id_number=fifteen, until="2021-01-01"),
        person(7, id_number=spaced, since="2021-01-01", room="502室"),
        person(7, id_number=old),
    )
    report = run_file(raw, import_residents, path)
    assert (report.stored, report.reasons) == (2, {"residence-duplicate": 1})
    again = write(
        tmp_path / "s.csv", person(7, id_number=old, since="2021-01-01", room="502室", name="测试七")
    )
    assert counts(run_file(raw, import_residents, again)) == (1, 1, 1, 0, 0, 0)
    assert many(raw, "SELECT name FROM registry.person WHERE merged_into IS NULL") == [("测试七",)]


@pytest.mark.requirement("R1")
def test_a_merged_document_leads_to_the_record_that_lives(raw: psycopg.Connection, tmp_path: Path) -> None:
    run_file(
        raw,
        import_residents,
        write(tmp_path / "r.csv", person(1), person(2, room="502室", until="2021-01-01")),
    )
    raw.execute(
        """UPDATE registry.person SET merged_into = (SELECT id FROM registry.person WHERE name = '测试1')
        WHERE name = '测试2'"""
    )
    raw.execute(
        """UPDATE registry.residence SET is_main = upper_inf(valid),
          person_id = (SELECT id FROM registry.person WHERE name = '测试1')"""
    )
    path = write(
        tmp_path / "s.csv",
        person(2, room="502室", until="2021-01-01"),
        person(2, since="2025-01-01", until="2025-03-01", room="502室"),
    )
    report = run_file(raw, import_residents, path)
    assert counts(report) == (2, 1, 0, 1, 0, 0)
    assert many(raw, "SELECT count(*), count(DISTINCT person_id) FROM registry.residence") == [(3, 1)]
    assert many(raw, "SELECT count(*) FROM registry.person WHERE merged_into IS NULL") == [(1,)]


def test_a_person_told_in_several_batches_is_one(
    raw: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residents_read, "ROWS", 2)
    rows = [person(n, since="2020-01-02", until="2022-01-01") for n in range(1, 6)]
    later = [
        person(n, since="2022-01-01", room="502室", name=f"新名{n}", phone=f"1000000900{n}")
        for n in range(5, 0, -1)
    ]
    path = write(tmp_path / "r.csv", *rows, *later)
    assert counts(run_file(raw, import_residents, path)) == (10, 10, 0, 0, 0, 0)
    people = raw.execute("SELECT id, name, phone FROM registry.person ORDER BY name").fetchall()
    assert [name for _, name, _ in people] == [f"新名{n}" for n in range(1, 6)]
    assert [open_("person", "phone", key, bytes(phone)) for key, _, phone in people] == [
        f"1000000900{n}" for n in range(1, 6)
    ]
    assert counts(run_file(raw, import_residents, path)) == (10, 0, 0, 10, 0, 0)


CHINESE = {
    "姓名": "测试1", "性别": "男", "证件种类": "居民身份证", "证件号码": number(1), "民族": "甲", "婚姻状况": "乙",
    "人员类别": "来沪人员", "社区代码": EAST, "街路巷": "映月路", "门牌号": "100号", "室号": "402室",
    "来本地日期": "2021年3月4日", "与户主关系": "户主", "户号": "H1", "户籍地代码": "997501000000", "户籍地址": "东山镇１２号",
    "备注": "不读",
}  # fmt: skip
POLICE = {
    "XM": "测试1", "XB": "1", "GMSFHM": number(1), "MZ": "01", "RKLB": "2", "SQJCWHDM": EAST, "DMMC": "映月路",
    "MLPH": "100号", "DYFH": "402室", "QYRQ": "20210304", "YHZGX": "02", "HHID": "H1", "HJDXZQH": "997501000000",
    "HJDZ": "东山镇12号",
}  # fmt: skip


@pytest.mark.parametrize(
    ("mapping", "row", "never"), [("chinese-residents", CHINESE, 2), ("police-residents", POLICE, 1)]
)
def test_lists_of_other_systems_are_read_by_their_own_headings(
    raw: psycopg.Connection, tmp_path: Path, mapping: str, row: Values, never: int
) -> None:
    path = write(tmp_path / "r.csv", row)
    report = run_file(raw, import_residents, path, mapping=mapping)
    assert (report.stored, report.warnings["columns-never-kept"]) == (1, never)
    told = """SELECT p.name, p.sex, r.category, r.relation_to_head, lower(r.valid)::text, h.address_text, r.household_id IS NOT NULL
        FROM registry.person p JOIN registry.residence r ON r.person_id = p.id JOIN registry.hukou h ON h.person_id = p.id"""
    assert many(raw, told) == [("测试1", "1", "incomer", "0", "2021-03-04", "东山镇12号", True)]


@pytest.mark.commits
def test_a_load_whose_end_is_cut_off_leaves_nothing(committed: Engine, tmp_path: Path) -> None:
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as driver:
        prepare(driver, tmp_path)
    path = write(
        tmp_path / "r.csv", *(person(n, household_key=str(n), hukou_scope="here") for n in range(1, 40))
    )
    sizes = """SELECT (SELECT count(*) FROM registry.person), (SELECT count(*) FROM registry.residence),
      (SELECT count(*) FROM registry.household), (SELECT count(*) FROM registry.hukou)"""
    stages = [("reading and checking", 39), *(("storing", done) for done in range(11))]
    for stage in stages:
        with psycopg.connect(url) as driver:
            pid = driver.info.backend_pid

            def cut(
                name: str, done: int, _total: int | None, at: tuple[str, int] = stage, cut: int = pid
            ) -> None:
                if (name, done) == at:
                    with psycopg.connect(cluster.superuser_url()) as other:
                        other.execute("SELECT pg_terminate_backend(%s, 5000)", [cut])

            with pytest.raises((RuleBroken, psycopg.OperationalError)):
                run_file(driver, import_residents, path, progress=cut)
        with psycopg.connect(url) as driver:
            assert many(driver, sizes) == [(0, 0, 0, 0)]
    with psycopg.connect(url) as driver:
        assert run_file(driver, import_residents, path).stored == 39
        assert many(driver, sizes) == [(39, 39, 39, 39)]


def test_an_address_in_one_text_leads_to_the_unit(raw: psycopg.Connection, tmp_path: Path) -> None:
    row = {key: value for key, value in CHINESE.items() if key not in {"街路巷", "门牌号", "室号"}}
    path = write(
        tmp_path / "r.csv",
        row | {"现住址": "映月镇映月路１００号402室"},
        row | {"现住址": "映月路100号902室", "证件号码": number(2)},
        row | {"现住址": "", "证件号码": number(3)},
    )
    report = run_file(raw, import_residents, path, mapping="chinese-residents")
    assert (report.stored, report.quarantined) == (1, 2)
    assert report.reasons["unit-unknown"] == 1
    assert many(
        raw, "SELECT u.room FROM registry.residence r JOIN registry.housing_unit u ON u.id = r.unit_id"
    ) == [("402",)]


def test_a_mapping_may_not_read_what_nobody_may_keep(raw: psycopg.Connection, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "code: own\ntitle: own\nkind: residents\ncolumns: {name: 姓名, phone: 民族}\nrequired: [name]\n"
    )
    path = write(tmp_path / "r.csv", {"姓名": "测试1", "民族": "甲"})
    with pytest.raises(RuleBroken, match="column-never-kept"):
        run_file(raw, import_residents, path, mapping=str(own))
