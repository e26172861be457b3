"""Acts on naming cases: approve them level by level, return, reject or withdraw them, publish and enforce.

A case changes nothing but itself and the proposed name until it is put into force; then the acts on place
names do the work, with the act on the case as their cause.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission, refuse_unless
from geo_registry.access.viewer import Viewer
from geo_registry.address import naming
from geo_registry.address.naming_rules import (
    PERMISSIONS,
    Step,
    approved_since,
    check_judge,
    handed_in,
    is_of_level,
    state_after,
)
from geo_registry.address.tables import Address, NamingCase, NamingStep, PlaceName
from geo_registry.area.reads import NEVER
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change, locked
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, NotFound, RuleBroken


def approve(
    session: Session, viewer: Viewer, *, case_id: UUID, version: int, note: str | None = None
) -> Written:
    """Approve a case at its next level.

    Raises:
        Refused: the viewer's areas are smaller than the level, or `own-case`, `approved-before`.
        RuleBroken: `step-not-open`.

    """
    case = case_for(session, viewer, case_id, version, "approve")
    level = _judge(viewer, case)
    steps = _steps(session, case.id)
    check_judge(viewer.account_id, {case.proposed_by, *handed_in(steps)}, approved_since(steps))
    act_id = begin_act(session, viewer, "approve", "naming_case", case, Paper(reason=note))
    case.level += 1
    case.state = state_after("approve", "reviewing", case.level, case.levels)
    note_step(session, viewer, case, "approve", note, act_id, level)
    return finish(session, case)


def return_case(session: Session, viewer: Viewer, *, case_id: UUID, version: int, note: str) -> Written:
    """Send a case back to be put right; what was approved is approved anew.

    Raises:
        Refused: as `approve`.
        RuleBroken: `step-not-open`.

    """
    return _turned_down(session, viewer, case_id, version, "return", note)


def reject(session: Session, viewer: Viewer, *, case_id: UUID, version: int, note: str) -> Written:
    """Turn a case down for good; a proposed name is free again.

    Raises:
        Refused: as `approve`.
        RuleBroken: `step-not-open`.

    """
    return _turned_down(session, viewer, case_id, version, "reject", note)


def publish(
    session: Session,
    viewer: Viewer,
    *,
    case_id: UUID,
    version: int,
    decree_number: str,
    decree_on: dt.date,
    note: str | None = None,
) -> Written:
    """Note the decree under which an approved name was made public today.

    Raises:
        RuleBroken: `step-not-open`, `decree-in-future`.

    """
    case = case_for(session, viewer, case_id, version, "publish")
    if decree_on > today():
        raise RuleBroken("decree-in-future", "批准文件的日期不能晚于今天", field="decree_on")
    paper = Paper(decree_number, note)
    act_id = begin_act(session, viewer, "publish", "naming_case", case, paper)
    case.state = "published"
    case.decree_number, case.decree_on, case.published_on = decree_number, decree_on, today()
    note_step(session, viewer, case, "publish", note, act_id)
    return finish(session, case)


def enforce(
    session: Session,
    viewer: Viewer,
    *,
    case_id: UUID,
    version: int,
    effective_on: dt.date | None = None,
    note: str | None = None,
) -> Written:
    """Put a published case into force: the name becomes current, is changed, or ends.

    Raises:
        RuleBroken: `step-not-open`, `effective-outside` unless between the decree and today.
        Conflict: `name-taken`, `street-in-use`, as the acts on place names say.

    """
    case = case_for(session, viewer, case_id, version, "enforce")
    day = effective_on or today()
    if not (case.decree_on or day) <= day <= today():
        detail = f"生效日期应在批准文件日期（{case.decree_on}）与今天之间；未到的日期，到时再办"
        raise RuleBroken("effective-outside", detail, field="effective_on")
    place = place_of(session, case)
    act_id = begin_act(session, viewer, "enforce", "naming_case", case, Paper(case.decree_number, note))
    case.state, case.effective_on = "in_force", day
    target: dict[str, Any] = {
        "place_name_id": place.id, "version": place.version, "document_number": case.decree_number,
        "cause": act_id,
    }  # fmt: skip
    if case.action == "rename":
        naming.rename_street(session, viewer, name=case.name, **target)
    elif case.action == "retire":
        naming.retire_street(session, viewer, **target)
    else:
        _begin(session, viewer, case, place, day)
    note_step(session, viewer, case, "enforce", note, act_id)
    return finish(session, case)


def withdraw(
    session: Session, viewer: Viewer, *, case_id: UUID, version: int, note: str | None = None
) -> Written:
    """Take a case back before it is in force; a proposed or kept name is free again.

    What was published is taken back with a reason: it may have become impossible to put it into force.

    Raises:
        RuleBroken: `step-not-open`, `reason-required` of a published case.
        Conflict: `street-in-use`, numbers were given on the proposed name.

    """
    case = case_for(session, viewer, case_id, version, "withdraw")
    if case.state == "published" and not note:
        raise RuleBroken("reason-required", "案件已公布，撤回须说明原因", field="note")
    return _dropped(session, viewer, case, "withdraw", note)


def _steps(session: Session, case_id: UUID) -> list[tuple[str, UUID]]:
    """Return the steps of a case in order, each with who took it."""
    query = select(NamingStep.step, NamingStep.account_id).where(NamingStep.case_id == case_id)
    return [(row.step, row.account_id) for row in session.execute(query.order_by(NamingStep.id))]


def case_for(session: Session, viewer: Viewer, case_id: UUID, version: int, step: Step) -> NamingCase:
    """Return a case locked for a step that is open to it.

    Raises:
        NotFound, Refused, Stale: as `load_for_change`.
        RuleBroken: `step-not-open`.

    """
    case = load_for_change(
        session, viewer, NamingCase, case_id, version=version, permission=PERMISSIONS[step]
    )
    state_after(step, case.state, case.level, case.levels)
    return case


def place_of(session: Session, case: NamingCase) -> PlaceName:
    """Return the place name of a case, locked.

    Raises:
        NotFound: there is none.

    """
    place = locked(session, PlaceName, case.place_name_id)
    if place is None:
        raise NotFound("place-name-not-found", "没有这个地名")
    return place


def _judge(viewer: Viewer, case: NamingCase) -> str:
    """Return the level that judges a case next, when the viewer's areas reach over all of it."""
    level = case.levels[case.level]
    is_wide = is_of_level(viewer.areas, level, case.district_id, case.township_id)
    refuse_unless(allowed=is_wide, what=Permission.NAME_APPROVE.value)
    return level


