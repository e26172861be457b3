"""Numbers of one side: rising, none twice, between those that are there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_registry.address.numbering.series import (
    Front,
    Held,
    Step,
    Taken,
    front,
    lane_numbers,
    plan_side,
    rising,
)
from geo_registry.address.numbers import make_door, natural_key
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import Numbering, Profile
from geo_registry.errors import RuleBroken

SHANGHAI = load_profile("shanghai")
NOTHING = Taken(frozenset(), frozenset())


def numbering(**over: object) -> Profile:
    return SHANGHAI.model_copy(update={"numbering": Numbering(**{**SHANGHAI.numbering.model_dump(), **over})})


def texts(steps: list[Step]) -> list[str]:
    return [step.number.number_text for step in steps if step.door is not None]


def taken(held: list[Held], *more: int) -> Taken:
    numbers = frozenset([one.number for one in held] + list(more))
    return Taken(numbers, frozenset(map(str, numbers)))


def test_an_empty_side_counts_from_its_first_number() -> None:
    doors = [front(metres) for metres in (40, 10, 25)]
    odd, even = (plan_side(SHANGHAI, side, doors, [], NOTHING) for side in ("odd", "even"))
    assert texts(odd) == ["1号", "3号", "5号"]
    assert [step.door for step in odd] == [1, 2, 0]
    assert texts(even) == ["2号", "4号", "6号"]
    assert texts(plan_side(SHANGHAI, None, doors, [], NOTHING)) == ["1号", "2号", "3号"]


def test_doors_between_two_numbers_get_the_free_ones_where_they_lie() -> None:
    held = [Held(0, 1), Held(100, 11)]
    steps = plan_side(SHANGHAI, "odd", [front(22), front(81)], held, taken(held))
    assert texts(steps) == ["3号", "9号"]


def test_blank_land_between_doors_keeps_the_numbers_that_are_free_there() -> None:
    held = [Held(0, 1), Held(100, 51), Held(120, 53)]
    steps = plan_side(SHANGHAI, "odd", [front(40)], held, taken(held, 3), keeps_free=True)
    kept = {step.number.number: step.metres for step in steps if step.door is None}
    door = next(step.number.number for step in steps if step.door is not None)
    # Eight metres to each side of a door are its own; the blank land keeps a number for each four metres.
    behind = [number for number in kept if number > door]
    before = [number for number in kept if number < door]
    assert (len(before), len(behind)) == (24 // 4, 44 // 4)
    assert all(8 < kept[number] < 32 for number in before)
    assert all(48 < kept[number] < 92 for number in behind)
    assert [kept[number] for number in sorted(kept)] == sorted(kept.values())
    assert not {1, 3, 51, 53, door} & set(kept)
    assert all(step.door is not None for step in plan_side(SHANGHAI, "odd", [front(40)], held, taken(held)))
    # Where no number is free none is kept, however much land is blank.
    full = [Held(0, 1), Held(400, 3)]
    assert plan_side(SHANGHAI, "odd", [], full, taken(full), keeps_free=True) == []


@pytest.mark.parametrize(
    ("insertion", "wanted"),
    [("sub_number", ["3号", "3-1号", "3-2号"]), ("letter", ["3号", "3甲号", "3乙号"]),
     ("reserved", ["3号", "3-1号", "3-2号"])],
)  # fmt: skip
def test_too_many_doors_are_inserted_as_the_profile_says(insertion: str, wanted: list[str]) -> None:
    held = [Held(0, 1), Held(100, 5)]
    doors = [front(20), front(40), front(60)]
    assert texts(plan_side(numbering(insertion=insertion), "odd", doors, held, taken(held))) == wanted


def test_between_neighbours_a_sub_number_that_was_ever_given_is_left_out() -> None:
    held = [Held(10, 3), Held(30, 5)]
    steps = plan_side(
        SHANGHAI, "odd", [front(20)], held, Taken(frozenset({3, 5}), frozenset({"3", "5", "3-1"}))
    )
    assert texts(steps) == ["3-2号"]


def test_lanes_and_skipped_and_retired_numbers_are_nobodys() -> None:
    lanes = lane_numbers(SHANGHAI, [("lane", "3弄"), ("lane", "映月弄"), ("estate", "5村")])
    assert lanes == {3}
    doors = [front(10), front(20), front(30)]
    steps = plan_side(numbering(skip=(5,)), "odd", doors, [], Taken(lanes | {7}, frozenset()))
    assert texts(steps) == ["1号", "9号", "11号"]


def test_distance_tells_the_number() -> None:
    songbei = numbering(mode="distance", step_m=2)
    doors = [front(15), front(35), front(35.5)]
    assert texts(plan_side(songbei, "odd", doors, [], NOTHING)) == ["15号", "35号", "35-1号"]
    assert texts(plan_side(SHANGHAI, "even", [front(15)], [], NOTHING, mode="distance")) == ["8号"]


def test_blank_land_keeps_numbers() -> None:
    doors = [Front(10, 0, 20), Front(50, 40, 60)]
    steps = plan_side(SHANGHAI, "odd", doors, [], NOTHING, keeps_free=True)
    assert [(step.door, step.number.number, step.metres) for step in steps] == [
        (0, 1, 10), (None, 3, 22), (None, 5, 26), (None, 7, 30), (None, 9, 34), (None, 11, 38), (1, 13, 50),
    ]  # fmt: skip


def test_what_breaks_the_order_does_not_lead() -> None:
    held = [Held(10, 1), Held(20, 3), Held(30, 101), Held(40, 5), Held(50, 7)]
    assert [one.number for one in rising(held)] == [1, 3, 5, 7]
    assert texts(plan_side(SHANGHAI, "odd", [front(60)], held, taken(held))) == ["9号"]


def test_a_side_ends_at_the_highest_number() -> None:
    with pytest.raises(RuleBroken, match="numbers-exhausted"):
        plan_side(numbering(maximum=9), "odd", [front(1), front(2)], [Held(0, 7)], taken([Held(0, 7)]))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 400)), max_size=30),
    st.lists(st.integers(0, 3000), max_size=60),
    st.sampled_from(["odd", "even", None]),
    st.sampled_from(["order", "distance"]),
    st.sampled_from(["sub_number", "letter"]),
    st.integers(0, 1),
)
def test_numbers_rise_and_none_is_given_twice(
    given_numbers: list[tuple[int, int]],
    doors: list[int],
    side: str | None,
    mode: str,
    insertion: str,
    free: int,
) -> None:
    parity = None if side is None else side == "odd"
    held = [Held(m, n) for m, n in given_numbers if parity is None or (n % 2 == 1) == parity]
    steps = plan_side(
        numbering(insertion=insertion), side, [front(m) for m in doors], held, taken(held),  # type: ignore[arg-type]
        mode=mode, keeps_free=bool(free),  # type: ignore[arg-type]
    )  # fmt: skip
    assert sorted(step.door for step in steps if step.door is not None) == list(range(len(doors)))
    keys = [step.number.number_key for step in steps]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {str(one.number) for one in held}
    assert all(parity is None or (step.number.number % 2 == 1) == parity for step in steps)
    if insertion == "letter":  # 甲 comes before 乙 by the profile alone
        return
    anchors = rising(held)
    # In front of the first given number nothing may be free: there a door stands below the number behind it.
    begins = anchors[0].metres if anchors else 0.0
    rows = [(step.metres, 1, natural_key(step.number)) for step in steps if step.metres >= begins]
    rows += [(one.metres, 0, natural_key(make_door(SHANGHAI, one.number))) for one in anchors]
    rows.sort(key=lambda row: row[:2])
    assert [key for *_, key in rows] == sorted(key for *_, key in rows)
