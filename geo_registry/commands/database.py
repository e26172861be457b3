"""Commands ``geo-registry db ...``: the embedded PostGIS and the schema in it."""

from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from geo_registry import cluster
from geo_registry.commands.account import welcome
from geo_registry.commands.refusal import refusing
from geo_registry.postgres import ClusterError

db_app = typer.Typer(no_args_is_help=True, help="Start, stop, look at and upgrade the database.")
console = Console()


@db_app.command(epilog="Example: geo-registry db start")
def start() -> None:
    """Start the embedded PostGIS; make it and its secrets on first use."""
    with refusing():
        cluster.start()
    state = cluster.status()
    if state.managed_elsewhere:
        console.print("the database is managed elsewhere (GEO_REGISTRY_DATABASE_URL); nothing to start")
    else:
        console.print(f"PostgreSQL {state.version} runs on 127.0.0.1:{state.port}, data in {state.data}")


@db_app.command(epilog="Example: geo-registry db stop")
def stop() -> None:
    """Stop the embedded PostGIS; what was committed stays."""
    with refusing():
        stopped = cluster.stop()
        state = cluster.status()
    if state.managed_elsewhere:
        console.print("the database is managed elsewhere (GEO_REGISTRY_DATABASE_URL); nothing to stop")
    else:
        console.print("stopped" if stopped else "was not running")


@db_app.command(epilog="Example: geo-registry db status || geo-registry db start")
def status() -> None:
    """Show version, port, data directory and size; exit with 1 when the database does not answer."""
    with refusing():
        state = cluster.status()
    table = Table(show_header=False, box=None)
    rows = {
        "state": "running" if state.running else "down",
        "managed": "elsewhere (GEO_REGISTRY_DATABASE_URL)" if state.managed_elsewhere else "by geo-registry",
        "PostgreSQL": state.version,
        "PostGIS": state.postgis,
        "port": state.port,
        "socket": state.socket,
        "data": state.data,
        "process": state.pid,
        "size": None if state.size_bytes is None else f"{state.size_bytes / 2**20:.0f} MB",
    }
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, str(value))
    console.print(table, soft_wrap=True)
    if not state.running:
        raise typer.Exit(1)


@db_app.command(epilog="Example: geo-registry db upgrade")
def upgrade() -> None:
    """Bring the schema to the newest migration and PostGIS to its newest version."""
    with refusing():
        cluster.start()
        head = cluster.upgrade()
    console.print(f"the schema is at {head}")
    welcome()


@db_app.command(epilog="Example: geo-registry db prepare 'host=db.example dbname=town user=postgres'")
def prepare(
    superuser: Annotated[str, typer.Argument(help="Connection to the database as a superuser.")],
) -> None:
    """Prepare a database of an existing server, as its administrator: roles, extensions, rights."""
    with refusing():
        try:
            cluster.prepare(superuser)
        except psycopg.Error as error:
            raise ClusterError(str(error)) from error
    console.print("prepared; set GEO_REGISTRY_DATABASE_URL, then: geo-registry db upgrade")
