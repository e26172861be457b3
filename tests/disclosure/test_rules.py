"""Decoys, order and odds: what the promise of the trace rests on."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.disclosure import rules
from geo_registry.disclosure.rules import MINOR, Line
from geo_registry.person.rules import id_check_character

SEED, OTHER = b"s" * 32, b"o" * 32
LINES = [
    Line(f"映月路{turn}号", f"张{'*' * (turn % 2 + 1)}", "男", str(30 + turn), "外来人员", f"2020-01-{turn + 1:02}", f"{turn:02}")
    for turn in range(25)
]  # fmt: skip
FALSE = [f"映月路{turn}号" for turn in range(101, 109)]


@pytest.mark.parametrize(("rows", "decoys"), [(1, 2), (3, 2), (6, 3), (10, 4), (19, 8), (20, 8), (5_000, 8)])
def test_short_lists_get_few_decoys(rows: int, decoys: int) -> None:
    assert rules.decoy_count(rows) == decoys


@pytest.mark.parametrize("rows", [20, 25, 50, 200, 5_000])
def test_a_random_half_keeps_a_decoy_more_than_99_times_in_100(rows: int) -> None:
    total = rows + rules.decoy_count(rows)
    lost = math.comb(rows, total // 2) / math.comb(total, total // 2)
    assert lost < 0.004
    assert lost < 2 ** -rules.decoy_count(rows) * 1.01


def test_the_same_seed_writes_the_same_file_and_another_one_another() -> None:
    first, again, other = (rules.with_decoys(LINES, FALSE, seed) for seed in (SEED, SEED, OTHER))
    assert first == again
    assert rules.with_decoys(LINES[::-1], FALSE, SEED) == first
    assert [line.address for line in first] != [line.address for line in other]
    assert len(first) == 33
    assert rules.with_decoys([], FALSE, SEED) == []


def test_a_decoy_s_number_can_be_nobody_s_and_a_minor_has_none() -> None:
    adults = [
        Line(line.address, line.name, line.sex, line.age, line.category, line.since, "1X", "31011219900307201X", "13800000000")
        for line in LINES
    ]  # fmt: skip
    made = [line for line in rules.with_decoys(adults, FALSE, SEED) if line.address in FALSE]
    assert len(made) == 8
    for line in made:
        assert line.id_number[:10] == "3101121990"
        assert id_check_character(line.id_number[:17]) != line.id_number[17]
        assert (line.id_tail, line.phone) == (line.id_number[-2:], "")
    children = [Line(line.address, MINOR, "", "6-13", line.category, line.since, "") for line in LINES]
    false = [line for line in rules.with_decoys(children, FALSE, SEED) if line.address in FALSE]
    assert {(line.name, line.sex, line.age, line.id_tail, line.id_number) for line in false} == {
        (MINOR, "", "6-13", "", "")
    }


def test_the_odds_of_an_order() -> None:
    made = [line.address for line in rules.with_decoys(LINES, FALSE, SEED)]
    assert rules.odds_of_order(made, SEED) < 1e-30
    assert rules.odds_of_order(made[::-1], SEED) < 1e-30
    assert rules.odds_of_order(made[3:13], SEED) == pytest.approx(2 / math.factorial(10))
    assert rules.odds_of_order(made, OTHER) == rules.odds_of_order(sorted(made), SEED) == 1
    assert rules.odds_of_order([], SEED) == rules.odds_of_order(made[:1], SEED) == 1


@given(st.integers(0, 10_000))
def test_chance_seldom_makes_an_order(number: int) -> None:
    addresses = [f"望澜路{turn}号" for turn in range(12)]
    random.Random(number).shuffle(addresses)
    assert rules.odds_of_order(addresses, SEED) == 1
