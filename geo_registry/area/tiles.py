"""Vector tiles of the place registers, made in the database for the viewer's areas."""

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.errors import NotFound

LAYERS = ("areas", "backdrop", "blocks", "buildings", "plates", "streets")
DEEPEST = 22

_TILE = text("SELECT registry.tile(:layer, :z, :x, :y, :areas)").bindparams(
    bindparam("areas", type_=ARRAY(Uuid))
)


def tile(session: Session, viewer: Viewer, *, layer: str, z: int, x: int, y: int) -> bytes:
    """Return one Mapbox vector tile (EPSG:3857, extent 4096), empty where nothing is in scope.

    Raises:
        NotFound: there is no such layer, or no such tile at the zoom.

    """
    if layer not in LAYERS or not 0 <= z <= DEEPEST or not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound("tile-not-found", "没有这一图块")
    areas = None if viewer.areas is None else list(viewer.areas)
    found = session.execute(_TILE, {"layer": layer, "z": z, "x": x, "y": y, "areas": areas})
    return bytes(found.scalar_one())
