-- Somebody else judges looks: samples, alarms and emergencies.

-- A review as its reviewer sees it: the place that was looked at, never the person.
CREATE OR REPLACE FUNCTION registry.review_told(r registry.look_review) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT jsonb_build_object('id', r.id, 'at', r.at, 'kind', r.kind, 'looks', r.looks, 'verdict', r.verdict, 'note', r.note,
    'reviewed_at', r.reviewed_at, 'version', r.version,
    'account', (SELECT jsonb_build_object('name', a.name, 'role', a.role) FROM account a WHERE a.id = r.account_id),
    'look', (SELECT jsonb_build_object('audit_id', l.id, 'at', l.at, 'action', l.action, 'purpose', l.purpose, 'purpose_title', p.title,
        'case_number', l.case_number, 'object_kind', l.object_kind, 'row_count', CASE WHEN l.object_kind <> 'person' THEN l.row_count END, 'decision', l.decision,
        'object_title', concat_ws(' ', d.standard_text, nullif(b.building_no, ''), u.unit_text))
      FROM audit l LEFT JOIN purpose p ON p.code = l.purpose
        LEFT JOIN housing_unit u ON u.id = l.object_id AND l.object_kind = 'housing_unit'
        LEFT JOIN building_address b ON b.building_id = coalesce(u.building_id, l.object_id) AND b.is_main AND b.valid @> CURRENT_DATE
        LEFT JOIN address d ON d.id = b.address_id
      WHERE l.id = r.audit_id AND l.at BETWEEN r.at - interval '31 days' AND r.at + interval '1 day' LIMIT 1),
    'emergency', (SELECT jsonb_build_object('case_number', e.case_number, 'reason', e.reason, 'opened_at', e.opened_at)
      FROM emergency e WHERE e.id = r.emergency_id))
$$;

-- One page of what waits for a judgement, oldest first, or of what was judged, newest first.
CREATE OR REPLACE FUNCTION registry.read_reviews(asked_by bytea, waiting boolean, asked_kind text, after_id uuid, page_rows int)
RETURNS SETOF jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['station_head', 'population_office']);
  accounts uuid[] := accounts_within(viewer.areas);
BEGIN
  RETURN QUERY SELECT review_told(r) FROM look_review r
  WHERE (r.verdict IS NULL) = waiting AND (asked_kind IS NULL OR r.kind = asked_kind)
    AND r.account_id <> viewer.account_id AND (accounts IS NULL OR r.account_id = ANY (accounts))
    AND (after_id IS NULL OR (waiting AND r.id > after_id) OR (NOT waiting AND r.id < after_id))
  ORDER BY CASE WHEN waiting THEN r.id END, r.id DESC LIMIT page_rows;
END $$;

-- One that the caller may judge; no row otherwise.
CREATE OR REPLACE FUNCTION registry.read_review(asked_by bytea, asked uuid) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['station_head', 'population_office']);
BEGIN
  RETURN QUERY SELECT review_told(r) FROM look_review r
  WHERE r.id = asked AND r.account_id <> viewer.account_id AND coalesce(r.account_id = ANY (accounts_within(viewer.areas)), true);
END $$;

-- Judge once; answers the version.
CREATE OR REPLACE FUNCTION registry.decide_review(asked_by bytea, asked uuid, known_version int, verdict text, note text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['station_head', 'population_office']);
  item look_review%ROWTYPE;
BEGIN
  SELECT * INTO item FROM look_review r WHERE r.id = asked AND r.account_id <> viewer.account_id
    AND coalesce(r.account_id = ANY (accounts_within(viewer.areas)), true) FOR NO KEY UPDATE;
  IF item.id IS NULL THEN
    RAISE EXCEPTION 'no such review' USING ERRCODE = 'P0001', CONSTRAINT = 'review_unknown';
  ELSIF item.version <> known_version THEN
    RAISE EXCEPTION 'stale' USING ERRCODE = 'P0001', CONSTRAINT = 'version_stale', DETAIL = item.version;
  ELSIF item.verdict IS NOT NULL THEN
    RAISE EXCEPTION 'decided' USING ERRCODE = 'P0001', CONSTRAINT = 'review_decided';
  END IF;
  UPDATE look_review r SET verdict = decide_review.verdict, note = decide_review.note, reviewed_by = viewer.account_id,
    reviewed_at = clock_timestamp(), version = r.version + 1 WHERE r.id = asked;
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'review', 'look_review', asked, verdict, item.kind);
  RETURN item.version + 1;
