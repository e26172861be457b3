"""The administration of accounts from the command line, the first account of all, and what the server cannot call."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner, Result

from geo_registry import db
from geo_registry.access.rules import ALLOWED, Permission, Role
from geo_registry.access.viewer import enter
from geo_registry.account.accounts import (
    FIRST_LOGIN,
    STRONG_ROLES,
    Held,
    add_account,
    add_first_account,
    change_account,
)
from geo_registry.account.sessions import sign_in
from geo_registry.cli import app
from geo_registry.cluster import Urls
from geo_registry.errors import NotSignedIn

Run = Callable[..., Result]
ONE_TIME = re.compile(r"^([a-z2-9]{4}-){3}[a-z2-9]{4}$", re.MULTILINE)


@pytest.fixture
def run(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the command line over the committed registry, with a district in it."""
    monkeypatch.setattr(db, "owner_engine", lambda: committed)
    with committed.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO registry.division (scheme, code, level, name, full_name) VALUES ('cn', '990101000000', 'district', '映山区', '映山区')"
            )
        )
    runner = CliRunner()

    def invoke(*words: str, status: int = 0) -> Result:
        told = runner.invoke(
            app, ["account", *words], env={"GEO_REGISTRY_PASSWORD": "a long enough password"}
        )
        assert told.exit_code == status, told.output
        return told

    return invoke


@pytest.fixture
def server(database: Urls) -> Iterator[Engine]:
    engine = db.app_engine(database.app)
    yield engine
    engine.dispose()


def one(engine: Engine, query: str, **values: object) -> Any:  # noqa: ANN401  (any value)
    with engine.begin() as connection:
        return connection.execute(text(query), values).scalar()


@pytest.mark.commits
def test_an_account_from_its_beginning_to_its_end(run: Run, committed: Engine, server: Engine) -> None:
    run("add", "du", "--name", "杜某", "--role", "officer", "--area", "990101")
    token = sign_in(server, "du", "a long enough password")
    assert "du" in run("list", "--role", "officer").stdout
    told = run("reset-password", "du").stdout
    found = ONE_TIME.search(told)
    assert found, told
    with pytest.raises(NotSignedIn), db.transaction(server) as session:
        enter(session, token)
    with db.transaction(server) as session:
        viewer = enter(session, sign_in(server, "du", found[0]))
    assert (viewer.confined, len(viewer.areas or ())) == ("password", 1)
    run("grant", "du", "--whole", "--to", "2999-12-31")
    run("reset-second-factor", "du")
    run("disable", "du")
    with pytest.raises(NotSignedIn):
        sign_in(server, "du", found[0])
    run("enable", "du")
    assert sign_in(server, "du", found[0])
    done = one(
        committed,
        "SELECT string_agg(action, ' ' ORDER BY at) FROM registry.audit WHERE account_id IS NULL AND decision = 'granted'",
    )
    assert done == "add-account reset-password grant-area reset-second-factor disable-account enable-account"


@pytest.mark.commits
def test_a_machine_gets_a_token_and_no_password(run: Run, server: Engine) -> None:
    run("add", "census", "--name", "统计接口", "--role", "clerk", "--whole", "--machine")
    token = run("token", "census", "--title", "统计接口", "--days", "30").stdout.splitlines()[-1]
    with db.transaction(server) as session:
        assert enter(session, token).login == "census"
    assert "machine-no-password" in run("reset-password", "census", status=1).stderr
    run("token", "census", "--title", "x", "--days", "91", status=2)


@pytest.mark.commits
def test_nobody_gets_everything_by_omission(run: Run) -> None:
    for words in (
        ("--name", "x", "--role", "clerk"),
        ("--name", "x", "--role", "clerk", "--whole", "--area", "990101"),
    ):
        run("add", "neu", *words, status=2)
    run("grant", "neu", status=2)
    assert (
        "area-unknown" in run("add", "neu", "--name", "x", "--role", "clerk", "--area", "77", status=1).stderr
    )
    assert "not-found" in run("disable", "neu", status=1).stderr
    assert (
        "login-malformed" in run("add", "no!", "--name", "x", "--role", "clerk", "--whole", status=1).stderr
    )


