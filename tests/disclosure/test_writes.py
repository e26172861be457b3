"""Asked for by one, approved by two others, made by the first: every other way is refused."""

import csv
import hashlib
import io
import time
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo_registry.access import cipher
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id, new_ids
from geo_registry.db import transaction
from geo_registry.disclosure import reads, rules
from geo_registry.errors import Conflict, NotFound, PurposeRequired, Refused, RegistryError, RuleBroken, Stale
from tests.disclosure.conftest import LIVES, PERSON, Ground

pytestmark = pytest.mark.commits


def _code(refused: Callable[[], object], kind: type[RegistryError]) -> str:
    with pytest.raises(kind) as caught:
        refused()
    return caught.value.code


@pytest.mark.promise("P25")
def test_two_others_approve_before_a_file_is_made(ground: Ground) -> None:
    asked = ground.request()
    assert _code(lambda: ground.make(asked), Conflict) == "not-approved"
    assert ground.judge("head", asked).version == 2
    assert _code(lambda: ground.make(asked), Conflict) == "not-approved"
    assert ground.read(asked).state == "requested"
    ground.judge("office", asked)
    assert ground.read(asked).state == "approved"
    made = ground.make(asked)
    seen = ground.read(asked)
    assert (seen.state, seen.version, made.name) == ("made", 4, f"{seen.number}.csv")
    assert [(one["name"], one["verdict"]) for one in seen.approvals] == [
        ("head", "approved"),
        ("office", "approved"),
    ]
    assert [one["sha256"] for one in seen.files] == [hashlib.sha256(made.content).hexdigest()]
    assert ground.one(f"SELECT action FROM registry.audit WHERE id = '{made.audit_id}'") == "export"


@pytest.mark.promise("P25")
def test_nobody_approves_his_own_request_or_twice(ground: Ground) -> None:
    own = ground.request("head")
    assert _code(lambda: ground.judge("head", own), Refused) == "own-request"
    ground.judge("second", own)
    assert _code(lambda: ground.judge("second", own), Conflict) == "already-judged"
    assert _code(lambda: ground.judge("officer", own), Refused) == "not-allowed"
    assert _code(lambda: ground.judge("distant", own), NotFound) == "not-found"
    assert ground.one("SELECT count(*) FROM registry.disclosure_approval") == 1
    assert ground.read(own, "head").state == "requested"


@pytest.mark.promise("P25")
def test_no_machine_asks_or_approves(ground: Ground) -> None:
    asked = ground.request()
    with ground.owner.begin() as connection:
        connection.execute(
            text("""UPDATE registry.session SET kind = 'machine', title = '定时任务', purposes = '{05}', issued_by = account_id
                    FROM registry.account a WHERE a.id = account_id AND a.login IN ('head', 'stranger')""")
        )
    assert _code(lambda: ground.judge("head", asked), Refused) == "not-allowed"
    assert _code(lambda: ground.request("stranger"), Refused) == "not-allowed"


def test_one_refusal_settles_a_request(ground: Ground) -> None:
    asked = ground.request()
    ground.judge("head", asked, "refused")
    assert _code(lambda: ground.judge("office", asked), Conflict) == "not-open"
    assert ground.read(asked).state == "refused"


def test_the_requester_withdraws_at_any_time(ground: Ground) -> None:
    asked = ground.approved()
    assert _code(lambda: ground.judge("stranger", asked, "withdrawn"), NotFound) == "not-found"
    assert ground.read(asked).may_withdraw
    ground.judge("officer", asked, "withdrawn")
    assert _code(lambda: ground.make(asked), Conflict) == "not-approved"
    made = ground.approved()
    ground.make(made)
    ground.judge("officer", made, "withdrawn")
    assert _code(lambda: ground.make(made), Conflict) == "not-approved"
    assert not ground.read(made).may_withdraw
    assert _code(lambda: ground.judge("officer", made, "withdrawn"), Conflict) == "not-open"


def test_a_verdict_is_on_the_version_that_was_read(ground: Ground) -> None:
    asked = ground.request()
    ground.judge("head", asked)
    with pytest.raises(Stale) as caught:
        ground.judge("office", asked, version=1)
    assert caught.value.facts["current"] == 2


