"""Changes of addresses, old text and new text: noted by the acts that make them, looked up both ways."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast, get_args
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.address.near import check_known
from geo_registry.address.places import profile_in_force
from geo_registry.address.rules import divisions_before, levels_before
from geo_registry.address.scheme import Level
from geo_registry.books import book
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.text import clean, inert

LONGEST = 100
_HEADINGS = ("原地址", "变更后地址", "现地址", "变更方式", "变更日期", "文号")
_KINDS = {"rename": "地名更名", "renumber": "门牌号改编", "take_back": "撤回改号"}
# The addresses of a place name and of all below it that an act has written anew.
_NOTE_RENAME = text("""
    WITH RECURSIVE below AS (
      SELECT CAST(:id AS uuid) AS id
      UNION ALL SELECT p.id FROM registry.place_name p JOIN below ON p.parent_id = below.id)
    INSERT INTO registry.address_change (kind, old_id, new_id, place_name_id, old_text, new_text, act_id,
      district_id, township_id, community_id)
    SELECT 'rename', a.id, a.id, :id, h.row ->> 'standard_text', a.standard_text, :act,
      a.district_id, a.township_id, a.community_id
    FROM below JOIN registry.address a ON a.scope_id = below.id AND a.act_id = :act AND a.state = 'current'
      JOIN registry.place_history h ON h.object_id = a.id AND h.version = a.version - 1
    WHERE h.row ->> 'standard_text' <> a.standard_text
""")
_NOTE_RENUMBER = text("""
    INSERT INTO registry.address_change (kind, old_id, new_id, place_name_id, old_text, new_text, act_id,
      district_id, township_id, community_id)
    SELECT :kind, o.id, n.id, n.place_name_id, o.standard_text, n.standard_text, :act,
      n.district_id, n.township_id, n.community_id
    FROM unnest(CAST(:olds AS uuid[]), CAST(:news AS uuid[])) WITH ORDINALITY d (old, new, turn)
      JOIN registry.address o ON o.id = d.old JOIN registry.address n ON n.id = d.new
    WHERE o.standard_text <> n.standard_text ORDER BY d.turn
""")
# The names of every division of a level and of those above it.
_NAMES = text("""
    WITH RECURSIVE up AS (
      SELECT d.id AS leaf, d.parent_id, d.level, d.name FROM registry.division d
      WHERE d.level = :level AND (d.scheme <> 'local' OR d.code <> 'unassigned')
        AND (CAST(:areas AS uuid[]) IS NULL OR d.district_id IN (
          SELECT a.district_id FROM registry.division a WHERE a.id = ANY (:areas)))
      UNION ALL
      SELECT up.leaf, p.parent_id, p.level, p.name FROM up JOIN registry.division p ON p.id = up.parent_id)
    SELECT jsonb_object_agg(level, name) FROM up GROUP BY leaf LIMIT 5000
""")
# Each change with what the address is now: the chain is followed to its end.
_CHANGES = """
    WITH RECURSIVE page AS (
      SELECT c.* FROM registry.address_change c
      WHERE registry.covers(CAST(:areas AS uuid[]), c.district_id, c.township_id, c.community_id)
        AND {which} AND (CAST(:after AS uuid) IS NULL OR c.id {beyond} :after)
      ORDER BY c.id {order} LIMIT :limit),
    way AS (
      SELECT page.id AS start, page.id AS last, page.new_id AS address_id, 0 AS steps FROM page
      UNION ALL
      SELECT way.start, n.id, n.new_id, way.steps + 1 FROM way CROSS JOIN LATERAL (
        SELECT c.id, c.new_id FROM registry.address_change c
        WHERE c.old_id = way.address_id AND c.id > way.last ORDER BY c.id LIMIT 1) n
      WHERE way.steps < 50),
    ends AS (SELECT DISTINCT ON (start) start, address_id FROM way ORDER BY start, steps DESC)
    SELECT p.id, p.kind, p.changed_on, p.old_id, p.old_text, p.new_id, p.new_text, p.place_name_id, p.act_id,
      a.document_number, now.id, now.standard_text, now.state
    FROM page p JOIN ends ON ends.start = p.id JOIN registry.address now ON now.id = ends.address_id
      LEFT JOIN registry.act a ON a.id = p.act_id
    ORDER BY p.id {order}
