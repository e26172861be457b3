"""Commands ``geo-registry gazetteer ...``: the national divisions by which address texts are read."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo_registry.commands.refusal import refusing
from geo_registry.errors import NotFound
from geo_registry.gazetteer.files import Stamp, compile_folder, place_of_gazetteer, read_stamp
from geo_registry.settings import settings

gazetteer_app = typer.Typer(
    no_args_is_help=True, help="National divisions: the names by which address texts are read."
)
console = Console()

_STAGES = {"reading": "reading the lists", "spelling": "spelling the names", "writing": "writing the table"}


@gazetteer_app.command("load", epilog="Example: geo-registry gazetteer load divisions/")
def load(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True,
            file_okay=False,
            readable=True,
            help="Folder of CSV files with the columns code and name.",
        ),
    ],
) -> None:
    """Compile lists of divisions, province to community, into the table of this installation."""
    with refusing():
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        ) as bar:  # fmt: skip
            tasks = {stage: bar.add_task(title, total=None) for stage, title in _STAGES.items()}
            stamp = compile_folder(
                folder,
                settings().home,
                lambda stage, done, total: bar.update(tasks[stage], completed=done, total=total),
            )
        _print(stamp)


@gazetteer_app.command("show", epilog="Example: geo-registry gazetteer show")
def show() -> None:
    """Show what is loaded: places of each level, spellings, and the files it was made of."""
    with refusing():
        stamp = read_stamp(settings().home)
        if stamp is None:
            path = place_of_gazetteer(settings().home).parent
            raise NotFound(
                "gazetteer-missing", f"{path} 中没有行政区划名录，请执行 geo-registry gazetteer load 目录"
            )
        _print(stamp)


def _print(stamp: Stamp) -> None:
    table = Table(title=f"{stamp.folder} (made {stamp.made})", title_justify="left")
    table.add_column("names")
    table.add_column("count", justify="right")
    for level, count in stamp.levels.items():
        table.add_row(level, f"{count:,}")
    table.add_row("spellings", f"{stamp.spellings:,}")
    table.add_row("former divisions, since divided", f"{stamp.former:,}")
    console.print(table)
    for name, digest in stamp.sources.items():
        console.print(f"{digest[:16]}  {name}", markup=False)
    if stamp.unknown_former:
        names = "、".join(stamp.unknown_former[:20])
        console.print(
            f"{len(stamp.unknown_former)} former divisions have no successor in these lists: {names}",
            markup=False,
        )
