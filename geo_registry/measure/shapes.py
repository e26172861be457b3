"""What maps of figures are drawn from: outlines of areas, heat cells, and the buildings of a block."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.figures import trees
from geo_registry.measure.hiding import Cell, shown_of
from geo_registry.measure.places import WIDE, Place, areas_of_level, find_place
from geo_registry.measure.rules import monday
from geo_registry.measure.tables import HeatCell

# Degrees by which an outline may be smoothed: about 2 m for blocks, 30 m for districts.
_SMOOTHED = {"block": 0.00002, "community": 0.00004, "township": 0.0001, "district": 0.0003}
FEWEST_DWELLINGS = 3


@dataclass(frozen=True, slots=True)
class BuildingCount:
    """A building of a block with its dwellings; `persons` is None where it may not be told."""

    building_id: UUID
    name: str
    address: str | None
    units: int
    rental_units: int
    persons: int | None
    lon: float
    lat: float


def shapes(session: Session, viewer: Viewer, *, area_id: UUID, level: str) -> dict[str, Any]:
    """Return the outlines of the areas of a level in an area as a GeoJSON FeatureCollection (EPSG:4490).

    Each has its id and, as properties, `id`, `name`, `code` and `label`, the point for its name.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.
        RuleBroken: `level-unknown`.

    """
    place = find_place(session, viewer, area_id)
    listed = areas_of_level(viewer, place, level)
    boundary = GridBlock.boundary if level == "block" else Division.boundary
    smooth = func.ST_SimplifyPreserveTopology(boundary, _SMOOTHED[level])
    label = func.ST_PointOnSurface(boundary)
    query = listed.add_columns(
        cast(func.ST_AsGeoJSON(smooth, 6), JSONB), func.ST_X(label), func.ST_Y(label)
    ).where(boundary.is_not(None))  # fmt: skip
    features = []
    for own, _, name, code, _, shape, lon, lat in session.execute(query):
        told = {"id": str(own), "name": name, "code": code, "label": [round(lon, 6), round(lat, 6)]}
        features.append({"type": "Feature", "id": str(own), "geometry": shape, "properties": told})
    return {"type": "FeatureCollection", "features": features}


def heat_cells(
    session: Session, viewer: Viewer, *, area_id: UUID, week: dt.date | None = None
) -> dict[str, Any]:
    """Return the heat cells of an area as a GeoJSON FeatureCollection: `class_no` alone, null where few live.

    Without a week the cells are the latest, and `week` names theirs; an asked week may have none.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.

    """
    place = find_place(session, viewer, area_id)
    latest = select(func.max(HeatCell.week)).where(HeatCell.district_id.in_(place.districts))
    asked: Any = latest.scalar_subquery() if week is None else monday(week)
    query = select(
        HeatCell.week, HeatCell.class_no, cast(func.ST_AsGeoJSON(HeatCell.shape, 6), JSONB)
    ).where(
        HeatCell.week == asked, HeatCell.district_id.in_(place.districts),
        _lies_in(place), in_scope(viewer, HeatCell),
    )  # fmt: skip
    rows = session.execute(query).all()
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"class_no": class_no}}
        for _, class_no, shape in rows
    ]  # fmt: skip
    of_week = rows[0][0].isoformat() if rows else monday(week).isoformat() if week else None
    return {"type": "FeatureCollection", "week": of_week, "features": features}


def _lies_in(place: Place) -> ColumnElement[bool]:
    if place.level == "block":
        ground = select(GridBlock.boundary).where(GridBlock.id == place.id).scalar_subquery()
        return func.ST_Intersects(HeatCell.shape, ground)
    if place.level in WIDE:
        return HeatCell.district_id.in_(place.districts)
    return within(HeatCell, place.id)


_BUILDINGS = text("""
    SELECT b.id, coalesce(b.label, b.name, nullif(m.building_no, ''), b.code) AS name,
      m.standard_text || m.building_no AS address, u.units, u.rental_units, p.persons,
      ST_X(q.point) AS lon, ST_Y(q.point) AS lat
    FROM registry.building_persons(:block) p
      JOIN registry.building b ON b.id = p.building_id
      CROSS JOIN LATERAL (SELECT coalesce(ST_PointOnSurface(b.outline), b.position) AS point OFFSET 0) q
      LEFT JOIN LATERAL (
        SELECT a.standard_text, ba.building_no FROM registry.building_address ba
          JOIN registry.address a ON a.id = ba.address_id
        WHERE ba.building_id = b.id AND ba.is_main AND ba.valid @> CURRENT_DATE LIMIT 1) m ON true
      CROSS JOIN LATERAL (
        SELECT count(*) AS units,
          count(*) FILTER (WHERE h.use IN ('let_whole', 'let_rooms', 'collective_dormitory')) AS rental_units
        FROM registry.housing_unit h
        WHERE h.building_id = b.id AND h.state NOT IN ('retired', 'not_realized', 'removed', 'rejected')) u
    ORDER BY b.code
""")


def building_counts(session: Session, viewer: Viewer, *, block_id: UUID) -> tuple[BuildingCount, ...]:
    """Return the buildings of a block with dwellings and, where they may be told, persons.

    Persons of a building are told only when the block's are, from ten persons and three dwellings on, and
    never so that the block's total would give away another building.

    Raises:
        NotFound: there is no such current block, or it lies outside the viewer's areas.

    """
    place = find_place(session, viewer, block_id)
    if place.level != "block":
        raise NotFound("block-not-found", "没有这个网格，或不在您的辖区内")
    floor = profile_in_force(session).measures.disclosure_floor
    week = monday(today())
    expand = (place.community_id,) if place.community_id else ()
    key = ("leaf", block_id)
    tree = trees(session, districts=place.districts, expand=expand, weeks=[week], floor=floor)[week]
    rows = session.execute(_BUILDINGS, {"block": block_id}).all()
    told = set()
    if tree.shown("persons", key) == "value":
        cells = [Cell(block_id, None, sum(row.persons for row in rows))]
        cells += [
            Cell(row.id, block_id, row.persons, is_listed=row.units >= FEWEST_DWELLINGS)
            for row in rows if row.units or row.persons
        ]  # fmt: skip
        told = {own for own, shown in shown_of(cells, floor=floor).items() if shown == "value"}
    return tuple(
        BuildingCount(
            row.id, row.name, row.address, row.units, row.rental_units,
            row.persons if row.id in told else None, row.lon, row.lat,
        )
        for row in rows
    )  # fmt: skip
