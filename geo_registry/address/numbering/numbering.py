"""Giving out numbers: the door a text asks for, or the next free number of a street's side.

Whoever gives out a number holds the lock on the street (or on the community, where streets have no names),
so that no two of them see the same free number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select, text, update

from geo_registry.access.viewer import Viewer
from geo_registry.address.near import is_known
from geo_registry.address.numbering.numbered import series_of
from geo_registry.address.numbering.series import Parity
from geo_registry.address.numbers import Door, Fault, parse_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.rules import divisions_before
from geo_registry.address.scheme import Level, Profile
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.reads import NEVER, outside
from geo_registry.area.tables import Division
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, NotFound, RuleBroken

# The divisions around an area, and those around the one in which the first of the place names is unique.
_AROUND = text("""
    WITH RECURSIVE above AS (
      SELECT p.parent_id, p.scope_id FROM registry.place_name p WHERE p.id = CAST(:place AS uuid)
      UNION ALL
      SELECT p.parent_id, p.scope_id FROM registry.place_name p JOIN above a ON p.id = a.parent_id),
    seed AS (
      SELECT CAST(:area AS uuid) AS id, false AS is_scope
      UNION ALL SELECT a.scope_id, true FROM above a WHERE a.parent_id IS NULL
      UNION ALL SELECT CAST(:area AS uuid), true WHERE CAST(:place AS uuid) IS NULL),
    around AS (
      SELECT s.is_scope, true AS is_lowest, d.id, d.parent_id, d.level, d.name
      FROM seed s JOIN registry.division d ON d.id = s.id
      UNION ALL
      SELECT a.is_scope, false, d.id, d.parent_id, d.level, d.name
      FROM registry.division d JOIN around a ON d.id = a.parent_id)
    SELECT a.level, a.name, a.is_scope AND a.is_lowest AS is_unique_in
    FROM around a JOIN registry.division d ON d.id = a.id
    WHERE d.scheme <> 'local' OR d.code <> 'unassigned'
    ORDER BY a.is_scope
""")


@dataclass(frozen=True, slots=True)
class Proposal:
    """The number the registry would give a door, its standard text and where it lies."""

    number: int
    number_text: str
    standard_text: str
    side: Parity | None
    distance_m: float | None
    from_axis_m: float | None


def propose(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    side: Parity | None = None,
    lon: float | None = None,
    lat: float | None = None,
) -> Proposal:
    """Return the next free number of a street's side, or the one that belongs to a point along it.

    It is a preview: only the act that gives the number out holds it.

    Raises:
        NotFound: no such place name that the viewer knows.

    """
    query = select(PlaceName).where(PlaceName.id == place_name_id, is_known(viewer))
    street = session.execute(query).scalar_one_or_none()
    if street is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
    profile = profile_in_force(session)
    series = series_of(session, profile, street.id)
    spot = None if lon is None or lat is None else series.spot(lon, lat)
    door = series.next_at(side, spot)
    area_id = street.community_id or street.township_id or street.district_id
    before = written_before(session, profile, area_id, street.id)
    return Proposal(
        door.number, door.number_text, before + street.full_name + door.number_text,
        side or (spot.side if spot else None),
        spot.distance_m if spot else None, spot.from_axis_m if spot else None,
    )  # fmt: skip


def as_typed(profile: Profile, number_text: str) -> str:
    """Return a number as a clerk types it, without the last word: 12, 12-1, 12号附1."""
    return number_text.removesuffix(profile.by_kind["number"].suffixes[0])


def read_door(profile: Profile, written: str, *, field: str = "number") -> Door:
    """Return the door a text names, without units; `field` is where it was asked for.

    Raises:
        RuleBroken: with the fault's code, or `number-has-unit`.

    """
    door = parse_door(profile, written)
    if isinstance(door, Fault):
        raise RuleBroken(door.code, f"{door.detail}：{written[:40]}", field=field)
    if door.unit_text or door.building_text or door.names:
        raise RuleBroken("number-has-unit", "这里只填门牌号，楼栋与户室另行登记", field=field)
    return door


def lock_scope(session: Session, scope_id: UUID) -> None:
    """Hold the series of numbers of a place name or a community until the transaction ends."""
    for model in (PlaceName, Division):
        held = select(model.id).where(model.id == scope_id).with_for_update(key_share=True)
        if session.execute(held).scalar_one_or_none() is not None:
            return


def check_number(session: Session, scope_id: UUID, door: Door) -> None:
    """Refuse a number that is in use, ever was, or is kept for somebody.

    Raises:
        Conflict: `number-taken` or `number-reserved`, with who holds it.

    """
    _refuse_held(holders(session, scope_id, [door]))


def refuse_taken(session: Session, scope_id: UUID, doors: Sequence[Door]) -> tuple[UUID, ...]:
    """Refuse numbers as `check_number` does; return the reservations of them that have run out.

    The caller holds the lock of the scope, and lets go of those reservations before it gives the numbers out.

    Raises:
        Conflict: `number-taken` or `number-reserved`, with who holds it.

    """
    held = holders(session, scope_id, doors)
    _refuse_held(held)
    return tuple(row.id for row in held)


def let_go(session: Session, reservations: Sequence[UUID], act_id: UUID) -> None:
    """End reservations by an act that gives their numbers to others."""
    if reservations:
        values = {"state": "rejected", "act_id": act_id}
        session.execute(update(Address).where(Address.id.in_(reservations)).values(**values))


def holders(session: Session, scope_id: UUID, doors: Iterable[Door]) -> list[Any]:
    """Return who bears, keeps or bore the numbers of doors; `asked` is the number as it was asked for.

    A door whose number another one took over in the same act counts where that one bears it no more.
    """
    keys = {door.number_key: door.number for door in doors}
    asked = func.split_part(Address.number_key, "~", 1)
    query = select(
        Address.id, asked.label("asked"), (Address.number_key == asked).label("is_bearer"),
        Address.standard_text, Address.state, func.upper(Address.valid).label("until"),
    ).where(
        Address.scope_id == scope_id, outside(Address.state, NEVER), Address.number.in_(set(keys.values())),
        asked.in_(keys),
    )  # fmt: skip
    rows = session.execute(query.order_by(Address.number, Address.id)).all()
    borne = {row.asked for row in rows if row.is_bearer}
    return [row for row in rows if row.is_bearer or row.asked not in borne]


def _refuse_held(held: Iterable[Any]) -> None:
    for row in held:
        code, was = "number-taken", "已被使用"
        if row.state == "retired":
            was = "曾经使用、已注销，不再编给他处"
        elif row.state == "reserved":
            if row.until is not None and row.until <= today():
                continue
            term = f"（至 {row.until}）" if row.until else ""
            code, was = "number-reserved", f"已预留{term}，请核准这个预留号，或先解除预留"
        raise Conflict(
            code, f"{row.standard_text} {was}", field="number", holder_id=str(row.id), holder_state=row.state
        )


def written_before(
    session: Session, profile: Profile, area_id: UUID, place_name_id: UUID | None = None
) -> str:
    """Return the names of divisions before a place name, or before a number that stands in an area itself.

    `area_id` is the deepest division that the address lies in. Down to the one in which the first name is
    unique the name's own divisions count, also where a door lies across their boundary.
    """
    names, lowest = dict[str, str | None](), "district"
    # Those of the name come last.
    for row in session.execute(_AROUND, {"area": area_id, "place": place_name_id}):
        names[row.level] = row.name
        lowest = row.level if row.is_unique_in else lowest
    return divisions_before(profile, names, cast("Level", lowest))
