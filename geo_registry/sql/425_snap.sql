-- Where a point would lie if it were drawn to what is near: the entrance of a building, its wall, the axis of a street.

-- The spot of a shape that is nearest to a point on the ground; a degree of longitude is shorter than one of latitude.
CREATE OR REPLACE FUNCTION registry.nearest_spot(shape geometry, point geometry) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ST_SetSRID(ST_Scale(ST_ClosestPoint(ST_Scale(shape, s.c, 1), ST_Scale(point, s.c, 1)), 1 / s.c, 1), ST_SRID(point))
  FROM (SELECT greatest(cos(radians(ST_Y(point))), 0.01) AS c) s
$$;

-- The nearest spot of each kind within some metres. `areas` is the viewer's scope; `street` narrows the axis to one.
CREATE OR REPLACE FUNCTION registry.snaps_at(lon float8, lat float8, reach_m float8, street uuid, areas uuid[])
RETURNS TABLE (kind text, lon float8, lat float8, metres float8, building_id uuid, place_name_id uuid, name text)
LANGUAGE sql STABLE AS $$
  WITH point AS (
    SELECT p.place, ST_Expand(p.place, registry.reach_degrees($3)) AS box
    FROM (SELECT ST_SetSRID(ST_MakePoint($1, $2), 4490) AS place) p),
  -- An entrance may stand a little way off the outline of its building.
  near AS MATERIALIZED (
    SELECT b.id, coalesce(b.label, b.name) AS name, b.outline, b.position
    FROM point, registry.building b
    WHERE (b.outline && point.box OR b.position && point.box) AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      AND registry.covers($5, b.district_id, b.township_id, b.community_id)),
  spots AS (
    SELECT 'entrance' AS kind, e.position AS spot, n.id AS building_id, NULL::uuid AS place_name_id,
      concat_ws(' ', n.name, e.label) AS name
    FROM near n JOIN registry.entrance e ON e.building_id = n.id
    WHERE e.position IS NOT NULL AND e.state NOT IN ('retired', 'not_realized', 'removed')
    UNION ALL
    SELECT 'outline', registry.nearest_spot(coalesce(ST_Boundary(n.outline), n.position), point.place), n.id, NULL, n.name
    FROM near n, point
    UNION ALL
    SELECT 'axis', registry.nearest_spot(p.axis, point.place), NULL, p.id, p.full_name
    FROM point, registry.place_name p
    WHERE p.axis && point.box AND p.state = 'current' AND ($4 IS NULL OR p.id = $4)
      AND ($5 IS NULL OR p.district_id = ANY (ARRAY(
        SELECT coalesce(d.district_id, d.id) FROM registry.division d WHERE d.id = ANY ($5))))),
  measured AS (
    SELECT DISTINCT ON (s.kind) s.*, ST_DistanceSphere(s.spot, point.place) AS metres FROM spots s, point
    WHERE ST_DistanceSphere(s.spot, point.place) <= $3
    ORDER BY s.kind, ST_DistanceSphere(s.spot, point.place), s.building_id, s.place_name_id)
  SELECT m.kind, ST_X(m.spot), ST_Y(m.spot), m.metres, m.building_id, m.place_name_id, m.name
  FROM measured m ORDER BY m.metres, m.kind
$$;
