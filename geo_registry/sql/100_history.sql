-- Versions of place rows, append-only logs, and truths that span two tables.

-- Keep the replaced row, raise the version, refuse a change of identity.
CREATE OR REPLACE FUNCTION registry.keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR to_jsonb(NEW) -> 'code' IS DISTINCT FROM to_jsonb(OLD) -> 'code' THEN
    RAISE EXCEPTION 'the id and the code of a % are fixed', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_identity';
  END IF;
  NEW.version := OLD.version + 1;
  NEW.changed_at := greatest(clock_timestamp(), OLD.changed_at + interval '1 microsecond');
  INSERT INTO registry.place_history (object_id, version, object_kind, sys, act_id, row)
  VALUES (OLD.id, OLD.version, TG_TABLE_NAME, tstzrange(OLD.changed_at, NEW.changed_at), OLD.act_id, to_jsonb(OLD));
  RETURN NEW;
END $$;

-- Things are retired or removed by an act; rows stay.
CREATE OR REPLACE FUNCTION registry.refuse_loss() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: its rows stay', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;

-- A unit's own point lies in its building's outline (requirement: unit in its building).
CREATE OR REPLACE FUNCTION registry.check_unit_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM registry.building b
             WHERE b.id = NEW.building_id AND b.outline IS NOT NULL AND NOT ST_Covers(b.outline, NEW.position)) THEN
    RAISE EXCEPTION 'the unit lies outside its building'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'housing_unit_in_building';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION registry.check_building_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.outline IS NOT NULL AND EXISTS (
    SELECT FROM registry.housing_unit u
    WHERE u.building_id = NEW.id AND u.state NOT IN ('removed', 'rejected') AND u.position IS NOT NULL AND NOT ST_Covers(NEW.outline, u.position)) THEN
    RAISE EXCEPTION 'the new outline leaves units outside'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'housing_unit_in_building';
  END IF;
  RETURN NEW;
END $$;

-- A unit that was taken back as a mistake takes nobody in: whoever takes it back meanwhile comes before or after.
CREATE OR REPLACE FUNCTION registry.refuse_removed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the unit was removed' USING ERRCODE = 'check_violation', CONSTRAINT = 'housing_unit_removed';
END $$;

