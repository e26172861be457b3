"""The dwelling that a verification, note or tip is about: where it is, who may work on it.

Blocks stand above this noun, so their tables are asked for by name.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, column, func, or_, select, table
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.types import Uuid

from geo_registry.access.rules import Permission, Role
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED
from geo_registry.area.tables import Division
from geo_registry.area.writes import Place, locked
from geo_registry.base import SCHEMA
from geo_registry.db import Session
from geo_registry.errors import Refused, RuleBroken
from geo_registry.housing.tables import Building, BuildingAddress, HousingUnit
from geo_registry.verification.tables import DwellingNote, Tip, Verification

About = type[Verification] | type[DwellingNote] | type[Tip]
_LIES = table("building_block", column("building_id", Uuid), column("block_id", Uuid), schema=SCHEMA)
_ANSWERS = table(
    "block_assignment", column("block_id", Uuid), column("account_id", Uuid), column("role"),
    column("valid", DATERANGE), schema=SCHEMA,
)  # fmt: skip


def dwelling_of(session: Session, unit_id: UUID) -> HousingUnit:
    """Return a live unit, locked: what is said of one dwelling is said one after the other.

    Raises:
        RuleBroken: `unit-unknown`.

    """
    unit = locked(session, HousingUnit, unit_id)
    if unit is None or unit.state in ENDED["housing_unit"]:
        raise RuleBroken("unit-unknown", "没有这个现存户室，请核对后重选", field="unit_id")
    return unit


def authorize_at(session: Session, viewer: Viewer, permission: Permission, row: Any) -> None:  # noqa: ANN401
    """Let an act on a dwelling pass: in the viewer's area, a coordinator's in own blocks alone.

    Raises:
        Refused: otherwise.

    """
    authorize(viewer, permission, row.district_id, row.township_id, row.community_id)
    if viewer.role is not Role.COORDINATOR:
        return
    if session.execute(_own_buildings(viewer).where(_LIES.c.building_id == row.building_id)).first() is None:
        raise Refused("not-your-block", "这户不在您负责的网格内，请联系该网格责任人或社区民警")


def reachable(viewer: Viewer, about: About) -> ColumnElement[bool]:
    """Return the condition that a viewer may see a row: the own area, for a coordinator the own blocks."""
    inside = in_scope(viewer, about)
    if viewer.role is not Role.COORDINATOR:
        return inside
    return and_(inside, about.building_id.in_(_own_buildings(viewer)))


def _own_buildings(viewer: Viewer) -> Select[Any]:
    today = _ANSWERS.c.valid.op("@>")(func.current_date())
    return (
        select(_LIES.c.building_id)
        .join(_ANSWERS, _ANSWERS.c.block_id == _LIES.c.block_id)
        .where(_ANSWERS.c.account_id == viewer.account_id, today)
    )


def responsible_for(session: Session, building_id: UUID) -> UUID | None:
    """Return the coordinator who answers for a building's block today, else the deputy, None without one."""
    query = (
        select(_ANSWERS.c.account_id)
        .join(_LIES, _LIES.c.block_id == _ANSWERS.c.block_id)
        .join(Account, Account.id == _ANSWERS.c.account_id)
        .where(_LIES.c.building_id == building_id, _ANSWERS.c.valid.op("@>")(func.current_date()))
        .where(Account.is_active)
        .order_by(_ANSWERS.c.role.desc(), _ANSWERS.c.account_id)
        .limit(1)
    )
    found: UUID | None = session.execute(query).scalar()
    return found


def officers_of(session: Session, row: Place) -> dict[UUID, str]:
    """Return the active officers of a dwelling's area, those of the smallest area first."""
    levels = (row.community_id, row.township_id, row.district_id)
    ids = [one for one in levels if one is not None]
    query = (
        select(Account.id, Account.name, AreaGrant.division_id)
        .join(AreaGrant, AreaGrant.account_id == Account.id)
        .where(Account.is_active, Account.role == Role.OFFICER, AreaGrant.valid.contains(func.current_date()))
        .where(or_(AreaGrant.division_id.is_(None), AreaGrant.division_id.in_(ids)))
        .order_by(Account.name, Account.id)
        .limit(500)
    )
    rows = session.execute(query).all()
    order = {area: place for place, area in enumerate(ids)}
    ranked = sorted(rows, key=lambda one: order.get(one.division_id, len(ids)))
    return {one.id: one.name for one in ranked}


def placed(about: About, *columns: Any) -> Select[Any]:  # noqa: ANN401  (columns of any type)
    """Return a query over rows of one kind: their columns, then address, room and community."""
    main = BuildingAddress.is_main & BuildingAddress.valid.contains(func.current_date())
    address = func.coalesce(
        Address.standard_text.concat(BuildingAddress.building_no), Building.label, Building.name, ""
    )
    return (
        select(*columns, address.label("address"), HousingUnit.unit_text, Division.name.label("community"))
        .select_from(about)
        .join(HousingUnit, HousingUnit.id == about.unit_id)
        .join(Building, Building.id == about.building_id)
        .outerjoin(BuildingAddress, (BuildingAddress.building_id == Building.id) & main)
        .outerjoin(Address, Address.id == BuildingAddress.address_id)
        .outerjoin(Division, Division.id == about.community_id)
    )


def name_of(account: Any) -> Any:  # noqa: ANN401  (a column)
    """Return the name of the account that a column points to."""
    return select(Account.name).where(Account.id == account).scalar_subquery()
