-- A look at persons in three steps, one round trip: intent, COMMIT, reveal.
-- Safety sits in the reveal: it answers only to a ticket whose audit row is committed and flushed.

-- What each role may ask at all; a purpose narrows it further. The permissions of geo_registry/access/rules.py say the same.
CREATE OR REPLACE FUNCTION registry.may_look(role text, action text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE action
    WHEN 'occupants' THEN role IN ('officer', 'coordinator', 'entry_clerk', 'station_head', 'quality_supervisor', 'population_office')
    WHEN 'dwellings' THEN role IN ('officer', 'entry_clerk', 'station_head', 'population_office', 'permit_desk')
    WHEN 'person' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'export' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'subject' THEN role = 'population_office'
    WHEN 'name' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'case' THEN role IN ('coordinator', 'entry_clerk', 'officer', 'station_head')
    WHEN 'check' THEN role IN ('coordinator', 'entry_clerk')
    WHEN 'paper' THEN role IN ('coordinator', 'entry_clerk', 'officer', 'station_head')
    WHEN 'ledger' THEN role IN ('entry_clerk', 'officer', 'station_head', 'population_office')
    WHEN 'permit' THEN role = 'permit_desk'
    WHEN 'separation' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'run' THEN role IN ('officer', 'station_head', 'population_office')
    WHEN 'duplicates' THEN role IN ('station_head', 'population_office')
    WHEN 'lineage' THEN role IN ('station_head', 'population_office')
    WHEN 'declaration' THEN role IN ('entry_clerk', 'officer')
    WHEN 'death' THEN role IN ('officer', 'station_head')
    ELSE false END
$$;

-- Whose document it is: of the person who has it now, of the one that this record was merged into, or of whom it was before a
-- correction. A step of the looks: a merged record lies in nobody's area any more.
CREATE OR REPLACE FUNCTION registry.person_of(subject bytea, OUT id uuid, OUT way text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  next_id uuid;
BEGIN
  SELECT p.id, p.merged_into, 'document' INTO id, next_id, way FROM person p WHERE p.id_index = subject;
  IF id IS NULL THEN
    SELECT h.person_id, p.merged_into, 'former-document' INTO id, next_id, way FROM person_history h JOIN person p ON p.id = h.person_id
    WHERE h.id_index = subject ORDER BY h.version DESC, h.person_id LIMIT 1;
  END IF;
  IF next_id IS NOT NULL THEN
    id := live_person(next_id);
    way := 'merged';
  END IF;
END $$;

-- How many persons a look can show; told to the audit, never to the caller. Like the next two a step of `intent`: it runs with
-- its rights and its path.
CREATE OR REPLACE FUNCTION registry.persons_in(action text, kind text, asked uuid, subject bytea, day date, knowledge timestamptz)
RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF action = 'person' THEN
    RETURN (SELECT count(*) FROM registry.person p WHERE p.id = asked);
  ELSIF action = 'case' THEN
    RETURN (SELECT c.forms FROM registry.registration_case c WHERE c.id = asked);
  ELSIF action IN ('dwellings', 'subject') THEN
    RETURN (SELECT count(o.id) FROM registry.person_of(subject) o);
  ELSIF kind = 'building' THEN
    RETURN (SELECT count(*) FROM registry.residence r WHERE r.building_id = asked AND r.valid @> day AND r.sys @> knowledge);
  ELSIF kind = 'housing_unit' THEN
    RETURN (SELECT count(*) FROM registry.residence r WHERE r.unit_id = asked AND r.valid @> day AND r.sys @> knowledge);
  END IF;
  RETURN NULL;
END $$;

-- One look more in this hour and on this day, unless a limit is reached: looks an hour, looks a day, different buildings an hour.
-- The update waits for the row, and judges what it then finds: parallel looks cannot pass beside each other. No row, no look.
CREATE OR REPLACE FUNCTION registry.count_look(asked uuid, building uuid, works boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  this_hour timestamptz := date_trunc('hour', clock_timestamp());
BEGIN
  UPDATE registry.look_count c SET
    hour = this_hour, in_hour = CASE WHEN c.hour = this_hour THEN c.in_hour ELSE 0 END + (NOT works)::int,
    work_in_hour = CASE WHEN c.hour = this_hour THEN c.work_in_hour ELSE 0 END + works::int,
    day = CURRENT_DATE, in_day = CASE WHEN c.day = CURRENT_DATE THEN c.in_day ELSE 0 END + (NOT works)::int,
    work_in_day = CASE WHEN c.day = CURRENT_DATE THEN c.work_in_day ELSE 0 END + works::int,
    buildings = CASE WHEN c.hour <> this_hour THEN array_remove(ARRAY[building], NULL)
      WHEN building IS NULL OR building = ANY (c.buildings) THEN c.buildings ELSE c.buildings || building END
  FROM registry.account a
  WHERE c.account_id = asked AND a.id = asked
    AND CASE WHEN c.hour <> this_hour THEN 0 WHEN works THEN c.work_in_hour / 5 ELSE c.in_hour END < a.hourly_limit
    AND CASE WHEN c.day <> CURRENT_DATE THEN 0 WHEN works THEN c.work_in_day / 5 ELSE c.in_day END < a.daily_limit
    AND CASE WHEN c.hour <> this_hour THEN (building IS NOT NULL)::int
      ELSE cardinality(c.buildings) + coalesce(NOT building = ANY (c.buildings), false)::int END <= a.building_limit;
  RETURN FOUND;
END $$;

-- Why a look is refused, or `granted`; counts it then.
CREATE OR REPLACE FUNCTION registry.judge_look(viewer record, asked_action text, asked_purpose text, asked_case text, asked_kind text,
  asked_fields text[], place record, emergency uuid)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  reason record;
BEGIN
  SELECT p.code, p.roles, p.case_pattern, p.fields, coalesce(w.anchored_at < now() - w.stop_after, true) AS is_unanchored INTO reason
  FROM (SELECT) always LEFT JOIN registry.purpose p ON p.code = asked_purpose AND p.valid @> CURRENT_DATE
    LEFT JOIN registry.audit_anchor w ON w.id;
  RETURN CASE
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    -- What is looked at is what the action shows, or the record would name another thing.
    WHEN (asked_action, asked_kind) NOT IN (('occupants', 'building'), ('occupants', 'housing_unit'), ('dwellings', 'person'), ('person', 'person'),
      ('subject', 'person'), ('export', 'disclosure'), ('name', 'division'), ('case', 'registration_case'), ('check', 'registration_case'),
      ('paper', 'registration_case'), ('ledger', 'division'), ('permit', 'person'), ('separation', 'division'), ('run', 'separation_run'),
      ('duplicates', 'division'), ('lineage', 'person_lineage'), ('declaration', 'declaration'), ('death', 'death_notice')) THEN 'not-allowed'
    WHEN NOT registry.may_look(viewer.role, asked_action) THEN 'not-allowed'
    WHEN coalesce(asked_purpose, '') = '' THEN 'purpose-required'
    WHEN reason.code IS NULL THEN 'purpose-unknown'
    WHEN NOT viewer.role = ANY (reason.roles) OR NOT asked_purpose = ANY (coalesce(viewer.purposes, ARRAY[asked_purpose])) THEN 'purpose-not-allowed'
    WHEN btrim(coalesce(asked_case, '')) !~ ('^(?:' || reason.case_pattern || ')$') THEN 'case-required'
    WHEN asked_action IN ('person', 'lineage') AND NOT asked_fields <@ reason.fields THEN 'field-not-allowed'
    WHEN asked_action IN ('run', 'export') AND 'id_number' = ANY (asked_fields)
      AND NOT ARRAY['id_number', CASE asked_action WHEN 'run' THEN 'name' ELSE 'phone' END] <@ reason.fields THEN 'field-not-allowed'
    WHEN asked_kind <> 'person' AND (place.district_id IS NULL
      OR (emergency IS NULL AND NOT registry.covers(viewer.areas, place.district_id, place.township_id, place.community_id))) THEN 'not-found'
    WHEN reason.is_unanchored THEN 'audit-unanchored'
    WHEN NOT registry.count_look(viewer.account_id, CASE WHEN NOT registry.is_work(asked_action) THEN place.building_id END, registry.is_work(asked_action)) THEN 'limit-reached'
    ELSE 'granted' END;
END $$;

-- Where the other things lie that are looked at: lists of an area, cases, what came in from outside. A step of `intent`.
CREATE OR REPLACE FUNCTION registry.place_of(kind text, asked uuid)
RETURNS TABLE (building_id uuid, district_id uuid, township_id uuid, community_id uuid) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT NULL::uuid, d.district_id, CASE d.level WHEN 'township' THEN d.id ELSE d.township_id END, CASE d.level WHEN 'community' THEN d.id END
      FROM registry.division d WHERE place_of.kind = 'division' AND d.id = asked AND d.level IN ('township', 'community')
    UNION ALL SELECT c.building_id, c.district_id, c.township_id, c.community_id FROM registry.registration_case c WHERE place_of.kind = 'registration_case' AND c.id = asked
    UNION ALL SELECT NULL, s.district_id, s.township_id, s.community_id FROM registry.separation_run s WHERE place_of.kind = 'separation_run' AND s.id = asked
    UNION ALL SELECT NULL, l.district_id, l.township_id, l.community_id FROM registry.person_lineage l WHERE place_of.kind = 'person_lineage' AND l.id = asked
    UNION ALL SELECT NULL, o.district_id, o.township_id, o.community_id FROM registry.declaration o WHERE place_of.kind = 'declaration' AND o.id = asked
    UNION ALL SELECT NULL, n.district_id, n.township_id, n.community_id FROM registry.death_notice n WHERE place_of.kind = 'death_notice' AND n.id = asked;
END $$;

-- Write the audit row and decide. The row stays whatever the decision is; a token that never was a session's has nobody to
-- name and leaves none, or anybody could fill the audit.
CREATE OR REPLACE FUNCTION registry.intent(
  ticket uuid, asked_by bytea, asked_action text, asked_purpose text, asked_case text, asked_kind text, asked_id uuid,
  asked_subject bytea, asked_fields text[], at_day date, at_knowledge timestamptz, from_address inet, request uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  viewer record;
  place record;
  emergency uuid;
  verdict text := 'session-ended';
  people int;
BEGIN
  -- A caller may have switched off waiting for the disk; the record waits all the same.
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  -- The audit is read in the order of its ids: one that lies about its time (UUIDv7) would hide in it.
  IF abs(('x' || lpad(left(replace(ticket::text, '-', ''), 12), 16, '0'))::bit(64)::bigint - extract(epoch FROM clock_timestamp()) * 1000) > 300000 THEN
    RAISE EXCEPTION 'the ticket is of another time' USING ERRCODE = 'P0001', CONSTRAINT = 'ticket_time';
  END IF;
  at_day := coalesce(at_day, CURRENT_DATE);
  SELECT * INTO viewer FROM viewer_of(asked_by);
  -- A person has no place here: row-level security decides in the reveal.
  IF asked_kind = 'housing_unit' THEN
    SELECT u.building_id, u.district_id, u.township_id, u.community_id INTO place FROM housing_unit u WHERE u.id = asked_id;
  ELSIF asked_kind = 'disclosure' THEN
    SELECT NULL::uuid AS building_id, d.district_id, d.township_id, d.community_id INTO place FROM disclosure d WHERE d.id = asked_id;
  ELSIF asked_kind IN ('division', 'registration_case', 'separation_run', 'person_lineage', 'declaration', 'death_notice') THEN
    SELECT * INTO place FROM place_of(asked_kind, asked_id);
  ELSE
    SELECT b.id AS building_id, b.district_id, b.township_id, b.community_id INTO place FROM building b
    WHERE b.id = asked_id AND asked_kind = 'building';
  END IF;
  IF viewer.account_id IS NULL THEN
    SELECT s.account_id, s.id AS session_id, a.role INTO viewer FROM session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = asked_by;
    IF viewer.account_id IS NULL THEN
      RETURN verdict;
    END IF;
  ELSE
    SELECT e.id INTO emergency FROM emergency e WHERE e.session_id = viewer.session_id AND e.expires_at > clock_timestamp();
    verdict := judge_look(viewer, asked_action, asked_purpose, asked_case, asked_kind, asked_fields, place, emergency);
    UPDATE session s SET seen_at = clock_timestamp()
    WHERE s.id = viewer.session_id AND s.seen_at < clock_timestamp() - interval '1 minute';
  END IF;
  IF verdict = 'granted' THEN
    people := persons_in(asked_action, asked_kind, asked_id, asked_subject, at_day, coalesce(at_knowledge, clock_timestamp()));
    -- Two of a hundred looks are judged by somebody else; which ones nobody can know beforehand.
    IF ('x' || left(gen_random_uuid()::text, 4))::bit(16)::int < 1311 THEN
      INSERT INTO look_review (kind, account_id, audit_id, looks) VALUES ('sample', viewer.account_id, ticket, 1);
    END IF;
  ELSIF verdict = 'limit-reached' THEN
    -- Parallel looks reach a limit together, and one of them tells.
    PERFORM FROM look_count c WHERE c.account_id = viewer.account_id FOR UPDATE;
    INSERT INTO look_review (kind, account_id, audit_id, looks)
    SELECT 'limit', viewer.account_id, ticket, c.in_hour FROM look_count c
    WHERE c.account_id = viewer.account_id AND NOT EXISTS (SELECT FROM look_review r WHERE r.account_id = c.account_id AND r.kind = 'limit'
      AND r.at >= date_trunc('hour', clock_timestamp()));
  END IF;
  INSERT INTO audit (id, at, account_id, session_id, role, address, action, purpose, case_number, object_kind, object_id,
    subject_key, fields, valid_at, known_at, decision, request_id, written_xid, written_lsn, area_id, row_count, emergency_id)
  VALUES (ticket, clock_timestamp(), viewer.account_id, viewer.session_id, viewer.role, from_address, asked_action,
    CASE WHEN verdict NOT IN ('purpose-unknown', 'purpose-required') THEN left(asked_purpose, 40) END, left(asked_case, 100), asked_kind, asked_id, asked_subject, asked_fields, at_day, at_knowledge,
    verdict, request, pg_current_xact_id(), pg_current_wal_insert_lsn(),
    coalesce(place.community_id, place.township_id, place.district_id), people, emergency);
  RETURN verdict;
END $$;

-- The granted, committed, flushed and young ticket of this very session for this very action; sets the scope for
-- what follows.
CREATE OR REPLACE FUNCTION registry.honour(ticket uuid, asked_by bytea, wanted text) RETURNS registry.audit
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  entry audit%ROWTYPE;
  near record;
  is_whole boolean;
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
  -- The area of the object stands apart, if it is one of the viewer's: most rows that follow are compared with it alone.
  IF entry.object_kind = 'person' THEN
    SELECT p.community_id AS id, p.district_id, p.township_id INTO near FROM person p WHERE p.id = (SELECT o.id FROM person_of(entry.subject_key) o);
  ELSE
    SELECT d.id, coalesce(d.district_id, d.id) AS district_id, d.township_id INTO near FROM division d WHERE d.id = entry.area_id;
  END IF;
  is_whole := viewer.areas IS NULL OR entry.emergency_id IS NOT NULL;
  PERFORM set_config('registry.areas', CASE WHEN is_whole THEN '*' ELSE array_to_string(viewer.areas, ',') END, true),
    set_config('registry.area', CASE WHEN is_whole OR covers(viewer.areas, near.district_id, near.township_id, near.id)
      THEN coalesce(near.id::text, '') ELSE '' END, true);
  RETURN entry;
END $$;

CREATE OR REPLACE FUNCTION registry.age_on(birth_year int, birth_month int, day date) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT extract(year FROM day)::int - birth_year - (extract(month FROM day)::int < birth_month)::int
$$;

-- Under 14 until the month of the 14th birthday is over, for the day is not stored; so is whose birth is unknown.
CREATE OR REPLACE FUNCTION registry.is_minor(birth_year int, birth_month int, day date) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce((extract(year FROM day)::int - birth_year) * 12 + extract(month FROM day)::int - coalesce(birth_month, 12) <= 14 * 12, true)
$$;

-- A list shows surname and mask, sex, age and the last two characters; of minors under 14 no more than a band of ages.
-- A child of today stays one however late the day that is asked for. The members of a JSON object, without its braces.
CREATE OR REPLACE FUNCTION registry.masked_text(p registry.person, day date) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN registry.is_minor(p.birth_year, p.birth_month, least(day, CURRENT_DATE))
    THEN '"minor":true,"age_band":' || CASE WHEN p.birth_year IS NULL THEN 'null'
        WHEN registry.age_on(p.birth_year, coalesce(p.birth_month, 12), least(day, CURRENT_DATE)) < 6 THEN '"0-5"' ELSE '"6-13"' END
      || ',"name":null,"sex":null,"age":null,"id_tail":null'
    ELSE concat('"minor":false,"age_band":null,"name":',
      to_json(left(p.name, 1) || repeat('*', least(greatest(length(p.name) - 1, 1), 2))),
      ',"sex":', coalesce(to_json(p.sex)::text, 'null'), ',"age":', coalesce(registry.age_on(p.birth_year, p.birth_month, day)::text, 'null'),
      ',"id_tail":', coalesce(to_json(p.id_tail)::text, 'null')) END
$$;
CREATE OR REPLACE FUNCTION registry.masked(p registry.person, day date) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT ('{' || registry.masked_text(p, day) || '}')::jsonb
$$;

-- 人户分离 is a rule over residence and hukou: consistent, or here while the hukou is elsewhere.
CREATE OR REPLACE FUNCTION registry.separation(category text, lives_in uuid, hukou_unit uuid, hukou_known boolean)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN hukou_unit = lives_in THEN 'consistent'
    WHEN category = 'local_hukou' AND hukou_known THEN 'resident_not_registered_here'
    WHEN category IN ('incomer', 'lodger') THEN 'incomer' END
$$;

-- Text made JSON by hand: what is no text needs no escape, and a list of hundreds is written in half the time.
CREATE OR REPLACE FUNCTION registry.quoted(value anyelement) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce('"' || value || '"', 'null')
$$;

-- A person as known at a time: before a correction something else stood there.
CREATE OR REPLACE FUNCTION registry.known_person(p registry.person, knowledge timestamptz) RETURNS registry.person LANGUAGE plpgsql STABLE AS $$
DECLARE
  was registry.person_history;
BEGIN
  SELECT * INTO was FROM registry.person_history h WHERE h.person_id = p.id AND h.sys @> knowledge;
  IF FOUND THEN
    p.name := was.name;
    p.sex := was.sex;
    p.birth_year := was.birth_year;
    p.birth_month := was.birth_month;
    p.id_type := was.id_type;
    p.id_tail := was.id_tail;
  END IF;
  RETURN p;
END $$;

-- The registration of a residence as it stood on a day, by what was told until another; `expires_on` is the first day without it. It belongs to the residence itself, not to
-- the copies of what was known of it: asked for with CASE, for row-level security holds a COALESCE back from the index.
CREATE OR REPLACE FUNCTION registry.registration_then(asked uuid, day date, told date)
RETURNS TABLE (status text, registered_on date, expires_on date) LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN n.ended_on > told OR n.status IN ('active', 'expired')
    THEN CASE WHEN coalesce(n.expires_on <= day, n.status = 'expired') THEN 'expired' ELSE 'active' END ELSE n.status END,
    n.registered_on, n.expires_on
  FROM registry.registration n WHERE n.residence_id = asked AND n.registered_on <= told ORDER BY n.registered_on DESC, n.id DESC LIMIT 1
$$;

-- Where a building stands, in words.
CREATE OR REPLACE FUNCTION registry.address_of(asked uuid) RETURNS TABLE (address text, building_no text) LANGUAGE sql STABLE AS $$
  SELECT a.standard_text, nullif(ba.building_no, '') FROM registry.building_address ba JOIN registry.address a ON a.id = ba.address_id
  WHERE ba.building_id = asked AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
$$;

-- The hukou of a person outside every dwelling of the registry, or anywhere at all: such a row has no area of its own. A step of the
-- looks, for a person whom the viewer sees.
CREATE OR REPLACE FUNCTION registry.hukou_beyond(asked uuid, knowledge timestamptz) RETURNS SETOF registry.hukou
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp ROWS 1 AS $$
  SELECT * FROM hukou h WHERE h.person_id = asked AND h.unit_id IS NULL AND h.sys @> knowledge
$$;
CREATE OR REPLACE FUNCTION registry.has_hukou(asked uuid, day date, knowledge timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM hukou h WHERE h.person_id = asked AND h.valid @> day AND h.sys @> knowledge);
END $$;

-- How many lived in a building or a unit, from one day to the next: [[day, count], ...]. Of a building the first days of years.
CREATE OR REPLACE FUNCTION registry.counts_over_time(home uuid, first_unit uuid, last_unit uuid, is_whole boolean, knowledge timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT string_agg(concat('["', s.day, '",', s.people, ']'), ',' ORDER BY s.day) FROM (
    SELECT e.day, sum(sum(e.step)) OVER (ORDER BY e.day) AS people
    FROM registry.residence r CROSS JOIN LATERAL (VALUES (coalesce(lower(r.valid), '1900-01-01'), 1), (upper(r.valid), -1)) m (day, step)
      CROSS JOIN LATERAL (SELECT CASE WHEN is_whole AND isfinite(m.day) THEN make_date(extract(year FROM m.day - 1)::int + 1, 1, 1) ELSE m.day END AS day, m.step) e
    WHERE r.building_id = home AND r.unit_id BETWEEN first_unit AND last_unit AND r.sys @> knowledge AND e.day <= CURRENT_DATE
    GROUP BY e.day HAVING sum(e.step) <> 0) s);
END $$;

-- 户在人不在: whose hukou is in a building or a unit at a day without living there; how many, and who for a role that may know.
-- (`coalesce` keeps the planner from the index of all units: those of one building are few.)
CREATE OR REPLACE FUNCTION registry.absent_members(home uuid, first_unit uuid, last_unit uuid, day date, knowledge timestamptz, is_shown boolean,
  OUT people bigint, OUT shown text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT is_shown THEN
    people := (SELECT count(*) FROM registry.hukou h
      WHERE h.building_id = home AND coalesce(h.unit_id, home) BETWEEN first_unit AND last_unit AND h.valid @> day AND h.sys @> knowledge
        AND NOT EXISTS (SELECT FROM registry.residence r WHERE r.building_id = home AND r.person_id = h.person_id AND r.unit_id = h.unit_id
                          AND r.valid @> day AND r.sys @> knowledge));
    RETURN;
  END IF;
  SELECT count(*), string_agg(x.entry, ',') FILTER (WHERE x.turn <= 200) INTO people, shown FROM (
    SELECT row_number() OVER (ORDER BY h.unit_id, h.id) AS turn,
      concat('{', registry.masked_text(p, day), ',"person_id":"', p.id, '","unit_id":"', h.unit_id, '","unit":', to_json(u.unit_text),
        ',"hukou_since":', registry.quoted(lower(h.valid)), ',"absent_since":', registry.quoted(lower(a.valid)),
        ',"absence_reason":', registry.quoted(a.reason), ',"whereabouts_code":', coalesce(to_json(a.whereabouts_code)::text, 'null'),
        ',"whereabouts":', coalesce(to_json(a.whereabouts)::text, 'null'), '}') AS entry
    FROM (SELECT * FROM registry.hukou o
        WHERE o.building_id = home AND coalesce(o.unit_id, home) BETWEEN first_unit AND last_unit AND o.valid @> day AND o.sys @> knowledge
          AND ((o.person_id, o.unit_id) IN (SELECT r.person_id, r.unit_id FROM registry.residence r
            WHERE r.building_id = home AND r.unit_id BETWEEN first_unit AND last_unit AND r.valid @> day AND r.sys @> knowledge)) IS NOT TRUE OFFSET 0) h
      JOIN registry.person p ON p.id = h.person_id JOIN registry.housing_unit u ON u.id = h.unit_id
      LEFT JOIN registry.absence a ON a.person_id = h.person_id AND a.unit_id = h.unit_id AND a.valid @> day AND a.sys @> knowledge
    ORDER BY h.unit_id, h.id) x;
END $$;

-- Who lives in a building or a unit at a day, as known at a time (`is_main IS NOT FALSE` keeps the planner from the exclusion
-- constraints, whose indexes take three times as long as those on ids): one page household by household, its head first, as JSON text.
CREATE OR REPLACE FUNCTION registry.reveal_occupants(ticket uuid, asked_by bytea, after_unit uuid, after_id uuid, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  entry audit;
  home uuid;
  first_unit uuid := '00000000-0000-0000-0000-000000000000';
  last_unit uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  after_household uuid;
  after_relation text;
  knowledge timestamptz;
  told date;
  living text;
  found_next text;
  away record;
BEGIN
  entry := honour(ticket, asked_by, 'occupants');
  knowledge := coalesce(entry.known_at, clock_timestamp());
  told := least(entry.valid_at, knowledge::date);
  IF entry.object_kind = 'building' THEN
    home := entry.object_id;
  ELSE
    home := (SELECT u.building_id FROM housing_unit u WHERE u.id = entry.object_id);
    first_unit := entry.object_id;
    last_unit := entry.object_id;
  END IF;
  IF after_id IS NOT NULL THEN
    SELECT coalesce(r.household_id, r.unit_id), coalesce(r.relation_to_head, '9') INTO after_household, after_relation FROM residence r WHERE r.id = after_id;
    after_household := coalesce(after_household, last_unit);
    after_relation := coalesce(after_relation, '9');
  END IF;
  SELECT string_agg(x.entry, ',') FILTER (WHERE x.turn <= page_rows),
    CASE WHEN count(*) > page_rows THEN max(quoted(rtrim(translate(encode(convert_to(x.unit_id || E'\x1f' || x.id, 'UTF8'), 'base64'),
      E'+/\n', '-_'), '='))) FILTER (WHERE x.turn = page_rows) END
  INTO living, found_next
  FROM (
    SELECT r.unit_id, r.id,
      row_number() OVER (ORDER BY r.unit_id, coalesce(r.household_id, r.unit_id), coalesce(r.relation_to_head, '9'), r.id) AS turn,
      concat('{', CASE WHEN entry.known_at IS NULL THEN masked_text(p, entry.valid_at) ELSE masked_text(known_person(p, knowledge), entry.valid_at) END,
        ',"residence_id":"', coalesce(r.version_of, r.id), '","person_id":"', p.id, '","unit_id":"', r.unit_id,
        '","unit":', to_json(u.unit_text), ',"household_id":', quoted(r.household_id), ',"household_kind":', quoted(c.kind),
        ',"category":"', r.category, '","relation_to_head":', coalesce(to_json(r.relation_to_head)::text, 'null'),
        ',"is_main":', r.is_main::text, ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)),
        ',"separation":', quoted(CASE d.status WHEN 'false_alarm' THEN 'consistent' ELSE coalesce(d.status, s.derived) END), ',"separation_derived":', quoted(s.derived),
        ',"separation_decided":', quoted(d.status), ',"separation_decided_since":', quoted(lower(d.valid)),
        ',"registration":', quoted(g.status), ',"registered_on":', quoted(g.registered_on), ',"expires_on":', quoted(g.expires_on),
        ',"verified_on":', quoted(e.seen), ',"verified_by":', quoted(CASE WHEN e.seen IS NULL THEN NULL WHEN r.verified_on IS NULL THEN 'visit' ELSE 'case' END),
        ',"verified_age_days":', coalesce((entry.valid_at - e.seen)::text, 'null'), '}') AS entry
    FROM residence r
      JOIN person p ON p.id = r.person_id
      JOIN housing_unit u ON u.id = r.unit_id AND u.building_id = home
      LEFT JOIN household c ON c.id = r.household_id
      LEFT JOIN last_visit v ON v.unit_id = r.unit_id
      LEFT JOIN separation_decision d ON d.person_id = r.person_id AND d.valid @> entry.valid_at AND d.sys @> knowledge
      LEFT JOIN LATERAL registration_then(CASE WHEN r.version_of IS NULL THEN r.id ELSE r.version_of END, entry.valid_at, told) g ON true
      -- Whose hukou is here is read once for the building; elsewhere it matters only that there is one.
      CROSS JOIN LATERAL (SELECT separation(r.category, r.unit_id, CASE WHEN (r.person_id, r.unit_id) IN (SELECT h.person_id, h.unit_id FROM hukou h
          WHERE h.building_id = home AND coalesce(h.unit_id, home) BETWEEN first_unit AND last_unit AND h.valid @> entry.valid_at AND h.sys @> knowledge) THEN r.unit_id END,
        r.category = 'local_hukou' AND has_hukou(r.person_id, entry.valid_at, knowledge)) AS derived) s
      CROSS JOIN LATERAL (SELECT CASE WHEN r.verified_on <= entry.valid_at THEN r.verified_on
        WHEN v.visited_at::date <= entry.valid_at THEN v.visited_at::date END AS seen) e
    WHERE r.building_id = home AND r.unit_id BETWEEN first_unit AND last_unit
      AND r.valid @> entry.valid_at AND r.sys @> knowledge
      AND (after_id IS NULL OR (r.unit_id, coalesce(r.household_id, r.unit_id), coalesce(r.relation_to_head, '9'), r.id)
        > (after_unit, after_household, after_relation, after_id))
    ORDER BY r.unit_id, coalesce(r.household_id, r.unit_id), coalesce(r.relation_to_head, '9'), r.id LIMIT page_rows + 1) x;
  away := absent_members(home, first_unit, last_unit, entry.valid_at, knowledge, after_id IS NULL AND may_look(entry.role, 'separation'));
  RETURN concat('{"audit_id":"', ticket, '","valid_at":"', entry.valid_at, '","known_at":', coalesce(to_json(entry.known_at)::text, 'null'),
    ',"occupants":[', living, '],"registered_not_resident":', away.people, ',"absent":[', away.shown,
    '],"counts":[', CASE WHEN after_id IS NULL THEN counts_over_time(home, first_unit, last_unit, entry.object_kind = 'building', knowledge) END,
    '],"next":', coalesce(found_next, 'null'), '}');
END $$;

-- The person of a document with every dwelling and every hukou, newest first, as JSON text; NULL where nobody is to be seen.
CREATE OR REPLACE FUNCTION registry.reveal_dwellings(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  entry audit;
  knowledge timestamptz;
  told date;
  who record;
  is_told boolean;
  dwellings text;
  hukou_now text;
  hukous text;
BEGIN
  entry := honour(ticket, asked_by, 'dwellings');
  knowledge := coalesce(entry.known_at, clock_timestamp());
  told := least(entry.valid_at, knowledge::date);
  who := person_of(entry.subject_key);
  is_told := may_look(entry.role, 'separation');
  IF NOT EXISTS (SELECT FROM person p WHERE p.id = who.id) THEN
    RETURN NULL;
  END IF;
  SELECT string_agg(concat('{"residence_id":"', coalesce(r.version_of, r.id), '","unit_id":"', r.unit_id, '","building_id":"', r.building_id,
      '","unit":', to_json(u.unit_text), ',"address":', coalesce(to_json(a.address)::text, 'null'),
      ',"building_no":', coalesce(to_json(a.building_no)::text, 'null'), ',"category":"', r.category,
      '","is_main":', r.is_main::text, ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)), ',"end_reason":', quoted(r.end_reason),
      ',"current":', (r.valid @> entry.valid_at)::text, ',"relation_to_head":', coalesce(to_json(r.relation_to_head)::text, 'null'),
      ',"household_id":', quoted(r.household_id), ',"household_kind":', quoted(c.kind),
      ',"registration":', quoted(g.status), ',"registered_on":', quoted(g.registered_on), ',"expires_on":', quoted(g.expires_on),
      ',"verified_on":', quoted(e.seen), ',"verified_age_days":', coalesce((entry.valid_at - e.seen)::text, 'null'), '}'),
      ',' ORDER BY lower(r.valid) DESC, r.id)
  INTO dwellings
  FROM residence r JOIN housing_unit u ON u.id = r.unit_id
    LEFT JOIN household c ON c.id = r.household_id
    LEFT JOIN last_visit v ON v.unit_id = r.unit_id
    LEFT JOIN LATERAL address_of(r.building_id) a ON true
    LEFT JOIN LATERAL registration_then(CASE WHEN r.version_of IS NULL THEN r.id ELSE r.version_of END, entry.valid_at, told) g ON true
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT r.valid @> entry.valid_at THEN NULL WHEN r.verified_on <= entry.valid_at THEN r.verified_on
      WHEN v.visited_at::date <= entry.valid_at THEN v.visited_at::date END AS seen) e
  WHERE r.person_id = who.id AND r.sys @> knowledge;
  SELECT string_agg(x.entry, ',' ORDER BY x.since DESC), max(x.entry) FILTER (WHERE x.is_current) INTO hukous, hukou_now
  FROM (SELECT lower(h.valid) AS since, h.valid @> entry.valid_at AS is_current,
      concat('{"unit_id":', quoted(h.unit_id), ',"building_id":', quoted(h.building_id), ',"unit":', coalesce(to_json(u.unit_text)::text, 'null'),
        ',"address":', coalesce(to_json(coalesce(a.address, h.address_text))::text, 'null'), ',"building_no":', coalesce(to_json(a.building_no)::text, 'null'),
        ',"division_code":', coalesce(to_json(h.division_code)::text, 'null'), ',"since":', quoted(lower(h.valid)), ',"until":', quoted(upper(h.valid)),
        ',"end_reason":', quoted(h.end_reason), ',"current":', (h.valid @> entry.valid_at)::text, '}') AS entry
    FROM (SELECT * FROM hukou o WHERE o.person_id = who.id AND o.unit_id IS NOT NULL AND o.sys @> knowledge
        UNION ALL SELECT * FROM hukou_beyond(who.id, knowledge)) h
      LEFT JOIN housing_unit u ON u.id = h.unit_id
      LEFT JOIN LATERAL address_of(h.building_id) a ON true) x;
  RETURN (
    SELECT concat('{"audit_id":"', ticket, '","valid_at":"', entry.valid_at, '","known_at":', coalesce(to_json(entry.known_at)::text, 'null'),
      ',"person":{', CASE WHEN entry.known_at IS NULL THEN masked_text(p, entry.valid_at) ELSE masked_text(known_person(p, knowledge), entry.valid_at) END,
      ',"person_id":"', p.id, '","id_type":', to_json(p.id_type), ',"found_by":', quoted(who.way),
      ',"dwellings":[', dwellings, '],"hukou":', coalesce(hukou_now, 'null'), ',"hukou_periods":[', hukous,
      '],"has_hukou":', has_hukou(p.id, entry.valid_at, knowledge)::text,
      ',"absences":[', (SELECT string_agg(concat('{"unit_id":"', a.unit_id, '","unit":', to_json(u.unit_text), ',"reason":"', a.reason,
          '","informant":"', a.informant, '","whereabouts_code":', coalesce(to_json(a.whereabouts_code)::text, 'null'),
          ',"whereabouts":', coalesce(CASE WHEN is_told THEN to_json(a.whereabouts)::text END, 'null'), ',"since":', quoted(lower(a.valid)), ',"until":', quoted(upper(a.valid)),
          ',"current":', (a.valid @> entry.valid_at)::text, '}'), ',' ORDER BY lower(a.valid) DESC)
        FROM absence a JOIN housing_unit u ON u.id = a.unit_id WHERE a.person_id = p.id AND a.sys @> knowledge),
      '],"decisions":[', (SELECT string_agg(concat('{"status":"', d.status, '","reason":', coalesce(CASE WHEN is_told THEN to_json(d.reason)::text END, 'null'), ',"since":', quoted(lower(d.valid)),
          ',"until":', quoted(upper(d.valid)), ',"current":', (d.valid @> entry.valid_at)::text, '}'), ',' ORDER BY lower(d.valid) DESC)
        FROM separation_decision d WHERE d.person_id = p.id AND d.sys @> knowledge),
      '],"permits":[', (SELECT string_agg(concat('{"status":"', f.status, '","referred_on":', quoted(f.referred_on), ',"issued_on":', quoted(f.issued_on),
          ',"expires_on":', quoted(f.expires_on), ',"tail":', coalesce(to_json(f.permit_tail)::text, 'null'), '}'), ',' ORDER BY f.referred_on DESC, f.id)
        FROM permit_referral f WHERE f.person_id = p.id), ']}}')
    FROM person p WHERE p.id = who.id);
END $$;

-- The stored values of the fields that the ticket names, of one person; ciphers stay ciphers.
CREATE OR REPLACE FUNCTION registry.reveal_person(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  entry audit;
  answer text;
BEGIN
  entry := honour(ticket, asked_by, 'person');
  SELECT json_object_agg(f.name, f.value) INTO answer
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
  after_unit uuid, after_id uuid, page_rows int, asked_text text, INOUT decision text, INOUT answer text)
LANGUAGE plpgsql AS $$
BEGIN
  decision := registry.intent(ticket, asked_by, asked_action, asked_purpose, asked_case, asked_kind, asked_id, asked_subject,
    asked_fields, at_day, at_knowledge, from_address, request);
  COMMIT;
  IF decision <> 'granted' THEN
    answer := NULL;
  ELSIF asked_action = 'occupants' THEN
    answer := registry.reveal_occupants(ticket, asked_by, after_unit, after_id, page_rows);
  ELSIF asked_action = 'dwellings' THEN
    answer := registry.reveal_dwellings(ticket, asked_by);
  ELSIF asked_action = 'person' THEN
    answer := registry.reveal_person(ticket, asked_by);
  ELSIF asked_action = 'subject' THEN
    answer := registry.reveal_subject(ticket, asked_by);
  ELSIF asked_action = 'export' THEN
    answer := registry.reveal_export(ticket, asked_by);
  ELSIF asked_action = 'name' THEN
    answer := registry.reveal_name(ticket, asked_by, asked_text, page_rows);
  ELSIF asked_action = 'case' THEN
    answer := registry.reveal_case(ticket, asked_by);
  ELSIF asked_action = 'check' THEN
    answer := registry.reveal_check(ticket, asked_by);
  ELSIF asked_action = 'paper' THEN
    answer := registry.reveal_paper(ticket, asked_by);
  ELSIF asked_action = 'ledger' THEN
    answer := registry.reveal_ledger(ticket, asked_by, asked_text, after_id, page_rows);
  ELSIF asked_action = 'permit' THEN
    answer := registry.reveal_permit(ticket, asked_by);
  ELSIF asked_action = 'separation' THEN
    answer := registry.reveal_separation(ticket, asked_by, asked_text, after_id, page_rows);
  ELSIF asked_action = 'run' THEN
    answer := registry.reveal_run(ticket, asked_by, after_id, page_rows);
  ELSIF asked_action = 'duplicates' THEN
    answer := registry.reveal_duplicates(ticket, asked_by, page_rows);
  ELSIF asked_action = 'lineage' THEN
    answer := registry.reveal_lineage(ticket, asked_by);
  ELSIF asked_action = 'declaration' THEN
    answer := registry.reveal_declaration(ticket, asked_by);
  ELSIF asked_action = 'death' THEN
    answer := registry.reveal_death(ticket, asked_by);
  END IF;
END $$;