END $$;

-- Half an hour beyond one's own areas, straight after a second factor; somebody else judges it within a day.
CREATE OR REPLACE FUNCTION registry.open_emergency(asked_by bytea, own_id uuid, case_number text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['officer']);
BEGIN
  IF coalesce(viewer.strong_at, '-infinity') < clock_timestamp() - interval '5 minutes' THEN
    RAISE EXCEPTION 'no fresh second factor' USING ERRCODE = 'P0001', CONSTRAINT = 'factor_stale';
  ELSIF EXISTS (SELECT FROM emergency e WHERE e.session_id = viewer.session_id AND e.expires_at > clock_timestamp()) THEN
    RAISE EXCEPTION 'open already' USING ERRCODE = 'P0001', CONSTRAINT = 'emergency_open';
  END IF;
  INSERT INTO emergency (id, account_id, session_id, case_number, reason)
  VALUES (own_id, viewer.account_id, viewer.session_id, open_emergency.case_number, open_emergency.reason);
  INSERT INTO look_review (kind, account_id, emergency_id) VALUES ('emergency', viewer.account_id, own_id);
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'emergency', 'emergency', own_id, 'granted', NULL);
END $$;

-- One's own emergencies of the last month, newest first.
CREATE OR REPLACE FUNCTION registry.own_emergencies(asked_by bytea) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['officer']);
BEGIN
  RETURN QUERY SELECT jsonb_build_object('id', e.id, 'opened_at', e.opened_at, 'expires_at', e.expires_at, 'case_number', e.case_number,
    'reason', e.reason, 'is_open', e.session_id = viewer.session_id AND e.expires_at > clock_timestamp(),
    'verdict', r.verdict, 'reviewed_at', r.reviewed_at)
  FROM emergency e JOIN look_review r ON r.emergency_id = e.id
  WHERE e.account_id = viewer.account_id AND e.opened_at > now() - interval '31 days' ORDER BY e.opened_at DESC;
END $$;

CREATE OR REPLACE FUNCTION registry.look_actions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY['occupants', 'dwellings', 'person', 'export', 'subject', 'name', 'case', 'check', 'paper', 'ledger', 'permit', 'separation', 'run',
    'duplicates', 'lineage', 'declaration', 'death']
$$;
CREATE OR REPLACE FUNCTION registry.is_look(a registry.audit) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT a.decision = 'granted' AND a.action = ANY (registry.look_actions())
$$;

