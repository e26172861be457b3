"""P4 and P23: role, area and purpose decide over every call as its declared rule says, and masks hold in every answer."""

import logging
import re
from collections import Counter
from uuid import UUID

import pytest

from api.app import create_app
from geo_registry import cluster
from geo_registry.access.rules import ALLOWED, Permission, Role
from tests.api.asgi import Reply, answers
from tests.api.conftest import Town
from tests.api.hostile import Hostility
from tests.api.test_acts import broken_commits
from tests.gates.matrix import Case, Matrix, asker, askers, code_of, is_inside, shows
from tests.gates.surface import description, operations

logger = logging.getLogger(__name__)

ENOUGH = 2_000
# Everybody sees where districts begin and what lies beneath the map, as on a street sign; the audit of an area
# tells what its accounts have asked for, wherever that lies.
PUBLIC = ("/tiles/areas/", "/tiles/backdrop/", "/v1/audit")
OWN_LOOKS = {"/account", "/v1/account/looks"}
# Purposes and forms belong to no area.
AREALESS = {"/v1/purposes/{code}", "/v1/registration-forms/{form}/schema", "/p/{signed}"}
# Rules beyond role and area: the block one answers for, the photo that was really taken, the request that is
# one's own, the area that one could grant oneself, the second factor that was shown just now.
STRICTER = {
    "/panels/my-block/{block_id}/boundary", "/v1/blocks/{block_id}/units", "/v1/housing-units/{unit_id}/visits",
    "/v1/photos/{sha256}", "/v1/disclosures", "/v1/disclosures/{disclosure_id}",
    "/v1/emergencies", "/v1/disclosures/{disclosure_id}/actions/withdraw", "/v1/accounts/{account_id}/actions/grant",
    "/v1/registrations", "/v1/registrations/{case_id}", "/v1/registrations/{case_id}/open", "/v1/registrations/{case_id}/check",
    "/v1/registrations/{case_id}/papers", "/registrations/{case_id}",
    "/v1/registrations/{case_id}/actions/fill", "/v1/registrations/{case_id}/actions/submit",
    "/v1/registrations/{case_id}/actions/void",
}  # fmt: skip
# Beyond role and area here: a coordinator works in own blocks alone, a volunteer sees own tips.
OF_DWELLINGS = ("/v1/verifications", "/v1/dwelling-notes", "/v1/tips", "/verifications/")
# Who does not edit plates sees the own reports; those of the town are another's.
OF_ANOTHER = "/v1/plate-reports/{report_id}"
# An identity number, its birth date, a phone number, a full name: none may leave unasked.
CLEAR = re.compile(
    r"(?<![\w-])(?:\d{17}[\dXx]|1[3-9]\d{9})(?![\w-])|1949-?12-?31|小满".encode(),
)


def _is_reveal(case: Case) -> bool:
    """Tell whether the case asks for fields in full, stated and within role and area."""
    is_granted = case.purpose == "right" and case.asker.area == "own"
    # Whoever merges compares two records in full, on the record; the list of pairs stays masked.
    is_compared = case.operation.path == "/v1/lineages/{lineage_id}/open"
    in_full = case.operation.permission in {Permission.PERSON_REVEAL, Permission.CASE_OPEN}
    return (in_full or is_compared) and is_granted


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


def _is_stricter(case: Case) -> bool:
    """Tell whether a rule beyond role and area may refuse the case."""
    is_narrow = case.asker.role in {Role.COORDINATOR, Role.VOLUNTEER}
    return case.operation.path in STRICTER or (is_narrow and case.operation.path.startswith(OF_DWELLINGS))


def _is_anothers(case: Case) -> bool:
    return case.operation.path == OF_ANOTHER and Permission.PLATE_EDIT not in ALLOWED[case.asker.role]


def _fits(case: Case, reply: Reply) -> bool:
    if not case.operation.is_for(case.asker.role):
        return _refused(case, reply)
    if is_inside(case) and _is_stricter(case) and reply.status in {403, 404}:
        return True
    if case.kind == "look":
        return _looked(case, reply)
    if case.kind == "act":
        return reply.status in ({409, 412, 422} if is_inside(case) else {403, 404})
    if case.kind == "object" and case.operation.path not in AREALESS:
        return reply.status in ({200, 422} if is_inside(case) and not _is_anothers(case) else {404})
    return reply.status < 500 and (not is_inside(case) or not _refused(case, reply))


