"""The gate before all routes: host, origin, size and form of a request, judged before anything reads it.

Pure ASGI, so that the body is counted while it arrives. What passes is text that PostgreSQL can store and
JSON with one meaning: no NaN, no infinity, no lone surrogate, no double key, no NUL, at most 32 levels.
"""

import hashlib
import hmac
import json
import re
import urllib.parse
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.problems import Malformed, TooLarge, Unsupported
from geo_registry.codes import new_id
from geo_registry.errors import Refused, RegistryError

MOST_BYTES = 1 << 20
# What takes more, and no JSON: a photo, from somebody who at least claims to be signed in.
PHOTOS = "/v1/photos"
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
MOST_PHOTO_BYTES = 8 << 20
# The table of an estate comes as a file and goes back as rows: both are as large as a photo.
TABLES = "/v1/estates/table"
TABLE_TYPES = frozenset({"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv"})
ROWS = "/v1/estates/intake"
DEEPEST, MOST_SIGNS = 32, 600_000
LONGEST_TARGET = 8 << 10
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", re.IGNORECASE)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)


def cookie_name(scheme: str) -> str:
    """Return the session cookie's name; browsers bind `__Host-` names to one host, and to HTTPS."""
    return "__Host-session" if scheme == "https" else "session"


def csrf_token(session_token: str) -> str:
    """Return what a page must send in `X-CSRF-Token`: only who reads our pages can know it."""
    return hashlib.sha256(b"csrf:" + session_token.encode("utf-8", "surrogatepass")).hexdigest()


