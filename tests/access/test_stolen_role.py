"""What the password of the server's database role is worth alone, and what roles are worth beyond their meaning."""

import datetime as dt
import secrets
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo_registry.access.viewer import hash_token
from geo_registry.audit import anchors, ledger
from geo_registry.codes import new_id

from .conftest import NUMBERS, Town

pytestmark = pytest.mark.commits
LOOK = text("""
    SELECT registry.intent(:ticket, :token, :action, :purpose, '居登-1183', :kind, :object, :subject, '{}', NULL, NULL, NULL, NULL)""")
SIGNED_IN = text("""
    WITH account AS (INSERT INTO registry.account (login, name, role, is_machine) VALUES (:login, :login, :role, :machine) RETURNING id),
      area AS (INSERT INTO registry.area_grant (account_id, division_id, valid)
        SELECT a.id, (SELECT d.id FROM registry.division d WHERE d.code = :code), daterange(CURRENT_DATE, :until) FROM account a)
    INSERT INTO registry.session (token_hash, account_id, expires_at, kind, title, purposes, issued_by)
    SELECT :hash, id, now() + interval '1 hour', CASE WHEN :machine THEN 'machine' ELSE 'person' END, 'x', '{}', id FROM account""")


def _session(
    town: Town, role: str, code: str | None, *, machine: bool = False, until: dt.date | None = None
) -> bytes:
    token = hash_token(secrets.token_urlsafe(32))
    values = {"login": f"a{uuid4().hex[:8]}", "role": role, "code": code, "machine": machine, "until": until}
    with town.owner.begin() as connection:
        connection.execute(SIGNED_IN, {**values, "hash": token})
    return token


def _refusal(town: Town, query: str, **values: object) -> str | None:
    """Return the constraint that refused a statement of the server's role, None when it passed."""
    with town.app.connect() as connection:
        try:
            connection.execute(text(query), values)
        except DBAPIError as error:
            return str(error.orig.diag.constraint_name or error.orig)  # type: ignore[union-attr]
        finally:
            connection.rollback()
    return None


def _look(town: Town, token: bytes, *, before: str = "", **changes: object) -> str:
    values = {
        "ticket": new_id(), "token": token, "action": "occupants", "purpose": "01", "kind": "housing_unit",
        "object": town.units[1], "subject": None, **changes,
    }  # fmt: skip
    with town.app.begin() as connection:
        if before:
            connection.exec_driver_sql(before)
        return str(connection.execute(LOOK, values).scalar_one())


@pytest.mark.promise("P8")
def test_no_door_opens_without_the_secret_beside_the_server(town: Town) -> None:
    officer = town.one(text("SELECT id FROM registry.account WHERE login = 'officer1'")).id
    live = hash_token(town.tokens["officer1"])
    sessions = town.count("SELECT count(*) FROM registry.session")
    doors = (
        "open_session(:id, :fresh, :account, NULL, 'oidc-mfa', NULL, NULL, 1, :proof)",
        "confirm_session(:token, :fresh, 9, NULL, :proof)",
        "confirm_own_factor(:token, :fresh, 9, '{}', :proof)",
        "change_own_password(:token, 'x', :proof)",
        "drop_own_factor(:token, 9, NULL, :proof)",
        "begin_sign_in('officer1', NULL, :id, :proof)",
        "refuse_sign_in('officer1', NULL, :id, 'second-factor-required', :proof)",
    )
    values = {"id": new_id(), "fresh": secrets.token_bytes(32), "account": officer, "token": live}
    for proof in (None, b"", secrets.token_bytes(32)):
        told = [_refusal(town, f"SELECT registry.{door}", **values, proof=proof) for door in doors]
        assert told == ["door_unproven"] * len(doors)
    assert town.count("SELECT count(*) FROM registry.session") == sessions
    assert _refusal(town, "SELECT key FROM registry.door_key") is not None


