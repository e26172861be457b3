"""P28: the single sign-on against an issuer that forges; nothing but the honest answer opens a session."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwk, jwt
from sqlalchemy import Engine, text

from geo_registry import db
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer, enter
from geo_registry.account import oidc
from geo_registry.account.accounts import add_account
from geo_registry.cluster import Urls
from geo_registry.errors import NotSignedIn, Refused
from geo_registry.settings import Settings, write_secret

CLIENT, SUBJECT = "geo-registry", "u-1024"
RETURN = "http://127.0.0.1:8000/login/oidc/callback"
Claims = dict[str, Any]
KEY = jwk.RSAKey.generate_key(2048, {"kid": "one"})
FOREIGN = jwk.RSAKey.generate_key(2048, {"kid": "one"})


def signed(claims: Claims, key: Any = KEY, **header: object) -> str:  # noqa: ANN401  (any key)
    algorithm = str(header.get("alg", "RS256"))
    return jwt.encode({"alg": algorithm, "kid": "one", **header}, claims, key, algorithms=[algorithm])


@dataclass
class Issuer:
    """An issuer on the loopback; `sign` makes its token, and a code is good for any number of times."""

    address: str = ""
    sign: Callable[[Claims], str] = signed
    nonce: str = ""
    challenge: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def claims(self, **changed: object) -> Claims:
        """Return honest claims with some changed; None takes one away."""
        now = int(time.time())
        honest = {
            "iss": self.address,
            "sub": SUBJECT,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        return {name: value for name, value in (honest | changed).items() if value is not None}

    def answer(self, path: str, body: str) -> tuple[int, object]:
        """Answer one request as an issuer does."""
        if path.endswith("openid-configuration"):
            places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return 200, {"issuer": self.address} | {name: self.address + end for name, end in places.items()}
        if path == "/keys":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        told = {name: values[0] for name, values in parse_qs(body).items()}
        self.asked.append(told)
        if create_s256_code_challenge(told["code_verifier"]) != self.challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(self.claims())}


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    found = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            status, told = found.answer(self.path, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = _reply  # noqa: N815  (as the standard library)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}"
    write_secret("oidc", b"a secret shared with the issuer alone")
    config = Settings(oidc_issuer=found.address, oidc_client_id=CLIENT)
    monkeypatch.setattr(oidc, "settings", lambda: config)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(committed: Engine, database: Urls) -> Iterator[Engine]:
    with db.transaction(committed) as session:
        add_account(session, login="du", name="杜某", role=Role.CLERK, oidc_subject=SUBJECT, machine=False)
        session.execute(text("UPDATE registry.account SET password_hash = NULL, password_expires_at = NULL"))
    engine = db.app_engine(database.app)
    yield engine
    engine.dispose()


def begin(issuer: Issuer) -> tuple[str, str]:
    """Begin at the page; return cookie and state, and tell the issuer what it was sent."""
    start = oidc.begin(RETURN, "/grid")
    query = parse_qs(urlsplit(start.address).query)
    assert start.address.startswith(f"{issuer.address}/authorize?")
    assert (query["code_challenge_method"], query["response_type"]) == (["S256"], ["code"])
    issuer.nonce, issuer.challenge = query["nonce"][0], query["code_challenge"][0]
    return start.cookie, query["state"][0]


def come_back(engine: Engine, issuer: Issuer, **changed: str) -> tuple[str, str]:
    cookie, state = begin(issuer)
    answer = {"state": state, "code": "c-1"} | changed
    return oidc.finish(engine, answer.pop("cookie", cookie), answer, RETURN, "10.0.0.9")


def viewer_of(engine: Engine, token: str) -> Viewer:
    with db.transaction(engine) as session:
        return enter(session, token)


@pytest.mark.commits
@pytest.mark.promise("P28")
def test_an_honest_answer_opens_one_session(server: Engine, issuer: Issuer, committed: Engine) -> None:
    token, target = come_back(server, issuer)
    assert (viewer_of(server, token).login, target) == ("du", "/grid")
    sent = issuer.asked[0]
    assert (sent["grant_type"], sent["redirect_uri"]) == ("authorization_code", RETURN)
    assert sent["code_verifier"]
    with committed.connect() as connection:
        rows = connection.execute(text("SELECT note FROM registry.audit WHERE action = 'sign-in'")).all()
    assert [tuple(row) for row in rows] == [("oidc",)]


@pytest.mark.commits
def test_a_due_second_factor_is_the_issuers_or_still_due(
    server: Engine, issuer: Issuer, committed: Engine
) -> None:
    with committed.begin() as connection:
        connection.execute(text("UPDATE registry.account SET second_factor_required = true"))
    token, _ = come_back(server, issuer)
    assert viewer_of(server, token).confined == "second-factor"
    issuer.sign = lambda claims: signed({**claims, "amr": ["pwd", "otp"]})
    token, _ = come_back(server, issuer)
    assert viewer_of(server, token).confined is None


def _unsigned(claims: Claims) -> str:
    _, body, _ = signed(claims).split(".")
    return f"{_packed({'alg': 'none'})}.{body}."


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _with_public_key(claims: Claims) -> str:
    told = f"{_packed({'alg': 'HS256', 'kid': 'one'})}.{_packed(claims)}"
    digest = hmac.digest(KEY.as_pem(private=False), told.encode(), "sha256")
    return f"{told}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _altered(claims: Claims) -> str:
    head, _, signature = signed(claims).split(".")
    return f"{head}.{_packed({**claims, 'sub': 'u-1'})}.{signature}"


def _late(claims: Claims) -> str:
    return signed({**claims, "iat": claims["iat"] - 900, "exp": claims["iat"] - 120})


TOKENS: dict[str, Callable[[Claims], str]] = {
    "alg none": _unsigned,
    "HS256 with the public key": _with_public_key,
    "another algorithm of the same key": lambda claims: signed(claims, alg="PS256"),
    "key in the header": lambda claims: signed(claims, FOREIGN, jwk=FOREIGN.as_dict(private=False)),
    "key of somebody else": lambda claims: signed(claims, FOREIGN),
    "altered claims": _altered,
    "other audience": lambda claims: signed({**claims, "aud": "wiki"}),
    "audience among others without azp": lambda claims: signed({**claims, "aud": [CLIENT, "wiki"]}),
    "other issuer": lambda claims: signed({**claims, "iss": "https://evil.example"}),
    "other nonce": lambda claims: signed({**claims, "nonce": "n-2"}),
    "no nonce": lambda claims: signed({name: value for name, value in claims.items() if name != "nonce"}),
    "expired": _late,
    "no expiry": lambda claims: signed({name: value for name, value in claims.items() if name != "exp"}),
    "of the future": lambda claims: signed({**claims, "iat": claims["iat"] + 600}),
    "no subject": lambda claims: signed({name: value for name, value in claims.items() if name != "sub"}),
    "unknown subject": lambda claims: signed({**claims, "sub": "u-9"}),
    "no token": lambda _claims: "",
}


def _sessions(committed: Engine) -> int:
    with committed.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM registry.session")).scalar_one())


@pytest.mark.commits
@pytest.mark.promise("P28")
def test_no_forged_token_opens_a_session(server: Engine, issuer: Issuer, committed: Engine) -> None:
    accepted = []
    for name, forge in TOKENS.items():
        issuer.sign = forge
        try:
            come_back(server, issuer)
        except Refused:
            continue
        accepted.append(name)
    assert (len(TOKENS) >= 12, accepted, _sessions(committed)) == (True, [], 0)
    with committed.connect() as connection:
        noted = connection.execute(
            text("SELECT count(*) FROM registry.audit WHERE action = 'sign-in-refused'")
        )
        assert noted.scalar_one() == len(TOKENS)


@pytest.mark.commits
@pytest.mark.promise("P28")
def test_no_answer_but_that_of_this_browser_opens_a_session(
    server: Engine, issuer: Issuer, committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie, state = begin(issuer)
    strange, _ = begin(issuer)
    told, _, signature = cookie.partition(".")
    for changed in (
        {"state": "s-2"}, {"state": ""}, {"cookie": ""}, {"cookie": strange}, {"cookie": f"{told}A.{signature}"},
        {"cookie": told}, {"iss": "https://evil.example"}, {"code": ""},
    ):  # fmt: skip
        with pytest.raises(Refused):
            oidc.finish(
                server, changed.pop("cookie", cookie), {"state": state, "code": "c"} | changed, RETURN, None
            )
    # The code of somebody else: his verifier is not in this browser.
    with pytest.raises(Refused):
        oidc.finish(server, cookie, {"state": state, "code": "c"}, RETURN, None)
    assert _sessions(committed) == 0
    cookie, state = begin(issuer)
    oidc.finish(server, cookie, {"state": state, "code": "c"}, RETURN, None)
    # A replay, even though this issuer takes a code twice.
    with pytest.raises(Refused) as caught:
        oidc.finish(server, cookie, {"state": state, "code": "c"}, RETURN, None)
    assert (caught.value.code, _sessions(committed)) == ("sign-in-replayed", 1)
    cookie, state = begin(issuer)
    late = time.time() + oidc.SECONDS_TO_RETURN + 1
    monkeypatch.setattr(time, "time", lambda: late)
    with pytest.raises(Refused):
        oidc.finish(server, cookie, {"state": state, "code": "c"}, RETURN, None)


@pytest.mark.commits
def test_a_disabled_account_and_an_ended_session_stay_out(
    server: Engine, issuer: Issuer, committed: Engine
) -> None:
    token, _ = come_back(server, issuer)
    with committed.begin() as connection:
        connection.execute(text("UPDATE registry.account SET is_active = false"))
    with pytest.raises(NotSignedIn):
        viewer_of(server, token)
    with pytest.raises(Refused):
        come_back(server, issuer)


def test_without_an_issuer_there_is_no_sign_on() -> None:
    assert not oidc.is_set()
    with pytest.raises(Refused):
        oidc.begin(RETURN, "/")
