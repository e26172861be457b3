"""Commands ``geo-registry separation ...``: persons of a run, from a list or from collective households."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.files import File
from geo_registry.commands.refusal import refusing
from geo_registry.db import owner_engine

if TYPE_CHECKING:
    from geo_registry.separation.load import Loaded

separation_app = typer.Typer(no_args_is_help=True, help="Load the persons of a separation run.")
console = Console()
Run = Annotated[UUID, typer.Argument(help="Id of the run, as its page shows it.")]


@separation_app.command(epilog="Example: geo-registry separation load 0193... list.xlsx")
def load(run: Run, file: File) -> None:
    """Load a list (name, sex, document, hukou address, current address); a second time changes nothing."""
    from geo_registry.separation.load import load_list

    with refusing():
        _show(file.name, load_list(owner_engine(), run, file))


@separation_app.command(epilog="Example: geo-registry separation members 0193...")
def members(run: Run) -> None:
    """Put the members of the collective households of the run's area on its list."""
    from geo_registry.separation.load import load_members

    with refusing():
        _show("members", load_members(owner_engine(), run))


def _show(title: str, loaded: "Loaded") -> None:
    table = Table("outcome", "rows", title=title, title_justify="left")
    figures = {"rows": loaded.rows, "stored": loaded.stored, "unchanged": loaded.unchanged}
    for name, count in (figures | loaded.faults).items():
        table.add_row(name, f"{count:,}")
    console.print(table)
