-- Lists of door plates: from staged rows to names, addresses, buildings, units and plates.

-- :: make (Staging tables of one list of door plates.)
DROP TABLE IF EXISTS pg_temp.stage_area, pg_temp.stage_name, pg_temp.stage_door, pg_temp.stage_row,
  pg_temp.stage_scope, pg_temp.stage_number, pg_temp.stage_address, pg_temp.stage_part, pg_temp.stage_building, pg_temp.stage_unit, pg_temp.stage_plate,
  pg_temp.stage_old, pg_temp.stage_gone, pg_temp.stage_left;
CREATE TEMP TABLE stage_area (id int, community_id uuid, township_id uuid, district_id uuid, prefix text, local_prefix text);
CREATE TEMP TABLE stage_name (
  id int, parent int, depth int, scope_id uuid, kind text, name text, normal_name text, full_name text, pinyin text,
  initials text, district_id uuid, township_id uuid, community_id uuid, is_needed boolean
);
CREATE TEMP TABLE stage_door (
  id int, number_part int, number int, number_key text, number_text text, plate_kind text, building_no text,
  entrance text, entrance_key text, floor smallint, room text, unit_text text, unit_key text
);
CREATE TEMP TABLE stage_row (
  row_number int, is_kept boolean, area int, scope int, door int, neighborhood text, lon float8, lat float8,
  area_m2 numeric(8, 2), use text, plate_state text, building_external_id text
);

-- :: index (Statistics before the joins.)
ALTER TABLE pg_temp.stage_name ADD place_id uuid, ADD is_new boolean NOT NULL DEFAULT false;
CREATE INDEX ON pg_temp.stage_name (id);
CREATE INDEX ON pg_temp.stage_name (parent);
ANALYZE pg_temp.stage_area, pg_temp.stage_name, pg_temp.stage_door, pg_temp.stage_row;

-- :: names (Names of one depth: found, or made where a stored row needs them.)
UPDATE pg_temp.stage_name n SET scope_id = above.place_id
FROM pg_temp.stage_name above WHERE n.depth = %(depth)s AND above.id = n.parent;
UPDATE pg_temp.stage_name n SET place_id = p.id
FROM registry.place_name p
WHERE n.depth = %(depth)s AND p.scope_id = n.scope_id AND p.kind = n.kind AND p.normal_name = n.normal_name
  AND p.state NOT IN ('removed', 'rejected');
UPDATE registry.place_name p SET state = 'current', valid = daterange(lower(p.valid), NULL), act_id = %(act)s
FROM pg_temp.stage_name n WHERE n.depth = %(depth)s AND n.is_needed AND p.id = n.place_id AND p.state <> 'current';
UPDATE pg_temp.stage_name SET place_id = registry.new_id(), is_new = true
WHERE depth = %(depth)s AND place_id IS NULL AND is_needed;
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, pinyin, initials, parent_id, scope_id,
  district_id, township_id, community_id, act_id)
SELECT n.place_id, n.kind, n.name, n.normal_name, n.full_name, n.pinyin, n.initials, above.place_id, n.scope_id,
  n.district_id, n.township_id, n.community_id, %(act)s
FROM pg_temp.stage_name n LEFT JOIN pg_temp.stage_name above ON above.id = n.parent
WHERE n.depth = %(depth)s AND n.is_new ORDER BY n.scope_id, n.normal_name;

-- :: addresses (One address for each number in its scope. Its position is that of its first door in the order of units.)
CREATE TEMP TABLE stage_scope AS
SELECT id, place_id AS scope_id, place_id AS place_name_id, full_name, community_id IS NOT NULL AS is_local
FROM pg_temp.stage_name WHERE place_id IS NOT NULL
UNION ALL SELECT -1 - id, community_id, NULL, '', true FROM pg_temp.stage_area;
ANALYZE pg_temp.stage_scope;
CREATE TEMP TABLE stage_number AS
SELECT DISTINCT ON (r.scope, d.number_part) r.scope, d.number_part, r.row_number, r.area, r.neighborhood, r.lon, r.lat,
  r.plate_state, d.number, d.number_key, d.number_text, d.plate_kind
