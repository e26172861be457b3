"""Promises that need real transactions: no number twice (P14), no update lost (P15)."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.address.tables import Address, PlaceName
from geo_registry.address.writes import correct_address, number_address, retire_address
from geo_registry.area.tables import PlaceHistory
from geo_registry.db import transaction
from geo_registry.errors import Conflict, RuleBroken, Stale
from tests import factories as make

WRITERS, TRIES, NUMBERS = 32, 500, 500
CLERK = make.make_viewer()


@pytest.fixture
def app(database: cluster.Urls) -> Iterator[Engine]:
    """Give an engine of the server's role with a connection for each writer."""
    engine = create_engine(database.app, pool_size=WRITERS)
    yield engine
    engine.dispose()


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  (told to the main thread)
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _street(engine: Engine) -> UUID:
    with Session(engine) as session, session.begin():
        return make.make_street(session).id


RAW = text("""
    INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text, district_id)
    SELECT id, id, :number, CAST(:number AS text), :number || '号', name || :number || '号', district_id
    FROM registry.place_name WHERE id = :street RETURNING id""")


def _insert_numbers(engine: Engine, street: UUID, tries: int, tally: Counter[str], number: int) -> None:
    """Go past the acts, straight at the table: what holds then is the database alone."""
    rng = random.Random(1000 + number)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(tries):
            try:
                connection.execute(RAW, {"number": rng.randint(1, NUMBERS), "street": street})
                tally["given"] += 1
            except IntegrityError as error:
                tally["number-taken" if "address_number_key" in str(error) else str(error)] += 1


def _try_numbers(engine: Engine, street: UUID, tries: int, tally: Counter[str], number: int) -> None:
    """Ask for given numbers and for next ones, and retire some of those received."""
    rng = random.Random(number)
    for _ in range(tries):
        wanted = str(rng.randint(1, NUMBERS)) if rng.random() < 0.9 else None
        try:
            with transaction(engine) as session:
                done = number_address(session, CLERK, place_name_id=street, number=wanted)
            tally["given"] += 1
            if rng.random() < 0.3:
                with transaction(engine) as session:
                    retire_address(session, CLERK, address_id=done.id, version=done.version)
                tally["retired"] += 1
        except Conflict as error:
            tally[error.code] += 1


@pytest.mark.commits
@pytest.mark.promise("P14")
def test_a_number_is_never_given_twice(app: Engine, committed: Engine) -> None:
    street, tally = _street(committed), Counter[str]()
    engine = app

    def write(number: int) -> None:
        _try_numbers(engine, street, TRIES // 20, tally, number)
        _insert_numbers(engine, street, TRIES - TRIES // 20, tally, number)

    _in_threads(WRITERS, write)
    with Session(committed) as session:
        keys = session.execute(select(Address.number_key).where(Address.scope_id == street)).scalars().all()
        retired = session.execute(select(func.count()).where(Address.state == "retired")).scalar_one()
    assert len(keys) == len(set(keys)) == tally["given"]
    assert retired == tally["retired"] > 50
    assert tally["given"] >= 450
    assert tally["given"] + tally["number-taken"] == WRITERS * TRIES
    assert set(tally) == {"given", "retired", "number-taken"}


@pytest.mark.commits
@pytest.mark.promise("P14")
def test_next_numbers_of_one_side_are_handed_out_in_a_row(app: Engine, committed: Engine) -> None:
    street, engine = _street(committed), app

    def take(number: int) -> None:
        for _ in range(8):
            with transaction(engine) as session:
                number_address(session, CLERK, place_name_id=street, side="odd" if number % 2 else "even")

    _in_threads(16, take)
    with Session(committed) as session:
        numbers = session.execute(select(Address.number).where(Address.scope_id == street)).scalars().all()
    assert sorted(numbers) == list(range(1, 129))


@pytest.mark.commits
@pytest.mark.promise("P15")
def test_no_update_is_lost(app: Engine, committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        row = make.make_address(session)
        first, address_id = row.version, row.id
    engine, tally = app, Counter[str]()
    notes: set[str] = set()

    def edit(number: int) -> None:
        for turn in range(60):
            with transaction(engine) as session:
                seen = session.execute(select(Address.version).where(Address.id == address_id)).scalar_one()
            note = f"{number}-{turn}"
            try:
                with transaction(engine) as session:
                    correct_address(session, CLERK, address_id=address_id, version=seen, neighborhood=note)
                notes.add(note)
                tally["done"] += 1
            except Stale:
                tally["stale"] += 1

    _in_threads(16, edit)
    with Session(committed) as session:
        now = session.get_one(Address, address_id)
        kept = session.execute(
            select(PlaceHistory.row["neighborhood"].astext).where(PlaceHistory.object_id == address_id)
        ).scalars()
        seen = {note for note in (*kept, now.neighborhood) if note is not None}
    assert now.version == first + tally["done"]
    assert seen == notes
    assert tally["done"] >= 50
    assert tally["stale"] >= 50


@pytest.mark.commits
def test_a_failed_act_leaves_nothing(app: Engine, committed: Engine) -> None:
    street, engine = _street(committed), app

    def fail_late() -> None:
        with transaction(engine) as session:
            number_address(session, CLERK, place_name_id=street, number="1")
            raise RuleBroken("late", "其后出错")

    with pytest.raises(RuleBroken):
        fail_late()
    with Session(committed) as session:
        assert session.execute(select(func.count()).select_from(Address)).scalar_one() == 0
        assert session.get_one(PlaceName, street).version == 1
