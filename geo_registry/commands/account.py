"""Commands ``geo-registry account ...``: who may sign in, in which role and area.

They act as the owner of the installation, without an account of their own; each act is a row of the audit.
"""

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from geo_registry.account.accounts import Held, Kept

account_app = typer.Typer(no_args_is_help=True, help="Add, list, change, train and disable accounts.")
console = Console()
Area = Annotated[list[str] | None, typer.Option(help="Division code; repeatable.")]
Whole = Annotated[bool, typer.Option("--whole", help="The whole installation instead of areas.")]


def _password() -> str:
    """Read a new password from GEO_REGISTRY_PASSWORD or from the keyboard; never from the command line."""
    given = os.environ.get("GEO_REGISTRY_PASSWORD")
    return given or str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _choose(area: list[str] | None, *, whole: bool) -> None:
    """Refuse neither area nor --whole, so that nobody gets everything by omission; and both."""
    if bool(area) == whole:
        Console(stderr=True).print("give --area CODE (one or more), or --whole", style="red")
        raise typer.Exit(2)


def _act(login: str, act: "Callable[[Held], Kept]") -> "Kept":
    """Act on the account of a login, as the owner."""
    from geo_registry.account.accounts import Held, find_account
    from geo_registry.db import owner_engine, transaction

    with refusing(), transaction(owner_engine()) as session:
        found = find_account(session, None, login=login)
        return act(Held(session, None, found["id"]))


def _tell(login: str, done: str, secret: str | None = None) -> None:
    console.print(f"account {login} {done}", markup=False)
    if secret:
        # On a line of its own, to be copied; it is told this once.
        console.print(secret, style="bold", markup=False, soft_wrap=True)


def welcome() -> None:
    """Make the first account of a registry that has none, and tell its one-time password this once."""
    from geo_registry.account.accounts import FIRST_LOGIN, add_first_account
    from geo_registry.db import owner_engine, transaction

    with refusing(), transaction(owner_engine()) as session:
        secret = add_first_account(session)
    if secret:
        _tell(FIRST_LOGIN, "is the security administrator; for 72 hours with this password:", secret)


@account_app.command(
    epilog="Example: geo-registry account add du --name 杜某 --role officer --area 990101001001"
)
def add(
    login: str,
    name: Annotated[str, typer.Option(help="Name shown on pages and prints.")],
    role: Annotated[Role, typer.Option(help="The one role of the account.")],
    area: Area = None,
    *,
    whole: Whole = False,
    one_time: Annotated[
        bool,
        typer.Option("--one-time", help="Make a password for 72 hours, to be changed at the first sign-in."),
    ] = False,
    second_factor: Annotated[bool, typer.Option("--second-factor", help="Demand a second factor.")] = False,
    machine: Annotated[bool, typer.Option("--machine", help="For a program: tokens, no password.")] = False,
) -> None:
    """Add an account. Without an area it needs --whole, so that nobody gets everything by omission."""
    _choose(area, whole=whole)
    from geo_registry.account.accounts import add_account
    from geo_registry.db import owner_engine, transaction

    with refusing(), transaction(owner_engine()) as session:
        kept = add_account(
            session, login=login, name=name, role=role, password=None if one_time or machine else _password(),
            division_codes=area or (), machine=machine, second_factor=second_factor,
        )  # fmt: skip
    _tell(login, f"added: {ROLE_TITLES[role]}", kept.secret)


@account_app.command(epilog="Example: geo-registry account disable du")
def disable(login: str) -> None:
    """Disable an account and end its sessions at once."""
    from geo_registry.account.accounts import switch_account

    _act(login, lambda held: switch_account(held, active=False))
    _tell(login, "disabled")


@account_app.command(epilog="Example: geo-registry account enable du")
def enable(login: str) -> None:
    """Enable a disabled account again."""
    from geo_registry.account.accounts import switch_account

    _act(login, lambda held: switch_account(held, active=True))
    _tell(login, "enabled")


@account_app.command(epilog="Example: geo-registry account grant du --area 990101001002 --to 2026-12-31")
def grant(
    login: str,
    area: Annotated[str | None, typer.Option(help="Division code.")] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; today.")
    ] = None,
    to: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; open.")] = None,
    *,
    whole: Whole = False,
) -> None:
    """Grant an account one more area, or the whole installation."""
    _choose([area] if area else None, whole=whole)
    from geo_registry.account.accounts import division_of, grant_area

    days: dict[str, Any] = {"valid_from": from_ and from_.date(), "valid_to": to and to.date()}
    _act(login, lambda held: grant_area(held, division_id=division_of(held.session, area), **days))
    _tell(login, f"may work in {area or 'the whole installation'}")


@account_app.command(epilog="Example: geo-registry account reset-password du")
def reset_password(login: str) -> None:
    """Make a one-time password for 72 hours; sessions end."""
    from geo_registry.account import accounts

    kept = _act(login, accounts.reset_password)
    _tell(login, "has this password until it is changed, for 72 hours:", kept.secret)


@account_app.command(epilog="Example: geo-registry account reset-second-factor du")
def reset_second_factor(login: str) -> None:
    """Take the second factor away, after a telephone was lost; sessions end."""
    from geo_registry.account import accounts

    _act(login, accounts.reset_second_factor)
    _tell(login, "has no second factor now")


@account_app.command(epilog="Example: geo-registry account token census --title 统计接口 --days 30")
def token(
    login: str,
    title: Annotated[str, typer.Option(help="What the token is for.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="Days until it expires.")] = 90,
    purpose: Annotated[list[str] | None, typer.Option(help="Purpose it may state; repeatable.")] = None,
) -> None:
    """Issue a bearer token to the account of a machine."""
    from geo_registry.account.accounts import issue_token

    kept = _act(login, lambda held: issue_token(held, title=title, purposes=purpose or (), days=days))
    _tell(login, f"has this token for {days} days:", kept.secret)


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


@account_app.command("list", epilog="Example: geo-registry account list --role officer")
def list_accounts(role: Annotated[Role | None, typer.Option(help="Of one role.")] = None) -> None:
    """List accounts with role, areas, second factor and state."""
    from geo_registry.account import accounts
    from geo_registry.db import owner_engine, transaction

    table = Table("login", "name", "role", "areas", "second factor", "state")
    after: str | None = None
    with refusing(), transaction(owner_engine()) as session:
        while True:
            page = accounts.list_accounts(session, None, role=role, after=after, limit=100)
            for row in page.rows:
                areas = ", ".join(area["code"] or "*" for area in row["areas"]) or "-"
                state = "active" if row["is_active"] else "disabled"
                table.add_row(row["login"], row["name"], row["role"], areas, row["second_factor"], state)
            if (after := page.next) is None:
                break
    console.print(table)