FROM pg_temp.stage_row r JOIN pg_temp.stage_door d ON d.id = r.door WHERE NOT r.is_kept
ORDER BY r.scope, d.number_part, d.building_no COLLATE "C", d.unit_key COLLATE "C", r.row_number;
ANALYZE pg_temp.stage_number;
CREATE TEMP TABLE stage_address AS
SELECT door.scope, door.number_part, door.row_number, door.number, door.number_key, door.number_text, door.plate_kind,
  door.plate_state, door.neighborhood, s.scope_id, s.place_name_id, v.district_id, v.township_id, v.community_id,
  CASE WHEN s.is_local THEN v.local_prefix ELSE v.prefix END || s.full_name || door.number_text AS standard_text,
  ST_SetSRID(ST_MakePoint(door.lon, door.lat), 4490) AS position,
  a.id IS NULL AS is_new, coalesce(a.id, registry.new_id()) AS id,
  -- Another text of one number: the profile writes numbers in another way since.
  a.id IS NOT NULL AND (a.state <> 'current' OR a.number_text <> door.number_text OR a.position IS DISTINCT FROM ST_SetSRID(ST_MakePoint(door.lon, door.lat), 4490)
    OR a.neighborhood IS DISTINCT FROM door.neighborhood OR a.community_id IS DISTINCT FROM v.community_id) AS is_changed
FROM pg_temp.stage_number door JOIN pg_temp.stage_scope s ON s.id = door.scope JOIN pg_temp.stage_area v ON v.id = door.area
LEFT JOIN registry.address a ON a.scope_id = s.scope_id AND a.number_key = door.number_key
  AND a.state NOT IN ('removed', 'rejected');
CREATE INDEX ON pg_temp.stage_address (scope, number_part);
ANALYZE pg_temp.stage_address;
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, neighborhood,
  accuracy, position_source, position, district_id, township_id, community_id, act_id)
SELECT id, place_name_id, scope_id, number, number_key, number_text, standard_text, neighborhood, 'A', %(source)s, position,
  district_id, township_id, community_id, %(act)s
FROM pg_temp.stage_address WHERE is_new ORDER BY community_id, scope_id, number;
UPDATE registry.address a SET state = 'current', position = s.position, neighborhood = s.neighborhood, accuracy = 'A',
  position_source = %(source)s, number_text = s.number_text, standard_text = s.standard_text, district_id = s.district_id, township_id = s.township_id,
  community_id = s.community_id, act_id = %(act)s,
  valid = CASE WHEN a.state = 'current' THEN a.valid ELSE daterange(lower(a.valid), NULL) END
FROM pg_temp.stage_address s WHERE s.is_changed AND a.id = s.id;

-- :: buildings (One building for each number and building mark: found by its outside code, by its number, or made.)
CREATE TEMP TABLE stage_part AS
SELECT DISTINCT ON (r.scope, d.number_part, d.building_no) r.scope, d.number_part, d.building_no, r.building_external_id
FROM pg_temp.stage_row r JOIN pg_temp.stage_door d ON d.id = r.door WHERE NOT r.is_kept
ORDER BY r.scope, d.number_part, d.building_no, r.building_external_id NULLS LAST, r.row_number;
ANALYZE pg_temp.stage_part;
CREATE TEMP TABLE stage_building AS
WITH found AS (
  SELECT door.*, a.id AS address_id, a.is_new AS has_new_address, a.is_changed AS has_changed_address,
    e.object_id AS coded_id, n.building_id AS numbered_id
  FROM pg_temp.stage_part door JOIN pg_temp.stage_address a USING (scope, number_part)
  LEFT JOIN registry.external_code e ON e.scheme = 'source' AND e.value = door.building_external_id
    AND e.object_kind = 'building'
  LEFT JOIN registry.building_address n ON n.address_id = a.id AND n.building_no = door.building_no AND n.is_main
    AND NOT a.is_new AND (upper_inf(n.valid) OR NOT EXISTS (
      SELECT FROM registry.building_address later
      WHERE later.address_id = n.address_id AND later.building_no = n.building_no AND later.is_main AND later.valid >> n.valid))
)
SELECT scope, number_part, building_no, building_external_id, address_id, has_changed_address, coded_id, numbered_id,
  coalesce(coded_id, numbered_id) IS NULL AS is_new,
  coalesce(coded_id, numbered_id, registry.new_id()) AS id
FROM found;
CREATE INDEX ON pg_temp.stage_building (scope, number_part);
ANALYZE pg_temp.stage_building;
INSERT INTO registry.building (id, method, position, district_id, township_id, community_id, act_id)
SELECT b.id, 'derived', a.position, a.district_id, a.township_id, a.community_id, %(act)s
FROM pg_temp.stage_building b JOIN pg_temp.stage_address a USING (scope, number_part)
WHERE b.is_new ORDER BY a.community_id, a.scope_id, a.number;