CREATE OR REPLACE FUNCTION registry.hold_unit(asked uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT u.state INTO state FROM registry.housing_unit u WHERE u.id = asked FOR KEY SHARE;
  IF state = 'removed' THEN
    PERFORM registry.refuse_removed();
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.stand_on_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry.hold_unit(NEW.unit_id);
  RETURN NEW;
END $$;

-- Residence, hukou, registration and what else lies in a unit copy building and areas from it, whatever the caller says ...
CREATE OR REPLACE FUNCTION registry.copy_unit_areas() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  IF TG_TABLE_NAME = 'case_person' THEN
    SELECT c.district_id, c.township_id, c.community_id INTO STRICT NEW.district_id, NEW.township_id, NEW.community_id
    FROM registry.registration_case c WHERE c.id = NEW.case_id;
    IF TG_OP = 'INSERT' AND NEW.hukou_unit_id IS NOT NULL THEN
      PERFORM registry.hold_unit(NEW.hukou_unit_id);
    END IF;
  ELSIF TG_TABLE_NAME = 'permit_referral' THEN
    SELECT g.district_id, g.township_id, g.community_id INTO STRICT NEW.district_id, NEW.township_id, NEW.community_id
    FROM registry.registration g WHERE g.id = NEW.registration_id;
  ELSIF TG_TABLE_NAME = 'registration' THEN
    SELECT r.district_id, r.township_id, r.community_id, r.person_id
    INTO STRICT NEW.district_id, NEW.township_id, NEW.community_id, NEW.person_id
    FROM registry.residence r WHERE r.id = NEW.residence_id;
  ELSIF NEW.unit_id IS NOT NULL AND TG_OP = 'INSERT' THEN
    SELECT u.building_id, u.district_id, u.township_id, u.community_id, u.state
    INTO STRICT NEW.building_id, NEW.district_id, NEW.township_id, NEW.community_id, state
    FROM registry.housing_unit u WHERE u.id = NEW.unit_id FOR KEY SHARE;
    IF state = 'removed' THEN
      PERFORM registry.refuse_removed();
    END IF;
  ELSIF NEW.unit_id IS NOT NULL THEN
    SELECT u.building_id, u.district_id, u.township_id, u.community_id
    INTO STRICT NEW.building_id, NEW.district_id, NEW.township_id, NEW.community_id
    FROM registry.housing_unit u WHERE u.id = NEW.unit_id;
  END IF;
  RETURN NEW;
END $$;

-- ... and follow it when a boundary moves it to another area. All units of a statement at once: cases, persons and totals are locked in
-- the order of the act that passes a case, so that the two wait for each other instead of both for ever.
CREATE OR REPLACE FUNCTION registry.follow_unit_areas() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  moved uuid[] := ARRAY(SELECT n.id FROM fresh n JOIN former o ON o.id = n.id
    WHERE (o.district_id, o.township_id, o.community_id) IS DISTINCT FROM (n.district_id, n.township_id, n.community_id));
BEGIN
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  PERFORM FROM registration_case c WHERE c.unit_id = ANY (moved) ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM hold_persons(ARRAY(SELECT DISTINCT r.person_id FROM residence r WHERE r.unit_id = ANY (moved) AND upper_inf(r.sys)),
    ARRAY(SELECT DISTINCT n.building_id FROM fresh n WHERE n.id = ANY (moved)));
  UPDATE residence SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE hukou SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE registration g SET residence_id = g.residence_id FROM residence r WHERE r.id = g.residence_id AND r.unit_id = ANY (moved);
  UPDATE person p SET (district_id, township_id, community_id) = (n.district_id, n.township_id, n.community_id)
  FROM residence r JOIN fresh n ON n.id = r.unit_id WHERE r.unit_id = ANY (moved) AND r.person_id = p.id AND r.is_main AND upper_inf(r.sys)
    AND r.valid @> CURRENT_DATE;
  UPDATE household SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE absence SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE registration_case SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE case_person f SET case_id = f.case_id FROM registration_case c WHERE c.id = f.case_id AND c.unit_id = ANY (moved);
  UPDATE permit_referral t SET registration_id = t.registration_id FROM registration g JOIN residence r ON r.id = g.residence_id
  WHERE g.id = t.registration_id AND r.unit_id = ANY (moved) AND t.person_id IN (g.person_id, live_person(g.person_id));
  UPDATE verification SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE dwelling_note SET unit_id = unit_id WHERE unit_id = ANY (moved);
  UPDATE tip SET unit_id = unit_id WHERE unit_id = ANY (moved);
  RETURN NULL;
END $$;

-- A person's area is that of the current main residence, or of the last one.
CREATE OR REPLACE FUNCTION registry.place_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  UPDATE person SET district_id = NEW.district_id, township_id = NEW.township_id, community_id = NEW.community_id
  WHERE id = NEW.person_id AND (district_id, township_id, community_id) IS DISTINCT FROM (NEW.district_id, NEW.township_id, NEW.community_id);
  RETURN NULL;
END $$;

-- The change feed: one row for every version of a place; the argument names the columns with its areas.
CREATE OR REPLACE FUNCTION registry.note_change() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  EXECUTE format('INSERT INTO registry.place_change (object_kind, object_id, version, act_id, district_id, township_id, community_id)
    SELECT %L, n.id, n.version, n.act_id, %s FROM fresh n', TG_TABLE_NAME, TG_ARGV[0]);
  RETURN NULL;
END $$;

DO $$
DECLARE
  name text;
  areas text;
BEGIN
  FOREACH name IN ARRAY ARRAY['division', 'place_name', 'address', 'building', 'entrance', 'housing_unit', 'plate', 'plate_batch',
      'grid_block', 'sample_plan', 'focus_area', 'zone', 'rectification_plan', 'verification', 'dwelling_note', 'tip', 'premises',
      'naming_case', 'plate_task', 'plate_report'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER keep_version BEFORE UPDATE ON registry.%I FOR EACH ROW EXECUTE FUNCTION registry.keep_version()', name);
    EXECUTE format('CREATE OR REPLACE TRIGGER refuse_loss BEFORE DELETE ON registry.%I FOR EACH STATEMENT EXECUTE FUNCTION registry.refuse_loss()', name);
    areas := CASE name
      WHEN 'division' THEN 'coalesce(n.district_id, n.id), n.township_id, CASE n.level WHEN ''community'' THEN n.id END'
      WHEN 'entrance' THEN '(SELECT b.district_id FROM registry.building b WHERE b.id = n.building_id),
        (SELECT b.township_id FROM registry.building b WHERE b.id = n.building_id),
        (SELECT b.community_id FROM registry.building b WHERE b.id = n.building_id)'
      WHEN 'rectification_plan' THEN '(SELECT z.district_id FROM registry.zone z WHERE z.id = n.zone_id),
        (SELECT z.township_id FROM registry.zone z WHERE z.id = n.zone_id),
        (SELECT z.community_id FROM registry.zone z WHERE z.id = n.zone_id)'
      ELSE 'n.district_id, n.township_id, n.community_id' END;
    EXECUTE format('CREATE OR REPLACE TRIGGER note_insert AFTER INSERT ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_change(%L)', name, areas);
    EXECUTE format('CREATE OR REPLACE TRIGGER note_update AFTER UPDATE ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_change(%L)', name, areas);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['act', 'audit', 'visit', 'plate_inspection', 'field_check', 'building_check', 'sweep', 'zone_decision',
      'place_change', 'verification_statement', 'acceptance', 'naming_step', 'address_change', 'address_certificate'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry.%I FOR EACH ROW EXECUTE FUNCTION registry.refuse_loss()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['residence', 'hukou', 'registration', 'household', 'absence', 'registration_case', 'case_person', 'permit_referral',
      'verification', 'dwelling_note', 'tip'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER copy_unit_areas BEFORE INSERT OR UPDATE ON registry.%I FOR EACH ROW EXECUTE FUNCTION registry.copy_unit_areas()', name);
  END LOOP;
END $$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['visit', 'sample_unit', 'field_check', 'declaration', 'separation_item'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER stand_on_unit BEFORE INSERT OR UPDATE OF unit_id ON registry.%I FOR EACH ROW
      WHEN (NEW.unit_id IS NOT NULL) EXECUTE FUNCTION registry.stand_on_unit()', name);
  END LOOP;
END $$;

CREATE OR REPLACE TRIGGER unit_in_building BEFORE INSERT OR UPDATE OF position, building_id ON registry.housing_unit
  FOR EACH ROW WHEN (NEW.position IS NOT NULL) EXECUTE FUNCTION registry.check_unit_position();
CREATE OR REPLACE TRIGGER units_in_outline BEFORE UPDATE OF outline ON registry.building
  FOR EACH ROW EXECUTE FUNCTION registry.check_building_units();
CREATE OR REPLACE TRIGGER follow_areas AFTER UPDATE ON registry.housing_unit REFERENCING OLD TABLE AS former NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.follow_unit_areas();
CREATE OR REPLACE TRIGGER place_person AFTER INSERT OR UPDATE ON registry.residence
  FOR EACH ROW WHEN (NEW.is_main AND upper_inf(NEW.sys) AND NEW.valid @> CURRENT_DATE) EXECUTE FUNCTION registry.place_person();

-- Audit, acts and visits lie in monthly partitions: the next twelve are made ahead, and for visits, which may be
-- entered late, the last twelve too.
CREATE OR REPLACE FUNCTION registry.make_partitions() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  name text;
  month date;
BEGIN
  FOREACH name IN ARRAY ARRAY['act', 'audit', 'visit'] LOOP
    FOR month IN SELECT generate_series(date_trunc('month', now()) - CASE name WHEN 'visit' THEN interval '12 months' ELSE interval '0' END, date_trunc('month', now()) + interval '12 months', interval '1 month') LOOP
      EXECUTE format('CREATE TABLE IF NOT EXISTS registry.%I PARTITION OF registry.%I FOR VALUES FROM (%L) TO (%L)',
        name || '_part_' || to_char(month, 'YYYYMM'), name, month::timestamptz, (month + interval '1 month')::timestamptz);
    END LOOP;
  END LOOP;
END $$;
SELECT registry.make_partitions();
