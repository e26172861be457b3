"""P4: role, area and purpose decide over every call of the application, as its declared rule says."""

import logging
from collections import Counter
from uuid import UUID

import pytest

from api.app import create_app
from geo_registry import cluster, db
from geo_registry.access.rules import Permission, Role
from tests.api.asgi import Reply, send_all
from tests.api.conftest import Town
from tests.api.hostile import Hostility
from tests.api.test_acts import broken_commit
from tests.gates.matrix import Case, Matrix, asker, askers, code_of, shows
from tests.gates.surface import description, operations

__all__ = ["broken_commit"]
logger = logging.getLogger(__name__)

ENOUGH = 2_000
# Everybody sees where districts begin and what lies beneath the map, as on a street sign.
PUBLIC = ("/tiles/areas/", "/tiles/backdrop/")
# Rules beyond role and area: the block one answers for, the photo that was really taken.
STRICTER = {
    "/panels/my-block/{block_id}/boundary", "/v1/blocks/{block_id}/units", "/v1/housing-units/{unit_id}/visits",
    "/v1/photos/{sha256}",
}  # fmt: skip


def _refused(case: Case, reply: Reply) -> bool:
    """Tell whether the answer says that the role may not: for it a page does not exist."""
    if case.operation.is_page:
        return reply.status == 404
    return (reply.status, code_of(reply)) == (403, "not-allowed")


def _looked(case: Case, reply: Reply) -> bool:
    expected = {
        "missing": (403, "purpose-required"),
        "wrong": (403, "purpose-unknown"),
        "another role's": (403, "purpose-not-allowed"),
        "right": (200, "") if case.asker.area == "own" else (404, "not-found"),
    }[case.purpose]
    return reply.status == expected[0] and (case.operation.is_page or code_of(reply) == expected[1])


def _fits(case: Case, reply: Reply) -> bool:
    if not case.operation.is_for(case.asker.role):
        return _refused(case, reply)
    is_inside = case.asker.area == "own"
    if case.kind == "look":
        return _looked(case, reply)
    if is_inside and case.operation.path in STRICTER and reply.status in {403, 404}:
        return True
    if case.kind == "act":
        return reply.status in ({409, 412, 422} if is_inside else {403, 404})
    if case.kind == "object":
        return reply.status in ({200, 422} if is_inside else {404})
    return reply.status < 500 and (not is_inside or not _refused(case, reply))


def _is_wrong(case: Case, reply: Reply, ids: dict[str, UUID]) -> bool:
    is_hidden = case.asker.area != "own" and not case.call.path.startswith(PUBLIC)
    return not _fits(case, reply) or (is_hidden and reply.status < 400 and shows(case, reply, ids) != [])


@pytest.mark.promise("P4")
def test_every_page_and_call_declares_a_rule() -> None:
    found = operations()
    assert len(found) > 200
    assert [one.path for one in found if one.permission is None and not one.is_open] == []


@pytest.fixture
def matrix(town: Town, database: cluster.Urls) -> Matrix:
    return Matrix(town, Hostility(description(create_app(database.app)), town.ids, town.tokens, seed=4))


def _send(database: cluster.Urls, cases: list[Case]) -> list[Reply]:
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    return send_all(app, [case.call for case in cases])


@pytest.mark.promise("P4")
def test_who_owes_a_second_factor_reaches_the_own_account_alone(
    town: Town, matrix: Matrix, database: cluster.Urls
) -> None:
    owing = [asker(town, role, "own", is_confined=True) for role in (Role.OFFICER, Role.SECURITY_ADMIN)]
    found = [one for one in operations() if one.permission is not Permission.SESSION_OWN]
    cases = [case for one in found for who in owing for case in matrix.cases(one, who)]
    replies = _send(database, cases)
    let_in = [
        (str(case), reply.status)
        for case, reply in zip(cases, replies, strict=True)
        if reply.status not in {303, 403, 404} or shows(case, reply, town.ids)
    ]
    assert let_in == []
    assert len(cases) > 400


@pytest.mark.promise("P4")
@pytest.mark.usefixtures("broken_commit")
def test_role_area_and_purpose_decide_everywhere(town: Town, matrix: Matrix, database: cluster.Urls) -> None:
    everybody = askers(town)
    cases = [case for one in operations() for asker in everybody for case in matrix.cases(one, asker)]
    pairs = list(zip(cases, _send(database, cases), strict=True))
    wrong = [
        (str(case), reply.status, code_of(reply), shows(case, reply, town.ids))
        for case, reply in pairs
        if _is_wrong(case, reply, town.ids)
    ]
    assert wrong == []
    # The cases really meet something: own objects are shown, foreign ones are not.
    kinds = Counter((case.kind, case.asker.area, reply.status) for case, reply in pairs)
    logger.info("%d cases: %s", len(cases), sorted(kinds.items()))
    assert len(cases) >= ENOUGH
    assert sum(shows(case, reply, town.ids) != [] for case, reply in pairs) > 300
    assert kinds["object", "own", 200] > 200
    assert kinds["object", "other", 404] > 200
    assert kinds["act", "own", 422] > 100
    assert kinds["look", "own", 200] > 20
