"""The bin: addresses entered by mistake with their plates, cancelled plates, names never in force."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer
from geo_registry.address import bin as numbers
from geo_registry.address.bulk import Many
from geo_registry.address.tables import Address
from geo_registry.address.warnings import check_scopes
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.steps import hold_addresses
from geo_registry.plate.tables import Plate

KINDS = ("address", "plate", "place_name")
_CANCEL = text("""
    SELECT p.id, coalesce(p.community_id, p.township_id, p.district_id) AS division_id, p.address_id
    FROM registry.plate p WHERE p.address_id = ANY (:ids) AND p.state = ANY (:unmade) ORDER BY p.id FOR UPDATE
""")
_CANCELLED = text("""
    UPDATE registry.plate p SET state = 'cancelled', act_id = s.act_id,
      valid = daterange(lower(p.valid), greatest(CURRENT_DATE, lower(p.valid) + 1))
    FROM unnest(CAST(:ids AS uuid[]), CAST(:acts AS uuid[])) s (id, act_id) WHERE p.id = s.id
""")
# Plates cancelled by the very act that removed their address, with the state before.
_GONE_WITH = text("""
    SELECT DISTINCT ON (p.id) p.id, coalesce(p.community_id, p.township_id, p.district_id) AS division_id,
      p.address_id, h.row ->> 'state' AS was
    FROM unnest(CAST(:ids AS uuid[]), CAST(:was AS uuid[])) s (id, was)
      JOIN registry.plate p ON p.address_id = s.id AND p.state = 'cancelled'
      JOIN registry.act a ON a.id = p.act_id AND a.cause_act_id = s.was
      JOIN registry.place_history h ON h.object_id = p.id AND h.row ->> 'state' <> 'cancelled'
    ORDER BY p.id, h.version DESC
""")
_RESTORED = text("""
    UPDATE registry.plate p SET state = s.state, act_id = s.act_id, valid = daterange(lower(p.valid), NULL)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:acts AS uuid[])) s (id, state, act_id)
    WHERE p.id = s.id
""")
_BEFORE = text("""
    SELECT h.row ->> 'state' FROM registry.place_history h
    WHERE h.object_id = :id AND h.row ->> 'state' <> 'cancelled' ORDER BY h.version DESC LIMIT 1
""")
_OTHER = text("""
    SELECT p.text FROM registry.plate p
    WHERE p.address_id = :address AND p.kind = :kind AND p.id <> :id
      AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled') LIMIT 1
""")
_BIN = """
    SELECT g.kind, g.id, g.version, g.text, g.state, h.was, g.changed_at, account.name AS removed_by,
      a.reason, coalesce(h.act_id, g.act_id) AS act_id, g.place_name_id, ST_X(g.position) AS lon,
      ST_Y(g.position) AS lat, g.is_free, g.batch_id, a.verb
    FROM ({parts}) g
      LEFT JOIN LATERAL (
        SELECT h.row ->> 'state' AS was, CAST(after.row ->> 'act_id' AS uuid) AS act_id
        FROM registry.place_history h
          LEFT JOIN registry.place_history after ON after.object_id = h.object_id
            AND after.version = h.version + 1
        WHERE h.object_id = g.id AND h.row ->> 'state' <> g.state ORDER BY h.version DESC LIMIT 1) h ON true
      LEFT JOIN registry.act a ON a.id = coalesce(h.act_id, g.act_id)
      LEFT JOIN registry.account ON account.id = a.account_id
    ORDER BY g.changed_at DESC, g.id DESC LIMIT :most
