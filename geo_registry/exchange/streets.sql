-- Place names from lines: the pieces of one name in one scope are one street.

-- :: create
CREATE TEMP TABLE street_row (
  row_number int NOT NULL, outcome text, reason text, detail text NOT NULL DEFAULT '', original json, depth int NOT NULL,
  external_id text, parent_external_id text, kind text, name text, normal_name text, pinyin text, initials text,
  district_code text, community_code text, axis geometry(MultiLineString, 4490), middle geometry(Point, 4490),
  district_id uuid, township_id uuid, community_id uuid, parent_id uuid, scope_id uuid, full_name text, place_id uuid
)

-- :: parents
UPDATE pg_temp.street_row r SET parent_id = p.id, scope_id = p.id, full_name = p.full_name || r.name,
  district_id = p.district_id, township_id = coalesce(r.township_id, p.township_id),
  community_id = coalesce(r.community_id, p.community_id)
FROM registry.external_code e JOIN registry.place_name p ON p.id = e.object_id
WHERE r.outcome IS NULL AND r.depth = %(depth)s AND r.parent_external_id IS NOT NULL
  AND e.scheme = %(source)s AND e.object_kind = 'place_name' AND e.value = r.parent_external_id

-- :: orphans
UPDATE pg_temp.street_row SET outcome = 'quarantined', reason = 'parent-unknown'
WHERE outcome IS NULL AND depth = %(depth)s AND parent_external_id IS NOT NULL AND parent_id IS NULL

-- :: scopes (a street is unique in the division of the profile, any other name at the top in its community)
UPDATE pg_temp.street_row SET full_name = name, scope_id = CASE
    WHEN kind <> 'street' OR %(unique_in)s = 'community' THEN coalesce(community_id, township_id, district_id)
    WHEN %(unique_in)s = 'township' THEN coalesce(township_id, district_id) ELSE district_id END,
  community_id = CASE WHEN kind <> 'street' OR %(unique_in)s = 'community' THEN community_id END
WHERE outcome IS NULL AND depth = %(depth)s AND parent_external_id IS NULL

-- :: merge (pieces become one line each street; the first piece gives name and area)
CREATE TEMP TABLE street_name AS
SELECT g.*, p.id IS NULL AS is_new, coalesce(p.id, registry.new_id()) AS id, false AS is_changed, p.axis AS old_axis
FROM (
  SELECT scope_id, kind, normal_name, min(row_number) AS first_row, (array_agg(parent_id))[1] AS parent_id,
    (array_agg(name ORDER BY row_number))[1] AS name, (array_agg(full_name ORDER BY row_number))[1] AS full_name,
    (array_agg(pinyin))[1] AS pinyin, (array_agg(initials))[1] AS initials,
    (array_agg(district_id ORDER BY row_number))[1] AS district_id,
    (array_agg(township_id ORDER BY row_number))[1] AS township_id,
    (array_agg(community_id ORDER BY row_number))[1] AS community_id,
    ST_Multi(ST_LineMerge(ST_Union(axis ORDER BY row_number))) AS axis
  FROM pg_temp.street_row WHERE outcome IS NULL AND depth = %(depth)s
  GROUP BY scope_id, kind, normal_name) g
LEFT JOIN registry.place_name p ON p.scope_id = g.scope_id AND p.kind = g.kind AND p.normal_name = g.normal_name
  AND p.state NOT IN ('removed', 'rejected')

-- :: far (another street of that name lies far away: two cities share the scope only for want of boundaries)
UPDATE pg_temp.street_row r SET outcome = 'quarantined', reason = 'same-name-far'
FROM pg_temp.street_name s
WHERE r.outcome IS NULL AND r.depth = %(depth)s AND NOT s.is_new AND s.old_axis IS NOT NULL AND s.axis IS NOT NULL
  AND r.scope_id = s.scope_id AND r.kind = s.kind AND r.normal_name = s.normal_name
  AND ST_Distance(s.old_axis, s.axis) > 0.05

-- :: forget-far
DELETE FROM pg_temp.street_name s WHERE NOT EXISTS (
  SELECT FROM pg_temp.street_row r WHERE r.outcome IS NULL AND r.depth = %(depth)s AND r.scope_id = s.scope_id
    AND r.kind = s.kind AND r.normal_name = s.normal_name)

-- :: compare (a name without a line leaves the line that is there)
UPDATE pg_temp.street_name s SET is_changed = true
FROM registry.place_name p
WHERE p.id = s.id AND NOT s.is_new AND (p.name <> s.name OR p.full_name <> s.full_name OR p.state <> 'current'
  OR (s.axis IS NOT NULL AND p.axis IS DISTINCT FROM s.axis)
  OR p.township_id IS DISTINCT FROM coalesce(s.township_id, p.township_id)
  OR p.community_id IS DISTINCT FROM coalesce(s.community_id, p.community_id))

-- :: insert
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, pinyin, initials, parent_id, scope_id, axis,
  district_id, township_id, community_id, act_id)
SELECT id, kind, name, normal_name, full_name, pinyin, initials, parent_id, scope_id, axis, district_id, township_id,
  community_id, %(act)s
FROM pg_temp.street_name WHERE is_new ORDER BY first_row

-- :: update
UPDATE registry.place_name p SET name = s.name, full_name = s.full_name, pinyin = s.pinyin, initials = s.initials,
  axis = coalesce(s.axis, p.axis), township_id = coalesce(s.township_id, p.township_id),
  community_id = coalesce(s.community_id, p.community_id), act_id = %(act)s,
  state = 'current', valid = CASE WHEN p.state = 'current' THEN p.valid ELSE daterange(lower(p.valid), NULL) END
FROM pg_temp.street_name s WHERE s.is_changed AND p.id = s.id

-- :: outcomes
UPDATE pg_temp.street_row r SET place_id = s.id,
  outcome = CASE WHEN s.is_new THEN 'stored' WHEN s.is_changed THEN 'changed' ELSE 'unchanged' END
FROM pg_temp.street_name s
WHERE r.outcome IS NULL AND r.depth = %(depth)s AND r.scope_id = s.scope_id AND r.kind = s.kind
  AND r.normal_name = s.normal_name

-- :: codes
INSERT INTO registry.external_code (object_kind, object_id, scheme, value)
SELECT DISTINCT ON (external_id) 'place_name', place_id, %(source)s, external_id
FROM pg_temp.street_row WHERE place_id IS NOT NULL AND depth = %(depth)s AND external_id IS NOT NULL
ORDER BY external_id, row_number
ON CONFLICT ON CONSTRAINT external_code_scheme_key DO NOTHING

-- :: forget
DROP TABLE pg_temp.street_name
