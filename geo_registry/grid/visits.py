"""走访: the units a coordinator goes to, what was found there, and how far the cycle is."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, insert, or_, select

from geo_registry.access.rules import Permission, Role, refuse_unless
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, outside
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import TIMEZONE, Session, today, translated
from geo_registry.errors import NotFound, Refused, RuleBroken
from geo_registry.grid.rules import Cycle, check_visited_at, cycle_of
from geo_registry.grid.tables import (
    VISIT_OUTCOMES,
    BlockAssignment,
    BuildingBlock,
    GridBlock,
    LastVisit,
    Visit,
)
from geo_registry.housing.tables import Building, BuildingAddress, HousingUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class UnitVisit:
    """A unit with its last visit; `is_due` while nobody has been there in this cycle."""

    id: UUID
    code: str
    unit_text: str
    floor: int | None
    use: str | None
    version: int
    visited_at: dt.datetime | None
    outcome: str | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class BuildingVisits:
    """A building of a block with its units, and how many of them are due in this cycle."""

    building_id: UUID
    name: str | None
    address: str | None
    lon: float
    lat: float
    due: int
    units: tuple[UnitVisit, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a block is in the self-check cycle; `ends` is the first day of the next one."""

    starts: dt.date
    ends: dt.date
    day_no: int
    units: int
    visited: int


@dataclass(frozen=True, slots=True)
class MyBlock(Coverage):
    """A block for which the viewer answers today, as responsible coordinator or as deputy."""

    id: UUID
    code: str
    name: str
    role: str
    version: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit to a unit."""

    id: UUID
    unit_id: UUID
    block_id: UUID | None
    visited_at: dt.datetime
    outcome: str
    visitor: str | None


def cycle_start(cycle: Cycle) -> dt.datetime:
    """Return the moment at which a cycle begins, by China's clock."""
    return dt.datetime.combine(cycle.start, dt.time(), ZoneInfo(TIMEZONE))


def my_blocks(session: Session, viewer: Viewer) -> tuple[MyBlock, ...]:
    """Return the current blocks for which the viewer answers today, those as responsible first."""
    cycle, label = cycle_of(today()), func.ST_PointOnSurface(GridBlock.boundary)
    query = (
        select(
            *_progress(cycle), GridBlock.id, GridBlock.code, GridBlock.name, BlockAssignment.role,
            GridBlock.version, func.ST_X(label), func.ST_Y(label),
        )
        .join(BlockAssignment, BlockAssignment.block_id == GridBlock.id)
        .where(GridBlock.state == "current", _answers(viewer, today()))
        .order_by(BlockAssignment.role.desc(), GridBlock.code)
    )  # fmt: skip
    return tuple(MyBlock(*cycle, *row) for row in session.execute(query))


def coverage(session: Session, viewer: Viewer, *, block_id: UUID) -> Coverage:
    """Return how many live units of a block were visited in this cycle (R39).

    Raises:
        NotFound: no such block, or not one of the viewer's.

    """
    cycle = cycle_of(today())
    query = select(*_progress(cycle)).where(GridBlock.id == block_id, _visible(viewer))
    row = session.execute(query).one_or_none()
    if row is None:
        raise _no_block()
    return Coverage(*cycle, *row)


def block_units(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    due_only: bool = False,
    after: str | None = None,
    limit: int = 20,
) -> Page[BuildingVisits]:
    """Return the live units of a block by building, in pages of buildings in the order of their address.

    `due_only` leaves the units where nobody has been in this cycle. A coordinator sees own blocks alone.

    Raises:
        NotFound: no such block, or not one of the viewer's.

    """
    if (
        session.execute(select(GridBlock.id).where(GridBlock.id == block_id, _visible(viewer))).first()
        is None
    ):
        raise _no_block()
    chosen = _buildings(block_id, due_only=due_only)
    if after is not None:
        number, last = read_cursor(after, str, UUID)
        keys = (chosen.c.address > number, and_(chosen.c.address == number, chosen.c.id > last))
        page = select(chosen).where(or_(*keys))
    else:
        page = select(chosen)
    page_rows = page.order_by(chosen.c.address, chosen.c.id).limit(checked_limit(limit) + 1).subquery()
    due = _is_due(cycle_of(today()))
    query = (
        select(
            page_rows, HousingUnit.id.label("unit_id"), HousingUnit.code, HousingUnit.unit_text,
            HousingUnit.floor, HousingUnit.use, HousingUnit.version, LastVisit.visited_at, LastVisit.outcome,
            due.label("is_due"),
        )
        .join(HousingUnit, HousingUnit.building_id == page_rows.c.id)
        .outerjoin(LastVisit, LastVisit.unit_id == HousingUnit.id)
        .where(outside(HousingUnit.state, ENDED["housing_unit"]), *([due] if due_only else []))
        .order_by(page_rows.c.address, page_rows.c.id, HousingUnit.floor, HousingUnit.unit_key)
    )  # fmt: skip
    found = session.execute(query).all()
    rows = [_building_visits(list(group)) for _, group in groupby(found, key=lambda row: row.id)]
    return cut(rows, limit, lambda row: (row.address or "", row.building_id))


