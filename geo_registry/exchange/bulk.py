"""Long runs over files of addresses: all cores, the order of the input, and no row lost or doubled.

A run reads the rows in chunks, lets workers turn each chunk into lines of the result, and writes them in the
order of the input. Killed at any moment, the same run goes on where its journal says, to the same bytes.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from geo_registry.errors import Conflict, RuleBroken, Unavailable
from geo_registry.exchange.bulk_journal import Draft, Terms, files_of, fingerprint
from geo_registry.exchange.bulk_read import Row, Rows

CHUNK: Final = 500
_KEEP_SECONDS: Final = 1.0


class Done(NamedTuple):
    """The lines of a chunk, and its rows by their class; each row is counted once."""

    content: bytes
    counts: Counter[str]


Work = Callable[[Sequence[Row]], Done]
Progress = Callable[[int, int | None], None]
"""Is told the rows done and the rows expected."""


def _silent(done: int, total: int | None) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be worked through.

    `make(*arguments)` is called once in each worker and answers what turns a chunk into lines; it is known by
    name to another process. `terms` is what the result depends on besides the input, `head` its first bytes.
    """

    path: Path
    output: Path
    rows: Rows
    make: Callable[..., Work]
    arguments: tuple[Any, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    head: bytes = b""
    workers: int = 1
    restart: bool = False
    progress: Progress = _silent


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: all rows, those an earlier run had done, the seconds of this one, rows by class."""

    rows: int
    before: int
    seconds: float
    counts: Counter[str]


def run(job: Job) -> Summary:
    """Work through a file, from where an earlier run of the same command stopped.

    Raises:
        RuleBroken: `output-is-input`, `output-folder-missing`, or the file cannot be read to its end.
        Conflict: `output-in-use`, `journal-differs`, or `input-changed` while it was read.
        Unavailable: `worker-lost`, or the database does not answer; what is done is kept.

    """
    began = time.monotonic()
    _check_output(job)
    written = job.path.stat().st_mtime_ns
    digest, lines = fingerprint(job.path)
    terms: Terms = {"input": digest, **dict(job.terms)}
    total = max(lines - bool(job.rows.column), 0) if job.rows.has_lines else job.rows.total
    with closing(Draft(job.output, terms, restart=job.restart)) as draft:
        before = draft.state.rows
        if not draft.state.size:
            draft.write(job.head, Counter())
        try:
            _work(job, draft, total)
        finally:
            draft.keep()
        if job.path.stat().st_mtime_ns != written:
            raise Conflict("input-changed", f"{job.path.name} 在处理过程中被修改；请加 --restart 重新处理")
        draft.complete()
    return Summary(draft.state.rows, before, time.monotonic() - began, draft.state.counts)


def _check_output(job: Job) -> None:
    """Refuse an output that cannot be written, and one whose draft would overwrite the input."""
    if not job.output.parent.is_dir():
        raise RuleBroken(
            "output-folder-missing",
            f"没有文件夹 {job.output.parent}，请先建立，或另选输出文件",
            field="output",
        )
    if any(path.exists() and path.samefile(job.path) for path in files_of(job.output)):
        raise RuleBroken("output-is-input", "输出文件不能是输入文件本身", field="output")


def _work(job: Job, draft: Draft, total: int | None) -> None:
    kept = time.monotonic()
    job.progress(draft.state.rows, total)
    chunks = _chunks(islice(job.rows.rows, draft.state.rows, None))
    try:
        for done in _in_order(job, chunks):
            draft.write(*done)
            job.progress(draft.state.rows, total)
            if time.monotonic() - kept >= _KEEP_SECONDS:
                draft.keep()
                kept = time.monotonic()
    except BrokenProcessPool as error:
        raise Unavailable(
            "worker-lost",
            "一个处理进程意外终止（可能是内存不足）；已完成的部分已保存，再运行同一命令会接着处理",
        ) from error


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _in_order(job: Job, chunks: Iterator[list[Row]]) -> Iterator[Done]:
    """Yield what workers made of the chunks, in their order; few chunks are under way at a time."""
    if job.workers == 1:
        yield from map(job.make(*job.arguments), chunks)
        return
    context = multiprocessing.get_context("forkserver")
    # Loaded once, before the workers part from one another.
    context.set_forkserver_preload(["__main__", job.make.__module__])
    pool = ProcessPoolExecutor(job.workers, context, _begin, (job.make, job.arguments))
    waiting: deque[Future[Done]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(_apply, chunk))
            if len(waiting) > 2 * job.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_making: list[Callable[[], Work]] = []


def _begin(make: Callable[..., Work], arguments: tuple[Any, ...]) -> None:
    """Prepare a worker: it ends with its parent, and leaves the interrupt key to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _making.append(partial(make, *arguments))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent cannot end its workers.
        parent.join()
        os._exit(1)


@cache
def _made() -> Work:
    # Made with the first chunk, where an error finds its way to the parent.
    return _making[0]()


def _apply(chunk: list[Row]) -> Done:
    return _made()(chunk)
