"""What acts on dwellings carry: verifications, notes, tips."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.place import one_of
from geo_registry.verification import rules

Note = Annotated[str | None, Field(max_length=300, description="只写房屋情况，不写姓名、证件号码和电话")]


class DwellingQuery(PageQuery):
    """One page of what is said of dwellings."""

    state: Annotated[str | None, Field(pattern="^[a-z_]{1,20}$")] = None
    unit_id: UUID | None = None
    building_id: UUID | None = None
    mine: bool = False

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given, as a read takes them."""
        return self.model_dump(exclude_none=True)


class NewVerification(Paper):
    """The dwelling that is to be verified, and the case it is for."""

    unit_id: UUID
    case_id: UUID | None = None


class VisitIn(Paper):
    """The day of the visit; today unless told otherwise."""

    visited_on: dt.date | None = None


class StatementIn(Paper):
    """What somebody said: who, by kind, and whether the applicant lives there."""

    speaker: Annotated[str, one_of(rules.SPEAKERS)]
    lives_there: bool


class Approval(Paper):
    """Until when the proof holds, a year by default."""

    certificate_until: dt.date | None = None
    note: Note = None


class RefusalIn(Paper):
    """The coded reason of a refusal."""

    refusal: Annotated[str, one_of(rules.REFUSALS)]
    note: Note = None


class NewNote(Paper):
    """A dwelling that breaks a rule."""

    unit_id: UUID
    kind: Annotated[str, one_of(rules.NOTES)]
    noted_on: dt.date | None = None


class HandOver(Paper):
    """The officer who takes a note; without one the officer of the smallest area."""

    account_id: UUID | None = None


class NoteClosure(Paper):
    """What came of a note."""

    outcome: Annotated[str, one_of(rules.NOTE_OUTCOMES)]


class NewTip(Paper):
    """What somebody tells of a dwelling."""

    unit_id: UUID
    kind: Annotated[str, one_of(rules.TIPS)]
    note: Annotated[
        str | None, Field(max_length=200, description="只写房屋情况，不写姓名、证件号码和电话")
    ] = None


class TipClosure(Paper):
    """What came of a tip."""

    outcome: Annotated[str, one_of(rules.TIP_OUTCOMES)]


class Rooms(Strict):
    """How many rooms were counted at the visit."""

    rooms: Annotated[int | None, Field(ge=1, le=100)] = None
