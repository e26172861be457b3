"""Health, the interface's description of itself, and the log of requests."""

import json
import logging
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Town

NUMBER = "11010519491231002X"


def test_live_and_ready(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200, ready.text
    assert ready.json()["revision"]


def test_every_call_describes_its_errors(client: httpx.Client) -> None:
    description = client.get("/v1/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    operations = [
        operation
        for item in description["paths"].values()
        for operation in item.values()
        if "responses" in operation
    ]
    assert len(operations) > 45
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]
        assert operation["description"]
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_every_answer_tells_its_request_and_time(client: httpx.Client) -> None:
    for path in ("/health/live", "/v1/nothing", "/v1/session", "/v1/areas?text=%00"):
        answer = client.get(path)
        assert len(answer.headers["x-request-id"]) == 36
        assert answer.headers["server-timing"].startswith("app;dur=")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_request_is_logged_by_its_route_without_persons(
    town: "Town", caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="geo_registry"):
        purpose = {"Access-Purpose": "02; case=2026-0001"}
        body = {"id_type": "111", "id_number": NUMBER}
        town.call("officer", "POST", "/v1/persons/lookup", json=body, headers=purpose)
        look = town.call("officer", "GET", "/v1/buildings/{building}/occupants", headers=purpose)
        town.call("officer", "GET", "/v1/session")
        town.client.post("/v1/persons/lookup", content=json.dumps({"id_number": NUMBER, "x": NUMBER}))
    facts = [record.facts for record in caplog.records if record.name == "geo_registry.request"]  # type: ignore[attr-defined]
    assert [fact.get("route") for fact in facts][:2] == [
        "/v1/persons/lookup",
        "/v1/buildings/{building_id}/occupants",
    ]
    assert facts[1]["rows"] == len(look.json()["occupants"]) > 0
    assert facts[1]["purpose"] == "02"
    # Who looked stands in the audit, under the request's number.
    asked = town.sql(
        "SELECT a.account_id FROM registry.audit a WHERE a.request_id = :id", id=look.headers["x-request-id"]
    )
    assert facts[2]["account_id"] == str(asked)
    assert NUMBER not in json.dumps(facts)
    assert NUMBER not in caplog.text


def test_what_is_typed_as_a_purpose_is_not_logged(town: "Town", caplog: pytest.LogCaptureFixture) -> None:
    headers = {"Authorization": f"Bearer {town.tokens['officer']}"}
    with caplog.at_level(logging.INFO, logger="geo_registry"):
        for purpose in ("张小满", "02"):
            form = {"purpose": purpose, "case_number": "2026-0001", "building_id": str(town.ids["building"])}
            town.client.post("/panels/occupants", data=form, headers=headers)
    facts = [record.facts for record in caplog.records if record.name == "geo_registry.request"]  # type: ignore[attr-defined]
    assert [fact.get("purpose") for fact in facts] == [None, "02"]
