"""Looks while something breaks, and tricks of somebody who holds the server's password: no answer without its record."""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

from geo_registry import cluster
from geo_registry.access.audit import Look, look_text
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.errors import RegistryError
from geo_registry.residence.reads import occupants_target

from .conftest import Town

pytestmark = pytest.mark.commits

INTENT = "SELECT registry.intent(:ticket, :token, 'occupants', '01', '居登-1183', 'building', :building, NULL, '{}', CURRENT_DATE, NULL, NULL, NULL)"
REVEAL = "SELECT registry.reveal_occupants(:ticket, :token, NULL, NULL, 10)"
CALL = """CALL registry.look(:ticket, :token, 'occupants', '01', '居登-1183', 'building', :building, NULL, '{}', NULL, NULL, NULL, NULL,
  NULL, NULL, 10, NULL, NULL, NULL)"""
# Every second record fails to be written, or to be committed.
BREAK = """
CREATE FUNCTION registry.break_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.5 THEN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END IF;
  RETURN NEW;
END $$;
"""
DISK_FULL = (
    BREAK
    + "CREATE TRIGGER a_fault BEFORE INSERT ON registry.audit FOR EACH ROW EXECUTE FUNCTION registry.break_it()"
)
COMMIT_REFUSED = BREAK + """CREATE CONSTRAINT TRIGGER a_fault AFTER INSERT ON registry.audit DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION registry.break_it()"""  # fmt: skip
REPAIR = "DROP TRIGGER a_fault ON registry.audit; DROP FUNCTION registry.break_it()"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'registry_app' AND datname = current_database()"
LOCKS = {
    "the audit is locked": "LOCK TABLE registry.audit IN EXCLUSIVE MODE",
    "the chains are locked": "SELECT FROM registry.audit_head FOR UPDATE",
    "the counts are locked": "SELECT FROM registry.look_count FOR UPDATE",
    "the persons are locked": "LOCK TABLE registry.person IN ACCESS EXCLUSIVE MODE",
}


@contextlib.contextmanager
def _locked(town: Town, statement: str) -> Iterator[None]:
    with town.owner.connect() as holder:
        holder.execute(text(statement))
        yield


@contextlib.contextmanager
def _broken(town: Town, statement: str) -> Iterator[None]:
    with town.owner.begin() as owner:
        owner.exec_driver_sql(statement)
    yield
    with town.owner.begin() as owner:
        owner.exec_driver_sql(REPAIR)


@contextlib.contextmanager
def _ended(town: Town) -> Iterator[None]:
    """End every connection of the server at any moment, between the two steps of a look too."""
    begun, done = threading.Event(), threading.Event()
    chance = random.Random(8)

    def end() -> None:
        with psycopg.connect(_superuser(town), autocommit=True) as connection:
            begun.set()
            while not done.wait(chance.uniform(0.001, 0.02)):
                connection.execute(END)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        begun.wait()
        yield
    finally:
        done.set()
        thread.join()


def _superuser(town: Town) -> str:
    return cluster.superuser_url(database=str(town.owner.url.database))


FAULTS: dict[str, Callable[[Town], contextlib.AbstractContextManager[None]]] = {
    **{name: lambda town, statement=statement: _locked(town, statement) for name, statement in LOCKS.items()},  # type: ignore[misc]
    "the disk is full": lambda town: _broken(town, DISK_FULL),
    "the commit is refused": lambda town: _broken(town, COMMIT_REFUSED),
    "connections end": _ended,
}


@pytest.fixture
def impatient(town: Town) -> Iterator[Town]:
    """Give a town in which nobody waits long for a lock, and everybody may look as often as it takes."""
    name = psycopg.sql.Identifier(str(town.owner.url.database))
    with psycopg.connect(_superuser(town), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("ALTER DATABASE {} SET lock_timeout = '15ms'").format(name))
        connection.execute("UPDATE registry.account SET hourly_limit = 100000, daily_limit = 100000")
        town.app.dispose()
        yield town
        connection.execute(psycopg.sql.SQL("ALTER DATABASE {} RESET lock_timeout").format(name))


