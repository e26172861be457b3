"""Servers under load: requests over kept connections, and the processor time of whoever answers them."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """One running server: its port, and the process that all others of it descend from."""

    port: int
    pid: int


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    """Run a server until the block ends; it is ready once it answers, and has come to rest."""
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        try:
            asyncio.run(_ready(port))
            server = Server(port, process.pid)
            _rested(server)
            yield server
        finally:
            process.terminate()


async def _ready(port: int) -> None:
    for _ in range(1800):
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing answers on port {port}")


def _rested(server: Server) -> None:
    """Wait until what a server prepares at its start is done."""
    quiet = 0
    while quiet < 3:
        before = seconds_of(server.pid)
        time.sleep(0.5)
        quiet = quiet + 1 if seconds_between(before, seconds_of(server.pid)) < 0.05 else 0


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: list[str] = []
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(inner for child in children for inner in family(int(child)))]


def seconds_of(*ancestors: int) -> dict[int, float]:
    """Return the processor time, in user and in kernel, of each process of some families."""
    used = {}
    for pid in (pid for ancestor in ancestors for pid in family(ancestor)):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[pid] = (int(fields[11]) + int(fields[12])) / TICK
    return used


def seconds_between(before: dict[int, float], after: dict[int, float]) -> float:
    """Return what the processes that are still there have used meanwhile."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def drive(port: int, lines: list[list[bytes]]) -> tuple[list[float], float]:
    """Send each list of requests over a connection of its own; return all latencies, and the time it took altogether.

    Raises:
        AssertionError: an answer was not 200.

    """
    import uvloop

    began = time.perf_counter()
    found = uvloop.run(_drive(port, lines))
    return [latency for line in found for latency in line], time.perf_counter() - began


async def _drive(port: int, lines: list[list[bytes]]) -> list[list[float]]:
    return await asyncio.gather(*(_send(port, line) for line in lines))


async def _send(port: int, requests: list[bytes]) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        body = await reader.readexactly(length)
        latencies.append(time.perf_counter() - began)
        assert head.startswith(b"HTTP/1.1 200"), head + body
    writer.close()
    return latencies
