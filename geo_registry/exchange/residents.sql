-- Residents: from checked rows to persons, residences, hukou, registrations, households and absences.

-- :: create-rows
CREATE TEMP TABLE resident_row (
  row_number int, reason text, person_id uuid, unit_ref int, hukou_ref int, category text, relation char(1), valid daterange,
  registered_on date, expires_on date, status text, ended_on date, end_reason text, verified_on date, household text,
  household_kind text, hukou_code text, hukou_address text, away_since date, away_reason text, informant text,
  whereabouts_code text, whereabouts text
)

-- :: create-persons (by document: two documents may be one person by now)
CREATE TEMP TABLE resident_person (
  id uuid, name text, sex char(1), birth_year smallint, birth_month smallint, id_type char(3), id_number bytea, id_index bytea,
  id_tail text, phone bytea, told_on date, told_in int, is_new boolean, is_changed boolean, PRIMARY KEY (id_index, id_type)
)

-- :: create-retold
CREATE TEMP TABLE resident_retold (LIKE pg_temp.resident_person)

-- :: create-units
CREATE TEMP TABLE resident_unit (
  id int, scope int, community_id uuid, number_key text, building_no text, unit_key text, reason text
)

-- :: create-altered (rows that changed something that was there)
CREATE TEMP TABLE resident_altered (row_number int)

-- :: create-newer (rows of which a fact was left as a case decided it)
CREATE TEMP TABLE resident_newer (row_number int)

-- :: known (persons by their blind index; the caller compares what is encrypted)
SELECT CASE WHEN p.merged_into IS NULL THEN p.id ELSE registry.live_person(p.id) END, p.id_type, p.id_index, p.name, p.sex,
  p.birth_year, p.birth_month, p.phone, p.merged_into IS NULL
FROM unnest(%(indexes)s::bytea[]) asked (index) CROSS JOIN LATERAL (
  SELECT * FROM registry.person p WHERE p.id_index = asked.index OFFSET 0) p

-- :: staged
SELECT p.id, p.id_type, p.id_index, p.told_on, p.told_in
FROM unnest(%(indexes)s::bytea[]) asked (index) CROSS JOIN LATERAL (
  SELECT * FROM pg_temp.resident_person p WHERE p.id_index = asked.index OFFSET 0) p

-- :: retell (a later row of the same person, in a later batch)
UPDATE pg_temp.resident_person p SET name = r.name, sex = r.sex, birth_year = r.birth_year, birth_month = r.birth_month,
  phone = coalesce(r.phone, p.phone), told_on = r.told_on, told_in = r.told_in, is_changed = r.is_changed
FROM pg_temp.resident_retold r WHERE p.id_index = r.id_index AND p.id_type = r.id_type;
TRUNCATE pg_temp.resident_retold

-- :: moment
SELECT registry.take_moment()

-- :: units (a unit that is retired may still have a past; one person twice in one unit at one time is one too many)
ANALYZE pg_temp.resident_row (person_id, unit_ref, hukou_ref), pg_temp.resident_unit, pg_temp.resident_person (id, is_new, is_changed);
CREATE TEMP TABLE resident_found AS
SELECT DISTINCT ON (t.id) t.id, t.reason, u.id AS unit_id, u.building_id, u.district_id, u.township_id, u.community_id
FROM pg_temp.resident_unit t
LEFT JOIN pg_temp.stage_name n ON n.id = t.scope
LEFT JOIN registry.address a ON a.scope_id = CASE WHEN t.scope < 0 THEN t.community_id ELSE n.place_id END
  AND a.number_key = t.number_key AND a.state NOT IN ('removed', 'rejected')
LEFT JOIN registry.building_address l ON l.address_id = a.id AND l.building_no = t.building_no
LEFT JOIN registry.housing_unit u ON u.building_id = l.building_id AND u.unit_key = t.unit_key
  AND u.state NOT IN ('removed', 'rejected')
