"""Verifying the audit's chains against merely reading the same rows."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg

from geo_registry import cluster
from geo_registry.audit import ledger
from geo_registry.audit.anchors import Anchors
from geo_registry.settings import settings

DATABASE = "bench_audit"
ROWS, BATCH, PAIRS = 60_000, 1000, 5

FILL: LiteralString = """
INSERT INTO registry.audit (id, at, account_id, session_id, role, address, action, purpose, case_number, object_kind, object_id,
  subject_key, fields, valid_at, decision, request_id, written_xid, written_lsn, area_id, row_count)
SELECT registry.new_id(), clock_timestamp(), ('{' || md5((n %% 200)::text) || '}')::uuid, gen_random_uuid(), 'officer', '10.1.2.3',
  'occupants', '01', '居登〔2026〕' || n || '号', 'building', gen_random_uuid(), CASE WHEN n %% 3 = 0 THEN sha256(n::text::bytea) END,
  '{name_masked,sex,age,id_tail,category,registration,since}', CURRENT_DATE, 'granted', gen_random_uuid(), pg_current_xact_id(),
  pg_current_wal_insert_lsn(), gen_random_uuid(), n %% 9
FROM generate_series(1, %s) n"""
READ: LiteralString = """
COPY (SELECT a.seq, a.prev, a.hash, a.id, a.at, a.account_id, a.session_id, a.object_id, a.subject_key, a.request_id, a.area_id
  FROM registry.audit a WHERE a.shard = %s ORDER BY a.seq) TO STDOUT (FORMAT binary)"""


def _read(connection: psycopg.Connection) -> int:
    rows = 0
    for shard in range(16):
        with connection.cursor().copy(READ, [shard]) as copy:
            rows += sum(1 for _ in copy.rows())
    return rows


def _verify(connection: psycopg.Connection) -> int:
    verdict = ledger.verify(connection, Anchors())
    if verdict.faults:
        raise RuntimeError(f"an untouched audit has faults: {verdict.faults[:3]}")
    return verdict.rows


def _cpu(connection: psycopg.Connection) -> float:
    """Return the seconds of processor time of this process and its server process."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _timed(
    work: Callable[[psycopg.Connection], int], connection: psycopg.Connection
) -> tuple[int, float, float]:
    began, cpu = time.perf_counter(), _cpu(connection)
    rows = work(connection)
    seconds, spent = time.perf_counter() - began, _cpu(connection) - cpu
    connection.rollback()
    return rows, seconds, spent


def _verifying(connection: psycopg.Connection) -> None:
    ratios, speeds, by_cpu = [], [], []
    for _ in range(PAIRS):
        _, _, bare = _timed(_read, connection)
        rows, seconds, spent = _timed(_verify, connection)
        ratios.append(bare / spent)
        speeds.append(rows / seconds)
        by_cpu.append(rows / spent)
    print(
        f"read : verify by CPU = {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, {PAIRS} pairs); "
        f"{rows} rows, {statistics.median(by_cpu):,.0f} verified a second of one core, {statistics.median(speeds):,.0f} as the clock goes"
    )


def run(_data: Path) -> None:
    """Print the ratio over a generated audit, and the rows a second."""
    urls = cluster.create_database(settings(), DATABASE)
    cluster.migrate(urls.owner)
    with psycopg.connect(urls.owner) as connection:
        held = connection.execute("SELECT count(*) FROM registry.audit").fetchone()
        # In short transactions: within one, each row that is sealed leaves a dead version of its head to walk past.
        for _ in range(held[0] if held else 0, ROWS, BATCH):
            connection.execute(FILL, [BATCH])
            connection.commit()
        _verifying(connection)
