"""R79 on a generated town: whoever lives there is found by the dwelling, and the dwelling by whoever lives there."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from geo_registry import cluster
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id

# One account of the whole installation, for this count alone.
HEAD = """
    WITH a AS (INSERT INTO registry.account (login, name, role, hourly_limit, daily_limit, building_limit)
      VALUES ('census', '普查', 'station_head', 1000000, 1000000, 1000000) RETURNING id),
    g AS (INSERT INTO registry.area_grant (account_id) SELECT id FROM a)
    INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT %s, id, now() + interval '1 hour' FROM a"""
CALL = """CALL registry.look(%s, %s, %s, '01', '普查2026-1', %s, %s, %s, '{}', NULL, NULL, NULL, NULL, NULL, NULL, 500, NULL, NULL, NULL)"""
LIVE = "SELECT id::text FROM registry.residence WHERE valid @> CURRENT_DATE AND upper_inf(sys) AND version_of IS NULL"


@pytest.fixture
def census(town_url: cluster.Urls) -> Iterator[psycopg.Connection]:
    """Give a connection of the server's role, and an account that may look at everything; both end."""
    with psycopg.connect(town_url.owner, autocommit=True) as owner:
        owner.execute(HEAD, [hash_token("census")])
        with psycopg.connect(town_url.app, autocommit=True) as connection:
            yield connection
        owner.execute(
            "UPDATE registry.session SET ended_at = now() WHERE token_hash = %s", [hash_token("census")]
        )


def _asked(connection: psycopg.Connection, action: str, kind: str, thing: object, subject: object) -> str:
    values = [new_id(), hash_token("census"), action, kind, thing, subject]
    row = connection.execute(CALL, values, prepare=True).fetchone()
    assert row is not None
    assert row[0] == "granted"
    return str(row[1])


@pytest.mark.requirement("R79", "R103")
def test_both_looks_reach_every_live_residence(town_url: cluster.Urls, census: psycopg.Connection) -> None:
    with psycopg.connect(town_url.owner) as owner:
        live = {row[0] for row in owner.execute(LIVE)}
        buildings = [row[0] for row in owner.execute("SELECT id FROM registry.building")]
        numbers = [row[0] for row in owner.execute("SELECT id_index FROM registry.person")]
    by_place, by_person = set(), set()
    for building in buildings:
        found = json.loads(_asked(census, "occupants", "building", building, None))
        assert found["next"] is None
        by_place |= {row["residence_id"] for row in found["occupants"]}
    for number in numbers:
        found = json.loads(_asked(census, "dwellings", "person", None, number))["person"]
        by_person |= {row["residence_id"] for row in found["dwellings"] if row["current"]}
    assert len(live) > 1000
    assert (by_place - live, live - by_place) == (set(), set())
    assert (by_person - live, live - by_person) == (set(), set())
