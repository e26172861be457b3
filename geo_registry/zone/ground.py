"""The ground of focus areas and zones: whole blocks, chosen, or covered by half by a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text

from geo_registry.area.writes import Areas, as_shape, shape_text
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.grid.tables import GridBlock
from geo_registry.zone.rules import LIVE
from geo_registry.zone.tables import Zone, ZoneBlock

MOST_BLOCKS = 200
# Nobody splits, merges or ends these blocks until what stands on them is stored.
_HOLD = text("""
    SELECT registry.lock_grid(array_agg(DISTINCT district_id), true) FROM registry.grid_block
    WHERE id = ANY (:blocks) HAVING count(*) > 0
""")
_COVERED = text("""
    WITH drawn AS (
      SELECT CASE WHEN ST_IsValid(d.shape) THEN d.shape END AS shape
      FROM (SELECT ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(:shape)), 4490) AS shape) d)
    SELECT drawn.shape IS NOT NULL AS is_valid, array_remove(array_agg(g.id), NULL) AS blocks
    FROM drawn LEFT JOIN registry.grid_block g ON g.state = 'current' AND g.boundary && drawn.shape
      AND ST_Area(ST_Intersection(g.boundary, drawn.shape)) * 2 >= ST_Area(g.boundary)
    GROUP BY drawn.shape
""")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a focus area or zone stands on: its blocks, its boundary (an SQL value), and its areas."""

    block_ids: tuple[UUID, ...]
    boundary: ColumnElement[Any]
    areas: Areas


def ground_of(
    session: Session, *, boundary: dict[str, Any] | None, block_ids: Sequence[UUID] | None
) -> Ground:
    """Return the ground of a drawing (GeoJSON polygon) or of some blocks, one of the two.

    Raises:
        RuleBroken: `ground-missing`, `geometry-unsound`, `ground-without-blocks`, `block-unknown`,
            `ground-too-large`, `ground-in-districts`.

    """
    if (boundary is None) == (not block_ids):
        raise RuleBroken("ground-missing", "请选择网格，或在图上画出范围（二者取一）", field="block_ids")
    if boundary is not None:
        shape, chosen = as_shape(boundary, "Polygon", "boundary"), _covered(session, boundary)
    else:
        chosen = tuple(dict.fromkeys(block_ids or ()))
        united = func.ST_CollectionExtract(func.ST_Union(GridBlock.boundary), 3)
        shape = select(func.ST_Multi(united)).where(GridBlock.id.in_(chosen)).scalar_subquery()
    if len(chosen) > MOST_BLOCKS:
        raise RuleBroken("ground-too-large", f"范围不能超过 {MOST_BLOCKS} 个网格，请分片", field="block_ids")
    return Ground(chosen, shape, _common_areas(session, chosen))


def _covered(session: Session, boundary: dict[str, Any]) -> tuple[UUID, ...]:
    with translated():
        row = session.execute(_COVERED, {"shape": shape_text(boundary, "Polygon", "boundary")}).one()
    if not row.is_valid:
        raise RuleBroken("geometry-unsound", "所画范围须闭合，边线不能相交", field="boundary")
    if not row.blocks:
        raise RuleBroken(
            "ground-without-blocks",
            "所画范围没有盖住任何网格的一半：请画大一些，或直接选择网格",
            field="boundary",
        )
    return tuple(row.blocks)


def _common_areas(session: Session, chosen: tuple[UUID, ...]) -> Areas:
    """Return the smallest areas that hold all blocks."""
    with translated():
        session.execute(_HOLD, {"blocks": list(chosen)})
    query = select(GridBlock.district_id, GridBlock.township_id, GridBlock.community_id).where(
        GridBlock.id.in_(chosen), GridBlock.state == "current"
    )
    found = session.execute(query).all()
    if len(found) < len(chosen):
        raise RuleBroken("block-unknown", "所选网格中有不存在或已停用的，请重新选择", field="block_ids")
    districts, townships, communities = (set(ids) for ids in zip(*found, strict=True))
    if len(districts) > 1:
        raise RuleBroken("ground-in-districts", "范围跨区，请每区分别提出", field="block_ids")
    township = next(iter(townships)) if len(townships) == 1 else None
    return Areas(next(iter(districts)), township, next(iter(communities)) if len(communities) == 1 else None)


def hold_blocks(session: Session, ground: Ground) -> None:
    """Refuse blocks that another live zone holds; proposals of a district wait for one another here.

    Raises:
        Conflict: `block-in-zone`.

    """
    key = func.hashtextextended(f"zone/{ground.areas.district_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    query = (
        select(GridBlock.name, Zone.name)
        .join(ZoneBlock, ZoneBlock.block_id == GridBlock.id)
        .join(Zone, Zone.id == ZoneBlock.zone_id)
        .where(GridBlock.id.in_(ground.block_ids), Zone.state.in_(LIVE))
        .order_by(GridBlock.code)
        .limit(1)
    )
    taken = session.execute(query).one_or_none()
    if taken is not None:
        block, zone = taken
        detail = f"网格“{block}”已在整治区“{zone}”中：请去掉该网格，或待其销牌后再提"
        raise Conflict("block-in-zone", detail, field="block_ids")
