"""以房找人 and 以人找房 over HTTP with all their guards, against bare endpoints that answer the same words.

Processor time of the server and of PostgreSQL, in interleaved pairs on the generated district (benchmarks/district.py): one
run of the registry, one of the bare endpoints, 16 connections and two workers each. Every look carries its session, purpose
and case number, is counted, judged, sealed into the audit and committed before it is answered under row-level security; every
officer keeps to the ordinary limits. Then what row-level security alone costs, and how many looks a second there are.
"""

import itertools
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psycopg

from benchmarks import district
from benchmarks.bare import DWELLINGS, OCCUPANTS, OPTIONS
from benchmarks.load import Server, drive, seconds_between, seconds_of, serving
from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.cluster import Urls

PAIRS, REQUESTS, CONNECTIONS, WORKERS = 9, 1600, 16, 2
THROUGHPUT = 6400
BARE_PORT, PORT = 8191, 8192
HEAD = "Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccess-Purpose: 01; case=JD-2026-1183\r\n"
BUILDING = "GET {prefix}/buildings/{id}/occupants HTTP/1.1\r\n{head}\r\n"
PERSON = "POST {prefix}/persons/lookup HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"

Make = Callable[[str, int, int], bytes]


def _occupants(prefix: str, officer: int, turn: int) -> bytes:
    """Ask for one of the officer's twenty buildings of this hour."""
    community = (officer + turn % district.BUILDINGS_AN_HOUR) % district.COMMUNITIES
    number = community * 2000 + (officer * 31 + turn % district.BUILDINGS_AN_HOUR) % 2000
    head = HEAD.format(token=district.token(officer))
    return BUILDING.format(prefix=prefix, id=district.building(number), head=head).encode()


