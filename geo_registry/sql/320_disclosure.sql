-- A list of persons leaves the registry when one asks for it and two others approve; whoever holds the server's password
-- alone can neither approve nor make one, and no machine asks or approves. The calls answer why they refuse, or `done`; a refused one changes nothing.

-- The permissions of geo_registry/access/rules.py say the same.
CREATE OR REPLACE FUNCTION registry.may_disclose(role text, step text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE step
    WHEN 'request' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'approve' THEN role IN ('station_head', 'population_office')
    ELSE false END
$$;

-- The buildings of what a disclosure is about.
CREATE OR REPLACE FUNCTION registry.buildings_of(about text, asked uuid) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT u.building_id FROM registry.housing_unit u WHERE about = 'housing_unit' AND u.id = asked
    UNION ALL SELECT b.id FROM registry.building b WHERE about = 'building' AND b.id = asked
    UNION ALL SELECT b.id FROM registry.division d JOIN registry.building b ON b.district_id = d.district_id AND d.id IN (b.township_id, b.community_id)
      WHERE about = 'division' AND d.id = asked;
END $$;

-- Who lives there at a day, as known at a time; of a caller under row-level security, those in its scope.
CREATE OR REPLACE FUNCTION registry.residents_of(about text, asked uuid, day date, known_at timestamptz, most int) RETURNS SETOF registry.residence
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM registry.buildings_of(about, asked) b JOIN registry.residence r ON r.building_id = b
    WHERE (about <> 'housing_unit' OR r.unit_id = asked) AND r.valid @> day AND r.sys @> known_at LIMIT most;
END $$;

-- Where it lies; nothing for what is no unit, building, community or township.
CREATE OR REPLACE FUNCTION registry.place_to_disclose(about text, asked uuid)
RETURNS TABLE (district_id uuid, township_id uuid, community_id uuid) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT u.district_id, u.township_id, u.community_id FROM registry.housing_unit u WHERE about = 'housing_unit' AND u.id = asked
    UNION ALL SELECT b.district_id, b.township_id, b.community_id FROM registry.building b WHERE about = 'building' AND b.id = asked
    UNION ALL SELECT d.district_id, d.township_id, CASE d.level WHEN 'community' THEN d.id END
      FROM registry.division d WHERE about = 'division' AND d.id = asked AND d.level IN ('township', 'community');
END $$;

-- How many rows a file of it would have, in full tens, ten at least: a request shows that it is not too long, not whether somebody
-- lives in a room.
CREATE OR REPLACE FUNCTION registry.rows_about(asked uuid) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN (SELECT greatest(10, ((SELECT count(*) FROM residents_of(d.object_kind, d.object_id, CURRENT_DATE, clock_timestamp(), 5001)) + 9) / 10 * 10) FROM disclosure d WHERE d.id = asked);
END $$;

-- Addresses that nobody lives at: streets, buildings and rooms of the place itself, with numbers that no register has, and
-- that no other file has. The more files there are of a place, the further the numbers go.
CREATE OR REPLACE FUNCTION registry.decoys_for(about text, asked uuid, district uuid, most int) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN (
    WITH own AS MATERIALIZED (SELECT b AS building_id FROM buildings_of(about, asked) b LIMIT 200),
    streets AS MATERIALIZED (
      SELECT DISTINCT ON (a.scope_id) a.scope_id, left(a.standard_text, -length(a.number_text)) AS stem, substring(a.number_text FROM '^[0-9]+(.*)$') AS suffix,
        (SELECT max(b.number) FROM address b WHERE b.scope_id = a.scope_id) AS top
      FROM own JOIN building_address ba USING (building_id) JOIN address a ON a.id = ba.address_id
      WHERE a.number_text ~ '^[0-9]+' AND right(a.standard_text, length(a.number_text)) = a.number_text
      ORDER BY a.scope_id, a.number),
    free AS MATERIALIZED (
      SELECT s.stem || n || s.suffix AS text FROM streets s,
        generate_series(1, s.top + 40 + most * (SELECT count(*) FROM disclosure o WHERE o.object_id = asked)) n
      WHERE NOT EXISTS (SELECT FROM address a WHERE a.scope_id = s.scope_id AND a.number = n) ORDER BY random() LIMIT 100),
    rooms AS MATERIALIZED (
      SELECT DISTINCT ba.building_no || u.unit_text AS text FROM own JOIN building_address ba USING (building_id) JOIN housing_unit u USING (building_id)
      WHERE ba.is_main LIMIT 100)
    SELECT coalesce(array_agg(x.text), '{}') FROM (
      SELECT f.text || r.text AS text FROM free f, rooms r
      WHERE f.text NOT IN (SELECT a.standard_text FROM address a WHERE a.district_id = district)
        AND f.text || r.text NOT IN (SELECT unnest(o.decoys) FROM disclosure o)
      ORDER BY random() LIMIT most) x);
END $$;

CREATE OR REPLACE FUNCTION registry.request_disclosure(asked_by bytea, own_id uuid, kind text, asked uuid, asked_purpose text, asked_case text,
  to_whom text, why text, numbers boolean, days int, decoys int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  place record;
  ground purpose%ROWTYPE;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO place FROM place_to_disclose(kind, asked);
  SELECT * INTO ground FROM purpose p WHERE p.code = asked_purpose AND p.valid @> CURRENT_DATE;
  verdict := CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT may_disclose(viewer.role, 'request') THEN 'not-allowed'
    WHEN place.district_id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id) THEN 'not-found'
    WHEN ground.code IS NULL THEN 'purpose-unknown'
    WHEN NOT viewer.role = ANY (ground.roles) OR NOT asked_purpose = ANY (coalesce(viewer.purposes, ARRAY[asked_purpose])) THEN 'purpose-not-allowed'
    WHEN numbers AND NOT ARRAY['id_number', 'phone'] <@ ground.fields THEN 'field-not-allowed'
    WHEN btrim(asked_case) !~ ('^(?:' || ground.case_pattern || ')$') THEN 'case-required'
    WHEN (SELECT count(*) FROM residents_of(kind, asked, CURRENT_DATE, clock_timestamp(), 5001)) > 5000 THEN 'too-many-rows'
    ELSE 'done' END;
  IF verdict <> 'done' THEN
    RETURN verdict;
  END IF;
  -- One at a time, for the number of the day and for decoys that no other request takes.
  PERFORM pg_advisory_xact_lock(hashtextextended('disclosure', 0));
  INSERT INTO disclosure (id, number, requested_by, expires_at, purpose, case_number, recipient, reason, object_kind, object_id, with_numbers, seed,
    decoys, district_id, township_id, community_id)
  SELECT own_id, 'D' || to_char(CURRENT_DATE, 'YYYYMMDD') || '-' || digits(count(*), 3), viewer.account_id, now() + days * interval '1 day',
    asked_purpose, asked_case, to_whom, why, kind, asked, numbers, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    decoys_for(kind, asked, place.district_id, decoys), place.district_id, place.township_id, place.community_id
  FROM (SELECT 1 UNION ALL SELECT 1 FROM disclosure o WHERE o.number LIKE 'D' || to_char(CURRENT_DATE, 'YYYYMMDD') || '-%') today;
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'disclosure-request', 'disclosure', own_id, 'granted',
    kind || CASE WHEN numbers THEN ' with numbers' ELSE '' END);
  RETURN verdict;
