"""Numbering of real roads in memory and stored, long streets, estates, and locating among a million addresses.

The roads are the named ones of an open map; their pieces are joined by name. Doors are set every few metres on both
sides, so that the side of each is known without the code that is measured. The million addresses are made, in one
transaction that is rolled back.
"""

import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.numbering_doors import BESIDE_M, SPACING_M, set_beside
from benchmarks.numbering_stored import stored_estate, stored_roads, stored_street
from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.axis import axis_of
from geo_registry.address.numbering.series import Mode, Taken, front, plan_side
from geo_registry.address.numbers import natural_key
from geo_registry.address.profile import load_profile
from geo_registry.address.reads import PlannedDoor, locate, plan_street
from geo_registry.codes import new_id
from geo_registry.db import owner_engine

STREETS, DOORS = 500, 2000
MAKE = """
  SET CONSTRAINTS ALL IMMEDIATE;
  UPDATE registry.jurisdiction SET profile = 'shanghai', box = ST_MakeEnvelope(73, 3, 136, 54, 4490);
  ALTER TABLE registry.place_name DISABLE TRIGGER USER;
  ALTER TABLE registry.address DISABLE TRIGGER USER;
  INSERT INTO registry.division (id, scheme, code, level, name, full_name, district_id, boundary)
  SELECT id, 'bench', 'numbering', 'district', '量测区', '量测区', id, ST_Multi(ST_MakeEnvelope(120.9, 29.9, 122, 31, 4490))
  FROM (SELECT registry.new_id() AS id) n;
  INSERT INTO registry.place_name (kind, name, normal_name, full_name, scope_id, district_id, axis)
  SELECT 'street', '量测' || i || '路', '量测' || i || '路', '量测' || i || '路', d.id, d.id,
    ST_Multi(ST_SetSRID(ST_MakeLine(ST_MakePoint(121 + (mod(i, 10)) * 0.06, 30 + i / 10 * 0.001),
      ST_MakePoint(121.05 + (mod(i, 10)) * 0.06, 30 + i / 10 * 0.001)), 4490))
  FROM registry.division d, generate_series(0, {streets} - 1) i WHERE d.code = 'numbering';
  INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text, position, district_id)
  SELECT p.id, p.id, n, n::text, n || '号', '量测区' || p.full_name || n || '号',
    ST_Translate(ST_LineInterpolatePoint(ST_GeometryN(p.axis, 1), 1 - n / ({doors} + 1.0)), 0,
      CASE WHEN mod(n, 2) = 1 THEN -0.0001 ELSE 0.0001 END), p.district_id
  FROM registry.place_name p JOIN registry.division d ON d.id = p.district_id AND d.code = 'numbering',
    generate_series(1, {doors}) n WHERE p.full_name <> '量测0路';
  ALTER TABLE registry.place_name ENABLE TRIGGER USER;
  ALTER TABLE registry.address ENABLE TRIGGER USER;
  ANALYZE registry.place_name; ANALYZE registry.address;
"""


def run(data: Path) -> None:
    """Measure all three and print the figures."""
    files = [
        data / "osm-shanghai" / name for name in ("shanghai-roads.geojson", "wuhan-guanggu-roads.geojson")
    ]
    drawn = {path.name: _pieces(path) for path in files if path.exists()}
    for name, pieces in drawn.items():
        real_roads(name, pieces)
    with (
        owner_engine().connect() as connection,
        connection.begin() as transaction,
        Session(connection) as session,
    ):
        begun = time.perf_counter()
        connection.exec_driver_sql(MAKE.format(streets=STREETS, doors=DOORS))
        print(f"made {(STREETS - 1) * DOORS} addresses in {time.perf_counter() - begun:.0f} s")
        viewer = Viewer(new_id(), new_id(), "bench", "bench", Role.CLERK, None)
        long_streets(session, viewer)
        for file, pieces in drawn.items():
            roads = {name: shapely.to_wkb(shapely.MultiLineString(lines)) for name, lines in pieces.items()}
            stored_roads(session, viewer, file, roads, sum(map(len, pieces.values())))
        stored_estate(session, viewer)
        points(session, viewer)
        transaction.rollback()


def _pieces(path: Path) -> dict[str, list[Any]]:
    """Return the pieces of every named road of a file."""
    pieces: dict[str, list[Any]] = defaultdict(list)
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        name = feature["properties"].get("name")
        if name and feature["geometry"]["type"] in {"LineString", "MultiLineString"}:
            pieces[name].extend(shapely.get_parts(shapely.from_geojson(json.dumps(feature["geometry"]))))
    return pieces


