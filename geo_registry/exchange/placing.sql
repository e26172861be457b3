-- Areas of staged rows; {table} is the staged table.

-- :: by-community
UPDATE pg_temp.{table} r SET community_id = c.id, township_id = c.township_id, district_id = c.district_id
FROM registry.division c
WHERE r.outcome IS NULL AND c.code = r.community_code AND c.level = 'community' AND c.district_id IS NOT NULL
  AND (%(scheme)s::text IS NULL OR c.scheme = %(scheme)s)

-- :: by-boundary (the deepest of the divisions around the middle; the named district overrules it)
UPDATE pg_temp.{table} r SET district_id = f.district_id, township_id = f.township_id,
  community_id = CASE WHEN f.level = 'community' THEN f.id END
FROM (
  SELECT t.row_number, d.id, d.level, d.district_id, d.township_id
  FROM pg_temp.{table} t CROSS JOIN LATERAL (
    SELECT d.id, d.level, d.district_id, d.township_id
    FROM registry.division d
    WHERE d.boundary && t.middle AND ST_Covers(d.boundary, t.middle) AND d.district_id IS NOT NULL
      AND d.valid @> CURRENT_DATE
      AND (t.district_code IS NULL OR d.district_id = (
        SELECT o.id FROM registry.division o WHERE o.code = t.district_code AND o.level = 'district'
          AND (%(scheme)s::text IS NULL OR o.scheme = %(scheme)s) LIMIT 1))
    ORDER BY CASE d.level WHEN 'community' THEN 1 WHEN 'township' THEN 2 ELSE 3 END, d.code LIMIT 1) d
  WHERE t.outcome IS NULL AND t.district_id IS NULL AND t.middle IS NOT NULL) f
WHERE r.row_number = f.row_number

-- :: by-district
UPDATE pg_temp.{table} r SET district_id = d.id
FROM registry.division d
WHERE r.outcome IS NULL AND r.district_id IS NULL AND d.code = r.district_code AND d.level = 'district'
  AND (%(scheme)s::text IS NULL OR d.scheme = %(scheme)s)

-- :: by-request
UPDATE pg_temp.{table} SET district_id = %(district)s::uuid, township_id = %(township)s::uuid,
  community_id = %(community)s::uuid
WHERE outcome IS NULL AND district_id IS NULL

-- :: outside-request
UPDATE pg_temp.{table} SET outcome = 'quarantined', reason = 'outside-area'
WHERE outcome IS NULL AND (district_id <> %(district)s::uuid
  OR (%(township)s::uuid IS NOT NULL AND township_id <> %(township)s::uuid)
  OR (%(community)s::uuid IS NOT NULL AND community_id <> %(community)s::uuid))

-- :: without
SELECT count(*) FROM pg_temp.{table} WHERE outcome IS NULL AND district_id IS NULL

-- :: unassigned
UPDATE pg_temp.{table} r SET district_id = d.id
FROM registry.division d
WHERE r.outcome IS NULL AND r.district_id IS NULL AND d.scheme = 'local' AND d.code = 'unassigned'

-- :: make-unassigned
INSERT INTO registry.division (id, scheme, code, level, name, full_name, district_id, act_id)
SELECT n.id, 'local', 'unassigned', 'district', %(name)s, %(name)s, n.id, %(act)s
FROM (SELECT registry.new_id() AS id) n
ON CONFLICT ON CONSTRAINT division_scheme_key DO NOTHING

-- :: asked
SELECT d.district_id, d.township_id, CASE WHEN d.level = 'community' THEN d.id END
FROM registry.division d
WHERE d.code = %(code)s AND d.district_id IS NOT NULL
ORDER BY (d.scheme IS NOT DISTINCT FROM %(scheme)s) DESC LIMIT 1
