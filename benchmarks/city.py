"""A generated city through the importers: persons a second to draw, to check and seal, and to store.

`BENCH_PERSONS` sets the size (250 000 by default; four units to ten persons). Drawing is timed as the whole
command, from its start to its end. Each measurement has a database of its own, made anew.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from geo_registry import cluster
from geo_registry.commands.files import importer_of
from geo_registry.demo.city import FILES
from geo_registry.exchange.ledger import Request, run_import
from geo_registry.exchange.mapping import Kind, standard_mapping
from geo_registry.exchange.report import Report
from geo_registry.settings import settings

DATABASE = "bench_city"
PERSONS = int(os.environ.get("BENCH_PERSONS", "250000"))
LISTS: tuple[tuple[Kind, str], ...] = (("areas", FILES[0]), ("blocks", FILES[1]), ("plates", FILES[2]))


def run(_data: Path) -> None:
    """Print the rates of the generator and of the import of residents, first and second time."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        _draw(Path(folder))
        superuser = cluster.superuser_url()
        with psycopg.connect(superuser, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
            connection.execute(drop)
        urls = cluster.create_database(settings(), DATABASE)
        cluster.migrate(urls.owner)
        with psycopg.connect(urls.owner) as connection:
            for kind, name in LISTS:
                report = _load(connection, kind, Path(folder) / name)
                print(f"{kind}: {report.rows} rows in {report.seconds:.1f} s", flush=True)
            for turn in ("first", "second"):
                _residents(connection, Path(folder) / FILES[3], turn)


def _draw(folder: Path) -> None:
    program = str(Path(sys.executable).with_name("geo-registry"))
    sizes = ["--units", str(PERSONS * 2 // 5), "--persons", str(PERSONS)]
    began = time.perf_counter()
    subprocess.run(
        [program, "city", "generate", *sizes, "-o", str(folder)], check=True, stdout=subprocess.DEVNULL
    )
    took = time.perf_counter() - began
    size = sum((folder / name).stat().st_size for name in FILES) / 2**20
    print(
        f"drawn: {PERSONS} persons in {took:.1f} s, {PERSONS / took:.0f} persons a second, {size:.0f} MB",
        flush=True,
    )


def _residents(connection: psycopg.Connection, path: Path, turn: str) -> None:
    stages: dict[str, float] = {}
    began = time.perf_counter()

    def note(stage: str, _done: int, _total: int | None) -> None:
        stages.setdefault(stage, time.perf_counter() - began)
        stages["read"] = time.perf_counter() - began if stage.startswith("reading") else stages["read"]

    report = _load(connection, "residents", path, note)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"residents, {turn} time: {report.rows} stays of {PERSONS} persons, {report.stored} stored, {report.unchanged} unchanged; "
        f"checked, sealed and staged in {stages['read']:.1f} s ({PERSONS / stages['read']:.0f} persons a second), altogether "
        f"{report.seconds:.1f} s ({PERSONS / report.seconds:.0f} persons, {report.rows / report.seconds:.0f} stays a second); "
        f"at most {peak:.0f} MB",
        flush=True,
    )  # fmt: skip


def _load(connection: psycopg.Connection, kind: Kind, path: Path, progress: object = None) -> Report:
    options = {"progress": progress} if progress else {}
    request = Request(kind, path, standard_mapping(kind), partial=True, **options)  # type: ignore[arg-type]
    report = run_import(connection, request, importer_of(kind))
    connection.commit()
    return report
