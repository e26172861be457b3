-- What has happened in the town: who answers for which block, plates on their way to the wall, visits, checks, zones.
-- Every draw follows from a key of the place itself, so that the same town has the same story.

-- :: draw (a number from 0 to 1 that belongs to a key)
CREATE FUNCTION pg_temp.draw(key text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(md5(key), 1, 8))::bit(32)::bigint / 4294967296.0 $$

-- :: coordinators (one account a block, without a password; three blocks wait for somebody)
CREATE TEMP TABLE story_block AS
SELECT b.id, b.code, b.name, b.community_id, row_number() OVER (ORDER BY b.code) AS turn
FROM registry.grid_block b WHERE b.state = 'current';
INSERT INTO registry.account (login, name, role)
SELECT 'xg' || lpad(b.turn::text, 3, '0'), (%(surnames)s::text[])[b.turn] || '某', 'coordinator' FROM story_block b;
INSERT INTO registry.area_grant (account_id, division_id)
SELECT a.id, b.community_id FROM story_block b JOIN registry.account a ON a.login = 'xg' || lpad(b.turn::text, 3, '0');
INSERT INTO registry.coordinator (account_id, trained_on)
SELECT a.id, %(today)s::date - 200 - (pg_temp.draw(a.login) * 300)::int FROM registry.account a WHERE a.role = 'coordinator';
CREATE TEMP TABLE story_duty AS
SELECT b.id AS block_id, b.turn, b.code,
  CASE WHEN b.name = %(own_block)s THEN (SELECT id FROM registry.account WHERE login = 'coordinator')
    ELSE (SELECT id FROM registry.account WHERE login = 'xg' || lpad(b.turn::text, 3, '0')) END AS account_id
FROM story_block b WHERE b.turn NOT IN (24, 47, 81);
-- Every ninth block was handed over six weeks ago by the neighbour's coordinator.
INSERT INTO registry.block_assignment (block_id, account_id, valid, document_number)
SELECT d.block_id, d.account_id, daterange(%(today)s::date - CASE WHEN d.turn %% 9 = 0 THEN 42 ELSE 180 END, NULL), '望澜网格〔2026〕2号'
FROM story_duty d;
INSERT INTO registry.block_assignment (block_id, account_id, valid, document_number)
SELECT d.block_id, n.account_id, daterange(%(today)s::date - 180, %(today)s::date - 42), '望澜网格〔2026〕1号'
FROM story_duty d JOIN story_duty n ON n.turn = d.turn - 1 WHERE d.turn %% 9 = 0

-- :: batches (what was ordered or made belongs to one of six batches)
CREATE TEMP TABLE story_plate AS
SELECT p.id, p.state, p.district_id, p.township_id, p.community_id, p.position, a.standard_text AS key,
  dense_rank() OVER (ORDER BY p.township_id, floor(pg_temp.draw(a.standard_text || 'batch') * 3)) AS batch
FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
WHERE p.state IN ('ordered', 'produced', 'delivered') AND p.position IS NOT NULL;
INSERT INTO registry.plate_batch (number, maker, state, ordered_on, due_on, delivered_on, document_number, ordered,
  district_id, township_id)
SELECT format('望澜牌〔2026〕第%%s批', s.batch), '澜江标牌厂', 'delivered', %(today)s::date - 150 + 14 * s.batch::int,
  %(today)s::date - 120 + 14 * s.batch::int, %(today)s::date - 118 + 14 * s.batch::int, format('民政牌〔2026〕%%s号', 10 + s.batch), count(*),
  s.district_id, s.township_id
FROM story_plate s GROUP BY s.batch, s.district_id, s.township_id ORDER BY s.batch;
UPDATE registry.plate p SET batch_id = b.id
FROM story_plate s JOIN registry.plate_batch b ON b.number = format('望澜牌〔2026〕第%%s批', s.batch) WHERE p.id = s.id

-- :: hung (which plates hang, since when, put up by whom)
SELECT s.id, s.key, date_trunc('day', %(today)s::timestamp) - (3 + pg_temp.draw(s.key || 'day') * 95)::int * interval '1 day' + interval '10 hours'
    + pg_temp.draw(s.key || 'hour') * interval '6 hours' AS installed_at,
  ST_X(s.position) + (pg_temp.draw(s.key || 'x') - 0.5) * 0.00003 AS lon, ST_Y(s.position) + (pg_temp.draw(s.key || 'y') - 0.5) * 0.00003 AS lat,
  pg_temp.draw(s.key || 'seen') < 0.4 AS is_verified
