"""Cases of registration over HTTP: forms, refusals with their audit, replays, and hostile bodies."""

import random
from typing import Any

import pytest

from geo_registry.codes import new_id
from tests.api.case_writes import FILLED
from tests.api.conftest import Town
from tests.registration.conftest import citizen_number

LOOK = {"Access-Purpose": "01; case=2026-0001"}
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 1e308, "", " ", "\u202e", "\x00", "1' OR '1'='1", "<script>", "9" * 200, "长" * 200, "2026-02-30", "0000-00-00",
    [], {}, [[]], {"a": 1}, "00000000-0000-0000-0000-000000000000", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
)  # fmt: skip


def _open(town: Town, role: str = "entry_clerk", **over: Any) -> Any:  # noqa: ANN401  (JSON)
    body = {"action": "register", "form": "incomer_registration", "unit_id": str(town.ids["unit"]), **over}
    answer = town.act(role, "/v1/registrations", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _form(**over: Any) -> dict[str, Any]:  # noqa: ANN401  (items of a form)
    return {**FILLED, "id_number": citizen_number(), **over}


@pytest.mark.requirement("R3")
def test_the_forms_are_told_with_their_schema(town: Town) -> None:
    forms = town.call("entry_clerk", "GET", "/v1/registration-forms").json()
    assert [form["form"] for form in forms] == [
        "incomer_registration", "resident_not_registered_here", "registered_not_resident", "change_cancel",
    ]  # fmt: skip
    items = {item["name"]: item for item in forms[0]["fields"]}
    assert (items["since"]["required"], items["since"]["kind"]) == (True, "date")
    assert ["rented", "租赁"] in items["lodging"]["options"]
    schema = town.call("entry_clerk", "GET", "/v1/registration-forms/change_cancel/schema").json()
    assert schema["properties"]["ends_on"]["pattern"]
    unknown = town.call("entry_clerk", "GET", "/v1/registration-forms/no_form/schema")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "form-unknown")


def test_a_case_from_the_desk_to_the_officer(town: Town) -> None:
    opened = _open(town)
    path = f"/v1/registrations/{opened['id']}"
    assert opened["serial"].startswith("J")
    filled = town.act("entry_clerk", f"{path}/actions/fill", {"forms": [_form()]}, 1)
    assert filled.status_code == 200, filled.text
    assert [form["turn"] for form in filled.json()["forms"]] == [1]
    submitted = town.act("entry_clerk", f"{path}/actions/submit", {}, filled.json()["version"])
    assert submitted.status_code == 200, submitted.text
    row = town.call("entry_clerk", "GET", path)
    assert (row.json()["status"], row.headers["etag"]) == ("submitted", f'"{submitted.json()["version"]}"')
    assert row.json()["unit_text"] == "映月路8号402室"
    listed = town.call("officer", "GET", "/v1/registrations?status=submitted").json()
    assert opened["id"] in {one["id"] for one in listed["rows"]}
    assert [one["may"] for one in listed["rows"] if one["id"] == opened["id"]] == [["take"]]
    counts = town.call("officer", "GET", "/v1/registrations/counts").json()
    assert counts["counts"]["submitted"] >= 1
    assert town.call("foreign", "GET", path).status_code == 404
    # Neither lists nor rows say anything of a person.
    for answer in (row, town.call("officer", "GET", "/v1/registrations")):
        assert "陈小满" not in answer.text
    shown = town.call("officer", "POST", f"{path}/open", headers=LOOK)
    assert shown.json()["forms"][0]["name"] == "陈小满"
    assert shown.headers["audit-id"] == shown.json()["audit_id"]
    without = town.call("officer", "POST", f"{path}/open")
    assert (without.status_code, without.json()["code"]) == (403, "purpose-required")


