"""Acts of the work in a zone: its one plan, how far the measures are, and the sweeps that were held."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from geo_registry.access.rules import Role
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.writes import Areas, Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.text import clean
from geo_registry.zone.rules import PLANNED, STATE_TITLES, SWEPT, NewMeasure, check_measures
from geo_registry.zone.sweeps import check_sweep
from geo_registry.zone.tables import PlanMeasure, RectificationPlan, Sweep, Zone

WORKERS = (Role.OFFICER, Role.COORDINATOR, Role.SUPERVISOR, Role.LEADER)
"""Roles that may answer for a plan or a measure."""


def workers_of(session: Session, areas: Areas) -> dict[UUID, str]:
    """Return who may answer for work in some areas: active accounts with a grant there today, by name."""
    ids = [areas.district_id, areas.township_id, areas.community_id]
    query = (
        select(Account.id, Account.name)
        .join(AreaGrant, AreaGrant.account_id == Account.id)
        .where(Account.is_active, Account.role.in_(WORKERS), AreaGrant.valid.contains(func.current_date()))
        .where(or_(AreaGrant.division_id.is_(None), AreaGrant.division_id.in_([one for one in ids if one])))
        .order_by(Account.name, Account.id)
        .limit(500)
    )
    return {row.id: row.name for row in session.execute(query)}


def make_plan(
    session: Session,
    viewer: Viewer,
    *,
    zone_id: UUID,
    version: int,
    cause: str,
    responsible_id: UUID,
    sweep_weekday: int,
    measures: Sequence[NewMeasure],
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Make the one plan of a zone (一点一方案): cause, who answers, weekday of the sweeps, dated measures.

    Raises:
        Conflict: `plan-exists`, `plan-closed`.
        RuleBroken: a measure, the weekday or an account breaks a rule.

    """
    zone = _zone_in(session, viewer, zone_id, version, PLANNED)
    _check_plan(session, zone, responsible_id, sweep_weekday, measures)
    check_measures(measures, due_on=zone.due_on)
    act_id = begin_act(session, viewer, "plan", "zone", zone, Paper(document_number, reason))
    plan = RectificationPlan(
        id=new_id(), zone_id=zone_id, cause=_text(cause, "cause"), responsible_id=responsible_id,
        sweep_weekday=sweep_weekday, document_number=document_number, act_id=act_id,
    )  # fmt: skip
    session.add(plan)
    done = finish(session, zone)
    _add_measures(session, plan.id, 0, measures)
    return done