-- Looks that belong to a case at hand: they have a count of their own, five times as long, and no limit of buildings.
CREATE OR REPLACE FUNCTION registry.is_work(action text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT action IN ('case', 'check', 'paper', 'permit', 'declaration', 'death')
$$;

-- How many looks on a day are too many for a role: three standard deviations above the mean of its days of the last month
-- with looks. Reads a month of the audit; once a day is enough.
CREATE OR REPLACE FUNCTION registry.look_habits(moment timestamptz) RETURNS TABLE (role text, most int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT d.role, ceil(avg(d.looks) + 3 * stddev_samp(d.looks))::int
  FROM (SELECT a.role, count(*) AS looks FROM audit a
    WHERE a.at >= date_trunc('day', moment) - interval '30 days' AND a.at < date_trunc('day', moment) AND is_look(a) AND NOT is_work(a.action)
    GROUP BY a.role, a.account_id, a.at::date) d
  GROUP BY d.role HAVING count(*) >= 30
$$;

-- Alarms over the last looks before a moment; answers how many. Accounts with looks are those whose count moved, so that
-- no call reads more than their last rows.
CREATE OR REPLACE FUNCTION registry.raise_alarms_at(moment timestamptz, since interval, habit_roles text[], habit_most int[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  night timestamptz := date_trunc('day', moment - interval '6 hours') + interval '22 hours';
  raised int;
BEGIN
  WITH recent AS MATERIALIZED (
    SELECT a.id, a.at, a.account_id, a.action, a.row_count, c.day, c.in_day,
      coalesce(a.subject_key, CASE WHEN a.object_kind = 'person' THEN (SELECT p.id_index FROM person p WHERE p.id = a.object_id) END) AS subject
    FROM look_count c JOIN audit a ON a.account_id = c.account_id AND a.at > moment - since AND a.at <= moment AND is_look(a)
    WHERE c.hour >= date_trunc('hour', moment - since)
  ), accounts AS (
    SELECT r.account_id, (array_agg(r.id ORDER BY r.at DESC))[1] AS audit_id, max(r.at) AS at, max(r.day) AS day, max(r.in_day) AS in_day
    FROM recent r GROUP BY r.account_id
  ), alarms AS (
    SELECT 'night' AS kind, r.account_id, (array_agg(r.id ORDER BY r.at))[1] AS audit_id, count(*) AS looks, night AS first_at
    FROM recent r WHERE extract(hour FROM r.at) >= 22 OR extract(hour FROM r.at) < 6 GROUP BY r.account_id
    UNION ALL
    SELECT 'walking', a.account_id, a.audit_id, n.looks, moment - interval '1 hour'
    FROM accounts a, LATERAL (SELECT count(*) AS looks FROM audit w WHERE w.account_id = a.account_id AND w.at > moment - interval '1 hour'
      AND w.at <= moment AND w.action = 'dwellings' AND w.row_count = 0 AND is_look(w)) n
    WHERE n.looks >= 5
    UNION ALL
    SELECT 'habit', a.account_id, a.audit_id, a.in_day, date_trunc('day', moment)
    FROM accounts a JOIN account c ON c.id = a.account_id JOIN unnest(habit_roles, habit_most) h (role, most) ON h.role = c.role
    WHERE a.day = moment::date AND a.in_day >= 30 AND a.in_day > h.most
    UNION ALL
    SELECT 'repeat', s.account_id, s.audit_id, n.looks, moment - interval '30 days'
    FROM (SELECT r.account_id, r.subject, (array_agg(r.id ORDER BY r.at DESC))[1] AS audit_id
        FROM recent r WHERE r.subject IS NOT NULL GROUP BY r.account_id, r.subject) s,
      LATERAL (SELECT count(*) AS looks, array_agg(x.id) AS ids FROM (
        SELECT b.id FROM audit b WHERE b.subject_key = s.subject AND b.account_id = s.account_id
          AND b.at > moment - interval '30 days' AND b.at <= moment AND is_look(b)
        UNION ALL
        SELECT b.id FROM person p JOIN audit b ON b.object_id = p.id AND b.object_kind = 'person' AND b.account_id = s.account_id
          AND b.at > moment - interval '30 days' AND b.at <= moment AND is_look(b)
        WHERE p.id_index = s.subject) x) n
    WHERE n.looks > 5 AND NOT EXISTS (SELECT FROM look_review k WHERE k.account_id = s.account_id AND k.kind = 'repeat' AND k.audit_id = ANY (n.ids))
  ), written AS (
    INSERT INTO look_review (at, kind, account_id, audit_id, looks)
    SELECT moment, f.kind, f.account_id, f.audit_id, f.looks FROM alarms f
    WHERE f.kind = 'repeat' OR NOT EXISTS (SELECT FROM look_review k WHERE k.account_id = f.account_id AND k.kind = f.kind AND k.at >= f.first_at)
    -- Two processes that judge in the same moment find the same rows.
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) INTO raised FROM written;
  RETURN raised;
END $$;

-- What the server calls each minute: two rounds look at every look, for a row has its time a moment before it is committed.
-- The time is the database's own, or one could date an alarm ahead and silence those that follow.
CREATE OR REPLACE FUNCTION registry.raise_alarms(habit_roles text[], habit_most int[]) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT raise_alarms_at(clock_timestamp(), interval '2 minutes', habit_roles, habit_most)
$$;