-- :: links (the number that each building bears)
INSERT INTO registry.external_code (object_kind, object_id, scheme, value)
SELECT 'building', id, 'source', building_external_id
FROM (SELECT DISTINCT ON (building_external_id) * FROM pg_temp.stage_building
      WHERE building_external_id IS NOT NULL AND coded_id IS NULL ORDER BY building_external_id, id) b
ON CONFLICT DO NOTHING;
INSERT INTO registry.building_address (building_id, address_id, building_no, is_main, act_id)
SELECT b.id, b.address_id, b.building_no,
  row_number() OVER (PARTITION BY b.id ORDER BY b.scope, b.number_part) = 1 AND (b.is_new OR NOT EXISTS (
    SELECT FROM registry.building_address o WHERE o.building_id = b.id AND o.is_main AND o.valid @> CURRENT_DATE)),
  %(act)s
FROM pg_temp.stage_building b
WHERE b.numbered_id IS DISTINCT FROM b.id AND (b.is_new OR NOT EXISTS (
  SELECT FROM registry.building_address o WHERE o.building_id = b.id AND o.address_id = b.address_id
    AND o.building_no = b.building_no AND o.valid @> CURRENT_DATE))
ORDER BY b.id;
UPDATE registry.building_address n SET valid = daterange(lower(n.valid), NULL), act_id = %(act)s
FROM pg_temp.stage_building b
WHERE b.numbered_id = b.id AND n.building_id = b.id AND n.address_id = b.address_id AND n.building_no = b.building_no
  AND n.is_main AND NOT upper_inf(n.valid) AND b.has_changed_address;
UPDATE registry.building o SET position = a.position, district_id = a.district_id, township_id = a.township_id,
  community_id = a.community_id, act_id = %(act)s,
  state = CASE WHEN o.state = 'out_of_use' AND NOT upper_inf(o.valid) THEN 'realized' ELSE o.state END,
  valid = daterange(lower(o.valid), NULL)
FROM pg_temp.stage_building b JOIN pg_temp.stage_address a USING (scope, number_part)
WHERE b.has_changed_address AND b.numbered_id = b.id AND o.id = b.id AND o.method = 'derived';

-- :: units (One unit for each row, one entrance for each label of a building.)
INSERT INTO registry.entrance (building_id, label, label_key, act_id)
SELECT DISTINCT b.id, d.entrance, d.entrance_key, %(act)s::uuid
FROM pg_temp.stage_row r JOIN pg_temp.stage_door d ON d.id = r.door
JOIN pg_temp.stage_building b ON b.scope = r.scope AND b.number_part = d.number_part AND b.building_no = d.building_no
WHERE NOT r.is_kept AND d.entrance_key IS NOT NULL
ON CONFLICT ON CONSTRAINT entrance_label_key DO NOTHING;
CREATE TEMP TABLE stage_unit AS
SELECT r.row_number, b.id AS building_id, a.district_id, a.township_id, a.community_id, d.floor, d.room, d.unit_text,
  d.unit_key, t.id AS entrance_id, r.use, r.area_m2,
  u.id IS NULL AS is_new, coalesce(u.id, registry.new_id()) AS id,
  u.id IS NOT NULL AND (u.state = 'retired' OR u.community_id IS DISTINCT FROM a.community_id
    OR u.use IS DISTINCT FROM coalesce(r.use, u.use) OR u.area_m2 IS DISTINCT FROM coalesce(r.area_m2, u.area_m2)
    OR u.floor IS DISTINCT FROM coalesce(d.floor, u.floor)
    OR u.entrance_id IS DISTINCT FROM coalesce(t.id, u.entrance_id)) AS is_changed,
  a.is_changed AND a.row_number = r.row_number AS has_changed_address
FROM pg_temp.stage_row r JOIN pg_temp.stage_door d ON d.id = r.door
JOIN pg_temp.stage_address a ON a.scope = r.scope AND a.number_part = d.number_part
JOIN pg_temp.stage_building b ON b.scope = r.scope AND b.number_part = d.number_part AND b.building_no = d.building_no
LEFT JOIN registry.entrance t ON t.building_id = b.id AND t.label_key = d.entrance_key
LEFT JOIN registry.housing_unit u ON u.building_id = b.id AND u.unit_key = d.unit_key AND u.state NOT IN ('removed', 'rejected')
WHERE NOT r.is_kept;
ANALYZE pg_temp.stage_unit;
INSERT INTO registry.housing_unit (id, building_id, entrance_id, floor, room, unit_text, unit_key, use, area_m2,
  district_id, township_id, community_id, act_id)