END $$;

-- `approved` or `refused` by somebody else, `withdrawn` by the requester; the second approval opens it, and the other two close it
-- at any time.
CREATE OR REPLACE FUNCTION registry.judge_disclosure(asked_by bytea, asked uuid, read_version int, judgement text, words text)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  d disclosure%ROWTYPE;
  approvals int;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO d FROM disclosure o WHERE o.id = asked FOR NO KEY UPDATE;
  version := d.version;
  outcome := CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' THEN 'not-allowed'
    WHEN d.id IS NULL THEN 'not-found'
    WHEN judgement = 'withdrawn' AND viewer.account_id <> d.requested_by THEN 'not-found'
    WHEN judgement <> 'withdrawn' AND NOT may_disclose(viewer.role, 'approve') THEN 'not-allowed'
    WHEN judgement <> 'withdrawn' AND NOT covers(viewer.areas, d.district_id, d.township_id, d.community_id) THEN 'not-found'
    WHEN judgement <> 'withdrawn' AND viewer.account_id = d.requested_by THEN 'own-request'
    WHEN d.version <> read_version THEN 'stale'
    WHEN EXISTS (SELECT FROM disclosure_approval p WHERE p.disclosure_id = asked AND p.account_id = viewer.account_id) THEN 'already-judged'
    WHEN d.expires_at <= clock_timestamp() OR NOT (d.state = 'requested'
      OR (judgement <> 'approved' AND d.state IN ('approved', 'made'))) THEN 'not-open'
    ELSE 'done' END;
  IF outcome = 'done' THEN
    IF judgement <> 'withdrawn' THEN
      INSERT INTO disclosure_approval (disclosure_id, account_id, verdict, note) VALUES (asked, viewer.account_id, judgement, words);
      SELECT count(*) INTO approvals FROM disclosure_approval p WHERE p.disclosure_id = asked AND p.verdict = 'approved';
    END IF;
    UPDATE disclosure o SET version = o.version + 1, state = CASE WHEN judgement <> 'approved' THEN judgement WHEN approvals >= 2 THEN 'approved' ELSE o.state END
    WHERE o.id = asked RETURNING o.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'disclosure-' || judgement, 'disclosure', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- The disclosure that a look may make a file of: by its requester, for its purpose and case, with two approvals of others, while it lasts.
