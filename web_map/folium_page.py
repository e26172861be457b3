"""Folium without the network: local addresses for all its files, and its page taken apart.

Folium knows only public content networks. `localise` exchanges every address once at start-up; a file that is
not at hand gets an address below `MISSING`, so that a test fails instead of a page reaching out.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import folium
import folium.plugins
from folium.elements import JSCSSMixin

from web_map.csp import add_nonce

VENDOR = "/static/vendor"
MISSING = "/static/vendor/missing"

# Folium's name of a script or style -> the file that stands for it here.
LOCAL = {
    "leaflet": f"{VENDOR}/leaflet/leaflet.js",
    "leaflet_css": f"{VENDOR}/leaflet/leaflet.css",
    "jquery": f"{VENDOR}/jquery/jquery.min.js",
    "bootstrap": f"{VENDOR}/bootstrap/js/bootstrap.bundle.min.js",
    "bootstrap_css": f"{VENDOR}/bootstrap/css/bootstrap.min.css",
    "awesome_markers": f"{VENDOR}/leaflet.awesome-markers/leaflet.awesome-markers.js",
    "awesome_markers_css": f"{VENDOR}/leaflet.awesome-markers/leaflet.awesome-markers.css",
    "awesome_markers_font_css": f"{VENDOR}/fontawesome-free/css/all.min.css",
    "awesome_rotate_css": "/static/css/rotate.css",
    "glyphicons_css": "/static/css/empty.css",
    "leaflet-heat.js": f"{VENDOR}/folium/leaflet_heat.min.js",
    "heatmap.min.js": f"{VENDOR}/folium/pa7_hm.min.js",
    "leaflet-heatmap.js": f"{VENDOR}/folium/pa7_leaflet_hm.min.js",
    "leaflet_geoman_js": f"{VENDOR}/leaflet-geoman-free/leaflet-geoman.min.js",
    "leaflet_geoman_css": f"{VENDOR}/leaflet-geoman-free/leaflet-geoman.css",
    "maplibre": f"{VENDOR}/maplibre-gl/maplibre-gl-csp.js",
    "maplibre_css": f"{VENDOR}/maplibre-gl/maplibre-gl.css",
    "maplibre_leaflet": f"{VENDOR}/maplibre-gl-leaflet/leaflet-maplibre-gl.js",
}
_VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\s*', re.IGNORECASE)
_LINKED = re.compile(r"<script src=")


@dataclass(frozen=True, slots=True)
class MapPieces:
    """A rendered Folium map in the three pieces that our page places, each with the reply's nonce."""

    header: str
    html: str
    script: str


@cache
def localise() -> None:
    """Exchange the addresses of all Folium elements and plug-ins, once a process."""
    for module in pkgutil.iter_modules(folium.plugins.__path__, "folium.plugins."):
        importlib.import_module(module.name)
    for element in _descendants(JSCSSMixin):
        for attribute in ("default_js", "default_css"):
            if links := element.__dict__.get(attribute):
                setattr(element, attribute, [(name, _address(name, url)) for name, url in links])


def _descendants(element: type[Any]) -> Iterator[type[Any]]:
    yield element
    for child in element.__subclasses__():
        yield from _descendants(child)


def _address(name: str, url: str) -> str:
    return url if url.startswith("/static/") else LOCAL.get(name, f"{MISSING}/{name}")


def take_apart(map_: folium.Map, nonce: str) -> MapPieces:
    """Render a Folium map into pieces for our own page.

    The viewport tag goes (it forbids zooming); linked scripts are deferred and the map's own script becomes a
    module, so that the page is drawn before the map's libraries are read.
    """
    figure: Any = map_.get_root()
    figure.render()
    header = _LINKED.sub("<script defer src=", _VIEWPORT.sub("", figure.header.render()))
    return MapPieces(add_nonce(header, nonce), figure.html.render(), figure.script.render())
