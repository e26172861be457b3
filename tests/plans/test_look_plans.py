"""Plans of the audited looks: index paths only, and a fixed number of statements."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, text

from geo_registry import cluster
from geo_registry.access import audit, cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.db import wire_of
from geo_registry.residence.reads import occupants_of_building
from tests.access.conftest import NUMBERS, Town
from tests.access.conftest import town as town  # noqa: PLC0414  (the fixture, under its own name)

pytestmark = pytest.mark.commits

# 1 000 buildings with a number, 10 000 units, 20 000 persons with residence, hukou and registration.
CROWD = (
    """INSERT INTO registry.building (method, position, district_id, township_id)
       SELECT 'derived', position, district_id, township_id FROM registry.building, generate_series(1, 500)""",
    """INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text,
         district_id, township_id)
       SELECT id, id, n, n::text, n || '号', '映月路' || n || '号', district_id, township_id
       FROM registry.place_name, generate_series(10, 509) n""",
    """INSERT INTO registry.building_address (building_id, address_id)
       SELECT b.id, a.id FROM (SELECT id, row_number() OVER () AS n FROM registry.building
           WHERE id NOT IN (SELECT building_id FROM registry.building_address)) b
         JOIN (SELECT id, row_number() OVER () AS n FROM registry.address WHERE number > 6) a ON a.n = b.n""",
    """INSERT INTO registry.housing_unit (building_id, unit_text, unit_key, floor, district_id, township_id)
       SELECT id, n || '室', 'n' || n, 1, district_id, township_id FROM registry.building, generate_series(1, 10) n""",
    """INSERT INTO registry.person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
       SELECT '某某', '1', 1990, 1, '111', '\\x00', decode(md5(n::text), 'hex'), '00' FROM generate_series(1, 20000) n""",
    """INSERT INTO registry.residence (person_id, unit_id, category)
       SELECT p.id, u.id, 'local_hukou' FROM (SELECT id, row_number() OVER () AS n FROM registry.person WHERE id_tail = '00') p
       JOIN (SELECT id, row_number() OVER () AS n FROM registry.housing_unit) u ON u.n = p.n % 10000 + 1""",
    """INSERT INTO registry.hukou (person_id, unit_id) SELECT person_id, unit_id FROM registry.residence
       WHERE person_id NOT IN (SELECT person_id FROM registry.hukou) AND upper_inf(valid)""",
    """INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, district_id)
       SELECT id, person_id, 'active', '2026-01-01', '2027-01-01', district_id FROM registry.residence""",
    "ANALYZE",
)  # fmt: skip


class Plans:
    """Plans of all statements that one call runs inside the database."""

    def __init__(self, url: str) -> None:
        self.texts: list[str] = []
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("""
            LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
            SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on; SET search_path = registry, public;
            SET jit = off; SET client_min_messages = log""")
        self.connection.add_notice_handler(lambda notice: self.texts.append(str(notice.message_primary)))

    def of(self, statement: str, *values: object) -> list[str]:
        """Run a statement and return the plans of everything it ran."""
        self.texts.clear()
        self.connection.execute(statement, values, prepare=False)
        return [message for message in self.texts if "Query Text" in message]


@pytest.fixture
def plans(town: Town) -> Iterator[Plans]:
    with town.owner.begin() as connection:
        for statement in CROWD:
            connection.execute(text(statement))
    found = Plans(cluster.superuser_url(database=str(town.owner.url.database)))
    yield found
    found.connection.close()


LOOK = """CALL registry.look(%s, %s, %s, '01', '居登-1183', %s, %s, %s, '{}', NULL, NULL, NULL, NULL, NULL, NULL, 200, NULL, NULL, NULL)"""


def _scans(texts: list[str]) -> set[str]:
    return {table for plan in texts for table in re.findall(r"Seq Scan on (\w+)", plan)}


def _buffers(texts: list[str]) -> int:
    return max(int(hits) for plan in texts for hits in re.findall(r"shared hit=(\d+)", plan))


@pytest.mark.promise("P7")
def test_looks_go_over_indexes_only(town: Town, plans: Plans) -> None:
    building = _crowded(town.owner)
    token = hash_token(town.tokens["officer1"])
    for _ in range(2):
        found = plans.of(LOOK, new_id(), token, "occupants", "building", building, None)
    reveal = [plan for plan in found if "relation_to_head" in plan and "Index" in plan]
    assert reveal
    assert "residence_building_id_idx" in reveal[0]
    # The two small tables of the test itself, accounts and divisions, may be read whole.
    assert _scans(found) & {"residence", "person", "hukou", "registration", "housing_unit", "audit"} == set()
    assert _buffers(reveal) < 3000

    subject = cipher.blind_index("111", NUMBERS[0])
    found = plans.of(LOOK, new_id(), token, "dwellings", "person", None, subject)
    reveal = [plan for plan in found if "id_index" in plan]
    assert any("person_id_index_key" in plan for plan in reveal)
    assert (
        _scans(found) & {"residence", "person", "hukou", "registration", "housing_unit", "address"} == set()
    )


def test_a_look_is_one_round_trip(town: Town, tmp_path: Path) -> None:
    look = Look(town.tokens["officer1"], "01", "居登-1183")
    occupants_of_building(town.app, look, town.buildings[1])
    (line,) = wire_of(town.app, audit._CALL)._idle
    with (tmp_path / "trace").open("w+") as trace:
        line.pgconn.trace(trace.fileno())
        occupants_of_building(town.app, look, town.buildings[1])
        line.pgconn.untrace()
        trace.seek(0)
        sent = [entry.rstrip().split("\t")[3] for entry in trace if "\tF\t" in entry]
    # Nothing is parsed, nothing asked beforehand: one prepared statement, and one wait for its answer.
    assert sent == ["Bind", "Describe", "Execute", "Sync"]


def _crowded(owner: Engine) -> UUID:
    query = """SELECT r.building_id FROM registry.residence r JOIN registry.division d ON d.id = r.township_id
               WHERE d.code = '990101001' GROUP BY 1 HAVING count(*) > 20 LIMIT 1"""
    with owner.connect() as connection:
        found = connection.execute(text(query)).scalar_one()
    assert isinstance(found, UUID)
    return found
