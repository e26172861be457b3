"""P27: a session that ends is refused by every process of the server with the next request."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from geo_registry.access.rules import Role
from geo_registry.account.accounts import Held, add_account, change_account, switch_account
from geo_registry.account.sessions import open_session
from geo_registry.cluster import Urls
from geo_registry.db import transaction
from geo_registry.settings import ROOT

WORKERS = 4


@dataclass(frozen=True, slots=True)
class Server:
    """A server of four processes, and the owner's way to its database."""

    url: str
    workers: tuple[int, ...]
    owner: Engine

    def statuses(self, token: str, requests: int = 48) -> set[int]:
        """Ask over as many connections, sixteen at a time: all processes get some."""

        def ask(_: int) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return httpx.get(
                f"{self.url}/v1/session", headers=headers, timeout=60, trust_env=False
            ).status_code

        with ThreadPoolExecutor(16) as pool:
            return set(pool.map(ask, range(requests)))

    def bytes_read(self) -> list[int]:
        """Tell how much each process has read so far: who read nothing more, answered nobody."""
        return [int(Path(f"/proc/{pid}/io").read_text().split()[1]) for pid in self.workers]

    def account(self, login: str) -> tuple[UUID, str]:
        """Add an account, signed in."""
        with transaction(self.owner) as session:
            added = add_account(
                session, login=login, name=login, role=Role.CLERK, password="a long enough password"
            )
            return added.id, open_session(session, added.id)


@pytest.fixture
def server(committed: Engine, database: Urls) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.access.four_workers", database.app, str(WORKERS)]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout
        port, *workers = (int(word) for word in process.stdout.readline().split())
        yield Server(f"http://127.0.0.1:{port}", tuple(workers), committed)
        process.communicate(timeout=60)


@pytest.mark.commits
@pytest.mark.promise("P27")
def test_the_next_request_is_refused_everywhere(server: Server) -> None:
    accounts = {login: server.account(login) for login in ("out", "role", "off")}
    before, limit = server.bytes_read(), time.monotonic() + 120
    while any(now == was for now, was in zip(server.bytes_read(), before, strict=True)):
        assert time.monotonic() < limit, "a process never answered"
        for _, token in accounts.values():
            assert server.statuses(token) == {200}

    def sign_out(_account_id: UUID, token: str) -> None:
        httpx.delete(
            f"{server.url}/v1/session", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )

    def change_role(account_id: UUID, _token: str) -> None:
        with transaction(server.owner) as session:
            change_account(Held(session, None, account_id), role=Role.STEWARD.value)

    def disable(account_id: UUID, _token: str) -> None:
        with transaction(server.owner) as session:
            switch_account(Held(session, None, account_id), active=False)

    for login, end in (("out", sign_out), ("role", change_role), ("off", disable)):
        account_id, token = accounts[login]
        before = server.bytes_read()
        end(account_id, token)
        # Each of the next requests, the first of which leaves at once, wherever it arrives.
        assert server.statuses(token) == {401}, login
        assert all(now > was for now, was in zip(server.bytes_read(), before, strict=True))