ORDER BY t.id, u.id IS NOT NULL DESC, upper_inf(l.valid) DESC, l.is_main DESC, u.state = 'realized' DESC, u.id;
ANALYZE pg_temp.resident_found;
CREATE TEMP TABLE resident_placed AS
SELECT r.*, p.unit_id, p.building_id, h.unit_id AS hukou_unit_id, p.district_id, p.township_id, p.community_id,
  CASE WHEN r.reason IS NOT NULL THEN 'refused'
    WHEN r.valid IS NULL AND h.unit_id IS NULL OR r.valid IS NOT NULL AND p.unit_id IS NULL THEN 'quarantined'
    WHEN r.is_double THEN 'quarantined' END AS outcome,
  CASE WHEN r.reason IS NOT NULL THEN r.reason
    WHEN r.valid IS NULL AND h.unit_id IS NULL THEN 'hukou-unit-unknown'
    WHEN r.valid IS NOT NULL AND p.unit_id IS NULL THEN coalesce(p.reason, 'unit-unknown')
    WHEN r.is_double THEN 'residence-duplicate' END AS why
FROM (
  SELECT o.*, lower(o.valid) < max(coalesce(upper(o.valid), 'infinity')) OVER (
    PARTITION BY o.person_id, f.unit_id ORDER BY lower(o.valid), o.row_number
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_double
  FROM pg_temp.resident_row o LEFT JOIN pg_temp.resident_found f ON f.id = o.unit_ref) r
LEFT JOIN pg_temp.resident_found p ON p.id = r.unit_ref
LEFT JOIN pg_temp.resident_found h ON h.id = r.hukou_ref;
DROP TABLE pg_temp.resident_found;
ANALYZE pg_temp.resident_placed (row_number, outcome, why, person_id, unit_id)

-- :: match (the same person in the same unit at the same time is the same residence; several rows may share out one that is known)
CREATE TEMP TABLE resident_old AS
SELECT m.row_number, m.old_id, m.old_household, m.old_main, m.is_decided, m.turn,
  m.olds > 1 OR max(m.olds) OVER (PARTITION BY m.old_id) > 1 AS is_tangled, false AS is_newer
FROM (
  SELECT t.row_number, o.id AS old_id, o.household_id AS old_household, o.is_main AS old_main,
    count(*) OVER (PARTITION BY t.row_number) AS olds,
    row_number() OVER (PARTITION BY o.id ORDER BY lower(o.valid) = lower(t.valid) DESC, t.row_number) AS turn,
    coalesce(o.act_id NOT IN (SELECT f.act_id FROM registry.import_file f) OR EXISTS (
      SELECT FROM registry.registration g WHERE g.residence_id = o.id AND (g.case_person_id IS NOT NULL
        OR g.act_id NOT IN (SELECT f.act_id FROM registry.import_file f))), false) AS is_decided
  FROM pg_temp.resident_placed t JOIN registry.residence o ON o.person_id = t.person_id AND o.unit_id = t.unit_id
    AND upper_inf(o.sys) AND o.valid && t.valid
  WHERE t.outcome IS NULL) m;
ANALYZE pg_temp.resident_old

-- :: newer (a list undoes no case, opens no period that has ended, and takes no registration back)
UPDATE pg_temp.resident_old o SET is_newer = true
FROM pg_temp.resident_placed r, registry.residence s
WHERE r.row_number = o.row_number AND s.id = o.old_id AND (o.is_decided OR o.turn = 1) AND (
  o.is_decided AND (s.category, s.relation_to_head, s.valid, s.verified_on, s.end_reason) IS DISTINCT FROM
    (r.category, r.relation, r.valid, coalesce(r.verified_on, s.verified_on), coalesce(r.end_reason, s.end_reason))
  OR o.is_decided AND r.registered_on IS NOT NULL AND NOT EXISTS (
    SELECT FROM registry.registration g WHERE g.residence_id = s.id AND g.registered_on = r.registered_on AND g.status = r.status
      AND g.expires_on IS NOT DISTINCT FROM r.expires_on AND g.ended_on IS NOT DISTINCT FROM r.ended_on)
  OR upper(s.valid) <= CURRENT_DATE AND coalesce(upper(r.valid) > CURRENT_DATE, true)
  OR r.status = 'active' AND EXISTS (
    SELECT FROM registry.registration g WHERE g.residence_id = s.id AND (g.registered_on > r.registered_on
      OR g.registered_on = r.registered_on AND g.status IN ('cancelled', 'expired', 'changed'))));
-- What a case said of a stay that is no longer there, or not here, holds too for what began before; and who died by it lives nowhere.
UPDATE pg_temp.resident_placed r SET outcome = 'quarantined', why = 'register-newer'
FROM (
  SELECT t.row_number FROM pg_temp.resident_placed t JOIN registry.residence o ON o.person_id = t.person_id
    AND o.unit_id = t.unit_id AND o.valid && t.valid AND NOT upper_inf(o.sys)
  JOIN registry.residence s ON s.id = coalesce(o.version_of, o.id)
  WHERE t.outcome IS NULL AND s.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)
    AND lower(t.valid) <= registry.clock_day(coalesce(upper(s.sys), lower(s.sys)))
  UNION ALL
  SELECT t.row_number FROM pg_temp.resident_placed t JOIN registry.residence d ON d.person_id = t.person_id
    AND upper_inf(d.sys) AND d.end_reason = 'deceased' AND coalesce(upper(t.valid) > upper(d.valid), true)
  WHERE t.outcome IS NULL AND t.valid IS NOT NULL AND d.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)
  UNION ALL
  SELECT t.row_number FROM pg_temp.resident_placed t JOIN registry.hukou d ON d.person_id = t.person_id
    AND upper_inf(d.sys) AND d.end_reason = 'deceased' AND coalesce(upper(t.valid) > upper(d.valid), true)
  WHERE t.outcome IS NULL AND t.valid IS NOT NULL AND d.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)) n
