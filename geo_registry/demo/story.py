"""What has happened in the demonstration town: duties, plates on the wall, visits, checks, zones."""

import datetime as dt
import re
from random import Random
from typing import Any

from psycopg import ClientCursor, Connection

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.codes import new_id
from geo_registry.db import Session
from geo_registry.demo import names
from geo_registry.demo.pictures import plate_picture
from geo_registry.exchange.staging import sections
from geo_registry.grid.rules import cycle_of
from geo_registry.measure.rules import monday
from geo_registry.plate.photos import store_photo

OWN_BLOCK = "石桥-04"
"""The block of the account `coordinator`."""
_HUNG = """
    CREATE TEMP TABLE story_hung (
      id uuid, sha256 bytea, installed_at timestamptz, lon float8, lat float8, is_verified boolean)"""


def tell_story(session: Session, now: dt.datetime) -> None:
    """Add to a loaded town with its accounts what happened up to a moment of China's clock.

    Every draw follows from names of places; the caller's transaction holds all of it.
    """
    connection: Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    today, cycle = now.date(), cycle_of(now.date())
    # A picture of a town, not a secret.
    surnames = names.surnames(Random(today.year), 200)  # noqa: S311
    values = {
        "today": today, "now": now, "monday": monday(today), "own_block": OWN_BLOCK, "surnames": surnames,
        "cycle_start": cycle.start, "cycle_day": cycle.day_no,
    }  # fmt: skip
    steps = sections("story", "geo_registry.demo") | sections("zones", "geo_registry.demo")
    # A cursor that writes values into the text: one step is several statements.
    with ClientCursor(connection) as cursor:
        for name, step in steps.items():
            cursor.execute(step, values)
            if name == "hung":
                _take_photos(session, connection, cursor.fetchall())
        # The weeks of what happened before are those of the facts, not of this day.
        cursor.execute("SELECT registry.tally_rebuild()")
        cursor.execute("SELECT registry.refresh_heat(%s - 7 * w) FROM generate_series(0, 11) w", (today,))


def _take_photos(session: Session, connection: Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    """Draw and keep a photo of every plate that hangs; plates of one number share it."""
    someone = Viewer(new_id(), new_id(), "installer", "", Role.COORDINATOR, None)
    photos = {
        number: bytes.fromhex(store_photo(session, someone, plate_picture(number)).sha256)
        for number in sorted({_number(key) for _, key, *_ in rows})
    }
    connection.execute(_HUNG)
    with connection.cursor().copy("COPY pg_temp.story_hung FROM STDIN") as copy:
        for plate_id, key, *evidence in rows:
            copy.write_row((plate_id, photos[_number(key)], *evidence))


def _number(address: str) -> str:
    found = re.findall(r"\d+(?:-\d+)?", address)
    return found[-1] if found else "1"
