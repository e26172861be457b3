"""The schema goes up, down and up again, empty and with places in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.db import TIMEZONE
from geo_registry.settings import settings
from tests.factories import make_building, make_community, make_street

ROOT = Path(__file__).parents[1]
COUNTS = text("""
    SELECT (SELECT count(*) FROM registry.place_name), (SELECT count(*) FROM registry.building),
      (SELECT count(*) FROM registry.division)
""")
SOUNDS = text("SELECT name, pinyin, initials FROM registry.building_sound")
KNOWS = text("SELECT to_regclass('registry.name_change') IS NOT NULL")


def _config(urls: cluster.Urls) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = urls.owner
    return config


@pytest.fixture
def spare(database: cluster.Urls) -> Iterator[cluster.Urls]:
    """Give a database of its own, without a schema."""
    del database
    name = f"spare_{os.getpid()}"
    yield cluster.create_database(settings(), name)
    with psycopg.connect(cluster.superuser_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def engine(spare: cluster.Urls) -> Iterator[Engine]:
    """Give an engine on that database, signed in as owner."""
    engine = create_engine(spare.owner, connect_args={"options": f"-c timezone={TIMEZONE}"})
    yield engine
    engine.dispose()


def test_the_schema_goes_down_and_up_again(spare: cluster.Urls, engine: Engine) -> None:
    """An empty one by every single step, a filled one to the second migration, without a loss."""
    config = _config(spare)
    heads = ScriptDirectory.from_config(config).get_heads()
    assert len(heads) == 1
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    for _ in range(int(heads[0])):
        command.upgrade(config, "+1")
    with Session(engine) as session:
        make_building(session, name="金桂大厦")
        make_street(session, "映月路")
        session.commit()
        before = session.execute(COUNTS).one()

    command.downgrade(config, "0002")

    with Session(engine) as session:
        assert session.execute(COUNTS).one() == before
        assert not session.execute(KNOWS).scalar_one()
        # The names of the older schema can be changed: no trigger asks for what is gone.
        make_community(session)
        session.commit()
    command.upgrade(config, "head")
    with Session(engine) as session:
        make_street(session, "观星路")
        session.commit()
        assert session.execute(text("SELECT count(*) FROM registry.name_change")).scalar_one() > 0
        assert session.execute(SOUNDS).all() == [("金桂大厦", "jinguidasha", "jgds")]
        places, buildings, divisions = session.execute(COUNTS).one()
    assert (places, buildings) == (before[0] + 1, before[1])
    assert divisions == before[2] + 6
    command.check(config)


def test_functions_of_older_versions_give_way(spare: cluster.Urls, engine: Engine) -> None:
    config = _config(spare)
    command.upgrade(config, "head")
    functions = text(
        "SELECT p.oid::regprocedure::text, p.prorettype::regtype::text FROM pg_proc p "
        "WHERE p.pronamespace = 'registry'::regnamespace"
    )
    with engine.connect() as connection:
        before = {tuple(row) for row in connection.execute(functions)}
        connection.execute(
            text("CREATE FUNCTION registry.left_over() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        )
        connection.execute(text("DROP FUNCTION registry.hold_addresses(uuid[])"))
        connection.execute(
            text(
                "CREATE FUNCTION registry.hold_addresses(other uuid[]) RETURNS text LANGUAGE sql AS 'SELECT 1'"
            )
        )
        connection.commit()
    command.upgrade(config, "head")
    with engine.connect() as connection:
        assert {tuple(row) for row in connection.execute(functions)} == before
