"""Checks of numbers on the command line."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.address.tables import AddressWarning
from geo_registry.cli import app
from tests import factories as make

runner = CliRunner()
WIDE = {"COLUMNS": "200"}


@pytest.fixture
def engine(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give the installation of the commands two streets in two districts, each with a number amiss."""
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    with Session(committed) as session, session.begin():
        for code, far in (("310111000000", None), ("310112000000", make.point(15, 2900))):
            district = make.make_division(session, code=code)
            community = make.make_division(session, parent=make.make_division(session, parent=district))
            street = make.make_street(session, community=community)
            make.make_address(session, 1, street=street)
            make.make_address(session, 3, street=street, position=far)
    return committed


@pytest.mark.commits
def test_every_street_is_checked_and_errors_end_with_1(engine: Engine) -> None:
    told = runner.invoke(app, ["plates", "check"], env=WIDE)
    assert told.exit_code == 1, told.output
    assert "outside_area (error)" in told.output
    with Session(engine) as session:
        kinds = set(session.execute(select(AddressWarning.kind)).scalars())
    assert kinds == {"no_position", "outside_area", "far_from_street"}


@pytest.mark.commits
def test_an_area_is_checked_alone_and_what_was_cured_goes(engine: Engine) -> None:
    told = runner.invoke(app, ["plates", "check", "--area", "310111000000"], env=WIDE)
    assert told.exit_code == 0, told.output
    assert "1 open, 0 accepted" in told.output
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE registry.address SET state = 'removed' WHERE number = 3"))
    told = runner.invoke(app, ["plates", "check", "--area", "310111000000"], env=WIDE)
    assert "0 open" in told.output
    unknown = runner.invoke(app, ["plates", "check", "--area", "1"], env=WIDE)
    assert unknown.exit_code == 1
    assert "area-unknown" in unknown.output
