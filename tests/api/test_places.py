"""Reading the place registers over HTTP."""

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import mapbox_vector_tile
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from api.app import create_app

if TYPE_CHECKING:
    from tests.api.conftest import Town

NOUNS = {
    "buildings": "building", "housing-units": "unit", "plates": "plate", "blocks": "block", "areas": "c",
    "streets": "street", "lanes": "lane", "addresses": "address",
}  # fmt: skip
READS = (
    "/v1/areas/containing?lon=121.405&lat=31.105",
    "/v1/buildings/{building}/units",
    "/v1/addresses/search?q=映月路8号",
    "/v1/addresses/nearest?lon=121.405&lat=31.105",
    "/v1/changes?limit=7",
    *(f"/v1/{noun}" for noun in NOUNS),
    *(f"/v1/{noun}/{{{name}}}" for noun, name in NOUNS.items()),
    *(f"/v1/{noun}/{{{name}}}/history" for noun, name in NOUNS.items()),
)


def _model_of(path: str) -> Any:  # noqa: ANN401  (a type)
    """Return what the interface says that a path answers."""
    filled = re.sub(r"{[a-z]}|{[a-z]+}", str(UUID(int=7)), path.partition("?")[0])
    for context in iter_route_contexts(create_app().routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.path_regex.match(filled) and "GET" in (route.methods or ()):
            return route.response_model
    raise LookupError(path)


@pytest.mark.parametrize("path", READS)
def test_a_read_answers_who_may_ask(town: "Town", path: str) -> None:
    answer = town.call("clerk", "GET", path)
    assert answer.status_code == 200, answer.text
    TypeAdapter(_model_of(path)).validate_json(answer.content)
    assert town.client.get(path.format(**town.ids)).status_code == 401
    if "/v1/areas" not in path:
        assert town.call("audit_admin", "GET", path).status_code == 403


def test_out_of_the_area_is_as_good_as_missing(town: "Town") -> None:
    for noun, name in (("buildings", "hidden"), ("buildings", "person"), ("plates", "unit")):
        answer = town.call("clerk", "GET", f"/v1/{noun}/{{{name}}}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/not-found"


def test_a_list_goes_on_where_its_page_ended(town: "Town") -> None:
    first = town.call("clerk", "GET", "/v1/housing-units?limit=1").json()
    second = town.call("clerk", "GET", f"/v1/housing-units?limit=1&after={first['next']}").json()
    assert second["next"] is None
    found = {page["rows"][0]["id"] for page in (first, second)}
    assert found == {str(town.ids["unit"]), str(town.ids["vacant"])}


def test_a_tile_shows_the_own_area_only(town: "Town") -> None:
    path = "/tiles/buildings/15/27434/13402.mvt"
    answer = town.call("clerk", "GET", path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "private" in answer.headers["cache-control"]
    layer = mapbox_vector_tile.decode(answer.content)["buildings"]
    assert [feature["properties"]["id"] for feature in layer["features"]] == [str(town.ids["building"])]
    assert town.call("foreign", "GET", path).content == b""
    again = town.call("clerk", "GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["unknown/1/0/0", "plates/1/2/0", "plates/23/0/0", "plates/a/0/0"])
def test_no_such_tile(town: "Town", path: str) -> None:
    assert town.call("clerk", "GET", f"/tiles/{path}.mvt").status_code in {404, 422}
