"""Between stored blocks and the mesh: which blocks lie around, and what was drawn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select, text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.rules import check_shape
from geo_registry.area.tables import Division
from geo_registry.area.writes import load_for_change, locked, shape_text
from geo_registry.base import SRID
from geo_registry.db import Session, translated
from geo_registry.errors import RuleBroken
from geo_registry.grid import mesh
from geo_registry.grid.mesh import Ground, Outcome
from geo_registry.grid.tables import GridBlock

_HOLD = text("""
    SELECT registry.lock_grid(array_agg(d.id) || g.district_id, false)
    FROM registry.grid_block g
      LEFT JOIN registry.division d ON d.level = 'district' AND d.boundary && g.boundary
    WHERE g.id = :id GROUP BY g.district_id""")


def load_block(session: Session, viewer: Viewer, block_id: UUID, version: int) -> GridBlock:
    """Return a current block locked for change, while nobody else changes blocks around it.

    Raises:
        NotFound: no such block.
        Refused: the role or the area does not allow it.
        Stale: `version` is not the current one.
        RuleBroken: `block-retired`.

    """
    # The lock of the grid comes before any row's: two acts on neighbours wait in turn instead of crosswise.
    with translated():
        session.execute(_HOLD, {"id": block_id})
    row = load_for_change(
        session, viewer, GridBlock, block_id, version=version, permission=Permission.BLOCK_DRAW
    )
    check_current(row)
    return row


def check_current(row: GridBlock) -> None:
    """Refuse a block that has ended."""
    if row.state != "current":
        raise RuleBroken("block-retired", f"网格 {row.name} 已停用，请选现行网格", field="block_id")


def other_block(session: Session, row: GridBlock, into_id: UUID) -> GridBlock:
    """Return another current block, locked for change.

    Raises:
        RuleBroken: `block-not-current`.

    """
    into = locked(session, GridBlock, into_id)
    if into is None or into.state != "current" or into.id == row.id:
        raise RuleBroken("block-not-current", "请选择另一个现行网格", field="into_id")
    return into


def blocks_around(session: Session, shape: BaseGeometry, *, lock: bool = False) -> list[GridBlock]:
    """Return the current blocks at a shape in order of id, locked for change if asked."""
    west, south, east, north = shape.bounds
    edge = mesh.SNAP
    box = func.ST_MakeEnvelope(west - edge, south - edge, east + edge, north + edge, SRID)
    query = (
        select(GridBlock)
        .where(GridBlock.state == "current", GridBlock.boundary.op("&&")(box))
        .order_by(GridBlock.id)
        .execution_options(populate_existing=True)
    )
    with translated():
        return list(session.execute(query.with_for_update(key_share=True) if lock else query).scalars())


def ground(row: GridBlock) -> Ground:
    """Return a block as the mesh sees it; sentences name it, for a code looks like an identity number."""
    return Ground(row.id, row.name, row.community_id, to_shape(cast("WKBElement", row.boundary)))


def grounds(rows: list[GridBlock], without: UUID | None = None) -> list[Ground]:
    """Return blocks as the mesh sees them, without one."""
    return [ground(row) for row in rows if row.id != without]


def check_change(session: Session, viewer: Viewer, around: list[GridBlock], outcome: Outcome) -> None:
    """Refuse an act on blocks some of which the viewer may not change, or gain ground of another community.

    Ground of another community that a block holds already may stay.

    Raises:
        Refused: a block lies outside the viewer's areas.
        RuleBroken: `block-crosses-communities`.

    """
    changed = [one for one in around if one.id in outcome.shapes]
    for one in changed:
        authorize(viewer, Permission.BLOCK_DRAW, one.district_id, one.township_id, one.community_id)
    for one in changed:
        if one.community_id is not None:
            gained = outcome.shapes[one.id] - ground(one).shape
            check_community(session, one.community_id, f"网格 {one.name}", gained)


def check_community(session: Session, community_id: UUID | None, block: str, gained: BaseGeometry) -> None:
    """Refuse ground outside of a block's own community, as far as that one is drawn.

    Raises:
        RuleBroken: `block-crosses-communities`.

    """
    if mesh.area_m2(gained) <= mesh.SLIVER_M2:
        return
    query = select(Division.boundary, Division.name).where(Division.id == community_id)
    found = session.execute(query).one_or_none()
    if found is None or found.boundary is None:
        return
    m2 = mesh.area_m2(gained - to_shape(found.boundary))
    if m2 > mesh.SLIVER_M2:
        detail = f"{block}会越过{found.name}的界线 {m2:.0f} 平方米；网格不能跨居村，请在界线内划定"
        raise RuleBroken("block-crosses-communities", detail, field="boundary")


def drawn_shape(boundary: dict[str, Any]) -> BaseGeometry:
    """Return a GeoJSON polygon as a sound shape.

    Raises:
        RuleBroken: `geometry-unsound`.

    """
    shape = _parsed(shape_text(boundary, "Polygon", "boundary"), "boundary")
    if not shape.is_valid or shape.is_empty:
        raise RuleBroken("geometry-unsound", "网格边界须闭合且不自相交", field="boundary")
    return shape


def drawn_line(line: dict[str, Any]) -> BaseGeometry:
    """Return a GeoJSON line.

    Raises:
        RuleBroken: `geometry-unsound`.

    """
    check_shape(line, ("LineString",), "line")
    return _parsed(shape_text(line, "LineString", "line"), "line")


def _parsed(text_: str, field: str) -> BaseGeometry:
    try:
        return shapely.force_2d(shapely.from_geojson(text_))
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise RuleBroken("geometry-unsound", "图形的坐标不完整", field=field) from error


@contextmanager
def as_rules() -> Iterator[None]:
    """Let a shape that geometry cannot work with leave as a broken rule."""
    try:
        yield
    except shapely.errors.GEOSException as error:
        raise RuleBroken(
            "geometry-unsound", "边界过于复杂，无法计算；请简化后重试", field="boundary"
        ) from error
