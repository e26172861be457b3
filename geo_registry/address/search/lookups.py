"""The questions that a search puts to the database: names, doors, buildings, codes and former names."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text as sql

from geo_registry.access.viewer import Viewer
from geo_registry.codes import ALPHABET, CODE_LENGTH
from geo_registry.db import Session

Near = tuple[float, float] | None
"""Longitude and latitude of the middle of the map."""

# Upper ends of a range of keys: everything that begins with a text, and the text alone.
BEGINS, EQUALS = "\U0010ffff", "\x01"
_PLACES = sql(
    "SELECT * FROM registry.find_places(CAST(:areas AS uuid[]), CAST(:lows AS text[]),"
    " CAST(:highs AS text[]),"
    " CAST(:letters AS text), CAST(:letters_end AS text), CAST(:ids AS uuid[]), CAST(:ways AS text[]),"
    " :lon, :lat)"
)
_DOORS = sql(
    "SELECT * FROM registry.find_doors(CAST(:areas AS uuid[]), CAST(:scopes AS uuid[]),"
    " CAST(:parents AS uuid[]), CAST(:asked AS text), CAST(:begins AS int), CAST(:lane AS text),"
    " CAST(:building AS text), CAST(:unit AS text), :unit_is_prefix, :most, :lon, :lat)"
)
_BUILDINGS = sql(
    "SELECT * FROM registry.find_buildings(CAST(:areas AS uuid[]), CAST(:lows AS text[]), :is_prefix,"
    " CAST(:letters AS text), CAST(:letters_end AS text),"
    " CAST(:asked AS text), CAST(:building AS text), :most, :lon, :lat)"
)
_CODES = sql(
    "SELECT * FROM registry.find_codes(CAST(:areas AS uuid[]), CAST(:low AS bpchar),"
    " CAST(:high AS bpchar), :most)"
)
_ALIASES = sql("SELECT * FROM registry.find_aliases(CAST(:areas AS uuid[]), :low, :high)")


@dataclass(frozen=True, slots=True)
class Names:
    """The chain of names asked for, as ranges of keys; `letters` or `found` stand for the first one.

    `found` are ids of names with the way that led to them.
    """

    ranges: tuple[tuple[str, str], ...]
    letters: str | None = None
    found: tuple[tuple[UUID, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked below the names: number, building and unit, each None when it was not typed.

    `begins` is the number that may still go on.
    """

    number: str | None = None
    begins: int | None = None
    building: str | None = None
    unit: str | None = None
    unit_is_prefix: bool = False


class Lookups:
    """The questions of one search of one viewer; rows come as the functions of the database name them."""

    def __init__(self, session: Session, viewer: Viewer, near: Near, most: int) -> None:
        self._session = session
        self._areas = None if viewer.areas is None else list(viewer.areas)
        self._near = near or (None, None)
        self._most = most

    def places(self, names: Names) -> list[Any]:
        """Return the names that a chain leads to, the deepest first."""
        is_other = names.letters is not None or bool(names.found)
        return self._rows(
            _PLACES,
            lows=[None if is_other and not low else low for low, _ in names.ranges],
            highs=[high for _, high in names.ranges],
            letters=names.letters,
            letters_end=names.letters + BEGINS if names.letters else None,
            ids=[name for name, _ in names.found],
            ways=[way for _, way in names.found],
            **self._middle(),
        )

    def doors(self, scopes: list[UUID], wanted: Wanted, lanes: list[UUID], lane: str | None) -> list[Any]:
        """Return what stands below names; `lanes` are streets whose own door may bear the number `lane`."""
        return self._rows(
            _DOORS,
            scopes=scopes,
            parents=lanes,
            asked=wanted.number,
            begins=wanted.begins,
            lane=lane,
            building=wanted.building,
            unit=wanted.unit,
            unit_is_prefix=wanted.unit_is_prefix,
            most=self._most,
            **self._middle(),
        )

    def buildings(self, names: list[str], wanted: Wanted, letters: str | None = None) -> list[Any]:
        """Return buildings by their own name, in several spellings or by its sound, and number."""
        return self._rows(
            _BUILDINGS,
            lows=names,
            is_prefix=wanted.number is None,
            letters=letters,
            letters_end=letters + BEGINS if letters else None,
            asked=wanted.number,
            building=wanted.building,
            most=self._most,
            **self._middle(),
        )

    def codes(self, beginning: str) -> list[Any]:
        """Return what bears a public code that begins so."""
        low, high = beginning.ljust(CODE_LENGTH, ALPHABET[0]), beginning.ljust(CODE_LENGTH, ALPHABET[-1])
        return self._rows(_CODES, low=low, high=high, most=self._most)

    def aliases(self, key: str) -> list[Any]:
        """Return addresses and buildings by the beginning of a former name."""
        return self._rows(_ALIASES, low=key, high=key + BEGINS)

    def _rows(self, statement: Any, **values: object) -> list[Any]:  # noqa: ANN401  (a text clause)
        return list(self._session.execute(statement, {"areas": self._areas, **values}))

    def _middle(self) -> dict[str, float | None]:
        return {"lon": self._near[0], "lat": self._near[1]}
