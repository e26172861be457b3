-- What lies at a point, and the buildings along a street that have no number yet.

-- Degrees that hold a circle at every latitude of the country, from metres.
CREATE OR REPLACE FUNCTION registry.reach_degrees(metres float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT metres / 111320.0 * 1.7
$$;

-- Metres from a point to the nearest spot of a line or area.
CREATE OR REPLACE FUNCTION registry.metres_to(shape geometry, point geometry) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ST_DistanceSphere(ST_ClosestPoint(shape, point), point)
$$;

-- Buildings within some metres of a street's axis that bear no number and lie nearer to no other street.
CREATE OR REPLACE FUNCTION registry.unnumbered_buildings(street uuid, reach_m float8)
RETURNS TABLE (id uuid, lon float8, lat float8, outline bytea, district_id uuid, township_id uuid, community_id uuid)
LANGUAGE sql STABLE AS $$
  WITH near AS (
    -- A long axis lies in a large box: its stretches do not.
    SELECT DISTINCT b.id, p.axis, p.id AS street_id, coalesce(b.position, ST_PointOnSurface(b.outline)) AS place, b.outline,
      b.district_id, b.township_id, b.community_id
    FROM registry.place_name p
      CROSS JOIN LATERAL (SELECT ST_Expand(s, registry.reach_degrees(reach_m)) AS box FROM ST_Subdivide(p.axis, 16) s) t
      JOIN registry.building b ON b.position && t.box OR b.outline && t.box
    WHERE p.id = street AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      AND NOT EXISTS (SELECT FROM registry.building_address n WHERE n.building_id = b.id AND n.valid @> CURRENT_DATE)),
  measured AS (SELECT n.*, registry.metres_to(n.axis, n.place) AS metres FROM near n)
  SELECT m.id, ST_X(m.place), ST_Y(m.place), ST_AsBinary(m.outline), m.district_id, m.township_id, m.community_id
  FROM measured m
  WHERE m.metres <= reach_m AND NOT EXISTS (
    SELECT FROM registry.place_name o
    WHERE o.axis && ST_Expand(m.place, registry.reach_degrees(m.metres)) AND o.id <> m.street_id AND o.state = 'current'
      AND registry.metres_to(o.axis, m.place) < m.metres)
  ORDER BY m.id
$$;

-- The divisions around a point, from the largest to the smallest, and the grid block; `areas` are those one may see.
CREATE OR REPLACE FUNCTION registry.areas_at(lon float8, lat float8, areas uuid[])
RETURNS TABLE (level text, id uuid, code text, name text) LANGUAGE sql STABLE AS $$
  WITH point AS (SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4490) AS place)
  (SELECT d.level, d.id, d.code::text, d.name FROM registry.division d, point
   WHERE ST_Covers(d.boundary, point.place) AND d.valid @> CURRENT_DATE
     AND (areas IS NULL OR d.id = ANY (areas) OR d.district_id = ANY (areas) OR d.township_id = ANY (areas))
   ORDER BY array_position(ARRAY['province', 'city', 'district', 'township', 'community'], d.level), d.code)
  UNION ALL
  (SELECT 'block', b.id, b.code::text, b.name FROM registry.grid_block b, point
   WHERE ST_Covers(b.boundary, point.place) AND b.state = 'current'
     AND (areas IS NULL OR b.district_id = ANY (areas) OR b.township_id = ANY (areas) OR b.community_id = ANY (areas))
   ORDER BY b.code LIMIT 1)
$$;

-- The street that a point lies at: the nearest axis within some metres. The index orders by degrees, metres decide.
-- A street belongs to a district and its doors to communities: those who see a part of the district may know it.
CREATE OR REPLACE FUNCTION registry.street_at(lon float8, lat float8, reach_m float8, areas uuid[])
RETURNS TABLE (id uuid, full_name text, area_id uuid, metres float8) LANGUAGE sql STABLE AS $$
  SELECT f.id, f.full_name, f.area_id, f.metres
  FROM (
    SELECT p.id, p.full_name, coalesce(p.community_id, p.township_id, p.district_id) AS area_id, registry.metres_to(p.axis, point.place) AS metres
    FROM (SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4490) AS place) point, registry.place_name p
    WHERE p.axis && ST_Expand(point.place, registry.reach_degrees(reach_m)) AND p.state = 'current'
      AND (areas IS NULL OR p.district_id = ANY (ARRAY(
        SELECT coalesce(d.district_id, d.id) FROM registry.division d WHERE d.id = ANY (areas))))
    ) f
  WHERE f.metres <= reach_m
  ORDER BY f.metres, f.id LIMIT 1
$$;

-- Addresses nearest to a point with the plate of each that hangs longest, or none.
CREATE OR REPLACE FUNCTION registry.doors_at(lon float8, lat float8, reach_m float8, most int, areas uuid[])
RETURNS TABLE (id uuid, code text, standard_text text, state text, accuracy text, lon float8, lat float8, metres float8,
  place_name_id uuid, plate_id uuid, plate_state text)
