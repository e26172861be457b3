"""Objects of the register for tests: plain functions, keyword overrides, always valid.

Everything stands on a flat plan of metres around 121.3 E 30.9 N; `metres` gives degrees.
"""

# ruff: noqa: ANN401  (an override may be any column's value)

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Viewer
from geo_registry.account import accounts, sessions
from geo_registry.address.profile import load_profile
from geo_registry.address.rules import normal_name
from geo_registry.address.tables import Address, AddressAlias, PlaceName
from geo_registry.area.tables import Division
from geo_registry.codes import new_code, new_id
from geo_registry.grid.tables import GridBlock
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
from geo_registry.person.tables import Person
from geo_registry.plate.tables import Photo, Plate, PlateInstallation
from geo_registry.residence.tables import Residence
from geo_registry.text import initials, normal_key, pinyin

PROFILE = load_profile("shanghai")
LON, LAT = 121.3, 30.9
METRES_PER_LON, METRES_PER_LAT = 95_604.0, 110_867.0
Row = TypeVar("Row")
_count = itertools.count(1)
_hash_of = cache(sessions.hash_password)


@contextmanager
def hashed_once() -> Iterator[None]:
    """Let many accounts share the hash of their one password, which is slow by design."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "hash_password", _hash_of)
        yield


def metres(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point of the plan."""
    return LON + x / METRES_PER_LON, LAT + y / METRES_PER_LAT


def point(x: float, y: float) -> str:
    """Return a point of the plan as EWKT."""
    lon, lat = metres(x, y)
    return f"SRID=4490;POINT({lon:.9f} {lat:.9f})"


def square(x: float, y: float, side: float = 10.0, height: float | None = None) -> str:
    """Return an upright rectangle of the plan around a point as EWKT, a multipolygon."""
    half, tall = side / 2, (height or side) / 2
    corners = [(x - half, y - tall), (x + half, y - tall), (x + half, y + tall), (x - half, y + tall)]
    ring = ", ".join("{:.9f} {:.9f}".format(*metres(*corner)) for corner in [*corners, corners[0]])
    return f"SRID=4490;MULTIPOLYGON((({ring})))"


def line(*points: tuple[float, float]) -> str:
    """Return a line of the plan as EWKT, a multilinestring."""
    inner = ", ".join("{:.9f} {:.9f}".format(*metres(*one)) for one in points)
    return f"SRID=4490;MULTILINESTRING(({inner}))"


def make_viewer(role: Role | str = Role.CLERK, areas: Sequence[UUID] | None = None, **over: Any) -> Viewer:
    """Return a viewer of the whole installation, or of some areas, without storing an account."""
    granted = None if areas is None else tuple(areas)
    values = {"session_id": new_id(), "account_id": new_id(), "login": "tester", "name": "测试员"}
    return Viewer(**{**values, "role": Role(role), "areas": granted, **over})


def make_account(session: Session, *, division: Division | None = None, **over: Any) -> Account:
    """Store an account with a grant for a division, or for the whole installation."""
    number = next(_count)
    account = Account(
        **{"id": new_id(), "login": f"login{number}", "name": f"账号{number}", "role": "clerk", **over}
    )
    session.add(account)
    session.flush()
    session.add(AreaGrant(account_id=account.id, division_id=division.id if division else None))
    session.flush()
    return account


def make_division(session: Session, *, parent: Division | None = None, **over: Any) -> Division:
    """Store a division one level below its parent; a district when there is none."""
    number, levels = next(_count), ("province", "city", "district", "township", "community")
    level = over.get("level") or (levels[levels.index(parent.level) + 1] if parent else "district")
    own = over.pop("id", None) or new_id()
    name = {"district": "区", "township": "街道", "community": "居委会"}.get(level, "市")
    values = {
        "id": own, "scheme": "cn", "code": f"{number:012d}", "level": level, "name": f"第{number}{name}",
        "parent_id": parent.id if parent else None,
        "city_id": own if level == "city" else parent.city_id if parent else None,
        "district_id": own if level == "district" else parent.district_id if parent else None,
        "township_id": own if level == "township" else parent.township_id if parent else None,
        "boundary": square(0, 0, 5000), **over,
    }  # fmt: skip
    values.setdefault("full_name", (parent.full_name if parent else "") + values["name"])
    return _stored(session, Division(**values))


