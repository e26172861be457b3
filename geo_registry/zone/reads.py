"""Questions about zones under rectification: the list, what is late, and one zone with plan and sweeps."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, case, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.db import TIMEZONE, Session, today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.rules import FLOOR
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.zone import rules
from geo_registry.zone.sweeps import Held, Sweeping, sweeping
from geo_registry.zone.tables import PlanMeasure, RectificationPlan, Sweep, Zone, ZoneBlock

_NEVER = dt.date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """One zone in a list; `days_left` is negative when it is overdue, None before its listing.

    `missed` counts the planned days without a sweep, made-up ones included; `days_without` is the open gap.
    """

    id: UUID
    code: str
    name: str
    ground: str
    state: str
    state_title: str
    area: str
    proposed_on: dt.date
    listed_on: dt.date | None
    due_on: dt.date | None
    accepted_on: dt.date | None
    days_left: int | None
    is_overdue: bool
    share_used: float | None
    block_ids: tuple[UUID, ...]
    has_plan: bool
    held: int
    missed: int
    days_without: int | None
    last_sweep_on: dt.date | None
    version: int
    lon: float
    lat: float

    @property
    def is_at_work(self) -> bool:
        """Whether its time runs and sweeps are still due: neither accepted nor ended."""
        return _rank(self.state) == 0


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a plan; overdue when its day has passed and it is not done."""

    turn: int
    title: str
    responsible: str | None
    responsible_id: UUID | None
    due_on: dt.date
    done_percent: int
    days_late: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The one plan of a zone."""

    cause: str
    responsible: str
    responsible_id: UUID
    sweep_weekday: int
    document_number: str | None
    approved_on: dt.date | None
    version: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One sweep that was held; `newly_registered` is None below ten (不足 10)."""

    held_on: dt.date
    kind: str
    account: str
    units_planned: int
    units_visited: int
    newly_registered: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One of the eight steps of a zone; status is done, current or todo."""

    state: str
    title: str
    on: dt.date | None
    status: str


@dataclass(frozen=True, slots=True)
class ZoneDetail:
    """One zone: its place, its life so far, its plan and its sweeps."""

    row: ZoneRow
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    focus_area_id: UUID | None
    blocks: tuple[tuple[UUID, str, str], ...]
    started_on: dt.date | None
    submitted_on: dt.date | None
    accepted_on: dt.date | None
    closed_on: dt.date | None
    steps: tuple[Step, ...]
    term: rules.Term | None
    plan: Plan | None
    sweeps: tuple[SweepRow, ...]
    sweeping: Sweeping | None
    next_acts: tuple[str, ...]

    @property
    def version(self) -> int:
        """The version of the zone."""
        return self.row.version


def zones(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ZoneRow]:
    """Return zones: those at work first, and of these the one that is due first, so what is overdue leads.

    Accepted ones follow, then what is closed or failed. `state` is one of the states, or `live`.
    """
    query = _rows().where(in_scope(viewer, Zone))
    if area_id is not None:
        query = query.where(within(Zone, area_id))
    if state is not None:
        query = query.where(Zone.state.in_(_states(state)))
    is_ended = case((Zone.state == "accepted", 1), (Zone.state.in_(rules.LIVE), 0), else_=2)
    due = func.coalesce(Zone.due_on, literal(_NEVER, Date))
    if after is not None:
        query = query.where(
            func.row(is_ended, due, Zone.id) > func.row(*read_cursor(after, int, dt.date.fromisoformat, UUID))
        )
    found = session.execute(query.order_by(is_ended, due, Zone.id).limit(checked_limit(limit) + 1)).all()
    rows = [_row(one) for one in found]
    return cut(rows, limit, lambda row: (_rank(row.state), str(row.due_on or _NEVER), row.id))


def _rank(state: str) -> int:
    return 1 if state == "accepted" else 0 if state in rules.LIVE else 2


def zone(session: Session, viewer: Viewer, zone_id: UUID) -> ZoneDetail:
    """Return one zone with its plan, its sweeps and what is to be done next.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _rows().add_columns(Zone).where(Zone.id == zone_id, in_scope(viewer, Zone))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("zone-not-found", "没有这个整治区，或不在您的辖区内")
    one = found.Zone
    plan = _plan(session, zone_id)
    return ZoneDetail(
        row=_row(found), district_id=one.district_id, township_id=one.township_id,
        community_id=one.community_id, focus_area_id=one.focus_area_id, blocks=_blocks(session, zone_id),
        started_on=one.started_on, submitted_on=one.submitted_on, accepted_on=one.accepted_on,
        closed_on=one.closed_on, steps=steps_of(one, plan),
        term=rules.term_of(one.listed_on, one.due_on, on=today(), ended_on=_ended_on(found)), plan=plan,
        sweeps=_sweeps(session, zone_id), sweeping=_sweeping(found),
        next_acts=tuple(
            act for act in rules.next_acts(one.state) if viewer.may(rules.TRANSITIONS[act].permission)
        ),
    )  # fmt: skip


