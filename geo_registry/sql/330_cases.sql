-- Cases of registration: entered by one, passed by an officer, passed by the head of the station, then applied to the register.
-- The calls answer why they refuse, or `done`; a refused one changes nothing, for its caller rolls back.

-- Every step of a case: from which state to which, and who takes it. geo_registry/registration/rules.py says the same.
CREATE OR REPLACE FUNCTION registry.case_moves() RETURNS TABLE (step text, old text, new text, roles text[]) LANGUAGE sql IMMUTABLE AS $$
  VALUES
    ('fill', 'draft', 'draft', ARRAY['coordinator', 'entry_clerk']),
    ('fill', 'returned', 'returned', ARRAY['coordinator', 'entry_clerk']),
    ('submit', 'draft', 'submitted', ARRAY['coordinator', 'entry_clerk']),
    ('submit', 'returned', 'submitted', ARRAY['coordinator', 'entry_clerk']),
    ('void', 'draft', 'void', ARRAY['coordinator', 'entry_clerk']),
    ('void', 'returned', 'void', ARRAY['coordinator', 'entry_clerk']),
    ('take', 'submitted', 'officer_review', ARRAY['officer']),
    ('take', 'officer_review', 'officer_review', ARRAY['officer']),
    ('take', 'station_review', 'station_review', ARRAY['station_head']),
    ('pass', 'officer_review', 'station_review', ARRAY['officer']),
    ('pass', 'station_review', 'active', ARRAY['station_head']),
    ('return', 'officer_review', 'returned', ARRAY['officer']),
    ('return', 'station_review', 'returned', ARRAY['station_head'])
$$;

-- A coordinator answers for the buildings of the blocks held today.
CREATE OR REPLACE FUNCTION registry.holds_building(account uuid, building uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM registry.building_block k JOIN registry.block_assignment a ON a.block_id = k.block_id
    WHERE k.building_id = building AND a.account_id = account AND a.valid @> CURRENT_DATE);
END $$;

-- Whether a dwelling lies in the viewer's areas, of a coordinator in the own blocks.
CREATE OR REPLACE FUNCTION registry.works_at(viewer record, r registry.residence) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN registry.covers(viewer.areas, r.district_id, r.township_id, r.community_id)
    AND (viewer.role <> 'coordinator' OR registry.holds_building(viewer.account_id, r.building_id));
END $$;

