"""Lists of a run: as the police system writes them, or the members of collective households.

What a list says of somebody who is in the run already changes nothing: a second import has no effect (R19).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select, text
from sqlalchemy.dialects import postgresql

from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.matching.find import match_many
from geo_registry.codes import new_id
from geo_registry.db import Session, today, transaction
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.housing.tables import HousingUnit
from geo_registry.intake.lists import Line, read_kind, read_lines
from geo_registry.person.rules import check_document, last_two, month_of
from geo_registry.person.tables import Person
from geo_registry.separation.tables import SeparationItem, SeparationRun

COLUMNS = {
    "name": ("姓名", "name"),
    "sex": ("性别", "sex"),
    "kind": ("证件类型", "证件种类", "id_type"),
    "number": ("证件号码", "身份证号", "身份证号码", "公民身份号码", "id_number", "idnumber"),
    "hukou": ("户籍地址", "户口地址", "户籍所在地", "hukou_address"),
    "current": ("现住址", "现住地址", "居住地址", "current_address"),
}
_SEXES = {"男": "1", "女": "2", "1": "1", "2": "2", "9": "9"}
_BATCH = 1_000
# Whose hukou lies with a collective household of the area, or who lives in one.
_MEMBERS = text("""
    SELECT DISTINCT ON (p.id) p.id, p.name, p.sex, p.id_type, p.id_number,
      p.birth_year, p.birth_month, h.unit_id
    FROM registry.household h
      CROSS JOIN LATERAL (
        SELECT r.person_id FROM registry.residence r
        WHERE r.household_id = h.id AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE
        UNION SELECT k.person_id FROM registry.hukou k
        WHERE k.unit_id IN (h.unit_id, h.holder_unit_id) AND upper_inf(k.sys) AND k.valid @> CURRENT_DATE) m
      JOIN registry.person p ON p.id = registry.live_person(m.person_id)
    WHERE h.kind = 'collective' AND :area IN (h.district_id, h.township_id, h.community_id)
    ORDER BY p.id, h.id
""")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a list: its rows, those new to the run, those in it before, and faults by code."""

    rows: int
    stored: int
    unchanged: int
    faults: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Told:
    """One person of a list, checked."""

    name: str
    sex: str
    id_type: str
    number: str
    hukou: str | None = None
    current: str | None = None
    unit_id: UUID | None = None
    birth: tuple[int | None, int | None] = (None, None)


def load_list(engine: Engine, run_id: UUID, path: Path) -> Loaded:
    """Load a list (name, sex, document, hukou address, current address) into an open run.

    Raises:
        NotFound: there is no such run.
        Conflict: it is closed.
        RuleBroken: the file cannot be read, or lacks a column.

    """
    faults: Counter[str] = Counter()
    told = _read(read_lines(path, COLUMNS, ("name", "number")), faults)
    rows, stored = _store(engine, run_id, told)
    return Loaded(rows + sum(faults.values()), stored, rows - stored, dict(faults))


def load_members(engine: Engine, run_id: UUID) -> Loaded:
    """Put the members of the collective households of a run's area on its list (R107).

    Raises:
        NotFound: there is no such run.
        Conflict: it is closed.

    """
    with transaction(engine) as session:
        run = _open_run(session, run_id)
        area = run.community_id or run.township_id or run.district_id
        members = session.execute(_MEMBERS, {"area": area}).all()
    rows, stored = _store(engine, run_id, map(_member, members))
    return Loaded(rows, stored, rows - stored, {})


def _member(row: Any) -> _Told:  # noqa: ANN401  (a row of SQLAlchemy)
    number = cipher.open_("person", "id_number", row.id, bytes(row.id_number))
    birth = (row.birth_year, row.birth_month)
    return _Told(row.name, row.sex, row.id_type, number, unit_id=row.unit_id, birth=birth)


