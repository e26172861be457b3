"""A case shows who enters it no more of the register than a list does, and nobody of another area."""

# ruff: noqa: ANN401  (an override may be any item of a form)

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import enter, hash_token
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, RegistryError, RuleBroken
from geo_registry.registration import reads
from geo_registry.separation import reads as separation
from geo_registry.separation import writes
from tests.registration.conftest import Desk, citizen_number, desk, sheet

__all__ = ["desk"]
LATER: dict[str, Any] = {"form": "change_cancel"}
FAR = """WITH who AS (INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
    VALUES (:id, '王远方', '2', 1980, 1, '111', :sealed, :index, :tail) RETURNING id)
  INSERT INTO registry.residence (person_id, unit_id, category, valid) SELECT id, :unit, 'incomer', daterange(CURRENT_DATE - 90, NULL) FROM who"""


def _code(kind: type[RegistryError], call: Callable[..., Any], *args: Any, **values: Any) -> tuple[str, Any]:
    with pytest.raises(kind) as error:
        call(*args, **values)
    return error.value.code, error.value.detail


def _far_person(desk: Desk) -> str:
    """Let somebody live in another township, and return the number."""
    number, person = citizen_number("19800105"), new_id()
    sealed = cipher.seal("person", "id_number", person, number)
    index = cipher.blind_index("111", number)
    desk.one(FAR, id=person, sealed=sealed, index=index, tail=number[-2:], unit=desk.ids["distant_unit"])
    return number


def _resident(desk: Desk, unit: UUID | None = None, **over: Any) -> tuple[str, UUID, UUID]:
    """Register somebody, and return number, unit and residence."""
    number = citizen_number()
    home = desk.row(desk.registered(sheet(id_number=number, **over), unit=unit)).unit_id
    lives = """SELECT r.id FROM registry.residence r JOIN registry.person p ON p.id = r.person_id
        WHERE p.id_index = :index AND upper(r.sys) IS NULL AND r.version_of IS NULL"""
    return number, home, desk.one(lives, index=cipher.blind_index("111", number))


@pytest.mark.parametrize("action", ["change", "correct", "cancel", "renew"])
def test_a_number_alone_tells_nothing_of_another_area(desk: Desk, action: str) -> None:
    number = _far_person(desk)
    case = desk.open(action=action, **LATER).id
    given = (
        {"ends_on": str(today()), "end_reason": "deceased"}
        if action == "cancel"
        else {"phone": "13900001111"}
    )
    told = _code(RuleBroken, desk.fill, case, {**given, "id_number": number})
    assert told[0] == "residence-unknown"
    assert told == _code(RuleBroken, desk.fill, case, {**given, "id_number": citizen_number()})
    assert desk.one("SELECT count(*) FROM registry.case_person WHERE case_id = :id", id=case) == 0


def test_a_number_alone_names_who_lives_here_or_moves_within_the_area(desk: Desk) -> None:
    number, home, lives = _resident(desk)
    case = desk.open(action="cancel", unit=home, **LATER).id
    desk.fill(case, {"id_number": number, "ends_on": str(today()), "end_reason": "left_area"})
    kept = "SELECT residence_id FROM registry.case_person WHERE case_id = :id"
    assert desk.one(kept, id=case) == lives
    [form] = reads.open_forms(desk.app, desk.look("clerk"), case).forms
    assert (form["copied"], form["name"], form["birth"], form["id_number"]) == (True, None, None, None)
    desk.judge("clerk", case, "void", "填错了户室")
    desk.registered({"id_number": number, "since": str(today())}, action="change", **LATER)


def test_a_correction_does_not_tell_whose_a_far_document_is(desk: Desk) -> None:
    far, (near, _, _), (_, home, lives) = _far_person(desk), _resident(desk), _resident(desk)
    case = desk.open(action="correct", unit=home, **LATER).id
    assert (
        _code(Conflict, desk.fill, case, {"residence_id": lives, "id_number": near})[0] == "document-of-other"
    )
    desk.fill(case, {"residence_id": lives, "id_number": far})
    desk.submit(case)
    assert _code(Conflict, desk.passed, case)[0] == "document-taken"


