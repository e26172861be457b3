"""Call the application without an HTTP client, which would refuse or repair what is malformed."""

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from fastapi import FastAPI

from api.app import create_app
from geo_registry import cluster, db

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, byte for byte."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body of one answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in a thread of its own: a browser of other tests may hold this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def scope_of(call: Call) -> dict[str, Any]:
    """Return what a server tells an application about a request."""
    headers = [(b"host", b"127.0.0.1"), *call.headers]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": call.method, "path": unquote(call.path), "raw_path": call.path.encode("latin-1", "replace"),
        "query_string": call.query, "headers": headers, "client": ("10.0.0.9", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip


async def send(app: FastAPI, call: Call) -> Reply:
    """Send one request as a server would."""
    inbox = [{"type": "http.request", "body": call.body, "more_body": False}]
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def collect(message: Any) -> None:  # noqa: ANN401  (an ASGI message)
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope_of(call), receive, collect)
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], told, b"".join(parts))


def send_all(app: FastAPI, calls: Iterable[Call], at_once: int = 8) -> list[Reply]:
    """Send many requests, some at once, and return the answers in order."""

    async def run() -> list[Reply]:
        places = asyncio.Semaphore(at_once)

        async def one(call: Call) -> Reply:
            async with places:
                return await send(app, call)

        return await asyncio.gather(*(one(call) for call in calls))

    return finish(run())


def answers(database: cluster.Urls, calls: list[Call]) -> list[Reply]:
    """Send calls to an application of their own and return the answers in order."""
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    replies = send_all(app, calls)
    # Acts on one object wait for each other, on a busy machine longer than the server lets them.
    busy = [place for place, reply in enumerate(replies) if reply.status == 503]
    again = send_all(app, [calls[place] for place in busy], at_once=1)
    for place, reply in zip(busy, again, strict=True):
        replies[place] = reply
    app.state.engine.dispose()
    return replies
