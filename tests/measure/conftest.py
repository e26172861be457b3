"""A township for what is counted."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.area.tables import Division
from tests.factories import make_division


@pytest.fixture
def township(session: Session) -> Division:
    return make_division(session, parent=make_division(session))
