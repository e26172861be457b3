"""Kept totals against grouping the register, and what keeping them costs the writers, on a generated district.

1 M units in 100 k buildings, 2.5 M residences, 2.3 M registrations, 500 blocks in 50 communities, checks of eight weeks.
"""

import hashlib
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from geo_registry import cluster
from geo_registry.settings import settings

DATABASE = "bench_tally"
PAIRS, SINGLES, STATEMENTS, ROWS = 9, 300, 30, 100
COUNTED = ("residence", "registration")

# What a page of all areas and blocks needs: state, pooled samples of eight weeks, and twelve weeks of the whole.
KEPT = """
WITH flow AS (
  SELECT w.leaf_id, sum(w.persons_met) AS met, sum(w.persons_registered) AS right_met, sum(w.records_checked) AS checked,
    sum(w.records_right) AS right_found, sum(w.units_found) AS found, sum(w.units_listed) AS listed,
    sum(w.forms_collected) AS collected, sum(w.forms_entered) AS entered
  FROM tally_week w WHERE w.week > monday(CURRENT_DATE) - 56 GROUP BY w.leaf_id)
SELECT t.community_id, t.block_id, NULL::date AS week, sum(t.units), sum(t.rental_units), sum(t.persons), sum(t.registered),
  sum(t.addresses), sum(t.plated), sum(f.met), sum(f.right_met), sum(f.checked), sum(f.right_found), sum(f.found), sum(f.listed),
  sum(f.collected), sum(f.entered)
FROM tally t LEFT JOIN flow f USING (leaf_id) GROUP BY GROUPING SETS ((), (t.community_id), (t.community_id, t.block_id))
UNION ALL
SELECT NULL, NULL, w.week, 0, 0, 0, 0, 0, 0, sum(w.persons_met), sum(w.persons_registered), sum(w.records_checked),
  sum(w.records_right), sum(w.units_found), sum(w.units_listed), sum(w.forms_collected), sum(w.forms_entered)
FROM tally_week w WHERE w.week > monday(CURRENT_DATE) - 84 GROUP BY w.week
HAVING sum(w.persons_met) + sum(w.units_found) + sum(w.forms_collected) > 0
"""
GROUPED = """
WITH place AS MATERIALIZED (SELECT k.building_id, k.block_id FROM building_block k),
flow AS MATERIALIZED (
  SELECT c.leaf_id AS block_id, monday(c.checked_on) AS week, sum(c.persons_met) AS met, sum(c.persons_registered) AS right_met,
    sum(c.records_checked) AS checked, sum(c.records_right) AS right_found, 0 AS found, 0 AS listed, 0 AS collected, 0 AS entered
  FROM field_check c GROUP BY 1, 2
  UNION ALL
  SELECT c.leaf_id, monday(c.checked_on), 0, 0, 0, 0, sum(c.units_found), sum(c.units_listed), 0, 0
  FROM building_check c GROUP BY 1, 2
  UNION ALL
  SELECT k.block_id, monday(g.registered_on), 0, 0, 0, 0, 0, 0, count(*), count(*) FILTER (WHERE g.status <> 'draft')
  FROM registration g JOIN residence r ON r.id = g.residence_id JOIN place k USING (building_id)
  WHERE g.status <> 'cancelled' GROUP BY 1, 2),
unit AS (
  SELECT k.block_id, count(*) AS units, count(*) FILTER (WHERE is_rental(u.use)) AS rental_units
  FROM housing_unit u JOIN place k USING (building_id) WHERE u.state NOT IN ('retired', 'not_realized', 'removed') GROUP BY 1),
stay AS (
  SELECT k.block_id, count(*) AS persons, count(g.id) AS registered
  FROM residence r JOIN place k USING (building_id) LEFT JOIN registration g ON g.residence_id = r.id AND g.status = 'active'
  WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE GROUP BY 1),
sign AS (
  SELECT k.block_id, count(*) AS addresses, count(*) FILTER (WHERE EXISTS (
    SELECT FROM plate p WHERE p.address_id = a.id AND p.state IN ('installed', 'verified'))) AS plated
  FROM address a JOIN address_block k ON k.address_id = a.id WHERE a.state = 'current' GROUP BY 1),
eight AS (
  SELECT f.block_id, sum(met) AS met, sum(right_met) AS right_met, sum(checked) AS checked, sum(right_found) AS right_found,
    sum(found) AS found, sum(listed) AS listed, sum(collected) AS collected, sum(entered) AS entered
  FROM flow f WHERE f.week > monday(CURRENT_DATE) - 56 GROUP BY 1)
SELECT b.community_id, b.id, NULL::date, sum(u.units), sum(u.rental_units), sum(s.persons), sum(s.registered), sum(a.addresses),
  sum(a.plated), sum(f.met), sum(f.right_met), sum(f.checked), sum(f.right_found), sum(f.found), sum(f.listed), sum(f.collected),
  sum(f.entered)
FROM grid_block b LEFT JOIN unit u ON u.block_id = b.id LEFT JOIN stay s ON s.block_id = b.id
  LEFT JOIN sign a ON a.block_id = b.id LEFT JOIN eight f ON f.block_id = b.id
GROUP BY GROUPING SETS ((), (b.community_id), (b.community_id, b.id))
UNION ALL
SELECT NULL, NULL, f.week, 0, 0, 0, 0, 0, 0, sum(met), sum(right_met), sum(checked), sum(right_found), sum(found), sum(listed),
  sum(collected), sum(entered)
FROM flow f WHERE f.week > monday(CURRENT_DATE) - 84 GROUP BY f.week
"""
SETTLE = """INSERT INTO residence (id, person_id, unit_id, category) SELECT * FROM
  unnest(%s::uuid[], %s::uuid[], %s::uuid[], array_fill('incomer'::text, ARRAY[%s]))"""