def make_community(session: Session, **over: Any) -> Division:
    """Store a district, a township in it and a community in that; return the community."""
    return make_division(session, parent=make_division(session, parent=make_division(session)), **over)


def make_street(session: Session, name: str | None = None, **over: Any) -> PlaceName:
    """Store a place name: a street of a community's district unless `kind` and `parent` say otherwise."""
    parent: PlaceName | None = over.pop("parent", None)
    community: Division | None = over.pop("community", None)
    kind = over.get("kind", "street")
    name = name or f"试{next(_count)}路"
    areas = _areas(parent or community or make_community(session))
    values = {
        "id": new_id(), "code": new_code(), "kind": kind, "name": name,
        "normal_name": normal_name(over.pop("profile", PROFILE), kind, name),
        "full_name": (parent.full_name if parent else "") + name, "pinyin": pinyin(name),
        "initials": initials(name), "parent_id": parent.id if parent else None,
        "scope_id": parent.id if parent else areas["district_id"],
        "axis": line((0, 0), (1000, 0)) if kind == "street" else None, **areas, **over,
    }  # fmt: skip
    return _stored(session, PlaceName(**values))


def make_address(session: Session, number: int | None = None, **over: Any) -> Address:
    """Store a current address: `number` on a street, 10 m from the axis at 5 m for each number below 900."""
    street: PlaceName = over.pop("street", None) or make_street(session)
    number = number or next(_count)
    values = {
        "id": new_id(), "code": new_code(), "place_name_id": street.id, "scope_id": street.id, "number": number,
        "number_key": str(number), "number_text": f"{number}号",
        "position": point(5.0 * (number % 900), 10),
        "accuracy": "A", **_areas(street), **over,
    }  # fmt: skip
    values.setdefault("standard_text", street.full_name + values["number_text"])
    return _stored(session, Address(**values))


def make_alias(
    session: Session, target: PlaceName | Address | Building | Division, name: str, **over: Any
) -> AddressAlias:
    """Store a former name of a place name, an address, a building or a division."""
    values = {
        "object_kind": type(target).__tablename__, "object_id": target.id, "district_id": target.district_id,
        "kind": "historical_name", "name": name, "normal_name": normal_key(name), **over,
    }  # fmt: skip
    return _stored(session, AddressAlias(**values))


def make_building(session: Session, *, address: Address | None = None, **over: Any) -> Building:
    """Store a building of 10 m x 10 m with an address; `at` is its middle on the plan."""
    address = address or make_address(session)
    building_no = over.pop("building_no", "")
    x, y = over.pop("at", (5.0 * address.number, 20.0))
    values = {
        "id": new_id(), "code": new_code(), "method": "outlined", "floors": 6, "outline": square(x, y),
        "position": point(x, y), **_areas(address), **over,
    }  # fmt: skip
    building = _stored(session, Building(**values))
    _stored(
        session,
        BuildingAddress(
            building_id=building.id, address_id=address.id, building_no=building_no, is_main=True
        ),
    )
    return building


def make_entrance(session: Session, building: Building, number: int = 1, **over: Any) -> Entrance:
    """Store an entrance of a building."""
    values = {"building_id": building.id, "label": f"{number}单元", "label_key": f"e{number}", **over}
    return _stored(session, Entrance(id=new_id(), code=new_code(), **values))


