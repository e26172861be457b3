"""账号管理 and 查询目的: the pages of the security administrator."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access import purposes
from geo_registry.access.rules import ALLOWED, ROLE_TITLES, Role
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.account import accounts
from geo_registry.area.reads import AreaRow, areas
from geo_registry.db import Session, today
from web_map import access_words, words
from web_map.deps import Opens, PageSession, Token
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 30
AREAS = 100
HELPS: dict[str, Any] = {"access": access_words}
AccountManager = Annotated[Viewer, Depends(Opens(Permission.ACCOUNT_MANAGE), scope="function")]
PurposeManager = Annotated[Viewer, Depends(Opens(Permission.PURPOSE_MANAGE), scope="function")]
LOOKING = [
    role for role in Role if ALLOWED[role] & {Permission.OCCUPANTS_LOOK, Permission.PERSON_LOOK}
]  # fmt: skip
Switch = Literal["", "yes", "no"]
_SWITCHED: dict[str, bool | None] = {"": None, "yes": True, "no": False}


@router.get("/accounts")
def all_accounts(
    request: Request,
    session: PageSession,
    viewer: AccountManager,
    token: Token,
    text: Annotated[str, Query(max_length=60)] = "",
    role: Annotated[Role | Literal[""], Query()] = "",
    active: Annotated[Switch, Query()] = "",
    machine: Annotated[Switch, Query()] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
    account: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List accounts, the chosen one beside them with what may be done to it."""
    found = accounts.list_accounts(
        session, token, text_=text.strip() or None, role=Role(role) if role else None,
        active=_SWITCHED[active], machine=_SWITCHED[machine], after=after, limit=ROWS,
    )  # fmt: skip
    chosen = accounts.find_account(session, token, account) if account else None
    asked = {"text": text, "role": role, "active": active, "machine": machine}
    return page(
        request, "accounts.html", viewer, own=own_areas(session, viewer), rows=found.rows, next=found.next,
        asked=asked, chosen=chosen, areas=grantable(session, viewer), is_whole=viewer.areas is None,
        purposes=_statable(session, chosen) if chosen and chosen["is_machine"] else [], today=today(),
        strong=sorted(accounts.STRONG_ROLES), longest=accounts.LONGEST_TOKEN_DAYS, **HELPS,
    )  # fmt: skip


@router.get("/purposes")
def all_purposes(
    request: Request,
    session: PageSession,
    viewer: PurposeManager,
    code: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """List the purposes of looks at persons, the chosen one beside them."""
    rows = [{**row, "state": _state(row)} for row in purposes.all_purposes(session)]
    chosen = next((row for row in rows if row["code"] == code), None)
    return page(
        request, "purposes.html", viewer, own=own_areas(session, viewer), rows=rows, chosen=chosen,
        roles={role.value: ROLE_TITLES[role] for role in LOOKING}, **HELPS,
    )  # fmt: skip


def grantable(session: Session, viewer: Viewer) -> dict[str, tuple[AreaRow, ...]]:
    """Return the first areas of each level; the page finds the others by name."""
    levels = ("district", "township", "community")
    found = {words.LEVELS[level]: areas(session, viewer, level=level, limit=AREAS).rows for level in levels}
    return {title: rows for title, rows in found.items() if rows}


def _state(purpose: dict[str, Any]) -> str:
    day = today().isoformat()
    if not purpose["valid_from"] or (purpose["valid_to"] and purpose["valid_to"] < day):
        return "ended"
    return "later" if purpose["valid_from"] > day else "current"


def _statable(session: Session, machine: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the purposes that a token of a machine may be issued for."""
    rows = purposes.all_purposes(session)
    return [row for row in rows if _state(row) == "current" and machine["role"] in row["roles"]]
