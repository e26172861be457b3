"""The mesh of blocks as geometry alone: what an act does to each, without gap and without overlap.

All outlines of the neighbourhood are noded together and cut into faces; every face then has one owner.
Blocks that come out of the same faces share every vertex, so that no rounding opens a gap between them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo_registry.crs import degree_lengths_m
from geo_registry.errors import Conflict, RuleBroken

SLIVER_M2 = 1.0
"""Ground that comes from rounding: it stays where it is."""
SNAP = 1e-6
"""Degrees, some 10 cm: a corner drawn so near to a corner of the mesh means that corner."""
GRID = 1e-10
"""Degrees, some 0.01 mm: the steps in which corners that an act makes may lie."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A current block as the mesh sees it."""

    id: UUID
    name: str
    community_id: UUID | None
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Piece:
    """Ground that goes from one block to another; `source` is None for ground that lay in no block."""

    source: UUID | None
    target: UUID
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Outcome:
    """The new shapes of the blocks that change, and what goes from where to where."""

    shapes: Mapping[UUID, MultiPolygon]
    pieces: tuple[Piece, ...]


def area_m2(shape: BaseGeometry) -> float:
    """Return the area of a small shape in degrees, in square metres."""
    if shape.is_empty:
        return 0.0
    east, north = degree_lengths_m(shape.centroid.y)
    return float(shape.area * east * north)


def draw(own: UUID, drawn: BaseGeometry, others: Iterable[Ground]) -> Outcome:
    """Return the shape of a new block on free ground, joined without gap to its neighbours.

    Raises:
        RuleBroken: `block-too-small`.
        Conflict: `block-overlap` when it takes more than a sliver from a block.

    """
    around = tuple(others)
    drawn = _snapped(drawn, around)
    taken = sorted(((area_m2(drawn & one.shape), one.name) for one in around), reverse=True)
    overlaps = [f"{name}（{shared:.1f} 平方米）" for shared, name in taken if shared > SLIVER_M2]
    if overlaps:
        detail = f"与现有网格重叠：{'、'.join(overlaps[:5])}；请避开，或改用调整边界"
        raise Conflict("block-overlap", detail, field="boundary")
    free = [
        face
        for face, point in _faces([drawn, *(one.shape for one in around)])
        if drawn.covers(point) and _owner(point, around) is None
    ]
    shape = _joined(free)
    _check_size(shape)
    return Outcome({own: shape}, (Piece(None, own, shape),))


def redraw(own: Ground, drawn: BaseGeometry, others: Iterable[Ground]) -> Outcome:
    """Return what a new boundary of a block does to it and to its neighbours.

    Ground it loses goes to the neighbour with the longest shared edge, of its own community if there is one;
    ground it gains is taken from whoever holds it.

    Raises:
        RuleBroken: `block-too-small`; `block-gap` when lost ground has no neighbour to go to;
            `block-swallowed` when a neighbour would lose everything.

    """
    around = (own, *others)
    drawn = _snapped(drawn, around)
    _check_size(drawn)
    kept: dict[UUID, list[BaseGeometry]] = {one.id: [] for one in around}
    gained: dict[UUID | None, list[BaseGeometry]] = {}
    lost: list[BaseGeometry] = []
    for face, point in _faces([drawn, *(one.shape for one in around)]):
        holder, is_inside = _owner(point, around), drawn.covers(point)
        if is_inside and holder != own.id:
            gained.setdefault(holder, []).append(face)
        elif not is_inside and holder == own.id:
            lost.append(face)
        elif holder is not None:
            kept[holder].append(face)
    pieces: list[Piece] = []
    for source, faces in gained.items():
        for part in _parts(faces):
            is_sliver = area_m2(part) < SLIVER_M2
            kept[(source if is_sliver else None) or own.id].append(part)
            pieces += [] if is_sliver else [Piece(source, own.id, part)]
    for part in _parts(lost):
        heir = own.id if area_m2(part) < SLIVER_M2 else _heir(part, own, around, kept)
        kept[heir].append(part)
        pieces += [] if heir == own.id else [Piece(own.id, heir, part)]
    return _outcome(around, kept, tuple(pieces))


