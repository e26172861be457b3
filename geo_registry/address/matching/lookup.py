"""The questions a match asks the database, many at once: doors, their other names, successors."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text as sql

from geo_registry.access.viewer import Viewer
from geo_registry.address.matching.match import Successor
from geo_registry.db import Session

_DOORS = sql(
    "SELECT * FROM registry.match_doors(CAST(:areas AS uuid[]), CAST(:ns AS int[]), CAST(:scopes AS uuid[]),"
    " CAST(:ways AS text[]), CAST(:numbers AS text[]), CAST(:buildings AS text[]), CAST(:units AS text[]))"
)
_ALIASES = sql("SELECT * FROM registry.match_aliases(CAST(:areas AS uuid[]), CAST(:keys AS text[]))")
_SUCCESSORS = sql(
    "SELECT * FROM registry.match_successors(CAST(:areas AS uuid[]), CAST(:asked AS uuid[]))"
    " ORDER BY text, id"
)
Row = Any
"""A row of one of these functions."""


class DoorKey(NamedTuple):
    """A door asked for below a scope; `way` is one of exact, own, inside, within, near, building."""

    scope: UUID
    way: str
    number: str
    building: str
    unit: str


class Followed(NamedTuple):
    """What followed a retired object within the viewer's areas, and how many lines lead on in all."""

    successors: tuple[Successor, ...] = ()
    lines: int = 0


class Lookup:
    """The questions of one viewer; each distinct question of a batch is asked once."""

    def __init__(self, session: Session, viewer: Viewer) -> None:
        self._session = session
        self._areas = None if viewer.areas is None else list(viewer.areas)

    def doors(self, keys: Iterable[DoorKey]) -> dict[DoorKey, list[Row]]:
        """Return the doors of keys with their buildings and units, as far as the viewer may see them."""
        found: dict[DoorKey, list[Row]] = {key: [] for key in keys}
        asked, rows = list(found), list(found.values())
        if asked:
            values = {
                "areas": self._areas,
                "ns": list(range(len(asked))),
                "scopes": [key.scope for key in asked],
                "ways": [key.way for key in asked],
                "numbers": [key.number for key in asked],
                "buildings": [key.building for key in asked],
                "units": [key.unit for key in asked],
            }
            for row in self._session.execute(_DOORS, values):
                rows[row.n].append(row)
        return found

    def aliases(self, keys: Sequence[str]) -> dict[str, list[Row]]:
        """Return the doors and buildings that bear other names of their own."""
        found: dict[str, list[Row]] = {key: [] for key in keys}
        if found:
            asked = list(found)
            for row in self._session.execute(_ALIASES, {"areas": self._areas, "keys": asked}):
                found[asked[row.n - 1]].append(row)
        return found

    def successors(self, ids: Iterable[UUID]) -> dict[UUID, Followed]:
        """Return what followed retired objects, the last of each line."""
        found: dict[UUID, Followed] = {one: Followed() for one in ids}
        if found:
            values = {"areas": self._areas, "asked": list(found)}
            for row in self._session.execute(_SUCCESSORS, values):
                new = Successor(
                    row.kind, row.id, row.code, row.text, row.state, row.lon, row.lat, row.building_id
                )
                found[row.old_id] = Followed((*found[row.old_id].successors, new), row.lines)
        return found
