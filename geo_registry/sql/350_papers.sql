-- Papers of cases, the ledger, archive volumes, numbered sheets, referrals to the permit desk.

-- The desk that keeps papers: why a viewer may not, or NULL. A step of the functions below.
CREATE OR REPLACE FUNCTION registry.desk_fault(viewer record, VARIADIC roles text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT viewer.role = ANY (roles) THEN 'not-allowed' END;
END $$;

-- What a unit is called on paper and in lists.
CREATE OR REPLACE FUNCTION registry.unit_title(asked uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat(a.standard_text, ba.building_no, u.unit_text) FROM registry.housing_unit u
    LEFT JOIN registry.building_address ba ON ba.building_id = u.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
    LEFT JOIN registry.address a ON a.id = ba.address_id
  WHERE u.id = asked LIMIT 1
$$;

-- The permit that is on record of a person, wherever the registration lies that it came of: a move is told to its desk.
CREATE OR REPLACE FUNCTION registry.permit_of(asked uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT jsonb_build_object('tail', t.permit_tail, 'issued_on', t.issued_on, 'expires_on', t.expires_on)
  FROM permit_referral t WHERE t.person_id = asked AND t.status IN ('issued', 'endorsed', 'expired') AND t.issued_on IS NOT NULL
  ORDER BY t.issued_on DESC, t.id DESC LIMIT 1
$$;

-- The registration that a form led to; found by its person, who may have been merged since.
CREATE OR REPLACE FUNCTION registry.registration_of(f registry.case_person) RETURNS SETOF registry.registration LANGUAGE sql STABLE AS $$
  SELECT n.* FROM registry.registration n
  WHERE n.person_id IN (f.person_id, registry.live_person(f.person_id)) AND n.case_person_id = f.id
  ORDER BY n.registered_on DESC, n.id DESC LIMIT 1
$$;

-- The numbers of a form on paper. Before it is submitted it is for the signature of who checks the own number: what was typed stands on
-- it, as on the screen. Afterwards whole numbers are for those who may reveal a person; `hidden` tells which stand masked.
CREATE OR REPLACE FUNCTION registry.paper_numbers(f registry.case_person, role text, is_open boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id_number', CASE WHEN is_whole THEN encode(f.id_number, 'base64') END,
    'phone', CASE WHEN has_phone THEN encode(f.phone, 'base64') END,
    'hidden', array_remove(ARRAY[CASE WHEN NOT is_whole THEN 'id_number' END, CASE WHEN NOT has_phone AND f.phone IS NOT NULL THEN 'phone' END], NULL))
  FROM (SELECT registry.may_look(role, 'person') OR is_open AS has_phone,
    registry.may_look(role, 'person') OR (is_open AND NOT registry.without_copied(f, role) ? 'id_number') AS is_whole) x
$$;
-- Whether the registration that a slip stands for holds, and until or since which day; NULL of a slip that has none, and that is the
-- answer for every number whose check did not fit, too. The role of the public zone may call this: it tells no person and no place.
CREATE OR REPLACE FUNCTION registry.public_slip(asked text, from_address inet)
RETURNS TABLE (outcome text, holds boolean, day date) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  IF is_too_much('slip', from_address, 30, 3000, interval '15 minutes') THEN
    outcome := 'throttled';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT g.status = 'active' AND g.expires_on > CURRENT_DATE, least(g.ended_on, g.expires_on) INTO holds, day
  FROM case_person f CROSS JOIN LATERAL registration_of(f) g WHERE f.slip_number = asked;
  outcome := 'done';
  holds := coalesce(holds, false);
  RETURN NEXT;
END $$;

-- One paper of one form of a case: `fields` of the ticket name the paper and the form. Only the form itself carries the number,
-- as a cipher; a coordinator prints what was collected or keyed by the own hand.
CREATE OR REPLACE FUNCTION registry.reveal_paper(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  paper text;
BEGIN
  entry := honour(ticket, asked_by, 'paper');
  paper := entry.fields[1];
  RETURN (
    SELECT jsonb_build_object(
      'fault', CASE
        WHEN c.status = 'void' OR (c.status = 'draft' AND paper <> 'form') THEN 'case-not-submitted'
        WHEN paper = 'slip' AND f.slip_number IS NULL THEN 'no-slip'
        WHEN paper = 'change_notice' AND permit_of(f.person_id) IS NULL THEN 'no-permit' END,
      'printed_by', (SELECT o.name FROM account o WHERE o.id = entry.account_id), 'printed_at', entry.at,
      'serial', c.serial, 'action', c.action, 'form', c.form, 'form_version', c.form_version, 'status', c.status, 'turn', f.turn, 'forms', c.forms,
      'household_kind', c.household_kind, 'unit', unit_title(c.unit_id), 'area', (SELECT d.full_name FROM division d WHERE d.id = coalesce(c.community_id, c.township_id, c.district_id)),
      'slip_number', f.slip_number, 'sheet_number', f.sheet_number, 'submitted_on', c.submitted_at::date,
      'registered_on', g.registered_on, 'expires_on', g.expires_on, 'ended_on', g.ended_on,
      'name', f.name, 'id_type', f.id_type, 'id_tail', f.id_tail, 'category', f.category, 'since', f.since,
      'ends_on', f.ends_on, 'end_reason', f.end_reason, 'permit', permit_of(f.person_id))
      || CASE WHEN paper = 'form' THEN jsonb_build_object(
        'person_id', f.person_id, 'sex', f.sex,
        'birth', concat_ws('-', f.birth_year, lpad(f.birth_month::text, 2, '0')), 'relation_to_head', f.relation_to_head,
        'hukou_unit_id', unit_title(f.hukou_unit_id), 'hukou_code', f.hukou_code, 'hukou_address', f.hukou_address, 'stays_until', f.stays_until,
        'stay_reason', f.stay_reason, 'lodging', f.lodging, 'proof', f.proof, 'whereabouts_code', f.whereabouts_code, 'whereabouts', f.whereabouts,
        'absence_reason', f.absence_reason, 'informant', f.informant, 'collected_at', c.collected_at, 'entered_at', c.entered_at, 'late_reason', c.late_reason,
        'officer_at', c.officer_at, 'station_at', c.station_at,
        'collected_by', (SELECT o.name FROM account o WHERE o.id = c.collected_by), 'entered_by', (SELECT o.name FROM account o WHERE o.id = c.entered_by),
        'officer', (SELECT o.name FROM account o WHERE o.id = c.officer_by), 'station', (SELECT o.name FROM account o WHERE o.id = c.station_by),
        'volume', (SELECT v.number FROM archive_volume v WHERE v.id = f.volume_id), 'page', f.volume_page)
        || paper_numbers(f, entry.role, c.status IN ('draft', 'returned'))
      ELSE '{}' END
    FROM registration_case c JOIN case_person f ON f.case_id = c.id
      LEFT JOIN LATERAL registration_of(f) g ON true
    WHERE c.id = entry.object_id AND f.id::text = entry.fields[2] AND paper IN ('slip', 'change_notice', 'form')
      AND (entry.role <> 'coordinator' OR entry.account_id IN (c.collected_by, c.entered_by)))::text;
END $$;

-- What the ledger says of an entry: of a case that took effect its registration, before that the step it waits for.
CREATE OR REPLACE FUNCTION registry.ledger_status(of_case text, of_registration text, expires_on date) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN of_case <> 'active' THEN of_case
    WHEN of_registration = 'active' AND expires_on <= CURRENT_DATE THEN 'expired'
    ELSE coalesce(of_registration, 'done') END
$$;

-- The entries of one community: every form since it was submitted, and every registration that came without one; newest first,
-- from behind the entry of a day and an id.
CREATE OR REPLACE FUNCTION registry.ledger_entries(community uuid, wanted text, from_day date, to_day date, before_day date, before_id uuid, most int)
RETURNS TABLE (id uuid, case_person_id uuid, registration_id uuid, status text, entered_on date) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
    (SELECT f.id, f.id, g.id, registry.ledger_status(c.status, g.status, g.expires_on), c.submitted_at::date
     FROM registry.case_person f JOIN registry.registration_case c ON c.id = f.case_id LEFT JOIN LATERAL registry.registration_of(f) g ON true
     WHERE f.community_id = community AND c.submitted_at IS NOT NULL AND c.status <> 'draft' AND (before_id IS NULL OR (c.submitted_at::date, f.id) < (before_day, before_id))
       AND (wanted IS NULL OR registry.ledger_status(c.status, g.status, g.expires_on) = wanted)
       AND (from_day IS NULL OR c.submitted_at::date >= from_day) AND (to_day IS NULL OR c.submitted_at::date <= to_day)
     ORDER BY c.submitted_at::date DESC, f.id DESC LIMIT most)
    UNION ALL
    (SELECT g.id, NULL, g.id, registry.ledger_status('active', g.status, g.expires_on), g.registered_on
     FROM registry.registration g
     WHERE g.community_id = community AND g.case_person_id IS NULL AND (before_id IS NULL OR (g.registered_on, g.id) < (before_day, before_id))
       AND (wanted IS NULL OR registry.ledger_status('active', g.status, g.expires_on) = wanted)
       AND (from_day IS NULL OR g.registered_on >= from_day) AND (to_day IS NULL OR g.registered_on <= to_day)
     ORDER BY g.registered_on DESC, g.id DESC LIMIT most);
END $$;

-- 台账 of a community or a township, masked; `asked_text` is {"status", "from", "to"}.
CREATE OR REPLACE FUNCTION registry.reveal_ledger(ticket uuid, asked_by bytea, asked_text text, after_id uuid, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  asked jsonb := coalesce(asked_text, '{}')::jsonb;
  after_day date;
BEGIN
  entry := honour(ticket, asked_by, 'ledger');
  after_day := coalesce((SELECT c.submitted_at::date FROM case_person f JOIN registration_case c ON c.id = f.case_id WHERE f.id = after_id),
    (SELECT g.registered_on FROM registration g WHERE g.id = after_id));
  RETURN (
    WITH found AS MATERIALIZED (
      SELECT e.*, row_number() OVER (ORDER BY e.entered_on DESC, e.id DESC) AS turn
      FROM division d CROSS JOIN LATERAL ledger_entries(d.id, asked ->> 'status', (asked ->> 'from')::date, (asked ->> 'to')::date, after_day, after_id, page_rows + 1) e
      WHERE d.level = 'community' AND entry.object_id IN (d.id, d.township_id)
      ORDER BY e.entered_on DESC, e.id DESC LIMIT page_rows + 1)
    SELECT jsonb_build_object('audit_id', ticket, 'rows', coalesce(jsonb_agg(
        masked(CASE WHEN f.id IS NULL THEN p ELSE jsonb_populate_record(NULL::person, jsonb_build_object('name', f.name, 'sex', f.sex, 'birth_year', f.birth_year,
          'birth_month', f.birth_month, 'id_tail', f.id_tail)) END, CURRENT_DATE)
        || jsonb_build_object('entry_id', e.id, 'case_id', c.id, 'serial', c.serial, 'turn', f.turn, 'action', coalesce(c.action, 'register'), 'form', c.form,
          'unit', unit_title(coalesce(c.unit_id, r.unit_id)), 'category', coalesce(r.category, f.category), 'status', e.status, 'entered_on', e.entered_on,
          'registered_on', g.registered_on, 'expires_on', g.expires_on, 'ended_on', coalesce(g.ended_on, f.ends_on), 'end_reason', coalesce(g.end_reason, f.end_reason),
          'slip_number', f.slip_number, 'volume', v.number, 'page', f.volume_page) ORDER BY e.turn) FILTER (WHERE e.turn <= page_rows), '[]'),
      'next', CASE WHEN count(*) > page_rows THEN (SELECT l.id FROM found l WHERE l.turn = page_rows) END)
    FROM found e LEFT JOIN case_person f ON f.id = e.case_person_id LEFT JOIN registration_case c ON c.id = f.case_id
      LEFT JOIN registration g ON g.id = e.registration_id LEFT JOIN residence r ON r.id = g.residence_id
      LEFT JOIN person p ON p.id = g.person_id AND f.id IS NULL LEFT JOIN archive_volume v ON v.id = f.volume_id)::text;
END $$;

-- The person of a document at the permit desk: registrations, and what came of each referral.
CREATE OR REPLACE FUNCTION registry.reveal_permit(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'permit');
  RETURN (
    SELECT masked(p, entry.valid_at) || jsonb_build_object('audit_id', ticket, 'person_id', p.id, 'id_type', p.id_type,
      'registrations', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'unit', unit_title(r.unit_id), 'category', r.category, 'since', lower(r.valid),
          'status', ledger_status('active', g.status, g.expires_on), 'registered_on', g.registered_on, 'expires_on', g.expires_on,
          'may_refer', g.status = 'active' AND r.category <> 'local_hukou' AND NOT EXISTS (SELECT FROM permit_referral o WHERE o.person_id = p.id AND o.status NOT IN ('refused', 'expired')))
          ORDER BY g.registered_on DESC, g.id), '[]')
        FROM registration g JOIN residence r ON r.id = g.residence_id WHERE g.person_id = p.id),
      'referrals', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'status', t.status, 'referred_on', t.referred_on, 'registration_id', t.registration_id,
          'tail', t.permit_tail, 'issued_on', t.issued_on, 'expires_on', t.expires_on, 'archive_number', t.archive_number, 'version', t.version,
          'unit', (SELECT unit_title(r.unit_id) FROM registration g JOIN residence r ON r.id = g.residence_id WHERE g.id = t.registration_id),
          'events', permit_events(t.id)) ORDER BY t.referred_on DESC, t.id DESC), '[]')
        FROM permit_referral t WHERE t.person_id = p.id))
    FROM person p WHERE p.id = (person_of(entry.subject_key)).id)::text;
