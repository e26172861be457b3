"""Payloads of SQL injection, put into every string that a call takes, each with a twin that only looks alike."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from tests.api.asgi import Call, Reply
from tests.gates.surface import Operation

# How a value may be left, what follows, and how the rest is silenced. `{t}` is a condition that holds or not.
OPENINGS = ("", "'", '"', "')", "'))", "\\'", "''", "$$", "%' ", "1", "1)", "映月路' ")
THREATS = (
    " OR {t}", " AND {t}", " OR NOT {t}", "||(SELECT CASE WHEN {t} THEN '' ELSE 'x' END)", " UNION SELECT NULL WHERE {t}",
    "; SELECT zq7() WHERE {t}", "; DROP TABLE registry.zq7 -- {t}", " AND (SELECT count(*) FROM zq7)=0 OR {t}",
    " ORDER BY (CASE WHEN {t} THEN id ELSE zq7 END)", ", (SELECT zq7 WHERE {t})", " LIKE '%' AND {t}",
    "::int=1 OR {t}", "/**/OR/**/{t}",
)  # fmt: skip
ENDINGS = ("", "--")
_SIGNS = re.compile(r"['\"$\\;%/*()|:,-]")
# Ids, hashes, and the nonce of a page: what differs from one answer to the next.
_CHANCE = re.compile(r'[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-F]{8}-[0-9A-F]{6}|[0-9a-f]{32,}|nonce="[^"]+"')


@dataclass(frozen=True, slots=True)
class Payload:
    """One injection whose condition holds, its double whose condition does not, and the harmless twins of both."""

    true: str
    false: str

    @property
    def twin(self) -> str:
        """The first without what SQL would understand."""
        return _SIGNS.sub("·", self.true)

    @property
    def false_twin(self) -> str:
        """The second without what SQL would understand."""
        return _SIGNS.sub("·", self.false)


def payloads() -> list[Payload]:
    """Return all payloads, more than 300, in a fixed order."""
    found = []
    for opening, threat, ending in product(OPENINGS, THREATS, ENDINGS):
        # Where the text before left a quotation open, the condition closes it again.
        holds, fails = ("'1'='1", "'1'='2") if opening[-1:] == "'" and not ending else ("1=1", "1=2")
        true, false = (f"{opening}{threat.format(t=condition)}{ending}" for condition in (holds, fails))
        found.append(Payload(true, false))
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a call a string stands: `where` is path, query, name, header or body, `key` leads there."""

    where: str
    key: tuple[str | int, ...]

    def filled(self, call: Call, operation: Operation, text: str) -> Call:
        """Return the call with a text at this place."""
        if self.where == "path":
            return replace(call, path=self._in_path(call.path, operation.path, quote(text, safe="")))
        if self.where == "header":
            value = (
                quote(text, safe="")
                if self.key[0] == "access-purpose"
                else text.encode("ascii", "replace").decode()
            )
            others = [pair for pair in call.headers if pair[0].decode() != self.key[0]]
            return replace(call, headers=(*others, (str(self.key[0]).encode(), value.encode())))
        if self.where == "body":
            return replace(call, body=_in_body(call, self.key, text))
        pairs = dict(parse_qsl(call.query.decode()))
        pairs |= {text: "1"} if self.where == "name" else {str(self.key[0]): text}
        return replace(call, query=urlencode(pairs).encode())

    def _in_path(self, path: str, template: str, text: str) -> str:
        steps, names = path.split("/"), template.split("/")
        for number, name in enumerate(names):
            if f"{{{self.key[0]}}}" in name:
                steps[number] = name.replace(f"{{{self.key[0]}}}", text)
        return "/".join(steps)


def _in_body(call: Call, key: tuple[str | int, ...], text: str) -> bytes:
    if dict(call.headers).get(b"content-type") != b"application/json":
        return urlencode({**dict(parse_qsl(call.body.decode())), str(key[0]): text}).encode()
    body = json.loads(call.body)
    inner = body
    for step in key[:-1]:
        inner = inner[step]
    inner[key[-1]] = text
    return json.dumps(body).encode()


def _strings(value: Any, key: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401
    """Yield the way to each string of a JSON value."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _strings(part, (*key, name))
    elif isinstance(value, list):
        for number, part in enumerate(value[:1]):
            yield from _strings(part, (*key, number))
    elif isinstance(value, str) and key:
        yield key


def places(operation: Operation, call: Call, schemas: dict[str, Any]) -> Iterator[Place]:
    """Yield every place of a call that takes a string."""
    for part in operation.described.get("parameters", ()):
        if part["in"] in {"path", "query"}:
            yield Place(part["in"], (part["name"],))
    if operation.method == "GET":
        yield Place("name", ())
    if operation.is_look and not operation.is_page:
        yield Place("header", ("access-purpose",))
    if call.body:
        given = set(_strings(json.loads(call.body))) if call.body[:1] in b"{[" else set()
        yield from (Place("body", key) for key in sorted(given | set(_more(operation, schemas)), key=str))


def _more(operation: Operation, schemas: dict[str, Any]) -> Iterator[tuple[str]]:
    """Yield the strings that the body of a call may hold, at its top."""
    for content in operation.described.get("requestBody", {}).get("content", {}).values():
        named = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        for name, part in named.get("properties", {}).items():
            if any(one.get("type") == "string" for one in part.get("anyOf", [part])):
                yield (name,)


def told(reply: Reply, payload: Payload) -> tuple[int, str]:
    """Return status and body of an answer without what was sent, what chance made, and numbers, in which the two differ."""
    text = unescape(reply.body.decode("utf-8", "replace"))
    if reply.body.startswith((b"{", b"[")):
        text = json.dumps(json.loads(reply.body), ensure_ascii=False)
    for sent in (payload.true, payload.false):
        for form in (sent, json.dumps(sent, ensure_ascii=False)[1:-1], quote(sent)):
            text = text.replace(form, "□")
    return reply.status, re.sub(r"\d+", "0", _CHANCE.sub("*", unquote(text)))
