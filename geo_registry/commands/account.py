"""Commands ``geo-registry account ...``: who may sign in, in which role and area."""

import os
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.commands.refusal import refusing

account_app = typer.Typer(no_args_is_help=True, help="Add, list, train and disable accounts.")
console = Console()


def _password() -> str:
    """Read a new password from GEO_REGISTRY_PASSWORD or from the keyboard; never from the command line."""
    given = os.environ.get("GEO_REGISTRY_PASSWORD")
    return given or str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@account_app.command(
    epilog="Example: geo-registry account add du --name 杜某 --role officer --area 990101001001"
)
def add(
    login: str,
    name: Annotated[str, typer.Option(help="Name shown on pages and prints.")],
    role: Annotated[Role, typer.Option(help="The one role of the account.")],
    area: Annotated[list[str] | None, typer.Option(help="Division code; repeatable.")] = None,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="The whole installation instead of areas.")] = False,
) -> None:
    """Add an account. Without an area it needs --whole, so that nobody gets everything by omission."""
    if bool(area) == whole:
        Console(stderr=True).print("give --area CODE (one or more), or --whole", style="red")
        raise typer.Exit(2)
    from geo_registry.access.sessions import add_account
    from geo_registry.db import owner_engine, transaction

    with refusing(), transaction(owner_engine()) as session:
        add_account(
            session, login=login, name=name, role=role, password=_password(), division_codes=area or ()
        )
    console.print(f"account {login} added: {ROLE_TITLES[role]}")


@account_app.command(epilog="Example: geo-registry account disable du")
def disable(login: str) -> None:
    """Disable an account and end its sessions at once."""
    from geo_registry.access.sessions import disable_account
    from geo_registry.db import owner_engine, transaction

    with refusing(), transaction(owner_engine()) as session:
        disable_account(session, login)
    console.print(f"account {login} disabled")


@account_app.command(epilog="Example: geo-registry account train he --on 2026-11-20")
def train(
    login: str,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the training; today.")
    ] = None,
) -> None:
    """Note that a coordinator was trained; only then may the account answer for a block."""
    from geo_registry.db import owner_engine, today, transaction
    from geo_registry.grid.writes import train_coordinator

    day = on.date() if on else today()
    with refusing(), transaction(owner_engine()) as session:
        train_coordinator(session, login=login, trained_on=day)
    console.print(f"account {login} was trained on {day}")


@account_app.command("list", epilog="Example: geo-registry account list")
def list_accounts() -> None:
    """List accounts with role, areas and state."""
    from sqlalchemy import text

    from geo_registry.db import owner_engine, transaction

    query = text("""
        SELECT a.login, a.name, a.role, a.is_active,
          coalesce(string_agg(coalesce(d.full_name, '*'), ', '), '-') AS areas
        FROM registry.account a
          LEFT JOIN registry.area_grant g ON g.account_id = a.id AND g.valid @> CURRENT_DATE
          LEFT JOIN registry.division d ON d.id = g.division_id
        GROUP BY a.id ORDER BY a.login""")
    table = Table("login", "name", "role", "areas", "state")
    with refusing(), transaction(owner_engine()) as session:
        for row in session.execute(query):
            table.add_row(row.login, row.name, row.role, row.areas, "active" if row.is_active else "disabled")
    console.print(table)
