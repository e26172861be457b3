"""The act that takes in a new estate: numbers, buildings, entrances, units and plates from one table."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import SessionTransaction

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer
from geo_registry.address.naming import name_street
from geo_registry.address.numbering.axis import metres_per_degree
from geo_registry.address.numbering.numbered import series_of
from geo_registry.address.numbering.numbering import as_typed, let_go
from geo_registry.address.numbering.rows import in_rows
from geo_registry.address.numbering.storing import (
    DoorWish,
    Flaw,
    Numbering,
    plan_doors,
    refuse_flaws,
    repeated,
    store_doors,
    taken,
)
from geo_registry.address.numbers import make_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Paper, begin_act, finish
from geo_registry.codes import new_codes, new_id, new_ids
from geo_registry.db import Session, translated
from geo_registry.errors import RuleBroken
from geo_registry.housing.estate_rows import MOST_ROWS, EstateRow, EstateUnit, read_units
from geo_registry.plate.estate_blocks import Block, BuildingPlace, blocks_of, misplaced
from geo_registry.plate.street_numbers import authorize_all, store_plates, street_for_numbers

Numbers = Literal["table", "s_shape"]
_SOURCE = "房屋表"
_BUILDINGS = text("""
    INSERT INTO registry.building (id, code, label, method, floors, floors_below, position, act_id,
      district_id, township_id, community_id)
    SELECT d.id, d.code, d.label, 'derived', d.floors, d.below,
      ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4490), :act, d.district_id, d.township_id, d.community_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:labels AS text[]), CAST(:floors AS int[]),
      CAST(:below AS int[]), CAST(:lons AS float8[]), CAST(:lats AS float8[]), CAST(:districts AS uuid[]),
      CAST(:townships AS uuid[]), CAST(:communities AS uuid[]))
      d (id, code, label, floors, below, lon, lat, district_id, township_id, community_id)
""")
_ENTRANCES = text("""
    INSERT INTO registry.entrance (id, code, building_id, label, label_key, act_id)
    SELECT d.id, d.code, d.building, d.label, d.key, :act
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:buildings AS uuid[]),
      CAST(:labels AS text[]), CAST(:keys AS text[])) d (id, code, building, label, key)
""")
_UNITS = text("""
    INSERT INTO registry.housing_unit (id, code, building_id, entrance_id, floor, room, unit_text, unit_key,
      use, area_m2, act_id, district_id, township_id, community_id)
    SELECT d.id, d.code, d.building, d.entrance, d.floor, d.room, d.unit_text, d.unit_key, d.use, d.area,
      :act, b.district_id, b.township_id, b.community_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:buildings AS uuid[]),
      CAST(:entrances AS uuid[]), CAST(:floors AS int[]), CAST(:rooms AS text[]), CAST(:texts AS text[]),
      CAST(:keys AS text[]), CAST(:uses AS text[]), CAST(:areas AS numeric[]))
      d (id, code, building, entrance, floor, room, unit_text, unit_key, use, area)
      JOIN registry.building b ON b.id = d.building
""")
_HELD = text("""
    SELECT u.building_id, u.unit_key FROM registry.housing_unit u
    WHERE u.building_id = ANY (CAST(:buildings AS uuid[])) AND u.state NOT IN ('removed', 'rejected')
""")
_GATES = text("""
    SELECT e.building_id, e.label_key, e.id FROM registry.entrance e
    WHERE e.building_id = ANY (CAST(:buildings AS uuid[]))