SELECT id, building_id, entrance_id, floor, room, unit_text, unit_key, use, area_m2, district_id, township_id,
  community_id, %(act)s
FROM pg_temp.stage_unit WHERE is_new ORDER BY building_id, floor, unit_key;
UPDATE registry.housing_unit u SET district_id = s.district_id, township_id = s.township_id, community_id = s.community_id,
  use = coalesce(s.use, u.use), area_m2 = coalesce(s.area_m2, u.area_m2), floor = coalesce(s.floor, u.floor),
  entrance_id = coalesce(s.entrance_id, u.entrance_id), act_id = %(act)s,
  state = CASE WHEN u.state = 'retired' THEN 'realized' ELSE u.state END,
  valid = CASE WHEN u.state = 'retired' THEN daterange(lower(u.valid), NULL) ELSE u.valid END
FROM pg_temp.stage_unit s WHERE s.is_changed AND u.id = s.id;

-- :: plates (One plate for each address; a plate on the wall keeps the position where it was found.)
-- No file proves that a plate hangs: without an installation on record it comes in as delivered. What this register
-- has ordered or mounted itself it knows better than any list.
CREATE TEMP TABLE stage_plate AS
SELECT a.row_number, a.id AS address_id, p.id, p.id IS NULL AS is_new, w.state,
  p.id IS NOT NULL AND p.state <> w.state AS has_changed_state,
  coalesce(a.plate_state IN ('installed', 'verified'), false) AND w.state NOT IN ('installed', 'verified') AS is_unproven
FROM pg_temp.stage_address a
LEFT JOIN registry.plate p ON NOT a.is_new AND p.address_id = a.id AND p.kind = a.plate_kind
  AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
CROSS JOIN LATERAL (SELECT CASE
  WHEN p.batch_id IS NOT NULL OR EXISTS (SELECT FROM registry.plate_installation i WHERE i.plate_id = p.id) THEN p.state
  WHEN a.plate_state IN ('installed', 'verified') THEN 'delivered'
  ELSE coalesce(a.plate_state, p.state, 'numbered') END AS state) w;
ANALYZE pg_temp.stage_plate;
INSERT INTO registry.plate (address_id, kind, text, state, position, district_id, township_id, community_id, act_id)
SELECT a.id, a.plate_kind, a.number_text, p.state, a.position, a.district_id, a.township_id,
  a.community_id, %(act)s
FROM pg_temp.stage_plate p JOIN pg_temp.stage_address a ON a.id = p.address_id
WHERE p.is_new ORDER BY a.community_id, a.scope_id, a.number;
UPDATE registry.plate p SET state = s.state, district_id = a.district_id,
  township_id = a.township_id, community_id = a.community_id, act_id = %(act)s,
  position = CASE WHEN p.state IN ('installed', 'verified') THEN p.position ELSE a.position END
FROM pg_temp.stage_plate s JOIN pg_temp.stage_address a ON a.id = s.address_id
WHERE p.id = s.id AND (s.has_changed_state OR a.is_changed);

-- :: count (What became of the stored rows.)
SELECT count(*) FILTER (WHERE u.is_new) AS added,
  count(*) FILTER (WHERE NOT u.is_new AND (u.is_changed OR u.has_changed_address OR p.has_changed_state OR p.is_new)) AS changed,
  count(*) AS accepted, (SELECT count(*) FROM pg_temp.stage_plate WHERE is_unproven) AS unproven
FROM pg_temp.stage_unit u LEFT JOIN pg_temp.stage_plate p ON p.row_number = u.row_number;

-- :: analyze-names
ANALYZE registry.place_name

-- :: analyze-addresses
ANALYZE registry.address

-- :: analyze-buildings
ANALYZE registry.building

-- :: analyze-links
ANALYZE registry.building_address

-- :: analyze-units
ANALYZE registry.housing_unit

-- :: analyze-plates
ANALYZE registry.plate

