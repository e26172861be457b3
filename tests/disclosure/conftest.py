"""A street with two buildings of many households, and the people who ask for lists and approve them."""

# ruff: noqa: ANN401  (an override may be any field of a request)

import datetime as dt
import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer, enter, hash_token
from geo_registry.area.writes import Written
from geo_registry.cluster import Urls
from geo_registry.codes import new_id, new_ids
from geo_registry.db import app_engine, today, transaction
from geo_registry.disclosure import files, reads, writes
from geo_registry.person.rules import id_check_character
from geo_registry.settings import make_secrets

PLACES = """
UPDATE registry.purpose SET roles = roles || ARRAY['station_head', 'population_office'] WHERE code = '05';
INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id) VALUES
  ('{d}', 'cn', '990101000000', 'district', '映山区', '映山区', NULL, '{d}', NULL),
  ('{t}', 'cn', '990101001000', 'township', '月河镇', '映山区月河镇', '{d}', '{d}', '{t}'),
  ('{c}', 'cn', '990101001001', 'community', '石桥社区', '映山区月河镇石桥社区', '{t}', '{d}', '{t}'),
  ('{far}', 'cn', '990101002000', 'township', '东林镇', '映山区东林镇', '{d}', '{d}', '{far}');
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, scope_id, district_id, township_id, community_id)
VALUES ('{street}', 'street', '映月路', '映月路', '映月路', '{d}', '{d}', '{t}', '{c}');
INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text, district_id, township_id, community_id)
SELECT '{street}'::uuid, '{street}'::uuid, n, n::text, n || '号', '映月路' || n || '号', '{d}'::uuid, '{t}'::uuid, '{c}'::uuid FROM generate_series(2, 60, 2) n;
INSERT INTO registry.building (id, method, position, district_id, township_id, community_id)
SELECT b.id::uuid, 'derived', ST_SetSRID(ST_Point(121.3, 30.9), 4490), '{d}', '{t}', '{c}' FROM (VALUES ('{tall}'), ('{small}')) b (id);
INSERT INTO registry.building_address (building_id, address_id, building_no)
SELECT '{tall}'::uuid, a.id, '1幢' FROM registry.address a WHERE a.number = 8 UNION ALL
SELECT '{small}'::uuid, a.id, '' FROM registry.address a WHERE a.number = 10;
INSERT INTO registry.housing_unit (building_id, floor, unit_text, unit_key, district_id, township_id, community_id)
SELECT '{tall}'::uuid, f, f || '0' || n || '室', f || '0' || n, '{d}'::uuid, '{t}'::uuid, '{c}'::uuid FROM generate_series(1, 9) f, generate_series(1, 4) n UNION ALL
SELECT '{small}'::uuid, 1, '101室', '101', '{d}', '{t}', '{c}';
"""
NAMES = ("d", "t", "c", "far", "street", "tall", "small")
PERSON = text("""INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone)
    VALUES (:id, :name, :sex, :year, 3, '111', :number, :index, :tail, :phone)""")
LIVES = text(
    "INSERT INTO registry.residence (person_id, unit_id, category, valid) VALUES (:person, :unit, :category, daterange(:since, NULL))"
)
SIGNED_IN = text("""
WITH account AS (INSERT INTO registry.account (login, name, role, hourly_limit, daily_limit, building_limit)
  VALUES (:login, :login, :role, 9999, 9999, 9999) RETURNING id), area AS (
  INSERT INTO registry.area_grant (account_id, division_id) SELECT a.id, :division FROM account a RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT :hash, account_id, now() + interval '1 hour' FROM area
""")
LOGINS = {
    "officer": (Role.OFFICER, "c"), "head": (Role.STATION_HEAD, "t"), "office": (Role.POPULATION_OFFICE, "d"),
    "second": (Role.STATION_HEAD, "t"), "distant": (Role.STATION_HEAD, "far"), "clerk": (Role.CLERK, "d"),
    "stranger": (Role.OFFICER, "c"),
}  # fmt: skip
SURNAMES = itertools.cycle("赵钱孙李周吴郑王冯陈")