END $$;

-- What was done upon a referral, oldest first: the acts themselves, without a name of a person.
CREATE OR REPLACE FUNCTION registry.permit_events(asked uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('verb', a.verb, 'at', a.at, 'by', o.name) ORDER BY a.at, a.id), '[]')
  FROM act a JOIN account o ON o.id = a.account_id WHERE a.object_id = asked AND a.object_kind = 'permit_referral'
$$;

-- Blank sheets with rising numbers, handed to one coordinator of the area: letter of the form, year, seven digits.
CREATE OR REPLACE FUNCTION registry.issue_sheets(asked_by bytea, told jsonb)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  place record;
  receiver uuid := (told ->> 'issued_to')::uuid;
  fault text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT d.district_id, d.township_id, CASE d.level WHEN 'community' THEN d.id END AS community_id INTO place
  FROM division d WHERE d.id = (told ->> 'area_id')::uuid AND d.level IN ('township', 'community');
  fault := coalesce(desk_fault(viewer, 'entry_clerk', 'station_head'), CASE
    WHEN place.district_id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id) THEN 'not-found'
    WHEN NOT EXISTS (SELECT FROM account a WHERE a.id = receiver AND a.role = 'coordinator' AND a.is_active)
      OR NOT covers(areas_of(receiver), place.district_id, place.township_id, place.community_id) THEN 'not-coordinator' END);
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  INSERT INTO form_sheet (number, form, form_version, issued_to, issued_by, act_id, district_id, township_id, community_id)
  SELECT CASE told ->> 'form' WHEN 'incomer_registration' THEN 'L' WHEN 'resident_not_registered_here' THEN 'R' WHEN 'registered_not_resident' THEN 'H' ELSE 'B' END
      || to_char(CURRENT_DATE, 'YY') || '-' || digits(nextval('sheet_number'), 7),
    told ->> 'form', (told ->> 'form_version')::int, receiver, viewer.account_id, (told ->> 'act_id')::uuid, place.district_id, place.township_id, place.community_id
  FROM generate_series(1, (told ->> 'count')::int);
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'issue-sheets', 'form_sheet', receiver, 'granted', told ->> 'count');
  RETURN 'done';
