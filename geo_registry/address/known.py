"""The places known to this installation: the national divisions, and the registry's own.

Both are kept in the process. The registry's own are asked for at every use whether a statement has changed
names since they were read: a name that another process has given is found by the very next call.
"""

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text

from geo_registry import collector
from geo_registry.address.known_places import KnownPlaces, known_places
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import Profile
from geo_registry.db import Session
from geo_registry.gazetteer.files import load_compiled, place_of_gazetteer
from geo_registry.gazetteer.table import Gazetteer
from geo_registry.settings import settings

__all__ = ["KnownPlaces", "gazetteer_of", "national_gazetteer", "registry_gazetteer", "registry_names"]

_MANY = 5_000
# What is not visible yet has a transaction id from the oldest one still open; so whoever counts the rows from
# there on again sees a change however late it commits.
_STATE = text("""
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text, CURRENT_DATE::text, count(*), coalesce(max(seq), 0),
      (SELECT coalesce(max(seq), 0) FROM registry.name_change),
      coalesce(bool_or(xid = pg_current_xact_id_if_assigned()), false),
      (SELECT profile FROM registry.jurisdiction)
    FROM registry.name_change WHERE xid >= CAST(CAST(:horizon AS text) AS xid8)
""")


class Names(NamedTuple):
    """By what an installation reads and finds addresses: its profile in force and its places."""

    profile: Profile
    places: KnownPlaces


class _Seen(NamedTuple):
    """The day, for with it divisions end; changes behind a horizon, the last of them, and the last of all."""

    day: str
    rows: int
    newest: int
    last: int


class _State(NamedTuple):
    """The state of the names: the horizon from now on, what was changed, whether by this session itself."""

    horizon: str
    seen: _Seen
    is_own: bool
    profile: str


@dataclass(frozen=True, slots=True)
class _Read:
    """Names as they were read, and what had been changed behind the horizon then."""

    horizon: str
    seen: _Seen
    places: KnownPlaces

    def is_still(self, seen: _Seen) -> bool:
        """Tell whether nothing was changed since."""
        # An emptied register has lost its last change.
        return seen[:3] == self.seen[:3] and seen.last >= self.seen.last


@dataclass(slots=True)
class _Kept:
    """What is remembered of one database."""

    lock: Lock
    read: _Read | None = None


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
_guard = Lock()


def registry_gazetteer(session: Session) -> KnownPlaces:
    """Return the divisions, place names and aliases of the registry as this session sees them.

    What the session itself has changed and not yet committed is seen by no other one.
    """
    return _asked(session)[1]


def registry_names(session: Session) -> Names:
    """Return the profile in force with the places of `registry_gazetteer`, asked for at once."""
    state, places = _asked(session)
    return Names(load_profile(state.profile), places)


def _asked(session: Session) -> tuple[_State, KnownPlaces]:
    kept = _kept_of(session)
    read = kept.read
    state = _state(session, read.horizon if read else "0")
    if state.is_own:
        return state, _own(session, state.seen)
    if read and read.is_still(state.seen):
        return state, read.places
    with kept.lock:
        return state, _read_again(session, kept)


def national_gazetteer() -> Gazetteer | None:
    """Return the table of national divisions, None when none was loaded; that of the last `gazetteer load`.

    Raises:
        RuleBroken: `gazetteer-damaged`, `gazetteer-outdated`.

    """
    try:
        changed = place_of_gazetteer(settings().home).stat().st_mtime_ns
    except OSError:
        return None
    return _national(changed)


def gazetteer_of(profile: Profile) -> Gazetteer | None:
    """Return the table of national divisions, None where it would mislead: it holds the mainland alone.

    Raises:
        RuleBroken: `gazetteer-damaged`, `gazetteer-outdated`.

    """
    return national_gazetteer() if profile.script == "hans" else None


@lru_cache(maxsize=1)
def _national(changed: int) -> Gazetteer | None:  # noqa: ARG001  (the key: one table for each state of the file)
    return load_compiled(settings().home)


def _state(session: Session, horizon: str) -> _State:
    found = session.execute(_STATE, {"horizon": horizon}).one()
    return _State(found[0], _Seen(*found[1:5]), found[5], found[6])


def _kept_of(session: Session) -> _Kept:
    engine = session.get_bind().engine
    kept = _kept.get(engine)
    if kept is None:
        with _guard:
            kept = _kept.setdefault(engine, _Kept(Lock()))
    return kept


def _read_again(session: Session, kept: _Kept) -> KnownPlaces:
    read = kept.read
    state = _state(session, read.horizon if read else "0")
    if read and read.is_still(state.seen):
        return read.places
    # Counted from the new horizon before the names are read: what comes between is read twice, never missed.
    seen = _state(session, state.horizon).seen
    places = _spared(session)
    kept.read = _Read(state.horizon, seen, places)
    return places


def _spared(session: Session) -> KnownPlaces:
    """Read the names; of very many, the collector of garbage stays clear from then on."""
    with collector.paused():
        places = known_places(session)
        if len(places) > _MANY:
            places.prepare()
            collector.spare()
    return places


def _own(session: Session, seen: _Seen) -> KnownPlaces:
    remembered: tuple[_Seen, KnownPlaces] | None = session.info.get("known_places")
    if remembered and remembered[0] == seen:
        return remembered[1]
    places = known_places(session)
    session.info["known_places"] = (seen, places)
    return places
