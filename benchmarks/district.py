"""The generated district: 1 M units, 2.5 M persons with ten years of moves, and who looks at them and enters.

    python -m benchmarks.district

makes it once in the cluster of GEO_REGISTRY_HOME, in about five minutes. Every officer keeps to the ordinary limits
(60 looks and 20 buildings an hour), so nothing is switched off: there are many officers instead.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg

from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.access.viewer import hash_token
from geo_registry.cluster import Urls
from geo_registry.person.rules import id_check_character
from geo_registry.settings import settings

DATABASE = "bench_district"
BUILDINGS, PERSONS, KNOWN = 100_000, 2_500_000, 18_000
OFFICERS, AREAS = 6_000, 42
COMMUNITIES = 50
CLERKS = 50
LOOKS_AN_HOUR, BUILDINGS_AN_HOUR = 60, 20

MARK = "COMMENT ON DATABASE bench_district IS 'loaded'"
IS_LOADED = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
# Each officer works in 42 of the 50 communities; which ones turns with the officer.
OFFICERS_OF = """
SET session_replication_role = origin;
INSERT INTO registry.account (id, login, name, role)
SELECT md5('officer/' || n)::uuid, 'bench' || n, '民警' || n, 'officer' FROM generate_series(0, %(officers)s - 1) n;
INSERT INTO registry.area_grant (account_id, division_id, valid)
SELECT md5('officer/' || n)::uuid, md5('3/' || (n + c) %% %(communities)s)::uuid, '[2020-01-01,)'
FROM generate_series(0, %(officers)s - 1) n, generate_series(0, %(areas)s - 1) c;
INSERT INTO registry.account (id, login, name, role)
SELECT md5('clerk/' || n)::uuid, 'clerk' || n, '录入员' || n, 'entry_clerk' FROM generate_series(0, %(clerks)s - 1) n;
INSERT INTO registry.area_grant (account_id, division_id, valid)
SELECT md5('clerk/' || n)::uuid, md5('3/' || n %% %(communities)s)::uuid, '[2020-01-01,)' FROM generate_series(0, %(clerks)s - 1) n;
"""
SESSIONS = "COPY registry.session (token_hash, account_id, expires_at) FROM STDIN"
# As if another hour and another day had begun, and the heads had just been anchored.
FRESH = """
TRUNCATE registry.session CASCADE;
UPDATE registry.look_count SET in_hour = 0, in_day = 0, work_in_hour = 0, work_in_day = 0, buildings = '{}';
UPDATE registry.audit_anchor SET anchored_at = now();
VACUUM registry.look_count;
"""


def ensure() -> Urls:
    """Load the district unless it is there; give its officers fresh sessions and empty counts."""
    urls = cluster.create_database(settings(), DATABASE)
    cluster.migrate(urls.owner)
    with psycopg.connect(cluster.superuser_url(database=DATABASE), autocommit=True) as connection:
        if connection.execute(IS_LOADED, [DATABASE]).fetchone() != ("loaded",):
            began = time.perf_counter()
            connection.execute(Path(__file__).with_name("district.sql").read_bytes())
            _number(connection)
            _hire(connection)
            connection.execute("VACUUM ANALYZE")
            connection.execute(MARK)
            print(f"district loaded in {time.perf_counter() - began:.0f} s")
        for statement in filter(str.strip, FRESH.split(";")):
            connection.execute(statement)
        with connection.cursor().copy(SESSIONS) as copy:
            for officer in range(OFFICERS):
                copy.write_row((hash_token(token(officer)), _own(f"officer/{officer}"), "tomorrow"))
            for clerk in range(CLERKS):
                copy.write_row((hash_token(clerk_token(clerk)), _own(f"clerk/{clerk}"), "tomorrow"))
        connection.execute("VACUUM ANALYZE registry.session")
    return urls


def token(officer: int) -> str:
    """Return the session token of an officer of the district."""
    return hashlib.sha256(f"bench officer {officer}".encode()).hexdigest()


def clerk_token(clerk: int) -> str:
    """Return the session token of a clerk who enters registrations."""
    return hashlib.sha256(f"bench clerk {clerk}".encode()).hexdigest()


def building(number: int) -> UUID:
    """Return the id of a building."""
    return _own(f"5/{number}")


def unit(number: int) -> UUID:
    """Return the id of a unit."""
    return _own(f"6/{number}")


def district() -> UUID:
    """Return the id of the district."""
    return _own("1/0")


def town(number: int) -> UUID:
    """Return the id of a township."""
    return _own(f"2/{number}")


def community(number: int) -> UUID:
    """Return the id of a community."""
    return _own(f"3/{number}")


def document(number: int) -> str:
    """Return the identity number of one of the persons whose number is known."""
    body = f"99{number % 80 + 2:02d}01{1950 + number % 50}0{number % 9 + 1}1{number % 9}{number % 1000:03d}"
    return body + id_check_character(body)


def person(number: int) -> int:
    """Return which of all persons the known one is: they are spread over the district."""
    return number * (PERSONS // KNOWN)


def _own(text: str) -> UUID:
    return UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def _number(connection: psycopg.Connection) -> None:
    """Give some persons the keyed hash of a number that can be asked for."""
    connection.execute("CREATE TEMP TABLE known (id uuid, blind bytea, tail text)")
    with connection.cursor().copy("COPY known FROM STDIN") as copy:
        for row in _known():
            copy.write_row(row)
    connection.execute(
        "UPDATE registry.person p SET id_index = k.blind, id_tail = k.tail FROM known k WHERE k.id = p.id"
    )


def _known() -> Iterator[tuple[UUID, bytes, str]]:
    for number in range(KNOWN):
        text = document(number)
        yield _own(f"8/{person(number)}"), cipher.blind_index("111", text), text[-2:]


def _hire(connection: psycopg.Connection) -> None:
    values = {"officers": OFFICERS, "communities": COMMUNITIES, "areas": AREAS, "clerks": CLERKS}
    for statement in filter(str.strip, OFFICERS_OF.split(";")):
        connection.execute(statement, values)


def main() -> None:
    """Make the district and leave the cluster running."""
    os.environ.setdefault("GEO_REGISTRY_HOME", str(Path(__file__).parents[1] / "var" / "bench"))
    cluster.start()
    print(ensure().app.rpartition("@")[2])


if __name__ == "__main__":
    main()