END $$;

-- Sheets from one number to another, of as many digits, change together, or none does; `sheets` counts up to the first that stands
-- against it.
CREATE OR REPLACE FUNCTION registry.move_sheets(asked_by bytea, told jsonb)
RETURNS TABLE (outcome text, sheets int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  step text := told ->> 'step';
  first text := told ->> 'first';
  one form_sheet%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  sheets := 0;
  outcome := coalesce(desk_fault(viewer, 'entry_clerk', 'station_head'), 'done');
  IF outcome <> 'done' THEN
    RETURN NEXT;
    RETURN;
  END IF;
  FOR one IN SELECT * FROM form_sheet s WHERE s.number BETWEEN first AND told ->> 'last' AND left(s.number, 3) = left(first, 3) AND length(s.number) = length(first)
      AND covers(viewer.areas, s.district_id, s.township_id, s.community_id) ORDER BY s.number LIMIT 501 FOR NO KEY UPDATE LOOP
    sheets := sheets + 1;
    IF NOT one.status = ANY (CASE step WHEN 'returned' THEN ARRAY['issued', 'filled'] WHEN 'verified' THEN ARRAY['returned'] ELSE ARRAY['issued', 'filled', 'returned'] END) THEN
      outcome := 'sheet-state';
      EXIT;
    END IF;
  END LOOP;
  outcome := CASE WHEN outcome <> 'done' THEN outcome WHEN sheets = 0 THEN 'sheet-unknown' WHEN sheets > 500 THEN 'too-many-sheets' ELSE outcome END;
  IF outcome = 'done' THEN
    UPDATE form_sheet s SET status = step, version = s.version + 1, act_id = (told ->> 'act_id')::uuid,
      returned_at = CASE step WHEN 'returned' THEN clock_timestamp() ELSE s.returned_at END, void_reason = told ->> 'reason'
    WHERE s.number BETWEEN first AND told ->> 'last' AND left(s.number, 3) = left(first, 3) AND length(s.number) = length(first) AND covers(viewer.areas, s.district_id, s.township_id, s.community_id);
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'sheets-' || step, 'form_sheet', NULL, 'granted', first || ' ' || sheets);
  END IF;
  RETURN NEXT;
