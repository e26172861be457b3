"""Doors set every few metres on both sides of an axis, so that the side of each is known by plain geometry."""

from typing import Any

import numpy as np

from geo_registry.address.numbering.axis import axis_of
from geo_registry.address.profile import load_profile

SPACING_M, BESIDE_M = 12.0, 10.0
Door = tuple[tuple[float, float], str, float]
"""A point in degrees, the hand of the axis, and its metres along it."""


def clear_doors(shape: bytes) -> list[Door] | None:
    """Return the doors of a road whose side nobody could doubt, None for a road without length."""
    axis = axis_of(shape)
    if axis is None:
        return None
    axis = axis.from_origin(load_profile("shanghai").numbering.origin)
    along = np.arange(min(SPACING_M, axis.length_m) / 2, axis.length_m, SPACING_M)
    doors: list[Door] = []
    for hand, sign in (("left", 1.0), ("right", -1.0)):
        ahead = axis.places(np.minimum(along + 0.5, axis.length_m))
        spots = set_beside(axis.places(along), ahead, sign * BESIDE_M)
        metres, off = axis.feet(spots)
        # At a hairpin a point beside one stretch lies beside another: nobody could say which side is its own.
        clear = (np.abs(metres - along) < SPACING_M) & (np.abs(np.abs(off) - BESIDE_M) < 1)
        kept = zip(spots[clear].tolist(), metres[clear].tolist(), strict=True)
        doors += [((lon, lat), hand, at) for (lon, lat), at in kept]
    return doors


def set_beside(here: Any, ahead: Any, metres: float) -> Any:  # noqa: ANN401  (arrays of degrees)
    """Return points beside a line, left positive, by plain geometry in degrees."""
    scale = np.array([111_320.0 * np.cos(np.radians(here[:, 1].mean())), 110_900.0])
    step = (ahead - here) * scale
    step /= np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]
    return here + np.column_stack((-step[:, 1], step[:, 0])) * metres / scale
