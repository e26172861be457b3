"""P3: what looks like SQL is text, in every string that a call takes, the names of questions too."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice

import psycopg
import pytest

from api.app import create_app
from geo_registry import cluster
from geo_registry.access.rules import Role
from tests.api.asgi import Call, answers
from tests.api.conftest import Town
from tests.api.hostile import Hostility
from tests.api.test_acts import broken_commits
from tests.gates.injection import Payload, Place, payloads, places, told
from tests.gates.matrix import Case, Matrix, askers
from tests.gates.surface import Operation, description, operations

logger = logging.getLogger(__name__)
Trial = tuple[Case, Place, Payload]
# The server's own statements; those of other processes and of the test are not its.
SHAPES = """
    SELECT queryid, query FROM gate.pg_stat_statements s
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%gate.%'
"""


# What is read piece by piece has a cursor with a name of its own each time.
_CURSOR = re.compile(r'"c_[0-9a-f_]+"|FORWARD \d+')


@pytest.fixture(scope="module")
def shapes(database: cluster.Urls) -> Iterator[psycopg.Connection]:
    """Give a connection that sees the shape of every statement, nested ones too."""
    url = cluster.superuser_url(database=database.owner.rpartition("/")[2])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA gate; CREATE EXTENSION pg_stat_statements SCHEMA gate")
        yield connection
        connection.execute("DROP SCHEMA gate CASCADE")


@pytest.fixture(scope="module")
def cases(town: Town, database: cluster.Urls) -> list[tuple[Operation, Case, list[Place]]]:
    """Make one well-formed call of every operation, by a role that may make it, with its places for strings."""
    maker = Hostility(description(create_app(database.app)), town.ids, town.tokens, seed=3)
    matrix = Matrix(town, maker)
    inside = {asker.role: asker for asker in askers(town) if asker.area == "own"}
    found = []
    for operation in operations():
        role = next((role for role in Role if operation.is_for(role)), Role.CLERK)
        case = next(matrix.cases(operation, inside[role]), None)
        if case is not None:
            found.append((operation, case, list(places(operation, case.call, maker.schemas))))
    return found


def _trials(cases: list[tuple[Operation, Case, list[Place]]], each: int) -> Iterator[Trial]:
    """Yield trials of every place, each with some payloads; all payloads go round."""
    turn = cycle(payloads())
    for _, case, found in cases:
        for place in found:
            for payload in islice(turn, each):
                yield case, place, payload


def _filled(trials: list[Trial], which: str) -> list[Call]:
    return [
        place.filled(case.call, case.operation, getattr(payload, which)) for case, place, payload in trials
    ]


@contextmanager
def _every_look_reviewed(shapes: psycopg.Connection) -> Iterator[None]:
    """Draw every look for a review, else that statement would be known or new by chance."""
    held = shapes.execute("SELECT pg_get_functiondef('registry.intent'::regproc)").fetchone()
    assert held is not None
    assert held[0].count("< 1311") == 1
    shapes.execute(held[0].replace("< 1311", "< 65536"))
    try:
        yield
    finally:
        shapes.execute(held[0])


def _hold(town: Town, database: cluster.Urls, shapes: psycopg.Connection, trials: list[Trial]) -> None:
    """Send every payload, its double and its twin: no failure, no difference, no statement that is new."""
    shapes.execute("SELECT gate.pg_stat_statements_reset()")
    with broken_commits(town):
        with _every_look_reviewed(shapes):
            answers(database, [case.call for case, _, _ in trials[::20]])
        answers(database, _filled(trials, "twin"))
        known: dict[int, str] = dict(shapes.execute(SHAPES).fetchall())
        holds = answers(database, _filled(trials, "true"))
        fails = answers(database, _filled(trials, "false"))
        differing = [
            (trial, told(one, trial[2]))
            for trial, one, other in zip(trials, holds, fails, strict=True)
            if told(one, trial[2]) != told(other, trial[2])
        ]
        texts = {_CURSOR.sub("cursor", query) for query in known.values()}
        new = {
            query for shape, query in shapes.execute(SHAPES).fetchall()
            if shape not in known and _CURSOR.sub("cursor", query) not in texts
        }  # fmt: skip
        tried = [trial for trial, _ in differing]
        again, twins, others = (
            answers(database, _filled(tried, kind)) for kind in ("true", "twin", "false_twin")
        )
    # No sign of SQL: an answer that is never the same twice, as the state of the audit, and one in which the two
    # numbers make the difference without any sign of SQL around them, as in a search.
    steady = [
        (str(trial[0]), trial[1], trial[2].true)
        for (trial, first), *more in zip(differing, again, twins, others, strict=True)
        if told(more[0], trial[2]) == first and told(more[1], trial[2]) == told(more[2], trial[2])
    ]
    failed = [
        (str(trial[0]), trial[1], trial[2].true, reply.status)
        for trial, *replies in zip(trials, holds, fails, strict=True)
        for reply in replies
        if reply.status >= 500
    ]
    statuses = {reply.status for reply in holds}
    logger.info("%d trials, %d known shapes, statuses %s", len(trials), len(known), sorted(statuses))
    assert failed == []
    assert steady == []
    assert len(differing) < len(trials) / 50
    assert new == set()
    assert len(known) > 150
    assert any("INTO look_review" in query for query in known.values())
    assert {200, 403, 422} <= statuses


def test_a_string_pasted_into_a_statement_would_be_seen(shapes: psycopg.Connection) -> None:
    pasted = "SELECT count(*) FROM registry.account WHERE login = '{}'"
    shapes.execute(pasted.format("du"))
    known: dict[int, str] = dict(shapes.execute(SHAPES).fetchall())
    shapes.execute(pasted.format("lin"))
    assert dict(shapes.execute(SHAPES).fetchall()).keys() == known.keys()
    shapes.execute(pasted.format(payloads()[26].true))
    assert len(dict(shapes.execute(SHAPES).fetchall())) == len(known) + 1


@pytest.mark.promise("P3")
def test_no_string_changes_a_statement(
    town: Town,
    database: cluster.Urls,
    shapes: psycopg.Connection,
    cases: list[tuple[Operation, Case, list[Place]]],
) -> None:
    trials = list(_trials(cases, each=2))
    assert len({payload for _, _, payload in trials}) >= 300
    assert len({(case.operation.path, place) for case, place, _ in trials}) > 400
    _hold(town, database, shapes, trials)


@pytest.mark.deep
@pytest.mark.promise("P3")
def test_no_payload_changes_a_statement_in_any_free_text(
    town: Town,
    database: cluster.Urls,
    shapes: psycopg.Connection,
    cases: list[tuple[Operation, Case, list[Place]]],
) -> None:
    found = [(case, place) for _, case, all_places in cases for place in all_places]
    with broken_commits(town):
        probes = [place.filled(case.call, case.operation, "映月路") for case, place in found]
        # Ids, dates and closed lists are refused before any statement.
        free = [
            pair
            for pair, reply in zip(found, answers(database, probes), strict=True)
            if reply.status not in {400, 404, 422}
        ]
    assert len(free) > 100
    _hold(town, database, shapes, [(*pair, payload) for pair in free for payload in payloads()])
