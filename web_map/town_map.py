"""The Folium map of the town: our vector tiles drawn by MapLibre inside Leaflet."""

import json
from typing import Any

import folium
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.template import Template

from web_map.folium_page import LOCAL, localise

DEEPEST_ZOOM = 20


def json_text(value: object) -> str:
    """Write JSON that may stand inside a script: no character can close the tag or start another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
    )


class VectorLayer(JSCSSMixin, Layer):
    """A MapLibre style drawn as one Leaflet layer; Leaflet keeps the clicks.

    The style goes over as finished text: Folium would rename keys with an underscore.
    The page adds the layer once it knows the view (`show=False`), so that no tile is asked for in vain;
    `window.townMap` hands it over, with no layer where the browser lacks WebGL.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = startTownMap({{ this._parent.get_name() }}, {{ this.style_text }});
        {% endmacro %}
    """)
    default_js = [  # noqa: RUF012  (as Folium declares it)
        ("maplibre", LOCAL["maplibre"]),
        ("maplibre_leaflet", LOCAL["maplibre_leaflet"]),
        ("town_map", "/static/js/town_map.js"),
    ]
    default_css = [("maplibre_css", LOCAL["maplibre_css"])]  # noqa: RUF012

    def __init__(self, style: dict[str, Any]) -> None:
        """Keep the style as text."""
        super().__init__(name="town", overlay=False, control=False, show=False)
        self._name = "VectorLayer"
        self.style_text = json_text(style)


class MetricScale(MacroElement):
    """A scale bar in metres alone."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        L.control.scale({imperial: false, position: "bottomright"}).addTo({{ this._parent.get_name() }});
        {{ this._parent.get_name() }}.attributionControl.setPrefix(false);
        {% endmacro %}
    """)


class TownMap(folium.Map):
    """A Folium map that loads Leaflet and Bootstrap, and nothing that only markers would need."""

    default_js = [("leaflet", LOCAL["leaflet"])]  # noqa: RUF012
    default_css = [("leaflet_css", LOCAL["leaflet_css"])]  # noqa: RUF012


def town_map(style: dict[str, Any], centre: tuple[float, float], zoom: int) -> TownMap:
    """Compose the map around a centre (longitude, latitude in degrees)."""
    localise()
    lon, lat = centre
    map_ = TownMap(
        location=[lat, lon], zoom_start=zoom, tiles=None, zoom_control="topright",
        maxZoom=DEEPEST_ZOOM, minZoom=8, zoomSnap=0.5, zoomDelta=1, wheelPxPerZoomLevel=100,
    )  # fmt: skip
    VectorLayer(style).add_to(map_)
    MetricScale().add_to(map_)  # type: ignore[no-untyped-call]
    return map_
