"""The town of the interface's tests, for gates that go over every call and page."""

from tests.api.conftest import client, town

__all__ = ["client", "town"]
