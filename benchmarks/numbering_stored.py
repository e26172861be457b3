"""Numbers that are stored: every named road of an open map, a long street, an estate from its table.

The roads are previewed, stored and read back from the register; what is wrong is counted by plain geometry of the
doors, which were set beside the axis on a known hand. All of it happens in one transaction that is rolled back.
"""

import io
import itertools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.numbering_doors import clear_doors
from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.storing import DoorWish
from geo_registry.address.numbers import natural_key, parse_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.reads import PlannedDoor, plan_street
from geo_registry.exchange.estate_table import read_estate_table
from geo_registry.plate.estates import take_in_estate
from geo_registry.plate.street_numbers import number_street

BUILDINGS, FLOORS, DOORS, ENTRANCES = 200, 25, 2, 2
_STREET = text("""
    INSERT INTO registry.place_name (kind, name, normal_name, full_name, scope_id, district_id, axis)
    SELECT 'street', :name, :name, :name, d.id, d.id, ST_Multi(ST_SetSRID(ST_GeomFromWKB(:axis), 4490))
    FROM registry.division d WHERE d.code = 'numbering' RETURNING id
""")
_ESTATE = text("""
    INSERT INTO registry.place_name (kind, name, normal_name, full_name, scope_id, district_id)
    SELECT 'estate', '量测小区', '量测小区', '量测小区', d.id, d.id FROM registry.division d WHERE d.code = 'numbering'
    RETURNING id
""")
_STORED = text("""
    SELECT a.number_text, a.number_key, ST_X(a.position) AS lon, ST_Y(a.position) AS lat
    FROM registry.address a WHERE a.scope_id = :id AND a.state = 'current'
""")


def stored_roads(
    session: Session, viewer: Viewer, file: str, roads: Mapping[str, bytes], pieces: int
) -> None:
    """Preview, store and read back the doors of every road; print what is wrong."""
    found, seconds = Counter[str](), 0.0
    for place, shape in enumerate(roads.values()):
        doors = clear_doors(shape)
        if doors is None:
            found["without length"] += 1
            continue
        street = session.execute(_STREET, {"name": f"{file[:2]}{place}路", "axis": shape}).scalar_one()
        begun = time.perf_counter()
        _number(session, viewer, street, [spot for spot, _, _ in doors])
        seconds += time.perf_counter() - begun
        found["roads"] += 1
        found["doors"] += len(doors)
        found.update(_judged(session, street, doors))
    print(f"{file}: stored {pieces} named pieces as {found['roads']} roads in {seconds:.1f} s; {dict(found)}")


def _number(session: Session, viewer: Viewer, street: UUID, spots: Sequence[tuple[float, float]]) -> None:
    planned = [PlannedDoor(*spot) for spot in spots]
    plan = plan_street(session, viewer, place_name_id=street, doors=planned, keeps_free=False)
    slots = [DoorWish(one.number, one.lon, one.lat) for one in plan.slots if one.kind == "door"]
    # More than one act for the few roads of several thousand doors.
    version = plan.version
    for start in range(0, len(slots), 5000):
        part = slots[start : start + 5000]
        version = number_street(session, viewer, place_name_id=street, version=version, slots=part).version


def _judged(
    session: Session, street: UUID, doors: Sequence[tuple[tuple[float, float], str, float]]
) -> Counter[str]:
    """Count among the stored numbers of a street what breaks a rule, each hand of the axis by itself."""
    rows = session.execute(_STORED, {"id": street}).all()
    profile = profile_in_force(session)
    known = {(round(lon, 9), round(lat, 9)): (hand, metres) for (lon, lat), hand, metres in doors}
    found = Counter({"missing": len(doors) - len(rows)})
    found["duplicates"] = len(rows) - len({row.number_key for row in rows})
    sides: dict[str, list[tuple[float, Any]]] = {"left": [], "right": []}
    for row in rows:
        hand, metres = known[row.lon, row.lat]
        sides[hand].append((metres, parse_door(profile, row.number_text)))
    for side in sides.values():
        parities = Counter(door.number % 2 for _, door in side)
        found["wrong sides"] += min(parities.values()) if len(parities) > 1 else 0
        ordered = [natural_key(door) for _, door in sorted(side, key=lambda one: one[0])]
        rises = sum(a < b for a, b in itertools.pairwise(ordered))
        # The profile says from which end is counted: all rise, or all fall.
        found["out of order"] += min(rises, max(len(ordered) - 1 - rises, 0))
    one, other = ({door.number % 2 for _, door in side} for side in sides.values())
    found["wrong sides"] += len(one & other)
    return found


def stored_street(session: Session, viewer: Viewer, street: UUID, doors: list[PlannedDoor]) -> None:
    """Time storing as many doors as one act takes from a preview."""
    plan = plan_street(session, viewer, place_name_id=street, doors=doors, keeps_free=False)
    slots = [DoorWish(one.number, one.lon, one.lat) for one in plan.slots if one.kind == "door"]
    taken = []
    for plates in ("none", "draft"):
        with session.begin_nested() as trial:
            begun = time.perf_counter()
            number_street(
                session, viewer, place_name_id=street, version=plan.version, slots=slots,
                plates=plates,
            )  # fmt: skip
            taken.append(time.perf_counter() - begun)
            trial.rollback()
    print(f"{len(slots)} doors stored in {taken[0]:.2f} s, with their plates in {taken[1]:.2f} s")


def stored_estate(session: Session, viewer: Viewer) -> None:
    """Time reading and storing the table of 200 buildings and 20 000 rooms, three times; the quickest counts."""
    content = _table()
    taken = []
    for _ in range(3):
        with session.begin_nested() as trial:
            estate = session.execute(_ESTATE).scalar_one()
            begun = time.perf_counter()
            table = read_estate_table(profile_in_force(session), content)
            read = time.perf_counter()
            done = take_in_estate(
                session, viewer, place_name_id=estate, version=1, rows=table.rows, plates="draft"
            )
            taken.append((time.perf_counter() - read, read - begun))
            trial.rollback()
    best, reading = min(taken)
    print(
        f"estate of {done.buildings} buildings, {done.entrances} entrances, {done.units} rooms and {done.plates} "
        f"plates: table ({len(content) >> 10} KiB) read in {reading:.2f} s, stored in {best:.2f} s "
        f"(all: {', '.join(f'{one:.2f}' for one, _ in taken)})"
    )


def _table() -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["楼栋", "单元", "楼层", "室号", "用途", "建筑面积", "经度", "纬度"])
    for building in range(BUILDINGS):
        lon, lat = 121.3 + building % 20 * 0.0005, 30.5 + building // 20 * 0.0004
        for entrance, floor, door in itertools.product(
            range(1, ENTRANCES + 1), range(1, FLOORS + 1), range(1, DOORS + 1)
        ):
            room = f"{floor}{door:02}"
            sheet.append([f"{building + 1}栋", f"{entrance}单元", floor, room, "住宅", 89.5, lon, lat])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
