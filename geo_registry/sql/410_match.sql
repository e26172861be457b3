-- Matching of address texts in sets: arrays in, rows out, `n` counts the questions from 1. Every step is a lookup in an
-- index for each question; nothing here ranks or decides. `areas` is NULL for the whole installation. The plans do not
-- depend on the values, and are kept: planning would take four fifths of the time of a single question.

-- The doors of numbers below scopes (place names or communities), with the buildings that carry them and the units asked
-- for. How the number is met: `exact`; `own`, the scope is the door itself; `inside`, in a lane or section of the scope;
-- `within`, on any street of the scope, a community; `near`, other keys of the same figure; `building`, any door whose
-- building bears the number of a building. An empty building or unit was not written.
CREATE OR REPLACE FUNCTION registry.match_doors(
  areas uuid[], ns int[], scopes uuid[], ways text[], numbers text[], buildings text[], units text[])
RETURNS TABLE (n int, id uuid, code text, text text, state text, neighborhood text, via text, is_officially boolean,
  building_id uuid, building_code text, building_no text, building_state text, carriers bigint,
  unit_id uuid, unit_code text, unit_text text, unit_key text, unit_state text, has_units boolean,
  district_id uuid, township_id uuid, community_id uuid, lon float, lat float)
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT q.n, a.id, a.code::text, a.standard_text, a.state, a.neighborhood, d.via, a.officially_assigned,
    h.id, h.code, h.building_no, h.state, h.carriers,
    u.id, u.code, u.unit_text, u.unit_key, u.state,
    CASE WHEN q.unit <> '' AND u.id IS NULL THEN EXISTS (SELECT FROM registry.housing_unit o
      WHERE o.building_id = h.id AND o.unit_key <> '' AND o.state NOT IN ('removed', 'rejected', 'retired')) END,
    a.district_id, a.township_id, a.community_id,
    ST_X(coalesce(u.position, h.place, a.position)), ST_Y(coalesce(u.position, h.place, a.position))
  FROM unnest(ns, scopes, ways, numbers, buildings, units) q (n, scope, way, number, building, unit)
  CROSS JOIN LATERAL (
    SELECT a.id, NULL::text AS via FROM registry.address a
    WHERE q.way = 'exact' AND a.scope_id = q.scope AND a.number_key = q.number AND a.state NOT IN ('removed', 'rejected')
    UNION ALL
    SELECT a.id, NULL FROM registry.address a
    WHERE q.way = 'own' AND a.id = q.scope AND a.state NOT IN ('removed', 'rejected')
    UNION ALL
    (SELECT a.id, p.full_name FROM registry.place_name p JOIN registry.address a ON a.scope_id = p.id
     WHERE q.way = 'inside' AND p.parent_id = q.scope AND p.state NOT IN ('removed', 'rejected')
       AND a.number_key = q.number AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY p.full_name, a.id LIMIT 100)
    UNION ALL
    (SELECT a.id, p.full_name
     FROM registry.division c JOIN registry.place_name p ON p.district_id = c.district_id AND p.township_id IS NOT DISTINCT FROM c.township_id
       JOIN registry.address a ON a.scope_id = p.id
     WHERE q.way = 'within' AND c.id = q.scope AND c.level = 'community' AND p.state NOT IN ('removed', 'rejected')
       AND a.community_id = c.id AND a.number_key = q.number AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY p.full_name, a.id LIMIT 60)
    UNION ALL
    (SELECT a.id, NULL FROM registry.address a
     WHERE q.way = 'near' AND a.scope_id = q.scope AND a.number = substring(q.number FROM '\d+')::int
       AND a.number_key <> q.number AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
     ORDER BY a.number_key, a.id LIMIT 6)
    UNION ALL
    (SELECT a.id, NULL FROM registry.address a
     WHERE q.way = 'building' AND a.scope_id = q.scope AND a.state NOT IN ('removed', 'rejected')
       AND registry.covers(areas, a.district_id, a.township_id, a.community_id) AND EXISTS (
       SELECT FROM registry.building_address m
       WHERE m.address_id = a.id AND m.building_no = q.building AND m.valid @> CURRENT_DATE)
     ORDER BY a.number, a.number_key, a.id LIMIT 12)
  ) d
  JOIN registry.address a ON a.id = d.id
  LEFT JOIN LATERAL (
    SELECT b.id, b.code::text AS code, m.building_no, b.state, coalesce(b.position, ST_PointOnSurface(b.outline)) AS place,
      count(*) OVER () AS carriers
    FROM registry.building_address m JOIN registry.building b ON b.id = m.building_id
    WHERE m.address_id = a.id AND m.valid @> CURRENT_DATE AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      AND registry.covers(areas, b.district_id, b.township_id, b.community_id)
      AND (q.building = '' OR m.building_no = q.building) ORDER BY m.building_no, b.id LIMIT 50) h ON true
  LEFT JOIN LATERAL (
    SELECT u.id, u.code::text AS code, u.unit_text, u.unit_key, u.state, u.position FROM registry.housing_unit u
    WHERE q.unit <> '' AND u.building_id = h.id AND u.state NOT IN ('removed', 'rejected')
      AND (u.unit_key = q.unit OR right(u.unit_key, length(q.unit) + 1) = '/' || q.unit)
      AND registry.covers(areas, u.district_id, u.township_id, u.community_id)
    ORDER BY u.unit_key = q.unit DESC, u.unit_key LIMIT 12) u ON true
  WHERE registry.covers(areas, a.district_id, a.township_id, a.community_id);
