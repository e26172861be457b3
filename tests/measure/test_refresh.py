"""The upkeep of totals: on the command line, and by the server when the calendar turns."""

import datetime as dt
import threading
import time

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster, db
from geo_registry.commands.measure import measure_app
from geo_registry.measure import refresh
from geo_registry.measure.rules import monday
from tests.factories import days, make_building, make_unit

runner = CliRunner()
YESTERDAY = text("UPDATE registry.tally_day SET day = :day")


@pytest.fixture
def here(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    return committed


def set_day(engine: Engine, day: dt.date) -> None:
    with engine.begin() as connection:
        connection.execute(YESTERDAY, {"day": day})


def day_of(engine: Engine) -> dt.date:
    with engine.connect() as connection:
        day: dt.date = connection.execute(text("SELECT day FROM registry.tally_day")).scalar_one()
        return day


@pytest.mark.commits
def test_refresh_turns_the_day_and_reports(here: Engine) -> None:
    set_day(here, db.today() - dt.timedelta(1))
    for options in (["refresh"], ["refresh", "--rebuild"], ["refresh", "--check"]):
        answer = runner.invoke(measure_app, options)
        assert answer.exit_code == 0, answer.output
        assert "all totals agree" in answer.output
    assert day_of(here) == db.today()


@pytest.mark.commits
def test_weeks_that_passed_without_a_refresh_get_their_heat_cells(here: Engine) -> None:
    now = monday(db.today())
    with Session(here) as session:
        make_unit(session, make_building(session), valid=days(dt.date(2020, 1, 1)))
        session.execute(text("SELECT registry.refresh_heat(:day)"), {"day": now - dt.timedelta(21)})
        session.commit()
    assert "3 heat cells" in runner.invoke(measure_app, ["refresh"]).output
    with here.connect() as connection:
        weeks = connection.execute(text("SELECT week FROM registry.heat_cell ORDER BY week DESC")).scalars()
        assert list(weeks) == [now - dt.timedelta(7 * ago) for ago in range(4)]
    assert "1 heat cells" in runner.invoke(measure_app, ["refresh"]).output


@pytest.mark.commits
def test_a_wrong_total_ends_the_check_with_1_until_it_is_written_anew(here: Engine) -> None:
    with here.begin() as connection:
        connection.execute(
            text("INSERT INTO registry.tally (leaf_id, district_id, units) VALUES (:id, :id, 4)"),
            {"id": "00000000-0000-7000-8000-000000000001"},
        )
    answer = runner.invoke(measure_app, ["refresh", "--check"])
    assert answer.exit_code == 1
    assert "units" in answer.output
    assert "--rebuild" in answer.output
    assert runner.invoke(measure_app, ["refresh", "--rebuild"]).exit_code == 0


@pytest.mark.commits
def test_several_processes_turn_the_day_once(here: Engine, database: cluster.Urls) -> None:
    yesterday = db.today() - dt.timedelta(1)
    set_day(here, yesterday)
    app = create_engine(database.app)
    stop = threading.Event()
    threads = [threading.Thread(target=refresh.turn_days, args=(app, stop)) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        until = time.monotonic() + 10
        while day_of(here) == yesterday and time.monotonic() < until:
            time.sleep(0.05)
        assert day_of(here) == db.today()
        assert refresh.turn_day(app).begun == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        app.dispose()


def test_a_database_that_is_away_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []
    stop = threading.Event()

    def away(_engine: Engine) -> refresh.Turn:
        tries.append(1)
        if len(tries) == 2:
            stop.set()
        raise OperationalError("x", None, Exception())

    monkeypatch.setattr(refresh, "turn_day", away)
    monkeypatch.setattr(refresh, "SECONDS_BETWEEN_LOOKS", 0.01)
    refresh.turn_days(create_engine("postgresql+psycopg://nowhere"), stop)
    assert len(tries) == 2
    assert "next try in a minute" in caplog.text
