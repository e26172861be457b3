"""The generated people: valid, unique, plausible, and nobody real."""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
import shapely

from geo_registry.demo.records import Town
from geo_registry.demo.units import UNIT_REFERENCE
from geo_registry.person.rules import id_check_character

Row = dict[str, Any]


@pytest.fixture(scope="session")
def rows(town: Town) -> list[Row]:
    found: list[Row] = town.residents.to_pylist()
    return found


@pytest.fixture(scope="session")
def present(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["until"] is None]


def test_about_45_000_people_live_in_town(rows: list[Row], present: list[Row]) -> None:
    assert 42_000 <= len(rows) <= 51_000
    assert 0.12 <= 1 - len(present) / len(rows) <= 0.18
    assert {row["kind"] for row in rows} == {"local_hukou", "incomer", "lodger", "unsettled", "overseas"}


def test_identity_numbers_are_valid_unique_and_nobodys(rows: list[Row]) -> None:
    persons = {row["person_key"]: row for row in rows}
    assert len({row["id_number"] for row in persons.values()}) == len(persons)
    for row in rows:
        number = row["id_number"]
        assert persons[row["person_key"]]["id_number"] == number
        if row["id_type"] == "414":
            assert row["kind"] == "overseas"
            continue
        assert number.startswith("99")
        assert number[6:14] == f"{row['birth_date']:%Y%m%d}"
        assert number[17] == id_check_character(number[:17])
        assert int(number[16]) % 2 == int(row["sex"]) % 2


def test_telephone_numbers_lie_in_no_assigned_range(rows: list[Row]) -> None:
    assert all(
        row["phone"] is None or (row["phone"][:3] == "100" and len(row["phone"]) == 11) for row in rows
    )


def test_every_person_has_one_present_home_and_one_hukou(rows: list[Row], present: list[Row]) -> None:
    assert max(Counter(row["person_key"] for row in present).values()) == 1
    seats: dict[str, set[Any]] = defaultdict(set)
    for row in rows:
        prefix = "hukou_" if row["hukou_scope"] == "town" else ""
        place = tuple(row[prefix + name] for name in UNIT_REFERENCE)
        inside = row["hukou_scope"] in {"here", "town"}
        seats[row["person_key"]].add(place if inside else row["hukou_division_code"])
    assert {len(places) for places in seats.values()} == {1}


def test_references_resolve(town: Town, rows: list[Row]) -> None:
    units = set(zip(*(town.plates[name].to_pylist() for name in UNIT_REFERENCE), strict=True))
    for row in rows:
        assert tuple(row[name] for name in UNIT_REFERENCE) in units
        hukou = tuple(row[f"hukou_{name}"] for name in UNIT_REFERENCE)
        assert hukou in units if row["hukou_scope"] == "town" else set(hukou) == {None}
        assert (row["hukou_division_code"] is not None) == (row["hukou_scope"] == "elsewhere")


def test_units_hold_one_to_five_people(present: list[Row]) -> None:
    sizes = Counter(Counter(tuple(row[name] for name in UNIT_REFERENCE) for row in present).values())
    units = sum(sizes.values())
    assert sum(sizes[n] for n in range(1, 6)) / units > 0.97
    assert 2.0 < sum(size * count for size, count in sizes.items()) / units < 3.0


def test_dates_follow_one_another(town: Town, rows: list[Row]) -> None:
    for row in rows:
        assert row["birth_date"] <= row["since"] <= town.today
        assert row["until"] is None or row["since"] < row["until"] <= town.today
        assert date(1920, 1, 1) < row["birth_date"]
        if row["registered_on"] is not None:
            assert row["since"] <= row["registered_on"] <= town.today
            assert row["registered_on"] <= row["registered_until"]
        assert not row["registered"] or (row["until"] is None and row["registered_until"] > town.today)


def test_stays_of_one_person_do_not_overlap(rows: list[Row]) -> None:
    stays: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in rows:
        stays[row["person_key"]].append((row["since"], row["until"] or date.max))
    assert sum(len(times) > 1 for times in stays.values()) > 1_000
    for times in map(sorted, stays.values()):
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(times))


def test_the_old_quarter_is_registered_less(town: Town, present: list[Row]) -> None:
    low = next(area.code for area in town.areas if area.name == "东渡居委")
    known: dict[bool, list[bool]] = {True: [], False: []}
    for row in present:
        known[row["community_code"] == low].append(row["registered"])
    assert sum(known[True]) / len(known[True]) == pytest.approx(0.78, abs=0.025)
    assert sum(known[False]) / len(known[False]) == pytest.approx(0.96, abs=0.01)


def test_separation_goes_both_ways(rows: list[Row]) -> None:
    scopes = Counter((row["hukou_scope"], row["until"] is None) for row in rows)
    assert scopes["town", True] > 1_000
    assert scopes["here", False] > 50


def test_blocks_have_300_to_500_people(town: Town, present: list[Row]) -> None:
    plates = town.plates.to_pylist()
    at = {tuple(row[name] for name in UNIT_REFERENCE): (row["lon"], row["lat"]) for row in plates}
    points = shapely.points([at[tuple(row[name] for name in UNIT_REFERENCE)] for row in present])
    _, blocks = shapely.STRtree([block.geometry for block in town.blocks]).query(points, predicate="within")
    assert len(blocks) == len(present)
    sizes = list(Counter(blocks.tolist()).values())
    assert len(sizes) == len(town.blocks)
    assert sum(300 <= size <= 500 for size in sizes) / len(sizes) > 0.75
    assert max(sizes) < 700
