"""What routes ask for: a transaction, the viewer, the purpose of a look, a page, the guards of a write.

A transaction ends before the reply begins (`scope="function"`): a failed commit can never have answered 2xx.
What neither waits nor computes is `async`, for it then costs no turn in the thread pool.
"""

import hashlib
import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Protocol

import orjson
from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.problems import Malformed
from geo_registry import db
from geo_registry.access import acts, cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import Permission, Viewer, enter, network_address
from geo_registry.errors import NotSignedIn, Refused, RuleBroken, VersionRequired

NO_STORE = {"Cache-Control": "no-store"}


async def engine_of(request: Request) -> db.Engine:
    """Return the engine of the running application."""
    engine: db.Engine = request.app.state.engine
    return engine


def open_transaction(request: Request) -> Iterator[db.Session]:
    """Give the request's one transaction; it commits when the route has returned."""
    with db.transaction(request.app.state.engine) as session:
        yield session


Transaction = Annotated[db.Session, Depends(open_transaction, scope="function")]
App = Annotated[db.Engine, Depends(engine_of)]


async def token_of(request: Request) -> str:
    """Return the session token of the request.

    Raises:
        NotSignedIn: it carries none.

    """
    token: str = request.state.token
    if not token:
        raise NotSignedIn("not-signed-in", "请先登录")
    return token


Token = Annotated[str, Depends(token_of)]


def current_viewer(request: Request, session: Transaction, token: Token) -> Viewer:
    """Return who asks."""
    viewer = enter(session, token)
    request.state.account_id = str(viewer.account_id)
    return viewer


CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


@dataclass(frozen=True)
class Needs:
    """The permission a route declares; a role without it is refused before the route runs."""

    permission: Permission

    async def __call__(self, viewer: CurrentViewer) -> None:
        """Refuse a viewer without the permission."""
        _demand(viewer, self.permission)


@dataclass(frozen=True)
class NeedsFirst(Needs):
    """The permission of a call that opens transactions of its own: judged in one that ends before."""

    def __call__(self, request: Request, engine: App, token: Token) -> None:  # type: ignore[override]
        """Refuse a viewer without the permission."""
        with db.transaction(engine) as session:
            request.state.viewer = current_viewer(request, session, token)
        _demand(request.state.viewer, self.permission)


@dataclass(frozen=True)
class NeedsToLook:
    """The permission of a look: declared here, judged in the database by the same call that records the look.

    `may_look` in geo_registry/sql/300_lookup.sql says the same as the permissions of the roles.
    """

    permission: Permission

    async def __call__(self) -> None:
        """Let the look itself be judged."""


async def everybody() -> None:
    """Declare a route open to anybody."""


def _demand(viewer: Viewer, permission: Permission) -> None:
    if not viewer.may(permission):
        raise Refused("not-allowed", "当前角色不能办理此事")


def address_of(request: Request) -> str | None:
    """Return the caller's network address, None when the server knows none."""
    return network_address(request.client.host if request.client else None)


_PURPOSE = re.compile(r"\s*([a-z0-9_-]{1,40})\s*(?:;\s*case\s*=\s*(.*))?", re.IGNORECASE | re.DOTALL)


def parse_purpose(header: str) -> tuple[str, str]:
    """Return code and case number of `Access-Purpose: <code>; case=<number>`, empty where they are missing.

    The number is a token, a quoted string (RFC 8941), percent-encoded or raw UTF-8.

    Raises:
        Malformed: the number is not clean UTF-8.

    """
    found = _PURPOSE.fullmatch(header)
    if not found:
        return "", ""
    number = (found[2] or "").strip()
    if len(number) >= 2 and number[0] == number[-1] == '"':
        number = re.sub(r"\\(.)", r"\1", number[1:-1])
    try:
        text = urllib.parse.unquote_to_bytes(number.encode("latin-1")).decode()
    except UnicodeError as error:
        raise Malformed("purpose-malformed", "Access-Purpose 须为 UTF-8 编码") from error
    if not text.isprintable():
        raise Malformed("purpose-malformed", "案号含有不允许的字符")
    return found[1], text


async def current_look(
    request: Request,
    access_purpose: Annotated[
        str, Header(description="目的代码与案号：`<code>; case=<number>`，案号可用百分号编码")
    ] = "",
) -> Look:
    """Return who looks and why; a missing purpose is refused, on the record, by the look itself."""
    purpose, number = parse_purpose(access_purpose)
    request.state.purpose = purpose or None
    return Look(await token_of(request), purpose, number, address_of(request), request.state.request_id)


