"""A community of six blocks side by side, with accounts that propose, work and decide."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.tables import SamplePlan
from tests import factories as make


@dataclass(frozen=True)
class Quarter:
    """A community, its blocks of 100 m from west to east, and who acts there."""

    community: Division
    blocks: tuple[GridBlock, ...]
    officer: Viewer
    supervisor: Viewer
    leader: Viewer


def viewer_of(session: Session, role: Role, area: Division, **over: Any) -> Viewer:  # noqa: ANN401  (as factories)
    """Store an account of a role with a grant for an area; return its viewer."""
    account = make.make_account(session, division=area, role=role, **over)
    return make.make_viewer(role, [area.id], account_id=account.id, name=account.name)


@pytest.fixture
def quarter(session: Session) -> Quarter:
    """Give a community of six blocks."""
    community = make.make_community(session)
    blocks = tuple(
        make.make_block(session, community, boundary=make.square(100 * number, 0, 100)) for number in range(6)
    )
    return Quarter(
        community,
        blocks,
        viewer_of(session, Role.OFFICER, community),
        viewer_of(session, Role.SUPERVISOR, community),
        viewer_of(session, Role.LEADER, community),
    )


def sample_of(session: Session, quarter: Quarter, zone_id: UUID, hits: int, units: int = 120) -> UUID:
    """Store a sample of a zone in whose dwellings one person each was met, and `hits` were registered."""
    community = quarter.community
    areas = {
        "district_id": community.district_id,
        "township_id": community.township_id,
        "community_id": community.id,
    }
    plan = SamplePlan(
        id=new_id(), name="验收抽查", direction="field_to_register", area_kind="zone", area_id=zone_id, seed=7,
        frame_size=units, sample_size=units, drawn_on=today(), **areas,
    )  # fmt: skip
    session.add(plan)
    street = make.make_street(session, community=community)
    building = make.make_building(session, address=make.make_address(session, street=street), at=(0, 0))
    made = [
        make.make_unit(session, building, f"{floor}{room:02d}")
        for floor in range(1, 13)
        for room in range(1, 11)
    ]
    for turn, unit in enumerate(made[:units], 1):
        session.execute(
            text(
                "INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight) VALUES (:plan, :unit, :turn, 1)"
            ),
            {"plan": plan.id, "unit": unit.id, "turn": turn},
        )
        session.execute(
            text("""INSERT INTO registry.field_check (plan_id, unit_id, building_id, leaf_id, checked_on, persons_met,
                persons_registered, records_checked, records_right, district_id, township_id, community_id)
                VALUES (:plan, :unit, :building, :leaf, CURRENT_DATE, 1, :k, 1, :k, :district_id, :township_id, :community_id)"""),
            {"plan": plan.id, "unit": unit.id, "building": building.id, "leaf": quarter.blocks[0].id,
             "k": int(turn <= hits), **areas},
        )  # fmt: skip
    return plan.id
