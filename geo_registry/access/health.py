"""Whether the database answers, and has the structure that this program was written for."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Engine, text

from geo_registry.db import translated
from geo_registry.settings import ROOT


@dataclass(frozen=True, slots=True)
class State:
    """The newest migration of the database and that of the program."""

    revision: str | None
    expected: str | None

    @property
    def is_current(self) -> bool:
        """Tell whether database and program match."""
        return self.revision is not None and self.revision == self.expected


@cache
def expected_revision() -> str | None:
    """Return the newest migration that this program brings: its file's name begins with its number."""
    files = (ROOT / "migrations" / "versions").glob("[0-9]*_*.py")
    return max((path.name.partition("_")[0] for path in files), default=None)


def state_of(engine: Engine) -> State:
    """Ask the database which migration it has.

    Raises:
        Unavailable: it does not answer.

    """
    with translated(), engine.connect() as connection:
        found = connection.execute(text("SELECT registry.revision()")).scalar_one_or_none()
    return State(found, expected_revision())
