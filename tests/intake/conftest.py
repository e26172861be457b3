"""The public zone beside the desk of a street: what people declare, and who decides it."""

# ruff: noqa: ANN401  (an override may be any field of a form)

import datetime as dt
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.public import create_app
from geo_registry.cluster import Urls
from geo_registry.codes import new_id
from geo_registry.db import today
from tests.registration.conftest import Desk, citizen_number, desk

__all__ = ["desk", "form", "public", "register_of"]

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that is not needed otherwise.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

REGISTER = (
    "person", "person_history", "residence", "hukou", "registration", "absence", "household",
    "registration_case", "case_person",
)  # fmt: skip


def form(**over: Any) -> dict[str, str]:
    """Return what a resident types who has just moved in."""
    given = {
        "form": str(new_id()), "kind": "arrival", "address": "映山区月河镇映月路8号1幢101室", "name": "陈小满",
        "id_type": "111", "id_number": citizen_number(), "phone": "13812345678",
        "on_day": str(today() - dt.timedelta(days=3)), "is_adult": "yes", "agrees": "yes", **over,
    }  # fmt: skip
    return {name: str(value) for name, value in given.items() if value is not None}


@pytest.fixture(scope="module")
def public(database: Urls, desk: Desk) -> Iterator[httpx.Client]:
    """Give a client of the public zone; an unexpected error is an answer, as it is to a browser."""
    app = create_app(database.public)
    with TestClient(
        app, base_url="http://127.0.0.1", raise_server_exceptions=False, client=("192.0.2.1", 50000)
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def unthrottled(desk: Desk) -> None:
    """Let every test begin with nothing counted."""
    desk.one("DELETE FROM registry.sign_in_failure")


def register_of(desk: Desk) -> str:
    """Return a digest of every row of the register and of its cases."""
    rows = " UNION ALL ".join(
        f"SELECT '{name}' || t::text AS line FROM registry.{name} t" for name in REGISTER
    )
    return str(desk.one(f"SELECT md5(coalesce(string_agg(line, '/' ORDER BY line), '')) FROM ({rows}) x"))