def _dwellings(prefix: str, officer: int, turn: int) -> bytes:
    """Ask for a person who lives where the officer works."""
    number = (officer * 61 + turn) * 7 % district.KNOWN
    while (district.person(number) // 50_000 - officer) % district.COMMUNITIES >= district.AREAS:
        number = (number + 1) % district.KNOWN
    body = json.dumps({"id_type": "111", "id_number": district.document(number)})
    head = HEAD.format(token=district.token(officer))
    return PERSON.format(prefix=prefix, head=head, length=len(body), body=body).encode()


def _lines(make: Make, prefix: str, count: int, turns: Iterator[tuple[int, int]]) -> list[list[bytes]]:
    """Return the requests of each connection; at any time no two connections are the same officer."""
    rows = [
        [make(prefix, *turn) for turn in itertools.islice(turns, CONNECTIONS)]
        for _ in range(count // CONNECTIONS)
    ]
    return [list(line) for line in zip(*rows, strict=True)]


def _turns() -> Iterator[tuple[int, int]]:
    """Yield officer and number of the look, sixteen officers at a time until each has had the looks of an hour."""
    for group in range(0, district.OFFICERS - CONNECTIONS, CONNECTIONS):
        for turn in range(district.LOOKS_AN_HOUR):
            yield from ((group + place, turn) for place in range(CONNECTIONS))
    raise AssertionError("there are not enough officers for this many looks")


def _spent(server: Server, postmaster: int, lines: list[list[bytes]]) -> float:
    """Return the milliseconds of processor a request took, server and PostgreSQL together."""
    before = seconds_of(server.pid, postmaster)
    drive(server.port, lines)
    return 1000 * seconds_between(before, seconds_of(server.pid, postmaster)) / sum(map(len, lines))


def _compare(
    name: str, make: Make, servers: tuple[Server, Server], turns: Iterator[tuple[int, int]], postmaster: int
) -> None:
    bare, guarded = servers
    ratios, figures = [], []
    for pair in range(PAIRS + 1):
        found = {}
        for server in servers if pair % 2 else reversed(servers):
            prefix = "" if server is bare else "/v1"
            found[server] = _spent(server, postmaster, _lines(make, prefix, REQUESTS, turns))
        # The first pair prepares statements and fills memory.
        if pair:
            ratios.append(found[bare] / found[guarded])
            figures.append((found[bare], found[guarded]))
    middle = [statistics.median(side) for side in zip(*figures, strict=True)]
    print(
        f"{name}: bare : guarded = {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, {PAIRS} pairs of "
        f"{REQUESTS}); bare {middle[0]:.2f} ms, guarded {middle[1]:.2f} ms of processor a request",
        flush=True,
    )


def _throughput(server: Server, turns: Iterator[tuple[int, int]]) -> None:
    for name, make in (("building", _occupants), ("person", _dwellings)):
        latencies, seconds = drive(server.port, _lines(make, "/v1", THROUGHPUT, turns))
        latencies.sort()
        p50, p95 = (1000 * latencies[int(len(latencies) * share)] for share in (0.5, 0.95))
        print(
            f"{name}: {len(latencies) / seconds:.0f} looks a second over HTTP, p50 {p50:.1f} ms, p95 {p95:.1f} ms "
            f"({CONNECTIONS} clients, {WORKERS} workers)",
            flush=True,
        )


def _row_security() -> None:
    """Compare the statements of the looks as the reader whom policies bind, and as one whom they do not."""
    url = cluster.superuser_url(database=district.DATABASE)
    with (
        psycopg.connect(url, autocommit=True, options=OPTIONS) as free,
        psycopg.connect(url, autocommit=True, options=OPTIONS) as bound,
    ):
        scope = ",".join(str(district.community(number)) for number in range(district.AREAS))
        bound.execute("SET ROLE registry_reader")
        bound.execute("SELECT set_config('registry.areas', %s, false)", [scope])
        for name, query, values in (
            ("building", OCCUPANTS, _building_in),
            ("person", DWELLINGS, _subject_in),
        ):
            ratios = []
            for turn in range(PAIRS + 1):
                bound.execute(
                    "SELECT set_config('registry.area', %s, false)", [str(district.community(turn))]
                )
                asked = [{"audit": UUID(int=0), **values(turn, number)} for number in range(300)]
                spent = {}
                for side in (free, bound) if turn % 2 else (bound, free):
                    before = _run_time(side.info.backend_pid)
                    for parameters in asked:
                        side.execute(query, parameters, prepare=True)
                    spent[side] = _run_time(side.info.backend_pid) - before
                if turn:
                    ratios.append(spent[bound] / spent[free])
            print(
                f"row-level security, {name}, {district.AREAS} areas: {statistics.median(ratios):.2f} x the processor "
                f"({min(ratios):.2f}-{max(ratios):.2f})",
                flush=True,
            )


def _building_in(community: int, number: int) -> dict[str, object]:
    return {"building": district.building(community * 2000 + number)}


def _subject_in(community: int, number: int) -> dict[str, object]:
    within = district.KNOWN // district.COMMUNITIES
    document = district.document(community * within + number % within)
    return {"subject": cipher.blind_index("111", document)}


def _run_time(pid: int) -> int:
    """Return the nanoseconds a process of one thread has run."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _environment(urls: Urls) -> dict[str, str]:
    return {
        "GEO_REGISTRY_DATABASE_URL": urls.owner,
        "GEO_REGISTRY_APP_DATABASE_URL": urls.app,
        "BARE_DATABASE_URL": cluster.superuser_url(database=district.DATABASE),
    }


def run(_data: Path) -> None:
    """Print the ratios, and the looks a second."""
    urls = district.ensure()
    postmaster = cluster.status().pid
    assert postmaster
    environment = _environment(urls)
    python = Path(sys.executable)
    bare = [
        str(python),
        "-m",
        "uvicorn",
        "benchmarks.bare:app",
        "--port",
        str(BARE_PORT),
        "--workers",
        str(WORKERS),
        "--no-access-log",
    ]
    own = [str(python.with_name("geo-registry")), "serve", "--port", str(PORT), "--workers", str(WORKERS)]
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    turns = _turns()
    with serving(bare, BARE_PORT, environment) as first, serving(own, PORT, environment) as second:
        for name, make in (("building", _occupants), ("person", _dwellings)):
            _compare(name, make, (first, second), turns, postmaster)
        _throughput(second, turns)
    _row_security()
