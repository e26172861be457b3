"""The Folium map of the grid: the town below, GeoMan to draw boundaries on it."""

from typing import Any

from folium.plugins import GeoMan

from web_map import layers
from web_map.town_map import TownMap, town_map

# Drawing is begun by buttons of our own, which have names and say what they do; the bar stays empty.
_NO_BAR = (
    "drawMarker", "drawCircle", "drawCircleMarker", "drawPolyline", "drawRectangle", "drawPolygon",
    "drawText", "editMode", "dragMode", "cutPolygon", "removalMode", "rotateMode",
)  # fmt: skip


def quiet_style() -> dict[str, Any]:
    """Return the town without the marks of plates and the edges of blocks: here blocks are what matters."""
    style = layers.style()
    above = {"plates", "blocks"}
    return style | {"layers": [layer for layer in style["layers"] if layer.get("source") not in above]}


def grid_map(centre: tuple[float, float], zoom: int) -> TownMap:
    """Compose the map around a centre (longitude, latitude in degrees) with the means to draw."""
    map_ = town_map(quiet_style(), centre, zoom)
    GeoMan(position="topleft", **dict.fromkeys(_NO_BAR, False)).add_to(map_)  # type: ignore[no-untyped-call]
    return map_
