"""The bare endpoints answer word for word as looks do, or the comparison would compare nothing."""

import psycopg
import pytest

from benchmarks.bare import DWELLINGS, OCCUPANTS, OPTIONS
from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.access.audit import Look, look_text
from geo_registry.residence.reads import dwellings_target, occupants_target
from tests.access.conftest import NUMBERS, Town
from tests.access.conftest import town as town  # noqa: PLC0414  (the fixture, under its own name)

pytestmark = pytest.mark.commits


def test_the_bare_endpoints_answer_the_same_words(town: Town) -> None:
    look = Look(town.tokens["chief"], "01", "居登-1183")
    url = cluster.superuser_url(database=str(town.owner.url.database))
    with psycopg.connect(url, options=OPTIONS) as bare:
        for query, target, values in (
            (
                OCCUPANTS,
                occupants_target("building", town.buildings[1], None, 200),
                {"building": town.buildings[1]},
            ),
            (
                DWELLINGS,
                dwellings_target("111", NUMBERS[1]),
                {"subject": cipher.blind_index("111", NUMBERS[1])},
            ),
        ):
            audit_id, told = look_text(town.app, look, target)
            row = bare.execute(query, {"audit": audit_id, **values}).fetchone()
            assert row is not None
            assert told is not None
            assert row[0] == told.decode()
