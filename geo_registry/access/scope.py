"""The one area filter of every read over place tables."""

from sqlalchemy import ColumnElement, any_, literal, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from geo_registry.access.viewer import Viewer
from geo_registry.base import Located


def in_scope(viewer: Viewer, table: type[Located]) -> ColumnElement[bool]:
    """Return the condition that a row of a located table lies in the viewer's areas."""
    if viewer.areas is None:
        return true()
    areas = literal(list(viewer.areas), ARRAY(Uuid))
    return or_(
        table.district_id == any_(areas),
        table.township_id == any_(areas),
        table.community_id == any_(areas),
    )
