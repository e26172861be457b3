-- Search as one types. Each function keeps one plan for a session (planning took nine tenths of the time), so a range on
-- a text_pattern_ops index is written with ~>=~ and ~<~, which a plan without known values can use too. The planner knows no
-- values then and takes every range for a small one: it may read indexes only, and in their order, so that a bound ends it.
-- `areas` is NULL for the whole installation; `near_lon` and `near_lat` are the middle of the map, or NULL.

-- The place names that a chain of keys leads to. The first key is a range of normal names, former names, initials or
-- pinyin, or names found elsewhere (`ids`, each with its way); each further key is a range of normal names below. A path
-- may run over names outside the viewer's areas, because a street belongs to a district and its doors to communities;
-- `visible` tells which may be shown. A range is read in the order of its index up to a bound, so that one letter costs
-- no more than a whole name.
CREATE OR REPLACE FUNCTION registry.find_places(areas uuid[], lows text[], highs text[], letters text, letters_end text,
  ids uuid[], ways text[], near_lon float, near_lat float)
RETURNS TABLE (id uuid, code text, kind text, name text, normal_name text, full_name text, parent_id uuid, state text,
  depth int, way text, via text, visible boolean, district text, township text, community text, lon float, lat float)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  districts uuid[] := ARRAY(SELECT coalesce(d.district_id, d.id) FROM registry.division d WHERE d.id = ANY (areas));
  middle geometry := ST_SetSRID(ST_MakePoint(near_lon, near_lat), 4490);
BEGIN
  RETURN QUERY
  WITH RECURSIVE first AS MATERIALIZED (
    (SELECT p.id, CASE WHEN p.normal_name = lows[1] THEN 'exact' ELSE 'prefix' END AS way, NULL::text AS via
     FROM registry.place_name p
     WHERE p.normal_name ~>=~ lows[1] AND p.normal_name ~<~ highs[1] AND p.state NOT IN ('removed', 'rejected')
       AND (areas IS NULL OR p.district_id = ANY (districts))
     LIMIT 400)
    UNION ALL
    (SELECT p.id, CASE WHEN p.initials = letters THEN 'initials' ELSE 'prefix' END, NULL
     FROM registry.place_name p
     WHERE p.initials ~>=~ letters AND p.initials ~<~ letters_end AND p.state NOT IN ('removed', 'rejected')
       AND p.normal_name ~>=~ ':'  -- no counts: 一段 is no name that begins with y
       AND (areas IS NULL OR p.district_id = ANY (districts))
     LIMIT 400)
    UNION ALL
    (SELECT p.id, CASE WHEN p.pinyin = letters THEN 'pinyin' ELSE 'prefix' END, NULL
     FROM registry.place_name p
     WHERE length(letters) > 1 AND p.pinyin ~>=~ letters AND p.pinyin ~<~ letters_end AND p.state NOT IN ('removed', 'rejected')
       AND p.normal_name ~>=~ ':'
       AND (areas IS NULL OR p.district_id = ANY (districts))
     LIMIT 400)
    UNION ALL
    (SELECT p.id, 'alias', n.name
     FROM registry.address_alias n JOIN registry.place_name p ON p.id = n.object_id
     WHERE n.normal_name ~>=~ lows[1] AND n.normal_name ~<~ highs[1] AND n.object_kind = 'place_name'
       AND p.state NOT IN ('removed', 'rejected')
       AND (areas IS NULL OR p.district_id = ANY (districts))
     LIMIT 200)
    UNION ALL
    -- A first keystroke begins more names than the bound: those around the middle of the map are surely among them.
    (SELECT p.id, 'prefix', NULL
     FROM registry.place_name p
     WHERE length(coalesce(letters, lows[1])) = 1 AND p.axis && ST_Expand(middle, 0.02) AND p.normal_name ~>=~ ':'
       AND (starts_with(p.initials, letters) OR starts_with(p.normal_name, lows[1])) AND p.state NOT IN ('removed', 'rejected')
       AND (areas IS NULL OR p.district_id = ANY (districts))
     LIMIT 200)
    UNION ALL
    (SELECT p.id, g.way, NULL
     FROM unnest(ids, ways) AS g (id, way) JOIN registry.place_name p ON p.id = g.id
     WHERE p.state NOT IN ('removed', 'rejected') AND (areas IS NULL OR p.district_id = ANY (districts)))
  ), chain AS (
    SELECT f.id, 1 AS depth, f.way, f.via FROM first f
    UNION ALL
    SELECT p.id, chain.depth + 1, chain.way, chain.via
    FROM chain JOIN registry.place_name p ON p.parent_id = chain.id
    WHERE chain.depth < cardinality(lows) AND p.state NOT IN ('removed', 'rejected')
      AND p.normal_name ~>=~ lows[chain.depth + 1] AND p.normal_name ~<~ highs[chain.depth + 1]
  ), best AS MATERIALIZED (
    SELECT DISTINCT ON (c.depth, c.id) c.id, c.depth, c.way, c.via
    FROM chain c
    ORDER BY c.depth DESC, c.id, array_position(ARRAY['exact', 'alias', 'initials', 'pinyin', 'prefix'], c.way)
  )
  SELECT p.id, p.code::text, p.kind, p.name, p.normal_name, p.full_name, p.parent_id, p.state, p.depth, p.way, p.via,
    registry.covers(areas, p.district_id, p.township_id, p.community_id), d.name, t.name, c.name,
    ST_X(coalesce(half.point, door.point)), ST_Y(coalesce(half.point, door.point))
  FROM (SELECT o.*, b.depth, b.way, b.via FROM best b JOIN registry.place_name o ON o.id = b.id
        ORDER BY b.depth DESC, b.way = 'prefix', o.axis <-> middle, length(o.normal_name), o.full_name LIMIT 80) p
    LEFT JOIN registry.division d ON d.id = p.district_id
    LEFT JOIN registry.division t ON t.id = p.township_id
    LEFT JOIN registry.division c ON c.id = p.community_id
    LEFT JOIN LATERAL (SELECT ST_LineInterpolatePoint(ST_GeometryN(p.axis, 1), 0.5) AS point) half ON true
    LEFT JOIN LATERAL (SELECT a.position AS point FROM registry.address a
      WHERE half.point IS NULL AND a.scope_id = p.id AND a.position IS NOT NULL ORDER BY a.number, a.id LIMIT 1) door ON true
  ORDER BY p.depth DESC, length(p.normal_name), p.full_name, p.id;
