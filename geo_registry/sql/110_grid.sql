-- The grid: which block a building and an address lie in, blocks that do not overlap, the last visit to a unit.

CREATE OR REPLACE FUNCTION registry.area_m2(shape geometry) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ST_Area(ST_Transform(shape, 4326)::geography)
$$;

-- What is counted together: a block, else the smallest division known.
CREATE OR REPLACE FUNCTION registry.leaf_of(block uuid, community uuid, township uuid, district uuid) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(block, community, township, district) $$;

-- A place is put into a block while nobody changes the blocks of its district: places share the lock, blocks do not.
-- Whoever changes blocks holds the lock of all blocks before that of districts, and both before any block's row: neighbours
-- and whole files are changed in turn, never crosswise.
CREATE OR REPLACE FUNCTION registry.lock_grid(districts uuid[], is_shared boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  key bigint;
BEGIN
  IF NOT is_shared THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('grid', 0));
  END IF;
  FOR key IN SELECT DISTINCT hashtextextended('grid/' || d, 0) FROM unnest(districts) d ORDER BY 1 LOOP
    IF is_shared THEN
      PERFORM pg_advisory_xact_lock_shared(key);
    ELSE
      PERFORM pg_advisory_xact_lock(key);
    END IF;
  END LOOP;
END $$;

-- Live places in the given current blocks; a place on a shared edge lies in the block with the lowest code. Blocks are
-- the outer side, places are found by index: several times faster than the other way round. Few rows are promised, so
-- that what is joined to them is looked up by its key: that serves one block and a city alike.
CREATE OR REPLACE FUNCTION registry.building_in_blocks(blocks uuid[]) RETURNS TABLE (id uuid, block_id uuid)
LANGUAGE sql STABLE ROWS 300 AS $$
  SELECT DISTINCT ON (p.id) p.id, g.id
  FROM registry.grid_block g CROSS JOIN LATERAL (
    SELECT b.id FROM registry.building b
    WHERE b.outline && g.boundary AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      AND ST_Covers(g.boundary, ST_PointOnSurface(b.outline))
    UNION ALL
    SELECT b.id FROM registry.building b
    WHERE num_nulls(b.outline) = 1 AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      AND ST_Covers(g.boundary, b.position)) p
  WHERE g.id = ANY (blocks) AND g.state = 'current'
  ORDER BY p.id, g.code
$$;

CREATE OR REPLACE FUNCTION registry.address_in_blocks(blocks uuid[]) RETURNS TABLE (id uuid, block_id uuid)
LANGUAGE sql STABLE ROWS 300 AS $$
  SELECT DISTINCT ON (p.id) p.id, g.id
  FROM registry.grid_block g CROSS JOIN LATERAL (
    SELECT a.id FROM registry.address a
    WHERE a.state NOT IN ('retired', 'rejected', 'removed') AND ST_Covers(g.boundary, a.position)) p
  WHERE g.id = ANY (blocks) AND g.state = 'current'
  ORDER BY p.id, g.code
$$;

