"""What acts on premises and acceptances carry."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.place import one_of
from geo_registry.measure.acceptance import VERDICTS

Name = Annotated[str, Field(min_length=2, max_length=120)]
CreditCode = Annotated[str, Field(max_length=30, description="统一社会信用代码")]


class PremisesQuery(PageQuery):
    """One page of premises."""

    q: Annotated[str | None, Field(max_length=100, description="名称的一部分，或信用代码的开头")] = None
    area_id: UUID | None = None
    building_id: UUID | None = None
    unchecked_since: dt.date | None = None
    state: Annotated[str, one_of(("current", "retired"))] = "current"

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given, as a read takes them."""
        return self.model_dump(exclude_none=True)


class CoverageQuery(Strict):
    """An area and a period of checks, by default this year so far."""

    area_id: UUID
    since: dt.date | None = None
    until: dt.date | None = None


class NewPremises(Paper):
    """An organisation in a building."""

    building_id: UUID
    name: Name
    organisation_code: CreditCode | None = None
    unit_id: UUID | None = None
    checked_on: dt.date | None = None


class PremisesCorrection(Paper):
    """What is corrected; what is not given stays."""

    name: Name | None = None
    organisation_code: CreditCode | None = None
    unit_id: UUID | None = None


class PremisesCheck(Paper):
    """The day on which an organisation was found there; today unless told otherwise."""

    checked_on: dt.date | None = None


class AcceptanceQuery(PageQuery):
    """One page of acceptances."""

    limit: Annotated[int, Field(ge=1, le=50)] = 20
    area_id: UUID | None = None
    plan_id: UUID | None = None

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given, as a read takes them."""
        return self.model_dump(exclude_none=True)


class NewAcceptance(Paper):
    """What is found of an area on a closed sample."""

    plan_id: UUID
    division_id: Annotated[UUID | None, Field(description="缺省为方案本身的区域")] = None
    verdict: Annotated[str, one_of(VERDICTS)]
    note: Annotated[str | None, Field(max_length=300)] = None
    put_right_by: dt.date | None = None
