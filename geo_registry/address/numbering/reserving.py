"""Acts on the numbers of a whole street: keep some for later, and let them go again."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.numbering.numbering import let_go, read_door, refuse_taken, written_before
from geo_registry.address.numbers import Door
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.writes import Paper, Written, as_point, begin_act, finish, load_for_change
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken

MOST_AT_ONCE = 5000
_POSITION_SOURCE = "编号预览"


@dataclass(frozen=True, slots=True)
class Wish:
    """A number to be kept, as it is written, and where it will stand when that is known."""

    number: str
    lon: float | None = None
    lat: float | None = None


def reserve_numbers(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    numbers: Sequence[Wish],
    until: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Keep numbers of a street for doors to come, all or none; from the day `until` on they are free again.

    Answers the street. A kept number is put into force by approving it, and let go by `release_numbers`.

    Raises:
        Stale: the street has changed since `version` was read, or somebody kept or released numbers of it.
        Conflict: `number-taken` or `number-reserved`, with who holds it.
        RuleBroken: `numbers-missing`, `numbers-too-many`, `number-twice`, `until-past`, or a number
            cannot be read.

    """
    street = _street(session, viewer, place_name_id, version)
    if not numbers or len(numbers) > MOST_AT_ONCE:
        code = "numbers-too-many" if numbers else "numbers-missing"
        raise RuleBroken(code, f"一次可预留 1 至 {MOST_AT_ONCE} 个号", field="numbers")
    if until is not None and until <= today():
        raise RuleBroken("until-past", "预留期限应在今天之后", field="until")
    profile = profile_in_force(session)
    doors = [
        read_door(profile, one.number, field=f"numbers/{place}/number") for place, one in enumerate(numbers)
    ]
    _refuse_twice(doors)
    over = refuse_taken(session, street.id, doors)
    act_id = begin_act(session, viewer, "reserve", "place_name", street, Paper(document_number, reason))
    let_go(session, over, act_id)
    area_id = street.community_id or street.township_id or street.district_id
    before = written_before(session, profile, area_id, street.id) + street.full_name
    for wish, door in zip(numbers, doors, strict=True):
        row = Address(
            id=new_id(), code=new_code(), place_name_id=street.id, scope_id=street.id, number=door.number,
            number_key=door.number_key, number_text=door.number_text, standard_text=before + door.number_text,
            state="reserved", valid=Range(today(), until), act_id=act_id, district_id=street.district_id,
            township_id=street.township_id, community_id=street.community_id,
        )  # fmt: skip
        if wish.lon is not None and wish.lat is not None:
            row.position, row.accuracy = as_point(wish.lon, wish.lat), "B"
            row.position_source = _POSITION_SOURCE
        session.add(row)
    return finish(session, street)


def release_numbers(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    numbers: Sequence[str] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Let kept numbers of a street go, all of them by default: anybody may be given them again.

    A street may run through several areas: all are those that are kept in the viewer's own.

    Raises:
        Refused: a number is kept outside of the viewer's areas.
        Stale: the street has changed since `version` was read, or somebody kept or released numbers of it.
        RuleBroken: `not-reserved`: a number is not kept, or the street keeps none.

    """
    street = _street(session, viewer, place_name_id, version)
    query = select(Address).where(Address.scope_id == street.id, Address.state == "reserved")
    if numbers is None:
        query = query.where(in_scope(viewer, Address))
    kept = {row.number_key: row for row in session.execute(query.with_for_update(key_share=True)).scalars()}
    profile = profile_in_force(session)
    asked = list(kept)
    if numbers is not None:
        doors = (read_door(profile, one, field=f"numbers/{place}") for place, one in enumerate(numbers))
        asked = [door.number_key for door in doors]
    strange = [key for key in asked if key not in kept]
    if strange or not asked:
        named = "、".join(strange[:5])
        shown = f"{named} 不是预留的号" if named else f"{street.full_name} 没有预留的号"
        raise RuleBroken("not-reserved", f"{shown}，请重新读取编号预览", field="numbers")
    for row in (kept[key] for key in asked):
        authorize(viewer, Permission.ADDRESS_NUMBER, row.district_id, row.township_id, row.community_id)
    act_id = begin_act(session, viewer, "release", "place_name", street, Paper(document_number, reason))
    for key in asked:
        kept[key].state, kept[key].act_id = "rejected", act_id
    return finish(session, street)


def _street(session: Session, viewer: Viewer, place_name_id: UUID, version: int) -> PlaceName:
    street = load_for_change(
        session, viewer, PlaceName, place_name_id, version=version, permission=Permission.ADDRESS_NUMBER
    )
    if street.state not in {"proposed", "current"}:
        detail = f"{street.full_name} 尚未生效或已注销，不能预留门牌号"
        raise RuleBroken("parent-not-current", detail, field="place_name_id")
    return street


def _refuse_twice(doors: Iterable[Door]) -> None:
    seen = set[str]()
    for door in doors:
        if door.number_key in seen:
            raise RuleBroken("number-twice", f"{door.number_text} 在清单中出现两次", field="numbers")
        seen.add(door.number_key)
