"""The change feed: every version once, in order, none lost to a transaction that commits late."""

import time
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.area.changes import ChangeRow, changes
from geo_registry.errors import RuleBroken
from tests import factories


def _viewer(*areas: UUID) -> Viewer:
    return factories.make_viewer("steward", areas or None)


def _all(session: Session, viewer: Viewer, after: str | None = None, limit: int = 2) -> list[ChangeRow]:
    found: list[ChangeRow] = []
    while page := changes(session, viewer, after=after, limit=limit).rows:
        found += page
        after = page[-1].cursor
    return found


@pytest.mark.commits
def test_the_feed_tells_every_version_once_in_order(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        building = factories.make_building(session)
        building_id, district_id = building.id, building.district_id
    with Session(committed) as session, session.begin():
        session.execute(text("UPDATE registry.building SET floors = 7 WHERE id = :id"), {"id": building_id})
    with Session(committed) as session:
        told: list[ChangeRow] = []
        of_building: list[tuple[int, str]] = []
        # A transaction that is open elsewhere on the server holds the feed back until it ends.
        deadline = time.monotonic() + 120
        while len(of_building) < 2 and time.monotonic() < deadline:
            told = _all(session, _viewer())
            of_building = [(row.version, row.kind) for row in told if row.id == building_id]
            session.rollback()
            time.sleep(0.05)
        assert of_building == [(1, "building"), (2, "building")]
        cursors = [row.cursor for row in told]
        assert len(cursors) == len(set(cursors)) >= 3
        assert changes(session, _viewer(), after=cursors[-1]).rows == ()
        assert changes(session, _viewer(), after=cursors[-1]).next == cursors[-1]
        elsewhere = _viewer(UUID(int=99))
        assert changes(session, elsewhere).rows == ()
        own = changes(session, _viewer(district_id), limit=1000).rows
        assert building_id in {row.id for row in own}


@pytest.mark.commits
def test_a_change_that_commits_late_is_not_overtaken(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        factories.make_community(session)
    with Session(committed) as late, Session(committed) as early:
        slow = factories.make_building(late).id
        fast = factories.make_building(early).id
        early.commit()
        with Session(committed) as reader:
            before = _all(reader, _viewer())
        assert fast not in {row.id for row in before}, "an older transaction is still open"
        late.commit()
        with Session(committed) as reader:
            after = _all(reader, _viewer(), before[-1].cursor if before else None)
        assert {slow, fast} <= {row.id for row in after}


@pytest.mark.parametrize("cursor", ["x", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkfMQ"])
def test_a_cursor_that_is_none_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        changes(session, _viewer(), after=cursor)
    assert refused.value.code == "cursor-invalid"


def test_a_page_has_at_most_a_thousand_rows(session: Session) -> None:
    with pytest.raises(RuleBroken):
        changes(session, _viewer(), limit=1001)
