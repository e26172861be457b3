"""The sheet a district is drawn on: everything laid out so far, with the calls that add to it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from shapely.geometry import LineString, MultiLineString, Polygon

from geo_registry.demo import names
from geo_registry.demo.plan import Box, Frame, Point
from geo_registry.demo.records import Address, Building, Street, Surface


@dataclass(frozen=True, slots=True)
class Stack:
    """The rooms of a building: entrances (0: none named), rooms per floor and entrance (0: none), size."""

    entrances: int
    per_floor: int
    area_m2: float


@dataclass(frozen=True, slots=True)
class Draft:
    """A building on the sheet: its rooms, how it is lived in, plan extent, a door point per entrance."""

    building: Building
    stack: Stack
    style: str
    box: Box
    doors: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how a building stands: plan point, width of the front, depth, turn against the streets."""

    x: float
    y: float
    width: float
    depth: float
    plan_angle: float = 0.0
    spin: float = 0.0


@dataclass(slots=True)
class Sketch:
    """A district while it is drawn. `code` is its 6-digit division code."""

    rng: Random
    frame: Frame
    code: str
    prefix: str
    drafts: list[Draft] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    _estates: dict[str, list[str]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def community_code(self, township: int, sequence: int) -> str:
        """Return the 12-digit code of a community."""
        return f"{self.code}{township:03d}{sequence:03d}"

    def estate_name(self, kind: str, wanted: str | None = None) -> str:
        """Take an estate name nobody has yet."""
        if kind not in self._estates:
            self._estates[kind] = names.estate_names(self.rng, kind)
        while wanted is None or wanted in self._used:
            wanted = self._estates[kind].pop() if self._estates[kind] else f"{len(self._used)}号院"
        self._used.add(wanted)
        return wanted

    def add_street(
        self,
        kind: str,
        name: str,
        lines: Sequence[list[Point]] = (),
        *,
        parent: str | None = None,
        community: str | None = None,
    ) -> str:
        """Add a street, lane, estate, hamlet or group with its axes on the plan; return its external id."""
        external_id = f"{self.prefix}S{len(self.streets) + 1:04d}"
        axes = [self.frame.line(line) for line in lines]
        geometry: LineString | MultiLineString | None = None
        if axes:
            geometry = axes[0] if len(axes) == 1 else MultiLineString(axes)
        self.streets.append(
            Street(external_id, kind, name, parent, f"{self.code}000000", community, geometry)
        )
        return external_id

    def add_surface(self, kind: str, points: Sequence[Point]) -> None:
        """Add a base map polygon given on the plan."""
        self.surfaces.append(Surface(kind, self.frame.polygon(list(points))))

    def add_building(
        self,
        site: Site,
        address: Address,
        stack: Stack,
        *,
        style: str,
        use: str,
        floors: int,
        year: int,
        estate: str | None = None,
        shape: Sequence[Point] | None = None,
        below: int = 0,
        door_at: float = 0.35,
    ) -> None:
        """Set a building down along the streets; `shape` replaces the rectangle (metres, own centre)."""
        half_w, half_d = site.width / 2, site.depth / 2
        outline = shape or ((-half_w, -half_d), (half_w, -half_d), (half_w, half_d), (-half_w, half_d))
        turn = self.frame.heading(site.x, site.y, site.plan_angle) + site.spin
        count = max(1, stack.entrances)
        # A plate hangs beside its door: just inside the front, so that the point lies in the building.
        doors = [(-half_w + site.width * (i + door_at) / count, -half_d + 0.8) for i in range(count)]
        building = Building(
            f"{self.prefix}B{len(self.drafts) + 1:05d}",
            estate,
            address,
            floors,
            below,
            year,
            use,
            Polygon(self.frame.stamp((site.x, site.y), list(outline), turn)),
        )
        box = _extent(site)
        points = tuple(self.frame.stamp((site.x, site.y), doors, turn))
        self.drafts.append(Draft(building, stack, style, box, points))


def _extent(site: Site) -> Box:
    turned = abs(math.sin(site.plan_angle)) > 0.5
    reach = max(site.width, site.depth) / 2 if abs(site.spin) > 0.1 else 0.0
    half_x = max((site.depth if turned else site.width) / 2, reach)
    half_y = max((site.width if turned else site.depth) / 2, reach)
    return Box(site.x - half_x, site.y - half_y, site.x + half_x, site.y + half_y)
