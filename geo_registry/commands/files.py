"""Commands ``geo-registry import ...``: files into the register, every row accounted for."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo_registry import cluster
from geo_registry.address.profile import load_profile
from geo_registry.errors import RegistryError
from geo_registry.exchange.ledger import Importer, Load, Request, run_import
from geo_registry.exchange.ledger import Progress as Told
from geo_registry.exchange.mapping import Kind, load_mapping, standard_mapping
from geo_registry.exchange.report import Report, write_kept
from geo_registry.postgres import ClusterError
from geo_registry.settings import SecretError

import_app = typer.Typer(
    no_args_is_help=True, help="Load files; each row ends up stored, unchanged or explained."
)
console = Console()

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to load.")]
MappingName = Annotated[str | None, typer.Option(help="Mapping: a shipped code or a YAML file.")]
ProfileName = Annotated[str | None, typer.Option(help="Scheme profile instead of the mapping's.")]
Area = Annotated[str | None, typer.Option(help="Load only what lies in the division of this code.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and count everything, store nothing.")]
ReportTo = Annotated[Path | None, typer.Option("--report", help="Write the report to this JSON file.")]
RefusedTo = Annotated[
    Path | None, typer.Option("--refused", help="Write the rows kept out to this CSV file.")
]
Partial = Annotated[bool, typer.Option("--partial", help="The file is incomplete: retire nothing.")]
Confirm = Annotated[
    bool, typer.Option("--confirm-retirement", help="Allow more than 80 % of a township to be retired.")
]


def importer_of(kind: Kind) -> Importer:
    """Return the importer of a kind; loaded on use, because geometry libraries are slow to load."""
    from importlib import import_module

    importer: Importer = getattr(import_module(f"geo_registry.exchange.{kind}"), f"import_{kind}")
    return importer


def _command(kind: Kind, sentence: str, example: str) -> None:
    """Add the command of one kind of file; all kinds share their options."""

    def load(
        *, file: File, mapping: MappingName = None, profile: ProfileName = None, area: Area = None,
        dry_run: DryRun = False, report: ReportTo = None, refused: RefusedTo = None, partial: Partial = False,
        confirm_retirement: Confirm = False,
    ) -> None:  # fmt: skip
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        ) as bar:  # fmt: skip
            try:
                chosen = load_mapping(mapping, kind) if mapping else standard_mapping(kind)
                name = profile or chosen.profile
                request = Request(
                    kind=kind, path=file, mapping=chosen, profile=load_profile(name) if name else None,
                    area=area, dry_run=dry_run, partial=partial, confirm_retirement=confirm_retirement,
                    refused_to=refused, progress=_Stages(bar).note,
                )  # fmt: skip
                result, streets = _run(request)
            except (RegistryError, ClusterError, SecretError, psycopg.Error, OSError) as error:
                bar.stop()
                Console(stderr=True).print(f"nothing was stored: {error}", style="red", markup=False)
                raise typer.Exit(1) from error
            is_checked = _check(streets, request.progress)
        if report:
            result.write(report)
        show(result)
        if not is_checked:
            console.print("stored, but not checked: run geo-registry plates check", style="yellow")

    load.__doc__ = sentence
    import_app.command(kind, help=sentence, epilog=f"Example: geo-registry import {example}")(load)


def _run(request: Request) -> tuple[Report, list[UUID]]:
    """Load the file; answer the report and the streets that it touched."""
    from geo_registry.exchange.warned import touched

    streets: list[UUID] = []

    def finish(load: Load) -> None:
        if request.refused_to:
            write_kept(request.refused_to, load.kept())
        if not request.dry_run:
            streets.extend(touched(load))

    importer = importer_of(request.kind)
    with psycopg.connect(cluster.urls().owner) as connection:
        report = run_import(connection, request, importer, finish)
    return report, streets


def _check(streets: list[UUID], progress: Told) -> bool:
    """Find what speaks against the numbers of streets; tell whether it could be found."""
    from geo_registry.db import owner_engine
    from geo_registry.exchange.warned import check_in_parts

    try:
        check_in_parts(owner_engine(), streets, progress)
    except RegistryError:
        return False
    return True


class _Stages:
    """Shows each stage of an import as a bar of its own."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, int] = {}

    def note(self, stage: str, done: int, total: int | None) -> None:
        """Show how far a stage is."""
        if stage not in self._tasks:
            self._tasks[stage] = int(self._bar.add_task(stage, total=total))
        self._bar.update(self._tasks[stage], completed=done, total=total)  # type: ignore[arg-type]


def show(report: Report) -> None:
    """Print a report as a table."""
    table = Table(title=f"{report.file} ({report.mapping})", title_justify="left")
    table.add_column("outcome")
    table.add_column("rows", justify="right")
    for name in ("rows", "stored", "changed", "unchanged", "retired", "quarantined", "refused"):
        table.add_row(name, f"{getattr(report, name):,}")
    for reason, count in sorted(report.reasons.items(), key=lambda one: -one[1]):
        table.add_row(f"  {reason}", f"{count:,}", style="yellow")
    for warning, count in sorted(report.warnings.items()):
        table.add_row(f"  note: {warning}", f"{count:,}", style="dim")
    console.print(table)
    for note in report.notes:
        console.print(note, markup=False)
    console.print(f"{report.seconds:.1f} s" + ("; nothing was stored (dry run)" if report.dry_run else ""))


_command("areas", "Load divisions with their boundaries.", "areas villages-10t.json --mapping tw-villages")
_command("blocks", "Load the blocks that coordinators answer for.", "blocks blocks.geojson")
_command("streets", "Load streets, lanes, estates and hamlets with their axes.", "streets streets.geojson")
_command("buildings", "Load buildings with their outlines.", "buildings buildings.geojson")
_command(
    "plates", "Load door plates and the dwellings behind them.", "plates 10018.parquet --mapping door-plates"
)
_command("residents", "Load the residents of dwellings.", "residents residents.csv --report report.json")
_command("premises", "Load organisations with their addresses.", "premises units.xlsx --refused kept-out.csv")
_command("backdrop", "Load the surfaces drawn beneath the map.", "backdrop osm.geojson")
