"""An address that is moved: it lies in the areas around its new place, and its plates with it."""

from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.tables import Address
from geo_registry.area.writes import Areas
from geo_registry.db import Session, translated

_PLATES_ALONG = text("""
    UPDATE registry.plate SET township_id = :township, community_id = :community, act_id = :act
    WHERE address_id = :id AND (township_id, community_id) IS DISTINCT FROM
      (CAST(:township AS uuid), CAST(:community AS uuid))
""")


def settle(viewer: Viewer, permission: Permission, row: Address, areas: Areas | None) -> None:
    """Let an address of a street lie in the areas around its new place, where the viewer may act as well.

    What is not known of them (None: no boundary is drawn there) stays. One in a community without street
    names stays there, wherever it is moved.

    Raises:
        Refused: the new place lies outside of the viewer's areas.

    """
    if areas is None or row.place_name_id is None:
        return
    township = areas.township_id or row.township_id
    community = areas.community_id or row.community_id
    authorize(viewer, permission, row.district_id, township, community)
    row.township_id, row.community_id = township, community


def take_plates_along(session: Session, row: Address) -> None:
    """Let the plates of an address that was stored lie in its areas, by the act that moved it."""
    told = {
        "id": row.id, "township": row.township_id, "community": row.community_id, "act": row.act_id,
    }  # fmt: skip
    with translated():
        session.execute(_PLATES_ALONG, told)