"""
_COLUMNS = {
    "address": "t.standard_text AS text, t.place_name_id, t.position, NULL::uuid AS batch_id, NOT EXISTS ("
    "SELECT FROM registry.address o WHERE o.scope_id = t.scope_id AND o.number_key = t.number_key"
    " AND o.state NOT IN ('removed', 'rejected'))"
    " AND NOT EXISTS (SELECT FROM registry.succession s WHERE s.old_id = t.id) AS is_free",
    "plate": "(SELECT a.standard_text FROM registry.address a WHERE a.id = t.address_id) AS text,"
    " (SELECT a.place_name_id FROM registry.address a WHERE a.id = t.address_id) AS place_name_id,"
    " t.position, t.batch_id, NOT EXISTS ("
    "SELECT FROM registry.plate o WHERE o.address_id = t.address_id AND o.kind = t.kind"
    " AND o.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled'))"
    " AND EXISTS (SELECT FROM registry.address a WHERE a.id = t.address_id"
    " AND a.state IN ('proposed', 'current')) AS is_free",
    "place_name": "t.full_name AS text, t.id AS place_name_id, NULL::geometry AS position,"
    " NULL::uuid AS batch_id, false AS is_free",
}
_STATES = {"address": "('removed')", "plate": "('cancelled')", "place_name": "('removed', 'rejected')"}
_OF_STREET = {
    "address": "t.scope_id = :street",
    "plate": "t.address_id IN (SELECT a.id FROM registry.address a WHERE a.scope_id = :street)",
    "place_name": "(t.id = :street OR t.parent_id = :street)",
}


@dataclass(frozen=True, slots=True)
class Binned:
    """One thing in the bin: what it was, who put it there, when and why, and whether it can come back."""

    kind: str
    id: UUID
    version: int
    text: str
    state: str
    was: str | None
    removed_at: dt.datetime
    removed_by: str | None
    reason: str | None
    act_id: UUID | None
    place_name_id: UUID | None
    lon: float | None
    lat: float | None
    can_restore: bool


def binned(
    session: Session,
    viewer: Viewer,
    *,
    kind: str | None = None,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Binned]:
    """Return what lies in the bin, the latest first: addresses, plates and place names.

    Raises:
        RuleBroken: `kind-unknown`.

    """
    if kind is not None and kind not in KINDS:
        raise RuleBroken("kind-unknown", f"种类应为 {'、'.join(KINDS)} 之一", field="kind")
    asked: dict[str, Any] = {
        "most": checked_limit(limit) + 1, "areas": None if viewer.areas is None else list(viewer.areas),
        "area": area_id, "street": place_name_id,
    }  # fmt: skip
    if after is not None:
        asked["before"], asked["last"] = read_cursor(after, dt.datetime.fromisoformat, UUID)
    parts = [
        _part(one, area=area_id is not None, street=place_name_id is not None, after=after is not None)
        for one in ((kind,) if kind else KINDS)
    ]
    found = session.execute(text(_BIN.replace("{parts}", " UNION ALL ".join(parts))), asked).all()
    rows = [Binned(*[*row[:13], _returns(row)]) for row in found]
    return cut(rows, limit, lambda row: (row.removed_at.isoformat(), row.id))


def remove_addresses(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Remove addresses that were entered by mistake, with the plates that nobody has ordered; all or none.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        Conflict: `plate-made`, `address-in-use`.
        RuleBroken: `reason-required`, `not-removable`.

    """
    done, causes = numbers.remove_addresses(
        session, viewer, address_ids=address_ids, versions=versions, document_number=document_number,
        reason=reason,
    )  # fmt: skip
    plates = session.execute(_CANCEL, {"ids": list(causes), "unmade": list(numbers.UNMADE)}).all()
    logged = _log(session, viewer, "cancel", plates, causes, Paper(document_number, reason))
    with translated():
        session.execute(_CANCELLED, {"ids": [plate.id for plate in plates], "acts": logged})
    session.expire_all()
    check_scopes(session, _scopes(session, list(causes)))
    return done


