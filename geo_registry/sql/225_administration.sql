-- The administration of accounts and purposes: by a security administrator, within his own areas, never of himself.
-- The owner's command line comes without a token and may all of it.

CREATE OR REPLACE FUNCTION registry.managing(asked_by bytea) RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record;
BEGIN
  -- Whoever signed in to the database as the owner of this function needs none of its checks.
  IF asked_by IS NULL AND session_user = current_user THEN
    SELECT NULL::uuid AS session_id, NULL::uuid AS account_id, NULL::text AS role, NULL::uuid[] AS areas INTO manager;
    RETURN manager;
  END IF;
  RETURN admit(asked_by, ARRAY['security_admin']);
END $$;

-- Whether all that is granted to an account, today and later, lies in some areas.
CREATE OR REPLACE FUNCTION registry.granted_within(target uuid, outer_areas uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT outer_areas IS NULL OR coalesce((SELECT bool_and(lies_within(CASE WHEN g.division_id IS NOT NULL THEN ARRAY[g.division_id] END, outer_areas) IS TRUE)
    FROM area_grant g WHERE g.account_id = target AND NOT isempty(g.valid) AND (upper_inf(g.valid) OR upper(g.valid) > CURRENT_DATE)), false)
$$;

-- Administrators are made, and put in order when locked out, on the machine itself: no administrator alone becomes a second one.
CREATE OR REPLACE FUNCTION registry.refuse_administrator(manager record, role text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF manager.account_id IS NOT NULL AND role LIKE '%\_admin' THEN
    PERFORM refuse('administrator_by_console');
  END IF;
END $$;

-- An account locked for change, as it was when it was read (`seen`; the command line reads and changes at once).
CREATE OR REPLACE FUNCTION registry.held_account(manager record, target uuid, seen int) RETURNS registry.account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  held account%ROWTYPE;
BEGIN
  SELECT * INTO held FROM account a WHERE a.id = target FOR NO KEY UPDATE;
  IF held.id IS NULL OR NOT granted_within(held.id, manager.areas) THEN
    PERFORM refuse('account_unknown');
  ELSIF held.id = manager.account_id THEN
    PERFORM refuse('account_own');
  ELSIF held.version <> seen THEN
    PERFORM refuse('version_stale', held.version::text);
  END IF;
  PERFORM refuse_administrator(manager, held.role);
  RETURN held;
END $$;

CREATE OR REPLACE FUNCTION registry.finish_account(manager record, target uuid, action text, note text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  reached int;
BEGIN
  UPDATE account a SET version = a.version + 1 WHERE a.id = target RETURNING a.version INTO reached;
  PERFORM note_act(manager.session_id, manager.account_id, manager.role, action, 'account', target, 'granted', note);
  RETURN reached;
END $$;

-- Nobody grants more than he holds: an area within his own and for no longer, the whole installation (no division) from one who holds it.
CREATE OR REPLACE FUNCTION registry.add_grant(manager record, target uuid, division uuid, period daterange) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF isempty(period) THEN
    PERFORM refuse('period_empty');
  ELSIF lies_within(CASE WHEN division IS NOT NULL THEN ARRAY[division] END, manager.areas) IS NOT TRUE THEN
    PERFORM refuse('grant_outside');
  ELSIF manager.account_id IS NOT NULL AND NOT coalesce((SELECT range_agg(g.valid) FROM area_grant g LEFT JOIN division d ON d.id = division
      WHERE g.account_id = manager.account_id AND (g.division_id IS NULL OR g.division_id IN (d.id, d.parent_id, d.township_id, d.district_id, d.city_id,
        (SELECT c.parent_id FROM division c WHERE c.id = d.city_id)))) @> period, false) THEN
    PERFORM refuse('grant_outside');
  END IF;
  INSERT INTO area_grant (account_id, division_id, valid, granted_by) VALUES (target, division, period, manager.account_id);
END $$;

-- No list of divisions means the whole installation; a list without one is refused, lest nothing become everything.
CREATE OR REPLACE FUNCTION registry.add_account(asked_by bytea, own_id uuid, new_login text, new_name text, new_role text, is_machine boolean,
  hashed text, expires timestamptz, factor_required boolean, divisions uuid[], subject text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
  division uuid;
BEGIN
  PERFORM refuse_administrator(manager, new_role);
  INSERT INTO account (id, login, name, role, is_machine, password_hash, password_expires_at, second_factor_required, oidc_subject, created_by, version)
  VALUES (own_id, new_login, new_name, new_role, is_machine, hashed, expires, factor_required, subject, manager.account_id, 0);
  IF cardinality(divisions) = 0 THEN
    PERFORM refuse('grant_outside');
  END IF;
  FOREACH division IN ARRAY coalesce(divisions, ARRAY[NULL::uuid]) LOOP
    PERFORM add_grant(manager, own_id, division, daterange(CURRENT_DATE, NULL));
  END LOOP;
  RETURN finish_account(manager, own_id, 'add-account', new_role);
END $$;

-- What is NULL stays. The three administrators stay apart from one another and from everybody else: no account crosses that line.
-- Who comes to look at persons needs a second factor, as a new account of the role does.
CREATE OR REPLACE FUNCTION registry.change_account(asked_by bytea, target uuid, seen int, new_name text, new_role text, hourly int, daily int,
  building int, factor_required boolean, subject text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
  held account%ROWTYPE := held_account(manager, target, seen);
BEGIN
  IF new_role <> held.role THEN
    IF new_role LIKE '%\_admin' OR held.role LIKE '%\_admin' THEN
      PERFORM refuse('role_crosses');
    END IF;
    PERFORM end_sessions(target);
  END IF;
  UPDATE account a SET name = coalesce(new_name, a.name), role = coalesce(new_role, a.role), hourly_limit = coalesce(hourly, a.hourly_limit),
    daily_limit = coalesce(daily, a.daily_limit), building_limit = coalesce(building, a.building_limit),
    second_factor_required = coalesce(factor_required, a.second_factor_required OR (new_role <> a.role AND NOT a.is_machine
      AND (may_look(new_role, 'occupants') OR may_look(new_role, 'dwellings'))), a.second_factor_required), oidc_subject = nullif(coalesce(subject, a.oidc_subject), '')
  WHERE a.id = target;
  RETURN finish_account(manager, target, 'change-account', concat_ws(' ', CASE WHEN new_role <> held.role THEN held.role || ' to ' || new_role END,
    CASE WHEN hourly IS NOT NULL OR daily IS NOT NULL OR building IS NOT NULL THEN 'limits' END,
    CASE WHEN factor_required IS NOT NULL THEN 'second factor' END, CASE WHEN subject IS NOT NULL THEN 'subject' END));
END $$;

CREATE OR REPLACE FUNCTION registry.switch_account(asked_by bytea, target uuid, seen int, active boolean) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  PERFORM held_account(manager, target, seen);
  UPDATE account a SET is_active = active WHERE a.id = target;
  PERFORM end_sessions(target);
  RETURN finish_account(manager, target, CASE WHEN active THEN 'enable-account' ELSE 'disable-account' END, NULL);
END $$;

CREATE OR REPLACE FUNCTION registry.reset_password(asked_by bytea, target uuid, seen int, hashed text, expires timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  IF (held_account(manager, target, seen)).is_machine THEN
    PERFORM refuse('machine_only');
  END IF;
  UPDATE account a SET password_hash = hashed, password_expires_at = expires WHERE a.id = target;
  PERFORM end_sessions(target);
  RETURN finish_account(manager, target, 'reset-password', NULL);
END $$;

CREATE OR REPLACE FUNCTION registry.reset_factor(asked_by bytea, target uuid, seen int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  PERFORM held_account(manager, target, seen);
  PERFORM drop_factor(target);
  PERFORM end_sessions(target);
  RETURN finish_account(manager, target, 'reset-second-factor', NULL);
END $$;

CREATE OR REPLACE FUNCTION registry.grant_area(asked_by bytea, target uuid, seen int, division uuid, since date, until date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  PERFORM held_account(manager, target, seen);
  IF since < CURRENT_DATE OR until < since THEN
    PERFORM refuse('period_empty');
  END IF;
  PERFORM add_grant(manager, target, division, daterange(since, until, '[]'));
  RETURN finish_account(manager, target, 'grant-area', coalesce((SELECT d.code FROM division d WHERE d.id = division), 'whole'));
END $$;

-- A grant ends at once; one that began today, or begins later, never was.
CREATE OR REPLACE FUNCTION registry.end_grant(asked_by bytea, target uuid, seen int, asked uuid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
  division uuid;
BEGIN
  PERFORM held_account(manager, target, seen);
  UPDATE area_grant g SET valid = CASE WHEN lower(g.valid) < CURRENT_DATE THEN daterange(lower(g.valid), CURRENT_DATE) ELSE 'empty' END
  WHERE g.id = asked AND g.account_id = target AND (upper_inf(g.valid) OR upper(g.valid) > CURRENT_DATE) RETURNING g.division_id INTO division;
  IF NOT FOUND THEN
    PERFORM refuse('grant_unknown');
  END IF;
  RETURN finish_account(manager, target, 'end-grant', coalesce((SELECT d.code FROM division d WHERE d.id = division), 'whole'));
END $$;

-- A bearer token: for a machine alone, for purposes that its role may state, for ninety days at most.
CREATE OR REPLACE FUNCTION registry.issue_token(asked_by bytea, target uuid, seen int, own_id uuid, hashed bytea, new_title text, for_purposes text[], days int)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
  held account%ROWTYPE := held_account(manager, target, seen);
BEGIN
  IF NOT held.is_machine OR NOT held.is_active THEN
    PERFORM refuse('token_for_machines');
  ELSIF EXISTS (SELECT FROM unnest(for_purposes) asked (code) WHERE NOT EXISTS (
      SELECT FROM purpose p WHERE p.code = asked.code AND p.valid @> CURRENT_DATE AND held.role = ANY (p.roles))) THEN
    PERFORM refuse('token_purposes');
  END IF;
  INSERT INTO session (id, token_hash, account_id, kind, title, purposes, created_at, expires_at, issued_by)
  VALUES (own_id, hashed, target, 'machine', new_title, for_purposes, now(), now() + make_interval(days => days), coalesce(manager.account_id, target));
  RETURN finish_account(manager, target, 'issue-token', concat_ws(' ', own_id::text, days::text || ' days', array_to_string(for_purposes, ',')));
END $$;

CREATE OR REPLACE FUNCTION registry.end_session(asked_by bytea, target uuid, seen int, asked uuid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  PERFORM held_account(manager, target, seen);
  UPDATE session s SET ended_at = clock_timestamp() WHERE s.id = asked AND s.account_id = target AND s.ended_at IS NULL;
  IF NOT FOUND THEN
    PERFORM refuse('session_unknown');
  END IF;
  RETURN finish_account(manager, target, 'end-session', asked::text);
END $$;

-- One page in order of login; who manages an area sees the accounts that work wholly in it.
CREATE OR REPLACE FUNCTION registry.list_accounts(asked_by bytea, words text, asked_role text, asked_area uuid, active boolean, machine boolean,
  after_login text, page_rows int) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  RETURN QUERY SELECT account_told(a) FROM account a
  WHERE (after_login IS NULL OR a.login > after_login) AND (asked_role IS NULL OR a.role = asked_role)
    AND (active IS NULL OR a.is_active = active) AND (machine IS NULL OR a.is_machine = machine)
    AND (words IS NULL OR starts_with(a.login, lower(words)) OR strpos(a.name, words) > 0)
    AND (asked_area IS NULL OR lies_within(areas_of(a.id), ARRAY[asked_area])) AND granted_within(a.id, manager.areas)
  ORDER BY a.login LIMIT page_rows;
END $$;

CREATE OR REPLACE FUNCTION registry.find_account(asked_by bytea, target uuid, named text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
BEGIN
  RETURN (SELECT account_told(a) || jsonb_build_object('sessions', sessions_told(a.id, NULL)) FROM account a
    WHERE (a.id = target OR a.login = named) AND granted_within(a.id, manager.areas));
END $$;

CREATE OR REPLACE FUNCTION registry.purpose_told(p registry.purpose) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('code', p.code, 'title', p.title, 'legal_basis', p.legal_basis, 'roles', p.roles, 'case_pattern', p.case_pattern,
    'fields', p.fields, 'report_delay_days', p.report_delay_days, 'valid_from', lower(p.valid), 'valid_to', upper(p.valid) - 1, 'version', p.version)
$$;

-- Purposes hold for the whole installation: so does the right to make them.
CREATE OR REPLACE FUNCTION registry.keep_purpose(asked_by bytea, told jsonb, seen int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  manager record := managing(asked_by);
  kept purpose%ROWTYPE;
BEGIN
  IF manager.areas IS NOT NULL THEN
    PERFORM refuse('role_refused');
  END IF;
  SELECT * INTO kept FROM purpose p WHERE p.code = told->>'code' FOR UPDATE;
  IF seen IS NULL AND kept.code IS NOT NULL THEN
    PERFORM refuse('purpose_taken');
  ELSIF seen IS NOT NULL AND kept.code IS NULL THEN
    PERFORM refuse('purpose_unknown');
  ELSIF seen <> kept.version THEN
    PERFORM refuse('version_stale', kept.version::text);
  END IF;
  kept := jsonb_populate_record(kept, told);
  IF kept.roles && ARRAY(SELECT r FROM unnest(kept.roles) r WHERE NOT may_look(r, 'occupants') AND NOT may_look(r, 'dwellings')) THEN
    PERFORM refuse('purpose_roles');
  END IF;
  -- A pattern that is none fails here, not at somebody's look.
  PERFORM '' ~ kept.case_pattern, '' ~ ('^(?:' || kept.case_pattern || ')$');
  IF seen IS NULL THEN
    INSERT INTO purpose (code, title, legal_basis, roles, case_pattern, fields, report_delay_days, valid)
    VALUES (kept.code, kept.title, kept.legal_basis, kept.roles, kept.case_pattern, kept.fields, kept.report_delay_days, kept.valid);
  ELSE
    UPDATE purpose p SET title = kept.title, legal_basis = kept.legal_basis, roles = kept.roles, case_pattern = kept.case_pattern,
      fields = kept.fields, report_delay_days = kept.report_delay_days, valid = kept.valid, version = p.version + 1 WHERE p.code = kept.code;
  END IF;
  PERFORM note_act(manager.session_id, manager.account_id, manager.role, CASE WHEN seen IS NULL THEN 'add-purpose'
    WHEN told ? 'valid' THEN 'end-purpose' ELSE 'change-purpose' END, 'purpose', NULL, 'granted', kept.code);
  RETURN coalesce(seen, 0) + 1;
END $$;
