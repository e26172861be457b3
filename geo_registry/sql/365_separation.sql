-- 人户分离: lists by the rule and by what officers decided, runs that check a list person by person, and persons without any hukou.

-- The permissions of geo_registry/access/rules.py say the same.
CREATE OR REPLACE FUNCTION registry.may_separate(role text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT role IN ('officer', 'station_head', 'population_office')
$$;

-- Why somebody may not work here, or `done`: what all acts below ask first.
CREATE OR REPLACE FUNCTION registry.judge_worker(viewer record, district uuid, township uuid, community uuid, read_version int, own_version int)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT registry.may_separate(viewer.role) THEN 'not-allowed'
    WHEN district IS NULL OR NOT registry.covers(viewer.areas, district, township, community) THEN 'not-found'
    WHEN read_version IS DISTINCT FROM own_version THEN 'stale'
    ELSE 'done' END;
END $$;

CREATE OR REPLACE FUNCTION registry.open_separation_run(asked_by bytea, own_id uuid, told_title text, told_mode text, told_opens date, told_closes date,
  area uuid, act uuid) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  place division%ROWTYPE;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO place FROM division d WHERE d.id = area AND d.level IN ('township', 'community');
  verdict := judge_worker(viewer, place.district_id, place.township_id, CASE place.level WHEN 'community' THEN place.id END, 1, 1);
  IF verdict = 'done' AND told_closes < told_opens THEN
    verdict := 'term-invalid';
  END IF;
  IF verdict = 'done' THEN
    INSERT INTO separation_run (id, title, mode, opens_on, closes_on, opened_by, act_id, district_id, township_id, community_id)
    VALUES (own_id, told_title, told_mode, told_opens, told_closes, viewer.account_id, act, place.district_id, place.township_id,
      CASE place.level WHEN 'community' THEN place.id END);
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-open', 'separation_run', own_id, 'granted', told_mode);
  END IF;
  RETURN verdict;
END $$;

-- A run closes when every person has an outcome, and not before.
CREATE OR REPLACE FUNCTION registry.close_separation_run(asked_by bytea, asked uuid, read_version int, act uuid)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  s separation_run%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  -- Who adds or settles a person holds the key of the run: their outcome is there, or they come too late.
  SELECT * INTO s FROM separation_run r WHERE r.id = asked FOR UPDATE;
  version := s.version;
  outcome := judge_worker(viewer, s.district_id, s.township_id, s.community_id, read_version, s.version);
  IF outcome = 'done' THEN
    outcome := CASE
      WHEN s.closed_at IS NOT NULL THEN 'run-closed'
      WHEN NOT EXISTS (SELECT FROM separation_item i WHERE i.run_id = asked) THEN 'run-empty'
      WHEN EXISTS (SELECT FROM separation_item i WHERE i.run_id = asked AND i.outcome IS NULL) THEN 'outcomes-missing'
      ELSE 'done' END;
  END IF;
  IF outcome = 'done' THEN
    UPDATE separation_run r SET closed_at = now(), act_id = act, version = r.version + 1 WHERE r.id = asked RETURNING r.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-close', 'separation_run', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- One more person that the field has found; a run of data alone has no field.
CREATE OR REPLACE FUNCTION registry.add_separation_item(asked_by bytea, asked_run uuid, own_id uuid, told_name text, told_sex text, told_year int, told_month int,
  document_type text, sealed_number bytea, document_index bytea, tail text, told_hukou text, at_unit uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  s separation_run%ROWTYPE;
  place housing_unit%ROWTYPE;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO s FROM separation_run r WHERE r.id = asked_run FOR KEY SHARE;
  SELECT * INTO place FROM housing_unit u WHERE u.id = at_unit AND u.state = 'realized';
  verdict := judge_worker(viewer, s.district_id, s.township_id, s.community_id, 1, 1);
  IF verdict = 'done' THEN
    verdict := CASE
      WHEN s.closed_at IS NOT NULL THEN 'run-closed'
      WHEN s.mode = 'data_only' THEN 'no-field'
      WHEN place.id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id) THEN 'unit-unknown'
      WHEN EXISTS (SELECT FROM separation_item i WHERE i.run_id = asked_run AND i.id_index = document_index AND i.id_type = document_type) THEN 'already-listed'
      ELSE 'done' END;
  END IF;
  IF verdict = 'done' THEN
    INSERT INTO separation_item (id, run_id, found_in, person_id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, hukou_text, unit_id,
      district_id, township_id, community_id)
    VALUES (own_id, asked_run, 'field', (SELECT live_person(p.id) FROM person p WHERE p.id_index = document_index AND p.id_type = document_type), told_name,
      told_sex, told_year, told_month, document_type, sealed_number, document_index, tail, told_hukou, place.id, place.district_id, place.township_id, place.community_id);
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-find', 'separation_run', asked_run, 'granted', NULL);
  END IF;
  RETURN verdict;
END $$;

-- What was found out about one person. An outcome may be put right while the run is open. With a unit a draft of the registration is
-- made, whose ordinary reviews follow; of a person of the viewer's areas the ciphers are copied, of another one they come sealed anew
-- and the rest is what the list says.
CREATE OR REPLACE FUNCTION registry.settle_separation_item(asked_by bytea, asked uuid, read_version int, told_outcome text, told_code text, told_whereabouts text,
  at_unit uuid, since_day date, form_person uuid, document_index bytea, sealed_number bytea, act uuid)
RETURNS TABLE (outcome text, version int, drafted uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  i separation_item%ROWTYPE;
  known person%ROWTYPE;
  home residence%ROWTYPE;
  place housing_unit%ROWTYPE;
  f case_person%ROWTYPE;
  is_closed boolean;
  is_near boolean;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT r.closed_at IS NOT NULL INTO is_closed FROM separation_run r JOIN separation_item x ON x.run_id = r.id WHERE x.id = asked FOR KEY SHARE OF r;
  SELECT * INTO i FROM separation_item x WHERE x.id = asked FOR NO KEY UPDATE;
  SELECT * INTO place FROM housing_unit u WHERE u.id = at_unit AND u.state = 'realized';
  SELECT p.* INTO known FROM person o JOIN person p ON p.id = live_person(o.id) WHERE o.id_index = i.id_index AND o.id_type = i.id_type;
  home := home_of(known.id);
  is_near := covers_person(viewer.areas, known.id);
  version := i.version;
  outcome := judge_worker(viewer, i.district_id, i.township_id, i.community_id, read_version, i.version);
  IF outcome = 'done' THEN
    outcome := CASE
      WHEN is_closed THEN 'run-closed'
      WHEN told_outcome = 'whereabouts_known' AND told_code IS NULL AND told_whereabouts IS NULL THEN 'whereabouts-missing'
      WHEN at_unit IS NULL THEN 'done'
      WHEN told_outcome <> 'still_separated' OR i.case_id IS NOT NULL THEN 'case-not-due'
      WHEN place.id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id) THEN 'unit-unknown'
      WHEN home.unit_id = place.id AND EXISTS (SELECT FROM registration g WHERE g.residence_id = home.id
        AND g.status NOT IN ('cancelled', 'expired', 'changed')) THEN 'already-registered'
      WHEN NOT is_near AND (sealed_number IS NULL OR document_index IS DISTINCT FROM i.id_index OR form_person <> known.id) THEN 'number-differs'
      WHEN EXISTS (SELECT FROM case_person c WHERE c.id_index = i.id_index AND c.id_type = i.id_type AND c.is_open) THEN 'form-open'
      ELSE 'done' END;
  END IF;
  IF outcome = 'done' THEN
    IF place.id IS NOT NULL THEN
      SELECT form_person, i.name, i.sex, i.id_type, sealed_number, i.id_index, i.id_tail, 'local_hukou', coalesce(since_day, CURRENT_DATE)
      INTO f.person_id, f.name, f.sex, f.id_type, f.id_number, f.id_index, f.id_tail, f.category, f.since;
      IF is_near THEN
        SELECT known.id, known.name, known.sex, known.birth_year, known.birth_month, known.id_type, known.id_number, known.id_index, known.id_tail
        INTO f.person_id, f.name, f.sex, f.birth_year, f.birth_month, f.id_type, f.id_number, f.id_index, f.id_tail;
      END IF;
      drafted := draft_case(viewer.account_id, 'separation', i.id, 'register', 'resident_not_registered_here', place.id, act, f);
    END IF;
    UPDATE separation_item x SET outcome = told_outcome, outcome_on = CURRENT_DATE, outcome_by = viewer.account_id, whereabouts_code = told_code,
      whereabouts = told_whereabouts, person_id = coalesce(known.id, x.person_id), unit_id = coalesce(place.id, x.unit_id), case_id = coalesce(drafted, x.case_id),
      version = x.version + 1 WHERE x.id = asked RETURNING x.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-settle', 'separation_run', i.run_id, 'granted', told_outcome);
  END IF;
  RETURN NEXT;
END $$;

-- How far runs are: those on the list, those the field found, and each outcome; no person.
CREATE OR REPLACE FUNCTION registry.run_progress(asked_by bytea, asked uuid[])
RETURNS TABLE (run_id uuid, listed bigint, found bigint, still_separated bigint, ended bigint, not_found bigint, whereabouts_known bigint, collective bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL OR viewer.confined IS NOT NULL OR NOT may_separate(viewer.role) THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT s.id, count(i.id) FILTER (WHERE i.found_in = 'list'), count(i.id) FILTER (WHERE i.found_in = 'field'),
      count(i.id) FILTER (WHERE i.outcome = 'still_separated'), count(i.id) FILTER (WHERE i.outcome = 'ended'),
      count(i.id) FILTER (WHERE i.outcome = 'not_found'), count(i.id) FILTER (WHERE i.outcome = 'whereabouts_known'),
      count(i.id) FILTER (WHERE EXISTS (SELECT FROM household h WHERE h.kind = 'collective' AND h.unit_id = i.unit_id))
    FROM separation_run s LEFT JOIN separation_item i ON i.run_id = s.id
    WHERE s.id = ANY (asked) AND covers(viewer.areas, s.district_id, s.township_id, s.community_id)
    GROUP BY s.id;
END $$;

-- The persons of a run in order of their ids, masked as in every list: whom the register does not know by the list's own words. One in
-- full, the one that the ticket names beside the number.
CREATE OR REPLACE FUNCTION registry.reveal_run(ticket uuid, asked_by bytea, after_id uuid, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  is_full boolean;
BEGIN
  entry := honour(ticket, asked_by, 'run');
  is_full := 'id_number' = ANY (entry.fields);
  RETURN (SELECT jsonb_build_object('rows', coalesce(jsonb_agg(x.row ORDER BY x.id), '[]'))::text FROM (
    SELECT i.id, jsonb_build_object('id', i.id, 'run_id', i.run_id, 'found_in', i.found_in, 'person_id', p.id, 'id_type', i.id_type,
        'hukou_text', i.hukou_text, 'current_text', i.current_text,
        'unit_id', i.unit_id, 'unit', CASE WHEN i.unit_id IS NOT NULL THEN (SELECT concat(a.standard_text, b.building_no, u.unit_text) FROM housing_unit u
          LEFT JOIN building_address b ON b.building_id = u.building_id AND b.is_main AND b.valid @> CURRENT_DATE
          LEFT JOIN address a ON a.id = b.address_id WHERE u.id = i.unit_id) END,
        'outcome', i.outcome, 'outcome_on', i.outcome_on, 'outcome_by_name', (SELECT a.name FROM account a WHERE a.id = i.outcome_by),
        'whereabouts_code', i.whereabouts_code, 'whereabouts', i.whereabouts, 'case_id', i.case_id, 'version', i.version)
      || CASE WHEN is_full THEN jsonb_build_object('name', i.name, 'sex', i.sex, 'id_tail', i.id_tail, 'id_number', encode(i.id_number, 'base64'),
          'known', CASE WHEN p.id IS NOT NULL THEN masked(p, CURRENT_DATE) END)
        ELSE masked(CASE WHEN p.id IS NOT NULL THEN p ELSE jsonb_populate_record(NULL::person, to_jsonb(i)) END, CURRENT_DATE) END AS row
    FROM separation_item i LEFT JOIN person p ON p.id = i.person_id
    WHERE i.run_id = entry.object_id AND CASE WHEN is_full THEN i.id::text = entry.fields[1] ELSE after_id IS NULL OR i.id > after_id END
    ORDER BY i.id LIMIT least(page_rows, 200) + 1) x);
END $$;

-- Separated persons of an area today. `here`: live here, hukou elsewhere in the city; `away`: hukou here, live elsewhere; `decided`: an
-- officer said otherwise than the rule or the same; `unregistered`: no hukou is known. A decision that holds today outweighs the rule.
CREATE OR REPLACE FUNCTION registry.reveal_separation(ticket uuid, asked_by bytea, wanted text, after_id uuid, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'separation');
  RETURN (
    WITH own AS MATERIALIZED (SELECT b.id FROM building b WHERE entry.object_id IN (b.community_id, b.township_id)),
    living AS (
      SELECT r.id AS row_id, r.person_id, r.unit_id, lower(r.valid) AS since, r.category, h.unit_id AS hukou_unit, h.division_code,
        -- A hukou elsewhere is out of sight; whether there is one is not.
        h.id IS NOT NULL OR CASE WHEN r.category = 'local_hukou' OR wanted = 'unregistered' THEN has_hukou(r.person_id, entry.valid_at, clock_timestamp()) END AS has_hukou,
        d.status AS decided, d.reason, lower(d.valid) AS decided_from, upper(d.valid) AS decided_until, NULL::boolean AS is_known,
        separation(r.category, r.unit_id, h.unit_id, h.id IS NOT NULL OR (r.category = 'local_hukou' AND has_hukou(r.person_id, entry.valid_at, clock_timestamp()))) AS derived
      FROM own o JOIN residence r ON r.building_id = o.id AND r.valid @> entry.valid_at AND upper(r.sys) IS NULL AND r.is_main IS NOT FALSE
        LEFT JOIN hukou h ON h.person_id = r.person_id AND h.valid @> entry.valid_at AND upper(h.sys) IS NULL
        LEFT JOIN separation_decision d ON d.person_id = r.person_id AND d.valid @> entry.valid_at AND upper(d.sys) IS NULL
      WHERE wanted <> 'away'),
    away AS (
      SELECT h.id AS row_id, h.person_id, h.unit_id, coalesce(lower(b.valid), lower(h.valid)) AS since, NULL AS category, h.unit_id AS hukou_unit, h.division_code,
        true AS has_hukou, d.status AS decided, d.reason, lower(d.valid) AS decided_from, upper(d.valid) AS decided_until,
        r.id IS NOT NULL OR b.whereabouts_code IS NOT NULL OR b.whereabouts IS NOT NULL AS is_known, 'registered_not_resident' AS derived
      FROM own o JOIN hukou h ON h.building_id = o.id AND h.valid @> entry.valid_at AND upper(h.sys) IS NULL
        LEFT JOIN absence b ON b.person_id = h.person_id AND b.valid @> entry.valid_at AND upper(b.sys) IS NULL
        LEFT JOIN residence r ON r.person_id = h.person_id AND r.valid @> entry.valid_at AND upper(r.sys) IS NULL AND r.is_main IS NOT FALSE
        LEFT JOIN separation_decision d ON d.person_id = h.person_id AND d.valid @> entry.valid_at AND upper(d.sys) IS NULL
      WHERE wanted IN ('away', 'decided') AND r.unit_id IS DISTINCT FROM h.unit_id),
    chosen AS (
      SELECT * FROM (SELECT * FROM living UNION ALL SELECT * FROM away) x
      WHERE (after_id IS NULL OR x.row_id > after_id) AND CASE wanted
        WHEN 'here' THEN coalesce(x.decided, x.derived) = 'resident_not_registered_here'
        WHEN 'away' THEN coalesce(x.decided, x.derived) = 'registered_not_resident'
        WHEN 'decided' THEN x.decided IS NOT NULL
        WHEN 'unregistered' THEN NOT x.has_hukou ELSE false END
      ORDER BY x.row_id LIMIT least(page_rows, 200) + 1)
    SELECT jsonb_build_object('rows', coalesce(jsonb_agg(masked(p, entry.valid_at) || jsonb_build_object('id', c.row_id, 'person_id', c.person_id,
        'unit_id', c.unit_id, 'unit', concat(a.standard_text, ba.building_no, u.unit_text), 'since', c.since, 'category', c.category,
        'hukou_unit_id', c.hukou_unit, 'hukou_code', c.division_code, 'derived', c.derived, 'decision', c.decided, 'reason', c.reason,
        'decided_from', c.decided_from, 'decided_until', c.decided_until, 'is_known', c.is_known) ORDER BY c.row_id), '[]'))::text
    FROM chosen c JOIN person p ON p.id = c.person_id JOIN housing_unit u ON u.id = c.unit_id
      LEFT JOIN building_address ba ON ba.building_id = u.building_id AND ba.is_main AND ba.valid @> CURRENT_DATE
      LEFT JOIN address a ON a.id = ba.address_id);
END $$;

-- A person without any hukou is referred to civil affairs or to the police; one open referral a person.
CREATE OR REPLACE FUNCTION registry.refer_hukou(asked_by bytea, own_id uuid, who uuid, to_whom text, act uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  p person%ROWTYPE;
  home residence%ROWTYPE;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  -- Held like any act upon a person: one merged meanwhile is referred as the record that holds.
  PERFORM hold_persons(ARRAY[who], '{}');
  SELECT * INTO p FROM person o WHERE o.id = live_person(who);
  home := home_of(p.id);
  verdict := judge_worker(viewer, home.district_id, home.township_id, home.community_id, 1, 1);
  IF verdict = 'done' THEN
    verdict := CASE
      WHEN EXISTS (SELECT FROM hukou h WHERE h.person_id = p.id AND upper_inf(h.sys) AND h.valid @> CURRENT_DATE) THEN 'has-hukou'
      WHEN EXISTS (SELECT FROM hukou_referral o WHERE o.person_id = p.id AND o.closed_on IS NULL) THEN 'referral-open'
      ELSE 'done' END;
  END IF;
  IF verdict = 'done' THEN
    INSERT INTO hukou_referral (id, person_id, referred_to, opened_by, act_id, district_id, township_id, community_id)
    VALUES (own_id, p.id, to_whom, viewer.account_id, act, home.district_id, home.township_id, home.community_id);
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'hukou-refer', 'hukou_referral', own_id, 'granted', to_whom);
  END IF;
  RETURN verdict;
END $$;

CREATE OR REPLACE FUNCTION registry.close_hukou_referral(asked_by bytea, asked uuid, read_version int, told_outcome text, act uuid)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  o hukou_referral%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO o FROM hukou_referral r WHERE r.id = asked FOR NO KEY UPDATE;
  version := o.version;
  outcome := judge_worker(viewer, o.district_id, o.township_id, o.community_id, read_version, o.version);
  IF outcome = 'done' AND o.closed_on IS NOT NULL THEN
    outcome := 'already-decided';
  END IF;
  IF outcome = 'done' THEN
    UPDATE hukou_referral r SET closed_on = CURRENT_DATE, outcome = told_outcome, act_id = act, version = r.version + 1 WHERE r.id = asked
    RETURNING r.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'hukou-close', 'hukou_referral', asked, 'granted', told_outcome);
  END IF;
  RETURN NEXT;
END $$;

-- Referrals without a person: where, to whom, since when, and how they ended.
CREATE OR REPLACE FUNCTION registry.read_referrals(asked_by bytea, is_open boolean, after_id uuid, most int, only_id uuid DEFAULT NULL)
RETURNS TABLE (id uuid, referred_to text, place text, opened_on date, opened_by_name text, closed_on date, outcome text, version int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL OR viewer.confined IS NOT NULL OR NOT may_separate(viewer.role) THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT r.id, r.referred_to, (SELECT d.full_name FROM division d WHERE d.id = coalesce(r.community_id, r.township_id, r.district_id)),
      r.opened_on, (SELECT a.name FROM account a WHERE a.id = r.opened_by), r.closed_on, r.outcome, r.version
    FROM hukou_referral r
    WHERE (r.id = only_id OR (only_id IS NULL AND (r.closed_on IS NULL) = is_open)) AND covers(viewer.areas, r.district_id, r.township_id, r.community_id) AND (after_id IS NULL OR r.id > after_id)
    ORDER BY r.id LIMIT most;
END $$;

-- One item of a run without its person: what was found out, and its version.
CREATE OR REPLACE FUNCTION registry.read_separation_item(asked_by bytea, asked uuid)
RETURNS TABLE (id uuid, run_id uuid, found_in text, outcome text, outcome_on date, case_id uuid, version int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  RETURN QUERY SELECT i.id, i.run_id, i.found_in, i.outcome, i.outcome_on, i.case_id, i.version FROM separation_item i
    WHERE i.id = asked AND viewer.confined IS NULL AND may_separate(viewer.role) AND covers(viewer.areas, i.district_id, i.township_id, i.community_id);
END $$;