-- The pieces of SQL in which buildings and addresses differ: their point, and whether they are live.
CREATE OR REPLACE FUNCTION registry.grid_point(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE kind WHEN 'building' THEN
      'CASE WHEN n.state NOT IN (''demolished'', ''not_realized'', ''removed'')
         THEN coalesce(ST_PointOnSurface(n.outline), n.position) END'
    ELSE 'CASE WHEN n.state NOT IN (''retired'', ''rejected'', ''removed'') THEN n.position END' END
$$;

-- Buildings or addresses were stored or moved: each goes to its block, and what lies in none has no row.
CREATE OR REPLACE FUNCTION registry.place_in_blocks() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  kind text := TG_TABLE_NAME;
  moved text;
  districts uuid[];
BEGIN
  moved := CASE WHEN TG_OP = 'INSERT' THEN 'fresh n'
    WHEN kind = 'building' THEN 'fresh n JOIN gone o ON o.id = n.id
      AND (o.outline, o.position, o.state) IS DISTINCT FROM (n.outline, n.position, n.state)'
    ELSE 'fresh n JOIN gone o ON o.id = n.id AND (o.position, o.state) IS DISTINCT FROM (n.position, n.state)' END;
  EXECUTE format('SELECT array_agg(DISTINCT n.district_id) FROM %s', moved) INTO districts;
  IF districts IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM lock_grid(districts, true);
  IF NOT EXISTS (SELECT FROM grid_block WHERE state = 'current') THEN
    RETURN NULL;
  END IF;
  EXECUTE format($q$
    WITH wanted AS MATERIALIZED (
      SELECT p.id, g.id AS block_id
      FROM (SELECT n.id, %2$s AS place FROM %3$s OFFSET 0) p LEFT JOIN LATERAL (
        SELECT g.id FROM registry.grid_block g
        WHERE g.state = 'current' AND ST_Covers(g.boundary, p.place) ORDER BY g.code LIMIT 1) g ON true),
    cleared AS (
      DELETE FROM registry.%1$s_block k USING wanted w WHERE k.%1$s_id = w.id AND w.block_id IS NULL)
    INSERT INTO registry.%1$s_block AS k (%1$s_id, block_id)
    SELECT w.id, w.block_id FROM wanted w WHERE w.block_id IS NOT NULL
    ON CONFLICT (%1$s_id) DO UPDATE SET block_id = excluded.block_id WHERE k.block_id <> excluded.block_id
  $q$, kind, grid_point(kind), moved);
  RETURN NULL;
END $$;

-- Blocks are about to be changed: which ones, only their rows will tell.
CREATE OR REPLACE FUNCTION registry.lock_blocks() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  PERFORM lock_grid('{}', false);
  RETURN NULL;
END $$;

-- Blocks were drawn, redrawn or ended: only what lay in them before and what lies in them now is looked at.
CREATE OR REPLACE FUNCTION registry.regrid() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  changed uuid[];
  kind text;
BEGIN
  EXECUTE format('SELECT array_agg(n.id) FROM %s', CASE TG_OP WHEN 'INSERT' THEN 'fresh n'
    ELSE 'fresh n JOIN gone o ON o.id = n.id
      AND (o.boundary, o.state, o.district_id) IS DISTINCT FROM (n.boundary, n.state, n.district_id)' END) INTO changed;
  IF changed IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM lock_grid(ARRAY(
    SELECT n.district_id FROM fresh n WHERE n.id = ANY (changed)
    UNION SELECT d.id FROM fresh n JOIN division d ON d.boundary && n.boundary
    WHERE d.level = 'district' AND n.id = ANY (changed)), false);
  FOREACH kind IN ARRAY ARRAY['building', 'address'] LOOP
    EXECUTE format($q$
      WITH hit AS MATERIALIZED (
        SELECT h.id, h.block_id, k.block_id AS held FROM registry.%1$s_in_blocks($1) h
          LEFT JOIN registry.%1$s_block k ON k.%1$s_id = h.id),
      placed AS MATERIALIZED (
        SELECT k.%1$s_id AS id FROM registry.%1$s_block k WHERE k.block_id = ANY ($1)
        UNION SELECT h.id FROM hit h WHERE h.held IS NOT NULL),
      wanted AS MATERIALIZED (
        SELECT h.id, h.block_id FROM hit h WHERE h.held IS NULL
        UNION ALL
        SELECT p.id, g.id
        FROM (SELECT n.id, %2$s AS place FROM placed p JOIN registry.%1$s n ON n.id = p.id OFFSET 0) p LEFT JOIN LATERAL (
          SELECT g.id FROM registry.grid_block g
          WHERE g.state = 'current' AND ST_Covers(g.boundary, p.place) ORDER BY g.code LIMIT 1) g ON true),
      cleared AS (
        DELETE FROM registry.%1$s_block k USING wanted w WHERE k.%1$s_id = w.id AND w.block_id IS NULL)
      INSERT INTO registry.%1$s_block AS k (%1$s_id, block_id)
      SELECT w.id, w.block_id FROM wanted w WHERE w.block_id IS NOT NULL
      ON CONFLICT (%1$s_id) DO UPDATE SET block_id = excluded.block_id WHERE k.block_id <> excluded.block_id
    $q$, kind, grid_point(kind)) USING changed;
  END LOOP;
  RETURN NULL;
END $$;

-- Assign everything anew from the blocks themselves; answers how much was wrong before, and what lies in no block.
CREATE OR REPLACE FUNCTION registry.assign_blocks()
RETURNS TABLE (kind text, placed bigint, corrected bigint, outside bigint) LANGUAGE plpgsql AS $$
DECLARE
  every uuid[];
BEGIN
  PERFORM registry.lock_grid(ARRAY(SELECT DISTINCT d.id FROM registry.division d WHERE d.level = 'district'
    UNION SELECT g.district_id FROM registry.grid_block g), false);
  every := ARRAY(SELECT g.id FROM registry.grid_block g WHERE g.state = 'current');
  FOREACH kind IN ARRAY ARRAY['building', 'address'] LOOP
    EXECUTE format($q$
      WITH hit AS MATERIALIZED (SELECT h.id, h.block_id FROM registry.%1$s_in_blocks($1) h),
      cleared AS (
        DELETE FROM registry.%1$s_block k WHERE NOT EXISTS (SELECT FROM hit h WHERE h.id = k.%1$s_id) RETURNING 1),
      written AS (
        INSERT INTO registry.%1$s_block AS k (%1$s_id, block_id)
        SELECT h.id, h.block_id FROM hit h LEFT JOIN registry.%1$s_block o ON o.%1$s_id = h.id
        WHERE o.block_id IS DISTINCT FROM h.block_id
        ON CONFLICT (%1$s_id) DO UPDATE SET block_id = excluded.block_id RETURNING 1)
      SELECT (SELECT count(*) FROM hit), (SELECT count(*) FROM cleared) + (SELECT count(*) FROM written),
        (SELECT count(*) FROM (SELECT n.id, %2$s AS place FROM registry.%1$s n) p WHERE p.place IS NOT NULL)
          - (SELECT count(*) FROM hit)
    $q$, kind, registry.grid_point(kind)) INTO placed, corrected, outside USING every;
    RETURN NEXT;
  END LOOP;
END $$;

-- Two current blocks share no ground; slivers of up to 1 m² come from rounding. Judged at commit, so that neighbours can
-- give and take; the lock that a change of blocks holds until then keeps two overlapping draws from passing each other.
CREATE OR REPLACE FUNCTION registry.refuse_overlap() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  other record;
BEGIN
  SELECT own.name AS own, o.name, area_m2(s.shape) AS m2 INTO other
  FROM grid_block own JOIN grid_block o ON o.boundary && own.boundary AND o.id <> own.id CROSS JOIN LATERAL (
    SELECT ST_CollectionExtract(ST_Intersection(o.boundary, own.boundary), 3) AS shape) s
  WHERE own.id = NEW.id AND own.state = 'current' AND o.state = 'current'
    -- Of two blocks written by this transaction one of the two checks is enough.
    AND NOT (o.xmin = pg_current_xact_id()::xid AND o.id < own.id)
    AND ST_Area(s.shape) > 0 AND area_m2(s.shape) > 1
  ORDER BY m2 DESC LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'blocks % and % share % m²', other.own, other.name, round(other.m2::numeric, 1)
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'grid_block_overlap',
        DETAIL = format('网格 %s 与网格 %s 重叠 %s 平方米', other.own, other.name, round(other.m2::numeric, 1));
  END IF;
  RETURN NULL;
END $$;

-- Ground of a community in no block, in pieces of at least 1 m², with what stands on it.
CREATE OR REPLACE FUNCTION registry.block_gaps(community uuid)
RETURNS TABLE (shape geometry, m2 float8, buildings bigint, units bigint) LANGUAGE sql STABLE AS $$
  WITH free AS (
    SELECT coalesce(ST_Difference(c.boundary, (
        SELECT ST_Union(g.boundary) FROM registry.grid_block g WHERE g.state = 'current' AND g.boundary && c.boundary)),
      c.boundary) AS shape
    FROM registry.division c WHERE c.id = community),
  piece AS MATERIALIZED (SELECT p.geom AS shape, registry.area_m2(p.geom) AS m2 FROM free, ST_Dump(free.shape) p WHERE ST_Dimension(p.geom) = 2)
  SELECT p.shape, p.m2, count(DISTINCT b.id), count(u.id)
  FROM piece p LEFT JOIN (
      SELECT n.id, coalesce(ST_PointOnSurface(n.outline), n.position) AS place FROM registry.building n
      WHERE n.state NOT IN ('demolished', 'not_realized', 'removed')
        AND (n.outline && (SELECT c.boundary FROM registry.division c WHERE c.id = community)
          OR n.position && (SELECT c.boundary FROM registry.division c WHERE c.id = community))
        AND NOT EXISTS (SELECT FROM registry.building_block k WHERE k.building_id = n.id)) b ON ST_Covers(p.shape, b.place)
    LEFT JOIN registry.housing_unit u ON u.building_id = b.id AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected')
  WHERE p.m2 >= 1
  GROUP BY p.shape, p.m2 ORDER BY count(u.id) DESC, p.m2 DESC
$$;

-- Buildings in no block within an area (null: everywhere) and the viewer's areas (null: all), in order of id.
CREATE OR REPLACE FUNCTION registry.outside_blocks(area uuid, areas uuid[], after uuid, most int)
RETURNS TABLE (building_id uuid, community_id uuid, place geometry, units bigint) LANGUAGE sql STABLE AS $$
  SELECT b.id, b.community_id, coalesce(ST_PointOnSurface(b.outline), b.position),
    (SELECT count(*) FROM registry.housing_unit u
     WHERE u.building_id = b.id AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected'))
  FROM registry.building b
  WHERE b.state NOT IN ('demolished', 'not_realized', 'removed')
    AND NOT EXISTS (SELECT FROM registry.building_block k WHERE k.building_id = b.id)
    AND (area IS NULL OR area IN (b.district_id, b.township_id, b.community_id))
    AND (areas IS NULL OR b.district_id = ANY (areas) OR b.township_id = ANY (areas) OR b.community_id = ANY (areas))
    AND (after IS NULL OR b.id > after)
  ORDER BY b.id LIMIT most
$$;

-- The last visit to a unit, whatever the order in which visits are entered.
CREATE OR REPLACE FUNCTION registry.keep_last_visit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  INSERT INTO last_visit AS l (unit_id, visited_at, outcome, account_id)
  SELECT DISTINCT ON (n.unit_id) n.unit_id, n.visited_at, n.outcome, n.account_id
  FROM fresh n ORDER BY n.unit_id, n.visited_at DESC, n.id DESC
  ON CONFLICT (unit_id) DO UPDATE SET visited_at = excluded.visited_at, outcome = excluded.outcome,
    account_id = excluded.account_id WHERE l.visited_at <= excluded.visited_at;
  RETURN NULL;
END $$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['building', 'address', 'grid_block'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER grid_insert AFTER INSERT ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.%I()', name, CASE name WHEN 'grid_block' THEN 'regrid' ELSE 'place_in_blocks' END);
    EXECUTE format('CREATE OR REPLACE TRIGGER grid_update AFTER UPDATE ON registry.%I REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.%I()', name, CASE name WHEN 'grid_block' THEN 'regrid' ELSE 'place_in_blocks' END);
  END LOOP;
END $$;
CREATE OR REPLACE TRIGGER lock_blocks BEFORE INSERT OR UPDATE ON registry.grid_block
  FOR EACH STATEMENT EXECUTE FUNCTION registry.lock_blocks();
DROP TRIGGER IF EXISTS refuse_overlap ON registry.grid_block;
CREATE CONSTRAINT TRIGGER refuse_overlap AFTER INSERT OR UPDATE OF boundary, state ON registry.grid_block
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'current') EXECUTE FUNCTION registry.refuse_overlap();
CREATE OR REPLACE TRIGGER keep_last_visit AFTER INSERT ON registry.visit REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.keep_last_visit();
