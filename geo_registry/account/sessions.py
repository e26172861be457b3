"""Signing in and out, and what everybody does to the own account.

An attempt is counted and committed before the password is looked at, and the password is looked at outside of
any transaction: neither parallel guesses nor a queue of people at eight o'clock hold what others need.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, TextClause, text

from geo_registry.access.viewer import hash_token
from geo_registry.account import factors
from geo_registry.account.factors import Proof
from geo_registry.codes import new_id
from geo_registry.db import Engine, Session, transaction
from geo_registry.errors import NotSignedIn, RuleBroken, TooMany
from geo_registry.pages import Page, cut, read_cursor
from geo_registry.settings import make_secrets, secret

SHORTEST_PASSWORD = 10

# Two hashes of 46 MiB at once at most, or guessing becomes a denial of service (promises, trap 12).
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
_slots = BoundedSemaphore(2)

_KEEP_KEY = text("""
    INSERT INTO registry.door_key (key) VALUES (:key) ON CONFLICT (id) DO UPDATE SET key = EXCLUDED.key""")
_BEGIN = text("SELECT * FROM registry.begin_sign_in(:login, CAST(:address AS inet), :id, :proof)")
_REFUSE = text("SELECT registry.refuse_sign_in(:login, CAST(:address AS inet), :id, :reason, :proof)")
_OPEN = text("""SELECT registry.open_session(
    :id, :hashed, :account_id, CAST(:address AS inet), :door, :step, :recovery, :seen, :proof)""")
_NO_PROOF = Proof()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to prove who somebody is, with what it is compared with; nothing for unknown logins."""

    id: UUID
    login: str
    address: str | None
    account_id: UUID | None
    password_hash: str | None
    is_expired: bool
    totp_secret: bytes | None
    totp_step: int | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts on the own account: the live session's token, its login, and from where."""

    token: str
    login: str
    address: str | None = None


def keep_door_key(connection: Connection) -> None:
    """Tell the database by what it knows a server of this installation; done by the owner at each upgrade."""
    make_secrets()
    connection.execute(_KEEP_KEY, {"key": secret("door")})


