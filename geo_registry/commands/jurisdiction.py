"""Command ``geo-registry jurisdiction``: where this installation works, and how its addresses are written."""

from typing import Annotated

import typer
from rich.console import Console

from geo_registry.address.profile import load_profile
from geo_registry.commands.refusal import refusing

console = Console()


def jurisdiction(
    name: Annotated[str | None, typer.Option(help="Name of the town, district or city.")] = None,
    profile: Annotated[str | None, typer.Option(help="Scheme profile of its addresses.")] = None,
    box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(help="West, south, east and north in degrees: no geometry outside is stored."),
    ] = None,
) -> None:
    """Show the jurisdiction, or set its name, its scheme profile and the box in which all geometry lies."""
    from sqlalchemy import text

    from geo_registry.db import owner_engine, transaction

    change = text("""
        UPDATE registry.jurisdiction SET name = coalesce(:name, name), profile = coalesce(:profile, profile),
          box = CASE WHEN CAST(:west AS float8) IS NULL THEN box
            ELSE ST_MakeEnvelope(:west, :south, :east, :north, 4490) END
        RETURNING name, profile, ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)""")
    west, south, east, north = box or (None, None, None, None)
    with refusing():
        code = load_profile(profile).code if profile else None
        values = {
            "name": name, "profile": code, "west": west, "south": south, "east": east, "north": north,
        }  # fmt: skip
        with transaction(owner_engine()) as session:
            row = session.execute(change, values).one()
    console.print(f"{row[0]}: profile {row[1]}, box {row[2]} {row[3]} {row[4]} {row[5]}", highlight=False)
