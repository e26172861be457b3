"""What a result depends on besides its input: the program that reads, the gazetteer, the profile."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import select

from geo_registry.address.profile import load_profile
from geo_registry.gazetteer.files import place_of_gazetteer
from geo_registry.settings import settings

GENERAL: Final = "national"
_PACKAGE: Final = Path(__file__).parents[1]
_ENGINE: Final = ("address", "gazetteer", "profiles", "sql", "text.py")


def engine_version() -> str:
    """Return the fingerprint of the program and the data files that read and match addresses."""
    found = (path for name in _ENGINE for path in (_PACKAGE / name, *(_PACKAGE / name).rglob("*")))
    return _digest(path for path in found if path.suffix in {".py", ".yaml", ".csv", ".sql"})


def gazetteer_version() -> str:
    """Return the fingerprint of the compiled national gazetteer, that of nothing where there is none."""
    return _digest([place_of_gazetteer(settings().home)])


def profile_version(profile: str) -> str:
    """Return the code of a profile, with the fingerprint of a profile's own file.

    Raises:
        RuleBroken: `profile-missing` or `profile-faulty`, before anything is written.

    """
    load_profile(profile)
    path = Path(profile)
    return f"{profile} {_digest([path])}" if path.is_file() else profile


def profile_code(url: str | None) -> str:
    """Return the profile that reads where none is asked for: the installation's if there is one."""
    from geo_registry.area.tables import Jurisdiction
    from geo_registry.db import app_engine, transaction

    found = None
    if url is not None:
        with transaction(app_engine(url)) as session:
            found = session.scalar(select(Jurisdiction.profile))
    return found or GENERAL


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
