"""Errors as RFC 9457 problems: class -> status and slug, found through the MRO; the input is never echoed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from geo_registry import errors
from geo_registry.log import mask


class Malformed(errors.RegistryError):
    """The request is not well-formed HTTP, JSON or text."""

    title = "请求格式有误"


class TooLarge(errors.RegistryError):
    """The body is larger than the server reads."""

    title = "请求过大"


class Unsupported(errors.RegistryError):
    """The body is of a type that the call does not take."""

    title = "请求类型不受支持"


class MethodUnknown(errors.RegistryError):
    """The path does not know the method."""

    title = "不支持此方法"


class Failure(errors.RegistryError):
    """The server failed; its log knows more."""

    title = "服务器出错"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a class of errors is over HTTP."""

    status: int
    slug: str


KINDS: dict[type[errors.RegistryError], Kind] = {
    Malformed: Kind(400, "malformed"),
    errors.NotSignedIn: Kind(401, "not-signed-in"),
    errors.Refused: Kind(403, "refused"),
    errors.PurposeRequired: Kind(403, "purpose-required"),
    errors.NotFound: Kind(404, "not-found"),
    MethodUnknown: Kind(405, "method-unknown"),
    errors.Conflict: Kind(409, "conflict"),
    errors.Stale: Kind(412, "stale"),
    TooLarge: Kind(413, "too-large"),
    Unsupported: Kind(415, "unsupported"),
    errors.RuleBroken: Kind(422, "rule-broken"),
    errors.VersionRequired: Kind(428, "version-required"),
    errors.TooMany: Kind(429, "too-many"),
    Failure: Kind(500, "failure"),
    errors.Unavailable: Kind(503, "unavailable"),
}
# A key used for another request is no conflict with the register: the request itself cannot stand.
_BY_CODE = {"idempotency-key-reused": KINDS[errors.RuleBroken]}
_BY_STATUS: dict[int, tuple[type[errors.RegistryError], str, str]] = {
    400: (Malformed, "malformed", "请求不能解析"),
    404: (errors.NotFound, "not-found", "没有找到，或不在您的区域内"),
    405: (MethodUnknown, "method-unknown", "此地址不支持该方法"),
    413: (TooLarge, "too-large", "请求超过 1 MiB"),
    415: (Unsupported, "unsupported", "请求体须为 application/json"),
}
_SENTENCES = {
    "missing": "必填",
    "extra_forbidden": "含有未知字段",
    "finite_number": "须为有限数",
    "greater_than_equal": "不得小于 {ge}",
    "less_than_equal": "不得大于 {le}",
    "greater_than": "须大于 {gt}",
    "less_than": "须小于 {lt}",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "literal_error": "应为 {expected} 之一",
    "enum": "应为 {expected} 之一",
    "uuid_parsing": "须为 UUID",
    "uuid_type": "须为 UUID",
}


# In the interface's description: every call may answer with a problem.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "RFC 9457 问题：" + "、".join(f"{kind.status} {kind.slug}" for kind in KINDS.values()),
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "instance", "code"],
                    "properties": {
                        "type": {"type": "string", "description": "/problems/<slug>，离线可读"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "instance": {"type": "string", "description": "urn:uuid:<请求编号>"},
                        "code": {"type": "string", "description": "供程序判断"},
                        "version": {"type": "integer", "description": "412：现行版本"},
                        "audit_id": {"type": "string", "description": "被拒绝的查看的审计编号"},
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                            },
                        },
                    },
                }
            }
        },
    }
}


def kind_of(error: errors.RegistryError) -> Kind:
    """Return status and slug of an error, those of its nearest known class."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next(KINDS[known] for known in type(error).__mro__ if known in KINDS)


def reply(error: errors.RegistryError, request_id: UUID) -> Response:
    """Return an error as a problem; its facts leave only where they are meant for the caller."""
    kind = kind_of(error)
    body: dict[str, Any] = {
        "type": f"/problems/{kind.slug}",
        "title": error.title,
        "status": kind.status,
        "instance": f"urn:uuid:{request_id}",
        "code": error.code,
    }
    if kind.status != KINDS[Failure].status:
        body["detail"] = error.detail
    headers = {"Cache-Control": "no-store"}
    if field := error.facts.get("field"):
        body["errors"] = [{"pointer": f"#/{field}", "detail": error.detail}]
    if found := error.facts.get("errors"):
        body["errors"] = found
    if isinstance(version := error.facts.get("current"), int):
        body["version"] = version
        headers["ETag"] = f'"{version}"'
    if audit_id := error.facts.get("audit_id"):
        body["audit_id"] = headers["Audit-Id"] = str(audit_id)
    if isinstance(error, errors.NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.TooMany | errors.Unavailable):
        headers["Retry-After"] = "5" if isinstance(error, errors.Unavailable) else "900"
    return Response(orjson.dumps(body), kind.status, headers, media_type="application/problem+json")


TELLING = frozenset({"document-held"})
"""Refusals that tell something of a person: on the record like those of somebody who may not."""


def install(app: FastAPI) -> None:
    """Give every error of an application the one form."""
    app.add_exception_handler(errors.RegistryError, _registry_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def _registry_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.RegistryError)  # noqa: S101 - how it was registered
    error.detail = without_echo(error.detail, request.state.body)
    if error.code in TELLING:
        request.state.telling = error.code
    return reply(error, request.state.request_id)


_PLAIN = re.compile(r"[\u4e00-\u9fff0-9０-９（）·]{1,17}")


def without_echo(sentence: str, body: bytes) -> str:
    """Return a sentence free of personal numbers, and of what was sent unless that reads as a name."""
    for sent in _texts(body):
        for cut in (sent, sent[:40], sent[:20]):
            if len(cut) > 2 and not _PLAIN.fullmatch(cut):
                sentence = sentence.replace(cut, "…")
    return mask(sentence)


def _texts(body: bytes) -> Iterator[str]:
    try:
        pending = [orjson.loads(body)]
    except orjson.JSONDecodeError:
        return
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            pending += value.values() if isinstance(value, dict) else value


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - how it was registered
    cls, code, detail = _BY_STATUS.get(error.status_code, _BY_STATUS[400])
    answer = reply(cls(code, detail), request.state.request_id)
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - how it was registered
    found = [
        {"pointer": _pointer(entry["loc"], entry["type"]), "detail": _sentence(entry)}
        for entry in error.errors()[:20]
    ]
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return reply(Malformed("json-invalid", "请求体不是有效的 JSON"), request.state.request_id)
    broken = errors.RuleBroken("invalid", "请求内容不符合要求", errors=found)
    return reply(broken, request.state.request_id)


def _pointer(place: Sequence[str | int], kind: str) -> str:
    # The name of an unknown field is input; so is what stands behind a failed number or date.
    steps = [str(step) for step in (place[:-1] if kind == "extra_forbidden" else place)]
    if steps[:1] == ["body"]:
        return "#" + "".join(f"/{step}" for step in steps[1:])
    return ":".join(steps)


def _sentence(entry: dict[str, Any]) -> str:
    context = entry.get("ctx", {})
    if isinstance(reason := context.get("error"), errors.RegistryError):
        return reason.detail
    sentence = _SENTENCES.get(entry["type"], "取值不符合要求").format_map(_Facts(context))
    return re.sub(r"', '|' or '", "'、'", sentence)


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "规定值"
