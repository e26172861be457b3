"""How many looks a second the whole path bears, each with its sealed and durable record."""

import asyncio
import secrets
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from geo_registry import cluster
from geo_registry.access.audit import Look, look_async
from geo_registry.access.viewer import hash_token
from geo_registry.residence.reads import occupants_target

from .conftest import Town

pytestmark = pytest.mark.commits

SECONDS, AT_ONCE, LOOKS_AN_HOUR = 60, 16, 60
OFFICERS = 2000
HIRE = """
WITH account AS (INSERT INTO registry.account (login, name, role)
    SELECT 'rate' || n, '民警' || n, 'officer' FROM generate_series(1, %s) n RETURNING id),
  area AS (INSERT INTO registry.area_grant (account_id, division_id)
    SELECT a.id, d.id FROM account a, registry.division d WHERE d.code = '990101' RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at)
SELECT h.hash, a.account_id, now() + interval '8 hours'
FROM (SELECT account_id, row_number() OVER () AS n FROM area) a JOIN (SELECT hash, row_number() OVER () AS n FROM unnest(%s::bytea[]) hash) h USING (n)
"""


@pytest.fixture
def durable(town: Town) -> Iterator[Town]:
    """Give the town on a server that waits for the disk, as every server but that of the tests does."""
    url = cluster.superuser_url(database=str(town.owner.url.database))
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = on")
        connection.execute("SELECT pg_reload_conf()")
        yield town
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")


def _hire(town: Town) -> list[str]:
    tokens = [secrets.token_urlsafe(16) for _ in range(OFFICERS)]
    with psycopg.connect(cluster.superuser_url(database=str(town.owner.url.database))) as connection:
        connection.execute(HIRE, [OFFICERS, [hash_token(token) for token in tokens]])
    return tokens


async def _look_on(town: Town, tokens: list[str]) -> list[float]:
    """Look for a minute, sixteen at once, no officer more often than an hour allows; return the latencies."""
    target = occupants_target("building", town.buildings[1], None, 200)
    latencies: list[float] = []
    until = time.monotonic() + SECONDS

    async def work(own: list[str]) -> None:
        for token in own:
            look = Look(token, "01", "居登-1183")
            for _ in range(LOOKS_AN_HOUR):
                began = time.perf_counter()
                _audit_id, told = await look_async(town.app, look, target)
                latencies.append(time.perf_counter() - began)
                assert told
                if time.monotonic() > until:
                    return
        raise AssertionError("there are not enough officers")

    await asyncio.gather(*(work(tokens[place::AT_ONCE]) for place in range(AT_ONCE)))
    return latencies


@pytest.mark.deep
@pytest.mark.promise("P10")
def test_five_hundred_looks_a_second_for_a_minute(durable: Town) -> None:
    latencies = sorted(asyncio.run(_look_on(durable, _hire(durable))))
    stored = durable.one(
        text(
            "SELECT count(*) AS looks, count(DISTINCT hash) AS sealed FROM registry.audit WHERE decision = 'granted'"
        )
    )
    assert stored.looks == stored.sealed == len(latencies)
    p95 = latencies[len(latencies) * 95 // 100]
    assert len(latencies) >= 500 * SECONDS, (
        f"{len(latencies) / SECONDS:.0f} a second, p95 {1000 * p95:.0f} ms"
    )
    assert p95 <= 0.05
