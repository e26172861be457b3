-- Residents: from checked rows to persons, residences, hukou and registrations.

-- :: create-rows
CREATE TEMP TABLE resident_row (
  row_number int PRIMARY KEY, outcome text, reason text, person_id uuid, unit_ref int, hukou_ref int, hukou_code text,
  category text, relation text, valid daterange, registered_on date, expires_on date, status text,
  unit_id uuid, hukou_unit_id uuid, old_id uuid, id uuid, is_main boolean, is_last boolean, is_altered boolean NOT NULL DEFAULT false
)

-- :: create-persons
CREATE TEMP TABLE resident_person (
  id uuid PRIMARY KEY, name text, sex char(1), birth_year smallint, birth_month smallint, id_type char(3), id_number bytea,
  id_index bytea, id_tail text, phone bytea, is_new boolean, is_changed boolean
)

-- :: create-units
CREATE TEMP TABLE resident_unit (
  id int, scope int, community_id uuid, number_key text, building_no text, unit_key text, reason text, unit_id uuid
)

-- :: known (persons by their blind index; the caller compares what is encrypted)
SELECT id, id_type, id_index, name, sex, birth_year, birth_month, phone FROM registry.person
WHERE id_index = ANY (%(indexes)s)

-- :: units (a unit that is retired may still have a past)
UPDATE pg_temp.resident_unit r SET unit_id = f.unit_id
FROM (
  SELECT DISTINCT ON (t.id) t.id, u.id AS unit_id
  FROM pg_temp.resident_unit t
  LEFT JOIN pg_temp.stage_name n ON n.id = t.scope
  JOIN registry.address a ON a.scope_id = CASE WHEN t.scope < 0 THEN t.community_id ELSE n.place_id END
    AND a.number_key = t.number_key AND a.state NOT IN ('removed', 'rejected')
  JOIN registry.building_address l ON l.address_id = a.id AND l.building_no = t.building_no
  JOIN registry.housing_unit u ON u.building_id = l.building_id AND u.unit_key = t.unit_key
    AND u.state NOT IN ('removed', 'rejected')
  ORDER BY t.id, upper_inf(l.valid) DESC, l.is_main DESC, u.state = 'realized' DESC, u.id) f
WHERE r.id = f.id;
UPDATE pg_temp.resident_row r SET unit_id = u.unit_id,
  outcome = CASE WHEN u.unit_id IS NULL THEN 'quarantined' END,
  reason = CASE WHEN u.unit_id IS NULL THEN coalesce(u.reason, 'unit-unknown') END
FROM pg_temp.resident_unit u WHERE r.outcome IS NULL AND u.id = r.unit_ref;
UPDATE pg_temp.resident_row r SET hukou_unit_id = u.unit_id FROM pg_temp.resident_unit u WHERE u.id = r.hukou_ref

