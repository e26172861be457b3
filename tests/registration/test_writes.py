"""Cases from the first form to the register: who may do what, in which state, and what is refused."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from geo_registry.access import cipher
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.registration import reads
from tests.registration.conftest import Desk, citizen_number, sheet

LIVE = """SELECT count(*) FROM registry.registration g JOIN registry.person p ON p.id = g.person_id
    WHERE p.id_index = :index AND g.status NOT IN ('cancelled', 'expired', 'changed')"""


def _index(number: str) -> bytes:
    return cipher.blind_index("111", number)


@contextmanager
def refused(
    kind: type[RegistryError], code: str, field: str | None = None, *, words: str = ""
) -> Iterator[None]:
    """Expect a refusal of a class with its code and field, whose sentence holds some words."""
    with pytest.raises(kind) as error:
        yield
    fault = error.value
    assert (fault.code, fault.facts.get("field")) == (code, field), fault
    assert words in fault.detail
    assert len(fault.detail) > 6


def test_a_household_is_registered_after_two_reviews(desk: Desk) -> None:
    number, child = citizen_number(), citizen_number("20190601")
    case = desk.open("coordinator")
    assert case.serial.startswith("J")
    forms = (
        sheet(id_number=number),
        sheet(name="陈小星", id_number=child, relation_to_head="3", phone=None),
    )
    filled = desk.fill(case.id, *forms, login="coordinator")
    assert [form["turn"] for form in filled.forms] == [1, 2]
    desk.submit(case.id, "coordinator")
    row = desk.row(case.id)
    assert (row.status, row.forms, row.may) == ("submitted", 2, ())
    assert row.due_on is not None
    assert row.due_on > today()
    desk.judge("officer", case.id, "take")
    desk.judge("officer", case.id, "pass")
    assert desk.row(case.id, "head").may == ("take", "pass", "return")
    desk.judge("head", case.id, "pass")
    assert desk.row(case.id).status == "active"
    assert desk.one(LIVE, index=_index(number)) == desk.one(LIVE, index=_index(child)) == 1
    term = "SELECT expires_on - registered_on FROM registry.registration g JOIN registry.person p ON p.id = g.person_id WHERE p.id_index = :index"
    assert desk.one(term, index=_index(number)) in {365, 366}
    audited = "SELECT array_agg(action ORDER BY at) FROM registry.audit WHERE object_id = :id"
    assert desk.one(audited, id=case.id) == [
        "case-open", "case-fill", "case-submit", "case-take", "case-pass", "case-pass",
    ]  # fmt: skip


@pytest.mark.requirement("R31")
def test_reviewers_are_neither_collector_nor_keyer_nor_each_other(desk: Desk) -> None:
    case = desk.submitted()
    with refused(Refused, "not-allowed"):
        desk.judge("clerk", case, "take")
    # An account that has keyed and was made an officer later does not judge its own forms.
    desk.one("UPDATE registry.account SET role = 'officer' WHERE id = :id", id=desk.ids["clerk"])
    try:
        with refused(Refused, "own-case", words="另一名民警"):
            desk.judge("clerk", case, "take")
    finally:
        desk.one("UPDATE registry.account SET role = 'entry_clerk' WHERE id = :id", id=desk.ids["clerk"])
    desk.judge("officer", case, "take")
    with refused(Conflict, "taken-by-other"):
        desk.judge("partner", case, "pass")
    with refused(Conflict, "other-reviewer"):
        desk.judge("head", case, "pass")
    desk.judge("officer", case, "pass")
    desk.one("UPDATE registry.account SET role = 'station_head' WHERE id = :id", id=desk.ids["officer"])
    try:
        with refused(Refused, "same-reviewer"):
            desk.judge("officer", case, "pass")
    finally:
        desk.one("UPDATE registry.account SET role = 'officer' WHERE id = :id", id=desk.ids["officer"])
    # The constraints hold whoever writes.
    with pytest.raises(IntegrityError, match="station_apart"):
        desk.one("UPDATE registry.registration_case SET station_by = officer_by WHERE id = :id", id=case)


@pytest.mark.requirement("R31")
def test_an_unfit_form_goes_back_with_a_reason_and_is_followed_to_its_end(desk: Desk) -> None:
    case = desk.submitted()
    desk.judge("officer", case, "take")
    desk.judge("officer", case, "return", "户籍地址不全，请补门牌号")
    row = desk.row(case)
    assert (row.status, row.returned_by_name) == ("returned", "officer")
    assert row.return_reason == "户籍地址不全，请补门牌号"
    assert row.may == ("fill", "submit", "void")
    before = desk.one("SELECT slip_number FROM registry.case_person WHERE case_id = :id", id=case)
    form = desk.one("SELECT id FROM registry.case_person WHERE case_id = :id", id=case)
    desk.fill(case, sheet(id=form))
    desk.submit(case)
    assert desk.one("SELECT slip_number FROM registry.case_person WHERE case_id = :id", id=case) == before
    desk.passed(case, officer="partner")
    assert desk.row(case).status == "active"


@pytest.mark.requirement("R3", "R85")
def test_a_submitted_form_does_not_change_even_for_the_owner(desk: Desk) -> None:
    case = desk.submitted()
    for change in (
        "name = '别人'",
        "since = since - 1",
        "phone = NULL",
        "id_number = '\\x00'::bytea",
        "proof = 'title'",
    ):
        with pytest.raises(IntegrityError, match="submitted"):
            desk.one(f"UPDATE registry.case_person SET {change} WHERE case_id = :id", id=case)
    with pytest.raises(IntegrityError, match="submitted"):
        desk.one("DELETE FROM registry.case_person WHERE case_id = :id", id=case)
    # Its slip, and the key it is sealed under, are no content.
    number = desk.one("SELECT id_number FROM registry.case_person WHERE case_id = :id", id=case)
    person = desk.one("SELECT person_id FROM registry.case_person WHERE case_id = :id", id=case)
    anew = bytes((number[0], number[1] + 1)) + number[2:]
    desk.one("UPDATE registry.case_person SET id_number = :anew WHERE case_id = :id", anew=anew, id=case)
    desk.one("UPDATE registry.case_person SET id_number = :anew WHERE case_id = :id", anew=number, id=case)
    assert person is not None
    with refused(Conflict, "wrong-state", words="只有“草稿”、“已退回”"):
        desk.fill(case, sheet())


@pytest.mark.requirement("R96", "R3")
@pytest.mark.parametrize("missing", ["since", "stay_reason", "lodging", "relation_to_head", "category"])
def test_an_incomplete_form_is_not_submitted(desk: Desk, missing: str) -> None:
    case = desk.open().id
    desk.fill(case, sheet(), sheet(**{"relation_to_head": "1", missing: None}))
    with refused(RuleBroken, "field-missing", f"forms.2.{missing}"):
        desk.submit(case)


@pytest.mark.requirement("R96")
def test_who_is_entered_must_be_named(desk: Desk) -> None:
    case = desk.open().id
    with refused(RuleBroken, "forms-missing", "forms"):
        desk.submit(case)
    for missing in ("name", "id_number"):
        with refused(RuleBroken, "field-missing", f"forms.1.{missing}"):
            desk.fill(case, sheet(**{missing: None}))
    with refused(RuleBroken, "field-missing", "forms.2.hukou_address"):
        desk.fill(case, sheet(), sheet(hukou_address=None))
    with refused(RuleBroken, "forms-count", "forms"):
        desk.fill(case)


@pytest.mark.requirement("R20")
def test_a_coordinator_works_in_the_own_blocks_alone(desk: Desk) -> None:
    for login, unit in (("stranger", None), ("coordinator", desk.ids["beside_unit"])):
        with refused(Refused, "outside-block"):
            desk.open(login, unit=unit)
    with refused(Refused, "outside-area"):
        desk.open("coordinator", unit=desk.ids["distant_unit"])
    case = desk.open("coordinator").id
    with refused(Refused, "outside-block"):
        desk.fill(case, sheet(), login="stranger")
    with pytest.raises(NotFound):
        desk.row(case, "stranger")
    with pytest.raises(NotFound):
        desk.fill(case, sheet(), login="distant")
    with refused(Refused, "outside-area"):
        desk.judge("distant", case, "void", "不是我的")
    with refused(Refused, "collector-other", "collected_by"):
        desk.open("coordinator", collected_by=desk.ids["stranger"])


@pytest.mark.requirement("R45")
def test_what_is_keyed_on_a_later_day_says_why(desk: Desk) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with refused(RuleBroken, "late-reason-required", "late_reason"):
        desk.open(collected_at=yesterday)
    assert desk.row(desk.open(collected_at=yesterday, late_reason="台风停电").id).late_reason == "台风停电"
    assert desk.row(desk.open().id).late_reason is None
    with refused(RuleBroken, "collected-later", "collected_at"):
        desk.open(collected_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    with refused(RuleBroken, "collected-too-early", "collected_at"):
        desk.open(collected_at=dt.datetime(1, 1, 2, tzinfo=dt.UTC))
    # Opened in time and submitted a day later.
    case = desk.open().id
    desk.fill(case, sheet())
    desk.one(
        "UPDATE registry.registration_case SET collected_at = collected_at - interval '1 day' WHERE id = :id",
        id=case,
    )
    with refused(RuleBroken, "late-reason-required", "late_reason"):
        desk.submit(case)
    desk.submit(case, reason="系统维护")
    assert desk.row(case).late_reason == "系统维护"


@pytest.mark.requirement("R85")
def test_one_document_has_one_open_form(desk: Desk) -> None:
    number = citizen_number()
    first = desk.open()
    desk.fill(first.id, sheet(id_number=number))
    case = desk.open().id
    with refused(Conflict, "document-held", "forms.2.id_number"):
        desk.fill(case, sheet(id_number=citizen_number()), sheet(id_number=number, relation_to_head="1"))
    far = desk.open("distant", unit=desk.ids["distant_unit"]).id
    with refused(Conflict, "document-held", "forms.1.id_number"):
        desk.fill(far, sheet(id_number=number), login="distant")
    with refused(RuleBroken, "document-twice", "forms.2.id_number"):
        desk.fill(case, sheet(id_number=number), sheet(id_number=number))
    desk.judge("clerk", first.id, "void", "重复受理")
    assert desk.row(first.id).status == "void"
    desk.fill(case, sheet(id_number=number))


@pytest.mark.requirement("R85")
def test_a_second_case_of_a_dwelling_is_warned_of(desk: Desk) -> None:
    first = desk.open()
    second = desk.open(unit=desk.row(first.id).unit_id)
    [warning] = desk.fill(second.id, sheet()).warnings
    assert (warning["turn"], warning["code"]) == (0, "unit-has-open-case")
    assert first.serial in warning["detail"]


@pytest.mark.requirement("R85", "R96")
def test_who_is_registered_here_is_not_registered_again(desk: Desk) -> None:
    number = citizen_number()
    case = desk.registered(sheet(id_number=number))
    again = desk.open(unit=desk.row(case).unit_id).id
    desk.fill(again, sheet(id_number=number))
    with refused(Conflict, "already-registered", "forms.1.id_number", words="请办“变更”"):
        desk.submit(again)
    assert desk.one(LIVE, index=_index(number)) == 1


def test_a_family_has_one_head(desk: Desk) -> None:
    case = desk.open().id
    desk.fill(case, sheet(), sheet())
    with refused(RuleBroken, "head-twice", "forms.2.relation_to_head"):
        desk.submit(case)
    desk.fill(case, sheet(relation_to_head="1"), sheet(relation_to_head="2"))
    with refused(RuleBroken, "head-missing", "forms.1.relation_to_head"):
        desk.submit(case)
    # A child joins the family that lives there; lodgers have no head.
    home = desk.row(desk.registered(sheet())).unit_id
    desk.registered(sheet(relation_to_head="2", id_number=citizen_number("20200101")), unit=home)
    desk.registered(sheet(relation_to_head="8"), sheet(relation_to_head="8"), household_kind="collective")


def _residence(desk: Desk, number: str) -> UUID:
    query = """SELECT r.id FROM registry.residence r JOIN registry.person p ON p.id = r.person_id
        WHERE p.id_index = :index AND upper(r.sys) IS NULL AND r.valid @> CURRENT_DATE"""
    found: UUID = desk.one(query, index=_index(number))
    return found


@pytest.mark.requirement("R11", "R22")
def test_one_form_changes_renews_and_ends_a_registration(desk: Desk) -> None:
    number = citizen_number()
    home = desk.row(desk.registered(sheet(id_number=number))).unit_id
    later: dict[str, Any] = {"form": "change_cancel", "unit": home}
    lives = _residence(desk, number)
    case = desk.open(action="change", **later).id
    desk.fill(case, {"residence_id": lives, "since": str(today())})
    with refused(RuleBroken, "nothing-changed", "forms.1.category"):
        desk.submit(case)
    desk.fill(
        case, {"residence_id": lives, "since": str(today()), "category": "lodger", "phone": "13900001111"}
    )
    desk.submit(case)
    desk.passed(case)
    assert desk.one(LIVE, index=_index(number)) == 1
    desk.near_its_end(_residence(desk, number))
    desk.registered({"residence_id": _residence(desk, number)}, action="renew", **later)
    assert desk.one(LIVE, index=_index(number)) == 1
    ending = {"residence_id": _residence(desk, number), "ends_on": str(today()), "end_reason": "left_area"}
    desk.registered(ending, action="cancel", **later)
    assert desk.one(LIVE, index=_index(number)) == 0
    kept = """SELECT array_agg(g.status || ' ' || coalesce(g.end_reason, '-') ORDER BY g.id) FROM registry.registration g
        JOIN registry.person p ON p.id = g.person_id WHERE p.id_index = :index"""
    history = desk.one(kept, index=_index(number))
    assert len(history) == 3
    assert history[-1] == "cancelled left_area"


@pytest.mark.requirement("R11")
def test_a_move_names_the_new_dwelling(desk: Desk) -> None:
    number = citizen_number()
    desk.registered(sheet(id_number=number))
    change = {"residence_id": _residence(desk, number), "since": str(today())}
    case = desk.registered(change, action="change", form="change_cancel")
    query = "SELECT unit_id FROM registry.residence WHERE id = :id"
    assert desk.one(query, id=_residence(desk, number)) == desk.row(case).unit_id
    # A cancellation is done where the residence is.
    case = desk.open(action="cancel", form="change_cancel").id
    ending = {"residence_id": _residence(desk, number), "ends_on": str(today()), "end_reason": "left_area"}
    with refused(RuleBroken, "residence-elsewhere", "forms.1.residence_id"):
        desk.fill(case, ending)
    with refused(RuleBroken, "residence-unknown", "forms.1.residence_id"):
        desk.fill(case, {**ending, "residence_id": desk.ids["block"]})


@pytest.mark.requirement("R81", "R2")
def test_each_category_has_its_form(desk: Desk) -> None:
    for category in ("incomer", "lodger", "unsettled"):
        number = citizen_number()
        desk.registered(sheet(category=category, id_number=number))
        query = """SELECT r.category FROM registry.residence r WHERE r.id = :id"""
        assert desk.one(query, id=_residence(desk, number)) == category
    with refused(RuleBroken, "choice-invalid", "forms.1.category"):
        desk.fill(desk.open().id, sheet(category="local_hukou"))
    number = citizen_number()
    local = sheet(category="local_hukou", proof="title", id_number=number)
    desk.registered(local, form="resident_not_registered_here")
    assert desk.one(LIVE, index=_index(number)) == 1
    away = {
        "name": "周小舟", "id_number": citizen_number(), "since": str(today()), "absence_reason": "work",
        "informant": "family", "whereabouts": "苏州",
    }  # fmt: skip
    case = desk.registered(away, form="registered_not_resident")
    found = "SELECT unit_id FROM registry.absence WHERE whereabouts = '苏州'"
    assert desk.one(found) == desk.row(case).unit_id


def test_the_forms_of_a_case_are_a_look(desk: Desk) -> None:
    number = citizen_number()
    birth = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    case = desk.submitted(sheet(id_number=number))
    shown = reads.open_forms(desk.app, desk.look("officer"), case)
    [form] = shown.forms
    assert (form["id_number"], form["phone"], form["birth"]) == (number, "13812345678", birth)
    assert (form["known"], form["register"], form["minor"]) == (False, None, False)
    assert shown.case.status == "submitted"
    entry = "SELECT action || ' ' || decision FROM registry.audit WHERE id = :id"
    assert desk.one(entry, id=shown.audit_id) == "case granted"
    with pytest.raises(NotFound):
        reads.open_forms(desk.app, desk.look("distant"), case)
    with pytest.raises(Refused):
        reads.open_forms(desk.app, desk.look("quality"), case)


@pytest.mark.requirement("R85")
def test_the_desk_is_told_of_a_double_before_the_form(desk: Desk) -> None:
    number = citizen_number()
    case = desk.open().id

    def check(login: str, one: UUID) -> reads.Checked:
        return reads.check_person(desk.app, desk.look(login), one, "111", number)

    found = check("clerk", case)
    assert (found.known, found.has_open, found.here, found.elsewhere) == (False, False, None, None)
    home = desk.registered(sheet(id_number=number))
    found = check("clerk", case)
    assert (found.known, found.elsewhere, found.address) == (True, "area", desk.row(home).unit_text)
    assert found.last_registration is not None
    assert found.last_registration["status"] == "active"
    far = desk.open("distant", unit=desk.ids["distant_unit"]).id
    found = check("distant", far)
    assert (found.known, found.elsewhere, found.address, found.last_registration) == (
        True,
        "outside",
        None,
        None,
    )
    here = desk.open(unit=desk.row(home).unit_id).id
    found = check("clerk", here)
    assert found.here is not None
    assert found.here["residence_id"] == str(_residence(desk, number))
    waiting = desk.open()
    desk.fill(waiting.id, sheet(id_number=number))
    assert check("clerk", case).open_serial == waiting.serial
    assert (check("distant", far).open_serial, check("distant", far).has_open) == (None, True)


def test_a_step_needs_the_version_that_was_read(desk: Desk) -> None:
    case = desk.open()
    desk.fill(case.id, sheet())
    with pytest.raises(Stale) as error:
        desk.submit(case.id, version=1)
    assert error.value.facts["current"] == 2


def test_a_wrong_sheet_number_is_refused(desk: Desk) -> None:
    case = desk.open().id
    desk.fill(case, sheet(sheet_number="S-000001"))
    with refused(RuleBroken, "sheet-unknown", "forms.1.sheet_number"):
        desk.submit(case)
    other = desk.open().id
    with refused(Conflict, "sheet-used", "forms.1.sheet_number"):
        desk.fill(other, sheet(sheet_number="S-000001"))
