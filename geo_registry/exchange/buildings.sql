-- Buildings: from united outlines to buildings, numbers and plates.

-- :: create-buildings
CREATE TEMP TABLE building_row (
  row_number int PRIMARY KEY, outcome text, reason text, external_id text, name text, label text, floors smallint,
  floors_below smallint, built_year smallint, use text, district_code text, community_code text,
  outline geometry(MultiPolygon, 4490), middle geometry(Point, 4490),
  district_id uuid, township_id uuid, community_id uuid, id uuid, is_new boolean NOT NULL DEFAULT false
)

-- :: create-members
CREATE TEMP TABLE building_member (
  row_number int NOT NULL, outcome text, reason text, detail text NOT NULL DEFAULT '', original json, building int
)

-- :: create-names
CREATE TEMP TABLE stage_name (
  id int, parent int, depth int, scope_id uuid, kind text, name text, normal_name text, full_name text, pinyin text,
  initials text, district_id uuid, township_id uuid, community_id uuid, is_needed boolean, place_id uuid,
  is_new boolean NOT NULL DEFAULT false
)

-- :: create-numbers
CREATE TEMP TABLE building_number (
  row_number int NOT NULL, turn int NOT NULL, scope int, prefix text, number int, number_key text, number_text text,
  plate_kind text, building_no text, scope_id uuid, place_name_id uuid, standard_text text, address_id uuid,
  is_new boolean NOT NULL DEFAULT false, is_main boolean
)

-- :: areas
SELECT DISTINCT b.district_id, b.township_id, b.community_id, p.name, y.name, d.name, t.name, c.name
FROM pg_temp.building_row b
LEFT JOIN registry.division c ON c.id = b.community_id LEFT JOIN registry.division t ON t.id = b.township_id
LEFT JOIN registry.division d ON d.id = b.district_id LEFT JOIN registry.division y ON y.id = d.city_id
LEFT JOIN registry.division p ON p.id = coalesce(y.parent_id, d.parent_id) AND p.level = 'province'
WHERE b.outcome IS NULL

-- :: placed
SELECT row_number, district_id, township_id, community_id FROM pg_temp.building_row WHERE outcome IS NULL

-- :: outside
UPDATE pg_temp.building_row b SET outcome = 'quarantined', reason = 'outside-jurisdiction'
FROM registry.jurisdiction j
WHERE b.outcome IS NULL AND NOT ST_Covers(j.box, coalesce(b.outline, b.middle))

-- :: known
UPDATE pg_temp.building_row b SET id = e.object_id
FROM registry.external_code e
WHERE b.outcome IS NULL AND e.scheme = %(source)s AND e.object_kind = 'building' AND e.value = b.external_id

-- :: numbers (the addresses that are there already)
UPDATE pg_temp.building_number n SET scope_id = coalesce(s.place_id, b.community_id), place_name_id = s.place_id,
  standard_text = n.prefix || coalesce(s.full_name, '') || n.number_text
FROM pg_temp.building_row b, (SELECT id, place_id, full_name FROM pg_temp.stage_name UNION ALL SELECT -1, NULL, NULL) s
WHERE b.row_number = n.row_number AND s.id = n.scope;
UPDATE pg_temp.building_number n SET address_id = a.id
FROM registry.address a
WHERE a.scope_id = n.scope_id AND a.number_key = n.number_key AND a.state NOT IN ('removed', 'rejected')

-- :: adopt (a building known by its number alone, or by number and place, gets the outline)
UPDATE pg_temp.building_row b SET id = f.building_id
FROM (
  SELECT DISTINCT ON (l.building_id) n.row_number, l.building_id
  FROM pg_temp.building_number n
  JOIN registry.building_address l ON l.address_id = n.address_id AND l.building_no = n.building_no
    AND l.is_main AND l.valid @> CURRENT_DATE
  JOIN registry.building o ON o.id = l.building_id
  JOIN pg_temp.building_row r ON r.row_number = n.row_number
  WHERE n.turn = 1 AND r.id IS NULL AND r.outcome IS NULL
    AND (o.outline IS NULL OR (r.external_id IS NULL AND ST_Intersects(o.outline, r.middle)))
    AND NOT EXISTS (SELECT FROM pg_temp.building_row other WHERE other.id = l.building_id)
  ORDER BY l.building_id, n.row_number) f
