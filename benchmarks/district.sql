-- A generated district: ids are hashes of numbers, so that rows belong together by arithmetic. (Ids that share their first
-- half would make the exclusion constraints many times slower than real ones do.) Triggers and references are off.
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SET search_path = registry, public;

CREATE FUNCTION pg_temp.own(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT md5(kind || '/' || n)::uuid
$$;
CREATE FUNCTION pg_temp.cell(n int) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
  SELECT ST_Multi(ST_MakeEnvelope(121 + (n % 25) * .004, 31 + (n / 25) * .004, 121 + (n % 25 + 1) * .004, 31 + (n / 25 + 1) * .004, 4490))
$$;

INSERT INTO division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id)
SELECT pg_temp.own(1, 0), 'cn', '1', 'district', '区', '区', NULL, pg_temp.own(1, 0), NULL
UNION ALL SELECT pg_temp.own(2, n), 'cn', '2-' || n, 'township', '镇' || n, '镇' || n, pg_temp.own(1, 0), pg_temp.own(1, 0), pg_temp.own(2, n)
FROM generate_series(0, 9) n
UNION ALL SELECT pg_temp.own(3, n), 'cn', '3-' || n, 'community', '村' || n, '村' || n, pg_temp.own(2, n / 5), pg_temp.own(1, 0), pg_temp.own(2, n / 5)
FROM generate_series(0, 49) n;
INSERT INTO grid_block (id, code, name, boundary, district_id, township_id, community_id)
SELECT pg_temp.own(4, n), n::text, '网格' || n, pg_temp.cell(n), pg_temp.own(1, 0), pg_temp.own(2, n / 50), pg_temp.own(3, n / 10)
FROM generate_series(0, 499) n;
INSERT INTO building (id, method, position, valid, district_id, township_id, community_id)
SELECT pg_temp.own(5, n), 'derived', ST_SetSRID(ST_MakePoint(121.0001 + (n / 200 % 25) * .004 + (n % 14) * .00027,
    31.0001 + (n / 5000) * .004 + (n / 14 % 14) * .00027), 4490), '[2015-01-01,)',
  pg_temp.own(1, 0), pg_temp.own(2, n / 10000), pg_temp.own(3, n / 2000)
FROM generate_series(0, 99999) n;
INSERT INTO building_block SELECT pg_temp.own(5, n), pg_temp.own(4, n / 200) FROM generate_series(0, 99999) n;
INSERT INTO housing_unit (id, building_id, unit_text, unit_key, use, valid, district_id, township_id, community_id)
SELECT pg_temp.own(6, n), pg_temp.own(5, n / 10), n % 10 / 2 + 1 || '0' || n % 2 + 1 || '室', (n % 10)::text, CASE n % 5 WHEN 0 THEN 'let_whole' ELSE 'self_occupied' END,
  '[2015-01-01,)', pg_temp.own(1, 0), pg_temp.own(2, n / 100000), pg_temp.own(3, n / 20000)
FROM generate_series(0, 999999) n;
INSERT INTO place_name (id, kind, name, normal_name, full_name, pinyin, initials, scope_id, valid, district_id)
SELECT pg_temp.own(18, n), 'street', name, name, name, 'di' || letters || 'lu', 'd' || letters || 'l', pg_temp.own(1, 0), '[2015-01-01,)',
  pg_temp.own(1, 0)
FROM (SELECT n, '第' || n || '路' AS name, translate(n::text, '0123456789', 'abcdefghij') AS letters FROM generate_series(0, 4999) n) s;
INSERT INTO address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, position, valid, district_id, township_id,
  community_id)
SELECT pg_temp.own(7, n), pg_temp.own(18, n / 40), pg_temp.own(18, n / 40), n % 40 + 1, (n % 40 + 1)::text, n % 40 + 1 || '号',
  '第' || n / 40 || '路' || n % 40 + 1 || '号', ST_SetSRID(ST_MakePoint(121.0001 + (n / 400 % 25) * .004 + (n / 2 % 14) * .00027,
    31.0001 + (n / 10000) * .004 + (n / 28 % 14) * .00027), 4490), '[2015-01-01,)',
  pg_temp.own(1, 0), pg_temp.own(2, n / 20000), pg_temp.own(3, n / 4000)
FROM generate_series(0, 199999) n;
INSERT INTO building_address (building_id, address_id, is_main, valid)
SELECT pg_temp.own(5, n), pg_temp.own(7, n * 2), true, '[2015-01-01,)' FROM generate_series(0, 99999) n;
INSERT INTO address_block SELECT pg_temp.own(7, n), pg_temp.own(4, n / 400) FROM generate_series(0, 199999) n;
INSERT INTO plate (address_id, state, valid, text, position, district_id, township_id, community_id)
SELECT pg_temp.own(7, n), CASE WHEN n % 10 < 7 THEN 'installed' ELSE 'delivered' END, '[2015-01-01,)', 'x',
  ST_SetSRID(ST_MakePoint(121.0001 + (n / 400 % 25) * .004 + (n / 2 % 14) * .00027,
    31.0001 + (n / 10000) * .004 + (n / 28 % 14) * .00027), 4490),
  pg_temp.own(1, 0), pg_temp.own(2, n / 20000), pg_temp.own(3, n / 4000)
