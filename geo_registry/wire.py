"""One prepared statement over bare libpq: text in, bytes out, one round trip.

For the few calls whose speed counts. A connection is never inside a transaction while it rests, and is thrown
away after anything but a clean answer.
"""

import asyncio
import contextlib
import select
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

Value = bytes | str | None
_NAME = b"wire"


class Wire:
    """Connections on which one statement stands prepared; `bytes` are sent as they are, `str` as text.

    An event loop has at most `most_busy` of them at work; who comes then waits in turn. More processes of the
    database than that would push each other out of its cores and their caches, and answer all later.
    """

    def __init__(self, url: str, options: str, statement: str, most_idle: int, most_busy: int) -> None:
        self._url, self._options, self._statement = url, options, statement.encode()
        self._most_idle, self._most_busy = most_idle, most_busy
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._idle: list[psycopg.Connection] = []
        self._lock = threading.Lock()

    def run(self, values: Sequence[Value]) -> tuple[bytes | None, ...]:
        """Run the statement and return its single row; the caller's thread waits.

        Raises:
            psycopg.Error: as the database refused, or the connection was lost.

        """
        sent, formats = _encoded(values)
        with self._given_back(self._rested() or self._connect()) as line:
            return _row(line.pgconn.exec_prepared(_NAME, sent, formats))

    async def run_async(self, values: Sequence[Value]) -> tuple[bytes | None, ...]:
        """Run the statement as `run` does; the event loop serves others meanwhile."""
        sent, formats = _encoded(values)
        async with self._queue():
            line = self._rested()
            if line is None:
                line = await asyncio.to_thread(self._connect)
            with self._given_back(line):
                line.pgconn.send_query_prepared(_NAME, sent, formats)
                return _row(await _result(line.pgconn))

    def close(self) -> None:
        """Close every connection that rests."""
        with self._lock:
            resting, self._idle = self._idle, []
        for line in resting:
            line.close()

    def _queue(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if loop not in self._places:
            self._places[loop] = asyncio.Semaphore(self._most_busy)
        return self._places[loop]

    def _rested(self) -> psycopg.Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                line = self._idle.pop()
            # Nothing is due on a connection at rest: what can be read is the server's farewell.
            if not _is_readable(line.pgconn.socket):
                return line
            line.close()

    def _connect(self) -> psycopg.Connection:
        line = psycopg.connect(
            self._url, autocommit=True, options=self._options, application_name="geo-registry"
        )
        prepared = line.pgconn.prepare(_NAME, self._statement)
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            line.close()
            raise _error(prepared)
        return line

    @contextlib.contextmanager
    def _given_back(self, line: psycopg.Connection) -> Iterator[psycopg.Connection]:
        try:
            yield line
        finally:
            with self._lock:
                is_clean = line.pgconn.transaction_status == pq.TransactionStatus.IDLE
                kept = is_clean and len(self._idle) < self._most_idle
                if kept:
                    self._idle.append(line)
            if not kept:
                line.close()


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _encoded(values: Sequence[Value]) -> tuple[list[bytes], list[int]]:
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise psycopg.DataError("text cannot contain NUL bytes")
    # A NULL is None, which psycopg takes, though its types do not say so.
    sent: list[Any] = [value.encode() if isinstance(value, str) else value for value in values]
    return sent, [int(isinstance(value, bytes)) for value in values]


async def _result(connection: pq.abc.PGconn) -> pq.abc.PGresult:
    """Wait until the answer is whole, and return the first result."""
    loop = asyncio.get_running_loop()
    found: pq.abc.PGresult | None = None
    arrived = asyncio.Event()
    loop.add_reader(connection.socket, arrived.set)
    try:
        while True:
            await arrived.wait()
            arrived.clear()
            connection.consume_input()
            while not connection.is_busy():
                result = connection.get_result()
                if result is None:
                    assert found is not None  # noqa: S101 - every statement answers
                    return found
                found = found or result
    finally:
        loop.remove_reader(connection.socket)


def _row(result: pq.abc.PGresult) -> tuple[bytes | None, ...]:
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise _error(result)
    return tuple(result.get_value(0, column) for column in range(result.nfields))


def _error(result: pq.abc.PGresult) -> psycopg.Error:
    # What libpq itself says has no code: the server is gone.
    if result.error_field(pq.DiagnosticField.SQLSTATE) is None:
        return psycopg.OperationalError("the connection was lost")
    return error_from_result(result)
