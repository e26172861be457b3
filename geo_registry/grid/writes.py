"""Acts on blocks: draw, redraw, split, merge, rename, retire.

An act never leaves a gap behind: what one block loses another takes over, in the same act log, with the
first act as the cause of the others.
"""

from typing import Any
from uuid import UUID

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.tables import Division
from geo_registry.area.writes import (
    Areas,
    Paper,
    Written,
    areas_at,
    begin_act,
    division_areas,
    ended,
    finish,
    succeed,
)
from geo_registry.base import SRID
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.grid import mesh
from geo_registry.grid.assignments import assign_block, end_all, end_assignment, hand_on, train_coordinator
from geo_registry.grid.ground import (
    as_rules,
    blocks_around,
    check_change,
    check_community,
    drawn_line,
    drawn_shape,
    ground,
    grounds,
    load_block,
    other_block,
)
from geo_registry.grid.holders import check_same_holders, check_unheld, join_holders
from geo_registry.grid.mesh import Outcome
from geo_registry.grid.preview import Move, Preview, preview
from geo_registry.grid.rules import check_document
from geo_registry.grid.tables import BuildingBlock, GridBlock
from geo_registry.grid.visits import record_visit
from geo_registry.text import clean

__all__ = [
    "Move", "Preview", "assign_block", "draw_block", "end_assignment", "merge_blocks", "preview",
    "record_visit", "redraw_block", "rename_block", "retire_block", "split_block", "train_coordinator",
]  # fmt: skip


