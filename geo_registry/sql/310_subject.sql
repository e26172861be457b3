-- What is stored of a person and who looked at it, for the person (PIPL art. 45; to be checked against the text in force).

-- Who looked at a person: by a number it has or had, by the person or a record merged into it, by a unit, a building or an area while
-- the person lived or was absent there as of the look, and by what it stands in: cases, merges, declarations, notices, runs. Of a
-- search by name `key` says which one, for who holds the key to judge. Role and office, never the account. Looks for a purpose that
-- is told later wait for their day.
CREATE OR REPLACE FUNCTION registry.looks_upon(asked uuid, subject bytea) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  WITH RECURSIVE own (id) AS (
    SELECT asked UNION SELECT l.from_id FROM own o JOIN person_lineage l ON l.to_id = o.id AND l.kind = 'merge' AND l.state = 'done'
  ), keys (key) AS (
    SELECT subject UNION SELECT p.id_index FROM own o JOIN person p ON p.id = o.id
    UNION SELECT h.id_index FROM own o JOIN person_history h ON h.person_id = o.id
  ), homes (unit_id, building_id, community_id, township_id, valid, sys, is_away) AS (
    SELECT r.unit_id, r.building_id, r.community_id, r.township_id, r.valid, r.sys, false FROM own o JOIN residence r ON r.person_id = o.id
    UNION ALL
    SELECT h.unit_id, h.building_id, h.community_id, h.township_id, h.valid, h.sys, true FROM own o JOIN hukou h ON h.person_id = o.id
    WHERE h.unit_id IS NOT NULL
  ), papers (kind, id, item) AS (
    SELECT 'registration_case', c.case_id, NULL::uuid FROM own o JOIN case_person c ON c.person_id = o.id
    UNION SELECT 'registration_case', a.object_id, NULL FROM keys k JOIN audit a ON a.subject_key = k.key AND a.action = 'case-drop'
    UNION SELECT 'person_lineage', l.id, NULL FROM own o JOIN person_lineage l ON o.id IN (l.from_id, l.to_id)
    UNION SELECT 'declaration', d.id, NULL FROM keys k JOIN declaration d ON d.id_index = k.key
    UNION SELECT 'death_notice', n.id, NULL FROM keys k JOIN death_notice n ON n.id_index = k.key
    UNION SELECT 'separation_run', i.run_id, i.id FROM keys k JOIN separation_item i ON i.id_index = k.key
  ), found AS (
    SELECT a.id, a.at, 'number' AS way FROM keys k JOIN audit a ON a.subject_key = k.key AND is_look(a)
    UNION ALL
    SELECT a.id, a.at, 'person' FROM own o JOIN audit a ON a.object_id = o.id AND a.object_kind = 'person' AND is_look(a)
    UNION ALL
    SELECT a.id, a.at, a.object_kind FROM homes h JOIN audit a ON a.object_id IN (h.unit_id, h.building_id)
      AND a.object_kind IN ('housing_unit', 'building') AND is_look(a) AND h.valid @> a.valid_at AND h.sys @> coalesce(a.known_at, a.at)
    WHERE NOT h.is_away OR may_look(a.role, 'separation')
    UNION ALL
    SELECT a.id, a.at, CASE a.action WHEN 'name' THEN 'name' ELSE 'list' END FROM homes h JOIN audit a ON a.object_id IN (h.community_id, h.township_id)
      AND a.object_kind = 'division' AND is_look(a) AND h.valid @> a.valid_at AND h.sys @> coalesce(a.known_at, a.at)
      AND (a.action = 'separation' OR NOT h.is_away)
    UNION ALL
    SELECT a.id, a.at, p.kind FROM papers p JOIN audit a ON a.object_id = p.id AND a.object_kind = p.kind AND is_look(a) AND a.action <> 'check'
      -- Of a run one person in full is a look at that person alone.
      AND (p.item IS NULL OR NOT 'id_number' = ANY (a.fields) OR p.item::text = a.fields[1])
    UNION ALL
    SELECT a.id, a.at, 'disclosure' FROM homes r
      JOIN disclosure d ON d.object_id IN (r.unit_id, r.building_id, r.community_id, r.township_id)
      JOIN audit a ON a.object_id = d.id AND a.object_kind = 'disclosure' AND is_look(a)
        AND r.valid @> a.valid_at AND r.sys @> coalesce(a.known_at, a.at)
    WHERE NOT r.is_away)
  SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'way', l.way, 'action', a.action, 'role', a.role, 'office', o.names,
      'purpose', a.purpose, 'purpose_title', p.title, 'legal_basis', p.legal_basis, 'fields', a.fields,
      'key', CASE a.action WHEN 'name' THEN encode(a.subject_key, 'hex') END) ORDER BY l.at DESC, l.id), '[]')
  FROM (SELECT f.id, f.at, min(f.way) AS way FROM found f GROUP BY f.id, f.at) l
    JOIN audit a ON a.id = l.id AND a.at = l.at
    LEFT JOIN purpose p ON p.code = a.purpose
    LEFT JOIN LATERAL (SELECT string_agg(coalesce(d.full_name, '全部辖区'), '、' ORDER BY d.code) AS names
      FROM area_grant g LEFT JOIN division d ON d.id = g.division_id WHERE g.account_id = a.account_id AND g.valid @> a.at::date) o ON true
  WHERE a.at <= now() - make_interval(days => coalesce(p.report_delay_days, 0))
