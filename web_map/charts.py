"""Small drawings of figures as inline SVG, made on the server: a value on its interval, against its target.

A drawing holds numbers only, so nothing in it needs escaping. It stretches with its place: positions along
the axis are percentages. The figures always stand beside it as text, so screen readers do not read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

HEIGHT = 20
_MIDDLE = HEIGHT / 2
# An axis begins at the first of these that shows every value; most registers stay in the first.
_STARTS = (80.0, 50.0, 0.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """The percentages between which values are drawn."""

    low: float = 80.0
    high: float = 100.0

    def at(self, percent: float) -> float:
        """Return where a percentage stands, from 0 (left) to 100 (right); values beyond stay inside."""
        share = (percent - self.low) / (self.high - self.low) * 100
        return round(min(max(share, 0.0), 100.0), 2)

    @property
    def text(self) -> str:
        """Return the axis in words."""
        return f"刻度 {self.low:.0f}–{self.high:.0f} %"


def axis_of(percents: Iterable[float | None]) -> Axis:
    """Return one axis for values that stand below one another, so that their drawings can be compared."""
    least = min((percent for percent in percents if percent is not None), default=100.0)
    return Axis(low=next(start for start in _STARTS if least >= start or start == 0.0))


def strip(
    percent: float, *, axis: Axis, interval: tuple[float, float] | None = None, target: float | None = None
) -> Markup:
    """Draw a value as a dot on its interval, or a full count as a filled bar; the target is a tick."""
    parts = [f'<rect class="strip-track" x="0" y="{_MIDDLE - 2}" width="100%" height="4" rx="2"/>']
    if interval is None:
        parts.append(
            f'<rect class="strip-full" x="0" y="{_MIDDLE - 2}" width="{axis.at(percent)}%" height="4"/>'
        )
    else:
        left, right = (axis.at(end) for end in interval)
        parts.append(
            f'<rect class="strip-interval" x="{left}%" y="{_MIDDLE - 4}" width="{round(right - left, 2)}%"'
            ' height="8" rx="4"/>'
        )
    parts.append(_dot(percent, axis))
    if target is not None:
        # Two pixels wide, and whole at the right end of the axis too.
        parts.append(
            f'<svg x="{axis.at(target)}%" overflow="visible">'
            f'<rect class="strip-target" x="-1" y="0" width="2" height="{HEIGHT}"/></svg>'
        )
    return Markup(  # noqa: S704  (numbers and fixed text only)
        f'<svg class="strip" width="100%" height="{HEIGHT}" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def _dot(percent: float, axis: Axis) -> str:
    """Draw the value; below the axis it becomes an arrow to the left."""
    if percent < axis.low:
        return f'<path class="strip-dot" d="M-1 {_MIDDLE} L8 {_MIDDLE - 5} V{_MIDDLE + 5} Z"/>'
    return f'<circle class="strip-dot" cx="{axis.at(percent)}%" cy="{_MIDDLE}" r="4.5"/>'


def progress(share_percent: float, *, is_late: bool = False) -> Markup:
    """Draw how much of a span is used up; the text beside it says the same."""
    used = round(min(max(share_percent, 0.0), 100.0), 1)
    kind = "strip-late" if is_late else "strip-full"
    return Markup(  # noqa: S704  (numbers and fixed text only)
        '<svg class="strip" width="100%" height="8" aria-hidden="true" focusable="false">'
        '<rect class="strip-track" x="0" y="0" width="100%" height="8" rx="4"/>'
        f'<rect class="{kind}" x="0" y="0" width="{used}%" height="8" rx="4"/></svg>'
    )
