"""Names alike: what a county has of the same name or the same sound, before another name is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, case, func, null, or_, select

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.naming_rules import OPEN
from geo_registry.address.naming_site import Site, site_at, site_of
from geo_registry.address.places import profile_in_force
from geo_registry.address.rules import is_counted, normal_name
from geo_registry.address.tables import AddressAlias, NamingCase, PlaceName
from geo_registry.area.reads import NEVER
from geo_registry.area.tables import Division
from geo_registry.area.writes import as_shape
from geo_registry.db import Session
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.text import pinyin

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Alike:
    """A name of the county that is the same or sounds the same.

    `same` is name, sound, former (it was the name of that place once) or wanted (a case asks for it).
    One that `blocks` cannot be given again; another one needs a reason. Distances are in metres.
    """

    id: UUID
    full_name: str
    kind: str
    state: str
    same: Literal["name", "sound", "former", "wanted"]
    blocks: bool
    distance_m: float | None
    lon: float | None
    lat: float | None
    area: str | None


def check_name(
    session: Session,
    viewer: Viewer,
    *,
    kind: str,
    name: str,
    area_id: UUID | None = None,
    parent_id: UUID | None = None,
    except_id: UUID | None = None,
    axis: dict[str, Any] | None = None,
) -> tuple[Alike, ...]:
    """Return the names of the county that are the same as a new one or sound alike, what blocks first.

    `except_id` is the place that is to be renamed.

    Raises:
        RuleBroken: as `site_of`, or the name is empty.
        Refused: the viewer may not name anything there.

    """
    site = site_of(session, profile_in_force(session), kind, area_id, parent_id)
    areas = site.areas
    authorize(viewer, Permission.STREET_NAME, areas.district_id, areas.township_id, areas.community_id)
    return alike_names(session, site, kind, name, here=_here(session, site, axis), except_id=except_id)


def alike_names(
    session: Session,
    site: Site,
    kind: str,
    name: str,
    *,
    here: Any = None,  # noqa: ANN401  (an SQL value, a geometry)
    except_id: UUID | None = None,
) -> tuple[Alike, ...]:
    """Return the names alike; a counted name (218弄, 4组) is compared within its own scope only."""
    profile = profile_in_force(session)
    key, sound = normal_name(profile, kind, name), pinyin(name)
    query = _places(here).where(PlaceName.district_id == site.areas.district_id)
    if is_counted(profile, kind, name):
        query = query.where(PlaceName.scope_id == site.scope_id)
    if except_id is not None:
        query = query.where(PlaceName.id != except_id)
    former = select(AddressAlias.object_id).where(
        AddressAlias.district_id == site.areas.district_id,
        AddressAlias.normal_name == key, AddressAlias.kind == "historical_name",
    )  # fmt: skip
    wanted = _wanted(session, site, key, sound)
    is_same, is_heard = PlaceName.normal_name == key, PlaceName.pinyin == (sound or None)
    same = case(
        (is_same, "name"), (is_heard, "sound"),
        (PlaceName.id.in_(wanted), "wanted"), else_="former",
    )  # fmt: skip
    # The same kind of place of the same name, beside it or anywhere at the top of the county.
    is_beside = or_(PlaceName.scope_id == site.scope_id, PlaceName.parent_id.is_(None))
    if site.parent is not None:
        is_beside = PlaceName.scope_id == site.scope_id
    blocks = or_(and_(is_same, PlaceName.kind == kind, is_beside), PlaceName.id.in_(_exact(wanted)))
    query = query.where(
        or_(is_same, is_heard, PlaceName.id.in_(wanted), PlaceName.id.in_(former))
    ).add_columns(same, blocks)
    found = [
        Alike(row[0], row[1], row[2], row[3], row[8], row[9], row[4], row[5], row[6], row[7])
        for row in session.execute(query.limit(200))
    ]
    found.sort(key=lambda one: (not one.blocks, one.distance_m or 0.0, one.full_name))
    return tuple(found[:MOST_SHOWN])


def refuse_alike(names: Sequence[Alike], reason: str | None) -> None:
    """Refuse a name that stands already, and one alike without a reason; both tell the names alike.

    Raises:
        Conflict: `name-taken` or `name-sounds-alike`.

    """
    told = [{"id": str(one.id), "full_name": one.full_name, "same": one.same} for one in names]
    taken = next((one for one in names if one.blocks), None)
    if taken is not None:
        was = {"retired": "曾用于", "reserved": "已预留给"}.get(taken.state, "已用于")
        if taken.same == "wanted":
            was = "正在审批中，用于"
        raise Conflict(
            "name-taken", f"这个名称在本区县{was} {taken.full_name}，请另选名称", field="name", alike=told
        )
    if names and not reason:
        detail = f"与本区县 {names[0].full_name} 同名或同音；确需使用，请填写理由"
        raise Conflict("name-sounds-alike", detail, field="reason", alike=told)


def hold_county(session: Session, district_id: UUID) -> None:
    """Let one check of names after the other run in a county: two of the same name cannot both pass."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"names/{district_id}", 0))))


