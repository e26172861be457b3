-- Signing in, one's own account, and the administration of accounts. The server's role reads no hash of a session and
-- writes none of these tables: it calls the functions below, and each act leaves a row of the audit.

CREATE OR REPLACE FUNCTION registry.refuse(reason text, fact text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'refused: %', reason USING ERRCODE = 'P0001', CONSTRAINT = reason, DETAIL = fact;
END $$;

-- Passwords and codes are checked by the server. That it did so it proves with a secret that lies in a file beside it: the
-- password of its database role alone opens no door. The facts are joined as `_door_proof` of geo_registry/account/sessions.py joins them.
CREATE OR REPLACE FUNCTION registry.demand_door(proof bytea, VARIADIC facts text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF proof IS DISTINCT FROM (SELECT sha256(k.key || sha256(k.key || convert_to(array_to_string(facts, E'\n', '-'), 'UTF8'))) FROM door_key k) OR proof IS NULL THEN
    PERFORM refuse('door_unproven');
  END IF;
END $$;

-- A refused sign-in names the account that was tried, never what was typed as its name, and nobody as the actor.
CREATE OR REPLACE FUNCTION registry.note_refused_sign_in(tried text, from_address inet, reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  INSERT INTO audit (id, at, address, action, object_kind, object_id, fields, decision, written_xid, written_lsn)
  SELECT new_id(), clock_timestamp(), from_address, 'sign-in-refused', 'account', (SELECT a.id FROM account a WHERE a.login = tried), '{}',
    left(reason, 40), pg_current_xact_id(), pg_current_wal_insert_lsn()
$$;

-- An attempt is counted before the password is looked at, or parallel guesses would not see each other: five an account in
-- fifteen minutes, fifty an address. Only then the caller gets what to compare with; an unknown login gets nothing in the same time.
CREATE OR REPLACE FUNCTION registry.begin_sign_in(tried text, from_address inet, attempt uuid, proof bytea)
RETURNS TABLE (throttled boolean, account_id uuid, password_hash text, is_expired boolean, totp_secret bytea, totp_step bigint,
  version int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  since timestamptz := clock_timestamp() - interval '15 minutes';
  of_login int;
  of_address int;
BEGIN
  PERFORM demand_door(proof, 'begin_sign_in', attempt::text, tried);
  -- No account has a slash in its name: such names are counts of other doors.
  tried := CASE WHEN strpos(tried, '/') > 0 THEN '' ELSE tried END;
  PERFORM pg_advisory_xact_lock(hashtextextended('sign-in/' || tried, 0));
  DELETE FROM sign_in_failure f WHERE f.login = tried AND f.at <= since;
  SELECT count(*) FILTER (WHERE f.login = tried), count(*) FILTER (WHERE f.address = from_address) INTO of_login, of_address
  FROM sign_in_failure f WHERE (f.login = tried OR f.address = from_address) AND f.at > since;
  IF of_login < 5 AND of_address < 50 THEN
    -- Without the address as yet: a hundred people who sign in at eight o'clock behind one address are no failures.
    INSERT INTO sign_in_failure (id, login, at) VALUES (attempt, tried, clock_timestamp());
    RETURN QUERY SELECT false, a.id, a.password_hash, coalesce(a.password_expires_at < clock_timestamp(), false), a.totp_secret, a.totp_step,
      a.version
    FROM (VALUES (1)) one LEFT JOIN account a ON a.login = tried AND a.is_active AND NOT a.is_machine;
    RETURN;
  END IF;
  -- The record of a closed door counts itself, so that whoever goes on knocking fills no audit.
  IF of_login = 5 OR of_address = 50 THEN
    INSERT INTO sign_in_failure (id, login, address, at)
    VALUES (attempt, CASE WHEN of_login = 5 THEN tried ELSE '' END, from_address, clock_timestamp());
    PERFORM note_refused_sign_in(tried, from_address, 'sign-in-throttled');
  END IF;
  RETURN QUERY SELECT true, NULL::uuid, NULL::text, NULL::boolean, NULL::bytea, NULL::bigint, NULL::int;
END $$;

-- The attempt failed; one that only lacks the second factor was no guess.
CREATE OR REPLACE FUNCTION registry.refuse_sign_in(tried text, from_address inet, attempt uuid, reason text, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  PERFORM demand_door(proof, 'refuse_sign_in', attempt::text, reason);
  tried := CASE WHEN strpos(tried, '/') > 0 THEN '' ELSE tried END;
  IF reason = 'second-factor-required' THEN
    DELETE FROM sign_in_failure f WHERE f.id = attempt;
  ELSE
    INSERT INTO sign_in_failure (id, login, address, at) VALUES (attempt, tried, from_address, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET address = EXCLUDED.address;
  END IF;
  PERFORM note_refused_sign_in(tried, from_address, reason);
END $$;

-- A second factor is spent by being used: the step of a one-time code never goes back, a recovery code works once.
CREATE OR REPLACE FUNCTION registry.use_factor(owner_id uuid, proven_step bigint, recovery bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  UPDATE account a SET totp_step = proven_step
  WHERE a.id = owner_id AND a.totp_step < proven_step AND proven_step <= extract(epoch FROM clock_timestamp()) / 30 + 2;
  IF NOT FOUND THEN
    UPDATE recovery_code c SET used_at = clock_timestamp() WHERE c.account_id = owner_id AND c.code_hash = recovery AND c.used_at IS NULL;
    IF NOT FOUND THEN
      PERFORM refuse('second_factor_wrong');
    END IF;
  END IF;
END $$;

-- The session of somebody who proved who he is. Its id is chosen before the door is opened: a door opens once.
CREATE OR REPLACE FUNCTION registry.open_session(own_id uuid, hashed bytea, owner_id uuid, from_address inet, door text, proven_step bigint, recovery bytea,
  seen int, proof bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  known account%ROWTYPE;
  is_spent boolean := proven_step IS NOT NULL OR recovery IS NOT NULL;
  is_strong boolean := is_spent OR door = 'oidc-mfa';
BEGIN
  PERFORM demand_door(proof, 'open_session', own_id::text, encode(hashed, 'hex'), owner_id::text, door, proven_step::text, encode(recovery, 'hex'));
  SELECT * INTO known FROM account a WHERE a.id = owner_id AND a.is_active AND NOT a.is_machine FOR NO KEY UPDATE;
  IF known.id IS NULL THEN
    PERFORM refuse('session_ended');
  ELSIF known.version <> seen THEN
    -- What was proven is out of date: the password or the factor has changed meanwhile.
    PERFORM refuse('account_changed');
  ELSIF is_spent OR (known.totp_step IS NOT NULL AND door = 'password') THEN
    PERFORM use_factor(owner_id, proven_step, recovery);
  END IF;
  INSERT INTO session (id, token_hash, account_id, address, expires_at, strong_at)
  VALUES (own_id, hashed, owner_id, from_address, clock_timestamp() + interval '8 hours', CASE WHEN is_strong THEN clock_timestamp() END);
  DELETE FROM sign_in_failure f WHERE f.login = known.login;
  PERFORM note_act(own_id, owner_id, known.role, 'sign-in', 'account', owner_id, 'granted', door || CASE WHEN is_spent THEN ' and code' ELSE '' END);
END $$;

-- Whose account a single sign-on means.
CREATE OR REPLACE FUNCTION registry.account_of_subject(subject text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT a.id FROM account a WHERE a.oidc_subject = subject AND a.is_active AND NOT a.is_machine
$$;

-- A single sign-on that failed counts for its address, and is noted as long as that is below its limit.
CREATE OR REPLACE FUNCTION registry.refuse_sign_on(from_address inet, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF (SELECT count(*) FROM sign_in_failure f WHERE f.address = from_address AND f.at > clock_timestamp() - interval '15 minutes') < 50 THEN
    INSERT INTO sign_in_failure (login, address, at) VALUES ('', from_address, clock_timestamp());
    PERFORM note_refused_sign_in(NULL, from_address, reason);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.sign_out(asked_by bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  gone record;
BEGIN
  UPDATE session s SET ended_at = clock_timestamp() FROM account a
  WHERE s.token_hash = asked_by AND s.ended_at IS NULL AND a.id = s.account_id RETURNING s.id, s.account_id, a.role INTO gone;
  IF FOUND THEN
    PERFORM note_act(gone.id, gone.account_id, gone.role, 'sign-out', 'account', gone.account_id, 'granted', NULL);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.end_sessions(owner_id uuid, but uuid DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  UPDATE session s SET ended_at = clock_timestamp() WHERE s.account_id = owner_id AND s.ended_at IS NULL AND s.id IS DISTINCT FROM but
$$;

-- What everybody does to his own account, confined or not. `owner` knows the session; machines have nothing of their own.
CREATE OR REPLACE FUNCTION registry.own_session(asked_by bytea) RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record;
BEGIN
  SELECT * INTO owner FROM viewer_of(asked_by);
  IF owner.account_id IS NULL OR owner.kind <> 'person' THEN
    PERFORM refuse('session_ended');
  END IF;
  RETURN owner;
END $$;

CREATE OR REPLACE FUNCTION registry.finish_own(owner record, action text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  UPDATE account a SET version = a.version + 1 WHERE a.id = owner.account_id;
  DELETE FROM sign_in_failure f WHERE f.login = owner.login;
  PERFORM note_act(owner.session_id, owner.account_id, owner.role, action, 'account', owner.account_id, 'granted', NULL);
END $$;

-- A step up: the session goes on under a new token, with the time of its second factor.
CREATE OR REPLACE FUNCTION registry.confirm_session(asked_by bytea, hashed bytea, proven_step bigint, recovery bytea, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  PERFORM demand_door(proof, 'confirm_session', encode(asked_by, 'hex'), encode(hashed, 'hex'), proven_step::text, encode(recovery, 'hex'));
  PERFORM use_factor(owner.account_id, proven_step, recovery);
  UPDATE session s SET token_hash = hashed, strong_at = clock_timestamp() WHERE s.id = owner.session_id;
  PERFORM finish_own(owner, 'second-factor');
END $$;

CREATE OR REPLACE FUNCTION registry.change_own_password(asked_by bytea, new_hash text, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  PERFORM demand_door(proof, 'change_own_password', encode(asked_by, 'hex'), new_hash);
  UPDATE account a SET password_hash = new_hash, password_expires_at = NULL WHERE a.id = owner.account_id;
  PERFORM end_sessions(owner.account_id, owner.session_id);
  PERFORM finish_own(owner, 'change-password');
END $$;

-- A secret waits for its first code; `totp_step` tells that it came.
CREATE OR REPLACE FUNCTION registry.start_own_factor(asked_by bytea, sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  UPDATE account a SET totp_secret = sealed WHERE a.id = owner.account_id AND a.totp_step IS NULL;
  IF NOT FOUND THEN
    PERFORM refuse('second_factor_set');
  END IF;
  PERFORM finish_own(owner, 'start-second-factor');
END $$;

CREATE OR REPLACE FUNCTION registry.confirm_own_factor(asked_by bytea, hashed bytea, proven_step bigint, codes bytea[], proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  PERFORM demand_door(proof, 'confirm_own_factor', encode(asked_by, 'hex'), encode(hashed, 'hex'), proven_step::text, NULL);
  IF proven_step IS NULL OR proven_step > extract(epoch FROM clock_timestamp()) / 30 + 2 THEN
    PERFORM refuse('second_factor_wrong');
  END IF;
  UPDATE account a SET totp_step = proven_step WHERE a.id = owner.account_id AND a.totp_secret IS NOT NULL AND a.totp_step IS NULL;
  IF NOT FOUND THEN
    PERFORM refuse('second_factor_set');
  END IF;
  DELETE FROM recovery_code c WHERE c.account_id = owner.account_id;
  INSERT INTO recovery_code (account_id, code_hash) SELECT owner.account_id, c FROM unnest(codes) c;
  UPDATE session s SET token_hash = hashed, strong_at = clock_timestamp() WHERE s.id = owner.session_id;
  PERFORM end_sessions(owner.account_id, owner.session_id);
  PERFORM finish_own(owner, 'confirm-second-factor');
END $$;

CREATE OR REPLACE FUNCTION registry.drop_factor(owner_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  DELETE FROM recovery_code c WHERE c.account_id = owner_id;
  UPDATE account a SET totp_secret = NULL, totp_step = NULL WHERE a.id = owner_id
$$;

CREATE OR REPLACE FUNCTION registry.drop_own_factor(asked_by bytea, proven_step bigint, recovery bytea, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  PERFORM demand_door(proof, 'drop_own_factor', encode(asked_by, 'hex'), proven_step::text, encode(recovery, 'hex'));
  IF EXISTS (SELECT FROM account a WHERE a.id = owner.account_id AND a.second_factor_required) THEN
    PERFORM refuse('second_factor_due');
  END IF;
  PERFORM use_factor(owner.account_id, proven_step, recovery);
  PERFORM drop_factor(owner.account_id);
  PERFORM finish_own(owner, 'drop-second-factor');
END $$;

CREATE OR REPLACE FUNCTION registry.end_own_session(asked_by bytea, asked uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  UPDATE session s SET ended_at = clock_timestamp() WHERE s.id = asked AND s.account_id = owner.account_id AND s.ended_at IS NULL;
  IF NOT FOUND THEN
    PERFORM refuse('session_unknown');
  END IF;
  PERFORM note_act(owner.session_id, owner.account_id, owner.role, 'end-session', 'account', owner.account_id, 'granted', asked::text);
END $$;

-- What an account is told about itself, and what its administrator is told: never a hash, a secret or a token.
CREATE OR REPLACE FUNCTION registry.account_told(a registry.account) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT jsonb_build_object('id', a.id, 'login', a.login, 'name', a.name, 'role', a.role, 'is_machine', a.is_machine, 'is_active', a.is_active,
    'second_factor', CASE WHEN a.totp_step IS NOT NULL THEN 'set' WHEN a.second_factor_required THEN 'due' ELSE 'none' END,
    'second_factor_required', a.second_factor_required,
    'password', CASE WHEN a.password_hash IS NULL THEN 'none' WHEN a.password_expires_at IS NOT NULL THEN 'one-time' ELSE 'set' END,
    'oidc_subject', a.oidc_subject, 'hourly_limit', a.hourly_limit, 'daily_limit', a.daily_limit, 'building_limit', a.building_limit,
    'areas', coalesce((SELECT jsonb_agg(jsonb_build_object('grant_id', g.id, 'division_id', g.division_id, 'code', d.code, 'name', coalesce(d.full_name, '全部'),
        'valid_from', lower(g.valid), 'valid_to', upper(g.valid) - 1) ORDER BY d.code NULLS FIRST, lower(g.valid))
      FROM area_grant g LEFT JOIN division d ON d.id = g.division_id
      WHERE g.account_id = a.id AND (upper_inf(g.valid) OR upper(g.valid) > CURRENT_DATE)), '[]'),
    'last_sign_in', (SELECT max(s.created_at) FROM session s WHERE s.account_id = a.id AND s.kind = 'person'),
    'version', a.version)
$$;

CREATE OR REPLACE FUNCTION registry.sessions_told(owner_id uuid, current uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'kind', s.kind, 'title', s.title, 'purposes', s.purposes, 'address', host(s.address),
    'created_at', s.created_at, 'seen_at', s.seen_at, 'expires_at', s.expires_at, 'strong_at', s.strong_at, 'is_current', s.id = current)
    ORDER BY s.created_at DESC), '[]')
  FROM session s WHERE s.account_id = owner_id AND s.ended_at IS NULL AND s.expires_at > now()
    AND (s.kind = 'machine' OR s.seen_at > now() - interval '15 minutes')
$$;

CREATE OR REPLACE FUNCTION registry.own_account(asked_by bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  RETURN (SELECT account_told(a) || jsonb_build_object('confined', owner.confined, 'strong_at', owner.strong_at,
    'recovery_codes_left', (SELECT count(*) FROM recovery_code c WHERE c.account_id = a.id AND c.used_at IS NULL),
    'sessions', sessions_told(a.id, owner.session_id)) FROM account a WHERE a.id = owner.account_id);
END $$;

-- One's own looks of every kind, newest first: what the audit says of oneself.
CREATE OR REPLACE FUNCTION registry.own_looks(asked_by bytea, before timestamptz, before_id uuid, page_rows int) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  owner record := own_session(asked_by);
BEGIN
  RETURN QUERY SELECT jsonb_build_object('id', u.id, 'at', u.at, 'action', u.action, 'purpose', u.purpose, 'purpose_title', p.title,
    'case_number', u.case_number, 'object_kind', u.object_kind, 'object_id', u.object_id, 'object_title', coalesce(
      (SELECT concat_ws(' ', d.standard_text, nullif(b.building_no, ''), h.unit_text) FROM building_address b JOIN address d ON d.id = b.address_id
        -- The title of what was refused would tell that it is there.
        WHERE u.decision = 'granted' AND b.building_id = coalesce(h.building_id, u.object_id) AND b.is_main ORDER BY b.valid DESC LIMIT 1), ''),
    -- How many persons a number has would tell who is registered elsewhere.
    'fields', u.fields, 'row_count', CASE WHEN u.object_kind <> 'person' THEN u.row_count END, 'decision', u.decision)
  FROM audit u LEFT JOIN purpose p ON p.code = u.purpose LEFT JOIN housing_unit h ON h.id = u.object_id
  WHERE u.account_id = owner.account_id AND u.action = ANY (look_actions())
    AND (before IS NULL OR (u.at, u.id) < (before, before_id))
  ORDER BY u.at DESC, u.id DESC LIMIT page_rows;
END $$;