CREATE OR REPLACE FUNCTION registry.disclosable(entry registry.audit) RETURNS registry.disclosure
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  found disclosure%ROWTYPE;
BEGIN
  SELECT * INTO found FROM disclosure d
  WHERE d.id = entry.object_id AND d.requested_by = entry.account_id AND d.state IN ('approved', 'made') AND d.expires_at > clock_timestamp()
    AND d.purpose = entry.purpose AND d.case_number = entry.case_number AND entry.emergency_id IS NULL AND (d.with_numbers OR NOT 'id_number' = ANY (entry.fields))
    AND (SELECT count(*) FROM disclosure_approval p WHERE p.disclosure_id = d.id AND p.verdict = 'approved' AND p.account_id <> d.requested_by) >= 2;
  RETURN found;
END $$;

-- The rows of a file, as of the second approval, so that every file of it is the same list; masked as on screen; ciphers of numbers only where the ticket names them, and none of minors. NULL where no file
-- may be made.
CREATE OR REPLACE FUNCTION registry.reveal_export(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  d disclosure;
  opened timestamptz;
BEGIN
  entry := honour(ticket, asked_by, 'export');
  d := disclosable(entry);
  IF d.id IS NULL THEN
    RETURN NULL;
  END IF;
  opened := (SELECT max(p.at) FROM disclosure_approval p WHERE p.disclosure_id = d.id AND p.verdict = 'approved');
  RETURN jsonb_build_object('seed', encode(d.seed, 'hex'), 'decoys', d.decoys, 'rows', (
    SELECT coalesce(jsonb_agg(masked(p, entry.valid_at) || jsonb_build_object(
      'person_id', p.id, 'address', concat(a.standard_text, ba.building_no, u.unit_text), 'category', r.category, 'since', lower(r.valid),
      'id_type', p.id_type,
      'id_number', CASE WHEN 'id_number' = ANY (entry.fields) AND NOT is_minor(p.birth_year, p.birth_month, entry.valid_at) THEN encode(p.id_number, 'base64') END,
      'phone', CASE WHEN 'id_number' = ANY (entry.fields) AND NOT is_minor(p.birth_year, p.birth_month, entry.valid_at) THEN encode(p.phone, 'base64') END)), '[]')
    FROM residents_of(d.object_kind, d.object_id, opened::date, opened, 5001) r
      JOIN person p ON p.id = r.person_id JOIN housing_unit u ON u.id = r.unit_id
      LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main AND ba.valid @> entry.valid_at
      LEFT JOIN address a ON a.id = ba.address_id))::text;
END $$;

-- A file was made of a look and is about to leave: its hash stays, its content does not.
CREATE OR REPLACE FUNCTION registry.keep_file(asked_by bytea, ticket uuid, file_form text, file_rows int, digest bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  entry audit%ROWTYPE;
  made uuid;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO entry FROM audit a WHERE a.id = ticket AND a.at > now() - interval '1 hour' AND a.session_id = viewer.session_id
    AND a.action = 'export' AND a.decision = 'granted';
  UPDATE disclosure d SET state = 'made', version = d.version + 1 WHERE d.id = (disclosable(entry)).id RETURNING d.id INTO made;
  IF made IS NULL THEN
    RETURN false;
  END IF;
  INSERT INTO disclosure_file (audit_id, disclosure_id, account_id, form, row_count, sha256)
  VALUES (ticket, made, viewer.account_id, file_form, file_rows, digest);
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'disclosure-file', 'disclosure', made, 'granted', file_form || ' ' || encode(digest, 'hex'));
  RETURN true;
END $$;

-- What a place is called in a list of requests.
CREATE OR REPLACE FUNCTION registry.title_of(about text, asked uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE about
    WHEN 'division' THEN (SELECT d.full_name FROM registry.division d WHERE d.id = asked)
    ELSE (SELECT concat(a.standard_text, ba.building_no, CASE about WHEN 'housing_unit' THEN (SELECT u.unit_text FROM registry.housing_unit u WHERE u.id = asked) END)
      FROM registry.buildings_of(about, asked) b JOIN registry.building_address ba ON ba.building_id = b AND ba.is_main AND ba.valid @> CURRENT_DATE
      JOIN registry.address a ON a.id = ba.address_id LIMIT 1) END;
END $$;
