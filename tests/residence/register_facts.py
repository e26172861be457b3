"""What the plain model of the register holds: facts about persons with their days, registrations, forms."""

import calendar
import datetime as dt
from dataclasses import dataclass
from uuid import UUID

LIVE = "active"
EVER = dt.date.max


@dataclass(frozen=True)
class Fact:
    """Something about a person from a day until before another; `known` turns false when it never was so."""

    person: int
    place: str
    since: dt.date
    until: dt.date = EVER
    category: str = ""
    relation: str | None = None
    main: bool = False
    household: int | None = None
    end_reason: str | None = None
    known: bool = True

    def covers(self, day: dt.date) -> bool:
        return self.since <= day < self.until

    def meets(self, other: "Fact") -> bool:
        return self.since < other.until and other.since < self.until


@dataclass(frozen=True)
class Registration:
    """One registration of a dwelling."""

    stay: int
    registered_on: dt.date
    expires_on: dt.date
    status: str = LIVE
    ended_on: dt.date | None = None
    end_reason: str | None = None
    cancelled_by: int | None = None
    number: int | None = None


@dataclass(frozen=True)
class Lineage:
    """A merge or split: what became of each row of the one that it touched, and when."""

    kind: str
    source: int
    target: int
    fates: dict[tuple[str, int], str]
    step: int
    state: str = "done"


@dataclass(frozen=True)
class Form:
    """One form of a case."""

    number: int
    day: dt.date | None = None
    category: str | None = None
    relation: str | None = None
    hukou: str | None = None
    stay: int | None = None
    person: int | None = None
    ends_on: dt.date | None = None
    end_reason: str | None = None
    own: UUID | None = None


def later(day: dt.date, months: int) -> dt.date:
    """Return a day so many months later, at most the last one of its month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
