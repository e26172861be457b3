"""Commands that are refused end with a sentence and the number 1, never with a traceback."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from geo_registry import cluster, db
from geo_registry.cli import app
from geo_registry.errors import Unavailable
from geo_registry.postgres import ClusterError

runner = CliRunner()
COMMANDS = (
    ["account", "list"], ["account", "train", "he"], ["account", "disable", "he"], ["demo", "--prepare-only"],
    ["grid", "assign"], ["grid", "report"], ["jurisdiction"], ["measure", "refresh"],
    ["measure", "refresh", "--check"], ["measure", "report"], ["number", "映月路"], ["serve"],
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_engine_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each command ask for the database anew: engines of tests before would still be known."""
    for name in ("owner_engine", "app_engine"):
        monkeypatch.setattr(db, name, getattr(db, name).__wrapped__)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_database_a_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def away(*_: object) -> cluster.Urls:
        raise ClusterError("no database yet; start it: geo-registry db start")

    for name in ("urls", "start"):
        monkeypatch.setattr(cluster, name, away)
    told = runner.invoke(app, command)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == "no database yet; start it: geo-registry db start\n"


def test_a_database_that_does_not_answer_is_told_how_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> cluster.Urls:
        raise Unavailable("busy", "系统繁忙")

    monkeypatch.setattr(cluster, "urls", busy)
    told = runner.invoke(app, ["grid", "report"])
    assert (told.exit_code, told.stderr) == (1, "busy: 系统繁忙; does it run? geo-registry db start\n")


def test_every_command_shows_an_example() -> None:
    shown = runner.invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    groups = [
        name for name in ("account", "db", "grid", "import", "look", "measure", "profile") if name in shown
    ]
    assert len(groups) == 7
    for command in (
        *COMMANDS,
        ["import", "blocks"],
        ["standardize"],
        ["match"],
        ["profile", "check"],
        ["look", "dwellings"],
        ["db", "start"],
    ):
        names = [word for word in command if not word.startswith("--")][: 2 if command[0] in groups else 1]
        told = runner.invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, told.output
        assert f"Example: geo-registry {' '.join(names)}" in told.output


def test_wrong_arguments_end_with_2(tmp_path: Path) -> None:
    for command in (
        ["measure", "report", "--as-of", "tomorrow"], ["measure", "report", "--level", "street"],
        ["measure", "refresh", "now"], ["grid", "report", "--area"], ["account", "train"],
        ["import", "blocks", str(tmp_path / "none.geojson")],
    ):  # fmt: skip
        told = runner.invoke(app, command)
        assert told.exit_code == 2, command
        assert "Error" in told.output
