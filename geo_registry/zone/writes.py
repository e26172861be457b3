"""Acts on focus areas and zones: registering, proposing, and every step from the notice to the end."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.viewer import Permission, Viewer, authorize
from geo_registry.area.writes import Paper, Written, begin_act, ended, finish, load_for_change, locked
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.text import clean
from geo_registry.zone import rules
from geo_registry.zone.ground import ground_of, hold_blocks
from geo_registry.zone.proof import proof_of
from geo_registry.zone.tables import (
    FOCUS_KINDS,
    GROUNDS,
    FocusArea,
    FocusAreaBlock,
    PlanMeasure,
    RectificationPlan,
    Zone,
    ZoneBlock,
    ZoneDecision,
)

# The column whose day the day of an act may not precede.
_BEFORE = {
    "notify": "proposed_on",
    "list": "notified_on",
    "approve_plan": "listed_on",
    "submit": "started_on",
    "accept": "submitted_on",
    "return": "submitted_on",
    "close": "accepted_on",
}


def register_focus_area(
    session: Session,
    viewer: Viewer,
    *,
    name: str,
    kind: str,
    boundary: dict[str, Any] | None = None,
    block_ids: Sequence[UUID] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Register a place that needs more attention for what it is built and used as.

    Raises:
        RuleBroken: the ground, the kind or the name breaks a rule.

    """
    if kind not in FOCUS_KINDS:
        raise RuleBroken(
            "focus-kind-unknown", f"重点区域种类应为 {'、'.join(FOCUS_KINDS)} 之一", field="kind"
        )
    ground = ground_of(session, boundary=boundary, block_ids=block_ids)
    areas = ground.areas
    authorize(viewer, Permission.ZONE_PROPOSE, areas.district_id, areas.township_id, areas.community_id)
    row = FocusArea(
        id=new_id(), code=new_code(), name=_named(name), kind=kind, state="current",
        valid=Range(today(), None), boundary=ground.boundary,
        district_id=areas.district_id, township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "register", "focus_area", row, Paper(document_number, reason))
    session.add(row)
    done = finish(session, row)
    blocks = [{"focus_area_id": row.id, "block_id": block} for block in ground.block_ids]
    session.execute(insert(FocusAreaBlock), blocks)
    return done


