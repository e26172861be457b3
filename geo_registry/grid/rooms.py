"""The rooms of one building as its coordinator knows them: who answers, and when each was last visited."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import ENDED, outside
from geo_registry.db import TIMEZONE, Session
from geo_registry.grid.tables import BlockAssignment, BuildingBlock, LastVisit
from geo_registry.housing.tables import HousingUnit


@dataclass(frozen=True, slots=True)
class Rooms:
    """Who is responsible for a building's block today, and the day of the last visit to each live unit."""

    responsible: str | None
    last_visits: dict[UUID, dt.date | None]


def rooms_of_building(session: Session, viewer: Viewer, building_id: UUID) -> Rooms:
    """Return who answers for a building and when its units were last visited; nothing outside the scope."""
    query = (
        select(HousingUnit.id, LastVisit.visited_at, Account.name)
        .outerjoin(LastVisit, LastVisit.unit_id == HousingUnit.id)
        .outerjoin(BuildingBlock, BuildingBlock.building_id == HousingUnit.building_id)
        .outerjoin(
            BlockAssignment,
            (BlockAssignment.block_id == BuildingBlock.block_id)
            & (BlockAssignment.role == "responsible")
            & BlockAssignment.valid.contains(func.current_date()),
        )
        .outerjoin(Account, Account.id == BlockAssignment.account_id)
        .where(HousingUnit.building_id == building_id, in_scope(viewer, HousingUnit))
        .where(outside(HousingUnit.state, ENDED["housing_unit"]))
    )
    rows = session.execute(query).all()
    days = {row.id: row.visited_at and row.visited_at.astimezone(ZoneInfo(TIMEZONE)).date() for row in rows}
    return Rooms(rows[0].name if rows else None, days)
