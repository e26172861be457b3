-- Premises: from checked rows with their building to the register.

-- :: create
CREATE TEMP TABLE premises_row (
  row_number int PRIMARY KEY, outcome text, reason text, detail text NOT NULL DEFAULT '', original json, name text,
  organisation_code text, building_id uuid, unit_id uuid, checked_on date, premises_id uuid, is_new boolean NOT NULL DEFAULT false
)

-- :: duplicates (one organisation twice in a building: the first row counts)
UPDATE pg_temp.premises_row r SET outcome = 'quarantined', reason = 'premises-duplicate'
FROM (SELECT row_number, row_number() OVER (PARTITION BY building_id, coalesce(organisation_code, name) ORDER BY row_number) AS turn
      FROM pg_temp.premises_row WHERE outcome IS NULL) d
WHERE d.turn > 1 AND r.row_number = d.row_number

-- :: known (the same code in the building, or the same name where no code speaks against it)
UPDATE pg_temp.premises_row r SET premises_id = f.id
FROM (
  SELECT DISTINCT ON (t.row_number) t.row_number, p.id
  FROM pg_temp.premises_row t JOIN registry.premises p ON p.building_id = t.building_id AND p.state = 'current'
    AND (p.organisation_code = t.organisation_code
      OR p.name = t.name AND (p.organisation_code IS NULL OR t.organisation_code IS NULL))
  WHERE t.outcome IS NULL ORDER BY t.row_number, p.organisation_code = t.organisation_code DESC NULLS LAST, p.id) f
WHERE r.row_number = f.row_number

-- :: twice (two rows of the file are one organisation of the register)
UPDATE pg_temp.premises_row r SET outcome = 'quarantined', reason = 'premises-duplicate'
FROM (SELECT row_number, row_number() OVER (PARTITION BY premises_id ORDER BY row_number) AS turn
      FROM pg_temp.premises_row WHERE outcome IS NULL AND premises_id IS NOT NULL) d
WHERE d.turn > 1 AND r.row_number = d.row_number

-- :: compare (a later check is news; what the row leaves empty stays)
UPDATE pg_temp.premises_row r SET outcome = 'unchanged'
FROM registry.premises p
WHERE r.outcome IS NULL AND p.id = r.premises_id AND p.name = r.name
  AND p.organisation_code IS NOT DISTINCT FROM coalesce(r.organisation_code, p.organisation_code)
  AND p.unit_id IS NOT DISTINCT FROM coalesce(r.unit_id, p.unit_id)
  AND p.checked_on IS NOT DISTINCT FROM greatest(r.checked_on, p.checked_on)

-- :: insert
UPDATE pg_temp.premises_row SET premises_id = registry.new_id(), is_new = true WHERE outcome IS NULL AND premises_id IS NULL;
INSERT INTO registry.premises (id, name, organisation_code, building_id, unit_id, checked_on, district_id, township_id, community_id, act_id)
SELECT r.premises_id, r.name, r.organisation_code, r.building_id, r.unit_id, r.checked_on, b.district_id, b.township_id, b.community_id,
  %(act)s
FROM pg_temp.premises_row r JOIN registry.building b ON b.id = r.building_id
WHERE r.outcome IS NULL AND r.is_new ORDER BY r.row_number

-- :: update
UPDATE registry.premises p SET name = r.name, organisation_code = coalesce(r.organisation_code, p.organisation_code),
  unit_id = coalesce(r.unit_id, p.unit_id), checked_on = greatest(r.checked_on, p.checked_on), act_id = %(act)s
FROM pg_temp.premises_row r WHERE r.outcome IS NULL AND NOT r.is_new AND p.id = r.premises_id

-- :: outcomes
UPDATE pg_temp.premises_row SET outcome = CASE WHEN is_new THEN 'stored' ELSE 'changed' END WHERE outcome IS NULL
