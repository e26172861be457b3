"""Rules that every place register shares: what a correction may change, and which shapes are taken in."""

import math
from typing import Any

from geo_registry.errors import RuleBroken

MOST_CORRECTED = 0.3
"""Share of the characters of a name that a correction may touch; beyond that it is a rename."""


def is_correction(old: str, new: str) -> bool:
    """Tell whether a new spelling is a correction of the old one rather than another name."""
    return edit_distance(old, new) <= MOST_CORRECTED * max(len(old), len(new))


def edit_distance(old: str, new: str) -> int:
    """Return how many characters must be put in, left out or exchanged to get from one text to the other."""
    row = list(range(len(new) + 1))
    for i, left in enumerate(old, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(new, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1]


def check_shape(shape: dict[str, Any], kinds: tuple[str, ...], field: str) -> dict[str, Any]:
    """Return a GeoJSON geometry of one of the kinds when its coordinates are finite pairs of degrees.

    Raises:
        RuleBroken: `geometry-unsound` with the field's name.

    """
    if shape.get("type") not in kinds:
        raise RuleBroken("geometry-unsound", f"图形应为 {'、'.join(kinds)}", field=field)
    pending, pairs = [shape.get("coordinates")], 0
    while pending:
        part = pending.pop()
        if not isinstance(part, list) or not part:
            raise RuleBroken("geometry-unsound", "图形的坐标不完整", field=field)
        if isinstance(part[0], list):
            pending += part
            continue
        pairs += 1
        if pairs > 200_000 or not _is_position(part):
            raise RuleBroken("geometry-unsound", "坐标应为经度、纬度（度），且不超过 20 万点", field=field)
    return shape


def _is_position(part: list[Any]) -> bool:
    numbers = len(part) in {2, 3} and all(isinstance(one, int | float) for one in part)
    return numbers and all(math.isfinite(one) for one in part) and abs(part[0]) <= 180 and abs(part[1]) <= 90


def check_position(lon: float, lat: float) -> tuple[float, float]:
    """Return a point when it is longitude and latitude in degrees.

    Raises:
        RuleBroken: `position-invalid`.

    """
    if not is_position(lon, lat):
        raise RuleBroken("position-invalid", "位置应为经度、纬度（度）", field="lon")
    return lon, lat


def is_position(lon: float | None, lat: float | None) -> bool:
    """Tell whether two numbers are longitude and latitude in degrees."""
    if lon is None or lat is None or not (math.isfinite(lon) and math.isfinite(lat)):
        return False
    return abs(lon) <= 180 and abs(lat) <= 90
