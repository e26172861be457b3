-- The register of two times: what was known before a change stays beside the row, and cases change the facts.

-- When the facts of this transaction became known: one moment for all of a case, taken once the persons are locked,
-- so that of two cases about one person the later one is also the later known.
CREATE OR REPLACE FUNCTION registry.fact_moment() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('registry.moment', true), '')::timestamptz, now())
$$;
CREATE OR REPLACE FUNCTION registry.take_moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT set_config('registry.moment', clock_timestamp()::text, true)::timestamptz
$$;

-- A changed fact keeps its row; a copy of what was known stays beside it. Within one moment nothing was known in between.
-- Who takes a row away (an end of `sys`) leaves the row itself as what was known; one that comes back leaves a copy of that.
DO $do$
DECLARE
  pattern text := $p$
    CREATE OR REPLACE FUNCTION registry.keep_%1$s() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = registry, public, pg_temp AS $f$
    DECLARE
      moment timestamptz := fact_moment();
    BEGIN
      IF NOT upper_inf(OLD.sys) THEN
        NEW.sys := tstzrange(greatest(moment, upper(OLD.sys)), NULL);
      ELSIF lower(OLD.sys) = moment THEN
        NEW.sys := OLD.sys;
        RETURN NEW;
      ELSE
        -- Somebody who began earlier and came later.
        moment := greatest(moment, lower(OLD.sys) + interval '1 microsecond');
        NEW.sys := tstzrange(moment, NULL);
        OLD.sys := tstzrange(lower(OLD.sys), moment);
      END IF;
      OLD.version_of := NEW.id;
      OLD.id := new_id();
      INSERT INTO %1$s VALUES (OLD.*);
      RETURN NEW;
    END $f$;
    CREATE OR REPLACE TRIGGER keep_facts BEFORE UPDATE ON registry.%1$s FOR EACH ROW
      WHEN (upper_inf(NEW.sys) AND NEW.version_of IS NULL AND (NOT upper_inf(OLD.sys) OR (%2$s) IS DISTINCT FROM (%3$s)))
      EXECUTE FUNCTION registry.keep_%1$s()
  $p$;
  kind record;
BEGIN
  FOR kind IN SELECT * FROM (VALUES
    ('residence', ARRAY['person_id', 'unit_id', 'category', 'relation_to_head', 'is_main', 'household_id', 'end_reason', 'valid']),
    ('hukou', ARRAY['person_id', 'unit_id', 'division_code', 'address_text', 'end_reason', 'valid']),
    ('absence', ARRAY['person_id', 'unit_id', 'whereabouts_code', 'whereabouts', 'reason', 'informant', 'valid']),
    ('separation_decision', ARRAY['person_id', 'status', 'reason', 'decided_by', 'valid'])) k (own, facts)
  LOOP
    EXECUTE format(pattern, kind.own, (SELECT string_agg('OLD.' || f, ', ') FROM unnest(kind.facts) f),
      (SELECT string_agg('NEW.' || f, ', ') FROM unnest(kind.facts) f));
  END LOOP;
END $do$;

-- A correction of a person keeps what stood there before. Ciphers that change alone were sealed anew: the same value.
-- Who writes another phone raises the version.
CREATE OR REPLACE FUNCTION registry.keep_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  moment timestamptz := fact_moment();
  known_from timestamptz := (SELECT max(upper(h.sys)) FROM person_history h WHERE h.person_id = OLD.id);
BEGIN
  NEW.version := OLD.version + 1;
  INSERT INTO person_history (person_id, version, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone, sys, act_id)
  VALUES (OLD.id, OLD.version, OLD.name, OLD.sex, OLD.birth_year, OLD.birth_month, OLD.id_type, OLD.id_number, OLD.id_index, OLD.id_tail,
    OLD.phone, tstzrange(known_from, greatest(moment, known_from)), OLD.act_id);
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER keep_person BEFORE UPDATE ON registry.person FOR EACH ROW
  WHEN (NEW.version <> OLD.version OR (OLD.name, OLD.sex, OLD.birth_year, OLD.birth_month, OLD.id_type, OLD.id_index, OLD.id_tail)
    IS DISTINCT FROM (NEW.name, NEW.sex, NEW.birth_year, NEW.birth_month, NEW.id_type, NEW.id_index, NEW.id_tail))
  EXECUTE FUNCTION registry.keep_person();

