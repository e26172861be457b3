"""The gate before the routes: size, strict JSON, clean text, host, origin."""

import time

import httpx
import pytest

from api.guard import DEEPEST, MOST_BYTES, check_json
from api.problems import Malformed

SIGN_IN = "/v1/session"
JSON = {"Content-Type": "application/json"}


def test_plain_json_passes() -> None:
    assert check_json(b'{"a": [1, 2.5, null, true, "\xe8\xb7\xaf"]}')


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": 1e400}',
        b'{"a": ' + b"9" * 5000 + b"}", rb'{"a": "\ud800"}', rb'{"\udc00": 1}', rb'{"a": "\u0000"}',
        b'{"a": "\x00"}', b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}',
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), b"[" * 100_000, b'{"a":' * 50_000,
        b"\xff\xfe", b"{", b"\xef\xbb\xbf{}", b'{"a": 1} x', b"{'a': 1}", b"nul",
    ],
)  # fmt: skip
def test_json_of_no_or_two_meanings_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        check_json(body)


def test_the_deepest_allowed_passes() -> None:
    check_json(b"[" * DEEPEST + b"]" * DEEPEST)
    check_json(b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}')


@pytest.mark.parametrize(
    "body", [b'["' + b"\\" * 1_000_000, b"[1," * 300_000, b'"' * 1_000_000, b"[[]," * 250_000]
)
def test_the_largest_body_is_judged_in_time(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(Malformed):
        check_json(body)
    assert time.perf_counter() - started < 3


def _problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    assert {"title", "detail", "code"} <= body.keys()


def test_a_body_over_the_cap_is_refused_whatever_it_says_of_itself(client: httpx.Client) -> None:
    big = b" " * (MOST_BYTES + 1)
    _problem(client.post(SIGN_IN, content=big, headers=JSON), 413, "too-large")
    chunks = (b" " * 65536 for _ in range(20))
    _problem(client.post(SIGN_IN, content=chunks, headers=JSON), 413, "too-large")


def test_other_types_and_broken_json(client: httpx.Client) -> None:
    _problem(client.post(SIGN_IN, content=b"a=1", headers={"Content-Type": "text/plain"}), 415, "unsupported")
    _problem(client.post(SIGN_IN, content=b"{", headers=JSON), 400, "malformed")
    _problem(client.post(SIGN_IN, content=b'{"login": NaN}', headers=JSON), 400, "malformed")
    _problem(client.post(SIGN_IN, content=b"", headers=JSON), 422, "rule-broken")


@pytest.mark.parametrize(
    "target", ["/v1/areas?text=%00", "/v1/areas?text=%FF", "/v1/areas/%00", "/v1/areas/%ED%A0%80"]
)
def test_an_address_is_clean_text(client: httpx.Client, target: str) -> None:
    _problem(client.get(target), 400, "malformed")


def test_an_address_has_a_length(client: httpx.Client) -> None:
    _problem(client.get("/v1/areas?text=" + "a" * 9000), 400, "malformed")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "[::1", ""])
def test_a_foreign_host_name_is_refused(client: httpx.Client, host: str) -> None:
    _problem(client.get("/health/live", headers={"Host": host}), 400, "malformed")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_the_own_host_names_pass(client: httpx.Client, host: str) -> None:
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    _problem(client.get("/v1/nothing"), 404, "not-found")
    answer = client.patch(SIGN_IN)
    _problem(answer, 405, "method-unknown")
    assert "POST" in answer.headers["allow"]


def test_every_problem_has_its_page(client: httpx.Client) -> None:
    for slug in ("not-found", "stale", "purpose-required"):
        page = client.get(f"/problems/{slug}")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
    _problem(client.get("/problems/none"), 404, "not-found")
