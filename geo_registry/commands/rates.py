"""Command ``geo-registry measure report``: rates with sample size, interval, target and verdict."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.refusal import refusing

if TYPE_CHECKING:
    from geo_registry.measure.reads import AreaRates, Rate

console = Console()
COLUMNS = (
    "code", "area", "rate", "counted", "hits", "percent", "low", "high", "target", "verdict", "note"
)  # fmt: skip


class Form(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Level(StrEnum):
    """Which areas in the area are listed too."""

    DISTRICT = "district"
    TOWNSHIP = "township"
    COMMUNITY = "community"
    BLOCK = "block"


def report(
    *,
    area: Annotated[
        str | None, typer.Option(help="Code of a division or block; the topmost one if left out.")
    ] = None,
    level: Annotated[Level | None, typer.Option(help="List the areas of this level in it too.")] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day of the week to report, this week's if left out."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TABLE,
) -> None:
    """Report the rates of an area in a week: size, interval, target, verdict; small counts are hidden."""
    from geo_registry.access.viewer import Role, Viewer
    from geo_registry.address.places import profile_in_force
    from geo_registry.db import app_engine, transaction
    from geo_registry.measure import reads
    from geo_registry.measure.places import area_of_code

    nobody = UUID(int=0)
    # No person stands in the figures, and what is small is hidden from everybody: no account is needed.
    viewer = Viewer(nobody, nobody, "", "", Role.LEADER, None)
    with refusing(), transaction(app_engine()) as session:
        week = reads.week_of(as_of.date() if as_of else None)
        area_id = area_of_code(session, area)
        rows = [reads.area_rates(session, viewer, area_id=area_id, week=week)]
        if level:
            rows += reads.ranking(session, viewer, area_id=area_id, level=level.value, week=week)
        method = profile_in_force(session).measures.verdict_method
    if form is Form.JSON:
        typer.echo(orjson.dumps({"week": week, "method": method, "areas": rows}, option=orjson.OPT_INDENT_2))
    elif form is Form.CSV:
        typer.echo(_csv(rows), nl=False)
    else:
        console.print(_table(rows, week, method))


def _lines(rows: "list[AreaRates]") -> Iterator[tuple[str, ...]]:
    """Give the lines of a report: one for each rate of each area."""
    for row in rows:
        for rate in row.rates.values():
            numbers = (rate.n, rate.k, rate.percent, rate.low, rate.high, rate.target)
            told = ("" if number is None else f"{number:g}" for number in numbers)
            yield (row.code, row.name, rate.name, *told, rate.verdict, _note(row, rate))


def _note(row: "AreaRates", rate: "Rate") -> str:
    """Say in words what a rate does not show."""
    from geo_registry.measure.rules import CLASSES

    notes = {
        "hidden": "not shown: too few here, or beside it",
        "none": "no figures",
        "value": "full count" if rate.is_full else "",
    }
    if rate.shown == "class" and rate.class_no is not None:
        edges = (0.0, *CLASSES, 100.0)
        note = (
            f"between {edges[rate.class_no]:g} and {edges[rate.class_no + 1]:g} %: small counts are not shown"
        )
    else:
        note = notes[rate.shown]
    left_out = f"{row.left_out} areas left out" if row.left_out and rate.shown == "value" else ""
    return "; ".join(part for part in (note, left_out) if part)


def _csv(rows: "list[AreaRates]") -> str:
    from geo_registry.exchange.report import harmless

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(harmless, line) for line in _lines(rows))
    return out.getvalue()


def _table(rows: "list[AreaRates]", week: dt.date, method: str) -> Table:
    table = Table(title=f"Rates at the end of the week from {week}, judged by {method}", title_justify="left")
    for column in ("area", "rate", "hits of counted", "%", "95 % interval", "target", "verdict", "note"):
        is_text = column in {"area", "rate", "verdict", "note"}
        # A rate's name is what a narrow screen must not cut.
        table.add_column(column, justify="left" if is_text else "right", no_wrap=column == "rate")
    for _, area, rate, n, k, percent, low, high, target, verdict, note in _lines(rows):
        counted = f"{k} of {n}" if n else ""
        table.add_row(area, rate, counted, percent, f"{low} to {high}" if low else "", target, verdict, note)
    return table
