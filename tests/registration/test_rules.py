"""The rules of cases and of the forms they are made of: pure."""

import datetime as dt
import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from geo_registry.access.rules import Permission, Role, may
from geo_registry.errors import NotFound, RegistryError, RuleBroken
from geo_registry.registration.forms import (
    CHANGE,
    DEFINITIONS,
    INCOMER,
    RESIDENT,
    current_forms,
    described,
    form_of,
    schema_of,
)
from geo_registry.registration.rules import MOVES, STATUS_TITLES, Standing, check_form, may_now, placed
from geo_registry.registration.tables import ACTIONS, CASE_STATUSES, FORMS, CasePerson
from geo_registry.residence.profile import ResidenceProfile, residence_profile
from tests.registration.conftest import sheet

DAY = dt.date(2026, 6, 10)
GENERAL = residence_profile("national", DAY)
MARKS = {
    ("incomer_registration", 1): "cf40dd25a5c1",
    ("resident_not_registered_here", 1): "3312b0fa5141",
    ("registered_not_resident", 1): "18bd5fb0bb59",
    ("change_cancel", 1): "13a0a9ac1dc6",
    ("change_cancel", 2): "e6b567a1d568",
}


def _checked(profile: ResidenceProfile = GENERAL, **over: Any) -> Any:  # noqa: ANN401  (a sheet)
    form = over.pop("form", INCOMER)
    return check_form(
        form,
        over.pop("action", "register"),
        sheet(**{"since": "2026-06-01", **over}),
        on=DAY,
        profile=profile,
    )


def _code(profile: ResidenceProfile = GENERAL, **over: Any) -> tuple[str, object]:  # noqa: ANN401  (items of a form)
    with pytest.raises(RuleBroken) as error:
        _checked(profile, **over)
    return error.value.code, error.value.facts.get("field")


@pytest.mark.requirement("R3")
def test_three_forms_capture_and_one_changes() -> None:
    assert [form.form for form in current_forms()] == list(FORMS)
    assert [form.actions for form in current_forms()] == [("register",)] * 3 + [
        ("change", "cancel", "renew", "correct")
    ]
    columns = {column.key for column in CasePerson.__table__.columns} | {"birth", "serving"}
    for form in DEFINITIONS:
        assert {item.name for item in form.items} <= columns
        assert {action for item in form.items for action in (*item.actions, *item.needed)} <= set(
            form.actions
        )
    with pytest.raises(NotFound):
        form_of("incomer_registration", 99)


@pytest.mark.requirement("R3", "R85")
@pytest.mark.parametrize("form", DEFINITIONS, ids=lambda form: str(form.form))
def test_a_definition_is_a_json_schema_and_changes_by_a_new_version(form: Any) -> None:  # noqa: ANN401  (a Form)
    schema = schema_of(form)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])
    # What a version asks for is fixed: who changes a definition adds a version, and its mark here.
    content = json.dumps(described(form), ensure_ascii=False, sort_keys=True).encode()
    assert hashlib.sha256(content).hexdigest()[:12] == MARKS[form.form, form.version]


@pytest.mark.requirement("R11", "R31")
def test_the_database_has_the_same_moves(connection: Connection) -> None:
    rows = connection.execute(text("SELECT step, old, new, roles FROM registry.case_moves()")).all()
    assert {(step, old, new, frozenset(roles)) for step, old, new, roles in rows} == {
        (step, old, new, frozenset(role.value for role in roles)) for step, old, new, roles in MOVES
    }


def test_every_state_is_reached_and_only_two_are_final() -> None:
    reached = {new for _, _, new, _ in MOVES} | {"draft"}
    assert reached == set(CASE_STATUSES) == set(STATUS_TITLES)
    assert reached - {old for _, old, _, _ in MOVES} == {"active", "void"}
    for step, _, _, roles in MOVES:
        needed = Permission.CASE_REVIEW if step in {"take", "pass", "return"} else Permission.CASE_ENTER
        assert all(may(role, needed) for role in roles), step


