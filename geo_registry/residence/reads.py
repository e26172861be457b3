"""以房找人 and 以人找房: who lives where, on the record.

Each call is one audited look (geo_registry/access/audit.py). Lists arrive masked from the database.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look, look_async
from geo_registry.db import today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.log import holds_number
from geo_registry.pages import read_cursor
from geo_registry.person.rules import check_document
from geo_registry.text import clean

__all__ = ["Dwellings", "Look", "Named", "Occupants", "Revealed", "Target"]

LIST_FIELDS = ("name_masked", "sex", "age", "id_tail", "category", "registration", "since")
REVEALABLE = ("name", "birth", "id_number", "phone")
MOST_ROWS = 500
MOST_NAMED = 50
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Occupants:
    """The occupants of a building or unit at a day, household by household; `next` continues the list.

    `absent` are those whose hukou is here while they live elsewhere, for a role that may know; `counts` tells
    how many lived here from one day to the next.
    """

    audit_id: UUID
    valid_at: dt.date
    occupants: list[dict[str, Any]]
    registered_not_resident: int
    absent: list[dict[str, Any]]
    counts: list[tuple[str, int]]
    next: tuple[UUID, UUID] | None


@dataclass(frozen=True, slots=True)
class Dwellings:
    """One masked person with every dwelling in the viewer's area and every hukou, newest first."""

    audit_id: UUID
    person: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """Persons of a name who live in an area; `too_many` when name or area have to be narrower."""

    audit_id: UUID
    rows: list[dict[str, Any]]
    too_many: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """Full values of the fields asked for, of one person."""

    audit_id: UUID
    fields: dict[str, str | None]


def occupants_of_building(
    engine: Engine,
    request: Look,
    building_id: UUID,
    *,
    after: tuple[UUID, UUID] | None = None,
    limit: int = 200,
) -> Occupants:
    """Return who lives in a building, in order of unit and residence, at most `limit` rows a page.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    return _occupants(engine, request, "building", building_id, after, limit)


def occupants_of_unit(
    engine: Engine, request: Look, unit_id: UUID, *, after: tuple[UUID, UUID] | None = None, limit: int = 200
) -> Occupants:
    """Return who lives in a housing unit; as `occupants_of_building`."""
    return _occupants(engine, request, "housing_unit", unit_id, after, limit)


def _occupants(
    engine: Engine, request: Look, kind: str, object_id: UUID, after: tuple[UUID, UUID] | None, limit: int
) -> Occupants:
    audit_id, answer = look(engine, request, occupants_target(kind, object_id, after, limit))
    following = answer["next"] and read_cursor(answer["next"], UUID, UUID)
    return Occupants(
        audit_id=audit_id,
        valid_at=dt.date.fromisoformat(answer["valid_at"]),
        occupants=answer["occupants"],
        registered_not_resident=answer["registered_not_resident"],
        absent=answer["absent"],
        counts=[(day, people) for day, people in answer["counts"]],
        next=following and (following[0], following[1]),
    )


def occupants_target(kind: str, object_id: UUID, after: tuple[UUID, UUID] | None, limit: int) -> Target:
    """Return what is looked at when one asks who lives in a `building` or `housing_unit`."""
    rows = max(1, min(limit, MOST_ROWS))
    return Target("occupants", kind, object_id, LIST_FIELDS, after=after, limit=rows)


def subject_of(id_type: str, id_number: str) -> bytes:
    """Return the keyed hash by which the person of a document is found.

    Raises:
        RuleBroken: the number is not one of its kind.

    """
    document = check_document(id_type, id_number, on=today())
    return cipher.blind_index(id_type, document.normal)


def dwellings_target(id_type: str, id_number: str) -> Target:
    """Return what is looked at when one asks where the person of a document lives.

    Raises:
        RuleBroken: the number is not one of its kind.

    """
    subject = subject_of(id_type, id_number)
    return Target("dwellings", "person", None, (*LIST_FIELDS, "dwellings"), subject=subject)


async def told(engine: Engine, request: Look, target: Target) -> tuple[UUID, bytes]:
    """Look once and return the JSON as the database made it, without a thread that waits.

    Raises:
        NotFound: nobody in the viewer's area; the look is on the record all the same.

    """
    audit_id, answer = await look_async(engine, request, target)
    if answer is None:
        raise nobody(audit_id)
    return audit_id, answer


def nobody(audit_id: UUID) -> NotFound:
    """Return the one answer for a person who does not exist, or is not within the viewer's area."""
    return NotFound("not-found", "没有找到，或不在您的区域内", audit_id=str(audit_id))