WHERE n.row_number = r.row_number AND NOT EXISTS (SELECT FROM pg_temp.resident_old o WHERE o.row_number = r.row_number);
UPDATE pg_temp.resident_placed r SET outcome = 'quarantined', why = CASE WHEN n.is_newer THEN 'register-newer' ELSE 'residence-overlap' END
FROM (
  SELECT o.row_number, bool_or(k.is_newer) AS is_newer
  FROM pg_temp.resident_old o JOIN pg_temp.resident_old k ON k.old_id = o.old_id
  GROUP BY o.row_number HAVING bool_or(k.is_newer OR o.is_tangled)) n
WHERE n.row_number = r.row_number;
DELETE FROM pg_temp.resident_old o USING pg_temp.resident_placed r
WHERE r.row_number = o.row_number AND (r.outcome IS NOT NULL OR o.turn > 1);
ANALYZE pg_temp.resident_old

-- :: stays (a home ends where the next one begins; what overlaps with another main home is a second one; what a case decided stays)
CREATE TEMP TABLE resident_stay AS
SELECT p.*, o.old_id, o.old_household, coalesce(o.old_id, registry.new_id()) AS id, coalesce(o.is_decided, false) AS is_decided,
  CASE WHEN o.is_decided THEN o.old_main
    ELSE p.valid IS NOT NULL AND (p.next_day IS NULL OR coalesce(p.next_day >= upper(p.valid), false)) AND NOT EXISTS (
      SELECT FROM registry.residence m WHERE m.person_id = p.person_id AND m.is_main AND upper_inf(m.sys) AND m.valid && p.valid
        AND m.id NOT IN (SELECT old_id FROM pg_temp.resident_old WHERE NOT is_decided)) END AS is_main
FROM (
  SELECT r.*, lead(lower(r.valid)) OVER own AS next_day, lead(r.row_number) OVER own IS NULL AS is_last
  FROM pg_temp.resident_placed r WHERE r.outcome IS NULL OR r.why = 'register-newer'
  WINDOW own AS (PARTITION BY r.person_id ORDER BY lower(r.valid), r.row_number DESC)) p
LEFT JOIN pg_temp.resident_old o ON o.row_number = p.row_number
WHERE p.outcome IS NULL;
DROP TABLE pg_temp.resident_old;
ANALYZE pg_temp.resident_stay (row_number, person_id, unit_id, old_id, id, household, is_last, registered_on, away_since)

