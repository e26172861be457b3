"""Plates chosen on the map: the drawn line, snapping, and acts on many with a trial."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from geo_registry.access.tables import Act
from geo_registry.address.certifying import certify
from geo_registry.address.tables import Address
from geo_registry.codes import new_id
from geo_registry.errors import RuleBroken, Stale
from geo_registry.plate import selection
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def _polygon(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [[list(make.metres(*one)) for one in corners]]}


def test_a_drawn_line_encloses_plates(street_of: Lay) -> None:
    street = street_of(8, "numbered")
    street.session.execute(
        text("UPDATE registry.plate SET state = 'cancelled' WHERE id = :id"), {"id": street.plates[1]}
    )
    first = street.plate(0)
    certify(street.session, street.clerk, address_ids=[first.address_id], basis="visit")
    found = selection.plates_within(street.session, street.clerk, polygon=_polygon(2, 0, 22, 30))
    assert {one.id for one in found.plates} == {street.plates[0], street.plates[2], street.plates[3]}
    assert (found.total, found.is_cut, found.certified) == (3, False, 1)
    assert (found.by_state, found.by_phase["numbered"]) == ({"numbered": 3}, 3)
    assert found.plates[0].address_version == 2
    cut = selection.plates_within(street.session, street.clerk, polygon=_polygon(2, 0, 22, 30), limit=2)
    assert (cut.total, cut.is_cut, len(cut.plates)) == (3, True, 2)
    away = make.make_viewer("clerk", [new_id()])
    assert selection.plates_within(street.session, away, polygon=_polygon(2, 0, 22, 30)).total == 0
    bow = [list(make.metres(*one)) for one in [(0, 0), (20, 20), (20, 0), (0, 20), (0, 0)]]
    for wrong in ({"type": "Polygon", "coordinates": [bow]}, {"type": "Point", "coordinates": [121.3, 30.9]}):
        with pytest.raises(RuleBroken) as raised:
            selection.plates_within(street.session, street.clerk, polygon=wrong)
        assert raised.value.code == "geometry-unsound"


def test_a_point_snaps_to_entrance_wall_and_axis(street_of: Lay) -> None:
    street = street_of(1)
    address = make.make_address(street.session, 40, street=street.place)
    building = make.make_building(street.session, address=address, at=(200.0, 20.0), label="7幢")
    make.make_entrance(street.session, building, position=make.point(200, 15))
    lon, lat = make.metres(203, 13)
    found = selection.snap(street.session, street.clerk, lon=lon, lat=lat)
    assert [one.kind for one in found] == ["outline", "entrance", "axis"]
    wall, door, axis = found
    assert [wall.distance_m, axis.distance_m] == pytest.approx([2, 13], abs=0.1)
    assert door.distance_m == pytest.approx(13**0.5, abs=0.05)
    assert (door.name, door.building_id, axis.name) == ("7幢 1单元", building.id, street.place.full_name)
    assert [axis.lon, axis.lat] == pytest.approx([lon, make.LAT], abs=1e-6)
    near = selection.snap(street.session, street.clerk, lon=lon, lat=lat, reach_m=3)
    assert [one.kind for one in near] == ["outline"]
    other = selection.snap(street.session, street.clerk, lon=lon, lat=lat, place_name_id=new_id())
    assert [one.kind for one in other] == ["outline", "entrance"]
    away = make.make_viewer("clerk", [new_id()])
    assert selection.snap(street.session, away, lon=lon, lat=lat) == ()
    with pytest.raises(RuleBroken):
        selection.snap(street.session, street.clerk, lon=float("nan"), lat=lat)


def test_a_slanting_wall_is_met_at_a_right_angle(street_of: Lay) -> None:
    street = street_of(0)
    address = make.make_address(street.session, 2, street=street.place)
    corners = [(500, 500), (600, 600), (590, 610), (490, 510), (500, 500)]
    ring = ", ".join("{:.9f} {:.9f}".format(*make.metres(*one)) for one in corners)
    make.make_building(
        street.session, address=address, at=(545.0, 555.0), outline=f"SRID=4490;MULTIPOLYGON((({ring})))"
    )
    lon, lat = make.metres(555, 545)
    (wall,) = selection.snap(street.session, street.clerk, lon=lon, lat=lat)
    assert [wall.lon, wall.lat] == pytest.approx(make.metres(550, 550), abs=1e-6)
    assert wall.distance_m == pytest.approx(50**0.5, abs=0.1)


def test_a_trial_of_a_step_stores_nothing(street_of: Lay) -> None:
    street = street_of(3, "numbered")
    street.session.execute(
        text("UPDATE registry.plate SET state = 'delivered' WHERE id = :id"), {"id": street.plates[2]}
    )
    trial = selection.try_step(street.session, street.clerk, "approve", plate_ids=street.plates)
    assert set(trial.ready) == set(street.plates[:2])
    assert [(one.id, one.code) for one in trial.refused] == [(street.plates[2], "plate-state")]
    assert street.plate().state == "numbered"
    with pytest.raises(RuleBroken, match="须说明事由"):
        selection.take_step_many(street.session, street.clerk, "cancel", plate_ids=street.plates)
    done = selection.take_step_many(
        street.session, street.clerk, "cancel", plate_ids=street.plates, reason="整条路改编"
    )
    assert (done.count, {street.plate(index).state for index in range(3)}) == (3, {"cancelled"})
    assert street.plate().valid.upper is not None
    with pytest.raises(Stale):
        selection.try_step(street.session, street.clerk, "move", plate_ids=street.plates[:1], versions=[1])


def test_plates_are_drawn_to_their_buildings(street_of: Lay) -> None:
    street = street_of(3, "numbered")
    near, lone, certain = (street.plate(index) for index in range(3))
    for index, (x, y) in enumerate([(300, 12), (700, 12), (400, 12)]):
        for table, one in (("plate", street.plates[index]), ("address", street.plate(index).address_id)):
            session = street.session
            session.execute(
                text(f"UPDATE registry.{table} SET position = CAST(:at AS geometry) WHERE id = :id"),
                {"at": make.point(x, y), "id": one},
            )
    host = make.make_address(street.session, 50, street=street.place)
    first = make.make_building(street.session, address=host, at=(300.0, 20.0))
    make.make_entrance(street.session, first, position=make.point(302, 15))
    other = make.make_address(street.session, 52, street=street.place)
    make.make_building(street.session, address=other, at=(400.0, 20.0))
    certify(street.session, street.clerk, address_ids=[certain.address_id], basis="visit")
    trial = selection.try_move_to_building(street.session, street.clerk, plate_ids=street.plates)
    assert [(one.id, one.code) for one in trial.refused] == [(lone.id, "no-building-near")]
    ways = {one.id: (one.kind, round(one.distance_m, 1)) for one in trial.moves}
    assert ways == {near.id: ("entrance", 3.6), certain.id: ("outline", 3.0)}
    chosen = [near.id, certain.id]
    with pytest.raises(RuleBroken, match="会取消认证"):
        selection.move_to_building(street.session, street.clerk, plate_ids=chosen)
    done = selection.move_to_building(street.session, street.clerk, plate_ids=chosen, reason="按楼门定位")
    assert done.count == 2
    moved = street.session.execute(
        text(
            "SELECT ST_DistanceSphere(a.position, p.position), a.certified_at, a.accuracy, ST_X(p.position)"
            " FROM registry.plate p JOIN registry.address a ON a.id = p.address_id"
            " WHERE p.id = ANY (:ids) ORDER BY p.id"
        ),
        {"ids": chosen},
    ).all()
    assert [(row[0], row[1], row[2]) for row in moved] == [(0, None, "B")] * 2
    assert moved[0][3] == pytest.approx(make.metres(302, 15)[0], abs=1e-7)


def test_a_door_with_two_plates_is_moved_once(street_of: Lay) -> None:
    street = street_of(1, "draft")
    session, plate = street.session, street.plate()
    address = session.get_one(Address, plate.address_id)
    make.make_building(session, address=address, at=(5.0, 20.0))
    other = make.make_plate(session, address, state="draft", kind="gate_large")
    address.position = plate.position
    session.flush()
    selection.move_to_building(session, street.clerk, plate_ids=[plate.id, other.id])
    told = select(Act.verb).where(Act.object_id == address.id)
    assert session.execute(told).scalars().all() == ["correct"]