FROM story_plate s WHERE s.state = 'delivered' AND pg_temp.draw(s.key || 'wall') < 0.9 ORDER BY s.key

-- :: install
INSERT INTO registry.plate_installation (plate_id, photo_sha256, installed_at, account_id, accuracy_m, verified_at, verified_by, position)
SELECT h.id, h.sha256, h.installed_at, c.id, 3.5, CASE WHEN h.is_verified THEN h.installed_at + interval '2 days' END,
  CASE WHEN h.is_verified THEN v.id END, ST_SetSRID(ST_MakePoint(h.lon, h.lat), 4490)
FROM story_hung h, registry.account c, registry.account v WHERE c.login = 'coordinator' AND v.login = 'clerk';
UPDATE registry.plate p SET state = CASE WHEN h.is_verified THEN 'verified' ELSE 'installed' END FROM story_hung h WHERE p.id = h.id

-- :: visits (three cycles of self-checking; the present one is as far as its days)
INSERT INTO registry.visit (visited_at, unit_id, block_id, account_id, outcome)
SELECT least(c.first_day + pg_temp.draw(d.key || c.back) * interval '12 days' + interval '9 hours', %(now)s::timestamptz - interval '1 hour'),
  d.unit_id, d.block_id, y.account_id,
  CASE WHEN d.use = 'vacant' THEN 'vacant' WHEN d.use = 'under_demolition' THEN 'demolished' WHEN d.luck < 0.62 THEN 'met_all' WHEN d.luck < 0.82 THEN 'met_some'
    WHEN d.luck < 0.94 THEN 'nobody_home' WHEN d.luck < 0.97 THEN 'declined' ELSE 'rescheduled' END
FROM (
  SELECT u.id AS unit_id, u.use, l.block_id, u.unit_key || b.id::text AS key, pg_temp.draw(u.unit_key || g.code) AS luck, g.code
  FROM registry.housing_unit u JOIN registry.building b ON b.id = u.building_id
    JOIN registry.building_block l ON l.building_id = b.id JOIN registry.grid_block g ON g.id = l.block_id
  WHERE u.state = 'realized') d
CROSS JOIN (SELECT back, %(cycle_start)s::date - 14 * back AS first_day FROM generate_series(0, 2) back) c
JOIN story_duty y ON y.block_id = d.block_id
WHERE pg_temp.draw(d.key || 'done' || c.back) < (0.8 + 0.19 * pg_temp.draw(d.code)) * CASE c.back WHEN 0 THEN least(1, %(cycle_day)s / 13.0) ELSE 1 END

-- :: checks (every four weeks a sample in each township; the farther back, the fewer were registered)
CREATE TEMP TABLE story_unit AS
SELECT u.id, u.building_id, u.unit_key || coalesce(a.standard_text, '') AS key, u.district_id, u.township_id, u.community_id,
  coalesce(l.block_id, u.community_id, u.township_id, u.district_id) AS leaf_id,
  coalesce(h.living, 0) AS living, coalesce(h.registered, 0) AS registered
FROM registry.housing_unit u LEFT JOIN registry.building_block l ON l.building_id = u.building_id
  LEFT JOIN registry.building_address n ON n.building_id = u.building_id AND n.is_main AND upper_inf(n.valid)
  LEFT JOIN registry.address a ON a.id = n.address_id
  LEFT JOIN (
    SELECT r.unit_id, count(*)::int AS living, count(g.id)::int AS registered
    FROM registry.residence r LEFT JOIN registry.registration g ON g.residence_id = r.id AND g.status = 'active'
    WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE GROUP BY r.unit_id) h ON h.unit_id = u.id
WHERE u.state = 'realized';
CREATE INDEX ON story_unit (id);
ANALYZE story_unit, registry.registration, registry.residence;
INSERT INTO registry.sample_plan (name, direction, area_kind, area_id, seed, frame_size, sample_size, state, drawn_on,
  district_id, township_id)