-- :: households (by the key of the list within a unit; one whose members the register knows already stays the same)
CREATE TEMP TABLE resident_household AS
SELECT unit_id, household, min(household_kind) AS kind, min(old_household::text) IS NULL AS is_new,
  coalesce(min(old_household::text)::uuid, registry.new_id()) AS id
FROM pg_temp.resident_stay WHERE household IS NOT NULL AND unit_id IS NOT NULL AND NOT is_decided GROUP BY unit_id, household;
INSERT INTO registry.household (id, unit_id, building_id, kind, district_id, act_id)
SELECT h.id, h.unit_id, u.building_id, h.kind, u.district_id, %(act)s
FROM pg_temp.resident_household h JOIN registry.housing_unit u ON u.id = h.unit_id WHERE h.is_new ORDER BY h.id;
ANALYZE pg_temp.resident_household;
ANALYZE registry.household (id)

-- :: persons
INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone,
  district_id, township_id, community_id, act_id)
SELECT p.id, p.name, p.sex, p.birth_year, p.birth_month, p.id_type, p.id_number, p.id_index, p.id_tail, p.phone,
  u.district_id, u.township_id, u.community_id, %(act)s
FROM pg_temp.resident_person p JOIN pg_temp.resident_stay r ON r.person_id = p.id AND r.is_last
JOIN registry.housing_unit u ON u.id = coalesce(r.unit_id, r.hukou_unit_id)
WHERE p.is_new ORDER BY u.district_id, u.building_id, u.id;
-- A name or phone that a case gave is not undone by what was told before.
WITH newer AS (
  UPDATE pg_temp.resident_person s SET is_changed = false FROM registry.person p
  WHERE s.is_changed AND NOT s.is_new AND p.id = s.id AND p.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)
    AND coalesce(s.told_on <= registry.clock_day((SELECT max(a.at) FROM registry.act a WHERE a.id = p.act_id)), true)
  RETURNING -s.told_in)
INSERT INTO pg_temp.resident_newer TABLE newer;
INSERT INTO pg_temp.resident_altered
SELECT r.row_number FROM pg_temp.resident_person p JOIN pg_temp.resident_stay r ON r.person_id = p.id
WHERE p.is_changed AND NOT p.is_new;
UPDATE registry.person p SET name = s.name, sex = s.sex, birth_year = s.birth_year, birth_month = s.birth_month,
  phone = coalesce(s.phone, p.phone), version = p.version + 1, act_id = %(act)s
FROM pg_temp.resident_person s WHERE s.is_changed AND NOT s.is_new AND p.id = s.id AND p.id_index = s.id_index
  AND EXISTS (SELECT FROM pg_temp.resident_stay r WHERE r.person_id = p.id);
-- Without fresh statistics the checks of references to what was just stored would read whole indexes.
ANALYZE registry.person (id)

-- :: residences (a correction keeps the row and what was known; first no period grows, so that none meets another one)
CREATE TEMP TABLE resident_change AS
SELECT r.row_number, r.id, r.category, r.relation, r.valid, r.is_main, coalesce(h.id, o.household_id) AS household_id,
  coalesce(r.verified_on, o.verified_on) AS verified_on, coalesce(r.end_reason, o.end_reason) AS end_reason
FROM pg_temp.resident_stay r JOIN registry.residence o ON o.id = r.old_id
LEFT JOIN pg_temp.resident_household h ON h.unit_id = r.unit_id AND h.household = r.household AND NOT r.is_decided
WHERE (o.category, o.relation_to_head, o.valid, o.is_main, o.household_id, o.verified_on, o.end_reason) IS DISTINCT FROM
  (r.category, r.relation, r.valid, r.is_main, coalesce(h.id, o.household_id), coalesce(r.verified_on, o.verified_on),
   coalesce(r.end_reason, o.end_reason));
INSERT INTO pg_temp.resident_altered SELECT row_number FROM pg_temp.resident_change;
UPDATE registry.residence o SET category = r.category, relation_to_head = r.relation, valid = o.valid * r.valid,
  is_main = o.is_main AND r.is_main, household_id = r.household_id, verified_on = r.verified_on, end_reason = r.end_reason,
  act_id = %(act)s
