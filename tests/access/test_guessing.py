"""P26: guessing passwords and codes leads nowhere, and a crowd that signs in costs no memory."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from uuid import UUID, uuid4

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from geo_registry.account import factors, sessions
from geo_registry.account.sessions import sign_in
from geo_registry.cluster import Urls
from geo_registry.db import app_engine
from geo_registry.errors import NotSignedIn, TooMany
from geo_registry.settings import ROOT

PASSWORD = "a long enough password"
PEOPLE = text("""
    WITH people AS (INSERT INTO registry.account (id, login, name, role, password_hash)
      SELECT registry.new_id(), 'p' || n, 'p' || n, 'clerk', :hashed FROM generate_series(0, :most - 1) n RETURNING id)
    INSERT INTO registry.area_grant (account_id) SELECT id FROM people""")


@pytest.fixture
def server(committed: Engine, database: Urls) -> Iterator[Engine]:
    """Give the server's engine over two hundred accounts p0, p1, ... of one password."""
    with committed.begin() as connection:
        connection.execute(PEOPLE, {"hashed": sessions.hash_password(PASSWORD), "most": 200})
    engine = app_engine(database.app)
    yield engine
    engine.dispose()


def one(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


@pytest.mark.commits
@pytest.mark.promise("P26")
def test_of_ten_thousand_guesses_five_are_looked_at(
    server: Engine, committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str | None] = []

    def count(stored: str | None, _password: str) -> bool:
        looked_at.append(stored)
        time.sleep(0.002)  # long enough for guesses to overlap
        return False

    monkeypatch.setattr(sessions, "_matches", count)

    def guess(number: int) -> type[Exception]:
        # Addresses change, so that nothing but the login is counted; an unknown login is held like a known one.
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        try:
            sign_in(server, ("p7", "nobody")[number % 2], f"guess {number}", address)
        except (NotSignedIn, TooMany) as refused:
            return type(refused)
        raise AssertionError("a guess was let in")

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(10_000)))
    assert len(outcomes) == 10_000
    assert (len(looked_at), outcomes.count(NotSignedIn)) == (10, 10)
    assert len([stored for stored in looked_at if stored]) == 5
    # The record of it does not grow with the guesses.
    assert one(committed, "SELECT count(*) FROM registry.audit WHERE action = 'sign-in-refused'") == 12


@pytest.mark.commits
@pytest.mark.promise("P26")
def test_a_code_opens_one_door_once(
    server: Engine, committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_matches", lambda stored, _password: stored is not None)
    with committed.begin() as connection:
        owner = UUID(
            str(connection.execute(text("SELECT id FROM registry.account WHERE login = 'p3'")).scalar_one())
        )
        secret, sealed = factors.new_secret(owner)
        connection.execute(
            text("UPDATE registry.account SET totp_secret = :sealed, totp_step = 0 WHERE id = :id"),
            {"sealed": sealed, "id": owner},
        )
    totp, now = pyotp.TOTP(secret), int(time.time())
    opened = 0
    for turn in range(12):
        code = totp.at(now - 30)
        with ThreadPoolExecutor(8) as pool:
            opened += sum(pool.map(lambda _, code=code: _opens(server, code), range(8)))
        with committed.begin() as connection:
            connection.execute(text("DELETE FROM registry.sign_in_failure"))
        assert opened == 1, turn
    # An older code of the window, never used, stays out behind a newer one.
    assert _opens(server, totp.at(now))
    with committed.begin() as connection:
        connection.execute(text("DELETE FROM registry.sign_in_failure"))
    assert not _opens(server, totp.at(now - 30))
    assert one(committed, "SELECT count(*) FROM registry.session") == 2


def _opens(engine: Engine, code: str) -> bool:
    try:
        return bool(sign_in(engine, "p3", PASSWORD, code=code))
    except (NotSignedIn, TooMany):
        return False


@pytest.mark.commits
@pytest.mark.promise("P26")
def test_two_hundred_people_at_once_fit_into_half_a_gigabyte(server: Engine, database: Urls) -> None:
    command = [sys.executable, "-m", "tests.access.signing_in", database.app, PASSWORD, "200"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    tokens, peak_mib = (int(word) for word in done.stdout.split())
    assert tokens == 200
    assert peak_mib < 512


@pytest.mark.commits
@pytest.mark.promise("P26")
def test_an_unknown_login_takes_as_long_as_a_known_one(server: Engine) -> None:
    """Measured in the processor's time of pairs, one after the other, for the clock of a shared machine wavers."""
    ratios: list[float] = []
    sessions._decoy()
    for round_ in range(3):
        for turn in range(16):
            number = round_ * 16 + turn
            known, unknown = _cost(server, f"p{number}"), _cost(server, f"q{uuid4().hex[: len(str(number))]}")
            ratios.append(known / unknown)
        if abs(median(ratios) - 1) < 0.05:
            return
    pytest.fail(f"known and unknown logins differ: {median(ratios):.3f}")


def _cost(engine: Engine, login: str) -> float:
    started = time.process_time()
    with pytest.raises(NotSignedIn):
        sign_in(engine, login, "not the password")
    return time.process_time() - started


def test_passwords_are_hashed_as_promised() -> None:
    assert (sessions._hasher.time_cost, sessions._hasher.memory_cost, sessions._hasher.parallelism) == (
        2,
        47104,
        1,
    )
    assert PasswordHasher().type is sessions._hasher.type
