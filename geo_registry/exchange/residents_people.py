"""The persons that rows of residents name: found again by document, sealed before they are staged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from geo_registry.access.cipher import blind_index, open_, sealer
from geo_registry.codes import new_id
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.residents_read import Known, Row
from geo_registry.exchange.staging import sections

COLUMNS = (
    "id", "name", "sex", "birth_year", "birth_month", "id_type", "id_number", "id_index", "id_tail", "phone",
    "told_on", "told_in", "is_new", "is_changed",
)  # fmt: skip
Key = tuple[str, bytes]
Turn = tuple[date, int]


@dataclass(slots=True)
class Person:
    """A person of the file under the id the register has or will have; `turn` tells which row is latest."""

    id: UUID
    known: Known
    index: bytes
    turn: Turn
    is_new: bool = True
    is_changed: bool = False


@dataclass(slots=True)
class People:
    """The persons of one batch: those to stage anew, those staged before whom a later row tells otherwise."""

    ids: dict[Key, UUID]
    fresh: list[Person]
    retold: list[Person]


def people_of(load: Load, rows: list[Row]) -> tuple[People, list[Key | None]]:
    """Return the persons of a batch, each as the latest row tells, and the document of each row."""
    keys: list[Key | None] = []
    asked: dict[Key, Person] = {}
    for row in rows:
        keys.append(None)
        if row.known is None or row.stay is None:
            continue
        key = keys[-1] = _key(row.known)
        day = row.stay.since or row.stay.away_since or date.min
        person = asked.get(key)
        if person is None:
            asked[key] = Person(new_id(), row.known, key[1], (day, -row.number))
        elif (day, -row.number) > person.turn:
            person.known, person.turn = row.known, (day, -row.number)
    return _recognised(load, asked), keys


def _key(known: Known) -> Key:
    kind = str(known.document.id_type)
    return kind, blind_index(kind, known.document.normal)


def _recognised(load: Load, asked: dict[Key, Person]) -> People:
    """Tell persons apart: those an earlier batch staged, those the register knows, and new ones."""
    values = {"indexes": [index for _, index in asked]}
    for person_id, id_type, index, *facts, is_live in load.connection.execute(
        sections("residents")["known"], values
    ).fetchall():
        person = asked.get((id_type, bytes(index)))
        if person is not None:
            person.id, person.is_new = person_id, False
            # A record that was merged answers with the one it became, and tells nothing of it.
            person.is_changed = is_live and _differs(person, facts)
    fresh, retold = dict(asked), []
    for person_id, id_type, index, day, number in load.connection.execute(
        sections("residents")["staged"], values
    ).fetchall():
        if person := fresh.pop((id_type, bytes(index)), None):
            person.id = person_id
            if person.turn > (day, number):
                retold.append(person)
    return People({key: person.id for key, person in asked.items()}, list(fresh.values()), retold)


def _differs(person: Person, facts: list[Any]) -> bool:
    """Tell whether a row says otherwise than the register; a phone only where it names one."""
    known, born = person.known, person.known.birth
    *plain, phone = facts
    told = [known.name, known.sex, born.year if born else None, born.month if born else None]
    if plain != told:
        return True
    if known.phone is None:
        return False
    return phone is None or open_("person", "phone", person.id, bytes(phone)) != known.phone


def sealed(people: Iterable[Person]) -> Iterator[tuple[object, ...]]:
    """Yield the values of persons as the register keeps them: number and phone encrypted."""
    seal = sealer()
    for person in people:
        known, born = person.known, person.known.birth
        phone = seal("person", "phone", person.id, known.phone) if known.phone else None
        number = seal("person", "id_number", person.id, known.document.normal) if person.is_new else b""
        yield (
            person.id, known.name, known.sex, born.year if born else None, born.month if born else None,
            str(known.document.id_type), number, person.index, known.tail, phone, *person.turn,
            person.is_new, person.is_changed,
        )  # fmt: skip
