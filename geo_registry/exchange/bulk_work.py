"""What a worker is made of: a reader of addresses, and a registry to match them to."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from geo_registry import collector
from geo_registry.access.viewer import Role, Viewer
from geo_registry.address.matching import Match, match_many
from geo_registry.address.profile import load_profile
from geo_registry.address.standardize import standardizer_for
from geo_registry.db import app_engine, transaction
from geo_registry.exchange.bulk import Work
from geo_registry.exchange.bulk_lines import matched, standardized


def standardizing(profile: str, url: str | None) -> Work:
    """Return what standardizes a chunk by a profile, with the names of a database where one is given."""
    if url is None:
        reader = standardizer_for(None, load_profile(profile))
    else:
        with transaction(app_engine(url)) as session:
            reader = standardizer_for(session, load_profile(profile))
    collector.spare()
    return partial(standardized, ask=lambda texts: list(reader.read_many(texts)))


def matching(url: str) -> Work:
    """Return what matches a chunk to the registry in a database."""
    nobody = UUID(int=0)
    # Places hold nothing personal, and who starts this command reads the whole register: no account needed.
    viewer = Viewer(nobody, nobody, "", "", Role.STEWARD, None)

    def ask(texts: Sequence[str]) -> Sequence[Match]:
        with transaction(app_engine(url)) as session:
            return match_many(session, viewer, texts)

    return partial(matched, ask=ask)