def test_a_request_that_breaks_a_rule_is_not_kept(ground: Ground) -> None:
    refused: list[tuple[str, dict[str, object], type[RegistryError], str]] = [
        ("clerk", {}, Refused, "not-allowed"),
        ("distant", {}, NotFound, "not-found"),
        ("officer", {"object_id": new_id()}, NotFound, "not-found"),
        ("officer", {"object_kind": "division"}, NotFound, "not-found"),
        ("officer", {"purpose": "99"}, PurposeRequired, "purpose-unknown"),
        ("head", {"purpose": "02"}, PurposeRequired, "purpose-not-allowed"),
        ("officer", {"case_number": "17"}, PurposeRequired, "case-required"),
        ("officer", {"case_number": "\u200b" * 6}, RuleBroken, "text-unreadable"),
        ("officer", {"recipient": "教育局\u202e"}, RuleBroken, "text-unreadable"),
        ("officer", {"days": 32}, RuleBroken, "value-refused"),
        ("officer", {"recipient": "局"}, RuleBroken, "value-refused"),
    ]
    for login, over, kind, code in refused:
        assert _code(partial(ground.request, login, **over), kind) == code
    assert ground.one("SELECT count(*) FROM registry.disclosure") == 0
    assert ground.one("SELECT count(*) FROM registry.act") == 0


def test_numbers_need_a_purpose_that_allows_them(ground: Ground) -> None:
    with ground.owner.begin() as connection:
        connection.execute(text("UPDATE registry.purpose SET fields = '{name,birth}' WHERE code = '05'"))
    assert _code(lambda: ground.request(with_numbers=True), PurposeRequired) == "field-not-allowed"


def test_a_purpose_that_was_narrowed_lets_no_number_out_any_more(ground: Ground) -> None:
    numbered, masked = ground.approved(with_numbers=True), ground.approved()
    with ground.owner.begin() as connection:
        connection.execute(text("UPDATE registry.purpose SET fields = '{name,phone}' WHERE code = '05'"))
    assert _code(lambda: ground.make(numbered), PurposeRequired) == "field-not-allowed"
    assert ground.make(masked).content


def test_a_list_is_masked_unless_numbers_were_approved(ground: Ground) -> None:
    masked = ground.make(ground.approved()).content.decode("utf-8-sig")
    assert not any(number in masked for number in ground.numbers)
    assert rules.MINOR in masked
    numbered = ground.make(ground.approved(with_numbers=True)).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(numbered)))[2:]
    shown = {row[7] for row in rows if row[7]}
    adults = {number for number in ground.numbers if int(number[6:10]) < 2010}
    assert len(shown & adults) == 72
    # A decoy's number is nobody's, a minor's is not shown.
    assert not shown & {number for number in ground.numbers if number not in adults}
    assert all(row[7] == "" and row[8] == "" for row in rows if row[1] == rules.MINOR)


def test_a_file_is_the_place_that_was_asked_for(ground: Ground) -> None:
    unit = ground.one("SELECT id FROM registry.housing_unit WHERE unit_key = '203'")
    for over, persons in (
        ({"object_kind": "housing_unit", "object_id": unit}, 2),
        ({"object_id": ground.ids["small"]}, 3),
        ({}, 81),
        ({"object_kind": "division", "object_id": ground.ids["c"]}, 84),
    ):
        asked = ground.approved(**over)
        made = ground.make(asked)
        rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))[2:]
        assert len(rows) == persons + rules.decoy_count(persons)
        assert ground.read(asked).files[0]["row_count"] == len(rows)
    assert ground.read(asked).object_title == "映山区月河镇石桥社区"
    assert ground.read(asked).estimated_rows == 90


def test_a_file_is_the_same_however_often_it_is_made(ground: Ground) -> None:
    asked = ground.approved()
    assert ground.make(asked).content == ground.make(asked).content
    assert ground.make(asked, "xlsx").content[:2] == b"PK"
    assert ground.one("SELECT count(*) FROM registry.disclosure_file") == 3


def test_a_request_that_ran_out_makes_nothing(ground: Ground) -> None:
    asked = ground.approved()
    with ground.owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE registry.disclosure SET requested_at = now() - interval '9 days', expires_at = now() - interval '1 second'"
            )
        )
    assert _code(lambda: ground.make(asked), Conflict) == "not-approved"
    assert not ground.read(asked).may_make


def test_too_many_persons_are_refused(ground: Ground) -> None:
    with ground.owner.begin() as connection:
        connection.execute(
            text("""WITH more AS (INSERT INTO registry.person (id, name, sex, id_type, id_number, id_index, id_tail)
                      SELECT gen_random_uuid(), '某某', '1', '111', '\\x00', sha256(n::text::bytea), '00' FROM generate_series(1, 4950) n RETURNING id)
                    INSERT INTO registry.residence (person_id, unit_id, category)
                    SELECT more.id, u.id, 'incomer' FROM more, (SELECT id FROM registry.housing_unit WHERE building_id = :tall LIMIT 1) u"""),
            {"tall": ground.ids["tall"]},
        )
    assert _code(ground.request, RuleBroken) == "too-many-rows"


