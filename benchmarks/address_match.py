"""Matching of address texts: plates of 2016 against the registry of 2026, texts with noise, rates and times.

`python -m benchmarks address_match` measures quality on county 10018. Rates and times are those of whatever the registry
of `GEO_REGISTRY_HOME` holds; load more counties to measure a large one. What cannot be decided from a text alone is counted
by itself: a gap that leaves several registered addresses, an error of typing that makes another registered name.
"""

import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from uuid import UUID

import psycopg
import pyarrow.parquet as pq
from sqlalchemy import text as sql

from benchmarks import address_match_far as far
from benchmarks import address_noise as noise
from benchmarks import plates, town
from benchmarks.address_match_far import Key, Plate
from geo_registry import cluster
from geo_registry.access.viewer import Viewer, enter
from geo_registry.address.matching import Match, match, match_many
from geo_registry.address.matching.keys import name_of
from geo_registry.address.numbers import Door as Number
from geo_registry.address.numbers import parse_door
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import Profile
from geo_registry.db import Session, app_engine, transaction

SAMPLE, SINGLES, BULK = 20_000, 400, 10_000
COUNTY_ADDRESSES = 120_000
NAMES = {"road": "street", "section": "section", "lane": "lane", "alley": "alley", "sub_alley": "sub_alley"}
_PLACES = sql("SELECT id, normal_name, parent_id FROM registry.place_name")
_HELD = sql("""
    SELECT a.id, u.id, t.name, c.name, a.neighborhood, a.place_name_id, a.number_key, m.building_no, u.unit_key
    FROM registry.address a
      JOIN registry.building_address m ON m.address_id = a.id AND m.valid @> CURRENT_DATE
      JOIN registry.housing_unit u ON u.building_id = m.building_id AND u.state = 'realized'
      JOIN registry.division t ON t.id = a.township_id JOIN registry.division c ON c.id = a.community_id
    WHERE a.state = 'current'
""")


def key_of(profile: Profile, row: plates.Plate) -> Key | None:
    """Return town, names, number and unit in normal form; the village too where no name stands."""
    columns = dict(zip(plates.COLUMNS, row.columns, strict=True))
    door = parse_door(profile, columns["number"])
    if not isinstance(door, Number):
        return None
    names = [name_of(profile, kind, columns[column]).key for column, kind in NAMES.items() if columns[column]]
    names += [name_of(profile, kind, text).key for kind, text in door.names]
    areas = (columns["town"],) if names else (columns["town"], columns["village"], columns["neighborhood"])
    return (*areas, *names, door.number_key, door.building_text, door.unit_key)


def _plates(data: Path, year: str, profile: Profile) -> Iterator[Plate]:
    file = data / "door-plates" / year / f"{town.COUNTY}.parquet"
    areas = plates.read_areas(data)
    table = pq.read_table(file, columns=["x_e7", "y_e7"])
    places = zip(*(table.column(name).to_pylist() for name in ("x_e7", "y_e7")), strict=True)
    for row, (x, y) in zip(plates.plates(file, areas), places, strict=True):
        columns = dict(zip(plates.COLUMNS, row.columns, strict=True))
        within = columns["village"], columns["neighborhood"]
        yield Plate(row.text, key_of(profile, row), within, x / 1e7 if x else None, y / 1e7 if y else None)


def _kept(session: Session) -> dict[Key, set[tuple[UUID, UUID]]]:
    """Return the doors that the registry holds as (address, unit), by the normal form of `key_of`."""
    places = {row[0]: row[1:] for row in session.execute(_PLACES)}

    @cache
    def chain(place: UUID | None) -> Key:
        return () if place is None else (*chain(places[place][1]), places[place][0])

    found = defaultdict[Key, set[tuple[UUID, UUID]]](set)
    for address, own, town_name, village, near, place, number, building, unit in session.execute(_HELD):
        areas = (town_name,) if place else (town_name, village, near or "")
        found[*areas, *chain(place), number, building, unit].add((address, own))
    return found


def _in_batches(session: Session, viewer: Viewer, texts: Sequence[str]) -> Iterator[Match]:
    waiting = iter(texts)
    while batch := list(islice(waiting, 5000)):
        yield from match_many(session, viewer, batch)


def old_plates(session: Session, viewer: Viewer, data: Path) -> None:
    """Print the classes of the plates of 2016 that still exist, and how many of class A lie elsewhere.

    What the import of 2026 kept out (no village recorded, outside its village) does not exist here.
    """
    profile = load_profile("road-section")
    today = _kept(session)
    listed = defaultdict[Key | None, list[Plate]](list)
    for plate in _plates(data, "2026", profile):
        listed[plate.key].append(plate)
    every = [plate for plate in _plates(data, "2016", profile) if plate.key and plate.key in listed]
    old = [plate for plate in every if plate.key in today]
    print(f"{len(every)} plates of 2016 are listed in 2026, {len(every) - len(old)} of them kept out")
    grades, certain, without = Counter[str](), list[tuple[Plate, Match]](), list[str]()
    for plate, found in zip(old, _in_batches(session, viewer, [plate.text for plate in old]), strict=True):
        grades[found.grade] += 1
        if found.grade == "A":
            certain.append((plate, found))
        if found.grade not in {"A", "B"}:
            without.append(f"{plate.text}: {found.grade} {'；'.join(found.reasons)}")
    print(
        f"{len(old)} exist: {dict(sorted(grades.items()))}, A or B {(grades['A'] + grades['B']) / len(old):.4f}"
    )
    for line in random.Random(1).sample(without, min(12, len(without))):
        print(f"    {line}")
    far.report(session, certain, listed, today)


