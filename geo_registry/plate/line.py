"""A street as its editor draws it: the axis in metres, its two sides, and its plates along it."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import Select, Text, cast, func, select

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import certified_today
from geo_registry.address.near import streets_near
from geo_registry.address.numbering.axis import Compass, Hand, Points
from geo_registry.address.numbering.numbered import Series, series_of
from geo_registry.address.numbering.series import Mode, Parity
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import Address, AddressWarning, PlaceName
from geo_registry.area.reads import Box, within
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.plate.rules import ENDED
from geo_registry.plate.tables import Plate

MOST_ON_A_LINE = 5000
_CROSSING_M = 40.0
_PLACES = 7


class PlateOnLine(NamedTuple):
    """One plate of a street; without a known place it has no metres, and lies on the side of its number."""

    id: UUID
    kind: str
    text: str
    state: str
    address_id: UUID
    address: str
    version: int
    lon: float | None
    lat: float | None
    address_version: int
    is_certified: bool
    warnings: int
    side: Parity
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class NumberLine:
    """The axis of a street in the direction in which its numbers rise."""

    axis: tuple[tuple[float, float], ...]
    length_m: float
    heading: Compass
    odd_hand: Hand
    odd_side: Compass
    even_side: Compass
    mode: Mode
    step_m: float


def number_line(session: Session, street_id: UUID) -> NumberLine | None:
    """Return the number line of a street, None for one without an axis and for a lane numbered row by row."""
    return _line(_series(session, street_id))


def crossings(
    session: Session, viewer: Viewer, line: NumberLine, street_id: UUID
) -> tuple[str | None, str | None]:
    """Return the names of the streets at the two ends of a line."""
    found = []
    for lon, lat in (line.axis[0], line.axis[-1]):
        near = streets_near(session, viewer, lon=lon, lat=lat, radius_m=_CROSSING_M)
        found.append(next((one.name for one in near if one.id != street_id), None))
    return found[0], found[1]


def along_street(
    session: Session, viewer: Viewer, street_id: UUID
) -> tuple[NumberLine | None, list[PlateOnLine]]:
    """Return the number line of a street, and its plates in use along it, at most 5000."""
    series = _series(session, street_id)
    query = _plates(viewer).where(Address.scope_id == street_id).limit(MOST_ON_A_LINE)
    rows = session.execute(query).all()
    places = np.array([[row[7], row[8]] for row in rows], dtype=np.float64).reshape(-1, 2)
    along, beside = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    known = np.flatnonzero(~np.isnan(places[:, 0]))
    if series.axis is not None and series.has_sides and len(known):
        along[known], beside[known] = series.axis.feet(places[known])
    plates = [
        _on_line(series, row, metres, off)
        for row, metres, off in zip(rows, along.tolist(), beside.tolist(), strict=True)
    ]
    return _line(series), plates


def plates_in_area(session: Session, viewer: Viewer, area_id: UUID, limit: int) -> list[PlateOnLine]:
    """Return plates in use of an area in order of id, without metres."""
    query = _plates(viewer).where(within(Plate, area_id)).order_by(Plate.id).limit(limit)
    return [PlateOnLine._make([*row[:12], _by_number(row[12]), None]) for row in session.execute(query)]


class StreetCount(NamedTuple):
    """How many plates of one street lie in a box; `colour` is the number its marks have in tiles."""

    id: UUID
    name: str
    colour: int
    plates: int


def count_streets(session: Session, viewer: Viewer, box: Box, limit: int = 8) -> list[StreetCount]:
    """Return the streets with most plates in use in a box."""
    count = func.count().label("plates")
    query = (
        select(
            PlaceName.id,
            PlaceName.full_name,
            func.hashtext(cast(PlaceName.id, Text)).op("&")(31),
            count,
        )
        .join(Address, Address.scope_id == PlaceName.id)
        .join(Plate, Plate.address_id == Address.id)
        .where(Plate.position.op("&&")(func.ST_MakeEnvelope(*box, SRID)))
        .where(Plate.state.not_in(ENDED), in_scope(viewer, Plate))
        .group_by(PlaceName.id, PlaceName.full_name)
        .order_by(count.desc(), PlaceName.id)
        .limit(limit)
    )
    return [StreetCount(*row) for row in session.execute(query)]


def count_certified(session: Session, viewer: Viewer, box: Box) -> tuple[int, int]:
    """Return how many plates in use in a box have a certified address, and how many have not."""
    is_certified = certified_today()
    query = (
        select(func.count().filter(is_certified), func.count().filter(~is_certified))
        .select_from(Plate)
        .join(Address, Address.id == Plate.address_id)
        .where(Plate.position.op("&&")(func.ST_MakeEnvelope(*box, SRID)))
        .where(Plate.state.not_in(ENDED), in_scope(viewer, Plate))
    )
    yes, no = session.execute(query).one()
    return int(yes), int(no)


def count_ended(session: Session, viewer: Viewer, street_id: UUID) -> int:
    """Return how many plates of a street were cancelled."""
    query = (
        select(func.count())
        .select_from(Plate)
        .join(Address, Address.id == Plate.address_id)
        .where(Address.scope_id == street_id, Plate.state == "cancelled", in_scope(viewer, Plate))
    )
    return int(session.execute(query).scalar_one())


def _series(session: Session, street_id: UUID) -> Series:
    return series_of(session, profile_in_force(session), street_id)


def _plates(viewer: Viewer) -> Select[Any]:
    warned = (
        select(func.count())
        .where(AddressWarning.address_id == Address.id, AddressWarning.accepted_at.is_(None))
        .scalar_subquery()
    )
    return (
        select(
            Plate.id, Plate.kind, Plate.text, Plate.state, Plate.address_id, Address.standard_text,
            Plate.version, func.ST_X(Plate.position), func.ST_Y(Plate.position), Address.version,
            certified_today(), warned, Address.number,
        )
        .join(Address, Address.id == Plate.address_id)
        .where(Plate.state.not_in(ENDED), in_scope(viewer, Plate))
    )  # fmt: skip


def _on_line(series: Series, row: Any, metres: float, beside: float) -> PlateOnLine:  # noqa: ANN401  (a row)
    if np.isnan(metres):
        return PlateOnLine._make([*row[:12], _by_number(row[12]), None])
    side = series.side_on("left" if beside >= 0 else "right")
    return PlateOnLine._make([*row[:12], side, round(metres, 1)])


def _by_number(number: int) -> Parity:
    return "odd" if number % 2 else "even"


def _line(series: Series) -> NumberLine | None:
    axis = series.axis
    if axis is None or not series.has_sides:
        return None
    numbering, odd = series.profile.numbering, series.odd_hand
    even: Hand = "right" if odd == "left" else "left"
    return NumberLine(
        _points(axis.corners), round(axis.length_m, 1), axis.heading, odd,
        axis.compass(odd), axis.compass(even), numbering.mode, numbering.step_m,
    )  # fmt: skip


def _points(places: Points) -> tuple[tuple[float, float], ...]:
    return tuple((round(lon, _PLACES), round(lat, _PLACES)) for lon, lat in places.tolist())
