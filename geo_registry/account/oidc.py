"""统一认证: signing in by OpenID Connect, the authorization code with PKCE.

The algorithm is the one of the setting, the keys are those of the issuer's own document; what a token says of
either counts for nothing. State, nonce and verifier wait in a signed cookie of the browser that began; the id
in it becomes that of the session, so that one beginning leads to one session at most.
"""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from geo_registry.account.sessions import open_session
from geo_registry.codes import new_id
from geo_registry.db import Engine, Session, transaction
from geo_registry.errors import Refused, Unavailable
from geo_registry.settings import SecretError, secret, settings

SECONDS_TO_RETURN: Final = 600
_TIMEOUT: Final = 5
_LEEWAY: Final = 60
# Of RFC 8176: what the issuer calls a second factor or a key in hardware.
_STRONG = frozenset({"mfa", "otp", "hwk", "swk", "sc"})

_SUBJECT = text("SELECT registry.account_of_subject(:subject)")
_REFUSE = text("SELECT registry.refuse_sign_on(CAST(:address AS inet), :reason)")


@dataclass(frozen=True, slots=True)
class Start:
    """Where the browser goes, and the cookie it keeps until it returns."""

    address: str
    cookie: str


def is_set() -> bool:
    """Tell whether the installation signs in by OpenID Connect."""
    return settings().oidc_issuer is not None


def begin(return_to: str, target: str) -> Start:
    """Begin a sign-in that comes back to `return_to` and goes on to `target`.

    Raises:
        Refused: the installation has no issuer.
        Unavailable: the issuer's document cannot be read.

    """
    names = ("state", "nonce", "verifier")
    kept: dict[str, Any] = {name: secrets.token_urlsafe(48) for name in names}
    kept |= {"id": new_id().hex, "until": int(time.time()) + SECONDS_TO_RETURN, "target": target}
    with _client(return_to) as client:
        address, _ = client.create_authorization_url(
            _metadata()["authorization_endpoint"], state=kept["state"], nonce=kept["nonce"],
            code_verifier=kept["verifier"],
        )  # fmt: skip
    told = base64.urlsafe_b64encode(json.dumps(kept).encode()).decode()
    return Start(address, f"{told}.{_signature(told)}")


def finish(
    engine: Engine, cookie: str, answer: Mapping[str, str], return_to: str, address: str | None
) -> tuple[str, str]:
    """End a sign-in; return the token of the new session, and the page that was asked for.

    Raises:
        Refused: the answer is not that of this beginning, the token is not sound, or nobody has its subject.
        Unavailable: the issuer does not answer.

    """
    try:
        kept = _kept(cookie)
        claims = _proven(kept, answer, return_to)
        with transaction(engine) as session:
            owner, own = _owner(session, claims["sub"]), UUID(kept["id"])
            token = open_session(session, owner, address=address, door=_door(claims), session_id=own)
    except Refused as error:
        with transaction(engine) as session:
            session.execute(_REFUSE, {"address": address, "reason": error.code})
        raise
    return token, str(kept["target"])


def _proven(kept: dict[str, Any], answer: Mapping[str, str], return_to: str) -> dict[str, Any]:
    if not hmac.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise _refusal("state")
    # Of two issuers the answer of the other one (RFC 9207).
    if answer.get("iss", settings().oidc_issuer) != settings().oidc_issuer or not answer.get("code"):
        raise _refusal("answer")
    return _claims(_id_token(answer["code"], kept["verifier"], return_to), kept["nonce"])


def _owner(session: Session, subject: str) -> UUID:
    found: UUID | None = session.execute(_SUBJECT, {"subject": subject}).scalar_one()
    if found is None:
        raise Refused("subject-unknown", "统一认证的身份没有对应的账号，请联系安全管理员登记")
    return found


def _door(claims: dict[str, Any]) -> str:
    named = {word for word in claims.get("amr") or () if isinstance(word, str)}
    return "oidc-mfa" if _STRONG & named else "oidc"


def _refusal(what: str) -> Refused:
    return Refused("sign-on-refused", f"统一认证没有完成（{what}），请回到登录页重新开始")


def _signature(told: str) -> str:
    return hmac.digest(secret("session"), b"oidc:" + told.encode(), "sha256").hex()


def _kept(cookie: str) -> dict[str, Any]:
    told, _, signature = cookie.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(told).encode()):
        raise _refusal("cookie")
    kept: dict[str, Any] = json.loads(base64.urlsafe_b64decode(told))
    if kept["until"] < time.time():
        raise _refusal("timeout")
    return kept


def _client(return_to: str) -> Any:  # noqa: ANN401  (Authlib publishes no types)
    from authlib.integrations.requests_client import OAuth2Session

    config = settings()
    if not config.oidc_issuer or not config.oidc_client_id:
        raise Refused("sign-on-unset", "本系统没有设置统一认证")
    try:
        own = secret("oidc", config).decode().strip()
    except SecretError as error:
        raise Unavailable("sign-on-secret", "统一认证的密钥文件有误，请联系系统管理员") from error
    client = OAuth2Session(
        config.oidc_client_id, own, scope="openid", redirect_uri=return_to, code_challenge_method="S256"
    )
    # No proxy and no password file of the machine comes between.
    client.trust_env = False
    return client


def _id_token(code: str, verifier: str, return_to: str) -> str:
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    try:
        with _client(return_to) as client:
            told = client.fetch_token(
                _metadata()["token_endpoint"], code=code, code_verifier=verifier,
                grant_type="authorization_code", timeout=_TIMEOUT, allow_redirects=False,
            )  # fmt: skip
        return str(told["id_token"])
    except (AuthlibBaseError, KeyError) as error:
        raise _refusal("code") from error
    except (RequestException, ValueError) as error:
        raise Unavailable("sign-on-away", "统一认证暂时没有回应，请稍后再试") from error


def _claims(token: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token that is signed, ours, of now and of this beginning."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    config = settings()
    try:
        keys = jwk.KeySet.import_key_set(_document(_metadata()["jwks_uri"], _hour()))  # type: ignore[arg-type]
        found = jwt.decode(token, keys, algorithms=[config.oidc_algorithm])
        options = {
            "iss": {"essential": True, "value": config.oidc_issuer},
            "aud": {"essential": True, "value": config.oidc_client_id},
            "sub": {"essential": True}, "exp": {"essential": True}, "iat": {"essential": True},
        }  # fmt: skip
        params = {"nonce": nonce, "client_id": config.oidc_client_id}
        claims = CodeIDToken(found.claims, found.header, options, params)
        claims.validate(int(time.time()), _LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refusal("token") from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise _refusal("subject")
    return dict(claims)


def _hour() -> int:
    return int(time.time()) // 3600


def _metadata() -> dict[str, Any]:
    """Return the issuer's document; one that names another issuer is refused."""
    config = settings()
    place = config.oidc_metadata or f"{config.oidc_issuer}/.well-known/openid-configuration"
    found = _document(place, _hour())
    if found.get("issuer") != config.oidc_issuer:
        raise _refusal("issuer")
    return found


@lru_cache(maxsize=8)
def _document(place: str, _hour: int) -> dict[str, Any]:
    """Read a JSON document from a file or the issuer, again every hour."""
    import requests

    try:
        if not place.startswith(("https://", "http://")):
            return dict(json.loads(Path(place).read_text(encoding="utf-8")))
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(place, timeout=_TIMEOUT, allow_redirects=False)
            reply.raise_for_status()
            return dict(reply.json())
    except (OSError, ValueError) as error:
        raise Unavailable("sign-on-away", "统一认证暂时没有回应，请稍后再试") from error