class Guard:
    """Refuse malformed, foreign and oversized requests; leave id, token and body in the state."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request, then pass it on with its whole body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state.setdefault("request_id", new_id())
        try:
            headers = Headers(scope=scope)
            _identify(scope, headers)
            _check_target(scope)
            _check_host(scope, headers)
            _check_origin(scope, headers)
            most = MOST_PHOTO_BYTES if _is_large(scope, headers) and scope["state"]["token"] else self.most
            body = await _whole_body(headers, receive, most)
            _check_body(scope, headers, body)
        except RegistryError as error:
            await problems.reply(error, state["request_id"])(scope, receive, send)
            return
        state["body"] = body
        await self.app(scope, _replay(body, receive), send)


def _identify(scope: Scope, headers: Headers) -> None:
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    by_bearer = kind.lower() == "bearer"
    cookie = _cookie(scope, headers)
    token = bearer.strip() if by_bearer else cookie
    by_cookie = bool(token) and not by_bearer
    name = cookie_name(scope["scheme"])
    scope["state"].update(token=token, by_cookie=by_cookie, cookie_name=name, csrf_token=csrf_token(token))


def _cookie(scope: Scope, headers: Headers) -> str:
    cookies: SimpleCookie = SimpleCookie()
    if sent := headers.get("cookie"):
        try:
            cookies.load(sent)
        except CookieError as error:
            raise Malformed("cookie-malformed", "Cookie 不能解析") from error
    found = cookies.get(cookie_name(scope["scheme"]))
    return found.value if found else ""


def _check_host(scope: Scope, headers: Headers) -> None:
    """Refuse foreign names on loopback (DNS rebinding); those of a proxy with HTTPS cannot be known here."""
    known = _HOST.fullmatch(headers.get("host", "").lower())
    listens = (scope.get("server") or ("", 0))[0]
    if not known or (scope["scheme"] == "http" and listens in LOOPBACK and known[1] not in LOOPBACK):
        raise Malformed("host-unknown", "主机名不受支持")


def _check_origin(scope: Scope, headers: Headers) -> None:
    if scope["method"] in SAFE:
        return
    # Some referrer policies make browsers send `Origin: null` to their own host; this header tells.
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    elif origin is not None:
        own = origin.lower().partition("://")[2] == headers.get("host", "").lower()
    else:
        own = not scope["state"]["by_cookie"]
    if not own:
        raise Refused("origin-refused", "请求来自其他网站，已拒绝")
    _check_csrf(scope, headers)


def _check_csrf(scope: Scope, headers: Headers) -> None:
    """Demand the page's token beside a cookie; server-rendered forms outside /v1 rest on the origin alone."""
    state = scope["state"]
    # A sign-in rests on the password, and the browser may still hold the cookie of a session long ended.
    is_sign_in = (scope["method"], scope["path"]) == ("POST", "/v1/session")
    if state["by_cookie"] and scope["path"].startswith("/v1/") and not is_sign_in:
        sent = headers.get(CSRF_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(sent, state["csrf_token"].encode()):
            raise Refused("csrf-refused", "页面已过期，请刷新后再试")


def _check_target(scope: Scope) -> None:
    """Refuse paths and queries that are not clean UTF-8."""
    query = scope["query_string"]
    if len(query) + len(scope.get("raw_path") or b"") > LONGEST_TARGET:
        raise Malformed("target-too-long", "地址过长")
    try:
        text = urllib.parse.unquote_to_bytes(query).decode() + scope["path"]
        text += urllib.parse.unquote_to_bytes(scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError as error:
        raise Malformed("target-encoding", "地址须为 UTF-8 编码") from error
    if not _is_storable(text):
        raise Malformed("target-encoding", "地址含有不允许的字符")


def _kind_of(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_file(scope: Scope, headers: Headers) -> bool:
    kinds = {PHOTOS: PHOTO_TYPES, TABLES: TABLE_TYPES}.get(scope["path"], frozenset())
    return scope["method"] == "POST" and _kind_of(headers) in kinds


def _is_large(scope: Scope, headers: Headers) -> bool:
    return _is_file(scope, headers) or (scope["method"], scope["path"]) == ("POST", ROWS)


async def _whole_body(headers: Headers, receive: Receive, most: int) -> bytes:
    too_large = TooLarge("too-large", f"请求超过 {most >> 20} MiB" if most >> 20 else "请求过大")
    length = headers.get("content-length", "0")
    if length.isdecimal() and len(length) < 20 and int(length) > most:
        raise too_large
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("disconnected", "连接已断开")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large
        more = message.get("more_body", False)
    return b"".join(parts)


def _check_body(scope: Scope, headers: Headers, body: bytes) -> None:
    kind = _kind_of(headers)
    if kind == "application/json" or kind.endswith("+json"):
        if body:
            check_json(body)
    elif (
        body
        and not _is_file(scope, headers)
        and scope["path"].startswith("/v1/")
        and scope["method"] not in SAFE
    ):
        raise Unsupported("unsupported", "请求体须为 application/json")


def check_json(body: bytes) -> object:
    """Return the value of strict JSON.

    Raises:
        Malformed: the text has no meaning, more than one, or one that cannot be stored.

    """
    # Counted in C first: whoever has no account could have millions of signs looked at one by one.
    if sum(map(body.count, (b"[", b"{", b"]", b"}", b'"'))) > MOST_SIGNS:
        raise Malformed("json-too-long", "请求体的项目过多，请分几次提交")
    if _depth(body) > DEEPEST:
        raise Malformed("json-too-deep", f"JSON 嵌套超过 {DEEPEST} 层")
    try:
        orjson.loads(body)  # strict in UTF-8, surrogates and number range, in C
        value = json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Malformed("json-invalid", "请求体不是有效的 JSON") from error
    if b"\\u0000" in body and not _is_clean(value):
        raise Malformed("json-nul", "文字中不得含有空字符")
    return value


def _depth(body: bytes) -> int:
    level = deepest = 0
    for token in _TOKENS.finditer(body):
        level += (token.lastindex == 1) - (token.lastindex == 2)
        deepest = max(deepest, level)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("double key")
    return found


def _is_storable(text: str) -> bool:
    return not _UNSTORABLE.search(text)


def _is_clean(value: object) -> bool:
    if isinstance(value, str):
        return _is_storable(value)
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        inner = value
    return all(_is_clean(part) for part in inner)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
