"""What is never built, whoever asks: no key, field, value or call for it (promises, section 8)."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from api.app import create_app
from geo_registry import tables
from geo_registry.settings import ROOT
from tests.gates.surface import description
from tests.test_catalogue import BANNED, BANNED_CHINESE

# A person is asked for alone: no call takes several, none follows one.
FOLLOWING = {
    "subscribe",
    "subscription",
    "subscriptions",
    "webhook",
    "webhooks",
    "alert",
    "follow",
    "push",
    "track",
}
OF_PERSONS = re.compile(r"(^|_)(person|persons|people|resident|residents|occupant|occupants)(_|$)|id_number")
# What the map writes on a building, and how well an address fits what was typed: of places, in these answers alone.
OF_PLACES = {
    ("BuildingCorrection", "label"), ("BuildingDetail", "label"), ("BuildingRow", "label"), ("NewBuilding", "label"),
    ("EntranceColumn", "label"), ("FloorRow", "label"), ("Candidate", "score"), ("Hit", "score"),
}  # fmt: skip
# Packages that tell a group, an origin or a sex from a name or a face.
GUESSING = {
    "ethnicolr",
    "namsor",
    "gender_guesser",
    "genderize",
    "nameparser",
    "face_recognition",
    "deepface",
    "dlib",
}
GUESSED = re.compile(
    r"(guess|infer|predict|detect|classify)_(ethnic|origin|nation|religion|gender|sex|group)"
)


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return description(create_app())


def _properties(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  (any JSON)
    """Yield every name of a property or parameter in a description, with its schema."""
    if isinstance(value, dict):
        if isinstance(properties := value.get("properties"), dict):
            yield from properties.items()
        if "in" in value and "schema" in value:
            yield value["name"], value["schema"]
        for part in value.values():
            yield from _properties(part)
    elif isinstance(value, list):
        for part in value:
            yield from _properties(part)


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401  (any JSON)
    """Yield every value that a closed list of the description allows."""
    if isinstance(value, dict):
        yield from (str(one) for one in value.get("enum", ()) if isinstance(one, str))
        if isinstance(value.get("const"), str):
            yield value["const"]
        yield from re.findall(r"[a-z_]+", value["pattern"]) if isinstance(value.get("pattern"), str) else ()
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part)


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name.lower()))


def test_no_key_no_field_and_no_value_of_a_call_bears_a_banned_word(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    named = {(owner, name) for owner, schema in schemas.items() for name, _ in _properties(schema)}
    named |= {(path, name) for path, item in described["paths"].items() for name, _ in _properties(item)}
    assert len(named) > 600
    assert {pair for pair in named if _words(pair[1]) & BANNED} - OF_PLACES == set()
    values = set(_values(described))
    assert len(values) > 100
    assert {value for value in values if _words(value) & BANNED} == set()
    assert [word for word in BANNED_CHINESE if word in str(described)] == []


def test_no_call_takes_several_persons(described: dict[str, Any]) -> None:
    asked = [
        (name, schema)
        for path in described["paths"].values()
        for operation in path.values()
        for name, schema in _properties([operation.get("parameters"), _bodies(operation, described)])
    ]
    assert len(asked) > 300
    arrays = [name for name, schema in asked if "array" in str(schema) and OF_PERSONS.search(name)]
    assert arrays == []


def _bodies(operation: dict[str, Any], described: dict[str, Any]) -> list[Any]:
    """Return the schemas of a body, with those they lead to."""
    found, waiting = [], [operation.get("requestBody")]
    schemas, seen = described["components"]["schemas"], set()
    while waiting:
        found.append(part := waiting.pop())
        for name in re.findall(r"#/components/schemas/([\w.-]+)", str(part)):
            if name not in seen:
                seen.add(name)
                waiting.append(schemas[name])
    return found


def test_no_call_follows_anybody(described: dict[str, Any]) -> None:
    assert [path for path in described["paths"] if _words(path) & FOLLOWING] == []
    assert described.get("webhooks") is None


def test_the_feed_of_changes_and_the_history_hear_of_places_alone(connection: Connection) -> None:
    heard = connection.execute(
        text("""
            SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE c.relnamespace = 'registry'::regnamespace AND NOT t.tgisinternal
              AND p.prosrc ~* '(INSERT INTO (registry\\.)?(place_change|place_history|name_change))|pg_notify'
        """)
    ).scalars()
    tables_heard = set(heard)
    assert len(tables_heard) > 5
    assert tables_heard & set(tables.PERSONAL) == set()


def test_nothing_guesses_from_a_name_or_a_face() -> None:
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = {line.partition("==")[0].replace("-", "_") for line in locked.splitlines() if "==" in line}
    assert len(packages) > 30
    assert packages & GUESSING == set()
    sources = [
        path for folder in ("geo_registry", "api", "web_map") for path in (ROOT / folder).rglob("*.py")
    ]
    guessing = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and GUESSED.search(node.name)
    ]
    assert len(sources) > 100
    assert guessing == []
