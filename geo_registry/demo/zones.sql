-- Focus areas and zones under rectification of the town: sets of neighbouring blocks.

-- :: places (name, kind, community, how many blocks, the first block's place in its community)
CREATE TEMP TABLE story_place AS
SELECT p.name, p.is_zone, p.kind, array_agg(b.id ORDER BY b.code) AS blocks, ST_Multi(ST_Union(b.boundary)) AS boundary,
  min(b.district_id::text)::uuid AS district_id, min(b.township_id::text)::uuid AS township_id, min(b.community_id::text)::uuid AS community_id
FROM (VALUES
  ('东渡口老街片区', true, 'low_registration', '东渡居委', 6, 4), ('北门仓库片区', true, 'high_turnover', '北门居委', 3, 2),
  ('书院后街片区', true, 'plates_missing', '书院居委', 2, 3), ('东渡口老街', false, 'old_lanes', '东渡居委', 8, 4),
  ('北门出租集中片', false, 'rental_estate', '北门居委', 4, 2), ('枫林城郊结合部', false, 'urban_fringe', '枫林居委', 3, 9)
) AS p (name, is_zone, kind, community, size, first)
JOIN registry.division d ON d.name = p.community AND d.level = 'community'
CROSS JOIN LATERAL (
  SELECT b.* FROM registry.grid_block b
  WHERE b.community_id = d.id AND b.state = 'current'
  ORDER BY ST_Distance(ST_Centroid(b.boundary), (
    SELECT ST_Centroid(s.boundary) FROM registry.grid_block s
    WHERE s.community_id = d.id AND s.state = 'current' ORDER BY s.code OFFSET p.first - 1 LIMIT 1)) LIMIT p.size) b
GROUP BY p.name, p.is_zone, p.kind;
INSERT INTO registry.focus_area (name, kind, valid, boundary, district_id, township_id, community_id)
SELECT name, kind, daterange(%(today)s::date - 200, NULL), boundary, district_id, township_id, community_id
FROM story_place WHERE NOT is_zone;
INSERT INTO registry.focus_area_block (focus_area_id, block_id)
SELECT f.id, unnest(p.blocks) FROM story_place p JOIN registry.focus_area f ON f.name = p.name WHERE NOT p.is_zone

-- :: zones (one overdue by nine days, one with eighteen days left, one accepted three weeks ago)
INSERT INTO registry.zone (name, ground, state, proposed_on, notified_on, listed_on, started_on, submitted_on, accepted_on,
  boundary, district_id, township_id, community_id, focus_area_id)
SELECT p.name, p.kind, t.state, t.listed - 18, t.listed - 11, t.listed, t.listed + 4, t.accepted - 6, t.accepted, p.boundary,
  p.district_id, p.township_id, p.community_id,
  (SELECT f.id FROM registry.focus_area f WHERE f.community_id = p.community_id ORDER BY f.name LIMIT 1)
FROM (VALUES
  ('东渡口老街片区', 'in_rectification', (%(today)s::date - 9 - interval '2 months')::date, NULL::date),
  ('北门仓库片区', 'in_rectification', (%(today)s::date + 18 - interval '2 months')::date, NULL),
  ('书院后街片区', 'accepted', %(today)s::date - 75, %(today)s::date - 21)
) AS t (name, state, listed, accepted) JOIN story_place p ON p.name = t.name AND p.is_zone;
INSERT INTO registry.zone_block (zone_id, block_id)
SELECT z.id, unnest(p.blocks) FROM story_place p JOIN registry.zone z ON z.name = p.name WHERE p.is_zone;
INSERT INTO registry.rectification_plan (zone_id, cause, responsible_id, sweep_weekday, document_number, approved_on, approved_by)
SELECT z.id, CASE z.ground WHEN 'low_registration' THEN '老街隔间多、换住频繁，部分房屋无门牌' WHEN 'high_turnover' THEN '仓库改租，租客流动快'
    ELSE '沿街店铺改建后门牌缺失' END,
  s.id, 3, format('望澜综治〔2026〕%%s号', 20 + row_number() OVER (ORDER BY z.name)), z.listed_on + 3, l.id
FROM registry.zone z, registry.account s, registry.account l WHERE s.login = 'supervisor' AND l.login = 'leader';
INSERT INTO registry.plan_measure (plan_id, turn, title, responsible_id, due_on, done_percent)
SELECT p.id, m.turn, m.title, s.id, z.listed_on + m.days, CASE WHEN z.state = 'accepted' THEN 100 ELSE m.done END
FROM registry.rectification_plan p JOIN registry.zone z ON z.id = p.zone_id, registry.account s, (VALUES
  (1, '逐户核对片区全部房屋', 53, 78), (2, '补编门牌并上墙', 48, 62), (3, '隔间出租逐户核实', 41, 86), (4, '街巷名称报批', 37, 100)
) AS m (turn, title, days, done) WHERE s.login = 'supervisor'

-- :: sweeps (Wednesdays; some were missed, one was made up two days later, one a month is joint)
INSERT INTO registry.sweep (zone_id, kind, held_on, account_id, units_planned, units_visited, newly_registered)
SELECT z.id, CASE WHEN w.turn %% 4 = 3 THEN 'joint' ELSE 'weekly' END, w.day + CASE WHEN w.turn = 4 THEN 2 ELSE 0 END, s.id, n.units,
  (n.units * (0.66 + 0.03 * w.turn))::int, greatest(4, 21 - 2 * w.turn::int)
FROM registry.zone z JOIN registry.account s ON s.login = 'supervisor'
CROSS JOIN LATERAL (SELECT count(*)::int AS units FROM registry.zone_block k JOIN registry.building_block l ON l.block_id = k.block_id
  JOIN registry.housing_unit u ON u.building_id = l.building_id AND u.state = 'realized' WHERE k.zone_id = z.id) n
CROSS JOIN LATERAL (
  SELECT day::date, row_number() OVER (ORDER BY day) AS turn
  FROM generate_series(z.started_on::timestamp, coalesce(z.accepted_on, %(today)s::date)::timestamp, interval '1 day') day
  WHERE extract(isodow FROM day) = 3) w
WHERE w.day + 2 <= %(today)s::date AND w.turn <= 11 AND NOT (z.name = '东渡口老街片区' AND w.turn IN (5, 7, 8));

-- :: accepted (a sample of the accepted zone proves it)
INSERT INTO registry.sample_plan (name, direction, area_kind, area_id, seed, frame_size, sample_size, state, drawn_on,
  district_id, township_id, community_id)
SELECT z.name || '验收抽查', 'field_to_register', 'zone', z.id, 20261030, count(*), least(count(*), 150), 'closed', z.submitted_on,
  z.district_id, z.township_id, z.community_id
FROM registry.zone z JOIN registry.zone_block k ON k.zone_id = z.id JOIN story_unit u ON u.leaf_id = k.block_id
WHERE z.state = 'accepted' GROUP BY z.id;
INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight)
SELECT s.id, u.id, u.turn, round(s.frame_size::numeric / s.sample_size, 4)
FROM registry.sample_plan s CROSS JOIN LATERAL (
  SELECT u.id, row_number() OVER (ORDER BY pg_temp.draw(u.key || s.seed), u.id) AS turn
  FROM story_unit u JOIN registry.zone_block k ON k.block_id = u.leaf_id WHERE k.zone_id = s.area_id) u
WHERE s.area_kind = 'zone' AND u.turn <= s.sample_size;
INSERT INTO registry.field_check (plan_id, unit_id, building_id, leaf_id, checked_on, account_id, persons_met, persons_registered,
  records_checked, records_right, district_id, township_id, community_id)
SELECT s.plan_id, u.id, u.building_id, u.leaf_id, p.drawn_on + 2, (SELECT id FROM registry.account WHERE login = 'steward'),
  u.living, u.registered, u.registered, u.registered, u.district_id, u.township_id, u.community_id
FROM registry.sample_unit s JOIN registry.sample_plan p ON p.id = s.plan_id AND p.area_kind = 'zone' JOIN story_unit u ON u.id = s.unit_id;
INSERT INTO registry.zone_decision (zone_id, decision, decided_on, sample_plan_id, verdict, account_id, document_number, reason)
SELECT z.id, 'accepted', z.accepted_on, p.id, 'met', l.id, '望澜综治〔2026〕41号', '抽查登记率整段高于目标，门牌全部上墙'
FROM registry.zone z JOIN registry.sample_plan p ON p.area_id = z.id JOIN registry.account l ON l.login = 'leader'