@pytest.mark.deep
def test_the_longest_list_is_made_in_seconds(ground: Ground) -> None:
    ids = list(new_ids(4_916))
    persons = [
        {"id": one, "name": "周*", "sex": "1", "year": 1980, "tail": "13", "index": cipher.blind_index("111", str(turn)),
         "number": cipher.seal("person", "id_number", one, f"31011219800307{turn:04}"), "phone": None}
        for turn, one in enumerate(ids)
    ]  # fmt: skip
    unit = ground.one("SELECT id FROM registry.housing_unit WHERE unit_key = '203'")
    lives = [{"person": one, "unit": unit, "category": "incomer", "since": "2024-03-01"} for one in ids]
    with ground.owner.begin() as connection:
        connection.execute(PERSON, persons)
        connection.execute(LIVES, lives)
    asked = ground.approved(object_kind="division", object_id=ground.ids["c"], with_numbers=True)
    begun = time.monotonic()
    made = ground.make(asked, "xlsx")
    assert time.monotonic() - begun < 20
    assert ground.read(asked).files[0]["row_count"] == 5_008
    assert len(made.content) > 100_000


def test_lists_show_each_viewer_what_concerns_him(ground: Ground) -> None:
    first, second = ground.request(), ground.request("head")

    def shown(login: str) -> list[tuple[object, bool]]:
        with transaction(ground.app) as session:
            page = reads.disclosures(session, ground.viewer(login))
        return [(row.id, row.may_approve) for row in page.rows]

    assert shown("officer") == [(first, False)]
    assert shown("head") == [(second, False), (first, True)]
    assert shown("office") == [(second, True), (first, True)]
    assert shown("distant") == shown("stranger") == shown("clerk") == []
    ground.judge("head", first)
    assert (first, False) in shown("head")
    with transaction(ground.app) as session:
        page = reads.disclosures(session, ground.viewer("office"), limit=1)
        after = reads.disclosures(session, ground.viewer("office"), limit=1, after=page.next)
    assert [row.id for row in (*page.rows, *after.rows)] == [second, first]
    assert page.rows[0].estimated_rows == 90


@pytest.mark.promise("P8")
def test_the_server_password_alone_makes_no_list(ground: Ground) -> None:
    asked, token = ground.request(), hash_token(ground.tokens["officer"]).hex()
    for trick, state in (
        (f"UPDATE registry.disclosure SET state = 'approved' WHERE id = '{asked}'", "42501"),
        (
            f"INSERT INTO registry.disclosure_approval (disclosure_id, account_id, verdict) SELECT '{asked}', a.id, 'approved' FROM registry.account a",
            "42501",
        ),
        ("SELECT seed FROM registry.disclosure", "42501"),
        ("SELECT decoys FROM registry.disclosure", "42501"),
        ("SELECT registry.disclosable(NULL)", "42501"),
        (f"SELECT registry.reveal_export('{new_id()}', '\\x{token}')", "55000"),
    ):
        with ground.app.connect() as connection, pytest.raises(DBAPIError) as caught:
            connection.exec_driver_sql(trick)
        assert getattr(caught.value.orig, "sqlstate", None) == state, trick
    assert ground.one("SELECT state FROM registry.disclosure") == "requested"


def test_a_ticket_for_a_request_that_nobody_approved_opens_nothing(ground: Ground) -> None:
    asked, ticket, token = ground.request(), new_id(), hash_token(ground.tokens["officer"])
    intent = text("""SELECT registry.intent(:ticket, :token, 'export', '05', '映公〔2026〕17号', 'disclosure', :asked, NULL, '{name_masked}',
                     CURRENT_DATE, NULL, NULL, NULL)""")
    with ground.app.connect() as connection:
        assert (
            connection.execute(intent, {"ticket": ticket, "token": token, "asked": asked}).scalar_one()
            == "granted"
        )
        connection.commit()
        values = {"ticket": ticket, "token": token}
        assert (
            connection.execute(text("SELECT registry.reveal_export(:ticket, :token)"), values).scalar_one()
            is None
        )
        kept = text("SELECT registry.keep_file(:token, :ticket, 'csv', 3, '\\x00')")
        assert connection.execute(kept, values).scalar_one() is False


def test_the_database_and_the_permissions_say_the_same(ground: Ground) -> None:
    from geo_registry.access.rules import Permission, Role, may

    for step, permission in (
        ("request", Permission.DISCLOSURE_REQUEST),
        ("approve", Permission.DISCLOSURE_APPROVE),
    ):
        for role in Role:
            assert ground.one(f"SELECT registry.may_disclose('{role}', '{step}')") is may(role, permission)