LANGUAGE sql STABLE AS $$
  SELECT n.id, n.code::text, n.standard_text, n.state, n.accuracy::text, ST_X(n.position), ST_Y(n.position), n.metres,
    n.place_name_id, p.id, p.state
  FROM (
    SELECT a.*, ST_DistanceSphere(a.position, point.place) AS metres
    FROM (SELECT ST_SetSRID(ST_MakePoint($1, $2), 4490) AS place) point, registry.address a
    WHERE a.position && ST_Expand(point.place, registry.reach_degrees(reach_m)) AND a.state = 'current'
      AND (areas IS NULL OR a.district_id = ANY (areas) OR a.township_id = ANY (areas) OR a.community_id = ANY (areas))
    ORDER BY a.position <-> ST_SetSRID(ST_MakePoint($1, $2), 4490) LIMIT most * 3) n
  LEFT JOIN LATERAL (
    SELECT p.id, p.state FROM registry.plate p
    WHERE p.address_id = n.id AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
    ORDER BY p.state IN ('installed', 'verified') DESC, p.id LIMIT 1) p ON true
  WHERE n.metres <= reach_m
  ORDER BY n.metres, n.id LIMIT most
$$;

-- The numbers of a street around a point: the nearest with their places, and without a place what lies between them
-- and a few beyond, for a proposal there.
CREATE OR REPLACE FUNCTION registry.numbers_near(street uuid, lon float8, lat float8, most int)
RETURNS TABLE (id uuid, version int, number int, number_key text, number_text text, standard_text text, state text, until date,
  lon float8, lat float8)
LANGUAGE sql STABLE AS $$
  WITH near AS (
    SELECT a.id, a.version, a.number, a.number_key, a.number_text, a.standard_text, a.state, upper(a.valid) AS until,
      ST_X(a.position) AS lon, ST_Y(a.position) AS lat
    FROM registry.address a
    WHERE a.scope_id = street AND a.position IS NOT NULL AND a.state NOT IN ('removed', 'rejected')
    ORDER BY a.position <-> ST_SetSRID(ST_MakePoint($2, $3), 4490) LIMIT most)
  SELECT * FROM near
  UNION ALL
  SELECT a.id, a.version, a.number, a.number_key, a.number_text, a.standard_text, a.state, upper(a.valid), NULL, NULL
  FROM registry.address a, (SELECT min(n.number) AS low, max(n.number) AS high FROM near n) r
  WHERE a.scope_id = street AND a.state NOT IN ('removed', 'rejected') AND a.number BETWEEN coalesce(r.low, 1)
    AND coalesce(r.high + 20, 99999) AND NOT EXISTS (SELECT FROM near n WHERE n.id = a.id)
$$;

-- Buildings within a box around a point that bear no number, or one of an estate.
CREATE OR REPLACE FUNCTION registry.estate_ground(estate uuid, lon float8, lat float8, reach_m float8)
RETURNS TABLE (id uuid, shape bytea, is_numbered boolean, lon float8, lat float8, district_id uuid, township_id uuid, community_id uuid)
LANGUAGE sql STABLE AS $$
  SELECT b.id, ST_AsBinary(coalesce(b.outline, b.position)), n.is_numbered, ST_X(s.place), ST_Y(s.place),
    b.district_id, b.township_id, b.community_id
  FROM (SELECT ST_Expand(ST_SetSRID(ST_MakePoint($2, $3), 4490), registry.reach_degrees(reach_m)) AS box) t
    JOIN registry.building b ON b.position && t.box OR b.outline && t.box
    CROSS JOIN LATERAL (SELECT coalesce(b.position, ST_PointOnSurface(b.outline)) AS place) s
    CROSS JOIN LATERAL (
      SELECT count(*) > 0 AS is_numbered, count(*) FILTER (WHERE a.scope_id IS DISTINCT FROM estate) > 0 AS is_another
      FROM registry.building_address m JOIN registry.address a ON a.id = m.address_id
      WHERE m.building_id = b.id AND m.valid @> CURRENT_DATE) n
  WHERE b.state NOT IN ('demolished', 'not_realized', 'removed') AND NOT n.is_another
  ORDER BY b.id
$$;

-- The axes of streets within a box around a point.
CREATE OR REPLACE FUNCTION registry.axes_around(lon float8, lat float8, reach_m float8) RETURNS SETOF geometry
LANGUAGE sql STABLE AS $$
  SELECT p.axis FROM registry.place_name p
  WHERE p.axis && ST_Expand(ST_SetSRID(ST_MakePoint($1, $2), 4490), registry.reach_degrees(reach_m))
    AND p.kind IN ('street', 'section') AND p.state = 'current'
$$;