CurrentLook = Annotated[Look, Depends(current_look)]


class Strict(BaseModel):
    """A body or query: nothing unknown, nothing infinite, no change after reading."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, str_strip_whitespace=True)


class PageQuery(Strict):
    """One page of a list: the cursor of the page before, and the most rows."""

    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


Page = Annotated[PageQuery, Query()]
_VERSION = re.compile(r'"(\d{1,9})"')


async def expected_version(
    if_match: Annotated[str | None, Header(description="所读版本的 ETag")] = None,
) -> int:
    """Return the version that the caller has read.

    Raises:
        VersionRequired: there is no `If-Match`.
        Malformed: it is not one strong ETag of ours.

    """
    if if_match is None:
        raise VersionRequired("version-required", "须以 If-Match 说明所依据的版本")
    found = _VERSION.fullmatch(if_match.strip())
    if not found:
        raise Malformed("version-malformed", 'If-Match 须为 ETag，如 "3"')
    return int(found[1])


IfMatch = Annotated[int, Depends(expected_version)]
_KEY = re.compile(r"[\x21-\x7e]{8,128}")


async def stated_key(
    idempotency_key: Annotated[str | None, Header(description="8 至 128 个可见字符")] = None,
) -> str:
    """Return the key under which the answer of a write is kept.

    Raises:
        RuleBroken: it is missing.
        Malformed: it is not 8 to 128 visible characters.

    """
    if idempotency_key is None:
        raise RuleBroken("idempotency-key-required", "须带 Idempotency-Key")
    if not _KEY.fullmatch(idempotency_key):
        raise Malformed("idempotency-key-malformed", "Idempotency-Key 须为 8 至 128 个可见字符")
    return idempotency_key


IdempotencyKey = Annotated[str, Depends(stated_key)]


class Act:
    """A write that happens once for its key: the first answer is stored with it, and told again."""

    def __init__(self, request: Request, session: db.Session, viewer: Viewer, key: str) -> None:
        self.session = session
        self.viewer = viewer
        self.key = key
        told = [request.method, request.url.path, request.headers.get("if-match", "")]
        plain = hashlib.sha256("\n".join(told).encode() + b"\n" + request.state.body)
        # Keyed: a body may hold an identity number, and the digest is stored.
        self.digest = cipher.blind_index("request", plain.hexdigest())

    def once(
        self,
        write: Callable[[], Any],
        status: int = 200,
        secret: str | None = None,
        facts: tuple[str, ...] = (),
    ) -> Response:
        """Do the write and answer its id, version and further facts, or answer as the first time.

        What is told only once goes out under the name of `secret` and is not kept: a replay has null.
        """
        stored = acts.recall(self.session, self.viewer, self.key, self.digest)
        if stored:
            return _written(stored.status, bytes(stored.body), stored.etag, {"Idempotent-Replay": "true"})
        written = write()
        told = {name: getattr(written, name) for name in ("id", "version", *facts)}
        kept = orjson.dumps({**told, secret: None} if secret else told)
        etag = f'"{written.version}"'
        acts.remember(self.session, self.viewer, self.key, self.digest, status, kept, etag)
        body = orjson.dumps({**told, secret: written.secret}) if secret else kept
        return _written(status, body, etag, {})


async def prepared_act(
    request: Request, session: Transaction, viewer: CurrentViewer, key: IdempotencyKey
) -> Act:
    """Return the act that the request asks for, not yet done."""
    return Act(request, session, viewer, key)


Once = Annotated[Act, Depends(prepared_act)]


def _written(status: int, body: bytes, etag: str | None, extra: dict[str, str]) -> Response:
    headers = {**NO_STORE, **extra} | ({"ETag": etag} if etag else {})
    return Response(body, status, headers, media_type="application/json")


def answer(value: object, headers: dict[str, str] | None = None) -> Response:
    """Return a read's dataclasses as JSON bytes; they are typed already and need no second validation."""
    return Response(orjson.dumps(value, default=_number), headers=headers, media_type="application/json")


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


class HasVersion(Protocol):
    """What carries a version."""

    @property
    def version(self) -> int:
        """The number of the version."""


def one(value: HasVersion) -> Response:
    """Return one versioned object with its ETag."""
    return answer(value, {"ETag": f'"{value.version}"', "Cache-Control": "private, no-cache"})