END $$;

-- Why a sheet cannot be keyed into a form, or NULL: none of this number, of another form, void, keyed already elsewhere.
CREATE OR REPLACE FUNCTION registry.sheet_fault(asked text, of_form text, own_case uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  one record;
BEGIN
  SELECT s.status, s.form, p.case_id INTO one FROM registry.form_sheet s LEFT JOIN registry.case_person p ON p.sheet_number = s.number WHERE s.number = asked;
  RETURN CASE WHEN one.status IS NULL THEN 'sheet-unknown' WHEN one.form <> of_form THEN 'sheet-of-other-form' WHEN one.status = 'void' THEN 'sheet-void'
    WHEN one.case_id <> own_case THEN 'sheet-entered' END;
END $$;

-- A sheet that is keyed counts as entered; one whose number left the form again counts as returned.
CREATE OR REPLACE FUNCTION registry.follow_sheet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE form_sheet s SET status = 'returned', version = s.version + 1 WHERE s.number = OLD.sheet_number AND s.status = 'entered'
      AND NOT EXISTS (SELECT FROM case_person p WHERE p.sheet_number = OLD.sheet_number);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE form_sheet s SET status = 'entered', version = s.version + 1, returned_at = coalesce(s.returned_at, clock_timestamp()), act_id = coalesce(NEW.act_id, s.act_id)
    WHERE s.number = NEW.sheet_number AND s.status NOT IN ('entered', 'void');
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER follow_sheet AFTER INSERT OR DELETE OR UPDATE OF sheet_number ON registry.case_person
  FOR EACH ROW EXECUTE FUNCTION registry.follow_sheet();

-- What is bound stays bound, and a closed volume stays as it is.
CREATE OR REPLACE FUNCTION registry.keep_bound() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a bound form stays in its volume, and a closed volume as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'archive_volume_bound';
END $$;
CREATE OR REPLACE TRIGGER keep_bound BEFORE UPDATE OR DELETE ON registry.archive_volume
  FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION registry.keep_bound();
CREATE OR REPLACE TRIGGER keep_bound BEFORE UPDATE OF volume_id, volume_page ON registry.case_person
  FOR EACH ROW WHEN (OLD.volume_id IS NOT NULL AND (NEW.volume_id, NEW.volume_page) IS DISTINCT FROM (OLD.volume_id, OLD.volume_page))
  EXECUTE FUNCTION registry.keep_bound();
CREATE OR REPLACE TRIGGER keep_bound_form BEFORE DELETE ON registry.case_person
  FOR EACH ROW WHEN (OLD.volume_id IS NOT NULL) EXECUTE FUNCTION registry.keep_bound();

-- The next number of the year in the district, one at a time.
CREATE OR REPLACE FUNCTION registry.open_volume(asked_by bytea, told jsonb)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  place record;
  fault text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT d.district_id, d.township_id, CASE d.level WHEN 'community' THEN d.id END AS community_id INTO place
  FROM division d WHERE d.id = (told ->> 'area_id')::uuid AND d.level IN ('township', 'community');
  fault := coalesce(desk_fault(viewer, 'entry_clerk', 'station_head'), CASE
    WHEN place.district_id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id) THEN 'not-found' END);
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('archive_volume/' || place.district_id, 0));
  INSERT INTO archive_volume (id, number, title, opened_by, act_id, district_id, township_id, community_id)
  SELECT (told ->> 'id')::uuid, to_char(CURRENT_DATE, 'YYYY') || '-' || digits(1 + coalesce(max(split_part(v.number, '-', 2)::int), 0), 4),
    told ->> 'title', viewer.account_id, (told ->> 'act_id')::uuid, place.district_id, place.township_id, place.community_id
  FROM archive_volume v WHERE v.district_id = place.district_id AND v.number LIKE to_char(CURRENT_DATE, 'YYYY') || '-%';
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'open-volume', 'archive_volume', (told ->> 'id')::uuid, 'granted', NULL);
  RETURN 'done';
