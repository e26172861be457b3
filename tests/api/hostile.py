"""Seeded hostile requests for every route, made from the interface's own description of itself."""

import copy
import json
import random
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_from_bytes
from uuid import UUID

from tests.api.asgi import Call

ECHO = "zq7xk9echo"
METHODS = ("get", "post", "put", "patch", "delete")
TEXTS = (
    "",
    " ",
    ECHO,
    f"{ECHO}'; DROP TABLE registry.person; --",
    f"<script>{ECHO}</script>",
    "\u202e" + ECHO,
    "𠮷" * 50,
    ECHO * 400,
    "null",
    "NaN",
    "-1",
    "0",
    "1e309",
    "99999999999999999999",
    "2026-13-45",
    "9999-12-31",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\ufffe\uffff",
    "a\nb",
    "%00",
    "../../etc/passwd",
    "{}",
    "[]",
    "*",
    "%",
    "_",
    "\\",
    "映月路218弄",
    "121.4,31.1,121.5,31.2",
    "1,2,3",
    "inf,inf,inf,inf",
    '"',
    "AA",
    "====",
    "MTIz",
    "e30",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "urn:uuid:0",
    "１２３",
    "٣",
    "1_000",
    "0x10",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    10**30,
    1e308,
    -1e308,
    1e-308,
    0.1,
    [],
    {},
    [[]],
    [None],
    {"a": {}},
    [[[[[[[[[[1]]]]]]]]]],
    [1] * 500,
    *TEXTS,
)
BROKEN = (
    b"",
    b"{",
    b"}",
    b"[",
    b"null",
    b"nan",
    b"NaN",
    b"[NaN]",
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":1e999}',
    rb'{"a":"\ud800"}',
    rb'{"\udfff":1}',
    rb'{"a":"\u0000"}',
    b'{"a":"\x00"}',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"a":1,"a":2}',
    b"[" * 5000,
    b'{"a":' * 3000,
    b"[" * 40 + b"]" * 40,
    b"1" * 6000,
    b'"' + b"a" * 1000,
    b"\x00",
    b"'a'",
    b"{a:1}",
    b'{"a":1,}',
    b"<xml/>",
    b"a=1&b=2",
    "{“a”：1}".encode(),
    b'{"a":01}',
    b"\xc3\x28",
    b"true",
)
HEADERS: dict[str, tuple[bytes, ...]] = {
    "if-match": (
        b"",
        b"*",
        b'"1"',
        b'W/"1"',
        b'"-1"',
        b'"99999999999"',
        b"1",
        b'"a"',
        b'"1", "2"',
        b"\xff",
        "“1”".encode(),
    ),
    "idempotency-key": (
        b"",
        b"a",
        b"k" * 500,
        b"\xff\xfe\xff\xfe\xff\xfe",
        b"with space key",
        b"good-key-0001",
    ),
    "access-purpose": (
        b"",
        b";",
        b"02",
        b"02;case=",
        b"02; case=%",
        b"02; case=%ff%fe",
        b"02; case=%00%00%00%00",
        b"02; case=\xff\xff\xff",
        b'02; case="',
        b"02; case=" + b"9" * 3000,
        b"99; case=2026-0001",
        b"02; case=2026-0001",
        ("02; case=" + ECHO).encode(),
        "02; case=沪公1号".encode(),
        b"x" * 100,
        b"02; case=a\x7fbcd",
    ),
    "authorization": (b"", b"Bearer", b"Bearer \xff", b"Basic YTpi", b"Bearer " + b"a" * 4000, b"Bearer a b"),
    "content-type": (
        b"",
        b"text/plain",
        b"application/xml",
        b"application/json; charset=gbk",
        b"\xff",
        b"multipart/form-data",
    ),
    "accept-encoding": (b"gzip", b"*;q=0", b"\xff"),
    "if-none-match": (b"*", b'"x"', b"\xff"),
    "cookie": (b"session=x; session=y", b"=;=", b"session=\xff", b'session="', b"a" * 4000),
    "host": (b"", b"evil.example", b"\xff", b"127.0.0.1:99999999"),
    "origin": (b"null", b"https://evil.example", b"\xff"),
    "content-length": (b"-1", b"a", b"99999999", b"\xff"),
}
OUTLINE = {
    "type": "Polygon",
    "coordinates": [[[121.405, 31.105], [121.406, 31.105], [121.406, 31.106], [121.405, 31.105]]],
}


