"""The story of the demonstration town: the register's own rules hold for it (R5, R63, R70, R54, R55)."""

import datetime as dt
import fcntl
import os
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.account.accounts import add_account
from geo_registry.commands.town import ACCOUNTS, load_town
from geo_registry.db import TIMEZONE
from geo_registry.demo.cases import CASES, tell_cases
from geo_registry.demo.desk import DECLARED, NOTES, PREMISES, TIPS, VERIFICATIONS, lay_desks
from geo_registry.demo.plate_work import CASES as NAMES
from geo_registry.demo.plate_work import CERTIFIED, tell_plates
from geo_registry.demo.story import OWN_BLOCK, tell_story
from geo_registry.grid.visits import my_blocks
from geo_registry.measure.refresh import differences
from geo_registry.settings import settings
from geo_registry.zone.reads import zones
from tests.factories import hashed_once, make_viewer
from tests.templates import drop, locked, migrated


@pytest.fixture(scope="module")
def town(database: cluster.Urls) -> Iterator[Session]:
    """Give a small town with its accounts and its story, in a database of its own."""
    name = f"story_{os.getpid()}"
    with locked("template", fcntl.LOCK_EX):
        urls = cluster.create_database(settings(), name, migrated())
    # The smallest town that has the blocks of the zone that is overdue.
    began = time.monotonic()
    load_town(urls.owner, scale=0.5)
    loaded = time.monotonic() - began
    engine = create_engine(urls.owner, connect_args={"options": f"-c timezone={TIMEZONE}"})
    with Session(engine) as session, session.begin(), hashed_once():
        for login, shown, role, codes in ACCOUNTS:
            add_account(
                session, login=login, name=shown, role=role, password="correct-horse", division_codes=codes
            )
        now = dt.datetime.now(ZoneInfo(TIMEZONE))
        tell_story(session, now)
        began = time.monotonic()
        tell_cases(session, now.date())
        # Two seconds where the town takes six.
        assert time.monotonic() - began < loaded
        lay_desks(session, now.date())
        tell_plates(session, now.date())
    with Session(engine) as session:
        yield session
    engine.dispose()
    drop(name)


def one(town: Session, query: str) -> tuple[object, ...]:
    """Return the one row of a question."""
    return tuple(town.connection().exec_driver_sql(query).one())


def test_totals_are_those_of_the_register(town: Session) -> None:
    assert differences(town) == ()


def test_plates_hang_with_evidence_and_batches_balance(town: Session) -> None:
    hung, proved, pictures = one(town, """
        SELECT (SELECT count(*) FROM registry.plate WHERE state IN ('installed', 'verified')),
          (SELECT count(*) FROM registry.plate_installation), (SELECT count(*) FROM registry.photo)""")  # fmt: skip
    assert hung
    assert proved
    assert pictures
    assert one(town, "SELECT count(*) FILTER (WHERE made <> installed + stock + scrapped), count(*) > 0"
                     " FROM registry.plate_batch") == (0, True)  # fmt: skip


def test_every_unit_lies_in_one_block_that_somebody_answers_for_but_for_three(town: Session) -> None:
    assert one(town, """
        SELECT count(*) FILTER (WHERE b.block_id IS NULL) FROM registry.housing_unit u
          LEFT JOIN registry.building_block b USING (building_id)""") == (0,)  # fmt: skip
    assert one(town, """
        SELECT count(*) FROM registry.grid_block g WHERE state = 'current' AND NOT EXISTS (
          SELECT FROM registry.block_assignment a WHERE a.block_id = g.id AND a.role = 'responsible'
            AND a.valid @> CURRENT_DATE)""")[0] in range(1, 4)  # fmt: skip


def test_the_coordinator_finds_her_block(town: Session) -> None:
    (account,) = one(town, "SELECT id FROM registry.account WHERE login = 'coordinator'")
    (own,) = my_blocks(town, make_viewer(Role.COORDINATOR, account_id=account))
    assert own.name == OWN_BLOCK


def test_a_zone_is_overdue_and_has_missed_sweeps(town: Session) -> None:
    late = [row for row in zones(town, make_viewer(Role.LEADER)).rows if row.is_overdue]
    assert late
    assert all(row.missed and row.days_left is not None and row.days_left < 0 for row in late)
    assert all(row.has_plan for row in late)


def test_cases_stand_in_every_state_and_some_are_late(town: Session) -> None:
    query = "SELECT status, count(*) AS cases FROM registry.registration_case GROUP BY status"
    counts: dict[str, int] = {row.status: row.cases for row in town.connection().exec_driver_sql(query)}
    assert sum(counts.values()) == len(CASES)
    assert counts.keys() == {
        "draft", "submitted", "officer_review", "station_review", "returned", "active", "void"
    }  # fmt: skip
    late = "status IN ('submitted', 'officer_review', 'station_review') AND due_on < CURRENT_DATE"
    assert one(town, f"SELECT count(*) >= 3 FROM registry.registration_case WHERE {late}") == (True,)
    assert one(
        town, "SELECT bool_and(entered_at < now()), count(DISTINCT action) FROM registry.registration_case"
    ) == (True, 4)
    assert one(town, "SELECT count(*) FROM registry.session WHERE ended_at IS NULL") == (0,)


def test_the_desks_hold_checks_notes_tips_premises_and_declarations(town: Session) -> None:
    counts = one(
        town,
        "SELECT (SELECT count(*) FROM registry.verification), (SELECT count(*) FROM registry.dwelling_note), "
        "(SELECT count(*) FROM registry.tip), (SELECT count(*) FROM registry.premises), "
        "(SELECT count(*) FROM registry.declaration WHERE status = 'pending')",
    )
    assert counts == (len(VERIFICATIONS), len(NOTES), len(TIPS), len(PREMISES), len(DECLARED))
    states = one(town, "SELECT array_agg(DISTINCT state ORDER BY state) FROM registry.verification")
    assert states == (["approved", "open", "refused"],)


def test_names_are_on_their_way_and_plates_are_given_out(town: Session) -> None:
    states = one(town, "SELECT array_agg(state ORDER BY state) FROM registry.naming_case")
    assert len(states[0]) == len(NAMES)  # type: ignore[arg-type]
    assert set(states[0]) == {"reserved", "reviewing", "approved", "published", "in_force", "returned"}  # type: ignore[call-overload]
    certified, tasks, warned = one(
        town,
        "SELECT (SELECT count(*) FROM registry.address WHERE certified_at IS NOT NULL), "
        "(SELECT count(*) FROM registry.plate_task WHERE state = 'open'), "
        "(SELECT count(*) FROM registry.address_warning)",
    )
    assert 0 < int(str(certified)) <= CERTIFIED
    assert int(str(tasks)) > 0
    assert int(str(warned)) > 0
