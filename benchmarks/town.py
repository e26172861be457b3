"""Data of the benchmarks: a real county of door plates, and generated people in every unit."""

import secrets
from pathlib import Path

import psycopg

from geo_registry.access.viewer import hash_token
from geo_registry.address.profile import load_profile
from geo_registry.exchange.ledger import Request, run_import
from geo_registry.exchange.mapping import load_mapping
from geo_registry.exchange.plates import import_plates
from geo_registry.exchange.report import Report

COUNTY = "10018"
PEOPLE_PER_UNIT = 2.5

PEOPLE = """
INSERT INTO registry.person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
SELECT '某某', '1', 1950 + n %% 70, 1 + n %% 12, '111', '\\x00', decode(md5(n::text), 'hex'), '00'
FROM generate_series(1, (SELECT (count(*) * %s)::int FROM registry.housing_unit)) n
"""
LIVES = """
INSERT INTO registry.residence (person_id, unit_id, category)
SELECT p.id, u.id, 'incomer'
FROM (SELECT id, row_number() OVER () %% (SELECT count(*) FROM registry.housing_unit) + 1 AS n FROM registry.person) p
JOIN (SELECT id, row_number() OVER () AS n FROM registry.housing_unit) u USING (n)
"""
OFFICER = """
WITH account AS (INSERT INTO registry.account (login, name, role, hourly_limit)
    VALUES ('bench', 'bench', 'officer', 100000000) ON CONFLICT (login) DO UPDATE SET name = 'bench' RETURNING id),
  area AS (INSERT INTO registry.area_grant (account_id, division_id)
    SELECT a.id, d.id FROM account a, registry.division d WHERE d.level = 'district'
      AND NOT EXISTS (SELECT FROM registry.area_grant g WHERE (g.account_id, g.division_id) = (a.id, d.id))
    RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT %s, id, now() + interval '8 hours' FROM account
"""


def load_county(connection: psycopg.Connection, file: Path) -> Report:
    """Import one county of door plates and answer the report."""
    mapping = load_mapping("door-plates", "plates")
    request = Request("plates", file, mapping, load_profile(mapping.profile or ""))
    report = run_import(connection, request, import_plates)
    connection.commit()
    return report


def ensure(connection: psycopg.Connection, data: Path, county: str = COUNTY) -> str:
    """Load the county and people in every unit unless they are there; return a session token of an officer."""
    if not connection.execute("SELECT 1 FROM registry.housing_unit LIMIT 1").fetchone():
        load_county(connection, data / "door-plates" / "2026" / f"{county}.parquet")
    if not connection.execute("SELECT 1 FROM registry.residence LIMIT 1").fetchone():
        connection.execute(PEOPLE, [PEOPLE_PER_UNIT])
        connection.execute(LIVES, [])
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")
        connection.autocommit = False
    return signed_in(connection)


def signed_in(connection: psycopg.Connection) -> str:
    """Return a session token of an officer for all districts."""
    token = secrets.token_urlsafe(32)
    connection.execute(OFFICER, [hash_token(token)])
    connection.commit()
    return token