FROM pg_temp.resident_change r WHERE o.id = r.id;
UPDATE registry.residence o SET valid = r.valid, is_main = r.is_main
FROM pg_temp.resident_change r WHERE o.id = r.id AND (o.valid <> r.valid OR o.is_main <> r.is_main);
DROP TABLE pg_temp.resident_change;
INSERT INTO registry.residence (id, person_id, unit_id, building_id, category, relation_to_head, is_main, household_id,
  verified_on, end_reason, valid, sys, act_id, district_id, township_id, community_id)
SELECT r.id, r.person_id, r.unit_id, r.building_id, r.category, r.relation, r.is_main, h.id, r.verified_on, r.end_reason,
  r.valid, tstzrange(registry.fact_moment(), NULL), %(act)s, r.district_id, r.township_id, r.community_id
FROM pg_temp.resident_stay r LEFT JOIN pg_temp.resident_household h ON h.unit_id = r.unit_id AND h.household = r.household
WHERE r.old_id IS NULL AND r.valid IS NOT NULL ORDER BY r.district_id, r.building_id, r.unit_id;
ANALYZE registry.residence (id, person_id, unit_id, building_id)

-- :: registrations (a registration belongs to its residence; of two the later counts, and what a case has decided since)
CREATE TEMP TABLE resident_registration AS
SELECT r.row_number, r.old_id, r.id AS residence_id, r.person_id, r.status, r.registered_on, r.expires_on, r.ended_on,
  CASE WHEN r.ended_on IS NOT NULL THEN r.end_reason END AS end_reason, r.district_id
FROM pg_temp.resident_stay r
WHERE r.registered_on IS NOT NULL AND r.valid IS NOT NULL AND NOT EXISTS (
  SELECT FROM registry.registration g WHERE g.residence_id = r.id AND g.registered_on = r.registered_on
    AND g.status = r.status AND g.expires_on IS NOT DISTINCT FROM r.expires_on AND g.ended_on IS NOT DISTINCT FROM r.ended_on)
  AND NOT EXISTS (
    SELECT FROM registry.registration g WHERE g.residence_id = r.id AND (g.case_person_id IS NOT NULL AND g.registered_on >= r.registered_on
      OR r.status = 'active' AND (g.registered_on > r.registered_on OR g.registered_on = r.registered_on AND g.status IN ('changed', 'cancelled'))));
INSERT INTO pg_temp.resident_altered SELECT row_number FROM pg_temp.resident_registration WHERE old_id IS NOT NULL;
UPDATE registry.registration g SET status = 'expired', version = g.version + 1, act_id = %(act)s
FROM pg_temp.resident_registration r
WHERE r.status = 'active' AND g.residence_id = r.residence_id AND g.registered_on <> r.registered_on
  AND g.status NOT IN ('cancelled', 'expired', 'changed');
UPDATE registry.registration g SET status = r.status, expires_on = r.expires_on, ended_on = r.ended_on, end_reason = r.end_reason,
  version = g.version + 1, act_id = %(act)s
FROM pg_temp.resident_registration r WHERE g.residence_id = r.residence_id AND g.registered_on = r.registered_on;
INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, ended_on, end_reason, act_id, district_id)
SELECT r.residence_id, r.person_id, r.status, r.registered_on, r.expires_on, r.ended_on, r.end_reason, %(act)s, r.district_id
FROM pg_temp.resident_registration r WHERE NOT EXISTS (
  SELECT FROM registry.registration g WHERE g.residence_id = r.residence_id AND g.registered_on = r.registered_on)
ORDER BY r.residence_id;
DROP TABLE pg_temp.resident_registration

-- :: hukou (the last row of a person tells it)
CREATE TEMP TABLE resident_hukou AS
SELECT DISTINCT ON (r.person_id) r.row_number, r.old_id AS is_known, r.person_id, r.hukou_unit_id AS unit_id,
  CASE WHEN r.hukou_unit_id IS NULL THEN r.hukou_code END AS division_code,
  CASE WHEN r.hukou_unit_id IS NULL THEN coalesce(r.hukou_address, h.address_text) END AS address_text,
  coalesce(lower(r.valid), r.away_since) AS since, h.id AS old_id
