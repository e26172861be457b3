"""账号管理: accounts, their areas, one-time passwords and tokens, by a security administrator."""

# ruff: noqa: FAST003  (`Target` reads the id of the path)

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import IfMatch, Needs, Once, PageQuery, Strict, Token, Transaction, answer
from api.schemas.act import WrittenOut
from api.schemas.place import Text
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Permission
from geo_registry.account import accounts
from geo_registry.account.accounts import LONGEST_TOKEN_DAYS, STRONG_ROLES, Held, Kept
from geo_registry.errors import RuleBroken

router = APIRouter(
    prefix="/v1/accounts", tags=["accounts"], dependencies=[Depends(Needs(Permission.ACCOUNT_MANAGE))]
)
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{2,40}$", description="字母、数字、点、横线或下划线")]
# Under which names an answer tells what it tells only once.
PASSWORD, TOKEN = "password", "token"
Most = Annotated[int, Field(ge=0, le=100_000)]


class AccountQuery(PageQuery):
    """One page of accounts."""

    text: Annotated[Text | None, Field(description="账号的开头，或姓名的一部分")] = None
    role: Role | None = None
    area_id: UUID | None = None
    active: bool | None = None
    machine: bool | None = None


class NewAccount(Strict):
    """An account to add: its areas by id, or the whole installation, said in words."""

    login: Login
    name: Annotated[str, Field(min_length=1, max_length=60)]
    role: Role
    area_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    whole: bool = False
    is_machine: bool = False
    second_factor_required: Annotated[
        bool | None, Field(description="默认：查看人员的角色与管理员须用两步验证")
    ] = None
    oidc_subject: Annotated[str | None, Field(min_length=1, max_length=255)] = None


class AccountChange(Strict):
    """What changes of an account; an empty subject takes the sign-on away."""

    name: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    role: Role | None = None
    hourly_limit: Most | None = None
    daily_limit: Most | None = None
    building_limit: Most | None = None
    second_factor_required: bool | None = None
    oidc_subject: Annotated[str | None, Field(max_length=255)] = None


class NewGrant(Strict):
    """An area for an account, through its last day; the whole installation is said in words."""

    division_id: UUID | None = None
    whole: bool = False
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class GrantEnd(Strict):
    """The grant that ends."""

    grant_id: UUID


class NewToken(Strict):
    """A bearer token for a machine: what for, for which purposes, for how many days."""

    title: Annotated[str, Field(min_length=2, max_length=100)]
    purposes: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=50)] = ()
    days: Annotated[int, Field(ge=1, le=LONGEST_TOKEN_DAYS)] = LONGEST_TOKEN_DAYS


class SessionEnd(Strict):
    """The session or token that ends."""

    session_id: UUID


class Target:
    """The account of the path, as of the version that was read, and the act on it."""

    def __init__(self, account_id: UUID, version: IfMatch, token: Token, act: Once) -> None:
        self.held = Held(act.session, token, account_id, version)
        self.act = act

    def once(self, write: Callable[..., Kept], told: str | None = None, **values: Any) -> Response:  # noqa: ANN401
        """Do an act once; `told` names what it tells only this time."""
        return self.act.once(partial(write, self.held, **values), secret=told)


On = Annotated[Target, Depends()]


def _choose(area_ids: Sequence[UUID | None], *, whole: bool) -> None:
    """Refuse neither areas nor the word for all of them, lest an omission become everything; and both."""
    if bool(area_ids) == whole:
        raise RuleBroken("area-or-whole", "请选择区域，或写明全部辖区，二者取一", field="area_ids")


@router.get("")
def list_accounts(query: Annotated[AccountQuery, Query()], session: Transaction, token: Token) -> Response:
    """List the accounts of the own areas in order of their logins."""
    asked: dict[str, Any] = query.model_dump()
    asked["text_"] = asked.pop("text")
    return answer(accounts.list_accounts(session, token, **asked))


@router.post("", status_code=201, response_model=WrittenOut)
def add_account(body: NewAccount, token: Token, act: Once) -> Response:
    """Add an account; a person's one-time password is told this once, and holds for 72 hours."""
    _choose(body.area_ids, whole=body.whole)
    due = body.second_factor_required
    add = partial(
        accounts.add_account, act.session, token=token,
        login=body.login, name=body.name, role=body.role, machine=body.is_machine,
        second_factor=(body.role in STRONG_ROLES and not body.is_machine) if due is None else due,
        division_ids=None if body.whole else body.area_ids, oidc_subject=body.oidc_subject,
    )  # fmt: skip
    return act.once(add, 201, secret=None if body.is_machine else PASSWORD)


@router.get("/{account_id}")
def find_account(account_id: UUID, session: Transaction, token: Token) -> Response:
    """Return one account with its areas and live sessions."""
    found = accounts.find_account(session, token, account_id)
    return answer(found, {"ETag": f'"{found["version"]}"', "Cache-Control": "private, no-cache"})


@router.post("/{account_id}/actions/change", response_model=WrittenOut)
def change_account(body: AccountChange, on: On) -> Response:
    """Change name, role, limits or second factor; another role ends all sessions."""
    return on.once(accounts.change_account, **body.model_dump(exclude_none=True, mode="json"))


@router.post("/{account_id}/actions/disable", response_model=WrittenOut)
def disable_account(on: On) -> Response:
    """Disable an account; its sessions and tokens end at once."""
    return on.once(accounts.switch_account, active=False)


@router.post("/{account_id}/actions/enable", response_model=WrittenOut)
def enable_account(on: On) -> Response:
    """Enable an account again."""
    return on.once(accounts.switch_account, active=True)


@router.post("/{account_id}/actions/reset-password", response_model=WrittenOut)
def reset_password(on: On) -> Response:
    """Give a one-time password, told this once; sessions end."""
    return on.once(accounts.reset_password, told=PASSWORD)


@router.post("/{account_id}/actions/reset-second-factor", response_model=WrittenOut)
def reset_second_factor(on: On) -> Response:
    """Take a lost second factor away; sessions end."""
    return on.once(accounts.reset_second_factor)


@router.post("/{account_id}/actions/grant", response_model=WrittenOut)
def grant_area(body: NewGrant, on: On) -> Response:
    """Grant an area within one's own."""
    _choose([body.division_id] if body.division_id else [], whole=body.whole)
    return on.once(accounts.grant_area, **body.model_dump(exclude={"whole"}))


@router.post("/{account_id}/actions/end-grant", response_model=WrittenOut)
def end_grant(body: GrantEnd, on: On) -> Response:
    """End a grant at once."""
    return on.once(accounts.end_grant, grant_id=body.grant_id)


@router.post("/{account_id}/actions/issue-token", response_model=WrittenOut)
def issue_token(body: NewToken, on: On) -> Response:
    """Issue a bearer token to a machine, told this once."""
    return on.once(accounts.issue_token, told=TOKEN, **body.model_dump())


@router.post("/{account_id}/actions/end-session", response_model=WrittenOut)
def end_session(body: SessionEnd, on: On) -> Response:
    """End a session or revoke a token at once."""
    return on.once(accounts.end_session, session_id=body.session_id)
