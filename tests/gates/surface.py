"""Every call of the application, interface and pages alike, with the rule it declares and what it asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.deps import current_look, everybody
from geo_registry.access.rules import ALLOWED, Permission, Role
from web_map.deps import stated_look

# Pages for anybody, and pages for whoever is signed in; every other page declares its permission.
OPEN = {"/login", "/about", "/favicon.ico", "/login/oidc", "/login/oidc/callback"}
SIGNED_IN = {"/", "/account"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `permission` is None where the declaration is missing, or opens it to anybody."""

    method: str
    path: str
    permission: Permission | None
    is_open: bool
    is_page: bool
    is_look: bool
    described: dict[str, Any]

    def is_for(self, role: Role) -> bool:
        """Tell whether the declared rule lets a role in."""
        return self.is_open or (self.permission is not None and self.permission in ALLOWED[role])


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Return every route of ours, those of the pages too."""
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute)]


def description(app: FastAPI) -> dict[str, Any]:
    """Return the interface's description of itself, widened by the pages, which do not stand in it."""
    routes = routes_of(app)
    before = [route.include_in_schema for route in routes]
    try:
        for route in routes:
            route.include_in_schema = True
        return get_openapi(title="all", version="1", routes=routes)
    finally:
        for route, was_in in zip(routes, before, strict=True):
            route.include_in_schema = was_in


def _calls(dependant: Dependant) -> Iterator[Any]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)


def operations() -> list[Operation]:
    """Return every operation in the order of the application."""
    app = create_app()
    paths = description(app)["paths"]
    return [
        _operation(route, method, paths[route.path_format][method.lower()])
        for route in routes_of(app)
        for method in sorted(route.methods or ())
    ]


def _operation(route: APIRoute, method: str, described: dict[str, Any]) -> Operation:
    calls = list(_calls(route.dependant))
    declared = {
        call.permission for call in calls if isinstance(getattr(call, "permission", None), Permission)
    }
    assert len(declared) <= 1, f"{route.path} declares {declared}"
    if route.path in SIGNED_IN:
        declared = {Permission.SESSION_OWN}
    return Operation(
        method=method,
        path=route.path_format,
        permission=next(iter(declared), None),
        is_open=everybody in calls or route.path in OPEN,
        is_page=not route.path.startswith(("/v1/", "/tiles/", "/health/", "/problems/", "/ogc/")),
        is_look=stated_look in calls or current_look in calls,
        described=described,
    )
