"""The number line of a street: metres from its beginning, sides, what is certified, what is warned of."""

import datetime as dt

from sqlalchemy.orm import Session

from geo_registry.address.tables import Address, AddressWarning
from geo_registry.plate import line
from tests import factories as make

VIEWER = make.make_viewer()
BOX = (121.2, 30.8, 121.4, 31.0)


def test_plates_lie_along_their_street_on_their_side(session: Session) -> None:
    street = make.make_street(session)
    plates = {
        number: make.make_plate(session, make.make_address(session, number, street=street))
        for number in (1, 2, 5, 8)
    }
    found, rows = line.along_street(session, VIEWER, street.id)
    assert found is not None
    assert {row.id for row in rows} == {plate.id for plate in plates.values()}
    by_number = sorted(rows, key=lambda row: int(row.text.removesuffix("号")))
    metres = [row.distance_m for row in by_number if row.distance_m is not None]
    assert len(metres) == len(plates)
    assert metres == sorted(metres)
    assert all(0 <= one <= found.length_m for one in metres)
    assert {found.odd_side, found.even_side} in ({"north", "south"}, {"east", "west"})
    assert found.axis[0] != found.axis[-1]


def test_what_is_certified_and_warned_of_is_told(session: Session) -> None:
    street = make.make_street(session)
    address = make.make_address(session, 3, street=street)
    plate = make.make_plate(session, address)
    clerk = make.make_account(session, role="clerk")
    row = session.get_one(Address, address.id)
    row.certified_at, row.certified_by, row.certified_basis = dt.datetime.now(dt.UTC), clerk.id, "visit"
    session.add(
        AddressWarning(
            address_id=address.id, kind="gap", scope_id=street.id, effect=3, district_id=address.district_id
        )
    )
    session.flush()
    (told,) = line.along_street(session, VIEWER, street.id)[1]
    assert (told.id, told.is_certified, told.warnings) == (plate.id, True, 1)
    assert line.count_certified(session, VIEWER, BOX) == (1, 0)


def test_streets_of_a_view_are_counted_and_have_a_colour(session: Session) -> None:
    street = make.make_street(session)
    for number in (1, 2):
        make.make_plate(session, make.make_address(session, number, street=street))
    make.make_plate(session, make.make_address(session, 4, street=street), state="cancelled")
    (told,) = line.count_streets(session, VIEWER, BOX)
    assert (told.id, told.name, told.plates) == (street.id, street.full_name, 2)
    assert 0 <= told.colour < 32
    assert line.count_ended(session, VIEWER, street.id) == 1


def test_a_viewer_elsewhere_sees_no_plates(session: Session) -> None:
    street = make.make_street(session)
    make.make_plate(session, make.make_address(session, 1, street=street))
    other = make.make_viewer(areas=(make.make_division(session).id,))
    assert line.along_street(session, other, street.id)[1] == []
    assert line.count_streets(session, other, BOX) == []


def test_a_lane_numbered_in_rows_has_no_number_line(session: Session) -> None:
    street = make.make_street(session)
    lane = make.make_street(session, "218弄", kind="lane", parent=street, axis=make.line((0, 0), (100, 0)))
    for number in range(1, 9):
        row, turn = divmod(number - 1, 2)
        at = make.point(10 + 30.0 * turn, 40.0 * row - 60)
        make.make_plate(session, make.make_address(session, number, street=lane, position=at), position=at)
    found, rows = line.along_street(session, VIEWER, lane.id)
    assert found is None
    assert {row.distance_m for row in rows} == {None}
    assert [row.side for row in sorted(rows, key=lambda row: row.text)] == ["odd", "even"] * 4
