"""Commands ``geo-registry demo`` and ``geo-registry serve``: from nothing to a working page."""

import base64
import datetime as dt
import secrets
import socket
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo_registry import cluster
from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.commands.account import welcome
from geo_registry.commands.refusal import refusing
from geo_registry.settings import secret, settings, write_secret

if TYPE_CHECKING:
    from geo_registry.exchange.mapping import Kind

console = Console()
PORTS_TRIED = 20


class Zone(StrEnum):
    """Which of the two applications is served."""

    REGISTRY = "registry"
    PUBLIC = "public"


FILES: tuple[tuple["Kind", str], ...] = (
    ("areas", "areas.geojson"),
    ("blocks", "blocks.geojson"),
    ("backdrop", "basemap.geojson"),
    ("streets", "streets.geojson"),
    ("buildings", "buildings.geojson"),
    ("plates", "plates.parquet"),
    ("residents", "residents.parquet"),
)

# One account a role, and two clerks more, for nobody approves a name of his own or at two levels: login,
# name, role, division codes (none: the whole installation).
ACCOUNTS: tuple[tuple[str, str, Role, tuple[str, ...]], ...] = (
    ("clerk", "沈某", Role.CLERK, ("990101",)),
    ("naming", "袁某", Role.CLERK, ("990101001",)),
    ("chief", "纪某", Role.CLERK, ("990101",)),
    ("officer", "杜某", Role.OFFICER, ("990101001",)),
    ("coordinator", "何某", Role.COORDINATOR, ("990101001001",)),
    ("supervisor", "冯某", Role.SUPERVISOR, ("990101001",)),
    ("leader", "陆某", Role.LEADER, ("990101",)),
    ("steward", "方某", Role.STEWARD, ("990101",)),
    ("head", "高某", Role.STATION_HEAD, ("990101001",)),
    ("office", "任某", Role.POPULATION_OFFICE, ("990101",)),
    ("entry", "余某", Role.ENTRY_CLERK, ("990101001",)),
    ("quality", "孔某", Role.QUALITY_SUPERVISOR, ("990101001",)),
    ("permits", "邵某", Role.PERMIT_DESK, ("990101001",)),
    ("installer", "向某", Role.INSTALLER, ("990101001",)),
    ("inspector", "严某", Role.INSPECTOR, ("990101",)),
    ("volunteer", "白某", Role.VOLUNTEER, ("990101001001",)),
    ("sysadmin", "系统管理员", Role.SYSTEM_ADMIN, ()),
    ("secadmin", "安全管理员", Role.SECURITY_ADMIN, ()),
    ("auditor", "审计管理员", Role.AUDIT_ADMIN, ()),
)


def load_town(url: str, *, scale: float = 1.0) -> None:
    """Generate the demonstration town and load it with the importers of every other file."""
    import psycopg

    from geo_registry.commands.files import importer_of
    from geo_registry.db import today
    from geo_registry.demo import generate, write_files
    from geo_registry.exchange.ledger import Request, run_import
    from geo_registry.exchange.mapping import standard_mapping

    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as connection, bar:
        task = bar.add_task("drawing the town", total=len(FILES) + 1)
        write_files(generate(today=today(), scale=scale), Path(folder))
        for kind, name in FILES:
            bar.update(task, advance=1, description=f"loading {kind}")
            request = Request(kind, Path(folder) / name, standard_mapping(kind))
            report = run_import(connection, request, importer_of(kind))
            connection.commit()
            if report.quarantined or report.refused:
                console.print(f"{name}: {report.as_dict()}")
        bar.update(task, advance=1, description="done")


def _is_loaded() -> bool:
    from sqlalchemy import text

    from geo_registry.db import owner_engine, transaction

    with transaction(owner_engine()) as session:
        return bool(session.execute(text("SELECT 1 FROM registry.account WHERE login = 'officer'")).first())


def _open_doors(password: str) -> None:
    """Add the accounts and what happened in the town, both or neither: a start looks for the accounts."""
    from geo_registry.account.accounts import add_account
    from geo_registry.db import TIMEZONE, owner_engine, transaction
    from geo_registry.demo.cases import tell_cases
    from geo_registry.demo.desk import lay_desks
    from geo_registry.demo.plate_work import tell_plates
    from geo_registry.demo.story import tell_story

    with transaction(owner_engine()) as session, console.status("telling the town's story"):
        for login, name, role, codes in ACCOUNTS:
            add_account(session, login=login, name=name, role=role, password=password, division_codes=codes)
        now = dt.datetime.now(ZoneInfo(TIMEZONE))
        tell_story(session, now)
        tell_cases(session, now.date())
        lay_desks(session, now.date())
        tell_plates(session, now.date())


def prepare_demo() -> str:
    """Start the database, load the town on first use, and return the accounts' password."""
    cluster.start()
    cluster.upgrade()
    write_secret("demo_accounts", secrets.token_bytes(32))
    password = base64.b32encode(secret("demo_accounts"))[:12].decode().lower()
    if not _is_loaded():
        load_town(cluster.urls().owner)
        _open_doors(password)
    return password


def _free_port(host: str, wanted: int) -> int:
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    console.print(f"no free port from {wanted} to {wanted + PORTS_TRIED - 1}", style="red")
    raise typer.Exit(1)


def _run(host: str, port: int, workers: int, zone: str = "app") -> None:
    import uvicorn

    uvicorn.run(
        f"api.{zone}:create_app", factory=True, host=host, port=port, workers=workers, log_level="warning",
        access_log=False, server_header=False, timeout_graceful_shutdown=5, timeout_worker_healthcheck=30,
    )  # fmt: skip


def demo(
    port: Annotated[
        int | None, typer.Option(help="Port of the page; the next free one from 8000 by default.")
    ] = None,
    *,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Load the town, serve nothing.")
    ] = False,
) -> None:
    """Bring up the demonstration town: load it on first use, print address and accounts, serve."""
    with refusing():
        password = prepare_demo()
    config = settings()
    port = port or _free_port(config.host, config.port)
    table = Table("account", "password", "role", title=f"http://{config.host}:{port}")
    for login, _name, role, _codes in ACCOUNTS:
        table.add_row(login, password, ROLE_TITLES[role])
    console.print(table)
    if not prepare_only:
        _run(config.host, port, config.workers)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Number of processes.")] = None,
    zone: Annotated[
        Zone, typer.Option(help="The registry, or only what the public may call.")
    ] = Zone.REGISTRY,
) -> None:
    """Serve pages and HTTP calls; starts the embedded database when it is down."""
    config = settings()
    host, port, workers = host or config.host, port or config.port, workers or config.workers
    with refusing():
        cluster.start()
    if zone is Zone.PUBLIC:
        _run(host, port, workers, "public")
        return
    if not config.database_url:
        welcome()
    _run(host, port, workers)