def _door_proof(*facts: object) -> bytes:
    """Return the keyed hash (32 bytes) of facts that the server has checked, as `demand_door` makes it."""
    told = [fact.hex() if isinstance(fact, bytes) else "-" if fact is None else str(fact) for fact in facts]
    key = secret("door")
    return sha256(key + sha256(key + "\n".join(told).encode()).digest()).digest()


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored.

    Raises:
        RuleBroken: it is shorter than 10 characters.

    """
    if len(password) < SHORTEST_PASSWORD:
        raise RuleBroken("password-short", f"密码至少 {SHORTEST_PASSWORD} 个字符", field="password")
    with _slots:
        return _hasher.hash(password)


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def _matches(stored: str | None, password: str) -> bool:
    with _slots:
        try:
            _hasher.verify(stored or _decoy(), password)
        except VerificationError:
            return False
    return stored is not None


@contextmanager
def counted(engine: Engine, login: str, address: str | None) -> Iterator[Attempt]:
    """Count an attempt of a login, then let it be judged; a refusal inside is counted and noted.

    Raises:
        TooMany: 5 failures of the login or 50 of the address within 15 minutes.

    """
    named: dict[str, Any] = {"id": new_id(), "login": login.strip().lower()[:40], "address": address}
    with transaction(engine) as session:
        proof = _door_proof("begin_sign_in", named["id"], named["login"])
        throttled, *known = session.execute(_BEGIN, {**named, "proof": proof}).one()
    if throttled:
        raise TooMany("sign-in-throttled", "登录失败次数过多，请 15 分钟后再试")
    try:
        yield Attempt(named["id"], named["login"], address, *known)
    except (NotSignedIn, RuleBroken) as error:
        with transaction(engine) as session:
            proof = _door_proof("refuse_sign_in", named["id"], error.code)
            session.execute(_REFUSE, {**named, "reason": error.code, "proof": proof})
        raise


def sign_in(
    engine: Engine, login: str, password: str, address: str | None = None, code: str | None = None
) -> str:
    """Open a session and return its token (256 random bits, URL-safe).

    Raises:
        NotSignedIn: account unknown, disabled or password wrong, with one text and equal work for all; or the
            second factor is missing (`second-factor-required`) or wrong; or a one-time password is too old.
        TooMany: 5 failures of the login or 50 of the address within 15 minutes.

    """
    with counted(engine, login, address) as attempt:
        if not _matches(attempt.password_hash, password) or attempt.account_id is None:
            raise NotSignedIn("sign-in-failed", "账号或密码不正确")
        if attempt.is_expired:
            raise NotSignedIn("password-expired", "一次性密码已过期，请联系安全管理员重新生成")
        try:
            proof = _proof(attempt, code)
            with transaction(engine) as session:
                return open_session(
                    session, attempt.account_id, address=address, proof=proof, seen=attempt.version
                )
        except RuleBroken as error:
            raise NotSignedIn(error.code, error.detail) from error


def _proof(attempt: Attempt, code: str | None) -> Proof:
    if attempt.totp_step is None or attempt.totp_secret is None or attempt.account_id is None:
        return _NO_PROOF
    if not code:
        raise NotSignedIn("second-factor-required", "请输入验证器上的 6 位验证码，或一个备用码")
    return factors.prove(attempt.account_id, attempt.totp_secret, attempt.totp_step, code)


def open_session(
    session: Session,
    account_id: UUID,
    *,
    address: str | None = None,
    proof: Proof = _NO_PROOF,
    door: str = "password",
    session_id: UUID | None = None,
    seen: int | None = None,
) -> str:
    """Open a session for somebody who proved who he is, and return its token; a session's id opens once.

    `seen` is the version of the account that he proved it for.

    Raises:
        RuleBroken: the second factor was used already, or the account has changed.
        Refused: a session of that id was opened before.

    """
    token = new_token()
    values = {"id": session_id or new_id(), "hashed": hash_token(token), "account_id": account_id}
    told = {"address": address, "door": door, "step": proof.step, "recovery": proof.recovery}
    told |= {"seen": seen}
    proven = _door_proof("open_session", *values.values(), door, proof.step, proof.recovery)
    session.execute(_OPEN, {**values, **told, "proof": proven})
    return token


def new_token() -> str:
    """Return a new token of a session."""
    return secrets.token_urlsafe(32)


def sign_out(session: Session, token: str) -> None:
    """End a session at once, on all servers."""
    session.execute(text("SELECT registry.sign_out(:token)"), {"token": hash_token(token)})


def confirm(engine: Engine, caller: Caller, code: str) -> str:
    """Prove the second factor afresh; the session goes on under the token returned.

    Raises:
        RuleBroken: the code is wrong or was used, or the account has no second factor.
        TooMany: too many wrong codes.

    """
    step_up = text("SELECT registry.confirm_session(:token, :hashed, :step, :recovery, :proof)")
    with counted(engine, caller.login, caller.address) as attempt:
        return _stepped_up(engine, caller, step_up, "confirm_session", _demanded(attempt, code))


def change_password(engine: Engine, caller: Caller, current: str, new: str) -> None:
    """Change the own password; all other sessions of the account end.

    Raises:
        RuleBroken: the present password is wrong; the new one is short, the same, or holds the login.

    """
    if new == current or caller.login in new.lower():
        raise RuleBroken("password-weak", "新密码不能与现密码相同，也不能含有账号", field="new")
    hashed = hash_password(new)
    with counted(engine, caller.login, caller.address) as attempt:
        _demand_password(attempt, current)
        proven = _door_proof("change_own_password", hash_token(caller.token), hashed)
        changing = "SELECT registry.change_own_password(:token, :hashed, :proof)"
        _own(engine, caller, changing, hashed=hashed, proof=proven)


def start_second_factor(engine: Engine, caller: Caller, password: str) -> str:
    """Begin to set up the second factor and return its secret; it counts from its first code on."""
    with counted(engine, caller.login, caller.address) as attempt:
        account_id = _demand_password(attempt, password)
        secret, sealed = factors.new_secret(account_id)
        _own(engine, caller, "SELECT registry.start_own_factor(:token, :sealed)", sealed=sealed)
    return secret


def confirm_second_factor(engine: Engine, caller: Caller, code: str) -> tuple[str, list[str]]:
    """Let the second factor count; return the session's new token and the recovery codes, shown this once."""
    shown, hashes = factors.new_recovery_codes()
    confirming = text("SELECT registry.confirm_own_factor(:token, :hashed, :step, :codes, :proof)")
    with counted(engine, caller.login, caller.address) as attempt:
        proof = _demanded(attempt, code)
        if proof.step is None:
            raise RuleBroken("second-factor-wrong", "请输入验证器上的 6 位验证码", field="code")
        return _stepped_up(engine, caller, confirming, "confirm_own_factor", proof, codes=hashes), shown


