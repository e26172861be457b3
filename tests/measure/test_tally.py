"""Totals of leaves: kept exactly through acts of every kind, and by several writers at once."""

import datetime as dt
import os
import threading
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo_registry import cluster, db
from geo_registry.measure.refresh import differences
from tests.factories import METRES_PER_LON, days, live_at, make_building, make_person, make_unit, point
from tests.measure.tally_acts import ACTS, World
from tests.measure.tally_truth import KEPT, TRUTH, WEEKS, figures

REGISTER = text("""
    INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, district_id)
    VALUES (:stay, :person, 'active', :day, CAST(:day AS date) + 3, :district)""")
# Five times as many take about a minute; the gate asks for fewer.
ACTS_TO_DO = int(os.environ.get("TALLY_ACTS", "2000"))
WRITERS = 8


def agree(world: World) -> None:
    """Demand that the totals are those of the base tables, and the weeks add up to them."""
    kept, truth = figures(world.owner, KEPT), figures(world.owner, TRUTH)
    assert kept == truth
    assert figures(world.owner, WEEKS) == {key: n for key, n in kept.items() if key[2] is None}
    assert world.owner.execute("SELECT * FROM tally_drift()").fetchall() == []
    world.owner.rollback()


@pytest.mark.commits
def test_totals_stay_exact_through_random_acts(committed: Engine, database: cluster.Urls) -> None:
    world = World(database, seed=11)
    try:
        for turn in range(ACTS_TO_DO):
            world.act()
            if turn % 250 == 0:
                agree(world)
        agree(world)
        assert all(world.done[name] > ACTS_TO_DO / 100 for name, _ in ACTS)
        assert len(figures(world.owner, TRUTH)) > 200
    finally:
        world.close()


