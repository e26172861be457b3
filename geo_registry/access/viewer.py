"""The viewer: who asks in this request, resolved in the database from the session's token alone."""

import hashlib
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

from sqlalchemy import text

from geo_registry.access import rules
from geo_registry.access.rules import Permission, Role
from geo_registry.db import Session
from geo_registry.errors import NotSignedIn

__all__ = ["Permission", "Role", "Viewer", "authorize", "enter", "hash_token", "network_address"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """One signed-in account; `areas` are ids of districts and below, None is the whole installation."""

    session_id: UUID
    account_id: UUID
    login: str
    name: str
    role: Role
    areas: tuple[UUID, ...] | None
    confined: str | None = None
    """Why the session may only put its own account in order: `password`, `second-factor` or `review`."""
    kind: str = "person"
    """`machine` for a bearer token: it looks and reads, and decides nothing."""

    def may(self, permission: Permission) -> bool:
        """Tell whether the role holds the permission at all, and the session may use it now."""
        is_free = self.confined is None or permission is Permission.SESSION_OWN
        is_meant = self.kind == "person" or permission not in rules.FOR_PEOPLE
        return is_free and is_meant and rules.may(self.role, permission)


def hash_token(token: str) -> bytes:
    """Return the hash under which a session's token is stored (the token has 256 random bits)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def network_address(host: str | None) -> str | None:
    """Return a caller's network address, None for what is none: a socket, or a test."""
    try:
        return str(ip_address(host)) if host else None
    except ValueError:
        return None


def enter(session: Session, token: str) -> Viewer:
    """Return the viewer of a live session and note that it is in use.

    Raises:
        NotSignedIn: the session is unknown, ended, idle for 15 minutes or 8 hours old.

    """
    query = text(
        "SELECT session_id, account_id, login, name, role, areas, confined, kind FROM registry.enter(:hash)"
    )
    row = session.execute(query, {"hash": hash_token(token)}).one_or_none()
    if row is None:
        raise NotSignedIn("session-ended", "登录已失效，请重新登录")
    areas = None if row.areas is None else tuple(row.areas)
    return Viewer(
        row.session_id, row.account_id, row.login, row.name, Role(row.role), areas, row.confined, row.kind
    )


def authorize(
    viewer: Viewer,
    permission: Permission,
    district_id: UUID | None = None,
    township_id: UUID | None = None,
    community_id: UUID | None = None,
) -> None:
    """Let a write pass if the role holds the permission and the object lies in the viewer's area.

    Raises:
        Refused: otherwise (HTTP 403, requirement R20).

    """
    inside = rules.covers(viewer.areas, district_id, township_id, community_id)
    rules.refuse_unless(allowed=viewer.may(permission) and inside, what=permission.value)
