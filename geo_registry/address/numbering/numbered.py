"""The numbers that a street has: read once, then asked where a point lies and which number comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.axis import Axis, Foot, Hand, Points, axis_of
from geo_registry.address.numbering.series import Held, Mode, Parity, Taken, front, lane_numbers, plan_side
from geo_registry.address.numbers import Door
from geo_registry.address.scheme import Profile
from geo_registry.db import Session, today

# A street with the street above it and the lanes that share its row; the numbers below it.
_STREETS = text("""
    SELECT p.id, p.kind, ST_AsBinary(p.axis) AS axis, ST_AsBinary(o.axis) AS above,
      ARRAY(SELECT l.kind || ' ' || l.name FROM registry.place_name l
            WHERE l.parent_id = p.id AND l.state NOT IN ('removed', 'rejected')) AS lanes
    FROM registry.place_name p LEFT JOIN registry.place_name o ON o.id = p.parent_id
    WHERE p.id = ANY (CAST(:ids AS uuid[]))
""")
_NUMBERS = text("""
    SELECT a.scope_id, a.id, a.version, a.number, a.number_key, a.number_text, a.standard_text, a.state,
      upper(a.valid), ST_X(a.position), ST_Y(a.position)
    FROM registry.address a
    WHERE a.scope_id = ANY (CAST(:ids AS uuid[])) AND a.state NOT IN ('removed', 'rejected')
    ORDER BY a.number, a.id
""")
# The numbers and buildings of a street or estate that a viewer of some areas may see.
_SEEN = text("""
    SELECT a.id FROM registry.address a
    WHERE a.scope_id = :id
      AND registry.covers(CAST(:areas AS uuid[]), a.district_id, a.township_id, a.community_id)
    UNION ALL
    SELECT b.id FROM registry.building b
    WHERE b.id = ANY (CAST(:buildings AS uuid[]))
      AND registry.covers(CAST(:areas AS uuid[]), b.district_id, b.township_id, b.community_id)
""")
_NEAR = text("SELECT * FROM registry.numbers_near(:id, :lon, :lat, 30)")
# Below this agreement between numbers and metres the street's own numbers do not tell its direction.
_LEAST_AGREEMENT = 0.3
# A lane with a greater share of numbers on the other side is numbered row by row.
_ROWS_FROM = 0.2


class Numbered(NamedTuple):
    """A number of a street in any state; `until` ends a reservation."""

    id: UUID
    version: int
    number: int
    number_key: str
    number_text: str
    standard_text: str
    state: str
    until: dt.date | None
    lon: float | None
    lat: float | None

    @property
    def is_free(self) -> bool:
        """Whether it is a reservation that has run out."""
        return self.state == "reserved" and self.until is not None and self.until <= today()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a door lies along a street: metres from its beginning, metres beside it, hand and side."""

    distance_m: float
    from_axis_m: float
    hand: Hand
    side: Parity