@pytest.mark.requirement("R31")
def test_what_one_may_do_next() -> None:
    keyer, officer, other, head = (uuid4() for _ in range(4))

    def steps(
        status: str, role: Role, account: UUID, officer_by: UUID | None = None, station_by: UUID | None = None
    ) -> tuple[str, ...]:
        return may_now(Standing(status, keyer, keyer, officer_by, station_by), role, account)

    assert steps("draft", Role.ENTRY_CLERK, keyer) == ("fill", "submit", "void")
    assert steps("submitted", Role.ENTRY_CLERK, keyer) == ()
    assert steps("submitted", Role.OFFICER, officer) == ("take",)
    assert steps("submitted", Role.OFFICER, keyer) == ()
    assert steps("officer_review", Role.OFFICER, officer, officer) == ("pass", "return")
    assert steps("officer_review", Role.OFFICER, other, officer) == ("take",)
    assert steps("station_review", Role.STATION_HEAD, head, officer) == ("take", "pass", "return")
    assert steps("station_review", Role.STATION_HEAD, officer, officer) == ()
    assert steps("station_review", Role.STATION_HEAD, head, officer, head) == ("pass", "return")
    assert steps("station_review", Role.STATION_HEAD, head, officer, other) == ("take",)
    assert steps("active", Role.STATION_HEAD, head, officer) == ()


@pytest.mark.requirement("R2")
def test_three_days_count_in_and_two_do_not() -> None:
    assert _checked(since="2026-06-08", stays_until="2026-06-10").values["stays_until"] == DAY
    assert _code(since="2026-06-08", stays_until="2026-06-09") == ("excluded-stay-too-short", "stays_until")
    over = residence_profile("all-residents", DAY)
    assert _code(over, since="2026-06-08", stays_until="2026-06-10") == (
        "excluded-stay-too-short",
        "stays_until",
    )
    assert _checked(over, since="2026-06-08", stays_until="2026-06-11")
    # No end in sight is long enough.
    assert _checked(stays_until=None)


@pytest.mark.requirement("R2")
def test_who_is_excluded_is_told_which_category() -> None:
    overseas: list[dict[str, Any]] = [
        {"category": "overseas"},
        {"id_type": "553", "id_number": "911124198108030024", "category": "incomer"},
        {"id_type": "516", "id_number": "H12345678", "sex": "1"},
        {"id_type": "511", "id_number": "12345678", "sex": "1"},
        {"id_type": "414", "id_number": "C01X00T47", "sex": "2"},
    ]
    for person in overseas:
        with pytest.raises(RuleBroken) as error:
            _checked(**person)
        assert error.value.code in {"excluded-overseas", "id-check"}, person
        if error.value.code == "excluded-overseas":
            assert "境外人员" in error.value.detail
    assert _code(serving="1") == ("excluded-serving", "serving")
    assert "serving" not in _checked(serving="0").values
    # A mainland passport is no foreign one; elsewhere overseas persons are registered as such.
    assert _checked(id_type="414", id_number="E12345678", sex="1")
    admitting = residence_profile("all-residents", DAY)
    stay = {"id_type": "516", "id_number": "H12345678", "sex": "1"}
    assert _code(admitting, **stay) == ("category-overseas", "category")
    assert _checked(admitting, **stay, category="overseas").values["category"] == "overseas"


