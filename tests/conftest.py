"""Database of the tests: an embedded cluster of their own, one migrated database for each worker.

The cluster lies in ``var/test`` (``GEO_REGISTRY_TEST_HOME`` names another place), writes without fsync, and
is stopped when the last test session that uses it ends.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("GEO_REGISTRY_TEST_HOME", ROOT / "var" / "test"))
# Before the registry is imported: tests never see the installation around them.
for name in [name for name in os.environ if name.startswith("GEO_REGISTRY_") and name != "GEO_REGISTRY_DATA"]:
    del os.environ[name]
os.environ["GEO_REGISTRY_HOME"] = str(HOME)

from geo_registry import cluster  # noqa: E402
from geo_registry.db import TIMEZONE  # noqa: E402
from geo_registry.settings import settings  # noqa: E402
from tests.schedule import Parts, in_turn  # noqa: E402
from tests.templates import anchor_now, drop, drop_orphans, locked, migrated  # noqa: E402

FAST = {
    "fsync": "off", "full_page_writes": "off", "shared_buffers": "512MB", "maintenance_work_mem": "128MB",
    # For the gate on injection, which looks at the shape of every statement; it costs next to nothing.
    "shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all", "pg_stat_statements.max": "20000",
}  # fmt: skip
LARGE = 4 << 20
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'r'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'registry' AND c.relkind IN ('r', 'p')
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test that asks for the database, so that `make check` can leave it out; set the order."""
    for item in items:
        if "database" in getattr(item, "fixturenames", ()):
            item.add_marker("postgis")
    if config.getoption("dist") == "loadfile":
        in_turn(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Parts | None:
    """Give each process whole files, and pages in a browser in few large parts."""
    return Parts(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the cluster unless another test session uses it; under continuous integration remove it."""
    if not hasattr(session.config, "workerinput") and (HOME / "pg").exists():
        with locked("in-use", fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            if alone:
                cluster.stop()
                if os.environ.get("CI"):
                    shutil.rmtree((HOME / "pg").resolve())


@pytest.fixture(scope="session")
def database() -> Iterator[cluster.Urls]:
    """Give this worker a database of its own, migrated, empty but for what migrations put there."""
    name = f"test_{os.getpid()}"
    with locked("in-use", fcntl.LOCK_SH):
        with locked("template", fcntl.LOCK_EX):
            cluster.start(options=FAST)
            drop_orphans("test", "map", "story")
            urls = cluster.create_database(settings(), name, migrated())
            anchor_now(urls)
        yield urls
        drop(name)


@pytest.fixture(scope="session")
def owner_engine(database: cluster.Urls) -> Iterator[Engine]:
    """Give an engine signed in as owner."""
    engine = create_engine(database.owner, connect_args={"options": f"-c timezone={TIMEZONE}"})
    yield engine
    engine.dispose()


@pytest.fixture
def connection(owner_engine: Engine) -> Iterator[Connection]:
    """Give a connection inside a transaction that is rolled back after the test."""
    with owner_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """Give a session whose commits are savepoints inside that transaction."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture(scope="session")
def seeds(database: cluster.Urls) -> dict[str, bytes]:
    """Copy what the migrations put into the tables, to put it there again."""
    found = {}
    with psycopg.connect(_superuser(database)) as connection:
        for table, is_plain in connection.execute(TABLES).fetchall():
            if is_plain and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                    found[table] = b"".join(copy)
    return found


@pytest.fixture(scope="session")
def reset(owner_engine: Engine, seeds: dict[str, bytes]) -> Callable[[], None]:
    """Give the call that leaves every registry table as the migrations left it."""

    def empty() -> None:
        owner_engine.dispose()
        with psycopg.connect(_superuser_of(owner_engine)) as connection:
            # Append-only tables refuse to be emptied; only a superuser may silence their triggers.
            connection.execute("SET session_replication_role = replica; SET lock_timeout = '10s'")
            _empty(connection)
            for table, rows in seeds.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)
            # With its triggers again: the one on the jurisdiction keeps the box that constraints read.
            connection.execute("SET session_replication_role = origin")
            connection.execute("UPDATE registry.jurisdiction SET name = name")

    return empty


@pytest.fixture
def committed(
    request: pytest.FixtureRequest, owner_engine: Engine, reset: Callable[[], None]
) -> Iterator[Engine]:
    """Give an engine with real commits; afterwards every registry table is as the migrations left it."""
    if request.node.get_closest_marker("commits") is None:
        pytest.fail("a test that commits carries the marker `commits`")
    yield owner_engine
    reset()


def _empty(connection: psycopg.Connection) -> None:
    """Leave no row; to truncate all tables takes longer than to find the few that hold some."""
    tables = [table for table, _ in connection.execute(TABLES).fetchall()]
    # Nobody writes meanwhile.
    connection.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
    held = " UNION ALL ".join(
        f"SELECT '{table}', pg_table_size('{table}') > {LARGE} WHERE EXISTS (SELECT FROM {table})"
        for table in tables
    )
    for table, is_large in connection.execute(f"{held} ORDER BY 2 DESC").fetchall():
        connection.execute(f"TRUNCATE {table} CASCADE" if is_large else f"DELETE FROM {table}")


def _superuser(database: cluster.Urls) -> str:
    return cluster.superuser_url(database=database.owner.rpartition("/")[2])


def _superuser_of(engine: Engine) -> str:
    return cluster.superuser_url(database=str(engine.url.database))
