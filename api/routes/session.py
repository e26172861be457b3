"""Signing in and out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr

from api.deps import (
    NO_STORE,
    App,
    CurrentViewer,
    Needs,
    NeedsFirst,
    Strict,
    Token,
    Transaction,
    address_of,
    answer,
    everybody,
)  # fmt: skip
from api.guard import cookie_name, csrf_token
from geo_registry import db
from geo_registry.access.rules import ROLE_TITLES
from geo_registry.access.viewer import Permission, Viewer, enter
from geo_registry.account import sessions
from geo_registry.account.sessions import Caller
from geo_registry.settings import settings

router = APIRouter(prefix="/v1", tags=["session"])
OWN = Depends(Needs(Permission.SESSION_OWN))
OWN_FIRST = Depends(NeedsFirst(Permission.SESSION_OWN))
Code = Annotated[
    SecretStr, Field(min_length=6, max_length=30, description="验证器上的 6 位验证码，或一个备用码")
]


async def caller_of(request: Request, token: Token) -> Caller:
    """Return who acts on the own account, whom the rule of the route has let in."""
    viewer: Viewer = request.state.viewer
    return Caller(token, viewer.login, address_of(request))


CurrentCaller = Annotated[Caller, Depends(caller_of)]


class SignIn(Strict):
    """Login and password of an account, and a code where it has a second factor."""

    login: Annotated[str, Field(min_length=1, max_length=40)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    code: Code | None = None


class Confirmation(Strict):
    """A code of the second factor."""

    code: Code


@router.post("/session", status_code=201, dependencies=[Depends(everybody)])
def sign_in(body: SignIn, request: Request, engine: App) -> Response:
    """Sign in; the token comes as a cookie for browsers and in the body for machines."""
    code = body.code.get_secret_value() if body.code else None
    address = address_of(request)
    token = sessions.sign_in(engine, body.login, body.password.get_secret_value(), address, code)
    with db.transaction(engine) as session:
        viewer = enter(session, token)
    return admitted(request, token, {**_told(viewer), "token": token}, 201)


@router.get("/session", dependencies=[OWN])
def session_of(viewer: CurrentViewer, token: Token) -> Response:
    """Tell who is signed in, with role, permissions and areas."""
    return answer({**_told(viewer), "csrf_token": csrf_token(token)}, NO_STORE)


@router.post("/session/actions/confirm", dependencies=[OWN_FIRST])
def confirm(body: Confirmation, request: Request, engine: App, caller: CurrentCaller) -> Response:
    """Prove the second factor afresh; the session goes on under a new token."""
    token = sessions.confirm(engine, caller, body.code.get_secret_value())
    return admitted(request, token, {} if request.state.by_cookie else {"token": token})


@router.delete("/session", status_code=204, dependencies=[OWN])
def sign_out(request: Request, session: Transaction, token: Token) -> Response:
    """End the session at once, on all servers."""
    sessions.sign_out(session, token)
    reply = Response(status_code=204, headers=NO_STORE)
    name, secure = cookie_name(request.url.scheme), settings().secure_cookies
    reply.delete_cookie(name, secure=secure, httponly=True, samesite="strict")
    return reply


def admitted(request: Request, token: str, told: dict[str, Any], status: int = 200) -> Response:
    """Answer with a new token of the session: as the cookie, with what a page must send beside it."""
    reply = answer({**told, "csrf_token": csrf_token(token)}, NO_STORE)
    reply.status_code = status
    name, secure = cookie_name(request.url.scheme), settings().secure_cookies
    reply.set_cookie(name, token, httponly=True, secure=secure, samesite="strict")
    return reply


def _told(viewer: Viewer) -> dict[str, object]:
    return {
        "login": viewer.login,
        "name": viewer.name,
        "role": viewer.role,
        "role_title": ROLE_TITLES[viewer.role],
        "permissions": [permission for permission in Permission if viewer.may(permission)],
        "areas": viewer.areas,
        "confined": viewer.confined,
    }
