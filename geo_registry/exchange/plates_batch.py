"""One batch of a list of door plates: its columns, and what is said about its rows."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from psycopg import sql

from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates_check import Flags, Floats

Ints = NDArray[np.int64]
NOWHERE = -(1 << 40)
"""The scope of a row whose place is unknown."""
SPAN = 1 << 22
"""More than any file has different doors."""


@dataclass(slots=True)
class Verdicts:
    """The reason, if any, for which each row of a batch is kept out; the first one found stays."""

    reasons: list[str] = field(default_factory=list)
    codes: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    details: dict[int, str] = field(default_factory=dict)

    @property
    def passed(self) -> Flags:
        """The rows without a reason."""
        found: Flags = self.codes == 0
        return found

    def give(self, reason: str, where: Flags, detail: Callable[[int], str] | None = None) -> None:
        """Give a reason to the rows of a mask that have none yet."""
        fresh = np.flatnonzero(where & self.passed)
        if len(fresh):
            self.reasons.append(reason)
            self.codes[fresh] = len(self.reasons)
            if detail:
                self.details.update((row, detail(row)) for row in fresh.tolist())


@dataclass(slots=True)
class Batch:
    """Columns of a batch as the register knows them; a number below 0 is unknown."""

    first_row: int
    table: pa.Table
    area: Ints
    door: Ints
    scope: Ints
    lon: Floats
    lat: Floats
    neighborhood: tuple[Ints, list[str]]
    verdicts: Verdicts


def taken(column: tuple[Ints, list[str]], rows: Ints) -> pa.Array:
    """Return a text column at some rows; empty texts become NULL."""
    codes, values = column
    return pa.array([value or None for value in values], pa.string()).take(pa.array(codes[rows]))


def copy_columns(load: Load, table: str, columns: dict[str, pa.Array]) -> None:
    """Copy columns of equal length into a temporary table."""
    from pyarrow import csv

    buffer = io.BytesIO()
    csv.write_csv(pa.table(columns), buffer, csv.WriteOptions(include_header=False))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    with load.connection.cursor().copy(statement) as copy:
        copy.write(buffer.getbuffer())
