"""Command ``geo-registry trace FILE``: whose copy a leaked list of persons is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.refusal import refusing

console = Console()


def trace(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The leaked copy, CSV or XLSX.")],
) -> None:
    """Name the disclosure, recipient and requester of a leaked list; exit with 1 when nobody can be named."""
    from geo_registry.db import owner_engine, transaction
    from geo_registry.disclosure.trace import named, trace_file

    with refusing(), transaction(owner_engine()) as session:
        found = trace_file(session, file)
    table = Table("disclosure", "recipient", "requested by", "same file", "decoys", "order", "mark")
    for one in found[:10]:
        signs = (one.is_same_file, one.is_in_order, one.is_marked)
        same, order, mark = ("yes" if sign else "-" for sign in signs)
        table.add_row(one.number, one.recipient, one.requested_by, same, str(one.decoys), order, mark)
    if found:
        console.print(table)
    sure = named(found)
    if sure is None:
        Console(stderr=True).print(
            "nobody can be named" if not found else "several are possible", style="red"
        )
        raise typer.Exit(1)
    console.print(f"{sure.number}: {sure.recipient}, requested by {sure.requested_by}", markup=False)
    if not any(sure.weight[:3]):
        console.print("by its mark alone, which anybody can write", style="yellow")
