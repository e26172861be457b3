"""Acts on blocks, on who answers for them, and visits to their units."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.deps import Strict
from api.schemas.act import Paper
from api.schemas.place import LineString, Outline, Text, one_of
from geo_registry.grid.tables import ASSIGNMENT_ROLES, VISIT_OUTCOMES

BlockCode = Annotated[
    str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_-]+$", description="网格编码")
]


class NewBlock(Paper):
    """A block on free ground."""

    boundary: Outline
    name: Text
    code: BlockCode | None = None
    community_id: Annotated[UUID | None, Field(description="居村的 id；不给则按位置")] = None


class Redraw(Paper):
    """A new boundary of a block."""

    boundary: Outline


class Split(Paper):
    """A line through a block, and what the new part is called."""

    line: LineString
    name: Text
    code: BlockCode | None = None


class Merge(Paper):
    """The neighbour that takes a block over."""

    into_id: UUID


class BlockName(Paper):
    """Another name of a block."""

    name: Text


class Assignment(Paper):
    """Who is to answer for a block, from which day on."""

    account_id: UUID
    role: Annotated[str, one_of(ASSIGNMENT_ROLES)] = "responsible"
    starts_on: dt.date | None = None


class AssignmentEnd(Paper):
    """Which assignment ends; `ends_on` is the first day without it."""

    assignment_id: UUID
    ends_on: dt.date | None = None


class PreviewAsked(Strict):
    """An act to be previewed: a new boundary, a line to split by, or a neighbour to merge into."""

    boundary: Outline | None = None
    line: LineString | None = None
    into_id: UUID | None = None

    def given(self) -> dict[str, Any]:
        """Return what was given, as the preview takes it."""
        return self.model_dump(exclude_none=True)


class NewVisit(Strict):
    """One visit to a unit; without a time it was just now."""

    outcome: Annotated[str, one_of(VISIT_OUTCOMES)]
    visited_at: Annotated[AwareDatetime | None, Field(description="走访时间，须带时区")] = None

    def given(self) -> dict[str, Any]:
        """Return what was given, as the write takes it."""
        return self.model_dump(exclude_none=True)
