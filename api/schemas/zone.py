"""What acts on zones and focus areas carry."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import Strict
from api.schemas.act import Paper
from api.schemas.place import Outline, PlaceQuery, one_of
from geo_registry.zone.rules import STATE_TITLES, NewMeasure
from geo_registry.zone.tables import FOCUS_KINDS, GROUNDS

Name = Annotated[str, Field(min_length=2, max_length=60)]
Words = Annotated[str, Field(min_length=2, max_length=500)]
Weekday = Annotated[int, Field(ge=1, le=7, description="每周清查日，1 为周一")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Blocks = Annotated[list[UUID], Field(min_length=1, max_length=200)]


class ZoneQuery(PlaceQuery):
    """One page of zones."""

    state: Annotated[str | None, one_of(("live", *STATE_TITLES))] = None


class FocusQuery(PlaceQuery):
    """One page of focus areas."""

    state: Annotated[str, one_of(("current", "retired", "removed"))] = "current"


class NewPlace(Paper):
    """A place as whole blocks, or as a drawing that takes the blocks it covers by half."""

    name: Name
    boundary: Outline | None = None
    block_ids: Blocks | None = None


class NewFocusArea(NewPlace):
    """A focus area to be registered."""

    kind: Annotated[str, one_of(FOCUS_KINDS)]


class NewZone(NewPlace):
    """A zone to be proposed."""

    ground: Annotated[str, one_of(GROUNDS)]
    focus_area_id: UUID | None = None


class Dated(Paper):
    """A step of a zone's life with its day; today when none is given."""

    on: dt.date | None = None


class DecisionIn(Dated):
    """A decision over a submitted zone and the sample it rests on."""

    sample_plan_id: UUID


class MeasureIn(Strict):
    """One measure of a plan; `turn` names one that the plan has already."""

    title: Words
    due_on: dt.date
    responsible_id: UUID | None = None
    turn: Annotated[int | None, Field(ge=1, le=30)] = None


class _PlanPaper(Paper):
    measures: Annotated[tuple[MeasureIn, ...], Field(max_length=30)] = ()

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, measures as the library takes them."""
        found = super().given()
        found["measures"] = [NewMeasure(**one.model_dump()) for one in self.measures]
        return found


class NewPlan(_PlanPaper):
    """The one plan of a zone."""

    cause: Words
    responsible_id: UUID
    sweep_weekday: Weekday


class PlanAmendment(_PlanPaper):
    """What changes in a plan."""

    cause: Words | None = None
    responsible_id: UUID | None = None
    sweep_weekday: Weekday | None = None


class MeasureReport(Paper):
    """How far a measure is done."""

    turn: Annotated[int, Field(ge=1, le=30)]
    done_percent: Annotated[int, Field(ge=0, le=100)]


class NewSweep(Paper):
    """A sweep that was held."""

    held_on: dt.date
    kind: Annotated[str, one_of(("weekly", "joint"))] = "weekly"
    units_planned: Count
    units_visited: Count
    newly_registered: Count