def dwellings_of_person(engine: Engine, request: Look, id_type: str, id_number: str) -> Dwellings:
    """Return the person of an identity document and every dwelling.

    Raises:
        RuleBroken: the number is not one of its kind.
        NotFound: nobody in the viewer's area has it; the look is on the record all the same.

    """
    audit_id, answer = look(engine, request, dwellings_target(id_type, id_number))
    if answer is None:
        raise nobody(audit_id)
    return Dwellings(audit_id, answer["person"])


def wanted_name(name: str) -> str:
    """Return a name as it is searched: clean, of two characters at least.

    Raises:
        RuleBroken: the text is no name, or too short to narrow anything.

    """
    plain = clean(name)
    if not 2 <= len(plain) <= LONGEST_NAME or not any(character.isalpha() for character in plain):
        raise RuleBroken("name-too-short", "请填写姓名，至少两个字（姓和名的第一个字）", field="name")
    if holds_number(plain):
        raise RuleBroken("name-invalid", "姓名中不能有证件号码或电话；按证件号码请用以人找房", field="name")
    return plain


def words_of_name(name: str) -> str:
    """Return what ties a search to its record: the keyed hash of a name, in hex, before the name."""
    return cipher.blind_index("name", name).hex() + name


def name_target(area_id: UUID, name: str) -> Target:
    """Return what is looked at when one searches a name in a community or township.

    The record keeps a hash of the words: without the key nobody tries names against it, and the database
    searches no other name with it.

    Raises:
        RuleBroken: as `wanted_name`.

    """
    words = words_of_name(wanted_name(name))
    subject = hashlib.sha256(words.encode()).digest()
    return Target("name", "division", area_id, LIST_FIELDS, subject=subject, limit=MOST_NAMED, words=words)


def persons_by_name(engine: Engine, request: Look, area_id: UUID, name: str) -> Named:
    """Return the adults of a name, or of a name that begins so, who live in an area; at most fifty.

    Raises:
        RuleBroken: as `wanted_name`.
        NotFound: no community or township of the viewer's areas.

    """
    audit_id, answer = look(engine, request, name_target(area_id, name))
    return Named(audit_id, answer["rows"], answer["too_many"])


def reveal_person(engine: Engine, request: Look, person_id: UUID, fields: Sequence[str]) -> Revealed:
    """Return full values of some fields of one person: one more act with its own audit row.

    Raises:
        RuleBroken: a field is not one of name, birth, id_number, phone.
        NotFound: no such person in the viewer's area.

    """
    if not fields or any(field not in REVEALABLE for field in fields):
        raise RuleBroken("field-unknown", f"只能显示 {'、'.join(REVEALABLE)}", field="fields")
    target = Target("person", "person", person_id, tuple(dict.fromkeys(fields)))
    audit_id, stored = look(engine, request, target)
    if stored is None:
        raise nobody(audit_id)
    return Revealed(audit_id, {name: _plain(name, person_id, value) for name, value in stored.items()})


def _plain(field: str, person_id: UUID, value: str | None) -> str | None:
    if value is None or field in ("name", "birth"):
        return value
    return cipher.open_("person", field, person_id, base64.b64decode(value))
