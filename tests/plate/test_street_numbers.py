"""Storing a numbered street: all or none, each bad row by its place."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo_registry.address.numbering.storing import DoorWish
from geo_registry.address.reads import plan_street
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.history import history_of
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict, RegistryError, RuleBroken, Stale
from geo_registry.housing.tables import Building, BuildingAddress
from geo_registry.plate.street_numbers import number_street
from geo_registry.plate.tables import Plate
from tests import factories as make

CLERK = make.make_viewer()


def wish(number: str, x: float | None = None, y: float = 10, building_id: UUID | None = None) -> DoorWish:
    lon, lat = (None, None) if x is None else make.metres(x, y)
    return DoorWish(number, lon, lat, building_id)


def lone_building(session: Session, street: PlaceName, at: tuple[float, float]) -> Building:
    """Store a building that bears no number."""
    building = make.make_building(session, address=make.make_address(session, 900, street=street), at=at)
    for table in ("building_address", "address"):
        session.execute(text(f"ALTER TABLE registry.{table} DISABLE TRIGGER USER"))
        session.execute(text(f"DELETE FROM registry.{table}"))
        session.execute(text(f"ALTER TABLE registry.{table} ENABLE TRIGGER USER"))
    return building


def flaws(kind: type[RegistryError], call: Callable[[], Any]) -> list[str]:
    with pytest.raises(kind) as caught:
        call()
    found: Any = caught.value.facts["errors"]
    return [one["pointer"] for one in found]


def test_a_plan_is_stored_as_it_was_previewed(session: Session) -> None:
    street = make.make_street(session, "听雨路")
    building = lone_building(session, street, (100, 20))
    plan = plan_street(session, CLERK, place_name_id=street.id)
    slots = [
        DoorWish(one.number, one.lon, one.lat, one.building_id) for one in plan.slots if one.kind == "door"
    ]
    kept = [DoorWish(one.number, one.lon, one.lat) for one in plan.slots if one.kind == "free"]
    assert len(slots) == 1
    assert kept
    done = number_street(
        session, CLERK, place_name_id=street.id, version=plan.version, slots=slots, reserve=kept,
        plates="draft", until=today() + dt.timedelta(30), document_number="东地名〔2026〕8号",
    )  # fmt: skip
    assert (done.addresses, done.reserved, done.plates) == (1, len(kept), 1)
    row = session.execute(select(Address).where(Address.state == "current")).scalar_one()
    shown = next(one for one in plan.slots if one.kind == "door")
    assert (row.number_text, row.standard_text) == (shown.number_text, shown.standard_text)
    assert (row.act_id, row.accuracy, row.position_source) == (done.act_id, "B", "编号预览")
    carried = session.execute(select(BuildingAddress)).scalar_one()
    assert (carried.building_id, carried.address_id, carried.is_main) == (building.id, row.id, True)
    plate = session.execute(select(Plate)).scalar_one()
    assert (plate.address_id, plate.state, plate.text) == (row.id, "draft", row.number_text)
    again = plan_street(session, CLERK, place_name_id=street.id)
    assert again.version == done.version > plan.version
    assert again.counts == {"given": 1, "reserved": len(kept)}
    told = history_of(session, CLERK, kind="address", object_id=row.id)
    assert [(one.verb, one.document_number) for one in told] == [("number", "东地名〔2026〕8号")]


def test_every_bad_row_is_named_and_nothing_is_stored(session: Session) -> None:
    street = make.make_street(session)
    make.make_address(session, 3, street=street)
    make.make_address(session, 5, street=street, state="retired")
    other = make.make_building(session, address=make.make_address(session, 11, street=street))
    before = session.execute(select(func.count()).select_from(Address)).scalar_one()

    def number(*slots: DoorWish) -> object:
        return number_street(session, CLERK, place_name_id=street.id, version=1, slots=slots)

    assert flaws(Conflict, lambda: number(wish("1"), wish("3"), wish("5号"))) == [
        "#/slots/1/number", "#/slots/2/number",
    ]  # fmt: skip
    assert flaws(RuleBroken, lambda: number(wish("x"), wish("7"), wish("7号"), wish("9号101室"))) == [
        "#/slots/0/number", "#/slots/3/number", "#/slots/2/number",
    ]  # fmt: skip
    assert flaws(Conflict, lambda: number(wish("1", building_id=other.id)))[0] == "#/slots/0/building_id"
    assert flaws(RuleBroken, lambda: number(wish("1", building_id=new_id()))) == ["#/slots/0/building_id"]
    assert session.execute(select(func.count()).select_from(Address)).scalar_one() == before


def test_what_cannot_be_asked_is_refused(session: Session) -> None:
    street = make.make_street(session)
    asked: dict[str, Any] = {"place_name_id": street.id, "version": 1, "slots": [wish("1")]}
    for code, more in (
        ("numbers-missing", {"slots": []}),
        ("numbers-too-many", {"slots": [wish("1")] * 5001}),
        ("state-invalid", {"state": "reserved"}),
        ("plates-invalid", {"state": "proposed", "plates": "numbered"}),
        ("until-past", {"until": today()}),
    ):
        with pytest.raises(RuleBroken, match=f"^{code}: "):
            number_street(session, CLERK, **{**asked, **more})
    number_street(session, CLERK, **asked)
    with pytest.raises(Stale):
        number_street(session, CLERK, **{**asked, "slots": [wish("3")]})


def test_a_proposed_street_bears_proposed_numbers(session: Session) -> None:
    street = make.make_street(session, state="proposed")
    asked: dict[str, Any] = {"place_name_id": street.id, "version": 1, "slots": [wish("1", 20)]}
    with pytest.raises(RuleBroken, match="parent-not-current"):
        number_street(session, CLERK, **asked)
    done = number_street(session, CLERK, **asked, state="proposed", plates="draft")
    assert done.plates == 1
    assert session.execute(select(Address.state)).scalar_one() == "proposed"


def test_a_kept_number_that_ran_out_is_given_out(session: Session) -> None:
    street = make.make_street(session)
    over = make.make_address(
        session, 7, street=street, state="reserved", valid=Range(today() - dt.timedelta(9), today())
    )
    number_street(session, CLERK, place_name_id=street.id, version=1, slots=[wish("7", 30)])
    session.refresh(over)
    assert over.state == "rejected"


def test_doors_outside_of_the_clerks_areas_are_not_numbered(session: Session) -> None:
    community = make.make_community(session, boundary=make.square(0, 0, 400))
    beside = make.make_division(
        session,
        parent=session.get_one(Division, community.township_id),
        boundary=make.square(400, 0, 400),
    )
    street = make.make_street(session, community=community)
    viewer = make.make_viewer(areas=[community.id])
    asked: dict[str, Any] = {"place_name_id": street.id, "version": 1}
    with pytest.raises(RegistryError, match="not-allowed"):
        number_street(session, viewer, **asked, slots=[wish("1", 10), wish("3", 400)])
    done = number_street(session, CLERK, **asked, slots=[wish("1", 10), wish("3", 400)])
    assert done.addresses == 2
    homes = session.execute(select(Address.community_id).order_by(Address.number)).scalars().all()
    assert homes == [community.id, beside.id]


def test_half_a_place_and_a_place_far_away_are_no_place(session: Session) -> None:
    street = make.make_street(session)
    lon, lat = make.metres(10, 10)
    bad = [
        DoorWish("2", lon), DoorWish("4", None, lat), DoorWish("6", float("nan"), lat), DoorWish("8", 100.0, 30.0),
        DoorWish("10", 2.0, 48.0),
    ]  # fmt: skip
    for name in ("slots", "reserve"):
        asked: dict[str, Any] = {"slots": [wish("1", 5)], name: bad}
        call = partial(
            number_street,
            session,
            CLERK,
            place_name_id=street.id,
            version=1,
            until=today() + dt.timedelta(9),
            **asked,
        )
        assert flaws(RuleBroken, call) == [f"#/{name}/{at}/lon" for at in range(5)]
    near = wish("1", 3000)
    number_street(session, CLERK, place_name_id=street.id, version=1, slots=[near])
    assert session.execute(select(Address.district_id)).scalars().all() == [street.district_id]