def amend_plan(
    session: Session,
    viewer: Viewer,
    *,
    zone_id: UUID,
    version: int,
    cause: str | None = None,
    responsible_id: UUID | None = None,
    sweep_weekday: int | None = None,
    measures: Sequence[NewMeasure] = (),
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Amend a plan; a measure with a turn changes that one, one without is added.

    An approved plan is amended by a document and for a reason; its approval stands.

    Raises:
        Conflict: `zone-without-plan`, `plan-closed`.
        RuleBroken: `document-required`, `reason-required`, or a measure breaks a rule.

    """
    zone = _zone_in(session, viewer, zone_id, version, PLANNED)
    plan = _plan_of(session, zone_id)
    if plan.approved_on is not None:
        _check_amendment(document_number, reason)
    known = {row.turn: row for row in _measures_of(session, plan.id)}
    _check_plan(
        session, zone, responsible_id or plan.responsible_id, sweep_weekday or plan.sweep_weekday, measures
    )
    check_measures(measures, due_on=zone.due_on, known=tuple(known))
    plan.act_id = begin_act(session, viewer, "amend_plan", "zone", zone, Paper(document_number, reason))
    plan.cause = _text(cause, "cause") if cause is not None else plan.cause
    plan.responsible_id = responsible_id or plan.responsible_id
    plan.sweep_weekday = sweep_weekday or plan.sweep_weekday
    plan.document_number = document_number or plan.document_number
    for measure in measures:
        if measure.turn is not None:
            row = known[measure.turn]
            row.title, row.due_on = _text(measure.title, "measures"), measure.due_on
            row.responsible_id = measure.responsible_id or row.responsible_id
    _add_measures(
        session, plan.id, max(known, default=0), [measure for measure in measures if measure.turn is None]
    )
    return finish(session, zone)


def report_measure(
    session: Session,
    viewer: Viewer,
    *,
    zone_id: UUID,
    version: int,
    turn: int,
    done_percent: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Report how far a measure of the plan is done, in percent.

    Raises:
        NotFound: `measure-unknown`.
        RuleBroken: `done-percent`.

    """
    zone = _zone_in(session, viewer, zone_id, version, PLANNED)
    if not 0 <= done_percent <= 100:
        raise RuleBroken("done-percent", "完成进度应为 0 至 100", field="done_percent")
    plan = _plan_of(session, zone_id)
    row = next((row for row in _measures_of(session, plan.id) if row.turn == turn), None)
    if row is None:
        raise NotFound("measure-unknown", f"方案没有第 {turn} 项措施")
    begin_act(session, viewer, "measure", "zone", zone, Paper(document_number, reason))
    row.done_percent = done_percent
    return finish(session, zone)


def record_sweep(
    session: Session,
    viewer: Viewer,
    *,
    zone_id: UUID,
    version: int,
    held_on: dt.date,
    units_planned: int,
    units_visited: int,
    newly_registered: int,
    kind: str = "weekly",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record a sweep that was held: weekly or joint, at most one a day, never ahead of its day.

    Raises:
        Conflict: `sweep-exists`.
        RuleBroken: `zone-not-started`, `day-in-future`, `day-too-early`, `sweep-figures`, `sweep-kind`.

    """
    zone = load_for_change(session, viewer, Zone, zone_id, version=version, permission=Permission.ZONE_WORK)
    if zone.state not in SWEPT:
        detail = f"整治区现为“{STATE_TITLES[zone.state]}”：开始整治后、验收前才登记清查"
        raise Conflict("zone-state", detail, state=zone.state)
    if kind not in {"weekly", "joint"}:
        raise RuleBroken("sweep-kind", "清查种类应为 weekly 或 joint", field="kind")
    check_sweep(
        held_on, started_on=zone.started_on, today=today(), units_planned=units_planned,
        units_visited=units_visited, newly_registered=newly_registered,
    )  # fmt: skip
    act_id = begin_act(session, viewer, "sweep", "zone", zone, Paper(document_number, reason))
    values = {
        "id": new_id(), "zone_id": zone_id, "kind": kind, "held_on": held_on, "account_id": viewer.account_id,
        "units_planned": units_planned, "units_visited": units_visited, "newly_registered": newly_registered,
        "act_id": act_id,
    }  # fmt: skip
    with translated():
        session.execute(insert(Sweep).values(**values))
    return finish(session, zone)


def _zone_in(session: Session, viewer: Viewer, zone_id: UUID, version: int, states: tuple[str, ...]) -> Zone:
    zone = load_for_change(session, viewer, Zone, zone_id, version=version, permission=Permission.ZONE_WORK)
    if zone.state not in states:
        detail = f"整治区现为“{STATE_TITLES[zone.state]}”，不能制定或修订方案：告知之后、报验之前才可以"
        raise Conflict("plan-closed", detail, state=zone.state)
    return zone


def _plan_of(session: Session, zone_id: UUID) -> RectificationPlan:
    query = select(RectificationPlan).where(RectificationPlan.zone_id == zone_id)
    plan = session.execute(query).scalar_one_or_none()
    if plan is None:
        raise Conflict("zone-without-plan", "该整治区还没有方案，请先制定一点一方案")
    return plan


def _measures_of(session: Session, plan_id: UUID) -> Sequence[PlanMeasure]:
    query = select(PlanMeasure).where(PlanMeasure.plan_id == plan_id).order_by(PlanMeasure.turn)
    return session.execute(query).scalars().all()


def _check_plan(
    session: Session, zone: Zone, responsible_id: UUID, weekday: int, measures: Sequence[NewMeasure]
) -> None:
    if not 1 <= weekday <= 7:
        raise RuleBroken("weekday-invalid", "每周清查日应为 1（周一）至 7（周日）", field="sweep_weekday")
    known = workers_of(session, Areas(zone.district_id, zone.township_id, zone.community_id))
    asked = {
        "responsible_id": {responsible_id},
        "measures": {one.responsible_id for one in measures if one.responsible_id},
    }
    for field, ids in asked.items():
        if ids - set(known):
            raise RuleBroken(
                "responsible-unknown", "责任人应为本片区在岗的民警、协管员、组长或领导", field=field
            )


def _check_amendment(document_number: str | None, reason: str | None) -> None:
    if not document_number:
        raise RuleBroken("document-required", "修订已批准的方案须填写文号", field="document_number")
    if not reason:
        raise RuleBroken("reason-required", "修订已批准的方案须写明理由", field="reason")


def _add_measures(session: Session, plan_id: UUID, last: int, measures: Sequence[NewMeasure]) -> None:
    rows = [
        {
            "id": new_id(), "plan_id": plan_id, "turn": turn, "title": _text(measure.title, "measures"),
            "responsible_id": measure.responsible_id, "due_on": measure.due_on,
        }
        for turn, measure in enumerate(measures, last + 1)
    ]  # fmt: skip
    if rows:
        with translated():
            session.execute(insert(PlanMeasure), rows)


def _text(value: str, field: str) -> str:
    found = clean(value)
    if not 2 <= len(found) <= 500:
        raise RuleBroken("text-length", "应为 2 至 500 个字", field=field)
    return found