FROM pg_temp.resident_stay r
LEFT JOIN registry.hukou h ON h.person_id = r.person_id AND upper_inf(h.sys) AND upper_inf(h.valid)
WHERE r.is_last AND (r.hukou_unit_id IS NOT NULL OR r.hukou_code IS NOT NULL)
  AND (h.unit_id, h.division_code, h.address_text) IS DISTINCT FROM
    (r.hukou_unit_id, CASE WHEN r.hukou_unit_id IS NULL THEN r.hukou_code END,
     CASE WHEN r.hukou_unit_id IS NULL THEN coalesce(r.hukou_address, h.address_text) END)
ORDER BY r.person_id;
WITH newer AS (
  DELETE FROM pg_temp.resident_hukou n WHERE EXISTS (
    SELECT FROM registry.hukou d WHERE d.person_id = n.person_id AND d.version_of IS NULL
      AND d.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)
      AND n.since <= registry.clock_day(coalesce(upper(d.sys), lower(d.sys))))
  RETURNING n.row_number)
INSERT INTO pg_temp.resident_newer TABLE newer;
UPDATE registry.hukou h SET unit_id = n.unit_id, division_code = n.division_code, address_text = n.address_text, act_id = %(act)s,
  building_id = NULL, district_id = NULL, township_id = NULL, community_id = NULL
FROM pg_temp.resident_hukou n WHERE h.id = n.old_id;
INSERT INTO pg_temp.resident_altered SELECT row_number FROM pg_temp.resident_hukou WHERE old_id IS NOT NULL;
WITH fresh AS (
INSERT INTO registry.hukou (person_id, unit_id, division_code, address_text, valid, sys, act_id)
SELECT n.person_id, n.unit_id, n.division_code, n.address_text, daterange(n.since, NULL),
  tstzrange(registry.fact_moment(), NULL), %(act)s
FROM pg_temp.resident_hukou n
WHERE n.old_id IS NULL AND NOT EXISTS (
  SELECT FROM registry.hukou h WHERE h.person_id = n.person_id AND upper_inf(h.sys) AND h.valid && daterange(n.since, NULL))
ORDER BY n.unit_id RETURNING person_id)
INSERT INTO pg_temp.resident_altered SELECT n.row_number FROM pg_temp.resident_hukou n JOIN fresh ON fresh.person_id = n.person_id;
DROP TABLE pg_temp.resident_hukou

-- :: absences (who is away from the unit of the hukou; of several rows the last one tells it)
CREATE TEMP TABLE resident_absence AS
SELECT r.*, a.id AS old_id
FROM (
  SELECT DISTINCT ON (s.person_id) s.row_number, s.person_id, s.hukou_unit_id AS unit_id, s.away_since, s.away_reason, s.informant,
    s.whereabouts_code, s.whereabouts
  FROM pg_temp.resident_stay s WHERE s.away_since IS NOT NULL AND s.hukou_unit_id IS NOT NULL
  ORDER BY s.person_id, s.is_last DESC, s.away_since DESC, s.row_number) r
LEFT JOIN registry.absence a ON a.person_id = r.person_id AND upper_inf(a.sys) AND upper_inf(a.valid)
WHERE (a.unit_id, lower(a.valid), a.reason, a.informant, a.whereabouts_code, a.whereabouts) IS DISTINCT FROM
  (r.unit_id, r.away_since, r.away_reason, r.informant, r.whereabouts_code, r.whereabouts);
WITH newer AS (
  DELETE FROM pg_temp.resident_absence n WHERE EXISTS (
    SELECT FROM registry.absence d WHERE d.person_id = n.person_id AND d.version_of IS NULL
      AND d.act_id NOT IN (SELECT f.act_id FROM registry.import_file f)
      AND n.away_since <= registry.clock_day(coalesce(upper(d.sys), lower(d.sys))))
  RETURNING n.row_number)