-- :: duplicates (one person twice in one unit at one time; windows, because joins of a row with its like are slow)
UPDATE pg_temp.resident_row r SET outcome = 'quarantined', reason = 'residence-duplicate'
FROM (
  SELECT row_number, lower(valid) < max(coalesce(upper(valid), 'infinity')) OVER (
    PARTITION BY person_id, unit_id ORDER BY lower(valid), row_number
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_double
  FROM pg_temp.resident_row WHERE outcome IS NULL) d
WHERE d.is_double AND r.row_number = d.row_number;
CREATE INDEX ON pg_temp.resident_row (old_id);
ANALYZE pg_temp.resident_row, pg_temp.resident_person

-- :: match (the same person in the same unit at the same time is the same residence)
UPDATE pg_temp.resident_row r SET old_id = f.id
FROM (
  SELECT DISTINCT ON (o.id) o.id, t.row_number
  FROM pg_temp.resident_row t JOIN registry.residence o ON o.person_id = t.person_id AND o.unit_id = t.unit_id
    AND upper_inf(o.sys) AND o.valid && t.valid
  WHERE t.outcome IS NULL ORDER BY o.id, lower(o.valid) = lower(t.valid) DESC, t.row_number) f
WHERE r.row_number = f.row_number;
UPDATE pg_temp.resident_row r SET outcome = 'quarantined', reason = 'residence-overlap'
WHERE r.outcome IS NULL AND EXISTS (
  SELECT FROM registry.residence o WHERE o.person_id = r.person_id AND o.unit_id = r.unit_id AND upper_inf(o.sys)
    AND o.valid && r.valid AND o.id IS DISTINCT FROM r.old_id);
ANALYZE pg_temp.resident_row;
UPDATE pg_temp.resident_row r SET is_last = f.next_day IS NULL,
  is_main = f.next_day IS NULL OR coalesce(f.next_day >= upper(r.valid), false)
FROM (SELECT row_number,
        lead(lower(valid)) OVER (PARTITION BY person_id ORDER BY lower(valid), row_number DESC) AS next_day
      FROM pg_temp.resident_row WHERE outcome IS NULL) f
WHERE r.row_number = f.row_number;
CREATE TEMP TABLE resident_other AS
SELECT o.person_id, o.valid FROM registry.residence o
WHERE o.is_main AND upper_inf(o.sys) AND o.person_id IN (SELECT person_id FROM pg_temp.resident_row WHERE outcome IS NULL)
  AND o.id NOT IN (SELECT old_id FROM pg_temp.resident_row WHERE outcome IS NULL AND old_id IS NOT NULL);
ANALYZE pg_temp.resident_other;
UPDATE pg_temp.resident_row r SET is_main = false
FROM pg_temp.resident_other o
WHERE r.outcome IS NULL AND r.is_main AND o.person_id = r.person_id AND o.valid && r.valid;
DROP TABLE pg_temp.resident_other;
UPDATE pg_temp.resident_row r SET id = CASE WHEN
    (o.category, o.relation_to_head, o.valid, o.is_main) IS NOT DISTINCT FROM (r.category, r.relation::char(1), r.valid, r.is_main)
    THEN o.id END
FROM registry.residence o WHERE r.outcome IS NULL AND o.id = r.old_id;
UPDATE pg_temp.resident_row SET id = registry.new_id(), is_altered = true WHERE outcome IS NULL AND id IS NULL

-- :: persons
INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone,
  district_id, township_id, community_id, act_id)
SELECT p.id, p.name, p.sex, p.birth_year, p.birth_month, p.id_type, p.id_number, p.id_index, p.id_tail, p.phone,
  u.district_id, u.township_id, u.community_id, %(act)s
FROM pg_temp.resident_person p JOIN pg_temp.resident_row r ON r.person_id = p.id AND r.is_last AND r.outcome IS NULL
JOIN registry.housing_unit u ON u.id = r.unit_id
WHERE p.is_new ORDER BY u.district_id, u.building_id, u.id;
UPDATE registry.person p SET name = s.name, sex = s.sex, birth_year = s.birth_year, birth_month = s.birth_month,
  phone = coalesce(s.phone, p.phone), version = p.version + 1, act_id = %(act)s
FROM pg_temp.resident_person s WHERE s.is_changed AND p.id = s.id
  AND EXISTS (SELECT FROM pg_temp.resident_row r WHERE r.person_id = p.id AND r.outcome IS NULL);
UPDATE pg_temp.resident_row r SET is_altered = true
FROM pg_temp.resident_person s WHERE s.is_changed AND s.id = r.person_id AND r.outcome IS NULL;
-- Without fresh statistics the checks of references to what was just stored would read whole indexes.
ANALYZE registry.person

-- :: residences (a correction closes what was known, and keeps it)
UPDATE registry.residence o SET sys = tstzrange(lower(o.sys), %(at)s::timestamptz)
FROM pg_temp.resident_row r WHERE r.outcome IS NULL AND o.id = r.old_id AND r.id <> r.old_id;
INSERT INTO registry.residence (id, person_id, unit_id, building_id, category, relation_to_head, is_main, valid, sys, act_id,
  district_id)
SELECT r.id, r.person_id, r.unit_id, u.building_id, r.category, r.relation, r.is_main, r.valid,
  tstzrange(%(at)s::timestamptz, NULL), %(act)s, u.district_id
FROM pg_temp.resident_row r JOIN registry.housing_unit u ON u.id = r.unit_id
WHERE r.outcome IS NULL AND r.id IS DISTINCT FROM r.old_id ORDER BY u.district_id, u.building_id, u.id;
ANALYZE registry.residence

