"""What the map draws: one function per layer of our own vector tiles, quiet below, strong where data is.

The result is a MapLibre style (version 8). It names no glyphs and no sprite: text is drawn with local fonts,
plate marks are drawn by `static/js/marks.js`.
"""

from typing import Any

Layer = dict[str, Any]

LAND = "#f4f4f1"
WATER, GREEN, ESTATE, COMMERCE = "#d3e4ef", "#dfead8", "#efeeea", "#f4eee4"
ROAD, CASING = "#ffffff", "#d9d7d0"
WALL, WALL_EDGE, SHOP, SHOP_EDGE = "#e2dfd7", "#c9c4b9", "#ecdfcf", "#d3bfa5"
ACCENT, CHOSEN = "#0b5cad", "#bcd8f5"
BLOCK_EDGE, COMMUNITY_EDGE = "#5b93c9", "#8d7aa8"
LABEL, STREET_LABEL = "#5b5648", "#4d5968"

# Sans for both scripts; the first font that the machine has draws the text.
FONT = ["Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "sans-serif"]
BOLD = ["Noto Sans CJK SC Bold", *FONT]
SOURCES = ("backdrop", "areas", "streets", "buildings", "plates", "blocks")
# A tile of this zoom serves all deeper ones.
DEEPEST = 17
FIRST_ZOOM = {"backdrop": 9, "areas": 6, "streets": 11, "buildings": 13, "plates": 15, "blocks": 12}

# Layers that the reader may switch, in the order of the switch; the letter stands in the page's address.
SWITCHES = (
    ("b", "楼栋", "buildings"),
    ("p", "门牌", "plates"),
    ("g", "网格界线", "blocks"),
    ("a", "居委界线", "areas"),
)
SHOWN_AT_FIRST = "bpg"
# From this zoom of the style on plates are drawn; Leaflet counts one more.
PLATE_ZOOM = 15.5

# Which mark stands for which state of a plate; marks not named here would be invisible.
PLATE_MARKS = {
    "draft": "draft",
    "numbered": "numbered", "approved": "numbered", "ordered": "numbered",
    "produced": "produced", "delivered": "produced",
    "installed": "installed", "verified": "installed",
    "damaged": "fault", "missing": "fault",
}  # fmt: skip


def style() -> dict[str, Any]:
    """Return the whole style, bottom layer first."""
    return {
        "version": 8,
        "sources": {name: _source(name) for name in SOURCES},
        "layers": [
            {"id": "land", "type": "background", "paint": {"background-color": LAND}},
            *backdrop(),
            *streets(),
            *buildings(),
            *areas(),
            *blocks(),
            *names(),
            *plates(),
            *street_names(),
        ],
    }


def _source(name: str) -> Layer:
    return {
        "type": "vector",
        "tiles": [f"/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": FIRST_ZOOM[name],
        "maxzoom": DEEPEST,
    }


def _layer(name: str, source: str, kind: str, *, part: str | None = None, **more: object) -> Layer:
    """Draw one layer of a source; `part` is the layer inside its tiles, by default of the same name."""
    return {"id": name, "type": kind, "source": source, "source-layer": part or source, **more}


def _by_zoom(*stops: float) -> list[Any]:
    """Grow twofold a zoom between the stops, as the ground does."""
    return ["interpolate", ["exponential", 2], ["zoom"], *stops]


def backdrop() -> list[Layer]:
    """Draw water, green and built-up land, pale."""
    colours = ["match", ["get", "kind"], "water", WATER, "green", GREEN, "commercial", COMMERCE, ESTATE]
    order = ["match", ["get", "kind"], "water", 3, "green", 2, "commercial", 1, 0]
    named = ["in", ["get", "kind"], ["literal", ["water", "green"]]]
    return [
        _layer("ground", "backdrop", "fill", layout={"fill-sort-key": order},
               paint={"fill-color": colours, "fill-antialias": False}),
        _layer("ground-name", "backdrop", "symbol", minzoom=14, filter=named,
               layout=_text(["get", "name"], 12) | {"symbol-placement": "point"},
               paint={"text-color": "#5c7a68", "text-halo-color": "#ffffff", "text-halo-width": 1}),
    ]  # fmt: skip


_IS_STREET = ["match", ["get", "kind"], ["street", "section"], True, False]
_IS_LANE = ["match", ["get", "kind"], ["lane", "sub_lane", "alley", "sub_alley"], True, False]


def streets() -> list[Layer]:
    """Draw streets and lanes white with a thin casing; all casings lie below all roads."""
    wide = _by_zoom(11, 1, 14, 5, 16, 15, 18, 44, 20, 150)
    narrow = _by_zoom(14, 0.8, 16, 3.5, 18, 12, 20, 44)
    round_ends = {"line-cap": "round", "line-join": "round"}
    edge = {"line-color": CASING, "line-width": 1}
    return [
        _layer("lane-edge", "streets", "line", minzoom=15, filter=_IS_LANE, layout=round_ends,
               paint=edge | {"line-gap-width": narrow}),
        _layer("street-edge", "streets", "line", minzoom=12, filter=_IS_STREET, layout=round_ends,
               paint=edge | {"line-gap-width": wide}),
        _layer("lane", "streets", "line", minzoom=14, filter=_IS_LANE, layout=round_ends,
               paint={"line-color": ROAD, "line-width": narrow}),
        _layer("street", "streets", "line", filter=_IS_STREET, layout=round_ends,
               paint={"line-color": ROAD, "line-width": wide}),
    ]  # fmt: skip


def names() -> list[Layer]:
    """Write numbers on buildings, then blocks and lanes; where it is narrow they make way for plates."""
    along, street = _along(), _street_ink()
    number = {"text-color": LABEL, "text-halo-color": "#f4f2ec", "text-halo-width": 1}
    block = {"text-color": "#245587", "text-halo-color": "#ffffff", "text-halo-width": 2}
    tight = {"text-padding": 1, "text-max-width": 8}
    # Beside the marks of plates, which are placed first.
    aside = {"text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 0.5}
    return [
        _layer("building-name", "buildings", "symbol", part="building_names", minzoom=16.4,
               layout=_text(["get", "name"], 12) | tight | aside, paint=number),
        _layer("block-name", "blocks", "symbol", part="block_names", minzoom=14.4, maxzoom=16.4,
               layout=_text(["get", "name"], 13) | aside, paint=block),
        _layer("lane-name", "streets", "symbol", minzoom=17, filter=_IS_LANE,
               layout=_text(["get", "name"], 12) | along, paint=street),
    ]  # fmt: skip


def street_names() -> list[Layer]:
    """Write streets along their lines and areas at one point each; they stand before all other names."""
    area = {"text-color": "#5d4a78", "text-halo-color": "#ffffff", "text-halo-width": 1.5}
    return [
        _layer("street-name", "streets", "symbol", minzoom=13, filter=_IS_STREET,
               layout=_text(["get", "name"], 13) | _along(), paint=_street_ink()),
        _layer("area-name", "areas", "symbol", part="area_names", maxzoom=15.5,
               layout=_text(["get", "name"], 13), paint=area),
    ]  # fmt: skip


def _along() -> Layer:
    """Lay out a text along its line."""
    return {
        "symbol-placement": "line",
        "symbol-spacing": 260,
        "text-max-angle": 40,
        "text-letter-spacing": 0.1,
        "text-padding": 2,
        "text-keep-upright": True,
    }


def _street_ink() -> Layer:
    return {"text-color": STREET_LABEL, "text-halo-color": ROAD, "text-halo-width": 2.5}


def buildings() -> list[Layer]:
    """Draw buildings warm grey, shops a little warmer, the chosen one in accent, each with its number."""
    is_area = ["==", ["geometry-type"], "Polygon"]
    is_shop = ["in", ["get", "use"], ["literal", ["commercial", "shop", "商业", "商铺"]]]
    chosen = ["==", ["get", "id"], ""]
    return [
        _layer("building", "buildings", "fill", filter=is_area,
               paint={"fill-color": ["case", is_shop, SHOP, WALL]}),
        _layer("building-edge", "buildings", "line", filter=is_area, minzoom=15,
               paint={"line-color": ["case", is_shop, SHOP_EDGE, WALL_EDGE], "line-width": 1}),
        _layer("building-point", "buildings", "circle", filter=["==", ["geometry-type"], "Point"], minzoom=15,
               paint={"circle-color": WALL, "circle-stroke-color": "#8d8779", "circle-stroke-width": 1,
                      "circle-radius": _by_zoom(15, 2, 17, 5, 19, 9)}),
        _layer("building-chosen", "buildings", "fill", filter=chosen, paint={"fill-color": CHOSEN}),
        _layer("building-chosen-edge", "buildings", "line", filter=chosen, layout={"line-join": "round"},
               paint={"line-color": ACCENT, "line-width": 2.5}),
    ]  # fmt: skip


def plates() -> list[Layer]:
    """Draw each plate by the mark of its state; a mark is colour and shape, and names make way for it."""
    size = ["interpolate", ["linear"], ["zoom"], 15, 0.35, 16.5, 0.75, 18, 1]
    return [
        _layer("plate", "plates", "symbol", minzoom=PLATE_ZOOM,
               layout={"icon-image": plate_icons("state"), "icon-size": size, "icon-allow-overlap": True,
                       "icon-padding": 0}),
    ]  # fmt: skip


# From this zoom of the style on every mark bears its number, before that those of the chosen street.
NUMBER_ZOOM = 17.4
COLOURINGS = ("state", "certified", "street")


def plate_icons(by: str) -> list[Any]:
    """Return the expression that picks a plate's mark: by state, by whether it is certified, by street."""
    if by == "certified":
        return ["case", ["get", "certified"], "plate-certified", "plate-uncertified"]
    if by == "street":
        return ["concat", "plate-street-", ["to-string", ["get", "street"]]]
    marks: list[Any] = ["match", ["get", "state"]]
    for state, mark in PLATE_MARKS.items():
        marks += [state, f"plate-{mark}"]
    return [*marks, "plate-draft"]


def editor_style() -> dict[str, Any]:
    """Return the style of the editor of plates: each mark with its number, where there is room for it."""
    number = _layer(
        "plate-number", "plates", "symbol", minzoom=16.2, filter=[">=", ["zoom"], NUMBER_ZOOM],
        layout=_text(["get", "number"], 13) | {
            "text-font": BOLD, "text-variable-anchor": ["bottom", "top", "right", "left"],
            "text-radial-offset": 0.75, "text-padding": 1, "text-optional": True,
        },
        paint={"text-color": "#1b2530", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
    )  # fmt: skip
    drawn = style()
    return drawn | {"layers": [*drawn["layers"], number]}


def blocks() -> list[Layer]:
    """Draw the edges of grid blocks dashed."""
    return [
        _layer("block-edge", "blocks", "line", part="block_edges", minzoom=14,
               paint={"line-color": BLOCK_EDGE, "line-width": 1.5, "line-dasharray": [4, 2.5]}),
    ]  # fmt: skip


def areas() -> list[Layer]:
    """Draw the edges of districts, townships and communities."""
    widths = ["match", ["get", "level"], "district", 2.5, "township", 2, 1.5]
    return [
        _layer("area-edge", "areas", "line",
               paint={"line-color": COMMUNITY_EDGE, "line-width": widths, "line-dasharray": [6, 2, 1, 2]}),
    ]  # fmt: skip


def _text(field: object, size: float) -> Layer:
    return {"text-field": field, "text-size": size, "text-font": FONT}
