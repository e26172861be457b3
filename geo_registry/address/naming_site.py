"""Where a place name stands: its areas, the name above it, and the scope in which it stands once."""

from dataclasses import dataclass
from uuid import UUID

from geo_registry.address.rules import check_chain, unique_in
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.area.reads import NEVER
from geo_registry.area.writes import Areas, division_areas, locked
from geo_registry.db import Session
from geo_registry.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Site:
    """Where a name stands: its areas, the name above it, and the scope in which it stands once."""

    areas: Areas
    parent: PlaceName | None
    scope_id: UUID


def site_of(
    session: Session, profile: Profile, kind: str, area_id: UUID | None, parent_id: UUID | None
) -> Site:
    """Return where a new name of a kind stands, below an area or below another name.

    Raises:
        RuleBroken: the profile knows no such part or order, the parent is not in force, the area is unknown.

    """
    parent = None if parent_id is None else _parent(session, parent_id)
    areas = _areas_for(session, parent, area_id)
    check_chain(profile, [*_kinds_above(session, parent), kind])
    return Site(areas, parent, parent.id if parent else _scope_of(profile, kind, areas))


def site_at(session: Session, place: PlaceName) -> Site:
    """Return where a place name stands now."""
    parent = session.get(PlaceName, place.parent_id) if place.parent_id else None
    return Site(Areas(place.district_id, place.township_id, place.community_id), parent, place.scope_id)


def _parent(session: Session, parent_id: UUID) -> PlaceName:
    parent = locked(session, PlaceName, parent_id)
    if parent is None or parent.state in NEVER:
        raise RuleBroken("parent-unknown", "没有这个上级地名", field="parent_id")
    if parent.state != "current":
        raise RuleBroken(
            "parent-not-current", f"上级地名 {parent.full_name} 尚未生效或已注销", field="parent_id"
        )
    return parent


def _areas_for(session: Session, parent: PlaceName | None, area_id: UUID | None) -> Areas:
    if area_id is not None:
        areas = division_areas(session, area_id)
        if parent is not None and parent.district_id != areas.district_id:
            raise RuleBroken("area-mismatch", "区划与上级地名不在同一区", field="area_id")
        return areas
    if parent is None:
        raise RuleBroken("area-missing", "须指明所在区划或上级地名", field="area_id")
    return Areas(parent.district_id, parent.township_id, parent.community_id)


def _scope_of(profile: Profile, kind: str, areas: Areas) -> UUID:
    """Return the area in which a top name is unique; the next one above where that level is not known."""
    chain = {"community": areas.community_id, "township": areas.township_id, "district": areas.district_id}
    levels = ["community", "township", "district"]
    below = levels.index(unique_in(profile, kind))
    return next(chain[level] for level in levels[below:] if chain[level] is not None)  # type: ignore[return-value]


def _kinds_above(session: Session, parent: PlaceName | None) -> list[str]:
    kinds: list[str] = []
    while parent is not None:
        kinds.insert(0, parent.kind)
        parent = session.get(PlaceName, parent.parent_id) if parent.parent_id else None
    return kinds