def visits(
    session: Session, viewer: Viewer, *, unit_id: UUID, after: str | None = None, limit: int = 50
) -> Page[VisitRow]:
    """Return the visits to a unit, the latest first; a coordinator sees those of units in own blocks alone.

    Raises:
        NotFound: no such unit, or not one of the viewer's.

    """
    known = select(HousingUnit.id).where(HousingUnit.id == unit_id, in_scope(viewer, HousingUnit))
    if viewer.role == Role.COORDINATOR:
        known = _joined_blocks(known).where(_answers_for_block(viewer, today()))
    if session.execute(known).first() is None:
        raise NotFound("unit-not-found", "没有这个户室，或不在您负责的范围内")
    query = (
        select(Visit.id, Visit.unit_id, Visit.block_id, Visit.visited_at, Visit.outcome, Account.name)
        .outerjoin(Account, Account.id == Visit.account_id)
        .where(Visit.unit_id == unit_id)
    )
    if after is not None:
        at, last = read_cursor(after, dt.datetime.fromisoformat, UUID)
        query = query.where(or_(Visit.visited_at < at, and_(Visit.visited_at == at, Visit.id < last)))
    query = query.order_by(Visit.visited_at.desc(), Visit.id.desc()).limit(checked_limit(limit) + 1)
    rows = [VisitRow(*row) for row in session.execute(query)]
    return cut(rows, limit, lambda row: (row.visited_at.isoformat(), row.id))


def record_visit(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    outcome: str,
    visited_at: dt.datetime | None = None,
    sweep_id: UUID | None = None,
) -> Written:
    """Record one visit to a unit; the row is its own record and never changes.

    A coordinator visits units of blocks she answers for on that day; a supervisor any in the own area.

    Raises:
        Refused: the role does not allow it, or the unit is not one of the viewer's (R20).
        RuleBroken: the unit is none in use; outcome or time are not possible.

    """
    if outcome not in VISIT_OUTCOMES:
        raise RuleBroken("outcome-invalid", f"走访结果应为 {'、'.join(VISIT_OUTCOMES)} 之一", field="outcome")
    now = dt.datetime.now(dt.UTC)
    at = check_visited_at(visited_at or now, now)
    unit = session.execute(_unit_in_block(unit_id)).one_or_none()
    if unit is None:
        refuse_unless(allowed=viewer.may(Permission.VISIT_RECORD), what=Permission.VISIT_RECORD.value)
        raise RuleBroken("unit-not-current", "没有这个现行户室", field="unit_id")
    if viewer.role != Role.COORDINATOR:
        authorize(viewer, Permission.VISIT_RECORD, unit.district_id, unit.township_id, unit.community_id)
    else:
        _check_own(session, viewer, unit.block_id, at.astimezone(ZoneInfo(TIMEZONE)).date())
    own = new_id()
    row = {
        "id": own, "visited_at": at, "unit_id": unit_id, "block_id": unit.block_id,
        "account_id": viewer.account_id, "outcome": outcome, "sweep_id": sweep_id,
    }  # fmt: skip
    with translated():
        session.execute(insert(Visit).values(**row))
    return Written(own, 1)


def _check_own(session: Session, viewer: Viewer, block_id: UUID | None, day: dt.date) -> None:
    own = select(GridBlock.id).where(GridBlock.id == block_id, _answers_for_block(viewer, day))
    if block_id is None or session.execute(own).first() is None:
        raise Refused("not-your-block", f"{day} 这户不在您负责的网格内，不能登记走访；请联系该网格责任人")


