"""Other numbers for a street: shifts and swaps, and what passes to the new addresses."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.address.bin import remove_addresses, restore_addresses
from geo_registry.address.certifying import certify
from geo_registry.address.changes import changes, every_change, latest_acts, one_change
from geo_registry.address.numbering.numbered import series_of
from geo_registry.address.numbering.reserving import Wish, reserve_numbers
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import Address, AddressAlias, AddressChange, AddressPosition, PlaceName
from geo_registry.address.writes import number_address, rename_street, renumber_address, retire_address
from geo_registry.area.history import history_of
from geo_registry.area.tables import Succession
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, NotFound, RegistryError, RuleBroken, Stale
from geo_registry.housing.tables import BuildingAddress
from geo_registry.plate.renumbering import NewNumber, renumber_street
from geo_registry.plate.tables import Plate, PlateInstallation
from tests import factories as make

CLERK = make.make_viewer()


def texts(session: Session, state: str) -> list[str]:
    query = select(Address.number_text).where(Address.state == state).order_by(Address.number, Address.id)
    return list(session.execute(query).scalars())


@pytest.fixture
def street(session: Session) -> PlaceName:
    return make.make_street(session, "听雨路")


@pytest.mark.requirement("R90")
def test_a_row_of_numbers_is_shifted(session: Session, street: PlaceName) -> None:
    one, three, five = (make.make_address(session, number, street=street) for number in (1, 3, 5))
    moves = [NewNumber(one.id, "3"), NewNumber(three.id, "5"), NewNumber(five.id, "7", five.version)]
    asked: dict[str, Any] = {"place_name_id": street.id, "version": 1, "changes": moves}
    plan = renumber_street(session, CLERK, **asked, dry_run=True)
    assert (plan.act_id, plan.version, [row.new_text for row in plan.rows]) == (
        None, 1, ["听雨路3号", "听雨路5号", "听雨路7号"],
    )  # fmt: skip
    assert [row.takes_over for row in plan.rows] == [True, True, False]
    assert texts(session, "current") == ["1号", "3号", "5号"]
    done = renumber_street(session, CLERK, **asked, document_number="东地名〔2026〕9号")
    assert (done.addresses, done.rows) == (3, plan.rows)
    assert texts(session, "current") == ["3号", "5号", "7号"]
    assert texts(session, "retired") == ["1号", "3号", "5号"]
    follows = session.execute(
        select(Succession.old_id, Address.number_text).join(Address, Address.id == Succession.new_id)
    ).all()
    assert {row[0]: row[1] for row in follows} == {one.id: "3号", three.id: "5号", five.id: "7号"}
    # Only the name that nobody bears from today on is a former name.
    assert session.execute(select(AddressAlias.name)).scalars().all() == ["听雨路1号"]
    # Nobody gets the number that was given up and not taken over.
    now = session.execute(select(Address).where(Address.state == "current", Address.number == 3)).scalar_one()
    again = {**asked, "version": done.version, "changes": [NewNumber(now.id, "1")]}
    with pytest.raises(Conflict, match="number-taken"):
        renumber_street(session, CLERK, **again)
    told = history_of(session, CLERK, kind="address", object_id=now.id)
    assert [(row.verb, row.document_number) for row in told] == [("renumber", "东地名〔2026〕9号")]


def test_two_doors_swap(session: Session, street: PlaceName) -> None:
    two, four = (make.make_address(session, number, street=street) for number in (2, 4))
    renumber_street(
        session, CLERK, place_name_id=street.id, version=1,
        changes=[NewNumber(two.id, "4"), NewNumber(four.id, "2")],
    )  # fmt: skip
    rows = session.execute(select(AddressChange.old_id, AddressChange.old_text, AddressChange.new_text)).all()
    assert sorted(map(tuple, rows)) == sorted(
        [(two.id, "听雨路2号", "听雨路4号"), (four.id, "听雨路4号", "听雨路2号")]
    )
    assert session.execute(select(AddressAlias)).scalars().all() == []


def test_the_latest_acts_are_told_with_their_doors_of_the_viewer(session: Session, street: PlaceName) -> None:
    doors = [make.make_address(session, number, street=street) for number in (1, 3, 5)]
    moves = [NewNumber(one.id, f"{one.number + 2}") for one in doors]
    done = renumber_street(session, CLERK, place_name_id=street.id, version=1, changes=moves)
    rename_street(
        session, CLERK, place_name_id=street.id, version=done.version, name="听雪路",
        document_number="东地名〔2026〕9号",
    )  # fmt: skip
    told = latest_acts(session, CLERK)
    assert [(one.kind, one.name, one.doors) for one in told] == [
        ("rename", "听雪路", 3), ("renumber", "听雪路", 3),
    ]  # fmt: skip
    assert told[1].act_id == done.act_id
    assert latest_acts(session, CLERK, limit=1) == told[:1]
    assert latest_acts(session, make.make_viewer(areas=[make.make_division(session).id])) == ()


def test_buildings_positions_and_plates_pass_to_the_new_number(session: Session, street: PlaceName) -> None:
    old = make.make_address(session, 8, street=street)
    building = make.make_building(session, address=old)
    make.make_plate(session, old, state="installed")
    make.make_plate(session, old, kind="gate_large", state="approved")
    session.add(AddressPosition(id=new_id(), address_id=old.id, kind="gate", position=make.point(40, 9)))
    session.flush()
    done = renumber_street(
        session, CLERK, place_name_id=street.id, version=1, changes=[NewNumber(old.id, "8-1")]
    )
    assert (done.plates, done.buildings) == (2, 1)
    new = session.execute(select(Address).where(Address.state == "current")).scalar_one()
    carried = session.execute(
        select(BuildingAddress).where(BuildingAddress.address_id == new.id)
    ).scalar_one()
    assert (carried.building_id, carried.is_main) == (building.id, True)
    plates = session.execute(select(Plate.kind, Plate.state, Plate.text, Plate.address_id)).all()
    assert sorted(map(tuple, plates), key=str) == sorted(
        [
            ("gate_small", "superseded", "8号", old.id), ("gate_large", "cancelled", "8号", old.id),
            ("gate_small", "draft", new.number_text, new.id), ("gate_large", "draft", new.number_text, new.id),
        ],
        key=str,
    )  # fmt: skip
    assert session.execute(select(PlateInstallation).where(PlateInstallation.ended_at.is_(None))).all() == []
    gates = session.execute(
        select(AddressPosition.address_id).where(AddressPosition.ended_at.is_(None))
    ).scalars()
    assert list(gates) == [new.id]


def test_every_bad_row_is_named(session: Session, street: PlaceName) -> None:
    one, three = (make.make_address(session, number, street=street) for number in (1, 3))
    gone = make.make_address(session, 9, street=street, state="retired")
    elsewhere = make.make_address(session, 1)

    def flaws(*moves: NewNumber) -> list[tuple[str, str]]:
        with pytest.raises(RegistryError) as caught:
            renumber_street(session, CLERK, place_name_id=street.id, version=1, changes=moves)
        found: Any = caught.value.facts["errors"]
        return [(caught.value.code, row["pointer"]) for row in found]

    assert flaws(NewNumber(one.id, "3")) == [("number-taken", "#/changes/0/number")]
    assert flaws(NewNumber(one.id, "9"), NewNumber(three.id, "5")) == [("number-taken", "#/changes/0/number")]
    assert flaws(NewNumber(one.id, "1号")) == [("number-same", "#/changes/0/number")]
    assert flaws(NewNumber(one.id, "5"), NewNumber(three.id, "5")) == [("number-twice", "#/changes/1/number")]
    assert flaws(NewNumber(one.id, "5"), NewNumber(one.id, "7")) == [
        ("address-twice", "#/changes/1/address_id")
    ]
    assert flaws(NewNumber(gone.id, "5")) == [("not-in-force", "#/changes/0/address_id")]
    assert flaws(NewNumber(elsewhere.id, "5")) == [("address-unknown", "#/changes/0/address_id")]
    assert flaws(NewNumber(one.id, "5", 2)) == [("address-changed", "#/changes/0/version")]
    assert flaws(NewNumber(one.id, "号")) == [("number-impossible", "#/changes/0/number")]
    with pytest.raises(Stale):
        renumber_street(session, CLERK, place_name_id=street.id, version=2, changes=[NewNumber(one.id, "5")])
    outsider = make.make_viewer(areas=[new_id()])
    with pytest.raises(NotFound):
        renumber_street(
            session, outsider, place_name_id=street.id, version=1, changes=[NewNumber(one.id, "5")]
        )


def test_a_certified_address_changes_with_a_reason_and_is_certified_no_more(
    session: Session, street: PlaceName
) -> None:
    account = make.make_account(session)
    old = make.make_address(
        session, 1, street=street, certified_at=dt.datetime.now(dt.UTC), certified_by=account.id,
        certified_basis="visit",
    )  # fmt: skip
    asked: dict[str, Any] = {"place_name_id": street.id, "version": 1, "changes": [NewNumber(old.id, "3")]}
    assert renumber_street(session, CLERK, **asked, dry_run=True).rows[0].is_certified
    with pytest.raises(RuleBroken, match="reason-required"):
        renumber_street(session, CLERK, **asked)
    renumber_street(session, CLERK, **asked, reason="全街改编")
    assert session.execute(select(Address).where(Address.certified_at.is_not(None))).all() == []


@pytest.mark.requirement("R91")
def test_changes_are_found_both_ways_and_chains_are_followed(session: Session, street: PlaceName) -> None:
    session.execute(text("UPDATE registry.jurisdiction SET profile = 'shanghai'"))
    first = make.make_address(session, 1, street=street)
    done = renumber_street(
        session, CLERK, place_name_id=street.id, version=1, changes=[NewNumber(first.id, "3")]
    )
    second = session.execute(select(Address).where(Address.state == "current")).scalar_one()
    renumber_street(
        session, CLERK, place_name_id=street.id, version=done.version, changes=[NewNumber(second.id, "11")]
    )
    (row,) = changes(session, CLERK, q="听雨路1号").rows
    assert (row.old_text, row.new_text, row.now_text, row.now_state) == (
        "听雨路1号", "听雨路3号", "听雨路11号", "current",
    )  # fmt: skip
    (row,) = changes(session, CLERK, q="听雨路 11").rows
    assert row.old_text == "听雨路3号"
    page = changes(session, CLERK, q="听雨", limit=1)
    assert len(page.rows) == 1
    assert [one.new_text for one in changes(session, CLERK, q="听雨", after=page.next).rows] == ["听雨路3号"]
    for member in (first.id, second.id, row.new_id):
        chain = changes(session, CLERK, address_id=member).rows
        assert [one.old_text for one in chain] == ["听雨路1号", "听雨路3号"]
    assert [one.new_text for one in every_change(session, CLERK, place_name_id=street.id)] == [
        "听雨路3号", "听雨路11号",
    ]  # fmt: skip
    assert len(changes(session, CLERK, act_id=done.act_id).rows) == 1
    assert one_change(session, CLERK, row.id) == row
    outsider = make.make_viewer(areas=[new_id()])
    assert changes(session, outsider, q="听雨").rows == ()
    with pytest.raises(NotFound):
        one_change(session, outsider, row.id)
    assert [one.new_text for one in changes(session, CLERK, q="  ").rows] == ["听雨路11号", "听雨路3号"]


def test_a_text_is_found_without_the_divisions_before_it(session: Session) -> None:
    community = make.make_community(session)
    district = session.get_one(type(community), community.district_id)
    street = make.make_street(session, "听风路", community=community)
    old = make.make_address(session, 1, street=street, standard_text=f"{district.name}听风路1号")
    renumber_street(session, CLERK, place_name_id=street.id, version=1, changes=[NewNumber(old.id, "3")])
    for asked in ("听风路1号", f"{district.name}听风路", "听风路3"):
        (row,) = changes(session, CLERK, q=asked).rows
        assert row.new_text == f"{district.name}听风路3号"
    assert changes(session, CLERK, q="听风路2").rows == ()
    assert changes(session, CLERK, q="%风路").rows == ()


@pytest.mark.requirement("R91")
def test_a_renamed_street_changes_the_addresses_at_and_below_it(session: Session) -> None:
    street = make.make_street(session, "听雪路")
    lane = make.make_street(session, "5弄", kind="lane", parent=street)
    ours, below = make.make_address(session, 1, street=street), make.make_address(session, 2, street=lane)
    make.make_address(session, 7, street=street, state="retired")
    done = rename_street(
        session, CLERK, place_name_id=street.id, name="听雷路", version=1, document_number="东地名〔2026〕1号"
    )
    found = changes(session, CLERK, place_name_id=street.id).rows
    assert sorted((row.kind, row.old_text, row.new_text) for row in found) == [
        ("rename", "听雪路1号", "听雷路1号"), ("rename", "听雪路5弄2号", "听雷路5弄2号"),
    ]  # fmt: skip
    assert {row.document_number for row in found} == {"东地名〔2026〕1号"}
    renumber_street(
        session, CLERK, place_name_id=street.id, version=done.version, changes=[NewNumber(ours.id, "3")]
    )
    (first,) = changes(session, CLERK, q="听雪路1号").rows
    assert first.now_text == "听雷路3号"
    assert [row.new_text for row in changes(session, CLERK, address_id=below.id).rows] == ["听雷路5弄2号"]


def test_a_single_renumbering_is_noted_too(session: Session, street: PlaceName) -> None:
    old = make.make_address(session, 1, street=street)
    renumber_address(session, CLERK, address_id=old.id, number="3", version=old.version)
    (row,) = changes(session, CLERK, address_id=old.id).rows
    assert (row.old_text, row.new_text.endswith("听雨路3号")) == ("听雨路1号", True)


def test_a_single_renumbering_takes_sign_and_places_along(session: Session, street: PlaceName) -> None:
    old = make.make_address(session, 1, street=street, position_kind="gate")
    hung, ordered = (
        make.make_plate(session, old, kind=kind, state=state)
        for kind, state in (("gate_small", "installed"), ("gate_large", "ordered"))
    )
    session.add(
        AddressPosition(id=new_id(), address_id=old.id, kind="vehicle_gate", position=make.point(40, 9))
    )
    session.flush()
    done = renumber_address(session, CLERK, address_id=old.id, number="3", version=old.version)
    new = session.get_one(Address, done.id, populate_existing=True)
    assert (new.number_text, new.position_kind, done.version) == ("3号", "gate", new.version)
    plates = session.execute(select(Plate.id, Plate.state).where(Plate.address_id == old.id)).all()
    assert {row.id: row.state for row in plates} == {hung.id: "superseded", ordered.id: "cancelled"}
    drafts = session.execute(select(Plate.state, Plate.text).where(Plate.address_id == new.id)).all()
    assert [tuple(row) for row in drafts] == [("draft", "3号")] * 2
    spots = select(AddressPosition.address_id).where(AddressPosition.ended_at.is_(None))
    assert session.execute(spots).scalars().all() == [new.id]


def test_signs_end_with_their_address(session: Session, street: PlaceName) -> None:
    row = make.make_address(session, 1, street=street)
    hung = make.make_plate(session, row, state="installed")
    ordered = make.make_plate(session, row, kind="gate_large", state="ordered")
    certify(session, CLERK, address_ids=[row.id], basis="visit")
    retire_address(session, CLERK, address_id=row.id, version=2, reason="拆除")
    states = [session.get_one(Plate, one.id, populate_existing=True).state for one in (hung, ordered)]
    assert states == ["superseded", "cancelled"]
    row = session.get_one(Address, row.id, populate_existing=True)
    assert (row.state, row.certified_at) == ("retired", None)
    assert session.execute(select(PlateInstallation).where(PlateInstallation.ended_at.is_(None))).all() == []


def test_a_number_that_changed_doors_is_given_to_nobody_when_its_bearer_goes(
    session: Session, street: PlaceName
) -> None:
    one, three = (make.make_address(session, number, street=street) for number in (1, 3))
    swap = [NewNumber(one.id, "3"), NewNumber(three.id, "1")]
    renumber_street(session, CLERK, place_name_id=street.id, version=1, changes=swap)
    bearer = session.execute(
        select(Address).where(Address.state == "current", Address.number_key == "3")
    ).scalar_one()
    remove_addresses(session, CLERK, address_ids=[bearer.id], reason="误录")
    with pytest.raises(Conflict, match="number-taken"):
        number_address(session, CLERK, number="3", place_name_id=street.id)
    plan = series_of(session, profile_in_force(session), street.id)
    assert plan.next("odd").number_text == "5号"
    left = session.execute(select(Address).where(Address.state == "current")).scalar_one()
    session.refresh(street)
    asked: dict[str, Any] = {"place_name_id": street.id, "version": street.version}
    with pytest.raises(Conflict, match="曾经使用"):
        renumber_street(session, CLERK, **asked, changes=[NewNumber(left.id, "3")])
    with pytest.raises(Conflict, match="曾经使用"):
        reserve_numbers(session, CLERK, **asked, numbers=[Wish("3")])
    # Whoever bore it last may have it back.
    restore_addresses(session, CLERK, address_ids=[bearer.id])
    assert texts(session, "current") == ["1号", "3号"]
    # And while it is borne, doors of one act may still take it over from each other.
    again = [NewNumber(left.id, "3"), NewNumber(bearer.id, "1")]
    session.refresh(street)
    renumber_street(session, CLERK, place_name_id=street.id, version=street.version, changes=again)
    assert texts(session, "current") == ["1号", "3号"]