REGISTER = """INSERT INTO registration (residence_id, person_id, status, registered_on) SELECT r, p, 'active', CURRENT_DATE
  FROM unnest(%s::uuid[], %s::uuid[]) x (r, p)"""
NEWCOMERS = """
INSERT INTO person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
SELECT '某', '1', 1990, 1, '111', '', gen_random_uuid()::text::bytea, '0' FROM generate_series(1, %s) RETURNING id
"""


def run(_data: Path) -> None:
    """Print the ratio of reading times and of writing rates, as medians of interleaved rounds."""
    urls = cluster.create_database(settings(), DATABASE)
    cluster.migrate(urls.owner)
    _fill()
    with psycopg.connect(
        urls.owner, options="-c search_path=registry,public -c jit=off -c timezone=Asia/Shanghai"
    ) as owner:
        # The best plan for grouping: left to itself the planner looks up 2.5 M registrations one by one.
        owner.execute("SET work_mem = '256MB'; SET enable_nestloop = off")
        _read(owner)
        owner.execute("RESET work_mem; RESET enable_nestloop")
        rng = random.Random(7)
        for name, rows, times in (("one row", 1, SINGLES), (f"{ROWS} rows", ROWS, STATEMENTS)):
            _write(owner, rng, name, rows, times)
        drift = owner.execute(
            "SELECT count(*) FROM tally_drift() WHERE what NOT LIKE '%of all weeks'"
        ).fetchone()
        print(
            f"totals that differ after the rounds without triggers: {drift}; written anew by tally_rebuild()"
        )
        owner.execute("SELECT tally_rebuild()")


def _fill() -> None:
    """Load the district with triggers and references off, and write its totals once."""
    with psycopg.connect(cluster.superuser_url(database=DATABASE), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM registry.housing_unit LIMIT 1").fetchone():
            began = time.perf_counter()
            connection.execute(Path(__file__).with_name("district.sql").read_bytes())
            connection.execute("VACUUM ANALYZE")
            print(f"district loaded in {time.perf_counter() - began:.0f} s")


def _read(owner: psycopg.Connection) -> None:
    kept, grouped = _sorted(owner, KEPT), _sorted(owner, GROUPED)
    assert kept == grouped, [pair for pair in zip(kept, grouped, strict=False) if pair[0] != pair[1]][:3]
    times: dict[str, list[float]] = {KEPT: [], GROUPED: []}
    for _ in range(5):
        for query, taken in times.items():
            began = time.perf_counter()
            owner.execute(query).fetchall()
            taken.append(time.perf_counter() - began)
    fast, slow = (statistics.median(times[query]) for query in (KEPT, GROUPED))
    print(
        f"{len(kept)} equal rows: kept {fast * 1000:.1f} ms, grouped {slow * 1000:.0f} ms, {slow / fast:.0f} x"
    )


def _sorted(owner: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    rows = [tuple(value or 0 for value in row) for row in owner.execute(query).fetchall()]
    return sorted(rows, key=str)


def _write(owner: psycopg.Connection, rng: random.Random, name: str, rows: int, times: int) -> None:
    """Time rounds of residences with registrations, with and without the triggers in turn."""
    ratios, last = [], (0.0, 0.0)
    for turn in range(PAIRS + 1):
        taken = {}
        for keeps in (True, False) if turn % 2 else (False, True):
            for table in COUNTED:
                owner.execute(f"ALTER TABLE {table} {'ENABLE' if keeps else 'DISABLE'} TRIGGER add_up_insert")
            owner.commit()
            taken[keeps] = _timed(_settling(owner, rng, rows, times))
        if turn:
            ratios.append(taken[False] / taken[True])
            last = (rows * times / taken[True], rows * times / taken[False])
    for table in COUNTED:
        owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER add_up_insert")
    owner.commit()
    print(
        f"{name} a transaction: rate kept : bare = {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, "
        f"{PAIRS} pairs); {last[0]:.0f} : {last[1]:.0f} residences with registration a second"
    )


def _settling(owner: psycopg.Connection, rng: random.Random, rows: int, times: int) -> Callable[[], None]:
    """Prepare people and dwellings: neighbours in one transaction, as a file brings them; return the writing itself."""
    people = [row[0] for row in owner.execute(NEWCOMERS, [rows * times]).fetchall()]
    owner.commit()
    work = []
    for turn in range(times):
        first = rng.randrange(1_000_000 - rows)
        persons = people[turn * rows : (turn + 1) * rows]
        units = [
            UUID(hashlib.md5(b"6/%d" % (first + n), usedforsecurity=False).hexdigest()) for n in range(rows)
        ]
        work.append((persons, units, [uuid4() for _ in range(rows)]))

    def write() -> None:
        for persons, units, stays in work:
            owner.execute(SETTLE, [stays, persons, units, rows], prepare=True)
            owner.execute(REGISTER, [stays, persons], prepare=True)
            owner.commit()

    return write


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
