"""Papers of an order on generated plates: 24 signs with square codes as PDF, 50 000 rows as XLSX, and what they take.

The table is read behind a cursor and written row after row: its memory is that of a small one.
"""

import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg

from geo_registry import cluster, db, printing
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.codes import new_id
from geo_registry.plate import orders, papers, reads
from geo_registry.settings import settings

DATABASE = "bench_plate_papers"
SIGNS, ROWS, ROUNDS = 24, 50_000, 5
SMALL, LARGE = UUID(int=SIGNS), UUID(int=ROWS)
IS_LOADED = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
PLACES = """
SET session_replication_role = replica;
INSERT INTO registry.division (id, scheme, code, level, name, full_name, district_id)
VALUES (md5('papers/d')::uuid, 'cn', '990120000000', 'district', '丹江区', '丹江区', md5('papers/d')::uuid);
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, scope_id, district_id)
SELECT md5('papers/s' || n)::uuid, 'street', '第' || n || '路', '第' || n || '路', '第' || n || '路', md5('papers/d')::uuid,
  md5('papers/d')::uuid FROM generate_series(0, 99) n
"""
PLATES = """
SET session_replication_role = replica;
INSERT INTO registry.plate_batch (id, number, maker, ordered_on, ordered, district_id)
VALUES (%(batch)s, %(count)s::int || '块', '丹江标牌厂', CURRENT_DATE, %(count)s, md5('papers/d')::uuid);
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, district_id)
SELECT md5(%(count)s::int || '/a' || n)::uuid, md5('papers/s' || n %% 100)::uuid, md5('papers/s' || n %% 100)::uuid, n / 100 + %(from)s,
  n / 100 + %(from)s || '', n / 100 + %(from)s || '号', '丹江区第' || n %% 100 || '路' || n / 100 + %(from)s || '号', md5('papers/d')::uuid
FROM generate_series(0, %(count)s - 1) n;
INSERT INTO registry.plate (address_id, state, text, batch_id, district_id)
SELECT md5(%(count)s::int || '/a' || n)::uuid, 'ordered', n / 100 + %(from)s || '号', %(batch)s, md5('papers/d')::uuid
FROM generate_series(0, %(count)s - 1) n
"""


def ensure() -> cluster.Urls:
    """Make both orders unless they are there."""
    urls = cluster.create_database(settings(), DATABASE)
    cluster.migrate(urls.owner)
    with psycopg.connect(cluster.superuser_url(database=DATABASE), autocommit=True) as connection:
        if connection.execute(IS_LOADED, [DATABASE]).fetchone() != ("loaded",):
            connection.execute(PLACES)
            for count, batch, first in ((SIGNS, SMALL, 1), (ROWS, LARGE, 10)):
                for statement in PLATES.split(";\n"):
                    connection.execute(statement, {"count": count, "batch": batch, "from": first})
            connection.execute("VACUUM ANALYZE")
            connection.execute("COMMENT ON DATABASE bench_plate_papers IS 'loaded'")
    return urls


def timed(make: Callable[[], object], rounds: int) -> list[float]:
    """Return the seconds of some rounds, in order."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        make()
        taken.append(time.perf_counter() - began)
    return taken


def run(_: Path) -> None:
    """Measure sheets and table."""
    viewer = Viewer(new_id(), new_id(), "bench", "制作", Role.CLERK, None)
    engine = db.owner_engine(ensure().owner)
    with db.transaction(engine) as session:
        profile = profile_in_force(session)
        sheets(session, viewer)
        table(session, viewer)
        print(f"sizes of the profile {profile.code} {profile.version}")
    engine.dispose()


def sheets(session: db.Session, viewer: Viewer) -> None:
    """Print an order of 24 signs, on pages that hold two and on one that holds all."""
    for page in ("A4", "A1"):
        made: list[bytes] = []

        def make(page: papers.PageSize = page, made: list[bytes] = made) -> None:
            made.append(papers.sheets_pdf(session, viewer, SMALL, page=page)[1])

        first, *later = timed(make, ROUNDS)
        print(
            f"{SIGNS} signs with square codes on {page}: first {first:.2f} s, "
            f"then median {statistics.median(later):.2f} s, {len(made[-1]) / 1024:.0f} KiB"
        )
    rows = list(orders.ordered(session, viewer, SMALL))
    counts, batch = orders.count_ordered(session, viewer, SMALL), reads.batch(session, viewer, SMALL)
    html = papers.html_of(batch, counts, rows, profile_in_force(session), page="A1")
    print(f"pages on A1: {len(printing.laid_out(html).pages)}")


def table(session: db.Session, viewer: Viewer) -> None:
    """Write a table of 50 000 rows, and tell how much memory that took beyond one of 24."""

    def write(batch: UUID) -> int:
        with orders.book_of(session, viewer, batch) as file:
            return file.seek(0, 2)

    write(SMALL)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes: list[int] = []
    taken = timed(lambda: sizes.append(write(LARGE)), ROUNDS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"{ROWS} rows as XLSX: median {statistics.median(taken):.1f} s, slowest {max(taken):.1f} s, "
        f"{sizes[-1] / 2**20:.1f} MiB, {grown / 1024:.0f} MiB of memory more than {SIGNS} rows"
    )
