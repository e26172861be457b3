"""The grid on the command line."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.commands.account import account_app
from geo_registry.commands.grid import grid_app
from geo_registry.grid.tables import BlockAssignment
from tests.grid.conftest import build_quarter

runner = CliRunner()


@pytest.fixture
def here(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give the quarter, committed, as the installation of the commands."""
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    with Session(committed) as session, session.begin():
        quarter = build_quarter(session)
        quarter.coordinator(trained=False, login="he", name="何某")
    return committed


@pytest.mark.commits
def test_the_report_ends_well_when_somebody_answers_for_everything(here: Engine) -> None:
    told = runner.invoke(grid_app, ["report"], env={"COLUMNS": "200"})
    assert told.exit_code == 1
    assert "第A块" in told.output
    assert "buildings in no block: none" in told.output
    assert "ground in no block: none" in told.output
    trained = runner.invoke(account_app, ["train", "he", "--on", "2026-01-05"])
    assert (trained.exit_code, trained.output) == (0, "account he was trained on 2026-01-05\n")
    with Session(here) as session, session.begin():
        who = session.execute(text("SELECT account_id FROM registry.coordinator")).scalar_one()
        for block in session.execute(text("SELECT id FROM registry.grid_block")).scalars().all():
            session.add(BlockAssignment(block_id=block, account_id=who))
    told = runner.invoke(grid_app, ["report"], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "blocks without a responsible coordinator: none" in told.output
    missing = runner.invoke(grid_app, ["report", "--area", "000"])
    assert missing.exit_code == 1


@pytest.mark.commits
def test_assigning_anew_tells_what_was_wrong(here: Engine) -> None:
    with here.begin() as connection:
        connection.execute(text("DELETE FROM registry.building_block"))
    told = runner.invoke(grid_app, ["assign"], env={"COLUMNS": "200"})
    assert told.exit_code == 0
    (row,) = [line for line in told.output.splitlines() if "building" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["building", "3", "3", "0"]
