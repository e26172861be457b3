"""A house of two flats in a block, with the people who verify it."""

import datetime as dt
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.area.writes import Written
from geo_registry.grid.tables import BlockAssignment, Coordinator
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.verification import writes
from tests.factories import (
    make_account,
    make_address,
    make_block,
    make_building,
    make_community,
    make_street,
    make_unit,
    make_viewer,
)


@dataclass
class House:
    """A house in the middle of a block, and a viewer for each role."""

    session: Session
    community: Division
    building: Building
    units: list[HousingUnit]
    people: dict[str, Viewer] = field(default_factory=dict)

    def viewer(self, role: str, name: str = "") -> Viewer:
        """Return a viewer with an account of this community; the same one for the same role and name."""
        key = role + name
        if key not in self.people:
            account = make_account(self.session, division=self.community, role=role, name=f"{role}{name}")
            self.people[key] = make_viewer(role, [self.community.id], account_id=account.id)
        return self.people[key]

    def assign(self, viewer: Viewer, role: str = "responsible") -> None:
        """Let a coordinator answer for the block of the house."""
        query = text("SELECT block_id FROM registry.building_block WHERE building_id = :id")
        block_id = self.session.execute(query, {"id": self.building.id}).scalar_one()
        if self.session.get(Coordinator, viewer.account_id) is None:
            self.session.add(Coordinator(account_id=viewer.account_id, trained_on=dt.date(2020, 1, 1)))
            self.session.flush()
        self.session.add(BlockAssignment(block_id=block_id, account_id=viewer.account_id, role=role))
        self.session.flush()

    def opened(self, by: str = "coordinator", unit: int = 0) -> Written:
        """Open a verification of a flat."""
        return writes.open_verification(self.session, self.viewer(by), unit_id=self.units[unit].id)

    def ready(self, by: str = "coordinator") -> Written:
        """Open a verification that lacks nothing but the decision."""
        done = self.opened(by)
        viewer, session = self.viewer(by), self.session
        done = writes.visit(session, viewer, verification_id=done.id, version=done.version)
        for speaker in ("applicant", "neighbour"):
            done = writes.hear(
                session, viewer, verification_id=done.id, version=done.version, speaker=speaker,
                lives_there=True,
            )  # fmt: skip
        return done


@pytest.fixture
def house(session: Session) -> House:
    """Give the house; its coordinator answers for the block."""
    community = make_community(session)
    make_block(session, community)
    building = make_building(
        session, address=make_address(session, 8, street=make_street(session, community=community))
    )
    units = [make_unit(session, building, room) for room in ("101", "102")]
    house = House(session, community, building, units)
    house.assign(house.viewer("coordinator"))
    return house


def account_of(session: Session, viewer: Viewer) -> Account:
    """Return the stored account of a viewer."""
    return session.get_one(Account, viewer.account_id)
