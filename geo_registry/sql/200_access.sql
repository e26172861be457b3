-- Who asks: everything follows from the session's token, nothing from arguments.

-- The areas of an account today: NULL for the whole installation; a grant above the district is given as its districts,
-- so that a scope stays a list of equal ids. A step of the functions below: it runs with their rights and their path.
CREATE OR REPLACE FUNCTION registry.areas_of(asked uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  granted uuid[];
  upper_ones uuid[];
BEGIN
  granted := (SELECT array_agg(coalesce(g.division_id, '00000000-0000-0000-0000-000000000000')) FROM registry.area_grant g
    WHERE g.account_id = asked AND g.valid @> CURRENT_DATE);
  IF granted IS NULL THEN
    RETURN '{}';
  ELSIF '00000000-0000-0000-0000-000000000000' = ANY (granted) THEN
    RETURN NULL;
  END IF;
  -- Provinces and cities lie in no district: few rows of an index, however many grants there are.
  upper_ones := (SELECT array_agg(d.id) FROM registry.division d
    WHERE d.district_id IS NULL AND d.level IN ('province', 'city') AND d.id = ANY (granted));
  IF upper_ones IS NULL THEN
    RETURN granted;
  END IF;
  RETURN (SELECT coalesce(array_agg(x.id), '{}') FROM (
    SELECT unnest(granted) AS id EXCEPT SELECT unnest(upper_ones)
    UNION
    SELECT d.id FROM registry.division d WHERE d.level = 'district' AND (d.city_id = ANY (upper_ones) OR d.parent_id = ANY (upper_ones)
      OR d.city_id IN (SELECT c.id FROM registry.division c WHERE c.parent_id = ANY (upper_ones)))) x);
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
      WHEN (a.second_factor_required OR a.totp_step IS NOT NULL) AND s.strong_at IS NULL THEN 'second-factor'
      WHEN EXISTS (SELECT FROM look_review r WHERE r.account_id = a.id AND r.kind = 'emergency' AND r.verdict IS NULL
        AND r.at < now() - interval '24 hours') THEN 'review' END,
    s.kind, s.purposes, s.strong_at
  FROM session s JOIN account a ON a.id = s.account_id
  WHERE s.token_hash = asked AND s.ended_at IS NULL AND a.is_active AND s.expires_at > clock_timestamp()
    AND (s.kind = 'machine' OR s.seen_at > clock_timestamp() - interval '15 minutes');
END $$;

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

-- The scope that row-level security reads, set by reveal functions only, for one transaction: `registry.area`, the community of
-- what is looked at, and `registry.areas`, the ids of all areas of the viewer with commas between, or `*` for the whole installation.
-- Looked for as text: taking a list of ids apart would cost more than the few rows of a look do.
CREATE OR REPLACE FUNCTION registry.in_scope(community uuid, township uuid, district uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
  scope text := current_setting('registry.areas', true);
BEGIN
  RETURN scope = '*' OR strpos(scope, community::text) > 0 OR strpos(scope, township::text) > 0 OR strpos(scope, district::text) > 0;
END $$;
