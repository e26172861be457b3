"""From the features of a file to whole buildings: pieces united, parts and label points joined.

Tiles cut a building into pieces of one id, and draw its parts and its label as features of their own.
A part or point belongs to the building of its id, else to the one it lies in. Its number goes there
too; the building's own number comes first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely import STRtree
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo_registry import crs
from geo_registry.exchange import geo_read
from geo_registry.exchange.mapping import Mapping
from geo_registry.exchange.staging import Values, original, read_values

SMALLEST_M2: Final = 1.0
OVERLAP: Final = 0.8
"""Share of a building that may lie on another one (domain: over 80 % is refused)."""
# One centimetre: what rounding leaves between the pieces of two tiles.
_SEAM: Final = 1e-7
_RANGE: Final = re.compile(r"(?P<head>.*?)(?P<first>\d+)\s*[-~～]\s*(?P<last>\d+)\s*(?P<tail>[号號]?)")
_LATIN_NUMBER: Final = re.compile(r"^(?:No\.?\s*)(?=\d)", re.IGNORECASE)


@dataclass(slots=True)
class Member:
    """One feature of the file: its own columns, and the outcome if it was kept out."""

    row: int
    values: Values
    geometry: BaseGeometry | None
    original: str
    outcome: str | None = None
    reason: str | None = None
    building: int | None = None


@dataclass(slots=True)
class Whole:
    """One building: row number of its first feature, its features, and its outline or point."""

    row: int
    members: list[Member]
    outline: MultiPolygon | None
    position: Point
    outcome: str | None = None
    reason: str | None = None
    numbers: list[tuple[str, str]] = field(default_factory=list)

    def first(self, name: str) -> object:
        """Return a value of the building: of its features' the first that is filled."""
        return next((m.values[name] for m in self.members if m.values.get(name) is not None), None)


def read_buildings(
    mapping: Mapping, features: Iterable[geo_read.Feature]
) -> tuple[list[Member], list[Whole]]:
    """Return the features of a file in order, and the buildings they make up.

    A feature that is part of no building has a reason: that of its geometry, `not-a-building`, or
    `building-unknown` for a point in the open.
    """
    members = [_member(mapping, one) for one in features]
    wholes = _united([m for m in members if m.outcome is None and _is_outline(m)])
    _join(wholes, [m for m in members if m.outcome is None and not _is_outline(m)])
    for whole in wholes:
        _judge(whole)
        for member in whole.members:
            member.building = whole.row
    _judge_overlaps([whole for whole in wholes if whole.outcome is None])
    return members, wholes


def numbers_of(mapping: Mapping, text: str) -> list[str]:
    """Return the numbers that a text names; where the mapping says `ranges: ends`, 17-19 is 17 and 19."""
    plain = _LATIN_NUMBER.sub("", text)
    found = _RANGE.fullmatch(plain) if mapping.constants.get("ranges") == "ends" else None
    if found and int(found["last"]) > int(found["first"]):
        return [f"{found['head']}{found[end]}{found['tail']}" for end in ("first", "last")]
    return [plain]


def area_m2(geometry: BaseGeometry) -> float:
    """Return the area of a small geometry in square metres, on a local flat map."""
    per_lon, per_lat = crs.degree_lengths_m(geometry.centroid.y)
    return float(geometry.area) * per_lon * per_lat


def _member(mapping: Mapping, feature: geo_read.Feature) -> Member:
    values = read_values(mapping, feature.properties)
    member = Member(feature.row, values, feature.geometry, original(feature.properties))
    if feature.fault:
        member.outcome, member.reason = "refused", feature.fault
    elif geo_read.multi_polygon(feature.geometry) is None and not isinstance(feature.geometry, Point):
        member.outcome, member.reason = "refused", "geometry-type"
    elif str(values.get("kind", "building")) not in {"building", "building_part", "address", "entrance"}:
        member.outcome, member.reason = "quarantined", "not-a-building"
    return member


def _is_outline(member: Member) -> bool:
    return member.values.get("kind", "building") == "building" and not isinstance(member.geometry, Point)


def _united(pieces: list[Member]) -> list[Whole]:
    by_id: dict[object, list[Member]] = {}
    for piece in pieces:
        by_id.setdefault(piece.values.get("external_id") or ("row", piece.row), []).append(piece)
    wholes = []
    for members in by_id.values():
        outline = geo_read.multi_polygon(_union([m.geometry for m in members if m.geometry is not None]))
        if outline is not None:
            wholes.append(Whole(members[0].row, members, outline, outline.representative_point()))
    return wholes


def _union(pieces: list[BaseGeometry]) -> BaseGeometry:
    """Unite pieces, closing the seam that rounding leaves between two tiles."""
    if len(pieces) == 1:
        return pieces[0]
    grown = shapely.union_all([piece.buffer(_SEAM, join_style="mitre") for piece in pieces])
    return grown.buffer(-_SEAM, join_style="mitre")


def _join(wholes: list[Whole], rest: list[Member]) -> None:
    """Join parts and points to their buildings; a part or building point without one stands for itself."""
    by_id = {whole.first("external_id"): whole for whole in wholes}
    tree = STRtree([whole.outline for whole in wholes])
    enclosed: list[tuple[Whole, Member]] = []
    for member in rest:
        own = by_id.get(member.values.get("external_id")) or by_id.get(member.values.get("root_id"))
        if own is not None:
            own.members.append(member)
            continue
        point = member.geometry.representative_point() if member.geometry is not None else None
        around = [wholes[i] for i in tree.query(point, predicate="intersects")]
        if around:
            enclosed.append(
                (min(around, key=lambda whole: whole.outline.area if whole.outline else 0.0), member)
            )
        else:
            _stand_alone(wholes, by_id, member)
    for whole, member in enclosed:
        whole.members.append(member)


def _stand_alone(wholes: list[Whole], by_id: dict[object, Whole], member: Member) -> None:
    if member.values.get("kind", "building") not in {"building", "building_part"} or member.geometry is None:
        member.outcome, member.reason = "quarantined", "building-unknown"
        return
    outline = geo_read.multi_polygon(member.geometry)
    whole = Whole(member.row, [member], outline, member.geometry.representative_point())
    wholes.append(whole)
    if member.values.get("external_id"):
        by_id[member.values["external_id"]] = whole


def _judge(whole: Whole) -> None:
    if whole.outline is not None and area_m2(whole.outline) < SMALLEST_M2:
        whole.outcome, whole.reason = "quarantined", "too-small"


def _judge_overlaps(wholes: list[Whole]) -> None:
    """Put aside a building that lies on another one; of two equal ones the later."""
    drawn = [whole for whole in wholes if whole.outline is not None]
    shapes = [whole.outline for whole in drawn]
    for i, j in zip(*STRtree(shapes).query(shapes, predicate="intersects"), strict=True):
        one, other = drawn[i], drawn[j]
        if (
            i == j
            or one.outline is None
            or other.outline is None
            or "quarantined" in {one.outcome, other.outcome}
        ):
            continue
        is_later = (one.outline.area, -one.row) < (other.outline.area, -other.row)
        if is_later and one.outline.intersection(other.outline).area > OVERLAP * one.outline.area:
            one.outcome, one.reason = "quarantined", "overlap"