def refuse_other_name(session: Session, place: PlaceName, name: str, reason: str | None) -> None:
    """Refuse another name for a place as `refuse_alike` does; none in the county passes beside it.

    Raises:
        Conflict: `name-taken` or `name-sounds-alike`.

    """
    hold_county(session, place.district_id)
    names = alike_names(session, site_at(session, place), place.kind, name, except_id=place.id)
    refuse_alike(names, reason)


def _places(here: Any) -> Any:  # noqa: ANN401  (a select of many columns)
    ground = func.coalesce(PlaceName.axis, Division.boundary)
    mark = func.ST_PointOnSurface(ground)
    metres = null() if here is None else func.ST_DistanceSphere(ground, here)
    lapsed = select(NamingCase.place_name_id).where(
        NamingCase.state == "reserved", NamingCase.reserved_until <= func.current_date()
    )
    lowest = func.coalesce(PlaceName.community_id, PlaceName.township_id, PlaceName.district_id)
    return (
        select(
            PlaceName.id, PlaceName.full_name, PlaceName.kind, PlaceName.state, metres,
            func.ST_X(mark), func.ST_Y(mark), Division.name,
        )
        .outerjoin(Division, Division.id == lowest)
        .where(PlaceName.state.not_in(NEVER))
        .where(or_(PlaceName.state != "reserved", PlaceName.id.not_in(lapsed)))
    )  # fmt: skip


def _wanted(session: Session, site: Site, key: str, sound: str) -> dict[UUID, bool]:
    """Return the places for which an open case asks for this name, and whether for the very same."""
    profile = profile_in_force(session)
    query = (
        select(NamingCase.place_name_id, NamingCase.name, PlaceName.kind)
        .join(PlaceName, PlaceName.id == NamingCase.place_name_id)
        .where(NamingCase.district_id == site.areas.district_id, NamingCase.action == "rename")
        .where(NamingCase.state.in_(OPEN), PlaceName.state == "current")
        .where(or_(NamingCase.state != "reserved", NamingCase.reserved_until > func.current_date()))
    )
    found = {}
    for place_name_id, name, kind in session.execute(query):
        try:
            is_same = normal_name(profile, kind, name) == key
        except RuleBroken:
            continue
        if is_same or pinyin(name) == sound:
            found[place_name_id] = is_same
    return found


def _exact(wanted: dict[UUID, bool]) -> list[UUID]:
    return [one for one, is_same in wanted.items() if is_same]


def _here(session: Session, site: Site, axis: dict[str, Any] | None) -> Any:  # noqa: ANN401  (an SQL value)
    if axis is not None:
        return as_shape(axis, "LineString", "axis")
    if site.parent is not None and site.parent.axis is not None:
        return site.parent.axis
    lowest = site.areas.community_id or site.areas.township_id or site.areas.district_id
    query = select(func.ST_PointOnSurface(Division.boundary)).where(Division.id == lowest)
    return session.execute(query).scalar_one_or_none()
