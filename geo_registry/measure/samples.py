"""Samples of dwellings: the plans, their units for the field sheet, and what their checks show."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal_column, select, text
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.profile import Profile
from geo_registry.address.tables import Address
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.grid.tables import GridBlock
from geo_registry.housing.tables import Building, BuildingAddress, HousingUnit
from geo_registry.measure.figures import Rate
from geo_registry.measure.hiding import Cell, shown_of
from geo_registry.measure.rules import SAMPLED, TOO_FEW, class_of, estimate, verdict
from geo_registry.measure.tables import SamplePlan, SampleUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One sample plan in a list."""

    id: UUID
    code: str
    name: str
    direction: str
    area_kind: str
    area_id: UUID
    area: str
    state: str
    drawn_on: dt.date
    seed: int
    frame_size: int
    frame_sha256: str | None
    sample_size: int
    version: int


@dataclass(frozen=True, slots=True)
class PlanDetail(PlanRow):
    """One sample plan with how many of its units were checked, and what the checks show."""

    checked: int
    rates: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One unit of a sample as the field sheet needs it: where it is, and whether it was checked."""

    turn: int
    unit_id: UUID
    unit_text: str
    building_id: UUID
    building: str | None
    address: str | None
    community: str | None
    stratum: str
    is_checked: bool


def sample_plans(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[PlanRow]:
    """Return sample plans, newest first; `area_id` is what they sample, or a division around that."""
    query = _plans().where(in_scope(viewer, SamplePlan))
    if area_id is not None:
        query = query.where((SamplePlan.area_id == area_id) | within(SamplePlan, area_id))
    if state is not None:
        query = query.where(SamplePlan.state == state)
    if after is not None:
        last = func.row(*read_cursor(after, dt.date.fromisoformat, UUID))
        query = query.where(func.row(SamplePlan.drawn_on, SamplePlan.id) < last)
    query = query.order_by(SamplePlan.drawn_on.desc(), SamplePlan.id.desc())
    rows = session.execute(query.limit(checked_limit(limit) + 1)).all()
    return cut([PlanRow(*row) for row in rows], limit, lambda row: (row.drawn_on.isoformat(), row.id))


def sample_plan(session: Session, viewer: Viewer, plan_id: UUID) -> PlanDetail:
    """Return one sample plan with its results.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    row = session.execute(
        _plans().where(SamplePlan.id == plan_id, in_scope(viewer, SamplePlan))
    ).one_or_none()
    if row is None:
        raise NotFound("sample-not-found", "没有这个抽样方案，或不在您的辖区内")
    checked = session.execute(
        select(func.count()).select_from(func.registry.sample_checked(plan_id).table_valued("unit_id"))
    ).scalar_one()
    return PlanDetail(*[*row, checked, plan_result(session, viewer, plan_id)])


def _plans() -> Select[Any]:
    # Zones stand above this noun.
    zone: Any = literal_column("(SELECT name FROM registry.zone WHERE zone.id = sample_plan.area_id)")
    area = func.coalesce(*(_name_of(kind) for kind in (Division, GridBlock)), zone, "")
    columns: Any = (
        SamplePlan.id, SamplePlan.code, SamplePlan.name, SamplePlan.direction, SamplePlan.area_kind,
        SamplePlan.area_id, area, SamplePlan.state, SamplePlan.drawn_on, SamplePlan.seed,
        SamplePlan.frame_size, func.encode(SamplePlan.frame_sha256, "hex"), SamplePlan.sample_size,
        SamplePlan.version,
    )  # fmt: skip
    return select(*columns)


def _name_of(kind: type[Division] | type[GridBlock]) -> Any:  # noqa: ANN401  (a scalar subquery)
    return select(kind.name).where(kind.id == SamplePlan.area_id).scalar_subquery()