class Series:
    """The row of numbers of one street, or of a place without an axis."""

    def __init__(
        self, profile: Profile, given: Sequence[Numbered], lanes: frozenset[int], axis: Axis | None,
        *, is_fixed: bool = False, is_lane: bool = False,
    ) -> None:  # fmt: skip
        """Take the axis as the profile counts it; the numbers given overrule that unless `is_fixed`."""
        self.profile, self.given, self.lanes, self.is_lane = profile, given, lanes, is_lane
        self.axis = axis
        if axis is not None and not is_fixed and self._agreement() < -_LEAST_AGREEMENT:
            self.axis = axis.turned()
            del self.along

    @cached_property
    def along(self) -> tuple[Points, Points]:
        """Metres along and beside the axis of every number, left positive; NaN without a position."""
        places = np.array([[one.lon, one.lat] for one in self.given], dtype=np.float64).reshape(-1, 2)
        along, beside = np.full(len(places), np.nan), np.full(len(places), np.nan)
        known = np.flatnonzero(~np.isnan(places[:, 0])) if self.axis is not None else np.array([], int)
        if len(known) and self.axis is not None:
            along[known], beside[known] = self.axis.feet(places[known])
        return along, beside

    @cached_property
    def odd_hand(self) -> Hand:
        """The hand with the odd numbers: that of most numbers given so far, else the profile's."""
        votes = sum(
            1 if (one.number % 2 == 1) == (beside >= 0) else -1
            for one, beside in zip(self.given, self.along[1].tolist(), strict=True)
            if not np.isnan(beside) and one.state != "retired"
        )
        if votes == 0 and self.axis is not None:
            return self.axis.odd_hand(self.profile)
        return "left" if votes >= 0 else "right"

    @cached_property
    def has_sides(self) -> bool:
        """Whether odd and even numbers face each other; a lane's houses may stand in rows instead."""
        beside = self.along[1]
        placed = np.flatnonzero(~np.isnan(beside))
        if not self.is_lane or not len(placed):
            return True
        odd = np.array([self.given[place].number % 2 == 1 for place in placed.tolist()])
        wrong = ((beside[placed] >= 0) == (self.odd_hand == "left")) != odd
        return float(wrong.mean()) <= _ROWS_FROM

    @property
    def taken(self) -> Taken:
        """What nobody gets: numbers in use or ever used, and those of the lanes."""
        # A number that another door took over stands with its first bearer behind a mark.
        kept = [(one.number, one.number_key.partition("~")[0]) for one in self.given if not one.is_free]
        return Taken(
            self.lanes | {number for number, key in kept if key == str(number)},
            frozenset(key for _, key in kept),
        )

    def side_on(self, hand: Hand) -> Parity:
        """Return the side of the numbers on one hand."""
        return "odd" if hand == self.odd_hand else "even"

    def spot(self, lon: float, lat: float) -> Spot | None:
        """Return where a point lies along the street, None for a street without an axis."""
        if self.axis is None:
            return None
        foot: Foot = self.axis.foot(lon, lat)
        return Spot(foot.distance_m, foot.from_axis_m, foot.hand, self.side_on(foot.hand))

    def held(self, side: Parity | None) -> list[Held]:
        """Return the numbers of a side that lead new ones: whole, alive and with a known place."""
        return [
            Held(metres, one.number)
            for one, metres in zip(self.given, self.along[0].tolist(), strict=True)
            if one.state != "retired" and not one.is_free and one.number_key == str(one.number)
            and not np.isnan(metres) and _is_on(one.number, side)
        ]  # fmt: skip

    def next(self, side: Parity | None, metres: float | None = None, mode: Mode | None = None) -> Door:
        """Return the next free number of a side, or the one that belongs to a door at some metres.

        Raises:
            RuleBroken: `numbers-exhausted`.

        """
        held = [] if metres is None else self.held(side)
        if metres is None or not held:
            last = max((one.number for one in self.given if _is_on(one.number, side)), default=None)
            held = [] if last is None else [Held(0.0, last)]
        if metres is None:
            metres, mode = 0.0, "order"
        (step,) = plan_side(self.profile, side, [front(max(metres, 0.0))], held, self.taken, mode=mode)
        return step.number

    def next_at(self, side: Parity | None, spot: Spot | None) -> Door:
        """Return the next free number of a side, or the one that belongs to a door where it lies."""
        return self.next(side or (spot.side if spot else None), spot.distance_m if spot else None)

    def _agreement(self) -> float:
        """Return how far numbers rise with the metres, from -1 to 1; 0 when there is nothing to tell."""
        along = self.along[0]
        known = np.flatnonzero(~np.isnan(along))
        if len(known) < 2:
            return 0.0
        metres = along[known] - along[known].mean()
        numbers = np.array([self.given[place].number for place in known.tolist()], dtype=np.float64)
        numbers -= numbers.mean()
        size = float(np.sqrt((metres**2).sum() * (numbers**2).sum()))
        return float((metres * numbers).sum()) / size if size > 0 else 0.0