@pytest.mark.commits
def test_writers_at_once_do_not_miscount(
    committed: Engine,
    database: cluster.Urls,
) -> None:
    first = World(database, seed=5)
    for _ in range(300):
        first.act()
    worlds = [World(database, seed=100 + number, beside=first) for number in range(WRITERS)]
    failures: list[BaseException] = []
    circles: list[str] = []

    def write(world: World) -> None:
        try:
            for _ in range(60):
                try:
                    world.act(alone=False)
                except psycopg.errors.DeadlockDetected as error:
                    # Totals are taken in one order by everybody; a circle would be given up by the database, whole.
                    world.give_up()
                    circles.append(str(error))
        except BaseException as error:  # noqa: BLE001  (told to the main thread)
            failures.append(error)

    threads = [threading.Thread(target=write, args=(world,)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert failures == []
        assert circles == []
        agree(first)
    finally:
        for world in [first, *worlds]:
            world.close()


@pytest.mark.commits
def test_a_residence_waits_for_the_redraw_that_moves_its_building(
    committed: Engine,
    database: cluster.Urls,
) -> None:
    world = World(database, seed=3)
    building = uuid4()
    world.app.execute(
        "INSERT INTO building (id, method, position, district_id) VALUES (%s, 'derived', %s, %s)",
        [building, point(150, 0), world.district],
    )
    world.app.execute(
        "INSERT INTO housing_unit (building_id, unit_text, unit_key, district_id) VALUES (%s, 'x', 'x', %s)",
        [building, world.district],
    )
    world.app.commit()
    failures: list[BaseException] = []

    def settle() -> None:
        try:
            world.settle()
            world.owner.commit()
        except psycopg.Error as error:
            failures.append(error)

    try:
        # The block is ended but not committed: the residence waits, and counts where its building is then.
        world.app.execute("UPDATE grid_block SET state = 'retired' WHERE id = %s", [world.blocks[0]])
        thread = threading.Thread(target=settle)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        world.app.commit()
        thread.join()
        assert failures == []
        agree(world)
        assert world.owner.execute("SELECT leaf_id FROM tally WHERE persons + units > 0").fetchall() == [
            (world.district,)
        ]
    finally:
        world.app.rollback()
        world.close()


def count(session: Session, columns: str) -> list[tuple[int, ...]]:
    session.flush()
    return [
        tuple(row) for row in session.execute(text(f"SELECT {columns} FROM registry.tally WHERE units > 0"))
    ]


def test_a_residence_of_the_future_counts_when_its_day_comes(session: Session) -> None:
    unit, today = make_unit(session), db.today()
    session.execute(text("SELECT registry.turn_day()"))
    stay = live_at(
        session, make_person(session), unit, valid=days(today + dt.timedelta(2), today + dt.timedelta(4))
    )
    session.execute(
        REGISTER, {"stay": stay.id, "person": stay.person_id, "district": stay.district_id, "day": db.today()}
    )
    found = {}
    for ahead in (1, 2, 3, 4):
        turn = session.execute(
            text("SELECT * FROM registry.turn_to(:day)"), {"day": today + dt.timedelta(ahead)}
        ).one()
        found[ahead] = (*count(session, "persons, registered")[0], turn.begun, turn.ended, turn.expired)
    assert found == {1: (0, 0, 0, 0, 0), 2: (1, 1, 1, 0, 0), 3: (1, 0, 0, 0, 1), 4: (0, 0, 0, 1, 0)}
    assert differences(session) == ()


def test_two_visits_in_a_cycle_are_one_visited_unit(session: Session) -> None:
    unit = make_unit(session)
    # Monday 2026-01-05 begins a cycle: its two weeks, the last minute of the second by China's clock, the next cycle.
    for at in ("2026-01-14 09:00+08", "2026-01-18 23:59+08", "2026-01-06 00:00+08", "2026-01-18 16:30+00"):
        session.execute(
            text("INSERT INTO registry.visit (unit_id, visited_at, outcome) VALUES (:unit, :at, 'vacant')"),
            {"unit": unit.id, "at": at},
        )
    weeks = session.execute(
        text("SELECT week::text, visits, units_visited FROM registry.tally_week WHERE visits > 0 ORDER BY 1")
    )
    assert [tuple(row) for row in weeks] == [("2026-01-05", 1, 1), ("2026-01-12", 2, 0), ("2026-01-19", 1, 1)]


def test_a_rebuild_finds_the_weeks_of_the_facts(session: Session) -> None:
    session.execute(text("SELECT registry.turn_day()"))
    unit = make_unit(session)
    today = db.today()
    live_at(
        session, make_person(session), unit, valid=days(today - dt.timedelta(21), today - dt.timedelta(7))
    )
    live_at(session, make_person(session), unit, valid=days(today - dt.timedelta(900)))
    before = session.execute(text("SELECT * FROM registry.tally ORDER BY leaf_id")).all()
    session.execute(text("SELECT registry.tally_rebuild()"))
    assert session.execute(text("SELECT * FROM registry.tally ORDER BY leaf_id")).all() == before
    monday = today - dt.timedelta(today.weekday())
    weeks = session.execute(
        text("SELECT week, persons FROM registry.tally_week WHERE persons <> 0 ORDER BY week")
    )
    assert [((monday - row.week).days // 7, row.persons) for row in weeks] == [(52, 1), (3, 1), (1, -1)]
    assert differences(session) == ()


def test_a_wrong_total_is_found(session: Session) -> None:
    make_unit(session)
    session.execute(text("UPDATE registry.tally SET units = 5, persons = 1"))
    found = {(one.name, one.kept, one.counted) for one in differences(session)}
    assert ("units", 5, 1) in found
    assert ("persons of all weeks", 0, 1) in found


def test_heat_cells_carry_a_class_and_none_where_few_live(session: Session) -> None:
    crowd = make_building(session, at=(5000, 0))
    hall = [make_unit(session, crowd, room) for room in ("101", "102", "103")]
    make_unit(session, make_building(session, at=(8000, 0)))
    for number in range(12):
        stay = live_at(session, make_person(session), hall[number % 3], valid=days(dt.date(2020, 1, 1)))
        if number < 11:
            session.execute(
                REGISTER,
                {"stay": stay.id, "person": stay.person_id, "district": stay.district_id, "day": db.today()},
            )
    monday = session.execute(text("SELECT registry.monday(:day)"), {"day": db.today()}).scalar_one()
    for _ in range(2):
        assert (
            session.execute(text("SELECT registry.refresh_heat(:day)"), {"day": db.today()}).scalar_one() == 2
        )
    cells = session.execute(
        text("SELECT week, class_no, ST_XMax(shape) - ST_XMin(shape) AS wide FROM registry.heat_cell")
    )
    found = cells.all()
    # One of twelve without a registration is 8.3 %.
    assert [(row.week, row.class_no) for row in sorted(found, key=lambda row: row.class_no is None)] == [
        (monday, 2),
        (monday, None),
    ]
    assert all(140 < row.wide * METRES_PER_LON < 160 for row in found)


def test_heat_cells_of_a_past_week_follow_the_dates_of_the_facts(session: Session) -> None:
    crowd, last = make_building(session, at=(5000, 0)), db.today() - dt.timedelta(14)
    hall = [
        make_unit(session, crowd, room, valid=days(dt.date(2020, 1, 1))) for room in ("101", "102", "103")
    ]
    stays = [
        live_at(session, make_person(session), hall[number % 3], valid=days(dt.date(2020, 1, 1), until))
        for number, until in enumerate([None] * 12 + [last - dt.timedelta(30)])
    ]
    # In force then, one replaced since; one ended, one began later, one draft, one returned.
    forms = [("active", 400, None)] * 6 + [("changed", 400, None), ("expired", 400, 7)]
    forms += [("expired", 400, 60), ("active", 3, None), ("draft", 400, None), ("returned", 400, None)]
    for stay, (status, ago, until) in zip(stays, forms, strict=False):
        session.execute(
            text("""INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, district_id)
                    VALUES (:stay, :person, :status, :today - :ago, :today - CAST(:until AS int), :district)"""),
            {"stay": stay.id, "person": stay.person_id, "status": status, "ago": ago, "until": until,
             "today": db.today(), "district": stay.district_id},
        )  # fmt: skip
    for asked, wanted in ((last, 5), (last - dt.timedelta(3000), None)):
        session.execute(text("SELECT registry.refresh_heat(:day)"), {"day": asked})
        found = session.execute(
            text("SELECT class_no FROM registry.heat_cell WHERE week = registry.monday(:day)"), {"day": asked}
        ).scalars()
        # Eight of twelve were registered; before 2020 nobody lived there.
        assert list(found) == [wanted]


def test_a_check_of_an_unknown_unit_is_refused_by_name(session: Session) -> None:
    with pytest.raises(IntegrityError) as caught:
        session.execute(
            text(
                "SELECT registry.record_field_check(NULL, NULL, registry.new_id(), CURRENT_DATE, NULL, 1, 1, 1, 1, NULL)"
            )
        )
    assert isinstance(caught.value.orig, psycopg.Error)
    assert caught.value.orig.diag.constraint_name == "field_check_unit_id_fkey"


def test_the_server_turns_the_day_but_neither_chooses_it_nor_rewrites_totals(database: cluster.Urls) -> None:
    calls = (
        "turn_to(CURRENT_DATE)",
        "tally_rebuild()",
        "tally_recount()",
        "tally_drift()",
        "refresh_heat(CURRENT_DATE)",
    )
    with psycopg.connect(database.app, autocommit=True) as app:
        turned = app.execute(
            "SELECT day = (now() AT TIME ZONE 'Asia/Shanghai')::date FROM registry.turn_day()"
        ).fetchone()
        assert turned == (True,)
        for call in calls:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"SELECT registry.{call}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE registry.tally SET units = 0")
