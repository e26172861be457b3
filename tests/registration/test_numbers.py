"""Numbers on paper grow beyond their first width, and stay numbers of one thing each; days are those of the register."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access.viewer import enter
from geo_registry.db import today, transaction
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.registration import papers, permits, sheets, volumes
from tests.registration.conftest import Desk, sheet

pytestmark = pytest.mark.requirement("R21", "R24")
FULL = "SELECT setval('registry.{}', {})"


def acted(desk: Desk, login: str, act: Any, *given: Any, **more: Any) -> Any:  # noqa: ANN401  (any act)
    """Do one act of a login."""
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        return act(session, enter(session, token), token, *given, **more)


def test_a_million_cases_and_slips_are_followed_by_more(desk: Desk) -> None:
    for name in ("case_number", "slip_number"):
        desk.one(FULL.format(name, 999_998))
    cases = [desk.submitted() for _ in range(4)]
    told = "SELECT serial, slip_number FROM registry.case_person f JOIN registry.registration_case c ON c.id = f.case_id WHERE c.id = :id"
    with desk.owner.connect() as connection:
        rows = [connection.execute(text(told), {"id": case}).one() for case in cases]
    month = f"{today():%y%m}"
    wanted = ["999999", "1000000", "1000001", "1000002"]
    assert [row.serial for row in rows] == [f"J{month}-{n}" for n in wanted]
    assert [row.slip_number for row in rows] == [f"P{month}-{n}" for n in wanted]


def test_sheets_of_seven_and_of_eight_digits_are_told_apart(desk: Desk) -> None:
    given = {"form": "incomer_registration", "issued_to": desk.ids["coordinator"], "area_id": desk.ids["c"]}
    desk.one(FULL.format("sheet_number", 1_000_000))
    acted(desk, "clerk", sheets.issue_sheets, count=1, **given)
    desk.one(FULL.format("sheet_number", 10_000_009))
    acted(desk, "clerk", sheets.issue_sheets, count=3, **given)
    year = f"L{today():%y}-"
    found = desk.one("SELECT array_agg(number ORDER BY number) FROM registry.form_sheet")
    assert found == [f"{year}{n}" for n in ("1000001", "10000010", "10000011", "10000012")]
    moved = acted(
        desk, "clerk", sheets.move_sheets, step="returned", first=f"{year}1000001", last=f"{year}1000009"
    )
    assert moved.version == 1
    with pytest.raises(RuleBroken):
        acted(
            desk, "clerk", sheets.move_sheets, step="returned", first=f"{year}1000001", last=f"{year}10000012"
        )
    with pytest.raises(NotFound):
        acted(desk, "clerk", sheets.move_sheets, step="returned", first=f"{year}1000002")


def test_volumes_and_archives_count_on(desk: Desk) -> None:
    def number_of(made: Any) -> str:  # noqa: ANN401  (what an act answers)
        return str(desk.one("SELECT number FROM registry.archive_volume WHERE id = :id", id=made.id))

    def opened() -> str:
        return number_of(acted(desk, "clerk", volumes.open_volume, title="登记表", area_id=desk.ids["c"]))

    assert re.fullmatch(r"\d{4}-0001", opened())
    desk.one("UPDATE registry.archive_volume SET number = left(number, 5) || '9999'")
    assert [opened()[5:], opened()[5:]] == ["10000", "10001"]
    accepted: list[str] = []
    desk.one("UPDATE registry.account SET role = 'permit_desk' WHERE login = 'quality'")
    for turn in range(3):
        case = desk.registered(sheet())
        person = desk.one("SELECT person_id FROM registry.case_person WHERE case_id = :c", c=case)
        own: UUID = desk.one("SELECT id FROM registry.permit_referral WHERE person_id = :p", p=person)
        acted(desk, "quality", permits.keep_permit, own, step="accepted", version=1)
        known = "SELECT archive_number FROM registry.permit_referral WHERE id = :id"
        accepted.append(desk.one(known, id=own))
        if not turn:
            desk.one(
                "UPDATE registry.permit_referral SET archive_number = left(archive_number, 6) || '999999' WHERE id = :id",
                id=own,
            )
    assert [one[6:] for one in accepted] == ["000001", "1000000", "1000001"]


def test_a_slip_tells_the_day_that_the_register_has(desk: Desk) -> None:
    case = desk.submitted()
    form: UUID = desk.one("SELECT id FROM registry.case_person WHERE case_id = :c", c=case)

    def told() -> tuple[object, ...]:
        _, shown = papers.told_of(desk.app, desk.look("officer"), case, form, "slip")
        return shown["expires_on"], shown["ended_on"], shown["term_months"]

    assert told() == (None, None, 12)
    desk.passed(case)
    day = desk.one("SELECT expires_on FROM registry.registration WHERE case_person_id = :f", f=form)
    assert told() == (str(day), None, 12)
    ending = "UPDATE registry.registration SET status = 'cancelled', ended_on = CURRENT_DATE WHERE case_person_id = :f"
    desk.one(ending, f=form)
    assert told() == (str(day), str(today()), 12)
