"""Matching address texts to the registry, one or many."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from geo_registry import collector
from geo_registry.access.viewer import Viewer
from geo_registry.address.known import KnownPlaces, registry_gazetteer, registry_names
from geo_registry.address.matching.batch import Batch
from geo_registry.address.matching.match import Match
from geo_registry.address.reading.parts import Reading
from geo_registry.address.scheme import Profile
from geo_registry.address.standardize import standardizer_with
from geo_registry.db import Session
from geo_registry.pages import checked_limit

BATCH = 1000


def match(session: Session, viewer: Viewer, text: str, limit: int = 5) -> Match:
    """Return what an address text means in the registry, graded, within the viewer's areas.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    return match_many(session, viewer, [text], limit=limit)[0]


def match_many(session: Session, viewer: Viewer, texts: Sequence[str], *, limit: int = 5) -> list[Match]:
    """Return the match of each text, in order; much cheaper for many at once than one by one.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    profile, places = registry_names(session)
    readings = standardizer_with(places, profile).read_many(texts)
    return list(_matches(session, viewer, profile, places, readings, limit))


def match_readings(
    session: Session, viewer: Viewer, profile: Profile, readings: Iterable[Reading], *, limit: int = 5
) -> Iterator[Match]:
    """Return the match of each reading by the profile, in order, within the viewer's areas.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    return _matches(session, viewer, profile, registry_gazetteer(session), readings, limit)


def _matches(
    session: Session,
    viewer: Viewer,
    profile: Profile,
    places: KnownPlaces,
    readings: Iterable[Reading],
    limit: int,
) -> Iterator[Match]:
    checked_limit(limit)
    waiting = iter(readings)
    while True:
        # Of so many objects that are kept the collector of garbage would find none to free.
        with collector.paused():
            batch = list(islice(waiting, BATCH))
            found = Batch(session, viewer, profile, places).matches(batch, limit) if batch else []
        if not found:
            return
        yield from found