def steps_of(one: Zone, plan: Plan | None) -> tuple[Step, ...]:
    """Return the eight steps of a zone with their days; a returned zone stands at its rectification."""
    days = {
        "proposed": one.proposed_on, "notified": one.notified_on, "listed": one.listed_on,
        "plan_approved": plan.approved_on if plan else None, "in_rectification": one.started_on,
        "submitted": one.submitted_on, "accepted": one.accepted_on, "closed": one.closed_on,
    }  # fmt: skip
    order = list(days)
    if one.state == "failed":
        reached = max(order.index(state) for state in order if days[state] is not None)
        at = -1
    else:
        reached = at = order.index("in_rectification" if one.state == "returned" else one.state)
    return tuple(
        Step(
            state,
            "退回整改" if one.state == "returned" and number == at else rules.STATE_TITLES[state],
            # The submission that was returned no longer counts.
            days[state] if number <= reached else None,
            "current" if number == at else "done" if number <= reached else "todo",
        )
        for number, state in enumerate(order)
    )


def told(count: int) -> int | None:
    """Return a count of persons, None when it is too small to be told (不足 10)."""
    return count if count >= FLOOR else None


def _states(state: str) -> tuple[str, ...]:
    if state == "live":
        return rules.LIVE
    if state not in rules.STATE_TITLES:
        raise RuleBroken(
            "state-unknown", f"状态应为 live、{'、'.join(rules.STATE_TITLES)} 之一", field="state"
        )
    return (state,)


def _ended_on(row: Any) -> dt.date | None:  # noqa: ANN401  (one row of `_rows`)
    """Return the day on which the clock stopped: of the acceptance, or of the failure, a zone's last act."""
    day: dt.date | None = row.changed_on if row.state == "failed" else row.accepted_on
    return day


@cache
def _rows() -> Select[Any]:
    label = func.ST_PointOnSurface(Zone.boundary)
    blocks = (
        select(func.array_agg(aggregate_order_by(ZoneBlock.block_id, ZoneBlock.block_id)))
        .where(ZoneBlock.zone_id == Zone.id)
        .scalar_subquery()
    )
    held = select(
        func.array_agg(aggregate_order_by(Sweep.held_on, Sweep.held_on)).label("days"),
        func.array_agg(aggregate_order_by(Sweep.kind == "joint", Sweep.held_on)).label("joint"),
    ).where(Sweep.zone_id == Zone.id)
    swept = held.lateral("swept")
    area = aliased(Division)
    rows: Any = (
        select(
            Zone.id, Zone.code, Zone.name, Zone.ground, Zone.state, area.name.label("area"), Zone.proposed_on,
            Zone.listed_on, Zone.due_on, Zone.started_on, Zone.accepted_on,
            cast(func.timezone(TIMEZONE, Zone.changed_at), Date).label("changed_on"), Zone.version,
            blocks.label("blocks"), swept.c.days, swept.c.joint, RectificationPlan.sweep_weekday,
            func.ST_X(label).label("lon"), func.ST_Y(label).label("lat"),
        )
        .select_from(Zone)
        .join(swept, true())
        .outerjoin(RectificationPlan, RectificationPlan.zone_id == Zone.id)
        .outerjoin(area, area.id == func.coalesce(Zone.community_id, Zone.township_id, Zone.district_id))
    )  # fmt: skip
    return rows  # type: ignore[no-any-return]