END $$;

-- The volume that a step is about, held, and why the step may not be done, or `done`.
CREATE OR REPLACE FUNCTION registry.judge_volume(viewer record, v registry.archive_volume, read_version int) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce(registry.desk_fault(viewer, 'entry_clerk', 'station_head'), CASE
    WHEN v.id IS NULL OR NOT registry.covers(viewer.areas, v.district_id, v.township_id, v.community_id) THEN 'not-found'
    WHEN v.version IS DISTINCT FROM read_version THEN 'stale'
    WHEN v.closed_at IS NOT NULL THEN 'volume-closed' ELSE 'done' END);
END $$;

-- All forms of cases that took effect, page after page in the order given; `place` of the first that stands against it.
CREATE OR REPLACE FUNCTION registry.bind_forms(asked_by bytea, told jsonb)
RETURNS TABLE (outcome text, version int, place int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  v archive_volume%ROWTYPE;
  last_page int;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO v FROM archive_volume o WHERE o.id = (told ->> 'volume_id')::uuid FOR NO KEY UPDATE;
  version := v.version;
  outcome := judge_volume(viewer, v, (told ->> 'version')::int);
  IF outcome = 'done' THEN
    PERFORM 1 FROM case_person p JOIN registration_case c ON c.id = p.case_id
    WHERE c.serial IN (SELECT jsonb_array_elements_text(told -> 'serials')) ORDER BY p.id FOR NO KEY UPDATE OF p;
    SELECT x.fault, x.turn INTO outcome, place FROM (
      SELECT w.turn, CASE WHEN c.id IS NULL THEN 'case-unknown' WHEN c.status <> 'active' THEN 'case-not-active'
        WHEN EXISTS (SELECT FROM case_person p WHERE p.case_id = c.id AND p.volume_id IS NOT NULL) THEN 'already-bound' END AS fault
      FROM jsonb_array_elements_text(told -> 'serials') WITH ORDINALITY w (asked, turn) LEFT JOIN registration_case c ON c.serial = w.asked
        AND c.district_id = v.district_id AND covers(viewer.areas, c.district_id, c.township_id, c.community_id)) x
    WHERE x.fault IS NOT NULL ORDER BY x.turn LIMIT 1;
    outcome := coalesce(outcome, 'done');
  END IF;
  IF outcome = 'done' THEN
    last_page := coalesce((SELECT max(p.volume_page) FROM case_person p WHERE p.volume_id = v.id), 0);
    UPDATE case_person p SET volume_id = v.id, volume_page = last_page + x.page
    FROM (SELECT f.id, row_number() OVER (ORDER BY w.turn, f.turn) AS page
      FROM (SELECT e.asked, min(e.turn) AS turn FROM jsonb_array_elements_text(told -> 'serials') WITH ORDINALITY e (asked, turn) GROUP BY e.asked) w
        JOIN registration_case c ON c.serial = w.asked JOIN case_person f ON f.case_id = c.id) x
    WHERE p.id = x.id;
    UPDATE archive_volume o SET version = o.version + 1, act_id = (told ->> 'act_id')::uuid WHERE o.id = v.id RETURNING o.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'bind-forms', 'archive_volume', v.id, 'granted', jsonb_array_length(told -> 'serials')::text);
  END IF;
  RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION registry.close_volume(asked_by bytea, told jsonb)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  v archive_volume%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO v FROM archive_volume o WHERE o.id = (told ->> 'volume_id')::uuid FOR NO KEY UPDATE;
  version := v.version;
  outcome := judge_volume(viewer, v, (told ->> 'version')::int);
  IF outcome = 'done' AND NOT EXISTS (SELECT FROM case_person p WHERE p.volume_id = v.id) THEN
    outcome := 'volume-empty';
  END IF;
  IF outcome = 'done' THEN
    UPDATE archive_volume o SET closed_at = clock_timestamp(), version = o.version + 1, act_id = (told ->> 'act_id')::uuid WHERE o.id = v.id RETURNING o.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'close-volume', 'archive_volume', v.id, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- The pages of a volume: forms and dwellings, nobody's name.
