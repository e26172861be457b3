"""Which block a building and an address lie in, as the database keeps it (R5)."""

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.area.tables import Division
from geo_registry.grid.tables import GridBlock
from geo_registry.housing.tables import Building
from tests.factories import (
    make_address,
    make_block,
    make_building,
    make_community,
    make_street,
    make_unit,
    point,
    square,
)


@pytest.fixture
def community(session: Session) -> Division:
    return make_community(session)


def block_code(session: Session, kind: str, row: object) -> str | None:
    """Return the code of the block that a building or an address lies in."""
    session.flush()
    query = f"""SELECT g.code FROM registry.{kind}_block k JOIN registry.grid_block g ON g.id = k.block_id
                WHERE k.{kind}_id = :id"""
    found: str | None = session.execute(text(query), {"id": row.id}).scalar_one_or_none()  # type: ignore[attr-defined]
    return found


def house(session: Session, community: Division, x: float, y: float, **over: object) -> Building:
    address = make_address(session, street=make_street(session, community=community), position=point(x, y))
    return make_building(session, address=address, at=(x, y), **over)


def test_what_is_stored_before_and_after_a_block_lies_in_it(session: Session, community: Division) -> None:
    before = house(session, community, 0, 0)
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    after = house(session, community, 20, 20)
    outside = house(session, community, 80, 0)
    assert [block_code(session, "building", one) for one in (before, after, outside)] == ["A", "A", None]


def test_addresses_lie_in_blocks_by_their_own_point(session: Session, community: Division) -> None:
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    street = make_street(session, community=community)
    inside = make_address(session, street=street, position=point(1, 1))
    nowhere = make_address(session, street=street, position=None)
    assert block_code(session, "address", inside) == "A"
    assert block_code(session, "address", nowhere) is None
    inside.position = point(500, 1)
    assert block_code(session, "address", inside) is None


def test_a_building_without_outline_lies_where_its_point_is(session: Session, community: Division) -> None:
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    assert block_code(session, "building", house(session, community, 0, 0, outline=None)) == "A"


def test_a_point_on_a_shared_edge_goes_to_the_lowest_code(session: Session, community: Division) -> None:
    edge = house(session, community, 50, 0, outline=None)
    make_block(session, community, code="B", boundary=square(0, 0, 100))
    assert block_code(session, "building", edge) == "B"
    make_block(session, community, code="A", boundary=square(100, 0, 100))
    assert block_code(session, "building", edge) == "A"
    make_block(session, community, code="C", boundary=square(50, 0, 1))
    assert block_code(session, "building", edge) == "A"


def test_a_moved_building_changes_its_block(session: Session, community: Division) -> None:
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    make_block(session, community, code="B", boundary=square(100, 0, 100))
    building = house(session, community, 0, 0)
    building.outline, building.position = square(90, 0), point(90, 0)
    assert block_code(session, "building", building) == "B"
    building.outline, building.position = square(900, 0), point(900, 0)
    assert block_code(session, "building", building) is None


def test_an_ended_building_lies_in_no_block(session: Session, community: Division) -> None:
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    building = house(session, community, 0, 0)
    building.state = "demolished"
    assert block_code(session, "building", building) is None
    building.state = "realized"
    assert block_code(session, "building", building) == "A"


def test_a_redrawn_and_an_ended_block_let_go(session: Session, community: Division) -> None:
    row = make_block(session, community, code="A", boundary=square(0, 0, 100))
    building = house(session, community, 0, 0)
    row.boundary = square(200, 0, 100)
    assert block_code(session, "building", building) is None
    row.boundary = square(0, 0, 50)
    assert block_code(session, "building", building) == "A"
    row.state = "retired"
    assert block_code(session, "building", building) is None


def test_what_agrees_is_not_corrected(session: Session, community: Division) -> None:
    make_block(session, community, code="A", boundary=square(0, 0, 100))
    inside, _outside = house(session, community, 0, 0), house(session, community, 300, 0)
    query = text("SELECT kind, placed, corrected, outside FROM registry.assign_blocks() ORDER BY kind")
    assert [tuple(row) for row in session.execute(query)] == [("address", 1, 0, 1), ("building", 1, 0, 1)]
    session.execute(text("DELETE FROM registry.building_block"))
    assert [tuple(row) for row in session.execute(query)] == [("address", 1, 0, 1), ("building", 1, 1, 1)]
    assert block_code(session, "building", inside) == "A"


def test_leaf_of_is_the_smallest_known(session: Session, community: Division) -> None:
    query = text("SELECT registry.leaf_of(NULL, NULL, :t, :d)")
    values = {"t": community.township_id, "d": community.district_id}
    assert session.execute(query, values).scalar_one() == community.township_id


def test_gaps_name_the_ground_in_no_block(session: Session, community: Division) -> None:
    community.boundary = square(0, 0, 100)
    make_block(session, community, boundary=square(-25, 0, 50, 100))
    make_unit(session, house(session, community, 30, 0))
    make_unit(session, house(session, community, -30, 0))
    session.flush()
    query = text("SELECT m2, buildings, units FROM registry.block_gaps(:id)")
    found = session.execute(query, {"id": community.id}).one()
    assert (found.buildings, found.units) == (1, 1)
    assert found.m2 == pytest.approx(5000, rel=0.01)


def test_outside_blocks_lists_buildings_with_their_units(session: Session, community: Division) -> None:
    make_block(session, community, boundary=square(0, 0, 100))
    building = house(session, community, 300, 0)
    make_unit(session, building)
    make_unit(session, building, "102", state="retired")
    house(session, community, 0, 0)
    query = text("SELECT building_id, units FROM registry.outside_blocks(:area, NULL, NULL, 10)")
    found = session.execute(query, {"area": community.district_id}).all()
    assert [tuple(row) for row in found] == [(building.id, 1)]


def test_the_last_visit_is_the_latest_not_the_last_entered(session: Session, community: Division) -> None:
    unit = make_unit(session, house(session, community, 0, 0))
    now = dt.datetime.now(dt.UTC)
    for days, outcome in ((3, "met_all"), (1, "nobody_home"), (2, "declined")):
        session.execute(
            text("INSERT INTO registry.visit (unit_id, visited_at, outcome) VALUES (:unit, :at, :outcome)"),
            {"unit": unit.id, "at": now - dt.timedelta(days), "outcome": outcome},
        )
    assert session.execute(text("SELECT outcome FROM registry.last_visit")).scalar_one() == "nobody_home"


def test_overlapping_blocks_are_refused_at_the_end(session: Session, community: Division) -> None:
    make_block(session, community, code="A", name="A", boundary=square(0, 0, 100))
    make_block(session, community, code="B", name="B", boundary=square(100, 0, 100))
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    other = make_block(session, community, code="C", name="C", boundary=square(195, 0, 100))
    with pytest.raises(Exception, match=r"blocks .* share 500"), session.begin_nested():
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert isinstance(other, GridBlock)
