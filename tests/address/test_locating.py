"""What lies at a point: areas, block, street and side, the nearest doors, the address of a new door."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.address.reads import locate
from geo_registry.errors import RuleBroken
from tests import factories as make

CLERK = make.make_viewer()


def test_a_point_beside_a_street_has_everything(session: Session) -> None:
    community = make.make_community(session)
    block = make.make_block(session, community)
    street = make.make_street(session, "听雨路", community=community)
    make.make_street(session, "观山路", community=community, axis=make.line((0, 120), (1000, 120)))
    doors = [
        make.make_address(session, number, street=street, position=make.point(x, y))
        for number, x, y in ((2, 900, 12), (4, 700, 12), (6, 500, 12), (1, 900, -12))
    ]
    plate = make.make_plate(session, doors[1])
    lon, lat = make.metres(690, 14)
    found = locate(session, CLERK, lon=lon, lat=lat, limit=2)
    assert (found.inside, found.note) == (True, None)
    assert [area.level for area in found.areas] == ["district", "township", "community", "block"]
    assert found.areas[-1].id == block.id
    assert found.street is not None
    assert (found.street.name, found.street.compass, found.street.side) == ("听雨路", "north", "even")
    assert found.street.hand == "right"
    assert found.street.distance_m == pytest.approx(310, abs=1)
    assert found.street.words == "听雨路北侧（右侧，双号侧），距起点 310 米，距道路中心线 14 米"
    assert [(door.standard_text, door.plate_id) for door in found.doors] == [
        (doors[1].standard_text, plate.id), (doors[2].standard_text, None),
    ]  # fmt: skip
    assert found.doors[0].distance_m == pytest.approx(10.2, abs=0.2)
    assert found.proposal is not None
    # Between 4 and 6 no number is free.
    assert found.proposal.number_text == "4-1号"
    assert found.proposal.standard_text.endswith("区听雨路4-1号")


def test_a_street_without_numbers_is_counted_by_the_profile(session: Session) -> None:
    street = make.make_street(session, axis=make.line((0, 0), (0, 800)))
    found = locate(session, CLERK, lon=make.metres(-9, 700)[0], lat=make.metres(-9, 700)[1])
    assert found.street is not None
    assert (found.street.id, found.street.compass, found.street.hand) == (street.id, "west", "right")
    assert found.proposal is not None
    assert (found.proposal.number_text, found.doors) == ("2号", ())


def test_far_from_every_street_there_are_only_areas(session: Session) -> None:
    make.make_street(session)
    lon, lat = make.metres(500, 900)
    found = locate(session, CLERK, lon=lon, lat=lat)
    assert (found.street, found.proposal, found.doors) == (None, None, ())
    assert [area.level for area in found.areas] == ["district", "township", "community"]


def test_outside_of_the_jurisdiction_the_answer_is_empty_and_says_so(session: Session) -> None:
    make.make_address(session)
    session.execute(text("UPDATE registry.jurisdiction SET box = ST_MakeEnvelope(121, 30, 122, 32, 4490)"))
    found = locate(session, CLERK, lon=2.35, lat=48.86)
    assert (found.inside, found.areas, found.doors, found.street, found.proposal) == (
        False,
        (),
        (),
        None,
        None,
    )
    assert found.note == "该位置不在本系统的管辖范围内"
    nowhere = locate(session, CLERK, lon=121.9, lat=31.9)
    assert (nowhere.inside, nowhere.note) == (True, "该位置没有划定区划，附近也没有地址")


def test_a_viewer_sees_own_areas_alone(session: Session) -> None:
    street = make.make_street(session)
    make.make_address(session, 1, street=street)
    stranger = make.make_viewer(areas=[make.make_community(session, boundary=None).id])
    found = locate(session, stranger, lon=make.metres(5, 5)[0], lat=make.metres(5, 5)[1])
    assert (found.areas, found.doors, found.street) == ((), (), None)
    assert found.note == "该位置不在您的辖区内"


def test_the_street_of_a_district_is_told_to_those_who_see_a_part_of_it(session: Session) -> None:
    township = make.make_division(session, parent=make.make_division(session))
    own = make.make_division(session, parent=township)
    beside = make.make_division(session, parent=township, boundary=None)
    street = make.make_street(session, community=own, township_id=None, community_id=None)
    doors = [
        make.make_address(session, number, street=street, township_id=township.id, community_id=community.id)
        for number, community in ((2, own), (4, beside))
    ]
    lon, lat = make.metres(12, 9)
    whole = locate(session, CLERK, lon=lon, lat=lat)
    assert whole.street is not None
    assert whole.proposal is not None
    assert whole.proposal.number_text not in {"2号", "4号"}
    for area, seen in ((township.district_id, doors), (township.id, doors), (own.id, doors[:1])):
        assert area is not None
        found = locate(session, make.make_viewer(areas=[area]), lon=lon, lat=lat)
        assert (found.street, found.proposal) == (whole.street, whole.proposal)
        assert {door.id for door in found.doors} == {door.id for door in seen}
    stranger = make.make_viewer(areas=[make.make_community(session, boundary=None).id])
    found = locate(session, stranger, lon=lon, lat=lat)
    assert (found.street, found.proposal, found.doors) == (None, None, ())


def test_a_radius_has_bounds(session: Session) -> None:
    with pytest.raises(RuleBroken, match="radius-invalid"):
        locate(session, CLERK, lon=121.3, lat=30.9, radius_m=9000)