CREATE OR REPLACE FUNCTION registry.volume_pages(asked_by bytea, volume uuid)
RETURNS TABLE (page int, serial text, turn int, action text, form text, unit text, entered_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF desk_fault(viewer, 'entry_clerk', 'station_head') IS NOT NULL THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT f.volume_page::int, c.serial, f.turn::int, c.action, c.form, unit_title(c.unit_id), c.submitted_at::date
    FROM archive_volume v JOIN case_person f ON f.volume_id = v.id JOIN registration_case c ON c.id = f.case_id
    WHERE v.id = volume AND covers(viewer.areas, v.district_id, v.township_id, v.community_id) ORDER BY f.volume_page;
END $$;

-- Cases that took effect and wait to be bound, the oldest first.
CREATE OR REPLACE FUNCTION registry.unbound_cases(asked_by bytea, after_at timestamptz, after_id uuid, most int)
RETURNS TABLE (id uuid, serial text, action text, form text, forms int, unit text, entered_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF desk_fault(viewer, 'entry_clerk', 'station_head') IS NOT NULL THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT c.id, c.serial, c.action, c.form, c.forms::int, unit_title(c.unit_id), c.entered_at
    FROM registration_case c WHERE c.status = 'active' AND covers(viewer.areas, c.district_id, c.township_id, c.community_id)
      AND EXISTS (SELECT FROM case_person f WHERE f.case_id = c.id AND f.volume_id IS NULL)
      AND (after_id IS NULL OR (c.entered_at, c.id) > (after_at, after_id))
    ORDER BY c.entered_at, c.id LIMIT most;
END $$;

-- A person whose registration came without a referral is referred at the desk.
CREATE OR REPLACE FUNCTION registry.refer_permit(asked_by bytea, told jsonb)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  g registration%ROWTYPE;
  fault text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO g FROM registration n WHERE n.id = (told ->> 'registration_id')::uuid;
  PERFORM 1 FROM person p WHERE p.id = g.person_id FOR NO KEY UPDATE;
  fault := coalesce(desk_fault(viewer, 'permit_desk'), CASE
    WHEN g.id IS NULL OR NOT covers(viewer.areas, g.district_id, g.township_id, g.community_id) THEN 'not-found'
    WHEN g.status <> 'active' THEN 'not-registered'
    WHEN (SELECT r.category FROM residence r WHERE r.id = g.residence_id) = 'local_hukou' THEN 'local-hukou'
    WHEN EXISTS (SELECT FROM permit_referral o WHERE o.person_id = g.person_id AND o.status NOT IN ('refused', 'expired')) THEN 'already-referred' END);
  IF fault IS NOT NULL THEN
    RETURN fault;
  END IF;
  INSERT INTO permit_referral (id, person_id, registration_id, referred_on, act_id)
  VALUES ((told ->> 'id')::uuid, g.person_id, g.id, CURRENT_DATE, (told ->> 'act_id')::uuid);
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'refer-permit', 'permit_referral', (told ->> 'id')::uuid, 'granted', NULL);
  RETURN 'done';
END $$;

-- One step of a referral: accepted with the next archive number of the year in the district, issued with number and term,
-- endorsed for a new term, refused.
CREATE OR REPLACE FUNCTION registry.keep_permit(asked_by bytea, told jsonb)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  t permit_referral%ROWTYPE;
  step text := told ->> 'step';
  issued date := (told ->> 'issued_on')::date;
  expires date := (told ->> 'expires_on')::date;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO t FROM permit_referral o WHERE o.id = (told ->> 'id')::uuid FOR NO KEY UPDATE;
  version := t.version;
  outcome := coalesce(desk_fault(viewer, 'permit_desk'), CASE
    WHEN t.id IS NULL OR NOT covers(viewer.areas, t.district_id, t.township_id, t.community_id) THEN 'not-found'
    WHEN t.version IS DISTINCT FROM (told ->> 'version')::int THEN 'stale'
    WHEN NOT t.status = ANY (CASE step WHEN 'accepted' THEN ARRAY['referred'] WHEN 'issued' THEN ARRAY['accepted']
      WHEN 'endorsed' THEN ARRAY['issued', 'endorsed', 'expired'] ELSE ARRAY['referred', 'accepted'] END) THEN 'permit-state'
    WHEN issued > CURRENT_DATE OR issued < t.referred_on THEN 'issued-on-invalid'
    WHEN expires <= coalesce(issued, t.issued_on, CURRENT_DATE) OR (step = 'endorsed' AND expires <= t.expires_on) THEN 'expires-on-invalid' END, 'done');
  IF outcome <> 'done' THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF step = 'accepted' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('permit_referral/' || t.district_id, 0));
    t.archive_number := 'Z' || to_char(CURRENT_DATE, 'YYYY') || '-' || digits(1 + coalesce((SELECT max(split_part(o.archive_number, '-', 2)::int) FROM permit_referral o
      WHERE o.district_id = t.district_id AND o.archive_number LIKE 'Z' || to_char(CURRENT_DATE, 'YYYY') || '-%'), 0), 6);
  END IF;
  UPDATE permit_referral o SET status = step, version = o.version + 1, act_id = (told ->> 'act_id')::uuid, archive_number = t.archive_number,
    permit_number = CASE step WHEN 'issued' THEN decode(told ->> 'number', 'base64') ELSE o.permit_number END,
    permit_tail = CASE step WHEN 'issued' THEN told ->> 'tail' ELSE o.permit_tail END,
    issued_on = coalesce(issued, o.issued_on), expires_on = coalesce(expires, o.expires_on)
  WHERE o.id = t.id RETURNING o.version INTO version;
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'permit-' || step, 'permit_referral', t.id, 'granted', NULL);
  RETURN NEXT;
