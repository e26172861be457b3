"""The pages of the single sign-on: cookies of one browser, a way in only for who began here."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from geo_registry.account import oidc
from geo_registry.settings import Settings, write_secret

if TYPE_CHECKING:
    from tests.api.conftest import Town

ISSUER = "https://sso.town.example"
DOCUMENT = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}


@pytest.fixture
def sign_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the installation have an issuer, whose tokens are believed as they are."""
    write_secret("oidc", b"a secret shared with the issuer alone")
    config = Settings(oidc_issuer=ISSUER, oidc_client_id="geo-registry")
    monkeypatch.setattr(oidc, "settings", lambda: config)
    monkeypatch.setattr(oidc, "_document", lambda *_: {"issuer": ISSUER, **DOCUMENT})
    monkeypatch.setattr(oidc, "_id_token", lambda *_: "token")
    monkeypatch.setattr(oidc, "_claims", lambda _, nonce: {"sub": "u-1024", "nonce": nonce})


@pytest.mark.usefixtures("sign_on")
def test_the_way_there_and_back(town: "Town") -> None:
    town.sql("UPDATE registry.account SET oidc_subject = 'u-1024' WHERE login = 'clerk'")
    assert "/login/oidc?next=/grid" in town.client.get("/login?next=/grid").text
    left = town.client.get("/login/oidc?next=/grid", follow_redirects=False)
    query = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert (left.status_code, query["redirect_uri"]) == (303, "http://127.0.0.1/login/oidc/callback")
    kept = left.headers["set-cookie"]
    for word in ("httponly", "samesite=lax", "secure", "path=/login/oidc", "max-age=600"):
        assert word in kept.lower()
    town.client.cookies.clear()
    answer = {"state": query["state"], "code": "c-1"}
    stranger = town.client.get("/login/oidc/callback", params=answer)
    assert (stranger.status_code, "set-cookie" in stranger.headers) == (403, False)
    own = {"Cookie": kept.partition(";")[0]}
    back = town.client.get("/login/oidc/callback", params=answer, headers=own)
    town.client.cookies.clear()
    assert back.status_code == 200, back.text
    assert 'content="0;url=/grid"' in back.text
    cookies = back.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("session="))
    assert "samesite=strict" in session.lower()
    told = town.client.get("/v1/session", headers={"Cookie": session.partition(";")[0]})
    assert told.json()["login"] == "clerk"
    again = town.client.get("/login/oidc/callback", params=answer, headers=own)
    assert again.status_code == 403


@pytest.mark.usefixtures("sign_on")
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere(town: "Town", target: str) -> None:
    town.sql("UPDATE registry.account SET oidc_subject = 'u-1024' WHERE login = 'clerk'")
    left = town.client.get("/login/oidc", params={"next": target}, follow_redirects=False)
    town.client.cookies.clear()
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    own = {"Cookie": left.headers["set-cookie"].partition(";")[0]}
    back = town.client.get("/login/oidc/callback", params={"state": state, "code": "c"}, headers=own)
    town.client.cookies.clear()
    assert 'content="0;url=/"' in back.text


def test_without_an_issuer_there_is_no_way(town: "Town") -> None:
    assert "/login/oidc" not in town.client.get("/login").text
    assert town.client.get("/login/oidc").status_code == 403
    assert town.client.get("/login/oidc/callback?state=a&code=b").status_code == 403