@pytest.mark.promise("P11")
def test_no_clock_of_the_caller_resets_a_limit_or_moves_a_grant(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.account SET hourly_limit = 3 WHERE login = 'officer1'"))
    token, zones = (
        hash_token(town.tokens["officer1"]),
        ("Asia/Shanghai", "Asia/Kathmandu", "Etc/GMT+12", "Etc/GMT-14"),
    )
    told = [_look(town, token, before=f"SET LOCAL timezone = '{zones[number % 4]}'") for number in range(20)]
    assert (told.count("granted"), told.count("limit-reached")) == (3, 17)
    with town.owner.begin() as connection:
        connection.execute(
            text("UPDATE registry.area_grant SET valid = daterange(CURRENT_DATE - 9, CURRENT_DATE)")
        )
    areas = text("SELECT areas FROM registry.viewer_of(:token)")
    for zone in zones:
        with town.app.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL timezone = '{zone}'")
            assert connection.execute(areas, {"token": token}).scalar_one() == []


def test_a_record_names_what_is_shown(town: Town) -> None:
    token = hash_token(town.tokens["officer1"])
    assert _look(town, token, kind="person") == "not-allowed"
    assert _look(town, token, action="person") == "not-allowed"
    assert _look(town, token, action="dwellings") == "not-allowed"
    assert _look(town, token, kind="disclosure") == "not-allowed"
    assert _look(town, token) == "granted"


def test_an_unknown_purpose_is_not_kept_as_it_was_typed(town: Town) -> None:
    assert _look(town, hash_token(town.tokens["officer1"]), purpose=NUMBERS[0]) == "purpose-unknown"
    assert town.one(text("SELECT purpose FROM registry.audit")).purpose is None


def test_no_seed_tells_which_looks_are_sampled(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.account SET hourly_limit = 60"))
    token = hash_token(town.tokens["officer1"])
    # With this seed the plain generator would choose every one of them.
    assert {_look(town, token, before="SELECT setseed(0.054)") for _ in range(25)} == {"granted"}
    assert town.count("SELECT count(*) FROM registry.look_review WHERE kind = 'sample'") < 15


def test_ones_own_looks_do_not_tell_who_is_registered_elsewhere(town: Town) -> None:
    token = hash_token(town.tokens["officer1"])
    assert _look(town, token, action="person", kind="person", object=town.persons[2]) == "granted"
    assert _look(town, token) == "granted"
    with town.app.connect() as connection:
        told = connection.execute(
            text("SELECT * FROM registry.own_looks(:token, NULL, NULL, 9)"), {"token": token}
        )
        assert [row["row_count"] for row in told.scalars()] == [2, None]


def test_no_machine_judges_looks(town: Town) -> None:
    query = "SELECT * FROM registry.read_reviews(:token, true, NULL, NULL, 9)"
    assert (
        _refusal(town, query, token=_session(town, "station_head", "990101", machine=True)) == "role_refused"
    )
    assert _refusal(town, query, token=_session(town, "station_head", "990101")) is None


def test_who_manages_an_area_touches_nobody_that_will_reach_further(town: Town) -> None:
    manager = _session(town, "security_admin", "990101001")
    target = town.one(text("SELECT id FROM registry.account WHERE login = 'officer1'")).id
    query = "SELECT registry.switch_account(:token, :id, NULL, false)"
    assert _refusal(town, query, token=manager, id=target) is None
    with town.owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO registry.area_grant (account_id, valid) VALUES (:id, daterange(CURRENT_DATE + 2, NULL))"
            ),
            {"id": target},
        )
    assert _refusal(town, query, token=manager, id=target) == "account_unknown"


def test_nobody_grants_for_longer_than_he_holds(town: Town) -> None:
    day = dt.date.today() + dt.timedelta(days=9)  # noqa: DTZ011  (only later than today)
    manager = _session(town, "security_admin", "990101", until=day)
    district = town.one(text("SELECT id FROM registry.division WHERE code = '990101'")).id
    target = town.one(text("SELECT id FROM registry.account WHERE login = 'officer1'")).id
    query = "SELECT registry.grant_area(:token, :id, NULL, :district, CURRENT_DATE, :until)"
    values = {"token": manager, "id": target, "district": district}
    assert _refusal(town, query, **values, until=day + dt.timedelta(days=1)) == "grant_outside"
    assert _refusal(town, query, **values, until=None) == "grant_outside"
    assert _refusal(town, query, **values, until=day - dt.timedelta(days=1)) is None


@pytest.mark.promise("P33")
def test_no_administrator_makes_or_takes_over_another(town: Town) -> None:
    manager = _session(town, "security_admin", None)
    auditor = town.one(text("SELECT id FROM registry.account WHERE login = 'auditor'")).id
    for role in ("system_admin", "security_admin", "audit_admin"):
        query = "SELECT registry.add_account(:token, :id, 'evil', 'x', :role, false, 'x', NULL, false, NULL, NULL)"
        assert _refusal(town, query, token=manager, id=new_id(), role=role) == "administrator_by_console"
    for query in (
        "SELECT registry.reset_password(:token, :id, NULL, 'x', now())",
        "SELECT registry.reset_factor(:token, :id, NULL)",
        "SELECT registry.switch_account(:token, :id, NULL, false)",
        "SELECT registry.change_account(:token, :id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'mine')",
        "SELECT registry.grant_area(:token, :id, NULL, NULL, CURRENT_DATE, NULL)",
    ):
        assert _refusal(town, query, token=manager, id=auditor) == "administrator_by_console"


@pytest.mark.promise("P9")
def test_an_anchor_that_was_only_pretended_is_written_all_the_same(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ledger.take_anchor(town.app, tmp_path)
    with town.app.begin() as connection:
        connection.execute(text("SELECT * FROM registry.take_anchor()"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended('audit anchor', 0))"))
    assert ledger.take_anchor(town.app, tmp_path) is None
    old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    monkeypatch.setattr(anchors, "last_at", lambda _folder: old)
    assert ledger.take_anchor(town.app, tmp_path)
