"""The rate of a zone week by week as inline SVG, made on the server: band, line, target; figures only.

The same figures stand in a table beside it, so screen readers do not read the drawing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 10, 24
_FLOORS = (70.0, 50.0, 0.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One week: its Monday and its rate with interval, in percent; None where it is not shown."""

    week: dt.date
    percent: float | None
    low: float | None = None
    high: float | None = None


def rate_chart(points: Sequence[Point], *, target: float | None, more: int = 0) -> Markup:
    """Draw the rate of some weeks; `more` empty weeks follow, up to the due date."""
    lows = [point.low if point.low is not None else point.percent for point in points]
    least = min((low for low in lows if low is not None), default=100.0)
    floor = next(one for one in _FLOORS if least >= one or one == 0.0)
    scale = _Scale(floor, max(2, len(points) + more))
    parts = [*_grid(scale), *_weeks(points, more, scale)]
    for run in _runs(points):
        parts += _run(points, run, scale)
    if target is not None:
        parts += _target(scale, target, points)
    return Markup(  # noqa: S704  (numbers and fixed text only)
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def _target(scale: "_Scale", target: float, points: Sequence[Point]) -> list[str]:
    """Draw the target's line and its name, below the line where the newest weeks lie above."""
    newest = [point.percent for point in points[-4:] if point.percent is not None]
    y = scale.y(target)
    below = bool(newest) and min(newest) >= target
    at = y + 30 if below else y - 5
    return [
        f'<path class="chart-target" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>',
        f'<text class="chart-text" x="{WIDTH - RIGHT}" y="{at}" text-anchor="end">目标 {target:g} %</text>',
    ]


@dataclass(frozen=True, slots=True)
class _Scale:
    floor: float
    weeks: int

    def x(self, number: int) -> float:
        """Return where a week stands, from its number."""
        return round(LEFT + 8 + number * (WIDTH - LEFT - RIGHT - 16) / (self.weeks - 1), 1)

    def y(self, percent: float) -> float:
        """Return how high a percentage stands."""
        share = (percent - self.floor) / (100 - self.floor)
        return round(HEIGHT - BOTTOM - max(0.0, share) * (HEIGHT - TOP - BOTTOM), 1)


def _grid(scale: _Scale) -> list[str]:
    step = (100 - scale.floor) / (3 if scale.floor == _FLOORS[0] else 2)
    lines = [scale.floor + number * step for number in range(round((100 - scale.floor) / step) + 1)]
    return [
        f'<path class="chart-grid" d="M{LEFT} {scale.y(at)}H{WIDTH - RIGHT}"/>'
        f'<text class="chart-text" x="{LEFT - 6}" y="{scale.y(at) + 4}" text-anchor="end">{at:g}</text>'
        for at in lines
    ]


def _weeks(points: Sequence[Point], more: int, scale: _Scale) -> list[str]:
    first = points[0].week if points else dt.date.today()  # noqa: DTZ011  (no week, no text)
    count = len(points) + more if points else 0
    every = 2 if count > 10 else 1
    return [
        f'<text class="chart-text" x="{scale.x(number)}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{(first + dt.timedelta(weeks=number)).isocalendar().week}</text>"
        for number in range(0, count, every)
    ]


def _runs(points: Sequence[Point]) -> list[list[int]]:
    """Return the runs of weeks that are shown; a week that is not shown breaks the line."""
    runs: list[list[int]] = [[]]
    for number, point in enumerate(points):
        if point.percent is None:
            runs.append([])
        else:
            runs[-1].append(number)
    return [run for run in runs if run]


def _run(points: Sequence[Point], run: Sequence[int], scale: _Scale) -> list[str]:
    parts = []
    upper = [(scale.x(n), scale.y(points[n].high or 0.0)) for n in run if points[n].high is not None]
    lower = [(scale.x(n), scale.y(points[n].low or 0.0)) for n in run if points[n].low is not None]
    if len(upper) > 1:
        ring = " ".join(f"{x},{y}" for x, y in [*upper, *reversed(lower)])
        parts.append(f'<polygon class="chart-band" points="{ring}"/>')
    line = [(scale.x(n), scale.y(points[n].percent or 0.0)) for n in run]
    if len(line) > 1:
        parts.append(f'<polyline class="chart-line" points="{" ".join(f"{x},{y}" for x, y in line)}"/>')
    parts += [f'<circle class="chart-dot" cx="{x}" cy="{y}" r="3"/>' for x, y in line]
    last = max(number for number, point in enumerate(points) if point.percent is not None)
    if run[-1] == last:
        x, y = line[-1]
        parts.append(f'<circle class="chart-last" cx="{x}" cy="{y}" r="5"/>')
        parts.append(
            f'<text class="chart-value" x="{x}" y="{y - 9 if y > TOP + 24 else y + 20}" text-anchor="middle">'
            f"{points[last].percent:.1f}</text>"
        )
    return parts