"""
# The changes before and behind those of an address, as one chain.
_CHAIN = """
    c.id IN (
      WITH RECURSIVE back AS (
        SELECT b.id, b.old_id FROM registry.address_change b WHERE b.new_id = :address
        UNION SELECT b.id, b.old_id FROM registry.address_change b JOIN back ON b.new_id = back.old_id),
      ahead AS (
        SELECT f.id, f.new_id FROM registry.address_change f WHERE f.old_id = :address
        UNION SELECT f.id, f.new_id FROM registry.address_change f JOIN ahead ON f.old_id = ahead.new_id)
      SELECT id FROM back UNION SELECT id FROM ahead)
"""
# The acts behind the latest changes; of one larger than these not all doors are counted.
_LATEST = text("""
    SELECT t.act_id, t.kind, t.place_name_id, p.full_name, t.changed_on, a.document_number, t.doors
    FROM (
      SELECT c.act_id, c.kind, c.place_name_id, max(c.changed_on) AS changed_on, count(*) AS doors,
        min(c.turn) AS turn
      FROM (
        SELECT c.*, row_number() OVER (ORDER BY c.id DESC) AS turn FROM registry.address_change c
        WHERE registry.covers(CAST(:areas AS uuid[]), c.district_id, c.township_id, c.community_id)
        ORDER BY c.id DESC LIMIT 10000) c
      GROUP BY c.act_id, c.kind, c.place_name_id ORDER BY min(c.turn) LIMIT :limit) t
      JOIN registry.act a ON a.id = t.act_id LEFT JOIN registry.place_name p ON p.id = t.place_name_id
    ORDER BY t.turn
""")
_WHICH = {
    "starts": """
      c.id IN (
        SELECT o.id FROM unnest(CAST(:starts AS text[])) s JOIN registry.address_change o
          ON o.old_text ~>=~ s AND o.old_text ~<~ (s || chr(1114111))
        UNION SELECT n.id FROM unnest(CAST(:starts AS text[])) s JOIN registry.address_change n
          ON n.new_text ~>=~ s AND n.new_text ~<~ (s || chr(1114111)))
    """,
    "address": _CHAIN,
    "place_name": "c.place_name_id = :place_name",
    "act": "c.act_id = :act",
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of an address, and what that address is today."""

    id: UUID
    kind: str
    changed_on: dt.date
    old_id: UUID
    old_text: str
    new_id: UUID
    new_text: str
    place_name_id: UUID | None
    act_id: UUID | None
    document_number: str | None
    now_id: UUID
    now_text: str
    now_state: str


@dataclass(frozen=True, slots=True)
class ChangeAct:
    """One act that changed addresses of a place name, and how many doors of the viewer's areas."""

    act_id: UUID
    kind: str
    place_name_id: UUID | None
    name: str | None
    changed_on: dt.date
    document_number: str | None
    doors: int


def note_rename(session: Session, place_name_id: UUID, act_id: UUID) -> None:
    """Note the change of every current address at or below a place name that an act has written anew."""
    session.execute(_NOTE_RENAME, {"id": place_name_id, "act": act_id})


def note_renumber(
    session: Session, pairs: list[tuple[UUID, UUID]], act_id: UUID, *, kind: str = "renumber"
) -> None:
    """Note that each second address follows the first of its pair; `kind` is renumber or take_back."""
    olds, news = [old for old, _ in pairs], [new for _, new in pairs]
    session.execute(_NOTE_RENUMBER, {"olds": olds, "news": news, "act": act_id, "kind": kind})


def changes(
    session: Session,
    viewer: Viewer,
    *,
    q: str | None = None,
    address_id: UUID | None = None,
    place_name_id: UUID | None = None,
    act_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ChangeRow]:
    """Return changes of addresses, the latest first; those of one address as a chain, the first text first.

    `q` is the beginning of the old or of the new text, with the divisions before it or without;
    `place_name_id` is a street whose doors were renumbered, or one that got another name.

    Raises:
        RuleBroken: `cursor-invalid`, `limit-invalid`.

    """
    which, asked = _asked(session, viewer, q, address_id, place_name_id, act_id)
    last = read_cursor(after, UUID)[0] if after else None
    chained = address_id is not None
    rows = _rows(session, viewer, which, asked, last, checked_limit(limit) + 1, latest_first=not chained)
    return cut(rows, limit, lambda row: (row.id,))


