"""Referrals to the permit desk over HTTP, from the registration to the endorsed permit."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from geo_registry.access import cipher
from geo_registry.db import today
from tests.api.conftest import NUMBER

if TYPE_CHECKING:
    from tests.api.conftest import Town

PURPOSE = {"Access-Purpose": "01; case=J2601-900001"}


def _referral(town: "Town") -> tuple[dict[str, Any], httpx.Response]:
    body = {"id_type": "111", "id_number": NUMBER}
    reply = town.call("permit_desk", "POST", "/v1/permits/lookup", json=body, headers=PURPOSE)
    assert reply.status_code == 200, reply.text
    return reply.json(), reply


@pytest.mark.requirement("R101")
def test_a_permit_from_its_referral_to_its_endorsement(town: "Town") -> None:
    found, reply = _referral(town)
    assert (found["name"], found["id_tail"], reply.headers["audit-id"]) == ("张**", "2X", found["audit_id"])
    (registered,) = (row for row in found["registrations"] if row["id"] == str(town.ids["registered"]))
    assert registered["may_refer"] is True
    made = town.act("permit_desk", "/v1/permits", {"registration_id": registered["id"]})
    assert made.status_code == 201, made.text
    again = town.act("permit_desk", "/v1/permits", {"registration_id": registered["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "already-referred")
    path = f"/v1/permits/{made.json()['id']}/actions/"
    term = {"issued_on": str(today()), "expires_on": str(today().replace(year=today().year + 1, day=1))}
    later = str(today().replace(year=today().year + 2, day=1))
    early = town.act("permit_desk", f"{path}issue", {"number": "JZ310112000042", **term}, 1)
    assert (early.status_code, early.json()["code"]) == (409, "permit-state")
    assert town.act("permit_desk", f"{path}accept", {}, 1).status_code == 200
    backwards = town.act(
        "permit_desk", f"{path}issue", {"number": "JZ310112000042", **term, "expires_on": "2020-01-01"}, 2
    )
    assert (backwards.status_code, backwards.json()["code"]) == (422, "expires-on-invalid")
    assert town.act("permit_desk", f"{path}issue", {"number": "JZ310112000042", **term}, 2).status_code == 200
    assert town.act("permit_desk", f"{path}endorse", {"expires_on": later}, 3).status_code == 200
    (row,) = (one for one in _referral(town)[0]["referrals"] if one["id"] == made.json()["id"])
    assert (row["status"], row["tail"], row["expires_on"], row["version"]) == ("endorsed", "0042", later, 4)
    assert row["archive_number"].startswith(f"Z{today().year}-")
    assert (row["registration_id"], row["unit"]) == (registered["id"], "映月路8号402室")
    assert [event["verb"] for event in row["events"]] == ["refer", "accept", "issue", "endorse"]
    sealed = town.sql(
        "SELECT permit_number FROM registry.permit_referral WHERE id = :id", id=made.json()["id"]
    )
    number = cipher.open_("permit_referral", "permit_number", UUID(made.json()["id"]), bytes(sealed))
    assert number == "JZ310112000042"
    assert number not in reply.text


@pytest.mark.requirement("R101")
def test_archive_numbers_rise_and_a_refusal_says_why(town: "Town") -> None:
    accepted = town.act("permit_desk", "/v1/permits/{referral}/actions/accept".format(**town.ids), {}, 1)
    assert accepted.status_code == 200, accepted.text
    shown = town.call("permit_desk", "GET", "/v1/permits/{referral}").json()
    assert shown["archive_number"]
    assert "person_id" not in shown
    path = "/v1/permits/{referral}/actions/refuse".format(**town.ids)
    number = town.act("permit_desk", path, {"reason": f"与{NUMBER}不符"}, 2)
    assert (number.status_code, number.json()["code"]) == (422, "reason-missing")
    refused = town.act("permit_desk", path, {"reason": "居住未满半年"}, 2)
    assert refused.status_code == 200, refused.text
    assert town.call("entry_clerk", "GET", "/v1/permits/{referral}").status_code == 403
