"""The office in which the tests of naming cases take their steps."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address import naming_cases, naming_opening
from geo_registry.address.tables import NamingCase, PlaceName
from geo_registry.area.tables import Division
from geo_registry.area.writes import Written
from geo_registry.db import today
from geo_registry.errors import RegistryError, RuleBroken
from tests import factories as make

# ruff: noqa: ANN401  (what an act takes beside its object)

DECREE: dict[str, Any] = {"decree_number": "东民〔2026〕12号", "decree_on": today()}


def refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def some_clerk(session: Session, *areas: UUID) -> Viewer:
    return make.make_viewer(areas=areas or None, account_id=make.make_account(session).id)


class Office:
    """A district with a township, its clerk, the one who judges there, and one of the district."""

    def __init__(self, session: Session) -> None:
        self.session = session
        community = make.make_community(session)
        self.community = community.id
        assert community.township_id
        assert community.district_id
        self.township: UUID = community.township_id
        self.district: UUID = community.district_id
        self.clerk = some_clerk(session, self.township)
        self.town = some_clerk(session, self.township)
        self.county = some_clerk(session, self.district)

    def open(self, name: str | None = "听雨路", **over: Any) -> Written:
        values = {"action": "name", "kind": "street", "name": name, "area_id": self.township, **over}
        return naming_opening.open_case(self.session, self.clerk, **values)

    def street(self, name: str, **over: Any) -> PlaceName:
        community = self.session.get_one(Division, self.community)
        return make.make_street(self.session, name, community=community, **over)

    def take(self, step: str, viewer: Viewer, done: Written, **more: Any) -> Written:
        act = getattr(naming_cases, step, None) or getattr(naming_opening, step)
        written: Written = act(self.session, viewer, case_id=done.id, version=done.version, **more)
        return written

    def published(self, done: Written) -> Written:
        done = self.take("approve", self.town, done)
        done = self.take("approve", self.county, done)
        return self.take("publish", self.clerk, done, **DECREE)

    def state(self, done: Written) -> str:
        return self.session.get_one(NamingCase, done.id).state
