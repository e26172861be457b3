"""A slip is verified by its number and check: valid or not, and the day; never a person, a place, or why."""

import httpx
import pytest

from geo_registry.db import today
from geo_registry.registration.slips import slip_check
from tests.registration.conftest import Desk, citizen_number, sheet

pytestmark = pytest.mark.commits
SLIP = "SELECT slip_number FROM registry.case_person WHERE case_id = :id"


def ask(public: httpx.Client, number: str, check: str) -> str:
    reply = public.post("/slip", data={"number": number, "check": check})
    assert reply.status_code == 200, reply.text
    return reply.text


@pytest.mark.requirement("R21", "R65")
def test_a_slip_is_valid_as_long_as_its_registration(public: httpx.Client, desk: Desk) -> None:
    desk.one("DELETE FROM registry.sign_in_failure")
    number = citizen_number()
    case = desk.submitted(sheet(id_number=number))
    slip = desk.one(SLIP, id=case)
    check = slip_check(slip)
    waiting = ask(public, slip, check)
    assert '<h2 id="slip-title">无效</h2>' in waiting
    desk.passed(case)
    ends = "SELECT g.expires_on FROM registry.registration g JOIN registry.case_person f ON f.id = g.case_person_id WHERE f.case_id = :id"
    shown = ask(public, slip.lower(), f" {check.lower()} ")
    assert '<h2 id="slip-title">有效</h2>' in shown
    assert str(desk.one(ends, id=case)) in shown
    for kept in (number, "陈小满", "陈", desk.row(case).unit_text):
        assert kept not in shown
    # A wrong check, a wrong number and one that waits have one answer.
    same = {
        ask(public, *pair).replace(pair[0], "")
        for pair in ((slip, "11111111"), ("P2601-999999", slip_check("P2601-999999")), ("?", "x"))
    }
    assert same == {waiting.replace(slip, "")}
    desk.one(
        "UPDATE registry.registration SET status = 'cancelled', ended_on = CURRENT_DATE WHERE case_person_id ="
        " (SELECT id FROM registry.case_person WHERE case_id = :id)",
        id=case,
    )
    ended = ask(public, slip, check)
    assert "无效" in ended
    assert f"<dt>失效日期</dt><dd>{today()}</dd>" in ended


def test_checks_are_not_guessed(public: httpx.Client, desk: Desk) -> None:
    desk.one("DELETE FROM registry.sign_in_failure")
    asked = [
        public.post("/slip", data={"number": "P2611-000001", "check": f"{n:08}"}).status_code
        for n in range(32)
    ]
    assert asked == [200] * 30 + [429] * 2
    assert public.get("/slip").status_code == 200
