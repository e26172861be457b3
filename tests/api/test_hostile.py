"""P1: no input yields a server error, and none is echoed."""

import json
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from api.app import create_app
from geo_registry import cluster, db
from tests.api.asgi import send_all
from tests.api.hostile import ECHO, Hostility

if TYPE_CHECKING:
    from tests.api.conftest import Town

logger = logging.getLogger(__name__)
COUNT, SECONDS = 10_000, 60
ENOUGH = {400, 401, 403, 404, 409, 412, 413, 415, 422, 428}


@pytest.mark.promise("P1")
def test_no_input_yields_a_server_error(town: "Town", database: cluster.Urls) -> None:
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    hostility = Hostility(app.openapi(), town.ids, town.tokens, seed=20261120)
    calls = list(hostility.calls(COUNT))
    # Processor time: what else runs on the machine is not measured.
    started = time.process_time()
    replies = send_all(app, calls)
    seconds = time.process_time() - started
    failed = [(call, reply) for call, reply in zip(calls, replies, strict=True) if reply.status >= 500]
    echoed = [reply.body for reply in replies if reply.status >= 400 and ECHO.encode() in reply.body]
    problems = [json.loads(reply.body) for reply in replies if reply.status >= 400]
    kinds = Counter((problem["status"], problem["code"]) for problem in problems)
    statuses = Counter(reply.status for reply in replies)
    logger.info("%d inputs, %.1f s, %s, %d kinds", COUNT, seconds, sorted(statuses.items()), len(kinds))
    assert failed == []
    assert echoed == []
    assert statuses.keys() >= ENOUGH, statuses
    assert len(kinds) >= 20, kinds
    assert statuses[200] + statuses[201] < COUNT / 2
    assert len(problems) > COUNT / 2
    assert seconds <= SECONDS