SELECT format('%%s第%%s期实地抽查', d.name, 6 - p.back), 'field_to_register', 'division', d.id, 20260000 + 10 * p.back, f.frame,
  least(f.frame, CASE d.kind WHEN 'subdistrict' THEN 640 ELSE 55 END), CASE p.back WHEN 0 THEN 'drawn' ELSE 'closed' END,
  %(monday)s::date - 28 * p.back, d.district_id, d.id
FROM registry.division d CROSS JOIN generate_series(0, 5) AS p (back)
CROSS JOIN LATERAL (SELECT count(*) AS frame FROM story_unit u WHERE u.township_id = d.id) f
WHERE d.level = 'township' AND f.frame > 0;
INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight)
SELECT s.id, u.id, u.turn, round(s.frame_size::numeric / s.sample_size, 4)
FROM registry.sample_plan s CROSS JOIN LATERAL (
  SELECT u.id, row_number() OVER (ORDER BY pg_temp.draw(u.key || s.seed), u.id) AS turn FROM story_unit u WHERE u.township_id = s.area_id) u
WHERE u.turn <= s.sample_size;
ANALYZE registry.sample_unit, registry.sample_plan;
INSERT INTO registry.field_check (plan_id, unit_id, building_id, leaf_id, checked_on, account_id, persons_met, persons_registered,
  records_checked, records_right, district_id, township_id, community_id)
SELECT k.plan_id, k.id, k.building_id, k.leaf_id, k.day, (SELECT id FROM registry.account WHERE login = 'steward'), k.met, k.known,
  k.known, greatest(0, k.known - (pg_temp.draw(k.key || k.day || 'right') < 0.055 * k.known)::int), k.district_id, k.township_id, k.community_id
FROM (
  SELECT f.*, greatest(0, least(f.met, f.registered) - (pg_temp.draw(f.key || f.day || 'later') < 0.002 * f.weeks * f.met)::int) AS known
  FROM (
    SELECT t.plan_id, u.*, t.day, (%(monday)s::date - t.day) / 7 + 1 AS weeks,
      CASE WHEN pg_temp.draw(u.key || t.day) < 0.08 THEN 0 ELSE u.living END AS met
    FROM (SELECT s.plan_id, s.unit_id, p.drawn_on + (pg_temp.draw(s.unit_id::text) * 27)::int AS day
          FROM registry.sample_unit s JOIN registry.sample_plan p ON p.id = s.plan_id) t
    JOIN story_unit u ON u.id = t.unit_id WHERE t.day <= %(today)s::date) f) k;
INSERT INTO registry.building_check (building_id, leaf_id, checked_on, account_id, units_found, units_listed, district_id, township_id, community_id)
SELECT u.building_id, min(u.leaf_id::text)::uuid, w.day, (SELECT id FROM registry.account WHERE login = 'steward'),
  count(*) + (pg_temp.draw(u.building_id || 'found') < 0.1)::int, count(*), u.district_id, min(u.township_id::text)::uuid, min(u.community_id::text)::uuid
FROM story_unit u CROSS JOIN LATERAL (SELECT %(today)s::date - (pg_temp.draw(u.building_id || 'day') * 150)::int AS day) w
WHERE pg_temp.draw(u.building_id || 'check') < 0.3 GROUP BY u.building_id, w.day, u.district_id

-- :: forms (what was registered lately by who lived here a year before was renewed; some arrivals are not yet entered)
INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, district_id, township_id, community_id)
SELECT g.residence_id, g.person_id, 'expired', g.registered_on - 365, g.registered_on, g.district_id, g.township_id, g.community_id
FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id
WHERE g.status = 'active' AND g.registered_on > %(today)s::date - 98 AND lower(r.valid) <= g.registered_on - 365;
INSERT INTO registry.registration (residence_id, person_id, status, registered_on, district_id)
SELECT r.id, r.person_id, 'draft', %(today)s::date - (pg_temp.draw(r.person_id::text) * 20)::int, r.district_id
FROM registry.residence r
WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE AND pg_temp.draw(r.person_id || 'form') < 0.06
  AND lower(r.valid) < %(today)s::date - 21
  AND NOT EXISTS (SELECT FROM registry.registration g WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed'))
