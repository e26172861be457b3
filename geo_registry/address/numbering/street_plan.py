"""The whole street before anything is stored: numbers it has, numbers for its doors, numbers kept free."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import select, text

from geo_registry.access.viewer import Viewer
from geo_registry.address.near import is_known
from geo_registry.address.numbering.axis import Axis, Compass, Points
from geo_registry.address.numbering.numbered import Numbered, Series, series_of, within_areas
from geo_registry.address.numbering.numbering import as_typed, written_before
from geo_registry.address.numbering.series import (
    HALF_FRONT_M,
    Front,
    Mode,
    Parity,
    Step,
    front,
    plan_side,
    rising,
)
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken

# Beyond this neither a building nor a number belongs to a street without a remark.
FAR_FROM_AXIS_M = 60.0
_SIDES: tuple[Parity, ...] = ("odd", "even")
SlotKind = Literal["given", "reserved", "proposed", "retired", "door", "free"]
_BUILDINGS = text("SELECT * FROM registry.unnumbered_buildings(:id, :reach)")


@dataclass(frozen=True, slots=True)
class PlannedDoor:
    """A door to be numbered: its place in degrees, and the building behind it when one is registered."""

    lon: float
    lat: float
    building_id: UUID | None = None
    area_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One number along the street.

    `kind` is the state of a number that is there (given, proposed, reserved, retired), `door` for a door that
    would get it, `free` for a number kept for blank land. `remarks` name what speaks against it.
    """

    kind: SlotKind
    number: str
    number_text: str
    standard_text: str
    side: Parity
    distance_m: float | None
    from_axis_m: float | None
    lon: float | None
    lat: float | None
    address_id: UUID | None = None
    version: int | None = None
    building_id: UUID | None = None
    until: dt.date | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreetPlan:
    """A street with all its numbers, in order along each side; `version` is that of the street."""

    id: UUID
    name: str
    version: int
    mode: Mode
    length_m: float
    begins_lon: float
    begins_lat: float
    odd_side: Compass
    slots: tuple[Slot, ...]
    counts: dict[str, int]
    remarks: dict[str, int]


def plan_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    side: Parity | None = None,
    mode: Mode | None = None,
    origin: tuple[float, float] | None = None,
    doors: Sequence[PlannedDoor] | None = None,
    keeps_free: bool = True,
) -> StreetPlan:
    """Return the numbers that a street has and would get; nothing is stored.

    All doors of the street count, those in the viewer's areas are shown.

    `doors` are those to be numbered, by default the buildings along the street without a number. `origin` is
    a point (degrees) near the end from which to count, `mode` overrules the profile's, and `keeps_free` says
    whether blank land keeps numbers.

    Raises:
        NotFound: no such place name that the viewer knows.
        RuleBroken: `axis-missing`, `numbers-exhausted`.

    """
    query = select(PlaceName).where(PlaceName.id == place_name_id, is_known(viewer))
    street = session.execute(query).scalar_one_or_none()
    if street is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
    profile = profile_in_force(session)
    series = series_of(session, profile, street.id, origin=origin)
    if series.axis is None:
        detail = f"{street.full_name} 还没有道路中心线，请先画出中心线再编号"
        raise RuleBroken("axis-missing", detail, field="place_name_id")
    fronts = (
        _registered_doors(session, street.id, series.axis) if doors is None else _fronts(doors, series.axis)
    )
    texts = _Texts(session, profile, street)
    slots = [*_slots_given(series), *_slots_new(series, fronts, texts, mode, keeps_free=keeps_free)]
    slots = within_areas(session, viewer, street.id, slots)
    shown = sorted((one for one in slots if side is None or one.side == side), key=_order)
    begins = series.axis.places(np.array([0.0]))[0]
    return StreetPlan(
        street.id, street.full_name, street.version, mode or profile.numbering.mode, series.axis.length_m,
        float(begins[0]), float(begins[1]), series.axis.compass(series.odd_hand), tuple(shown),
        dict(Counter(one.kind for one in shown)),
        dict(Counter(code for one in shown for code in one.remarks)),
    )  # fmt: skip


class _Texts:
    """Standard texts of a street's numbers; the divisions before them are asked for once."""

    def __init__(self, session: Session, profile: Profile, street: PlaceName) -> None:
        self._session, self._profile, self._street = session, profile, street
        self._known: dict[UUID, str] = {}

    def of(self, number_text: str, area_id: UUID | None) -> str:
        """Return the standard text of a number in an area, else in that of the street."""
        area = area_id or self._street.community_id or self._street.township_id or self._street.district_id
        if area not in self._known:
            before = written_before(self._session, self._profile, area, self._street.id)
            self._known[area] = before + self._street.full_name
        return self._known[area] + number_text


