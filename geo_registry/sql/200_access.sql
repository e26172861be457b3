-- Who asks: everything follows from the session's token, nothing from arguments.

-- The areas of an account today: NULL for the whole installation; a grant above the district is given as its districts,
-- so that a scope stays a list of equal ids.
CREATE OR REPLACE FUNCTION registry.areas_of(asked uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN (
    SELECT CASE WHEN bool_or(g.division_id IS NULL) THEN NULL ELSE coalesce(array_agg(DISTINCT inner_.id) FILTER (WHERE inner_.id IS NOT NULL), '{}') END
    FROM area_grant g LEFT JOIN LATERAL (
      SELECT d.id FROM division d WHERE d.id = g.division_id AND d.level IN ('district', 'township', 'community')
      UNION ALL
      SELECT d.id FROM division top JOIN division d ON d.level = 'district' AND (d.city_id = top.id OR d.parent_id = top.id
          OR d.city_id IN (SELECT c.id FROM division c WHERE c.parent_id = top.id))
      WHERE top.id = g.division_id AND top.level IN ('province', 'city')) inner_ ON true
    WHERE g.account_id = asked AND g.valid @> CURRENT_DATE);
END $$;

-- The live session of a token with its account. `confined` says why the session may only put its own account in order:
-- a one-time password, a second factor that is due, an emergency that nobody has reviewed within a day.
CREATE OR REPLACE FUNCTION registry.viewer_of(asked bytea)
RETURNS TABLE (session_id uuid, account_id uuid, login text, name text, role text, areas uuid[], confined text,
  kind text, purposes text[], strong_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT s.id, a.id, a.login, a.name, a.role, areas_of(a.id),
    CASE WHEN s.kind = 'machine' THEN NULL
      WHEN a.password_expires_at IS NOT NULL THEN 'password'
      WHEN a.second_factor_required AND s.strong_at IS NULL THEN 'second-factor'
      WHEN EXISTS (SELECT FROM look_review r WHERE r.account_id = a.id AND r.kind = 'emergency' AND r.verdict IS NULL
        AND r.at < now() - interval '24 hours') THEN 'review' END,
    s.kind, s.purposes, s.strong_at
  FROM session s JOIN account a ON a.id = s.account_id
  WHERE s.token_hash = asked AND s.ended_at IS NULL AND a.is_active AND s.expires_at > clock_timestamp()
    AND (s.kind = 'machine' OR s.seen_at > clock_timestamp() - interval '15 minutes');
END $$;

-- What a sign-in is checked against: one account at a time, so that the server's role need not read all hashes.
CREATE OR REPLACE FUNCTION registry.credentials_of(asked text) RETURNS TABLE (account_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT a.id, a.password_hash FROM account a WHERE a.login = asked AND a.is_active
$$;

-- The viewer of one request; notes once a minute that the session is in use.
CREATE OR REPLACE FUNCTION registry.enter(asked bytea)
RETURNS TABLE (session_id uuid, account_id uuid, login text, name text, role text, areas uuid[], confined text,
  kind text, purposes text[], strong_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM viewer_of(asked);
  IF FOUND THEN
    UPDATE session s SET seen_at = clock_timestamp()
    WHERE s.token_hash = asked AND s.seen_at < clock_timestamp() - interval '1 minute';
  END IF;
END $$;

-- Every account has its row of counted looks; a missing one lets nothing pass.
CREATE OR REPLACE FUNCTION registry.count_from_nothing() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  INSERT INTO look_count (account_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER count_from_nothing AFTER INSERT ON registry.account
  FOR EACH ROW EXECUTE FUNCTION registry.count_from_nothing();

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