INSERT INTO pg_temp.resident_newer TABLE newer;
WITH fresh AS (
UPDATE registry.absence a SET unit_id = n.unit_id, valid = daterange(n.away_since, NULL), reason = n.away_reason,
  informant = n.informant, whereabouts_code = n.whereabouts_code, whereabouts = n.whereabouts, act_id = %(act)s
FROM pg_temp.resident_absence n WHERE a.id = n.old_id AND NOT EXISTS (
  SELECT FROM registry.absence o WHERE o.person_id = n.person_id AND upper_inf(o.sys) AND o.id <> a.id
    AND o.valid && daterange(n.away_since, NULL)) RETURNING a.person_id)
INSERT INTO pg_temp.resident_altered SELECT n.row_number FROM pg_temp.resident_absence n JOIN fresh ON fresh.person_id = n.person_id;
WITH fresh AS (
INSERT INTO registry.absence (person_id, unit_id, building_id, reason, informant, whereabouts_code, whereabouts, valid, sys, act_id,
  district_id)
SELECT n.person_id, n.unit_id, u.building_id, n.away_reason, n.informant, n.whereabouts_code, n.whereabouts,
  daterange(n.away_since, NULL), tstzrange(registry.fact_moment(), NULL), %(act)s, u.district_id
FROM pg_temp.resident_absence n JOIN registry.housing_unit u ON u.id = n.unit_id
WHERE n.old_id IS NULL AND NOT EXISTS (
  SELECT FROM registry.absence o WHERE o.person_id = n.person_id AND upper_inf(o.sys) AND o.valid && daterange(n.away_since, NULL))
ORDER BY n.unit_id RETURNING person_id)
INSERT INTO pg_temp.resident_altered SELECT n.row_number FROM pg_temp.resident_absence n JOIN fresh ON fresh.person_id = n.person_id;
DROP TABLE pg_temp.resident_absence;
DROP TABLE pg_temp.resident_household

-- :: left (a row that told nothing but what a case has decided otherwise)
UPDATE pg_temp.resident_placed r SET outcome = 'quarantined', why = 'register-newer'
FROM pg_temp.resident_stay s
WHERE s.row_number = r.row_number AND (s.old_id IS NOT NULL OR s.valid IS NULL)
  AND r.row_number IN (SELECT row_number FROM pg_temp.resident_newer)
  AND r.row_number NOT IN (SELECT row_number FROM pg_temp.resident_altered)

-- :: outcomes
SELECT coalesce(r.outcome, CASE WHEN n.row_number IS NOT NULL AND s.old_id IS NOT NULL THEN 'changed'
    WHEN s.old_id IS NULL AND (s.valid IS NOT NULL OR n.row_number IS NOT NULL) THEN 'stored' ELSE 'unchanged' END) AS outcome,
  r.why, count(*)::int
FROM pg_temp.resident_placed r LEFT JOIN pg_temp.resident_stay s ON s.row_number = r.row_number
LEFT JOIN (SELECT DISTINCT row_number FROM pg_temp.resident_altered) n ON n.row_number = r.row_number
GROUP BY 1, 2

-- :: kept
INSERT INTO pg_temp.kept_row (row_number, outcome, reason, detail, row)
SELECT row_number, outcome, why, '', '{}' FROM pg_temp.resident_placed WHERE outcome IN ('quarantined', 'refused')

-- :: remarks
SELECT count(*) FILTER (WHERE hukou_ref IS NOT NULL AND hukou_unit_id IS NULL), count(*) FILTER (WHERE valid IS NOT NULL AND NOT is_main),
  count(*) FILTER (WHERE away_since IS NOT NULL AND hukou_unit_id IS NULL), (
    SELECT count(DISTINCT row_number) FROM pg_temp.resident_newer JOIN pg_temp.resident_placed USING (row_number) WHERE outcome IS NULL)
FROM pg_temp.resident_stay

-- :: clear
DROP TABLE pg_temp.resident_placed;
DROP TABLE pg_temp.resident_stay;
ANALYZE registry.person, registry.residence, registry.hukou, registry.registration, registry.absence, registry.household
