"""Command line ``geo-registry``."""

import typer

from geo_registry.cluster_commands import db_app

app = typer.Typer(name="geo-registry", no_args_is_help=True, help="Registry of addresses, plates and dwellings.")
app.add_typer(db_app, name="db")


@app.callback()
def main() -> None:
    """Keep the registry of addresses, door plates, dwellings and residence."""