def noisy(session: Session, viewer: Viewer, doors: Sequence[noise.Door]) -> None:
    """Print recall at 1, classes and wrong answers of each kind of noise."""
    chance = random.Random(20261122)
    by_text = noise.readings(doors)
    whole = {door.address_id: door.text for door in doors if door.unit_id is None}
    kinds = {
        "as registered": lambda chosen, _: iter(chosen), "error of typing": noise.mistyped,
        "part missing": noise.gapped, "order swapped": noise.swapped, "variant writing": noise.varied,
    }  # fmt: skip
    for name, make in kinds.items():
        chosen = chance.sample(doors, min(SAMPLE, len(doors)))
        written = list(make(chosen, chance))
        found = _in_batches(session, viewer, [door.text for door in written])
        _report(name, zip(written, found, strict=True), by_text, whole)


def _report(
    name: str, pairs: Iterable[tuple[noise.Door, Match]], by_text: noise.Readings, whole: dict[UUID, str]
) -> None:
    counts, undecided, wrong, missed = Counter[str](), 0, list[tuple[str, str]](), list[str]()
    for door, found in pairs:
        first = found.candidates[0] if found.candidates else None
        is_right = first is not None and _right(door, first.address_id, first.unit_id)
        is_open = by_text.of(door) > 1
        counts[found.grade] += 1
        counts["right"] += is_right
        counts["right, decidable"] += is_right and not is_open
        undecided += is_open
        if found.best is not None and not is_right:
            grade = found.grade + (" of several" if is_open else "")
            was = whole.get(door.address_id, "")
            wrong.append((grade, f"{door.text} ({was}) -> {found.best.text}: {'；'.join(found.reasons)}"))
        elif not is_right and not is_open:
            missed.append(
                f"{door.text} -> {found.grade} {'；'.join(found.reasons)} {[one.text for one in found.candidates[:2]]}"
            )
    total = sum(counts[grade] for grade in ("A", "B", "C", "none"))
    wrong_of = Counter(grade for grade, _ in wrong)
    decidable = counts["right, decidable"] / max(1, total - undecided)
    print(
        f"{name}: {total} texts, recall at 1 {counts['right'] / total:.4f}; {undecided} leave several addresses, of the "
        f"others {decidable:.4f}; {[(grade, counts[grade]) for grade in ('A', 'B', 'C', 'none')]}, wrong {dict(wrong_of)}"
    )
    lines = [f"{grade} {line}" for grade, line in wrong if grade in {"A", "B"}]
    for line in (*lines[:8], *random.Random(1).sample(missed, min(8, len(missed)))):
        print(f"    {line}")


def _right(door: noise.Door, address_id: UUID | None, unit_id: UUID | None) -> bool:
    return address_id == door.address_id and unit_id == door.unit_id


def rates(session: Session, viewer: Viewer, doors: Sequence[noise.Door]) -> None:
    """Print texts a second in bulk, and p50 and p95 of single ones."""
    chosen = random.Random(7).sample(doors, min(BULK + SINGLES, len(doors)))
    # The table of sounds is loaded at the first name that nobody bears.
    match_many(session, viewer, [*(door.text for door in chosen[:500]), "某某某路1號"])
    began, spent = time.perf_counter(), time.process_time()
    list(_in_batches(session, viewer, [door.text for door in chosen[:BULK]]))
    seconds, own = time.perf_counter() - began, time.process_time() - spent
    times = []
    for door in chosen[-SINGLES:]:
        began = time.perf_counter()
        match(session, viewer, door.text)
        times.append(1000 * (time.perf_counter() - began))
    cuts = statistics.quantiles(times, n=20)
    print(
        f"{BULK / seconds:.0f} texts a second in bulk, {BULK / own:.0f} by the processor time of this process alone; "
        f"single p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms"
    )


def run(data: Path) -> None:
    """Print the rates of whatever the registry holds, and quality where that is the county alone."""
    with psycopg.connect(cluster.urls().owner) as connection:
        token = town.ensure(connection, data)
        connection.execute("UPDATE registry.jurisdiction SET profile = 'road-section'")
        connection.commit()
        found = connection.execute("SELECT count(*) FROM registry.address").fetchone()
        addresses = found[0] if found else 0
        is_county = addresses < COUNTY_ADDRESSES
        doors = noise.registered(connection, 100 if is_county else 100 * COUNTY_ADDRESSES / 10 / addresses)
    print(f"{addresses} addresses in the registry")
    with transaction(app_engine()) as session:
        viewer = enter(session, token)
        rates(session, viewer, doors)
        if is_county:
            old_plates(session, viewer, data)
            noisy(session, viewer, doors)
