"""以房找人 with all its guards against the bare query that makes the same JSON, on one connection each."""

import statistics
import time
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from benchmarks import town
from geo_registry import cluster
from geo_registry.access.viewer import hash_token

ROUNDS, LOOKS = 9, 200

BARE = """
SELECT jsonb_agg(jsonb_build_object('residence_id', r.id, 'person_id', p.id, 'unit_id', r.unit_id, 'unit', u.unit_text,
  'name', left(p.name, 1) || '*', 'sex', p.sex, 'id_tail', p.id_tail, 'category', r.category, 'since', lower(r.valid),
  'registration', g.status))
FROM registry.residence r JOIN registry.person p ON p.id = r.person_id JOIN registry.housing_unit u ON u.id = r.unit_id
  LEFT JOIN registry.registration g ON g.residence_id = r.id
WHERE r.building_id = %s AND r.valid @> CURRENT_DATE AND upper_inf(r.sys)
"""
GUARDED = """
CALL registry.look(%s, %s, 'occupants', '01', '居登-1183', 'building', %s, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, 200,
  NULL, NULL)
"""


def _buildings(connection: psycopg.Connection) -> list[UUID]:
    rows = connection.execute("SELECT id FROM registry.building TABLESAMPLE SYSTEM (5) LIMIT %s", [LOOKS])
    return [row[0] for row in rows]


def run(data: Path) -> None:
    """Print the ratio of times, bare to guarded, as the median of interleaved rounds."""
    urls = cluster.urls()
    with psycopg.connect(urls.owner) as owner, psycopg.connect(urls.app, autocommit=True) as app:
        token = hash_token(town.ensure(owner, data))
        owner.autocommit = True
        buildings = _buildings(owner)
        ratios, last = [], (0.0, 0.0)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for building in buildings:
                owner.execute(BARE, [building], prepare=True)
            middle = time.perf_counter()
            for building in buildings:
                app.execute(GUARDED, [uuid4(), token, building], prepare=True)
            last = (middle - began, time.perf_counter() - middle)
            ratios.append(last[0] / last[1])
    per_look = [1000 * seconds / len(buildings) for seconds in last]
    print(
        f"bare : guarded = {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, {ROUNDS} rounds); "
        f"bare {per_look[0]:.2f} ms, guarded {per_look[1]:.2f} ms a look with a durable audit row"
    )
