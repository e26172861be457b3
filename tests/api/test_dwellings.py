"""Dwellings over HTTP: the proof as PDF, advice by a look on the record, one winner of each race, no 5xx."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from geo_registry.db import today

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Town

PURPOSE = {"Access-Purpose": "04; case=HS-2026-0001"}
ADVICE = "/v1/housing-units/{unit}/occupancy-advice"
STORED = """
    SELECT string_agg(t::text, '') FROM (
      SELECT to_jsonb(v) AS t FROM registry.verification v UNION ALL SELECT to_jsonb(n) FROM registry.dwelling_note n
      UNION ALL SELECT to_jsonb(a) - 'decision' FROM registry.act a) x
"""


@pytest.mark.requirement("R100")
def test_advice_is_a_look_on_the_record_and_is_kept_nowhere(town: "Town") -> None:
    before = town.sql(STORED)
    answer = town.call("officer", "POST", ADVICE, json={"rooms": 1}, headers=PURPOSE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["persons"], found["rooms"], found["is_advice_only"]) == (1, 1, True)
    assert {one["rule"] for one in found["findings"]} >= {"max_per_room"}
    assert "张" not in answer.text
    audit = town.sql(
        "SELECT decision || purpose || fields::text FROM registry.audit WHERE id = :id", id=found["audit_id"]
    )
    assert audit == "granted04{count}"
    assert town.sql(STORED) == before


@pytest.mark.parametrize(
    ("role", "headers", "body", "status"),
    [
        ("officer", {}, {}, 403),
        ("coordinator", PURPOSE, {}, 403),
        ("volunteer", PURPOSE, {}, 403),
        ("foreign", PURPOSE, {}, 404),
        ("officer", PURPOSE, {"rooms": 0}, 422),
        ("officer", PURPOSE, {"persons": 9}, 422),
    ],
)
def test_who_gets_no_advice(
    town: "Town", role: str, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    assert town.call(role, "POST", ADVICE, json=body, headers=headers).status_code == status


@pytest.mark.requirement("R47")
def test_the_proof_is_a_pdf_and_a_reprint_is_noted(town: "Town") -> None:
    path = "/v1/verifications/{proven}/certificate"
    first = town.act("officer", path, {})
    assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf")
    assert first.content.startswith(b"%PDF-")
    assert "ZS2000-000090.pdf" in first.headers["content-disposition"]
    assert town.act("officer", path, {}).status_code == 200
    assert town.call("officer", "GET", "/v1/verifications/{proven}").json()["prints"] == 2
    reason = (
        "SELECT reason FROM registry.act WHERE object_id = :id AND verb = 'print' ORDER BY id DESC LIMIT 1"
    )
    assert town.sql(reason, id=town.ids["proven"]) == "补打（第 2 次）"
    refused = town.act("officer", "/v1/verifications/{to_verify}/certificate", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "verification-state")
    assert town.act("clerk", path, {}).status_code == 403
    assert town.act("foreign", path, {}).status_code == 403


def _at_once(
    calls: list[tuple[str, str, dict[str, Any], int | None]], town: "Town"
) -> "list[httpx.Response]":
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda call: town.act(*call), calls))


@pytest.mark.requirement("R44", "R100")
def test_one_decision_wins(town: "Town") -> None:
    opened = town.act("officer", "/v1/verifications", {"unit_id": str(town.ids["vacant"])})
    path, version = f"/v1/verifications/{opened.json()['id']}", opened.json()["version"]
    visited = town.act("officer", f"{path}/actions/visit", {}, version)
    assert visited.status_code == 200, visited.text
    for speaker in ("applicant", "neighbour"):
        told = {"speaker": speaker, "lives_there": True}
        visited = town.act("officer", f"{path}/actions/statement", told, visited.json()["version"])
    version = visited.json()["version"]
    approve: tuple[str, dict[str, Any]] = ("approve", {})
    refuse: tuple[str, dict[str, Any]] = ("refuse", {"refusal": "illegal_building"})
    calls = [
        ("station_head", f"{path}/actions/{act}", body, version) for act, body in (approve, refuse) * 4
    ]  # fmt: skip
    statuses = Counter(reply.status_code for reply in _at_once(calls, town))
    assert statuses == {200: 1, 412: 7}
    row = town.call("officer", "GET", path).json()["row"]
    assert (row["state"] == "approved") == (row["certificate_number"] is not None)
    again = town.act("station_head", f"{path}/actions/refuse", {"refusal": "group_renting"}, version + 1)
    assert (again.status_code, again.json()["code"]) == (409, "verification-state")


def test_one_verification_one_tip_one_note_are_opened_at_a_time(town: "Town") -> None:
    unit = {"unit_id": str(town.ids["vacant"])}
    for path, body in (
        ("/v1/verifications", unit),
        ("/v1/tips", {**unit, "kind": "changed"}),
        ("/v1/dwelling-notes", {**unit, "kind": "overcrowded"}),
    ):
        replies = _at_once([("officer", path, body, None)] * 8, town)
        assert Counter(reply.status_code for reply in replies) == {201: 1, 409: 7}, path


@pytest.mark.requirement("R17")
def test_a_sample_is_signed_once_in_a_race(town: "Town") -> None:
    body = {"plan_id": str(town.ids["closed"]), "verdict": "refused", "note": "没有核查"}
    replies = _at_once([("inspector", "/v1/acceptances", body, None)] * 8, town)
    assert Counter(reply.status_code for reply in replies) == {201: 1, 409: 7}
    (row,) = town.call("leader", "GET", "/v1/acceptances").json()["rows"]
    assert (row["verdict"], row["rates"]["registration_rate"]["shown"]) == ("refused", "none")
    assert town.call("foreign", "GET", "/v1/acceptances").json()["rows"] == []


@pytest.mark.requirement("R84")
def test_a_volunteer_tells_and_reads_no_person(town: "Town") -> None:
    for path in ("/v1/housing-units/{unit}/occupants", "/v1/buildings/{building}/occupants"):
        assert town.call("volunteer", "GET", path, headers=PURPOSE).status_code == 403
    told = town.act("volunteer", "/v1/tips", {"unit_id": str(town.ids["unit"]), "kind": "arrived"})
    assert told.status_code == 201, told.text
    own = town.call("volunteer", "GET", "/v1/tips").json()["rows"]
    assert [row["id"] for row in own] == [told.json()["id"]]
    for path in ("/v1/verifications", "/v1/dwelling-notes"):
        assert town.call("volunteer", "GET", path).status_code == 403
    closed = town.act(
        "volunteer", f"/v1/tips/{told.json()['id']}/actions/process", {"outcome": "registered"}, 1
    )
    assert closed.status_code == 403


@pytest.mark.requirement("R62")
def test_coverage_over_http(town: "Town") -> None:
    answer = town.call("leader", "GET", "/v1/premises/coverage?area_id={t}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["own"]["total"] >= 1
    assert answer.json()["until"] == str(today())
    for query in ("", "?area_id=x", "?area_id={t}&since=2026-05-05&until=2026-05-04"):
        assert town.call("leader", "GET", f"/v1/premises/coverage{query}").status_code == 422
    assert town.call("foreign", "GET", "/v1/premises/coverage?area_id={t}").status_code == 404
