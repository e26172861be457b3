-- Two records of one person are made one, or one is made two: proposed by one account, judged by another, undone while nothing
-- built on it. And what an officer decides about 人户分离 against the rule. The calls answer why they refuse, or `done`.

-- The permissions of geo_registry/access/rules.py say the same.
CREATE OR REPLACE FUNCTION registry.may_settle(role text, step text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE step
    WHEN 'merge' THEN role IN ('station_head', 'population_office')
    WHEN 'separation' THEN role IN ('officer', 'station_head', 'population_office')
    ELSE false END
$$;

-- Where somebody counts: the current area, or else that of the hukou, or of the last dwelling.
CREATE OR REPLACE FUNCTION registry.areas_of_person(asked uuid)
RETURNS TABLE (district_id uuid, township_id uuid, community_id uuid) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT x.district_id, x.township_id, x.community_id FROM (
    SELECT 1 AS turn, p.district_id, p.township_id, p.community_id FROM registry.person p WHERE p.id = asked
    UNION ALL SELECT 2, h.district_id, h.township_id, h.community_id FROM registry.hukou h WHERE h.person_id = asked AND upper(h.sys) IS NULL
    UNION ALL (SELECT 3, r.district_id, r.township_id, r.community_id FROM registry.residence r WHERE r.person_id = asked
      ORDER BY upper_inf(r.sys) DESC, lower(r.valid) DESC LIMIT 1)) x
  WHERE x.district_id IS NOT NULL ORDER BY x.turn LIMIT 1;
END $$;

-- Whoever covers where a person lives, has lived or has the hukou, covers the person: as the policies of the look-ups say.
CREATE OR REPLACE FUNCTION registry.covers_person(areas uuid[], asked uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM registry.person p WHERE p.id = asked AND (registry.covers(areas, p.district_id, p.township_id, p.community_id)
    OR EXISTS (SELECT FROM registry.residence r WHERE r.person_id = asked AND registry.covers(areas, r.district_id, r.township_id, r.community_id))
    OR EXISTS (SELECT FROM registry.hukou h WHERE h.person_id = asked AND registry.covers(areas, h.district_id, h.township_id, h.community_id))))
$$;

-- Decisions and lineages lie where their person counts, and follow.
CREATE OR REPLACE FUNCTION registry.copy_person_areas() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  SELECT a.district_id, a.township_id, a.community_id INTO STRICT NEW.district_id, NEW.township_id, NEW.community_id
  FROM areas_of_person((to_jsonb(NEW) ->> TG_ARGV[0])::uuid) a;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER copy_person_areas BEFORE INSERT OR UPDATE OF person_id ON registry.separation_decision
  FOR EACH ROW WHEN (NEW.version_of IS NULL) EXECUTE FUNCTION registry.copy_person_areas('person_id');
CREATE OR REPLACE TRIGGER copy_person_areas BEFORE INSERT ON registry.person_lineage
  FOR EACH ROW EXECUTE FUNCTION registry.copy_person_areas('to_id');
CREATE OR REPLACE TRIGGER copy_person_areas BEFORE UPDATE OF person_id ON registry.hukou_referral
  FOR EACH ROW WHEN (NEW.closed_on IS NULL AND NEW.person_id <> OLD.person_id) EXECUTE FUNCTION registry.copy_person_areas('person_id');
CREATE OR REPLACE FUNCTION registry.follow_person_areas() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  UPDATE separation_decision d SET (district_id, township_id, community_id) = (NEW.district_id, NEW.township_id, NEW.community_id)
  WHERE d.person_id = NEW.id;
  UPDATE person_lineage l SET (district_id, township_id, community_id) = (NEW.district_id, NEW.township_id, NEW.community_id)
  WHERE l.to_id = NEW.id;
  UPDATE hukou_referral h SET (district_id, township_id, community_id) = (NEW.district_id, NEW.township_id, NEW.community_id)
  WHERE h.person_id = NEW.id AND h.closed_on IS NULL;
  RETURN NULL;
END $$;
-- Who is placed for the first time has nothing that follows: bulk loads do not ask.
CREATE OR REPLACE TRIGGER follow_areas AFTER UPDATE OF district_id, township_id, community_id ON registry.person
  FOR EACH ROW WHEN (OLD.district_id IS NOT NULL AND NEW.district_id IS NOT NULL
    AND (OLD.district_id, OLD.township_id, OLD.community_id) IS DISTINCT FROM (NEW.district_id, NEW.township_id, NEW.community_id))
  EXECUTE FUNCTION registry.follow_person_areas();

-- Why a session may not take a step at all, or NULL.
CREATE OR REPLACE FUNCTION registry.bar_of(viewer record, step text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE
    WHEN viewer.account_id IS NULL THEN 'session-ended'
    WHEN viewer.confined IS NOT NULL THEN 'account-confined'
    WHEN viewer.kind = 'machine' OR NOT registry.may_settle(viewer.role, step) THEN 'not-allowed' END;
END $$;

-- Why a lineage cannot be carried out as the register stands, or NULL.
CREATE OR REPLACE FUNCTION registry.obstacle_of(l registry.person_lineage, chosen uuid[]) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  own registry.person;
  other registry.person;
BEGIN
  SELECT * INTO own FROM registry.person p WHERE p.id = l.from_id;
  SELECT * INTO other FROM registry.person p WHERE p.id = l.to_id;
  RETURN CASE
    WHEN own.merged_into IS NOT NULL OR (other.merged_into IS NOT NULL AND (l.kind = 'merge' OR other.merged_into <> l.from_id)) THEN 'already-merged'
    WHEN l.kind = 'split' AND (cardinality(chosen) = 0 OR EXISTS (SELECT FROM unnest(chosen) c WHERE NOT EXISTS (
      SELECT FROM registry.residence r WHERE r.id = c AND r.person_id = l.from_id AND upper(r.sys) IS NULL))) THEN 'residence-unknown'
    -- The row of the record that goes is taken away: its registration must not be the only one.
    WHEN EXISTS (
      SELECT FROM registry.residence r JOIN registry.residence o ON o.unit_id = r.unit_id AND o.valid && r.valid AND upper(o.sys) IS NULL
      WHERE r.person_id = l.from_id AND upper(r.sys) IS NULL AND o.person_id = l.to_id AND (l.kind = 'merge' OR r.id = ANY (chosen))
        AND EXISTS (SELECT FROM registry.registration g WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed'))
        AND NOT EXISTS (SELECT FROM registry.registration g WHERE g.residence_id = o.id AND g.status NOT IN ('cancelled', 'expired', 'changed')))
      THEN 'registered-under-other' END;
END $$;

CREATE OR REPLACE FUNCTION registry.propose_lineage(asked_by bytea, own_id uuid, asked_kind text, from_one uuid, to_one uuid, chosen uuid[], why text, act uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  l person_lineage;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  l.kind := asked_kind;
  l.from_id := from_one;
  l.to_id := to_one;
  chosen := coalesce(chosen, '{}');
  verdict := coalesce(bar_of(viewer, 'merge'), CASE
    WHEN NOT covers_person(viewer.areas, from_one) OR NOT covers_person(viewer.areas, to_one)
      OR NOT EXISTS (SELECT FROM areas_of_person(to_one)) THEN 'not-found'
    WHEN from_one = to_one THEN 'same-person'
    WHEN EXISTS (SELECT FROM person_lineage o WHERE o.state = 'proposed' AND from_one IN (o.from_id, o.to_id)) THEN 'already-proposed'
    END, obstacle_of(l, chosen), 'done');
  IF verdict = 'done' THEN
    INSERT INTO person_lineage (id, kind, from_id, to_id, reason, proposed_by, act_id, district_id)
    VALUES (own_id, asked_kind, from_one, to_one, why, viewer.account_id, act, new_id());
    INSERT INTO person_lineage_row (lineage_id, row_id, kind, change) SELECT own_id, c, 'residence', 'moved' FROM (SELECT DISTINCT unnest(chosen) WHERE asked_kind = 'split') s (c);
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'lineage-propose', 'person_lineage', own_id, 'granted', asked_kind);
  END IF;
  RETURN verdict;
END $$;

-- Carry a lineage out: every row of the one record goes to the other, except what the other says already. Steps of `judge_lineage`.
CREATE OR REPLACE FUNCTION registry.move_residences(l registry.person_lineage, act uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r registry.residence;
  fate text;
BEGIN
  FOR r IN SELECT * FROM registry.residence o WHERE o.person_id = l.from_id AND upper_inf(o.sys) AND (l.kind = 'merge'
      OR o.id IN (SELECT w.row_id FROM registry.person_lineage_row w WHERE w.lineage_id = l.id)) ORDER BY o.id LOOP
    fate := CASE
      WHEN EXISTS (SELECT FROM registry.residence o WHERE o.person_id = l.to_id AND o.unit_id = r.unit_id AND o.valid && r.valid AND upper_inf(o.sys)) THEN 'removed'
      WHEN r.is_main AND EXISTS (SELECT FROM registry.residence o WHERE o.person_id = l.to_id AND o.is_main AND o.valid && r.valid AND upper_inf(o.sys)) THEN 'demoted'
      ELSE 'moved' END;
    INSERT INTO registry.person_lineage_row (lineage_id, row_id, kind, change) VALUES (l.id, r.id, 'residence', fate)
    ON CONFLICT (lineage_id, row_id) DO UPDATE SET change = excluded.change;
    IF fate = 'removed' THEN
      UPDATE registry.residence o SET sys = registry.closed_knowledge(o.sys), act_id = act WHERE o.id = r.id;
      UPDATE registry.registration g SET status = 'cancelled', ended_on = CURRENT_DATE, end_reason = 'duplicate', version = g.version + 1, act_id = act
      WHERE g.residence_id = r.id AND g.status NOT IN ('cancelled', 'expired', 'changed');
    ELSE
      UPDATE registry.residence o SET person_id = l.to_id, is_main = o.is_main AND fate = 'moved', act_id = act WHERE o.id = r.id;
      UPDATE registry.registration g SET residence_id = g.residence_id WHERE g.residence_id = r.id;
    END IF;
  END LOOP;
END $$;
CREATE OR REPLACE FUNCTION registry.move_facts(l registry.person_lineage, act uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own text;
BEGIN
  -- Nobody is away from where the other record lives.
  INSERT INTO registry.person_lineage_row (lineage_id, row_id, kind, change)
  SELECT l.id, a.id, 'absence', 'removed' FROM registry.absence a
  WHERE a.person_id IN (l.from_id, l.to_id) AND upper_inf(a.sys) AND EXISTS (SELECT FROM registry.residence r
    WHERE r.person_id = l.to_id AND r.unit_id = a.unit_id AND r.valid && a.valid AND upper_inf(r.sys));
  UPDATE registry.absence a SET sys = registry.closed_knowledge(a.sys), act_id = act
  FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'absence' AND a.id = w.row_id;
  FOREACH own IN ARRAY ARRAY['hukou', 'absence', 'separation_decision'] LOOP
    EXECUTE format($q$INSERT INTO registry.person_lineage_row (lineage_id, row_id, kind, change)
      SELECT $1, f.id, %1$L, CASE WHEN EXISTS (SELECT FROM registry.%1$I o WHERE o.person_id = $3 AND o.valid && f.valid AND upper_inf(o.sys)) THEN 'removed' ELSE 'moved' END
      FROM registry.%1$I f WHERE f.person_id = $2 AND upper_inf(f.sys)$q$, own) USING l.id, l.from_id, l.to_id;
    EXECUTE format($q$UPDATE registry.%1$I f SET person_id = CASE w.change WHEN 'moved' THEN $2 ELSE f.person_id END,
        sys = CASE w.change WHEN 'moved' THEN f.sys ELSE registry.closed_knowledge(f.sys) END, act_id = $3
      FROM registry.person_lineage_row w WHERE w.lineage_id = $1 AND w.kind = %1$L AND f.id = w.row_id$q$, own) USING l.id, l.to_id, act;
  END LOOP;
END $$;

-- A referral to the permit desk goes where its registration goes, in a merge every one does; one about the hukou goes unless the
-- other record has its own that is open.
CREATE OR REPLACE FUNCTION registry.move_referrals(l registry.person_lineage, act uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.person_lineage_row (lineage_id, row_id, kind, change)
  SELECT l.id, t.id, 'permit_referral', 'moved' FROM registry.permit_referral t
  WHERE t.person_id = l.from_id AND (l.kind = 'merge' OR t.registration_id IN (SELECT * FROM registry.registrations_of(l)))
  UNION ALL
  SELECT l.id, h.id, 'hukou_referral', 'moved' FROM registry.hukou_referral h
  WHERE h.person_id = l.from_id AND l.kind = 'merge' AND (h.closed_on IS NOT NULL
    OR NOT EXISTS (SELECT FROM registry.hukou_referral o WHERE o.person_id = l.to_id AND o.closed_on IS NULL));
  UPDATE registry.permit_referral t SET person_id = l.to_id, version = t.version + 1, act_id = act
  FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'permit_referral' AND t.id = w.row_id;
  UPDATE registry.hukou_referral h SET person_id = l.to_id, version = h.version + 1, act_id = act
  FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'hukou_referral' AND h.id = w.row_id;
END $$;
-- Who turns out to be one has not two registrations: where both records brought a live one, those of the one side end that day. What is
-- in force stays before what has lapsed, the main dwelling before another one, the record that holds before the other.
CREATE OR REPLACE FUNCTION registry.end_doubles(l registry.person_lineage, act uuid) RETURNS void LANGUAGE sql AS $$
  WITH live AS (
    SELECT g.id, g.expires_on, r.is_main, w.row_id IS NOT NULL AS came
    FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id AND upper_inf(r.sys)
      LEFT JOIN registry.person_lineage_row w ON w.lineage_id = l.id AND w.row_id = r.id
    WHERE g.person_id = l.to_id AND g.status = 'active'
  ), best AS (
    SELECT x.came FROM live x ORDER BY coalesce(x.expires_on > CURRENT_DATE, true) DESC, x.is_main DESC, x.came LIMIT 1
  )
  UPDATE registry.registration g SET status = 'cancelled', ended_on = CURRENT_DATE, end_reason = 'duplicate', version = g.version + 1, act_id = act
  FROM live x, best b WHERE g.id = x.id AND x.came <> b.came
$$;
-- The registrations of the dwellings that a lineage touched.
CREATE OR REPLACE FUNCTION registry.registrations_of(l registry.person_lineage) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  SELECT g.id FROM registry.person_lineage_row w JOIN registry.registration g ON g.residence_id = w.row_id
  WHERE w.lineage_id = l.id AND w.kind = 'residence'
$$;

CREATE OR REPLACE FUNCTION registry.judge_lineage(asked_by bytea, asked uuid, read_version int, judgement text, act uuid)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  l person_lineage;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO l FROM person_lineage o WHERE o.id = asked FOR NO KEY UPDATE;
  version := l.version;
  outcome := coalesce(bar_of(viewer, 'merge'), CASE
    WHEN l.id IS NULL OR NOT covers(viewer.areas, l.district_id, l.township_id, l.community_id) OR NOT covers_person(viewer.areas, l.from_id) THEN 'not-found'
    WHEN viewer.account_id = l.proposed_by THEN 'own-request'
    WHEN l.version IS DISTINCT FROM read_version THEN 'stale'
    WHEN l.state <> 'proposed' THEN 'not-open' END);
  -- A refusal holds nobody, and has its moment all the same.
  PERFORM take_moment();
  IF outcome IS NULL AND judgement = 'approved' THEN
    PERFORM hold_persons(ARRAY[l.from_id, l.to_id], '{}');
    outcome := obstacle_of(l, ARRAY(SELECT w.row_id FROM person_lineage_row w WHERE w.lineage_id = asked));
    IF outcome IS NULL THEN
      PERFORM move_residences(l, act), end_doubles(l, act);
      IF l.kind = 'merge' THEN
        PERFORM move_facts(l, act);
      END IF;
      PERFORM move_referrals(l, act);
      UPDATE person p SET merged_into = CASE l.kind WHEN 'merge' THEN l.to_id END, act_id = act
      WHERE p.id = CASE l.kind WHEN 'merge' THEN l.from_id ELSE l.to_id END;
    END IF;
  END IF;
  IF outcome IS NULL THEN
    outcome := 'done';
    UPDATE person_lineage o SET state = CASE judgement WHEN 'approved' THEN 'done' ELSE 'refused' END, decided_by = viewer.account_id,
      decided_at = fact_moment(), version = o.version + 1, act_id = act WHERE o.id = asked RETURNING o.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'lineage-' || judgement, 'person_lineage', asked, 'granted', l.kind);
  END IF;
  RETURN NEXT;
END $$;

-- Whether a split took out a record that had been merged: undone, it is merged again.
CREATE OR REPLACE FUNCTION registry.joins_again(l registry.person_lineage) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT l.kind = 'split' AND EXISTS (SELECT FROM registry.person_lineage m
    WHERE m.kind = 'merge' AND m.state = 'done' AND m.from_id = l.to_id AND m.to_id = l.from_id)
$$;

-- Whether a fact of the record that holds has been written since, or the document of the other one has registered a dwelling of
-- it: undone, it would stay with the wrong one.
CREATE OR REPLACE FUNCTION registry.is_written_since(l registry.person_lineage) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM (
      SELECT r.sys FROM registry.residence r WHERE r.person_id = l.to_id AND r.version_of IS NULL
      UNION ALL SELECT h.sys FROM registry.hukou h WHERE h.person_id = l.to_id AND h.version_of IS NULL
      UNION ALL SELECT a.sys FROM registry.absence a WHERE a.person_id = l.to_id AND a.version_of IS NULL) f
    WHERE lower(f.sys) > l.decided_at OR upper(f.sys) > l.decided_at)
    OR EXISTS (SELECT FROM registry.person p JOIN registry.case_person f ON f.id_index = p.id_index AND f.id_type = p.id_type
        JOIN registry.registration g ON g.case_person_id = f.id AND g.person_id = l.to_id
      WHERE l.kind = 'merge' AND p.id = l.from_id AND g.id NOT IN (SELECT * FROM registry.registrations_of(l)))
$$;

-- The registrations that a lineage ended: its own act is the last that wrote them.
CREATE OR REPLACE FUNCTION registry.registrations_ended_by(l registry.person_lineage) RETURNS SETOF registry.registration
LANGUAGE sql STABLE AS $$
  SELECT g.* FROM registry.registration g
  WHERE g.person_id IN (l.from_id, l.to_id) AND g.act_id = l.act_id AND g.status = 'cancelled' AND g.end_reason = 'duplicate'
$$;

-- Whether a row that a lineage touched has changed since, or the record that holds has got others, or where a registration ended
-- another one is live.
CREATE OR REPLACE FUNCTION registry.is_built_upon(l registry.person_lineage) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM registry.person_lineage_row w LEFT JOIN LATERAL (
      SELECT r.person_id, r.sys FROM registry.residence r WHERE w.kind = 'residence' AND r.id = w.row_id
      UNION ALL SELECT h.person_id, h.sys FROM registry.hukou h WHERE w.kind = 'hukou' AND h.id = w.row_id
      UNION ALL SELECT a.person_id, a.sys FROM registry.absence a WHERE w.kind = 'absence' AND a.id = w.row_id
      UNION ALL SELECT d.person_id, d.sys FROM registry.separation_decision d WHERE w.kind = 'separation_decision' AND d.id = w.row_id) f ON true
    WHERE w.lineage_id = l.id AND w.kind NOT IN ('permit_referral', 'hukou_referral') AND CASE w.change WHEN 'removed' THEN upper(f.sys) = l.decided_at AND f.person_id IN (l.from_id, l.to_id)
      ELSE upper_inf(f.sys) AND lower(f.sys) = l.decided_at AND f.person_id = l.to_id END IS NOT TRUE)
    OR ((l.kind = 'merge' OR registry.joins_again(l)) AND registry.is_written_since(l))
    OR EXISTS (SELECT FROM registry.registrations_ended_by(l) g JOIN registry.residence r ON r.id = g.residence_id
      WHERE greatest(lower(r.sys), upper(r.sys)) > l.decided_at OR EXISTS (SELECT FROM registry.registration o
        WHERE o.residence_id = r.id AND o.status NOT IN ('cancelled', 'expired', 'changed')))
    OR EXISTS (SELECT FROM registry.person p WHERE l.kind = 'merge' AND p.id = l.from_id AND p.merged_into IS DISTINCT FROM l.to_id)
    OR EXISTS (SELECT FROM registry.person p WHERE l.kind = 'split' AND p.id IN (l.from_id, l.to_id) AND p.merged_into IS NOT NULL)
$$;

CREATE OR REPLACE FUNCTION registry.put_back(l registry.person_lineage, act uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own text;
BEGIN
  FOREACH own IN ARRAY ARRAY['residence', 'hukou', 'absence', 'separation_decision'] LOOP
    EXECUTE format($q$UPDATE registry.%1$I f SET person_id = CASE w.change WHEN 'removed' THEN f.person_id ELSE $2 END, sys = tstzrange(registry.fact_moment(), NULL), act_id = $3 %2$s
      FROM registry.person_lineage_row w WHERE w.lineage_id = $1 AND w.kind = %1$L AND f.id = w.row_id$q$, own,
      CASE own WHEN 'residence' THEN $q$, is_main = f.is_main OR w.change = 'demoted'$q$ ELSE '' END) USING l.id, l.from_id, act;
  END LOOP;
  UPDATE registry.registration g SET residence_id = g.residence_id
  FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'residence' AND g.residence_id = w.row_id;
  UPDATE registry.registration g SET status = 'active', ended_on = NULL, end_reason = NULL, version = g.version + 1, act_id = act
  FROM registry.registrations_ended_by(l) e WHERE g.id = e.id;
  -- What came of a registration since goes home with it.
  UPDATE registry.permit_referral t SET person_id = l.from_id, version = t.version + 1, act_id = act
  WHERE t.person_id = l.to_id AND (t.registration_id IN (SELECT * FROM registry.registrations_of(l))
    OR t.id IN (SELECT w.row_id FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'permit_referral'));
  UPDATE registry.hukou_referral h SET person_id = l.from_id, version = h.version + 1, act_id = act
  FROM registry.person_lineage_row w WHERE w.lineage_id = l.id AND w.kind = 'hukou_referral' AND h.id = w.row_id;
  UPDATE registry.person p SET merged_into = CASE l.kind WHEN 'split' THEN l.from_id END, act_id = act
  WHERE p.id = CASE l.kind WHEN 'merge' THEN l.from_id ELSE l.to_id END AND (l.kind = 'merge' OR registry.joins_again(l));
END $$;

-- Undo what was carried out, by another account than the one that proposed it; exactly, or not at all.
CREATE OR REPLACE FUNCTION registry.undo_lineage(asked_by bytea, asked uuid, read_version int, act uuid)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  l person_lineage;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO l FROM person_lineage o WHERE o.id = asked FOR NO KEY UPDATE;
  version := l.version;
  outcome := coalesce(bar_of(viewer, 'merge'), CASE
    WHEN l.id IS NULL OR NOT covers(viewer.areas, l.district_id, l.township_id, l.community_id) OR NOT covers_person(viewer.areas, l.from_id) THEN 'not-found'
    WHEN viewer.account_id = l.proposed_by THEN 'own-request'
    WHEN l.version IS DISTINCT FROM read_version THEN 'stale'
    WHEN l.state <> 'done' THEN 'not-open' END);
  IF outcome IS NULL THEN
    PERFORM hold_persons(ARRAY[l.from_id, l.to_id], '{}');
    outcome := CASE WHEN is_built_upon(l) THEN 'changed-since' END;
  END IF;
  IF outcome IS NULL THEN
    PERFORM put_back(l, act);
    outcome := 'done';
    UPDATE person_lineage o SET state = 'undone', undone_by = viewer.account_id, undone_at = fact_moment(), version = o.version + 1, act_id = act
    WHERE o.id = asked RETURNING o.version INTO version;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'lineage-undo', 'person_lineage', asked, 'granted', l.kind);
  END IF;
  RETURN NEXT;
EXCEPTION WHEN exclusion_violation THEN
  outcome := 'changed-since';
  version := l.version;
  RETURN NEXT;
END $$;

-- A lineage as a piece of work: no person, no document.
CREATE OR REPLACE FUNCTION registry.read_lineage(asked_by bytea, asked uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF bar_of(viewer, 'merge') IS NOT NULL THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT lineage_facts(l, viewer.account_id) FROM person_lineage l
    WHERE l.id = asked AND covers(viewer.areas, l.district_id, l.township_id, l.community_id));
END $$;
CREATE OR REPLACE FUNCTION registry.lineage_facts(l registry.person_lineage, reader uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', l.id, 'kind', l.kind, 'state', l.state, 'reason', l.reason, 'proposed_at', l.proposed_at, 'decided_at', l.decided_at,
    'undone_at', l.undone_at, 'version', l.version,
    'proposed_by_name', (SELECT a.name FROM registry.account a WHERE a.id = l.proposed_by),
    'decided_by_name', (SELECT a.name FROM registry.account a WHERE a.id = l.decided_by),
    'undone_by_name', (SELECT a.name FROM registry.account a WHERE a.id = l.undone_by),
    'may', CASE WHEN reader = l.proposed_by THEN '[]' WHEN l.state = 'proposed' THEN '["approve", "refuse"]' WHEN l.state = 'done' THEN '["undo"]' ELSE '[]' END::jsonb)
$$;

-- Both records side by side, as known when it was decided: whoever judges compares whole names and numbers.
CREATE OR REPLACE FUNCTION registry.record_of(asked uuid, knowledge timestamptz, chosen uuid[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('person_id', p.id, 'name', p.name, 'sex', p.sex, 'birth', p.birth_year || coalesce('-' || lpad(p.birth_month::text, 2, '0'), ''),
    'id_type', p.id_type, 'id_number', encode(p.id_number, 'base64'), 'merged', p.merged_into IS NOT NULL,
    'residences', (SELECT coalesce(jsonb_agg(jsonb_build_object('residence_id', r.was, 'unit_id', r.unit_id, 'unit', u.unit_text,
        'address', concat(a.standard_text, ba.building_no), 'category', r.category, 'is_main', r.is_main, 'since', lower(r.valid), 'until', upper(r.valid),
        'registration', g.status, 'expires_on', g.expires_on, 'chosen', r.was = ANY (chosen)) ORDER BY lower(r.valid) DESC, r.was), '[]')
      FROM (SELECT coalesce(o.version_of, o.id) AS was, o.* FROM registry.residence o WHERE o.person_id = p.id AND o.sys @> knowledge) r
        JOIN registry.housing_unit u ON u.id = r.unit_id
        LEFT JOIN registry.building_address ba ON ba.building_id = r.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
        LEFT JOIN registry.address a ON a.id = ba.address_id
        LEFT JOIN LATERAL (SELECT * FROM registry.registration n WHERE n.residence_id = r.was ORDER BY n.registered_on DESC, n.id DESC LIMIT 1) g ON true),
    'hukou', (SELECT coalesce(jsonb_agg(jsonb_build_object('unit', u.unit_text, 'address', concat(a.standard_text, ba.building_no),
        'division_code', h.division_code, 'address_text', h.address_text, 'since', lower(h.valid), 'until', upper(h.valid)) ORDER BY lower(h.valid) DESC), '[]')
      FROM registry.hukou h LEFT JOIN registry.housing_unit u ON u.id = h.unit_id
        LEFT JOIN registry.building_address ba ON ba.building_id = h.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
        LEFT JOIN registry.address a ON a.id = ba.address_id
      WHERE h.person_id = p.id AND h.sys @> knowledge))
  FROM registry.person p WHERE p.id = asked
$$;
CREATE OR REPLACE FUNCTION registry.reveal_lineage(ticket uuid, asked_by bytea)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
BEGIN
  entry := honour(ticket, asked_by, 'lineage');
  RETURN (SELECT (lineage_facts(l, entry.account_id) || jsonb_build_object('audit_id', ticket, 'from', record_of(l.from_id, k.at, k.chosen),
      'to', record_of(l.to_id, k.at, k.chosen)))::text
    FROM person_lineage l CROSS JOIN LATERAL (SELECT coalesce(l.decided_at - interval '1 microsecond', clock_timestamp()) AS at,
      ARRAY(SELECT w.row_id FROM person_lineage_row w WHERE w.lineage_id = l.id) AS chosen) k
    WHERE l.id = entry.object_id);
END $$;

-- Records that may be of one person, both in one area: same name, sex and month of birth, or same name in one dwelling. Pairs that
-- somebody refused once do not come back; what is proposed waits apart.
CREATE OR REPLACE FUNCTION registry.reveal_duplicates(ticket uuid, asked_by bytea, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  entry audit;
  place record;
  answer jsonb;
BEGIN
  entry := honour(ticket, asked_by, 'duplicates');
  SELECT d.district_id, d.level INTO place FROM division d WHERE d.id = entry.object_id;
  WITH homes AS MATERIALIZED (
    SELECT b.id FROM building b WHERE b.district_id = place.district_id AND entry.object_id IN (b.township_id, b.community_id)),
  here AS MATERIALIZED (
    SELECT DISTINCT ON (r.person_id, r.unit_id) r.person_id, r.unit_id, r.building_id FROM homes b JOIN residence r ON r.building_id = b.id
    WHERE upper(r.sys) IS NULL
    UNION SELECT h.person_id, NULL, h.building_id FROM homes b JOIN hukou h ON h.building_id = b.id WHERE upper(h.sys) IS NULL AND NOT EXISTS (
      SELECT FROM residence r WHERE r.person_id = h.person_id AND upper(r.sys) IS NULL)),
  known AS MATERIALIZED (
    SELECT p.id, p.name, p.sex, p.birth_year, p.birth_month, x.unit_id, x.building_id FROM here x JOIN person p ON p.id = x.person_id WHERE p.merged_into IS NULL),
  pairs AS MATERIALIZED (
    SELECT x.first_id, x.second_id, min(x.why) AS why FROM (
      SELECT a.id AS first_id, b.id AS second_id, 'same_birth' AS why FROM known a
        JOIN known b ON b.name = a.name AND b.sex = a.sex AND b.birth_year = a.birth_year AND b.birth_month = a.birth_month AND b.id > a.id
      UNION ALL
      SELECT a.id, b.id, 'same_unit' FROM known a JOIN known b ON b.name = a.name AND b.unit_id = a.unit_id AND b.id > a.id) x
    WHERE NOT EXISTS (SELECT FROM person_lineage l WHERE l.state IN ('proposed', 'refused')
      AND (l.from_id, l.to_id) IN ((x.first_id, x.second_id), (x.second_id, x.first_id)))
    GROUP BY x.first_id, x.second_id ORDER BY x.first_id, x.second_id LIMIT page_rows + 1),
  shown AS (SELECT * FROM pairs LIMIT page_rows)
  SELECT jsonb_build_object('audit_id', ticket, 'more', (SELECT count(*) > page_rows FROM pairs),
    'rows', (SELECT coalesce(jsonb_agg(jsonb_build_object('why', s.why, 'first', glimpse(s.first_id, entry.valid_at), 'second', glimpse(s.second_id, entry.valid_at))
      ORDER BY s.first_id, s.second_id), '[]') FROM shown s),
    'proposals', (SELECT coalesce(jsonb_agg(lineage_facts(l, entry.account_id) || jsonb_build_object('from', glimpse(l.from_id, entry.valid_at),
      'to', glimpse(l.to_id, entry.valid_at)) ORDER BY l.proposed_at), '[]')
      FROM person_lineage l WHERE l.state = 'proposed' AND entry.object_id IN (l.township_id, l.community_id))) INTO answer;
  RETURN answer::text;
END $$;
-- A person in a list of pairs, masked as everywhere, with the last dwelling.
CREATE OR REPLACE FUNCTION registry.glimpse(asked uuid, day date) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT registry.masked(p, day) || jsonb_build_object('person_id', p.id, 'id_type', p.id_type, 'residence', (
    SELECT jsonb_build_object('residence_id', r.id, 'unit_id', r.unit_id, 'building_id', r.building_id, 'unit', u.unit_text,
      'address', concat(a.standard_text, ba.building_no), 'since', lower(r.valid), 'until', upper(r.valid))
    FROM registry.residence r JOIN registry.housing_unit u ON u.id = r.unit_id
      LEFT JOIN registry.building_address ba ON ba.building_id = r.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
      LEFT JOIN registry.address a ON a.id = ba.address_id
    WHERE r.person_id = p.id AND upper(r.sys) IS NULL ORDER BY lower(r.valid) DESC, r.id LIMIT 1))
  FROM registry.person p WHERE p.id = asked
$$;

-- An officer's decision against the rule, for a time and a reason; the one before ends where it begins.
CREATE OR REPLACE FUNCTION registry.decide_separation(asked_by bytea, own_id uuid, asked_person uuid, asked_status text, why text,
  from_day date, to_day date, act uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  verdict text;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  asked_person := live_person(asked_person);
  verdict := coalesce(bar_of(viewer, 'separation'), CASE
    WHEN NOT covers_person(viewer.areas, asked_person) OR NOT EXISTS (SELECT FROM areas_of_person(asked_person)) THEN 'not-found'
    WHEN to_day <= from_day THEN 'before-its-start' END);
  IF verdict IS NULL THEN
    PERFORM hold_persons(ARRAY[asked_person], '{}');
    -- Merged while one waited.
    asked_person := live_person(asked_person);
    verdict := CASE WHEN EXISTS (SELECT FROM separation_decision d WHERE d.person_id = asked_person AND upper_inf(d.sys)
      AND d.valid && daterange(from_day, to_day) AND lower(d.valid) >= from_day) THEN 'decided-already' ELSE 'done' END;
  END IF;
  IF verdict = 'done' THEN
    UPDATE separation_decision d SET valid = daterange(lower(d.valid), from_day), act_id = act
    WHERE d.person_id = asked_person AND upper_inf(d.sys) AND d.valid @> from_day;
    INSERT INTO separation_decision (id, person_id, status, reason, decided_by, valid, sys, act_id, district_id)
    VALUES (own_id, asked_person, asked_status, why, viewer.account_id, daterange(from_day, to_day), tstzrange(fact_moment(), NULL), act, new_id());
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-decide', 'separation_decision', own_id, 'granted', asked_status);
  END IF;
  RETURN verdict;
END $$;

-- The version of a decision is the number of times it has been written.
CREATE OR REPLACE FUNCTION registry.version_of_decision(d registry.separation_decision) RETURNS int LANGUAGE sql STABLE AS $$
  SELECT 1 + (NOT upper_inf(d.sys))::int + (SELECT count(*)::int FROM registry.separation_decision o WHERE o.version_of = d.id
    AND o.person_id IN (SELECT d.person_id UNION SELECT l.from_id FROM registry.person_lineage l WHERE l.to_id = d.person_id
      UNION SELECT l.to_id FROM registry.person_lineage l WHERE l.from_id = d.person_id))
$$;
CREATE OR REPLACE FUNCTION registry.end_separation_decision(asked_by bytea, asked uuid, read_version int, ends_on date, act uuid)
RETURNS TABLE (outcome text, version int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
  d separation_decision;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT * INTO d FROM separation_decision o WHERE o.id = asked AND o.version_of IS NULL;
  PERFORM hold_persons(ARRAY[d.person_id], '{}');
  SELECT * INTO d FROM separation_decision o WHERE o.id = d.id FOR NO KEY UPDATE;
  version := version_of_decision(d);
  outcome := coalesce(bar_of(viewer, 'separation'), CASE
    WHEN d.id IS NULL OR NOT covers_person(viewer.areas, d.person_id) THEN 'not-found'
    WHEN version IS DISTINCT FROM read_version THEN 'stale'
    WHEN NOT upper_inf(d.sys) OR upper(d.valid) <= ends_on THEN 'has-ended'
    ELSE 'done' END);
  IF outcome = 'done' THEN
    IF ends_on <= lower(d.valid) THEN
      UPDATE separation_decision o SET sys = closed_knowledge(o.sys), act_id = act WHERE o.id = asked;
    ELSE
      UPDATE separation_decision o SET valid = daterange(lower(o.valid), end_separation_decision.ends_on), act_id = act WHERE o.id = asked;
    END IF;
    version := version + 1;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'separation-end', 'separation_decision', asked, 'granted', NULL);
  END IF;
  RETURN NEXT;
END $$;

-- A decision as a piece of work: no person.
CREATE OR REPLACE FUNCTION registry.read_separation_decision(asked_by bytea, asked uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF bar_of(viewer, 'separation') IS NOT NULL THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT jsonb_build_object('id', d.id, 'status', d.status, 'reason', d.reason, 'from', lower(d.valid), 'to', upper(d.valid),
      'withdrawn', NOT upper_inf(d.sys), 'decided_by_name', (SELECT a.name FROM account a WHERE a.id = d.decided_by),
      'version', version_of_decision(d))
    FROM separation_decision d WHERE d.id = asked AND d.version_of IS NULL AND covers(viewer.areas, d.district_id, d.township_id, d.community_id));
END $$;
