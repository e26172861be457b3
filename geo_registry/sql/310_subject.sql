-- What is stored of a person and who looked at it, for the person (PIPL art. 45; to be checked against the text in force).

-- Who looked at a person: by the number, by the person, by a unit, a building or an area while the person lived there as of the
-- look. Role and office, never the account. Looks for a purpose that is told later wait for their day.
CREATE OR REPLACE FUNCTION registry.looks_upon(asked uuid, subject bytea) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  WITH found AS (
    SELECT a.id, a.at, 'number' AS way FROM audit a WHERE a.subject_key = subject AND is_look(a)
    UNION ALL
    SELECT a.id, a.at, 'person' FROM audit a WHERE a.object_id = asked AND a.object_kind = 'person' AND is_look(a)
    UNION ALL
    SELECT a.id, a.at, a.object_kind FROM residence r JOIN audit a ON a.object_id IN (r.unit_id, r.building_id)
      AND a.object_kind IN ('housing_unit', 'building') AND is_look(a) AND r.valid @> a.valid_at AND r.sys @> coalesce(a.known_at, a.at)
    WHERE r.person_id = asked
    UNION ALL
    SELECT a.id, a.at, 'disclosure' FROM residence r
      JOIN disclosure d ON d.object_id IN (r.unit_id, r.building_id, r.community_id, r.township_id)
      JOIN audit a ON a.object_id = d.id AND a.object_kind = 'disclosure' AND is_look(a)
        AND r.valid @> a.valid_at AND r.sys @> coalesce(a.known_at, a.at)
    WHERE r.person_id = asked)
  SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'way', l.way, 'action', a.action, 'role', a.role, 'office', o.names,
      'purpose', a.purpose, 'purpose_title', p.title, 'legal_basis', p.legal_basis, 'fields', a.fields) ORDER BY l.at DESC, l.id), '[]')
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
  SELECT * INTO one FROM person p WHERE p.id_index = entry.subject_key;
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
    'hukou', (SELECT jsonb_build_object('unit', u.unit_text, 'address', a.standard_text, 'division_code', h.division_code,
        'since', lower(h.valid))
      FROM hukou h LEFT JOIN housing_unit u ON u.id = h.unit_id
        LEFT JOIN building_address ba ON ba.building_id = h.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
        LEFT JOIN address a ON a.id = ba.address_id
      WHERE h.person_id = one.id AND h.valid @> CURRENT_DATE AND upper(h.sys) IS NULL LIMIT 1),
    'looks', looks_upon(one.id, entry.subject_key))::text;
END $$;
