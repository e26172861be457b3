"""The act that stores a numbered street: addresses, buildings behind them and plates, all or none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.near import check_known
from geo_registry.address.numbering.numbering import let_go
from geo_registry.address.numbering.storing import (
    MOST_AT_ONCE,
    DoorWish,
    Numbering,
    plan_doors,
    refuse_flaws,
    repeated,
    store_doors,
    taken,
)
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Areas, Paper, begin_act, finish, locked
from geo_registry.codes import new_codes, new_ids
from geo_registry.db import Session, today, translated
from geo_registry.errors import NotFound, RuleBroken, Stale
from geo_registry.plate.preview import kind_for

Plates = Literal["none", "draft", "numbered"]
_INSERT = text("""
    INSERT INTO registry.plate (id, code, address_id, kind, state, text, position, act_id,
      district_id, township_id, community_id)
    SELECT p.id, p.code, a.id, p.kind, :state, a.number_text, a.position, :act,
      a.district_id, a.township_id, a.community_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:addresses AS uuid[]),
      CAST(:kinds AS text[])) p (id, code, address_id, kind) JOIN registry.address a ON a.id = p.address_id
""")


@dataclass(frozen=True, slots=True)
class StreetNumbered:
    """The street with its version now, the act, and how many addresses and plates it made."""

    id: UUID
    version: int
    act_id: UUID
    addresses: int
    reserved: int
    plates: int


def number_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    slots: Sequence[DoorWish],
    reserve: Sequence[DoorWish] = (),
    state: str = "current",
    plates: Plates = "none",
    until: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> StreetNumbered:
    """Give out the numbers of a street, lane, estate or village as a plan showed them, all or none.

    `slots` get addresses in `state` (current or proposed), `reserve` are kept until a day. A building that a
    slot names carries the number from today on. Drafted or numbered plates come with them when asked for. One
    act on the street stands behind all of it.

    Raises:
        Stale: the street has changed since `version` was read, or numbers of it were given out or kept.
        Conflict: `number-taken`, `number-reserved`, `building-numbered`; every bad row is named.
        RuleBroken: `numbers-missing`, `numbers-too-many`, `number-twice`, `state-invalid`, `until-past`,
            `other-district`, `building-not-current`, `building-twice`, or a number cannot be read.

    """
    _check_asked(len(slots) + len(reserve), state, plates, until)
    street = street_for_numbers(session, viewer, place_name_id, version, is_current=state == "current")
    profile = profile_in_force(session)
    doors, flaws = plan_doors(session, profile, street, slots, "slots")
    kept, more = plan_doors(session, profile, street, reserve, "reserve")
    flaws += more
    authorize_all(viewer, Permission.ADDRESS_NUMBER, [*doors, *kept])
    if plates != "none":
        authorize_all(viewer, Permission.PLATE_EDIT, doors)
    placed = [(one.pointer, one.door) for one in (*doors, *kept)]
    held, over = taken(session, street.id, placed, frozenset())
    refuse_flaws([*flaws, *repeated(placed), *held])
    act_id = begin_act(session, viewer, "number", "place_name", street, Paper(document_number, reason))
    let_go(session, over, act_id)
    store_doors(session, street, doors, act_id, state=state)
    store_doors(session, street, kept, act_id, state="reserved", until=until)
    made = 0 if plates == "none" else store_plates(session, profile, doors, act_id, state=plates)
    done = finish(session, street)
    check_scope(session, street.id)
    return StreetNumbered(done.id, done.version, act_id, len(doors), len(kept), made)


def street_for_numbers(
    session: Session, viewer: Viewer, place_name_id: UUID, version: int, *, is_current: bool
) -> PlaceName:
    """Return a place name locked for an act on its numbers, when it may bear them.

    Whether the viewer may give a number is judged by the areas of its door: a street runs through several.

    Raises:
        NotFound: no such place name that the viewer knows.
        Stale: `version` is not the current one.
        RuleBroken: `parent-not-current`.

    """
    check_known(session, viewer, place_name_id)
    street = locked(session, PlaceName, place_name_id)
    if street is None:
        raise NotFound("object-not-found", "没有这个对象")
    if street.version != version:
        detail = f"数据已被更新（现为第 {street.version} 版），请重新读取"
        raise Stale("stale", detail, current=street.version)
    if street.state != "current" and (is_current or street.state != "proposed"):
        detail = f"{street.full_name} 尚未生效或已注销，不能编现行门牌号"
        raise RuleBroken("parent-not-current", detail, field="place_name_id")
    return street


def store_plates(
    session: Session, profile: Profile, doors: Sequence[Numbering], act_id: UUID, *, state: str
) -> int:
    """Give doors that were just stored a plate each in one statement; answer how many."""
    values = {
        "ids": new_ids(len(doors)), "codes": new_codes(len(doors)), "addresses": [one.id for one in doors],
        "kinds": [kind_for(profile, one.door.number_text) for one in doors], "state": state, "act": act_id,
    }  # fmt: skip
    with translated():
        session.execute(_INSERT, values)
    return len(doors)


def authorize_all(viewer: Viewer, permission: Permission, doors: Sequence[Numbering]) -> None:
    """Let an act pass if the viewer holds the permission in the areas of every door."""
    areas: set[Areas] = {one.areas for one in doors}
    for one in areas:
        authorize(viewer, permission, one.district_id, one.township_id, one.community_id)


def _check_asked(count: int, state: str, plates: str, until: dt.date | None) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        code = "numbers-too-many" if count else "numbers-missing"
        raise RuleBroken(code, f"一次可编 1 至 {MOST_AT_ONCE} 个号", field="slots")
    if state not in {"proposed", "current"}:
        raise RuleBroken("state-invalid", "新地址只能是拟定或现行", field="state")
    if plates == "numbered" and state != "current":
        raise RuleBroken("plates-invalid", "拟定地址只能草拟门牌", field="plates")
    if until is not None and until <= today():
        raise RuleBroken("until-past", "预留期限应在今天之后", field="until")