@pytest.mark.commits
def test_the_first_account_is_made_once(committed: Engine, server: Engine) -> None:
    with db.transaction(committed) as session:
        secret = add_first_account(session)
    assert secret
    assert ONE_TIME.match(secret)
    with db.transaction(committed) as session:
        assert add_first_account(session) is None
    with db.transaction(server) as session:
        viewer = enter(session, sign_in(server, FIRST_LOGIN, secret))
    assert (viewer.role, viewer.areas, viewer.confined) == (Role.SECURITY_ADMIN, None, "password")


@pytest.mark.commits
def test_a_one_time_password_ends_after_72_hours(committed: Engine, server: Engine) -> None:
    with db.transaction(committed) as session:
        kept = add_account(session, login="neu", name="x", role=Role.CLERK)
    one(
        committed, "UPDATE registry.account SET password_expires_at = now() - interval '1 second' RETURNING 1"
    )
    with pytest.raises(NotSignedIn) as caught:
        sign_in(server, "neu", kept.secret or "")
    assert caught.value.code == "password-expired"


def test_who_looks_at_persons_or_administers_needs_a_second_factor() -> None:
    looks = {Permission.OCCUPANTS_LOOK, Permission.PERSON_LOOK, Permission.PERSON_REVEAL}
    keeps = {Permission.ACCOUNT_MANAGE, Permission.AUDIT_READ, Permission.PURPOSE_MANAGE}
    assert {role for role in Role if ALLOWED[role] & (looks | keeps)} | {Role.SYSTEM_ADMIN} == STRONG_ROLES


@pytest.mark.commits
@pytest.mark.parametrize(
    ("role", "told", "machine", "due"),
    [
        ("officer", None, False, True),
        ("permit_desk", None, False, True),
        ("leader", None, False, False),
        ("officer", False, False, False),
        ("officer", None, True, False),
    ],
)
def test_who_comes_to_look_at_persons_needs_a_second_factor(
    committed: Engine, role: str, *, told: bool | None, machine: bool, due: bool
) -> None:
    with db.transaction(committed) as session:
        kept = add_account(session, login="neu", name="x", role=Role.CLERK, machine=machine)
        given = {"role": role} | ({} if told is None else {"second_factor_required": told})
        changed = change_account(Held(session, None, kept.id), **given)
        change_account(Held(session, None, kept.id, changed.version), role=role, name="y")
    assert one(committed, "SELECT second_factor_required FROM registry.account") is due


@pytest.mark.commits
def test_the_server_is_no_command_line(committed: Engine, server: Engine) -> None:
    """Without a token the functions are the owner's; the server's role gets nowhere, whatever it sends."""
    with db.transaction(committed) as session:
        target = add_account(
            session, login="du", name="杜某", role=Role.OFFICER, password="a long enough password"
        )
    calls = (
        "add_account(NULL, :id, 'x', 'x', 'officer', false, NULL, NULL, false, NULL, NULL)",
        "change_account(NULL, :id, NULL, NULL, 'population_office', NULL, NULL, NULL, NULL, NULL)",
        "switch_account(NULL, :id, NULL, false)", "reset_password(NULL, :id, NULL, 'x', NULL)",
        "reset_factor(NULL, :id, NULL)", "grant_area(NULL, :id, NULL, NULL, CURRENT_DATE, NULL)",
        "issue_token(NULL, :id, NULL, :id, 'x', 'x', '{}', 1)", "find_account(NULL, :id, NULL)",
        "list_accounts(NULL, NULL, NULL, NULL, NULL, NULL, NULL, 9)", "keep_purpose(NULL, '{}', NULL)",
        "managing(NULL)", "note_act(NULL, NULL, 'x', 'x', 'x', NULL, 'x', 'x')", "drop_factor(:id)",
        "end_sessions(:id)", "use_factor(:id, 1, NULL)", "note_refused_sign_in('x', NULL, 'x')",
    )  # fmt: skip
    for call in calls:
        with pytest.raises(DBAPIError) as caught, server.connect() as connection:
            connection.execute(text(f"SELECT registry.{call}"), {"id": target.id})
        told = str(caught.value.orig)
        assert "session_ended" in told or "no live session" in told or "permission denied" in told, (
            call,
            told,
        )
    assert one(committed, "SELECT count(*) FROM registry.audit") == 1
