"""Axes: one line out of pieces, its beginning, the metres and sides of points."""

import numpy as np
import pytest
import shapely

from geo_registry.address.numbering.axis import Axis, axis_of
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import Numbering, Profile
from tests.factories import metres

SHANGHAI = load_profile("shanghai")


def axis(*pieces: tuple[tuple[float, float], ...]) -> Axis:
    lines = [shapely.LineString([metres(*point) for point in piece]) for piece in pieces]
    found = axis_of(shapely.to_wkb(shapely.MultiLineString(lines)))
    assert found is not None
    return found


def sides(*odd: str) -> Profile:
    numbering = Numbering(**{**SHANGHAI.numbering.model_dump(), "odd_sides": odd})
    return SHANGHAI.model_copy(update={"numbering": numbering})


def test_a_point_has_metres_along_and_beside_and_a_hand() -> None:
    street = axis(((0, 0), (1000, 0)))
    foot = street.foot(*metres(250, 12))
    assert foot.distance_m == pytest.approx(250, abs=0.5)
    assert foot.from_axis_m == pytest.approx(12, abs=0.1)
    assert foot.hand == "left"
    assert street.foot(*metres(250, -12)).hand == "right"
    assert street.turned().foot(*metres(250, 12)).hand == "right"
    assert street.places(np.array([250.0]))[0] == pytest.approx(metres(250, 0), abs=1e-5)


def test_a_point_beyond_the_end_keeps_the_hand_of_the_end() -> None:
    street = axis(((0, 0), (1000, 0)))
    assert street.foot(*metres(1010, 4)).hand == "left"
    assert street.foot(*metres(-10, -4)).hand == "right"


def test_pieces_become_one_line_whatever_their_order_and_direction() -> None:
    street = axis(((600, 0), (300, 0)), ((0, 0), (300, 0)), ((1000, 0), (620, 0)))
    assert street.length_m == pytest.approx(1000, abs=1)
    along = street.feet(np.array([metres(x, 5) for x in (50, 310, 610, 900)]))[0]
    assert (np.diff(along) > 0).all() or (np.diff(along) < 0).all()


def test_the_second_carriageway_and_spurs_do_not_count() -> None:
    street = axis(
        ((0, 0), (500, 0), (1000, 0)),
        ((1000, 20), (500, 20), (0, 20)),
        ((500, 0), (500, 20)),
        ((700, 0), (700, -60)),
    )
    assert street.length_m == pytest.approx(1000, abs=25)
    above, below = (street.foot(*metres(400, y)).hand for y in (60, -40))
    assert above != below


def test_a_ring_is_one_axis() -> None:
    ring = axis(((0, 0), (100, 0), (100, 100), (0, 100), (0, 0)))
    assert ring.length_m == pytest.approx(400, abs=1)


def test_nothing_to_count_along_is_no_axis() -> None:
    assert axis_of(shapely.to_wkb(shapely.MultiLineString())) is None
    here = metres(0, 0)
    assert axis_of(shapely.to_wkb(shapely.LineString([here, here]))) is None


def test_the_profile_names_the_beginning() -> None:
    street = axis(((0, 0), (1000, 100)))
    assert street.heading == "east"
    from_east = street.from_origin(("east", "north"))
    assert (from_east.heading, from_east.compass("left")) == ("west", "south")
    assert street.from_origin(("west",)) is street
    down = axis(((0, 0), (30, 900)))
    assert (down.heading, down.from_origin(("east", "north")).heading) == ("north", "south")
    assert down.from_origin(("east", "south")) is down


def test_a_clerk_or_the_mouth_names_the_beginning() -> None:
    street = axis(((0, 0), (1000, 0)))
    assert street.from_point(*metres(990, 50)).heading == "west"
    lane = axis(((300, 200), (300, 5)))
    assert lane.from_mouth(street).heading == "north"
    assert lane.turned().from_mouth(street).heading == "north"


def test_odd_numbers_stand_where_the_profile_says() -> None:
    west = axis(((1000, 0), (0, 0)))
    assert west.odd_hand(sides("left")) == "left"
    assert west.odd_hand(sides("north", "west")) == "right"
    north = axis(((0, 0), (0, 900)))
    assert north.odd_hand(sides("north", "west")) == "left"