def real_roads(file: str, pieces: dict[str, list[Any]]) -> None:
    """Number both sides of every named road, in order and by distance, and count what is wrong."""
    found, seconds = Counter[str](), 0.0
    for lines in pieces.values():
        begun = time.perf_counter()
        found.update(_number_road(shapely.to_wkb(shapely.MultiLineString(lines))))
        seconds += time.perf_counter() - begun
    total = sum(map(len, pieces.values()))
    print(f"{file}: {total} named pieces, {len(pieces)} names, {seconds:.1f} s; {dict(found)}")


def _number_road(shape: bytes) -> Counter[str]:
    axis, found = axis_of(shape), Counter[str]()
    if axis is None:
        return Counter({"without length": 1})
    profile = load_profile("shanghai")
    axis = axis.from_origin(profile.numbering.origin)
    along = np.arange(min(SPACING_M, axis.length_m) / 2, axis.length_m, SPACING_M)
    modes: tuple[Mode, ...] = ("order", "distance")
    for hand, sign in (("left", 1.0), ("right", -1.0)):
        doors = set_beside(
            axis.places(along), axis.places(np.minimum(along + 0.5, axis.length_m)), sign * BESIDE_M
        )
        metres, beside = axis.feet(doors)
        # At a hairpin a point beside one stretch lies beside another: nobody could say which side is its own.
        clear = (np.abs(metres - along) < SPACING_M) & (np.abs(np.abs(beside) - BESIDE_M) < 1)
        found["doors"] += int(clear.sum())
        found["doors at hairpins and ends"] += int((~clear).sum())
        found["wrong sides"] += int(((beside[clear] >= 0) != (sign > 0)).sum())
        odd = axis.odd_hand(profile) == hand
        for mode in modes:
            fronts = [front(float(one)) for one in metres[clear]]
            side = "odd" if odd else "even"
            steps = plan_side(profile, side, fronts, [], Taken(frozenset(), frozenset()), mode=mode)  # type: ignore[arg-type]
            keys = [step.number.number_key for step in steps]
            found[f"duplicates {mode}"] += len(keys) - len(set(keys))
            ordered = [natural_key(step.number) for step in sorted(steps, key=lambda step: step.metres)]
            found[f"falls {mode}"] += sum(a > b for a, b in itertools.pairwise(ordered))
            found["wrong parity"] += sum((step.number.number % 2 == 1) != odd for step in steps)
    found["roads"] += 1
    return found


def long_streets(session: Session, viewer: Viewer) -> None:
    """Time the preview of a street with 2 000 numbers, and of one with as many new doors."""
    ids: dict[str, UUID] = {
        row.full_name: row.id
        for row in session.execute(
            text("SELECT id, full_name FROM registry.place_name WHERE full_name IN ('量测0路', '量测7路')")
        )
    }
    chance = random.Random(1)
    doors = [
        PlannedDoor(121 + chance.random() * 0.05, 30 + chance.choice((-1, 1)) * 0.0001) for _ in range(DOORS)
    ]
    _time(
        "preview of 2 000 numbers", lambda _: plan_street(session, viewer, place_name_id=ids["量测7路"]), 15
    )
    _time(
        "preview of 2 000 new doors",
        lambda _: plan_street(session, viewer, place_name_id=ids["量测0路"], doors=doors),
        15,
    )
    stored_street(session, viewer, ids["量测0路"], doors)


def points(session: Session, viewer: Viewer) -> None:
    """Time locating at random points along the streets."""
    chance = random.Random(2)
    places = [(121 + chance.random() * 0.6, 30 + chance.random() * 0.05) for _ in range(400)]
    for lon, lat in places[:100]:
        locate(session, viewer, lon=lon, lat=lat)
    _time(
        "locate among 1 M",
        lambda turn: locate(session, viewer, lon=places[turn][0], lat=places[turn][1]),
        400,
    )


def _time(name: str, call: Callable[[int], object], count: int) -> None:
    """Call each turn three times: the quickest counts, for what else the machine does is no property of the call."""
    best, every = list[float](), list[float]()
    for turn in range(count):
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            call(turn)
            taken.append((time.perf_counter() - begun) * 1000)
        best.append(min(taken))
        every += taken
    p50, p95, all95 = _quantile(best, 0.5), _quantile(best, 0.95), _quantile(every, 0.95)
    print(f"{name}: median {p50:.1f} ms, p95 {p95:.1f} ms of {count} (p95 of all {all95:.1f} ms)")


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
