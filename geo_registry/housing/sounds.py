"""How the names of buildings sound: kept beside them, so that letters find them."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from geo_registry.db import Session
from geo_registry.text import initials, pinyin

UNHEARD = """
    SELECT DISTINCT b.name FROM registry.building b
    WHERE b.name IS NOT NULL AND NOT EXISTS (SELECT FROM registry.building_sound s WHERE s.name = b.name)
"""
"""The names of buildings that have no sound yet."""
_ADD = text("""
    INSERT INTO registry.building_sound (name, pinyin, initials) VALUES (:name, :pinyin, :initials)
    ON CONFLICT DO NOTHING
""")


def sounds_of(names: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of some names, in an order that is the same for all who store them at once."""
    return [{"name": name, "pinyin": pinyin(name), "initials": initials(name)} for name in sorted(names)]


def add_sounds(connection: Connection | Session, names: Iterable[str] | None = None) -> None:
    """Store the sounds of some names of buildings, by default of all that have none yet."""
    rows = sounds_of(connection.execute(text(UNHEARD)).scalars() if names is None else names)
    if rows:
        connection.execute(_ADD, rows)
