"""Signing in and out: one answer for all failures, a throttle that survives a restart, immediate ends."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.sessions import add_account, disable_account, note_failure, sign_in, sign_out
from geo_registry.access.viewer import Viewer, enter
from geo_registry.errors import NotFound, NotSignedIn, RuleBroken, TooMany

PASSWORD = "a long enough password"


@pytest.fixture
def account(session: Session) -> str:
    add_account(session, login="Du", name="杜某", role=Role.OFFICER, password=PASSWORD)
    return "du"


def test_a_sign_in_gives_a_token_that_resolves_to_the_account(session: Session, account: str) -> None:
    viewer = enter(session, sign_in(session, " DU ", PASSWORD, "127.0.0.1"))
    assert isinstance(viewer, Viewer)
    assert (viewer.login, viewer.role, viewer.areas) == (account, Role.OFFICER, None)


@pytest.mark.parametrize(("login", "password"), [("du", "wrong"), ("nobody", PASSWORD), ("", ""), ("du", "")])
def test_every_failure_has_one_text(session: Session, account: str, login: str, password: str) -> None:
    with pytest.raises(NotSignedIn) as caught:
        sign_in(session, login, password)
    assert (caught.value.code, caught.value.detail) == ("sign-in-failed", "账号或密码不正确")


def test_five_failures_close_the_door_for_the_right_password_too(session: Session, account: str) -> None:
    for _ in range(5):
        note_failure(session, account, "10.0.0.9")
    with pytest.raises(TooMany):
        sign_in(session, account, PASSWORD, "10.0.0.1")


def test_fifty_failures_of_an_address_close_it_for_all_accounts(session: Session, account: str) -> None:
    for number in range(50):
        note_failure(session, f"guess{number}", "10.0.0.9")
    with pytest.raises(TooMany):
        sign_in(session, account, PASSWORD, "10.0.0.9")
    assert sign_in(session, account, PASSWORD, "10.0.0.1")


def test_a_sign_in_clears_the_failures_of_the_login(session: Session, account: str) -> None:
    for _ in range(4):
        note_failure(session, account, None)
    sign_in(session, account, PASSWORD)
    note_failure(session, account, None)
    assert sign_in(session, account, PASSWORD)


def test_signing_out_and_disabling_end_a_session_at_once(session: Session, account: str) -> None:
    first, second = sign_in(session, account, PASSWORD), sign_in(session, account, PASSWORD)
    sign_out(session, first)
    with pytest.raises(NotSignedIn):
        enter(session, first)
    assert enter(session, second).login == account
    disable_account(session, account)
    with pytest.raises(NotSignedIn):
        enter(session, second)


@pytest.mark.parametrize(
    "change",
    [
        "seen_at = now() - interval '16 minutes'",
        "expires_at = now() - interval '1 second'",
        "ended_at = now()",
    ],
)
def test_an_idle_old_or_ended_session_is_refused(session: Session, account: str, change: str) -> None:
    token = sign_in(session, account, PASSWORD)
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


def test_an_account_has_one_role_and_the_stored_password_is_no_password(
    session: Session, account: str
) -> None:
    row = session.execute(text("SELECT role, password_hash FROM registry.account")).one()
    assert row.role == "officer"
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash
