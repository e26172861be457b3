"""Commands ``geo-registry standardize`` and ``match``: whole files of addresses, on all cores."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from geo_registry.exchange.bulk import Job, Summary

console = Console()
told = Console(stderr=True)
SECONDS_BETWEEN_LINES = 10.0
SHORT_BYTES = 1 << 18
_KEPT = "what is done is kept, the same command goes on from there"

File = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, help="CSV, Excel, parquet, or text: a line an address."
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="The file to write.")]
Column = Annotated[str | None, typer.Option(help="Column with the addresses; found by its name if left out.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=256, help="Processes; all cores if left out, one for a short file.")
]
Restart = Annotated[bool, typer.Option("--restart", help="Begin anew what an earlier run left unfinished.")]


def standardize(
    *, file: File, output: Output, column: Column = None,
    profile: Annotated[str | None, typer.Option(help="Scheme profile: a code or a YAML file.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out the names of the registry.")] = False,
    workers: Workers = None, restart: Restart = False,
) -> None:  # fmt: skip
    """Take the addresses of a file apart: a line of JSON each, in the order of the file.

    Reads by the national gazetteer and, where the database runs, by the registry's own names.

    Killed at any moment, the same command goes on where it was.
    """
    from geo_registry.exchange import bulk_lines, bulk_work
    from geo_registry.exchange.bulk import Job
    from geo_registry.exchange.bulk_read import open_rows
    from geo_registry.exchange.bulk_terms import (
        engine_version,
        gazetteer_version,
        profile_code,
        profile_version,
    )

    with _ending():
        rows = open_rows(file, column)
        url = None if offline else _database()
        profile = profile or profile_code(url)
        terms = {
            "command": "standardize", "column": rows.column, "profile": profile_version(profile),
            "names": "registry" if url else "", "engine": engine_version(),
            "gazetteer": gazetteer_version(),
        }  # fmt: skip
        job = Job(
            file, output, rows, bulk_work.standardizing, (profile, url), tuple(terms.items()),
            workers=_processes(workers, file), restart=restart,
        )  # fmt: skip
        without = "asked for" if offline else "no database answers"
        remark = f"profile {profile}, names of the registry: {'read' if url else f'left out ({without})'}"
        _show(_run(job, remark), "confidence", (*bulk_lines.CLASSES, *bulk_lines.UNREAD))


def match(
    *, file: File, output: Output, column: Column = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Column of the input to carry over; may be given again.")
    ] = None,
    workers: Workers = None, restart: Restart = False,
) -> None:  # fmt: skip
    """Find the addresses of a file in the registry: a line of CSV each, graded A, B, C or none.

    Killed at any moment, the same command goes on where it was.
    """
    from geo_registry import cluster
    from geo_registry.exchange import bulk_lines, bulk_work
    from geo_registry.exchange.bulk import Job
    from geo_registry.exchange.bulk_read import open_rows
    from geo_registry.exchange.bulk_terms import engine_version, gazetteer_version

    with _ending():
        rows = open_rows(file, column, keep or ())
        terms = {
            "command": "match", "column": rows.column, "keep": "\n".join(rows.kept),
            "engine": engine_version(), "gazetteer": gazetteer_version(),
        }  # fmt: skip
        job = Job(
            file, output, rows, bulk_work.matching, (cluster.urls().app,), tuple(terms.items()),
            head=bulk_lines.match_head(rows.kept), workers=_processes(workers, file), restart=restart,
        )  # fmt: skip
        _show(_run(job, "names of the registry: read"), "grade", ("A", "B", "C", "none", *bulk_lines.UNREAD))


@contextmanager
def _ending() -> Iterator[None]:
    """End the command with a sentence and a number where it cannot go on."""
    try:
        with refusing():
            yield
    except OSError as error:
        told.print(f"{error}; {_KEPT}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        told.print(f"stopped; {_KEPT}", style="yellow")
        raise typer.Exit(130) from error


def _processes(asked: int | None, file: Path) -> int:
    """Return how many processes work: those asked for, else all cores, or one for a short file."""
    return asked or (1 if file.stat().st_size < SHORT_BYTES else len(os.sched_getaffinity(0)))


def _database() -> str | None:
    """Return the address of the registry's database if it answers."""
    import psycopg

    from geo_registry import cluster
    from geo_registry.postgres import ClusterError
    from geo_registry.settings import SecretError

    try:
        url = cluster.urls().app
        with psycopg.connect(url, connect_timeout=5):
            return url
    except (ClusterError, SecretError, psycopg.OperationalError):
        return None


def _run(job: "Job", remark: str) -> "Summary":
    from dataclasses import replace

    from geo_registry.exchange import bulk

    where = f"column {job.rows.column}" if job.rows.column else "a line an address"
    for line in (job.rows.remark, "; ".join((where, remark, f"processes: {job.workers}"))):
        if line:
            told.print(line, markup=False, highlight=False, soft_wrap=True)
    if not told.is_terminal:
        return bulk.run(replace(job, progress=_Lines().note))
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=told, transient=True,
    ) as progress:  # fmt: skip
        return bulk.run(replace(job, progress=_Bar(progress).note))


class _Pace:
    """The rows of this run, and how many a second."""

    def __init__(self) -> None:
        self._began = self.last = time.monotonic()
        self._before: int | None = None

    def rate(self, done: int) -> float:
        """Return the rows of a second since the run began."""
        if self._before is None:
            self._before = done
        return (done - self._before) / max(time.monotonic() - self._began, 1e-3)


class _Bar:
    """A bar on a terminal, with rate and remaining time."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._pace = progress, _Pace()
        self._task = progress.add_task("rows", total=None, rate="")

    def note(self, done: int, total: int | None) -> None:
        """Show how far the run is."""
        rate = f"{self._pace.rate(done):,.0f}/s"
        self._progress.update(self._task, completed=done, total=total, rate=rate)


class _Lines:
    """A line now and then, where no terminal shows a bar."""

    def __init__(self) -> None:
        self._pace = _Pace()

    def note(self, done: int, total: int | None) -> None:
        """Write how far the run is, if the last line was long ago."""
        rate, now = self._pace.rate(done), time.monotonic()
        if now - self._pace.last < SECONDS_BETWEEN_LINES:
            return
        self._pace.last = now
        of = f" of {total:,}" if total is not None else ""
        left = f", {max(total - done, 0) / rate:,.0f} s left" if total is not None and rate else ""
        told.print(f"{done:,}{of} rows, {rate:,.0f} rows/s{left}", highlight=False, soft_wrap=True)


def _show(summary: "Summary", what: str, names: tuple[str, ...]) -> None:
    """Print rows, rate, and the rows by their class."""
    table = Table(title=f"{summary.rows:,} rows", title_justify="left")
    table.add_column(what)
    table.add_column("rows", justify="right")
    table.add_column("%", justify="right")
    for name in names:
        if count := summary.counts[name]:
            table.add_row(name, f"{count:,}", f"{100 * count / summary.rows:.1f}")
    console.print(table)
    done = summary.rows - summary.before
    before = f"; {summary.before:,} rows were done before" if summary.before else ""
    rate = done / max(summary.seconds, 1e-3)
    console.print(f"{done:,} rows in {summary.seconds:.1f} s, {rate:,.0f} rows/s{before}", highlight=False)
