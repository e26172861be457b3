"""The jurisdiction: its box binds every geometry, its profile every address."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from geo_registry import db
from geo_registry.cli import app

STORE = text("""INSERT INTO registry.backdrop (kind, source_key, shape)
                VALUES ('green', :key, ST_Multi(ST_MakeEnvelope(:west, 30, :west + 0.1, 30.1, 4490)))""")


def _store(engine: Engine, west: float) -> None:
    with engine.begin() as connection:
        connection.execute(STORE, {"key": str(west), "west": west})


@pytest.mark.commits
def test_the_box_binds_every_geometry_as_soon_as_it_is_set(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "owner_engine", lambda: committed)
    _store(committed, 100)
    done = CliRunner().invoke(app, ["jurisdiction", "--name", "映山区", "--box", "121", "29", "122", "31"])
    assert (done.exit_code, done.output) == (0, "映山区: profile shanghai, box 121.0 29.0 122.0 31.0\n")
    _store(committed, 121.5)
    for west in (100.5, 121.95, 20):
        with pytest.raises(DBAPIError, match="backdrop_shape_check"):
            _store(committed, west)


@pytest.mark.commits
def test_the_profile_is_set_by_a_code_that_exists(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "owner_engine", lambda: committed)
    assert CliRunner().invoke(app, ["jurisdiction", "--profile", "nowhere"]).exit_code == 1
    assert CliRunner().invoke(app, ["jurisdiction", "--profile", "road-section"]).exit_code == 0
    with committed.connect() as connection:
        assert (
            connection.execute(text("SELECT profile FROM registry.jurisdiction")).scalar_one()
            == "road-section"
        )
