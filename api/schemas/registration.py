"""What cases of registration carry."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.deps import PageQuery, Strict
from api.schemas.act import WrittenOut
from api.schemas.place import one_of
from geo_registry.registration.reads import CaseRow
from geo_registry.registration.tables import ACTIONS, CASE_STATUSES, FORMS

Word = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=2, max_length=200)]


class CaseQuery(PageQuery):
    """One page of cases."""

    status: Annotated[str | None, one_of(CASE_STATUSES)] = None
    unit_id: UUID | None = None
    mine: Annotated[bool, Field(description="只列本人采集、录入或复核的")] = False
    overdue: Annotated[bool, Field(description="只列超过复核期限的")] = False


class NewCase(Strict):
    """A case to open: what is done, on which form, for which dwelling, and when it was collected."""

    action: Annotated[str, one_of(ACTIONS)]
    form: Annotated[str, one_of(FORMS)]
    unit_id: UUID
    household_kind: Literal["family", "collective"] = "family"
    collected_at: Annotated[AwareDatetime | None, Field(description="采集时间，缺省为现在")] = None
    collected_by: Annotated[UUID | None, Field(description="采集人账号，缺省为本人")] = None
    late_reason: Annotated[Reason | None, Field(description="非采集当日录入时的原因")] = None
    source: Literal["desk", "field"] = "desk"
    source_id: UUID | None = None


class PersonForm(Strict):
    """The form of one person; which items it has is told by `/v1/registration-forms`."""

    id: UUID | None = None
    residence_id: UUID | None = None
    name: Word | None = None
    sex: Word | None = None
    birth: Word | None = None
    id_type: Word | None = None
    id_number: Word | None = None
    phone: Word | None = None
    category: Word | None = None
    relation_to_head: Word | None = None
    hukou_unit_id: UUID | None = None
    hukou_code: Word | None = None
    hukou_address: Word | None = None
    since: Word | None = None
    stays_until: Word | None = None
    stay_reason: Word | None = None
    lodging: Word | None = None
    proof: Word | None = None
    serving: Word | None = None
    sheet_number: Word | None = None
    whereabouts_code: Word | None = None
    whereabouts: Word | None = None
    absence_reason: Word | None = None
    informant: Word | None = None
    ends_on: Word | None = None
    end_reason: Word | None = None


class Filling(Strict):
    """All forms of a case."""

    forms: Annotated[list[PersonForm], Field(max_length=100)]

    def given(self) -> list[dict[str, Any]]:
        """Return what was given of each form."""
        return [form.model_dump(exclude_none=True) for form in self.forms]


class Submission(Strict):
    """What a submission adds: the reason, where the entry came late."""

    late_reason: Reason | None = None


class Returning(Strict):
    """Why a case goes back, or is void."""

    reason: Reason


class Document(Strict):
    """An identity document."""

    id_type: Annotated[str, Field(max_length=3)] = "111"
    id_number: Annotated[str, Field(min_length=1, max_length=40)]


class OpenedOut(WrittenOut):
    """A new case."""

    serial: str


class FilledOut(WrittenOut):
    """The forms that are kept, and doubts that do not block; turn 0 is the whole case."""

    forms: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


class OpenedCaseOut(Strict):
    """A case with its forms in full."""

    audit_id: UUID
    case: CaseRow
    forms: list[dict[str, Any]]


class CheckedOut(Strict):
    """How the person of a document stands."""

    audit_id: UUID
    document: dict[str, Any]
    known: bool
    has_open: bool
    open_serial: str | None
    here: dict[str, Any] | None
    elsewhere: Literal["area", "outside"] | None
    address: str | None
    last_registration: dict[str, Any] | None


class FormOut(Strict):
    """The definition of a form in its version of today."""

    form: str
    version: int
    title: str
    actions: list[str]
    fields: list[dict[str, Any]]