def split(own: Ground, other: UUID, line: BaseGeometry) -> Outcome:
    """Return the two blocks on both sides of a line; the larger one stays the old block.

    Raises:
        RuleBroken: `split-line-invalid` when the line does not cut the block into exactly two.

    """
    cut: list[BaseGeometry] = []
    whole: list[BaseGeometry] = []
    for part in shapely.get_parts(own.shape):
        faces = [face for face, point in _faces([part, line]) if part.covers(point)]
        (cut if len(faces) > 1 else whole).extend(faces)
    if len(cut) != 2:
        count = len(cut) or 1
        detail = f"分割线须从网格一侧边界外画到另一侧边界外，把网格分成两块；现在分成 {count} 块"
        raise RuleBroken("split-line-invalid", detail, field="line")
    small, large = sorted(cut, key=lambda face: float(face.area))
    _check_size(small)
    shapes = {own.id: _joined([large, *whole]), other: _joined([small])}
    return Outcome(shapes, (Piece(own.id, other, shapes[other]),))


def merge(own: Ground, into: Ground) -> Outcome:
    """Return the block that two neighbours make.

    Raises:
        RuleBroken: `not-neighbours` when they share no edge.

    """
    parts: dict[UUID | None, list[BaseGeometry]] = {own.id: [], into.id: []}
    for face, point in _faces([own.shape, into.shape]):
        parts.setdefault(_owner(point, (own, into)), []).append(face)
    if not _shared(_joined(parts[own.id]), _joined(parts[into.id])):
        detail = f"{own.name} 与 {into.name} 没有共同边界，只能并入相邻的网格"
        raise RuleBroken("not-neighbours", detail, field="into_id")
    shape = _joined([*parts[own.id], *parts[into.id]])
    return Outcome({into.id: shape}, (Piece(own.id, into.id, own.shape),))


def _outcome(
    around: tuple[Ground, ...], kept: dict[UUID, list[BaseGeometry]], pieces: tuple[Piece, ...]
) -> Outcome:
    touched = {one for piece in pieces for one in (piece.source, piece.target)}
    shapes = {}
    for one in around:
        if one.id not in touched:
            continue
        shapes[one.id] = _joined(kept[one.id])
        if area_m2(shapes[one.id]) < SLIVER_M2:
            detail = f"新边界把网格 {one.name} 全部划走；如要取消该网格，请办理并入"
            raise RuleBroken("block-swallowed", detail, field="boundary")
    return Outcome(shapes, pieces)


def _heir(
    part: BaseGeometry, own: Ground, around: tuple[Ground, ...], kept: dict[UUID, list[BaseGeometry]]
) -> UUID:
    """Return the neighbour that takes over lost ground."""
    edges = [
        (one.community_id == own.community_id, length, one.id)
        for one in around
        if one.id != own.id and (length := _shared(part, _joined(kept[one.id]))) > 0
    ]
    if not edges:
        detail = f"划出的 {area_m2(part):.0f} 平方米没有相邻网格可以接收，会留下空白；请先划定旁边的网格"
        raise RuleBroken("block-gap", detail, field="boundary")
    return max(edges)[2]


def _shared(one: BaseGeometry, other: BaseGeometry) -> float:
    """Return the length of the common edge of two shapes made of the same faces, in metres."""
    common = shapely.intersection(one.boundary, other.boundary)
    if common.is_empty:
        return 0.0
    metres = degree_lengths_m(common.centroid.y)
    return float(shapely.transform(common, lambda points: points * metres).length)


def _snapped(drawn: BaseGeometry, around: Iterable[Ground]) -> BaseGeometry:
    snapped = shapely.snap(drawn, shapely.GeometryCollection([one.shape for one in around]), SNAP)
    return snapped if snapped.is_valid and not snapped.is_empty else drawn


def _faces(shapes: list[BaseGeometry]) -> list[tuple[BaseGeometry, BaseGeometry]]:
    """Return the faces between all edges of the shapes, each with a point inside it.

    Edges are noded on a grid: only so do they meet in common corners, whatever the angle of a crossing.
    """
    edges = [shape if shape.geom_type.endswith("LineString") else shape.boundary for shape in shapes]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(edges, grid_size=GRID))))
    return [(face, face.representative_point()) for face in faces]


def _owner(point: BaseGeometry, around: Iterable[Ground]) -> UUID | None:
    return next((one.id for one in around if one.shape.covers(point)), None)


def _parts(faces: list[BaseGeometry]) -> list[BaseGeometry]:
    return list(shapely.get_parts(shapely.coverage_union_all(faces)))


def _joined(faces: list[BaseGeometry]) -> MultiPolygon:
    joined = shapely.coverage_union_all(faces)
    return MultiPolygon([part for part in shapely.get_parts(joined) if part.geom_type == "Polygon"])


def _check_size(shape: BaseGeometry) -> None:
    if area_m2(shape) < SLIVER_M2:
        raise RuleBroken("block-too-small", "网格面积不足 1 平方米，请重新划定", field="boundary")
