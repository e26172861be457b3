"""Signing in and out; what a cookie needs beside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Town

PASSWORD = "correct horse battery"
SECRET = {"login": "clerk", "password": PASSWORD}
COOKIE = "session"
OWN = {"Origin": "http://127.0.0.1"}


@pytest.fixture
def signed_in(town: "Town") -> Iterator[tuple[dict[str, str], str]]:
    """Give the cookie header and the page's token of a fresh session."""
    answer = town.client.post("/v1/session", json=SECRET)
    town.client.cookies.clear()
    assert answer.status_code == 201, answer.text
    yield {"Cookie": f"{COOKIE}={answer.json()['token']}"}, answer.json()["csrf_token"]
    town.client.cookies.clear()


def test_the_cookie_is_out_of_reach(town: "Town") -> None:
    answer = town.client.post("/v1/session", json=SECRET)
    town.client.cookies.clear()
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE.lower()}=")
    for word in ("httponly", "samesite=strict", "secure", "path=/"):
        assert word in cookie
    assert "domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_the_cookie_belongs_to_this_host_alone(town: "Town") -> None:
    answer = town.client.post("https://town.example/v1/session", json=SECRET)
    town.client.cookies.clear()
    assert answer.headers["set-cookie"].startswith("__Host-session=")
    for name, status in (("__Host-session", 200), ("session", 401)):
        headers = {"Cookie": f"{name}={answer.json()['token']}"}
        assert town.client.get("https://town.example/v1/session", headers=headers).status_code == status


def test_who_is_signed_in(town: "Town") -> None:
    told = town.call("clerk", "GET", "/v1/session").json()
    assert (told["login"], told["role"]) == ("clerk", "clerk")
    assert "building:register" in told["permissions"]
    assert told["areas"] == [str(town.ids["t"])]
    assert "token" not in told


def test_a_wrong_password_tells_nothing(town: "Town") -> None:
    answers = [
        town.client.post("/v1/session", json={"login": login, "password": "wrong password"})
        for login in ("leader", "nobody-of-that-name")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert "WWW-Authenticate" in answers[0].headers


def test_guessing_is_throttled(town: "Town") -> None:
    guess = {"login": "steward", "password": "wrong password"}
    seen = [town.client.post("/v1/session", json=guess).status_code for _ in range(7)]
    assert seen == [401] * 5 + [429] * 2
    right = town.client.post("/v1/session", json={"login": "steward", "password": PASSWORD})
    assert right.status_code == 429


def test_signing_out_ends_the_session_at_once(town: "Town", signed_in: tuple[dict[str, str], str]) -> None:
    cookie, token = signed_in
    assert town.client.get("/v1/session", headers=cookie).status_code == 200
    ended = town.client.delete("/v1/session", headers={**cookie, **OWN, "X-CSRF-Token": token})
    assert ended.status_code == 204
    assert town.client.get("/v1/session", headers=cookie).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
    ],
)
def test_a_cookie_alone_writes_nothing(
    town: "Town", signed_in: tuple[dict[str, str], str], headers: dict[str, str]
) -> None:
    cookie, token = signed_in
    for more in ({}, {"X-CSRF-Token": token}):
        answer = town.client.delete("/v1/session", headers={**cookie, **headers, **more})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin-refused")


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ä"])
def test_the_own_origin_needs_the_page_token_too(
    town: "Town", signed_in: tuple[dict[str, str], str], token: str | None
) -> None:
    sent = {} if token is None else {"X-CSRF-Token": token}
    headers = httpx.Headers({**signed_in[0], **OWN, **sent}, encoding="utf-8")
    answer = town.client.delete("/v1/session", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf-refused")


def test_the_cookie_of_an_ended_session_does_not_bar_the_way_in(
    town: "Town", signed_in: tuple[dict[str, str], str]
) -> None:
    cookie, token = signed_in
    town.client.delete("/v1/session", headers={**cookie, **OWN, "X-CSRF-Token": token})
    for site, status in (("http://127.0.0.1", 201), ("https://evil.example", 403)):
        answer = town.client.post("/v1/session", json=SECRET, headers={**cookie, "Origin": site})
        town.client.cookies.clear()
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "header", ["Bearer ", "Bearer nonsense", "Bearer \xff\xfe", "Basic YTpi", "bearer a b c"]
)
def test_what_is_no_token_is_nobody(client: httpx.Client, header: str) -> None:
    answer = client.get("/v1/session", headers=httpx.Headers({"Authorization": header}, encoding="latin-1"))
    assert answer.status_code == 401
