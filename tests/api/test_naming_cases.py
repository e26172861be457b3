"""Naming cases over HTTP."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.app import create_app
from geo_registry import cluster, db
from geo_registry.access.rules import Role
from geo_registry.account import accounts, sessions
from geo_registry.db import today
from tests.api.asgi import Call, send

if TYPE_CHECKING:
    from tests.api.conftest import Town

AXIS = {"type": "LineString", "coordinates": [[121.402, 31.106], [121.408, 31.106]]}
CASES = "/v1/naming-cases"


@pytest.fixture(scope="module")
def colleague(town: "Town", owner_engine: Engine) -> str:
    """Give a second clerk of the township, who judges what the first proposes."""
    with Session(owner_engine) as session, session.begin():
        added = accounts.add_account(
            session, login="colleague", name="同事", role=Role.CLERK, password="correct horse battery",
            division_codes=["310112101000"],
        )  # fmt: skip
        town.tokens["colleague"] = sessions.open_session(session, added.id)
    return "colleague"


@pytest.mark.requirement("R80")
def test_a_name_from_its_proposal_into_force(town: "Town", colleague: str) -> None:
    body = {"kind": "lane", "name": "听松弄", "parent_id": str(town.ids["street"]), "meaning": "山上多松"}
    asked = town.call(
        "clerk", "POST", f"{CASES}/check", json={key: body[key] for key in ("kind", "name", "parent_id")}
    )
    assert (asked.status_code, asked.json()) == (200, [])
    opened = town.act("clerk", CASES, body)
    assert (opened.status_code, opened.headers["etag"]) == (201, '"1"'), opened.text
    path = f"{CASES}/{opened.json()['id']}"
    shown = town.call("clerk", "GET", path).json()
    assert (shown["state"], shown["levels"], shown["may"]) == ("reviewing", ["township"], ["withdraw"])
    own = town.act("clerk", f"{path}/actions/approve", {}, 1)
    assert (own.status_code, own.json()["code"]) == (403, "own-case")
    version = 1
    for by, step, more in (
        (colleague, "approve", {"note": "同意"}),
        ("clerk", "publish", {"decree_number": "东民〔2026〕8号", "decree_on": str(today())}),
        ("clerk", "enforce", {}),
    ):
        done = town.act(by, f"{path}/actions/{step}", more, version)
        assert done.status_code == 200, done.text
        version = done.json()["version"]
    shown = town.call("clerk", "GET", path).json()
    assert (shown["state"], shown["decree_number"], shown["place_state"]) == (
        "in_force",
        "东民〔2026〕8号",
        "current",
    )
    assert [step["step"] for step in shown["steps"]] == ["submit", "approve", "publish", "enforce"]
    named = town.call("clerk", "GET", f"/v1/lanes/{shown['place_name_id']}").json()
    assert (named["full_name"], named["state"]) == ("映月路听松弄", "current")


def test_who_hands_in_another_name_does_not_approve_it(town: "Town", colleague: str) -> None:
    body = {"kind": "lane", "name": "甲乙弄", "parent_id": str(town.ids["street"]), "reason": "确需使用"}
    path = f"{CASES}/{town.act('clerk', CASES, body).json()['id']}/actions"
    done = town.act(colleague, f"{path}/return", {"note": "改名"}, 1)
    done = town.act(
        colleague, f"{path}/submit", {"name": "私意弄", "reason": "确需使用"}, done.json()["version"]
    )
    assert done.status_code == 200, done.text
    own = town.act(colleague, f"{path}/approve", {}, done.json()["version"])
    assert (own.status_code, own.json()["code"]) == (403, "own-case")


def test_names_alike_are_told_with_the_refusal(town: "Town") -> None:
    body: dict[str, Any] = {"kind": "street", "name": "映悦路", "area_id": str(town.ids["t"]), "axis": AXIS}
    town.sql("UPDATE registry.place_name SET pinyin = 'yingyuelu' WHERE id = :id", id=town.ids["street"])
    (found,) = town.call("clerk", "POST", f"{CASES}/check", json=body).json()
    assert (found["full_name"], found["same"], found["blocks"]) == ("映月路", "sound", False)
    refused = town.act("clerk", CASES, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "name-sounds-alike")
    assert "映月路" in refused.json()["detail"]
    kept = town.act("clerk", CASES, {**body, "reason": "本地旧名", "reserve_until": "2099-01-01"})
    assert kept.status_code == 201, kept.text
    rows = town.call("clerk", "GET", f"{CASES}?state=reserved&text=映悦").json()["rows"]
    assert [(row["name"], row["reserved_until"]) for row in rows] == [("映悦路", "2099-01-01")]


def test_bad_input_names_its_field(town: "Town") -> None:
    area = str(town.ids["t"])
    for body, field in (
        ({"kind": "street", "area_id": area}, "name"),
        ({"name": "松涛路", "area_id": area}, "kind"),
        ({"kind": "street", "name": "松涛路"}, "area_id"),
        ({"action": "rename", "name": "松涛路"}, "place_name_id"),
        (
            {"kind": "street", "name": "松涛路", "area_id": area, "reserve_until": "2020-01-01"},
            "reserve_until",
        ),
    ):
        answer = town.act("clerk", CASES, body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"#/{field}"), answer.text
    assert town.call("clerk", "GET", f"{CASES}?state=lost").status_code == 422
    assert town.call("officer", "GET", CASES).status_code == 403
    late = town.act(
        "clerk", f"{CASES}/{{named_ok}}/actions/publish", {"decree_number": "1", "decree_on": "2099-01-01"}, 1
    )
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "#/decree_on")


def test_a_name_without_its_decree_goes_to_the_cases(town: "Town") -> None:
    body = {"kind": "street", "name": "松涛路", "area_id": str(town.ids["t"])}
    answer = town.act("clerk", "/v1/streets", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "approval-needed")


def test_of_those_who_ask_for_one_name_at_once_one_gets_it(town: "Town", database: cluster.Urls) -> None:
    """The same name spelled in two ways is one name; the others are told that it is taken."""
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)

    async def ask(turn: int) -> int:
        name = "光明九路" if turn % 2 else "光明9路"
        body = {"kind": "street", "name": name, "area_id": str(town.ids["t"]), "reason": "确需使用"}
        headers = {
            "authorization": f"Bearer {town.tokens['clerk']}", "content-type": "application/json",
            "idempotency-key": f"naming-race-{turn}",
        }  # fmt: skip
        sent = tuple((key.encode(), value.encode()) for key, value in headers.items())
        return (await send(app, Call("POST", CASES, headers=sent, body=json.dumps(body).encode()))).status

    async def race() -> list[int]:
        return await asyncio.gather(*(ask(turn) for turn in range(12)))

    assert sorted(asyncio.run(race())) == [201] + [409] * 11
    stored = town.sql("SELECT count(*) FROM registry.place_name WHERE normal_name = '光明9路'")
    assert stored == 1
    app.state.engine.dispose()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "松\u0000涛路"},
        {"name": "路" * 100},
        {"name": "'; DROP TABLE registry.place_name; --"},
        {"name": "<img src=x onerror=alert(1)>路"},
        {"name": "😀路"},
        {"name": "　"},
        {"reserve_until": "9999-12-31"},
        {"reserve_until": "0001-01-01"},
        {"meaning": "电话13812345678"},
        {"axis": {"type": "LineString", "coordinates": [[121.4, 31.1], [121.4, 31.1]]}},
        {"axis": {"type": "LineString", "coordinates": [[121.4, 31.1]]}},
        {"axis": {"type": "LineString", "coordinates": [[180, 90], [-180, -90]]}},
        {"axis": {"type": "Point", "coordinates": [121.4, 31.1]}},
        {"kind": "number"},
        {"parent_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_no_input_breaks_the_server(town: "Town", wrong: dict[str, Any]) -> None:
    body = {"kind": "street", "name": "无此路", "area_id": str(town.ids["t"]), "reason": "试", **wrong}
    answer = town.act("clerk", CASES, body)
    assert answer.status_code in {201, 400, 409, 422}
    if answer.status_code == 201:
        town.act("clerk", f"{CASES}/{answer.json()['id']}/actions/withdraw", {}, 1)
    asked = {key: body[key] for key in body if key in {"kind", "name", "area_id", "parent_id", "axis"}}
    assert town.call("clerk", "POST", f"{CASES}/check", json=asked).status_code in {200, 400, 422}
    told = {**asked, "axis": json.dumps(asked.get("axis"))}
    for axis in (
        told["axis"],
        "[" * 50_000,
        '{"type":"LineString","coordinates":[[1e999,9' + "9" * 400 + "]]}",
    ):
        reply = town.call("clerk", "POST", "/panels/place-names/check", data={**told, "axis": axis})
        assert reply.status_code in {200, 400, 422}, reply.text