def _turned_down(
    session: Session, viewer: Viewer, case_id: UUID, version: int, step: Step, note: str
) -> Written:
    case = case_for(session, viewer, case_id, version, step)
    level = _judge(viewer, case)
    check_judge(viewer.account_id, {case.proposed_by, *handed_in(_steps(session, case.id))}, ())
    if step == "reject":
        return _dropped(session, viewer, case, step, note, level)
    act_id = begin_act(session, viewer, step, "naming_case", case, Paper(reason=note))
    case.state, case.level = "returned", 0
    note_step(session, viewer, case, step, note, act_id, level)
    return finish(session, case)


def _dropped(
    session: Session, viewer: Viewer, case: NamingCase, step: Step, note: str | None, level: str | None = None
) -> Written:
    act_id = begin_act(session, viewer, step, "naming_case", case, Paper(reason=note))
    case.state = state_after(step, case.state, case.level, case.levels)
    if case.action == "name":
        place = place_of(session, case)
        standing = Address.state.not_in(("retired", *NEVER))
        doors = select(func.count()).where(Address.scope_id == place.id, standing)
        if session.execute(doors).scalar_one():
            detail = f"{place.full_name} 下已编门牌号，请先删除这些门牌号"
            raise Conflict("street-in-use", detail, field="state")
        if place.state in {"reserved", "proposed"}:
            begin_act(session, viewer, step, "place_name", place, Paper(reason=note, cause=act_id))
            place.state = "rejected"
    note_step(session, viewer, case, step, note, act_id, level)
    return finish(session, case)


def _begin(session: Session, viewer: Viewer, case: NamingCase, place: PlaceName, day: dt.date) -> None:
    """Let a proposed name be in force from a day on."""
    parent = session.get(PlaceName, place.parent_id) if place.parent_id else None
    if parent is not None and parent.state != "current":
        detail = f"上级地名 {parent.full_name} 尚未生效或已注销，请先办理上级地名"
        raise RuleBroken("parent-not-current", detail, field="state")
    if place.state != "proposed":
        raise RuleBroken("not-proposed", f"{place.full_name} 不是拟定地名", field="state")
    if place.name != case.name:
        detail = f"批准的是“{case.name}”，地名册中现为“{place.name}”，请撤回后重新提出"
        raise RuleBroken("name-changed", detail, field="state")
    paper = Paper(case.decree_number, None, case.act_id)
    begin_act(session, viewer, "enforce", "place_name", place, paper)
    place.state, place.valid = "current", Range(day, None)


def note_step(
    session: Session, viewer: Viewer, case: NamingCase, step: str, note: str | None, act_id: UUID,
    level: str | None = None,
) -> None:  # fmt: skip
    """Note a step in the record of a case."""
    session.add(
        NamingStep(
            id=new_id(), case_id=case.id, step=step, level=level, account_id=viewer.account_id, note=note,
            act_id=act_id,
        )
    )  # fmt: skip