-- :: gone (live units of the file's townships that it lists no longer, not even among the rows kept out)
CREATE TEMP TABLE stage_old AS
SELECT u.id, u.building_id, u.unit_key, u.township_id
FROM registry.housing_unit u
WHERE u.state = 'realized' AND u.act_id IS DISTINCT FROM %(act)s
  AND u.district_id IN (SELECT district_id FROM pg_temp.stage_area)
  AND (%(township)s::uuid IS NULL OR u.township_id = %(township)s)
  AND (%(community)s::uuid IS NULL OR u.community_id = %(community)s)
  AND u.township_id IN (SELECT v.township_id FROM pg_temp.stage_area v
    WHERE v.id IN (SELECT DISTINCT area FROM pg_temp.stage_row));
ANALYZE pg_temp.stage_old;
CREATE TEMP TABLE stage_gone AS
SELECT o.* FROM pg_temp.stage_old o LEFT JOIN pg_temp.stage_unit s ON s.id = o.id WHERE s.id IS NULL;
CREATE INDEX ON pg_temp.stage_gone (building_id);
ANALYZE pg_temp.stage_gone;
DELETE FROM pg_temp.stage_gone g WHERE NOT EXISTS (
  SELECT FROM registry.building_address n JOIN registry.address a ON a.id = n.address_id
  WHERE n.building_id = g.building_id AND n.valid @> CURRENT_DATE AND a.state = 'current');
DELETE FROM pg_temp.stage_gone g
USING pg_temp.stage_row r, pg_temp.stage_door d, pg_temp.stage_scope s, registry.address a, registry.building_address n
WHERE r.is_kept AND d.id = r.door AND s.id = r.scope AND a.scope_id = s.scope_id AND a.number_key = d.number_key
  AND a.state NOT IN ('removed', 'rejected') AND n.address_id = a.id AND n.building_no = d.building_no
  AND n.building_id = g.building_id AND g.unit_key = d.unit_key;
ANALYZE pg_temp.stage_gone;

-- :: shares (units that were live before, and units gone, for each township that loses any)
SELECT d.full_name, o.live, g.gone
FROM (SELECT township_id, count(*) AS gone FROM pg_temp.stage_gone GROUP BY township_id) g
JOIN (SELECT township_id, count(*) AS live FROM pg_temp.stage_old GROUP BY township_id) o USING (township_id)
JOIN registry.division d ON d.id = g.township_id ORDER BY d.code;

-- :: retire (Retire units; then addresses, plates and derived buildings that have no live unit left.)
UPDATE registry.housing_unit u SET state = 'retired', act_id = %(act)s,
  valid = daterange(lower(u.valid), greatest(CURRENT_DATE, lower(u.valid) + 1))
FROM pg_temp.stage_gone g WHERE u.id = g.id;
CREATE TEMP TABLE stage_left AS
SELECT DISTINCT n.address_id FROM pg_temp.stage_gone g JOIN registry.building_address n ON n.building_id = g.building_id
WHERE n.valid @> CURRENT_DATE AND NOT EXISTS (
  SELECT FROM registry.building_address o JOIN registry.housing_unit u ON u.building_id = o.building_id
  WHERE o.address_id = n.address_id AND o.valid @> CURRENT_DATE AND u.state = 'realized');
UPDATE registry.address a SET state = 'retired', act_id = %(act)s,
  valid = daterange(lower(a.valid), greatest(CURRENT_DATE, lower(a.valid) + 1))
FROM pg_temp.stage_left l WHERE a.id = l.address_id AND a.state = 'current';
UPDATE registry.plate_installation i SET ended_at = now()
FROM pg_temp.stage_left l JOIN registry.plate p ON p.address_id = l.address_id
WHERE i.plate_id = p.id AND i.ended_at IS NULL;
UPDATE registry.plate p SET act_id = %(act)s,
  state = CASE WHEN p.state IN ('installed', 'verified', 'damaged', 'missing') THEN 'superseded' ELSE 'cancelled' END,
  valid = daterange(lower(p.valid), greatest(CURRENT_DATE, lower(p.valid) + 1))
FROM pg_temp.stage_left l
WHERE p.address_id = l.address_id AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled');
UPDATE registry.building b SET state = 'out_of_use', act_id = %(act)s,
  valid = daterange(lower(b.valid), greatest(CURRENT_DATE, lower(b.valid) + 1))
FROM pg_temp.stage_left l JOIN registry.building_address n ON n.address_id = l.address_id AND n.valid @> CURRENT_DATE
WHERE b.id = n.building_id AND b.method = 'derived' AND b.state = 'realized';
UPDATE registry.building_address n SET act_id = %(act)s,
  valid = daterange(lower(n.valid), greatest(CURRENT_DATE, lower(n.valid) + 1))
FROM pg_temp.stage_left l JOIN registry.building b ON b.state = 'out_of_use' AND b.act_id = %(act)s
WHERE n.address_id = l.address_id AND n.building_id = b.id AND upper_inf(n.valid);
