"""Two townships with a building each, people in them, and officers of either township."""

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, Row, TextClause, text
from sqlalchemy.orm import Session

from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.access.viewer import hash_token
from geo_registry.cluster import Urls
from geo_registry.db import app_engine, today

NUMBERS = ("310112199003072013", "440524188001010014")

PLACES = text("""
WITH district AS (
  INSERT INTO registry.division (scheme, code, level, name, full_name) VALUES ('cn', '990101', 'district', '映山区', '映山区')
  RETURNING id
), township AS (
  INSERT INTO registry.division (scheme, code, level, name, full_name, parent_id, district_id)
  SELECT 'cn', '99010100' || n, 'township', '镇' || n, '映山区镇' || n, id, id FROM district, generate_series(1, 2) n
  RETURNING id, code, district_id
), street AS (
  INSERT INTO registry.place_name (kind, name, normal_name, full_name, scope_id, district_id, township_id)
  SELECT 'street', '映月路', '映月路', '映月路', id, district_id, id FROM township RETURNING id, district_id, township_id
), address AS (
  INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text, district_id, township_id)
  SELECT id, id, 6, '6', '6号', '映月路6号', district_id, township_id FROM street RETURNING id, district_id, township_id
), building AS (
  INSERT INTO registry.building (method, position, district_id, township_id)
  SELECT 'derived', ST_SetSRID(ST_Point(121.3, 30.9), 4490), district_id, township_id FROM address
  RETURNING id, district_id, township_id
), numbered AS (
  INSERT INTO registry.building_address (building_id, address_id)
  SELECT b.id, a.id FROM building b JOIN address a USING (township_id) RETURNING id
)
INSERT INTO registry.housing_unit (building_id, unit_text, unit_key, floor, district_id, township_id)
SELECT b.id, '40' || n || '室', '40' || n, 4, district_id, township_id FROM building b, generate_series(1, 2) n
""")
PERSON = text("""
INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone)
VALUES (:id, :name, :sex, :year, 3, '111', :cipher, :blind, :tail, NULL)
""")
LIVES = text("""
INSERT INTO registry.residence (person_id, unit_id, category, valid)
SELECT :person, u.id, 'incomer', daterange(:since, :until) FROM registry.housing_unit u
JOIN registry.division d ON d.id = u.township_id WHERE d.code = :township AND u.unit_key = :unit
""")


SIGNED_IN = text("""
WITH account AS (INSERT INTO registry.account (login, name, role) VALUES (:login, :login, :role) RETURNING id), area AS (
  INSERT INTO registry.area_grant (account_id, division_id)
  SELECT a.id, (SELECT d.id FROM registry.division d WHERE d.code = :code) FROM account a RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT :hash, account_id, now() + interval '1 hour' FROM area
""")


@dataclass(frozen=True, slots=True)
class Town:
    """Ids and tokens of the small town; key 1 and 2 are the townships."""

    app: Engine
    owner: Engine
    buildings: dict[int, UUID]
    units: dict[int, UUID]
    persons: dict[int, UUID]
    tokens: dict[str, str]

    def count(self, query: str) -> int:
        """Return the single number of a query of the owner."""
        return int(self.one(text(query))[0])

    def one(self, query: TextClause) -> Row[Any]:
        """Return the single row of a query of the owner."""
        with self.owner.connect() as connection:
            return connection.execute(query).one()


def _people(session: Session) -> dict[int, UUID]:
    from geo_registry.codes import new_id

    ids = {}
    for key, (name, year) in {1: ("张三丰", 1990), 2: ("李四", 1988), 3: ("王小", 2018)}.items():
        ids[key] = new_id()
        number = NUMBERS[key - 1] if key <= len(NUMBERS) else f"child{key}"
        session.execute(
            PERSON,
            {
                "id": ids[key], "name": name, "sex": "1", "year": year, "tail": number[-2:],
                "cipher": cipher.seal("person", "id_number", ids[key], number),
                "blind": cipher.blind_index("111", number),
            },
        )  # fmt: skip
    day = today()
    past = day - dt.timedelta(days=400)
    for person, township, unit, since, until in (
        (1, "990101001", "401", past, None),
        (2, "990101002", "401", past, None),
        (3, "990101001", "401", past, None),
        (2, "990101001", "402", past - dt.timedelta(days=300), past),
    ):
        session.execute(
            LIVES, {"person": ids[person], "township": township, "unit": unit, "since": since, "until": until}
        )
    return ids


def _by_township(session: Session, query: str) -> dict[int, UUID]:
    return {int(row.code[-1]): row.id for row in session.execute(text(query))}


def sign_in(session: Session | Connection, login: str, role: Role, code: str | None) -> str:
    """Open a session without a password: hashing one takes longer than most tests."""
    token = secrets.token_urlsafe(32)
    session.execute(SIGNED_IN, {"login": login, "role": role, "code": code, "hash": hash_token(token)})
    return token


@pytest.fixture
def town(committed: Engine, database: Urls) -> Iterator[Town]:
    """Give the small town, really committed."""
    app = app_engine(database.app)
    with Session(committed) as session, session.begin():
        session.execute(PLACES)
        persons = _people(session)
        buildings = _by_township(
            session,
            "SELECT d.code, b.id FROM registry.building b JOIN registry.division d ON d.id = b.township_id",
        )
        units = _by_township(
            session,
            "SELECT d.code, u.id FROM registry.housing_unit u JOIN registry.division d ON d.id = u.township_id WHERE u.unit_key = '401'",
        )
        tokens = {
            login: sign_in(session, login, role, code)
            for login, role, code in (
                ("officer1", Role.OFFICER, "990101001"), ("officer2", Role.OFFICER, "990101002"),
                ("chief", Role.OFFICER, "990101"), ("clerk", Role.CLERK, "990101"),
                ("coordinator", Role.COORDINATOR, "990101001"), ("auditor", Role.AUDIT_ADMIN, None),
            )
        }  # fmt: skip
    yield Town(app, committed, buildings, units, persons, tokens)
    app.dispose()
