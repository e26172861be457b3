"""Search by name: inside one area, few rows, and a record that names nobody and lets no other name pass."""

import hashlib
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.rules import Role
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.errors import NotFound, Refused, RuleBroken
from geo_registry.residence.reads import name_target, persons_by_name, words_of_name
from geo_registry.residence.subject import subject_report

from .conftest import NUMBERS, Town, sign_in

pytestmark = pytest.mark.commits
# Sixty of one name and three that begin with it, in the first township.
CROWD = """
    WITH p AS (INSERT INTO registry.person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
      SELECT CASE WHEN n > 60 THEN '王芳芳' ELSE '王芳' END, '2', 1990, 1, '111', '\\x00', decode(md5(n::text), 'hex'), '00'
      FROM generate_series(1, 63) n RETURNING id)
    INSERT INTO registry.residence (person_id, unit_id, category) SELECT id, :unit, 'incomer' FROM p"""


def _look(town: Town, login: str = "officer1", purpose: str = "05") -> Look:
    return Look(town.tokens[login], purpose, "走访2026-0031")


def _area(town: Town, code: str = "990101001") -> UUID:
    with town.owner.connect() as connection:
        found = connection.execute(text("SELECT id FROM registry.division WHERE code = :c"), {"c": code})
        return UUID(str(found.scalar_one()))


def _found(town: Town, name: str, login: str = "officer1", code: str = "990101001") -> list[dict[str, Any]]:
    return persons_by_name(town.app, _look(town, login), _area(town, code), name).rows


@pytest.mark.requirement("R79")
def test_a_name_is_found_whole_or_by_its_beginning(town: Town) -> None:
    for name, is_exact in (("张三丰", True), ("张三", False), (" 张三 ", False)):
        (row,) = _found(town, name)
        assert (row["person_id"], row["name"], row["exact"]) == (str(town.persons[1]), "张**", is_exact)
        assert (row["address"], row["unit"]) == ("映月路6号", "401室")
    assert _found(town, "三丰") == []
    # A child, and who lives in another area.
    assert _found(town, "王小") == []
    assert _found(town, "李四") == []
    assert len(_found(town, "李四", "chief", "990101002")) == 1


@pytest.mark.parametrize("name", ["张", " 张 ", "%%", "张\u200b", "13812345678", "x" * 61, ""])
def test_a_text_that_narrows_nothing_is_no_name(town: Town, name: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        _found(town, name)
    assert refused.value.facts["field"] == "name"
    assert town.count("SELECT count(*) FROM registry.audit") == 0


def test_too_many_are_not_shown(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text(CROWD), {"unit": town.units[1]})
    found = persons_by_name(town.app, _look(town), _area(town), "王芳")
    assert (found.rows, found.too_many) == ([], True)
    few = persons_by_name(town.app, _look(town), _area(town), "王芳芳")
    assert (len(few.rows), few.too_many) == (3, False)


def test_only_inside_an_own_area_and_never_in_a_whole_district(town: Town) -> None:
    with pytest.raises(NotFound):
        _found(town, "李四", "officer1", "990101002")
    with pytest.raises(NotFound):
        _found(town, "李四", "chief", "990101")
    with pytest.raises(Refused):
        _found(town, "张三", "coordinator")
    assert town.count("SELECT count(*) FROM registry.audit WHERE action = 'name'") == 3


def test_the_record_keeps_a_keyed_hash_and_not_the_name(town: Town) -> None:
    _found(town, "张三丰")
    row = town.one(text("SELECT a.subject_key, a.object_kind, a::text AS whole FROM registry.audit a"))
    assert row.subject_key == hashlib.sha256(words_of_name("张三丰").encode()).digest()
    assert row.object_kind == "division"
    assert "张三" not in row.whole
    # Nobody tries names against it without the key, not even with the number of the record.
    assert row.subject_key != hashlib.sha256("张三丰".encode()).digest()


CALL = text("CALL registry.look(:id, :token, 'name', '05', '走访2026-0031', 'division', :area, :subject, '{}', NULL, NULL,"
            " NULL, NULL, NULL, NULL, 50, :words, NULL, NULL)")  # fmt: skip


@pytest.mark.promise("P3")
def test_no_other_name_is_searched_than_the_recorded_one(town: Town) -> None:
    target = name_target(_area(town), "王大")
    values = {
        "token": hash_token(town.tokens["officer1"]), "area": target.object_id, "subject": target.subject,
    }  # fmt: skip
    other = words_of_name("张三丰")
    lies = [other, other[64:], "", None, target.words[:64] + "张三丰" if target.words else ""]
    with town.app.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert (
            connection.execute(CALL, {**values, "id": new_id(), "words": target.words}).one()[0] == "granted"
        )
        for words in lies:
            with pytest.raises(DBAPIError, match="not the name on the record"):
                connection.execute(CALL, {**values, "id": new_id(), "words": words})
            connection.rollback()
        short = cipher.blind_index("name", "张").hex() + "张"
        with pytest.raises(DBAPIError, match="not the name on the record"):
            connection.execute(
                CALL, {**values, "id": new_id(), "words": short, "subject": hashlib.sha256(short.encode()).digest()}
            )  # fmt: skip


def test_the_person_is_told_of_searches_that_found_the_name(town: Town) -> None:
    with town.owner.begin() as connection:
        town.tokens["office"] = sign_in(connection, "office", Role.POPULATION_OFFICE, "990101001")
    for name in ("张三丰", "张三", "张大"):
        _found(town, name)
    report = subject_report(town.app, _look(town, "office", "06"), "111", NUMBERS[0])
    assert [row["way"] for row in report["looks"]] == ["number", "name", "name"]
    assert "三丰" not in str(report)
    assert not {"names", "key"} & {*report, *(key for row in report["looks"] for key in row)}
