"""What lies at a point: areas, the street with its side, the nearest doors, the number of a new door."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.axis import Compass, Hand
from geo_registry.address.numbering.numbered import Series, Spot, series_of
from geo_registry.address.numbering.numbering import Proposal, written_before
from geo_registry.address.numbering.series import Parity
from geo_registry.address.profile import load_profile
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.pages import checked_limit

# All that needs no street's numbers in one statement; a point outside of the jurisdiction costs no look-up.
_HERE = text("""
    SELECT j.profile, i.inside, a.areas, d.doors, s.id, s.full_name, s.area_id
    FROM registry.jurisdiction j
      CROSS JOIN (SELECT registry.jurisdiction_box() ~ ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS inside) i
      LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_array(a.level, a.id, a.code, a.name)) AS areas
        FROM registry.areas_at(:lon, :lat, CAST(:areas AS uuid[])) a) a ON i.inside
      LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_array(d.id, d.code, d.standard_text, d.state,
          d.accuracy, d.lon, d.lat, d.metres, d.place_name_id, d.plate_id, d.plate_state)) AS doors
        FROM registry.doors_at(:lon, :lat, :reach, :most, CAST(:areas AS uuid[])) d) d ON i.inside
      LEFT JOIN LATERAL registry.street_at(:lon, :lat, :street_reach, CAST(:areas AS uuid[])) s ON i.inside
""")

COMPASS_WORDS: dict[Compass, str] = {"north": "北侧", "east": "东侧", "south": "南侧", "west": "西侧"}
SIDE_WORDS: dict[Parity, str] = {"odd": "单号侧", "even": "双号侧"}
HAND_WORDS: dict[Hand, str] = {"left": "左侧", "right": "右侧"}
# Beyond this a point does not lie at a street.
STREET_REACH_M = 200.0


@dataclass(frozen=True, slots=True)
class AreaAt:
    """One area around a point; level is that of a division, or `block`."""

    level: str
    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class StreetAt:
    """The street at a point: where along it, how far beside it, on which side.

    `distance_m` counts from where the numbers begin; hands are those of who walks with the numbers.
    """

    id: UUID
    name: str
    distance_m: float
    from_axis_m: float
    length_m: float
    hand: Hand
    compass: Compass
    side: Parity
    words: str


@dataclass(frozen=True, slots=True)
class DoorAt:
    """A current address near a point, with the plate that stands for it."""

    id: UUID
    code: str
    standard_text: str
    state: str
    accuracy: str
    lon: float
    lat: float
    distance_m: float
    place_name_id: UUID | None
    plate_id: UUID | None
    plate_state: str | None


@dataclass(frozen=True, slots=True)
class Located:
    """What lies at a point; outside everything is empty, and `note` says why."""

    lon: float
    lat: float
    inside: bool
    note: str | None
    areas: tuple[AreaAt, ...]
    street: StreetAt | None
    doors: tuple[DoorAt, ...]
    proposal: Proposal | None


def locate(
    session: Session, viewer: Viewer, *, lon: float, lat: float, limit: int = 5, radius_m: float = 500.0
) -> Located:
    """Return areas, street, nearest doors and a proposed address of a point.

    Raises:
        RuleBroken: `radius-invalid`, `limit-invalid`.

    """
    if not 0 < radius_m <= 5000:
        raise RuleBroken("radius-invalid", "半径应大于 0 且不超过 5000 米", field="radius_m")
    seen = None if viewer.areas is None else list(viewer.areas)
    asked = {"lon": lon, "lat": lat, "areas": seen, "reach": radius_m, "most": checked_limit(limit)}
    here = session.execute(_HERE, {**asked, "street_reach": STREET_REACH_M}).one()
    if not here.inside:
        return Located(lon, lat, inside=False, note="该位置不在本系统的管辖范围内", areas=(), street=None,
                       doors=(), proposal=None)  # fmt: skip
    areas = tuple(AreaAt(level, UUID(own), code, name) for level, own, code, name in here.areas or ())
    doors = tuple(_door(row) for row in here.doors or ())
    street, proposal = (None, None) if here.id is None else _street_at(session, here, (lon, lat), areas)
    note = None
    if not (areas or doors or street):
        note = "该位置不在您的辖区内" if viewer.areas is not None else "该位置没有划定区划，附近也没有地址"
    return Located(
        lon, lat, inside=True, note=note, areas=areas, street=street, doors=doors, proposal=proposal
    )


def _door(row: list[Any]) -> DoorAt:
    own, code, written, state, accuracy, lon, lat, metres, place, plate, plate_state = row
    return DoorAt(
        UUID(own), code, written, state, accuracy, lon, lat, metres,
        None if place is None else UUID(place), None if plate is None else UUID(plate), plate_state,
    )  # fmt: skip


def _street_at(
    session: Session,
    here: Any,  # noqa: ANN401  (a row of `_HERE`)
    point: tuple[float, float],
    areas: tuple[AreaAt, ...],
) -> tuple[StreetAt | None, Proposal | None]:
    profile = load_profile(here.profile)
    series = series_of(session, profile, here.id, near=point)
    spot = series.spot(*point)
    if spot is None or series.axis is None:
        return None, None
    street = _described(series, spot, here.id, here.full_name)
    area_id = next((area.id for area in reversed(areas) if area.level != "block"), here.area_id)
    try:
        door = series.next_at(spot.side, spot)
    except RuleBroken:
        return street, None
    before = written_before(session, profile, area_id, here.id)
    proposal = Proposal(
        door.number, door.number_text, before + here.full_name + door.number_text, spot.side,
        spot.distance_m, spot.from_axis_m,
    )  # fmt: skip
    return street, proposal


def _described(series: Series, spot: Spot, street_id: UUID, name: str) -> StreetAt:
    assert series.axis is not None  # noqa: S101 - without an axis there is no spot
    compass = series.axis.compass(spot.hand)
    words = (
        f"{name}{COMPASS_WORDS[compass]}（{HAND_WORDS[spot.hand]}，{SIDE_WORDS[spot.side]}），"
        f"距起点 {spot.distance_m:.0f} 米，距道路中心线 {spot.from_axis_m:.0f} 米"
    )
    return StreetAt(
        street_id, name, spot.distance_m, spot.from_axis_m, series.axis.length_m, spot.hand, compass,
        spot.side, words,
    )  # fmt: skip
