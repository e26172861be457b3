"""The areas that figures are asked for: divisions, blocks, what lies in no block, and sets of blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, text, true, union_all
from sqlalchemy.dialects.postgresql import array

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.area.reads import division_in_scope, within
from geo_registry.area.tables import LEVELS, Division
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.figures import Key, Tree

LEVELS_SHOWN = ("district", "township", "community", "block")
WIDE = ("province", "city")
SET_OF_BLOCKS = UUID(int=0)
"""The id of a set of blocks, which has none."""


@dataclass(frozen=True, slots=True)
class Place:
    """An area with its level: a division's, `block`, `rest` (in no block), `zone` or `blocks` (a set).

    `districts` are those around or below it, `blocks` those of a zone or a set.
    """

    id: UUID
    level: str
    name: str = ""
    code: str = ""
    parent_id: UUID | None = None
    community_id: UUID | None = None
    districts: tuple[UUID, ...] = ()
    blocks: tuple[UUID, ...] = ()

    @property
    def is_sum(self) -> bool:
        """Whether its figures are those of other areas, added up as far as they are told."""
        return self.level in {"blocks", "zone", *WIDE}

    def keys(self, tree: Tree) -> tuple[Key, ...]:
        """Return the nodes of a week whose told figures make the place's own."""
        if self.level == "zone" and (parts := tree.parts_of(self.id)):
            return parts
        if self.level in {"blocks", "zone"}:
            return tree.cover_of(self.blocks)
        if self.level in WIDE:
            return tuple(("area", district) for district in self.districts)
        return (("leaf" if self.level in {"block", "rest"} else "area", self.id),)


def find_place(session: Session, viewer: Viewer, area_id: UUID) -> Place:
    """Return a division or a current block.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    below = or_(Division.city_id == area_id, Division.parent_id == area_id)
    districts = func.array(
        select(Division.id).where(Division.level == "district", below).correlate(None).scalar_subquery()
    )
    own = array([func.coalesce(Division.district_id, Division.id)])
    division = select(
        Division.id, Division.level, Division.name, Division.code, Division.parent_id,
        case((Division.level == "community", Division.id)),
        case((Division.level.in_(WIDE), districts), else_=own),
    ).where(Division.id == area_id, division_in_scope(viewer))  # fmt: skip
    block = _blocks(GridBlock.community_id, array([GridBlock.district_id])).where(
        GridBlock.id == area_id, in_scope(viewer, GridBlock)
    )
    row: Any = session.execute(union_all(division, block)).one_or_none()
    if row is None:
        raise NotFound("area-not-found", "没有这个区划或网格，或不在您的辖区内")
    return Place(*[*row[:6], tuple(row[6])])


_OF_ZONES = text("""
    SELECT zone_id, array_agg(block_id ORDER BY block_id) FROM registry.zone_block
    WHERE zone_id = ANY (:zones) GROUP BY zone_id
""")


def places_of_zones(session: Session, zone_ids: Sequence[UUID]) -> tuple[Place, ...]:
    """Return zones, in order, with their blocks."""
    blocks = {row[0]: tuple(row[1]) for row in session.execute(_OF_ZONES, {"zones": list(zone_ids)})}
    return tuple(Place(zone_id, "zone", blocks=blocks.get(zone_id, ())) for zone_id in zone_ids)


def places_in(
    session: Session, viewer: Viewer, place: Place, level: str, rests: Sequence[UUID] = ()
) -> tuple[Place, ...]:
    """Return the areas of a level in a place, and of `rests` the divisions with a part in none of them.

    Raises:
        RuleBroken: `level-unknown`.

    """
    query: Any = areas_of_level(viewer, place, level)
    if rests:
        above = LEVELS if level == "block" else LEVELS[: LEVELS.index(level)]
        rest = select(
            Division.id, literal("rest"), Division.name.concat("（其余）"), Division.code, Division.id
        ).where(Division.id.in_(rests), Division.level.in_(above), _inside(viewer, place))
        query = union_all(query, rest)
    return tuple(Place(*row) for row in session.execute(query))


def areas_of_level(viewer: Viewer, place: Place, level: str) -> Select[Any]:
    """Return the statement for id, level, name, code and parent of the areas of a level in a place.

    Raises:
        RuleBroken: `level-unknown`.

    """
    if level not in LEVELS_SHOWN:
        raise RuleBroken("level-unknown", f"层级应为 {'、'.join(LEVELS_SHOWN)} 之一", field="level")
    if level == "block":
        around = or_(within(GridBlock, place.id), GridBlock.id == place.id)
        if place.level in WIDE:
            around = GridBlock.district_id.in_(place.districts)
        return _blocks().where(around, in_scope(viewer, GridBlock))
    columns: Any = (Division.id, Division.level, Division.name, Division.code, Division.parent_id)
    in_force = Division.valid.contains(func.current_date())
    return select(*columns).where(Division.level == level, in_force, _inside(viewer, place))


def _blocks(*more: Any) -> Select[Any]:  # noqa: ANN401  (columns)
    parent = func.coalesce(GridBlock.community_id, GridBlock.township_id, GridBlock.district_id)
    return select(GridBlock.id, literal("block"), GridBlock.name, GridBlock.code, parent, *more).where(
        GridBlock.state == "current"
    )


def _inside(viewer: Viewer, place: Place) -> ColumnElement[bool]:
    """Return the condition that a division is a place in scope, or lies in it."""
    if place.level in WIDE:
        around = or_(Division.id.in_(place.districts), Division.district_id.in_(place.districts))
    elif place.level == "block":
        around = ~true()
    else:
        around = or_(
            Division.id == place.id, Division.district_id == place.id,
            Division.township_id == place.id, Division.parent_id == place.id,
        )  # fmt: skip
    return around & division_in_scope(viewer)


def area_of_code(session: Session, code: str | None) -> UUID:
    """Return the division or current block of a code; without one the topmost division that is kept.

    Raises:
        NotFound: `area-not-found`.

    """
    rank = func.array_position(list(LEVELS), Division.level)
    division = (
        select(Division.id).where(Division.valid.contains(func.current_date())).order_by(rank, Division.code)
    )
    if code is None:
        found = session.execute(division.where(Division.level.in_(("city", "district"))).limit(1)).scalar()
    else:
        found = session.execute(division.where(Division.code == code).limit(1)).scalar()
        block = select(GridBlock.id).where(GridBlock.code == code, GridBlock.state == "current")
        found = found or session.execute(block).scalar()
    if found is None:
        raise NotFound(
            "area-not-found", f"没有代码为 {code} 的区划或网格" if code else "还没有区划，请先导入"
        )
    return found