END $$;

-- How far a referral is, for the desk that keeps it; nothing of its person.
CREATE OR REPLACE FUNCTION registry.permit_state(asked_by bytea, asked uuid)
RETURNS TABLE (id uuid, status text, referred_on date, issued_on date, expires_on date, archive_number text, version int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF desk_fault(viewer, 'permit_desk') IS NULL THEN
    RETURN QUERY SELECT t.id, t.status, t.referred_on, t.issued_on, t.expires_on, t.archive_number, t.version FROM permit_referral t
      WHERE t.id = asked AND covers(viewer.areas, t.district_id, t.township_id, t.community_id);
  END IF;
END $$;

-- A newcomer who is registered is pointed to the permit desk, once while no permit came of it.
CREATE OR REPLACE FUNCTION registry.refer_newcomer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  INSERT INTO permit_referral (person_id, registration_id, referred_on, act_id)
  SELECT NEW.person_id, NEW.id, CURRENT_DATE, NEW.act_id FROM residence r
  WHERE r.id = NEW.residence_id AND r.category = 'incomer'
    AND NOT EXISTS (SELECT FROM permit_referral o WHERE o.person_id = NEW.person_id AND o.status NOT IN ('refused', 'expired'));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER refer_newcomer AFTER INSERT OR UPDATE OF case_person_id ON registry.registration
  FOR EACH ROW WHEN (NEW.case_person_id IS NOT NULL AND NEW.status = 'active') EXECUTE FUNCTION registry.refer_newcomer();
