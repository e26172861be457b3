"""Our Jinja pages: one environment, one way to answer with a page or a piece of one."""

import hashlib
from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from geo_registry import errors
from geo_registry.access.rules import ROLE_TITLES
from geo_registry.access.viewer import Viewer
from geo_registry.codes import format_code
from web_map import registration_words, words
from web_map.csp import new_nonce, policy
from web_map.layers import PLATE_MARKS
from web_map.plate_faces import draw_face
from web_map.sections import menu_for, plate_tabs, registration_tabs, sections_for
from web_map.town_map import json_text

HERE = Path(__file__).parent
STATUSES: dict[type[errors.RegistryError], int] = {
    errors.NotSignedIn: 401,
    errors.Refused: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.RuleBroken: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


@cache
def environment() -> Environment:
    """Return the templates: everything is escaped, an unknown name is an error."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        code_text=format_code,
        draw_face=draw_face,
        static=static,
        words=words,
        role_titles=ROLE_TITLES,
        marks=PLATE_MARKS,
    )
    found.globals.update(
        plate_tabs=plate_tabs, registration_tabs=registration_tabs, registration_words=registration_words
    )
    found.filters.update(json_text=json_text, floor_title=words.floor_title)
    found.filters.update(china_time=words.china_time)
    return found


@cache
def static(path: str) -> str:
    """Return the address of one of our static files; a changed file has another address."""
    digest = hashlib.sha256((HERE / "static" / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def page(
    request: Request, template: str, viewer: Viewer | None, *, status: int = 200, **values: object
) -> Response:
    """Answer with a whole page under the strict policy; `values` go to the template."""
    nonce = str(values.pop("nonce", "")) or new_nonce()
    html = (
        environment()
        .get_template(template)
        .render(
            request=request,
            viewer=viewer,
            nonce=nonce,
            sections=sections_for(viewer),
            own_sections=menu_for(viewer),
            csrf_token=request.state.csrf_token if viewer else "",
            **values,
        )
    )
    headers = {
        "Content-Security-Policy": policy(nonce),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(html, status, headers)


def inside(template: str, **values: object) -> str:
    """Return the HTML of a piece that a page holds from the start."""
    return environment().get_template(template).render(**values)


def piece(
    template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: object
) -> Response:
    """Answer with a piece of a page; no browser keeps it."""
    html = inside(template, **values)
    kept = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    return HTMLResponse(html, status, kept | (headers or {}))


class PageRoute(APIRoute):
    """A route that answers errors as people read them: a page, a piece of one, or the way to the sign-in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (errors.RegistryError, HTTPException, RequestValidationError) as error:
                return failed(request, error)

        return answer


def failed(request: Request, error: Exception) -> Response:
    """Answer an error: pieces stay pieces, a page without a session leads to the sign-in."""
    known = _as_registry_error(error)
    is_piece = "hx-request" in request.headers
    if isinstance(known, errors.NotSignedIn):
        if is_piece:
            return piece("_error.html", status=401, headers={"HX-Redirect": "/login"}, error=known)
        query = f"?{request.url.query}" if request.url.query else ""
        wanted = quote(request.url.path + query, safe="/")
        return RedirectResponse("/login" if wanted == "/" else f"/login?next={wanted}", 303)
    if known.code == "account-confined":
        if is_piece:
            return piece("_error.html", status=403, headers={"HX-Redirect": "/account"}, error=known)
        return RedirectResponse("/account", 303)
    status = next((code for kind, code in STATUSES.items() if isinstance(known, kind)), 400)
    if is_piece:
        return piece("_error.html", status=status, error=known)
    return page(request, "problem.html", None, status=status, error=known)


def _as_registry_error(error: Exception) -> errors.RegistryError:
    if isinstance(error, errors.RegistryError):
        return error
    if isinstance(error, HTTPException) and error.status_code == 404:
        return errors.NotFound("page-not-found", "没有这个页面")
    # What was sent is never echoed.
    return errors.RuleBroken("invalid", "请求内容不符合要求")
