"""The places known to this installation: the national divisions, and the registry's own."""

from functools import lru_cache

from geo_registry.gazetteer.files import load_compiled, place_of_gazetteer
from geo_registry.gazetteer.table import Gazetteer
from geo_registry.settings import settings


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


@lru_cache(maxsize=1)
def _national(changed: int) -> Gazetteer | None:  # noqa: ARG001  (the key: one table for each state of the file)
    return load_compiled(settings().home)