def draw_block(
    session: Session,
    viewer: Viewer,
    *,
    boundary: dict[str, Any],
    name: str,
    code: str | None = None,
    community_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Draw a new block on free ground (GeoJSON polygon); without a code it gets the community's next one.

    Raises:
        RuleBroken: the boundary is unsound or does not lie in one community; `document-required`.
        Conflict: `block-overlap` with the other blocks' codes and the shared area; `block-code-taken`.

    """
    drawn, own = drawn_shape(boundary), new_id()
    middle = drawn.representative_point()
    areas = division_areas(session, community_id) if community_id else areas_at(session, middle.x, middle.y)
    if areas is None or areas.community_id is None:
        raise RuleBroken("area-unknown", "网格须位于一个居村内，请选择居村", field="community_id")
    authorize(viewer, Permission.BLOCK_DRAW, areas.district_id, areas.township_id, areas.community_id)
    with as_rules():
        outcome = mesh.draw(own, drawn, grounds(blocks_around(session, drawn)))
        check_community(session, areas.community_id, "新网格", outcome.shapes[own])
    check_document(document_number)
    row = _new_row(session, own, areas, outcome, code or _next_code(session, areas), name)
    begin_act(session, viewer, "draw", "grid_block", row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def redraw_block(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    boundary: dict[str, Any],
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give a block a new boundary; neighbours take over what it loses and give what it gains.

    Raises:
        Stale: `version` is not the current one.
        Refused: a neighbour that changes lies outside the viewer's areas.
        RuleBroken: `block-gap`, `block-swallowed`, `block-too-small`, `geometry-unsound`,
            `block-crosses-communities`, `document-required`.

    """
    row = load_block(session, viewer, block_id, version)
    drawn = drawn_shape(boundary)
    around = blocks_around(session, shapely.union_all([drawn, ground(row).shape]), lock=True)
    with as_rules():
        outcome = mesh.redraw(ground(row), drawn, grounds(around, without=row.id))
        check_change(session, viewer, around, outcome)
    check_document(document_number)
    cause = begin_act(session, viewer, "redraw", "grid_block", row, Paper(document_number, reason))
    for one in around:
        if one.id in outcome.shapes:
            one.boundary = from_shape(outcome.shapes[one.id], SRID)
            if one.id != row.id:
                one.act_id = _follow(session, viewer, "redraw", one, Paper(document_number, reason), cause)
    return finish(session, row)


def split_block(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    line: dict[str, Any],
    name: str,
    code: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Split a block by a line (GeoJSON); the larger part stays the old block, the other is a new one.

    Whoever answers for the old block answers for the new one too, until it is assigned; zones and focus areas
    that hold the old one hold both.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `split-line-invalid`, `document-required`.
        Conflict: `block-code-taken`.

    """
    row = load_block(session, viewer, block_id, version)
    own = new_id()
    with as_rules():
        outcome = mesh.split(ground(row), own, drawn_line(line))
    check_document(document_number)
    areas = Areas(row.district_id, row.township_id, row.community_id)
    paper = Paper(document_number, reason)
    new = _new_row(session, own, areas, outcome, code or _next_code(session, areas), name)
    cause = begin_act(session, viewer, "split", "grid_block", row, paper)
    row.boundary = from_shape(outcome.shapes[row.id], SRID)
    done = finish(session, row)
    new.act_id = _follow(session, viewer, "draw", new, paper, cause)
    session.add(new)
    finish(session, new)
    hand_on(session, row.id, new.id, new.act_id)
    join_holders(session, row.id, new.id)
    return done


def merge_blocks(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    into_id: UUID,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Merge a block into a neighbour; it ends, and whoever answers for the neighbour answers for both.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `not-neighbours`, `block-crosses-communities`, `document-required`, or one of the two is
            not current.
        Conflict: `block-in-zone` when only one of them belongs to a zone or focus area.

    """
    row = load_block(session, viewer, block_id, version)
    into = other_block(session, row, into_id)
    with as_rules():
        outcome = mesh.merge(ground(row), ground(into))
        check_change(session, viewer, [into], outcome)
    check_same_holders(session, row.id, into.id)
    check_document(document_number)
    paper = Paper(document_number, reason)
    cause = begin_act(session, viewer, "merge", "grid_block", row, paper)
    row.state, row.valid = "retired", ended(row.valid)
    done = finish(session, row)
    into.act_id = _follow(session, viewer, "redraw", into, paper, cause)
    into.boundary = from_shape(outcome.shapes[into.id], SRID)
    finish(session, into)
    end_all(session, row.id, cause)
    succeed(session, "grid_block", "merge", old_id=row.id, new_id=into.id, act_id=cause)
    return done


def retire_block(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a block in which nothing stands; with buildings in it, it must be merged into a neighbour.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `block-in-use`; `block-in-zone` when a zone or focus area holds it.

    """
    row = load_block(session, viewer, block_id, version)
    inside = select(func.count()).where(BuildingBlock.block_id == row.id)
    buildings = session.execute(inside).scalar_one()
    if buildings:
        detail = f"该网格内还有 {buildings} 幢楼，停用会无人负责；请先并入相邻网格"
        raise Conflict("block-in-use", detail, buildings=buildings)
    check_unheld(session, row.id)
    act_id = begin_act(session, viewer, "retire", "grid_block", row, Paper(document_number, reason))
    row.state, row.valid = "retired", ended(row.valid)
    end_all(session, row.id, act_id)
    return finish(session, row)


def rename_block(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    name: str,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give a block another name; its code stays.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: the name is empty, or the block is not current.

    """
    row = load_block(session, viewer, block_id, version)
    begin_act(session, viewer, "rename", "grid_block", row, Paper(document_number, reason))
    row.name = _name(name)
    return finish(session, row)


def _new_row(session: Session, own: UUID, areas: Areas, outcome: Outcome, code: str, name: str) -> GridBlock:
    taken = select(GridBlock.id).where(GridBlock.code == code)
    if session.execute(taken).first() is not None:
        raise Conflict("block-code-taken", f"网格编码 {code} 已被使用，请换一个", field="code")
    return GridBlock(
        id=own, code=code, name=_name(name), state="current", valid=Range(today(), None),
        boundary=from_shape(outcome.shapes[own], SRID), district_id=areas.district_id,
        township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip


def _next_code(session: Session, areas: Areas) -> str:
    """Return the next code of a community: its own and a number of three digits (CJ/T 213)."""
    query = select(Division.code).where(Division.id == areas.community_id)
    base = session.execute(query).scalar_one_or_none()
    if base is None:
        raise RuleBroken("block-code-missing", "请给出网格编码", field="code")
    used = select(GridBlock.code).where(GridBlock.code.regexp_match("^" + base + "[0-9]{3}$"))
    numbers = {int(code[-3:]) for code in session.execute(used).scalars()}
    free = next((number for number in range(1, 1000) if number > max(numbers, default=0)), None)
    if free is None:
        raise RuleBroken("block-code-missing", "该居村的网格编号已用完，请给出网格编码", field="code")
    return f"{base}{free:03d}"


def _name(name: str) -> str:
    cleaned = clean(name)
    if not cleaned:
        raise RuleBroken("name-missing", "请填写网格名称", field="name")
    return cleaned


def _follow(session: Session, viewer: Viewer, verb: str, row: GridBlock, paper: Paper, cause: UUID) -> UUID:
    """Log an act that another act has caused."""
    with session.no_autoflush:
        return acts.record(
            session, viewer, verb, "grid_block", row.id, division_id=row.community_id or row.district_id,
            document_number=paper.document_number, reason=paper.reason, cause=cause,
        )  # fmt: skip
