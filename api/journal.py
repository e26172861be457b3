"""One log line a request, and the headers that tell a caller its request's id and time.

The line names the route's template, never the path, and no personal value: ids, purpose, rows, milliseconds.
What is refused to somebody who is signed in leaves a row in the audit too; a look has left its own.
"""

import asyncio
import logging
import time
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from geo_registry import log
from geo_registry.audit.trail import note_refusal
from geo_registry.codes import new_id
from geo_registry.errors import RegistryError

logger = logging.getLogger("geo_registry.request")
REFUSALS = {403: "not-allowed", 404: "not-found"}


class Journal:
    """Log each request once; answer what nobody caught with a problem that tells nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, timed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = new_id()
        log.request_id.set(str(state["request_id"]))
        started = time.perf_counter()
        status, refusal = 0, None

        async def stamped(message: Message) -> None:
            nonlocal status, refusal
            if message["type"] == "http.response.start":
                status = message["status"]
                if not any(name == b"audit-id" for name, _ in message.get("headers", ())):
                    refusal = REFUSALS.get(status) or state.get("telling")
                milliseconds = (time.perf_counter() - started) * 1000
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", str(state["request_id"]).encode()),
                    (b"server-timing", b"app;dur=%.1f" % milliseconds),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self.app(scope, receive, stamped)
        except Exception:
            logger.exception("unexpected")
            if status:
                raise
            failure = problems.Failure("failure", "")
            await problems.reply(failure, state["request_id"])(scope, receive, stamped)
        finally:
            _log(scope, status, (time.perf_counter() - started) * 1000)
            if refusal:
                await _note(scope, refusal)


class Limit:
    """Let in as many requests as there are database connections; the rest wait without holding one.

    A request takes several turns in the thread pool: without this, threads that wait for a connection would
    keep those that hold one from finishing. The place is free again as soon as the answer begins.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.places = asyncio.Semaphore(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for a place, then pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.places.acquire()
        held = True

        def leave() -> None:
            nonlocal held
            if held:
                held = False
                self.places.release()

        async def answer(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            leave()


def _log(scope: Scope, status: int, milliseconds: float) -> None:
    state = scope["state"]
    facts = {
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path", None),
        "status": status,
        "ms": round(milliseconds, 1),
        "account_id": state.get("account_id"),
        "purpose": state.get("purpose"),
        "rows": state.get("rows"),
    }
    known: dict[str, Any] = {name: value for name, value in facts.items() if value is not None}
    log.write(logger, "request", **known)


async def _note(scope: Scope, refusal: str) -> None:
    """Record a refusal: method and template of the route, and the object that was asked for."""
    route, token = scope.get("route"), scope["state"].get("token")
    if not token or route is None or "endpoint" not in scope:
        return
    told = f"{scope['method']} {route.path}"
    try:
        await run_in_threadpool(
            note_refusal,
            scope["app"].state.engine,
            token,
            code=refusal,
            route=told,
            object_id=_first_id(scope),
        )
    except RegistryError as error:
        logger.warning("a refusal could not be recorded: %s", error.code)


def _first_id(scope: Scope) -> UUID | None:
    for value in scope.get("path_params", {}).values():
        try:
            return UUID(str(value))
        except ValueError:
            continue
    return None
