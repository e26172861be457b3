"""The town of the interface's tests, for gates that go over every call and page."""

import warnings
from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from geo_registry import cluster, db
from tests.api.conftest import town

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that is not needed otherwise.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["client", "town"]


@pytest.fixture(scope="module")
def client(database: cluster.Urls) -> Iterator[httpx.Client]:
    """Give a client of an application without its jobs: what the database does comes from calls alone."""
    app = create_app(database.app)
    app.state.engine = db.app_engine(database.app)
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    yield client
    client.close()
