"""What an act on a block would move, told before it is done."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.writes import areas_at
from geo_registry.codes import new_id
from geo_registry.db import Session, translated
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.grid import mesh
from geo_registry.grid.ground import (
    as_rules,
    blocks_around,
    check_change,
    check_community,
    check_current,
    drawn_line,
    drawn_shape,
    ground,
    grounds,
    other_block,
)
from geo_registry.grid.holders import check_same_holders
from geo_registry.grid.tables import GridBlock

_MEASURE = text("""
    SELECT registry.area_m2(p.shape) AS m2, count(DISTINCT b.id) AS buildings, count(u.id) AS units,
      count(u.id) FILTER (WHERE u.use IN ('let_whole', 'let_rooms', 'collective_dormitory')) AS rental_units
    FROM (SELECT ST_GeomFromWKB(:shape, 4490) AS shape) p
      LEFT JOIN registry.building b ON (b.outline && p.shape OR b.position && p.shape)
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
        AND ST_Covers(p.shape, coalesce(ST_PointOnSurface(b.outline), b.position))
      LEFT JOIN registry.housing_unit u ON u.building_id = b.id
        AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected')
    GROUP BY p.shape""")


@dataclass(frozen=True, slots=True)
class Move:
    """Ground that goes from a block to another, with what stands on it; no `source` is free ground."""

    source_id: UUID | None
    source: str | None
    target_id: UUID | None
    target: str | None
    area_m2: float
    buildings: int
    units: int
    rental_units: int
    shape: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would move, in numbers and in words; nothing is stored."""

    moves: tuple[Move, ...]
    sentences: tuple[str, ...]


def preview(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    boundary: dict[str, Any] | None = None,
    line: dict[str, Any] | None = None,
    into_id: UUID | None = None,
) -> Preview:
    """Return what an act on a block would move: a new boundary, a line to split it, or a merger.

    Raises:
        NotFound: no such block.
        Refused: the role or the area does not allow the act.
        RuleBroken: as the act itself; `preview-unclear` unless exactly one of the three is given.

    """
    row = session.get(GridBlock, block_id, populate_existing=True)
    if row is None:
        raise NotFound("object-not-found", "没有这个对象")
    authorize(viewer, Permission.BLOCK_DRAW, row.district_id, row.township_id, row.community_id)
    check_current(row)
    own, known = ground(row), {row.id: row.code}
    if [boundary, line, into_id].count(None) != 2:
        raise RuleBroken("preview-unclear", "须给出新边界、分割线、并入的网格三者之一", field="boundary")
    with as_rules():
        if boundary is not None:
            drawn = drawn_shape(boundary)
            around = blocks_around(session, shapely.union_all([drawn, own.shape]))
            known |= {one.id: one.code for one in around}
            outcome = mesh.redraw(own, drawn, grounds(around, without=row.id))
            check_change(session, viewer, around, outcome)
        elif line is not None:
            outcome = mesh.split(own, new_id(), drawn_line(line))
        else:
            into = other_block(session, row, into_id or row.id)
            known[into.id] = into.code
            outcome = mesh.merge(own, ground(into))
            check_change(session, viewer, [into], outcome)
            check_same_holders(session, row.id, into.id)
    moves = tuple(_move(session, piece, known) for piece in outcome.pieces)
    return Preview(moves, tuple(_sentence(move) for move in moves) or ("没有户室或土地变动",))


def preview_new(session: Session, viewer: Viewer, *, boundary: dict[str, Any]) -> Preview:
    """Return what a new block on free ground would hold.

    Raises:
        Refused: the role or the area does not allow the act.
        RuleBroken: as the act itself; `area-unknown` outside every community.
        Conflict: `block-overlap`.

    """
    drawn, own = drawn_shape(boundary), new_id()
    middle = drawn.representative_point()
    areas = areas_at(session, middle.x, middle.y)
    if areas is None or areas.community_id is None:
        raise RuleBroken("area-unknown", "网格须位于一个居村内，请在居村界线内划定", field="boundary")
    authorize(viewer, Permission.BLOCK_DRAW, areas.district_id, areas.township_id, areas.community_id)
    with as_rules():
        outcome = mesh.draw(own, drawn, grounds(blocks_around(session, drawn)))
        check_community(session, areas.community_id, "新网格", outcome.shapes[own])
    moves = tuple(_move(session, piece, {}) for piece in outcome.pieces)
    return Preview(moves, tuple(_sentence(move) for move in moves))


def _move(session: Session, piece: mesh.Piece, known: dict[UUID, str]) -> Move:
    with translated():
        found = session.execute(_MEASURE, {"shape": shapely.to_wkb(piece.shape)}).one()
    source, target = known.get(piece.source) if piece.source else None, known.get(piece.target)
    return Move(
        piece.source, source, piece.target if target else None, target, round(found.m2, 1), found.buildings,
        found.units, found.rental_units, json.loads(shapely.to_geojson(piece.shape)),
    )  # fmt: skip


def _sentence(move: Move) -> str:
    ways = f"{move.source or '未划网格的地块'} → {move.target or '新网格'}"
    ground_text = f"{move.area_m2:.0f} 平方米，{move.buildings} 幢楼"
    return f"{ways}：{ground_text}，{move.units} 户，其中出租 {move.rental_units} 户"