def restore_addresses(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Bring addresses back from the bin with the buildings and plates that went with them; all or none.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        Conflict: `number-taken`.
        RuleBroken: `not-removed`, `parent-not-current`.

    """
    done, was, causes = numbers.restore_addresses(
        session, viewer, address_ids=address_ids, versions=versions, document_number=document_number,
        reason=reason,
    )  # fmt: skip
    plates = session.execute(_GONE_WITH, {"ids": list(was), "was": list(was.values())}).all()
    logged = _log(session, viewer, "restore", plates, causes, Paper(document_number, reason))
    told = {"ids": [one.id for one in plates], "states": [one.was for one in plates], "acts": logged}
    with translated():
        session.execute(_RESTORED, told)
    session.expire_all()
    check_scopes(session, _scopes(session, list(was)))
    return done


def restore_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Bring a cancelled plate back to the state in which it was cancelled.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `plate-exists`, the address has another plate of the kind.
        RuleBroken: `plate-state`, `plate-in-batch`, or `not-in-force` when the address is not.

    """
    hold_addresses(session, [plate_id])
    row = load_for_change(session, viewer, Plate, plate_id, version=version, permission=Permission.PLATE_EDIT)
    address = session.get_one(Address, row.address_id, populate_existing=True)
    named = f"{address.standard_text} 的门牌"
    if row.state != "cancelled":
        raise RuleBroken("plate-state", f"{named}不在回收站中，不必恢复", field="state", state=row.state)
    if row.batch_id is not None:
        raise RuleBroken("plate-in-batch", f"{named}随制作批次取消，请为该地址另编新门牌", field="state")
    if address.state not in {"proposed", "current"}:
        detail = f"{address.standard_text} 不是现行地址，请先恢复地址"
        raise RuleBroken("not-in-force", detail, field="address_id")
    asked = {"id": row.id, "address": row.address_id, "kind": row.kind}
    if session.execute(_OTHER, asked).first() is not None:
        raise Conflict("plate-exists", f"{address.standard_text} 已另有同种门牌，请先取消那一块")
    was = session.execute(_BEFORE, {"id": row.id}).scalar() or "draft"
    begin_act(session, viewer, "restore", "plate", row, Paper(document_number, reason))
    row.state = was if address.state == "current" else "draft"
    row.valid = type(row.valid)(row.valid.lower, None)
    return finish(session, row)


def _scopes(session: Session, address_ids: Sequence[UUID]) -> Sequence[UUID]:
    return (
        session.execute(select(Address.scope_id).where(Address.id.in_(address_ids)).distinct())
        .scalars()
        .all()
    )


def _log(
    session: Session, viewer: Viewer, verb: str, plates: Sequence[Any], causes: dict[UUID, UUID], paper: Paper
) -> list[UUID]:
    """Log an act on each plate, caused by the act on its address."""
    logged: dict[UUID, UUID] = {}
    for address_id, cause in causes.items():
        mine = [(one.id, one.division_id) for one in plates if one.address_id == address_id]
        ids = acts.record_many(
            session, viewer, verb, "plate", mine, document_number=paper.document_number, reason=paper.reason,
            cause=cause,
        )  # fmt: skip
        logged |= {plate_id: act_id for (plate_id, _), act_id in zip(mine, ids, strict=True)}
    return [logged[one.id] for one in plates]


def _part(kind: str, *, area: bool, street: bool, after: bool) -> str:
    """Return the select of one kind; every piece of it is a constant of this module."""
    conditions = [
        f"t.state IN {_STATES[kind]}",
        "registry.covers(CAST(:areas AS uuid[]), t.district_id, t.township_id, t.community_id)",
    ]
    if area:
        conditions.append("(t.district_id = :area OR t.township_id = :area OR t.community_id = :area)")
    if street:
        conditions.append(_OF_STREET[kind])
    if after:
        conditions.append("(t.changed_at, t.id) < (:before, :last)")
    head = f"SELECT '{kind}' AS kind, t.id, t.version, t.state, t.changed_at, t.act_id, {_COLUMNS[kind]}"
    found = f"{head} FROM registry.{kind} t WHERE {' AND '.join(conditions)}"
    return f"({found} ORDER BY t.changed_at DESC, t.id DESC LIMIT :most)"


def _returns(row: Any) -> bool:  # noqa: ANN401  (one row of the bin)
    return bool(row.is_free) and row.batch_id is None and row.verb != "take_back"