def _row(row: Any) -> ZoneRow:  # noqa: ANN401  (one row of `_rows`)
    term = rules.term_of(row.listed_on, row.due_on, on=today(), ended_on=_ended_on(row))
    swept = _sweeping(row)
    is_live = _rank(row.state) == 0
    without = swept.gaps[-1].days if swept and swept.gaps and swept.gaps[-1].is_open else None
    return ZoneRow(
        id=row.id, code=row.code, name=row.name, ground=row.ground, state=row.state,
        state_title=rules.STATE_TITLES[row.state], area=row.area or "", proposed_on=row.proposed_on,
        listed_on=row.listed_on, due_on=row.due_on, accepted_on=row.accepted_on,
        days_left=term.days_left if term and is_live else None,
        is_overdue=bool(term and term.is_overdue and is_live), share_used=term.share if term else None,
        block_ids=tuple(row.blocks or ()), has_plan=row.sweep_weekday is not None,
        held=len(row.days or ()), missed=swept.missed if swept else 0, days_without=without,
        last_sweep_on=max(row.days) if row.days else None, version=row.version, lon=row.lon, lat=row.lat,
    )  # fmt: skip


def _sweeping(row: Any) -> Sweeping | None:  # noqa: ANN401  (one row of `_rows`)
    if row.started_on is None or row.sweep_weekday is None or row.due_on is None:
        return None
    held = [Held(on, joint) for on, joint in zip(row.days or (), row.joint or (), strict=True)]
    return sweeping(
        row.started_on, row.sweep_weekday, held, on=today(), due_on=row.due_on,
        ended_on=_ended_on(row),
    )  # fmt: skip


def _plan(session: Session, zone_id: UUID) -> Plan | None:
    names = (
        select(RectificationPlan, Account.name)
        .join(Account, Account.id == RectificationPlan.responsible_id)
        .where(RectificationPlan.zone_id == zone_id)
    )
    found = session.execute(names).one_or_none()
    if found is None:
        return None
    plan, responsible = found
    query = (
        select(PlanMeasure, Account.name)
        .outerjoin(Account, Account.id == PlanMeasure.responsible_id)
        .where(PlanMeasure.plan_id == plan.id)
        .order_by(PlanMeasure.turn)
    )
    measures = tuple(_measure(row, name) for row, name in session.execute(query))
    return Plan(
        plan.cause, responsible, plan.responsible_id, plan.sweep_weekday, plan.document_number,
        plan.approved_on, plan.version, measures,
    )  # fmt: skip


def _measure(row: PlanMeasure, responsible: str | None) -> Measure:
    late = (today() - row.due_on).days if row.done_percent < 100 else 0
    return Measure(
        row.turn, row.title, responsible, row.responsible_id, row.due_on, row.done_percent, max(0, late)
    )


def _sweeps(session: Session, zone_id: UUID) -> tuple[SweepRow, ...]:
    query = (
        select(
            Sweep.held_on, Sweep.kind, Account.name, Sweep.units_planned, Sweep.units_visited,
            Sweep.newly_registered,
        )
        .join(Account, Account.id == Sweep.account_id)
        .where(Sweep.zone_id == zone_id)
        .order_by(Sweep.held_on.desc())
    )  # fmt: skip
    return tuple(SweepRow(*row[:5], told(row[5])) for row in session.execute(query))


def _blocks(session: Session, zone_id: UUID) -> tuple[tuple[UUID, str, str], ...]:
    query = (
        select(GridBlock.id, GridBlock.code, GridBlock.name)
        .join(ZoneBlock, ZoneBlock.block_id == GridBlock.id)
        .where(ZoneBlock.zone_id == zone_id)
        .order_by(GridBlock.code)
    )
    return tuple((row.id, row.code, row.name) for row in session.execute(query))
