"""Reads of buildings and units."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import breadcrumb
from geo_registry.errors import NotFound
from geo_registry.housing import reads
from tests import factories as make


def test_a_building_is_told_with_its_address_areas_block_and_uses(session: Session) -> None:
    community = make.make_community(session)
    block = make.make_block(session, community)
    street = make.make_street(session, "映月路", community=community)
    lane = make.make_street(session, "218弄", kind="lane", parent=street)
    address = make.make_address(session, 6, street=lane)
    building = make.make_building(session, address=address, building_no="2幢")
    entrance = make.make_entrance(session, building)
    make.make_unit(session, building, "101", entrance=entrance)
    make.make_unit(session, building, "102", use="vacant")
    make.make_unit(session, building, "103", state="retired")
    make.make_plate(session, address)
    found = reads.building(session, make.make_viewer(), building.id)
    assert (found.title, found.address, found.building_no) == ("映月路218弄6号2幢", "映月路218弄6号", "2幢")
    assert (found.block, found.community) == (block.name, community.name)
    assert (found.unit_count, found.use_counts) == (2, {"self_occupied": 1, "vacant": 1})
    assert (found.entrance_count, found.plate_count) == (1, 1)
    assert found.outline is not None
    assert found.outline["type"] == "MultiPolygon"
    path = breadcrumb(session, make.make_viewer(), building_id=building.id)
    assert [step.kind for step in path] == ["district", "township", "community", "block", "building"]
    assert path[-1].name == "映月路218弄6号2幢"


def test_the_plan_has_the_top_floor_first_and_rooms_in_natural_order(session: Session) -> None:
    building = make.make_building(session)
    one, two = make.make_entrance(session, building, 1), make.make_entrance(session, building, 2)
    for room, entrance in (("101", one), ("102", one), ("103", two), ("1001", one), ("201", two)):
        make.make_unit(session, building, room, entrance=entrance)
    make.make_unit(session, building, "B1", floor=-1, entrance=one)
    make.make_unit(session, building, None, unit_text="门卫", unit_key="x", floor=None)
    plan = reads.units_of_building(session, make.make_viewer(), building.id)
    assert [(column.label, column.width) for column in plan.entrances] == [("1单元", 2), ("2单元", 1)]
    assert [(row.floor, [[unit.label for unit in cell] for cell in row.cells]) for row in plan.floors] == [
        (10, [["1001"], []]), (2, [[], ["201"]]), (1, [["101", "102"], ["103"]]), (-1, [["B1"], []]),
    ]  # fmt: skip
    assert [unit.label for unit in plan.loose] == ["门卫"]
    assert plan.unit_count == 7


def test_a_building_without_units_has_an_empty_plan(session: Session) -> None:
    plan = reads.units_of_building(session, make.make_viewer(), make.make_building(session).id)
    assert (plan.floors, plan.entrances, plan.loose) == ((), (), ())


def _strangers(session: Session) -> Viewer:
    return make.make_viewer(areas=[make.make_community(session).id])


def test_what_lies_outside_the_area_is_not_found(session: Session) -> None:
    building = make.make_building(session)
    unit = make.make_unit(session, building)
    stranger = _strangers(session)
    for call in (
        lambda: reads.building(session, stranger, building.id),
        lambda: reads.units_of_building(session, stranger, building.id),
        lambda: reads.housing_unit(session, stranger, unit.id),
        lambda: breadcrumb(session, stranger, building_id=building.id),
    ):
        with pytest.raises(NotFound):
            call()


def test_lists_turn_pages_without_repeating_or_losing(session: Session) -> None:
    street = make.make_street(session)
    ids = {
        make.make_building(session, address=make.make_address(session, n, street=street)).id
        for n in range(1, 8)
    }
    viewer, seen, after = make.make_viewer(areas=[street.district_id]), [], None
    while True:
        page = reads.buildings(session, viewer, after=after, limit=3)
        seen += [row.id for row in page.rows]
        if page.next is None:
            break
        after = page.next
    assert len(seen) == 7
    assert set(seen) == ids


def test_a_unit_has_its_full_text(session: Session) -> None:
    street = make.make_street(session, "映月路")
    building = make.make_building(session, address=make.make_address(session, 8, street=street))
    unit = make.make_unit(session, building, "402")
    found = reads.housing_unit(session, make.make_viewer(), unit.id)
    assert (found.full_text, found.room, found.floor) == ("映月路8号402室", "402", 4)
    assert [
        row.id for row in reads.housing_units(session, make.make_viewer(), building_id=building.id).rows
    ] == [unit.id]