WHERE b.row_number = f.row_number

-- :: same-place (without id and number the same outline is the same building)
UPDATE pg_temp.building_row b SET id = o.id
FROM registry.building o
WHERE b.outcome IS NULL AND b.id IS NULL AND b.external_id IS NULL AND o.outline && b.outline AND o.outline = b.outline

-- :: overlaps
UPDATE pg_temp.building_row b SET outcome = 'quarantined', reason = 'overlap'
WHERE b.outcome IS NULL AND b.id IS NULL AND b.outline IS NOT NULL AND EXISTS (
  SELECT FROM registry.building o
  WHERE o.outline && b.outline AND o.state NOT IN ('demolished', 'not_realized', 'removed')
    AND ST_Intersects(o.outline, b.outline)
    AND ST_Area(ST_Intersection(o.outline, b.outline)) > %(overlap)s * ST_Area(b.outline)
    AND NOT EXISTS (SELECT FROM pg_temp.building_row mine WHERE mine.id = o.id))

-- :: compare
UPDATE pg_temp.building_row b SET outcome = CASE
    WHEN (o.name, o.label, o.floors, o.floors_below, o.built_year, o.use, o.outline, o.position, o.district_id, o.township_id,
      o.community_id, o.state) IS NOT DISTINCT FROM (coalesce(b.name, o.name), coalesce(b.label, o.label),
      coalesce(b.floors, o.floors), coalesce(b.floors_below, o.floors_below), coalesce(b.built_year, o.built_year),
      coalesce(b.use, o.use), coalesce(b.outline, o.outline),
      CASE WHEN b.outline IS NULL THEN o.position ELSE b.middle END, b.district_id, coalesce(b.township_id, o.township_id),
      coalesce(b.community_id, o.community_id), CASE WHEN o.state = 'out_of_use' THEN 'realized' ELSE o.state END)
    THEN 'unchanged' ELSE 'changed' END
FROM registry.building o WHERE b.outcome IS NULL AND o.id = b.id;
UPDATE pg_temp.building_row SET outcome = 'stored', id = registry.new_id(), is_new = true WHERE outcome IS NULL

-- :: store
INSERT INTO registry.building (id, name, label, method, floors, floors_below, built_year, use, outline, position, district_id,
  township_id, community_id, act_id)
SELECT id, name, label, CASE WHEN outline IS NULL THEN 'derived' ELSE 'outlined' END, floors, floors_below, built_year, use,
  outline, middle, district_id, township_id, community_id, %(act)s
FROM pg_temp.building_row WHERE is_new ORDER BY row_number;
UPDATE registry.building o SET name = coalesce(b.name, o.name), label = coalesce(b.label, o.label),
  floors = coalesce(b.floors, o.floors), floors_below = coalesce(b.floors_below, o.floors_below),
  built_year = coalesce(b.built_year, o.built_year), use = coalesce(b.use, o.use), outline = coalesce(b.outline, o.outline),
  position = CASE WHEN b.outline IS NULL THEN o.position ELSE b.middle END,
  method = CASE WHEN b.outline IS NULL OR o.method = 'measured' THEN o.method ELSE 'outlined' END,
  district_id = b.district_id, township_id = coalesce(b.township_id, o.township_id),
  community_id = coalesce(b.community_id, o.community_id), act_id = %(act)s,
  state = CASE WHEN o.state = 'out_of_use' THEN 'realized' ELSE o.state END, valid = daterange(lower(o.valid), NULL)
