"""Commands ``geo-registry residence ...``: the rules of the place for registering residence."""

from pathlib import Path
from typing import Annotated

import typer

residence_app = typer.Typer(no_args_is_help=True, help="Registration of residence: the rules of the place.")
profile_app = typer.Typer(no_args_is_help=True, help="Residence profiles and calendars of working days.")
residence_app.add_typer(profile_app, name="profile")


@profile_app.command(epilog="Example: geo-registry residence profile check ours.yaml cn-2027.yaml")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Profile or calendar files; all that the server reads when none is named."),
    ] = None,
) -> None:
    """Check profile and calendar files; print every fault with file and field, and end with 1."""
    from geo_registry.residence import checking

    asked = files or checking.files()
    faults = {path: checking.faults_of(path) for path in asked}
    for path, told in faults.items():
        for fault in told:
            typer.echo(f"{path}: {fault}", err=True)
    if any(faults.values()):
        raise typer.Exit(1)
    typer.echo(f"{len(asked)} files hold")
