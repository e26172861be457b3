"""Upkeep of the totals: the day that turns, the weekly heat cells, and whether the totals are still true."""

import datetime as dt
import logging
import threading
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from geo_registry.db import today, transaction
from geo_registry.errors import RegistryError

LOG = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 60
MOST_WEEKS = 12
# This week, and those before that passed without cells though cells were made earlier.
_HEAT = text("""
    SELECT registry.refresh_heat(a.week)
    FROM (SELECT registry.monday(:day) - 7 * ago AS week, ago FROM generate_series(0, :most) ago) a
    WHERE a.ago = 0
      OR a.week > (SELECT min(h.week) FROM registry.heat_cell h)
        AND NOT EXISTS (SELECT FROM registry.heat_cell h WHERE h.week = a.week)
""")


@dataclass(frozen=True, slots=True)
class Turn:
    """The day counted now, with the residences that began or ended and the registrations that expired."""

    day: dt.date
    begun: int
    ended: int
    expired: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A total that is not what its base tables say; `week` is None for what holds now."""

    leaf_id: UUID
    week: dt.date | None
    name: str
    kept: int
    counted: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: the turn of the day, heat cells written, and differences that remain."""

    turn: Turn
    leaves: int | None
    cells: int
    drift: tuple[Difference, ...]


def turn_day(engine: Engine) -> Turn:
    """Count residences as of today and let registrations expire; nothing to do when that was done today.

    Raises:
        Unavailable: a long load holds the totals; trying again later helps.
    """
    with transaction(engine) as session:
        # Reads every residence once; the limit of a web request is not meant for that.
        session.execute(text("SET LOCAL statement_timeout = '10min'"))
        row = session.execute(text("SELECT day, begun, ended, expired FROM registry.turn_day()")).one()
    return Turn(*row)


def turn_days(engine: Engine, stop: threading.Event) -> None:
    """Turn the day now and whenever the calendar does, until told to stop.

    Every process of the server runs this: the database turns once, the others find it done.
    """
    done: dt.date | None = None
    while True:
        if done != today():
            try:
                done = turn_day(engine).day
            except (RegistryError, SQLAlchemyError) as error:
                LOG.warning("the day of the totals could not be turned, next try in a minute: %s", error)
        if stop.wait(SECONDS_BETWEEN_LOOKS):
            return


def differences(session: Session) -> tuple[Difference, ...]:
    """Compare every total with the base tables; empty when all agree. As owner."""
    rows = session.execute(text("SELECT leaf_id, week, what, kept, counted FROM registry.tally_drift()"))
    return tuple(Difference(*row) for row in rows)


def refresh(engine: Engine, *, rebuild: bool = False) -> Refreshed:
    """Turn the day, write this week's heat cells, and compare the totals with the base tables. As owner.

    Weeks that passed without a refresh, at most twelve, get the cells of their last day.

    Args:
        engine: engine of the owner.
        rebuild: write all totals anew first, after a load with the triggers off.
    """
    leaves = None
    if rebuild:
        with transaction(engine) as session:
            leaves = session.execute(text("SELECT registry.tally_rebuild()")).scalar_one()
    turn = turn_day(engine)
    with transaction(engine) as session:
        cells = sum(session.execute(_HEAT, {"day": turn.day, "most": MOST_WEEKS}).scalars())
    with transaction(engine) as session:
        return Refreshed(turn, leaves, cells, differences(session))