def test_a_coordinator_names_residents_of_the_own_blocks_alone(desk: Desk) -> None:
    _, _, lives = _resident(desk, desk.ids["beside_unit"])
    case = desk.open("coordinator", action="change", **LATER).id
    given = {"residence_id": lives, "since": str(today())}
    assert _code(RuleBroken, desk.fill, case, given, login="coordinator")[0] == "residence-unknown"
    desk.fill(desk.open(action="change", **LATER).id, given)


@pytest.mark.parametrize("action", ["change", "correct", "cancel", "renew"])
def test_what_a_form_took_from_the_register_is_masked_for_who_enters_it(desk: Desk, action: str) -> None:
    number, home, lives = _resident(desk)
    desk.near_its_end(lives)
    case = desk.open("coordinator", action=action, unit=home, **LATER).id
    given: dict[str, Any] = {"residence_id": lives, "phone": "13900001111"}
    if action == "cancel":
        given = {"residence_id": lives, "ends_on": str(today()), "end_reason": "left_area"}
    elif action == "change":
        given["since"] = str(today())
    filled = desk.fill(case, given, login="coordinator")
    for login in ("coordinator", "clerk"):
        shown = reads.open_forms(desk.app, desk.look(login), case)
        [form] = shown.forms
        assert form["copied"] is True
        assert [form[name] for name in ("name", "sex", "birth", "id_number")] == [None] * 4
        assert (form["register"]["name"], form["id_tail"]) == ("陈**", number[-2:])
        assert (form["phone"], form["minor"]) == (given.get("phone"), False)
        assert (number in str(form), "陈小满" in str(form)) == (False, False)
        rows = "SELECT row_count FROM registry.audit WHERE id = :id"
        assert desk.one(rows, id=shown.audit_id) == 1
    # Once more as the page sends it: the form keeps what it took.
    desk.fill(case, {**given, "id": filled.forms[0]["id"]}, login="coordinator")
    desk.submit(case, "coordinator")
    [form] = reads.open_forms(desk.app, desk.look("officer"), case).forms
    assert (form["copied"], form["name"], form["id_number"]) == (False, "陈小满", number)
    # Another key seals the copy in other bytes, and it stays one.
    person = UUID(form["person_id"])
    resealed = cipher.seal("person", "id_number", person, number)
    desk.one("UPDATE registry.person SET id_number = :value WHERE id = :id", id=person, value=resealed)
    [form] = reads.open_forms(desk.app, desk.look("clerk"), case).forms
    assert (form["copied"], form["id_number"]) == (True, None)


def test_what_was_typed_is_shown_to_who_enters_it(desk: Desk) -> None:
    _, home, lives = _resident(desk)
    case = desk.open(action="correct", unit=home, **LATER).id
    renamed, number = "陈小漫", citizen_number("19910215")
    desk.fill(case, {"residence_id": lives, "name": renamed, "id_number": number})
    [form] = reads.open_forms(desk.app, desk.look("clerk"), case).forms
    assert (form["copied"], form["name"], form["id_number"]) == (False, renamed, number)
    with pytest.raises(RuleBroken) as error:
        desk.fill(case, {"residence_id": lives, "name": "陈＊＊"})
    assert (error.value.code, error.value.facts["field"]) == ("name-masked", "forms.1.name")
    fresh = desk.open().id
    with pytest.raises(RuleBroken, match="姓名"):
        desk.fill(fresh, sheet(name="陈**"))


def _run(desk: Desk) -> UUID:
    told = writes.Run("走访核对", "register_first", desk.ids["t"], today(), today() + dt.timedelta(days=9))
    token = desk.tokens["head"]
    with transaction(desk.app) as session:
        return writes.open_run(session, enter(session, token), token, told).id


def _find(desk: Desk, run: UUID, name: str, number: str) -> UUID:
    token = desk.tokens["head"]
    with transaction(desk.app) as session:
        find = writes.Find(name, "111", number, next(desk.rooms))
        return writes.add_find(session, enter(session, token), token, run, find).id


def _look(desk: Desk) -> Look:
    return Look(desk.tokens["head"], "03", "核对-0001", "127.0.0.1", new_id())


