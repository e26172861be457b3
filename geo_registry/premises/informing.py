"""Organisations to be told that their address has changed: one list for each street (R91)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import IO
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.address.near import check_known
from geo_registry.books import book
from geo_registry.db import Session
from geo_registry.pages import Page, checked_limit, cut, read_cursor

# The first text since the day, over all changes, is the one that an organisation knows; where the address has
# it again, nothing has changed. The address now is that of its building.
_CONCERNED = text("""
    WITH RECURSIVE way AS (
      SELECT c.new_id AS now_id, c.id, c.old_id, c.old_text, c.changed_on
      FROM registry.address_change c JOIN registry.address a ON a.id = c.new_id AND a.state = 'current'
      WHERE c.place_name_id = :street AND (CAST(:since AS date) IS NULL OR c.changed_on >= :since)
      UNION
      SELECT w.now_id, c.id, c.old_id, c.old_text, c.changed_on
      FROM way w JOIN registry.address_change c ON c.new_id = w.old_id AND c.id < w.id
      WHERE CAST(:since AS date) IS NULL OR c.changed_on >= :since)
    SELECT p.id, p.name, p.organisation_code, f.old_text, a.standard_text, u.unit_text, f.changed_on
    FROM (
      SELECT DISTINCT ON (w.now_id) w.now_id, w.old_text, w.changed_on FROM way w ORDER BY w.now_id, w.id) f
      JOIN registry.address a ON a.id = f.now_id AND a.standard_text <> f.old_text
      JOIN registry.building_address b ON b.address_id = a.id AND b.valid @> CURRENT_DATE
      JOIN registry.premises p ON p.building_id = b.building_id AND p.state = 'current'
      LEFT JOIN registry.housing_unit u ON u.id = p.unit_id
    WHERE registry.covers(CAST(:areas AS uuid[]), p.district_id, p.township_id, p.community_id)
      AND (CAST(:name AS text) IS NULL OR (p.name, p.id) > (CAST(:name AS text), CAST(:last AS uuid)))
    ORDER BY p.name, p.id LIMIT :limit
""")
_HEADINGS = ("单位名称", "统一社会信用代码", "原地址", "现地址", "室号", "变更日期")


@dataclass(frozen=True, slots=True)
class ToInform:
    """An organisation, the address it knew and the one it has now."""

    id: UUID
    name: str
    organisation_code: str | None
    old_text: str
    new_text: str
    unit_text: str | None
    changed_on: dt.date


def premises_to_inform(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    since: dt.date | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ToInform]:
    """Return organisations at addresses of a street that were renumbered or renamed since a day, by name.

    Raises:
        NotFound: no such place name that the viewer knows.

    """
    check_known(session, viewer, place_name_id)
    last = read_cursor(after, str, UUID) if after else None
    rows = _rows(session, viewer, place_name_id, since, last, checked_limit(limit) + 1)
    return cut(rows, limit, lambda row: (row.name, row.id))


def book_to_inform(
    session: Session, viewer: Viewer, *, place_name_id: UUID, since: dt.date | None = None
) -> IO[bytes]:
    """Return the whole list of a street as a table.

    Raises:
        NotFound: no such place name that the viewer knows.

    """
    check_known(session, viewer, place_name_id)

    def every() -> Iterator[tuple[str | dt.date | None, ...]]:
        last: tuple[str, UUID] | None = None
        while rows := _rows(session, viewer, place_name_id, since, last, 1000):
            yield from (astuple(row)[1:] for row in rows)
            last = rows[-1].name, rows[-1].id

    return book("告知单位", _HEADINGS, every(), widths=(32, 22, 40, 40, 14, 12))


def _rows(
    session: Session, viewer: Viewer, street: UUID, since: dt.date | None, last: tuple[str, UUID] | None,
    limit: int,
) -> list[ToInform]:  # fmt: skip
    name, own = last or (None, None)
    areas = None if viewer.areas is None else list(viewer.areas)
    asked = {"street": street, "since": since, "areas": areas, "name": name, "last": own, "limit": limit}
    return [ToInform(*row) for row in session.execute(_CONCERNED, asked)]