-- :: registrations (a registration follows its residence; of two the later counts)
UPDATE registry.registration g SET residence_id = r.id, act_id = %(act)s
FROM pg_temp.resident_row r WHERE r.outcome IS NULL AND r.old_id <> r.id AND g.residence_id = r.old_id;
UPDATE pg_temp.resident_row r SET is_altered = true
WHERE r.outcome IS NULL AND r.registered_on IS NOT NULL AND NOT EXISTS (
  SELECT FROM registry.registration g WHERE g.residence_id = r.id AND g.registered_on = r.registered_on
    AND g.status = r.status AND g.expires_on IS NOT DISTINCT FROM r.expires_on);
UPDATE registry.registration g SET status = 'expired', version = g.version + 1, act_id = %(act)s
FROM pg_temp.resident_row r
WHERE r.outcome IS NULL AND r.status = 'active' AND g.residence_id = r.id AND g.registered_on <> r.registered_on
  AND g.status NOT IN ('cancelled', 'expired', 'changed');
UPDATE registry.registration g SET status = r.status, expires_on = r.expires_on, version = g.version + 1, act_id = %(act)s
FROM pg_temp.resident_row r
WHERE r.outcome IS NULL AND g.residence_id = r.id AND g.registered_on = r.registered_on
  AND (g.status <> r.status OR g.expires_on IS DISTINCT FROM r.expires_on);
INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, act_id, district_id)
SELECT r.id, r.person_id, r.status, r.registered_on, r.expires_on, %(act)s, u.district_id
FROM pg_temp.resident_row r JOIN registry.housing_unit u ON u.id = r.unit_id
WHERE r.outcome IS NULL AND r.registered_on IS NOT NULL AND NOT EXISTS (
  SELECT FROM registry.registration g WHERE g.residence_id = r.id AND g.registered_on = r.registered_on)
ORDER BY r.id

-- :: hukou (the last row of a person tells it)
CREATE TEMP TABLE resident_hukou AS
SELECT r.person_id, r.hukou_unit_id AS unit_id, CASE WHEN r.hukou_unit_id IS NULL THEN r.hukou_code END AS division_code,
  lower(r.valid) AS since, h.id AS old_id
FROM pg_temp.resident_row r
LEFT JOIN registry.hukou h ON h.person_id = r.person_id AND upper_inf(h.sys) AND upper_inf(h.valid)
WHERE r.outcome IS NULL AND r.is_last AND (r.hukou_unit_id IS NOT NULL OR r.hukou_code IS NOT NULL)
  AND (h.unit_id, h.division_code) IS DISTINCT FROM
    (r.hukou_unit_id, CASE WHEN r.hukou_unit_id IS NULL THEN r.hukou_code END);
UPDATE registry.hukou h SET sys = tstzrange(lower(h.sys), %(at)s::timestamptz)
FROM pg_temp.resident_hukou n WHERE h.id = n.old_id;
INSERT INTO registry.hukou (person_id, unit_id, division_code, valid, sys, act_id)
SELECT person_id, unit_id, division_code, daterange(since, NULL), tstzrange(%(at)s::timestamptz, NULL), %(act)s
FROM pg_temp.resident_hukou ORDER BY unit_id;
UPDATE pg_temp.resident_row r SET is_altered = true
FROM pg_temp.resident_hukou n WHERE n.person_id = r.person_id AND r.is_last AND r.outcome IS NULL;
DROP TABLE pg_temp.resident_hukou

-- :: outcomes
UPDATE pg_temp.resident_row SET outcome = CASE WHEN old_id IS NULL THEN 'stored' WHEN is_altered THEN 'changed'
  ELSE 'unchanged' END WHERE outcome IS NULL

-- :: remarks
SELECT count(*) FILTER (WHERE hukou_ref IS NOT NULL AND hukou_unit_id IS NULL), count(*) FILTER (WHERE NOT is_main)
FROM pg_temp.resident_row WHERE outcome IN ('stored', 'changed', 'unchanged')

-- :: analyze
ANALYZE registry.person, registry.residence, registry.hukou, registry.registration
