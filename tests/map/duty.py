"""The block that the coordinator of the small town answers for."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.account.accounts import add_account
from tests.map.town import PASSWORD

# The fullest block of the first community is the coordinator's own, another waits for somebody.
_DUTY = """
    INSERT INTO registry.coordinator (account_id, trained_on)
    SELECT id, DATE '2026-01-10' FROM registry.account WHERE login IN ('he', 'su') ON CONFLICT DO NOTHING;
    INSERT INTO registry.block_assignment (block_id, account_id, valid, document_number)
    SELECT g.id, a.id, daterange(DATE '2026-02-01', NULL), '望澜网格〔2026〕1号'
    FROM registry.account a, LATERAL (
      SELECT k.block_id AS id FROM registry.building_block k
        JOIN registry.housing_unit u ON u.building_id = k.building_id
        JOIN registry.grid_block b ON b.id = k.block_id
        JOIN registry.division d ON d.id = b.township_id AND d.code LIKE '990101001%'
      GROUP BY k.block_id ORDER BY count(*) DESC, k.block_id LIMIT 1) g
    WHERE a.login = 'he';
    UPDATE registry.grid_block SET valid = daterange(DATE '2026-01-01', NULL) WHERE state = 'current'
"""


@dataclass(frozen=True)
class Duty:
    """The coordinator's own block."""

    block: UUID
    name: str
    community: UUID
    url: str

    def ask(self, query: LiteralString, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a question to the register."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values).fetchall()


def give_duty(owner: str) -> Duty:
    """Give the coordinator a block, and a colleague who could take it over."""
    engine = create_engine(owner)
    with Session(engine) as session, session.begin():
        add_account(
            session, login="su", name="苏某", role=Role.COORDINATOR, password=PASSWORD,
            division_codes=("990101001000",),
        )  # fmt: skip
    engine.dispose()
    with psycopg.connect(owner) as connection:
        connection.execute(_DUTY)
        row = connection.execute(
            "SELECT g.id, g.name, g.community_id FROM registry.block_assignment b"
            " JOIN registry.grid_block g ON g.id = b.block_id JOIN registry.account a ON a.id = b.account_id"
            " WHERE a.login = 'he' ORDER BY lower(b.valid) LIMIT 1"
        ).fetchone()
    assert row is not None
    return Duty(row[0], row[1], row[2], owner)