def series_of(
    session: Session,
    profile: Profile,
    scope_id: UUID,
    *,
    origin: tuple[float, float] | None = None,
    near: tuple[float, float] | None = None,
) -> Series:
    """Return the numbers of a place name, or of a community whose numbers stand on no name.

    With `near` (degrees) only those around a point, enough for a proposal there.

    The axis is counted from the end near `origin` (degrees) when one is given, else as the numbers rise,
    else a lane from its mouth and a street from the profile's point of the compass.
    """
    if near is None:
        given = _given(session, [scope_id])[scope_id]
    else:
        found = session.execute(_NEAR, {"id": scope_id, "lon": near[0], "lat": near[1]})
        given = [Numbered(*row) for row in found]
    street = session.execute(_STREETS, {"ids": [scope_id]}).one_or_none()
    return _series(profile, given, street, origin)


def series_of_many(session: Session, profile: Profile, scope_ids: Sequence[UUID]) -> dict[UUID, Series]:
    """Return the numbers of several place names, or communities, as `series_of` each of them."""
    streets = {row.id: row for row in session.execute(_STREETS, {"ids": list(scope_ids)})}
    given = _given(session, scope_ids)
    return {one: _series(profile, numbers, streets.get(one), None) for one, numbers in given.items()}


def _given(session: Session, scope_ids: Sequence[UUID]) -> dict[UUID, list[Numbered]]:
    given: dict[UUID, list[Numbered]] = {one: [] for one in scope_ids}
    for scope_id, *number in session.execute(_NUMBERS, {"ids": list(given)}):
        given[scope_id].append(Numbered(*number))
    return given


def _series(
    profile: Profile, given: Sequence[Numbered], street: Any, origin: tuple[float, float] | None,  # noqa: ANN401
) -> Series:  # fmt: skip
    if street is None:
        return Series(profile, given, frozenset(), None)
    lanes = lane_numbers(profile, [lane.partition(" ")[::2] for lane in street.lanes])
    axis = None if street.axis is None else axis_of(bytes(street.axis))
    if axis is None:
        return Series(profile, given, lanes, None)
    is_lane = street.kind not in ("street", "section")
    if origin is not None:
        return Series(profile, given, lanes, axis.from_point(*origin), is_fixed=True, is_lane=is_lane)
    above = None if street.above is None or street.kind == "section" else axis_of(bytes(street.above))
    if above is not None:
        return Series(profile, given, lanes, axis.from_mouth(above), is_lane=is_lane)
    return Series(profile, given, lanes, axis.from_origin(profile.numbering.origin), is_lane=is_lane)


def _is_on(number: int, side: Parity | None) -> bool:
    return side is None or (number % 2 == 1) == (side == "odd")


class _Planned(Protocol):
    """A number of a plan: of an address that is there, of a building, or kept free."""

    @property
    def address_id(self) -> UUID | None:
        """The address that bears it."""

    @property
    def building_id(self) -> UUID | None:
        """The building that bears it or would get it."""


_Slot = TypeVar("_Slot", bound=_Planned)


def within_areas(session: Session, viewer: Viewer, scope_id: UUID, slots: Sequence[_Slot]) -> list[_Slot]:
    """Return the numbers of a plan without those of addresses and buildings outside of the viewer's areas."""
    if viewer.areas is None:
        return list(slots)
    buildings = [one.building_id for one in slots if one.building_id is not None]
    asked = {"id": scope_id, "areas": list(viewer.areas), "buildings": buildings}
    # What is neither, a number kept free, belongs to the street.
    seen = {scope_id, *session.execute(_SEEN, asked).scalars()}
    return [one for one in slots if (one.address_id or one.building_id or scope_id) in seen]
