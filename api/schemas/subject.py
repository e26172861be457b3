"""The report of one person."""

import datetime as dt
from uuid import UUID

from api.deps import Strict


class HeldDwelling(Strict):
    """A dwelling as it is stored."""

    address: str | None
    building_no: str | None
    unit: str
    category: str
    since: dt.date | None
    until: dt.date | None
    recorded_at: dt.datetime


class HeldHukou(Strict):
    """The hukou as it is stored."""

    unit: str | None
    address: str | None
    division_code: str | None
    since: dt.date | None


class HeldAbsence(Strict):
    """A time of being away from the dwelling of the hukou."""

    unit: str
    reason: str
    whereabouts: str | None
    since: dt.date | None
    until: dt.date | None


class HeldDecision(Strict):
    """What was decided about living apart from the hukou."""

    status: str
    reason: str
    since: dt.date | None
    until: dt.date | None


class HeldPermit(Strict):
    """A residence permit that was applied for."""

    status: str
    referred_on: dt.date
    issued_on: dt.date | None
    expires_on: dt.date | None


class LookUpon(Strict):
    """One look at the person: role and office of who looked, never the account."""

    at: dt.datetime
    way: str
    action: str
    role: str
    role_title: str
    office: str | None
    purpose: str | None
    purpose_title: str | None
    legal_basis: str | None
    fields: list[str]


class SubjectOut(Strict):
    """What is stored of a person, and every look at it."""

    audit_id: UUID
    at: dt.datetime
    name: str
    id_tail: str
    stored: list[str]
    dwellings: list[HeldDwelling]
    hukou: HeldHukou | None
    absences: list[HeldAbsence]
    decisions: list[HeldDecision]
    permits: list[HeldPermit]
    looks: list[LookUpon]
