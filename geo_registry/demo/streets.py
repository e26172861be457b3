"""Streets of the plan and their number lines.

Numbers follow the rule of DB11/T 856-2012: east-west streets count from the east with odd numbers on the
north side, north-south streets from the north with odd numbers on the west side; they grow with the distance.
"""

from dataclasses import dataclass, field
from typing import Final

from geo_registry.demo.plan import Point
from geo_registry.demo.sketch import Sketch

STEP_M: Final = 4.1
"""Metres of frontage for one number of a side."""


@dataclass(slots=True)
class Axis:
    """A straight street of the plan: `at` is its y when it runs east-west, otherwise its x."""

    name: str
    is_east_west: bool
    at: float
    low: float
    high: float
    shop_share: float = 0.0
    step_m: float = STEP_M
    external_id: str = ""
    taken: set[int] = field(default_factory=set)

    @property
    def line(self) -> list[Point]:
        """The axis on the plan, in the direction of counting."""
        if self.is_east_west:
            return [(self.high, self.at), (self.low, self.at)]
        return [(self.at, self.high), (self.at, self.low)]

    def number(self, x: float, y: float, wanted: int | None = None) -> int:
        """Take the number of a plate beside the street at this plan point."""
        along, is_odd = (self.high - x, y > self.at) if self.is_east_west else (self.high - y, x < self.at)
        number = wanted or 2 * int(max(0.0, along) / self.step_m) + (1 if is_odd else 2)
        while number in self.taken:
            number += 2
        self.taken.add(number)
        return number


def draw(sketch: Sketch, axis: Axis) -> None:
    """Put a street on the sheet, once."""
    if not axis.external_id:
        axis.external_id = sketch.add_street("street", axis.name, [axis.line])


def narrow(sketch: Sketch, name: str, *, is_east_west: bool, at: float, low: float, high: float) -> Axis:
    """Draw an inner street of a superblock."""
    axis = Axis(name, is_east_west, at, low, high)
    draw(sketch, axis)
    return axis
