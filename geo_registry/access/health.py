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
    """Return the newest migration that this program brings."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(Config(toml_file=ROOT / "pyproject.toml")).get_current_head()


def state_of(engine: Engine) -> State:
    """Ask the database which migration it has.

    Raises:
        Unavailable: it does not answer.

    """
    with translated(), engine.connect() as connection:
        found = connection.execute(text("SELECT registry.revision()")).scalar_one_or_none()
    return State(found, expected_revision())
