"""Looks at persons over HTTP: purpose, role, area, limits, masks, and the record before the answer."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from geo_registry import cluster, db
from geo_registry.access.rules import Role
from tests.api.asgi import Call, finish, scope_of

if TYPE_CHECKING:
    from tests.api.conftest import Town

PURPOSE = {"Access-Purpose": "02; case=2026-0001"}
NUMBER, PHONE = "11010519491231002X", "13812345678"
OCCUPANTS = "/v1/buildings/{building}/occupants"
CLEAR = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")


def _audited(town: "Town", audit_id: str) -> tuple[str, str]:
    """Return decision and purpose of a record, read by another connection."""
    decision: str = town.sql("SELECT decision FROM registry.audit WHERE id = :id", id=audit_id)
    purpose: str = town.sql("SELECT purpose FROM registry.audit WHERE id = :id", id=audit_id)
    return decision, purpose


def test_who_lives_here(town: "Town") -> None:
    for path in (OCCUPANTS, "/v1/housing-units/{unit}/occupants"):
        answer = town.call("officer", "GET", path, headers=PURPOSE)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        found = answer.json()
        assert "张**" in [row["name"] for row in found["occupants"]]
        assert found["audit_id"] == answer.headers["audit-id"]
        assert _audited(town, found["audit_id"]) == ("granted", "02")
        assert not CLEAR.search(answer.text)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "purpose-required"),
        ("", "purpose-required"),
        ("; case=2026-0001", "purpose-required"),
        ("99; case=2026-0001", "purpose-unknown"),
        ("02", "case-required"),
        ("02; case=1", "case-required"),
    ],
)
def test_no_purpose_no_answer(town: "Town", header: str | None, code: str) -> None:
    headers = {} if header is None else {"Access-Purpose": header}
    answer = town.call("officer", "GET", OCCUPANTS, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.json()["type"] == "/problems/purpose-required"
    assert _audited(town, answer.json()["audit_id"])[0] == code


@pytest.mark.parametrize("number", ["%E6%B2%AA%E5%85%AC-0001", '"2026 \\"0001\\""', "沪公〔2026〕1号"])
def test_a_case_number_may_be_chinese(town: "Town", number: str) -> None:
    header = f"02; case={number}".encode()
    answer = town.call("officer", "GET", OCCUPANTS, headers={"Access-Purpose": header})
    assert answer.status_code == 200, answer.text
    stored = town.sql("SELECT case_number FROM registry.audit WHERE id = :id", id=answer.json()["audit_id"])
    assert stored in {"沪公-0001", '2026 "0001"', "沪公〔2026〕1号"}


def test_a_broken_case_number_is_no_server_error(town: "Town") -> None:
    for number in ("%FF%FE", "a%00bcd"):
        answer = town.call("officer", "GET", OCCUPANTS, headers={"Access-Purpose": f"02; case={number}"})
        assert answer.status_code == 400


def test_role_and_area_decide(town: "Town") -> None:
    for role in ("clerk", "leader", "steward", "system_admin", "security_admin", "audit_admin"):
        assert town.call(role, "GET", OCCUPANTS, headers=PURPOSE).status_code == 403
    assert town.call("foreign", "GET", OCCUPANTS, headers=PURPOSE).status_code == 404
    document = {"id_type": "111", "id_number": NUMBER}
    assert (
        town.call("foreign", "POST", "/v1/persons/lookup", json=document, headers=PURPOSE).status_code == 404
    )
    assert town.call("coordinator", "GET", OCCUPANTS, headers=PURPOSE).status_code == 200
    for path, body in (("lookup", document), ("{person}/reveal", {"fields": ["name"]})):
        answer = town.call("coordinator", "POST", f"/v1/persons/{path}", json=body, headers=PURPOSE)
        assert answer.status_code == 403


def test_where_somebody_lives(town: "Town") -> None:
    document = {"id_type": "111", "id_number": NUMBER}
    answer = town.call("officer", "POST", "/v1/persons/lookup", json=document, headers=PURPOSE)
    assert answer.status_code == 200, answer.text
    person = answer.json()["person"]
    assert [row["unit_id"] for row in person["dwellings"]] == [str(town.ids["unit"])]
    assert not CLEAR.search(answer.text)
    nobody = {"id_type": "111", "id_number": "110105194912310054"}
    missing = town.call("officer", "POST", "/v1/persons/lookup", json=nobody, headers=PURPOSE)
    assert missing.status_code in {404, 422}
    assert nobody["id_number"] not in missing.text


def test_one_field_in_full_is_an_act_of_its_own(town: "Town") -> None:
    body = {"fields": ["id_number", "phone"]}
    answer = town.call("officer", "POST", "/v1/persons/{person}/reveal", json=body, headers=PURPOSE)
    assert answer.json()["fields"] == {"id_number": NUMBER, "phone": PHONE}
    fields = town.sql("SELECT fields FROM registry.audit WHERE id = :id", id=answer.headers["audit-id"])
    assert fields == ["id_number", "phone"]


def test_the_limit_stops_a_robot(town: "Town") -> None:
    used = town.sql(
        "SELECT c.in_hour FROM registry.look_count c JOIN registry.account a ON a.id = c.account_id"
        " WHERE a.login = 'coordinator'"
    )
    town.sql("UPDATE registry.account SET hourly_limit = :most WHERE login = 'coordinator'", most=used + 3)
    seen = [town.call("coordinator", "GET", OCCUPANTS, headers=PURPOSE).status_code for _ in range(6)]
    town.sql("UPDATE registry.account SET hourly_limit = 30000 WHERE login = 'coordinator'")
    assert seen == [200, 200, 200, 429, 429, 429]


def test_purposes_are_those_of_the_role(town: "Town") -> None:
    officer = {row["code"] for row in town.call("officer", "GET", "/v1/purposes").json()["rows"]}
    coordinator = {row["code"] for row in town.call("coordinator", "GET", "/v1/purposes").json()["rows"]}
    assert coordinator < officer
    assert town.call("clerk", "GET", "/v1/purposes").json()["rows"] == []


def test_the_record_stands_though_the_caller_left(town: "Town", database: cluster.Urls) -> None:
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    headers = {"authorization": f"Bearer {town.tokens['officer']}", "access-purpose": "02; case=2026-GONE"}
    sent = tuple((name.encode(), value.encode()) for name, value in headers.items())

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def body() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def refuse(message: Any) -> None:  # noqa: ANN401  (an ASGI message)
        raise OSError("the caller left")

    call = Call("GET", OCCUPANTS.format(**town.ids), headers=sent)
    with pytest.raises(OSError, match="left"):
        finish(app(scope_of(call), body, refuse))
    count = "SELECT count(*) FROM registry.audit WHERE case_number = '2026-GONE' AND decision = 'granted'"
    assert town.sql(count) == 1
    finish(app(scope_of(call), gone, _nothing))
    assert town.sql(count) == 1


async def _nothing(message: Any) -> None:  # noqa: ANN401  (an ASGI message)
    pass


LISTS = (
    "/v1/session", "/v1/purposes", "/v1/areas", "/v1/streets", "/v1/lanes", "/v1/addresses", "/v1/buildings",
    "/v1/housing-units", "/v1/plates", "/v1/blocks", "/v1/buildings/{building}", "/v1/housing-units/{unit}",
    "/v1/buildings/{building}/units", "/v1/buildings/{building}/history", "/v1/addresses/search?q=张小满", OCCUPANTS,
    "/v1/housing-units/{unit}/occupants",
)  # fmt: skip


@pytest.mark.promise("P23")
@pytest.mark.parametrize("role", list(Role))
def test_no_list_shows_a_number_in_full(town: "Town", role: Role) -> None:
    for path in LISTS:
        answer = town.call(role, "GET", path, headers=PURPOSE)
        # The digits of an id or of a hash are nobody's number.
        told = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}", "", answer.text)
        assert not CLEAR.search(told), path
        assert "张小满" not in answer.text, path


def test_a_name_is_searched_inside_one_area(town: "Town") -> None:
    path = "/v1/areas/{t}/persons-by-name"
    answer = town.call("officer", "POST", path, json={"name": "张小"}, headers=PURPOSE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert ([row["name"] for row in found["rows"]], found["too_many"]) == (["张**"], False)
    assert answer.headers["audit-id"] == found["audit_id"]
    assert _audited(town, found["audit_id"]) == ("granted", "02")
    assert not CLEAR.search(answer.text)
    for role, area, body, status, code in (
        ("officer", "t", {"name": "张"}, 422, "name-too-short"),
        ("officer", "d", {"name": "张小"}, 404, "not-found"),
        ("foreign", "t", {"name": "张小"}, 404, "not-found"),
        ("coordinator", "t", {"name": "张小"}, 403, "not-allowed"),
    ):
        refused = town.call(role, "POST", path.replace("{t}", "{" + area + "}"), json=body, headers=PURPOSE)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
