"""The bars of periods: within the axis, never too thin to be seen, named for who cannot see them."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_map.time_axis import axis_of, households, lanes_of, occupancy

TODAY = dt.date(2026, 11, 20)
days = st.dates(min_value=dt.date(1950, 1, 1), max_value=TODAY)


@given(st.lists(st.tuples(days, st.integers(0, 9)), unique_by=lambda step: step[0]), days)
def test_no_bar_leaves_its_axis(steps: list[tuple[dt.date, int]], shown: dt.date) -> None:
    counts = [(str(day), people) for day, people in sorted(steps)]
    axis, bars = occupancy(counts, shown, TODAY)
    assert all(0 <= bar.left <= 99 and bar.width >= 1 for bar in bars)
    assert all(bar.left + bar.width <= 100.01 for bar in bars)
    assert 0 <= axis.shown <= axis.days
    assert 1 <= len(axis.ticks) <= 9
    assert sum(bar.tone == "is-shown" for bar in bars) <= 1


def test_the_bar_of_a_room_tells_counts() -> None:
    counts = [("2019-05-01", 2), ("2022-09-01", 0), ("2023-01-01", 3), ("2026-09-02", 4)]
    axis, bars = occupancy(counts, TODAY, TODAY)
    assert [bar.title for bar in bars] == [
        "2019-05-01 至 2022-09-01：2 人", "2023-01-01 至 2026-09-02：3 人", "2026-09-02 至 今：4 人",
    ]  # fmt: skip
    assert [bar.tone for bar in bars] == ["is-other", "is-other", "is-shown"]
    assert (axis.first, axis.ticks[0]) == (dt.date(2019, 1, 1), (0.0, "2019"))


def test_an_axis_spans_three_years_at_least() -> None:
    assert axis_of(TODAY, TODAY, TODAY).first == dt.date(2023, 1, 1)
    assert occupancy([], TODAY, TODAY)[1] == ()


def _stay(since: str, until: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"since": since, "until": until, "current": until is None, "unit": "402室",
            "address": "映山区映月路6号", "building_no": None, **more}  # fmt: skip


def test_a_person_has_a_lane_for_each_place() -> None:
    person = {
        "dwellings": [_stay("2024-01-01", None), _stay("2022-01-01", "2024-01-01"),
                      _stay("2020-01-01", "2021-01-01", unit="101室")],
        "hukou_periods": [_stay("2001-01-01", None, unit=None, address=None, division_code="341182000000")],
        "absences": [{"since": "2021-01-01", "until": "2022-01-01", "current": False, "unit": "402室"}],
    }  # fmt: skip
    _, lanes = lanes_of(person, TODAY, TODAY)
    assert [(lane.kind, lane.title, len(lane.bars)) for lane in lanes] == [
        ("live", "映月路6号402室", 2), ("live", "映月路6号101室", 1),
        ("hukou", "区划 341182000000", 1), ("away", "402室", 1),
    ]  # fmt: skip
    assert [bar.tone for bar in lanes[0].bars] == ["is-live", "is-live is-former"]


@pytest.mark.parametrize("rows", [[("b", "1002室", "h"), ("a", "201室", None), ("b", "1002室", "k")]])
def test_rooms_come_in_the_order_of_their_numbers(rows: list[tuple[str, str, str | None]]) -> None:
    found = households([{"unit_id": unit, "unit": text, "household_id": house} for unit, text, house in rows])
    assert [[row[0]["household_id"] for row in unit] for unit in found] == [[None], ["h", "k"]]
