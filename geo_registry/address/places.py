"""Questions about place names and addresses: lists, single ones, and those near a point."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PLACE_KINDS, Address, AddressAlias, PlaceName
from geo_registry.area.reads import ENDED, NEVER, districts_of, located, outside, within
from geo_registry.area.tables import Division, Jurisdiction
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.text import normal_key

METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class PlaceNameRow:
    """One place name in a list; kind is street, section, lane, sub_lane, alley, estate, hamlet or group."""

    id: UUID
    code: str
    kind: str
    name: str
    full_name: str
    pinyin: str
    state: str
    parent_id: UUID | None
    district_id: UUID
    district: str | None
    version: int


@dataclass(frozen=True, slots=True)
class PlaceNameDetail(PlaceNameRow):
    """One place name with its axis (GeoJSON), its other names and what stands below it."""

    initials: str
    parent: str | None
    township_id: UUID | None
    community_id: UUID | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    axis: dict[str, Any] | None
    length_m: float | None
    children: int
    addresses: int
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address in a list; accuracy is A (surveyed), B (derived) or U (unknown)."""

    id: UUID
    code: str
    place_name_id: UUID | None
    number: int
    number_key: str
    number_text: str
    standard_text: str
    officially_assigned: bool
    accuracy: str
    state: str
    version: int
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class AddressDetail(AddressRow):
    """One address with its areas, its buildings and its former names."""

    neighborhood: str | None
    position_source: str | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    district: str | None
    township: str | None
    community: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    building_ids: tuple[UUID, ...]
    plate_ids: tuple[UUID, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearAddress:
    """An address at a distance of a point."""

    id: UUID
    code: str
    standard_text: str
    distance_m: float
    accuracy: str
    lon: float
    lat: float
    building_id: UUID | None


def profile_in_force(session: Session) -> Profile:
    """Return the scheme profile of the installation."""
    return load_profile(session.execute(select(Jurisdiction.profile)).scalar_one())


def place_names(
    session: Session,
    viewer: Viewer,
    *,
    kinds: tuple[str, ...] = (),
    district_id: UUID | None = None,
    parent_id: UUID | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[PlaceNameRow]:
    """Return place names that are or were in use, in order of id; `text` begins a name, sound or initials.

    Raises:
        RuleBroken: `kind-unknown`, `limit-invalid`, `cursor-invalid`.

    """
    if not set(kinds) <= set(PLACE_KINDS):
        raise RuleBroken("kind-unknown", f"地名种类应为 {'、'.join(PLACE_KINDS)} 之一", field="kinds")
    query = _place_rows().where(in_scope(viewer, PlaceName), outside(PlaceName.state, NEVER))
    if viewer.areas is not None:
        query = query.where(PlaceName.district_id == func.any(districts_of(viewer.areas)))
    if kinds:
        query = query.where(PlaceName.kind.in_(kinds))
    if district_id is not None:
        query = query.where(PlaceName.district_id == district_id)
    if parent_id is not None:
        query = query.where(PlaceName.parent_id == parent_id)
    if text:
        query = query.where(begins_with(text))
    if after is not None:
        query = query.where(PlaceName.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(PlaceName.id).limit(checked_limit(limit) + 1)).all()
    return cut([PlaceNameRow(*row) for row in found], limit, lambda row: (row.id,))


def names_like(session: Session, viewer: Viewer, text: str, *, limit: int = 50) -> tuple[PlaceNameRow, ...]:
    """Return place names in force whose name, sound or initials begin with a text, the shortest first."""
    query = _place_rows().where(in_scope(viewer, PlaceName), PlaceName.state == "current", begins_with(text))
    if viewer.areas is not None:
        query = query.where(PlaceName.district_id == func.any(districts_of(viewer.areas)))
    order = (func.length(PlaceName.full_name), PlaceName.full_name, PlaceName.id)
    found = session.execute(query.order_by(*order).limit(checked_limit(limit))).all()
    return tuple(PlaceNameRow(*row) for row in found)


def begins_with(text: str) -> ColumnElement[bool]:
    """Return the condition that the name, the sound or the initials of a place name begin with a text."""
    sound = text.lower().replace(" ", "")
    return or_(
        PlaceName.normal_name.startswith(normal_key(text), autoescape=True),
        PlaceName.full_name.startswith(text, autoescape=True),
        PlaceName.pinyin.startswith(sound, autoescape=True),
        PlaceName.initials.startswith(sound, autoescape=True),
    )


def place_name(session: Session, viewer: Viewer, place_name_id: UUID) -> PlaceNameDetail:
    """Return one place name.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _place_detail().where(PlaceName.id == place_name_id, in_scope(viewer, PlaceName))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
    return PlaceNameDetail(*[*row[:-1], tuple(row[-1] or ())])


def addresses(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID | None = None,
    community_id: UUID | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[AddressRow]:
    """Return addresses: of a place name in natural order of their numbers, otherwise in order of id."""
    query = _address_rows().where(in_scope(viewer, Address), outside(Address.state, NEVER))
    if community_id is not None:
        query = query.where(within(Address, community_id))
    if state is not None:
        query = query.where(Address.state == state)
    size = checked_limit(limit) + 1
    if place_name_id is not None:
        query = query.where(Address.scope_id == place_name_id)
        if after is not None:
            last = func.row(*read_cursor(after, int, UUID))
            query = query.where(func.row(Address.number, Address.id) > last)
        found = session.execute(query.order_by(Address.number, Address.id).limit(size)).all()
        return cut([AddressRow(*row) for row in found], limit, lambda row: (row.number, row.id))
    if after is not None:
        query = query.where(Address.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(Address.id).limit(size)).all()
    return cut([AddressRow(*row) for row in found], limit, lambda row: (row.id,))


def address(session: Session, viewer: Viewer, address_id: UUID) -> AddressDetail:
    """Return one address, retired ones too.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _address_detail().where(Address.id == address_id, in_scope(viewer, Address))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("address-not-found", "没有这个地址，或不在您的辖区内")
    return AddressDetail(*[*row[:-3], *(tuple(several or ()) for several in row[-3:])])


def nearest(
    session: Session, viewer: Viewer, *, lon: float, lat: float, radius_m: float = 200.0, limit: int = 5
) -> tuple[NearAddress, ...]:
    """Return current addresses within a radius of a point (at most 5 000 m), the nearest first.

    Raises:
        RuleBroken: `radius-invalid`, `limit-invalid`.

    """
    if not 0 < radius_m <= 5000:
        raise RuleBroken("radius-invalid", "半径应大于 0 且不超过 5000 米", field="radius_m")
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    # The box holds the circle at every latitude of the country; the index orders by degrees, metres decide.
    reach = radius_m / METRES_PER_DEGREE * 1.7
    metres = func.ST_DistanceSphere(Address.position, point)
    carried = located("building_address")
    carrier = (
        select(carried.building_id)
        .where(carried.address_id == Address.id, carried.valid.op("@>")(func.current_date()))
        .order_by(carried.building_no)
        .limit(1)
    )
    near = (
        select(
            Address.id, Address.code, Address.standard_text, metres.label("metres"), Address.accuracy,
            func.ST_X(Address.position), func.ST_Y(Address.position), carrier.scalar_subquery(),
        )
        .where(Address.position.op("&&")(func.ST_Expand(point, reach)), Address.state == "current")
        .where(in_scope(viewer, Address))
        .order_by(Address.position.op("<->")(point))
        .limit(checked_limit(limit) * 3)
        .subquery()
    )  # fmt: skip
    found = session.execute(
        select(near).where(near.c.metres <= radius_m).order_by(near.c.metres).limit(limit)
    )
    return tuple(NearAddress(*row) for row in found)


@cache
def _place_rows() -> Any:  # noqa: ANN401  (a select of many columns)
    return select(
        PlaceName.id, PlaceName.code, PlaceName.kind, PlaceName.name, PlaceName.full_name, PlaceName.pinyin,
        PlaceName.state, PlaceName.parent_id, PlaceName.district_id, Division.name, PlaceName.version,
    ).outerjoin(Division, Division.id == PlaceName.district_id)  # fmt: skip


@cache
def _address_rows() -> Any:  # noqa: ANN401  (a select of many columns)
    return select(
        Address.id, Address.code, Address.place_name_id, Address.number, Address.number_key,
        Address.number_text, Address.standard_text, Address.officially_assigned, Address.accuracy,
        Address.state, Address.version,
        func.ST_X(Address.position), func.ST_Y(Address.position),
    )  # fmt: skip


@cache
def _place_detail() -> Any:  # noqa: ANN401  (a select of many columns)
    parent, child = aliased(PlaceName), aliased(PlaceName)
    children = select(func.count()).where(child.parent_id == PlaceName.id, child.state == "current")
    doors = select(func.count()).where(Address.scope_id == PlaceName.id, Address.state == "current")
    return (
        _place_rows()
        .add_columns(
            PlaceName.initials, parent.full_name, PlaceName.township_id, PlaceName.community_id,
            func.lower(PlaceName.valid), func.upper(PlaceName.valid),
            cast(func.ST_AsGeoJSON(PlaceName.axis, 7), JSONB),
            func.ST_Length(func.geography(func.ST_Transform(PlaceName.axis, 4326))),
            children.scalar_subquery(), doors.scalar_subquery(), _aliases_of("place_name", PlaceName.id),
        )
        .outerjoin(parent, parent.id == PlaceName.parent_id)
    )  # fmt: skip


@cache
def _address_detail() -> Any:  # noqa: ANN401  (a select of many columns)
    district, township, community = aliased(Division), aliased(Division), aliased(Division)
    carried, plate = located("building_address"), located("plate")
    buildings = select(func.array_agg(carried.building_id)).where(
        carried.address_id == Address.id, carried.valid.op("@>")(func.current_date())
    )
    plates = select(func.array_agg(plate.id)).where(
        plate.address_id == Address.id,
        plate.district_id == Address.district_id,
        outside(plate.state, ENDED["plate"]),
    )
    return (
        _address_rows()
        .add_columns(
            Address.neighborhood, Address.position_source, Address.district_id, Address.township_id,
            Address.community_id, district.name, township.name, community.name,
            func.lower(Address.valid), func.upper(Address.valid), buildings.scalar_subquery(),
            plates.scalar_subquery(), _aliases_of("address", Address.id),
        )
        .outerjoin(district, district.id == Address.district_id)
        .outerjoin(township, township.id == Address.township_id)
        .outerjoin(community, community.id == Address.community_id)
    )  # fmt: skip


def _aliases_of(kind: str, object_id: Any) -> Any:  # noqa: ANN401  (a column; a scalar subquery)
    named = select(func.array_agg(AddressAlias.name)).where(
        and_(AddressAlias.object_kind == kind, AddressAlias.object_id == object_id)
    )
    return named.scalar_subquery()