FROM generate_series(0, 199999) n;

-- Exclusion constraints are built after the load.
ALTER TABLE residence DROP CONSTRAINT residence_unit_excl, DROP CONSTRAINT residence_main_excl;
ALTER TABLE hukou DROP CONSTRAINT hukou_person_excl;
INSERT INTO person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, district_id, township_id, community_id)
SELECT pg_temp.own(8, n), substr('王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余', n % 40 + 1, 1)
    || substr('建国志文晓小家嘉子思玉春秋海云明永新雅雨', n / 40 % 20 + 1, 1) || substr('伟强磊军洋勇杰涛超明芳娜敏静秀丽艳娟霞燕', n / 800 % 20 + 1, 1),
  '1', 1950 + n % 70, 1 + n % 12, '111', '\x00', decode(md5(n::text), 'hex'), '00',
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(0, 2499999) n;
-- One household a unit; of the two or three persons in it the first is the head.
INSERT INTO household (id, unit_id, building_id, district_id, township_id, community_id)
SELECT pg_temp.own(15, n), pg_temp.own(6, n), pg_temp.own(5, n / 10), pg_temp.own(1, 0), pg_temp.own(2, n / 100000), pg_temp.own(3, n / 20000)
FROM generate_series(0, 999999) n;
INSERT INTO residence (id, person_id, unit_id, building_id, category, relation_to_head, household_id, verified_on, valid, sys, district_id,
  township_id, community_id)
SELECT pg_temp.own(9, n), pg_temp.own(8, n), pg_temp.own(6, n * 2 / 5), pg_temp.own(5, n / 25), CASE WHEN n % 5 < 3 THEN 'local_hukou' ELSE 'incomer' END,
  (ARRAY['0', '1', '2', '0', '1'])[n % 5 + 1], pg_temp.own(15, n * 2 / 5), CASE WHEN n % 20 < 17 THEN CURRENT_DATE - n % 400 END,
  daterange(date '2020-01-01' + n % 2000, NULL), tstzrange(CASE WHEN n % 25 = 7 THEN timestamptz '2026-01-01' ELSE '2025-07-01' END, NULL),
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(0, 2499999) n;
-- Ten years of moves within a community: two of five had another home before this one, one of five one more before that.
INSERT INTO residence (id, person_id, unit_id, building_id, category, is_main, end_reason, valid, sys, district_id, township_id, community_id)
SELECT pg_temp.own(11 + turn, n), pg_temp.own(8, n), pg_temp.own(6, o * 2 / 5), pg_temp.own(5, o / 25), 'incomer', true, 'moved_within_city',
  CASE turn WHEN 0 THEN daterange(date '2017-06-01' + n % 300, date '2020-01-01' + n % 2000)
    ELSE daterange('2016-01-01', date '2017-06-01' + n % 300) END, '[2025-07-01,)',
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM (SELECT n, turn, n / 50000 * 50000 + (n + 12345 * (turn + 1)) % 50000 AS o FROM generate_series(0, 2499999) n, generate_series(0, 2, 2) turn
  WHERE n % 5 = 0 OR n % 5 = 3 AND turn = 0) moved;
-- What was known before of every twenty-fifth: another category.
INSERT INTO residence (id, person_id, unit_id, building_id, category, relation_to_head, household_id, valid, sys, version_of, district_id,
  township_id, community_id)
SELECT pg_temp.own(14, n), pg_temp.own(8, n), pg_temp.own(6, n * 2 / 5), pg_temp.own(5, n / 25), 'unsettled', '8', pg_temp.own(15, n * 2 / 5),
  daterange(date '2020-01-01' + n % 2000, NULL), '[2025-07-01,2026-01-01)', pg_temp.own(9, n),
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(7, 2499999, 25) n;
-- Three of five have their hukou where they live, one of ten in another dwelling of the community, the others far away.
INSERT INTO hukou (id, person_id, unit_id, building_id, division_code, address_text, valid, district_id, township_id, community_id)
SELECT pg_temp.own(12, n), pg_temp.own(8, n), pg_temp.own(6, o * 2 / 5), pg_temp.own(5, o / 25), CASE WHEN o IS NULL THEN '990200000000' END,
  CASE WHEN o IS NULL THEN '东山镇' || n % 300 || '号' END, '[2016-01-01,)', CASE WHEN o IS NOT NULL THEN pg_temp.own(1, 0) END,
  CASE WHEN o IS NOT NULL THEN pg_temp.own(2, n / 250000) END, CASE WHEN o IS NOT NULL THEN pg_temp.own(3, n / 50000) END
