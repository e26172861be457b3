-- A look at persons in three steps, one round trip: intent, COMMIT, reveal.
-- Safety sits in the reveal: it answers only to a ticket whose audit row is committed and flushed.

-- What each role may ask at all; a purpose narrows it further.
CREATE OR REPLACE FUNCTION registry.may_look(role text, action text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT action = ANY (CASE role
    WHEN 'officer' THEN ARRAY['occupants', 'dwellings', 'person']
    WHEN 'coordinator' THEN ARRAY['occupants']
    ELSE '{}'::text[] END)
$$;

-- Write the audit row and decide. The row stays whatever the decision is.
CREATE OR REPLACE FUNCTION registry.intent(
  ticket uuid, asked_by bytea, asked_action text, asked_purpose text, asked_case text, asked_kind text, asked_id uuid,
  asked_subject bytea, asked_fields text[], at_day date, at_knowledge timestamptz, from_address inet, request uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  reason purpose%ROWTYPE;
  verdict text := 'granted';
BEGIN
  -- A caller may have switched off waiting for the disk; the record waits all the same.
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO reason FROM purpose p WHERE p.code = asked_purpose AND p.valid @> CURRENT_DATE;
  IF viewer.account_id IS NULL THEN
    verdict := 'session-ended';
  ELSE
    -- One look at a time per account: parallel looks would not see each other in the count.
    PERFORM FROM account a WHERE a.id = viewer.account_id FOR NO KEY UPDATE;
    IF NOT may_look(viewer.role, asked_action) THEN
      verdict := 'not-allowed';
    ELSIF asked_purpose IS NULL OR asked_purpose = '' THEN
      verdict := 'purpose-required';
    ELSIF reason.code IS NULL THEN
      verdict := 'purpose-unknown';
    ELSIF NOT viewer.role = ANY (reason.roles) THEN
      verdict := 'purpose-not-allowed';
    ELSIF btrim(coalesce(asked_case, '')) !~ ('^(?:' || reason.case_pattern || ')$') THEN
      verdict := 'case-required';
    ELSIF NOT place_in_scope(asked_kind, asked_id, viewer.areas) THEN
      verdict := 'not-found';
    ELSIF (SELECT count(*) FROM audit a WHERE a.account_id = viewer.account_id AND a.decision = 'granted'
             AND a.at > clock_timestamp() - interval '1 hour' AND a.at > now() - interval '1 hour') >= viewer.hourly_limit THEN
      verdict := 'limit-reached';
    END IF;
  END IF;
  INSERT INTO audit (id, at, account_id, session_id, role, address, action, purpose, case_number, object_kind, object_id,
    subject_key, fields, valid_at, known_at, decision, request_id, written_xid, written_lsn)
  VALUES (ticket, clock_timestamp(), viewer.account_id, viewer.session_id, viewer.role, from_address, asked_action,
    left(asked_purpose, 40), left(asked_case, 100), asked_kind, asked_id, asked_subject, asked_fields, coalesce(at_day, CURRENT_DATE), at_knowledge,
    verdict, request, pg_current_xact_id(), pg_current_wal_insert_lsn());
  RETURN verdict;
END $$;

-- Persons have no place of their own here: row-level security decides on them in the reveal.
CREATE OR REPLACE FUNCTION registry.place_in_scope(kind text, asked uuid, areas uuid[])
RETURNS boolean LANGUAGE sql STABLE SET search_path = registry, pg_temp AS $$
  SELECT CASE kind
    WHEN 'person' THEN true
    WHEN 'building' THEN EXISTS (SELECT FROM building b WHERE b.id = asked AND covers(areas, b.district_id, b.township_id, b.community_id))
    WHEN 'housing_unit' THEN EXISTS (SELECT FROM housing_unit u WHERE u.id = asked AND covers(areas, u.district_id, u.township_id, u.community_id))
    ELSE false END
$$;

-- The granted, committed, flushed and young ticket of this very session for this very action; sets the scope for
-- what follows.
CREATE OR REPLACE FUNCTION registry.honour(ticket uuid, asked_by bytea, wanted text) RETURNS registry.audit
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  entry audit%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO entry FROM audit a
  WHERE a.id = ticket AND a.at > clock_timestamp() - interval '30 seconds'
    -- Said again with a time that the planner can use: only the months around now are looked at.
    AND a.at > now() - interval '1 hour' AND a.at < now() + interval '1 hour' AND a.decision = 'granted'
    AND a.action = wanted AND a.session_id = viewer.session_id;
  IF entry.id IS NULL OR pg_xact_status(entry.written_xid) IS DISTINCT FROM 'committed'
     OR pg_current_wal_flush_lsn() < entry.written_lsn THEN
    -- Not a lack of rights: a session that ends between the two steps comes here too, and may try again.
    RAISE EXCEPTION 'no committed audit record for this look' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  PERFORM set_config('registry.areas', coalesce(array_to_string(viewer.areas, ','), '*'), true);
  RETURN entry;
END $$;

CREATE OR REPLACE FUNCTION registry.age_on(birth_year int, birth_month int, day date) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT extract(year FROM day)::int - birth_year - (extract(month FROM day)::int < birth_month)::int
$$;

-- Under 14 until the month of the 14th birthday is over, for the day is not stored; so is whose birth is unknown.
CREATE OR REPLACE FUNCTION registry.is_minor(birth_year int, birth_month int, day date) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce((extract(year FROM day)::int - birth_year) * 12 + extract(month FROM day)::int - coalesce(birth_month, 12) <= 14 * 12, true)
$$;

-- A list shows surname and mask, sex, age and the last two characters; of minors under 14 none of these.
-- A child of today stays one however late the day that is asked for.
CREATE OR REPLACE FUNCTION registry.masked(p registry.person, day date) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN registry.is_minor(p.birth_year, p.birth_month, least(day, CURRENT_DATE))
    THEN jsonb_build_object('minor', true, 'name', NULL, 'sex', NULL, 'age', NULL, 'id_tail', NULL)
    ELSE jsonb_build_object('minor', false,
      'name', left(p.name, 1) || repeat('*', least(greatest(length(p.name) - 1, 1), 2)),
      'sex', p.sex, 'age', registry.age_on(p.birth_year, p.birth_month, day), 'id_tail', p.id_tail) END
$$;

-- 人户分离 is a rule over residence and hukou: consistent, or here while the hukou is elsewhere.
CREATE OR REPLACE FUNCTION registry.separation(category text, lives_in uuid, hukou_unit uuid, hukou_known boolean)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN hukou_unit = lives_in THEN 'consistent'
    WHEN category = 'local_hukou' AND hukou_known THEN 'resident_not_registered_here'
    WHEN category IN ('incomer', 'lodger') THEN 'incomer' END
$$;

-- Who lives in a building or a unit at a day, as known at a time: one page in order of unit and id.
CREATE OR REPLACE FUNCTION registry.reveal_occupants(ticket uuid, asked_by bytea, after_unit uuid, after_id uuid, page_rows int)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  answer jsonb;
BEGIN
  entry := honour(ticket, asked_by, 'occupants');
  WITH living AS MATERIALIZED (
    SELECT r.* FROM residence r
    WHERE r.building_id = (CASE WHEN entry.object_kind = 'building' THEN entry.object_id
                           ELSE (SELECT u.building_id FROM housing_unit u WHERE u.id = entry.object_id) END)
      AND (entry.object_kind = 'building' OR r.unit_id = entry.object_id)
      AND r.valid @> entry.valid_at AND r.sys @> coalesce(entry.known_at, clock_timestamp())
      AND (after_id IS NULL OR (r.unit_id, r.id) > (after_unit, after_id))
    ORDER BY r.unit_id, r.id
    LIMIT page_rows + 1)
  SELECT jsonb_build_object(
    'valid_at', entry.valid_at,
    'total_rows', (SELECT count(*) FROM living),
    'occupants', coalesce((SELECT jsonb_agg(x.entry ORDER BY x.unit_id, x.id) FROM (
      SELECT l.unit_id, l.id, masked(p, entry.valid_at) || jsonb_build_object(
        'residence_id', l.id, 'person_id', p.id, 'unit_id', l.unit_id, 'unit', u.unit_text, 'category', l.category,
        'relation_to_head', l.relation_to_head, 'since', lower(l.valid), 'until', upper(l.valid),
        'separation', separation(l.category, l.unit_id, h.unit_id, h.id IS NOT NULL),
        'registration', g.status, 'registered_on', g.registered_on, 'expires_on', g.expires_on) AS entry
      FROM living l
        JOIN person p ON p.id = l.person_id
        JOIN housing_unit u ON u.id = l.unit_id
        LEFT JOIN hukou h ON h.person_id = l.person_id AND h.valid @> entry.valid_at AND upper_inf(h.sys)
        LEFT JOIN LATERAL (SELECT * FROM registration n WHERE n.residence_id = l.id ORDER BY n.registered_on DESC LIMIT 1) g ON true
      ORDER BY l.unit_id, l.id LIMIT page_rows) x), '[]'::jsonb),
    'registered_not_resident', (SELECT count(*) FROM hukou h
      WHERE (h.unit_id = entry.object_id OR (entry.object_kind = 'building' AND h.building_id = entry.object_id))
        AND h.valid @> entry.valid_at AND upper_inf(h.sys)
        AND NOT EXISTS (SELECT FROM residence r WHERE r.person_id = h.person_id AND r.unit_id = h.unit_id
                          AND r.valid @> entry.valid_at AND upper_inf(r.sys))))
  INTO answer;
  RETURN answer;
END $$;

-- The person of a document and every dwelling, newest first.
CREATE OR REPLACE FUNCTION registry.reveal_dwellings(ticket uuid, asked_by bytea)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  answer jsonb;
BEGIN
  entry := honour(ticket, asked_by, 'dwellings');
  SELECT masked(p, entry.valid_at) || jsonb_build_object('person_id', p.id, 'id_type', p.id_type,
    'dwellings', coalesce((SELECT jsonb_agg(jsonb_build_object(
        'residence_id', r.id, 'unit_id', r.unit_id, 'building_id', r.building_id, 'unit', u.unit_text,
        'address', a.standard_text, 'building_no', nullif(ba.building_no, ''), 'category', r.category, 'is_main', r.is_main,
        'since', lower(r.valid), 'until', upper(r.valid), 'current', r.valid @> entry.valid_at,
        'registration', g.status, 'expires_on', g.expires_on) ORDER BY lower(r.valid) DESC, r.id)
      FROM residence r JOIN housing_unit u ON u.id = r.unit_id
        LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
        LEFT JOIN address a ON a.id = ba.address_id
        LEFT JOIN LATERAL (SELECT * FROM registration n WHERE n.residence_id = r.id ORDER BY n.registered_on DESC LIMIT 1) g ON true
      WHERE r.person_id = p.id AND r.sys @> coalesce(entry.known_at, clock_timestamp())), '[]'::jsonb),
    'hukou', (SELECT jsonb_build_object('unit_id', h.unit_id, 'unit', u.unit_text, 'address', a.standard_text, 'division_code', h.division_code)
      FROM hukou h LEFT JOIN housing_unit u ON u.id = h.unit_id
        LEFT JOIN building_address ba ON ba.building_id = h.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
        LEFT JOIN address a ON a.id = ba.address_id
      WHERE h.person_id = p.id AND h.valid @> entry.valid_at AND upper_inf(h.sys)))
  INTO answer
  FROM person p WHERE p.id_index = entry.subject_key;
  RETURN answer;
END $$;

-- The stored values of the fields that the ticket names, of one person; ciphers stay ciphers.
CREATE OR REPLACE FUNCTION registry.reveal_person(ticket uuid, asked_by bytea)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  answer jsonb;
BEGIN
  entry := honour(ticket, asked_by, 'person');
  SELECT jsonb_object_agg(f.name, f.value) INTO answer
  FROM person p CROSS JOIN LATERAL (VALUES
    ('name', p.name), ('birth', p.birth_year || '-' || lpad(p.birth_month::text, 2, '0')),
    ('id_number', encode(p.id_number, 'base64')), ('phone', encode(p.phone, 'base64'))) f (name, value)
  WHERE p.id = entry.object_id AND f.name = ANY (entry.fields);
  RETURN answer;
END $$;

-- One round trip. INVOKER without SET clause, or COMMIT would be refused; it refuses inside an open transaction.
CREATE OR REPLACE PROCEDURE registry.look(
  ticket uuid, asked_by bytea, asked_action text, asked_purpose text, asked_case text, asked_kind text, asked_id uuid,
  asked_subject bytea, asked_fields text[], at_day date, at_knowledge timestamptz, from_address inet, request uuid,
  after_unit uuid, after_id uuid, page_rows int, INOUT decision text, INOUT answer jsonb)
LANGUAGE plpgsql AS $$
BEGIN
  decision := registry.intent(ticket, asked_by, asked_action, asked_purpose, asked_case, asked_kind, asked_id, asked_subject,
    asked_fields, at_day, at_knowledge, from_address, request);
  COMMIT;
  IF decision = 'granted' THEN
    answer := CASE asked_action
      WHEN 'occupants' THEN registry.reveal_occupants(ticket, asked_by, after_unit, after_id, page_rows)
      WHEN 'dwellings' THEN registry.reveal_dwellings(ticket, asked_by)
      WHEN 'person' THEN registry.reveal_person(ticket, asked_by) END;
  END IF;
END $$;
