"""What a new plate would read, and what speaks against it, before anything is stored."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from geo_registry.access.viewer import Viewer
from geo_registry.address.near import is_known
from geo_registry.address.numbering.numbered import Spot, series_of
from geo_registry.address.numbering.numbering import (
    as_typed,
    check_number,
    read_door,
    written_before,
)  # fmt: skip
from geo_registry.address.numbering.series import Parity
from geo_registry.address.numbers import Door
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.area.reads import division_in_scope
from geo_registry.area.rules import check_position
from geo_registry.area.tables import Division
from geo_registry.area.writes import areas_at
from geo_registry.db import Session
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.plate.tables import PLATE_KINDS

FAR_FROM_AXIS_M = 20.0


@dataclass(frozen=True, slots=True)
class Remark:
    """What speaks against a number: an error bars it, a warning asks for a reason."""

    level: Literal["error", "warning"]
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A plate as it would be: its number, texts, kind, side of the street and metres along it."""

    number: str
    standard_text: str
    plate_text: str
    place_name: str
    kind: str
    side: Parity | None
    distance_m: float | None
    from_axis_m: float | None
    remarks: tuple[Remark, ...]


def preview_address(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID | None = None,
    community_id: UUID | None = None,
    number: str | None = None,
    side: Parity | None = None,
    lon: float | None = None,
    lat: float | None = None,
    kind: str | None = None,
) -> Preview:
    """Return what a plate would read with a number, or with the next free one, and what speaks against it.

    Raises:
        NotFound: no such place name or community in the viewer's areas.
        RuleBroken: `scope-missing`, `kind-invalid`, or the number cannot be read.

    """
    scope_id, name, district_id = _scope(session, viewer, place_name_id, community_id)
    profile = profile_in_force(session)
    series, spot = series_of(session, profile, scope_id), None
    if lon is not None and lat is not None:
        check_position(lon, lat)
        spot = series.spot(lon, lat)
    if number is None:
        number = as_typed(profile, series.next_at(side, spot).number_text)
    door = read_door(profile, number)
    remarks = [*_taken(session, scope_id, door), *_beside(door, spot, side)]
    area_id = community_id or district_id
    before = "" if area_id is None else written_before(session, profile, area_id, place_name_id)
    if lon is not None and lat is not None:
        found = areas_at(session, lon, lat)
        if found is not None and found.district_id != district_id:
            remarks.append(Remark("error", "other-district", "位置不在地名所在的区"))
    return Preview(
        number, before + name + door.number_text, door.number_text, name,
        kind_for(profile, door.number_text, kind),
        spot.side if spot else None, spot.distance_m if spot else None, spot.from_axis_m if spot else None,
        tuple(remarks),
    )  # fmt: skip


def kind_for(profile: Profile, number_text: str, asked: str | None = None) -> str:
    """Return the kind of plate for a number: the one asked for, or the profile's own choice.

    Raises:
        RuleBroken: `kind-invalid` when the profile has no such plate.

    """
    offered = {size.kind: size.title for size in profile.plates}
    if asked is not None:
        if asked not in offered:
            named = "、".join(offered.values())
            raise RuleBroken("kind-invalid", f"门牌种类应为规则集中的一种：{named}", field="kind")
        return asked
    door = read_door(profile, number_text)
    wanted = "temporary" if door.temporary else "building" if door.is_building else "gate_small"
    return (
        wanted if wanted in offered else next((kind for kind in PLATE_KINDS if kind in offered), "gate_small")
    )


def _scope(
    session: Session, viewer: Viewer, place_name_id: UUID | None, community_id: UUID | None
) -> tuple[UUID, str, UUID | None]:
    """Return the id of the series of numbers, the name before the number, and the district."""
    if place_name_id is not None:
        street = session.execute(
            select(PlaceName.full_name, PlaceName.district_id).where(
                PlaceName.id == place_name_id, is_known(viewer)
            )
        ).one_or_none()
        if street is None:
            raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
        return place_name_id, street.full_name, street.district_id
    if community_id is None:
        raise RuleBroken("scope-missing", "须指明地名或所在社区", field="place_name_id")
    query = select(Division.district_id).where(Division.id == community_id, division_in_scope(viewer))
    area = session.execute(query).one_or_none()
    if area is None:
        raise NotFound("area-not-found", "没有这个区划，或不在您的辖区内")
    return community_id, "", area.district_id


def _taken(session: Session, scope_id: UUID, door: Door) -> list[Remark]:
    try:
        check_number(session, scope_id, door)
    except Conflict as error:
        return [Remark("error", error.code, error.detail)]
    return []


def _beside(door: Door, spot: Spot | None, side: Parity | None) -> list[Remark]:
    """Return what is odd about a number's side and its distance from the street."""
    remarks = []
    lies = spot.side if spot else side
    is_odd = door.number % 2 == 1
    if lies is not None and is_odd != (lies == "odd"):
        written, wanted = ("单号", "双号") if is_odd else ("双号", "单号")
        remarks.append(Remark("warning", "other-side", f"这一侧编{wanted}，{door.number_text} 是{written}"))
    if spot is not None and spot.from_axis_m > FAR_FROM_AXIS_M:
        text = f"距道路中心线 {spot.from_axis_m:.1f} 米，超过 {FAR_FROM_AXIS_M:.0f} 米"
        remarks.append(Remark("warning", "far-from-street", text))
    return remarks
