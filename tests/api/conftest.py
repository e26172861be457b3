"""The application over the worker's database, and a small town with one account a role."""

import warnings
from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from geo_registry import cluster

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that is not needed otherwise.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def client(database: cluster.Urls) -> Iterator[httpx.Client]:
    """Give a client of the application; an unexpected error is an answer, as it is to a browser."""
    app = create_app(database.app)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client