FROM (SELECT n, CASE WHEN n % 5 < 3 THEN n WHEN n % 10 = 4 THEN n / 50000 * 50000 + (n + 777) % 50000 END AS o
  FROM generate_series(0, 2499999) n) placed;
-- Who has the hukou in another dwelling is away there; a few cases were decided against the rule.
INSERT INTO absence (id, person_id, unit_id, building_id, whereabouts, reason, informant, valid, district_id, township_id, community_id)
SELECT pg_temp.own(17, n), pg_temp.own(8, n), pg_temp.own(6, o * 2 / 5), pg_temp.own(5, o / 25), '本市他处', 'housing', 'committee',
  daterange(date '2020-01-01' + n % 2000, NULL), pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM (SELECT n, n / 50000 * 50000 + (n + 777) % 50000 AS o FROM generate_series(4, 2499999, 10) n) away;
INSERT INTO separation_decision (id, person_id, status, reason, decided_by, valid, district_id, township_id, community_id)
SELECT pg_temp.own(19, n), pg_temp.own(8, n), 'false_alarm', '房屋相邻，实为一户', md5('officer/0')::uuid, '[2024-01-01,)',
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(4, 2499999, 500) n;
-- Registrations in every state: live and in review, lapsed, changed with a move; every third was renewed.
INSERT INTO registration (id, residence_id, person_id, status, registered_on, expires_on, district_id, township_id, community_id)
SELECT pg_temp.own(10, n), pg_temp.own(9, n), pg_temp.own(8, n),
  CASE WHEN n % 20 < 18 THEN 'active' WHEN n % 20 = 18 THEN 'expired' ELSE 'officer_review' END,
  CURRENT_DATE - 56 + n % 56 - CASE WHEN n % 20 = 18 THEN 400 ELSE 0 END,
  CURRENT_DATE - 56 + n % 56 + CASE WHEN n % 20 = 18 THEN -35 ELSE 365 END,
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(0, 2499999) n WHERE n % 12 <> n / 5000 % 12;
INSERT INTO registration (id, residence_id, person_id, status, registered_on, expires_on, ended_on, end_reason, district_id, township_id,
  community_id)
SELECT pg_temp.own(16, n), pg_temp.own(9, n), pg_temp.own(8, n), 'expired', date '2025-08-01' + n % 28, date '2026-08-01' + n % 28, NULL, NULL,
  pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(1, 2499999, 3) n
UNION ALL
SELECT pg_temp.own(20, n), pg_temp.own(11, n), pg_temp.own(8, n), 'changed', date '2019-06-01', date '2021-06-01' + 2000,
  date '2020-01-01' + n % 2000, 'moved_within_city', pg_temp.own(1, 0), pg_temp.own(2, n / 250000), pg_temp.own(3, n / 50000)
FROM generate_series(0, 2499999, 5) n;
INSERT INTO field_check (unit_id, building_id, leaf_id, checked_on, persons_met, persons_registered, records_checked,
  records_right, district_id, township_id, community_id)
SELECT pg_temp.own(6, n * 12), pg_temp.own(5, n * 12 / 10), pg_temp.own(4, n * 12 / 2000), CURRENT_DATE - n % 56, 3,
  3 - (n % 9 = 0)::int, 3, 3 - (n % 11 = 0)::int, pg_temp.own(1, 0), pg_temp.own(2, n * 12 / 100000), pg_temp.own(3, n * 12 / 20000)
FROM generate_series(0, 83332) n;
INSERT INTO building_check (building_id, leaf_id, checked_on, units_found, units_listed, district_id, township_id, community_id)
SELECT pg_temp.own(5, n * 10), pg_temp.own(4, n / 20), CURRENT_DATE - n % 56, 10, 9 + n % 2, pg_temp.own(1, 0),
  pg_temp.own(2, n / 1000), pg_temp.own(3, n / 200)
FROM generate_series(0, 9999) n;
INSERT INTO visit (visited_at, unit_id, outcome)
SELECT now() - n % 56 * interval '1 day', pg_temp.own(6, n * 2), 'met_all' FROM generate_series(0, 499999) n;
ALTER TABLE hukou
  ADD CONSTRAINT hukou_person_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (upper_inf(sys));
ALTER TABLE residence
  ADD CONSTRAINT residence_unit_excl EXCLUDE USING gist (person_id WITH =, unit_id WITH =, valid WITH &&) WHERE (upper_inf(sys)),
  ADD CONSTRAINT residence_main_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (is_main AND upper_inf(sys));
SET session_replication_role = origin;
ANALYZE;
SELECT registry.tally_rebuild();