@pytest.mark.requirement("R96")
@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"id_number": "110105194912310021"}, "id-check", "id_number"),
        ({"id_number": "1101051949"}, "id-format", "id_number"),
        ({"id_type": "000"}, "choice-invalid", "id_type"),
        ({"name": "长" * 61}, "text-invalid", "name"),
        ({"name": "张三13812345678"}, "text-number", "name"),
        ({"hukou_address": "见 11010519491231002X"}, "text-number", "hukou_address"),
        ({"hukou_code": "34"}, "division-invalid", "hukou_code"),
        ({"hukou_code": None}, "field-missing", "hukou_code"),
        ({"phone": "123"}, "phone-invalid", "phone"),
        ({"sex": "7"}, "choice-invalid", "sex"),
        ({"since": "2026-06-31"}, "date-invalid", "since"),
        ({"since": "10.06.2026"}, "date-invalid", "since"),
        ({"since": "2026-06-11"}, "day-later", "since"),
        ({"since": "1989-06-11"}, "day-before-birth", "since"),
        ({"stays_until": "2026-05-11"}, "day-order", "stays_until"),
        ({"stays_until": "2026-06-09"}, "day-past", "stays_until"),
        ({"birth": "1990-13"}, "birth-invalid", "birth"),
        ({"whereabouts": "苏州"}, "field-not-in-form", "whereabouts"),
        ({"hukou_unit_id": uuid4()}, "hukou-twice", "hukou_code"),
        ({"id_type": "113", "id_number": "B1234567"}, "field-missing", "sex"),
    ],
)
def test_a_fault_names_its_item(over: dict[str, Any], code: str, field: str) -> None:
    assert _code(**over) == (code, field)


@pytest.mark.requirement("R85")
def test_what_the_number_tells_is_not_asked_again() -> None:
    found = _checked()
    assert (found.values["sex"], found.values["birth_year"], found.values["birth_month"]) in {
        ("1", 1990, 2),
        ("2", 1990, 2),
    }
    doubts = _checked(sex="2" if found.values["sex"] == "1" else "1", birth="1991-02")
    assert {code for code, _ in doubts.warnings} <= {"sex-differs", "birth-differs"}
    assert "birth-differs" in {code for code, _ in doubts.warnings}
    assert found.values["hukou_code"] == "341225000000"
    assert found.phone == "13812345678"


def test_a_later_form_names_the_residence_alone() -> None:
    lives = uuid4()
    given = {
        "residence_id": lives,
        "name": "陈小满",
        "id_number": "错",
        "ends_on": "2026-06-01",
        "end_reason": "left_area",
    }
    found = check_form(CHANGE, "cancel", given, on=DAY, profile=GENERAL)
    assert found.values == {"residence_id": lives, "ends_on": dt.date(2026, 6, 1), "end_reason": "left_area"}
    with pytest.raises(RuleBroken) as error:
        check_form(CHANGE, "cancel", {**given, "category": "lodger"}, on=DAY, profile=GENERAL)
    assert error.value.code == "field-not-in-form"
    corrected = check_form(
        CHANGE, "correct", {"residence_id": lives, "name": "陈晓满"}, on=DAY, profile=GENERAL
    )
    assert corrected.values["name"] == "陈晓满"


def test_a_local_who_lives_elsewhere_has_a_form_of_his_own() -> None:
    assert _checked(form=RESIDENT, category="local_hukou", proof="title").values["category"] == "local_hukou"
    assert _code(form=RESIDENT, category="incomer") == ("choice-invalid", "category")


def test_a_fault_is_placed_by_turn_and_keeps_its_class() -> None:
    fault = placed(RuleBroken("id-check", "校验位不符", field="id_number"), 3)
    assert isinstance(fault, RuleBroken)
    assert (fault.code, fault.detail, fault.facts["field"]) == (
        "id-check",
        "第 3 人：校验位不符",
        "forms.3.id_number",
    )


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(sheet()) | {"birth", "sex", "ends_on", "x"})), st.text(max_size=40)
    ),
    st.sampled_from(ACTIONS),
)
def test_no_form_breaks_the_rules(given: dict[str, str], action: str) -> None:
    form = INCOMER if action == "register" else CHANGE
    faults = []
    try:
        check_form(form, action, given, on=DAY, profile=GENERAL)
    except RegistryError as fault:
        faults.append(fault)
    assert all(fault.facts["field"] for fault in faults)
    long = [value for value in given.values() if len(value) > 12]
    assert not any(value in fault.detail for value in long for fault in faults)
