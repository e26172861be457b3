"""Command ``geo-registry import deaths``: deaths that civil affairs tells, compared with the register."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.files import File, import_app
from geo_registry.commands.refusal import refusing
from geo_registry.db import owner_engine

console = Console()


@import_app.command("deaths", epilog="Example: geo-registry import deaths 2026-11.xlsx")
def deaths(
    file: File,
    source: Annotated[str, typer.Option(help="Who sent the file.")] = "civil_affairs",
) -> None:
    """Compare a list of deaths (document, day) with the register; hits wait for an officer."""
    from geo_registry.intake.deaths import import_deaths

    with refusing():
        found = import_deaths(owner_engine(), Path(file), source=source)
    table = Table("outcome", "rows", title=file.name, title_justify="left")
    figures = {"rows": found.rows, "live here": found.found, "new proposals": found.stored}
    for name, count in (figures | found.faults).items():
        table.add_row(name, f"{count:,}")
    console.print(table)
