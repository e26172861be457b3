"""P19: no unsound outline is stored, whatever form it comes in."""

import json
import logging
import math
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from geo_registry import cluster, db
from tests.api.asgi import Call, send_all

if TYPE_CHECKING:
    from tests.api.conftest import Town

logger = logging.getLogger(__name__)
COUNT = 5_000
Ring = list[list[Any]]


def _square(chance: random.Random) -> Ring:
    lon, lat, side = 121.4 + chance.random() / 100, 31.1 + chance.random() / 100, 0.0002
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def _broken(chance: random.Random, kind: int) -> Any:  # noqa: ANN401, C901, PLR0912  (one case a kind)
    ring = _square(chance)
    place, part = chance.randrange(5), chance.randrange(2)
    match kind:
        case 0:
            ring[place][part] = chance.choice((math.nan, math.inf, -math.inf))
        case 1:
            ring[2], ring[3] = ring[3], ring[2]  # bow-tie
        case 2:
            ring = ring[: chance.randrange(5)]  # unclosed or short
        case 3:
            ring = [[x + chance.choice((-60, 60, 170)), y] for x, y in ring]  # out of the jurisdiction
        case 4:
            ring = [[y, x] for x, y in ring]  # the other way round
        case 5:
            ring = [[x * 111_000, y * 111_000] for x, y in ring]  # metres
        case 6:
            ring[place][part] = chance.choice(("121.4", None, True, [], {}, "NaN", 10**40, -(10**20)))
        case 7:
            ring = [ring[0]] * 5  # no area
        case 8:
            ring = [[121.4 + x / 1e9, 31.1 + y / 1e9] for x, y in ((0, 0), (1, 0), (1, 1), (0, 0))]  # a speck
        case 9:
            return {
                "type": chance.choice(("Point", "LineString", "polygon", "", None, 7)),
                "coordinates": [ring],
            }
        case 10:
            crs = {"type": "name", "properties": {"name": f"EPSG:{chance.choice((3857, 4326, 900913))}"}}
            return {"type": "Polygon", "coordinates": [ring], "crs": crs}
        case 11:
            return {"type": "MultiPolygon", "coordinates": [ring]}
        case 12:
            hole = [[x + 1, y] for x, y in ring]  # a hole outside its ring
            return {"type": "Polygon", "coordinates": [ring, hole]}
        case 13:
            ring = [[x, y, 5.0, 7.0] for x, y in ring]
        case 14:
            return chance.choice(([], "", 7, True, {}, {"type": "Polygon"}, {"coordinates": [ring]}, [ring]))
        case _:
            spikes = [[121.4 + chance.random() / 100, 31.1 + chance.random() / 100] for _ in range(40)]
            ring = [*spikes, spikes[0]]  # crosses itself many times
    return {"type": "Polygon", "coordinates": [ring]}


def _calls(town: "Town", chance: random.Random) -> Iterator[Call]:
    new = {"address_id": str(town.ids["address"]), "building_no": "8幢"}
    paths = ("/v1/buildings", f"/v1/buildings/{town.ids['building']}/actions/correct")
    for number in range(COUNT):
        body = {"outline": _broken(chance, number // 2 % 16)} | (new if number % 2 == 0 else {})
        headers = {
            "authorization": f"Bearer {town.tokens['clerk']}", "content-type": "application/json",
            "if-match": '"1"', "idempotency-key": f"outline-{number}",
        }  # fmt: skip
        sent = tuple((name.encode(), value.encode()) for name, value in headers.items())
        yield Call("POST", paths[number % 2], headers=sent, body=json.dumps(body).encode())
    million = b"[121.4,31.1]," * 1_000_000
    huge = b'{"outline":{"type":"Polygon","coordinates":[[' + million + b"[121.4,31.1]]]}}"
    for path in paths:
        yield Call("POST", path, headers=sent, body=huge)


@pytest.mark.promise("P19")
def test_no_unsound_outline_is_stored(town: "Town", database: cluster.Urls) -> None:
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    state = "SELECT count(*) || md5(string_agg(ST_AsBinary(outline)::text, '' ORDER BY id)) FROM registry.building"
    before = town.sql(state)
    calls = list(_calls(town, random.Random(19)))
    started = time.perf_counter()
    replies = send_all(app, calls)
    seconds = time.perf_counter() - started
    statuses = Counter(reply.status for reply in replies)
    codes = Counter(json.loads(reply.body).get("code") for reply in replies)
    logger.info("%d outlines, %.1f s, %s, %s", len(calls), seconds, sorted(statuses.items()), codes)
    assert [
        call.body[:300]
        for call, reply in zip(calls, replies, strict=True)
        if reply.status not in range(400, 500)
    ] == []
    assert all(reply.headers["content-type"] == "application/problem+json" for reply in replies)
    assert replies[-1].status == replies[-2].status == 413
    assert town.sql(state) == before
    assert len(codes) >= 6
