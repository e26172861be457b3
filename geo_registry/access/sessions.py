"""Accounts and their sessions: adding, signing in and out."""

import datetime as dt
import secrets
from collections.abc import Sequence
from functools import cache
from threading import BoundedSemaphore
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, insert, or_, select, text, update

from geo_registry.access.rules import Role
from geo_registry.access.tables import Account, AreaGrant, SignInFailure
from geo_registry.access.tables import Session as SessionRow
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.db import Session
from geo_registry.errors import NotFound, NotSignedIn, RuleBroken, TooMany

LONGEST = dt.timedelta(hours=8)
WINDOW = dt.timedelta(minutes=15)
MOST_PER_LOGIN, MOST_PER_ADDRESS = 5, 50
SHORTEST_PASSWORD = 10

# Two hashes of 46 MiB at once at most, or guessing becomes a denial of service (promises, trap 12).
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
_slots = BoundedSemaphore(2)


_CREDENTIALS = text("SELECT account_id, password_hash FROM registry.credentials_of(:login)")


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


def _throttle(session: Session, login: str, address: str | None) -> None:
    # One guess at a time: parallel ones would not see each other's failures.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sign-in/{login}", 0))))
    recent = SignInFailure.at > func.now() - WINDOW
    counts = select(
        func.count().filter(SignInFailure.login == login),
        func.count().filter(SignInFailure.address == address),
    ).where(recent, or_(SignInFailure.login == login, SignInFailure.address == address))
    by_login, by_address = session.execute(counts).one()
    if by_login >= MOST_PER_LOGIN or by_address >= MOST_PER_ADDRESS:
        raise TooMany("sign-in-throttled", "登录失败次数过多，请 15 分钟后再试")


def sign_in(session: Session, login: str, password: str, address: str | None = None) -> str:
    """Open a session and return its token (256 random bits, URL-safe).

    A refusal rolls this transaction back: the caller counts it with `note_failure` in the next one.

    Raises:
        NotSignedIn: account unknown, disabled or password wrong; one text and equal work for all.
        TooMany: 5 failures of the login or 50 of the address within 15 minutes.

    """
    login = login.strip().lower()[:40]
    _throttle(session, login, address)
    row = session.execute(_CREDENTIALS, {"login": login}).one_or_none()
    if not _matches(row.password_hash if row else None, password) or row is None:
        raise NotSignedIn("sign-in-failed", "账号或密码不正确")
    token = secrets.token_urlsafe(32)
    expires = dt.datetime.now(dt.UTC) + LONGEST
    session.execute(
        insert(SessionRow).values(
            token_hash=hash_token(token), account_id=row.account_id, address=address, expires_at=expires
        )
    )
    session.execute(delete(SignInFailure).where(SignInFailure.login == login))
    return token


def note_failure(session: Session, login: str, address: str | None) -> None:
    """Count a refused sign-in; called in a transaction of its own, for the other one rolls back."""
    session.execute(insert(SignInFailure).values(login=login.strip().lower()[:40], address=address))


def sign_out(session: Session, token: str) -> None:
    """End a session at once, on all servers."""
    ended = update(SessionRow).where(
        SessionRow.token_hash == hash_token(token), SessionRow.ended_at.is_(None)
    )
    session.execute(ended.values(ended_at=func.clock_timestamp()))


def add_account(
    session: Session, *, login: str, name: str, role: Role, password: str, division_codes: Sequence[str] = ()
) -> UUID:
    """Create an account with its areas; no division means the whole installation.

    Raises:
        RuleBroken: the password is shorter than 10 characters.
        NotFound: a division code is not in the register.
        Conflict: the login exists (from the database).

    """
    if len(password) < SHORTEST_PASSWORD:
        raise RuleBroken("password-short", f"密码至少 {SHORTEST_PASSWORD} 个字符", field="password")
    found = _divisions(session, division_codes)
    if missing := [code for code in division_codes if code not in found]:
        raise NotFound("area-unknown", f"没有区划 {'、'.join(missing)}", field="area")
    account_id = new_id()
    hashed = _hasher.hash(password)
    session.execute(
        insert(Account).values(
            id=account_id, login=login.strip().lower(), name=name, role=role, password_hash=hashed
        )
    )
    granted: list[UUID | None] = [found[code] for code in division_codes]
    for division_id in granted or [None]:
        session.execute(insert(AreaGrant).values(account_id=account_id, division_id=division_id))
    return account_id


def _divisions(session: Session, codes: Sequence[str]) -> dict[str, UUID]:
    """Find divisions by code; a national code may be given short, 990101 for 990101000000."""
    query = text("""
        SELECT DISTINCT ON (asked.code) asked.code, d.id
        FROM unnest(CAST(:codes AS text[])) asked (code)
          JOIN registry.division d ON d.code IN (asked.code, rpad(asked.code, 12, '0'))
        ORDER BY asked.code, d.code = asked.code DESC""")
    return {row.code: row.id for row in session.execute(query, {"codes": list(codes)})}


def disable_account(session: Session, login: str) -> None:
    """Disable an account and end its sessions; the row stays for the audit.

    Raises:
        NotFound: no such account.

    """
    query = update(Account).where(Account.login == login.strip().lower()).values(is_active=False)
    account_id = session.execute(query.returning(Account.id)).scalar_one_or_none()
    if account_id is None:
        raise NotFound("account-unknown", f"没有账号 {login}", field="login")
    session.execute(
        update(SessionRow).where(SessionRow.account_id == account_id).values(ended_at=func.clock_timestamp())
    )
