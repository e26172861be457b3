"""Thirty-two clerks and the same documents: nobody is registered twice, no form is entered twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from geo_registry.access import cipher
from geo_registry.errors import RegistryError
from tests.registration.conftest import Desk, citizen_number, sheet

CLERKS, DOCUMENTS = 32, 6
STATE = """
    SELECT (SELECT count(*) FROM registry.person p WHERE p.id_index = :index),
      (SELECT count(*) FROM registry.registration g JOIN registry.person p ON p.id = g.person_id
       WHERE p.id_index = :index AND g.status NOT IN ('cancelled', 'expired', 'changed')),
      (SELECT count(*) FROM registry.case_person f JOIN registry.registration_case c ON c.id = f.case_id
       WHERE f.id_index = :index AND c.status NOT IN ('active', 'void'))
"""


def _enter(desk: Desk, unit: UUID, number: str) -> str:
    """Go the whole way with one document; answer how it ended."""
    case = desk.open(unit=unit).id
    try:
        desk.fill(case, sheet(id_number=number))
        desk.submit(case)
        desk.passed(case)
    except RegistryError as refusal:
        return refusal.code
    return "done"


@pytest.mark.promise("P14")
@pytest.mark.requirement("R1", "R85")
@pytest.mark.parametrize("in_one_room", [True, False])
def test_no_document_is_registered_twice(desk: Desk, *, in_one_room: bool) -> None:
    numbers = [citizen_number() for _ in range(DOCUMENTS)]
    home = next(desk.rooms)
    tries = [(home if in_one_room else next(desk.rooms), number) for number in numbers for _ in range(CLERKS)]
    with ThreadPoolExecutor(CLERKS) as clerks:
        ended = Counter(clerks.map(lambda one: _enter(desk, *one), tries))
    assert ended["done"] == DOCUMENTS, ended
    # Whoever came second was told why: still open elsewhere, registered here, or living elsewhere since that very day.
    # A person who was entered between two steps of another clerk is entered anew.
    told = {"document-held", "already-registered", "lives-elsewhere-later", "person-changed"}
    assert set(ended) <= {"done", *told}, ended
    assert ended["document-held"] > DOCUMENTS
    for number in numbers:
        with desk.owner.connect() as connection:
            found = connection.exec_driver_sql(
                STATE.replace(":index", "%(index)s"), {"index": cipher.blind_index("111", number)}
            ).one()
        persons, live, still_open = found
        assert (persons, live) == (1, 1)
        assert still_open <= 1


@pytest.mark.requirement("R85")
def test_two_households_entered_at_once_in_either_order_do_not_lock_each_other(desk: Desk) -> None:
    numbers = [citizen_number() for _ in range(10)]
    cases = [desk.open().id for _ in range(16)]

    def fill(place: int) -> str:
        order = numbers if place % 2 else numbers[::-1]
        forms = [sheet(id_number=number, relation_to_head="8") for number in order]
        try:
            desk.fill(cases[place], *forms)
        except RegistryError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(16) as clerks:
        assert Counter(clerks.map(fill, range(16))) == {"done": 1, "document-held": 15}
