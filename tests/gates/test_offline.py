"""P34: nothing leaves the machine; where there is no network, everything works."""

import json
import os
import subprocess
import sys

import pytest

from geo_registry import cluster
from geo_registry.settings import ROOT
from tests.api.conftest import PASSWORD, Town


@pytest.mark.promise("P34")
def test_the_registry_works_without_a_network_and_asks_for_none(town: Town, database: cluster.Urls) -> None:
    # The socket of the database is a file: it is reached from another network, and nothing else is.
    known = cluster.status()
    name = database.owner.rpartition("/")[2]
    told = {
        "GEO_REGISTRY_DATABASE_URL": f"postgresql:///{name}?host={known.socket}&port={known.port}",
        "VISITOR": "clerk",
        "VISITOR_PASSWORD": PASSWORD,
    }
    program = [sys.executable, "scripts/offline.py", sys.executable, "-m", "tests.gates.visit"]
    done = subprocess.run(
        program,
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["help"] > 1000
    assert {path: told for path, told in found["seen"].items() if told != [200, []]} == {}, found["log"]
    assert len(found["seen"]) > 10
    assert found["tries"] == 0
