"""Which streets run past a point, and which of them a viewer knows."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import METRES_PER_DEGREE
from geo_registry.address.tables import PlaceName
from geo_registry.area.reads import districts_of
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound


@dataclass(frozen=True, slots=True)
class NearStreet:
    """A place name with an axis, and how far the axis is from the point."""

    id: UUID
    name: str
    metres: float


def is_known(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition that a place name lies in the viewer's areas, or is a street of their districts.

    A street runs through several areas and its row names the district or one of them: whoever numbers doors
    in one of them has to know it. Its doors are shown within the areas alone.
    """
    if viewer.areas is None:
        return true()
    is_beside = PlaceName.district_id == func.any(districts_of(viewer.areas))
    return or_(in_scope(viewer, PlaceName), and_(PlaceName.axis.is_not(None), is_beside))


def check_known(session: Session, viewer: Viewer, place_name_id: UUID) -> None:
    """Refuse a place name that the viewer does not know.

    Raises:
        NotFound: there is none, or it is not known in the viewer's areas.

    """
    known = select(PlaceName.id).where(PlaceName.id == place_name_id, is_known(viewer))
    if session.execute(known).scalar_one_or_none() is None:
        raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")


def streets_near(
    session: Session, viewer: Viewer, *, lon: float, lat: float, radius_m: float = 300.0, limit: int = 8
) -> tuple[NearStreet, ...]:
    """Return place names in force whose axis passes near a point, the nearest first."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    metres = func.ST_DistanceSphere(func.ST_ClosestPoint(PlaceName.axis, point), point)
    # The box holds the circle at every latitude of the country.
    box = func.ST_Expand(point, radius_m / METRES_PER_DEGREE * 1.7)
    query = select(PlaceName.id, PlaceName.full_name, metres).where(
        PlaceName.axis.op("&&")(box), PlaceName.state == "current", is_known(viewer)
    )
    found = session.execute(query.where(metres <= radius_m).order_by(metres, PlaceName.id).limit(limit))
    return tuple(NearStreet(*row) for row in found)
