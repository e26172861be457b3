"""Lists and single reads of place names and addresses, and the nearest ones."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.address import reads
from geo_registry.errors import RuleBroken
from tests import factories as make

VIEWER = make.make_viewer()


def test_place_names_are_filtered_by_kind_parent_and_beginning(session: Session) -> None:
    street = make.make_street(session, "映月路")
    lane = make.make_street(session, "218弄", kind="lane", parent=street)
    rows = reads.place_names(session, VIEWER, kinds=("lane",), district_id=street.district_id).rows
    assert [row.id for row in rows] == [lane.id]
    assert [row.id for row in reads.place_names(session, VIEWER, parent_id=street.id).rows] == [lane.id]
    for text, found in {
        "映": {street.id, lane.id},
        "yingyue": {street.id},
        "yy": {street.id},
        "218": {lane.id},
    }.items():
        assert {row.id for row in reads.place_names(session, VIEWER, text=text).rows} == found
    with pytest.raises(RuleBroken):
        reads.place_names(session, VIEWER, kinds=("galaxy",))


def test_a_place_name_is_told_with_axis_length_and_what_stands_below(session: Session) -> None:
    street = make.make_street(session, "映月路")
    make.make_street(session, "218弄", kind="lane", parent=street)
    make.make_address(session, 1, street=street)
    make.make_alias(session, street, "学前街")
    found = reads.place_name(session, VIEWER, street.id)
    assert (found.children, found.addresses, found.aliases) == (1, 1, ("学前街",))
    assert found.length_m == pytest.approx(1000, rel=0.005)


def test_an_address_is_told_with_buildings_plates_and_areas(session: Session) -> None:
    address = make.make_address(session, 6)
    building, plate = make.make_building(session, address=address), make.make_plate(session, address)
    make.make_plate(session, address, state="replaced")
    found = reads.address(session, VIEWER, address.id)
    assert (found.building_ids, found.plate_ids) == ((building.id,), (plate.id,))
    assert found.community is not None
    assert found.lon is not None


def test_the_nearest_come_first_with_metres_inside_the_radius(session: Session) -> None:
    street = make.make_street(session)
    doors = [make.make_address(session, number, street=street) for number in (1, 20, 60)]
    make.make_address(session, 2, street=street, state="retired")
    lon, lat = make.metres(0, 10)
    near = reads.nearest(session, VIEWER, lon=lon, lat=lat, radius_m=150, limit=5)
    assert [row.id for row in near] == [doors[0].id, doors[1].id]
    assert [row.distance_m for row in near] == pytest.approx([5, 100], rel=0.01)
    for radius in (0, -1, 5001, float("nan")):
        with pytest.raises(RuleBroken):
            reads.nearest(session, VIEWER, lon=lon, lat=lat, radius_m=radius)
