"""Standard form of an address text, read with every name the registry knows."""

from geo_registry.address.known import gazetteer_of, registry_gazetteer
from geo_registry.address.places import profile_in_force
from geo_registry.address.profile import load_profile
from geo_registry.address.reading.parts import Reading
from geo_registry.address.reading.standardizer import Standardizer
from geo_registry.address.scheme import Profile
from geo_registry.db import Session
from geo_registry.gazetteer.table import Gazetteer


def standardize(session: Session, text: str, profile_code: str | None = None) -> Reading:
    """Return the parts of an address text and its standard form.

    Without a code the profile in force reads it.

    Raises:
        RuleBroken: `profile-missing`.

    """
    profile = load_profile(profile_code) if profile_code else profile_in_force(session)
    return standardizer_for(session, profile).read(text)


def standardizer_for(session: Session | None, profile: Profile | None = None) -> Standardizer:
    """Return a reader with the division table and, with a session, the registry's own names.

    The same reader is returned while neither changes. Without a profile the general one reads.
    """
    registry = registry_gazetteer(session) if session is not None else None
    return standardizer_with(registry, profile or load_profile("national"))


def standardizer_with(registry: Gazetteer | None, profile: Profile) -> Standardizer:
    """Return a reader with the division table and the names of a registry as they were read."""
    known = (registry, gazetteer_of(profile))
    return _kept(profile, tuple(one for one in known if one is not None), has_registry=registry is not None)


_readers: dict[tuple[str, bool], tuple[tuple[Gazetteer, ...], Standardizer]] = {}


def _kept(profile: Profile, gazetteers: tuple[Gazetteer, ...], *, has_registry: bool) -> Standardizer:
    """Return the reader of a profile; only the newest is kept, because its tables of names are large."""
    key = (profile.code, has_registry)
    kept = _readers.get(key)
    if kept is None or kept[1].profile is not profile or kept[0] != gazetteers:
        kept = _readers[key] = (gazetteers, Standardizer(profile, gazetteers))
    return kept[1]
