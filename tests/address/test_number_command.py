"""Numbering on the command line."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.cli import app
from tests import factories as make

runner = CliRunner()
WIDE = {"COLUMNS": "200"}


@pytest.fixture
def street(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a street with two numbers, committed, in the installation of the commands."""
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    with Session(committed) as session, session.begin():
        street = make.make_street(session, "听雨路")
        for number in (1, 3):
            make.make_address(session, number, street=street)
        make.make_street(session, "望月路", axis=None)
        for _ in range(2):
            make.make_street(session, "同名路")
        return str(street.code)


@pytest.mark.commits
def test_a_street_is_shown_by_name_or_code_and_written_whole(street: str, tmp_path: Path) -> None:
    told = runner.invoke(app, ["number", "听雨路"], env=WIDE)
    assert told.exit_code == 0, told.output
    assert "听雨路: 1000 m, by order, odd numbers north; 2 given" in told.output
    path = tmp_path / "numbers.csv"
    told = runner.invoke(app, ["number", street, "--side", "odd", "--no-reserve", "-o", str(path)], env=WIDE)
    assert told.exit_code == 0, told.output
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["kind"], row["number"], row["side"]) for row in rows] == [
        ("given", "1", "odd"), ("given", "3", "odd"),
    ]  # fmt: skip


@pytest.mark.commits
@pytest.mark.usefixtures("street")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["无此路"], 1, "place-name-unknown"), (["同名路"], 1, "give --area"), (["望月路"], 1, "axis-missing"),
        (["听雨路", "--side", "left"], 2, "odd or even"), (["听雨路", "--mode", "fast"], 2, "order or distance"),
        (["听雨路", "-o", "/proc/none/numbers.csv"], 1, "output-unwritable"),
    ],
)  # fmt: skip
def test_what_cannot_be_numbered_is_refused(arguments: list[str], code: int, words: str) -> None:
    told = runner.invoke(app, ["number", *arguments], env=WIDE)
    assert told.exit_code == code
    assert words in told.output
