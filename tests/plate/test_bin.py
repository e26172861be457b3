"""The bin: what was entered by mistake goes with all that hangs on it, and comes back as it was."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from geo_registry.address import writes as address_writes
from geo_registry.address.bin import try_remove, try_restore
from geo_registry.address.certifying import certify
from geo_registry.address.naming import rename_street
from geo_registry.address.tables import Address
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, Refused, RuleBroken
from geo_registry.plate import bin as plate_bin
from geo_registry.plate import writes
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def _addresses(street: Street) -> list[Address]:
    return [
        street.session.get_one(Address, street.plate(index).address_id, populate_existing=True)
        for index in range(len(street.plates))
    ]


def _buildings(street: Street, address: Address) -> int:
    query = text(
        "SELECT count(*) FROM registry.building_address WHERE address_id = :id AND valid @> CURRENT_DATE"
    )
    return int(street.session.execute(query, {"id": address.id}).scalar_one())


def test_removed_numbers_come_back_with_plates_and_buildings(street_of: Lay) -> None:
    street = street_of(3, "numbered")
    rows = _addresses(street)
    make.make_building(street.session, address=rows[0])
    certify(street.session, street.clerk, address_ids=[rows[0].id], basis="visit")
    ids = [rows[0].id, rows[1].id]
    with pytest.raises(RuleBroken, match="须说明事由"):
        plate_bin.remove_addresses(street.session, street.clerk, address_ids=ids)
    done = plate_bin.remove_addresses(street.session, street.clerk, address_ids=ids, reason="录错街道")
    assert done.count == 2
    rows = _addresses(street)
    assert [row.state for row in rows] == ["removed", "removed", "current"]
    assert rows[0].certified_at is None
    assert [street.plate(index).state for index in range(3)] == ["cancelled", "cancelled", "numbered"]
    assert _buildings(street, rows[0]) == 0
    page = plate_bin.binned(street.session, street.clerk, kind="address")
    assert {(one.id, one.was, one.reason, one.can_restore) for one in page.rows} == {
        (one, "current", "录错街道", True) for one in ids
    }
    back = plate_bin.restore_addresses(street.session, street.clerk, address_ids=ids)
    assert back.count == 2
    rows = _addresses(street)
    assert [row.state for row in rows] == ["current"] * 3
    assert [street.plate(index).state for index in range(3)] == ["numbered"] * 3
    assert street.plate(0).valid.upper is None
    assert _buildings(street, rows[0]) == 1
    assert plate_bin.binned(street.session, street.clerk).rows == ()


def test_a_rename_of_the_street_does_not_break_the_way_back(street_of: Lay) -> None:
    street = street_of(1, "numbered")
    (row,) = _addresses(street)
    make.make_building(street.session, address=row)
    plate_bin.remove_addresses(street.session, street.clerk, address_ids=[row.id], reason="误录")
    rename_street(
        street.session, street.clerk, place_name_id=street.place.id, version=street.place.version,
        name="新雨路", document_number="东地名〔2026〕1号", reason="更名",
    )  # fmt: skip
    (binned,) = plate_bin.binned(street.session, street.clerk, kind="address").rows
    assert (binned.was, binned.reason) == ("current", "误录")
    plate_bin.restore_addresses(street.session, street.clerk, address_ids=[row.id])
    (row,) = _addresses(street)
    assert row.standard_text.endswith("新雨路1号")
    assert (_buildings(street, row), street.plate(0).state) == (1, "numbered")


def test_links_come_back_beside_the_main_one_but_not_to_a_building_that_is_gone(street_of: Lay) -> None:
    street = street_of(3, "numbered")
    main, beside, gone = _addresses(street)
    building = make.make_building(street.session, address=main)
    make.make_unit(street.session, building)
    fallen = make.make_building(street.session, address=gone)
    street.session.execute(
        text(
            "INSERT INTO registry.building_address (building_id, address_id, building_no, is_main, valid)"
            " VALUES (:building, :id, '', false, daterange(CURRENT_DATE - 5, NULL))"
        ),
        {"building": building.id, "id": beside.id},
    )
    # One of two numbers may go; both together would leave dwellings without any.
    trial = try_remove(street.session, street.clerk, address_ids=[main.id, beside.id])
    assert {one.code for one in trial.refused} == {"address-in-use"}
    ids = [beside.id, gone.id]
    plate_bin.remove_addresses(street.session, street.clerk, address_ids=ids, reason="误录")
    street.session.execute(
        text("UPDATE registry.building SET state = 'demolished' WHERE id = :id"), {"id": fallen.id}
    )
    plate_bin.restore_addresses(street.session, street.clerk, address_ids=ids)
    assert [_buildings(street, row) for row in (main, beside, gone)] == [1, 1, 0]
    # The main number that another replaced meanwhile comes back beside it.
    plate_bin.remove_addresses(street.session, street.clerk, address_ids=[main.id], reason="误录")
    street.session.execute(
        text(
            "UPDATE registry.building_address SET is_main = true WHERE address_id = :id AND NOT isempty(valid)"
        ),
        {"id": beside.id},
    )
    plate_bin.restore_addresses(street.session, street.clerk, address_ids=[main.id])
    assert _buildings(street, main) == 1


def test_a_number_that_was_given_again_does_not_come_back(street_of: Lay) -> None:
    street = street_of(2, "numbered")
    rows = _addresses(street)
    plate_bin.remove_addresses(street.session, street.clerk, address_ids=[rows[0].id], reason="误录")
    address_writes.number_address(street.session, street.clerk, place_name_id=street.place.id, number="1")
    trial = try_restore(street.session, street.clerk, address_ids=[rows[0].id, rows[1].id])
    assert (trial.ready, {one.code for one in trial.refused}) == ((), {"number-taken", "not-removed"})
    with pytest.raises(Conflict) as raised:
        plate_bin.restore_addresses(street.session, street.clerk, address_ids=[rows[0].id])
    assert raised.value.code == "number-taken"
    (row,) = plate_bin.binned(street.session, street.clerk, kind="address").rows
    assert row.can_restore is False


def test_what_is_in_use_is_not_removed(street_of: Lay) -> None:
    street = street_of(4, "numbered")
    rows = _addresses(street)
    made, lived, gone = rows[0], rows[1], rows[2]
    street.session.execute(
        text("UPDATE registry.plate SET state = 'ordered' WHERE id = :id"), {"id": street.plates[0]}
    )
    make.make_unit(street.session, make.make_building(street.session, address=lived))
    address_writes.retire_address(street.session, street.clerk, address_id=gone.id, version=1)
    trial = try_remove(street.session, street.clerk, address_ids=[row.id for row in rows])
    assert {one.id: one.code for one in trial.refused} == {
        made.id: "plate-made", lived.id: "address-in-use", gone.id: "not-removable",
    }  # fmt: skip
    assert trial.ready == (rows[3].id,)
    with pytest.raises((Conflict, RuleBroken)):
        plate_bin.remove_addresses(
            street.session, street.clerk, address_ids=[row.id for row in rows], reason="误录"
        )
    assert [row.state for row in _addresses(street)] == ["current", "current", "retired", "current"]
    away = make.make_viewer("clerk", [new_id()])
    with pytest.raises(Refused):
        plate_bin.remove_addresses(street.session, away, address_ids=[rows[3].id], reason="误录")
    # With another number the building does not need this one.
    street.session.execute(
        text(
            "INSERT INTO registry.building_address (building_id, address_id, building_no, is_main)"
            " SELECT building_id, :other, '', false FROM registry.building_address WHERE address_id = :id"
        ),
        {"other": rows[3].id, "id": lived.id},
    )
    assert try_remove(street.session, street.clerk, address_ids=[lived.id]).ready == (lived.id,)


def test_a_cancelled_plate_comes_back_unless_another_took_its_place(street_of: Lay) -> None:
    street = street_of(1, "approved")
    writes.cancel(street.session, street.clerk, plate_id=street.plates[0], version=1, reason="错编")
    (row,) = plate_bin.binned(street.session, street.clerk, kind="plate", place_name_id=street.place.id).rows
    assert (row.state, row.was, row.can_restore) == ("cancelled", "approved", True)
    done = plate_bin.restore_plate(street.session, street.clerk, plate_id=row.id, version=row.version)
    assert (street.plate().state, street.plate().valid.upper, done.version) == ("approved", None, 3)
    with pytest.raises(RuleBroken, match="不在回收站中"):
        plate_bin.restore_plate(street.session, street.clerk, plate_id=row.id, version=3)
    writes.cancel(street.session, street.clerk, plate_id=row.id, version=3, reason="错编")
    writes.number_plate(
        street.session, street.clerk, address_id=street.plate().address_id, kind=street.plate().kind
    )
    with pytest.raises(Conflict, match="已另有同种门牌"):
        plate_bin.restore_plate(street.session, street.clerk, plate_id=row.id, version=4)
    assert plate_bin.binned(street.session, street.clerk, kind="plate").rows[0].can_restore is False


def test_the_bin_is_read_page_by_page_within_the_areas(street_of: Lay) -> None:
    street = street_of(5, "draft")
    ids = [row.id for row in _addresses(street)]
    for one in ids:
        plate_bin.remove_addresses(street.session, street.clerk, address_ids=[one], reason="误录")
    seen, after = [], None
    while True:
        page = plate_bin.binned(
            street.session, street.clerk, area_id=street.place.district_id, after=after, limit=3
        )
        seen += [(one.kind, one.id) for one in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 10
    assert {one for kind, one in seen if kind == "address"} == set(ids)
    assert plate_bin.binned(street.session, make.make_viewer("clerk", [new_id()])).rows == ()
    with pytest.raises(RuleBroken, match="种类应为"):
        plate_bin.binned(street.session, street.clerk, kind="house")
