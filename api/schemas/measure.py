"""What may be asked of rates and samples, and what is sent in."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.place import Text, one_of
from geo_registry.measure.drawing import AREA_KINDS, MOST_UNITS, STRATA
from geo_registry.measure.reads import LEVELS_SHOWN
from geo_registry.measure.tables import DIRECTIONS

AsOf = Annotated[dt.date | None, Field(description="统计日期：取其所在周，缺省为本周")]
Persons = Annotated[int, Field(ge=0, le=200)]


class AreaQuery(Strict):
    """An area and a day."""

    area: Annotated[UUID, Field(description="区划或网格的 id")]
    as_of: AsOf = None


class RateQuery(AreaQuery):
    """An area, a day, and the level of the areas in it that are listed too."""

    level: Annotated[str | None, one_of(LEVELS_SHOWN)] = None


class BlockQuery(Strict):
    """A block."""

    block: UUID


class PlanQuery(PageQuery):
    """One page of sample plans."""

    area_id: Annotated[UUID | None, Field(description="抽样范围，或其所在区划的 id")] = None
    state: Annotated[str | None, one_of(("drawn", "closed", "cancelled"))] = None

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given, as a read takes them."""
        return self.model_dump(exclude_none=True)


class NewSample(Paper):
    """A sample to be drawn; without a seed one is drawn too."""

    name: Text
    direction: Annotated[str, one_of(DIRECTIONS)]
    area_kind: Annotated[str, one_of(AREA_KINDS)]
    area_id: UUID
    sample_size: Annotated[int, Field(ge=1, le=MOST_UNITS)]
    strata: Annotated[str, one_of(STRATA)] = "none"
    seed: Annotated[int | None, Field(ge=0, le=2**53)] = None


class NewCheck(Paper):
    """What a check found at one unit, as counts."""

    unit_id: UUID
    persons_met: Persons
    persons_registered: Persons
    records_checked: Persons = 0
    records_right: Persons = 0
    checked_on: dt.date | None = None


class NewBuildingCheck(Paper):
    """How many units were found in a building, and how many of them the register lists."""

    building_id: UUID
    units_found: Annotated[int, Field(ge=1, le=5_000)]
    units_listed: Annotated[int, Field(ge=0, le=5_000)]
    plan_id: UUID | None = None
    checked_on: dt.date | None = None
