"""P1 for names, numbers and plates: odd values in bodies that are right otherwise are told what is wrong."""

# ruff: noqa: ANN401  (any JSON)

import copy
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from geo_registry import cluster
from tests.api.writes import AUTHORS, WRITES

if TYPE_CHECKING:
    from tests.api.conftest import Town

OURS = ("/v1/plate", "/v1/naming", "/v1/estates", "/v1/address", "/v1/streets", "/v1/lanes")
RING = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
ODD: tuple[Any, ...] = (
    None, True, "", " ", "\u200b", "=1+1", "龘" * 30, "a" * 300, "x\u202ey", "a\x00b", "310101199001011232", "13800138000",
    0, -1, 2**31, 2**63, 1e-300, 1e300, 99_999.999, 100.0, 30.0, -180.0, 180.0001, 200, "3", "三号", "0号", "99999999999号",
    "1-2-3-4-5-6号", "2026-02-30", "0001-01-01", "9999-12-31", "1900-01-01", [], {}, [None], [[]], ["3", "3"],
    {"lon": 121.4}, {"lon": 2.0, "lat": 48.0}, {"type": "Polygon", "coordinates": [RING]},
    {"type": "LineString", "coordinates": [[0, 0], [0, 0]]}, {"type": "LineString", "coordinates": [[121.4, 31.1], [121.41, 31.1]]},
    "00000000-0000-0000-0000-000000000000", "current", "proposed", "retired", "table", "s_shape", "draft", "numbered",
)  # fmt: skip
# What the database alone refused: the caller is not told what is wrong.
MUTE = {"value-refused", "already-exists", "reference-unknown"}
EACH = 8


def filled(value: Any, ids: dict[str, Any]) -> Any:
    """Return a body with the ids of the town."""
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, ids) for part in value]
    return value.format(**ids) if isinstance(value, str) else value


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the values within a body stand."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from spots(part, (*path, key))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a body with another value in one place."""
    found = copy.deepcopy(body)
    part = found
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return found


def optional(told: dict[str, Any], path: str) -> list[tuple[Any, ...]]:
    """Return the properties of a body, by the interface's own description of it."""
    for known, item in told["paths"].items():
        if known.count("/") == path.count("/") and all(
            one == other or "{" in one for one, other in zip(known.split("/"), path.split("/"), strict=True)
        ):
            schema = item["post"]["requestBody"]["content"].get("application/json", {}).get("schema", {})
            name = schema.get("$ref", "").rpartition("/")[2]
            found = told["components"]["schemas"].get(name, {})
            return [(one,) for one in found.get("properties", {})]
    return []


@lru_cache(maxsize=1)
def description(url: str) -> dict[str, Any]:
    """Return the interface's own description of itself."""
    return create_app(url).openapi()


def test_a_place_outside_of_the_jurisdiction_is_told(town: "Town") -> None:
    path, version = (
        "/v1/addresses/{certified}/positions",
        town.call("clerk", "GET", "/v1/addresses/{certified}"),
    )
    told = town.act("clerk", path, {"kind": "stairway", "lon": 2.0, "lat": 48.0}, version.json()["version"])
    assert (told.status_code, told.json()["code"]) == (422, "geometry-unsound")


@pytest.mark.promise("P1")
@pytest.mark.parametrize("name", [name for name, (path, *_) in WRITES.items() if path.startswith(OURS)])
def test_an_odd_value_is_told_and_never_mute(town: "Town", database: cluster.Urls, name: str) -> None:
    chance = random.Random(name)
    path, body, target = WRITES[name]
    who = AUTHORS.get(name, "clerk")
    sound = filled(body, town.ids)
    places = [*spots(sound), *optional(description(database.app), path)]
    wrong = []
    for _ in range(EACH if places else 0):
        asked = put(sound, chance.choice(places), chance.choice(ODD))
        if chance.random() < 0.3:
            asked = put(asked, chance.choice(places)[:1], chance.choice(ODD))
        version = town.call(who, "GET", target).json().get("version") if target else None
        told = town.act(who, path, asked, version)
        code = told.json().get("code") if told.status_code >= 400 else None
        if told.status_code >= 500 or code in MUTE:
            wrong.append((told.status_code, code, asked))
    assert wrong == []