END $$;

-- Doors and buildings by another name of their own, as far as the viewer may see them.
CREATE OR REPLACE FUNCTION registry.match_aliases(areas uuid[], keys text[])
RETURNS TABLE (n int, object_kind text, object_id uuid, name text, address_id uuid, building_no text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT q.n::int, o.object_kind, o.object_id, o.name, o.address_id, o.building_no
  FROM unnest(keys) WITH ORDINALITY q (key, n)
    CROSS JOIN LATERAL (
      SELECT l.id, l.object_kind, l.object_id, l.name, a.id AS address_id, coalesce(m.building_no, '') AS building_no
      FROM registry.address_alias l
        LEFT JOIN registry.building_address m ON l.object_kind = 'building' AND m.building_id = l.object_id AND m.is_main
          AND m.valid @> CURRENT_DATE
        JOIN registry.address a ON a.id = CASE l.object_kind WHEN 'address' THEN l.object_id ELSE m.address_id END
      WHERE l.normal_name = q.key AND l.object_kind IN ('address', 'building') AND a.state NOT IN ('removed', 'rejected')
        AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
      ORDER BY l.id LIMIT 50) o
  ORDER BY q.n, o.id;
END $$;

-- What followed objects that are retired: the last of each line of succession, as far as the viewer may see it; `lines` counts
-- all of them, so that one of several is never taken for the only one.
CREATE OR REPLACE FUNCTION registry.match_successors(areas uuid[], asked uuid[])
RETURNS TABLE (old_id uuid, kind text, id uuid, code text, text text, state text, lon float, lat float, building_id uuid,
  lines bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = 'force_generic_plan' AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE line AS (
    SELECT s.old_id, s.new_id, s.object_kind, 1 AS steps FROM registry.succession s
    WHERE s.old_id = ANY (asked) AND s.object_kind IN ('address', 'building', 'housing_unit')
    UNION
    SELECT l.old_id, s.new_id, s.object_kind, l.steps + 1
    FROM line l JOIN registry.succession s ON s.old_id = l.new_id AND s.object_kind = l.object_kind WHERE l.steps < 20
  ), last AS (
    SELECT o.*, count(*) OVER (PARTITION BY o.old_id, o.object_kind) AS lines
    FROM (SELECT DISTINCT l.old_id, l.new_id, l.object_kind FROM line l
          WHERE NOT EXISTS (SELECT FROM registry.succession s WHERE s.old_id = l.new_id AND s.object_kind = l.object_kind)) o
  )
  SELECT l.old_id, 'address', a.id, a.code::text, a.standard_text, a.state, ST_X(a.position), ST_Y(a.position),
    (SELECT m.building_id FROM registry.building_address m WHERE m.address_id = a.id AND m.valid @> CURRENT_DATE
     ORDER BY m.building_no LIMIT 1), l.lines
  FROM last l JOIN registry.address a ON a.id = l.new_id
  WHERE l.object_kind = 'address' AND registry.covers(areas, a.district_id, a.township_id, a.community_id)
  UNION ALL
  SELECT l.old_id, k.kind, k.id, k.code, a.standard_text || m.building_no || k.tail, k.state, ST_X(k.place), ST_Y(k.place), b.id,
    l.lines
  FROM last l CROSS JOIN LATERAL (
      SELECT 'building' AS kind, o.id, o.code::text AS code, '' AS tail, o.state, o.id AS building_id, o.position AS place
      FROM registry.building o WHERE l.object_kind = 'building' AND o.id = l.new_id
      UNION ALL
      SELECT 'unit', o.id, o.code::text, o.unit_text, o.state, o.building_id, o.position
      FROM registry.housing_unit o WHERE l.object_kind = 'housing_unit' AND o.id = l.new_id) k
    JOIN registry.building b ON b.id = k.building_id
    JOIN registry.building_address m ON m.building_id = b.id AND m.is_main AND m.valid @> CURRENT_DATE
    JOIN registry.address a ON a.id = m.address_id
  WHERE registry.covers(areas, b.district_id, b.township_id, b.community_id);
END $$;
