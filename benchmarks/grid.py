"""Blocks of Taipei over its door plates: assignment in bulk, what lies in none or two, a moved boundary."""

import statistics
import time
from pathlib import Path

import psycopg
from sqlalchemy import text

from benchmarks import town
from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.profile import load_profile
from geo_registry.codes import new_id
from geo_registry.db import app_engine, transaction
from geo_registry.errors import RegistryError
from geo_registry.exchange.blocks import import_blocks
from geo_registry.exchange.ledger import Request, run_import
from geo_registry.exchange.mapping import load_mapping
from geo_registry.grid import writes

CITY = "63"
MOVES, CANDIDATES = 30, 600

TRUTH = """
SELECT count(*) AS units, count(*) FILTER (WHERE k.block_id IS NULL) AS in_none,
  (SELECT coalesce(sum(o.units), 0) FROM registry.outside_blocks(NULL, NULL, NULL, 10000000) o) AS listed
FROM registry.housing_unit u LEFT JOIN registry.building_block k ON k.building_id = u.building_id
WHERE u.state NOT IN ('retired', 'not_realized', 'removed')
"""
# A block in the middle of the size that occurs, with a neighbour: its eastern edge moves by some 20 m.
MOVED = """
SELECT g.id, g.version, ST_AsGeoJSON(ST_Difference(g.boundary, ST_MakeEnvelope(
  ST_XMax(g.boundary) - 0.0002, ST_YMin(g.boundary), ST_XMax(g.boundary), ST_YMax(g.boundary), 4490)), 9)::json AS boundary
FROM registry.grid_block g
WHERE g.state = 'current' AND ST_XMax(g.boundary) - ST_XMin(g.boundary) > 0.0008
ORDER BY md5(g.code) LIMIT :most
"""


def _load(data: Path) -> None:
    with psycopg.connect(cluster.urls().owner) as connection:
        if not connection.execute("SELECT 1 FROM registry.housing_unit LIMIT 1").fetchone():
            for file in sorted((data / "door-plates" / "2026").glob(f"{CITY}*.parquet")):
                report = town.load_county(connection, file)
                print(
                    f"{file.name}: {report.rows} rows, {report.stored} stored in {report.seconds:.0f} s",
                    flush=True,
                )
        mapping = load_mapping("tw-blocks", "blocks")
        rows, seconds, kept = 0, 0.0, 0
        for file in sorted((data / "blocks").glob(f"{CITY}*.json.gz")):
            request = Request("blocks", file, mapping, load_profile(mapping.profile or "road-section"))
            report = run_import(connection, request, import_blocks)
            connection.commit()
            rows, seconds, kept = rows + report.rows, seconds + report.seconds, kept + report.quarantined
            print(f"{file.name}: {report.as_dict()}", flush=True)
        print(
            f"blocks: {rows} polygons read, checked and assigned in {seconds:.1f} s; {kept} kept out",
            flush=True,
        )


def _assign() -> None:
    with psycopg.connect(cluster.urls().owner) as connection:
        connection.execute("SET jit = off; SET work_mem = '128MB'")
        for turn in ("from nothing", "again"):
            if turn == "from nothing":
                connection.execute("DELETE FROM registry.building_block")
                connection.execute("DELETE FROM registry.address_block")
            began = time.perf_counter()
            found = connection.execute("SELECT * FROM registry.assign_blocks()").fetchall()
            print(f"assign {turn}: {time.perf_counter() - began:.1f} s {found}", flush=True)
            connection.commit()
        print("units, in no block, of these listed:", connection.execute(TRUTH).fetchone())


def _move() -> None:
    viewer = Viewer(new_id(), new_id(), "bench", "bench", Role.SUPERVISOR, None)
    times: list[float] = []
    refused = 0
    with transaction(app_engine()) as session:
        chosen = session.execute(text(MOVED), {"most": CANDIDATES}).all()
    for block, version, boundary in chosen:
        if len(times) == MOVES:
            break
        began = time.perf_counter()
        try:
            with transaction(app_engine()) as session:
                writes.redraw_block(
                    session, viewer, block_id=block, version=version, boundary=boundary, document_number="1号"
                )
        except RegistryError:
            refused += 1
            continue
        times.append(1000 * (time.perf_counter() - began))
    print(
        f"redraw: {len(times)} acts, p50 {statistics.median(times):.0f} ms, most {max(times):.0f} ms; "
        f"{refused} refused: ground of another village, no neighbour there, or changed by an act before"
    )


def run(data: Path) -> None:
    """Print counts and seconds of loading, assigning and moving."""
    _load(data)
    _assign()
    _move()
    _assign()
