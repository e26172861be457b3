"""How a naming case begins: a name is proposed or kept, another name or the end of one asked for."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Sequence as Numbers

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address import naming
from geo_registry.address.naming_alike import alike_names, hold_county, refuse_alike, refuse_other_name
from geo_registry.address.naming_cases import case_for, note_step, place_of
from geo_registry.address.naming_holds import refuse_open_case
from geo_registry.address.naming_rules import state_after
from geo_registry.address.naming_site import site_of
from geo_registry.address.places import profile_in_force
from geo_registry.address.rules import standard_name
from geo_registry.address.tables import NamingCase, PlaceName
from geo_registry.area.writes import Paper, Written, as_shape, begin_act, finish, locked
from geo_registry.base import SCHEMA
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.log import holds_number

Action = Literal["name", "rename", "retire"]
_NUMBERS = Numbers("naming_number", schema=SCHEMA)


def open_case(
    session: Session,
    viewer: Viewer,
    *,
    action: Action = "name",
    kind: str | None = None,
    name: str | None = None,
    area_id: UUID | None = None,
    parent_id: UUID | None = None,
    place_name_id: UUID | None = None,
    axis: dict[str, Any] | None = None,
    meaning: str = "",
    reserve_until: dt.date | None = None,
    reason: str | None = None,
) -> Written:
    """Propose a name, another name or the end of a name; with `reserve_until` a name is only kept.

    A kept name is free again on that day. A proposal goes to the levels that the profile names for its kind;
    one that needs none counts as approved.

    Raises:
        RuleBroken: a field is missing, or does not fit the action; as `site_of`.
        Conflict: `name-taken`, `name-sounds-alike` without a reason, `case-open`.

    """
    if reserve_until is not None and reserve_until <= today():
        raise RuleBroken("reserve-past", "预留期限须晚于今天", field="reserve_until")
    _check_meaning(meaning)
    if action == "name":
        place = _proposed(
            session, viewer, _given(kind, "kind"), _given(name, "name"), area_id, parent_id, axis,
            "reserved" if reserve_until else "proposed", reason,
        )  # fmt: skip
        wanted, former = place.name, None
    else:
        place = _standing(session, viewer, action, _given(place_name_id, "place_name_id"))
        wanted, former = place.name, place.name
        if action == "rename":
            wanted = _other_name(session, place, _given(name, "name"), reason)
    case = NamingCase(
        id=new_id(), code=new_code(), number=_number(session), action=action, place_name_id=place.id,
        name=wanted, former_name=former, meaning=meaning, reserved_until=reserve_until,
        proposed_by=viewer.account_id, level=0, levels=[], district_id=place.district_id,
        township_id=place.township_id, community_id=place.community_id,
    )  # fmt: skip
    if reserve_until is None:
        _hand_in(case, profile_in_force(session).naming_levels(place.kind))
    else:
        case.state = "reserved"
    act_id = begin_act(session, viewer, "open", "naming_case", case, Paper(reason=reason))
    session.add(case)
    written = finish(session, case)
    note_step(session, viewer, case, "reserve" if reserve_until else "submit", reason, act_id)
    return written


def submit(
    session: Session,
    viewer: Viewer,
    *,
    case_id: UUID,
    version: int,
    name: str | None = None,
    meaning: str | None = None,
    axis: dict[str, Any] | None = None,
    reason: str | None = None,
) -> Written:
    """Hand in a kept name, or a case that was returned, as it was or put right.

    Another name runs through the names and addresses that stand below a proposed one.

    Raises:
        RuleBroken: `step-not-open`, `reservation-lapsed`.
        Conflict: as `open_case`.

    """
    case = case_for(session, viewer, case_id, version, "submit")
    is_over = case.reserved_until is not None and case.reserved_until <= today()
    if case.state == "reserved" and is_over:
        detail = f"预留已于 {case.reserved_until} 到期，请重新提出"
        raise RuleBroken("reservation-lapsed", detail, field="state")
    _check_meaning(meaning)
    place = place_of(session, case)
    wanted, old_full = case.name, place.full_name
    if name is not None and name != wanted and case.action != "retire":
        wanted = _other_name(session, place, name, reason)
        if case.action == "name":
            naming.set_name(session, viewer, place, name)
    levels = profile_in_force(session).naming_levels(place.kind)
    act_id = begin_act(session, viewer, "submit", "naming_case", case, Paper(reason=reason))
    case.name = wanted
    case.meaning = case.meaning if meaning is None else meaning
    _hand_in(case, levels)
    if case.action == "name":
        named = begin_act(session, viewer, "submit", "place_name", place, Paper(reason=reason, cause=act_id))
        place.state = "proposed"
        if axis is not None:
            place.axis = as_shape(axis, "LineString", "axis")
        naming.recomposed(session, place, old_full, named)
    note_step(session, viewer, case, "submit", reason, act_id)
    return finish(session, case)


def _given(value: Any, field: str) -> Any:  # noqa: ANN401  (a text or an id)
    if value is None:
        raise RuleBroken("field-missing", "请填写这一项", field=field)
    return value


def _check_meaning(meaning: str | None) -> None:
    if meaning and holds_number(meaning):
        raise RuleBroken("text-unreadable", "含义来历中不能写证件号码或电话，请改写后再办", field="meaning")


def _number(session: Session) -> str:
    return f"地名-{today().year}-{session.execute(_NUMBERS.next_value()).scalar_one():05d}"


def _proposed(
    session: Session, viewer: Viewer, kind: str, name: str, area_id: UUID | None, parent_id: UUID | None,
    axis: dict[str, Any] | None, state: str, reason: str | None,
) -> PlaceName:  # fmt: skip
    site = site_of(session, profile_in_force(session), kind, area_id, parent_id)
    hold_county(session, site.areas.district_id)
    refuse_alike(alike_names(session, site, kind, name), reason)
    done = naming.name_street(
        session, viewer, kind=kind, name=name, area_id=area_id, parent_id=parent_id, axis=axis, state=state,
        reason=reason,
    )  # fmt: skip
    return session.get_one(PlaceName, done.id)


def _standing(session: Session, viewer: Viewer, action: Action, place_name_id: UUID) -> PlaceName:
    permission = Permission.STREET_RENAME if action == "rename" else Permission.STREET_RETIRE
    place = locked(session, PlaceName, place_name_id)
    if place is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
    authorize(viewer, permission, place.district_id, place.township_id, place.community_id)
    if place.state != "current":
        raise RuleBroken("not-in-force", f"{place.full_name} 不是现行地名", field="place_name_id")
    refuse_open_case(session, viewer, place, "place_name_id")
    return place


def _other_name(session: Session, place: PlaceName, name: str, reason: str | None) -> str:
    profile = profile_in_force(session)
    written = standard_name(profile, place.kind, name)
    if written == place.name:
        raise RuleBroken("name-same", "新名称与现名称相同", field="name")
    refuse_other_name(session, place, name, reason)
    return written


def _hand_in(case: NamingCase, levels: Sequence[str]) -> None:
    case.level, case.levels = 0, list(levels)
    case.state = state_after("submit", "returned", 0, case.levels)
