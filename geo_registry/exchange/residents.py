"""Import of residents: persons, where they live and lived, their hukou, and how they are registered.

A person is found again by the blind index of the identity document, a residence by person, unit and
time. Numbers are encrypted in this process before they are staged. Reports, messages and files name
a row by its number and a reason, never by a value. Who is missing in a list stays registered:
departures are acts of their own, or rows with an end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
from psycopg import sql

from geo_registry.access.cipher import blind_index, open_, seal
from geo_registry.address.numbers import Fault
from geo_registry.codes import new_id
from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates import find_areas
from geo_registry.exchange.plates_names import PLACE_COLUMNS, Area, Doors, Places
from geo_registry.exchange.residents_read import Known, Reference, Row, read_rows
from geo_registry.exchange.staging import copy_rows, run, sections, settle, staged, warn
from geo_registry.exchange.streets import profile_of

_ROW = (
    "row_number", "outcome", "reason", "person_id", "unit_ref", "hukou_ref", "hukou_code", "category",
    "relation", "valid", "registered_on", "expires_on", "status",
)  # fmt: skip
_PERSON = (
    "id", "name", "sex", "birth_year", "birth_month", "id_type", "id_number", "id_index", "id_tail", "phone",
    "is_new", "is_changed",
)  # fmt: skip
_UNIT = ("id", "scope", "community_id", "number_key", "building_no", "unit_key", "reason")
_NAME = (
    "id", "parent", "depth", "scope_id", "kind", "name", "normal_name", "full_name", "pinyin", "initials",
    "district_id", "township_id", "community_id", "is_needed",
)  # fmt: skip
_STEPS = ("units", "duplicates", "match", "persons", "residences", "registrations", "hukou", "outcomes")
_BATCH = 10_000
Key = tuple[str, bytes]


@dataclass(slots=True)
class _Person:
    """A person of the file under the id that the register has or will have."""

    id: UUID
    known: Known
    index: bytes
    is_new: bool = True
    is_changed: bool = False


def import_residents(load: Load) -> None:
    """Load one list of residents.

    Raises:
        RuleBroken: the file cannot be read, or the database refuses it; the message names no value.

    """
    try:
        _import(load)
    except psycopg.Error as error:
        # The database quotes the row it refuses: nothing of that may leave.
        raise RuleBroken("residents-refused", f"数据库拒绝写入（{error.sqlstate}），未保存任何数据") from None


def _import(load: Load) -> None:
    at = datetime.now(UTC)
    doubts: dict[str, int] = {}
    rows = list(read_rows(load, at.date(), doubts))
    people = _people(load, rows)
    units = _Units(load)
    load.connection.execute("DROP TABLE IF EXISTS pg_temp.stage_name")
    with (
        staged(load, "resident_row", sections("residents")["create-rows"]),
        staged(load, "resident_person", sections("residents")["create-persons"]),
        staged(load, "resident_unit", sections("residents")["create-units"]),
        staged(load, "stage_name", sections("buildings")["create-names"]),
    ):
        units.learn(row for row in rows if row.stay)
        copy_rows(load.connection, "resident_row", _ROW, (_staged(row, people, units) for row in rows))
        copy_rows(load.connection, "resident_person", _PERSON, map(_sealed, people.values()))
        units.copy()
        for step in _STEPS:
            load.request.progress("storing", _STEPS.index(step), len(_STEPS))
            run(load, sections("residents")[step].split(b";\n"), {"at": at})
        _remark(load, doubts)
        settle(load, "resident_row", with_rows=False)
    run(load, [sections("residents")["analyze"]])


def _remark(load: Load, doubts: dict[str, int]) -> None:
    found = load.connection.execute(sections("residents")["remarks"]).fetchone()
    unknown, second = found or (0, 0)
    for reason, count in {**doubts, "hukou-unit-unknown": unknown, "second-residence": second}.items():
        warn(load, reason, count)


def _people(load: Load, rows: Iterable[Row]) -> dict[Key, _Person]:
    """Return the persons of the file by document, the latest row of each telling name, sex and phone."""
    people: dict[Key, _Person] = {}
    latest: dict[Key, tuple[date, int]] = {}
    for row in rows:
        if row.known is None or row.stay is None:
            continue
        key, turn = _key(row.known), (row.stay.since, -row.number)
        if key not in people:
            people[key] = _Person(new_id(), row.known, key[1])
        elif turn > latest[key]:
            people[key].known = row.known
        latest[key] = max(turn, latest.get(key, turn))
    _recognise(load, people)
    return people


def _key(known: Known) -> Key:
    kind = str(known.document.id_type)
    return kind, blind_index(kind, known.document.normal)


def _recognise(load: Load, people: dict[Key, _Person]) -> None:
    """Give the persons that the register knows their ids, and tell whose fields differ."""
    indexes = [person.index for person in people.values()]
    for start in range(0, len(indexes), _BATCH):
        asked = {"indexes": indexes[start : start + _BATCH]}
        for person_id, id_type, index, name, sex, year, month, phone in load.connection.execute(
            sections("residents")["known"], asked
        ):
            person = people.get((id_type, bytes(index)))
            if person is None:
                continue
            person.id, person.is_new = person_id, False
            known, born = person.known, person.known.birth
            stored = None if phone is None else open_("person", "phone", person_id, bytes(phone))
            person.is_changed = (name, sex, year, month) != (
                known.name, known.sex, born.year if born else None, born.month if born else None,
            ) or (known.phone is not None and known.phone != stored)  # fmt: skip


def _sealed(person: _Person) -> tuple[object, ...]:
    """Return the values of a person as the register keeps them: number and phone encrypted."""
    known, born = person.known, person.known.birth
    phone = seal("person", "phone", person.id, known.phone) if known.phone else None
    return (
        person.id, known.name, known.sex, born.year if born else None, born.month if born else None,
        str(known.document.id_type), seal("person", "id_number", person.id, known.document.normal),
        person.index, known.tail, phone, person.is_new, person.is_changed,
    )  # fmt: skip


def _staged(row: Row, people: dict[Key, _Person], units: "_Units") -> tuple[object, ...]:
    stay = row.stay
    if row.known is None or stay is None:
        return (row.number, "refused", row.reason, *[None] * 10)
    valid = f"[{stay.since},{stay.until or ''})"
    return (
        row.number, None, None, people[_key(row.known)].id, units.number(stay.unit),
        units.number(stay.hukou_unit), stay.hukou_code, stay.category, stay.relation, valid,
        stay.registered_on, stay.expires_on, stay.status,
    )  # fmt: skip


class _Units:
    """The units that the rows name, each staged once with the keys the register finds it by."""

    def __init__(self, load: Load) -> None:
        self._load = load
        profile = profile_of(load)
        self._doors, self._places = Doors(profile), Places(profile)
        self._profile = profile
        self._numbers: dict[Reference, int] = {}
        self._areas: dict[str, Area] = {}

    def learn(self, rows: Iterable[Row]) -> None:
        """Number the units of rows and find their areas."""
        for row in rows:
            if row.stay:
                for reference in (row.stay.unit, row.stay.hukou_unit):
                    if reference is not None:
                        self._numbers.setdefault(reference, len(self._numbers))
        found = find_areas(self._load, self._profile, {reference[0] for reference in self._numbers})
        self._areas = {
            code: replace(area, index=index) for index, (code, (area, _)) in enumerate(sorted(found.items()))
        }

    def number(self, reference: Reference | None) -> int | None:
        """Return the number of a unit."""
        return None if reference is None else self._numbers[reference]

    def copy(self) -> None:
        """Stage the units and the place names above them, and look the names up."""
        connection = self._load.connection
        copy_rows(connection, "resident_unit", _UNIT, list(self._rows()))
        copy_rows(connection, "stage_name", _NAME, (node.row() for node in self._places.nodes))
        depths = Counter(node.depth for node in self._places.nodes)
        connection.execute(sql.SQL("CREATE INDEX ON pg_temp.stage_name (id)"))
        for depth in sorted(depths):
            run(self._load, sections("plates")["names"].split(b";\n"), {"depth": depth})

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for reference, number in self._numbers.items():
            code, rest = reference[0], reference[1:]
            area = self._areas.get(code)
            names = tuple(
                (kind, text)
                for kind, text in zip(PLACE_COLUMNS, rest[: len(PLACE_COLUMNS)], strict=True)
                if text
            )
            form = self._doors.read(rest[len(PLACE_COLUMNS) :])
            if area is None or isinstance(form, Fault):
                reason = form.code if area is not None and isinstance(form, Fault) else "area-unknown"
                yield number, None, None, None, None, None, reason
                continue
            scope, door = self._places.scope(area, (*names, *form.door.names), ""), form.door
            yield number, scope, area.community_id, door.number_key, door.building_text, door.unit_key, None
