"""The audit and the report to a subject on the command line."""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.account import accounts
from geo_registry.audit import anchors
from geo_registry.audit.ledger import utc
from geo_registry.cli import app
from geo_registry.db import TIMEZONE, today
from tests.access.conftest import NUMBERS, Town, town  # noqa: F401  (a fixture)

pytestmark = pytest.mark.commits
PASSWORD = "correct horse battery"
NOTE = """
    SELECT registry.note_act(NULL, gen_random_uuid(), 'officer', 'sign-in', 'account', NULL, 'granted', 'n' || n)
    FROM generate_series(1, 40) n"""
SILENT = "ALTER TABLE registry.audit {} TRIGGER append_only"


def _run(*words: str, answers: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(
        app, list(words), input=answers, env={"COLUMNS": "200", "GEO_REGISTRY_PASSWORD": PASSWORD}
    )
    return done.exit_code, done.output


@pytest.fixture
def home(committed: Engine, database: cluster.Urls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give an installation with forty rows in its audit, and its folder of anchors."""
    monkeypatch.setattr(cluster, "urls", lambda: database)
    monkeypatch.setattr(anchors, "default_folder", lambda: tmp_path / "anchors")
    with committed.begin() as connection:
        connection.execute(text(NOTE))
    return tmp_path


def test_verifying_says_that_nothing_was_altered_or_which_row_was(home: Path, committed: Engine) -> None:
    code, told = _run("audit", "verify")
    assert (code, "40 rows verified" in told, "no anchors" in told) == (0, True, True), told
    code, told = _run("audit", "anchor")
    assert (code, anchors.public_key() in told) == (0, True), told
    copy = home / "copy"
    copy.mkdir()
    (copy / anchors.NAME).write_bytes((home / "anchors" / anchors.NAME).read_bytes())
    assert _run("audit", "verify", "--anchors", str(copy), "--key", anchors.public_key())[0] == 0
    assert _run("audit", "verify", "--key", "00" * 32)[0] == 1
    with committed.begin() as connection:
        connection.execute(text(SILENT.format("DISABLE")))
        row = connection.execute(
            text("UPDATE registry.audit SET note = 'n41' WHERE note = 'n7' RETURNING id, shard, seq")
        ).one()
        connection.execute(text(SILENT.format("ENABLE")))
    code, told = _run("audit", "verify")
    assert code == 1
    assert f"altered: chain {row.shard}, row {row.seq}: was altered: {row.id}" in told
    assert _run("audit", "verify", "--from", "2020-01-01")[0] == 1


def test_a_day_to_begin_with_begins_at_midnight_in_china(home: Path, committed: Engine) -> None:
    day = today()
    morning = dt.datetime.combine(day, dt.time(1), ZoneInfo(TIMEZONE))
    _run("audit", "anchor")
    anchored = anchors.read(home / "anchors", anchors.public_key())
    heads = [[max(seals), seals[max(seals)].hex()] for seals in anchored.seals]
    (home / "anchors" / anchors.NAME).unlink()
    told = {"kind": "anchor", "at": utc(morning), "unsealed": 0, "heads": heads}
    anchors.append(home / "anchors", told)
    with committed.begin() as connection:
        connection.execute(text("UPDATE registry.audit_anchor SET anchored_at = :at"), {"at": morning})
    code, told_rows = _run("audit", "verify", "--from", str(day))
    assert (code, "40 rows verified" in told_rows) == (0, True), told_rows
    code, told_rows = _run("audit", "verify", "--from", str(day + dt.timedelta(days=1)))
    assert (code, "0 rows verified" in told_rows) == (0, True), told_rows


def test_an_export_is_read_back(home: Path) -> None:
    path = home / "today.jsonl"
    day = str(today())
    code, told = _run("audit", "export", "--from", day, "--to", day, "-o", str(path))
    assert (code, "40 rows" in told) == (0, True), told
    code, told = _run("audit", "verify", str(path))
    assert (code, "40 rows verified" in told) == (0, True), told
    path.write_text(path.read_text().replace('"n7"', '"n8"'))
    assert _run("audit", "verify", str(path))[0] == 1
    assert _run("audit", "verify", str(home / "none.jsonl"))[0] == 2


def _account(session: Session, login: str, role: Role, *codes: str) -> None:
    accounts.add_account(
        session, login=login, name=login, role=role, password=PASSWORD, division_codes=list(codes)
    )


def test_pruning_asks_two_administrators_and_spares_young_months(home: Path, committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        _account(session, "wu", Role.AUDIT_ADMIN)
        _account(session, "qian", Role.SECURITY_ADMIN)
    asked = [
        "audit",
        "prune",
        "-o",
        str(home / "old.jsonl"),
        "--auditor",
        "wu",
        "--security",
        "qian",
        "--before",
    ]
    assert _run(*asked, f"{today().year}-01-01")[0] == 2
    assert _run(*asked, "2001-01-15")[0] == 2
    code, told = _run(*asked, "2001-01-01")
    assert (code, "nothing-to-prune" in told) == (1, True), told


def test_the_report_to_a_subject(town: Town, home: Path) -> None:  # noqa: F811
    with Session(town.owner) as session, session.begin():
        _account(session, "gu", Role.POPULATION_OFFICE, "990101001")
    asked = ["subject-report", "--purpose", "06", "--case", "申请2026-0012", "--login", "gu"]
    code, told = _run(*asked, answers=f"{NUMBERS[0]}\n")
    assert (code, "本人查询、复" in told, NUMBERS[0] in told) == (0, True, False), told
    path = home / "report.json"
    code, told = _run(*asked, "-o", str(path), answers=f"{NUMBERS[0]}\n")
    assert code == 0, told
    assert [row["role_title"] for row in json.loads(path.read_text())["looks"]] == ["人口办"] * 2
    assert _run(*asked, answers="11010519491231002X\n")[0] == 1
