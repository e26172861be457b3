"""The administration of accounts: who gets one, in which role and areas; by a security administrator.

`token` is the session of the administrator; None is the owner's command line, which may all of it. The rules
stand in geo_registry/sql/225_administration.sql, where the server's role cannot go round them.
"""

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.access.viewer import hash_token
from geo_registry.account.sessions import hash_password, new_token
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.pages import Page, cut, read_cursor

ONE_TIME = dt.timedelta(hours=72)
LONGEST_TOKEN_DAYS = 90
# Neither 0 and O nor 1 and l: a one-time password is read aloud.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
FIRST_LOGIN = "security"
STRONG_ROLES = frozenset(role for role in Role if role.value.endswith("_admin")) | {
    Role.OFFICER, Role.ENTRY_CLERK, Role.STATION_HEAD, Role.POPULATION_OFFICE, Role.PERMIT_DESK,
    Role.COORDINATOR, Role.QUALITY_SUPERVISOR,
}  # fmt: skip
"""Roles that look at persons or administer: a new account of theirs needs a second factor."""

_ADD = text("""
    SELECT registry.add_account(:token, :id, :login, :name, :role, :machine, :hashed, :expires, :factor,
      CAST(:divisions AS uuid[]), :subject)""")
_CHANGED = (
    "name", "role", "hourly_limit", "daily_limit", "building_limit", "second_factor_required", "oidc_subject",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """An account that an administrator acts on, as of the version read; the command line reads none."""

    session: Session
    token: str | None
    account_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an act on an account answers: its id and version, and a secret that is told this once."""

    id: UUID
    version: int
    secret: str | None = None


def one_time_password() -> str:
    """Return a password of four groups that somebody can read to somebody else (79 random bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def add_account(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    password: str | None = None,
    division_codes: Sequence[str] = (),
    division_ids: Sequence[UUID] | None = None,
    token: str | None = None,
    machine: bool = False,
    second_factor: bool = False,
    oidc_subject: str | None = None,
) -> Kept:
    """Add an account with its areas; no division at all means the whole installation.

    Without a password a person gets a one-time one, which is the secret of the answer; a machine gets none.

    Raises:
        RuleBroken: the password is shorter than 10 characters, or the login malformed.
        NotFound: a division code is not in the register.
        Conflict: the login exists.
        Refused: an area lies outside those of the administrator.

    """
    found = [division_of(session, code) for code in division_codes]
    areas = list(division_ids) if division_ids is not None else found or None
    secret = None if password or machine else one_time_password()
    chosen = password or secret
    values = {
        "token": _hashed(token), "id": new_id(), "login": login.strip().lower(), "name": name.strip(),
        "role": role.value, "machine": machine, "hashed": hash_password(chosen) if chosen else None,
        "expires": dt.datetime.now(dt.UTC) + ONE_TIME if secret else None, "factor": second_factor,
        "divisions": areas, "subject": oidc_subject,
    }  # fmt: skip
    return Kept(values["id"], session.execute(_ADD, values).scalar_one(), secret)  # type: ignore[arg-type]


def change_account(held: Held, **changed: object) -> Kept:
    """Change name, role, limits, the duty of a second factor or the subject; another role ends sessions."""
    named = ", ".join(f":{name}" for name in _CHANGED)
    return _act(held, f"change_account(:token, :id, :version, {named})", dict.fromkeys(_CHANGED) | changed)


def switch_account(held: Held, *, active: bool) -> Kept:
    """Disable an account, which ends its sessions and tokens at once, or enable it again."""
    return _act(held, "switch_account(:token, :id, :version, :active)", {"active": active})


def reset_password(held: Held) -> Kept:
    """Give an account a one-time password for 72 hours; it is the secret of the answer."""
    secret = one_time_password()
    values = {"hashed": hash_password(secret), "expires": dt.datetime.now(dt.UTC) + ONE_TIME}
    return _act(held, "reset_password(:token, :id, :version, :hashed, :expires)", values, secret)


def reset_second_factor(held: Held) -> Kept:
    """Take the second factor from an account whose telephone is lost."""
    return _act(held, "reset_factor(:token, :id, :version)", {})


def grant_area(
    held: Held,
    *,
    division_id: UUID | None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> Kept:
    """Grant an area, None is the whole installation, from a day on and through another."""
    values = {"division": division_id, "since": valid_from or today(), "until": valid_to}
    return _act(held, "grant_area(:token, :id, :version, :division, :since, :until)", values)


def end_grant(held: Held, *, grant_id: UUID) -> Kept:
    """End a grant at once."""
    return _act(held, "end_grant(:token, :id, :version, :grant)", {"grant": grant_id})


def issue_token(held: Held, *, title: str, purposes: Sequence[str], days: int) -> Kept:
    """Issue a bearer token to a machine; it is the secret of the answer."""
    secret = new_token()
    values = {"own_id": new_id(), "hashed": hash_token(secret), "title": title, "days": days}
    statement = "issue_token(:token, :id, :version, :own_id, :hashed, :title, :purposes, :days)"
    return _act(held, statement, {**values, "purposes": list(purposes)}, secret)


def end_session(held: Held, *, session_id: UUID) -> Kept:
    """End a session or revoke a token of an account at once."""
    return _act(held, "end_session(:token, :id, :version, :asked)", {"asked": session_id})


def division_of(session: Session, code: str | None) -> UUID | None:
    """Find a division by its code, which may be short, 990101 for 990101000000; None is everything.

    Raises:
        NotFound: the code is not in the register.

    """
    if code is None:
        return None
    query = text("""
        SELECT d.id FROM registry.division d WHERE d.code IN (:code, rpad(CAST(:code AS text), 12, '0'))
        ORDER BY d.code = :code DESC LIMIT 1""")
    found: UUID | None = session.execute(query, {"code": code}).scalar_one_or_none()
    if found is None:
        raise NotFound("area-unknown", f"没有区划 {code}", field="area")
    return found


def list_accounts(
    session: Session,
    token: str | None,
    *,
    text_: str | None = None,
    role: Role | None = None,
    area_id: UUID | None = None,
    active: bool | None = None,
    machine: bool | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[dict[str, Any]]:
    """Return one page of the accounts that the administrator sees, in order of their logins."""
    query = text("""SELECT * FROM registry.list_accounts(
        :token, :words, :role, :area, :active, :machine, :after, :rows)""")
    last = read_cursor(after, str)[0] if after else None
    values = {
        "token": _hashed(token), "words": text_, "role": role, "area": area_id, "active": active,
        "machine": machine, "after": last, "rows": limit + 1,
    }  # fmt: skip
    rows = [_titled(row) for row in session.scalars(query, values)]
    return cut(rows, limit, lambda row: (row["login"],))


def find_account(
    session: Session, token: str | None, account_id: UUID | None = None, login: str | None = None
) -> dict[str, Any]:
    """Return one account with its areas and live sessions, by id or login.

    Raises:
        NotFound: there is none, or it does not lie within the areas of the administrator.

    """
    query = text("SELECT registry.find_account(:token, :id, :login)")
    values = {"token": _hashed(token), "id": account_id, "login": login and login.strip().lower()}
    found: dict[str, Any] | None = session.execute(query, values).scalar_one()
    if found is None:
        raise NotFound("not-found", "没有这个账号，或不在您的区域内", field="login")
    return _titled(found)


def add_first_account(session: Session) -> str | None:
    """Give a registry without any account its security administrator; return the one-time password.

    None where somebody has one already, or the schema does not know of accounts yet.
    """
    if not session.execute(text("SELECT to_regproc('registry.add_account')")).scalar_one():
        return None
    # Two first starts at once make one.
    session.execute(text("LOCK TABLE registry.account IN SHARE ROW EXCLUSIVE MODE"))
    if session.execute(text("SELECT 1 FROM registry.account LIMIT 1")).first():
        return None
    name = ROLE_TITLES[Role.SECURITY_ADMIN]
    kept = add_account(session, login=FIRST_LOGIN, name=name, role=Role.SECURITY_ADMIN, second_factor=True)
    return kept.secret


def _act(held: Held, call: str, values: Mapping[str, object], secret: str | None = None) -> Kept:
    named = {"token": _hashed(held.token), "id": held.account_id, "version": held.version, **values}
    reached = held.session.execute(text(f"SELECT registry.{call}"), named).scalar_one()
    return Kept(held.account_id, reached, secret)


def _hashed(token: str | None) -> bytes | None:
    return hash_token(token) if token is not None else None


def _titled(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "role_title": ROLE_TITLES[Role(row["role"])]}
