"""What is asked of the audit and of reviews, and what they answer."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of
from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.audit.reviews import KINDS, VERDICTS
from geo_registry.audit.trail import Filters

Code = Annotated[str | None, Field(pattern="^[a-z0-9._-]{1,40}$")]
Words = Annotated[str, Field(max_length=200)]


class AuditQuery(PageQuery):
    """One page of the audit."""

    account: Annotated[Code, Field(description="账号（登录名）")] = None
    action: Code = None
    decision: Code = None
    purpose: Code = None
    day: Annotated[dt.date | None, Field(ge=dt.date(2000, 1, 1), le=dt.date(2199, 12, 31))] = None

    def asked(self) -> Filters:
        """Return the filters alone."""
        return Filters(**self.model_dump(exclude={"after", "limit"}))


class ReviewQuery(PageQuery):
    """One page of reviews: those that wait, or those that were judged."""

    state: Annotated[str, Field(pattern="^(waiting|judged)$")] = "waiting"
    kind: Annotated[str | None, one_of(KINDS)] = None


class Verdict(Strict):
    """A judgement on one review; other than justified it says why."""

    verdict: Annotated[str, one_of(VERDICTS)]
    note: Annotated[str | None, Field(min_length=4, max_length=500, description="情况说明")] = None


class NewEmergency(Strict):
    """Why somebody looks beyond his areas."""

    case_number: Annotated[str, Field(min_length=4, max_length=60, description="案号或警情号")]
    reason: Annotated[str, Field(min_length=6, max_length=200, description="事由")]


class ReviewedAccount(Strict):
    """Whose looks are judged."""

    name: str
    role: str
    role_title: str


class ReviewedLook(Strict):
    """The look: the place, never the person."""

    audit_id: UUID
    at: dt.datetime
    action: str
    purpose: str | None
    purpose_title: str | None
    case_number: str | None
    object_kind: str
    object_title: str
    row_count: int | None
    decision: str


class ReviewedEmergency(Strict):
    """The emergency that was opened."""

    case_number: str
    reason: str
    opened_at: dt.datetime


class ReviewOut(Strict):
    """One thing to judge."""

    id: UUID
    at: dt.datetime
    kind: str
    account: ReviewedAccount
    look: ReviewedLook | None
    looks: int | None
    emergency: ReviewedEmergency | None
    verdict: str | None
    note: str | None
    reviewed_at: dt.datetime | None
    version: int


class ReviewsOut(Strict):
    """One page of reviews."""

    rows: list[ReviewOut]
    next: str | None


class EmergencyOut(Strict):
    """One's own emergency."""

    id: UUID
    opened_at: dt.datetime
    expires_at: dt.datetime
    case_number: str
    reason: str
    is_open: bool
    verdict: str | None
    reviewed_at: dt.datetime | None


class EmergenciesOut(Strict):
    """One's own emergencies of the last month."""

    rows: list[EmergencyOut]


def with_title(review: dict[str, Any]) -> dict[str, Any]:
    """Return a review with the role in words."""
    account = review["account"]
    return {**review, "account": {**account, "role_title": ROLE_TITLES[Role(account["role"])]}}