def _is_wrong(case: Case, reply: Reply, ids: dict[str, UUID]) -> bool:
    if not _fits(case, reply):
        return True
    # One's own looks name the ids one has asked for, and nothing that was refused.
    unknown = {} if case.operation.path in OWN_LOOKS else ids
    is_hidden = not is_inside(case) and not case.call.path.startswith(PUBLIC)
    return is_hidden and reply.status < 400 and shows(case, reply, unknown) != []


@pytest.mark.promise("P4")
def test_every_page_and_call_declares_a_rule() -> None:
    found = operations()
    assert len(found) > 200
    assert [one.path for one in found if one.permission is None and not one.is_open] == []


@pytest.fixture(scope="module")
def matrix(town: Town, database: cluster.Urls) -> Matrix:
    return Matrix(town, Hostility(description(create_app(database.app)), town.ids, town.tokens, seed=4))


def _answers(database: cluster.Urls, cases: list[Case]) -> list[tuple[Case, Reply]]:
    return list(zip(cases, answers(database, [case.call for case in cases]), strict=True))


@pytest.fixture(scope="module")
def answered(town: Town, matrix: Matrix, database: cluster.Urls) -> list[tuple[Case, Reply]]:
    """Send every case; no act is kept, so that each meets the same town."""
    everybody = askers(town)
    cases = [case for one in operations() for asker in everybody for case in matrix.cases(one, asker)]
    with broken_commits(town):
        return _answers(database, cases)


@pytest.mark.promise("P4")
def test_role_area_and_purpose_decide_everywhere(town: Town, answered: list[tuple[Case, Reply]]) -> None:
    wrong = [
        (str(case), reply.status, code_of(reply), shows(case, reply, town.ids))
        for case, reply in answered
        if _is_wrong(case, reply, town.ids)
    ]
    assert wrong == []
    # The cases really meet something: own objects are shown, foreign ones are not.
    kinds = Counter((case.kind, case.asker.area, reply.status) for case, reply in answered)
    logger.info("%d cases: %s", len(answered), sorted(kinds.items()))
    assert len(answered) >= ENOUGH
    assert sum(shows(case, reply, town.ids) != [] for case, reply in answered) > 300
    assert kinds["object", "own", 200] > 200
    assert kinds["object", "other", 404] > 200
    assert kinds["act", "own", 422] > 100
    assert kinds["look", "own", 200] > 20


@pytest.mark.promise("P23")
def test_no_answer_shows_what_masks_hide(answered: list[tuple[Case, Reply]]) -> None:
    clear = [
        (str(case), found)
        for case, reply in answered
        if (found := CLEAR.findall(reply.body)) and not _is_reveal(case)
    ]
    assert clear == []
    masked = [case for case, reply in answered if "张**".encode() in reply.body]
    assert len({case.operation.path for case in masked}) >= 5
    assert {case.asker.role for case in masked} == {
        role for role in Role if {Permission.OCCUPANTS_LOOK, Permission.PERSON_LOOK} & ALLOWED[role]
    }


@pytest.mark.promise("P23")
@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_reveal_reads_a_number(town: Town, role: Role) -> None:
    body = {"fields": ["name", "id_number", "phone"]}
    headers = {"Access-Purpose": "zx; case=2026-0001"}
    answer = town.call(role, "POST", "/v1/persons/{person}/reveal", json=body, headers=headers)
    may = Permission.PERSON_REVEAL in ALLOWED[role]
    assert answer.status_code == (200 if may else 403)
    assert bool(CLEAR.findall(answer.content)) is may


@pytest.mark.promise("P4")
def test_who_owes_a_second_factor_reaches_the_own_account_alone(
    town: Town, matrix: Matrix, database: cluster.Urls
) -> None:
    owing = [asker(town, role, "own", is_confined=True) for role in (Role.OFFICER, Role.SECURITY_ADMIN)]
    found = [one for one in operations() if one.permission is not Permission.SESSION_OWN]
    cases = [case for one in found for who in owing for case in matrix.cases(one, who)]
    let_in = [
        (str(case), reply.status)
        for case, reply in _answers(database, cases)
        if reply.status not in {303, 403, 404} or shows(case, reply, town.ids)
    ]
    assert let_in == []
    assert len(cases) > 400
