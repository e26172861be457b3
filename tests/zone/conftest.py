"""A community of six blocks side by side, with accounts that propose, work and decide."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.grid.tables import GridBlock
from tests import factories as make


@dataclass(frozen=True)
class Quarter:
    """A community, its blocks of 100 m from west to east, and who acts there."""

    community: Division
    blocks: tuple[GridBlock, ...]
    officer: Viewer
    supervisor: Viewer
    leader: Viewer


def viewer_of(session: Session, role: Role, area: Division, **over: Any) -> Viewer:  # noqa: ANN401  (as factories)
    """Store an account of a role with a grant for an area; return its viewer."""
    account = make.make_account(session, division=area, role=role, **over)
    return make.make_viewer(role, [area.id], account_id=account.id, name=account.name)


@pytest.fixture
def quarter(session: Session) -> Quarter:
    """Give a community of six blocks."""
    community = make.make_community(session)
    blocks = tuple(
        make.make_block(session, community, boundary=make.square(100 * number, 0, 100)) for number in range(6)
    )
    return Quarter(
        community,
        blocks,
        viewer_of(session, Role.OFFICER, community),
        viewer_of(session, Role.SUPERVISOR, community),
        viewer_of(session, Role.LEADER, community),
    )