-- A number in so many digits at least: `lpad` alone would cut what has grown longer, and give one number to ten.
CREATE OR REPLACE FUNCTION registry.digits(number bigint, least_digits int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT lpad(number::text, greatest(least_digits, length(number::text)), '0')
$$;
-- Numbers for people: year and month, then one number of the whole installation.
CREATE OR REPLACE FUNCTION registry.case_serial() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT 'J' || to_char(CURRENT_DATE, 'YYMM') || '-' || registry.digits(nextval('registry.case_number'), 6)
$$;
CREATE OR REPLACE FUNCTION registry.slip_serial() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT 'P' || to_char(CURRENT_DATE, 'YYMM') || '-' || registry.digits(nextval('registry.slip_number'), 6)
$$;

-- Who may not act here at all, before the case itself is asked; NULL where nothing stands against it.
CREATE OR REPLACE FUNCTION registry.case_refusal(viewer record, roles text[], district uuid, township uuid, community uuid, building uuid)
RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN NOT viewer.role = ANY (roles) THEN 'not-allowed'
    WHEN district IS NULL THEN NULL
    WHEN NOT registry.covers(viewer.areas, district, township, community) THEN 'outside-area'
    WHEN viewer.role = 'coordinator' AND NOT registry.holds_building(viewer.account_id, building) THEN 'outside-block' END;
END $$;

-- The same for a step of a case that exists, with its version and state.
CREATE OR REPLACE FUNCTION registry.step_refusal(viewer record, c registry.registration_case, asked_step text, read_version int)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  is_review boolean := asked_step IN ('take', 'pass', 'return');
BEGIN
  RETURN coalesce(
    registry.case_refusal(viewer, ARRAY(SELECT DISTINCT unnest(m.roles) FROM registry.case_moves() m WHERE m.step = asked_step),
      c.district_id, c.township_id, c.community_id, c.building_id),
    CASE
      WHEN viewer.kind = 'machine' AND is_review THEN 'not-allowed'
      WHEN c.id IS NULL THEN 'not-found'
      WHEN c.version IS DISTINCT FROM read_version THEN 'stale'
      WHEN NOT EXISTS (SELECT FROM registry.case_moves() m WHERE m.step = asked_step AND m.old = c.status) THEN 'wrong-state'
      -- Who judges a form has neither collected nor keyed it, in this role or in another one before.
      WHEN is_review AND (viewer.account_id IN (c.collected_by, c.entered_by) OR EXISTS (SELECT FROM registry.act a
        WHERE a.object_id = c.id AND a.at >= c.entered_at AND a.account_id = viewer.account_id AND a.verb IN ('open', 'fill', 'submit'))) THEN 'own-case'
      WHEN is_review AND viewer.role = 'station_head' AND viewer.account_id = c.officer_by THEN 'same-reviewer'
      WHEN NOT EXISTS (SELECT FROM registry.case_moves() m WHERE m.step = asked_step AND m.old = c.status AND viewer.role = ANY (m.roles)) THEN 'other-reviewer'
    END);
END $$;

-- Open a case: what is entered of it lies in `told`.
CREATE OR REPLACE FUNCTION registry.open_case(viewer record, own_id uuid, told jsonb, act uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  home registry.housing_unit%ROWTYPE;
  collector uuid := coalesce((told ->> 'collected_by')::uuid, viewer.account_id);
  collected timestamptz := coalesce((told ->> 'collected_at')::timestamptz, now());
  refusal text;
  number text;
BEGIN
  SELECT * INTO home FROM registry.housing_unit u WHERE u.id = (told ->> 'unit_id')::uuid;
  refusal := coalesce(
    registry.case_refusal(viewer, ARRAY['coordinator', 'entry_clerk'], home.district_id, home.township_id, home.community_id, home.building_id),
    CASE
      WHEN home.id IS NULL THEN 'unit-unknown'
      WHEN home.state IN ('planned', 'not_realized', 'retired', 'removed') THEN 'unit-ended'
      WHEN viewer.role = 'coordinator' AND collector <> viewer.account_id THEN 'collector-other'
      WHEN NOT EXISTS (SELECT FROM registry.account a WHERE a.id = collector AND a.is_active AND a.role IN ('coordinator', 'entry_clerk')) THEN 'collector-unknown'
      WHEN collected > clock_timestamp() + interval '1 minute' THEN 'collected-later'
      WHEN collected < clock_timestamp() - interval '1 year' THEN 'collected-too-early'
      WHEN (told ->> 'same_day')::boolean AND collected::date < CURRENT_DATE AND told ->> 'late_reason' IS NULL THEN 'late-reason-required' END);
  IF refusal IS NOT NULL THEN
    RETURN jsonb_build_object('outcome', refusal);
  END IF;
  number := registry.case_serial();
  INSERT INTO registry.registration_case (id, serial, action, form, form_version, unit_id, building_id, household_kind, source, source_id,
    collected_by, collected_at, entered_by, late_reason, act_id, district_id, township_id, community_id)
  VALUES (own_id, number, told ->> 'action', told ->> 'form', (told ->> 'form_version')::smallint, home.id, home.building_id,
    coalesce(told ->> 'household_kind', 'family'), coalesce(told ->> 'source', 'desk'), (told ->> 'source_id')::uuid,
    collector, least(collected, now()), viewer.account_id, told ->> 'late_reason', act, home.district_id, home.township_id, home.community_id);
  RETURN jsonb_build_object('outcome', 'done', 'serial', number);
END $$;

-- Whether a form may name somebody without naming the dwelling: who lives in the case's unit today or is absent from it, and for a
-- change or a correction who lives where the viewer works. Of everybody else a form would tell whether the register knows them.
CREATE OR REPLACE FUNCTION registry.may_name(viewer record, c registry.registration_case, who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM registry.residence r WHERE r.person_id = who AND upper(r.sys) IS NULL AND r.version_of IS NULL AND r.valid @> CURRENT_DATE
      AND (r.unit_id = c.unit_id OR (c.action IN ('change', 'correct') AND registry.works_at(viewer, r))))
    OR EXISTS (SELECT FROM registry.absence a WHERE a.person_id = who AND a.unit_id = c.unit_id AND upper(a.sys) IS NULL AND a.version_of IS NULL
      AND a.valid @> CURRENT_DATE);
END $$;

-- The first form that the register refuses before it is kept, as {outcome, turn, field}; NULL where there is none.
CREATE OR REPLACE FUNCTION registry.form_fault(viewer record, c registry.registration_case, told jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object('outcome', x.fault[1], 'turn', x.turn, 'field', x.fault[2]) FROM (
      SELECT n.turn, CASE
          WHEN n.hukou_unit_id IS NOT NULL AND NOT EXISTS (SELECT FROM registry.housing_unit u WHERE u.id = n.hukou_unit_id) THEN ARRAY['unit-unknown', 'hukou_unit_id']
          WHEN n.residence_id IS NOT NULL AND (r.id IS NULL OR NOT (r.unit_id = c.unit_id OR registry.works_at(viewer, r)))
            THEN ARRAY['residence-unknown', 'residence_id']
          WHEN r.id IS NOT NULL AND r.unit_id <> c.unit_id AND c.action NOT IN ('change', 'correct') THEN ARRAY['residence-elsewhere', 'residence_id']
          WHEN c.action <> 'register' AND r.id IS NULL AND NOT registry.may_name(viewer, c, registry.live_person(k.id)) THEN ARRAY['residence-unknown', 'residence_id']
          WHEN r.id IS NOT NULL AND k.id IS NOT NULL AND registry.live_person(k.id) <> r.person_id
            AND registry.covers_person(viewer.areas, registry.live_person(k.id)) THEN ARRAY['document-of-other', 'id_number']
          -- Somebody has entered the person since the caller has asked whose document it is.
          WHEN n.person_id IS DISTINCT FROM coalesce(r.person_id, registry.live_person(k.id), n.person_id) THEN ARRAY['person-changed', 'id_number'] END AS fault
      FROM jsonb_populate_recordset(NULL::registry.case_person, told -> 'forms') n
        LEFT JOIN registry.residence r ON r.id = n.residence_id AND upper(r.sys) IS NULL AND r.version_of IS NULL
        LEFT JOIN registry.person k ON k.id_index = n.id_index AND k.id_type = n.id_type) x
    WHERE x.fault IS NOT NULL ORDER BY x.turn LIMIT 1);
END $$;

-- Replace the forms of a case. What a form for somebody who is registered leaves out of name and document comes from the register.
CREATE OR REPLACE FUNCTION registry.fill_case(viewer record, c registry.registration_case, told jsonb, act uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  wanted int := jsonb_array_length(told -> 'forms');
  before jsonb := (SELECT coalesce(jsonb_object_agg(f.id, f.slip_number), '{}') FROM registry.case_person f WHERE f.case_id = c.id);
  was bytea[] := ARRAY(SELECT f.id_index FROM registry.case_person f WHERE f.case_id = c.id);
  kept int;
  stands record;
  fault jsonb := registry.form_fault(viewer, c, told);
BEGIN
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  DELETE FROM registry.case_person f WHERE f.case_id = c.id;
  -- In the order of the documents, so that two who enter the same household wait for each other instead of both for ever.
  INSERT INTO registry.case_person (id, case_id, turn, slip_number, sheet_number, person_id, residence_id, name, sex, birth_year, birth_month, id_type,
    id_number, id_index, id_tail, phone, category, relation_to_head, hukou_unit_id, hukou_code, hukou_address, since, stays_until, stay_reason, lodging,
    proof, whereabouts_code, whereabouts, absence_reason, informant, ends_on, end_reason, act_id)
  SELECT CASE WHEN before ? n.id::text THEN n.id ELSE registry.new_id() END, c.id, n.turn, before ->> n.id::text, n.sheet_number,
    n.person_id, coalesce(n.residence_id, here.id), coalesce(n.name, p.name), coalesce(n.sex, p.sex), coalesce(n.birth_year, p.birth_year),
    coalesce(n.birth_month, p.birth_month), coalesce(n.id_type, p.id_type), coalesce(n.id_number, p.id_number), coalesce(n.id_index, p.id_index),
    coalesce(n.id_tail, p.id_tail), n.phone, n.category, n.relation_to_head,
    CASE WHEN c.form = 'registered_not_resident' THEN c.unit_id ELSE n.hukou_unit_id END, n.hukou_code, n.hukou_address, n.since, n.stays_until,
    n.stay_reason, n.lodging, n.proof, n.whereabouts_code, n.whereabouts, n.absence_reason, n.informant, n.ends_on, n.end_reason, act
  FROM jsonb_populate_recordset(NULL::registry.case_person, told -> 'forms') n
    LEFT JOIN registry.person p ON p.id = n.person_id AND c.action <> 'register'
    LEFT JOIN LATERAL (SELECT r.id FROM registry.residence r WHERE c.action <> 'register' AND n.residence_id IS NULL AND r.person_id = p.id
      AND upper(r.sys) IS NULL AND r.version_of IS NULL AND (c.action <> 'cancel' OR r.valid @> CURRENT_DATE)
      AND (r.unit_id = c.unit_id OR (c.action = 'change' AND r.valid @> CURRENT_DATE AND registry.works_at(viewer, r)))
      ORDER BY r.unit_id = c.unit_id DESC, r.is_main DESC, lower(r.valid) DESC LIMIT 1) here ON true
  ORDER BY coalesce(n.id_index, p.id_index), coalesce(n.id_type, p.id_type)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS kept = ROW_COUNT;
  IF kept < wanted THEN
    -- Whatever stood in the way is committed by now: that is what was waited for.
    SELECT n.turn, o.id AS other, NOT (o.is_open AND o.id_index = coalesce(n.id_index, p.id_index)) AS is_sheet, o.case_id AS other_case INTO stands
    FROM jsonb_populate_recordset(NULL::registry.case_person, told -> 'forms') n
      LEFT JOIN registry.person p ON p.id = n.person_id AND c.action <> 'register'
      JOIN registry.case_person o ON (o.is_open AND o.id_index = coalesce(n.id_index, p.id_index) AND o.id_type = coalesce(n.id_type, p.id_type))
        OR o.sheet_number = n.sheet_number
    WHERE NOT EXISTS (SELECT FROM registry.case_person f WHERE f.case_id = c.id AND f.turn = n.turn)
    ORDER BY n.turn, (o.case_id = c.id) LIMIT 1;
    -- Where the person is in work is told by the check, which is a look; here nothing but that this form cannot be kept.
    RETURN jsonb_build_object('turn', stands.turn, 'outcome', CASE WHEN stands.other_case = c.id THEN 'document-twice' WHEN stands.is_sheet THEN 'sheet-used'
        WHEN stands.other IS NULL THEN 'person-changed' ELSE 'document-held' END,
      'field', CASE WHEN stands.is_sheet THEN 'sheet_number' ELSE 'id_number' END);
  END IF;
  -- Who looked at the case has seen those too who stand in it no longer.
  INSERT INTO registry.audit (id, at, account_id, session_id, role, action, object_kind, object_id, subject_key, fields, decision, written_xid, written_lsn)
  SELECT registry.new_id(), clock_timestamp(), viewer.account_id, viewer.session_id, viewer.role, 'case-drop', 'registration_case', c.id, w.id_index, '{}',
    'granted', pg_current_xact_id(), pg_current_wal_insert_lsn()
  FROM unnest(was) w (id_index)
  WHERE NOT EXISTS (SELECT FROM registry.case_person f WHERE f.case_id = c.id AND f.id_index = w.id_index)
    AND EXISTS (SELECT FROM registry.audit a WHERE a.object_id = c.id AND a.at >= c.entered_at AND a.action = 'case' AND registry.is_look(a));
  UPDATE registry.registration_case o SET forms = wanted, version = o.version + 1, changed_at = clock_timestamp(), act_id = act WHERE o.id = c.id;
  RETURN jsonb_build_object('outcome', 'done', 'forms', (SELECT jsonb_agg(jsonb_build_object('id', f.id, 'turn', f.turn) ORDER BY f.turn)
      FROM registry.case_person f WHERE f.case_id = c.id),
    -- One visit, one form: another case of this dwelling that waits is told of.
    'others', (SELECT coalesce(jsonb_agg(o.serial ORDER BY o.serial), '[]') FROM registry.registration_case o
      WHERE o.unit_id = c.unit_id AND o.id <> c.id AND o.action = c.action AND o.status NOT IN ('active', 'void')));
END $$;

-- The first day on which the live registration of a dwelling can be renewed; NULL where none is live, or no day is set.
CREATE OR REPLACE FUNCTION registry.renewable_on(stay uuid, days int) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT max(g.expires_on) - days FROM registry.registration g WHERE g.residence_id = stay AND g.status NOT IN ('cancelled', 'expired', 'changed')
$$;

-- The first thing that stands against submitting, as {outcome, turn, field}: `required` lists groups of fields, one of each is needed.
CREATE OR REPLACE FUNCTION registry.submit_fault(viewer record, c registry.registration_case, told jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  fault jsonb;
  heads int;
BEGIN
  IF c.forms = 0 THEN
    RETURN jsonb_build_object('outcome', 'forms-missing', 'field', 'forms');
  END IF;
  SELECT jsonb_build_object('outcome', 'field-missing', 'turn', f.turn, 'field', g.names ->> 0) INTO fault
  FROM registry.case_person f, jsonb_array_elements(told -> 'required') WITH ORDINALITY g (names, place)
  WHERE f.case_id = c.id AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(g.names) one WHERE to_jsonb(f) ->> one IS NOT NULL)
  ORDER BY f.turn, g.place LIMIT 1;
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  SELECT jsonb_build_object('outcome', x.fault[1], 'turn', x.turn, 'field', x.fault[2], 'day', x.fault[3]) INTO fault FROM (
    SELECT f.turn, CASE
        -- What was declared ahead waits for its day.
        WHEN f.since > CURRENT_DATE THEN ARRAY['day-later', 'since']
        WHEN f.ends_on > CURRENT_DATE THEN ARRAY['day-later', 'ends_on']
        WHEN c.action = 'register' AND registry.has_died(f.person_id) THEN ARRAY['has-died', 'id_number']
        WHEN c.form IN ('incomer_registration', 'resident_not_registered_here') AND EXISTS (
          SELECT FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed')
          WHERE r.person_id = f.person_id AND r.unit_id = c.unit_id AND upper(r.sys) IS NULL AND r.valid @> greatest(f.since, lower(r.valid)))
          THEN ARRAY['already-registered', 'id_number']
        WHEN c.form = 'registered_not_resident' AND EXISTS (SELECT FROM registry.absence a
          WHERE a.person_id = f.person_id AND upper(a.sys) IS NULL AND a.valid @> f.since) THEN ARRAY['already-absent', 'id_number']
        WHEN c.action = 'correct' AND f.end_reason NOT IN ('left_area', 'moved_within_city', 'became_local', 'merged_division')
          THEN ARRAY['end-reason-unfit', 'end_reason']
        WHEN c.action = 'correct' AND f.end_reason IS NOT NULL AND r.id IS NOT NULL AND coalesce(f.ends_on, upper(r.valid)) IS NULL
          THEN ARRAY['field-missing', 'ends_on']
        WHEN r.id IS NOT NULL AND c.action <> 'correct' AND upper(r.valid) <= CURRENT_DATE
          -- Who has left may die, settle abroad or serve afterwards: the hukou ends.
          AND NOT (coalesce(f.end_reason IN ('deceased', 'settled_abroad', 'military_service'), false) AND EXISTS (SELECT FROM registry.hukou h
            WHERE h.person_id = r.person_id AND upper(h.sys) IS NULL AND h.version_of IS NULL AND coalesce(upper(h.valid) > f.ends_on, true))) THEN ARRAY['residence-ended', 'residence_id']
        WHEN c.action = 'renew' AND registry.renewable_on(r.id, (told ->> 'renewal_days')::int) > CURRENT_DATE
          THEN ARRAY['renewal-early', 'residence_id', registry.renewable_on(r.id, (told ->> 'renewal_days')::int)::text]
        WHEN c.action IN ('change', 'correct') AND r.unit_id = c.unit_id
          AND num_nulls(f.category, f.relation_to_head, f.phone, f.hukou_unit_id, f.hukou_code, f.stays_until, f.stay_reason, f.lodging, f.proof, f.ends_on, f.end_reason,
            CASE WHEN c.action = 'correct' THEN f.since END, CASE WHEN c.action = 'correct' AND (f.name, f.sex, f.birth_year, f.birth_month, f.id_index)
              IS DISTINCT FROM (p.name, p.sex, p.birth_year, p.birth_month, p.id_index) THEN f.name END) = 13 THEN ARRAY['nothing-changed', 'category']
        WHEN f.ends_on < lower(r.valid) AND f.end_reason NOT IN ('duplicate', 'wrong', 'false_entry') THEN ARRAY['ends-before-start', 'ends_on']
        WHEN f.sheet_number IS NOT NULL AND NOT EXISTS (SELECT FROM registry.form_sheet s WHERE s.number = f.sheet_number AND s.status <> 'void'
          AND registry.covers(viewer.areas, s.district_id, s.township_id, s.community_id)) THEN ARRAY['sheet-unknown', 'sheet_number'] END AS fault
    FROM registry.case_person f LEFT JOIN registry.residence r ON r.id = f.residence_id LEFT JOIN registry.person p ON p.id = f.person_id
    WHERE f.case_id = c.id) x
  WHERE x.fault IS NOT NULL ORDER BY x.turn LIMIT 1;
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  -- A family has one head: among those who come, or there already.
  IF c.action = 'register' AND c.household_kind = 'family' AND c.form <> 'registered_not_resident' THEN
    heads := (SELECT count(*) FROM registry.case_person f WHERE f.case_id = c.id AND f.relation_to_head = '0');
    IF heads > 1 THEN
      RETURN jsonb_build_object('outcome', 'head-twice', 'field', 'relation_to_head',
        'turn', (SELECT max(f.turn) FROM registry.case_person f WHERE f.case_id = c.id AND f.relation_to_head = '0'));
    ELSIF heads = 0 AND NOT EXISTS (SELECT FROM registry.residence r WHERE r.unit_id = c.unit_id AND r.relation_to_head = '0'
        AND upper(r.sys) IS NULL AND r.valid @> CURRENT_DATE) THEN
      RETURN jsonb_build_object('outcome', 'head-missing', 'turn', 1, 'field', 'relation_to_head');
    END IF;
  END IF;
  -- Collected on one day and entered on the next, a case says why; one that was returned has been entered in time.
  IF (told ->> 'same_day')::boolean AND c.submitted_at IS NULL AND c.collected_at::date < CURRENT_DATE
    AND coalesce(told ->> 'late_reason', c.late_reason) IS NULL THEN
    RETURN jsonb_build_object('outcome', 'late-reason-required', 'field', 'late_reason');
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION registry.submit_case(viewer record, c registry.registration_case, told jsonb, act uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  fault jsonb := registry.submit_fault(viewer, c, told);
BEGIN
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  UPDATE registry.case_person f SET slip_number = registry.slip_serial()
  WHERE f.case_id = c.id AND f.slip_number IS NULL AND (c.action = 'renew' OR c.form IN ('incomer_registration', 'resident_not_registered_here'));
  UPDATE registry.form_sheet s SET status = 'entered', version = s.version + 1, act_id = act
  FROM registry.case_person f WHERE f.case_id = c.id AND s.number = f.sheet_number AND s.status <> 'entered';
  UPDATE registry.registration_case o SET status = 'submitted', submitted_at = clock_timestamp(), due_on = (told ->> 'due_on')::date,
    late_reason = coalesce(o.late_reason, told ->> 'late_reason'), officer_by = NULL, officer_at = NULL, station_by = NULL, station_at = NULL,
    version = o.version + 1, changed_at = clock_timestamp(), act_id = act
  WHERE o.id = c.id;
  RETURN jsonb_build_object('outcome', 'done');
END $$;

-- `open` makes a case of the id given; `fill` replaces its forms; `submit` hands it to the officer. `answer` tells more of either outcome.
CREATE OR REPLACE FUNCTION registry.keep_case(asked_by bytea, asked_step text, asked uuid, read_version int, told jsonb, act uuid)
RETURNS TABLE (outcome text, current int, answer jsonb) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  c registration_case%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF asked_step = 'open' THEN
    answer := open_case(viewer, asked, told, act);
    current := 1;
  ELSE
    SELECT * INTO c FROM registration_case o WHERE o.id = asked FOR NO KEY UPDATE;
    current := c.version;
    answer := jsonb_build_object('outcome', step_refusal(viewer, c, asked_step, read_version), 'status', c.status);
    IF answer ->> 'outcome' IS NULL THEN
      answer := CASE asked_step WHEN 'fill' THEN fill_case(viewer, c, told, act) WHEN 'submit' THEN submit_case(viewer, c, told, act) END;
      current := c.version + 1;
    END IF;
  END IF;
  outcome := answer ->> 'outcome';
  IF outcome = 'done' THEN
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'case-' || asked_step, 'registration_case', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- `take`, `pass` and `return` by the two reviewers, `void` by who enters. The second pass writes the register.
CREATE OR REPLACE FUNCTION registry.judge_case(asked_by bytea, asked_step text, asked uuid, read_version int, told jsonb, act uuid)
RETURNS TABLE (outcome text, current int, answer jsonb) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  c registration_case%ROWTYPE;
  is_officer boolean;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO c FROM registration_case o WHERE o.id = asked FOR NO KEY UPDATE;
  current := c.version;
  answer := jsonb_build_object('status', c.status);
  is_officer := c.status IN ('submitted', 'officer_review');
  outcome := coalesce(step_refusal(viewer, c, asked_step, read_version), CASE
    WHEN asked_step NOT IN ('take', 'pass', 'return', 'void') THEN 'wrong-state'
    WHEN asked_step IN ('pass', 'return') AND viewer.account_id <> CASE WHEN is_officer THEN c.officer_by ELSE coalesce(c.station_by, viewer.account_id) END
      THEN 'taken-by-other'
    WHEN asked_step = 'take' AND viewer.account_id = CASE WHEN is_officer THEN c.officer_by ELSE c.station_by END THEN 'taken-already' END);
  IF outcome IS NULL AND asked_step = 'pass' AND c.status = 'station_review' THEN
    outcome := nullif(apply_case(asked, act, coalesce((told ->> 'months')::int, 12)), 'done');
  END IF;
  IF outcome IS NULL THEN
    outcome := 'done';
    UPDATE registration_case o SET
      status = (SELECT m.new FROM case_moves() m WHERE m.step = asked_step AND m.old = c.status),
      officer_by = CASE WHEN asked_step IN ('take', 'pass') AND is_officer THEN viewer.account_id ELSE o.officer_by END,
      officer_at = CASE WHEN asked_step = 'pass' AND is_officer THEN clock_timestamp() ELSE o.officer_at END,
      station_by = CASE WHEN asked_step IN ('take', 'pass') AND NOT is_officer THEN viewer.account_id ELSE o.station_by END,
      station_at = CASE WHEN asked_step = 'pass' AND NOT is_officer THEN clock_timestamp() ELSE o.station_at END,
      returned_by = CASE WHEN asked_step = 'return' THEN viewer.account_id ELSE o.returned_by END,
      returned_at = CASE WHEN asked_step = 'return' THEN clock_timestamp() ELSE o.returned_at END,
      return_reason = CASE WHEN asked_step = 'return' THEN told ->> 'reason' ELSE o.return_reason END,
      version = o.version + 1, changed_at = clock_timestamp(), act_id = act
    WHERE o.id = asked RETURNING o.version INTO current;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'case-' || asked_step, 'registration_case', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- Whose documents and residences these are, for who enters or takes in what others declare: numbers are sealed for the id of the person.
CREATE OR REPLACE FUNCTION registry.persons_of_documents(asked_by bytea, indexes bytea[], residences uuid[] DEFAULT '{}')
RETURNS TABLE (id_index bytea, residence_id uuid, person_id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL OR viewer.confined IS NOT NULL OR viewer.role NOT IN ('coordinator', 'entry_clerk', 'officer', 'station_head') THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT p.id_index, NULL::uuid, live_person(p.id) FROM person p WHERE p.id_index = ANY (indexes)
    UNION ALL
    SELECT NULL, r.id, r.person_id FROM residence r WHERE r.id = ANY (residences) AND upper(r.sys) IS NULL
      AND covers(viewer.areas, r.district_id, r.township_id, r.community_id);
END $$;

-- A form is open as long as its case is: one document has one open form in the whole registry.
CREATE OR REPLACE FUNCTION registry.follow_case() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  UPDATE case_person f SET is_open = NEW.status NOT IN ('active', 'void')
  WHERE f.case_id = NEW.id AND f.is_open <> (NEW.status NOT IN ('active', 'void'));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER follow_case AFTER UPDATE OF status ON registry.registration_case
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION registry.follow_case();

-- What was submitted stays as it was: only its place in the archive, its slip and its standing change, and the key it is sealed under.
CREATE OR REPLACE FUNCTION registry.keep_form() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  status text := (SELECT c.status FROM registration_case c WHERE c.id = OLD.case_id);
  was jsonb;
  becomes jsonb;
BEGIN
  IF status NOT IN ('draft', 'returned') THEN
    was := to_jsonb(OLD) - ARRAY['volume_id', 'volume_page', 'is_open', 'slip_number', 'person_id', 'district_id', 'township_id', 'community_id'];
    IF TG_OP = 'UPDATE' THEN
      becomes := to_jsonb(NEW) - ARRAY['volume_id', 'volume_page', 'is_open', 'slip_number', 'person_id', 'district_id', 'township_id', 'community_id'];
      IF OLD.residence_id IS NULL THEN
        was := was - 'residence_id';
        becomes := becomes - 'residence_id';
      END IF;
      -- Sealed anew under another key: the two bytes before the value differ, neither its length nor its keyed hash does.
      IF octet_length(NEW.id_number) = octet_length(OLD.id_number) AND substring(NEW.id_number FROM 1 FOR 2) <> substring(OLD.id_number FROM 1 FOR 2) THEN
        was := was - 'id_number';
        becomes := becomes - 'id_number';
      END IF;
      IF octet_length(NEW.phone) = octet_length(OLD.phone) AND substring(NEW.phone FROM 1 FOR 2) <> substring(OLD.phone FROM 1 FOR 2) THEN
        was := was - 'phone';
        becomes := becomes - 'phone';
      END IF;
    END IF;
    IF becomes IS DISTINCT FROM was THEN
      RAISE EXCEPTION 'a form that was submitted does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'case_person_submitted';
    END IF;
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
-- After `copy_unit_areas`: triggers fire in the order of their names.
CREATE OR REPLACE TRIGGER keep_form BEFORE UPDATE OR DELETE ON registry.case_person FOR EACH ROW EXECUTE FUNCTION registry.keep_form();

CREATE OR REPLACE FUNCTION registry.keep_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.id, NEW.serial, NEW.action, NEW.form, NEW.unit_id, NEW.collected_by, NEW.entered_by)
      IS DISTINCT FROM (OLD.id, OLD.serial, OLD.action, OLD.form, OLD.unit_id, OLD.collected_by, OLD.entered_by) THEN
    RAISE EXCEPTION 'a case keeps its number, its dwelling and who entered it' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registration_case_identity';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER keep_cases BEFORE UPDATE OR DELETE ON registry.registration_case FOR EACH ROW EXECUTE FUNCTION registry.keep_cases();

-- A coordinator sees the cases of the own blocks, and those that he or she has collected or keyed.
CREATE OR REPLACE FUNCTION registry.is_own_case(role text, account uuid, asked uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN role <> 'coordinator' OR EXISTS (SELECT FROM registry.registration_case c WHERE c.id = asked
    AND (account IN (c.collected_by, c.entered_by) OR registry.holds_building(account, c.building_id)));
END $$;

-- What a form took from the register is not shown to who enters it: they may not reveal a person, and need not to change one. What was
-- typed is; a correction has both, so there what is the same as in the register counts as taken from it.
CREATE OR REPLACE FUNCTION registry.without_copied(f registry.case_person, role text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  p person%ROWTYPE;
  is_correction boolean;
  has_number boolean;
  has_name boolean;
BEGIN
  SELECT c.action = 'correct' INTO is_correction FROM registration_case c WHERE c.id = f.case_id AND c.action <> 'register';
  IF is_correction IS NULL OR role NOT IN ('coordinator', 'entry_clerk') THEN
    RETURN '{"copied": false}';
  END IF;
  SELECT * INTO p FROM person o WHERE o.id = f.person_id;
  has_name := NOT is_correction OR f.name = p.name;
  has_number := f.id_number = p.id_number OR (f.residence_id IS NOT NULL AND (NOT is_correction OR f.id_index = p.id_index));
  RETURN jsonb_build_object('copied', has_name OR has_number)
    || CASE WHEN has_name THEN '{"name": null}' ELSE '{}' END::jsonb
    || CASE WHEN NOT is_correction OR f.sex = p.sex THEN '{"sex": null}' ELSE '{}' END::jsonb
    || CASE WHEN NOT is_correction OR (f.birth_year, f.birth_month) IS NOT DISTINCT FROM (p.birth_year, p.birth_month)
      THEN '{"birth_year": null, "birth_month": null}' ELSE '{}' END::jsonb
    || CASE WHEN has_number THEN '{"id_number": null}' ELSE '{}' END::jsonb
    || CASE WHEN has_number AND is_minor(p.birth_year, p.birth_month, CURRENT_DATE) THEN '{"id_tail": null}' ELSE '{}' END::jsonb;
END $$;

-- The forms of a case in full, ciphers still closed, beside what the register says of the same persons, masked.
CREATE OR REPLACE FUNCTION registry.reveal_case(ticket uuid, asked_by bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'case');
  IF NOT is_own_case(entry.role, entry.account_id, entry.object_id) THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_build_object('forms', coalesce(jsonb_agg(
      to_jsonb(f) - ARRAY['case_id', 'id_index', 'is_open', 'volume_id', 'volume_page', 'act_id', 'district_id', 'township_id', 'community_id']
      || jsonb_build_object('id_number', encode(f.id_number, 'base64'), 'phone', encode(f.phone, 'base64'), 'known', p.id IS NOT NULL,
        'hukou_unit', (SELECT concat(a.standard_text, ba.building_no, u.unit_text) FROM housing_unit u
          LEFT JOIN building_address ba ON ba.building_id = u.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
          LEFT JOIN address a ON a.id = ba.address_id WHERE u.id = f.hukou_unit_id),
        'register', CASE WHEN p.id IS NOT NULL THEN masked(p, CURRENT_DATE) || coalesce((
          SELECT jsonb_build_object('residence_id', r.id, 'unit_id', r.unit_id, 'unit', u.unit_text, 'address', concat(a.standard_text, ba.building_no),
            'category', r.category, 'relation_to_head', r.relation_to_head, 'since', lower(r.valid), 'until', upper(r.valid), 'registration', g.status,
            'expires_on', g.expires_on)
          FROM residence r JOIN housing_unit u ON u.id = r.unit_id
            LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
            LEFT JOIN address a ON a.id = ba.address_id
            LEFT JOIN LATERAL (SELECT * FROM registration n WHERE n.residence_id = r.id ORDER BY n.registered_on DESC, n.id DESC LIMIT 1) g ON true
          WHERE r.person_id = p.id AND upper(r.sys) IS NULL AND r.version_of IS NULL AND (f.residence_id IS NULL OR r.id = f.residence_id)
          ORDER BY r.valid @> CURRENT_DATE DESC, r.is_main DESC, lower(r.valid) DESC LIMIT 1), '{}') END)
      || without_copied(f, entry.role)
      ORDER BY f.turn), '[]'))::text
    FROM case_person f LEFT JOIN person p ON p.id = f.person_id WHERE f.case_id = entry.object_id);
END $$;

-- How the person of a document stands, beyond the caller's area too, in as few words as the warning needs: an open form, a main dwelling.
CREATE OR REPLACE FUNCTION registry.standing_of(subject bytea, areas uuid[], own_case uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  one uuid := (SELECT live_person(p.id) FROM person p WHERE p.id_index = subject);
BEGIN
  RETURN jsonb_build_object('known', one IS NOT NULL,
    'open', (SELECT jsonb_build_object('serial', CASE WHEN covers(areas, c.district_id, c.township_id, c.community_id) THEN c.serial END)
      FROM case_person f JOIN registration_case c ON c.id = f.case_id WHERE f.id_index = subject AND f.is_open AND c.id <> own_case LIMIT 1),
    'elsewhere', (SELECT CASE WHEN bool_or(covers(areas, r.district_id, r.township_id, r.community_id)) THEN 'area' ELSE 'outside' END
      FROM residence r WHERE r.person_id = one AND upper(r.sys) IS NULL AND r.version_of IS NULL AND r.valid @> CURRENT_DATE
        AND r.unit_id <> (SELECT c.unit_id FROM registration_case c WHERE c.id = own_case) HAVING count(*) > 0));
END $$;

-- Whether the person of a document is registered already: here, in the caller's area, or somewhere else.
CREATE OR REPLACE FUNCTION registry.reveal_check(ticket uuid, asked_by bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  home uuid;
  one uuid;
BEGIN
  entry := honour(ticket, asked_by, 'check');
  IF NOT is_own_case(entry.role, entry.account_id, entry.object_id) THEN
    RETURN NULL;
  END IF;
  home := (SELECT c.unit_id FROM registration_case c WHERE c.id = entry.object_id);
  one := (SELECT live_person(p.id) FROM person p WHERE p.id_index = entry.subject_key);
  RETURN (standing_of(entry.subject_key, string_to_array(nullif(current_setting('registry.areas', true), '*'), ',')::uuid[], entry.object_id)
    || jsonb_build_object(
      'here', (SELECT jsonb_build_object('residence_id', r.id, 'since', lower(r.valid), 'unit', u.unit_text)
        FROM residence r JOIN housing_unit u ON u.id = r.unit_id
        WHERE r.person_id = one AND r.unit_id = home AND upper(r.sys) IS NULL AND r.version_of IS NULL AND r.valid @> CURRENT_DATE LIMIT 1),
      'address', (SELECT concat(a.standard_text, ba.building_no, u.unit_text)
        FROM residence r JOIN housing_unit u ON u.id = r.unit_id
          LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
          LEFT JOIN address a ON a.id = ba.address_id
        WHERE r.person_id = one AND r.unit_id <> home AND upper(r.sys) IS NULL AND r.version_of IS NULL AND r.valid @> CURRENT_DATE
        ORDER BY r.is_main DESC LIMIT 1),
      'last_registration', (SELECT jsonb_build_object('status', g.status, 'registered_on', g.registered_on, 'expires_on', g.expires_on)
        FROM registration g WHERE g.person_id = one ORDER BY g.registered_on DESC, g.id DESC LIMIT 1)))::text;
END $$;
