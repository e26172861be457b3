"""Commands ``geo-registry audit ...``: verify the chains, anchor them, write them to files, let months go."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from geo_registry.audit.anchors import Anchors
    from geo_registry.audit.ledger import Verdict

audit_app = typer.Typer(no_args_is_help=True, help="Verify, anchor, export and prune the audit.")
console = Console()
Folder = Annotated[
    Path | None, typer.Option("--anchors", help="Folder of the anchors; that of the installation by default.")
]


@audit_app.command(epilog="Example: geo-registry audit verify --anchors /media/safe/anchors")
def verify(
    file: Annotated[Path | None, typer.Argument(help="An exported file instead of the database.")] = None,
    folder: Folder = None,
    begin: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="Begin at the last anchor before this day."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Public key in hexadecimal; that of the installation by default.")
    ] = None,
) -> None:
    """Verify every row of the audit; end with 1 and say which rows are not as they were written."""
    from geo_registry.audit import anchors
    from geo_registry.audit.ledger import utc
    from geo_registry.exchange.audit_file import verify_file

    with refusing():
        day = utc(_midnight(begin)) if begin else None
        try:
            attested = anchors.read(
                folder or anchors.default_folder(), key or anchors.public_key(), begin=day
            )
            verdict = (
                verify_file(file, key or anchors.public_key(), attested) if file else _verify(attested, begin)
            )
        except OSError as error:
            Console(stderr=True).print(f"{error.filename}: {error.strerror}", style="red", markup=False)
            raise typer.Exit(2) from error
    _tell(verdict)


def _verify(attested: "Anchors", begin: dt.datetime | None) -> "Verdict":
    import psycopg

    from geo_registry import cluster
    from geo_registry.audit import ledger
    from geo_registry.db import translated

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True),
    )  # fmt: skip
    with translated(), psycopg.connect(cluster.urls().owner) as connection, bar:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        since = bool(begin) and attested.begin is not None
        skipped = sum(seq for seq, _ in attested.begin) if since and attested.begin else 0
        total = connection.execute("SELECT sum(seq)::bigint FROM registry.audit_head").fetchone() or (0,)
        task = bar.add_task("verifying", total=max((total[0] or 0) - skipped, 0))
        return ledger.verify(
            connection, attested, told=lambda rows: bar.advance(task, rows), since_begin=since
        )


def _tell(verdict: "Verdict") -> None:
    console.print(f"{verdict.rows} rows verified, {verdict.anchors} anchors", highlight=False)
    if verdict.unsealed:
        console.print(f"{verdict.unsealed} rows are from before the chains and carry no seal")
    if not verdict.anchors:
        console.print("no anchors: a chain that was made anew from some row on would not be found")
    for fault in verdict.faults:
        where = "" if fault.shard is None else f"chain {fault.shard}, row {fault.seq}: "
        console.print(f"{fault.what}: {where}{fault.detail}", style="red", markup=False, soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)
    console.print("nothing was altered")


@audit_app.command(epilog="Example: geo-registry audit anchor && cp -r var/anchors /media/safe/")
def anchor() -> None:
    """Sign the heads of the chains now; the serving process does so every hour. Keep copies elsewhere."""
    from geo_registry.audit import anchors, ledger
    from geo_registry.db import owner_engine

    with refusing():
        digest = ledger.take_anchor(owner_engine(), due=dt.timedelta(0))
        path = anchors.default_folder() / anchors.NAME
        console.print(f"{path}\ndigest {digest}\npublic key {anchors.public_key()}", soft_wrap=True)


@audit_app.command(
    epilog="Example: geo-registry audit export --from 2026-10-01 --to 2026-10-31 -o october.jsonl"
)
def export(
    begin: Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    end: Annotated[dt.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
) -> None:
    """Write the audit of some days as a signed file that `audit verify FILE` reads back."""
    import psycopg

    from geo_registry import cluster
    from geo_registry.db import translated
    from geo_registry.exchange import audit_file

    with refusing(), translated(), psycopg.connect(cluster.urls().owner) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = audit_file.export(connection, output, _midnight(begin), _midnight(end + dt.timedelta(days=1)))
    console.print(f"{rows} rows in {output}", highlight=False, soft_wrap=True)


@audit_app.command(
    epilog="Example: geo-registry audit prune --before 2023-11-01 -o 2023.jsonl --auditor wu --security qian"
)
def prune(
    before: Annotated[
        dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of a month that stays.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file for the rows that go.")],
    auditor: Annotated[str, typer.Option(help="Account of an audit administrator, who signs in.")],
    security: Annotated[str, typer.Option(help="Account of a security administrator, who signs in.")],
) -> None:
    """Let whole old months go, kept in a signed file; an audit and a security administrator sign in."""
    import psycopg

    from geo_registry import cluster
    from geo_registry.commands.look import signed_in
    from geo_registry.db import today, translated
    from geo_registry.exchange import audit_file
    from geo_registry.settings import settings

    youngest = today() - dt.timedelta(days=settings().audit_days)
    if before.day != 1 or before.date() > youngest:
        console.print(f"--before must be the first of a month, {youngest} at the latest", style="red")
        raise typer.Exit(2)
    with (
        signed_in(auditor) as (first, _),
        signed_in(security) as (second, _),
        translated(),
        psycopg.connect(cluster.urls().owner, autocommit=True) as connection,
    ):
        done = audit_file.prune(connection, output, _midnight(before), tokens=(first, second))
    console.print(f"{len(done.months)} months with {done.rows} rows are in {output} alone", soft_wrap=True)


def _midnight(day: dt.datetime) -> dt.datetime:
    from geo_registry.db import TIMEZONE

    return day.replace(tzinfo=ZoneInfo(TIMEZONE))
