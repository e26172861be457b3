"""The application over the worker's database, and a small town with one account a role."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from api.app import create_app
from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.account import accounts, sessions
from geo_registry.codes import new_id, new_ids
from tests.api.case_writes import CASE_NAMES, add_cases
from tests.api.intake_writes import DECLARED_NUMBER
from tests.factories import hashed_once

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that is not needed otherwise.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PASSWORD = "correct horse battery"
NUMBER, PHONE = "11010519491231002X", "13812345678"
PERSON = """
    INSERT INTO registry.person
      (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone)
    VALUES (:id, '张小满', '2', 1949, 12, '111', :cipher, :index, '2X', :phone)
"""
ASKED = """
    INSERT INTO registry.disclosure (id, number, requested_by, expires_at, purpose, case_number, recipient, reason,
      object_kind, object_id, seed, district_id, township_id, community_id)
    SELECT :asked, 'D20261101-001', a.id, now() + interval '7 days', '05', '月公〔2026〕3号', '月河镇教育办', '核对适龄儿童入学',
      'building', :building, '\\x00', :d, :t, :c FROM registry.account a WHERE a.login = 'officer'
"""
REVIEW = """
    INSERT INTO registry.look_review (id, kind, account_id, looks)
    SELECT :review, 'night', a.id, 3 FROM registry.account a WHERE a.login = 'officer'
"""
# As if the second factor had just been shown, whenever a test asks.
STRONG = """
    UPDATE registry.session s SET strong_at = now() + interval '1 day' FROM registry.account a
    WHERE a.id = s.account_id AND a.login = 'officer'
"""
PLACES = Path(__file__).with_name("town.sql")
PAPERS = Path(__file__).with_name("papers.sql")
PEOPLE = Path(__file__).with_name("people.sql")
INTAKE = Path(__file__).with_name("intake.sql")
NAMES = (
    "d", "t", "c", "far", "street", "lane", "address", "building", "hidden", "unit", "vacant", "plate",
    "block", "person", "planned", "bare", "empty", "kept",
    "drafted", "approved", "ordered", "produced", "plate_task",
    "named", "named_back", "named_ok", "named_out", "name_1", "name_2", "name_3", "name_4",
    "delivered", "hung", "installer",
    "reported", "reported_too", "unplaced",
    "certified", "binned", "spot", "dropped", "beside_house",
    "batch", "made_batch", "done_batch", "sample",
    "zone_proposed", "zone_notified", "zone_listed", "zone_approved", "zone_working", "zone_submitted",
    "zone_accepted", "worker", "proof", "focus",
    "beside", "keeper", "assigned", "asked", "managed", "robot", "granted", "opened", "reason",
    "registered", "paper_case", "paper_form", "bound_case", "bound_form", "volume", "bound_volume", "sheet_issue",
    "partner", "referral", "accepted_referral", "issued_referral",
    "twin", "other_twin", "gone", "lineage", "merged", "decision",
    "homeless", "dead", "declared", "death", "run", "settled_run", "listed", "hukou_referral",
    "review", "to_verify", "proven", "noted", "handed", "told", "firm", "closed",
    "moved", "moved_paper", "shifted", "was_door", "now_door", "shift",
    "taken", "taken_door", "taken_home", "intake",
    *CASE_NAMES,
)  # fmt: skip


@dataclass(frozen=True)
class Town:
    """Ids of the town by short name, and a token for each role.

    `foreign` is an officer elsewhere, `warden` the security administrator of the whole.
    """

    client: httpx.Client
    owner: Engine
    ids: dict[str, UUID]
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, role: str, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401  (as httpx)
        """Send one request as a role; `{name}` in the path is that object's id."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        return self.client.request(method, path.format(**self.ids), headers=headers, **more)

    def act(self, role: str, path: str, body: dict[str, Any], version: int | None = None) -> httpx.Response:
        """Post one act with a key of its own and, for an object that exists, its version."""
        headers = {"Idempotency-Key": new_id().hex}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self.call(role, "POST", path, json=body, headers=headers)

    def sql(self, statement: str, **values: object) -> Any:  # noqa: ANN401  (as SQLAlchemy)
        """Run one statement as owner and return its first value, if it has any."""
        with self.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.scalar() if result.returns_rows else None


@pytest.fixture(scope="module")
def client(database: cluster.Urls) -> Iterator[httpx.Client]:
    """Give a client of the application; an unexpected error is an answer, as it is to a browser."""
    app = create_app(database.app)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def town(owner_engine: Engine, reset: Callable[[], None], client: httpx.Client) -> Iterator[Town]:
    """Give the town, really committed; afterwards the registry is as the migrations left it."""
    town = Town(client, owner_engine, dict(zip(NAMES, new_ids(len(NAMES)), strict=True)))
    with owner_engine.begin() as connection:
        connection.exec_driver_sql(PLACES.read_text(encoding="utf-8").format(**town.ids))
        _live(connection, town.ids)
        connection.exec_driver_sql(PAPERS.read_text(encoding="utf-8").format(**town.ids))
        add_cases(connection, town.ids)
    with Session(owner_engine) as session, session.begin(), hashed_once():
        for login, role, codes in (
            *((role.value, role, ["310112101000"]) for role in Role),
            ("foreign", Role.OFFICER, ["310112102000"]),
            ("warden", Role.SECURITY_ADMIN, []),
        ):
            added = accounts.add_account(
                session, login=login, name=login, role=role, password=PASSWORD, division_codes=codes
            )
            town.tokens[login] = sessions.open_session(session, added.id)
    town.sql(ASKED, **{name: town.ids[name] for name in ("asked", "building", "d", "t", "c")})
    town.sql(REVIEW, review=town.ids["review"])
    town.sql(STRONG)
    town.sql("UPDATE registry.account SET hourly_limit = 30000, daily_limit = 30000, building_limit = 30000")
    yield town
    reset()


def _live(connection: Connection, ids: dict[str, UUID]) -> None:
    for name in ("person", "twin", "other_twin", "gone"):
        # One document each; those of the twins are nobody's number.
        number = NUMBER if name == "person" else f"{name}2X"
        sealed = {
            "cipher": cipher.seal("person", "id_number", ids[name], number),
            "phone": cipher.seal("person", "phone", ids[name], PHONE),
            "index": cipher.blind_index("111", number),
        }
        connection.execute(text(PERSON), {"id": ids[name], **sealed})
    lives = "INSERT INTO registry.residence (person_id, unit_id, category) VALUES (:person, :unit, 'incomer')"
    connection.execute(text(lives), {"person": ids["person"], "unit": ids["unit"]})
    connection.exec_driver_sql(PEOPLE.read_text(encoding="utf-8").format(**ids))
    declared = {
        "cipher": cipher.seal("declaration", "id_number", ids["declared"], DECLARED_NUMBER),
        "index": cipher.blind_index("990", DECLARED_NUMBER),
        "item_cipher": cipher.seal("separation_item", "id_number", ids["listed"], "LISTED03"),
    }
    hexed = {name: "\\x" + value.hex() for name, value in declared.items()}
    connection.exec_driver_sql(INTAKE.read_text(encoding="utf-8").format(**ids, **hexed))