def _endure(town: Town, looks: int) -> Counter[str]:
    """Look as often under each fault in turn; return how often an answer came, and how often none."""
    look = Look(town.tokens["officer1"], "01", "居登-1183")
    target = occupants_target("building", town.buildings[1], None, 10)
    answered: list[UUID] = []
    found: Counter[str] = Counter()
    for name, fault in FAULTS.items():
        with fault(town):
            for _ in range(looks // len(FAULTS)):
                try:
                    audit_id, told = look_text(town.app, look, target)
                    assert told
                    answered.append(audit_id)
                    found["answered"] += 1
                except RegistryError:
                    found[name] += 1
    stored = text("SELECT count(*) FROM registry.audit WHERE id = ANY (:ids) AND decision = 'granted'")
    with town.owner.connect() as connection:
        assert connection.execute(stored, {"ids": answered}).scalar_one() == len(answered)
    look_text(town.app, look, target)
    return found


@pytest.mark.promise("P8")
def test_no_fault_brings_an_answer_without_its_record(impatient: Town) -> None:
    found = _endure(impatient, 210)
    assert all(found[name] == 30 for name in LOCKS), found
    assert min(found[name] for name in FAULTS) >= 5, found
    assert found["answered"] >= 20, found


@pytest.mark.deep
@pytest.mark.promise("P8")
def test_no_fault_of_two_thousand_brings_an_answer_without_its_record(impatient: Town) -> None:
    found = _endure(impatient, 2100)
    assert all(found[name] == 300 for name in LOCKS), found
    assert min(found[name] for name in FAULTS) >= 50, found
    assert found["answered"] >= 200, found


def _before_commit(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(INTENT), values)
    connection.execute(text(REVEAL), values)


def _in_a_savepoint(connection: Connection, values: dict[str, Any]) -> None:
    with connection.begin_nested():
        connection.execute(text(INTENT), values)
    connection.execute(text(REVEAL), values)


def _by_cursor(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(INTENT), values)
    connection.execute(text(f"DECLARE mine CURSOR FOR {REVEAL}"), values)
    connection.execute(text("FETCH ALL FROM mine"))


def _by_copy(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(INTENT), values)
    filled = REVEAL.replace(":ticket", f"'{values['ticket']}'").replace(
        ":token", f"'\\x{values['token'].hex()}'"
    )
    raw = connection.connection.cursor()
    with raw.copy(f"COPY ({filled}) TO STDOUT") as copy:
        list(copy)


def _as_a_replica(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text("SET TRANSACTION READ ONLY"))
    connection.execute(text(CALL), values)


def _inside_a_transaction(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(CALL), values)


def _with_a_foreign_ticket(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(INTENT), values)
    connection.commit()
    connection.execute(text(REVEAL), {**values, "token": values["other"]})


def _with_another_action(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text(INTENT), values)
    connection.commit()
    connection.execute(text("SELECT registry.reveal_person(:ticket, :token)"), values)


def _with_a_refused_ticket(connection: Connection, values: dict[str, Any]) -> None:
    refused = {**values, "building": uuid4()}
    assert connection.execute(text(INTENT), refused).scalar_one() == "not-found"
    connection.commit()
    connection.execute(text(REVEAL), values)


def _with_an_invented_ticket(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(text("SELECT set_config('registry.areas', '*', true)"))
    connection.execute(text(REVEAL), values)


TRICKS = (
    _before_commit, _in_a_savepoint, _by_cursor, _by_copy, _as_a_replica, _inside_a_transaction, _with_a_foreign_ticket,
    _with_another_action, _with_a_refused_ticket, _with_an_invented_ticket,
)  # fmt: skip


@pytest.mark.promise("P8")
def test_five_hundred_tricks_with_tickets_open_nothing(impatient: Town) -> None:
    chance = random.Random(8)
    tokens = [hash_token(impatient.tokens[login]) for login in ("officer1", "officer2", "chief")]
    played: Counter[str] = Counter()
    for number in range(500):
        trick = TRICKS[number % len(TRICKS)]
        values = {
            "ticket": new_id(), "token": tokens[0], "other": chance.choice(tokens[1:]), "building": impatient.buildings[1],
        }  # fmt: skip
        with impatient.app.connect() as connection:
            try:
                trick(connection, values)
            except Exception as error:  # noqa: BLE001 - which refusal it was is asserted below
                cause = getattr(error, "orig", error)
                played[f"{trick.__name__} {getattr(cause, 'sqlstate', None)}"] += 1
    # No committed record, a transaction that may not write, one that may not be ended: nothing else, and never an answer.
    expected = {trick.__name__: "55000" for trick in TRICKS}
    expected |= {"_as_a_replica": "25006", "_inside_a_transaction": "2D000"}
    assert played == {f"{name} {state}": 50 for name, state in expected.items()}


@pytest.mark.promise("P8")
def test_a_ticket_of_half_a_minute_ago_opens_nothing(town: Town) -> None:
    values = {"ticket": new_id(), "token": hash_token(town.tokens["officer1"]), "building": town.buildings[1]}
    with town.app.connect() as connection:
        connection.execute(text(INTENT), values)
        connection.commit()
        assert connection.execute(text(REVEAL), values).scalar_one()
        connection.rollback()
        with psycopg.connect(_superuser(town)) as superuser:
            superuser.execute(
                "SET session_replication_role = replica; UPDATE registry.audit SET at = at - interval '31 s'"
            )
        with pytest.raises(Exception, match="no committed audit record"):
            connection.execute(text(REVEAL), values)
