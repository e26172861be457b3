"""Premises: registered with their place alone, checked, counted in full, found by name (R62, R66)."""

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken, Stale
from geo_registry.housing.tables import Building
from geo_registry.person.rules import credit_check_character
from geo_registry.premises import reads, rules, writes
from tests.factories import (
    make_account,
    make_address,
    make_building,
    make_community,
    make_street,
    make_unit,
    make_viewer,
)

CODE = "91310000MA1FL0Q54"
CODE += credit_check_character(CODE)


@pytest.fixture
def community(session: Session) -> Division:
    return make_community(session)


@pytest.fixture
def building(session: Session, community: Division) -> Building:
    return make_building(
        session, address=make_address(session, 8, street=make_street(session, community=community))
    )


@pytest.fixture
def keeper(session: Session, community: Division) -> Viewer:
    account = make_account(session, division=community, role="clerk", name="林某")
    return make_viewer("clerk", [community.township_id], account_id=account.id)  # type: ignore[list-item]


@pytest.mark.requirement("R66")
def test_the_life_of_an_organisation(session: Session, keeper: Viewer, building: Building) -> None:
    unit = make_unit(session, building)
    done = writes.register_premises(
        session,
        keeper,
        building_id=building.id,
        name=" 望澜 书店 ",
        organisation_code=CODE.lower(),
        unit_id=unit.id,
    )
    row = reads.one_premises(session, keeper, done.id)
    assert (row.name, row.organisation_code, row.unit_text) == ("望澜 书店", CODE, "101室")
    assert row.checked_on is None
    with pytest.raises(Conflict):
        writes.register_premises(
            session, keeper, building_id=building.id, name="另一家", organisation_code=CODE
        )
    assert row.state_title == "在册"


@pytest.mark.requirement("R66")
def test_acts_on_an_organisation(session: Session, keeper: Viewer, building: Building) -> None:
    done = writes.register_premises(session, keeper, building_id=building.id, name="望澜书店")
    with pytest.raises(Stale):
        writes.check_premises(session, keeper, premises_id=done.id, version=done.version + 1)
    done = writes.check_premises(session, keeper, premises_id=done.id, version=done.version)
    assert reads.one_premises(session, keeper, done.id).checked_on == today()
    done = writes.correct_premises(
        session,
        keeper,
        premises_id=done.id,
        version=done.version,
        name="望澜书店总店",
        organisation_code=CODE,
    )
    assert reads.one_premises(session, keeper, done.id).name == "望澜书店总店"
    done = writes.retire_premises(session, keeper, premises_id=done.id, version=done.version)
    for act in (writes.check_premises, writes.correct_premises, writes.retire_premises):
        with pytest.raises(Conflict, match="premises-ended"):
            act(session, keeper, premises_id=done.id, version=done.version)
    assert reads.premises(session, keeper).rows == ()
    assert len(reads.premises(session, keeper, state="retired").rows) == 1


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": "一"}, "name-length", "name"),
        ({"organisation_code": "91310000MA1FL0Q54"}, "credit-format", "organisation_code"),
        (
            {"organisation_code": CODE[:-1] + ("A" if CODE[-1] != "A" else "B")},
            "credit-check",
            "organisation_code",
        ),
        ({"checked_on": dt.date(2020, 1, 1)}, "day-invalid", "checked_on"),
    ],
)
def test_a_fault_names_its_field(
    session: Session, keeper: Viewer, building: Building, given: dict[str, object], code: str, field: str
) -> None:
    values = {"building_id": building.id, "name": "望澜书店", **given}
    with pytest.raises(RuleBroken, match=code) as refused:
        writes.register_premises(session, keeper, **values)  # type: ignore[arg-type]
    assert refused.value.facts["field"] == field


def test_a_room_of_another_building_is_refused(session: Session, keeper: Viewer, building: Building) -> None:
    elsewhere = make_unit(session)
    with pytest.raises(RuleBroken, match="unit-elsewhere"):
        writes.register_premises(
            session, keeper, building_id=building.id, name="望澜书店", unit_id=elsewhere.id
        )
    with pytest.raises(RuleBroken, match="building-unknown"):
        writes.register_premises(session, keeper, building_id=elsewhere.id, name="望澜书店")