FROM pg_temp.building_row b WHERE b.outcome = 'changed' AND o.id = b.id;
INSERT INTO registry.external_code (object_kind, object_id, scheme, value)
SELECT 'building', id, %(source)s, external_id
FROM pg_temp.building_row WHERE external_id IS NOT NULL AND outcome IN ('stored', 'changed') ORDER BY row_number
ON CONFLICT ON CONSTRAINT external_code_scheme_key DO NOTHING;
-- Without fresh statistics the checks of references to what was just stored would read whole indexes.
ANALYZE registry.building

-- :: addresses (a number that several buildings bear is one address)
DELETE FROM pg_temp.building_number n USING pg_temp.building_row b
WHERE b.row_number = n.row_number AND b.outcome = 'quarantined';
UPDATE pg_temp.building_number n SET address_id = f.id, is_new = f.row_number = n.row_number AND f.turn = n.turn
FROM (SELECT DISTINCT ON (scope_id, number_key) scope_id, number_key, row_number, turn, registry.new_id() AS id
      FROM pg_temp.building_number WHERE address_id IS NULL ORDER BY scope_id, number_key, row_number, turn) f
WHERE n.address_id IS NULL AND n.scope_id = f.scope_id AND n.number_key = f.number_key;
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, accuracy,
  position_source, position, district_id, township_id, community_id, act_id)
SELECT n.address_id, n.place_name_id, n.scope_id, n.number, n.number_key, n.number_text, n.standard_text, 'B', %(source)s,
  b.middle, b.district_id, b.township_id, b.community_id, %(act)s
FROM pg_temp.building_number n JOIN pg_temp.building_row b USING (row_number) WHERE n.is_new;
ANALYZE registry.address;
INSERT INTO registry.plate (address_id, kind, text, state, position, district_id, township_id, community_id, act_id)
SELECT n.address_id, n.plate_kind, n.number_text, 'numbered', b.middle, b.district_id, b.township_id, b.community_id, %(act)s
FROM pg_temp.building_number n JOIN pg_temp.building_row b USING (row_number) WHERE n.is_new

-- :: links (the first number is the main one, unless another building bears it as its main number)
UPDATE pg_temp.building_number n SET is_main = n.turn = 1
  AND NOT EXISTS (SELECT FROM pg_temp.building_number earlier JOIN pg_temp.building_row b USING (row_number)
    WHERE earlier.address_id = n.address_id AND earlier.building_no = n.building_no AND earlier.turn = 1
      AND earlier.row_number < n.row_number)
  AND NOT EXISTS (SELECT FROM registry.building_address l JOIN pg_temp.building_row b ON b.row_number = n.row_number
    WHERE l.is_main AND upper_inf(l.valid) AND ((l.address_id = n.address_id AND l.building_no = n.building_no)
      OR l.building_id = b.id));
INSERT INTO registry.building_address (building_id, address_id, building_no, is_main, act_id)
SELECT DISTINCT ON (b.id, n.address_id, n.building_no) b.id, n.address_id, n.building_no, n.is_main, %(act)s::uuid
FROM pg_temp.building_number n JOIN pg_temp.building_row b USING (row_number)
WHERE NOT EXISTS (SELECT FROM registry.building_address l WHERE l.building_id = b.id AND l.address_id = n.address_id
  AND l.building_no = n.building_no AND upper_inf(l.valid))
ORDER BY b.id, n.address_id, n.building_no, n.turn

-- :: outcomes (a feature shares the outcome of its building)
UPDATE pg_temp.building_member m SET outcome = b.outcome, reason = b.reason
FROM pg_temp.building_row b WHERE m.outcome IS NULL AND b.row_number = m.building

-- :: sounds (of names not heard before)
INSERT INTO registry.building_sound (name, pinyin, initials) VALUES (%(name)s, %(pinyin)s, %(initials)s)
ON CONFLICT DO NOTHING

-- :: analyze
ANALYZE registry.building, registry.building_address, registry.address, registry.place_name, registry.plate,
  registry.external_code
