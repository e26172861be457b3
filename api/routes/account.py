"""我的账号: the own password, second factor, sessions and looks."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from api.deps import NO_STORE, App, CurrentViewer, Page, Strict, Token, Transaction, answer
from api.routes.session import OWN, OWN_FIRST, Code, Confirmation, CurrentCaller, admitted
from geo_registry.access.rules import ROLE_TITLES
from geo_registry.account import factors, sessions

router = APIRouter(prefix="/v1/account", tags=["account"])
Password = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class NewPassword(Strict):
    """The present password and the one that follows it."""

    password: Password
    new: Password


class Proof(Strict):
    """The present password."""

    password: Password


class StrongProof(Proof):
    """The present password and a code of the second factor."""

    code: Code


def _done() -> Response:
    return Response(status_code=204, headers=NO_STORE)


@router.get("", dependencies=[OWN])
def own_account(session: Transaction, viewer: CurrentViewer, token: Token) -> Response:
    """Tell the own account: areas, second factor, what is due."""
    told: dict[str, Any] = sessions.own_account(session, token)
    return answer({**told, "role_title": ROLE_TITLES[viewer.role]}, NO_STORE)


@router.post("/actions/change-password", status_code=204, dependencies=[OWN_FIRST])
def change_password(body: NewPassword, engine: App, caller: CurrentCaller) -> Response:
    """Change the own password; all other sessions end."""
    sessions.change_password(engine, caller, body.password.get_secret_value(), body.new.get_secret_value())
    return _done()


@router.post("/actions/start-second-factor", dependencies=[OWN_FIRST])
def start_second_factor(body: Proof, engine: App, caller: CurrentCaller) -> Response:
    """Begin to set up the second factor: its secret, and what the square code holds."""
    secret = sessions.start_second_factor(engine, caller, body.password.get_secret_value())
    return answer({"secret": secret, "uri": factors.provisioning_uri(secret, caller.login)}, NO_STORE)


@router.post("/actions/confirm-second-factor", dependencies=[OWN_FIRST])
def confirm_second_factor(
    body: Confirmation, request: Request, engine: App, caller: CurrentCaller
) -> Response:
    """Let the second factor count from its first code on; the recovery codes are told this once."""
    token, codes = sessions.confirm_second_factor(engine, caller, body.code.get_secret_value())
    told = {"recovery_codes": codes}
    return admitted(request, token, told if request.state.by_cookie else {**told, "token": token})


@router.post("/actions/drop-second-factor", status_code=204, dependencies=[OWN_FIRST])
def drop_second_factor(body: StrongProof, engine: App, caller: CurrentCaller) -> Response:
    """Give up the second factor, where the account may."""
    sessions.drop_second_factor(
        engine, caller, body.password.get_secret_value(), body.code.get_secret_value()
    )
    return _done()


@router.get("/sessions", dependencies=[OWN])
def own_sessions(session: Transaction, token: Token) -> Response:
    """List the live sessions of the own account."""
    return answer({"rows": sessions.own_account(session, token)["sessions"], "next": None}, NO_STORE)


@router.post("/sessions/{session_id}/actions/end", status_code=204, dependencies=[OWN_FIRST])
def end_own_session(session_id: UUID, engine: App, caller: CurrentCaller) -> Response:
    """End a session of the own account at once."""
    sessions.end_own_session(engine, caller, session_id)
    return _done()


@router.get("/looks", dependencies=[OWN])
def own_looks(page: Page, session: Transaction, token: Token) -> Response:
    """List the own looks at persons, newest first."""
    return answer(sessions.own_looks(session, token, after=page.after, limit=page.limit), NO_STORE)
