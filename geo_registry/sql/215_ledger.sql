-- Reading the audit, and what the server does for its chains.

-- Whether somebody's areas lie wholly in those of another: NULL is the whole installation; who has no area lies in that alone.
-- A city or province lies in what covers each of its districts, if it has any.
CREATE OR REPLACE FUNCTION registry.lies_within(inner_areas uuid[], outer_areas uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT outer_areas IS NULL OR (cardinality(inner_areas) > 0 AND NOT EXISTS (SELECT FROM unnest(inner_areas) a (id)
    LEFT JOIN division d ON d.id = a.id WHERE CASE WHEN d.level IN ('province', 'city') THEN EXISTS (SELECT FROM division x WHERE x.level = 'district'
      AND (x.city_id = d.id OR x.parent_id = d.id OR x.city_id IN (SELECT c.id FROM division c WHERE c.parent_id = d.id)) HAVING bool_and(x.id = ANY (outer_areas)) IS NOT TRUE)
      ELSE covers(outer_areas, d.district_id, d.township_id, d.id) IS NOT TRUE END))
$$;

-- Accounts whose areas lie wholly in some areas; NULL for all of them. Who has none today answers where he had his last ones.
CREATE OR REPLACE FUNCTION registry.accounts_within(areas uuid[]) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT CASE WHEN areas IS NOT NULL THEN ARRAY(
    SELECT g.account_id FROM area_grant g LEFT JOIN division d ON d.id = g.division_id
    WHERE g.valid @> CURRENT_DATE OR (NOT isempty(g.valid) AND NOT EXISTS (SELECT FROM area_grant n WHERE n.account_id = g.account_id AND n.valid @> CURRENT_DATE))
    GROUP BY g.account_id HAVING bool_and(CASE WHEN d.level IN ('province', 'city') THEN lies_within(ARRAY[d.id], areas) IS TRUE
      ELSE covers(areas, d.district_id, d.township_id, d.id) IS TRUE END)) END
$$;

-- The session of a person who may do something: a role among those named, and an account that is in order.
CREATE OR REPLACE FUNCTION registry.admit(asked_by bytea, roles text[]) RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  IF viewer.account_id IS NULL THEN
    RAISE EXCEPTION 'no live session' USING ERRCODE = 'P0001', CONSTRAINT = 'session_ended';
  ELSIF viewer.confined IS NOT NULL OR viewer.kind <> 'person' OR NOT viewer.role = ANY (roles) THEN
    RAISE EXCEPTION 'not allowed' USING ERRCODE = 'P0001', CONSTRAINT = 'role_refused';
  END IF;
  RETURN viewer;
END $$;

-- The heads for an anchor that is due, of one moment. Nobody can hold them back: nothing is locked.
CREATE OR REPLACE FUNCTION registry.take_anchor()
RETURNS TABLE (at timestamptz, shard smallint, seq bigint, hash bytea, unsealed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT clock_timestamp(), h.shard, h.seq, h.hash, (SELECT count(*) FROM audit u WHERE u.shard IS NULL)
  FROM audit_head h ORDER BY h.shard
$$;

-- The anchor is on the disk. The time steers what is told and when looks stop; whether anchors were written, their file tells.
CREATE OR REPLACE FUNCTION registry.count_anchor(written_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  UPDATE audit_anchor a SET anchored_at = greatest(a.anchored_at, least(written_at, clock_timestamp()))
  WHERE a.id IN (SELECT f.id FROM audit_anchor f FOR UPDATE SKIP LOCKED)
$$;

-- What was refused to somebody who is signed in: the code and the template of the route. Three hundred of a code an hour tell
-- enough, and somebody else hears of it then; those of one code leave room for the others.
CREATE OR REPLACE FUNCTION registry.note_refusal(asked_by bytea, code text, route text, object_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  viewer record;
  noted int;
BEGIN
  SELECT * INTO viewer FROM viewer_of(asked_by);
  SELECT count(*) INTO noted FROM audit a WHERE a.account_id = viewer.account_id AND a.at > clock_timestamp() - interval '1 hour'
    AND a.action = 'refused' AND a.decision = left(code, 40);
  IF viewer.account_id IS NOT NULL AND noted < 300 THEN
    IF noted = 299 THEN
      INSERT INTO look_review (kind, account_id, looks) VALUES ('limit', viewer.account_id, 300);
    END IF;
    PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'refused', 'route', note_refusal.object_id, left(code, 40), route);
  END IF;
END $$;

-- One page of the audit, newest first; reading it is a row too, written when the page is complete. Who reads for an area sees
-- what accounts of that area did.
CREATE OR REPLACE FUNCTION registry.read_audit(asked_by bytea, asked_login text, asked_action text, asked_decision text, asked_purpose text,
  asked_day date, after_id uuid, page_rows int)
RETURNS TABLE (id uuid, at timestamptz, account_name text, role text, action text, purpose text, case_number text, object_kind text,
  object_id uuid, area_name text, fields text[], row_count int, decision text, note text, address inet, shard smallint, seq bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  viewer record := admit(asked_by, ARRAY['audit_admin']);
  accounts uuid[] := accounts_within(viewer.areas);
  wanted uuid;
BEGIN
  IF asked_login IS NOT NULL THEN
    SELECT c.id INTO wanted FROM account c WHERE c.login = asked_login;
    accounts := CASE WHEN wanted IS NULL OR NOT coalesce(wanted = ANY (accounts), true) THEN '{}' ELSE ARRAY[wanted] END;
  END IF;
  RETURN QUERY SELECT a.id, a.at, c.name, a.role, a.action, a.purpose, a.case_number, a.object_kind, a.object_id, d.full_name,
    a.fields, a.row_count, a.decision, a.note, a.address, a.shard, a.seq
  FROM audit a LEFT JOIN account c ON c.id = a.account_id LEFT JOIN division d ON d.id = a.area_id
  WHERE (accounts IS NULL OR a.account_id = ANY (accounts))
    AND (asked_action IS NULL OR a.action = asked_action) AND (asked_decision IS NULL OR a.decision = asked_decision)
    AND (asked_purpose IS NULL OR a.purpose = asked_purpose)
    AND (asked_day IS NULL OR (a.at >= asked_day::timestamptz AND a.at < (asked_day + 1)::timestamptz))
    AND (after_id IS NULL OR a.id < after_id)
  ORDER BY a.id DESC LIMIT page_rows;
  PERFORM note_act(viewer.session_id, viewer.account_id, viewer.role, 'read-audit', 'audit', wanted, 'granted',
    concat_ws(' ', asked_action, asked_decision, asked_purpose, asked_day));
END $$;

-- How the chains stand: each head, and when an anchor was last written.
CREATE OR REPLACE FUNCTION registry.audit_state(asked_by bytea)
RETURNS TABLE (shard smallint, seq bigint, hash bytea, anchored_at timestamptz, warn_after interval, stop_after interval)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  PERFORM admit(asked_by, ARRAY['audit_admin']);
  RETURN QUERY SELECT h.shard, h.seq, h.hash, a.anchored_at, a.warn_after, a.stop_after FROM audit_head h, audit_anchor a ORDER BY h.shard;
END $$;

-- Whole months that two administrators let go together; `granted` when both are who they have to be. Called by the owner only.
CREATE OR REPLACE FUNCTION registry.prune_audit(auditor bytea, security bytea, before timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  first record := admit(auditor, ARRAY['audit_admin']);
  second record := admit(security, ARRAY['security_admin']);
  dropped text[] := registry.audit_months(before);
  name text;
BEGIN
  IF before > now() - interval '183 days' OR first.areas IS NOT NULL OR second.areas IS NOT NULL THEN
    RAISE EXCEPTION 'too young' USING ERRCODE = 'P0001', CONSTRAINT = 'role_refused';
  END IF;
  FOREACH name IN ARRAY dropped LOOP
    EXECUTE format('DROP TABLE registry.%I', name);
  END LOOP;
  PERFORM note_act(v.session_id, v.account_id, v.role, 'prune', 'audit', NULL, 'granted', array_to_string(dropped, ' '))
  FROM (VALUES (first.session_id, first.account_id, first.role), (second.session_id, second.account_id, second.role)) v (session_id, account_id, role);
  RETURN dropped;
END $$;

-- The months of the audit that ended before a time.
CREATE OR REPLACE FUNCTION registry.audit_months(before timestamptz) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(c.relname ORDER BY c.relname), '{}') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'registry.audit'::regclass
    AND substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$TO \('([^']+)'\)$re$)::timestamptz <= before
$$;
