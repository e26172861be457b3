"""``geo-registry import estate`` and ``estate take-back``: a table becomes an estate in one act, and back."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.files import File, import_app
from geo_registry.commands.number import street_named
from geo_registry.commands.refusal import refusing
from geo_registry.text import inert

if TYPE_CHECKING:
    from uuid import UUID

    from geo_registry.access.viewer import Viewer
    from geo_registry.db import Session
    from geo_registry.exchange.estate_table import EstateTable
    from geo_registry.plate.estate_back import IntakeTakenBack
    from geo_registry.plate.estates import EstateTaken

console = Console()
estate_app = typer.Typer(no_args_is_help=True, help="Estates taken in from a table.")
MOST_SHOWN = 20


@import_app.command("estate", epilog="Example: geo-registry import estate rooms.xlsx --street 清源小区")
def estate(
    file: File,
    *,
    street: Annotated[str | None, typer.Option(help="Full name or code of the estate or lane.")] = None,
    new: Annotated[str | None, typer.Option(help="Name of a new estate, named with it; with --area.")] = None,
    area: Annotated[str | None, typer.Option(help="Division code of the estate.")] = None,
    gate: Annotated[str | None, typer.Option(help="lon,lat: number in S-shape from this gate.")] = None,
    plates: Annotated[bool, typer.Option("--plates", help="Draft a plate for each building.")] = False,
    document: Annotated[str | None, typer.Option(help="Number of the document behind it.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Store the sound rows, faults or not.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write the faults to this CSV file.")] = None,
) -> None:
    """Take in buildings, entrances and rooms of a developer's table; with faults nothing is stored."""
    from geo_registry.address.places import profile_in_force
    from geo_registry.db import owner_engine, transaction
    from geo_registry.exchange.estate_table import read_estate_table

    with refusing(), transaction(owner_engine()) as session:
        table = read_estate_table(profile_in_force(session), file.read_bytes())
        _show_faults(table, refused)
        if table.faults and not (partial and table.rows):
            console.print(f"nothing was stored: {table.counts['faulty']} of {table.lines} lines have faults")
            raise typer.Exit(1)
        asked: dict[str, object] = {
            "plates": "draft" if plates else "none",
            "document_number": document,
            "dry_run": dry_run,
        }
        done = _take(session, table, street, new, area, gate, asked)
    _show(done, dry_run=dry_run)


@estate_app.command(
    "take-back", epilog="Example: geo-registry estate take-back 清源小区 --reason 选错了表 --dry-run"
)
def take_back(
    street: Annotated[str, typer.Argument(help="Full name or code of the estate or lane.")],
    *,
    area: Annotated[str | None, typer.Option(help="Division code, where several have the name.")] = None,
    document: Annotated[str | None, typer.Option(help="Number of the document behind it.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; asked for unless --dry-run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
) -> None:
    """Take back the latest intake of an estate while nothing of it was used."""
    from geo_registry.address.tables import PlaceName
    from geo_registry.db import owner_engine, transaction
    from geo_registry.plate.estate_back import take_back_intake

    with refusing(), transaction(owner_engine()) as session:
        own = street_named(session, street, area)
        done = take_back_intake(
            session, _clerk(), place_name_id=own, version=session.get_one(PlaceName, own).version,
            dry_run=dry_run, document_number=document, reason=reason,
        )  # fmt: skip
    _show_back(done, dry_run=dry_run)


def _clerk() -> "Viewer":
    from geo_registry.access.rules import Role
    from geo_registry.access.viewer import Viewer
    from geo_registry.codes import new_id

    return Viewer(new_id(), new_id(), "command-line", "command line", Role.CLERK, None)


def _take(
    session: "Session", table: "EstateTable", street: str | None, new: str | None, area: str | None,
    gate: str | None, asked: dict[str, object],
) -> "EstateTaken":  # fmt: skip
    from geo_registry.address.tables import PlaceName
    from geo_registry.plate.estates import NewEstate, take_in_estate

    if (street is None) == (new is None):
        raise typer.BadParameter("give --street, or --new with --area")
    where: dict[str, object] = {}
    if street is not None:
        own = street_named(session, street, area)
        where = {"place_name_id": own, "version": session.get_one(PlaceName, own).version}
    else:
        where = {"estate": NewEstate(new or "", area_id=_area(session, area))}
    if gate is not None:
        where |= {"gate": _gate(gate), "numbers": "s_shape"}
    return take_in_estate(session, _clerk(), rows=table.rows, **where, **asked)  # type: ignore[arg-type]


def _area(session: "Session", code: str | None) -> "UUID":
    from sqlalchemy import text

    found = session.execute(
        text("SELECT id FROM registry.division WHERE code = :code AND valid @> CURRENT_DATE"), {"code": code}
    ).scalar()
    if found is None:
        raise typer.BadParameter("--area is the code of a division in force")
    return found  # type: ignore[no-any-return]


def _gate(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(one) for one in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("--gate is lon,lat") from error
    return lon, lat


def _show_faults(table: "EstateTable", refused: Path | None) -> None:
    if refused is not None:
        with refused.open("w", encoding="utf-8-sig", newline="") as target:
            rows = [
                (inert(one.sheet or ""), one.line, inert(one.column), one.code, inert(one.detail))
                for one in table.faults
            ]
            csv.writer(target).writerows([("sheet", "line", "column", "code", "detail"), *rows])
    for one in table.faults[:MOST_SHOWN]:
        where = f"{one.sheet}, line {one.line}" if one.sheet else f"line {one.line}"
        console.print(f"{where}, {one.column}: {one.detail}", markup=False, highlight=False)
    if len(table.faults) > MOST_SHOWN:
        console.print(f"{len(table.faults) - MOST_SHOWN} more; --refused FILE writes all of them")
    if table.ignored:
        console.print(f"columns not read: {', '.join(table.ignored)}", markup=False, highlight=False)


def _show(done: "EstateTaken", *, dry_run: bool) -> None:
    table = Table("made" if not dry_run else "would be made", "count")
    _show_counts(table, done, ("buildings", "entrances", "units", "plates"), dry_run=dry_run)


def _show_back(done: "IntakeTakenBack", *, dry_run: bool) -> None:
    table = Table("taken back" if not dry_run else "would be taken back", "count")
    _show_counts(table, done, ("addresses", "buildings", "entrances", "units", "plates"), dry_run=dry_run)


def _show_counts(table: Table, done: object, names: tuple[str, ...], *, dry_run: bool) -> None:
    for name in names:
        table.add_row(name, f"{getattr(done, name):,}")
    console.print(table)
    if dry_run:
        console.print("nothing was stored (dry run)")
