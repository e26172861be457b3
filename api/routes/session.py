"""Signing in and out, and the purposes one may state."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr

from api.deps import (
    NO_STORE,
    App,
    CurrentViewer,
    Needs,
    Strict,
    Token,
    Transaction,
    address_of,
    answer,
    everybody,
)  # fmt: skip
from api.guard import cookie_name, csrf_token
from geo_registry import db
from geo_registry.access import audit, sessions
from geo_registry.access.rules import ALLOWED, ROLE_TITLES
from geo_registry.access.viewer import Permission, Viewer, enter
from geo_registry.errors import NotSignedIn
from geo_registry.settings import settings

router = APIRouter(prefix="/v1", tags=["session"])
OWN = Depends(Needs(Permission.SESSION_OWN))


class SignIn(Strict):
    """Login and password of an account."""

    login: Annotated[str, Field(min_length=1, max_length=40)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


@router.post("/session", status_code=201, dependencies=[Depends(everybody)])
def sign_in(body: SignIn, request: Request, engine: App) -> Response:
    """Sign in; the token comes as a cookie for browsers and in the body for machines."""
    address = address_of(request)
    try:
        with db.transaction(engine) as session:
            token = sessions.sign_in(session, body.login, body.password.get_secret_value(), address)
            viewer = enter(session, token)
    except NotSignedIn:
        with db.transaction(engine) as session:
            sessions.note_failure(session, body.login, address)
        raise
    reply = answer({**_told(viewer), "token": token, "csrf_token": csrf_token(token)}, NO_STORE)
    reply.status_code = 201
    name, secure = cookie_name(request.url.scheme), settings().secure_cookies
    reply.set_cookie(name, token, httponly=True, secure=secure, samesite="strict")
    return reply


@router.get("/session", dependencies=[OWN])
def session_of(viewer: CurrentViewer, token: Token) -> Response:
    """Tell who is signed in, with role, permissions and areas."""
    return answer({**_told(viewer), "csrf_token": csrf_token(token)}, NO_STORE)


@router.delete("/session", status_code=204, dependencies=[OWN])
def sign_out(request: Request, session: Transaction, token: Token) -> Response:
    """End the session at once, on all servers."""
    sessions.sign_out(session, token)
    reply = Response(status_code=204, headers=NO_STORE)
    name, secure = cookie_name(request.url.scheme), settings().secure_cookies
    reply.delete_cookie(name, secure=secure, httponly=True, samesite="strict")
    return reply


@router.get("/purposes", dependencies=[OWN])
def purposes(session: Transaction, viewer: CurrentViewer) -> Response:
    """List the purposes that the viewer's role may state in `Access-Purpose`."""
    return answer({"rows": audit.purposes_for(session, viewer)}, NO_STORE)


def _told(viewer: Viewer) -> dict[str, object]:
    return {
        "login": viewer.login,
        "name": viewer.name,
        "role": viewer.role,
        "role_title": ROLE_TITLES[viewer.role],
        "permissions": sorted(ALLOWED[viewer.role]),
        "areas": viewer.areas,
    }
