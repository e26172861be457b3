"""查询目的: which one's role may state, and their upkeep by a security administrator."""

import datetime as dt
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from api.deps import NO_STORE, CurrentViewer, IfMatch, Needs, Once, Strict, Token, Transaction, answer
from geo_registry.access import audit, purposes
from geo_registry.access.rules import Role, refuse_unless
from geo_registry.access.viewer import Permission

router = APIRouter(prefix="/v1/purposes", tags=["purposes"])
OWN = Depends(Needs(Permission.SESSION_OWN))
MANAGE = Depends(Needs(Permission.PURPOSE_MANAGE))
Code = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
AskedCode = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,40}$")]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Fields = Annotated[tuple[Literal["name", "birth", "id_number", "phone"], ...], Field(max_length=4)]
Title = Annotated[str, Field(min_length=2, max_length=60)]
Basis = Annotated[str, Field(min_length=4, max_length=300, description="法律依据")]
# A reference backwards would let a pattern run for minutes.
Pattern = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^([^\\]|\\[^1-9])*$", description="案号的正则表达式")
]
Delay = Annotated[int, Field(ge=0, le=365, description="延后多少天才告知本人")]


class PurposesQuery(Strict):
    """Which purposes: those of the own role, or all of them for who keeps them."""

    all: bool = False


class NewPurpose(Strict):
    """A purpose to add."""

    code: Code
    title: Title
    legal_basis: Basis
    roles: Roles
    case_pattern: Pattern = ".{4,60}"
    fields: Fields = ("name", "birth", "id_number", "phone")
    report_delay_days: Delay = 0
    valid_from: dt.date | None = None


class PurposeChange(Strict):
    """What changes of a purpose."""

    title: Title | None = None
    legal_basis: Basis | None = None
    roles: Roles | None = None
    case_pattern: Pattern | None = None
    fields: Fields | None = None
    report_delay_days: Delay | None = None


class PurposeWrittenOut(Strict):
    """The purpose and its version now."""

    id: str
    version: int


@router.get("", dependencies=[OWN])
def list_purposes(
    query: Annotated[PurposesQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List the purposes that one's role may state in `Access-Purpose`; with `all`, every purpose there is."""
    if query.all:
        refuse_unless(allowed=viewer.may(Permission.PURPOSE_MANAGE), what=Permission.PURPOSE_MANAGE)
        return answer({"rows": purposes.all_purposes(session), "next": None}, NO_STORE)
    return answer({"rows": audit.purposes_for(session, viewer)}, NO_STORE)


@router.get("/{code}", dependencies=[MANAGE])
def find_purpose(code: AskedCode, session: Transaction) -> Response:
    """Return one purpose."""
    found = purposes.find_purpose(session, code)
    return answer(found, {"ETag": f'"{found["version"]}"', "Cache-Control": "private, no-cache"})


@router.post("", status_code=201, dependencies=[MANAGE], response_model=PurposeWrittenOut)
def add_purpose(body: NewPurpose, token: Token, act: Once) -> Response:
    """Add a purpose with its legal basis."""
    new: dict[str, Any] = body.model_dump(exclude={"valid_from"}, mode="json")
    return act.once(partial(purposes.add_purpose, act.session, token, new, body.valid_from), 201)


@router.post("/{code}/actions/change", dependencies=[MANAGE], response_model=PurposeWrittenOut)
def change_purpose(
    code: AskedCode, body: PurposeChange, version: IfMatch, token: Token, act: Once
) -> Response:
    """Change a purpose; it holds for looks from now on."""
    changed: dict[str, Any] = body.model_dump(exclude_none=True, mode="json")
    return act.once(partial(purposes.change_purpose, act.session, token, code, version, changed))


@router.post("/{code}/actions/end", dependencies=[MANAGE], response_model=PurposeWrittenOut)
def end_purpose(code: AskedCode, version: IfMatch, token: Token, act: Once) -> Response:
    """End a purpose at once."""
    return act.once(partial(purposes.end_purpose, act.session, token, code, version))
