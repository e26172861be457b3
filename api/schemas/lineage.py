"""What proposals to merge or split persons, and decisions about separation, carry."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import Strict

Reason = Annotated[str, Field(min_length=4, max_length=200, description="事由，不写证件号码和电话")]


class NewLineage(Strict):
    """Which record goes into which, or which residences of the first are of the second."""

    kind: Annotated[Literal["merge", "split"], Field(description="merge：归并，split：拆分")]
    from_id: Annotated[UUID, Field(description="被并入，或被拆分的人员")]
    to_id: Annotated[UUID, Field(description="保留，或分出去的人员")]
    residence_ids: Annotated[tuple[UUID, ...], Field(max_length=50, description="拆分时移出的居住记录")] = ()
    reason: Reason


class Verdict(Strict):
    """What somebody says to a proposal."""

    reason: Reason | None = None


class Grounds(Strict):
    """Why a proposal is refused, or what was carried out is undone."""

    reason: Reason


class LineageOut(Strict):
    """A proposal as a piece of work; it names no person."""

    id: UUID
    kind: str
    state: str
    reason: str
    proposed_at: dt.datetime
    decided_at: dt.datetime | None
    undone_at: dt.datetime | None
    proposed_by_name: str
    decided_by_name: str | None
    undone_by_name: str | None
    may: list[str]
    version: int


class LineageDwelling(Strict):
    """One dwelling of a record under comparison."""

    residence_id: UUID
    unit_id: UUID
    unit: str
    address: str
    category: str
    is_main: bool
    since: dt.date
    until: dt.date | None
    registration: str | None
    expires_on: dt.date | None
    chosen: bool


class LineageHukou(Strict):
    """One hukou of a record under comparison."""

    unit: str | None
    address: str
    division_code: str | None
    address_text: str | None
    since: dt.date
    until: dt.date | None


class RecordOut(Strict):
    """One of two records that are compared: in full, for whoever judges compares names and numbers."""

    person_id: UUID
    name: str
    sex: str
    birth: str | None
    id_type: str
    id_number: str
    merged: bool
    residences: list[LineageDwelling]
    hukou: list[LineageHukou]


class ComparisonOut(LineageOut):
    """Both records side by side; null for one of which nothing lies in the viewer's area."""

    audit_id: UUID
    from_: Annotated[RecordOut | None, Field(alias="from")]
    to: RecordOut | None


class GlimpseDwelling(Strict):
    """The last dwelling of a person in a list of pairs."""

    residence_id: UUID
    unit_id: UUID
    building_id: UUID
    unit: str
    address: str
    since: dt.date
    until: dt.date | None


class Glimpse(Strict):
    """A person in a list of pairs, masked."""

    person_id: UUID
    id_type: str
    id_tail: str | None
    name: str | None
    sex: str | None
    age: int | None
    minor: bool
    age_band: str | None
    residence: GlimpseDwelling | None


class PairOut(Strict):
    """Two records that may be of one person."""

    why: Annotated[str, Field(description="same_birth：同名同性别同出生年月，same_unit：同名同住处")]
    first: Glimpse
    second: Glimpse


class ProposalOut(LineageOut):
    """A proposal that waits, with both persons masked."""

    from_: Annotated[Glimpse | None, Field(alias="from")]
    to: Glimpse | None


class DuplicatesOut(Strict):
    """Pairs of an area that may be of one person, and what is proposed there."""

    audit_id: UUID
    rows: list[PairOut]
    more: bool
    proposals: list[ProposalOut]


class NewDecision(Strict):
    """What is decided about a person against the rule, from when, and until when."""

    person_id: UUID
    status: Literal["consistent", "resident_not_registered_here", "registered_not_resident", "false_alarm"]
    reason: Reason
    from_: Annotated[dt.date, Field(alias="from", description="起日")]
    to: Annotated[dt.date | None, Field(description="止日（不含）")] = None


class EndOfDecision(Strict):
    """The day from which a decision no longer holds, today by default."""

    ends_on: dt.date | None = None


class DecisionOut(Strict):
    """A decision without its person."""

    id: UUID
    status: str
    reason: str
    from_: Annotated[dt.date, Field(alias="from")]
    to: dt.date | None
    withdrawn: bool
    decided_by_name: str
    version: int