END $$;

-- Doors below some place names, in five ways: `exact`; `prefix`, numbers that begin with what was typed; `all`, the first
-- doors of the first name when no number was typed; `beside`, the door of the street that bears the number of a lane
-- (号与弄不同); `inside`, a door in a lane when the lane was left out; `building`, by the building's own number. With each
-- door come the buildings that carry it, their units where the door is certain, and its plates.
CREATE OR REPLACE FUNCTION registry.find_doors(
  areas uuid[], scopes uuid[], parents uuid[], asked text, begins int, lane text, building text,
  unit text, unit_is_prefix boolean, most int, near_lon float, near_lat float)
RETURNS TABLE (kind text, id uuid, code text, text text, state text, way text, number int, number_key text, building_no text,
  lon float, lat float, building_id uuid, unit_id uuid, unit_key text, name text, use text, area_m2 numeric,
  address_state text, units bigint, scope_id uuid, district text, township text, community text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  middle geometry := ST_SetSRID(ST_MakePoint(near_lon, near_lat), 4490);
BEGIN
  RETURN QUERY
  WITH spot AS MATERIALIZED (
    (SELECT a.id, 'exact' AS way
     FROM registry.address a
     WHERE a.scope_id = ANY (scopes) AND a.number_key = asked AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY a.position <-> middle, a.id LIMIT most)
    UNION ALL
    (SELECT a.id, 'all' FROM registry.address a
     WHERE asked IS NULL AND a.scope_id = scopes[1] AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY a.number, a.id LIMIT most)
    UNION ALL
    -- 6 begins 60 to 69 and 600 to 699: ranges of the index by number.
    (SELECT a.id, 'prefix'
     FROM generate_series(0, 4) power
       CROSS JOIN LATERAL (
         SELECT o.id, o.number, o.number_key FROM registry.address o
         WHERE o.scope_id = ANY (scopes[:5]) AND o.state NOT IN ('removed', 'rejected') AND o.number_key <> asked
           AND o.number >= begins::bigint * (10 ^ power)::int AND o.number < (begins::bigint + 1) * (10 ^ power)::int
           AND registry.covers(areas, o.district_id, o.township_id, o.community_id)
         ORDER BY o.number, o.id LIMIT most) a
     WHERE begins IS NOT NULL
     ORDER BY a.number, a.number_key, a.id LIMIT most)
    UNION ALL
    (SELECT a.id, 'beside' FROM registry.address a
     WHERE a.scope_id = ANY (parents) AND a.number_key = lane AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id) LIMIT most)
    UNION ALL
    (SELECT a.id, 'inside' FROM registry.place_name p JOIN registry.address a ON a.scope_id = p.id
     WHERE p.parent_id = ANY (scopes[:3]) AND a.number_key = asked AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY a.position <-> middle, a.id LIMIT most)
    UNION ALL
    (SELECT a.id, 'building' FROM registry.address a
       JOIN registry.building_address n ON n.address_id = a.id AND n.valid @> CURRENT_DATE
     WHERE building IS NOT NULL AND a.scope_id = ANY (scopes[:5]) AND n.building_no = building AND a.number_key IS DISTINCT FROM asked
       AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY a.number, a.id LIMIT most)
  ), carried AS MATERIALIZED (
    SELECT a.id, a.code, a.standard_text, a.state, a.position, a.number, a.number_key, a.scope_id, s.way,
      a.district_id, a.township_id, a.community_id,
      h.id AS building_id, h.code AS building_code, h.name, h.state AS building_state,
      coalesce(h.building_no, '') AS building_no, h.place
    FROM (SELECT * FROM spot ORDER BY array_position(ARRAY['exact', 'building', 'beside', 'all', 'inside', 'prefix'], spot.way)
          LIMIT most + 10) s
      JOIN registry.address a ON a.id = s.id
      LEFT JOIN LATERAL (
        SELECT b.id, b.code, b.name, b.state, n.building_no, coalesce(b.position, ST_PointOnSurface(b.outline)) AS place
        FROM registry.building_address n JOIN registry.building b ON b.id = n.building_id
        WHERE n.address_id = a.id AND n.valid @> CURRENT_DATE AND b.state NOT IN ('demolished', 'not_realized', 'removed')
          AND registry.covers(areas, b.district_id, b.township_id, b.community_id)
          AND (s.way <> 'building' OR n.building_no = building)
        ORDER BY n.building_no LIMIT 50) h ON true
  ), found AS (
    SELECT CASE WHEN r.building_id IS NULL THEN 'address' ELSE 'building' END AS kind, coalesce(r.building_id, r.id) AS id,
      coalesce(r.building_code, r.code) AS code, r.standard_text || r.building_no AS text,
      coalesce(r.building_state, r.state) AS state, r.way, r.number, r.number_key, r.building_no,
      coalesce(r.place, r.position) AS point, r.building_id, NULL::uuid AS unit_id, NULL::text AS unit_key, r.name,
      NULL::text AS use, NULL::numeric AS area_m2, r.state AS address_state, r.district_id, r.township_id, r.community_id,
      (SELECT count(*) FROM registry.housing_unit u WHERE u.building_id = r.building_id
         AND u.state NOT IN ('removed', 'rejected') AND u.state NOT IN ('retired', 'not_realized')) AS units, r.scope_id
    FROM carried r
    UNION ALL
    (SELECT 'unit', u.id, u.code, r.standard_text || r.building_no || u.unit_text, u.state, r.way, r.number, r.number_key,
       r.building_no, coalesce(u.position, r.place), r.building_id, u.id, u.unit_key, NULL, u.use, u.area_m2, r.state,
       u.district_id, u.township_id, u.community_id, NULL, r.scope_id
     FROM carried r JOIN registry.housing_unit u ON u.building_id = r.building_id
     WHERE (r.way IN ('exact', 'building') OR r.way = 'inside' AND unit IS NOT NULL) AND u.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, u.district_id, u.township_id, u.community_id)
       AND (unit IS NULL OR u.unit_key = unit OR right(u.unit_key, length(unit) + 1) = '/' || unit
         OR starts_with(u.unit_key, unit || '/')
         OR (unit_is_prefix AND (starts_with(u.unit_key, unit) OR strpos(u.unit_key, '/' || unit) > 0)))
     ORDER BY u.unit_key = unit DESC NULLS LAST, u.floor, length(u.unit_key), u.unit_key LIMIT most)
    UNION ALL
    (SELECT 'plate', p.id, p.code, r.standard_text, p.state, r.way, r.number, r.number_key, '', coalesce(p.position, r.position),
       r.building_id, NULL, NULL, NULL, p.kind, NULL, r.state, p.district_id, p.township_id, p.community_id, NULL, r.scope_id
     FROM (SELECT DISTINCT ON (o.id) o.* FROM carried o WHERE o.way IN ('exact', 'beside') ORDER BY o.id, o.building_no) r
       JOIN registry.plate p ON p.address_id = r.id
     WHERE NOT (p.state IN ('replaced', 'superseded', 'removed', 'cancelled'))
       AND registry.covers(areas, p.district_id, p.township_id, p.community_id) LIMIT most)
  )
  SELECT f.kind, f.id, f.code::text, f.text, f.state, f.way, f.number, f.number_key, f.building_no, ST_X(f.point), ST_Y(f.point),
    f.building_id, f.unit_id, f.unit_key, f.name, f.use, f.area_m2, f.address_state, f.units, f.scope_id, d.name, t.name, c.name
  FROM found f
    LEFT JOIN registry.division d ON d.id = f.district_id
    LEFT JOIN registry.division t ON t.id = f.township_id
    LEFT JOIN registry.division c ON c.id = f.community_id;