class Hostility:
    """Requests that are almost right, and some that are nothing at all."""

    def __init__(
        self, description: dict[str, Any], ids: dict[str, UUID], tokens: dict[str, str], seed: int
    ) -> None:
        self.random = random.Random(seed)
        self.schemas = description.get("components", {}).get("schemas", {})
        self.ids = [str(value) for value in ids.values()]
        self.by_name = {f"{name}_id": str(value) for name, value in ids.items()}
        self.by_name |= {
            "place_name_id": str(ids["street"]),
            "area_id": str(ids["c"]),
            "community_id": str(ids["c"]),
        }
        self.tokens = list(tokens.values())
        # Those who get past the permission on most routes, and so reach what lies behind it.
        self.able = [tokens["clerk"], tokens["officer"]]
        self.operations = [
            (method, path, operation)
            for path, item in sorted(description["paths"].items())
            for method, operation in sorted(item.items())
            if method in METHODS
        ]

    def calls(self, count: int) -> Iterator[Call]:
        """Make requests, going round operations and roles."""
        for number in range(count):
            method, path, operation = self.operations[number % len(self.operations)]
            token = self.tokens[number // len(self.operations) % len(self.tokens)]
            if number % 2:
                token = self.able["persons" in path or "occupants" in path]
            if path == "/v1/session" and method == "delete":
                token = "nobody's"  # or the others would be signed out
            yield self._call(method.upper(), path, operation, token)

    def _call(self, method: str, path: str, operation: dict[str, Any], token: str) -> Call:
        faulty = self.random.sample(
            ("path", "query", "headers", "body", "body", "body"), k=self.random.choice((1, 1, 2))
        )
        headers = {
            "authorization": f"Bearer {token}".encode(),
            "content-type": b"application/json",
            "if-match": b'"1"',
            "idempotency-key": "".join(self.random.choices(string.ascii_letters, k=20)).encode(),
            "access-purpose": b"02; case=2026-0001",
        }
        if "headers" in faulty:
            for name in self.random.sample(sorted(HEADERS), k=2):
                headers[name] = self.random.choice(HEADERS[name])
        if self.random.random() < 0.1:
            headers.pop(self.random.choice(("if-match", "idempotency-key", "access-purpose")))
        body = b"" if method in {"GET", "DELETE"} else self._body(operation, is_faulty="body" in faulty)
        return Call(
            method,
            self._path(path, operation, is_faulty="path" in faulty),
            self._query(operation, is_faulty="query" in faulty or method == "GET"),
            tuple((name.encode(), value) for name, value in headers.items()),
            body,
        )

    def _path(self, path: str, operation: dict[str, Any], *, is_faulty: bool) -> str:
        for part in [part for part in operation.get("parameters", ()) if part["in"] == "path"]:
            is_id = part["schema"].get("format") == "uuid"
            good = self._id(part["name"]) if is_id else str(self.random.randint(0, 3))
            bad = quote(self.random.choice(TEXTS), safe="") or "%20"
            path = path.replace("{" + part["name"] + "}", bad if is_faulty else good)
        return (
            path + self.random.choice(("/", "//", "%00", "%ff", ";a", "?"))
            if is_faulty and self._rarely()
            else path
        )

    def _query(self, operation: dict[str, Any], *, is_faulty: bool) -> bytes:
        known = [part["name"] for part in operation.get("parameters", ()) if part["in"] == "query"]
        if not is_faulty:
            return b""
        if not known:
            return self.random.choice((b"", b"", b"a=%ff", b"%00", b"&&&==", b"a[]=1"))
        parts = []
        for name in self.random.choices([*known, "unknown"], k=self.random.randint(1, 3)):
            value = self.random.choice((*TEXTS, *self.ids))
            parts.append(f"{name}={quote(value)}".encode())
        if self._rarely():
            parts.append(f"{known[0]}=".encode() + quote_from_bytes(self.random.randbytes(6)).encode())
        return b"&".join(parts)

    def _body(self, operation: dict[str, Any], *, is_faulty: bool) -> bytes:
        schema = (
            operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        good = self._example(schema)
        if not is_faulty:
            return json.dumps(good).encode()
        if self.random.random() < 0.3:
            return self.random.choice(BROKEN)
        bad = copy.deepcopy(good)
        for _ in range(self.random.choice((1, 1, 2))):
            bad = self._damaged(bad)
        text = json.dumps(bad)
        if self._rarely():
            text = text[: self.random.randrange(len(text) + 1)]
        return text.encode()

    def _damaged(self, value: Any) -> Any:  # noqa: ANN401  (any JSON)
        """Return JSON with one value somewhere replaced, dropped or added."""
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            name = self.random.choice(list(value))
            kind = self.random.random()
            if kind < 0.1:
                return {key: part for key, part in value.items() if key != name}
            if kind < 0.2:
                return {**value, ECHO: 1}
            return {**value, name: self._damaged(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.85:
            place = self.random.randrange(len(value))
            return [*value[:place], self._damaged(value[place]), *value[place + 1 :]]
        return self.random.choice(VALUES)

    def _example(self, schema: dict[str, Any]) -> Any:  # noqa: ANN401, PLR0911  (any JSON)
        """Return a value that a JSON schema allows, most of the time."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return copy.deepcopy(OUTLINE) if name == "Polygon" else self._example(self.schemas[name])
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._example(self.random.choice(schema[choice]))
        if "const" in schema or "enum" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        if schema.get("type") == "object":
            return {
                name: self._id(name) if name.endswith("_id") else self._example(part)
                for name, part in schema.get("properties", {}).items()
                if name in schema.get("required", ()) or self.random.random() < 0.5
            }
        if "prefixItems" in schema:
            return [self._example(part) for part in schema["prefixItems"]]
        if schema.get("type") == "array":
            return [self._example(schema.get("items", {})) for _ in range(schema.get("minItems", 1))]
        return self._scalar(schema)

    def _scalar(self, schema: dict[str, Any]) -> Any:  # noqa: ANN401  (any JSON)
        kind = schema.get("type")
        if kind in {"integer", "number"}:
            low = schema.get("minimum", 0)
            return self.random.choice((low, low + 1))
        if kind == "boolean":
            return True
        if kind == "null" or kind is None:
            return None
        if schema.get("format") == "uuid":
            return self.random.choice(self.ids)
        if "pattern" in schema:
            return self.random.choice(schema["pattern"].strip("^()$").split("|"))
        return "".join(self.random.choices("映月路青弄幢一二三abc123", k=max(4, schema.get("minLength", 0))))

    def _id(self, name: str) -> str:
        fitting = self.by_name.get(name, self.ids[0])
        return fitting if self.random.random() < 0.7 else self.random.choice(self.ids)

    def _rarely(self) -> bool:
        return self.random.random() < 0.15