@dataclass(frozen=True, slots=True)
class _Asked:
    """A door with its ground along the street and its signed metres beside it."""

    door: PlannedDoor
    ground: Front
    beside: float


def _fronts(doors: Sequence[PlannedDoor], axis: Axis) -> list[_Asked]:
    if not doors:
        return []
    along, beside = axis.feet(np.array([[one.lon, one.lat] for one in doors]))
    return [
        _Asked(door, front(metres), off)
        for door, metres, off in zip(doors, along.tolist(), beside.tolist(), strict=True)
    ]


def _registered_doors(session: Session, street_id: UUID, axis: Axis) -> list[_Asked]:
    """Return the buildings without a number, with the ground that their outlines cover."""
    rows = session.execute(_BUILDINGS, {"id": street_id, "reach": FAR_FROM_AXIS_M}).all()
    doors = [
        PlannedDoor(row.lon, row.lat, row.id, row.community_id or row.township_id or row.district_id)
        for row in rows
    ]
    found = _fronts(doors, axis)
    drawn = [number for number, row in enumerate(rows) if row.outline is not None]
    if not drawn:
        return found
    shapes = shapely.from_wkb([bytes(rows[number].outline) for number in drawn])
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    along = axis.feet(corners)[0]
    for place, number in enumerate(drawn):
        mine: Points = along[owners == place]
        one = found[number]
        ground = Front(one.ground.metres, float(mine.min()), float(mine.max()))
        found[number] = _Asked(one.door, ground, one.beside)
    return found


def _slots_given(series: Series) -> Iterable[Slot]:
    """Yield the numbers that are there, with what is odd about each."""
    leading = {one.number for side in _SIDES for one in rising(series.held(side))}
    along, beside = (values.tolist() for values in series.along)
    for one, metres, off in zip(series.given, along, beside, strict=True):
        if one.is_free:
            continue
        known = not np.isnan(metres)
        kind: Any = "given" if one.state == "current" else one.state
        yield Slot(
            kind, as_typed(series.profile, one.number_text), one.number_text, one.standard_text,
            "odd" if one.number % 2 else "even", metres if known else None, abs(off) if known else None,
            one.lon, one.lat, one.id, one.version, until=one.until if one.state == "reserved" else None,
            remarks=tuple(remarks_of(series, one, off, leading)) if known else (),
        )  # fmt: skip


def remarks_of(series: Series, one: Numbered, beside: float, leading: set[int]) -> Iterable[str]:
    """Yield what speaks against a number with a place: its side, its turn, its metres beside the axis."""
    if one.state == "retired":
        return
    if series.has_sides:
        if (one.number % 2 == 1) != (series.side_on("left" if beside >= 0 else "right") == "odd"):
            yield "other-side"
        elif one.number_key == str(one.number) and one.number not in leading:
            yield "out-of-order"
        if abs(beside) > FAR_FROM_AXIS_M:
            yield "far-from-street"
    if one.number in series.lanes and one.number_key == str(one.number):
        yield "lane-number"


def _slots_new(
    series: Series, asked: Sequence[_Asked], texts: _Texts, mode: Mode | None, *, keeps_free: bool
) -> Iterable[Slot]:
    for side in _SIDES:
        mine = [one for one in asked if series.side_on("left" if one.beside >= 0 else "right") == side]
        grounds = [one.ground for one in mine]
        for step in plan_side(
            series.profile, side, grounds, series.held(side), series.taken, mode=mode, keeps_free=keeps_free
        ):
            yield _slot(series, step, None if step.door is None else mine[step.door], texts, side)


def _slot(series: Series, step: Step, asked: _Asked | None, texts: _Texts, side: Parity) -> Slot:
    written = step.number.number_text
    typed = as_typed(series.profile, written)
    if asked is None:
        assert series.axis is not None  # noqa: S101 - without an axis there is no plan
        lon, lat = series.axis.places(np.array([step.metres]))[0].tolist()
        return Slot("free", typed, written, texts.of(written, None), side, step.metres, 0.0, lon, lat)
    door = asked.door
    off = abs(asked.beside)
    return Slot(
        "door", typed, written, texts.of(written, door.area_id), side, step.metres, off, door.lon, door.lat,
        building_id=door.building_id, remarks=("far-from-street",) if off > FAR_FROM_AXIS_M else (),
    )  # fmt: skip


def _order(slot: Slot) -> tuple[str, float, str]:
    return slot.side, -HALF_FRONT_M if slot.distance_m is None else slot.distance_m, slot.number