END $$;

-- The objects of a range of public codes, whatever their class: one code, or all that begin with what was typed.
CREATE OR REPLACE FUNCTION registry.find_codes(areas uuid[], low bpchar, high bpchar, most int)
RETURNS TABLE (kind text, id uuid, code text, text text, state text, lon float, lat float, building_id uuid, unit_id uuid)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH found AS (
    (SELECT 'street' AS kind, p.id, p.code, p.full_name AS text, p.state, ST_LineInterpolatePoint(ST_GeometryN(p.axis, 1), 0.5) AS point,
      NULL::uuid AS building_id, NULL::uuid AS unit_id, p.district_id, p.township_id, p.community_id
    FROM registry.place_name p WHERE p.code BETWEEN low AND high ORDER BY p.code LIMIT most)
    UNION ALL
    (SELECT 'address', a.id, a.code, a.standard_text, a.state, a.position,
      (SELECT n.building_id FROM registry.building_address n WHERE n.address_id = a.id AND n.valid @> CURRENT_DATE
       ORDER BY n.building_no LIMIT 1), NULL, a.district_id, a.township_id, a.community_id
    FROM registry.address a WHERE a.code BETWEEN low AND high ORDER BY a.code LIMIT most)
    UNION ALL
    (SELECT 'plate', p.id, p.code, a.standard_text, p.state, coalesce(p.position, a.position),
      (SELECT n.building_id FROM registry.building_address n WHERE n.address_id = a.id AND n.valid @> CURRENT_DATE
       ORDER BY n.building_no LIMIT 1), NULL, p.district_id, p.township_id, p.community_id
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
     WHERE p.code BETWEEN low AND high ORDER BY p.code LIMIT most)
    UNION ALL
    SELECT k.kind, k.id, k.code, coalesce(a.standard_text || n.building_no, b.label, b.name, b.code::text) || k.tail, k.state,
      coalesce(k.position, b.position, ST_PointOnSurface(b.outline)), b.id, k.unit_id, b.district_id, b.township_id, b.community_id
    FROM (
      (SELECT 'building' AS kind, o.id, o.code, o.id AS building_id, NULL::uuid AS unit_id, '' AS tail, o.state, o.position
      FROM registry.building o
       WHERE o.code BETWEEN low AND high ORDER BY o.code LIMIT most)
      UNION ALL
      (SELECT 'building', e.id, e.code, e.building_id, NULL, e.label, e.state, e.position FROM registry.entrance e
       WHERE e.code BETWEEN low AND high ORDER BY e.code LIMIT most)
      UNION ALL
      (SELECT 'unit', u.id, u.code, u.building_id, u.id, u.unit_text, u.state, u.position FROM registry.housing_unit u
       WHERE u.code BETWEEN low AND high ORDER BY u.code LIMIT most)
    ) k JOIN registry.building b ON b.id = k.building_id
      LEFT JOIN registry.building_address n ON n.building_id = b.id AND n.is_main AND n.valid @> CURRENT_DATE
      LEFT JOIN registry.address a ON a.id = n.address_id
  )
  SELECT f.kind, f.id, f.code::text, f.text, f.state, ST_X(f.point), ST_Y(f.point), f.building_id, f.unit_id FROM found f
  WHERE registry.covers(areas, f.district_id, f.township_id, f.community_id);
