"""What papers, the ledger, sheets, volumes and permits carry."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of
from geo_registry.registration.ledger import STATUSES
from geo_registry.registration.tables import FORMS

SHEET_STATUSES = ("issued", "filled", "returned", "verified", "entered", "void")
Number = Annotated[str, Field(pattern=r"^[LRHB]\d{2}-\d{7,10}$", description="登记表编号，如 L26-0000012")]


class PaperOf(Strict):
    """Which paper of which form."""

    form_id: UUID
    paper: Annotated[
        Literal["slip", "change_notice", "form"],
        Field(description="slip 凭证、change_notice 居住证变更通知、form 登记表"),
    ]


class LedgerQuery(Strict):
    """Which entries of the ledger."""

    status: Annotated[str | None, one_of(STATUSES)] = None
    since: Annotated[dt.date | None, Field(alias="from", description="录入日从")] = None
    until: Annotated[dt.date | None, Field(alias="to", description="录入日到")] = None
    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class LedgerOut(Strict):
    """One page of the ledger, masked, newest first; `next` goes into `after`."""

    audit_id: UUID
    rows: list[dict[str, Any]]
    next: str | None


class SheetQuery(PageQuery):
    """Which sheets."""

    status: Annotated[str | None, one_of(SHEET_STATUSES)] = None
    account_id: Annotated[UUID | None, Field(description="领用人")] = None


class NewSheets(Strict):
    """Sheets to hand out."""

    form: Annotated[str, one_of(FORMS)]
    count: Annotated[int, Field(ge=1, le=200)]
    issued_to: Annotated[UUID, Field(description="领用的协管员")]
    area_id: Annotated[UUID, Field(description="社区（村）或街道（镇）")]


class SheetRange(Strict):
    """Sheets from one number to another; one alone where `last` is missing."""

    first: Number
    last: Number | None = None


class VoidRange(SheetRange):
    """Sheets that are voided, and why."""

    reason: Annotated[str, Field(min_length=2, max_length=100)]


class NewVolume(Strict):
    """A volume to open."""

    title: Annotated[str, Field(min_length=2, max_length=60)]
    area_id: Annotated[UUID, Field(description="社区（村）或街道（镇）")]


class Binding(Strict):
    """Cases whose forms are bound, in this order."""

    serials: Annotated[
        list[Annotated[str, Field(min_length=4, max_length=40)]], Field(min_length=1, max_length=100)
    ]


class VolumeOut(Strict):
    """One volume with its pages; nobody's name."""

    id: UUID
    number: str
    title: str
    area: str
    opened_by_name: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    version: int
    pages: list[dict[str, Any]]


class NewReferral(Strict):
    """A registration whose person is referred to the permit desk."""

    registration_id: UUID


class PermitIssue(Strict):
    """A permit that was issued; the number is sealed, its last four characters are kept."""

    number: Annotated[str, Field(pattern=r"^[0-9A-Z]{6,30}$", description="居住证号码")]
    issued_on: dt.date
    expires_on: dt.date


class PermitTerm(Strict):
    """The new end of an endorsed permit."""

    expires_on: dt.date


class PermitRefusal(Strict):
    """Why a permit is refused."""

    reason: Annotated[str, Field(min_length=2, max_length=200)]