def latest_acts(session: Session, viewer: Viewer, *, limit: int = 20) -> tuple[ChangeAct, ...]:
    """Return the acts that changed addresses of the viewer's areas, the latest first."""
    areas = None if viewer.areas is None else list(viewer.areas)
    return tuple(ChangeAct(*row) for row in session.execute(_LATEST, {"areas": areas, "limit": limit}))


def every_change(
    session: Session, viewer: Viewer, *, place_name_id: UUID | None = None, act_id: UUID | None = None
) -> Iterator[ChangeRow]:
    """Yield all changes of a street or of an act, a thousand at a time."""
    which, asked = _asked(session, viewer, None, None, place_name_id, act_id)
    last: UUID | None = None
    while rows := _rows(session, viewer, which, asked, last, 1000):
        yield from rows
        last = rows[-1].id


def change_book(session: Session, viewer: Viewer, *, place_name_id: UUID) -> IO[bytes]:
    """Return the table of old and new addresses of a street as a spreadsheet.

    Raises:
        NotFound: no such place name that the viewer knows.

    """
    check_known(session, viewer, place_name_id)
    rows = (_cells(one) for one in every_change(session, viewer, place_name_id=place_name_id))
    return book("地址变更对照表", _HEADINGS, rows, widths=(44, 44, 44, 12, 12, 24))


def change_lines(session: Session, viewer: Viewer, *, place_name_id: UUID) -> Iterator[str]:
    """Yield the same table as lines of CSV, with the mark by which spreadsheets know UTF-8.

    Raises:
        NotFound: no such place name that the viewer knows.

    """
    check_known(session, viewer, place_name_id)
    yield "\ufeff"
    for row in (_HEADINGS, *map(_cells, every_change(session, viewer, place_name_id=place_name_id))):
        line = io.StringIO(newline="")
        csv.writer(line).writerow([inert(str(cell or "")) for cell in row])
        yield line.getvalue()


def _cells(row: ChangeRow) -> tuple[str | dt.date | None, ...]:
    return (
        row.old_text, row.new_text, row.now_text, _KINDS[row.kind], row.changed_on, row.document_number,
    )  # fmt: skip


def one_change(session: Session, viewer: Viewer, change_id: UUID) -> ChangeRow:
    """Return one change.

    Raises:
        NotFound: there is none, or not in the viewer's areas.

    """
    rows = _rows(session, viewer, "c.id = :change", {"change": change_id}, None, 1)
    if not rows:
        raise NotFound("change-not-found", "没有这条地址变更，或不在您的辖区内")
    return rows[0]


def _asked(
    session: Session,
    viewer: Viewer,
    q: str | None,
    address_id: UUID | None,
    place_name_id: UUID | None,
    act_id: UUID | None,
) -> tuple[str, dict[str, object]]:
    words = clean(q or "").replace(" ", "")[:LONGEST]
    given: dict[str, object] = {"address": address_id, "place_name": place_name_id, "act": act_id}
    given = {name: value for name, value in given.items() if value is not None}
    if words:
        given["starts"] = _starts(session, viewer, words)
    return " AND ".join(["true", *(_WHICH[name] for name in given)]), given


def _starts(session: Session, viewer: Viewer, words: str) -> list[str]:
    """Return how a text may begin: as it was typed, and with the divisions that are written before a name."""
    profile = profile_in_force(session)
    starts = {words}
    for unique in {profile.street_unique_in, "community"}:
        levels = levels_before(profile, cast("Level", unique))
        deepest = max(levels, key=get_args(Level).index, default="district")
        areas = None if viewer.areas is None else list(viewer.areas)
        named = session.execute(_NAMES, {"level": deepest, "areas": areas}).scalars()
        starts |= {divisions_before(profile, names, cast("Level", unique)) + words for names in named}
    return sorted(starts)


def _rows(
    session: Session,
    viewer: Viewer,
    which: str,
    asked: dict[str, object],
    last: UUID | None,
    limit: int,
    *,
    latest_first: bool = False,
) -> list[ChangeRow]:
    areas = None if viewer.areas is None else list(viewer.areas)
    values = {**asked, "areas": areas, "after": last, "limit": limit}
    order, beyond = ("DESC", "<") if latest_first else ("", ">")
    statement = _CHANGES.replace("{which}", which).replace("{order}", order).replace("{beyond}", beyond)
    found = session.execute(text(statement), values)
    return [ChangeRow(*row) for row in found]