END $$;

-- The live buildings of one name.
CREATE OR REPLACE FUNCTION registry.named_buildings(areas uuid[], name text) RETURNS SETOF registry.building LANGUAGE sql STABLE AS $$
  SELECT o.* FROM registry.building o
  WHERE o.name ~>=~ $2 AND o.name ~<~ ($2 || U&'\0001') AND o.state NOT IN ('demolished', 'not_realized', 'removed')
    AND registry.covers(areas, o.district_id, o.township_id, o.community_id)
$$;

-- Buildings by their own name or its sound, with the number behind it when one was typed. A name that is only begun or
-- spelled stands once, with how many buildings bear it.
CREATE OR REPLACE FUNCTION registry.find_buildings(
  areas uuid[], lows text[], is_prefix boolean, letters text, letters_end text, asked text, building text, most int, near_lon float, near_lat float)
RETURNS TABLE (kind text, id uuid, code text, text text, state text, way text, number int, building_no text, lon float, lat float,
  name text, same bigint, scope_id uuid, number_key text, district text, township text, community text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  middle geometry := ST_SetSRID(ST_MakePoint(near_lon, near_lat), 4490);
BEGIN
  RETURN QUERY
  WITH sounding AS MATERIALIZED (
    (SELECT s.name, CASE WHEN s.initials = letters THEN 'initials' ELSE 'prefix' END AS way FROM registry.building_sound s
     WHERE length(letters) > 1 AND s.initials ~>=~ letters AND s.initials ~<~ letters_end
       AND EXISTS (SELECT FROM registry.named_buildings(areas, s.name)) LIMIT 60)
    UNION ALL
    (SELECT s.name, CASE WHEN s.pinyin = letters THEN 'pinyin' ELSE 'prefix' END FROM registry.building_sound s
     WHERE length(letters) > 1 AND s.pinyin ~>=~ letters AND s.pinyin ~<~ letters_end
       AND EXISTS (SELECT FROM registry.named_buildings(areas, s.name)) LIMIT 60)
  ), found AS (
    SELECT b.*, CASE WHEN b.name = ANY (lows) THEN 'exact' ELSE 'prefix' END AS way
    FROM unnest(lows) low
      CROSS JOIN LATERAL (
        SELECT o.* FROM registry.building o
        WHERE o.name ~>=~ low AND o.name ~<~ (low || CASE WHEN is_prefix THEN U&'\+10FFFF' ELSE U&'\0001' END)
          AND o.state NOT IN ('demolished', 'not_realized', 'removed')
          AND registry.covers(areas, o.district_id, o.township_id, o.community_id)
        LIMIT 400) b
    UNION ALL
    SELECT b.*, s.way
    FROM (SELECT DISTINCT ON (o.name) o.* FROM sounding o ORDER BY o.name, o.way = 'prefix') s
      CROSS JOIN LATERAL (SELECT o.* FROM registry.named_buildings(areas, s.name) o LIMIT 100) b
  ), named AS (
    SELECT b.id, b.name, b.way, coalesce(b.position, ST_PointOnSurface(b.outline)) AS point
    FROM found b
    WHERE asked IS NULL OR EXISTS (
      SELECT FROM registry.building_address n JOIN registry.address a ON a.id = n.address_id
      WHERE n.building_id = b.id AND n.valid @> CURRENT_DATE AND (a.number_key = asked OR n.building_no = building))
  ), counted AS (
    SELECT n.*, count(*) OVER own AS same,
      row_number() OVER (own ORDER BY n.point <-> middle, n.id) AS place
    FROM named n WINDOW own AS (PARTITION BY n.name)
  )
  SELECT 'building', o.id, o.code::text, coalesce(a.standard_text || n.building_no, o.label, o.name), o.state,
    c.way, a.number, coalesce(n.building_no, ''),
    ST_X(c.point), ST_Y(c.point), o.name, c.same, a.scope_id, a.number_key, e.name, t.name, m.name
  FROM (SELECT * FROM counted WHERE place = 1 OR way = 'exact'
        ORDER BY way = 'prefix', place, length(counted.name), counted.id LIMIT most) c
    JOIN registry.building o ON o.id = c.id
    LEFT JOIN registry.building_address n ON n.building_id = o.id AND n.is_main AND n.valid @> CURRENT_DATE
    LEFT JOIN registry.address a ON a.id = n.address_id
    LEFT JOIN registry.division e ON e.id = o.district_id
    LEFT JOIN registry.division t ON t.id = o.township_id
    LEFT JOIN registry.division m ON m.id = o.community_id;
END $$;

-- Addresses and buildings by a former or common name, with what stands there now.
CREATE OR REPLACE FUNCTION registry.find_aliases(areas uuid[], low text, high text)
RETURNS TABLE (kind text, id uuid, code text, text text, state text, lon float, lat float, building_id uuid, via text,
  normal_name text, since date, until date)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH named AS MATERIALIZED (
    SELECT n.object_kind, n.object_id, n.name, n.normal_name, n.valid FROM registry.address_alias n
    WHERE n.normal_name ~>=~ low AND n.normal_name ~<~ high AND n.object_kind IN ('building', 'address')
    ORDER BY length(n.normal_name), n.normal_name, n.id LIMIT 100
  ), target AS (
    SELECT n.*, n.object_id AS building_id, m.address_id, m.building_no
    FROM named n LEFT JOIN registry.building_address m ON m.building_id = n.object_id AND m.is_main AND m.valid @> CURRENT_DATE
    WHERE n.object_kind = 'building'
    UNION ALL
    SELECT n.*, m.building_id, n.object_id, m.building_no
    FROM named n LEFT JOIN registry.building_address m ON m.address_id = n.object_id AND m.valid @> CURRENT_DATE
    WHERE n.object_kind = 'address'
  )
  SELECT CASE WHEN b.id IS NULL THEN 'address' ELSE 'building' END, coalesce(b.id, a.id), coalesce(b.code, a.code)::text,
    coalesce(a.standard_text || coalesce(t.building_no, ''), b.label, b.name, b.code::text), coalesce(b.state, a.state),
    ST_X(spot.point), ST_Y(spot.point), b.id, t.name, t.normal_name, lower(t.valid), upper(t.valid)
  FROM target t
    LEFT JOIN registry.building b ON b.id = t.building_id
    LEFT JOIN registry.address a ON a.id = t.address_id
    CROSS JOIN LATERAL (SELECT coalesce(b.position, ST_PointOnSurface(b.outline), a.position) AS point) spot
  WHERE CASE WHEN b.id IS NULL THEN a.state NOT IN ('removed', 'rejected') AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
             ELSE registry.covers(areas, b.district_id, b.township_id, b.community_id) END;
END $$;
