"""Commands ``geo-registry keys ...``: under which keys numbers are sealed, and the change to a new one."""

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo_registry.commands.refusal import refusing

keys_app = typer.Typer(no_args_is_help=True, help="List and rotate the keys of sealed numbers.")
console = Console()


@keys_app.command("list", epilog="Example: geo-registry keys list")
def list_keys() -> None:
    """List the keys of the ring and how many values each of them has sealed."""
    from geo_registry.db import owner_engine, transaction
    from geo_registry.person.rotation import keys_in_use

    with refusing(), transaction(owner_engine()) as session:
        keys = keys_in_use(session)
    table = Table("key", "file", "values", "state")
    for key in keys:
        state = "seals" if key.is_newest else "opens" if key.in_ring else "missing: its values cannot be read"
        name = "identity" if key.key_id == 1 else f"identity-{key.key_id}"
        table.add_row(str(key.key_id), name, str(key.values), state)
    console.print(table)
    if any(key.values and not key.in_ring for key in keys):
        raise typer.Exit(1)


@keys_app.command(epilog="Example: geo-registry keys rotate")
def rotate() -> None:
    """Seal every number under a new key while the server runs; run again, it goes on where it was cut off."""
    from geo_registry.db import owner_engine
    from geo_registry.person import rotation

    columns = TextColumn("sealing anew"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with refusing(), Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("values", total=None)
        done = rotation.rotate(
            owner_engine(), lambda count, total: bar.update(task, completed=count, total=total)
        )
    how = "went on with" if done.was_resumed else "made"
    console.print(f"{how} key {done.key_id}; {done.resealed} values sealed anew")
