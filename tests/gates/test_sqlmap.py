"""P3 with a tool of the trade: sqlmap, level 2, against search and lists, for six minutes at most."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from api.app import create_app
from geo_registry import cluster
from tests.api.conftest import Town

SECONDS = 360
# Each with one value that finds something, so that a condition has an effect to be seen.
TARGETS = (
    ("clerk", "/v1/addresses/search?q=映月路8号&limit=5"),
    ("clerk", "/v1/streets?name=映月路"),
    ("clerk", "/v1/addresses?state=current&after=AA"),
    ("clerk", "/v1/addresses/match?text=映月路8号"),
    ("warden", "/v1/accounts?text=officer"),
    ("clerk", "/v1/plates?state=draft"),
)
# What it says when it has found a way in, and when it has tried everything.
FOUND, DONE = "sqlmap identified the following injection point", "do not appear to be injectable"


@pytest.fixture
def base(town: Town, database: cluster.Urls) -> Iterator[str]:
    config = uvicorn.Config(create_app(database.app), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def _attack(url: str, token: str, folder: Path, seconds: float) -> str:
    """Return what sqlmap says about one address within its time."""
    program = [
        str(Path(sys.executable).with_name("sqlmap")), "-u", url, "--headers", f"Authorization: Bearer {token}",
        "--batch", "--flush-session", "--disable-coloring", "--dbms", "PostgreSQL", "--level", "2", "--risk", "1",
        "--threads", "2", "--timeout", "20", "--output-dir", str(folder),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            program, capture_output=True, text=True, timeout=seconds, check=False, cwd=folder
        )
    except subprocess.TimeoutExpired as error:
        return error.stdout.decode() if isinstance(error.stdout, bytes) else ""
    return done.stdout


@pytest.mark.deep
@pytest.mark.promise("P3")
def test_sqlmap_finds_no_way_in(town: Town, base: str, tmp_path: Path) -> None:
    end = time.monotonic() + SECONDS
    told = {}
    for role, path in TARGETS:
        if (left := end - time.monotonic()) > 1:
            told[path] = _attack(base + path, town.tokens[role], tmp_path, min(left, SECONDS / 3))
    assert {path: said[-500:] for path, said in told.items() if FOUND in said} == {}
    assert sum(DONE in said for said in told.values()) >= 5, {
        path: said[-500:] for path, said in told.items()
    }
