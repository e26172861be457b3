"""Commands ``geo-registry plates ...``: what speaks against the numbers of whole areas."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from geo_registry.commands.grid import divisions
from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from geo_registry.address.warning_list import WarningCounts
    from geo_registry.db import Engine

plates_app = typer.Typer(no_args_is_help=True, help="Check numbers and plates.")
console = Console()


@plates_app.command(epilog="Example: geo-registry plates check --area 310199000000")
def check(
    area: Annotated[list[str] | None, typer.Option(help="Division code; repeatable. All by default.")] = None,
) -> None:
    """Find anew what speaks against the numbers of every street: duplicates, wrong sides, gaps and the like.

    Acts on numbers and imports keep the list in step by themselves; run this when an import could not. It
    ends with 1 when errors are open.
    """
    from geo_registry.address.certifying import ERRORS
    from geo_registry.db import owner_engine

    with refusing():
        counts = _checked(owner_engine(), area)
    table = Table("kind", "open")
    for kind, count in counts.by_kind.items():
        table.add_row(f"{kind} (error)" if kind in ERRORS else kind, str(count))
    console.print(table)
    console.print(f"{counts.total} open, {counts.accepted} accepted", highlight=False)
    if any(kind in ERRORS for kind in counts.by_kind):
        raise typer.Exit(1)


def _checked(engine: "Engine", area: list[str] | None) -> "WarningCounts":
    from geo_registry.access.rules import Role
    from geo_registry.access.viewer import Viewer
    from geo_registry.address.warning_list import warning_counts
    from geo_registry.address.warnings import scopes_of
    from geo_registry.codes import new_id
    from geo_registry.db import transaction
    from geo_registry.exchange.warned import check_in_parts

    with transaction(engine) as session:
        areas = tuple(divisions(session, area)) if area else None
        scopes = scopes_of(session, areas)
    with Progress(console=console) as bar:
        task = bar.add_task(f"{len(scopes)} streets", total=len(scopes))
        check_in_parts(engine, scopes, lambda _, done, __: bar.update(task, completed=done))
    viewer = Viewer(new_id(), new_id(), "command-line", "command line", Role.CLERK, areas)
    with transaction(engine) as session:
        return warning_counts(session, viewer)
