"""Zones and focus areas stand on whole blocks: what a split, a merger or an end of a block does to them.

Their nouns lie above this one, so their tables are asked for by name.
"""

from uuid import UUID

from sqlalchemy import text

from geo_registry.db import Session, translated
from geo_registry.errors import Conflict

# A zone at work and a focus area in force hold their blocks; what has ended tells of its own time alone.
_HOLDERS = text("""
    SELECT '整治区' AS kind, z.name, z.id FROM registry.zone_block k JOIN registry.zone z ON z.id = k.zone_id
    WHERE k.block_id = :block AND z.state NOT IN ('closed', 'failed')
    UNION ALL
    SELECT '重点区域', a.name, a.id FROM registry.focus_area_block k
      JOIN registry.focus_area a ON a.id = k.focus_area_id
    WHERE k.block_id = :block AND a.state = 'current'
""")
_JOIN = (
    text("""
        INSERT INTO registry.zone_block (zone_id, block_id)
        SELECT k.zone_id, :new FROM registry.zone_block k JOIN registry.zone z ON z.id = k.zone_id
        WHERE k.block_id = :old AND z.state NOT IN ('closed', 'failed')"""),
    text("""
        INSERT INTO registry.focus_area_block (focus_area_id, block_id)
        SELECT k.focus_area_id, :new FROM registry.focus_area_block k
          JOIN registry.focus_area a ON a.id = k.focus_area_id
        WHERE k.block_id = :old AND a.state = 'current'"""),
)


def join_holders(session: Session, old_id: UUID, new_id: UUID) -> None:
    """Let a block that was split off belong to whatever its ground belonged to."""
    with translated():
        for statement in _JOIN:
            session.execute(statement, {"old": old_id, "new": new_id})


def check_same_holders(session: Session, one_id: UUID, other_id: UUID) -> None:
    """Refuse to make one block of two of which only one belongs to a zone or focus area.

    Raises:
        Conflict: `block-in-zone`, with the name of the zone or focus area.

    """
    one_sided = _holders(session, one_id) ^ _holders(session, other_id)
    if one_sided:
        kind, name, _ = min(one_sided)
        detail = (
            f"两个网格中只有一个属于{kind}“{name}”，并入会改变其范围；请待其结束，或改并入同属一处的相邻网格"
        )
        raise Conflict("block-in-zone", detail, field="into_id")


def check_unheld(session: Session, block_id: UUID) -> None:
    """Refuse to end a block that a zone or focus area stands on.

    Raises:
        Conflict: `block-in-zone`, with the name of the zone or focus area.

    """
    held = _holders(session, block_id)
    if held:
        kind, name, _ = min(held)
        detail = f"该网格属于{kind}“{name}”，不能停用；请待其结束后再办理"
        raise Conflict("block-in-zone", detail, field="block_id")


def _holders(session: Session, block_id: UUID) -> set[tuple[str, str, UUID]]:
    """Return kind, name and id of what holds a block now."""
    return {(row.kind, row.name, row.id) for row in session.execute(_HOLDERS, {"block": block_id})}
