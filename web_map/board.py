"""What the leader's page shows in one state: its address, its rows in order, its words, and its drawing.

Pure functions over what `geo_registry.measure.reads` answers; nothing here asks the database.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from geo_registry.measure.reads import AreaRates, BuildingCount, Rate
from geo_registry.measure.rules import CLASSES
from web_map import choropleth, words
from web_map.choropleth import Box, Drawing

Shapes = Mapping[str, Any]
VIEWS = ("map", "heat", "table")
# The rates of the strip above the map, and those that only the switch reaches.
TILES = ("registration_rate", "accuracy_rate", "plate_on_wall_rate", "self_check_rate")
RATES = (*TILES, "unit_capture_rate", "entry_rate")
# What an area may be split into, the usual way first.
BELOW: dict[str, tuple[str, ...]] = {
    "city": ("district",),
    "district": ("community", "township"),
    "township": ("community", "block"),
    "community": ("block",),
    "block": ("building",),
    "rest": (),
}
MOST_COMMUNITIES = 60
"""Up to how many communities of a district are shown at first; its townships where there are more."""
_DEFAULTS = {"rate": TILES[0], "view": "map"}


@dataclass(frozen=True, slots=True)
class View:
    """The state of the page, as its address holds it."""

    area: UUID
    level: str | None = None
    rate: str = TILES[0]
    week: dt.date | None = None
    view: str = "map"
    focus: UUID | None = None

    def link(self, path: str = "/dashboard", **changes: object) -> str:
        """Return the address of this state with some changes; what is usual stays unsaid."""
        values = {name: getattr(self, name) for name in self.__slots__} | changes
        said = {
            key: value for key, value in values.items() if value is not None and value != _DEFAULTS.get(key)
        }
        return f"{path}?{urlencode(said)}"

    def into(self, area: UUID) -> str:
        """Return the address of an area below, with its own parts."""
        return self.link(area=area, level=None, focus=None)


@dataclass(frozen=True, slots=True)
class ZoneCard:
    """A zone as the leader sees it; `rate` is that of its shown blocks."""

    id: UUID
    number: int
    name: str
    state: str
    title: str
    due_on: dt.date | None
    days_left: int | None
    used_percent: float
    rate: Rate
    lon: float
    lat: float

    @property
    def is_pressing(self) -> bool:
        """Whether at most seven days are left, or none."""
        return self.days_left is not None and self.days_left <= 7


@dataclass(frozen=True, slots=True)
class Closed:
    """A zone that was accepted lately."""

    id: UUID
    name: str
    accepted_on: dt.date


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of the area of the page; `near` are those in what is chosen, or all.

    `around` are the areas and blocks of a chosen zone.
    """

    open: tuple[ZoneCard, ...] = ()
    near: tuple[ZoneCard, ...] = ()
    around: frozenset[UUID] = frozenset()
    closed: tuple[Closed, ...] = ()
    accepted_this_year: int = 0
    change: int | None = None

    @property
    def overdue(self) -> int:
        """How many are past their day."""
        return sum(zone.days_left is not None and zone.days_left < 0 for zone in self.open)

    @property
    def pressing(self) -> int:
        """How many end within a week and are not overdue."""
        return sum(zone.is_pressing for zone in self.open) - self.overdue


@dataclass(frozen=True, slots=True)
class Board:
    """All that one reply shows."""

    view: View
    place: AreaRates
    levels: tuple[str, ...]
    rows: tuple[AreaRates, ...]
    buildings: tuple[BuildingCount, ...]
    zones: Zones
    weeks: tuple[dt.date, ...]
    today: dt.date
    drawing: Drawing

    @property
    def week(self) -> dt.date | None:
        """The Monday of the week that is shown; None while there are no figures."""
        return self.view.week or (self.weeks[-1] if self.weeks else None)

    @property
    def until(self) -> dt.date:
        """The last day of the week that is shown, or today."""
        return self.today if self.week is None else min(self.today, self.week + dt.timedelta(days=6))


def ordered(rows: Iterable[AreaRates], rate: str) -> tuple[AreaRates, ...]:
    """Return the areas by a rate, the lowest first, those that show none last."""

    def place(row: AreaRates) -> tuple[bool, float, str]:
        found = row.rates[rate]
        least = found.percent
        if least is None and found.class_no is not None:
            # Of a class its lower end: the order must not tell more than the class does.
            least = (0.0, *CLASSES)[found.class_no]
        return (found.shown not in {"value", "class"}, least or 0.0, row.name)

    return tuple(sorted(rows, key=place))


def value_text(rate: Rate) -> str:
    """Return the figure of a rate without its unit, or the words that stand for it."""
    if rate.shown == "value" and rate.percent is not None:
        return f"{rate.percent:.1f}"
    if rate.shown == "class" and rate.class_no is not None:
        return choropleth.CLASSES[rate.class_no][1]
    return words.VERDICTS[rate.verdict]


