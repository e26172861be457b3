"""A community of three blocks side by side, with a house in each, and people to act on it."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pytest
import shapely
from geoalchemy2.shape import to_shape
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.grid.tables import Coordinator, GridBlock
from geo_registry.housing.tables import Building, HousingUnit
from tests.factories import (
    make_account,
    make_address,
    make_block,
    make_building,
    make_community,
    make_street,
    make_unit,
    make_viewer,
    metres,
    point,
    square,
)


def geojson(shape: BaseGeometry) -> dict[str, Any]:
    """Return a shape of the plan in metres as GeoJSON in degrees."""
    degrees = shapely.transform(shape, lambda points: [metres(x, y) for x, y in points.tolist()])
    return dict(json.loads(shapely.to_geojson(degrees)))


def oblong(west: float, east: float, south: float = 0, north: float = 100) -> dict[str, Any]:
    """Return an upright rectangle of the plan as GeoJSON."""
    return geojson(box(west, south, east, north))


@dataclass
class Quarter:
    """Blocks A, B and C of 100 m x 100 m from west to east; a house with two units in the middle of each."""

    session: Session
    community: Division
    blocks: list[GridBlock]
    houses: list[Building]
    units: list[list[HousingUnit]]

    def viewer(self, role: str = "supervisor", account: Account | None = None) -> Viewer:
        """Return a viewer who works in this community."""
        more = {} if account is None else {"account_id": account.id, "name": account.name}
        return make_viewer(role, [self.community.id], **more)

    def coordinator(self, *, trained: bool = True, **over: Any) -> Account:  # noqa: ANN401
        """Store a coordinator of this community, trained unless told otherwise."""
        account = make_account(self.session, **{"division": self.community, "role": "coordinator", **over})
        if trained:
            day = dt.date(2020, 1, 1)
            self.session.add(Coordinator(account_id=account.id, trained_on=day))
            self.session.flush()
        return account

    def code_of(self, house: Building) -> str | None:
        """Return the code of the block that a house lies in."""
        query = """SELECT g.code FROM registry.building_block k JOIN registry.grid_block g ON g.id = k.block_id
                   WHERE k.building_id = :id"""
        found: str | None = self.session.execute(text(query), {"id": house.id}).scalar_one_or_none()
        return found

    def area(self, block: GridBlock) -> float:
        """Return the area of a block as it is stored, in square metres."""
        self.session.refresh(block)
        assert to_shape(block.boundary).is_valid  # type: ignore[arg-type]
        query = text("SELECT registry.area_m2(boundary) FROM registry.grid_block WHERE id = :id")
        return float(self.session.execute(query, {"id": block.id}).scalar_one())

    def settle(self) -> None:
        """Let the deferred constraints judge now."""
        self.session.flush()
        self.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        self.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def build_quarter(session: Session) -> Quarter:
    """Store the quarter."""
    community = make_community(session, boundary=square(150, 50, 300, 100))
    street = make_street(session, community=community)
    blocks, houses, units = [], [], []
    for number, code in enumerate("ABC"):
        middle = (50.0 + 100 * number, 50.0)
        blocks.append(
            make_block(session, community, code=code, name=f"第{code}块", boundary=square(*middle, 100))
        )
        address = make_address(session, number + 1, street=street, position=point(*middle))
        houses.append(make_building(session, address=address, at=middle))
        units.append([make_unit(session, houses[-1], room, use="let_whole") for room in ("101", "201")])
    return Quarter(session, community, blocks, houses, units)


@pytest.fixture
def quarter(session: Session) -> Quarter:
    """Give the quarter in a transaction that is rolled back."""
    return build_quarter(session)