def test_the_area_and_the_role_decide(session: Session, keeper: Viewer, building: Building) -> None:
    far = make_viewer("clerk", [make_community(session).id])
    with pytest.raises(Refused):
        writes.register_premises(session, far, building_id=building.id, name="望澜书店")
    with pytest.raises(Refused):
        writes.register_premises(
            session, make_viewer("officer", keeper.areas), building_id=building.id, name="望澜书店"
        )
    done = writes.register_premises(session, keeper, building_id=building.id, name="望澜书店")
    with pytest.raises(NotFound):
        reads.one_premises(session, far, done.id)
    with pytest.raises(NotFound):
        reads.coverage(session, far, area_id=building.township_id)  # type: ignore[arg-type]


@pytest.mark.requirement("R62")
def test_coverage_counts_in_full_by_area(
    session: Session, keeper: Viewer, building: Building, community: Division
) -> None:
    for number in range(4):
        day = today() if number < 3 else None
        writes.register_premises(
            session, keeper, building_id=building.id, name=f"第{number}家", checked_on=day
        )
    assert community.township_id is not None
    found = reads.coverage(session, keeper, area_id=community.township_id)
    assert (found.own.total, found.own.checked, found.own.percent) == (4, 3, 75.0)
    assert found.target_percent == 100
    assert [(one.area, one.total, one.checked) for one in found.areas] == [(community.name, 4, 3)]
    past = reads.coverage(
        session, keeper, area_id=community.id, since=dt.date(2020, 1, 1), until=dt.date(2020, 12, 31)
    )
    assert (past.own.checked, past.areas) == (0, ())
    with pytest.raises(RuleBroken, match="period-invalid"):
        reads.coverage(session, keeper, area_id=community.id, since=today(), until=dt.date(2020, 1, 1))
    assert rules.period_of(None, None, today())[0] == dt.date(today().year, 1, 1)


def test_search_by_name_code_and_check(session: Session, keeper: Viewer, building: Building) -> None:
    writes.register_premises(
        session, keeper, building_id=building.id, name="望澜米行", organisation_code=CODE, checked_on=today()
    )
    for name in ("50%茶室", "望澜书店"):
        writes.register_premises(session, keeper, building_id=building.id, name=name)

    def names(**asked: object) -> list[str]:
        return [row.name for row in reads.premises(session, keeper, **asked).rows]  # type: ignore[arg-type]

    assert names(q="望澜") == sorted(["望澜米行", "望澜书店"])
    assert names(q="%") == ["50%茶室"]
    assert names(q=CODE[:6].lower()) == ["望澜米行"]
    assert set(names(unchecked_since=today())) == {"50%茶室", "望澜书店"}
    first = reads.premises(session, keeper, limit=2)
    assert len({*(row.name for row in first.rows), *names(after=first.next)}) == 3


@pytest.mark.requirement("R66")
def test_there_is_no_place_for_staff(session: Session) -> None:
    query = text("SELECT column_name FROM information_schema.columns WHERE table_name = 'premises'")
    columns = set(session.execute(query).scalars())
    assert {"name", "organisation_code", "building_id", "unit_id", "checked_on"} <= columns
    assert not {column for column in columns if "person" in column or "staff" in column or "phone" in column}


def test_no_number_of_a_person_stands_in_a_name_or_in_the_log_of_acts(
    session: Session, keeper: Viewer, building: Building
) -> None:
    with pytest.raises(RuleBroken, match="text-unreadable") as refused:
        writes.register_premises(session, keeper, name="张小满 110105199003070033", building_id=building.id)
    assert refused.value.facts["field"] == "name"
    with pytest.raises(RuleBroken, match="text-unreadable") as refused:
        writes.register_premises(
            session, keeper, name="望澜商行", building_id=building.id, reason="电话 13812345678"
        )
    assert refused.value.facts["field"] == "reason"
