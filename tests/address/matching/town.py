"""A town whose names and numbers are easily taken for one another, in two districts."""

from sqlalchemy.orm import Session

from geo_registry.address.numbers import Door, parse_door
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Division
from tests import factories as make

PROFILE = make.PROFILE
DOORS = {
    "柳营路": ("12号", "12-1号", "临12号", "14号", "20号", "5号"),
    "中山东路": ("10号", "11号"),
    "中山西路": ("10号", "13号"),
    "一二三路": ("5号",),
}


def make_door(session: Session, street: PlaceName, number: str) -> Address:
    """Register a door by its number as it is written."""
    door = parse_door(PROFILE, number)
    assert isinstance(door, Door), number
    return make.make_address(
        session, door.number, street=street, number_key=door.number_key, number_text=door.number_text
    )


def make_town(session: Session) -> tuple[Division, Division]:
    """Return 甲山区 with all of `DOORS`, lanes and a room, and 乙水区 with two doors on its own 柳营路."""
    city = make.make_division(session, level="city", name="静安市")
    first, second = (make.make_division(session, parent=city, name=name) for name in ("甲山区", "乙水区"))
    here = make.make_division(
        session, parent=make.make_division(session, parent=first, name="东门街道"), name="柳营居委会"
    )
    there = make.make_division(
        session, parent=make.make_division(session, parent=second, name="西关街道"), name="桥头居委会"
    )
    streets = {name: make.make_street(session, name, community=here) for name in DOORS}
    for name, numbers in DOORS.items():
        for number in numbers:
            make_door(session, streets[name], number)
    for lane, numbers in (("12弄", ("1号", "3号")), ("7弄", ("14号",))):
        scope = make.make_street(session, lane, kind="lane", parent=streets["柳营路"])
        for number in numbers:
            make_door(session, scope, number)
    make.make_unit(
        session, make.make_building(session, address=make_door(session, streets["柳营路"], "200号"))
    )
    street = make.make_street(session, "柳营路", community=there)
    for number in ("12号", "66号"):
        make_door(session, street, number)
    return first, second
