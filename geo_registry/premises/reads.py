"""Questions about premises: search by name, one of them, and how many were checked in a period."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import division_in_scope, within
from geo_registry.area.tables import Division
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.housing.tables import Building, BuildingAddress, HousingUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.premises.rules import STATES, period_of
from geo_registry.premises.tables import Premises
from geo_registry.text import clean

TARGET_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class PremisesRow:
    """One organisation with its place and its last check."""

    id: UUID
    code: str
    name: str
    organisation_code: str | None
    state: str
    building_id: UUID
    unit_id: UUID | None
    unit_text: str | None
    address: str
    community: str | None
    checked_on: dt.date | None
    checked_by: str | None
    version: int

    @property
    def state_title(self) -> str:
        """The state in words."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class AreaCoverage:
    """Premises of one area: all that are current, and those checked in the period."""

    area_id: UUID
    area: str
    total: int
    checked: int
    percent: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """核对覆盖率: premises checked in a period, the area's own and those of the areas in it (R62)."""

    since: dt.date
    until: dt.date
    target_percent: float
    own: AreaCoverage
    areas: tuple[AreaCoverage, ...]


def premises(
    session: Session,
    viewer: Viewer,
    *,
    q: str | None = None,
    area_id: UUID | None = None,
    building_id: UUID | None = None,
    unchecked_since: dt.date | None = None,
    state: str = "current",
    after: str | None = None,
    limit: int = 50,
) -> Page[PremisesRow]:
    """Return premises by name; `q` is a part of the name or the beginning of the unified code."""
    query = _rows().where(in_scope(viewer, Premises), Premises.state == state)
    if area_id is not None:
        query = query.where(within(Premises, area_id))
    if building_id is not None:
        query = query.where(Premises.building_id == building_id)
    if unchecked_since is not None:
        query = query.where(or_(Premises.checked_on.is_(None), Premises.checked_on < unchecked_since))
    if q is not None and (words := clean(q)):
        found = Premises.name.icontains(words, autoescape=True)
        query = query.where(or_(found, Premises.organisation_code.startswith(words.upper(), autoescape=True)))
    if after is not None:
        last = func.row(*read_cursor(after, str, UUID))
        query = query.where(func.row(Premises.name, Premises.id) > last)
    query = query.order_by(Premises.name, Premises.id).limit(checked_limit(limit) + 1)
    rows = [PremisesRow(*row) for row in session.execute(query)]
    return cut(rows, limit, lambda row: (row.name, row.id))


def one_premises(session: Session, viewer: Viewer, premises_id: UUID) -> PremisesRow:
    """Return one organisation.

    Raises:
        NotFound: there is none, or not in the viewer's areas.

    """
    row = session.execute(_rows().where(Premises.id == premises_id, in_scope(viewer, Premises))).one_or_none()
    if row is None:
        raise NotFound("premises-not-found", "没有这个单位，或不在您的辖区内")
    return PremisesRow(*row)


def coverage(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Coverage:
    """Return how many premises of an area were checked in a period, by the areas below it.

    Raises:
        NotFound: the area is not one of the viewer's.
        RuleBroken: `period-invalid`.

    """
    named = select(Division.id, Division.name, Division.level)
    area = session.execute(named.where(Division.id == area_id, division_in_scope(viewer))).one_or_none()
    if area is None:
        raise NotFound("area-not-found", "没有这个区域，或不在您的辖区内")
    first, last = period_of(since, until, today())
    is_checked = and_(Premises.checked_on >= first, Premises.checked_on <= last)
    counted: Any = (func.count(Premises.id), func.count(Premises.id).filter(is_checked))
    live = and_(in_scope(viewer, Premises), Premises.state == "current")
    below = _level_below(area.level)
    rows: Any = ()
    if below is not None:
        query = (
            select(Division.id, Division.name, *counted)
            .outerjoin(Premises, and_(below == Division.id, live))
            .where(Division.parent_id == area_id, Division.valid.contains(func.current_date()))
            .where(division_in_scope(viewer))
            .group_by(Division.id, Division.name, Division.code)
            .order_by(Division.code)
        )
        rows = session.execute(query).all()
    own = session.execute(select(*counted).where(live, within(Premises, area_id))).one()
    return Coverage(
        first, last, TARGET_PERCENT, _coverage(area.id, area.name, *own),
        tuple(_coverage(*row) for row in rows),
    )  # fmt: skip


def _level_below(level: str) -> Any:  # noqa: ANN401  (a column, or nothing)
    return {"district": Premises.township_id, "township": Premises.community_id}.get(level)


def _coverage(area_id: UUID, name: str, total: int, checked: int) -> AreaCoverage:
    return AreaCoverage(area_id, name, total, checked, round(100 * checked / total, 1) if total else None)


def _rows() -> Select[Any]:
    main = BuildingAddress.is_main & BuildingAddress.valid.contains(func.current_date())
    address = func.coalesce(
        Address.standard_text.concat(BuildingAddress.building_no), Building.label, Building.name, ""
    )
    columns: Any = (
        Premises.id, Premises.code, Premises.name, Premises.organisation_code, Premises.state,
        Premises.building_id, Premises.unit_id, HousingUnit.unit_text, address, Division.name,
        Premises.checked_on, Account.name, Premises.version,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Building, Building.id == Premises.building_id)
        .outerjoin(HousingUnit, HousingUnit.id == Premises.unit_id)
        .outerjoin(BuildingAddress, (BuildingAddress.building_id == Building.id) & main)
        .outerjoin(Address, Address.id == BuildingAddress.address_id)
        .outerjoin(Division, Division.id == Premises.community_id)
        .outerjoin(Account, Account.id == Premises.checked_by)
    )
