"""Acts on buildings and units."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.reads import search
from geo_registry.errors import Conflict, RegistryError, RuleBroken, Stale
from geo_registry.housing import reads, writes
from tests import factories as make

CLERK = make.make_viewer()


def _refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def _square(x: float, y: float, side: float = 10.0) -> dict[str, Any]:
    half = side / 2
    corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    return {"type": "Polygon", "coordinates": [[list(make.metres(*one)) for one in [*corners, corners[0]]]]}


def test_a_building_is_registered_with_its_number_and_areas(session: Session) -> None:
    address = make.make_address(session, 6)
    done = writes.register_building(
        session, CLERK, address_id=address.id, building_no="2幢", outline=_square(100, 100), floors=6
    )
    found = reads.building(session, CLERK, done.id)
    assert (found.title, found.floors, found.community_id) == (
        address.standard_text + "2幢", 6, address.community_id
    )  # fmt: skip
    assert found.lon == pytest.approx(make.metres(100, 100)[0], abs=1e-5)


def test_two_buildings_do_not_share_one_number(session: Session) -> None:
    address = make.make_address(session, 6)
    writes.register_building(session, CLERK, address_id=address.id, outline=_square(100, 100))
    with _refused("number-in-use", Conflict):
        writes.register_building(session, CLERK, address_id=address.id, outline=_square(200, 100))


def test_a_name_is_found_by_its_sound_as_soon_as_it_is_given(session: Session) -> None:
    address = make.make_address(session)
    done = writes.register_building(
        session, CLERK, address_id=address.id, outline=_square(100, 100), name="金桂大厦"
    )
    assert [hit.id for hit in search(session, CLERK, text="jgds").hits] == [done.id]
    writes.correct_building(session, CLERK, building_id=done.id, version=1, name="观星楼")
    assert [hit.id for hit in search(session, CLERK, text="guanxing").hits] == [done.id]
    assert search(session, CLERK, text="jgds").hits == ()


@pytest.mark.parametrize(
    ("outline", "code", "kind"),
    [
        (_square(30, 20, 0.5), "outline-too-small", RuleBroken),
        (_square(80, 20), "outline-too-far", RuleBroken),
        ({"type": "Point", "coordinates": [121.3, 30.9]}, "geometry-unsound", RuleBroken),
        ({"type": "Polygon", "coordinates": []}, "geometry-unsound", RuleBroken),
        ({"type": "Polygon", "coordinates": [[[121.3, 30.9], [121.4, float("nan")], [121.3, 31]]]}, "geometry-unsound",
         RuleBroken),
        (_square(50.5, 20), "outline-overlaps", Conflict),
    ],
)  # fmt: skip
def test_an_outline_passes_its_guards(
    session: Session, outline: dict[str, Any], code: str, kind: type[RegistryError]
) -> None:
    street = make.make_street(session)
    building = make.make_building(session, address=make.make_address(session, 6, street=street), at=(30, 20))
    make.make_building(session, address=make.make_address(session, 10, street=street), at=(50, 20))
    with _refused(code, kind):
        writes.correct_building(session, CLERK, building_id=building.id, version=1, outline=outline)


def test_a_building_that_crosses_itself_is_refused(session: Session) -> None:
    bow = [make.metres(*one) for one in ((0, 0), (10, 10), (10, 0), (0, 10), (0, 0))]
    shape = {"type": "Polygon", "coordinates": [[list(one) for one in bow]]}
    with _refused("geometry-unsound"):
        writes.register_building(session, CLERK, address_id=make.make_address(session).id, outline=shape)


def test_a_building_moves_a_little(session: Session) -> None:
    building = make.make_building(session, at=(30, 20))
    done = writes.correct_building(
        session, CLERK, building_id=building.id, version=1, outline=_square(38, 20), floors=7
    )
    assert done.version == 2
    assert reads.building(session, CLERK, building.id).floors == 7


def test_a_unit_is_written_in_the_standard_form_with_its_entrance(session: Session) -> None:
    building = make.make_building(session)
    done = writes.register_unit(session, CLERK, building_id=building.id, unit="二單元 ４０２室", area_m2=62.4)
    found = reads.housing_unit(session, CLERK, done.id)
    assert (found.unit_text, found.entrance, found.floor, found.room) == ("2单元402室", "2单元", 4, "402")
    other = writes.register_unit(session, CLERK, building_id=building.id, unit="2单元403")
    assert reads.housing_unit(session, CLERK, other.id).entrance_id == found.entrance_id


def test_a_unit_key_is_taken_for_good(session: Session) -> None:
    unit = make.make_unit(session)
    writes.retire_unit(session, CLERK, unit_id=unit.id, version=1)
    with _refused("unit-taken", Conflict) as caught:
        writes.register_unit(session, CLERK, building_id=unit.building_id, unit="101室")
    assert caught.value.facts["holder_state"] == "retired"


@pytest.mark.parametrize("unit", ["", "阳台", "2幢101室", "💥"])
def test_what_is_no_unit_is_refused(session: Session, unit: str) -> None:
    with _refused("unit-unreadable"):
        writes.register_unit(session, CLERK, building_id=make.make_building(session).id, unit=unit)


def test_a_unit_lies_in_its_building(session: Session) -> None:
    building = make.make_building(session, at=(30, 20))
    lon, lat = make.metres(60, 20)
    with _refused("unit-outside-building"):
        writes.register_unit(session, CLERK, building_id=building.id, unit="101室", lon=lon, lat=lat)


def test_a_coordinator_changes_the_use_and_nothing_is_overwritten_unseen(session: Session) -> None:
    unit, coordinator = make.make_unit(session), make.make_viewer("coordinator")
    writes.change_unit(session, coordinator, unit_id=unit.id, version=1, use="vacant")
    with _refused("stale", Stale):
        writes.change_unit(session, coordinator, unit_id=unit.id, version=1, use="let_whole")
    assert reads.housing_unit(session, CLERK, unit.id).use == "vacant"


def test_a_building_with_units_stays(session: Session) -> None:
    unit = make.make_unit(session)
    with _refused("building-in-use", Conflict):
        writes.retire_building(session, CLERK, building_id=unit.building_id, version=1)
    writes.retire_unit(session, CLERK, unit_id=unit.id, version=1)
    assert writes.retire_building(session, CLERK, building_id=unit.building_id, version=1).version == 2
    assert reads.building(session, CLERK, unit.building_id).state == "demolished"
