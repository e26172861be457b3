"""The figures of zones and focus areas: as far as they may be told, and what is open."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import ENDED, outside
from geo_registry.db import Session, today
from geo_registry.grid.tables import BuildingBlock
from geo_registry.housing.tables import Building
from geo_registry.measure.figures import Rate
from geo_registry.measure.reads import AreaRates, rates_of_sets, rates_of_zone, series_of_zone
from geo_registry.measure.rules import monday
from geo_registry.zone.proof import Proof, figures, samples_of
from geo_registry.zone.reads import ZoneDetail
from geo_registry.zone.tables import ZoneDecision

ON_WALL = "plate_on_wall_rate"
REGISTERED = "registration_rate"
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands on some blocks in a week; `plates_missing` counts addresses without a plate on the wall."""

    week: dt.date
    buildings: int
    units: int
    rental_units: int
    plates_missing: int | None
    left_out: int
    rates: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of acceptance: whether it is met, and how far it is."""

    key: str
    title: str
    is_met: bool
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision over a zone with the figures of its sample."""

    decision: str
    decided_on: dt.date
    document_number: str | None
    reason: str
    verdict: str
    sample_plan_id: UUID
    figures: str


@dataclass(frozen=True, slots=True)
class ZoneFigures:
    """The figures of a zone: at its proposal, now, week by week, its samples, decisions and conditions."""

    proposed: Figures
    now: Figures
    series: tuple[tuple[dt.date, Rate], ...]
    samples: tuple[Proof, ...]
    decisions: tuple[Decision, ...]
    conditions: tuple[Condition, ...]


def figures_of(session: Session, block_ids: Sequence[UUID]) -> Figures:
    """Return what stands on some blocks, and their rates now."""
    return figures_of_sets(session, [block_ids])[0]


def figures_of_sets(session: Session, sets: Sequence[Sequence[UUID]]) -> tuple[Figures, ...]:
    """Return the figures of several sets of blocks, in order: all of them are read at once."""
    if not sets:
        return ()
    buildings = _buildings(session, {block for one in sets for block in one})
    return tuple(
        _figures(found, sum(buildings.get(block, 0) for block in set(one)), monday(today()))
        for one, found in zip(sets, rates_of_sets(session, sets), strict=True)
    )


def _buildings(session: Session, blocks: Collection[UUID]) -> dict[UUID, int]:
    """Return how many buildings stand on each block today."""
    standing = (
        select(BuildingBlock.block_id, func.count())
        .join(Building, Building.id == BuildingBlock.building_id)
        .where(BuildingBlock.block_id.in_(blocks), outside(Building.state, ENDED["building"]))
        .group_by(BuildingBlock.block_id)
    )
    return {row[0]: row[1] for row in session.execute(standing)}


def _figures(found: AreaRates, buildings: int, week: dt.date) -> Figures:
    wall = found.rates[ON_WALL]
    missing = wall.n - wall.k if wall.n is not None and wall.k is not None else None
    return Figures(week, buildings, found.units, found.rental_units, missing, found.left_out, found.rates)


def zone_figures(session: Session, viewer: Viewer, zone: ZoneDetail, *, weeks: int = 12) -> ZoneFigures:
    """Return the figures of a zone, those of the first week it is counted in beside those of today."""
    own, this_week = zone.row.id, monday(today())
    buildings = sum(_buildings(session, zone.row.block_ids).values())
    # A zone is counted from the Monday after its proposal on.
    first = min(this_week, monday(zone.row.proposed_on) + WEEK)
    now = _figures(rates_of_zone(session, own), buildings, this_week)
    samples = samples_of(session, viewer, zone.row.id)
    return ZoneFigures(
        proposed=_figures(rates_of_zone(session, own, week=first), buildings, first),
        now=now,
        series=series_of_zone(session, own, weeks=weeks),
        samples=samples,
        decisions=_decisions(session, zone.row.id, samples),
        conditions=conditions_of(zone, now, samples),
    )


def conditions_of(zone: ZoneDetail, now: Figures, samples: Sequence[Proof]) -> tuple[Condition, ...]:
    """Return what a zone is accepted on; the sample alone is binding, the others are for who decides."""
    plan, swept = zone.plan, zone.sweeping
    approved = plan is not None and plan.approved_on is not None
    done = sum(one.done_percent == 100 for one in plan.measures) if plan else 0
    asked = len(plan.measures) if plan else 0
    months = [month for month in swept.months if month.is_over or month.joint_on] if swept else []
    joint = sum(month.joint_on is not None for month in months)
    proof = _binding(zone, samples)
    rate = now.rates[REGISTERED]
    wall = now.rates[ON_WALL]
    return (
        Condition("plan", "方案批准并告知", approved, "" if approved else "方案待批准"),
        Condition("measures", "整治措施完成", 0 < asked == done, f"{done} / {asked}"),
        Condition("joint", "月度联合清查", 0 < len(months) == joint, f"{joint} 次"),
        Condition("rate", "登记率达到目标", rate.verdict == "met", rate_words(rate)),
        Condition("wall", "门牌上墙", wall.verdict == "met", _of(wall)),
        Condition(
            "sample", "报验后抽样达到目标",
            proof is not None and proof.rate.verdict == "met",
            proof.words.strip() if proof else "尚未抽样",
        ),
    )  # fmt: skip


def _binding(zone: ZoneDetail, samples: Sequence[Proof]) -> Proof | None:
    """Return the newest sample drawn after the zone was last submitted."""
    submitted = zone.submitted_on
    if submitted is None or zone.row.state not in {"submitted", "accepted", "closed"}:
        return None
    return next((sample for sample in samples if sample.drawn_on >= submitted), None)


def rate_words(rate: Rate) -> str:
    """Return a rate as the pages write it: 91.3 %（n = 787，89.1–93.1 %）, or why it is not shown."""
    if rate.is_full and rate.percent is not None:
        return f"{rate.percent:.1f} %"
    return figures(rate).strip()


def _of(rate: Rate) -> str:
    return f"{rate.k} / {rate.n}" if rate.k is not None and rate.n is not None else "—"


def _decisions(session: Session, zone_id: UUID, samples: Sequence[Proof]) -> tuple[Decision, ...]:
    known = {sample.sample_plan_id: sample.words.strip() for sample in samples}
    query = (
        select(ZoneDecision)
        .where(ZoneDecision.zone_id == zone_id)
        .order_by(ZoneDecision.decided_on.desc(), ZoneDecision.id.desc())
    )
    return tuple(
        Decision(
            row.decision, row.decided_on, row.document_number, row.reason, row.verdict, row.sample_plan_id,
            known.get(row.sample_plan_id, ""),
        )
        for row in session.execute(query).scalars()
    )  # fmt: skip