""")
_AS_AT_COMMIT = text("SET CONSTRAINTS ALL IMMEDIATE")


@dataclass(frozen=True, slots=True)
class NewEstate:
    """The estate that is named with the table: its name, and the area or the place name above it."""

    name: str
    area_id: UUID | None = None
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlannedBuilding:
    """One building of the table with the number it gets, its place, and how much is in it."""

    building: str
    number_text: str
    standard_text: str
    lon: float
    lat: float
    entrances: int
    units: int


@dataclass(frozen=True, slots=True)
class EstateTaken:
    """The estate with its version now and what the act made, or (`act_id` None) would make."""

    id: UUID | None
    version: int
    act_id: UUID | None
    buildings: int
    entrances: int
    units: int
    plates: int
    plan: tuple[PlannedBuilding, ...]


def take_in_estate(
    session: Session,
    viewer: Viewer,
    *,
    rows: Sequence[EstateRow],
    place_name_id: UUID | None = None,
    version: int | None = None,
    estate: NewEstate | None = None,
    places: Sequence[BuildingPlace] = (),
    gate: tuple[float, float] | None = None,
    numbers: Numbers = "table",
    plates: Literal["none", "draft"] = "none",
    dry_run: bool = False,
    document_number: str | None = None,
    reason: str | None = None,
) -> EstateTaken:
    """Take in an estate, or a part of one, from the rows of a developer's table, all or none.

    Buildings get the numbers of the table, or (`s_shape`) numbers row by row from the gate on. Each stands
    where the table or `places` says; one that is registered already, without a number, is named there by its
    id and keeps the entrances that it has. With `dry_run` all is stored and taken back: a trial says what the
    act would say.

    Raises:
        Stale: the estate has changed since `version` was read.
        Conflict: `number-taken`, `unit-taken`, `building-numbered`; every bad row is named.
        RuleBroken: `estate-missing`, `rows-missing`, `rows-too-many`, `position-missing`, `position-differs`,
            `building-not-in-table`, `row-twice`, what naming, numbering and units refuse, each with its row.

    """
    if not 1 <= len(rows) <= MOST_ROWS:
        code = "rows-too-many" if rows else "rows-missing"
        raise RuleBroken(code, f"一次可登记 1 至 {MOST_ROWS} 行", field="rows")
    with session.begin_nested() as trial:
        paper = Paper(document_number, reason)
        street = _estate(session, viewer, place_name_id, version, estate, paper)
        profile = profile_in_force(session)
        units, flaws = read_units(profile, rows)
        blocks = blocks_of(rows, places)
        refuse_flaws([*flaws, *misplaced(blocks, rows, places)])
        wishes = _wishes(session, profile, street, blocks, gate, numbers)
        doors, flaws = plan_doors(session, profile, street, wishes, "buildings")
        _authorize(viewer, doors, plates)
        placed = [(one.pointer, one.door) for one in doors]
        held, over = taken(session, street.id, placed, frozenset())
        refuse_flaws(
            [_at_row(one, blocks) for one in (*flaws, *repeated(placed), *held)]
            or _units_held(session, blocks, units)
        )
        gates = _gates(session, blocks, units)
        told = _told(street, blocks, doors, units, plates, kept=len(gates))
        act_id = begin_act(session, viewer, "number", "place_name", street, paper)
        let_go(session, over, act_id)
        _store(session, profile, street, blocks, doors, units, gates, act_id, with_plates=plates != "none")
        done = finish(session, street)
        if dry_run:
            _take_back(session, trial)
            return told if place_name_id else replace(told, id=None)
    check_scope(session, street.id)
    return replace(told, id=done.id, version=done.version, act_id=act_id)


def _take_back(session: Session, trial: SessionTransaction) -> None:
    """Ask what is asked at COMMIT, then take a trial back: it is refused for what the act would be."""
    with translated():
        session.execute(_AS_AT_COMMIT)
    trial.rollback()


def _estate(
    session: Session, viewer: Viewer, place_name_id: UUID | None, version: int | None,
    estate: NewEstate | None, paper: Paper,
) -> PlaceName:  # fmt: skip
    if place_name_id is not None and version is not None:
        return street_for_numbers(session, viewer, place_name_id, version, is_current=True)
    if estate is None:
        raise RuleBroken("estate-missing", "须指明小区及其版本，或给出新小区的名称", field="estate")
    named = name_street(
        session, viewer, kind="estate", name=estate.name, area_id=estate.area_id, parent_id=estate.parent_id,
        document_number=paper.document_number, reason=paper.reason,
    )  # fmt: skip
    return session.get_one(PlaceName, named.id)


def _wishes(
    session: Session, profile: Profile, estate: PlaceName, blocks: Sequence[Block],
    gate: tuple[float, float] | None, numbers: Numbers,
) -> list[DoorWish]:  # fmt: skip
    """Return the number of each building: in an estate one of buildings (3栋), elsewhere of doors (3号)."""
    part = profile.part("building") if estate.kind == "estate" else None
    if numbers == "table":
        written = [
            f"{one.key}{part.suffixes[0]}" if part and not one.written.endswith("号") else one.key
            for one in blocks
        ]
    else:
        written = _in_s_shape(session, profile, estate.id, blocks, gate, is_building=part is not None)
    return [
        DoorWish(number, one.lon, one.lat, one.building_id)
        for number, one in zip(written, blocks, strict=True)
    ]


def _in_s_shape(
    session: Session, profile: Profile, estate_id: UUID, blocks: Sequence[Block],
    gate: tuple[float, float] | None, *, is_building: bool,
) -> list[str]:  # fmt: skip
    """Return numbers row by row from the gate on, behind those that the estate has."""
    spots = np.array([(one.lon, one.lat) for one in blocks], dtype=np.float64)
    if np.isnan(spots).any():
        raise RuleBroken("position-missing", "按 S 形编号须有每幢楼的位置", field="places")
    middle = gate or (float(spots[:, 0].mean()), float(spots[:, 1].mean()))
    plane = (spots - np.array(middle)) * metres_per_degree(middle)
    ordered = in_rows(list(shapely.points(plane)), None if gate is None else (0.0, 0.0))
    given = [one.number for one in series_of(session, profile, estate_id).given if not one.is_free]
    counted = itertools.count(max(given, default=0) + 1)
    numbers = [""] * len(blocks)
    for place in itertools.chain.from_iterable(ordered):
        number = next(one for one in counted if one not in profile.numbering.skip)
        door = make_door(profile, number, is_building=is_building)
        numbers[place] = as_typed(profile, door.number_text)
    return numbers


def _authorize(viewer: Viewer, doors: Sequence[Numbering], plates: str) -> None:
    needed = [Permission.ADDRESS_NUMBER, Permission.BUILDING_REGISTER, Permission.UNIT_REGISTER]
    for permission in [*needed, *([Permission.PLATE_EDIT] if plates != "none" else [])]:
        authorize_all(viewer, permission, doors)


def _at_row(flaw: Flaw, blocks: Sequence[Block]) -> Flaw:
    """Return what is wrong with a building as wrong with its first row."""
    place = int(flaw.pointer.split("/")[1])
    return flaw._replace(pointer=f"rows/{blocks[place].first}/building")


def _units_held(session: Session, blocks: Sequence[Block], units: Sequence[EstateUnit]) -> list[Flaw]:
    registered = {one.building_id: one.key for one in blocks if one.building_id is not None}
    if not registered:
        return []
    rows = session.execute(_HELD, {"buildings": list(registered)}).all()
    held = {(registered[row.building_id], row.unit_key) for row in rows}
    return [
        Flaw(f"rows/{one.place}/room", "unit-taken", f"该楼栋已有 {one.text}", is_conflict=True)
        for one in units
        if (one.building, one.key) in held
    ]


def _gates(
    session: Session, blocks: Sequence[Block], units: Sequence[EstateUnit]
) -> dict[tuple[str, str], UUID]:
    """Return the entrances of the table that registered buildings have already."""
    keys = {one.building_id: one.key for one in blocks if one.building_id is not None}
    rows = session.execute(_GATES, {"buildings": list(keys)}).all() if keys else []
    held = {(keys[row.building_id], row.label_key): row.id for row in rows}
    return {
        (key, number): held[key, f"e{number}"]
        for key, number in _entrances(units)
        if (key, f"e{number}") in held
    }


def _told(
    street: PlaceName, blocks: Sequence[Block], doors: Sequence[Numbering], units: Sequence[EstateUnit],
    plates: str, *, kept: int,
) -> EstateTaken:  # fmt: skip
    inside = Counter(one.building for one in units)
    entrances = Counter(key for key, _ in _entrances(units))
    plan = tuple(
        PlannedBuilding(
            block.written, door.door.number_text, door.standard_text, door.lon or 0.0, door.lat or 0.0,
            entrances[block.key], inside[block.key],
        )
        for block, door in zip(blocks, doors, strict=True)
    )  # fmt: skip
    made = 0 if plates == "none" else len(doors)
    return EstateTaken(
        street.id, street.version, None, len(doors), entrances.total() - kept, len(units), made, plan
    )


def _entrances(units: Sequence[EstateUnit]) -> list[tuple[str, str]]:
    """Return building and number of every entrance, each once, in the order of the table."""
    return list(dict.fromkeys((one.building, one.entrance) for one in units if one.entrance))


def _store(
    session: Session, profile: Profile, street: PlaceName, blocks: Sequence[Block],
    doors: Sequence[Numbering], units: Sequence[EstateUnit], gates: dict[tuple[str, str], UUID],
    act_id: UUID, *, with_plates: bool,
) -> None:  # fmt: skip
    homes = {one.key: one.building_id or new_id() for one in blocks}
    doors = [replace(door, building_id=homes[one.key]) for one, door in zip(blocks, doors, strict=True)]
    with translated():
        _store_buildings(session, blocks, doors, units, act_id)
        store_doors(session, street, doors, act_id, state="current", source=_SOURCE)
        _store_units(session, profile, homes, units, gates, act_id)
    if with_plates:
        store_plates(session, profile, doors, act_id, state="draft")


def _store_buildings(
    session: Session, blocks: Sequence[Block], doors: Sequence[Numbering], units: Sequence[EstateUnit],
    act_id: UUID,
) -> None:  # fmt: skip
    new = [(one, door) for one, door in zip(blocks, doors, strict=True) if one.building_id is None]
    floors: dict[str, list[int]] = {one.key: [] for one in blocks}
    for unit in units:
        if unit.floor is not None:
            floors[unit.building].append(unit.floor)
    values: dict[str, Any] = {
        "act": act_id, "ids": [door.building_id for _, door in new], "codes": new_codes(len(new)),
        "labels": [one.written for one, _ in new],
        "floors": [max((n for n in floors[one.key] if n > 0), default=None) for one, _ in new],
        "below": [-min((n for n in floors[one.key] if n < 0), default=0) or None for one, _ in new],
        "lons": [door.lon for _, door in new], "lats": [door.lat for _, door in new],
        "districts": [door.areas.district_id for _, door in new],
        "townships": [door.areas.township_id for _, door in new],
        "communities": [door.areas.community_id for _, door in new],
    }  # fmt: skip
    session.execute(_BUILDINGS, values)


def _store_units(
    session: Session, profile: Profile, homes: dict[str, UUID], units: Sequence[EstateUnit],
    known: dict[tuple[str, str], UUID], act_id: UUID,
) -> None:  # fmt: skip
    entrances = [one for one in _entrances(units) if one not in known]
    word = ((part := profile.part("entrance")) and part.suffixes[0]) or "单元"
    gates = dict(zip(entrances, new_ids(len(entrances)), strict=True))
    labelled = {
        "act": act_id, "ids": list(gates.values()), "codes": new_codes(len(gates)),
        "buildings": [homes[key] for key, _ in gates], "labels": [f"{number}{word}" for _, number in gates],
        "keys": [f"e{number}" for _, number in gates],
    }  # fmt: skip
    session.execute(_ENTRANCES, labelled)
    gates |= known
    values = {
        "act": act_id, "ids": new_ids(len(units)), "codes": new_codes(len(units)),
        "buildings": [homes[one.building] for one in units],
        "entrances": [gates.get((one.building, one.entrance or "")) for one in units],
        "floors": [one.floor for one in units], "rooms": [one.room for one in units],
        "texts": [one.text for one in units], "keys": [one.key for one in units],
        "uses": [one.use for one in units], "areas": [one.area_m2 for one in units],
    }  # fmt: skip
    session.execute(_UNITS, values)
