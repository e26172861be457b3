"""Every route declares who may call it, and the declaration holds for every role."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.deps import Needs, NeedsToLook, everybody
from geo_registry.access.rules import Permission

# They post what they ask for, which is too long for an address, and change nothing.
# A line on the map, or texts, are too long for an address: asked by POST, and nothing is written.
READS = {"/v1/addresses/standardize", "/v1/addresses/match", "/v1/plates/selection"}
OURS = ("/v1", "/tiles", "/health", "/problems")


def _routes(app: FastAPI) -> list[APIRoute]:
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute) and route.path.startswith(OURS)]


def _declared(dependant: Dependant) -> list[Any]:
    own = [part.call for part in dependant.dependencies]
    return [call for call in own if call is everybody or isinstance(call, Needs | NeedsToLook)]


def _calls() -> list[tuple[str, str, Permission | None]]:
    return [
        (method, route.path, getattr(_declared(route.dependant)[0], "permission", None))
        for route in _routes(create_app())
        for method in sorted(route.methods or ())
    ]


def test_every_route_declares_exactly_one_rule() -> None:
    routes = _routes(create_app())
    assert len(routes) > 25
    assert [route.path for route in routes if len(_declared(route.dependant)) != 1] == []


def test_only_these_routes_are_open() -> None:
    assert {(method, path) for method, path, permission in _calls() if permission is None} == {
        ("POST", "/v1/session"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/problems/{slug}"),
    }


def test_every_write_and_look_declares_more_than_reading() -> None:
    reading = {Permission.PLACE_READ, Permission.AREA_READ, Permission.HISTORY_READ}
    for method, path, permission in _calls():
        is_own = path.startswith(("/v1/session", "/v1/account/"))
        if method != "GET" and not is_own and path not in READS:
            assert permission not in reading | {Permission.SESSION_OWN}, path


def _filled(path: str) -> str:
    for name, value in {"layer": "plates", "z": "1", "x": "0", "y": "0"}.items():
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        path = path[: path.index("{")] + str(UUID(int=7)) + path[path.index("}") + 1 :]
    return path


@pytest.mark.promise("P4")
def test_nobody_gets_past_signing_in(client: httpx.Client) -> None:
    for method, path, permission in _calls():
        if permission is not None:
            answer = client.request(method, _filled(path), json={} if method == "POST" else None)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in"), path
