"""Whoever works elsewhere: nothing of the town is shown on any call or page, and nothing is written there."""

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.orm import Session

from api.app import create_app
from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.account import accounts, sessions
from tests.api.asgi import Call, answers
from tests.api.conftest import PASSWORD
from tests.api.writes import WRITES
from tests.factories import hashed_once

if TYPE_CHECKING:
    from tests.api.conftest import Town

ROLES = (Role.CLERK, Role.OFFICER, Role.COORDINATOR, Role.SUPERVISOR, Role.LEADER, Role.STEWARD)
_BRACES = re.compile(r"{(\w+)(?::\w+)?}")
# What a name in a path may stand for.
OBJECTS = {
    "area_id": ("t", "c"), "street_id": ("street",), "lane_id": ("lane",), "address_id": ("address",),
    "building_id": ("building",), "object_id": ("building", "plate", "batch", "zone_working", "sample", "focus", "block"), "unit_id": ("unit",), "plate_id": ("plate", "hung"), "batch_id": ("batch",),
    "block_id": ("block", "beside"), "zone_id": ("zone_working",), "focus_area_id": ("focus",),
    "plan_id": ("sample", "proof"), "person_id": ("person",),
}  # fmt: skip
SHOWN = re.compile("映月路|石桥|何小乙|标牌厂|张小满")


@pytest.fixture(scope="module")
def outsiders(town: "Town") -> dict[Role, str]:
    tokens = {}
    with Session(town.owner) as session, session.begin(), hashed_once():
        for role in ROLES:
            login = f"out_{role}"
            added = accounts.add_account(
                session,
                login=login,
                name="外人",
                role=role,
                password=PASSWORD,
                division_codes=["310112102000"],
            )
            tokens[role] = sessions.open_session(session, added.id)
    return tokens


def ids_in(town: "Town", name: str) -> list[UUID]:
    wanted = OBJECTS.get(name)
    return [town.ids[one] for one in wanted] if wanted else list(dict.fromkeys(town.ids.values()))


def reads(town: "Town") -> list[str]:
    """Return every GET of interface and pages, with each object of the town that its path may stand for."""
    found = []
    for context in iter_route_contexts(create_app().routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            continue
        names = _BRACES.findall(route.path)
        if len(names) != 1 or names[0] in {"slug", "sha256", "rate", "asset"}:
            if not names:
                found += [route.path]
                found += [
                    f"{route.path}?{key}={town.ids[one]}" for key in ("area", "area_id") for one in "tc"
                ]
                found += [f"{route.path}?{key}={town.ids['block']}" for key in ("block", "block_id", "area")]
                found += [
                    f"{route.path}?community_id={town.ids['c']}",
                    f"{route.path}?lon=121.405&lat=31.105",
                ]
            continue
        found += [_BRACES.sub(str(one), route.path) for one in ids_in(town, names[0])]
    return sorted(set(found))


def call(town: "Town", token: str, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return town.client.request(method, path, headers=headers, follow_redirects=False, **more)


@pytest.mark.parametrize("role", ROLES)
def test_no_read_shows_anything_of_another_area(
    town: "Town", outsiders: dict[Role, str], database: cluster.Urls, role: Role
) -> None:
    token = (b"authorization", f"Bearer {outsiders[role]}".encode())
    paths = reads(town)
    calls = [
        Call("GET", path, query.encode(), (token,))
        for path, _, query in (one.partition("?") for one in paths)
    ]
    ids = {str(one) for name, one in town.ids.items() if name not in {"d", "far", "hidden", "reason"}}
    shown = []
    for path, answer in zip(paths, answers(database, calls), strict=True):
        assert answer.status < 500, (path, answer.body)
        told = answer.body.decode("utf-8", "replace").replace(path.partition("?")[2], "")
        if answer.status == 200 and (
            SHOWN.search(told) or any(one in told for one in ids if one not in path)
        ):
            shown.append((path, SHOWN.findall(told)[:3]))
    assert shown == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_written_in_another_area(town: "Town", outsiders: dict[Role, str], role: Role) -> None:
    acts = town.sql("SELECT count(*) FROM registry.act")
    wrong = []
    for name, (path, body, _) in WRITES.items():
        filled = json.loads(
            re.sub(r"{(\w+)}", lambda found: str(town.ids[found[1]]), json.dumps(body, ensure_ascii=False))
        )
        headers = {"Idempotency-Key": f"outsider-{role}-{name}", "If-Match": '"1"'}
        answer = call(town, outsiders[role], "POST", path.format(**town.ids), json=filled, headers=headers)
        if answer.status_code not in {403, 404, 422, 412}:
            wrong.append((name, answer.status_code, answer.text))
        elif answer.status_code in {422, 412}:
            wrong.append((name, answer.status_code, answer.json()["code"]))
    assert town.sql("SELECT count(*) FROM registry.act") == acts
    assert wrong == []


def test_history_is_told_inside_and_to_nobody_else(town: "Town", outsiders: dict[Role, str]) -> None:
    for path in ("plate-batches/{batch}", "sample-plans/{sample}", "zones/{zone_working}", "blocks/{block}"):
        whole = f"/v1/{path}/history".format(**town.ids)
        assert call(town, town.tokens[Role.STEWARD], "GET", whole).status_code == 200
        assert call(town, outsiders[Role.STEWARD], "GET", whole).status_code == 404
