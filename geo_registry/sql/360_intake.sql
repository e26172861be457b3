-- What comes in from outside waits here: what people declare of themselves, and deaths that were told. Nothing of it changes the
-- register: once confirmed it is a draft of a case, which two others review as any other.

-- The permissions of geo_registry/access/rules.py say the same.
CREATE OR REPLACE FUNCTION registry.may_take_in(role text, step text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE step
    WHEN 'declaration' THEN role IN ('entry_clerk', 'officer')
    WHEN 'death' THEN role IN ('officer', 'station_head')
    ELSE false END
$$;

-- Whether one more attempt is too many; counts it otherwise. Attempts lie where failed sign-ins do, under names that no account can have.
CREATE OR REPLACE FUNCTION registry.is_thronged(counted text, most int, span interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('throng/' || counted, 0));
  DELETE FROM registry.sign_in_failure f WHERE f.login = counted AND f.at <= clock_timestamp() - span;
  -- Whoever never comes back leaves nothing here either.
  DELETE FROM registry.sign_in_failure f WHERE f.id IN (SELECT o.id FROM registry.sign_in_failure o
    WHERE strpos(o.login, '/') > 0 AND o.at <= clock_timestamp() - interval '1 day' LIMIT 100 FOR UPDATE SKIP LOCKED);
  IF (SELECT count(*) FROM registry.sign_in_failure f WHERE f.login = counted) >= most THEN
    RETURN true;
  END IF;
  INSERT INTO registry.sign_in_failure (login, at) VALUES (counted, clock_timestamp());
  RETURN false;
END $$;

-- One caller at a time, and all of them together. Of IPv6 a household has a network of its own (/64); whoever holds thousands of them (/48)
-- takes a tenth of what all may, so that one neighbour alone closes nothing.
CREATE OR REPLACE FUNCTION registry.is_too_much(what text, from_address inet, most int, most_of_all int, span interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN registry.is_thronged(what || '/' || coalesce(host(network(set_masklen(from_address, CASE family(from_address) WHEN 6 THEN 64 ELSE 32 END))), '?'), most, span)
    OR CASE family(from_address) WHEN 6
      THEN registry.is_thronged(what || '/48/' || host(network(set_masklen(from_address, 48))), greatest(most, most_of_all / 10), span) ELSE false END
    OR registry.is_thronged(what || '/', most_of_all, span);
END $$;

-- The area that a text names: the door of a street or estate it knows, else the street or estate itself, else a community or township.
-- It tells who will read the declaration, never who lives there.
CREATE OR REPLACE FUNCTION registry.area_named(told text) RETURNS TABLE (district_id uuid, township_id uuid, community_id uuid) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  WITH areas AS MATERIALIZED (
    SELECT d.id, d.level, d.district_id, d.township_id, d.name FROM registry.division d
    WHERE d.level IN ('district', 'township', 'community') AND d.district_id IS NOT NULL AND length(d.name) > 1 AND strpos(told, d.name) > 0),
  names AS MATERIALIZED (
    SELECT n.id, n.district_id, n.township_id, n.community_id, n.full_name,
      substring(substr(told, strpos(told, n.full_name) + length(n.full_name)) FROM '^\D{0,2}(\d{1,5})') AS number
    FROM registry.place_name n WHERE n.state = 'current' AND length(n.full_name) > 1 AND strpos(told, n.full_name) > 0
    ORDER BY length(n.full_name) DESC LIMIT 20),
  found AS (
    SELECT n.district_id, coalesce(a.township_id, n.township_id, usual.township_id) AS township_id,
      coalesce(a.community_id, n.community_id, usual.community_id) AS community_id, length(n.full_name) AS weight, a.id IS NOT NULL AS is_door
    FROM names n
      LEFT JOIN LATERAL (SELECT * FROM registry.address o WHERE o.scope_id = n.id AND o.number_key = n.number AND o.state NOT IN ('removed', 'rejected') LIMIT 1) a ON true
      LEFT JOIN LATERAL (SELECT o.township_id, o.community_id FROM registry.address o WHERE o.scope_id = n.id AND n.township_id IS NULL
        GROUP BY o.township_id, o.community_id ORDER BY count(*) DESC LIMIT 1) usual ON true
    UNION ALL
    SELECT x.district_id, x.township_id, CASE x.level WHEN 'community' THEN x.id END, 0, false FROM areas x WHERE x.level <> 'district')
  SELECT f.district_id, f.township_id, f.community_id FROM found f
  ORDER BY (SELECT count(*) FROM areas x WHERE x.id IN (f.district_id, f.township_id, f.community_id)) DESC, f.is_door DESC, f.weight DESC,
    f.community_id IS NULL LIMIT 1;
END $$;

-- Declarations that nobody decided within thirty days have lapsed; ninety days after their end nothing of them is left.
CREATE OR REPLACE FUNCTION registry.lapse_declarations() RETURNS void LANGUAGE sql AS $$
  UPDATE registry.declaration o SET status = 'expired', version = o.version + 1 WHERE o.status = 'pending' AND o.declared_at < now() - interval '30 days';
  DELETE FROM registry.declaration o WHERE o.status <> 'pending' AND coalesce(o.decided_at, o.declared_at + interval '30 days') < now() - interval '90 days'
$$;

-- Take what somebody declares of himself. The role of the public zone may call this and the next one, and read nothing.
CREATE OR REPLACE FUNCTION registry.declare(own_id uuid, what text, told_address text, told_name text, document_type text, sealed_number bytea,
  document_index bytea, tail text, sealed_phone bytea, day date, from_address inet)
RETURNS TABLE (outcome text, receipt text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  area record;
BEGIN
  IF is_too_much('declare', from_address, 10, 600, interval '1 hour') THEN
    outcome := 'throttled';
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM lapse_declarations();
  SELECT * INTO area FROM area_named(told_address);
  IF area.township_id IS NULL THEN
    outcome := 'address-unknown';
  ELSIF day NOT BETWEEN CURRENT_DATE - 366 AND CURRENT_DATE + 31 THEN
    outcome := 'day-invalid';
  ELSE
    INSERT INTO declaration (id, kind, address_text, district_id, township_id, community_id, name, id_type, id_number, id_index, id_tail, phone, on_day)
    VALUES (own_id, what, told_address, area.district_id, area.township_id, area.community_id, told_name, document_type, sealed_number, document_index,
      tail, sealed_phone, day)
    ON CONFLICT (id) DO NOTHING RETURNING declaration.receipt INTO receipt;
    outcome := CASE WHEN receipt IS NULL THEN 'already-declared' ELSE 'done' END;
  END IF;
  RETURN NEXT;
END $$;

-- How a declaration stands, for who has its receipt and knows the end of the number it was made with.
CREATE OR REPLACE FUNCTION registry.declaration_state(asked_receipt text, asked_tail text, from_address inet)
RETURNS TABLE (outcome text, kind text, state text, declared_on date, decided_on date, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  outcome := 'throttled';
  IF NOT is_too_much('declared', from_address, 30, 3000, interval '15 minutes') THEN
    SELECT 'done', o.kind, CASE
        WHEN o.status = 'confirmed' THEN CASE c.status WHEN 'active' THEN 'registered' WHEN 'void' THEN 'dropped' ELSE 'in_review' END
        WHEN o.status = 'pending' AND o.declared_at < now() - interval '30 days' THEN 'expired'
        ELSE o.status END, o.declared_at::date, o.decided_at::date, o.reject_reason
    INTO outcome, kind, state, declared_on, decided_on, reason
    FROM declaration o LEFT JOIN registration_case c ON c.id = o.case_id
    WHERE o.receipt = asked_receipt AND right(o.id_tail, 2) = right(asked_tail, 2);
    outcome := coalesce(outcome, 'not-found');
  END IF;
  RETURN NEXT;
END $$;

-- The queue without a person: where, what, since when. `pending` ones come oldest first, for they lapse.
CREATE OR REPLACE FUNCTION registry.read_declarations(asked_by bytea, wanted text, after_id uuid, most int, only_id uuid DEFAULT NULL)
RETURNS TABLE (id uuid, kind text, status text, place text, declared_at timestamptz, lapses_on date, decided_at timestamptz, decided_by_name text,
  reject_reason text, case_id uuid, serial text, version int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL OR viewer.confined IS NOT NULL OR NOT may_take_in(viewer.role, 'declaration') THEN
    RETURN;
  END IF;
  PERFORM lapse_declarations();
  RETURN QUERY SELECT o.id, o.kind, o.status, (SELECT d.full_name FROM division d WHERE d.id = coalesce(o.community_id, o.township_id, o.district_id)),
      o.declared_at, (o.declared_at + interval '30 days')::date, o.decided_at, (SELECT a.name FROM account a WHERE a.id = o.decided_by), o.reject_reason,
      o.case_id, (SELECT c.serial FROM registration_case c WHERE c.id = o.case_id), o.version
    FROM declaration o
    WHERE (o.id = only_id OR (only_id IS NULL AND o.status = wanted)) AND covers(viewer.areas, o.district_id, o.township_id, o.community_id) AND (after_id IS NULL OR o.id > after_id)
    ORDER BY o.id LIMIT most;
END $$;

CREATE OR REPLACE FUNCTION registry.read_death_notices(asked_by bytea, wanted text, after_id uuid, most int, only_id uuid DEFAULT NULL)
RETURNS TABLE (id uuid, source text, status text, place text, received_at timestamptz, decided_at timestamptz, decided_by_name text, reject_reason text,
  case_id uuid, serial text, version int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL OR viewer.confined IS NOT NULL OR NOT may_take_in(viewer.role, 'death') THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT n.id, n.source, n.status, (SELECT d.full_name FROM division d WHERE d.id = coalesce(n.community_id, n.township_id, n.district_id)),
      n.received_at, n.decided_at, (SELECT a.name FROM account a WHERE a.id = n.decided_by), n.reject_reason, n.case_id,
      (SELECT c.serial FROM registration_case c WHERE c.id = n.case_id), n.version
    FROM death_notice n
    WHERE (n.id = only_id OR (only_id IS NULL AND n.status = wanted)) AND covers(viewer.areas, n.district_id, n.township_id, n.community_id) AND (after_id IS NULL OR n.id > after_id)
    ORDER BY n.id LIMIT most;
END $$;

-- Where somebody lives now, the main dwelling first; a step of the calls below.
CREATE OR REPLACE FUNCTION registry.home_of(who uuid) RETURNS registry.residence LANGUAGE sql STABLE AS $$
  SELECT r FROM registry.residence r WHERE r.person_id = who AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE ORDER BY r.is_main DESC, r.id LIMIT 1
$$;

-- Deaths of a file, found among those who live here now by their document of today or of before; the area is that of the dwelling.
-- Called by the command line alone: it runs with its caller's rights.
CREATE OR REPLACE FUNCTION registry.store_deaths(kinds text[], indexes bytea[], days date[], told_by text, OUT hits bigint, OUT stored bigint)
LANGUAGE plpgsql AS $$
BEGIN
  WITH told AS MATERIALIZED (
    SELECT DISTINCT ON (n.id) t.kind, t.id_index, t.died_on, n.id AS person_id, home.district_id, home.township_id, home.community_id
    FROM unnest(kinds, indexes, days) t (kind, id_index, died_on)
      JOIN registry.person p ON p.id_index = t.id_index AND p.id_type = t.kind
      JOIN registry.person n ON n.id = registry.live_person(p.id)
      CROSS JOIN LATERAL registry.home_of(n.id) home
    WHERE home.id IS NOT NULL ORDER BY n.id, t.died_on),
  fresh AS (
    INSERT INTO registry.death_notice (source, id_type, id_index, died_on, person_id, district_id, township_id, community_id)
    SELECT told_by, t.kind, t.id_index, t.died_on, t.person_id, t.district_id, t.township_id, t.community_id FROM told t
    WHERE NOT EXISTS (SELECT FROM registry.death_notice o WHERE o.person_id = t.person_id AND o.status <> 'rejected')
    ON CONFLICT (id_index, id_type, died_on) DO NOTHING RETURNING 1)
  SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM fresh) INTO hits, stored;
END $$;

-- One declaration in full, for who is to decide it; what was written of the number stays a cipher.
CREATE OR REPLACE FUNCTION registry.reveal_declaration(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'declaration');
  RETURN (SELECT jsonb_build_object('id', o.id, 'kind', o.kind, 'status', o.status, 'address_text', o.address_text, 'name', o.name, 'id_type', o.id_type,
      'id_number', encode(o.id_number, 'base64'), 'phone', encode(o.phone, 'base64'), 'on_day', o.on_day, 'declared_at', o.declared_at,
      'lapses_on', (o.declared_at + interval '30 days')::date, 'version', o.version,
      -- What the register knows of the document within the viewer's areas, masked.
      'known', (SELECT masked(p, CURRENT_DATE) || jsonb_build_object('person_id', p.id, 'unit_id', r.unit_id, 'since', lower(r.valid), 'category', r.category,
          'unit', (SELECT concat(a.standard_text, b.building_no, u.unit_text) FROM housing_unit u LEFT JOIN building_address b ON b.building_id = u.building_id
            AND b.is_main AND b.valid @> CURRENT_DATE LEFT JOIN address a ON a.id = b.address_id WHERE u.id = r.unit_id))
        FROM person p LEFT JOIN residence r ON r.person_id = p.id AND r.is_main AND r.valid @> CURRENT_DATE AND upper_inf(r.sys)
        WHERE p.id_index = o.id_index AND p.id_type = o.id_type LIMIT 1))::text
    FROM declaration o WHERE o.id = entry.object_id);
END $$;

-- What a death notice is about: the person as the register has him, and where he lives.
CREATE OR REPLACE FUNCTION registry.reveal_death(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'death');
  RETURN (SELECT jsonb_build_object('id', n.id, 'status', n.status, 'source', n.source, 'died_on', n.died_on, 'received_at', n.received_at, 'version', n.version,
      'id_type', n.id_type, 'name', p.name, 'sex', p.sex, 'age', age_on(p.birth_year, p.birth_month, CURRENT_DATE), 'id_tail', p.id_tail,
      'unit_id', r.unit_id, 'since', lower(r.valid), 'category', r.category,
      'unit', (SELECT concat(a.standard_text, b.building_no, u.unit_text) FROM housing_unit u LEFT JOIN building_address b ON b.building_id = u.building_id
        AND b.is_main AND b.valid @> CURRENT_DATE LEFT JOIN address a ON a.id = b.address_id WHERE u.id = r.unit_id))::text
    FROM death_notice n LEFT JOIN person p ON p.id = n.person_id
      LEFT JOIN residence r ON r.person_id = n.person_id AND r.is_main AND r.valid @> CURRENT_DATE AND upper_inf(r.sys)
    WHERE n.id = entry.object_id);
END $$;

-- A draft of a case with one form, as if keyed by who confirmed: that account reviews none of its steps. A step of the calls that confirm.
CREATE OR REPLACE FUNCTION registry.draft_case(keyed_by uuid, from_source text, from_id uuid, asked_action text, asked_form text, at_unit uuid,
  act uuid, f registry.case_person) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  drafted uuid;
BEGIN
  INSERT INTO registry.registration_case (serial, action, form, form_version, unit_id, building_id, district_id, forms, source, source_id, collected_by,
    collected_at, entered_by, act_id)
  SELECT registry.case_serial(), asked_action, asked_form, 1, u.id, u.building_id,
    u.district_id, 1, from_source, from_id, keyed_by, now(), keyed_by, act
  FROM registry.housing_unit u WHERE u.id = at_unit RETURNING id INTO drafted;
  INSERT INTO registry.case_person (case_id, turn, person_id, residence_id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone,
    category, relation_to_head, since, ends_on, end_reason, district_id, act_id)
  SELECT drafted, 1, f.person_id, f.residence_id, f.name, f.sex, f.birth_year, f.birth_month, f.id_type, f.id_number, f.id_index, f.id_tail, f.phone,
    f.category, f.relation_to_head, f.since, f.ends_on, f.end_reason, u.district_id, act FROM registry.housing_unit u WHERE u.id = at_unit;
  RETURN drafted;
END $$;

-- `confirmed` with a unit and the number sealed anew for the person, or `rejected` with a reason.
CREATE OR REPLACE FUNCTION registry.judge_declaration(asked_by bytea, asked uuid, read_version int, judgement text, at_unit uuid, document_index bytea,
  form_person uuid, sealed_number bytea, sealed_phone bytea, told_sex text, told_year int, told_month int, why text, act uuid)
RETURNS TABLE (outcome text, version int, drafted uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  o declaration%ROWTYPE;
  known person%ROWTYPE;
  home residence%ROWTYPE;
  place housing_unit%ROWTYPE;
  f case_person%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO o FROM declaration d WHERE d.id = asked FOR NO KEY UPDATE;
  SELECT * INTO place FROM housing_unit u WHERE u.id = at_unit AND u.state = 'realized';
  SELECT p.* INTO known FROM person i JOIN person p ON p.id = live_person(i.id) WHERE i.id_index = o.id_index AND i.id_type = o.id_type;
  home := home_of(known.id);
  version := o.version;
  outcome := CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT may_take_in(viewer.role, 'declaration') THEN 'not-allowed'
    WHEN o.id IS NULL OR NOT covers(viewer.areas, o.district_id, o.township_id, o.community_id) THEN 'not-found'
    WHEN o.version IS DISTINCT FROM read_version THEN 'stale'
    WHEN o.status <> 'pending' THEN 'already-decided'
    WHEN o.declared_at < now() - interval '30 days' THEN 'lapsed'
    WHEN judgement = 'rejected' THEN 'done'
    WHEN o.kind = 'departure' AND home.id IS NULL THEN 'not-resident'
    WHEN o.kind = 'departure' AND NOT covers(viewer.areas, home.district_id, home.township_id, home.community_id) THEN 'lives-elsewhere'
    WHEN o.kind <> 'departure' AND (place.id IS NULL OR NOT covers(viewer.areas, place.district_id, place.township_id, place.community_id)) THEN 'unit-unknown'
    WHEN o.kind = 'change' AND home.id IS NULL THEN 'not-resident'
    WHEN o.kind = 'arrival' AND home.unit_id = place.id AND EXISTS (SELECT FROM registration g WHERE g.residence_id = home.id
      AND g.status NOT IN ('cancelled', 'expired', 'changed')) THEN 'already-registered'
    WHEN document_index IS DISTINCT FROM o.id_index THEN 'number-differs'
    WHEN known.id IS DISTINCT FROM form_person AND known.id IS NOT NULL THEN 'number-differs'
    WHEN EXISTS (SELECT FROM case_person c WHERE c.id_index = o.id_index AND c.id_type = o.id_type AND c.is_open) THEN 'form-open'
    ELSE 'done' END;
  IF outcome = 'done' THEN
    IF judgement = 'confirmed' THEN
      f.person_id := form_person;
      f.name := o.name;
      -- Of somebody of another area nothing but what was declared.
      IF NOT covers_person(viewer.areas, known.id) THEN
        known.sex := NULL;
        known.birth_year := NULL;
        known.birth_month := NULL;
      END IF;
      f.sex := coalesce(told_sex, known.sex, '0');
      f.birth_year := coalesce(told_year, known.birth_year);
      f.birth_month := coalesce(told_month, known.birth_month);
      f.id_type := o.id_type;
      f.id_number := sealed_number;
      f.id_index := o.id_index;
      f.id_tail := o.id_tail;
      f.phone := sealed_phone;
      IF o.kind = 'departure' THEN
        f.residence_id := home.id;
        f.ends_on := o.on_day;
        f.end_reason := 'left_area';
        drafted := draft_case(viewer.account_id, 'declaration', o.id, 'cancel', 'change_cancel', home.unit_id, act, f);
      ELSIF o.kind = 'change' THEN
        f.residence_id := home.id;
        f.since := o.on_day;
        drafted := draft_case(viewer.account_id, 'declaration', o.id, 'change', 'change_cancel', place.id, act, f);
      ELSE
        f.since := o.on_day;
        -- Whose hukou is in this city is no incomer, but lives away from it.
        f.category := CASE WHEN EXISTS (SELECT FROM hukou h WHERE h.person_id = known.id AND upper_inf(h.sys) AND h.valid @> CURRENT_DATE
          AND h.unit_id IS NOT NULL) THEN 'local_hukou' ELSE 'incomer' END;
        drafted := draft_case(viewer.account_id, 'declaration', o.id, 'register',
          CASE f.category WHEN 'local_hukou' THEN 'resident_not_registered_here' ELSE 'incomer_registration' END, place.id, act, f);
      END IF;
    END IF;
    UPDATE declaration d SET status = judgement, decided_by = viewer.account_id, decided_at = now(), reject_reason = why, unit_id = place.id,
      case_id = drafted, version = d.version + 1 WHERE d.id = asked RETURNING d.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'declaration-' || judgement, 'declaration', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- `confirmed`: a draft that cancels where the dead lived; `rejected` with a reason. What the register has of him is copied, ciphers and all.
CREATE OR REPLACE FUNCTION registry.judge_death(asked_by bytea, asked uuid, read_version int, judgement text, why text, act uuid)
RETURNS TABLE (outcome text, version int, drafted uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  n death_notice%ROWTYPE;
  known person%ROWTYPE;
  home residence%ROWTYPE;
  f case_person%ROWTYPE;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO n FROM death_notice d WHERE d.id = asked FOR NO KEY UPDATE;
  SELECT * INTO known FROM person p WHERE p.id = live_person(n.person_id);
  home := home_of(known.id);
  version := n.version;
  outcome := CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT may_take_in(viewer.role, 'death') THEN 'not-allowed'
    WHEN n.id IS NULL OR NOT covers(viewer.areas, n.district_id, n.township_id, n.community_id) THEN 'not-found'
    WHEN n.version IS DISTINCT FROM read_version THEN 'stale'
    WHEN n.status <> 'proposed' THEN 'already-decided'
    WHEN judgement = 'rejected' THEN 'done'
    WHEN home.id IS NULL THEN 'not-resident'
    WHEN NOT covers(viewer.areas, home.district_id, home.township_id, home.community_id) THEN 'lives-elsewhere'
    WHEN EXISTS (SELECT FROM case_person c WHERE c.id_index = known.id_index AND c.id_type = known.id_type AND c.is_open) THEN 'form-open'
    ELSE 'done' END;
  IF outcome = 'done' THEN
    IF judgement = 'confirmed' THEN
      SELECT known.id, home.id, known.name, known.sex, known.birth_year, known.birth_month, known.id_type, known.id_number, known.id_index, known.id_tail,
        n.died_on, 'deceased'
      INTO f.person_id, f.residence_id, f.name, f.sex, f.birth_year, f.birth_month, f.id_type, f.id_number, f.id_index, f.id_tail, f.ends_on, f.end_reason;
      drafted := draft_case(viewer.account_id, 'death', n.id, 'cancel', 'change_cancel', home.unit_id, act, f);
    END IF;
    UPDATE death_notice d SET status = judgement, decided_by = viewer.account_id, decided_at = now(), reject_reason = why, case_id = drafted,
      version = d.version + 1 WHERE d.id = asked RETURNING d.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'death-' || judgement, 'death_notice', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;