@pytest.mark.requirement("R85")
def test_a_document_in_work_elsewhere_is_refused_on_the_record_without_a_reason(town: Town) -> None:
    first, second, number = _open(town), _open(town), citizen_number()
    forms = {"forms": [_form(id_number=number)]}
    assert (
        town.act("entry_clerk", f"/v1/registrations/{first['id']}/actions/fill", forms, 1).status_code == 200
    )
    answer = town.act("entry_clerk", f"/v1/registrations/{second['id']}/actions/fill", forms, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "document-held")
    assert first["serial"] not in answer.text
    noted = "SELECT count(*) FROM registry.audit WHERE object_id = :id AND decision = 'document-held'"
    assert town.sql(noted, id=second["id"]) == 1


@pytest.mark.requirement("R20")
def test_outside_the_own_block_is_refused_and_audited(town: Town) -> None:
    refused = "SELECT count(*) FROM registry.audit WHERE action = 'refused' OR decision = 'outside-block'"
    before = town.sql(refused)
    body = {"action": "register", "form": "incomer_registration", "unit_id": str(town.ids["unit"])}
    answer = town.act("coordinator", "/v1/registrations", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-block")
    assert "协管员" in answer.json()["detail"]
    assert town.sql(refused) == before + 1


@pytest.mark.requirement("R96")
def test_a_fault_names_the_person_and_the_item(town: Town) -> None:
    path = f"/v1/registrations/{_open(town)['id']}"
    answer = town.act(
        "entry_clerk", f"{path}/actions/fill", {"forms": [_form(), _form(id_number="110105199003070034")]}, 1
    )
    told = answer.json()
    assert (answer.status_code, told["code"], told["errors"][0]["pointer"]) == (
        422,
        "id-check",
        "#/forms.2.id_number",
    )
    assert "110105199003070034" not in answer.text


def test_a_repeated_fill_answers_the_same(town: Town) -> None:
    path = f"/v1/registrations/{_open(town)['id']}/actions/fill"
    headers = {"Idempotency-Key": new_id().hex, "If-Match": '"1"'}
    body = {"forms": [_form(sex="1", id_number=citizen_number("19900216"))]}
    answers = [town.call("entry_clerk", "POST", path, json=body, headers=headers) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true", "true"]


def test_the_check_of_a_document_is_a_look(town: Town) -> None:
    path = f"/v1/registrations/{_open(town)['id']}/check"
    answer = town.call("entry_clerk", "POST", path, json={"id_number": citizen_number()}, headers=LOOK)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["known"], answer.json()["document"]["minor"]) == (False, False)
    wrong = town.call("entry_clerk", "POST", path, json={"id_number": "1"}, headers=LOOK)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "id-format")
    assert (
        town.call("officer", "POST", path, json={"id_number": citizen_number()}, headers=LOOK).status_code
        == 403
    )


def test_no_body_breaks_the_server(town: Town) -> None:
    chance = random.Random(6)
    case = _open(town)["id"]
    paths = [f"/v1/registrations/{case}/actions/{verb}" for verb in ("fill", "submit", "void")]
    seen = set()
    for _ in range(300):
        form = {
            name: chance.choice(HOSTILE)
            for name in chance.sample([*sorted(FILLED), "id", "residence_id", "whereabouts"], 3)
        }
        bodies: list[Any] = [
            {"forms": [{**_form(), **form}]}, {"forms": chance.choice(HOSTILE)}, {"late_reason": chance.choice(HOSTILE)},
            {"reason": chance.choice(HOSTILE)}, chance.choice(HOSTILE),
        ]  # fmt: skip
        opening = {"action": "register", "form": "incomer_registration", "unit_id": str(town.ids["unit"])}
        opening[
            chance.choice(["collected_at", "collected_by", "household_kind", "late_reason", "unit_id"])
        ] = chance.choice(HOSTILE)
        path, body = chance.choice(
            [(chance.choice(paths), chance.choice(bodies)), ("/v1/registrations", opening)]
        )
        answer = town.act("entry_clerk", path, body, chance.randint(1, 3))
        seen.add(answer.status_code)
        assert answer.status_code < 500, (path, body, answer.text)
    assert {412, 422} <= seen
