"""`geo-registry number`: what a whole street would be numbered, before anything is stored."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from uuid import UUID

    from geo_registry.address.numbering.series import Mode, Parity
    from geo_registry.address.reads import StreetPlan
    from geo_registry.db import Session

console = Console()
MOST_SHOWN = 60
COLUMNS = (
    "kind", "number", "side", "distance_m", "from_axis_m", "lon", "lat", "standard_text", "remarks",
)  # fmt: skip


def number(
    street: Annotated[str, typer.Argument(help="Full name of the street, or its public code.")],
    *,
    area: Annotated[str | None, typer.Option(help="Division code, where several have the name.")] = None,
    side: Annotated[str | None, typer.Option(help="odd or even; both by default.")] = None,
    mode: Annotated[str | None, typer.Option(help="order or distance; the profile's by default.")] = None,
    reserve: Annotated[bool, typer.Option(help="Keep numbers for blank land.")] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV file; `-` is the screen.")
    ] = None,
) -> None:
    """Show the numbers of a street and those its doors without a number would get; nothing is stored."""
    from geo_registry.access.rules import Role
    from geo_registry.access.viewer import Viewer
    from geo_registry.address.reads import plan_street
    from geo_registry.codes import new_id
    from geo_registry.db import owner_engine, transaction

    viewer = Viewer(new_id(), new_id(), "command-line", "command line", Role.CLERK, None)
    with refusing(), transaction(owner_engine()) as session:
        plan = plan_street(
            session, viewer, place_name_id=street_named(session, street, area), side=_side(side),
            mode=_mode(mode), keeps_free=reserve,
        )  # fmt: skip
        _show(plan) if output is None else _write(plan, output)


def _side(text: str | None) -> "Parity | None":
    if text not in {None, "odd", "even"}:
        raise typer.BadParameter("--side is odd or even")
    return text  # type: ignore[return-value]


def _mode(text: str | None) -> "Mode | None":
    if text not in {None, "order", "distance"}:
        raise typer.BadParameter("--mode is order or distance")
    return text  # type: ignore[return-value]


def street_named(session: "Session", name: str, area: str | None) -> "UUID":
    """Return the place name in force with a full name or a public code.

    Raises:
        RuleBroken: `place-name-unknown`, or `place-name-ambiguous` where several areas have the name.

    """
    from sqlalchemy import text

    from geo_registry.errors import RuleBroken

    query = text("""
        SELECT p.id, p.full_name, d.full_name AS area FROM registry.place_name p
        JOIN registry.division d ON d.id = coalesce(p.community_id, p.township_id, p.district_id)
        WHERE (p.full_name = :name OR p.code = :name) AND p.state IN ('proposed', 'current')
          AND (CAST(:area AS text) IS NULL OR EXISTS (SELECT FROM registry.division a WHERE a.code = :area
            AND a.id IN (p.district_id, p.township_id, p.community_id)))
        ORDER BY p.id LIMIT 6""")
    found = session.execute(query, {"name": name, "area": area}).all()
    if len(found) == 1:
        return found[0].id  # type: ignore[no-any-return]
    if not found:
        raise RuleBroken("place-name-unknown", f"no street {name} in force; give its full name")
    named = "; ".join(row.area for row in found)
    raise RuleBroken("place-name-ambiguous", f"{name} is in several areas, give --area: {named}")


def _rows(plan: "StreetPlan") -> list[tuple[str, ...]]:
    return [
        (slot.kind, slot.number, slot.side, _figure(slot.distance_m, 1), _figure(slot.from_axis_m, 1),
         _figure(slot.lon, 7), _figure(slot.lat, 7), slot.standard_text, " ".join(slot.remarks))
        for slot in plan.slots
    ]  # fmt: skip


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _show(plan: "StreetPlan") -> None:
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(plan.counts.items())) or "no numbers"
    console.print(
        f"{plan.name}: {plan.length_m:.0f} m, by {plan.mode}, odd numbers {plan.odd_side}; {counts}",
        highlight=False, markup=False,
    )  # fmt: skip
    table = Table(*(name for name in COLUMNS if name not in {"lon", "lat"}))
    for row in _rows(plan)[:MOST_SHOWN]:
        table.add_row(*row[:5], *row[7:])
    console.print(table)
    if len(plan.slots) > MOST_SHOWN:
        console.print(f"{len(plan.slots) - MOST_SHOWN} more; -o FILE writes all of them")


def _write(plan: "StreetPlan", output: Path) -> None:
    if str(output) == "-":
        csv.writer(sys.stdout).writerows([COLUMNS, *_rows(plan)])
        return
    from geo_registry.errors import RuleBroken

    try:
        with output.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *_rows(plan)])
    except OSError as error:
        detail = f"{output} cannot be written ({error.strerror}); choose another file"
        raise RuleBroken("output-unwritable", detail, field="output") from error
    console.print(f"{len(plan.slots)} numbers in {output}", highlight=False, markup=False)
