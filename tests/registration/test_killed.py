"""Promise P12 for registration: what was acknowledged stays, nothing stays half, whatever is killed meanwhile."""

import contextlib
import http.client
import itertools
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from geo_registry import cluster, postgres
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id, new_ids
from geo_registry.settings import Settings
from tests.registration.conftest import NAMES, PLACES, citizen_number, sheet

CLERKS, SEED, PAUSE = 6, 12, 1.2
SMALL = {"shared_buffers": "64MB", "max_connections": "60", "fsync": "off"}
# A server on a socket that outlives it, forked anew from a ready process whenever it was killed: whoever calls meanwhile
# waits in the queue of the socket.
SERVER = """
import os, socket, sys, uvicorn
from api.app import create_app
import api.routes.registrations
listening = socket.socket(fileno=int(sys.argv[2]))
while True:
    child = os.fork()
    if child == 0:
        uvicorn.Server(uvicorn.Config(create_app(sys.argv[1]), log_level="critical")).run(sockets=[listening])
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
"""
SIGNED_IN = """
WITH account AS (INSERT INTO registry.account (login, name, role) VALUES (%(login)s, %(login)s, 'entry_clerk') RETURNING id), area AS (
  INSERT INTO registry.area_grant (account_id) SELECT a.id FROM account a RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT %(hash)s, account_id, now() + interval '1 hour' FROM area
"""
HALF = {
    "cases whose forms are not as many as they say": """SELECT count(*) FROM registry.registration_case c
        WHERE c.forms <> (SELECT count(*) FROM registry.case_person f WHERE f.case_id = c.id)""",
    "submitted cases without a date due, or whose forms lack a slip": """SELECT count(*) FROM registry.registration_case c
        JOIN registry.case_person f ON f.case_id = c.id WHERE c.status = 'submitted' AND (c.due_on IS NULL OR f.slip_number IS NULL)""",
    "acts without their audit row, or the other way round": """SELECT count(*) FROM (
        SELECT object_id, 'case-' || verb AS act, count(*) FROM registry.act GROUP BY 1, 2) a
        FULL JOIN (SELECT object_id, action AS act, count(*) FROM registry.audit WHERE object_kind = 'registration_case' GROUP BY 1, 2) b
        USING (object_id, act, count) WHERE a.act IS NULL OR b.act IS NULL""",
    "cases whose version is not the number of their acts": """SELECT count(*) FROM registry.registration_case c
        WHERE c.version <> (SELECT count(*) FROM registry.act a WHERE a.object_id = c.id)""",
    "documents with two open forms": """SELECT count(*) FROM (SELECT FROM registry.case_person f WHERE f.is_open
        GROUP BY f.id_index HAVING count(*) > 1) x""",
    "sealed rows of the audit that do not hold": """SELECT count(*) FROM (SELECT a.prev, lag(a.hash) OVER (PARTITION BY a.shard ORDER BY a.seq) AS before
        FROM registry.audit a) x WHERE x.before IS NOT NULL AND x.prev <> x.before""",
}  # fmt: skip


