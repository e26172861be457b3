"""居住人数提示: what the local rules of letting say of a dwelling with so many residents; advice only (G10).

The number comes from one look on the record and is kept nowhere. Whether a dwelling is let to a crowd is
decided by a person, who may give 群租 as the reason of a refusal.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, select

from geo_registry.access.audit import Look, Target, look
from geo_registry.db import transaction
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.housing.tables import HousingUnit
from geo_registry.residence.profile import Occupancy, ResidenceProfile, residence_profile_in_force

MOST_ROOMS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule beside the figure it is held against."""

    rule: str
    sentence: str
    limit: float
    found: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What the rules of the profile say; `unknown` names the figures that were missing."""

    audit_id: UUID
    profile: str
    source: str
    persons: int
    rooms: int | None
    area_m2: float | None
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]
    is_advice_only: bool = True


def findings_of(
    rule: Occupancy, *, persons: int, rooms: int | None, area_m2: float | None
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Hold a dwelling's figures against the rules, and name the figures that are missing."""
    found, unknown = [], []
    if rooms is None:
        unknown.append("rooms")
    else:
        most = rule.max_per_room
        sentence = f"每间居室不超过 {most} 人：{rooms} 间住 {persons} 人"
        found.append(
            Finding("max_per_room", sentence, most, round(persons / rooms, 2), persons > most * rooms)
        )
    if area_m2 is None:
        unknown.append("area_m2")
    elif persons:
        least, each = rule.min_area_m2, area_m2 / persons
        sentence = f"人均建筑面积不少于 {least:g} 平方米：{area_m2:g} 平方米住 {persons} 人，人均 {each:.1f}"
        found.append(Finding("min_area_m2", sentence, least, round(each, 2), each < least))
    if rule.flag_persons is not None:
        sentence = f"住 {rule.flag_persons} 人以上的须上门查看：现住 {persons} 人"
        found.append(
            Finding("flag_persons", sentence, rule.flag_persons, persons, persons >= rule.flag_persons)
        )
    if rule.concentrated_persons is not None:
        is_over = persons >= rule.concentrated_persons or (
            rule.concentrated_rooms is not None and rooms is not None and rooms >= rule.concentrated_rooms
        )
        many = f"{rule.concentrated_rooms} 间或 " if rule.concentrated_rooms else ""
        sentence = f"{many}{rule.concentrated_persons} 人以上为集中出租：现住 {persons} 人"
        found.append(Finding("concentrated", sentence, rule.concentrated_persons, persons, is_over))
    return tuple(found), tuple(unknown)


def occupancy_advice(engine: Engine, request: Look, unit_id: UUID, *, rooms: int | None = None) -> Advice:
    """Look how many live in a unit and say what the local rules tell of that number.

    Raises:
        RuleBroken: `rooms-invalid`.
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    if rooms is not None and not 1 <= rooms <= MOST_ROOMS:
        raise RuleBroken("rooms-invalid", f"居室数应为 1 至 {MOST_ROOMS}", field="rooms")
    audit_id, seen = look(
        engine, request, Target("occupants", "housing_unit", unit_id, ("count",), limit=500)
    )
    persons = len(seen["occupants"])
    area, profile = _known(engine, unit_id)
    found, unknown = findings_of(profile.occupancy, persons=persons, rooms=rooms, area_m2=area)
    return Advice(audit_id, profile.title, profile.source, persons, rooms, area, found, unknown)


def _known(engine: Engine, unit_id: UUID) -> tuple[float | None, ResidenceProfile]:
    """Return the area of a unit and the profile in force."""
    with transaction(engine) as session:
        row = session.execute(select(HousingUnit.area_m2).where(HousingUnit.id == unit_id)).one_or_none()
        if row is None:
            raise NotFound("not-found", "没有找到，或不在您的区域内")
        return row.area_m2, residence_profile_in_force(session)
