"""The change feed of the place registers: every version once, in an order without gaps.

A reader sees only what lies behind the oldest transaction still open, so a change that commits late is never
overtaken: whoever keeps the last cursor misses nothing.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.pages import MAX_LIMIT, read_cursor, write_cursor

LARGEST = 2**63 - 1
# The act's month is that of its change: with it the planner reads one partition, not all.
_FEED = text("""
    SELECT c.xid::text::bigint AS xid, c.seq, c.object_kind, c.object_id, c.version, c.at, c.act_id,
      a.verb, a.document_number, c.district_id, c.township_id, c.community_id
    FROM registry.place_change c
    LEFT JOIN LATERAL (
      SELECT a.verb, a.document_number FROM registry.act a
      WHERE a.id = c.act_id AND a.at BETWEEN c.at - interval '1 day' AND c.at + interval '1 day'
      LIMIT 1) a ON true
    WHERE (c.xid, c.seq) > (CAST(CAST(:xid AS text) AS xid8), :seq)
      AND c.xid < pg_snapshot_xmin(pg_current_snapshot())
      AND registry.covers(CAST(:areas AS uuid[]), c.district_id, c.township_id, c.community_id)
    ORDER BY c.xid, c.seq LIMIT :rows
""")


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One new version of a place; `kind` is a register's name, the object is read by its own call."""

    cursor: str
    kind: str
    id: UUID
    version: int
    at: dt.datetime
    act_id: UUID | None
    verb: str | None
    document_number: str | None
    district_id: UUID | None
    township_id: UUID | None
    community_id: UUID | None


@dataclass(frozen=True, slots=True)
class Feed:
    """Changes in order; `next` is where to go on, also when nothing is new."""

    rows: tuple[ChangeRow, ...]
    next: str | None


def changes(session: Session, viewer: Viewer, *, after: str | None = None, limit: int = MAX_LIMIT) -> Feed:
    """Return at most `limit` changes behind a cursor, oldest first; without one from the beginning.

    Raises:
        RuleBroken: `cursor-invalid`, `limit-invalid`.

    """
    if not 1 <= limit <= 10 * MAX_LIMIT:
        raise RuleBroken("limit-invalid", f"每页条数应为 1 至 {10 * MAX_LIMIT}", field="limit")
    xid, seq = read_cursor(after, int, int) if after else (0, 0)
    if not (0 <= xid <= LARGEST and 0 <= seq <= LARGEST):
        raise RuleBroken("cursor-invalid", "翻页标记无效，请从第一页重新查询", field="after")
    areas = None if viewer.areas is None else list(viewer.areas)
    values = {"xid": str(xid), "seq": seq, "areas": areas, "rows": limit}
    rows = tuple(
        ChangeRow(write_cursor(row.xid, row.seq), *row[2:]) for row in session.execute(_FEED, values)
    )
    return Feed(rows, rows[-1].cursor if rows else after)
