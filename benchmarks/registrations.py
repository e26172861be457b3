"""Entry of registrations over HTTP: open a case, fill in a person, submit; fifty clerks at one server.

On the generated district (benchmarks/district.py), with sessions, areas, idempotency keys, versions, sealed numbers,
acts and audit as in service. First at the pace of a desk: each clerk begins an entry every ten seconds, which is
several times what a desk can do. Then without a pause, for the entries a second that the machine can take.
"""

import asyncio
import json
import os
import random
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import district
from benchmarks.load import serving
from geo_registry import cluster
from geo_registry.db import today
from geo_registry.person.rules import id_check_character

CLERKS, ENTRIES, PACE = 50, 12, 10.0
HASTE = 8
PORT, WORKERS = 8193, 2
_chance = random.Random()  # another one each run: whoever was entered before has an open case
CALLS = ("open", "fill", "submit")


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Clerk:
    """One clerk, with a connection for each entry: between two the server would close it."""

    number: int
    port: int
    entered: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in (*CALLS, "entry")})

    async def enter(self) -> None:
        """Enter one registration and note how long each call took."""
        line = await asyncio.open_connection("127.0.0.1", self.port)
        opened, first = await self._post(line, "", _case(self.number), None)
        place = f"/{opened['id']}/actions/"
        forms: dict[str, object] = {"forms": [_form(self.number)]}
        filled, second = await self._post(line, f"{place}fill", forms, opened["version"])
        _, third = await self._post(line, f"{place}submit", {}, filled["version"])
        line[1].close()
        self.entered += 1
        for name, spent in zip(
            (*CALLS, "entry"), (first, second, third, first + second + third), strict=True
        ):
            self.seconds[name].append(spent)

    async def _post(
        self, line: Line, path: str, body: dict[str, object], version: int | None
    ) -> tuple[dict[str, Any], float]:
        reader, writer = line
        text = json.dumps(body).encode()
        match = f'If-Match: "{version}"\r\n' if version is not None else ""
        head = (
            f"POST /v1/registrations{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {district.clerk_token(self.number)}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            f"{match}Content-Length: {len(text)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + text)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        told = await reader.readexactly(length)
        spent = time.perf_counter() - began
        assert answer.startswith(b"HTTP/1.1 20"), answer + told
        return json.loads(told), spent


def _case(clerk: int) -> dict[str, object]:
    unit = district.unit(clerk % district.COMMUNITIES * 20_000 + _chance.randrange(20_000))
    return {"action": "register", "form": "incomer_registration", "unit_id": str(unit)}


def _form(clerk: int) -> dict[str, object]:
    """Return the form of a person whom the register does not know; the number is nobody's."""
    birth = date(1960, 1, 1) + timedelta(days=_chance.randrange(15_000))
    body = f"99{clerk + 2:02d}{_chance.randrange(70, 100)}{birth:%Y%m%d}{_chance.randrange(1000):03d}"
    return {
        "name": "测试甲", "id_type": "111", "id_number": body + id_check_character(body), "phone": "13000000000",
        "category": "incomer", "relation_to_head": "0", "hukou_code": "990200000000", "hukou_address": "东山镇12号",
        "since": str(today() - timedelta(days=9)), "stay_reason": "work", "lodging": "rented",
        "proof": "contract",
    }  # fmt: skip


async def _work(port: int, entries: int, pace: float) -> list[Clerk]:
    clerks = [Clerk(number, port) for number in range(CLERKS)]
    await asyncio.gather(*(_desk(clerk, entries, pace) for clerk in clerks))
    return clerks


async def _desk(clerk: Clerk, entries: int, pace: float) -> None:
    begin = time.perf_counter() + random.Random(clerk.number).uniform(0, pace)
    for turn in range(entries):
        await asyncio.sleep(max(0.0, begin + turn * pace - time.perf_counter()))
        await clerk.enter()


def _report(title: str, clerks: list[Clerk], took: float) -> None:
    count = sum(clerk.entered for clerk in clerks)
    print(f"{title}: {count} entries of {CLERKS} clerks in {took:.1f} s, {count / took:.1f} a second")
    for name in (*CALLS, "entry"):
        spent = sorted(second for clerk in clerks for second in clerk.seconds[name])
        p50, p95 = (1000 * spent[int(len(spent) * share)] for share in (0.5, 0.95))
        print(f"  {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms", flush=True)


def run(_data: Path) -> None:
    """Print the times of each call and of an entry."""
    urls = district.ensure()
    environment = {
        "GEO_REGISTRY_DATABASE_URL": urls.owner, "GEO_REGISTRY_APP_DATABASE_URL": urls.app,
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("geo-registry"))
    command = [program, "serve", "--port", str(PORT), "--workers", str(WORKERS)]
    assert cluster.status().pid
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    with serving(command, PORT, environment) as server:
        # The first entries prepare statements and read profiles.
        asyncio.run(_work(server.port, 1, 0.5))
        for title, entries, pace in (
            ("at the pace of a desk", ENTRIES, PACE),
            ("without a pause", HASTE, 0.0),
        ):
            began = time.perf_counter()
            clerks = asyncio.run(_work(server.port, entries, pace))
            _report(title, clerks, time.perf_counter() - began)
