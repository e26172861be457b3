"""Commands ``geo-registry measure ...``: the totals that figures are made from."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.rates import report
from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_registry.measure.refresh import Difference

measure_app = typer.Typer(no_args_is_help=True, help="Keep the totals of the register, and report its rates.")
measure_app.command(epilog="Example: geo-registry measure report --level community --format csv")(report)
console = Console()
MOST_SHOWN = 50


@measure_app.command(epilog="Example: geo-registry measure refresh --check")
def refresh(
    *,
    rebuild: Annotated[bool, typer.Option(help="Write all totals anew from the register first.")] = False,
    check: Annotated[bool, typer.Option(help="Change nothing, only compare with the register.")] = False,
) -> None:
    """Turn the day, write this week's heat cells, and compare the totals with the register.

    The server turns the day by itself; this command belongs into a nightly timer. It ends with 1 when a total
    is not what the register says.
    """
    from geo_registry import db
    from geo_registry.measure import refresh as upkeep

    with refusing():
        if check:
            with db.transaction(db.owner_engine()) as session:
                drift = upkeep.differences(session)
        else:
            done = upkeep.refresh(db.owner_engine(), rebuild=rebuild)
            drift, turn = done.drift, done.turn
            if done.leaves is not None:
                console.print(f"totals of {done.leaves} areas written anew")
            stays = f"{turn.begun} residences began, {turn.ended} ended, {turn.expired} registrations expired"
            console.print(f"{turn.day}: {stays}; {done.cells} heat cells", highlight=False)
    if drift:
        _print(drift)
        raise typer.Exit(1)
    console.print("all totals agree with the register")


def _print(drift: "Sequence[Difference]") -> None:
    table = Table("area", "week", "total", "kept", "counted")
    for one in drift[:MOST_SHOWN]:
        table.add_row(str(one.leaf_id), str(one.week or "now"), one.name, str(one.kept), str(one.counted))
    console.print(table, soft_wrap=True)
    console.print(f"{len(drift)} totals differ; geo-registry measure refresh --rebuild writes them anew")
