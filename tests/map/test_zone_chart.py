"""The chart of a zone's rate: figures only, a week that is not shown breaks the line."""

import datetime as dt
import re

from web_map.zone_chart import Point, rate_chart

MONDAY = dt.date(2026, 9, 7)


def _points(*percents: float | None) -> list[Point]:
    return [
        Point(MONDAY + dt.timedelta(weeks=number), percent, *((percent - 5, percent + 4) if percent else ()))
        for number, percent in enumerate(percents)
    ]


def test_weeks_that_are_shown_are_joined_and_others_break_the_line() -> None:
    drawn = rate_chart(_points(81.0, 82.4, None, 85.0, 88.7), target=91.0, more=2)
    assert drawn.count("chart-line") == 2
    assert drawn.count("chart-band") == 2
    assert drawn.count("chart-dot") == 4
    assert "88.7" in drawn
    assert "目标 91 %" in drawn
    assert re.findall(r'text-anchor="middle">(\d+)</text>', drawn) == [
        "37",
        "38",
        "39",
        "40",
        "41",
        "42",
        "43",
    ]


def test_nothing_leaves_the_frame() -> None:
    drawn = rate_chart(_points(12.0, 99.0), target=None)
    heights = [float(one) for one in re.findall(r'cy="([\d.]+)"', drawn)]
    assert all(0 <= one <= 190 for one in heights)
    assert "chart-target" not in drawn
