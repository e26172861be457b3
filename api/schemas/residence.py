"""Looks at persons: what they ask for, and what comes back masked."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of
from geo_registry.person.tables import DOCUMENT_TYPES


class OccupantsQuery(PageQuery):
    """One page of occupants at a day, as known at a time."""

    valid_at: Annotated[dt.date | None, Field(description="某日在住，默认今天")] = None
    known_at: Annotated[AwareDatetime | None, Field(description="按某一时刻所知，默认现在")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class Identity(Strict):
    """One identity document; it travels in a body, never in an address."""

    id_type: Annotated[str, one_of(DOCUMENT_TYPES)]
    id_number: Annotated[str, Field(min_length=4, max_length=40)]


class Lookup(Identity):
    """The document of the person who is looked up at a day, as known at a time."""

    valid_at: Annotated[dt.date | None, Field(description="某日情况，默认今天")] = None
    known_at: Annotated[AwareDatetime | None, Field(description="按某一时刻所知，默认现在")] = None


class Name(Strict):
    """A name, or how it begins: two characters at least."""

    name: Annotated[str, Field(min_length=1, max_length=60)]


class Fields(Strict):
    """The fields of one person that are to be shown in full."""

    fields: Annotated[list[Literal["name", "birth", "id_number", "phone"]], Field(min_length=1, max_length=4)]


class OccupantsOut(Strict):
    """The occupants of a building or unit; names and numbers are masked."""

    audit_id: UUID
    valid_at: dt.date
    occupants: list[dict[str, Any]]
    registered_not_resident: int
    known_at: AwareDatetime | None
    absent: list[dict[str, Any]]
    counts: list[tuple[dt.date, int]]
    next: str | None


class DwellingsOut(Strict):
    """One masked person with every dwelling and every hukou."""

    audit_id: UUID
    valid_at: dt.date
    known_at: AwareDatetime | None
    person: dict[str, Any]


class NamedOut(Strict):
    """Masked persons of a name with where they live; too many are not shown."""

    audit_id: UUID
    rows: list[dict[str, Any]]
    too_many: bool


class RevealedOut(Strict):
    """Full values of the fields asked for."""

    audit_id: UUID
    fields: dict[str, str | None]
