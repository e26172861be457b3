"""Command ``geo-registry city generate``: a city of any size for tests and measurements."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from geo_registry.exchange.mapping import Kind

city_app = typer.Typer(
    no_args_is_help=True, help="Generated cities for tests and measurements; nobody lives there."
)
console = Console()

KINDS: tuple["Kind", ...] = ("areas", "blocks", "plates", "residents")


@city_app.command(
    epilog="Example: geo-registry city generate --units 100000 --persons 250000 --seed 7 -o city/"
)
def generate(
    *,
    units: Annotated[int, typer.Option(min=1, max=15_000_000, help="Dwellings and other units.")],
    persons: Annotated[int, typer.Option(min=1, help="Persons, one in ten of whom has left.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder of the four files.")
    ],
    years: Annotated[int, typer.Option(min=1, max=60, help="How far back moves go.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes on the same day.")] = 1,
    day: Annotated[
        dt.datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="Its present day.")
    ] = None,
    into_database: Annotated[
        bool, typer.Option("--into-database", help="Load the files with the importers afterwards.")
    ] = False,
) -> None:
    """Generate streets, buildings, units and the persons who live and lived there."""
    from geo_registry.db import today
    from geo_registry.demo.city import write_city
    from geo_registry.demo.city_plan import City

    if persons > units * 6:
        Console(stderr=True).print("more than six persons a unit: give more units", style="red")
        raise typer.Exit(2)
    city = City(units, persons, years, seed, day.date() if day else today())
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("drawing")
        done = write_city(city, output, lambda at, total: bar.update(task, completed=at, total=total))
    console.print(f"{done.units:,} units, {done.persons:,} persons, {done.stays:,} stays in {output}")
    if into_database:
        _load(output)


def _load(folder: Path) -> None:
    import psycopg

    from geo_registry import cluster
    from geo_registry.commands.files import importer_of, show
    from geo_registry.commands.refusal import refusing
    from geo_registry.demo.city import FILES
    from geo_registry.exchange.ledger import Request, run_import
    from geo_registry.exchange.mapping import standard_mapping

    with refusing(), psycopg.connect(cluster.urls().owner) as connection:
        for kind, name in zip(KINDS, FILES, strict=True):
            request = Request(kind, folder / name, standard_mapping(kind), partial=True)
            show(run_import(connection, request, importer_of(kind)))
            connection.commit()
