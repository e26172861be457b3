"""The buildings of an estate: which they are, in which rows they stand, which numbers they would get."""

import math
from uuid import UUID

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.address.numbering.rows import in_rows
from geo_registry.address.profile import load_profile
from geo_registry.address.reads import EstatePlan, plan_estate
from geo_registry.errors import NotFound, RegistryError, RuleBroken
from tests import factories as make

CLERK = make.make_viewer()


def refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def houses(columns: int, rows: int, angle: float = 0.0) -> list[shapely.Geometry]:
    """Return rows of houses 30 by 12 m, 40 and 30 m from one another, turned around their corner."""
    shapes = [
        shapely.box(40 * x - 15, 30 * y - 6, 40 * x + 15, 30 * y + 6)
        for y in range(rows)
        for x in range(columns)
    ]
    return [shapely.affinity.rotate(shape, angle, origin=(0, 0)) for shape in shapes]


@pytest.mark.parametrize("angle", [0, 20, -35])
@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        # From the north-east without a gate, else from the corner that lies nearer to it.
        (None, [[8, 7, 6], [3, 4, 5], [2, 1, 0]]),
        ((-30, -20), [[0, 1, 2], [5, 4, 3], [6, 7, 8]]),
        ((110, -20), [[2, 1, 0], [3, 4, 5], [8, 7, 6]]),
        ((-30, 80), [[6, 7, 8], [5, 4, 3], [0, 1, 2]]),
    ],
)
def test_rows_are_counted_there_and_back(
    angle: float, start: tuple[float, float] | None, wanted: list[list[int]]
) -> None:
    turn = math.radians(angle)
    moved = start and (
        start[0] * math.cos(turn) - start[1] * math.sin(turn),
        start[0] * math.sin(turn) + start[1] * math.cos(turn),
    )
    assert in_rows(houses(3, 3, angle), moved) == wanted


def test_points_stand_in_rows_too_and_nothing_in_none() -> None:
    points = [shapely.Point(x, y) for x, y in ((0, 0), (50, 3), (0, 40), (50, 38))]
    assert in_rows(points, (0, -10)) == [[0, 1], [3, 2]]
    assert in_rows([], None) == []


def lone(session: Session, x: float, y: float) -> UUID:
    """Store a building of 30 by 12 m that bears no number."""
    building = make.make_building(session, at=(x, y), outline=make.square(x, y, 30, 12))
    session.execute(
        text("DELETE FROM registry.building_address WHERE building_id = :id"), {"id": building.id}
    )
    return building.id


def numbers(plan: EstatePlan) -> list[tuple[str, UUID | None, int | None]]:
    return [(slot.number_text, slot.building_id, slot.row) for slot in plan.slots if slot.kind == "door"]


def test_an_estate_is_numbered_from_its_gate_in_s_shape(session: Session) -> None:
    community = make.make_community(session)
    make.make_street(session, "映月路", community=community, axis=make.line((-200, -30), (400, -30)))
    estate = make.make_street(session, "竹海小区", kind="estate", community=community)
    ids = [lone(session, 40 * x, 30 * y) for y in range(2) for x in range(3)]
    lone(session, 40, -60)  # across the street
    lone(session, 400, 0)  # too far from the others
    other = make.make_street(session, "观星新村", kind="estate", community=community)
    make.make_building(session, address=make.make_address(session, 1, street=other), at=(120, 0))
    with refused("gate-missing"):
        plan_estate(session, CLERK, place_name_id=estate.id)
    plan = plan_estate(session, CLERK, place_name_id=estate.id, gate=make.metres(-20, -25))
    assert (plan.name, plan.rows, plan.counts) == ("竹海小区", 2, {"door": 6})
    assert numbers(plan) == [
        (f"{number}幢", ids[place], 1 + (number > 3))
        for number, place in enumerate((0, 1, 2, 5, 4, 3), start=1)
    ]
    assert plan.slots[0].standard_text.endswith("竹海小区1幢")
    # What has a number keeps it, and the others count on behind it.
    make.make_building(
        session, at=(0, 60), outline=make.square(0, 60, 30, 12),
        address=make.make_address(session, 7, street=estate, number_key="b7", number_text="7幢"),
    )  # fmt: skip
    plan = plan_estate(session, CLERK, place_name_id=estate.id)
    assert plan.counts == {"given": 1, "door": 6}
    assert [number for number, _, _ in numbers(plan)] == [f"{number}幢" for number in range(8, 14)]


def test_only_estates_in_the_viewers_areas_are_numbered_so(session: Session) -> None:
    street = make.make_street(session)
    with refused("not-estate"):
        plan_estate(session, CLERK, place_name_id=street.id)
    community = make.make_community(session)
    estate = make.make_street(session, "竹海小区", kind="estate", community=community)
    stranger = make.make_viewer(areas=[make.make_community(session).id])
    with refused("place-name-not-found", NotFound):
        plan_estate(session, stranger, place_name_id=estate.id)
    lone(session, 0, 0)
    elsewhere = make.make_viewer(areas=[community.id])
    found = plan_estate(session, elsewhere, place_name_id=estate.id, gate=make.metres(-20, 0))
    assert found.slots == ()
    # Doors of the estate beyond the viewer's areas hold their numbers and are not shown.
    make.make_address(session, 7, street=estate)
    make.make_address(session, 9, street=estate, community_id=make.make_community(session).id)
    found = plan_estate(session, elsewhere, place_name_id=estate.id, gate=make.metres(-20, 0))
    assert [slot.number_text for slot in found.slots] == ["7号"]
    assert plan_estate(session, CLERK, place_name_id=estate.id).counts["given"] == 2


@pytest.mark.parametrize("kind", ["hamlet", "group"])
def test_houses_of_a_village_are_numbered_by_doors_within_it(session: Session, kind: str) -> None:
    community = make.make_community(session)
    beside = make.make_division(session, parent=session.get_one(type(community), community.township_id))
    village = make.make_street(
        session, "4组", kind=kind, community=community, profile=load_profile("village")
    )
    ours = {lone(session, 40 * place, 0) for place in range(3)}
    other = lone(session, 120, 0)
    move = "UPDATE registry.building SET district_id = :d, township_id = :t, community_id = :c WHERE id = ANY (:ids)"
    for area, ids in ((community, list(ours)), (beside, [other])):
        asked = {"d": area.district_id, "t": area.township_id, "c": area.id, "ids": ids}
        session.execute(text(move), asked)
    plan = plan_estate(session, CLERK, place_name_id=village.id, gate=make.metres(-20, 0))
    assert {slot.building_id for slot in plan.slots} == ours
    assert [slot.number_text for slot in plan.slots] == ["1号", "2号", "3号"]
