"""查询目的: for what persons may be looked up, kept by a security administrator of the whole installation."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.access.viewer import hash_token
from geo_registry.db import Session, today
from geo_registry.errors import NotFound

_KEEP = text("SELECT registry.keep_purpose(:token, CAST(:told AS jsonb), :version)")


@dataclass(frozen=True, slots=True)
class KeptPurpose:
    """What an act on a purpose answers: its code, as the id, and its version."""

    id: str
    version: int


def all_purposes(session: Session) -> list[dict[str, Any]]:
    """Return all purposes, ended ones too, in order of their codes."""
    query = text("SELECT registry.purpose_told(p) FROM registry.purpose p ORDER BY p.code")
    return [
        {**row, "role_titles": [ROLE_TITLES[Role(role)] for role in row["roles"]]}
        for row in session.scalars(query)
    ]


def find_purpose(session: Session, code: str) -> dict[str, Any]:
    """Return one purpose.

    Raises:
        NotFound: there is none of that code.

    """
    found = next((row for row in all_purposes(session) if row["code"] == code), None)
    if found is None:
        raise NotFound("purpose-not-found", "没有这一目的")
    return found


def add_purpose(
    session: Session, token: str, purpose: dict[str, Any], valid_from: dt.date | None
) -> KeptPurpose:
    """Add a purpose, in force from a day on."""
    return _keep(session, token, {**purpose, "valid": f"[{valid_from or today()},)"}, None)


def change_purpose(
    session: Session, token: str, code: str, version: int, changed: dict[str, Any]
) -> KeptPurpose:
    """Change what is given of a purpose; it holds for looks from now on."""
    return _keep(session, token, {**changed, "code": code}, version)


def end_purpose(session: Session, token: str, code: str, version: int) -> KeptPurpose:
    """End a purpose at once; the looks it was stated for keep it."""
    first = find_purpose(session, code)["valid_from"]
    ended = f"[{first},{today()})" if first and first < str(today()) else "empty"
    return _keep(session, token, {"code": code, "valid": ended}, version)


def _keep(session: Session, token: str, purpose: dict[str, Any], version: int | None) -> KeptPurpose:
    values = {"token": hash_token(token), "told": json.dumps(purpose), "version": version}
    return KeptPurpose(purpose["code"], session.execute(_KEEP, values).scalar_one())
