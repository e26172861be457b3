"""The sample that a decision over a zone rests on: drawn in this zone, checked in the field, used once."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import literal, select, text, tuple_

from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.measure.figures import Rate
from geo_registry.measure.samples import sample_rate
from geo_registry.measure.tables import SamplePlan
from geo_registry.zone.tables import ZoneDecision

_WAITING = text("""
    SELECT count(*) FROM registry.sample_unit s
    WHERE s.plan_id = :plan AND s.unit_id NOT IN (SELECT c.unit_id FROM registry.sample_checked(:plan) c)
""")
_RANGES = ("85 % 以下", "85–91 %", "91–95 %", "95–99 %", "99 % 及以上")


@dataclass(frozen=True, slots=True)
class Proof:
    """A sample of a zone with its registration rate."""

    sample_plan_id: UUID
    name: str
    drawn_on: dt.date
    rate: Rate

    @property
    def words(self) -> str:
        """The result in words: 92.0 %（n = 142，86.4–95.5 %）."""
        return figures(self.rate)


def figures(rate: Rate) -> str:
    """Return a sampled rate in words, as far as it may be told."""
    if rate.shown == "value" and rate.percent is not None:
        return f" {rate.percent:.1f} %（n = {rate.n}，{rate.low or 0:.1f}–{rate.high or 0:.1f} %）"
    if rate.shown == "class" and rate.class_no is not None:
        return f" {_RANGES[rate.class_no]}（人数少，只列级别）"
    return {"too_few": "样本过少", "no_data": "没有数据"}.get(rate.verdict, "不予显示")


def proof_of(session: Session, viewer: Viewer, *, zone_id: UUID, sample_plan_id: UUID) -> Proof:
    """Return the sample for a decision over a zone.

    Raises:
        RuleBroken: `sample-unknown` it is not of this zone; `sample-incomplete` units wait for a check.
        Conflict: `sample-used` an earlier decision rests on it; `sample-not-newest` there is a later one.

    """
    plan = session.get(SamplePlan, sample_plan_id)
    if plan is None or plan.area_kind != "zone" or plan.area_id != zone_id or plan.state == "cancelled":
        raise RuleBroken(
            "sample-unknown", "这不是本整治区的抽样方案：请选择报验后为本区抽取的样本", field="sample_plan_id"
        )
    used = select(ZoneDecision.id).where(ZoneDecision.sample_plan_id == sample_plan_id).limit(1)
    if session.execute(used).first() is not None:
        raise Conflict("sample-used", "该抽样方案已用于先前的结论，请重新抽样", field="sample_plan_id")
    _check_whole(session, plan)
    return Proof(plan.id, plan.name, plan.drawn_on, sample_rate(session, viewer, plan.id))


def _check_whole(session: Session, plan: SamplePlan) -> None:
    """Refuse a sample picked out of several, or judged before all of it was seen."""
    later = select(SamplePlan.name).where(
        SamplePlan.area_kind == "zone", SamplePlan.area_id == plan.area_id, SamplePlan.state != "cancelled",
        tuple_(SamplePlan.drawn_on, SamplePlan.id) > tuple_(literal(plan.drawn_on), literal(plan.id)),
    )  # fmt: skip
    newest = session.execute(later.order_by(SamplePlan.drawn_on.desc()).limit(1)).scalar_one_or_none()
    if newest is not None:
        detail = f"本区另有更晚的抽样方案“{newest}”：结论须以最新的样本为准"
        raise Conflict("sample-not-newest", detail, field="sample_plan_id")
    waiting = session.execute(_WAITING, {"plan": plan.id}).scalar_one()
    if waiting:
        detail = f"该抽样方案还有 {waiting} 户未核查：请先完成现场核查"
        raise RuleBroken("sample-incomplete", detail, field="sample_plan_id")


def samples_of(session: Session, viewer: Viewer, zone_id: UUID) -> tuple[Proof, ...]:
    """Return the samples of a zone with their results, newest first."""
    query = (
        select(SamplePlan)
        .where(SamplePlan.area_kind == "zone", SamplePlan.area_id == zone_id, SamplePlan.state != "cancelled")
        .order_by(SamplePlan.drawn_on.desc(), SamplePlan.id.desc())
        .limit(20)
    )
    return tuple(
        Proof(plan.id, plan.name, plan.drawn_on, sample_rate(session, viewer, plan.id))
        for plan in session.execute(query).scalars()
    )
