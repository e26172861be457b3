"""Search as you type over real addresses: exact texts, prefixes and dropped suffixes; recall and times."""

import random
import statistics
import time
from pathlib import Path

import psycopg

from benchmarks import town
from geo_registry import cluster
from geo_registry.access.viewer import enter
from geo_registry.address.reads import search
from geo_registry.db import app_engine, transaction

SAMPLE = 300


def _queries(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT standard_text, number_text FROM registry.address TABLESAMPLE SYSTEM (2) WHERE state = 'current'"
    )
    chosen = random.Random(20261120).sample(rows.fetchall(), SAMPLE)
    return [
        (kind, text, whole)
        for whole, _number in chosen
        for kind, text in (
            ("exact", whole),
            ("suffix dropped", whole.removesuffix("號")),
            ("prefix", whole[:-2]),
        )
    ]


def run(data: Path) -> None:
    """Print recall at 10 and p50 / p95 in milliseconds for each kind of query."""
    with psycopg.connect(cluster.urls().owner) as connection:
        token = town.ensure(connection, data)
        queries = _queries(connection)
    times: dict[str, list[float]] = {}
    found: dict[str, list[bool]] = {}
    with transaction(app_engine()) as session:
        viewer = enter(session, token)
        for kind, text, whole in queries:
            began = time.perf_counter()
            hits = search(session, viewer, text=text, limit=10).hits
            times.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
            found.setdefault(kind, []).append(any(hit.text.endswith(whole) for hit in hits))
    for kind, spent in times.items():
        cuts = statistics.quantiles(spent, n=20)
        print(
            f"{kind}: recall at 10 {statistics.mean(found[kind]):.3f}, p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms"
        )
