"""What the maps of zones draw, as GeoJSON: zones, focus areas, blocks to choose from, buildings."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.zone.reads import ZoneDetail
from geo_registry.zone.rules import LIVE

_COLLECTION = """
    SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
      'type', 'Feature', 'id', f.id, 'geometry', ST_AsGeoJSON(f.shape, 6)::json,
      'properties', f.facts)), '[]'))
    FROM ({features}) f
"""
_PLACES = """
    SELECT z.id, z.boundary AS shape, json_build_object('kind', 'zone', 'id', z.id, 'name', z.name,
      'state', z.state, 'late', z.due_on < CURRENT_DATE AND z.state <> 'accepted') AS facts
    FROM registry.zone z WHERE z.state = ANY (:live)
      AND registry.covers(CAST(:areas AS uuid[]), z.district_id, z.township_id, z.community_id)
    UNION ALL
    SELECT a.id, a.boundary,
      json_build_object('kind', 'focus', 'id', a.id, 'name', a.name, 'state', a.kind, 'late', false)
    FROM registry.focus_area a WHERE a.state = 'current'
      AND registry.covers(CAST(:areas AS uuid[]), a.district_id, a.township_id, a.community_id)
    LIMIT 2000
"""
_BLOCKS = """
    SELECT g.id, ST_SimplifyPreserveTopology(g.boundary, 0.00001) AS shape,
      json_build_object('id', g.id, 'code', g.code, 'name', g.name, 'zone', z.name) AS facts
    FROM registry.grid_block g LEFT JOIN LATERAL (
      SELECT z.name FROM registry.zone_block k JOIN registry.zone z ON z.id = k.zone_id
      WHERE k.block_id = g.id AND z.state = ANY (:live) LIMIT 1) z ON true
    WHERE g.state = 'current'
      AND registry.covers(CAST(:areas AS uuid[]), g.district_id, g.township_id, g.community_id)
    ORDER BY g.code LIMIT 5000
"""
# A building stands as its unit that was visited longest ago: within 7 days, within 14, longer ago or never.
_BUILDINGS = """
    SELECT b.id, coalesce(b.outline, b.position) AS shape, json_build_object('id', b.id, 'units', count(u.id),
      'visited', CASE WHEN count(u.id) = 0 THEN 'none'
        WHEN count(v.unit_id) < count(u.id) OR min(v.visited_at) < now() - interval '14 days' THEN 'late'
        WHEN min(v.visited_at) < now() - interval '7 days' THEN 'open' ELSE 'done' END) AS facts
    FROM registry.zone_block k JOIN registry.building_block l ON l.block_id = k.block_id
      JOIN registry.building b ON b.id = l.building_id
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      LEFT JOIN registry.housing_unit u
        ON u.building_id = b.id AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected')
      LEFT JOIN registry.last_visit v ON v.unit_id = u.id
    WHERE k.zone_id = :zone GROUP BY b.id ORDER BY b.id LIMIT 5000
"""
_OUTLINE = "SELECT ST_AsGeoJSON(boundary, 6)::json FROM registry.zone WHERE id = :zone"
Collection = dict[str, Any]


def places(session: Session, viewer: Viewer) -> Collection:
    """Return the live zones and current focus areas of the viewer's areas."""
    return _collect(session, _PLACES, live=list(LIVE), areas=_areas(viewer))


def choosable_blocks(session: Session, viewer: Viewer) -> Collection:
    """Return the current blocks of the viewer's areas; `zone` names the live zone that holds one."""
    return _collect(session, _BLOCKS, live=list(LIVE), areas=_areas(viewer))


def zone_buildings(session: Session, zone: ZoneDetail) -> Collection:
    """Return the buildings of a zone with how long ago all their units were visited."""
    return _collect(session, _BUILDINGS, zone=zone.row.id)


def zone_outline(session: Session, zone: ZoneDetail) -> dict[str, Any]:
    """Return the boundary of a zone as GeoJSON."""
    found: dict[str, Any] = session.execute(text(_OUTLINE), {"zone": zone.row.id}).scalar_one()
    return found


def _areas(viewer: Viewer) -> list[UUID] | None:
    return None if viewer.areas is None else list(viewer.areas)


def _collect(session: Session, features: str, **values: object) -> Collection:
    query = text(_COLLECTION.format(features=features))
    found: Collection = session.execute(query, values).scalar_one()
    return found