def drop_second_factor(engine: Engine, caller: Caller, password: str, code: str) -> None:
    """Give up the second factor, where the account may."""
    dropping = "SELECT registry.drop_own_factor(:token, :step, :recovery, :proof)"
    with counted(engine, caller.login, caller.address) as attempt:
        _demand_password(attempt, password)
        proof = _demanded(attempt, code)
        proven = _door_proof("drop_own_factor", hash_token(caller.token), proof.step, proof.recovery)
        _own(engine, caller, dropping, step=proof.step, recovery=proof.recovery, proof=proven)


def end_own_session(engine: Engine, caller: Caller, session_id: UUID) -> None:
    """End a session of the own account, this or another."""
    _own(engine, caller, "SELECT registry.end_own_session(:token, :id)", id=session_id)


def own_account(session: Session, token: str) -> dict[str, Any]:
    """Return the own account with its areas, second factor and sessions."""
    query = text("SELECT registry.own_account(:token)")
    found: dict[str, Any] = session.execute(query, {"token": hash_token(token)}).scalar_one()
    return found


def own_looks(session: Session, token: str, *, after: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page of the own looks at persons, newest first, as the audit has them."""
    at, last = read_cursor(after, str, UUID) if after else (None, None)
    query = text("SELECT * FROM registry.own_looks(:token, CAST(:at AS timestamptz), :last, :rows)")
    values = {"token": hash_token(token), "at": at, "last": last, "rows": limit + 1}
    return cut(list(session.scalars(query, values)), limit, lambda row: (row["at"], row["id"]))


def _own(engine: Engine, caller: Caller, statement: str, **values: object) -> None:
    with transaction(engine) as session:
        session.execute(text(statement), {"token": hash_token(caller.token), **values})


def _demand_password(attempt: Attempt, password: str) -> UUID:
    if not _matches(attempt.password_hash, password) or attempt.account_id is None:
        raise RuleBroken("password-wrong", "现密码不正确", field="password")
    return attempt.account_id


def _demanded(attempt: Attempt, code: str) -> Proof:
    if attempt.totp_secret is None or attempt.account_id is None:
        raise RuleBroken("second-factor-none", "尚未设置两步验证，请先设置", field="code")
    return factors.prove(attempt.account_id, attempt.totp_secret, attempt.totp_step, code)


def _stepped_up(
    engine: Engine, caller: Caller, statement: TextClause, act: str, proof: Proof, **more: object
) -> str:
    token = new_token()
    named = {"token": hash_token(caller.token), "hashed": hash_token(token), "step": proof.step}
    named["recovery"] = proof.recovery
    proven = _door_proof(act, *named.values())
    with transaction(engine) as session:
        session.execute(statement, {**named, **more, "proof": proven})
    return token
