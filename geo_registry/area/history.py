"""The history of any place object: its versions with what changed in each, and the acts behind them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken

KINDS = (
    "division", "place_name", "address", "building", "entrance", "housing_unit", "plate", "grid_block",
    "focus_area", "zone", "plate_batch", "sample_plan", "rectification_plan",
)  # fmt: skip
_NOUNS = {"street": "place_name", "unit": "housing_unit", "block": "grid_block", "area": "division"}
_UPKEEP = frozenset({"version", "changed_at", "act_id"})

# Where the areas of a row stand, for the kinds that do not carry all three columns.
_AREAS = {
    "division": "t.district_id, t.township_id, t.id",
    "entrance": "b.district_id, b.township_id, b.community_id",
    "rectification_plan": "z.district_id, z.township_id, z.community_id",
}
_JOINS = {
    "entrance": "JOIN registry.building b ON b.id = t.building_id",
    "rectification_plan": "JOIN registry.zone z ON z.id = t.zone_id",
}
_ANSWER = """
    WITH now AS (
      SELECT t.id, t.version, t.changed_at, t.act_id, to_jsonb(t) AS row
      FROM registry.{kind} t {join} WHERE t.id = :id AND registry.covers(CAST(:areas AS uuid[]), {areas})
    ), versions AS (
      SELECT version, changed_at AS since, NULL::timestamptz AS until, act_id, row FROM now
      UNION ALL
      SELECT h.version, lower(h.sys), upper(h.sys), h.act_id, h.row
      FROM registry.place_history h JOIN now ON now.id = h.object_id
    ), acts AS (
      SELECT a.id, a.at, a.verb, a.role, a.document_number, a.reason, account.name AS actor
      FROM (
        SELECT a.id FROM registry.act a JOIN now ON now.id = a.object_id
        -- An act on a street may have made or changed its addresses.
        UNION SELECT act_id FROM versions WHERE act_id IS NOT NULL) own
        JOIN registry.act a ON a.id = own.id LEFT JOIN registry.account ON account.id = a.account_id
    )
    SELECT v.version, coalesce(v.since, a.at) AS since, v.until, coalesce(v.act_id, a.id) AS act_id, a.verb,
      a.role, a.actor, a.document_number, a.reason, v.row
    FROM versions v FULL JOIN acts a ON a.id = v.act_id
    ORDER BY since DESC, v.version DESC NULLS LAST
"""
_STATEMENTS = {
    kind: text(
        _ANSWER.replace("{kind}", kind)
        .replace("{join}", _JOINS.get(kind, ""))
        .replace("{areas}", _AREAS.get(kind, "t.district_id, t.township_id, t.community_id"))
    )
    for kind in KINDS
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a version that differs from the version before; geometries are GeoJSON."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object with its act, or an act that left the row as it was (`version` None)."""

    version: int | None
    since: dt.datetime
    until: dt.datetime | None
    act_id: UUID | None
    verb: str | None
    role: str | None
    actor: str | None
    document_number: str | None
    reason: str | None
    changes: tuple[Change, ...]


def history_of(session: Session, viewer: Viewer, *, kind: str, object_id: UUID) -> tuple[Version, ...]:
    """Return the versions and acts of an object, newest first; `kind` is a table's name or its noun.

    Raises:
        NotFound: the object does not exist or lies outside the viewer's areas.
        RuleBroken: `kind-unknown`.

    """
    statement = _STATEMENTS.get(_NOUNS.get(kind, kind))
    if statement is None:
        raise RuleBroken("kind-unknown", f"对象种类应为 {'、'.join(KINDS)} 之一", field="kind")
    areas = None if viewer.areas is None else list(viewer.areas)
    found = session.execute(statement, {"id": object_id, "areas": areas}).all()
    if not found:
        raise NotFound("object-not-found", "没有这个对象，或不在您的辖区内")
    versions = {row.version: row.row for row in found if row.version is not None}
    return tuple(
        Version(
            row.version, row.since, row.until, row.act_id, row.verb, row.role, row.actor,
            row.document_number, row.reason, changes_between(versions.get((row.version or 0) - 1), row.row),
        )
        for row in found
    )  # fmt: skip


def changes_between(old: dict[str, Any] | None, new: dict[str, Any] | None) -> tuple[Change, ...]:
    """Return the fields in which two versions differ; none when either is missing."""
    if old is None or new is None:
        return ()
    fields = [field for field in new if field not in _UPKEEP and old.get(field) != new[field]]
    return tuple(Change(field, old.get(field), new[field]) for field in sorted(fields))