def change_text(change: float | None) -> str:
    """Return a change in points with its sign; a dash where there is nothing to compare."""
    if change is None:
        return "—"
    text = f"{abs(change):.1f}"
    return f"±{text}" if text == "0.0" else f"{'+' if change > 0 else '−'}{text}"


def lines_of(rate: Rate) -> list[str]:
    """Return the two lines that the map's panel says about an area."""
    if rate.shown == "class":
        return [f"{value_text(rate)} %", "人数少，只列级别"]
    if rate.shown != "value" or rate.n is None:
        return [value_text(rate), "不列率"]
    first = f"{value_text(rate)} %"
    if rate.k is not None:
        first += f" · {words.count(rate.k)} / {words.count(rate.n)}"
    verdict = words.VERDICTS[rate.verdict]
    if rate.low is None or rate.high is None:
        return [first, f"全数，{verdict}"]
    return [first, f"{rate.low:.1f}–{rate.high:.1f} %，{verdict}"]


def rounded(count: int) -> int:
    """Return a count as papers show it that leave the leaders' circle: to the nearest five."""
    return round(count / 5) * 5


def styles_of(rows: Sequence[AreaRates], view: View) -> dict[str, dict[str, Any]]:
    """Return how each area is drawn, what is written on it, and where a click leads."""
    styles = {}
    for row in rows:
        rate, is_chosen = row.rates[view.rate], row.id == view.focus
        has_parts = bool(BELOW.get(row.level))
        styles[str(row.id)] = {
            "style": choropleth.area_style(rate, is_chosen=is_chosen, is_heat=view.view == "heat"),
            "name": row.name,
            "value": "" if view.view == "heat" else value_text(rate),
            "lines": lines_of(rate),
            "isChosen": is_chosen,
            "go": view.into(row.id) if is_chosen and has_parts else view.link(focus=row.id),
        }
    return styles


def building_marks(buildings: Sequence[BuildingCount]) -> list[dict[str, Any]]:
    """Return the buildings of a block as circles with counts alone; the area grows with the dwellings."""
    return [
        {
            "id": str(one.building_id),
            "lon": one.lon,
            "lat": one.lat,
            "radius": round(4 + one.units**0.5 * 1.5, 1),
            "style": choropleth.building_style(),
            "name": one.name or one.address or "—",
            "lines": [f"{one.units} 户，出租 {one.rental_units} 户", f"{persons_text(one.persons)}"],
        }
        for one in buildings
    ]


def persons_text(persons: int | None) -> str:
    """Return a number of persons, or that it is too small to say."""
    return "不足 10 人" if persons is None else f"{words.count(persons)} 人"


def zone_marks(zones: Zones, view: View) -> list[dict[str, Any]]:
    """Return the zones as numbered flags on their ground."""
    return [
        {
            "id": str(zone.id),
            "number": str(zone.number),
            "lon": zone.lon,
            "lat": zone.lat,
            "name": f"{zone.name}，{zone.title}",
            "isPressing": zone.is_pressing,
            "isChosen": zone.id == view.focus,
            "go": view.link(focus=None if zone.id == view.focus else zone.id),
        }
        for zone in zones.open
    ]


def drawing_of(
    board_view: View,
    *,
    rows: Sequence[AreaRates],
    shapes: Shapes,
    heat: Shapes | None,
    buildings: Sequence[BuildingCount],
    zones: Zones,
    places: Shapes,
    has_shapes: bool,
) -> Drawing:
    """Compose the drawing; shapes that the page has already (`has_shapes`) are not sent again."""
    styles = styles_of(rows, board_view)
    areas = choropleth.styled(shapes, {key: {} for key in styles})
    outlines = (
        []
        if styles
        else choropleth.styled(shapes, {str(board_view.area): {"style": choropleth.outline_style()}})
    )
    return Drawing(
        key=key_of(board_view),
        box=choropleth.box_of([*areas, *outlines]),
        areas=None if has_shapes else areas,
        styles=styles,
        outlines=outlines,
        heat=choropleth.heat_features(heat) if heat else [],
        zones=zone_marks(zones, board_view),
        places=choropleth.place_features(places, chosen=board_view.focus),
        buildings=building_marks(buildings),
    )


def key_of(view: View) -> str:
    """Return what the shapes on the map depend on."""
    return f"{view.area}:{view.level}"


def start_of(box: Box | None) -> tuple[float, float]:
    """Return where the map opens; the page fits the box itself."""
    return (104.0, 35.0) if box is None else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def settled(view: View, levels: tuple[str, ...], weeks: tuple[dt.date, ...]) -> View:
    """Return the view with a level that the area has; the current week and unknown ones go unsaid."""
    level = view.level if view.level in levels else (levels[0] if levels else None)
    week = view.week if view.week in weeks[:-1] else None
    return replace(view, level=level, week=week)
