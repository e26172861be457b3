-- 1 M plates: 200 communities of 25 streets with 200 doors each, ids by arithmetic. Triggers and references are off.
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SET search_path = registry, public;

CREATE FUNCTION pg_temp.own(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT md5('edit/' || kind || '/' || n)::uuid
$$;
-- A community is a cell of 1.1 km: 20 columns, 10 rows.
CREATE FUNCTION pg_temp.west(n int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT 121 + n % 20 * 0.012 $$;
CREATE FUNCTION pg_temp.south(n int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT 31 + n / 20 * 0.0104 $$;
CREATE FUNCTION pg_temp.cell(n int) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
  SELECT ST_Multi(ST_MakeEnvelope(pg_temp.west(n), pg_temp.south(n), pg_temp.west(n) + 0.012, pg_temp.south(n) + 0.0104, 4490))
$$;
-- A door: a street has 100 on each side, 10 m apart, 12 m beside the axis; odd in the north.
CREATE FUNCTION pg_temp.door(n int) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
  SELECT ST_SetSRID(ST_MakePoint(pg_temp.west(n / 5000) + 0.0005 + n % 200 / 2 * 0.000105,
    pg_temp.south(n / 5000) + 0.0004 + n / 200 % 25 * 0.0004 + CASE n % 2 WHEN 0 THEN 0.00011 ELSE -0.00011 END), 4490)
$$;

INSERT INTO division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id)
SELECT pg_temp.own(1, 0), 'cn', '990110000000', 'district', '丹江区', '丹江区', NULL, pg_temp.own(1, 0), NULL::uuid
UNION ALL SELECT pg_temp.own(2, n), 'cn', 990110100000 + n * 1000 || '', 'township', '第' || n || '街道', '丹江区第' || n || '街道',
  pg_temp.own(1, 0), pg_temp.own(1, 0), pg_temp.own(2, n) FROM generate_series(0, 9) n;
INSERT INTO division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id, boundary)
SELECT pg_temp.own(3, n), 'cn', 990110100001 + n / 20 * 1000 + n % 20 || '', 'community', '第' || n || '社区', '丹江区第' || n || '社区',
  pg_temp.own(2, n / 20), pg_temp.own(1, 0), pg_temp.own(2, n / 20), pg_temp.cell(n) FROM generate_series(0, 199) n;
UPDATE division d SET boundary = (SELECT ST_Multi(ST_Union(c.boundary)) FROM division c WHERE c.township_id = d.id AND c.level = 'community')
WHERE d.level = 'township';
UPDATE division d SET boundary = (SELECT ST_Multi(ST_Union(c.boundary)) FROM division c WHERE c.level = 'township') WHERE d.level = 'district';
INSERT INTO grid_block (id, code, name, boundary, district_id, township_id, community_id)
SELECT pg_temp.own(4, n), 990110100001000 + n || '', '网格' || n, pg_temp.cell(n), pg_temp.own(1, 0), pg_temp.own(2, n / 20), pg_temp.own(3, n)
FROM generate_series(0, 199) n;
INSERT INTO place_name (id, kind, name, normal_name, full_name, pinyin, initials, scope_id, valid, axis, district_id, township_id, community_id)
SELECT pg_temp.own(5, n), 'street', '第' || n || '路', '第' || n || '路', '第' || n || '路', 'di' || n || 'lu', 'd' || n || 'l', pg_temp.own(1, 0),
  '[2015-01-01,)', ST_Multi(ST_SetSRID(ST_MakeLine(
    ST_MakePoint(pg_temp.west(n / 25) + 0.0004, pg_temp.south(n / 25) + 0.0004 + n % 25 * 0.0004),
    ST_MakePoint(pg_temp.west(n / 25) + 0.0112, pg_temp.south(n / 25) + 0.0004 + n % 25 * 0.0004)), 4490)),
  pg_temp.own(1, 0), pg_temp.own(2, n / 500), pg_temp.own(3, n / 25)
FROM generate_series(0, 4999) n;
INSERT INTO address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, accuracy, position, valid, district_id,
  township_id, community_id)
SELECT pg_temp.own(6, n), pg_temp.own(5, n / 200), pg_temp.own(5, n / 200), n % 200 + 1, n % 200 + 1 || '', n % 200 + 1 || '号',
  '第' || n / 200 || '路' || n % 200 + 1 || '号', 'B', pg_temp.door(n), '[2015-01-01,)',
  pg_temp.own(1, 0), pg_temp.own(2, n / 100000), pg_temp.own(3, n / 5000)
FROM generate_series(0, 999999) n;
INSERT INTO address_block SELECT pg_temp.own(6, n), pg_temp.own(4, n / 5000) FROM generate_series(0, 999999) n;
INSERT INTO plate (id, address_id, state, valid, text, position, district_id, township_id, community_id)
SELECT pg_temp.own(7, n), pg_temp.own(6, n), (ARRAY['draft', 'numbered', 'approved', 'delivered', 'missing'])[n % 5 + 1], '[2015-01-01,)',
  n % 200 + 1 || '号', pg_temp.door(n), pg_temp.own(1, 0), pg_temp.own(2, n / 100000), pg_temp.own(3, n / 5000)
FROM generate_series(0, 999999) n;
-- A house behind every fifth door, away from its street.
INSERT INTO building (id, method, outline, position, valid, district_id, township_id, community_id)
SELECT pg_temp.own(8, n), 'outlined', ST_Multi(ST_MakeEnvelope(ST_X(d.at) - 0.00004, ST_Y(d.at), ST_X(d.at) + 0.00004, ST_Y(d.at) + 0.00008, 4490)),
  ST_SetSRID(ST_MakePoint(ST_X(d.at), ST_Y(d.at) + 0.00004), 4490), '[2015-01-01,)', pg_temp.own(1, 0), pg_temp.own(2, n / 100000),
  pg_temp.own(3, n / 5000)
FROM generate_series(0, 999999, 5) n CROSS JOIN LATERAL (SELECT pg_temp.door(n) AS at) d;
INSERT INTO building_address (building_id, address_id, is_main, valid)
SELECT pg_temp.own(8, n), pg_temp.own(6, n), true, '[2015-01-01,)' FROM generate_series(0, 999999, 5) n;
INSERT INTO building_block SELECT pg_temp.own(8, n), pg_temp.own(4, n / 5000) FROM generate_series(0, 999999, 5) n;
UPDATE jurisdiction SET box = ST_MakeEnvelope(120, 30, 123, 33, 4490);
SET session_replication_role = origin;
