"""Folium composed without the network: addresses, nonces, and text that cannot become code."""

import json
import re
from pathlib import Path

import folium
import pytest
from folium.elements import JSCSSMixin
from folium.plugins import HeatMap

from web_map import layers
from web_map.csp import add_nonce, new_nonce, policy
from web_map.folium_page import LOCAL, MISSING, _descendants, localise, take_apart
from web_map.highlight import marked
from web_map.town_map import json_text, town_map

STATIC = Path(__file__).parents[2] / "web_map" / "static"
HOSTILE = [
    "<script>alert(1)</script>",
    "${alert(1)}",
    "`-alert(1)-`",
    "\"'><img src=x>",
    "</script>",
    "\u2028",
]


def test_no_element_of_folium_names_a_foreign_host() -> None:
    localise()
    links = [
        url
        for element in _descendants(JSCSSMixin)
        for attribute in ("default_js", "default_css")
        for _, url in element.__dict__.get(attribute, [])
    ]
    assert len(links) > 50
    assert all(url.startswith("/static/") for url in links)


def test_a_file_that_is_not_here_gets_an_address_that_fails() -> None:
    localise()
    assert dict(folium.plugins.MiniMap.default_js)["Control_MiniMap_js"].startswith(MISSING)


def test_every_local_address_is_a_file() -> None:
    missing = [url for url in LOCAL.values() if not (STATIC / url.removeprefix("/static/")).is_file()]
    assert missing == []


def test_a_map_in_pieces_has_no_foreign_url_and_a_nonce_on_every_tag() -> None:
    nonce = new_nonce()
    map_ = town_map(layers.style(), (121.3, 30.9), 16)
    HeatMap([[30.9, 121.3]]).add_to(map_)  # type: ignore[no-untyped-call]
    pieces = take_apart(map_, nonce)
    text = pieces.header + pieces.html + pieces.script
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == []
    assert "user-scalable" not in text
    tags = re.findall(r"<(?:script|style)\b[^>]*>", text)
    assert tags
    assert all(f'nonce="{nonce}"' in tag for tag in tags)
    assert MISSING not in text


def test_the_policy_allows_no_eval_and_no_other_host() -> None:
    header = policy("N")
    assert "unsafe-eval" not in header
    assert "http" not in header
    assert "default-src 'none'" in header
    assert "script-src 'self' 'nonce-N'" in header


def test_a_tag_with_a_nonce_keeps_it() -> None:
    assert add_nonce('<script nonce="A">', "B") == '<script nonce="A">'


def test_the_style_names_no_glyphs_no_sprite_and_only_our_tiles() -> None:
    style = layers.style()
    assert "glyphs" not in style
    assert "sprite" not in style
    for source in style["sources"].values():
        assert all(url.startswith("/tiles/") for url in source["tiles"])
    assert {layer.get("source") for layer in style["layers"][1:]} <= set(style["sources"])


def test_every_state_of_a_plate_in_use_has_a_mark() -> None:
    from geo_registry.plate.rules import PHASES

    in_use = {state for phase, states in PHASES.items() if phase != "ended" for state in states}
    assert set(layers.PLATE_MARKS) == in_use


@pytest.mark.parametrize("text", HOSTILE)
def test_json_in_a_script_cannot_leave_it(text: str) -> None:
    written = json_text({"name": text})
    assert "<" not in written
    assert ">" not in written
    assert "\u2028" not in written
    assert json.loads(written) == {"name": text}


@pytest.mark.parametrize(
    ("text", "ranges", "parts"),
    [
        ("映月路6号", [(0, 4)], [("映月路6", True), ("号", False)]),
        ("映月路6号", [], [("映月路6号", False)]),
        ("abc", [(1, 2), (0, 2), (5, 9)], [("ab", True), ("c", False)]),
        ("abc", [(2, 3), (0, 1)], [("a", True), ("b", False), ("c", True)]),
    ],
)
def test_highlights_are_cut_in_order(
    text: str, ranges: list[tuple[int, int]], parts: list[tuple[str, bool]]
) -> None:
    assert marked(text, ranges) == parts
    assert "".join(part for part, _ in marked(text, ranges)) == text