def _unit_in_block(unit_id: UUID) -> Any:  # noqa: ANN401  (a select)
    return (
        select(
            HousingUnit.district_id, HousingUnit.township_id, HousingUnit.community_id, BuildingBlock.block_id
        )
        .outerjoin(BuildingBlock, BuildingBlock.building_id == HousingUnit.building_id)
        .where(HousingUnit.id == unit_id, outside(HousingUnit.state, ENDED["housing_unit"]))
    )


def _joined_blocks(query: Select[Any]) -> Select[Any]:
    return query.join(BuildingBlock, BuildingBlock.building_id == HousingUnit.building_id).join(
        GridBlock, GridBlock.id == BuildingBlock.block_id
    )


def _buildings(block_id: UUID, *, due_only: bool) -> Any:  # noqa: ANN401  (a sub-select)
    """Return the buildings of a block that have live units, or units that are due."""
    number = (
        select(Address.standard_text)
        .join(BuildingAddress, BuildingAddress.address_id == Address.id)
        .where(BuildingAddress.building_id == Building.id, BuildingAddress.is_main)
        .where(BuildingAddress.valid.contains(func.current_date()))
        .correlate(Building)
        .scalar_subquery()
    )
    place = func.coalesce(func.ST_PointOnSurface(Building.outline), Building.position)
    units = select(HousingUnit.id).where(
        HousingUnit.building_id == Building.id, outside(HousingUnit.state, ENDED["housing_unit"])
    )
    if due_only:
        units = units.outerjoin(LastVisit, LastVisit.unit_id == HousingUnit.id).where(
            _is_due(cycle_of(today()))
        )
    return (
        select(
            Building.id, Building.name, func.coalesce(number, "").label("address"),
            func.ST_X(place).label("lon"), func.ST_Y(place).label("lat"),
        )
        .join(BuildingBlock, BuildingBlock.building_id == Building.id)
        .where(BuildingBlock.block_id == block_id, units.correlate(Building).exists())
        .subquery()
    )  # fmt: skip


def _building_visits(rows: list[Any]) -> BuildingVisits:
    first = rows[0]
    units = tuple(
        UnitVisit(
            row.unit_id, row.code, row.unit_text, row.floor, row.use, row.version, row.visited_at,
            row.outcome, row.is_due,
        )
        for row in rows
    )  # fmt: skip
    due = sum(unit.is_due for unit in units)
    return BuildingVisits(first.id, first.name, first.address or None, first.lon, first.lat, due, units)


def _progress(cycle: Cycle) -> tuple[Any, Any]:
    """Return the live units of a block and those visited in a cycle, as columns of a query over blocks."""
    live = (
        select(func.count())
        .select_from(BuildingBlock)
        .join(HousingUnit, HousingUnit.building_id == BuildingBlock.building_id)
        .where(BuildingBlock.block_id == GridBlock.id, outside(HousingUnit.state, ENDED["housing_unit"]))
        .correlate(GridBlock)
    )
    visited = live.join(LastVisit, LastVisit.unit_id == HousingUnit.id).where(
        LastVisit.visited_at >= cycle_start(cycle)
    )
    return live.scalar_subquery(), visited.scalar_subquery()


def _is_due(cycle: Cycle) -> Any:  # noqa: ANN401  (an SQL condition)
    return or_(LastVisit.visited_at.is_(None), LastVisit.visited_at < cycle_start(cycle))


def _answers(viewer: Viewer, day: dt.date) -> Any:  # noqa: ANN401  (an SQL condition)
    return and_(BlockAssignment.account_id == viewer.account_id, BlockAssignment.valid.contains(day))


def _answers_for_block(viewer: Viewer, day: dt.date) -> Any:  # noqa: ANN401  (an SQL condition)
    return select(1).where(BlockAssignment.block_id == GridBlock.id, _answers(viewer, day)).exists()


def _visible(viewer: Viewer) -> Any:  # noqa: ANN401  (an SQL condition)
    """Return the condition that the viewer may see how a block's units are visited."""
    own = _answers_for_block(viewer, today())
    return own if viewer.role == Role.COORDINATOR else in_scope(viewer, GridBlock)


def _no_block() -> NotFound:
    return NotFound("block-not-found", "没有这个网格，或不在您负责的范围内")
