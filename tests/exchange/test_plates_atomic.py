"""Promise P17: a list loaded five times, killed at twenty points and resumed, leaves what one clean load leaves."""

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import Engine

from geo_registry import cluster
from geo_registry.exchange.mapping import shipped_mappings
from tests.exchange.plate_files import door, register_villages, write_list

KILLS, LOADS, ROWS, SEED = 20, 5, 500, 17
# Forks a ready command line for each load: a kill then falls into the load, not into the loading of libraries.
STARTER = """
import os, sys
import pandas  # pyarrow loads it on first use
import geo_registry.exchange.plates
from geo_registry.text import pinyin
from geo_registry.commands.files import import_app
pinyin("路")
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            import_app(line.rstrip("\\n").split("\\t"))
        except SystemExit as end:
            os._exit(end.code or 0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
# Everything the import says about places, without ids, codes and times, which every load draws anew.
CONTENT = """
    SELECT n.full_name, a.standard_text, a.number_key, a.neighborhood, a.state, a.version, ST_AsText(a.position),
      b.method, b.state, b.version, l.building_no, u.unit_text, u.unit_key, u.floor, u.room, u.state, u.version,
      p.text, p.state, p.version
    FROM registry.housing_unit u JOIN registry.building b ON b.id = u.building_id
    JOIN registry.building_address l ON l.building_id = b.id JOIN registry.address a ON a.id = l.address_id
    LEFT JOIN registry.place_name n ON n.id = a.place_name_id JOIN registry.plate p ON p.address_id = a.id
    ORDER BY a.standard_text, u.unit_key
"""
SIZES = """
    SELECT (SELECT count(*) FROM registry.place_name), (SELECT count(*) FROM registry.address),
      (SELECT count(*) FROM registry.building), (SELECT count(*) FROM registry.building_address),
      (SELECT count(*) FROM registry.housing_unit), (SELECT count(*) FROM registry.plate),
      (SELECT count(*) FROM registry.quarantine), (SELECT count(*) FROM registry.place_history)
"""
ACTS_UNDER_WAY = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
      AND backend_type = 'client backend'
"""


class Loader:
    """Runs the command line on one file, again and again."""

    def __init__(self, engine: Engine, path: Path, mapping: Path) -> None:
        url = address(engine)
        env = {**os.environ, "GEO_REGISTRY_DATABASE_URL": url, "GEO_REGISTRY_APP_DATABASE_URL": url}
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._line = "\t".join(["plates", str(path), "--mapping", str(mapping)])

    def run(self, seconds: float | None = None) -> int:
        """Load the file, killed after some seconds if that is asked; answer the exit code."""
        assert self._process.stdin
        assert self._process.stdout
        print(self._line, file=self._process.stdin, flush=True)
        child = int(self._process.stdout.readline())
        if seconds is not None:
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):  # it may have ended
                os.kill(child, signal.SIGKILL)
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End the starter."""
        self._process.communicate()


def address(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def state(engine: Engine) -> tuple[tuple[int, ...], str]:
    """Return the sizes of the tables and a hash of their content, once the backend of a killed load is gone.

    The server notices late that its client is dead, and a commit that was sent still takes place.
    """
    with psycopg.connect(address(engine), autocommit=True) as raw:
        deadline = time.monotonic() + 60
        while raw.execute(ACTS_UNDER_WAY).fetchone() != (0,):
            assert time.monotonic() < deadline, "a killed load still works in the database"
            time.sleep(0.01)
        raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")  # one snapshot for content and sizes
        rows = raw.execute(CONTENT).fetchall()
        sizes = raw.execute(SIZES).fetchone()
    assert sizes
    return sizes, hashlib.sha256("\n".join(map(str, rows)).encode()).hexdigest()


def empty(engine: Engine) -> None:
    """Empty the place registers, which refuse it from anybody but a superuser."""
    with psycopg.connect(cluster.superuser_url(database=str(engine.url.database))) as raw:
        raw.execute("SET session_replication_role = replica")
        raw.execute(
            "TRUNCATE registry.place_name, registry.address, registry.building, registry.building_address, "
            "registry.entrance, registry.housing_unit, registry.plate, registry.quarantine, registry.import_file CASCADE"
        )


@pytest.fixture
def loader(committed: Engine, tmp_path: Path) -> Iterator[Loader]:
    with psycopg.connect(address(committed)) as raw:
        register_villages(raw, tmp_path)
        raw.execute("DELETE FROM registry.place_history")
    rows = [
        door(f"{n}號" + ("", "二樓", "三樓之1")[n % 3], road=f"{'光明和平中正'[k % 6]}路", lane=f"{k}巷")
        for k in range(1, ROWS // 50 + 1)
        for n in range(1, 51)
    ]
    path = write_list(tmp_path / "doors.parquet", *rows, door("1號", x=0.015), door(""))
    mapping = tmp_path / "mine.yaml"
    # As shipped, but over villages that are registered already.
    shipped = shipped_mappings()["door-plates"].read_text(encoding="utf-8")
    content = yaml.safe_load(shipped) | {"code": "mine", "scheme": None, "companions": {}}
    mapping.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    loader = Loader(committed, path, mapping)
    yield loader
    loader.stop()


@pytest.mark.promise("P17")
@pytest.mark.commits
def test_killed_imports_leave_nothing_and_repeated_ones_change_nothing(
    committed: Engine, loader: Loader
) -> None:
    nothing = state(committed)
    assert loader.run() == 0  # warms the caches of the database
    empty(committed)
    began = time.monotonic()
    assert loader.run() == 0
    seconds, clean = time.monotonic() - began, state(committed)
    assert clean[0][4] == ROWS
    chance, kills = random.Random(SEED), 0
    empty(committed)
    for attempt in range(5 * KILLS):
        began = time.monotonic()
        if loader.run(chance.random() * seconds) == -signal.SIGKILL:
            kills += 1
        else:  # warmer than the first: from now on kills fall into this shorter time
            seconds = min(seconds, time.monotonic() - began)
        found = state(committed)
        # Whole or nothing: a load that was killed behind its commit is a load.
        assert found in {nothing, clean}, f"attempt {attempt}: {found[0]}"
        if found == clean:
            empty(committed)
        if kills == KILLS:
            break
    assert kills == KILLS
    for _ in range(LOADS):
        assert loader.run() == 0
        assert state(committed) == clean
