"""The leader's map: areas coloured by the class of a rate, heat cells, zones, focus areas, on a quiet town.

Everything is drawn by style functions here, in Python; `static/js/dashboard_figures.js` only hands the
finished styles to Leaflet. Folium renders the first drawing; later ones come to the page as JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.template import Template

from geo_registry.measure.reads import Rate
from web_map import layers
from web_map.town_map import TownMap, json_text, town_map

Feature = dict[str, Any]
Box = tuple[float, float, float, float]
# The classes of a rate around its targets: fixed, so that weeks and areas compare. PRGn, safe for all eyes.
CLASSES = (
    ("#762a83", "<85"),
    ("#c2a5cf", "85–91"),
    ("#f7f7f7", "91–95"),
    ("#a6dba0", "95–99"),
    ("#1b7837", "≥99"),
)
NOT_SHOWN = "#cccccc"
# Shares of persons not registered, from few (left white) to many: cividis, from light to dark.
HEAT = (
    (None, "<2"),
    ("#e6cf72", "2–5"),
    ("#b8a872", "5–9"),
    ("#7d7c78", "9–15"),
    ("#434e6c", "15–25"),
    ("#00224e", "≥25"),
)
ACCENT, EDGE, FOCUS_AREA = "#0b5cad", "#ffffff", "#7d4a00"
# What of the town would compete with the figures.
_LOUD = {
    "plate", "building-name", "block-name", "block-edge", "lane-name", "area-name", "area-edge",
    "ground-name", "street-name",
}  # fmt: skip


def quiet_style() -> dict[str, Any]:
    """Return the style of the town without plates and names: all strong colour belongs to the figures."""
    style = layers.style()
    return style | {"layers": [layer for layer in style["layers"] if layer["id"] not in _LOUD]}


def area_style(rate: Rate, *, is_chosen: bool = False, is_heat: bool = False) -> dict[str, Any]:
    """Return how an area is drawn: the colour of its class, hatched while the target is not demonstrated.

    Below heat cells only its border stays.
    """
    edge = {"color": ACCENT if is_chosen else EDGE, "weight": 3 if is_chosen else 1.5, "opacity": 1}
    if is_heat:
        return edge | {"color": ACCENT if is_chosen else "#5f6b7a", "fillOpacity": 0, "fillColor": EDGE}
    return edge | {"fillColor": _fill(rate), "fillOpacity": 0.82}


def _fill(rate: Rate) -> str:
    if rate.class_no is None or rate.shown not in {"value", "class"}:
        return NOT_SHOWN
    is_open = rate.verdict == "not_demonstrated"
    # The hatched grounds are patterns of the page, one a class.
    return f"url(#hatch-{rate.class_no})" if is_open else CLASSES[rate.class_no][0]


def heat_style(class_no: int | None) -> dict[str, Any]:
    """Return how a heat cell is drawn; grey where too few live to say."""
    colour = NOT_SHOWN if class_no is None else HEAT[class_no][0]
    return {
        "stroke": colour is not None, "color": EDGE, "weight": 0.5,
        "fillColor": colour or EDGE, "fillOpacity": 0 if colour is None else 0.85,
    }  # fmt: skip


def place_style(kind: str, *, is_chosen: bool) -> dict[str, Any]:
    """Return how the ground of a focus area (dashed outline) or of a zone (thin outline) is drawn."""
    if kind == "focus":
        return {"color": FOCUS_AREA, "weight": 2, "dashArray": "6 4", "fill": False}
    return {"color": ACCENT, "weight": 3 if is_chosen else 1.5, "fill": False}


def outline_style() -> dict[str, Any]:
    """Return how the block around the shown buildings is drawn."""
    return {"color": ACCENT, "weight": 3, "fillColor": ACCENT, "fillOpacity": 0.04}


def building_style() -> dict[str, Any]:
    """Return how the circle of a building is drawn."""
    return {"color": EDGE, "weight": 1, "fillColor": ACCENT, "fillOpacity": 0.75}


def styled(shapes: Mapping[str, Any], styles: Mapping[str, Mapping[str, Any]]) -> list[Feature]:
    """Return the shapes that have a style, each with it; others stay away."""
    return [
        feature | {"properties": {"id": key, **styles[key]}}
        for feature in shapes["features"]
        if (key := str(feature["properties"]["id"])) in styles
    ]


def heat_features(cells: Mapping[str, Any]) -> list[Feature]:
    """Return the heat cells with their styles; those that would be left white stay away."""
    return [
        {"type": "Feature", "geometry": cell["geometry"], "properties": {"style": heat_style(class_no)}}
        for cell in cells["features"]
        if (class_no := cell["properties"]["class_no"]) is None or HEAT[class_no][0]
    ]


def place_features(places: Mapping[str, Any], *, chosen: UUID | None) -> list[Feature]:
    """Return focus areas and zones under rectification with their styles."""
    return [
        {
            "type": "Feature",
            "geometry": place["geometry"],
            "properties": {
                "kind": kind,
                "style": place_style(kind, is_chosen=place["properties"]["id"] == str(chosen)),
            },
        }
        for place in places["features"]
        if (kind := place["properties"]["kind"])
    ]


def box_of(features: Iterable[Feature]) -> Box | None:
    """Return west, south, east and north around some features, None around nothing."""
    points = [point for feature in features for point in _points(feature["geometry"]["coordinates"])]
    if not points:
        return None
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return min(lons), min(lats), max(lons), max(lats)


def _points(coordinates: Sequence[Any]) -> list[Sequence[float]]:
    if isinstance(coordinates[0], int | float):
        return [coordinates]
    return [point for part in coordinates for point in _points(part)]


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that lies over the town in one state of the page; every text in it is drawn as text."""

    key: str
    box: Box | None
    areas: list[Feature] | None
    styles: dict[str, dict[str, Any]]
    outlines: list[Feature]
    heat: list[Feature]
    zones: list[dict[str, Any]]
    places: list[Feature]
    buildings: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return it for the page; `areas` is None where the page has the same shapes already."""
        return {name: getattr(self, name) for name in self.__slots__}


class FigureLayer(JSCSSMixin, Layer):
    """A drawing as Leaflet layers; the data go over as finished text, safe inside a script."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        startFigures({{ this._parent.get_name() }}, {{ this.data_text }});
        {% endmacro %}
    """)
    default_js = [("dashboard_figures", "/static/js/dashboard_figures.js")]  # noqa: RUF012  (as Folium has it)

    def __init__(self, drawing: Drawing) -> None:
        """Keep the drawing as text."""
        super().__init__(name="figures", overlay=True, control=False, show=False)
        self._name = "FigureLayer"
        self.data_text = json_text(drawing.as_json())


def figure_map(drawing: Drawing, centre: tuple[float, float], zoom: int) -> TownMap:
    """Compose the leader's map: the quiet town below, the figures above."""
    map_ = town_map(quiet_style(), centre, zoom)
    FigureLayer(drawing).add_to(map_)
    return map_