def test_a_settled_find_copies_nobody_of_another_area(desk: Desk) -> None:
    number, run, token = _far_person(desk), _run(desk), desk.tokens["head"]
    item = _find(desk, run, "某某", number)
    [row] = separation.items(desk.app, _look(desk), run).rows
    assert (row["person_id"], row["name"]) == (None, "某*")

    def settle(number: str | None) -> writes.Settled:
        told = writes.Outcome("still_separated", unit_id=next(desk.rooms), id_number=number)
        with transaction(desk.app) as session:
            return writes.settle(session, enter(session, token), token, item, told, version=1)

    assert _code(RuleBroken, settle, None)[0] == "number-differs"
    case = settle(number).case_id
    assert case is not None
    [form] = reads.open_forms(desk.app, desk.look("officer"), case).forms
    assert (form["name"], form["id_number"], form["register"]) == ("某某", number, None)
    assert "王远方" not in str(form)


def test_a_full_look_at_a_run_names_its_person_and_opens_no_other(desk: Desk) -> None:
    run = _run(desk)
    first, second = (_find(desk, run, name, citizen_number()) for name in ("钱三", "孙四"))
    audit_id, shown = separation.open_item(desk.app, _look(desk), run, second)
    assert shown["name"] == "孙四"
    assert str(second) in desk.one("SELECT fields FROM registry.audit WHERE id = :id", id=audit_id)
    call = text("SELECT registry.reveal_run(:ticket, :token, :after, 9)")
    with desk.app.connect() as connection:
        values = {"ticket": audit_id, "token": hash_token(desk.tokens["head"]), "after": first}
        told = connection.execute(call, values).scalar_one()
    assert ("孙四" in told, "钱三" in told) == (True, False)
    with pytest.raises(NotFound):
        separation.open_item(desk.app, _look(desk), run, new_id())


def test_a_document_alone_still_has_to_do_with_the_dwelling_when_it_is_applied(desk: Desk) -> None:
    number, home, lives = _resident(desk)
    given = {"id_number": number, "ends_on": str(today()), "end_reason": "deceased"}
    case = desk.submitted(given, action="cancel", unit=home, **LATER)
    # Meanwhile the residence went to another township.
    keeps = "ALTER TABLE registry.{0} {1} TRIGGER USER"
    for table, change in (
        ("case_person", "UPDATE registry.case_person SET residence_id = NULL WHERE case_id = :case"),
        ("residence", "UPDATE registry.residence SET unit_id = :unit WHERE id = :lives"),
    ):
        desk.one(keeps.format(table, "DISABLE"))
        desk.one(
            change,
            **(
                {"case": case}
                if table == "case_person"
                else {"unit": desk.ids["distant_unit"], "lives": lives}
            ),
        )
        desk.one(keeps.format(table, "ENABLE"))
    assert _code(Conflict, desk.passed, case)[0] == "residence-gone"


def test_who_was_seen_in_a_case_finds_the_look_after_the_form_is_replaced(desk: Desk) -> None:
    number, home, lives = _resident(desk)
    _, _, other = _resident(desk, home, relation_to_head="8")
    case = desk.open(action="renew", unit=home, **LATER).id
    desk.fill(case, {"residence_id": lives})
    reads.open_forms(desk.app, desk.look("clerk"), case)
    desk.fill(case, {"residence_id": other})
    looks = """SELECT count(*) FROM registry.person p, jsonb_array_elements(registry.looks_upon(p.id, p.id_index)) l
        WHERE p.id_index = :index AND l ->> 'way' = 'registration_case' AND l ->> 'action' = 'case'"""
    assert desk.one(looks, index=cipher.blind_index("111", number)) == 1


def test_no_version_is_no_version(desk: Desk) -> None:
    case = desk.submitted()
    call = text("SELECT outcome FROM registry.judge_case(:token, 'take', :case, NULL, '{}', NULL)")
    with desk.app.begin() as connection:
        values = {"token": hash_token(desk.tokens["officer"]), "case": case}
        assert connection.execute(call, values).scalar_one() == "stale"
