"""One generated town for all tests of this folder."""

import pytest

from geo_registry.demo import generate
from geo_registry.demo.records import Town


@pytest.fixture(scope="session")
def town() -> Town:
    return generate()