def make_unit(
    session: Session, building: Building | None = None, room: str | None = "101", **over: Any
) -> HousingUnit:
    """Store a unit; the floor follows from the room."""
    building = building or make_building(session)
    entrance: Entrance | None = over.pop("entrance", None)
    front = entrance.label if entrance else ""
    values = {
        "id": new_id(), "code": new_code(), "building_id": building.id,
        "entrance_id": entrance.id if entrance else None, "room": room,
        "floor": int(room[:-2]) if room and room[:-2].isdecimal() else None,
        "unit_text": f"{front}{room}室",
        "unit_key": (f"{entrance.label_key}/" if entrance else "") + f"r{room}",
        "use": "self_occupied", "area_m2": 60, **_areas(building), **over,
    }  # fmt: skip
    return _stored(session, HousingUnit(**values))


def make_plate(session: Session, address: Address | None = None, **over: Any) -> Plate:
    """Store a plate on the wall with its evidence, or in another state."""
    address = address or make_address(session)
    values = {
        "id": new_id(), "code": new_code(), "address_id": address.id, "text": address.number_text,
        "state": "installed", "position": point(5.0 * address.number, 12), **_areas(address), **over,
    }  # fmt: skip
    plate = _stored(session, Plate(**values))
    if plate.state in {"installed", "verified"}:
        make_installation(session, plate)
    return plate


def make_photo(session: Session) -> Photo:
    """Store the record of a photo; no file lies behind it."""
    sha256 = hashlib.sha256(b"photo%d" % next(_count)).digest()
    return _stored(session, Photo(sha256=sha256, width=1600, height=1200, size_bytes=200_000))


def make_installation(session: Session, plate: Plate, **over: Any) -> PlateInstallation:
    """Store the evidence that a plate hangs, verified when the plate's state says so."""
    verified = {"verified_at": dt.datetime.now(dt.UTC), "verified_by": make_account(session).id}
    values = {
        "plate_id": plate.id, "photo_sha256": make_photo(session).sha256, "position": point(0, 12),
        "installed_at": dt.datetime.now(dt.UTC), "account_id": make_account(session, role="coordinator").id,
        "accuracy_m": 3.0, **(verified if plate.state == "verified" else {}), **over,
    }  # fmt: skip
    return _stored(session, PlateInstallation(**values))


def make_block(session: Session, community: Division, **over: Any) -> GridBlock:
    """Store a current grid block over the whole plan."""
    number = next(_count)
    areas = {
        "district_id": community.district_id,
        "township_id": community.township_id,
        "community_id": community.id,
    }
    values = {
        "id": new_id(),
        "code": f"{number:015d}",
        "name": f"网格{number}",
        "boundary": square(0, 0, 5000),
    }
    return _stored(session, GridBlock(**{**values, **areas, **over}))


def make_person(session: Session, name: str = "张某", **over: Any) -> Person:
    """Store a person whose ciphers are random bytes."""
    number = next(_count)
    values = {
        "id": new_id(), "name": name, "sex": "1", "birth_year": 1990, "birth_month": 3, "id_type": "111",
        "id_number": b"cipher%d" % number, "id_index": b"index%d" % number, "id_tail": "1X", **over,
    }  # fmt: skip
    return _stored(session, Person(**values))


def live_at(session: Session, person: Person, unit: HousingUnit, **over: Any) -> Residence:
    """Let a person live in a unit from today on."""
    values = {
        "person_id": person.id, "unit_id": unit.id, "building_id": unit.building_id, "category": "incomer",
        **_areas(unit), **over,
    }  # fmt: skip
    return _stored(session, Residence(**values))


def days(start: Any, end: Any = None) -> Range[Any]:
    """Return a half-open period of days."""
    return Range(start, end)


def _areas(place: Any) -> dict[str, UUID | None]:
    """Return the area ids of a located object, or of the things in a community."""
    community = place.id if isinstance(place, Division) else place.community_id
    return {"district_id": place.district_id, "township_id": place.township_id, "community_id": community}


def _stored(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
