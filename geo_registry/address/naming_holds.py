"""What holds a place name as it is: a naming case on its way, and the name that it was given."""

from uuid import UUID

from sqlalchemy import select, text

from geo_registry.access.viewer import Viewer
from geo_registry.address.naming_rules import OPEN
from geo_registry.address.reserved_names import let_lapse
from geo_registry.address.tables import NamingCase, PlaceName
from geo_registry.db import Session
from geo_registry.errors import Conflict

# A version whose name is not that of the one before was named, unless an act corrected it.
_GIVEN_NAME = text("""
    WITH versions AS (
      SELECT version, row ->> 'name' AS name, act_id FROM registry.place_history WHERE object_id = :id
      UNION ALL SELECT version, name, act_id FROM registry.place_name WHERE id = :id),
    steps AS (SELECT *, lag(name) OVER (ORDER BY version) AS before FROM versions)
    SELECT s.name FROM steps s LEFT JOIN registry.act a ON a.id = s.act_id
    WHERE s.before IS NULL OR (s.name <> s.before AND a.verb IS DISTINCT FROM 'correct')
    ORDER BY s.version DESC LIMIT 1
""")


def refuse_open_case(session: Session, viewer: Viewer, row: PlaceName, field: str = "state") -> None:
    """Refuse to change a place name of which a naming case is on its way; one run out ends by this.

    Raises:
        Conflict: `case-open`.

    """
    let_lapse(session, viewer, row)
    query = select(NamingCase.number).where(NamingCase.place_name_id == row.id, NamingCase.state.in_(OPEN))
    number = session.execute(query).scalar_one_or_none()
    if number is not None:
        raise Conflict("case-open", f"{row.full_name} 已有案件 {number} 在办，请先办结", field=field)


def given_name(session: Session, place_name_id: UUID) -> str:
    """Return the name as it was last given: what corrections have made of it since is left out."""
    name: str = session.execute(_GIVEN_NAME, {"id": place_name_id}).scalar_one()
    return name
