"""Reads of areas, paths and histories."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo_registry.area import reads
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.errors import NotFound, RuleBroken
from tests import factories as make


def test_areas_are_listed_by_code_level_parent_and_beginning(session: Session) -> None:
    district = make.make_division(session, name="映山区")
    towns = [make.make_division(session, parent=district, name=f"{name}街道") for name in ("望澜", "石桥")]
    viewer = make.make_viewer()
    found = reads.areas(session, viewer, level="township", parent_id=district.id)
    assert [row.id for row in found.rows] == [town.id for town in towns]
    assert [row.name for row in reads.areas(session, viewer, text="石桥").rows] == ["石桥街道"]
    first = reads.areas(session, viewer, limit=2)
    assert [row.id for row in reads.areas(session, viewer, after=first.next, limit=2).rows] == [towns[1].id]
    with pytest.raises(RuleBroken):
        reads.areas(session, viewer, level="galaxy")


def test_an_area_is_told_with_its_boundary_and_parent(session: Session) -> None:
    community = make.make_community(session)
    found = reads.area(session, make.make_viewer(), community.id)
    assert found.boundary is not None
    assert found.box is not None
    assert found.lon == pytest.approx(121.3, abs=1e-3)
    assert found.parent_id == community.parent_id
    assert found.parent_name is not None


def test_the_areas_around_a_point_go_from_the_whole_to_the_part(session: Session) -> None:
    community = make.make_community(session)
    lon, lat = make.metres(10, 10)
    levels = [row.level for row in reads.areas_containing(session, make.make_viewer(), lon=lon, lat=lat)]
    assert levels == ["district", "township", "community"]
    own = make.make_viewer(areas=[community.id])
    assert [row.id for row in reads.areas_containing(session, own, lon=lon, lat=lat)] == [community.id]


def test_the_path_names_what_lies_above_the_viewers_own_area(session: Session) -> None:
    community = make.make_community(session)
    own = make.make_viewer(areas=[community.id])
    assert [step.kind for step in reads.breadcrumb(session, own, community_id=community.id)] == [
        "district", "township", "community",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        reads.breadcrumb(session, own, community_id=make.make_community(session).id)


def test_counts_leave_out_what_has_ended(session: Session) -> None:
    building = make.make_building(session)
    make.make_unit(session, building, "101")
    make.make_unit(session, building, "102", state="retired")
    counts = reads.counts_of(session, make.make_viewer(), building.district_id)
    assert (counts.addresses, counts.buildings, counts.units, counts.plates) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    "kind", ["area", "street", "address", "building", "entrance", "unit", "plate", "block"]
)
def test_every_kind_has_a_history(session: Session, kind: str) -> None:
    building = make.make_building(session)
    community = session.get_one(Division, building.community_id)
    makers: dict[str, Callable[[], Any]] = {
        "area": lambda: community,
        "street": lambda: make.make_street(session),
        "address": lambda: make.make_address(session),
        "building": lambda: building,
        "entrance": lambda: make.make_entrance(session, building),
        "unit": lambda: make.make_unit(session, building),
        "plate": lambda: make.make_plate(session),
        "block": lambda: make.make_block(session, community),
    }
    made = makers[kind]()
    (version,) = reads.history_of(session, make.make_viewer(), kind=kind, object_id=made.id)
    assert (version.version, version.until, version.changes) == (1, None, ())
    with pytest.raises(NotFound):
        reads.history_of(session, make.make_viewer(areas=[new_id()]), kind=kind,
                         object_id=made.id)  # fmt: skip


def test_no_other_kind_has_a_history(session: Session) -> None:
    with pytest.raises(RuleBroken):
        reads.history_of(session, make.make_viewer(), kind="person", object_id=new_id())
