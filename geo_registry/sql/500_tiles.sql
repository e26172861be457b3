-- Vector tiles of the place registers. `areas` is the viewer's scope, NULL for everything.
-- Names are points of their own: a polygon cut by a tile's edge would be named once in each tile.
CREATE OR REPLACE FUNCTION registry.tile(layer text, z int, x int, y int, areas uuid[])
RETURNS bytea LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = registry, public, pg_temp AS $$
DECLARE
  frame geometry := ST_TileEnvelope(z, x, y);
  -- A strip around the tile, so that outlines and symbols are not cut at its edge.
  box geometry := ST_Transform(ST_TileEnvelope(z, x, y, margin => 0.0625), 4490);
  inner_box geometry := ST_Transform(ST_TileEnvelope(z, x, y), 4490);
  levels text[] := CASE WHEN z < 10 THEN ARRAY['city', 'district'] WHEN z < 12 THEN ARRAY['district', 'township']
                   ELSE ARRAY['district', 'township', 'community'] END;
  answer bytea;
  more bytea;
BEGIN
  IF layer = 'backdrop' THEN
    SELECT ST_AsMVT(t, 'backdrop') INTO answer FROM (
      SELECT b.kind, b.name, ST_AsMVTGeom(ST_Transform(b.shape, 3857), frame) AS geom
      FROM backdrop b WHERE b.shape && box) t WHERE t.geom IS NOT NULL;
  ELSIF layer = 'areas' THEN
    SELECT ST_AsMVT(t, 'areas') INTO answer FROM (
      SELECT d.id::text, d.name, d.level, d.code, ST_AsMVTGeom(ST_Transform(d.boundary, 3857), frame) AS geom
      FROM division d
      WHERE d.boundary && box AND d.valid @> CURRENT_DATE AND d.level = ANY (levels)) t WHERE t.geom IS NOT NULL;
    SELECT ST_AsMVT(t, 'area_names') INTO more FROM (
      SELECT d.id::text, d.name, d.level, ST_AsMVTGeom(ST_Transform(p.place, 3857), frame) AS geom
      FROM division d, LATERAL (SELECT ST_PointOnSurface(d.boundary) AS place OFFSET 0) p
      WHERE d.boundary && inner_box AND d.valid @> CURRENT_DATE AND d.level = levels[array_upper(levels, 1)]
        AND p.place && inner_box) t WHERE t.geom IS NOT NULL;
  ELSIF layer = 'blocks' THEN
    SELECT ST_AsMVT(t, 'blocks') INTO answer FROM (
      SELECT g.id::text, g.name, g.code, ST_AsMVTGeom(ST_Transform(g.boundary, 3857), frame) AS geom
      FROM grid_block g WHERE g.boundary && box AND g.state = 'current' AND z >= 12
        AND covers(areas, g.district_id, g.township_id, g.community_id)) t WHERE t.geom IS NOT NULL;
    -- A shared edge once, or two dashed lines would fill each other's gaps.
    SELECT ST_AsMVT(t, 'block_edges') INTO more FROM (
      SELECT ST_AsMVTGeom(ST_Transform(ST_LineMerge(ST_Union(ST_Boundary(g.boundary))), 3857), frame) AS geom
      FROM grid_block g WHERE g.boundary && box AND g.state = 'current' AND z >= 14
        AND covers(areas, g.district_id, g.township_id, g.community_id)) t WHERE t.geom IS NOT NULL;
    answer := answer || coalesce(more, ''::bytea);
    SELECT ST_AsMVT(t, 'block_names') INTO more FROM (
      SELECT g.id::text, g.name, ST_AsMVTGeom(ST_Transform(p.place, 3857), frame) AS geom
      FROM grid_block g, LATERAL (SELECT ST_PointOnSurface(g.boundary) AS place OFFSET 0) p
      WHERE g.boundary && inner_box AND g.state = 'current' AND z >= 14 AND p.place && inner_box
        AND covers(areas, g.district_id, g.township_id, g.community_id)) t WHERE t.geom IS NOT NULL;
  ELSIF layer = 'streets' THEN
    -- A street that runs through a whole district belongs to no township: everybody sees it, as on a street sign.
    SELECT ST_AsMVT(t, 'streets') INTO answer FROM (
      SELECT p.id::text, p.name, p.kind, ST_AsMVTGeom(ST_Transform(p.axis, 3857), frame) AS geom
      FROM place_name p WHERE p.axis && box AND p.state = 'current' AND (z >= 14 OR p.kind = 'street')
        AND (p.township_id IS NULL OR covers(areas, p.district_id, p.township_id, p.community_id))) t
      WHERE t.geom IS NOT NULL;
  ELSIF layer = 'buildings' THEN
    SELECT ST_AsMVT(t, 'buildings') INTO answer FROM (
      SELECT b.id::text, b.label, b.name, b.floors, b.use, b.method,
        ST_AsMVTGeom(ST_Transform(coalesce(b.outline, b.position), 3857), frame) AS geom
      FROM building b WHERE (b.outline && box OR (b.outline IS NULL AND b.position && box)) AND z >= 13
        AND (b.outline IS NOT NULL OR z >= 15)
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
        AND covers(areas, b.district_id, b.township_id, b.community_id)) t WHERE t.geom IS NOT NULL;
    SELECT ST_AsMVT(t, 'building_names') INTO more FROM (
      SELECT b.id::text, coalesce(b.label, b.name) AS name, ST_AsMVTGeom(ST_Transform(p.place, 3857), frame) AS geom
      FROM building b, LATERAL (SELECT coalesce(ST_Centroid(b.outline), b.position) AS place OFFSET 0) p
      WHERE (b.outline && inner_box OR (b.outline IS NULL AND b.position && inner_box)) AND z >= 16
        AND p.place && inner_box AND coalesce(b.label, b.name) IS NOT NULL
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
        AND covers(areas, b.district_id, b.township_id, b.community_id)) t WHERE t.geom IS NOT NULL;
  ELSIF layer = 'plates' THEN
    SELECT ST_AsMVT(t, 'plates') INTO answer FROM (
      -- Eight colours in four shapes tell neighbouring streets apart: the number of one is drawn from its id.
      SELECT p.id::text, p.text, p.state, a.certified_at IS NOT NULL AND (a.certified_until IS NULL OR a.certified_until >= CURRENT_DATE) AS certified,
        hashtext(a.scope_id::text) & 31 AS street, a.scope_id::text AS scope, rtrim(p.text, '号號') AS number,
        ST_AsMVTGeom(ST_Transform(p.position, 3857), frame) AS geom
      FROM plate p JOIN address a ON a.id = p.address_id WHERE p.position && box AND z >= 15
        AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
        AND covers(areas, p.district_id, p.township_id, p.community_id)) t WHERE t.geom IS NOT NULL;
  END IF;
  RETURN coalesce(answer, ''::bytea) || coalesce(more, ''::bytea);
END $$;
