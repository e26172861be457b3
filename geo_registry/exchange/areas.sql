-- Areas: from the staged rows of one file to divisions, one level after the other from the top.

-- :: create
CREATE TEMP TABLE area_row (
  row_number int NOT NULL, outcome text, reason text, detail text NOT NULL DEFAULT '', is_companion boolean NOT NULL,
  code text, name text, level text, kind text, parent_code text, is_pseudo boolean NOT NULL,
  boundary geometry(MultiPolygon, 4490), original json,
  id uuid, parent_id uuid, full_name text, city_id uuid, district_id uuid, township_id uuid
)

-- :: index
CREATE INDEX ON pg_temp.area_row (level, code)

-- :: duplicates (the first row of a code counts; a city that is its own district is one division)
UPDATE pg_temp.area_row r SET outcome = 'quarantined', reason = 'code-duplicate'
FROM (SELECT row_number, row_number() OVER (PARTITION BY code, level ORDER BY is_companion, row_number) AS turn
      FROM pg_temp.area_row WHERE outcome IS NULL AND NOT is_companion) t
WHERE t.turn > 1 AND r.row_number = t.row_number AND NOT r.is_companion

-- :: resolve
UPDATE pg_temp.area_row r SET parent_id = p.id,
  full_name = p.full_name || CASE WHEN r.is_pseudo THEN '' ELSE r.name END,
  city_id = p.city_id, district_id = p.district_id, township_id = p.township_id
FROM registry.division p
WHERE r.outcome IS NULL AND r.level = %(level)s AND p.scheme = %(scheme)s AND p.code = r.parent_code
  AND array_position(%(levels)s::text[], p.level) < array_position(%(levels)s::text[], r.level)

-- :: orphans
UPDATE pg_temp.area_row SET outcome = 'quarantined', reason = 'parent-unknown', detail = '上级代码 ' || parent_code
WHERE outcome IS NULL AND level = %(level)s AND parent_code IS NOT NULL AND parent_id IS NULL

-- :: compare (a file without boundaries leaves those that are there)
UPDATE pg_temp.area_row r SET id = d.id,
  outcome = CASE WHEN d.name = r.name AND d.full_name = coalesce(r.full_name, r.name) AND d.level = r.level
    AND (d.kind, d.parent_id) IS NOT DISTINCT FROM (r.kind, r.parent_id)
    AND (d.city_id, d.district_id, d.township_id) IS NOT DISTINCT FROM (
      CASE r.level WHEN 'city' THEN d.id ELSE r.city_id END,
      CASE r.level WHEN 'district' THEN d.id ELSE r.district_id END,
      CASE r.level WHEN 'township' THEN d.id ELSE r.township_id END)
    AND (r.boundary IS NULL OR d.boundary IS NOT DISTINCT FROM r.boundary)
    THEN 'unchanged' ELSE 'changed' END
FROM registry.division d
WHERE r.outcome IS NULL AND r.level = %(level)s AND d.scheme = %(scheme)s AND d.code = r.code
  AND NOT (d.level = 'district' AND r.level = 'city')

-- :: same (a city without districts is stored as the district it is)
UPDATE pg_temp.area_row r SET outcome = 'unchanged', id = d.id
FROM registry.division d
WHERE r.outcome IS NULL AND r.level = 'city' AND %(level)s = 'city' AND d.scheme = %(scheme)s AND d.code = r.code
  AND d.level = 'district'

-- :: identify
UPDATE pg_temp.area_row SET outcome = 'stored', id = registry.new_id() WHERE outcome IS NULL AND level = %(level)s

-- :: insert
INSERT INTO registry.division
  (id, scheme, code, level, kind, name, full_name, parent_id, city_id, district_id, township_id, boundary, act_id)
SELECT id, %(scheme)s, code, level, kind, name, coalesce(full_name, name), parent_id,
  CASE level WHEN 'city' THEN id ELSE city_id END, CASE level WHEN 'district' THEN id ELSE district_id END,
  CASE level WHEN 'township' THEN id ELSE township_id END, boundary, %(act)s
FROM pg_temp.area_row WHERE outcome = 'stored' AND level = %(level)s

-- :: update
UPDATE registry.division d SET level = r.level, kind = r.kind, name = r.name, full_name = coalesce(r.full_name, r.name),
  parent_id = r.parent_id, city_id = CASE r.level WHEN 'city' THEN r.id ELSE r.city_id END,
  district_id = CASE r.level WHEN 'district' THEN r.id ELSE r.district_id END,
  township_id = CASE r.level WHEN 'township' THEN r.id ELSE r.township_id END,
  boundary = coalesce(r.boundary, d.boundary), act_id = %(act)s
FROM pg_temp.area_row r WHERE r.outcome = 'changed' AND r.level = %(level)s AND d.id = r.id

-- :: drop-companions
DELETE FROM pg_temp.area_row WHERE is_companion

-- :: name-codes (each code once: several spellings of one village share it)
INSERT INTO registry.external_code (object_kind, object_id, scheme, value)
SELECT 'division', object_id, %(scheme)s, value FROM pg_temp.code_row
ON CONFLICT ON CONSTRAINT external_code_scheme_key DO NOTHING

-- :: create-codes
CREATE TEMP TABLE code_row (object_id uuid NOT NULL, value text NOT NULL)

-- :: missing-parents
SELECT DISTINCT r.parent_code FROM pg_temp.area_row r
WHERE r.outcome IS NULL AND r.parent_code IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_temp.area_row p WHERE p.code = r.parent_code AND p.level <> r.level)
  AND NOT EXISTS (SELECT FROM registry.division d WHERE d.scheme = %(scheme)s AND d.code = r.parent_code)

-- :: disagreeing
SELECT count(*) FROM pg_temp.area_row
WHERE outcome IN ('stored', 'changed', 'unchanged') AND level = 'community' AND length(code) = 12
  AND left(parent_code, 9) <> left(code, 9)

-- :: divisions-below (towns before their villages)
SELECT id, code, level, name, full_name FROM registry.division
WHERE scheme = %(scheme)s AND left(code, 5) = ANY (%(counties)s) ORDER BY length(code), code