$$;

-- The report of one person as JSON text; NULL where nobody is to be seen. What is stored and where the person lived is told
-- as far as row-level security lets the caller see; the looks are told whole.
CREATE OR REPLACE FUNCTION registry.reveal_subject(ticket uuid, asked_by bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  one person%ROWTYPE;
BEGIN
  entry := honour(ticket, asked_by, 'subject');
  SELECT * INTO one FROM person p WHERE p.id = (SELECT o.id FROM person_of(entry.subject_key) o);
  IF one.id IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object('audit_id', ticket, 'at', entry.at,
    'name', masked(one, CURRENT_DATE) -> 'name', 'id_tail', masked(one, CURRENT_DATE) -> 'id_tail',
    'stored', to_jsonb(ARRAY(SELECT f.name FROM (VALUES ('name', true), ('sex', true), ('birth', one.birth_year IS NOT NULL),
      ('id_number', true), ('phone', one.phone IS NOT NULL)) f (name, held) WHERE f.held)),
    'dwellings', (SELECT coalesce(jsonb_agg(jsonb_build_object('address', a.standard_text, 'building_no', nullif(ba.building_no, ''),
        'unit', u.unit_text, 'category', r.category, 'since', lower(r.valid), 'until', upper(r.valid), 'recorded_at', lower(r.sys))
        ORDER BY lower(r.valid) DESC, r.id), '[]')
      FROM residence r JOIN housing_unit u ON u.id = r.unit_id
        LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
        LEFT JOIN address a ON a.id = ba.address_id
      WHERE r.person_id = one.id AND upper(r.sys) IS NULL),
    'hukou', (SELECT jsonb_build_object('unit', u.unit_text, 'address', coalesce(a.address, h.address_text), 'division_code', h.division_code,
        'since', lower(h.valid))
      FROM (SELECT * FROM hukou o WHERE o.person_id = one.id AND o.unit_id IS NOT NULL AND upper(o.sys) IS NULL
          UNION ALL SELECT * FROM hukou_beyond(one.id, clock_timestamp())) h LEFT JOIN housing_unit u ON u.id = h.unit_id
        LEFT JOIN LATERAL address_of(h.building_id) a ON true
      WHERE h.valid @> CURRENT_DATE LIMIT 1),
    'absences', (SELECT coalesce(jsonb_agg(jsonb_build_object('unit', u.unit_text, 'reason', a.reason, 'whereabouts', a.whereabouts,
        'since', lower(a.valid), 'until', upper(a.valid)) ORDER BY lower(a.valid) DESC), '[]')
      FROM absence a JOIN housing_unit u ON u.id = a.unit_id WHERE a.person_id = one.id AND upper(a.sys) IS NULL),
    'decisions', (SELECT coalesce(jsonb_agg(jsonb_build_object('status', d.status, 'reason', d.reason, 'since', lower(d.valid),
        'until', upper(d.valid)) ORDER BY lower(d.valid) DESC), '[]')
      FROM separation_decision d WHERE d.person_id = one.id AND upper(d.sys) IS NULL),
    'permits', (SELECT coalesce(jsonb_agg(jsonb_build_object('status', f.status, 'referred_on', f.referred_on, 'issued_on', f.issued_on,
        'expires_on', f.expires_on) ORDER BY f.referred_on DESC), '[]')
      FROM permit_referral f WHERE f.person_id = one.id),
    'names', ARRAY(SELECT one.name UNION SELECT h.name FROM person_history h WHERE h.person_id = one.id),
    'looks', looks_upon(one.id, entry.subject_key))::text;
END $$;