def retire_focus_area(
    session: Session,
    viewer: Viewer,
    *,
    focus_area_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a focus area; it stays in the register.

    Raises:
        Conflict: `focus-area-ended`.

    """
    row = load_for_change(
        session, viewer, FocusArea, focus_area_id, version=version, permission=Permission.ZONE_PROPOSE
    )
    if row.state != "current":
        raise Conflict("focus-area-ended", "该重点区域已停用")
    begin_act(session, viewer, "retire", "focus_area", row, Paper(document_number, reason))
    row.state, row.valid = "retired", ended(row.valid)
    return finish(session, row)


def propose_zone(
    session: Session,
    viewer: Viewer,
    *,
    name: str,
    ground: str,
    boundary: dict[str, Any] | None = None,
    block_ids: Sequence[UUID] | None = None,
    focus_area_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Propose to list a place for rectification.

    Raises:
        RuleBroken: the place, the ground or the name breaks a rule.
        Conflict: `block-in-zone` another live zone holds one of the blocks.

    """
    if ground not in GROUNDS:
        raise RuleBroken("zone-ground-unknown", f"整治事由应为 {'、'.join(GROUNDS)} 之一", field="ground")
    place = ground_of(session, boundary=boundary, block_ids=block_ids)
    areas = place.areas
    authorize(viewer, Permission.ZONE_PROPOSE, areas.district_id, areas.township_id, areas.community_id)
    _check_focus_area(session, focus_area_id, areas.district_id)
    hold_blocks(session, place)
    row = Zone(
        id=new_id(), code=new_code(), name=_named(name), ground=ground, focus_area_id=focus_area_id,
        state="proposed", proposed_on=today(), boundary=place.boundary, district_id=areas.district_id,
        township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "propose", "zone", row, Paper(document_number, reason))
    session.add(row)
    done = finish(session, row)
    session.execute(insert(ZoneBlock), [{"zone_id": row.id, "block_id": block} for block in place.block_ids])
    return done


def advance(
    session: Session,
    viewer: Viewer,
    *,
    act: str,
    zone_id: UUID,
    version: int,
    on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Take a zone one step on: notify, list, approve_plan, start, submit, close or fail.

    Raises:
        NotFound: no such act or zone.
        Conflict: `zone-state`, `zone-without-plan`.
        RuleBroken: a paper, a day or a condition is missing.

    """
    step = rules.TRANSITIONS.get(act)
    if step is None or step.needs_sample:
        raise NotFound("act-unknown", "没有这种办理")
    zone = load_for_change(session, viewer, Zone, zone_id, version=version, permission=step.permission)
    plan = _plan_of(session, zone_id)
    rules.check_act(
        act, zone.state, document_number=document_number, reason=reason, has_plan=plan is not None
    )
    day = _day_of(act, zone, on)
    if act == "submit" and plan is not None:
        rules.check_submission(_open_measures(session, plan.id), reason)
    act_id = begin_act(session, viewer, act, "zone", zone, Paper(document_number, reason))
    if act == "approve_plan" and plan is not None:
        plan.approved_on, plan.approved_by, plan.act_id = day, viewer.account_id, act_id
    _take_step(zone, step, day)
    return finish(session, zone)


def decide(
    session: Session,
    viewer: Viewer,
    *,
    decision: str,
    zone_id: UUID,
    version: int,
    sample_plan_id: UUID,
    on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Accept a submitted zone, or return it, on the sample that was drawn after the submission.

    `decision` is accepted or returned; only a sample whose verdict is "met" lets a zone be accepted.

    Raises:
        Conflict: `zone-state`, `sample-used`.
        RuleBroken: a paper is missing, or the sample is unknown, too old, not checked, or does not prove it.

    """
    act = {"accepted": "accept", "returned": "return"}[decision]
    zone = load_for_change(
        session, viewer, Zone, zone_id, version=version, permission=rules.TRANSITIONS[act].permission
    )
    step = rules.check_act(act, zone.state, document_number=document_number, reason=reason, has_plan=True)
    day = _day_of(act, zone, on)
    proof = proof_of(session, viewer, zone_id=zone_id, sample_plan_id=sample_plan_id)
    rules.check_proof(
        act, verdict=proof.rate.verdict, figures=proof.words, drawn_on=proof.drawn_on,
        submitted_on=zone.submitted_on or zone.proposed_on,
    )  # fmt: skip
    act_id = begin_act(session, viewer, act, "zone", zone, Paper(document_number, reason))
    _take_step(zone, step, day)
    done = finish(session, zone)
    values = {
        "id": new_id(), "zone_id": zone_id, "decision": decision, "decided_on": day,
        "sample_plan_id": sample_plan_id, "verdict": proof.rate.verdict, "account_id": viewer.account_id,
        "document_number": document_number, "reason": reason or "抽样核查达到目标", "act_id": act_id,
    }  # fmt: skip
    with translated():
        session.execute(insert(ZoneDecision).values(**values))
    return done


def _take_step(zone: Zone, step: rules.Transition, day: dt.date) -> None:
    zone.state = step.target
    # A zone that was returned starts again: its sweeps go on from the first start.
    if step.column is not None and not (step.column == "started_on" and zone.started_on):
        setattr(zone, step.column, day)


def _day_of(act: str, zone: Zone, on: dt.date | None) -> dt.date:
    before = getattr(zone, _BEFORE[act]) if act in _BEFORE else None
    return rules.check_day(on or today(), today(), field="on", after=before)


def _plan_of(session: Session, zone_id: UUID) -> RectificationPlan | None:
    query = select(RectificationPlan).where(RectificationPlan.zone_id == zone_id)
    return session.execute(query).scalar_one_or_none()


def _open_measures(session: Session, plan_id: UUID) -> int:
    query = select(func.count()).where(PlanMeasure.plan_id == plan_id, PlanMeasure.done_percent < 100)
    return session.execute(query).scalar_one()


def _check_focus_area(session: Session, focus_area_id: UUID | None, district_id: UUID) -> None:
    if focus_area_id is None:
        return
    row = locked(session, FocusArea, focus_area_id)
    if row is None or row.state != "current" or row.district_id != district_id:
        raise RuleBroken("focus-area-unknown", "没有这个现行的重点区域", field="focus_area_id")


def _named(name: str) -> str:
    found = clean(name)
    if not 2 <= len(found) <= 60:
        raise RuleBroken("name-length", "名称应为 2 至 60 个字", field="name")
    return found