@dataclass
class Office:
    """An installation of its own with clerks who enter registrations until they are told to stop."""

    config: Settings
    urls: cluster.Urls
    listening: socket.socket
    tokens: list[str]
    rooms: "itertools.cycle[str]"
    server: subprocess.Popen[str] | None = None
    child: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)
    asked_again: int = 0

    def serve(self) -> None:
        """Start the server."""
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER, self.urls.app, str(self.listening.fileno())],
            env={**os.environ, "GEO_REGISTRY_HOME": str(self.config.home)}, pass_fds=[self.listening.fileno()],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def serving(self) -> int:
        """Return the process that serves now, as it was told when it began."""
        assert self.server
        assert self.server.stdout
        return int(self.server.stdout.readline())

    def post(self, token: str, path: str, body: dict[str, Any], version: int | None = None) -> dict[str, Any]:
        """Post with one key until there is an answer; what was done already is answered as it was."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": new_id().hex,
            "Content-Type": "application/json",
        }
        headers |= {"If-Match": f'"{version}"'} if version else {}
        for _ in range(200):
            with contextlib.suppress(OSError, http.client.HTTPException):
                line = http.client.HTTPConnection("127.0.0.1", self.listening.getsockname()[1], timeout=10)
                with contextlib.closing(line):
                    line.request("POST", path, json.dumps(body), headers)
                    answer = line.getresponse()
                    told = answer.read()
                if answer.status in {200, 201}:
                    found: dict[str, Any] = json.loads(told)
                    return found
                assert answer.status >= 500, told
            self.asked_again += 1
            time.sleep(0.05)
        raise AssertionError("no answer")

    def work(self, token: str) -> None:
        """Enter one registration after the other."""
        while not self.stopped.is_set():
            room = next(self.rooms)
            opened = self.post(
                token,
                "/v1/registrations",
                {"action": "register", "form": "incomer_registration", "unit_id": room},
            )
            path = f"/v1/registrations/{opened['id']}/actions"
            filled = self.post(
                token, f"{path}/fill", {"forms": [sheet(id_number=citizen_number(place="320102"))]}, 1
            )
            self.post(token, f"{path}/submit", {}, filled["version"])
            self.acknowledged.append(opened["id"])

    def kill(self, turn: int, chance: random.Random) -> None:
        """Kill the server, one process of PostgreSQL, or all of them; all come back."""
        if turn % 2:
            os.kill(self.child, signal.SIGKILL)
            self.child = self.serving()
            return
        state = cluster.status(self.config)
        assert state.data
        assert state.pid
        children = [pid for pid in postgres.processes(state.data) if pid != state.pid]
        for pid in chance.choice(([chance.choice(children)], [state.pid, *children])):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for _ in range(20):
            with contextlib.suppress(Exception):
                cluster.start(self.config, options=SMALL)
                return
            time.sleep(0.2)

    def one(self, query: str, values: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  (any value)
        """Return one value as the owner reads it."""
        with psycopg.connect(self.urls.owner) as connection:
            found = connection.execute(query, values)
            return (found.fetchone() or (None,))[0] if found.description else None


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an installation of its own: what is killed here is nobody else's."""
    config = Settings(home=tmp_path_factory.mktemp("office"))
    urls = cluster.start(config, options=SMALL)
    cluster.migrate(urls.owner)
    ids = dict(zip(NAMES, new_ids(len(NAMES)), strict=True))
    tokens = [secrets.token_urlsafe(32) for _ in range(CLERKS)]
    with psycopg.connect(urls.owner) as connection:
        connection.execute(PLACES.format(**ids).encode())
        connection.execute("UPDATE registry.audit_anchor SET anchored_at = now()")
        for number, token in enumerate(tokens):
            connection.execute(SIGNED_IN, {"login": f"clerk{number}", "hash": hash_token(token)})
        found = connection.execute(
            "SELECT id::text FROM registry.housing_unit WHERE building_id = %s", [ids["house"]]
        )
        rooms = itertools.cycle([room for (room,) in found])
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        listening.set_inheritable(True)
        office = Office(config, urls, listening, tokens, rooms)
        office.serve()
        office.child = office.serving()
        yield office
        assert office.server
        office.server.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(office.child, signal.SIGKILL)
        office.server.communicate()
    cluster.stop(config)


@pytest.mark.promise("P12")
@pytest.mark.parametrize("kills", [8, pytest.param(60, marks=pytest.mark.deep)])
def test_nothing_acknowledged_is_lost_and_nothing_is_half(office: Office, kills: int) -> None:
    chance = random.Random(SEED)
    with ThreadPoolExecutor(CLERKS) as clerks:
        working = [clerks.submit(office.work, token) for token in office.tokens]
        try:
            while len(office.acknowledged) < CLERKS:
                assert not any(one.done() for one in working), [
                    one.exception() for one in working if one.done()
                ]
                time.sleep(0.1)
            for turn in range(kills):
                before = len(office.acknowledged)
                time.sleep(PAUSE * chance.random())
                office.kill(turn, chance)
                # Each kill falls into work: some is acknowledged between any two.
                for _ in range(600):
                    if len(office.acknowledged) > before + CLERKS or any(one.done() for one in working):
                        break
                    time.sleep(0.1)
        finally:
            office.stopped.set()
    for one in working:
        one.result()
    assert len(office.acknowledged) >= kills * CLERKS
    assert office.asked_again > 0
    submitted = "SELECT count(*) FROM registry.registration_case WHERE status = 'submitted' AND id = ANY (%(ids)s::uuid[])"
    assert (
        office.one(submitted, {"ids": office.acknowledged})
        == len(set(office.acknowledged))
        == len(office.acknowledged)
    )
    # A repeated request did nothing twice: there are no cases but the acknowledged ones.
    assert office.one("SELECT count(*) FROM registry.registration_case") == len(office.acknowledged)
    assert {what: office.one(query) for what, query in HALF.items()} == dict.fromkeys(HALF, 0)
