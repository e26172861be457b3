"""What is refused early: a renewal far from its day, and a document in work elsewhere, of which the check alone tells more."""

import datetime as dt
from typing import Any

import pytest

from geo_registry.access import cipher
from geo_registry.errors import Conflict
from geo_registry.registration import reads
from tests.registration.conftest import Desk, citizen_number, sheet

ENDS = """SELECT r.id, g.expires_on FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id
    JOIN registry.person p ON p.id = r.person_id WHERE p.id_index = :index AND g.status = 'active'"""


@pytest.mark.requirement("R22", "R81")
def test_a_registration_is_renewed_from_thirty_days_before_its_end_on(desk: Desk) -> None:
    number = citizen_number()
    home = desk.row(desk.registered(sheet(id_number=number))).unit_id
    later: dict[str, Any] = {"action": "renew", "form": "change_cancel", "unit": home}
    index = cipher.blind_index("111", number)
    lives = desk.one(ENDS, index=index)
    ends = desk.one(ENDS.replace("r.id, ", ""), index=index)
    case = desk.open(**later).id
    desk.fill(case, {"residence_id": lives})
    with pytest.raises(Conflict) as early:
        desk.submit(case)
    assert (early.value.code, early.value.facts["field"]) == ("renewal-early", "forms.1.residence_id")
    assert f"{ends - dt.timedelta(days=30)} 起可以续期" in early.value.detail
    desk.near_its_end(lives)
    desk.submit(case)
    desk.passed(case)
    assert desk.one(ENDS.replace("r.id, ", ""), index=index) > ends
    again = desk.open(**later).id
    desk.fill(again, {"residence_id": lives})
    with pytest.raises(Conflict, match="起可以续期"):
        desk.submit(again)
    desk.judge("clerk", again, "void")


@pytest.mark.requirement("R85")
def test_where_a_document_is_in_work_is_told_by_a_look_alone(desk: Desk) -> None:
    number, first, case = citizen_number(), desk.open(), desk.open().id
    far = desk.open("distant", unit=desk.ids["distant_unit"]).id
    desk.fill(first.id, sheet(id_number=number))
    told = []
    for login, own in (("clerk", case), ("distant", far)):
        with pytest.raises(Conflict) as held:
            desk.fill(own, sheet(id_number=number), login=login)
        told.append((held.value.code, held.value.detail))
    assert told[0] == told[1]
    assert told[0][0] == "document-held"
    assert first.serial not in told[0][1]
    checked = reads.check_person(desk.app, desk.look("clerk"), case, "111", number)
    assert (checked.has_open, checked.open_serial) == (True, first.serial)
    action = "SELECT action FROM registry.audit WHERE id = :id"
    assert desk.one(action, id=checked.audit_id) == "check"
    assert reads.check_person(desk.app, desk.look("distant"), far, "111", number).open_serial is None
