"""Commands ``geo-registry grid ...``: what the blocks hold, and what they leave out."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from geo_registry.access.viewer import Viewer
    from geo_registry.db import Session

grid_app = typer.Typer(no_args_is_help=True, help="Assign buildings to blocks, and report what is amiss.")
console = Console()
MOST_SHOWN = 50
OFF = ("far_over", "over", "under")


@grid_app.command(epilog="Example: geo-registry grid assign")
def assign() -> None:
    """Assign all buildings and addresses to their blocks anew; every change does so by itself already."""
    from sqlalchemy import text

    from geo_registry.db import owner_engine, transaction

    query = text("SELECT kind, placed, corrected, outside FROM registry.assign_blocks() ORDER BY kind DESC")
    table = Table("kind", "in a block", "corrected", "in no block")
    with refusing(), transaction(owner_engine()) as session:
        for row in session.execute(query):
            table.add_row(*(str(value) for value in row))
    console.print(table)


@grid_app.command(epilog="Example: geo-registry grid report --area 310199100000")
def report(
    area: Annotated[list[str] | None, typer.Option(help="Division code; repeatable. All by default.")] = None,
) -> None:
    """Report blocks without a responsible coordinator, gaps, buildings in no block, and loads off the frame.

    It ends with 1 when a block has nobody, or a building lies in no block.
    """
    from geo_registry.access.rules import Role
    from geo_registry.access.viewer import Viewer
    from geo_registry.codes import new_id
    from geo_registry.db import owner_engine, transaction

    viewer = Viewer(new_id(), new_id(), "command-line", "command line", Role.SUPERVISOR, None)
    with refusing(), transaction(owner_engine()) as session:
        places = divisions(session, area or [])
        amiss = [_without_responsible(session, viewer, one) for one in places]
        amiss += [_outside(session, viewer, one) for one in places]
        _gaps(session, viewer, places)
        _loads(session, viewer, places)
    if any(amiss):
        raise typer.Exit(1)


def divisions(session: "Session", codes: list[str]) -> "list[UUID]":
    """Return the divisions of the codes, or all districts."""
    from sqlalchemy import func, select

    from geo_registry.area.tables import Division
    from geo_registry.errors import NotFound

    query = select(Division.code, Division.id).where(Division.valid.contains(func.current_date()))
    query = query.where(Division.code.in_(codes) if codes else Division.level == "district")
    found = {row.code: row.id for row in session.execute(query.order_by(Division.code))}
    if missing := [code for code in codes if code not in found]:
        raise NotFound("area-unknown", f"没有区划 {'、'.join(missing)}", field="area")
    return list(found.values())


def _without_responsible(session: "Session", viewer: "Viewer", area_id: "UUID") -> bool:
    from geo_registry.grid.reads import blocks

    page = blocks(session, viewer, area_id=area_id, without_responsible=True, limit=MOST_SHOWN)
    _print("blocks without a responsible coordinator", ("code", "name", "community"), [
        (row.code, row.name, row.community or "") for row in page.rows
    ], has_more=page.next is not None)  # fmt: skip
    return bool(page.rows)


def _outside(session: "Session", viewer: "Viewer", area_id: "UUID") -> bool:
    from geo_registry.grid.reads import outside_blocks

    page = outside_blocks(session, viewer, area_id=area_id, limit=MOST_SHOWN)
    _print("buildings in no block", ("address", "community", "units"), [
        (row.address or str(row.id), row.community or "", str(row.units)) for row in page.rows
    ], has_more=page.next is not None)  # fmt: skip
    return bool(page.rows)


def _gaps(session: "Session", viewer: "Viewer", places: "list[UUID]") -> None:
    from sqlalchemy import func, or_, select

    from geo_registry.area.tables import Division
    from geo_registry.grid.reads import gaps

    query = select(Division.id, Division.full_name).where(
        Division.level == "community", Division.boundary.is_not(None),
        Division.valid.contains(func.current_date()),
    )  # fmt: skip
    rows = []
    for place in places:
        inside = query.where(
            or_(Division.id == place, Division.district_id == place, Division.township_id == place)
        )
        for community, name in session.execute(inside.order_by(Division.code)).all():
            found = gaps(session, viewer, community_id=community)
            if found:
                area_m2, units = sum(gap.area_m2 for gap in found), sum(gap.units for gap in found)
                rows.append((name, str(len(found)), f"{area_m2:.0f}", str(units)))
    _print("ground in no block", ("community", "pieces", "m²", "units"), rows)


def _loads(session: "Session", viewer: "Viewer", places: "list[UUID]") -> None:
    from geo_registry.measure.loads import block_loads, coordinator_loads

    blocks = [
        (load.code, load.coordinator or "-", _told(load.persons), str(load.rental_units), load.verdict)
        for place in places
        for load in block_loads(session, viewer, area_id=place)
        if load.verdict in OFF
    ]
    _print("blocks off the frame of the profile", ("code", "coordinator", "persons", "let", "load"), blocks)
    coordinators = [
        (load.name, str(load.blocks), _told(load.persons), str(load.rental_units), load.verdict)
        for place in places
        for load in coordinator_loads(session, viewer, area_id=place)
        if load.verdict in OFF
    ]
    columns = ("coordinator", "blocks", "persons", "let", "load")
    _print("coordinators off the frame of the profile", columns, coordinators)


def _told(persons: int | None) -> str:
    return "<10" if persons is None else str(persons)


def _print(
    title: str, columns: tuple[str, ...], rows: "Sequence[tuple[str, ...]]", *, has_more: bool = False
) -> None:
    """Print the first rows of a list, or that it is empty."""
    if not rows:
        console.print(f"{title}: none")
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows[:MOST_SHOWN]:
        table.add_row(*row)
    console.print(table)
    if has_more or len(rows) > MOST_SHOWN:
        console.print(f"... and more than these {MOST_SHOWN}")
