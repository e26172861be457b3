"""Command line ``geo-registry``."""

import typer

from geo_registry.commands.account import account_app
from geo_registry.commands.audit import audit_app
from geo_registry.commands.city import city_app
from geo_registry.commands.database import db_app
from geo_registry.commands.disclosure import trace
from geo_registry.commands.estate import estate_app
from geo_registry.commands.files import import_app
from geo_registry.commands.gazetteer import gazetteer_app
from geo_registry.commands.grid import grid_app
from geo_registry.commands.intake import deaths as _deaths  # noqa: F401  (adds `import deaths`)
from geo_registry.commands.jurisdiction import jurisdiction
from geo_registry.commands.keys import keys_app
from geo_registry.commands.look import look_app
from geo_registry.commands.measure import measure_app
from geo_registry.commands.number import number
from geo_registry.commands.plates import plates_app
from geo_registry.commands.profile import app as profile_app
from geo_registry.commands.residence import residence_app
from geo_registry.commands.separation import separation_app
from geo_registry.commands.standardize import match, standardize
from geo_registry.commands.subject import subject_report
from geo_registry.commands.town import demo, serve

app = typer.Typer(
    # A local variable may hold a person.
    pretty_exceptions_show_locals=False,
    name="geo-registry",
    no_args_is_help=True,
    help="Registry of addresses, plates and dwellings.",
)
app.add_typer(db_app, name="db")
app.add_typer(account_app, name="account")
app.add_typer(audit_app, name="audit")
app.add_typer(city_app, name="city")
app.add_typer(estate_app, name="estate")
app.add_typer(import_app, name="import")
app.add_typer(gazetteer_app, name="gazetteer")
app.add_typer(grid_app, name="grid")
app.add_typer(keys_app, name="keys")
app.add_typer(look_app, name="look")
app.add_typer(measure_app, name="measure")
app.add_typer(plates_app, name="plates")
app.add_typer(profile_app, name="profile")
app.add_typer(residence_app, name="residence")
app.add_typer(separation_app, name="separation")
app.command(epilog="Example: geo-registry jurisdiction --name 新竹市 --profile road-section")(jurisdiction)
app.command(epilog="Example: geo-registry number 映月路 --area 310199000000 -o numbers.csv")(number)
app.command(epilog="Example: geo-registry standardize addresses.csv -o standard.jsonl")(standardize)
app.command(epilog="Example: geo-registry match addresses.xlsx -o matched.csv --keep 编号")(match)
app.command(epilog="Example: geo-registry trace leaked.xlsx")(trace)
app.command(
    "subject-report", epilog="Example: geo-registry subject-report --purpose 06 --case 申请2026-12 --login gu"
)(subject_report)
app.command(epilog="Example: geo-registry demo")(demo)
app.command(epilog="Example: geo-registry serve --port 8080 --workers 4")(serve)


@app.callback()
def main() -> None:
    """Keep the registry of addresses, door plates, dwellings and residence."""
