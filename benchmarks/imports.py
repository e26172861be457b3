"""Import of door plates with every check, against COPY of the same rows and one index."""

import time
from pathlib import Path

import psycopg
import pyarrow.parquet as pq

from benchmarks import town
from geo_registry import cluster


def _bare_copy(connection: psycopg.Connection, file: Path) -> float:
    """Time COPY of all columns as text into a plain table and the build of one unique-like index."""
    table = pq.read_table(file)
    columns = [table.column(name).to_pylist() for name in table.column_names]
    definition = ", ".join(f"c{number} text" for number in range(len(columns)))
    connection.execute(f"DROP TABLE IF EXISTS bare; CREATE TEMP TABLE bare ({definition})")
    began = time.perf_counter()
    with connection.cursor().copy("COPY bare FROM STDIN") as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    connection.execute("CREATE INDEX ON bare (c1, c4, c5, c6, c7, c10)")
    return time.perf_counter() - began


def run(data: Path) -> None:
    """Print seconds and the ratio of rates, import to bare COPY, first and repeated import."""
    file = data / "door-plates" / "2026" / f"{town.COUNTY}.parquet"
    with psycopg.connect(cluster.urls().owner) as connection:
        bare = _bare_copy(connection, file)
        connection.commit()
        for turn in ("first", "again"):
            report = town.load_county(connection, file)
            print(
                f"{turn}: {report.rows} rows in {report.seconds:.1f} s, stored {report.stored}, unchanged "
                f"{report.unchanged}; {bare / report.seconds:.2f} of the rate of COPY and one index ({bare:.1f} s)"
            )