def _read(lines: Iterator[Line | None], faults: Counter[str]) -> Iterator[_Told]:
    for line in lines:
        if line is None or not line.values["name"]:
            faults["row-unreadable" if line is None else "name-missing"] += 1
            continue
        values, kind = line.values, read_kind(line.values["kind"])
        try:
            document = check_document(kind, values["number"], on=today())
        except RuleBroken as error:
            faults[error.code] += 1
            continue
        sex = _SEXES.get(values["sex"], document.sex or "0")
        hukou, current = values["hukou"][:200] or None, values["current"][:200] or None
        birth = month_of(document)
        yield _Told(values["name"][:60], sex, kind, document.normal, hukou, current, birth=birth)


def _store(engine: Engine, run_id: UUID, told: Iterable[_Told]) -> tuple[int, int]:
    rows = stored = 0
    waiting = iter(told)
    with transaction(engine) as session:
        run = _open_run(session, run_id)
        while batch := list(islice(waiting, _BATCH)):
            rows += len(batch)
            values = _values(session, run, batch)
            fresh = postgresql.insert(SeparationItem).on_conflict_do_nothing().returning(SeparationItem.id)
            stored += len(session.execute(fresh, values).all())
    return rows, stored


def _open_run(session: Session, run_id: UUID) -> SeparationRun:
    run = session.get(SeparationRun, run_id, with_for_update={"key_share": True})
    if run is None:
        raise NotFound("run-not-found", "没有这次核对")
    if run.closed_at is not None:
        raise Conflict("run-closed", "本次核对已结束，不能再载入名单")
    return run


def _values(session: Session, run: SeparationRun, batch: Sequence[_Told]) -> list[dict[str, Any]]:
    indexes = [cipher.blind_index(one.id_type, one.number) for one in batch]
    known = {
        (row.id_type, bytes(row.id_index)): row.merged_into or row.id
        for row in session.execute(
            select(Person.id, Person.id_type, Person.id_index, Person.merged_into).where(
                Person.id_index.in_(indexes)
            )
        )
    }
    units = _units(session, batch)
    found = []
    for one, index in zip(batch, indexes, strict=True):
        own_id, unit = new_id(), units.get(one.unit_id or one.current or "")
        # What lies elsewhere stays with those who work on the run.
        area = unit if unit and _is_within(unit, run) else run
        found.append({
            "id": own_id, "run_id": run.id, "person_id": known.get((one.id_type, index)), "name": one.name,
            "sex": one.sex, "birth_year": one.birth[0], "birth_month": one.birth[1], "id_type": one.id_type,
            "id_index": index, "id_tail": last_two(one.number),
            "id_number": cipher.seal("separation_item", "id_number", own_id, one.number),
            "hukou_text": one.hukou, "current_text": one.current, "unit_id": unit.id if unit else None,
            "district_id": area.district_id, "township_id": area.township_id,
            "community_id": area.community_id,
        })  # fmt: skip
    return found


def _units(session: Session, batch: Sequence[_Told]) -> dict[UUID | str, HousingUnit]:
    """Return the dwellings that the current addresses surely mean, and those that are known by id."""
    texts = sorted({one.current for one in batch if one.current})
    viewer = Viewer(UUID(int=0), UUID(int=0), "", "", Role.STEWARD, None)
    matched = {
        told: found.best.unit_id or (found.best.id if found.best.kind == "unit" else None)
        for told, found in zip(texts, match_many(session, viewer, texts), strict=True)
        if found.best is not None
    }
    wanted = {one for one in matched.values() if one} | {one.unit_id for one in batch if one.unit_id}
    rows = session.scalars(select(HousingUnit).where(HousingUnit.id.in_(wanted)))
    units: dict[UUID | str, HousingUnit] = {one.id: one for one in rows}
    return units | {told: units[one] for told, one in matched.items() if one in units}


def _is_within(unit: HousingUnit, run: SeparationRun) -> bool:
    """Tell whether a dwelling lies in the area of a run."""
    if run.community_id is not None:
        return unit.community_id == run.community_id
    return unit.township_id == run.township_id
