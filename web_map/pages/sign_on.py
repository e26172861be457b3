"""统一认证: the way to the issuer of the single sign-on, and back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from geo_registry.access.viewer import network_address
from geo_registry.account import oidc
from geo_registry.settings import settings
from web_map.deps import RequestEngine, safe_next
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/login/oidc"
_COOKIE = "sign-on"


@router.get(PATH)
def leave(request: Request, next_: Annotated[str, Query(alias="next", max_length=500)] = "/") -> Response:
    """Go to the issuer, with what the answer will be held against in a cookie of this browser."""
    start = oidc.begin(_return_to(request), safe_next(next_))
    reply = RedirectResponse(start.address, 303, headers={"Cache-Control": "no-store"})
    # Lax, for the way back begins at another host.
    reply.set_cookie(
        _COOKIE, start.cookie, max_age=oidc.SECONDS_TO_RETURN, path=PATH, httponly=True,
        secure=settings().secure_cookies, samesite="lax",
    )  # fmt: skip
    return reply


@router.get(f"{PATH}/callback")
def come_back(request: Request, engine: RequestEngine) -> Response:
    """Take the issuer's answer; what it says stays out of every log."""
    address = network_address(request.client.host if request.client else None)
    kept = request.cookies.get(_COOKIE, "")
    token, target = oidc.finish(engine, kept, request.query_params, _return_to(request), address)
    # A page of our own, not a redirect: a browser keeps a strict cookie back on a way that began elsewhere.
    reply = page(request, "sign_on.html", None, target=target)
    secure = settings().secure_cookies
    reply.set_cookie(request.state.cookie_name, token, httponly=True, secure=secure, samesite="strict")
    reply.delete_cookie(_COOKIE, path=PATH, httponly=True, secure=secure, samesite="lax")
    return reply


def _return_to(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{PATH}/callback"