-- The record that holds now: those merged into another one answer with that one.
CREATE OR REPLACE FUNCTION registry.live_person(asked uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid := asked;
  next_id uuid;
BEGIN
  LOOP
    SELECT p.merged_into INTO next_id FROM registry.person p WHERE p.id = found_id;
    EXIT WHEN next_id IS NULL;
    found_id := next_id;
  END LOOP;
  RETURN found_id;
END $$;

-- The steps of a case. Each runs with the rights and the path of `apply_case`; what they refuse undoes the whole case.
CREATE OR REPLACE FUNCTION registry.refuse_fact(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = code;
END $$;

-- Close the knowledge of a period: it was never so.
CREATE OR REPLACE FUNCTION registry.closed_knowledge(known tstzrange) RETURNS tstzrange LANGUAGE sql STABLE AS $$
  SELECT tstzrange(lower(known), greatest(registry.fact_moment(), lower(known)))
$$;

-- End what a residence was from a day on; its live registration takes `becomes`.
CREATE OR REPLACE FUNCTION registry.end_residence(r registry.residence, day date, why text, becomes text, act uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF day <= lower(r.valid) OR why IN ('duplicate', 'wrong', 'false_entry') THEN
    UPDATE registry.residence o SET sys = registry.closed_knowledge(o.sys), end_reason = why, act_id = act WHERE o.id = r.id;
  ELSE
    UPDATE registry.residence o SET valid = daterange(lower(o.valid), least(day, upper(o.valid))), end_reason = why, act_id = act WHERE o.id = r.id;
  END IF;
  UPDATE registry.registration g SET status = becomes, ended_on = day, end_reason = why, version = g.version + 1, act_id = act
  WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed');
END $$;

-- End hukou, or being away, from a day on: what begins later never was.
CREATE OR REPLACE FUNCTION registry.end_hukou(asked uuid, day date, why text, act uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE registry.hukou h SET sys = registry.closed_knowledge(h.sys), end_reason = why, act_id = act
  WHERE h.person_id = asked AND upper_inf(h.sys) AND lower(h.valid) >= day;
  UPDATE registry.hukou h SET valid = daterange(lower(h.valid), day), end_reason = why, act_id = act
  WHERE h.person_id = asked AND upper_inf(h.sys) AND h.valid @> day;
END $$;
CREATE OR REPLACE FUNCTION registry.end_absence(asked uuid, at_unit uuid, day date, act uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  away registry.absence;
BEGIN
  FOR away IN SELECT * FROM registry.absence a WHERE a.person_id = asked AND a.unit_id = coalesce(at_unit, a.unit_id) AND upper_inf(a.sys)
      AND (upper_inf(a.valid) OR upper(a.valid) > day) LOOP
    IF lower(away.valid) >= day THEN
      UPDATE registry.absence a SET sys = registry.closed_knowledge(a.sys), act_id = act WHERE a.id = away.id;
    ELSE
      UPDATE registry.absence a SET valid = daterange(lower(a.valid), day), act_id = act WHERE a.id = away.id;
    END IF;
  END LOOP;
  RETURN away.id IS NOT NULL;
END $$;

-- The hukou that a form gives holds from a day on.
CREATE OR REPLACE FUNCTION registry.settle_hukou(asked uuid, f registry.case_person, day date, act uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF (f.hukou_unit_id IS NULL AND f.hukou_code IS NULL) OR EXISTS (SELECT FROM registry.hukou h WHERE h.person_id = asked AND upper_inf(h.sys)
      AND h.valid @> day AND (h.unit_id, h.division_code, h.address_text) IS NOT DISTINCT FROM
        (f.hukou_unit_id, CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_code END, CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_address END)) THEN
    RETURN;
  END IF;
  PERFORM registry.end_hukou(asked, day, NULL, act);
  -- Away is one from where one's hukou is.
  PERFORM registry.end_absence(asked, o.unit_id, day, act) FROM (SELECT DISTINCT a.unit_id FROM registry.absence a
    WHERE a.person_id = asked AND a.unit_id IS DISTINCT FROM f.hukou_unit_id AND upper_inf(a.sys)) o;
  INSERT INTO registry.hukou (person_id, unit_id, division_code, address_text, valid, sys, act_id)
  VALUES (asked, f.hukou_unit_id, CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_code END,
    CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_address END, daterange(day, NULL), tstzrange(registry.fact_moment(), NULL), act);
END $$;

-- The last hukou that is known was another one all the time: nobody was away from where it never was.
CREATE OR REPLACE FUNCTION registry.correct_hukou(asked uuid, f registry.case_person, day date, act uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h registry.hukou;
BEGIN
  SELECT * INTO h FROM registry.hukou o WHERE o.person_id = asked AND upper_inf(o.sys) ORDER BY lower(o.valid) DESC LIMIT 1;
  IF h.id IS NULL THEN
    PERFORM registry.settle_hukou(asked, f, day, act);
  ELSIF f.hukou_unit_id IS NOT NULL OR f.hukou_code IS NOT NULL THEN
    UPDATE registry.hukou o SET unit_id = f.hukou_unit_id, division_code = CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_code END,
      address_text = CASE WHEN f.hukou_unit_id IS NULL THEN f.hukou_address END, act_id = act WHERE o.id = h.id;
    UPDATE registry.absence a SET sys = registry.closed_knowledge(a.sys), act_id = act
    WHERE a.person_id = asked AND a.unit_id IS DISTINCT FROM f.hukou_unit_id AND upper_inf(a.sys) AND a.valid && h.valid;
  END IF;
END $$;

-- Who died is not registered again: a death that never was is put right first.
CREATE OR REPLACE FUNCTION registry.has_died(asked uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM registry.residence r WHERE r.person_id = asked AND upper_inf(r.sys) AND r.end_reason = 'deceased')
    OR EXISTS (SELECT FROM registry.hukou h WHERE h.person_id = asked AND upper_inf(h.sys) AND h.end_reason = 'deceased')
$$;

-- A residence ended for another reason than was told. Of who is not gone for good the hukou has not ended, and nothing else has by a death.
CREATE OR REPLACE FUNCTION registry.correct_end(asked uuid, stay uuid, why text, act uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE registry.registration g SET end_reason = why, version = g.version + 1, act_id = act FROM registry.residence r
  WHERE r.id = g.residence_id AND r.person_id = asked AND upper_inf(r.sys) AND upper(r.valid) IS NOT NULL AND g.status = 'cancelled'
    AND g.end_reason = r.end_reason AND g.end_reason <> why AND (r.id = stay OR r.end_reason = 'deceased');
  UPDATE registry.residence r SET end_reason = why, act_id = act
  WHERE r.person_id = asked AND upper_inf(r.sys) AND upper(r.valid) IS NOT NULL AND (r.id = stay OR r.end_reason = 'deceased');
  UPDATE registry.hukou h SET valid = daterange(lower(h.valid), NULL), end_reason = NULL, act_id = act
  WHERE h.person_id = asked AND upper_inf(h.sys) AND h.end_reason IN ('deceased', 'settled_abroad', 'military_service')
    AND NOT EXISTS (SELECT FROM registry.hukou o WHERE o.person_id = asked AND upper_inf(o.sys) AND lower(o.valid) >= upper(h.valid));
END $$;

-- The person of a form by its document, made when nobody has it. A phone is sealed for the person that the form names: it is
-- stored there alone. A form may name somebody whose document was corrected since it was written: it is written anew.
CREATE OR REPLACE FUNCTION registry.person_of_form(f registry.case_person, act uuid) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM registry.person p WHERE p.id = f.person_id AND (p.id_index, p.id_type) <> (f.id_index, f.id_type))
      AND NOT EXISTS (SELECT FROM registry.person p WHERE p.id_index = f.id_index AND p.id_type = f.id_type) THEN
    PERFORM registry.refuse_fact('form-outdated');
  END IF;
  INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone,
    district_id, township_id, community_id, act_id)
  VALUES (f.person_id, f.name, f.sex, f.birth_year, f.birth_month, f.id_type, f.id_number, f.id_index, f.id_tail, f.phone,
    f.district_id, f.township_id, f.community_id, act)
  ON CONFLICT (id_index, id_type) DO NOTHING;
  RETURN registry.live_person(p.id) FROM registry.person p WHERE p.id_index = f.id_index AND p.id_type = f.id_type;
END $$;
CREATE OR REPLACE FUNCTION registry.keep_phone(asked uuid, f registry.case_person, act uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE registry.person p SET phone = f.phone, version = p.version + 1, act_id = act
  WHERE p.id = asked AND p.id = f.person_id AND f.phone IS NOT NULL AND p.phone IS DISTINCT FROM f.phone
$$;

CREATE OR REPLACE FUNCTION registry.add_registration(asked uuid, f registry.case_person, until date, act uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.registration (residence_id, status, registered_on, expires_on, case_person_id, act_id)
  VALUES (asked, 'active', CURRENT_DATE, until, f.id, act);
END $$;

-- Somebody lives here from a day on: a main dwelling elsewhere ends that day.
CREATE OR REPLACE FUNCTION registry.settle_here(c registry.registration_case, f registry.case_person, months int, act uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  day date := coalesce(f.since, CURRENT_DATE);
  who uuid := registry.person_of_form(f, act);
  own registry.residence;
  other registry.residence;
BEGIN
  SELECT * INTO own FROM registry.residence r WHERE r.person_id = who AND r.unit_id = c.unit_id AND upper_inf(r.sys) AND r.valid @> day;
  IF registry.has_died(who) THEN
    PERFORM registry.refuse_fact('has-died');
  ELSIF EXISTS (SELECT FROM registry.registration g WHERE g.residence_id = own.id AND g.status NOT IN ('cancelled', 'expired', 'changed')) THEN
    PERFORM registry.refuse_fact('already-registered');
  END IF;
  IF own.is_main THEN
    UPDATE registry.residence r SET verified_on = registry.clock_day(c.collected_at), household_id = coalesce(r.household_id, c.household_id),
      act_id = act WHERE r.id = own.id;
  ELSE
    -- A second home becomes the main one that day.
    FOR other IN SELECT * FROM registry.residence r WHERE r.person_id = who AND (r.is_main OR r.unit_id = c.unit_id) AND upper_inf(r.sys)
        AND r.valid && daterange(day, NULL) ORDER BY lower(r.valid) LOOP
      IF lower(other.valid) >= day AND other.id IS DISTINCT FROM own.id THEN
        PERFORM registry.refuse_fact(CASE WHEN other.unit_id = c.unit_id THEN 'lives-here-later' ELSE 'lives-elsewhere-later' END);
      END IF;
      PERFORM registry.end_residence(other, day, CASE WHEN other.id IS DISTINCT FROM own.id THEN 'moved_within_city' END, 'cancelled', act);
    END LOOP;
    INSERT INTO registry.residence (person_id, unit_id, building_id, district_id, category, relation_to_head, household_id, verified_on, valid, sys, act_id)
    VALUES (who, c.unit_id, c.building_id, c.district_id, f.category, f.relation_to_head, c.household_id, registry.clock_day(c.collected_at),
      daterange(day, NULL), tstzrange(registry.fact_moment(), NULL), act) RETURNING * INTO own;
  END IF;
  PERFORM registry.settle_hukou(who, f, day, act), registry.keep_phone(who, f, act), registry.end_absence(who, c.unit_id, day, act);
  -- One person, one registration: that of a second home ends with the new one, living there does not.
  UPDATE registry.registration g SET status = 'cancelled', ended_on = CURRENT_DATE, end_reason = 'duplicate', version = g.version + 1, act_id = act
  FROM registry.residence r WHERE r.person_id = who AND upper_inf(r.sys) AND g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed');
  PERFORM registry.add_registration(own.id, f, (CURRENT_DATE + months * interval '1 month')::date, act);
END $$;

-- Somebody whose hukou is here lives elsewhere from a day on.
CREATE OR REPLACE FUNCTION registry.settle_away(c registry.registration_case, f registry.case_person, act uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  day date := coalesce(f.since, CURRENT_DATE);
  who uuid := registry.person_of_form(f, act);
  own registry.residence;
BEGIN
  IF registry.has_died(who) THEN
    PERFORM registry.refuse_fact('has-died');
  END IF;
  f.hukou_unit_id := coalesce(f.hukou_unit_id, c.unit_id);
  FOR own IN SELECT * FROM registry.residence r WHERE r.person_id = who AND r.unit_id = f.hukou_unit_id AND upper_inf(r.sys)
      AND r.valid && daterange(day, NULL) LOOP
    IF lower(own.valid) >= day THEN
      PERFORM registry.refuse_fact('lives-here-later');
    END IF;
    PERFORM registry.end_residence(own, day, 'left_area', 'cancelled', act);
  END LOOP;
  PERFORM registry.settle_hukou(who, f, day, act), registry.keep_phone(who, f, act), registry.end_absence(who, NULL, day, act);
  INSERT INTO registry.absence (person_id, unit_id, building_id, district_id, whereabouts_code, whereabouts, reason, informant, valid, sys, act_id)
  VALUES (who, f.hukou_unit_id, c.building_id, c.district_id, f.whereabouts_code, f.whereabouts, coalesce(f.absence_reason, 'other'),
    coalesce(f.informant, 'self'), daterange(day, NULL), tstzrange(registry.fact_moment(), NULL), act);
END $$;

-- Another dwelling, or another kind of living there, from a day on.
CREATE OR REPLACE FUNCTION registry.change_residence(c registry.registration_case, f registry.case_person, r registry.residence, act uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  day date := coalesce(f.since, CURRENT_DATE);
  fresh registry.residence := r;
  live registry.registration;
BEGIN
  fresh.unit_id := c.unit_id;
  fresh.category := coalesce(f.category, r.category);
  fresh.relation_to_head := coalesce(f.relation_to_head, r.relation_to_head);
  IF NOT upper_inf(r.valid) AND upper(r.valid) <= day THEN
    PERFORM registry.refuse_fact('has-ended');
  ELSIF day < lower(r.valid) OR (day = lower(r.valid) AND fresh.unit_id <> r.unit_id) THEN
    PERFORM registry.refuse_fact('before-its-start');
  ELSIF (fresh.unit_id, fresh.category, fresh.relation_to_head) IS NOT DISTINCT FROM (r.unit_id, r.category, r.relation_to_head)
      OR day = lower(r.valid) THEN
    UPDATE registry.residence o SET category = fresh.category, relation_to_head = fresh.relation_to_head,
      verified_on = registry.clock_day(c.collected_at), act_id = act WHERE o.id = r.id;
  ELSE
    SELECT * INTO live FROM registry.registration g WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed');
    IF live.expires_on <= CURRENT_DATE THEN
      PERFORM registry.refuse_fact('registration-expired');
    END IF;
    PERFORM registry.end_residence(r, day, CASE WHEN fresh.unit_id <> r.unit_id THEN 'moved_within_city' END, 'changed', act);
    INSERT INTO registry.residence (person_id, unit_id, building_id, district_id, category, relation_to_head, is_main, end_reason, household_id, verified_on, valid, sys, act_id)
    VALUES (r.person_id, fresh.unit_id, c.building_id, c.district_id, fresh.category, fresh.relation_to_head, r.is_main, r.end_reason,
      CASE WHEN fresh.unit_id = r.unit_id THEN r.household_id ELSE c.household_id END, registry.clock_day(c.collected_at),
      daterange(day, upper(r.valid)), tstzrange(registry.fact_moment(), NULL), act) RETURNING * INTO fresh;
    IF live.id IS NOT NULL THEN
      PERFORM registry.add_registration(fresh.id, f, live.expires_on, act);
    END IF;
    IF fresh.unit_id <> r.unit_id THEN
      PERFORM registry.end_absence(r.person_id, fresh.unit_id, day, act);
    END IF;
  END IF;
  PERFORM registry.settle_hukou(r.person_id, f, day, act), registry.keep_phone(r.person_id, f, act);
END $$;

-- Being away from a dwelling ends, or never was: then it is the absence of that day, or else the last one.
CREATE OR REPLACE FUNCTION registry.cancel_absence(asked uuid, at_unit uuid, day date, was_never boolean, act uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT was_never THEN
    RETURN registry.end_absence(asked, at_unit, day, act);
  END IF;
  UPDATE registry.absence a SET sys = registry.closed_knowledge(a.sys), act_id = act WHERE a.id = (
    SELECT o.id FROM registry.absence o WHERE o.person_id = asked AND o.unit_id = at_unit AND upper_inf(o.sys)
    ORDER BY o.valid @> day DESC, lower(o.valid) DESC LIMIT 1);
  RETURN FOUND;
END $$;

-- A residence ends, or never was; who died, settled abroad or serves has neither hukou nor absence from then on, wherever he lived.
CREATE OR REPLACE FUNCTION registry.cancel_residence(c registry.registration_case, f registry.case_person, r registry.residence, act uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  day date := coalesce(f.ends_on, CURRENT_DATE);
  was_never boolean := f.end_reason IN ('duplicate', 'wrong', 'false_entry');
  is_gone boolean := f.end_reason IN ('deceased', 'settled_abroad', 'military_service');
  who uuid := coalesce(r.person_id, registry.live_person(f.person_id));
  other registry.residence;
BEGIN
  IF r.id IS NOT NULL AND (was_never OR coalesce(upper(r.valid) > day, true)) THEN
    PERFORM registry.end_residence(r, day, f.end_reason, 'cancelled', act);
  ELSIF r.id IS NULL AND registry.cancel_absence(who, c.unit_id, day, was_never, act) THEN
    NULL;
  ELSIF NOT is_gone OR NOT EXISTS (SELECT FROM registry.hukou h WHERE h.person_id = who AND upper_inf(h.sys) AND coalesce(upper(h.valid) > day, true)) THEN
    PERFORM registry.refuse_fact(CASE WHEN r.id IS NULL THEN 'not-absent' ELSE 'has-ended' END);
  END IF;
  IF is_gone THEN
    PERFORM registry.end_hukou(who, day, f.end_reason, act), registry.end_absence(who, NULL, day, act);
  END IF;
  IF f.end_reason = 'deceased' THEN
    FOR other IN SELECT * FROM registry.residence o WHERE o.person_id = who
        AND upper_inf(o.sys) AND o.valid && daterange(day, NULL) LOOP
      PERFORM registry.end_residence(other, day, 'deceased', 'cancelled', act);
    END LOOP;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.renew_registration(c registry.registration_case, f registry.case_person, r registry.residence, months int, act uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  old registry.registration;
BEGIN
  IF NOT r.valid @> CURRENT_DATE THEN
    PERFORM registry.refuse_fact('has-ended');
  END IF;
  SELECT * INTO old FROM registry.registration g WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'changed')
  ORDER BY g.status = 'expired', g.registered_on DESC, g.id DESC LIMIT 1;
  IF old.id IS NULL THEN
    PERFORM registry.refuse_fact('not-registered');
  END IF;
  UPDATE registry.registration g SET status = CASE WHEN g.expires_on <= CURRENT_DATE THEN 'expired' ELSE 'changed' END, ended_on = CURRENT_DATE,
    version = g.version + 1, act_id = act WHERE g.id = old.id AND g.status <> 'expired';
  PERFORM registry.add_registration(r.id, f, (greatest(old.expires_on, CURRENT_DATE) + months * interval '1 month')::date, act);
  UPDATE registry.residence o SET verified_on = registry.clock_day(c.collected_at), act_id = act WHERE o.id = r.id;
  PERFORM registry.settle_hukou(r.person_id, f, coalesce(f.since, CURRENT_DATE), act), registry.keep_phone(r.person_id, f, act);
END $$;

-- What was recorded wrongly is put right in place: it was never so. Ciphers are sealed for the person that the form names.
CREATE OR REPLACE FUNCTION registry.correct_facts(c registry.registration_case, f registry.case_person, r registry.residence, act uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := coalesce(r.person_id, registry.live_person(f.person_id));
  starts date := coalesce(f.since, lower(r.valid), CURRENT_DATE);
  ends date := coalesce(f.ends_on, upper(r.valid));
BEGIN
  IF who <> f.person_id OR NOT EXISTS (SELECT FROM registry.person p WHERE p.id = who) THEN
    PERFORM registry.refuse_fact('form-outdated');
  ELSIF EXISTS (SELECT FROM registry.person p WHERE p.id <> who AND p.id_index = f.id_index AND p.id_type = f.id_type) THEN
    PERFORM registry.refuse_fact('document-taken');
  ELSIF ends <= starts THEN
    PERFORM registry.refuse_fact('before-its-start');
  END IF;
  UPDATE registry.person p SET name = f.name, sex = f.sex, birth_year = f.birth_year, birth_month = f.birth_month, id_type = f.id_type,
    id_number = CASE WHEN p.id_index = f.id_index THEN p.id_number ELSE f.id_number END, id_index = f.id_index, id_tail = f.id_tail, act_id = act
  WHERE p.id = who AND (p.name, p.sex, p.birth_year, p.birth_month, p.id_type, p.id_index, p.id_tail)
    IS DISTINCT FROM (f.name, f.sex, f.birth_year, f.birth_month, f.id_type, f.id_index, f.id_tail);
  PERFORM registry.keep_phone(who, f, act);
  IF r.id IS NOT NULL THEN
    UPDATE registry.residence o SET unit_id = c.unit_id, category = coalesce(f.category, o.category),
      relation_to_head = coalesce(f.relation_to_head, o.relation_to_head), valid = daterange(starts, ends),
      household_id = CASE WHEN o.unit_id = c.unit_id THEN o.household_id ELSE c.household_id END,
      verified_on = registry.clock_day(c.collected_at), act_id = act
    WHERE o.id = r.id;
    UPDATE registry.registration g SET residence_id = g.residence_id WHERE g.residence_id = r.id AND r.unit_id <> c.unit_id;
    UPDATE registry.registration g SET status = 'cancelled', ended_on = ends, end_reason = f.end_reason, version = g.version + 1, act_id = act
    WHERE g.residence_id = r.id AND ends <= CURRENT_DATE AND g.status NOT IN ('cancelled', 'expired', 'changed');
  END IF;
  IF f.end_reason IS NOT NULL THEN
    PERFORM registry.correct_end(who, r.id, f.end_reason, act);
  END IF;
  PERFORM registry.correct_hukou(who, f, starts, act);
END $$;

-- Lock the persons of a case in one order for all, then the totals of every building it may touch; the facts are known from here on.
CREATE OR REPLACE FUNCTION registry.hold_persons(persons uuid[], buildings uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM registry.person p WHERE p.id = ANY (persons) ORDER BY p.id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM registry.person p WHERE p.id = ANY (persons) AND p.merged_into <> ALL (persons)) THEN
    -- Merged while one waited: who holds now is held too.
    persons := ARRAY(SELECT p FROM unnest(persons) p UNION SELECT registry.live_person(p) FROM unnest(persons) p);
    PERFORM FROM registry.person p WHERE p.id = ANY (persons) ORDER BY p.id FOR NO KEY UPDATE;
  END IF;
  PERFORM registry.hold_buildings(ARRAY(SELECT unnest(buildings) UNION
    SELECT r.building_id FROM registry.residence r WHERE r.person_id = ANY (persons) AND upper_inf(r.sys)));
  PERFORM registry.take_moment();
END $$;

-- Apply a case to the register: all its forms, or none. Answers 'done' or why the register cannot take it; called by the act that
-- passes the case, which has judged who may.
CREATE OR REPLACE FUNCTION registry.apply_case(asked uuid, act uuid, months int DEFAULT 12) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  c registration_case;
  f case_person;
  r residence;
BEGIN
  SELECT * INTO STRICT c FROM registration_case o WHERE o.id = asked FOR NO KEY UPDATE;
  PERFORM hold_persons(ARRAY(
    SELECT x.id FROM case_person o CROSS JOIN LATERAL (
      SELECT o.person_id AS id UNION SELECT live_person(o.person_id)
      UNION SELECT live_person(p.id) FROM person p WHERE p.id_index = o.id_index AND p.id_type = o.id_type
      UNION SELECT s.person_id FROM residence s WHERE s.id = o.residence_id) x
    WHERE o.case_id = asked), ARRAY[c.building_id]);
  IF c.household_id IS NULL AND c.form <> 'registered_not_resident' AND (c.action = 'register' OR (c.action IN ('change', 'correct') AND EXISTS (
      SELECT FROM case_person o JOIN residence s ON s.id = o.residence_id WHERE o.case_id = asked AND s.unit_id <> c.unit_id))) THEN
    INSERT INTO household (unit_id, building_id, district_id, kind, act_id) VALUES (c.unit_id, c.building_id, c.district_id, c.household_kind, act)
    RETURNING id INTO c.household_id;
    UPDATE registration_case o SET household_id = c.household_id WHERE o.id = asked;
  END IF;
  FOR f IN SELECT * FROM case_person o WHERE o.case_id = asked ORDER BY o.turn LOOP
    r := NULL;
    IF greatest(f.since, f.ends_on) > CURRENT_DATE THEN
      PERFORM refuse_fact('day-later');
    END IF;
    IF f.residence_id IS NOT NULL THEN
      SELECT * INTO r FROM residence o WHERE o.id = f.residence_id AND upper_inf(o.sys);
      IF r.id IS NULL THEN
        PERFORM refuse_fact('residence-gone');
      END IF;
    ELSIF c.action IN ('change', 'renew') OR (c.action IN ('cancel', 'correct') AND NOT EXISTS (
        -- Named by the document alone, a person has to do with this dwelling, and of a correction with its area, still now.
        SELECT FROM residence o WHERE o.person_id = live_person(f.person_id) AND upper_inf(o.sys)
          AND (o.unit_id = c.unit_id OR (c.action = 'correct' AND o.township_id = c.township_id))
        UNION ALL SELECT FROM absence a WHERE a.person_id = live_person(f.person_id) AND upper_inf(a.sys) AND a.unit_id = c.unit_id)) THEN
      PERFORM refuse_fact('residence-gone');
    END IF;
    CASE c.action
      WHEN 'register' THEN
        IF c.form = 'registered_not_resident' THEN
          PERFORM settle_away(c, f, act);
        ELSE
          PERFORM settle_here(c, f, months, act);
        END IF;
      WHEN 'change' THEN PERFORM change_residence(c, f, r, act);
      WHEN 'cancel' THEN PERFORM cancel_residence(c, f, r, act);
      WHEN 'renew' THEN PERFORM renew_registration(c, f, r, months, act);
      WHEN 'correct' THEN PERFORM correct_facts(c, f, r, act);
    END CASE;
  END LOOP;
  RETURN 'done';
EXCEPTION
  WHEN SQLSTATE 'RG001' THEN RETURN SQLERRM;
  WHEN exclusion_violation THEN RETURN 'overlaps';
END $$;

-- How many live registrations there are in a district (in all without one), and how many of them lie in a unit whose building has a
-- place on the map: of persons found from dwellings and the other way round (R103). For the owner's reports; no list.
CREATE OR REPLACE FUNCTION registry.person_unit_match_rate(asked uuid DEFAULT NULL, OUT matched bigint, OUT live bigint)
LANGUAGE sql STABLE AS $$
  SELECT count(*) FILTER (WHERE u.state NOT IN ('removed', 'rejected') AND num_nonnulls(b.position, b.outline) > 0), count(*)
  FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id
    LEFT JOIN registry.housing_unit u ON u.id = r.unit_id LEFT JOIN registry.building b ON b.id = u.building_id
  WHERE g.status NOT IN ('cancelled', 'expired', 'changed') AND upper_inf(r.sys) AND (asked IS NULL OR g.district_id = asked)
$$;