@dataclass(frozen=True, slots=True)
class Ground:
    """Engines, ids of places, and the token of each login."""

    app: Engine
    owner: Engine
    ids: dict[str, UUID]
    tokens: dict[str, str]
    numbers: list[str] = field(default_factory=list)

    def viewer(self, login: str) -> Viewer:
        """Return the viewer of a login."""
        with transaction(self.app) as session:
            return enter(session, self.tokens[login])

    def request(self, login: str = "officer", **over: Any) -> UUID:
        """Ask for a list and return its id."""
        given = {
            "object_kind": "building", "object_id": self.ids["tall"], "purpose": "05", "case_number": "映公〔2026〕17号",
            "recipient": "映山区教育局", "reason": "核对适龄儿童入学", **over,
        }  # fmt: skip
        with transaction(self.app) as session:
            request = writes.Request(**given)
            return writes.request_disclosure(session, self.viewer(login), self.tokens[login], request).id

    def judge(
        self, login: str, asked: UUID, judgement: writes.Judgement = "approved", version: int | None = None
    ) -> Written:
        """Judge a request as it stands."""
        with transaction(self.app) as session:
            seen = (
                version
                or session.execute(
                    text("SELECT version FROM registry.disclosure WHERE id = :id"), {"id": asked}
                ).scalar_one()
            )
            return writes.judge_disclosure(
                session, self.viewer(login), self.tokens[login], asked, judgement, version=seen
            )

    def approved(self, **over: Any) -> UUID:
        """Return a request that two others have approved."""
        asked = self.request(**over)
        self.judge("head", asked)
        self.judge("office", asked)
        return asked

    def make(self, asked: UUID, form: files.Form = "csv", login: str = "officer") -> writes.Made:
        """Make the file of a request."""
        look = Look(self.tokens[login], "", "", "127.0.0.1", new_id())
        return writes.make_file(self.app, look, asked, form)

    def read(self, asked: UUID, login: str = "officer") -> reads.DisclosureRow:
        """Read a request as a login sees it."""
        with transaction(self.app) as session:
            return reads.disclosure(session, self.viewer(login), asked)

    def one(self, query: str) -> object:
        """Return one value as the owner reads it."""
        with self.owner.connect() as connection:
            return connection.execute(text(query)).scalar_one()


def _settle(session: Session, ids: dict[str, UUID]) -> list[str]:
    """Let two adults live in each room of the tall building, a child in every fourth, and three in the small one."""
    numbers: list[str] = []
    rooms = text("SELECT id FROM registry.housing_unit ORDER BY building_id = :tall DESC, unit_key")
    for turn, (unit,) in enumerate(session.execute(rooms, {"tall": ids["tall"]})):
        for year in (1958 + turn, 1960 + turn, *((2018,) if turn % 4 == 0 else ())):
            body = f"310112{year}03{len(numbers) % 28 + 1:02}{len(numbers) % 900 + 10:03}"
            numbers.append(body + id_check_character(body))
            _live(session, unit, numbers[-1], f"{next(SURNAMES)}小满", year)
    return numbers


def _live(session: Session, unit: UUID, number: str, name: str, year: int) -> None:
    own = new_id()
    person = {
        "id": own, "name": name, "sex": "12"[year % 2], "year": year, "tail": number[-2:],
        "number": cipher.seal("person", "id_number", own, number), "index": cipher.blind_index("111", number),
        "phone": cipher.seal("person", "phone", own, f"139{number[9:17]}"),
    }  # fmt: skip
    session.execute(PERSON, person)
    lives = {"person": own, "unit": unit, "category": "incomer", "since": today() - dt.timedelta(days=year)}
    session.execute(LIVES, lives)


@pytest.fixture
def ground(committed: Engine, database: Urls) -> Iterator[Ground]:
    """Give the street and its people, really committed."""
    make_secrets()
    app = app_engine(database.app)
    ids = dict(zip(NAMES, new_ids(len(NAMES)), strict=True))
    tokens = {login: secrets.token_urlsafe(32) for login in LOGINS}
    with Session(committed) as session, session.begin():
        session.connection().exec_driver_sql(PLACES.format(**ids))
        numbers = _settle(session, ids)
        for login, (role, area) in LOGINS.items():
            values = {"login": login, "role": role, "division": ids[area], "hash": hash_token(tokens[login])}
            session.execute(SIGNED_IN, values)
    yield Ground(app, committed, ids, tokens, numbers)
    app.dispose()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Give the call that writes a leaked copy to a file."""

    def save(content: bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save