def sample_units(
    session: Session, viewer: Viewer, plan_id: UUID, *, after: str | None = None, limit: int = 50
) -> Page[SampleRow]:
    """Return the units of a sample in the order of the draw; no persons.

    Raises:
        NotFound: the plan does not exist or lies outside the viewer's areas.

    """
    known = select(SamplePlan.id).where(SamplePlan.id == plan_id, in_scope(viewer, SamplePlan))
    if session.execute(known).one_or_none() is None:
        raise NotFound("sample-not-found", "没有这个抽样方案，或不在您的辖区内")
    checked = aliased(func.registry.sample_checked(plan_id).table_valued("unit_id"))
    main = BuildingAddress.is_main & BuildingAddress.valid.contains(func.current_date())
    query = (
        select(
            SampleUnit.turn, SampleUnit.unit_id, HousingUnit.unit_text, HousingUnit.building_id,
            func.coalesce(Building.label, Building.name),
            Address.standard_text.concat(BuildingAddress.building_no), Division.name, SampleUnit.stratum,
            checked.c.unit_id.is_not(None),
        )
        .join(HousingUnit, HousingUnit.id == SampleUnit.unit_id)
        .join(Building, Building.id == HousingUnit.building_id)
        .outerjoin(BuildingAddress, (BuildingAddress.building_id == Building.id) & main)
        .outerjoin(Address, Address.id == BuildingAddress.address_id)
        .outerjoin(Division, Division.id == HousingUnit.community_id)
        .outerjoin(checked, checked.c.unit_id == SampleUnit.unit_id)
        .where(SampleUnit.plan_id == plan_id)
        .order_by(SampleUnit.turn)
    )  # fmt: skip
    if after is not None:
        query = query.where(SampleUnit.turn > read_cursor(after, int)[0])
    rows = session.execute(query.limit(checked_limit(limit) + 1)).all()
    return cut([SampleRow(*row) for row in rows], limit, lambda row: (row.turn,))


_TOTALS = text("""
    SELECT t.rate, t.n, t.k, t.units, t.share, t.variance FROM registry.sample_totals(:plan) t
""")


def sample_rate(session: Session, viewer: Viewer, plan_id: UUID) -> Rate:
    """Return the registration rate that a sample shows, with the interval that its design allows.

    Raises:
        NotFound: the plan does not exist or lies outside the viewer's areas.

    """
    return plan_result(session, viewer, plan_id)["registration_rate"]


def plan_result(session: Session, viewer: Viewer, plan_id: UUID) -> dict[str, Rate]:
    """Return registration and accuracy rate of a sample; the persons of a dwelling count together.

    The verdict is told even where the numbers are too small to be: it says on which side of the target the
    rate lies, not how many persons stand behind it.

    Raises:
        NotFound: the plan does not exist or lies outside the viewer's areas.

    """
    query = select(SamplePlan.area_kind, SamplePlan.drawn_on, Division.level).outerjoin(
        Division, Division.id == SamplePlan.area_id
    )
    plan = session.execute(query.where(SamplePlan.id == plan_id, in_scope(viewer, SamplePlan))).one_or_none()
    if plan is None:
        raise NotFound("sample-not-found", "没有这个抽样方案，或不在您的辖区内")
    profile, is_small = profile_in_force(session), plan.area_kind != "division"
    found = {row.rate: row for row in session.execute(_TOTALS, {"plan": plan_id})}
    return {name: _rate(profile, plan.drawn_on, name, found.get(name), is_small=is_small) for name in SAMPLED}


def _rate(profile: Profile, on: dt.date, name: str, row: Any, *, is_small: bool) -> Rate:  # noqa: ANN401
    """Return one rate of a sample from its totals, None where nothing was counted."""
    target, measures = profile.target(name, on), profile.measures
    aim = target.target_permille / 10 if target else None
    if row is None:
        return Rate(name, "none", None, None, None, None, None, aim, "no_data", None, False, None)
    fewest = max(TOO_FEW, measures.disclosure_floor)
    # The database keeps to itself what lies under the floor.
    cell = Cell(name, None, row.n or 0, row.k or 0, is_small)
    shown = shown_of([cell], fewest=fewest, floor=measures.disclosure_floor)[name]
    if shown == "hidden":
        return Rate(name, "hidden", None, None, None, None, None, aim, "too_few", None, False, None)
    result = estimate(n=row.n, k=row.k, units=row.units, share=row.share, variance=row.variance)
    judged = verdict(
        result.share * result.effective_n, result.effective_n, good=target.good if target else "at_least",
        target_permille=target.target_permille if target else None, method=measures.verdict_method,
    )  # fmt: skip
    percent, low, high = (round(100 * one, 2) for one in (result.share, result.low, result.high))
    class_no = class_of(percent)
    if shown == "class":
        return Rate(name, "class", None, None, None, None, None, aim, judged, class_no, False, None)
    return Rate(name, "value", row.n, row.k, percent, low, high, aim, judged, class_no, False, None)
