"""P15: whoever edits on an old version is told so; no edit is lost."""

import asyncio
import json
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from api.app import create_app
from geo_registry import cluster, db
from tests.api.asgi import Call, finish, send

if TYPE_CHECKING:
    from tests.api.conftest import Town

logger = logging.getLogger(__name__)
CLIENTS, EDITS = 200, 25


UNITS = """
    INSERT INTO registry.housing_unit
      (id, building_id, floor, unit_text, unit_key, district_id, township_id, community_id)
    SELECT registry.new_id(), building_id, 5, 'R' || n, 'race' || n, district_id, township_id, community_id
    FROM registry.housing_unit, generate_series(1, 20) n WHERE id = :unit
"""
IDS = "SELECT array_agg(id) FROM registry.housing_unit WHERE unit_key LIKE 'race%'"
VERSIONS = "SELECT sum(version - 1) FROM registry.housing_unit WHERE unit_key LIKE 'race%'"
KEPT = "SELECT count(*) FROM registry.place_history WHERE object_id = ANY (:ids)"
ACTS = "SELECT count(*) FROM registry.act WHERE object_id = ANY (:ids) AND verb = 'change'"


@pytest.mark.promise("P15")
def test_no_edit_is_lost_in_a_race(town: "Town", database: cluster.Urls) -> None:
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    town.sql(UNITS, unit=town.ids["unit"])
    units = town.sql(IDS)
    statuses: Counter[int] = Counter()

    async def client(number: int) -> None:
        path, version = f"/v1/housing-units/{units[number % len(units)]}/actions/change", 1
        for edit in range(EDITS):
            headers = {
                "authorization": f"Bearer {town.tokens['clerk']}", "content-type": "application/json",
                "if-match": f'"{version}"', "idempotency-key": f"client-{number}-edit-{edit}",
            }  # fmt: skip
            sent = tuple((name.encode(), value.encode()) for name, value in headers.items())
            body = json.dumps({"area_m2": 50 + number}).encode()
            reply = await send(app, Call("POST", path, headers=sent, body=body))
            statuses[reply.status] += 1
            # Both answers tell the version that stands now.
            version = json.loads(reply.body)["version"]

    async def race() -> None:
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))

    started = time.perf_counter()
    finish(race())
    seconds = time.perf_counter() - started
    logger.info("%d edits, %.1f s, %s", CLIENTS * EDITS, seconds, sorted(statuses.items()))
    assert statuses.keys() == {200, 412}
    assert sum(statuses.values()) == CLIENTS * EDITS
    assert min(statuses.values()) >= 200
    assert town.sql(VERSIONS) == statuses[200]
    assert town.sql(KEPT, ids=units) == statuses[200]
    assert town.sql(ACTS, ids=units) == statuses[200]
