"""Cycles, times of visits, and who may answer for a block (R8, R39)."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.codes import new_id
from geo_registry.errors import RuleBroken
from geo_registry.grid.rules import check_coordinator, check_visited_at, cycle_of

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def test_the_first_cycle_begins_on_a_monday_and_lasts_a_fortnight() -> None:
    assert cycle_of(dt.date(2026, 1, 5)) == (dt.date(2026, 1, 5), dt.date(2026, 1, 19), 1)
    assert cycle_of(dt.date(2026, 1, 18)) == (dt.date(2026, 1, 5), dt.date(2026, 1, 19), 14)
    assert cycle_of(dt.date(2026, 1, 19)).day_no == 1
    assert cycle_of(dt.date(2026, 1, 4)) == (dt.date(2025, 12, 22), dt.date(2026, 1, 5), 14)


@given(day=st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_every_day_lies_in_one_cycle(day: dt.date) -> None:
    cycle = cycle_of(day)
    assert cycle.start <= day < cycle.end
    assert (cycle.start.weekday(), (cycle.end - cycle.start).days) == (0, 14)
    assert cycle.day_no == (day - cycle.start).days + 1


def test_a_visit_is_neither_ahead_nor_long_ago() -> None:
    assert check_visited_at(NOW + dt.timedelta(seconds=30), NOW) == NOW
    assert check_visited_at(NOW - dt.timedelta(days=364), NOW) == NOW - dt.timedelta(days=364)
    with pytest.raises(RuleBroken, match="visit-in-future"):
        check_visited_at(NOW + dt.timedelta(minutes=5), NOW)
    with pytest.raises(RuleBroken, match="visit-too-old"):
        check_visited_at(NOW - dt.timedelta(days=366), NOW)


@pytest.mark.parametrize(
    ("over", "code", "words"),
    [
        ({"role": "clerk"}, "not-a-coordinator", "请选择协管员"),
        ({"is_active": False}, "coordinator-inactive", "在岗的协管员"),
        ({"trained_on": None}, "coordinator-untrained", "请先登记培训"),
        ({"trained_on": dt.date(2026, 12, 1)}, "coordinator-untrained", "2026-12-01 才完成培训"),
        ({"grants": ()}, "coordinator-elsewhere", "授权该居村"),
        ({"grants": (new_id(),)}, "coordinator-elsewhere", "授权该居村"),
    ],
)
def test_who_may_not_answer_for_a_block_is_told_what_to_do(
    over: dict[str, Any], code: str, words: str
) -> None:
    area = new_id()
    fit: dict[str, Any] = {
        "name": "何某", "role": "coordinator", "is_active": True, "trained_on": dt.date(2026, 1, 1),
        "grants": (area,), "areas": (new_id(), new_id(), area), "starts_on": dt.date(2026, 11, 20),
    }  # fmt: skip
    check_coordinator(**fit)
    check_coordinator(**{**fit, "grants": (None,)})
    with pytest.raises(RuleBroken, match=code) as refused:
        check_coordinator(**{**fit, **over})
    assert words in refused.value.detail
