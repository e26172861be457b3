"""A street with a house of many rooms, one block of it a coordinator's, and the desk that registers who lives there."""

# ruff: noqa: ANN401  (an override may be any item of a form)

import datetime as dt
import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_registry.access.audit import Look
from geo_registry.access.rules import Role
from geo_registry.access.viewer import enter, hash_token
from geo_registry.area.writes import Written
from geo_registry.cluster import Urls
from geo_registry.codes import new_id, new_ids
from geo_registry.db import app_engine, today, transaction
from geo_registry.person.rules import id_check_character
from geo_registry.registration import reads, writes
from geo_registry.settings import make_secrets

PLACES = """
INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id) VALUES
  ('{d}', 'cn', '990101000000', 'district', '映山区', '映山区', NULL, '{d}', NULL),
  ('{t}', 'cn', '990101001000', 'township', '月河镇', '映山区月河镇', '{d}', '{d}', '{t}'),
  ('{c}', 'cn', '990101001001', 'community', '石桥社区', '映山区月河镇石桥社区', '{t}', '{d}', '{t}'),
  ('{far}', 'cn', '990101002000', 'township', '东林镇', '映山区东林镇', '{d}', '{d}', '{far}');
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, scope_id, district_id, township_id, community_id)
VALUES ('{street}', 'street', '映月路', '映月路', '映月路', '{d}', '{d}', '{t}', '{c}');
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, district_id, township_id, community_id)
VALUES ('{address}', '{street}', '{street}', 8, '8', '8号', '映月路8号', '{d}', '{t}', '{c}');
INSERT INTO registry.building (id, method, position, district_id, township_id, community_id) VALUES
  ('{house}', 'derived', ST_SetSRID(ST_Point(121.3, 30.9), 4490), '{d}', '{t}', '{c}'),
  ('{beside}', 'derived', ST_SetSRID(ST_Point(121.35, 30.95), 4490), '{d}', '{t}', '{c}'),
  ('{distant}', 'derived', ST_SetSRID(ST_Point(121.4, 30.8), 4490), '{d}', '{far}', NULL);
INSERT INTO registry.building_address (building_id, address_id, building_no) VALUES ('{house}', '{address}', '1幢');
INSERT INTO registry.housing_unit (building_id, floor, unit_text, unit_key, district_id, township_id, community_id)
SELECT '{house}'::uuid, f, f || '0' || n || '室', f || '0' || n, '{d}'::uuid, '{t}'::uuid, '{c}'::uuid FROM generate_series(1, 60) f, generate_series(1, 5) n;
INSERT INTO registry.housing_unit (id, building_id, floor, unit_text, unit_key, district_id, township_id, community_id) VALUES
  ('{beside_unit}', '{beside}', 1, '101室', '101', '{d}', '{t}', '{c}'), ('{distant_unit}', '{distant}', 1, '101室', '101', '{d}', '{far}', NULL);
INSERT INTO registry.grid_block (id, code, name, district_id, township_id, community_id, boundary)
VALUES ('{block}', '990101001001001', '石桥-01', '{d}', '{t}', '{c}', ST_Multi(ST_MakeEnvelope(121.29, 30.89, 121.31, 30.91, 4490)));
INSERT INTO registry.building_block (building_id, block_id) VALUES ('{house}', '{block}') ON CONFLICT DO NOTHING;
"""
NAMES = (
    "d", "t", "c", "far", "street", "address", "house", "beside", "distant", "beside_unit", "distant_unit", "block",
)  # fmt: skip
SIGNED_IN = text("""
WITH account AS (INSERT INTO registry.account (id, login, name, role, hourly_limit, daily_limit, building_limit)
  VALUES (:id, :login, :login, :role, 9999, 9999, 9999) RETURNING id), area AS (
  INSERT INTO registry.area_grant (account_id, division_id) SELECT a.id, :division FROM account a RETURNING account_id)
INSERT INTO registry.session (token_hash, account_id, expires_at) SELECT :hash, account_id, now() + interval '1 hour' FROM area
""")
LOGINS = {
    "clerk": (Role.ENTRY_CLERK, "t"), "coordinator": (Role.COORDINATOR, "t"), "stranger": (Role.COORDINATOR, "t"),
    "officer": (Role.OFFICER, "c"), "partner": (Role.OFFICER, "c"), "head": (Role.STATION_HEAD, "t"),
    "second": (Role.STATION_HEAD, "t"), "distant": (Role.ENTRY_CLERK, "far"), "quality": (Role.QUALITY_SUPERVISOR, "t"),
}  # fmt: skip
HOLDS = text("""
WITH trained AS (INSERT INTO registry.coordinator (account_id, trained_on) VALUES (:account, CURRENT_DATE - 30) RETURNING account_id)
INSERT INTO registry.block_assignment (block_id, account_id, valid) SELECT :block, account_id, daterange(CURRENT_DATE - 30, NULL) FROM trained
""")
_number = itertools.count(1)


def citizen_number(birth: str | None = None, *, place: str = "341225") -> str:
    """Return a valid number that no other test has; a day has a thousand of them."""
    days, turn = divmod(next(_number), 1000)
    birth = birth or f"{dt.date(1990, 2, 15) + dt.timedelta(days=days):%Y%m%d}"
    body = f"{place}{birth}{turn:03}"
    return body + id_check_character(body)


