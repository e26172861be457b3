"""Signing in and out: one answer for all failures, a throttle that survives a restart, immediate ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo_registry.access.rules import Permission, Role
from geo_registry.access.viewer import Viewer, enter, hash_token
from geo_registry.account import sessions
from geo_registry.account.accounts import (
    Held,
    Kept,
    add_account,
    reset_password,
    reset_second_factor,
    switch_account,
)
from geo_registry.account.sessions import open_session, sign_in, sign_out
from geo_registry.cluster import Urls
from geo_registry.db import app_engine, transaction
from geo_registry.errors import NotFound, NotSignedIn, RuleBroken, TooMany
from tests import factories as make

PASSWORD = "a long enough password"
FAILED = text("INSERT INTO registry.sign_in_failure (login, address) VALUES (:login, CAST(:address AS inet))")


@dataclass(frozen=True, slots=True)
class Door:
    """An officer's account, really committed, and the server's own way to the database."""

    app: Engine
    owner: Engine
    account_id: UUID

    def enter(self, token: str) -> Viewer:
        with transaction(self.app) as session:
            return enter(session, token)

    def run(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def fail(self, *logins: str, address: str | None) -> None:
        with self.owner.begin() as connection:
            connection.execute(FAILED, [{"login": login, "address": address} for login in logins])


@pytest.fixture
def door(committed: Engine, database: Urls) -> Iterator[Door]:
    app = app_engine(database.app)
    with Session(committed) as session, session.begin():
        added = add_account(session, login="Du", name="杜某", role=Role.OFFICER, password=PASSWORD)
    yield Door(app, committed, added.id)
    app.dispose()


@pytest.mark.commits
def test_a_sign_in_gives_a_token_that_resolves_to_the_account(door: Door) -> None:
    viewer = door.enter(sign_in(door.app, " DU ", PASSWORD, "127.0.0.1"))
    assert (viewer.login, viewer.role, viewer.areas) == ("du", Role.OFFICER, None)


def test_a_machine_decides_nothing_of_names_signs_homes_and_zones() -> None:
    decided = {
        Role.CLERK: (
            Permission.ADDRESS_CERTIFY, Permission.CERTIFICATE_ISSUE, Permission.NAME_APPROVE, Permission.PLATE_VERIFY,
            Permission.STREET_NAME, Permission.STREET_RENAME, Permission.STREET_RETIRE,
        ),
        Role.OFFICER: (Permission.VERIFICATION_DECIDE,),
        Role.LEADER: (Permission.ZONE_DECIDE,),
        Role.INSPECTOR: (Permission.SAMPLE_SIGN,),
    }  # fmt: skip
    for role, permissions in decided.items():
        person, machine = make.make_viewer(role), make.make_viewer(role, kind="machine")
        for permission in permissions:
            assert person.may(permission)
            assert not machine.may(permission)
        assert machine.may(Permission.PLACE_READ)


@pytest.mark.commits
def test_every_failure_has_one_text_and_one_row_of_the_audit(door: Door) -> None:
    for login, password in (("du", "wrong"), ("nobody", PASSWORD), ("", ""), ("du", "")):
        with pytest.raises(NotSignedIn) as caught:
            sign_in(door.app, login, password, "10.0.0.9")
        assert (caught.value.code, caught.value.detail) == ("sign-in-failed", "账号或密码不正确")
    rows = door.run(
        "SELECT object_id, account_id, host(address), note FROM registry.audit WHERE action = 'sign-in-refused' AND decision = 'sign-in-failed'"
    )
    # What was typed as a login may be anything: it stays out.
    assert sorted(rows, key=str) == sorted(
        [
            (door.account_id, None, "10.0.0.9", None),
            (None, None, "10.0.0.9", None),
            (None, None, "10.0.0.9", None),
            (door.account_id, None, "10.0.0.9", None),
        ],
        key=str,
    )


@pytest.mark.commits
def test_five_failures_close_the_door_for_the_right_password_too(door: Door) -> None:
    door.fail(*["du"] * 5, address="10.0.0.9")
    for _ in range(3):
        with pytest.raises(TooMany):
            sign_in(door.app, "du", PASSWORD, "10.0.0.1")
    # Whoever goes on knocking fills no audit.
    assert door.run("SELECT count(*) FROM registry.audit WHERE decision = 'sign-in-throttled'") == [(1,)]


@pytest.mark.commits
def test_fifty_failures_of_an_address_close_it_for_all_accounts(door: Door) -> None:
    door.fail(*(f"guess{number}" for number in range(50)), address="10.0.0.9")
    with pytest.raises(TooMany):
        sign_in(door.app, "du", PASSWORD, "10.0.0.9")
    assert sign_in(door.app, "du", PASSWORD, "10.0.0.1")


@pytest.mark.commits
def test_a_sign_in_clears_the_failures_of_the_login_and_time_does_too(door: Door) -> None:
    door.fail(*["du"] * 4, address=None)
    sign_in(door.app, "du", PASSWORD)
    assert door.run("SELECT count(*) FROM registry.sign_in_failure") == [(0,)]
    door.fail(*["du"] * 5, address=None)
    door.run("UPDATE registry.sign_in_failure SET at = at - interval '15 minutes'")
    assert sign_in(door.app, "du", PASSWORD)


@pytest.mark.commits
def test_signing_out_and_disabling_end_a_session_at_once(door: Door) -> None:
    first, second = (sign_in(door.app, "du", PASSWORD) for _ in range(2))
    with transaction(door.app) as session:
        sign_out(session, first)
    with pytest.raises(NotSignedIn):
        door.enter(first)
    assert door.enter(second).login == "du"
    with transaction(door.owner) as session:
        switch_account(Held(session, None, door.account_id), active=False)
    with pytest.raises(NotSignedIn):
        door.enter(second)
    with pytest.raises(NotSignedIn):
        sign_in(door.app, "du", PASSWORD)
    actions = door.run("SELECT action FROM registry.audit WHERE decision = 'granted' ORDER BY at")
    assert actions == [("add-account",), ("sign-in",), ("sign-in",), ("sign-out",), ("disable-account",)]


@pytest.mark.parametrize(
    "change",
    [
        "seen_at = now() - interval '16 minutes'",
        "expires_at = now() - interval '1 second'",
        "ended_at = now()",
    ],
)
def test_an_idle_old_or_ended_session_is_refused(session: Session, change: str) -> None:
    added = add_account(session, login="du", name="杜某", role=Role.OFFICER, password=PASSWORD)
    token = open_session(session, added.id)
    assert enter(session, token).login == "du"
    session.execute(text(f"UPDATE registry.session SET {change}"))
    with pytest.raises(NotSignedIn):
        enter(session, token)


def test_short_passwords_and_unknown_areas_are_refused(session: Session) -> None:
    with pytest.raises(RuleBroken):
        add_account(session, login="kurz", name="x", role=Role.CLERK, password="short")
    with pytest.raises(NotFound):
        add_account(
            session, login="wo", name="x", role=Role.CLERK, password=PASSWORD, division_codes=["nowhere"]
        )


def test_an_account_has_one_role_and_the_stored_password_is_no_password(session: Session) -> None:
    add_account(session, login="du", name="杜某", role=Role.OFFICER, password=PASSWORD)
    row = session.execute(text("SELECT role, password_hash FROM registry.account")).one()
    assert row.role == "officer"
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


@pytest.mark.commits
@pytest.mark.parametrize("act", [reset_password, reset_second_factor])
def test_a_sign_in_begun_before_a_reset_opens_nothing(
    door: Door, act: Callable[[Held], Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = sessions._matches

    def slowly(stored: str | None, password: str) -> bool:
        matches = judge(stored, password)
        with transaction(door.owner) as session:
            act(Held(session, None, door.account_id))
        return matches

    monkeypatch.setattr(sessions, "_matches", slowly)
    with pytest.raises(NotSignedIn) as caught:
        sign_in(door.app, "du", PASSWORD)
    assert caught.value.code == "account-changed"
    assert door.run("SELECT count(*) FROM registry.session") == [(0,)]


@pytest.mark.commits
def test_the_password_of_the_database_role_opens_no_door(door: Door) -> None:
    """The server proves with a secret beside it that it has checked a password or a code."""
    hashed = hash_token("forged")
    live = hash_token(sign_in(door.app, "du", PASSWORD))
    calls = (
        "open_session(registry.new_id(), :hashed, :id, NULL, 'password', NULL, NULL, NULL, :proof)",
        "open_session(registry.new_id(), :hashed, :id, NULL, 'oidc-mfa', NULL, NULL, NULL, :proof)",
        "confirm_session(:live, :hashed, 90000000, NULL, :proof)",
        "change_own_password(:live, 'x', :proof)",
        "confirm_own_factor(:live, :hashed, 1, '{}', :proof)",
        "drop_own_factor(:live, 1, NULL, :proof)",
    )
    for call in calls:
        for proof in (None, b"", bytes(32)):
            values = {"hashed": hashed, "id": door.account_id, "live": live, "proof": proof}
            with pytest.raises(DBAPIError) as caught, door.app.connect() as connection:
                connection.execute(text(f"SELECT registry.{call}"), values)
            assert "door_unproven" in str(caught.value.orig), call
    with pytest.raises(DBAPIError, match="permission denied"), door.app.connect() as connection:
        connection.execute(text("SELECT key FROM registry.door_key"))
    assert door.run("SELECT count(*) FROM registry.session") == [(1,)]
