-- Who asks: everything follows from the session's token, nothing from arguments.

-- The live session of a token with its account and areas. `areas` is NULL for the whole installation;
-- a grant above the district is given as its districts, so that a scope stays a list of equal ids.
CREATE OR REPLACE FUNCTION registry.viewer_of(asked bytea)
RETURNS TABLE (session_id uuid, account_id uuid, login text, name text, role text, hourly_limit int, areas uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT s.id, a.id, a.login, a.name, a.role, a.hourly_limit,
    CASE WHEN EXISTS (SELECT FROM area_grant g WHERE g.account_id = a.id AND g.division_id IS NULL AND g.valid @> CURRENT_DATE) THEN NULL
    ELSE ARRAY(
      SELECT d.id FROM area_grant g JOIN division d ON d.id = g.division_id
      WHERE g.account_id = a.id AND g.valid @> CURRENT_DATE AND d.level IN ('district', 'township', 'community')
      UNION
      SELECT d.id FROM area_grant g JOIN division top ON top.id = g.division_id
        JOIN division d ON d.level = 'district' AND (d.city_id = top.id OR d.parent_id = top.id
          OR d.city_id IN (SELECT c.id FROM division c WHERE c.parent_id = top.id))
      WHERE g.account_id = a.id AND g.valid @> CURRENT_DATE AND top.level IN ('province', 'city'))
    END
  FROM session s JOIN account a ON a.id = s.account_id
  WHERE s.token_hash = asked AND s.ended_at IS NULL AND a.is_active
    AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - interval '15 minutes'
$$;

-- What a sign-in is checked against: one account at a time, so that the server's role need not read all hashes.
CREATE OR REPLACE FUNCTION registry.credentials_of(asked text) RETURNS TABLE (account_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT a.id, a.password_hash FROM account a WHERE a.login = asked AND a.is_active
$$;

-- The viewer of one request; notes once a minute that the session is in use.
CREATE OR REPLACE FUNCTION registry.enter(asked bytea)
RETURNS TABLE (session_id uuid, account_id uuid, login text, name text, role text, hourly_limit int, areas uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM viewer_of(asked);
  IF FOUND THEN
    UPDATE session s SET seen_at = clock_timestamp()
    WHERE s.token_hash = asked AND s.seen_at < clock_timestamp() - interval '1 minute';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.covers(areas uuid[], district uuid, township uuid, community uuid)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT areas IS NULL OR district = ANY (areas) OR coalesce(township = ANY (areas), false) OR coalesce(community = ANY (areas), false)
$$;

-- The scope that row-level security reads; set by reveal functions only, for one transaction.
CREATE OR REPLACE FUNCTION registry.scope_is_whole() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('registry.areas', true), '') = '*'
$$;
CREATE OR REPLACE FUNCTION registry.scope_areas() RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT string_to_array(nullif(nullif(current_setting('registry.areas', true), ''), '*'), ',')::uuid[]
$$;