def sheet(**over: Any) -> dict[str, Any]:
    """Return a complete form of an incomer who rents and came a week ago."""
    given = {
        "name": "陈小满", "id_type": "111", "id_number": citizen_number(), "phone": "13812345678", "category": "incomer",
        "relation_to_head": "0", "hukou_code": "341225", "hukou_address": "柳沟镇陈家村12号",
        "since": str(today() - dt.timedelta(days=7)), "stay_reason": "work", "lodging": "rented", **over,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Desk:
    """Engines, ids of places and accounts, the token of each login, and rooms that nobody lives in yet."""

    app: Engine
    owner: Engine
    ids: dict[str, UUID]
    tokens: dict[str, str]
    rooms: Iterator[UUID]
    opened: list[UUID] = field(default_factory=list)

    def open(self, login: str = "clerk", unit: UUID | None = None, **over: Any) -> writes.Opened:
        """Open a case, of an incomer in an empty room unless told otherwise."""
        entry = writes.Entry(
            **{
                "action": "register",
                "form": "incomer_registration",
                "unit_id": unit or next(self.rooms),
                **over,
            }
        )
        token = self.tokens[login]
        with transaction(self.app) as session:
            return writes.open_case(session, enter(session, token), token, entry)

    def fill(
        self, case: UUID, *forms: dict[str, Any], login: str = "clerk", version: int | None = None
    ) -> writes.Filled:
        """Fill the forms of a case as it stands."""
        token, seen = self.tokens[login], version or self.version(case)
        with transaction(self.app) as session:
            return writes.fill_case(session, enter(session, token), token, case, forms, version=seen)

    def submit(
        self, case: UUID, login: str = "clerk", version: int | None = None, reason: str | None = None
    ) -> Written:
        """Submit a case as it stands."""
        token, seen = self.tokens[login], version or self.version(case)
        with transaction(self.app) as session:
            viewer = enter(session, token)
            return writes.submit_case(session, viewer, token, case, version=seen, late_reason=reason)

    def judge(self, login: str, case: UUID, step: writes.Judgement, reason: str | None = None) -> Written:
        """Take one step of the review of a case as it stands."""
        token, seen = self.tokens[login], self.version(case)
        with transaction(self.app) as session:
            viewer = enter(session, token)
            return writes.judge_case(session, viewer, token, case, step, version=seen, reason=reason)

    def submitted(self, *forms: dict[str, Any], login: str = "clerk", **over: Any) -> UUID:
        """Return a case that was submitted."""
        case = self.open(login, **over).id
        self.fill(case, *(forms or (sheet(),)), login=login)
        self.submit(case, login)
        return case

    def passed(self, case: UUID, *, officer: str = "officer", head: str = "head") -> UUID:
        """Let both reviewers pass a case."""
        for login, step in ((officer, "take"), (officer, "pass"), (head, "pass")):
            self.judge(login, case, step)  # type: ignore[arg-type]
        return case

    def registered(self, *forms: dict[str, Any], **over: Any) -> UUID:
        """Return a case that was applied to the register."""
        return self.passed(self.submitted(*forms, **over))

    def row(self, case: UUID, login: str = "clerk") -> reads.CaseRow:
        """Read a case as a login sees it."""
        with transaction(self.app) as session:
            return reads.case(session, enter(session, self.tokens[login]), case)

    def look(self, login: str) -> Look:
        """Return a look of a login for registration."""
        return Look(self.tokens[login], "01", "2026-0001", "127.0.0.1", new_id())

    def version(self, case: UUID) -> int:
        """Return the version of a case."""
        return int(self.one("SELECT version FROM registry.registration_case WHERE id = :id", id=case))

    def near_its_end(self, residence: UUID) -> None:
        """Let the registration of a dwelling end in thirty days, so that it can be renewed."""
        self.one(
            "UPDATE registry.registration SET registered_on = CURRENT_DATE - 335, expires_on = CURRENT_DATE + 30"
            " WHERE status = 'active' AND residence_id = :id",
            id=residence,
        )

    def one(self, query: str, **values: object) -> Any:
        """Return one value as the owner reads it, committing what the query changes."""
        with self.owner.begin() as connection:
            result = connection.execute(text(query), values)
            return result.scalar() if result.returns_rows else None


@pytest.fixture(scope="module")
def desk(owner_engine: Engine, database: Urls, reset: Callable[[], None]) -> Iterator[Desk]:
    """Give the street and its desk, really committed."""
    make_secrets()
    app = app_engine(database.app)
    ids = dict(zip(NAMES, new_ids(len(NAMES)), strict=True))
    tokens = {login: secrets.token_urlsafe(32) for login in LOGINS}
    with Session(owner_engine) as session, session.begin():
        session.connection().exec_driver_sql(PLACES.format(**ids))
        for login, (role, area) in LOGINS.items():
            ids[login] = new_id()
            values = {
                "id": ids[login], "login": login, "role": role, "division": ids[area], "hash": hash_token(tokens[login]),
            }  # fmt: skip
            session.execute(SIGNED_IN, values)
        session.execute(HOLDS, {"account": ids["coordinator"], "block": ids["block"]})
        found = session.execute(
            text("SELECT id FROM registry.housing_unit WHERE building_id = :house ORDER BY floor, unit_key"),
            {"house": ids["house"]},
        )
        rooms = iter(found.scalars().all())
    yield Desk(app, owner_engine, ids, tokens, rooms)
    app.dispose()
    reset()
