-- Totals of every leaf, kept in the transaction of each change.
--
-- Every trigger tells what the changed rows contributed before and after, as facts of a building (or an address), and
-- adds the difference to the leaf. Before it looks, it locks the leaf's total: what one change depends on (the block of
-- a building, the residence of a registration, another plate of an address) can then only change before or after it.
-- Its queries look up one row after the other, so that a plan made for one row serves a million and the other way round.
-- One statement changes one of these tables: where WITH stores a building and its units at once, the trigger of one would
-- see what that of the other has not counted yet.

-- A difference of one count: `what` is a column of tally and tally_week. Week null: the current one.
DO $$
BEGIN
  IF to_regtype('registry.tally_fact') IS NULL THEN
    CREATE TYPE registry.tally_fact AS (place_id uuid, week date, what text, n int);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION registry.monday(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT day - (extract(isodow FROM day)::int - 1)
$$;

-- All of China keeps one clock, whatever the session's zone is.
CREATE OR REPLACE FUNCTION registry.clock_day(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (moment AT TIME ZONE 'Asia/Shanghai')::date
$$;

-- The number of the self-check cycle of a day: 14 days each, from Monday 2026-01-05 on.
CREATE OR REPLACE FUNCTION registry.cycle_no(day date) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT floor((day - date '2026-01-05') / 14.0)::int
$$;

CREATE OR REPLACE FUNCTION registry.cycle_start(cycle int) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (date '2026-01-05' + 14 * cycle)::timestamp AT TIME ZONE 'Asia/Shanghai'
$$;

CREATE OR REPLACE FUNCTION registry.is_rental(use text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(use IN ('let_whole', 'let_rooms', 'collective_dormitory'), false)
$$;

-- Facts by building and by address: functions that the planner takes apart, so that `WHERE building_id = ANY (...)`
-- goes down to the indexes. A visit and a form lie where their dwelling lies now.
CREATE OR REPLACE FUNCTION registry.visit_facts() RETURNS TABLE (building_id uuid, unit_id uuid, week date, what text, n int)
LANGUAGE sql STABLE AS $$
  SELECT u.building_id, u.id, registry.monday(registry.clock_day(v.visited_at)), 'visits'::text, 1
  FROM registry.housing_unit u JOIN registry.visit v ON v.unit_id = u.id WHERE u.state NOT IN ('removed', 'rejected')
  UNION ALL
  SELECT u.building_id, u.id, registry.monday(min(registry.clock_day(v.visited_at))), 'units_visited', 1
  FROM registry.housing_unit u JOIN registry.visit v ON v.unit_id = u.id WHERE u.state NOT IN ('removed', 'rejected')
  GROUP BY u.building_id, u.id, registry.cycle_no(registry.clock_day(v.visited_at))
$$;

CREATE OR REPLACE FUNCTION registry.dwelling_facts() RETURNS TABLE (building_id uuid, week date, what text, n int)
LANGUAGE sql STABLE AS $$
  SELECT u.building_id, NULL::date, 'units'::text, 1 FROM registry.housing_unit u
  WHERE u.state NOT IN ('removed', 'rejected') AND u.state NOT IN ('retired', 'not_realized')
  UNION ALL
  SELECT u.building_id, NULL, 'rental_units', 1 FROM registry.housing_unit u
  WHERE u.state NOT IN ('removed', 'rejected') AND u.state NOT IN ('retired', 'not_realized') AND registry.is_rental(u.use)
  UNION ALL
  SELECT r.building_id, NULL, 'persons', 1 FROM registry.residence r
  WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> (SELECT t.day FROM registry.tally_day t)
  UNION ALL
  SELECT r.building_id, NULL, 'registered', 1
  FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id AND g.status = 'active'
  WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> (SELECT t.day FROM registry.tally_day t)
  UNION ALL
  SELECT r.building_id, registry.monday(g.registered_on), w.what, 1
  FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id
    CROSS JOIN LATERAL (VALUES ('forms_collected', true), ('forms_entered', g.status <> 'draft')) w (what, counts)
  WHERE g.status <> 'cancelled' AND w.counts
  UNION ALL
  SELECT v.building_id, v.week, v.what, v.n FROM registry.visit_facts() v
$$;

CREATE OR REPLACE FUNCTION registry.address_facts() RETURNS TABLE (address_id uuid, what text, n int) LANGUAGE sql STABLE AS $$
  SELECT a.id, 'addresses'::text, 1 FROM registry.address a WHERE a.state = 'current'
  UNION ALL
  SELECT a.id, 'plated', 1 FROM registry.address a WHERE a.state = 'current' AND EXISTS (
    SELECT FROM registry.plate p WHERE p.address_id = a.id AND p.state IN ('installed', 'verified'))
$$;

-- The leaves of buildings and addresses.
CREATE OR REPLACE FUNCTION registry.building_leaf() RETURNS TABLE (id uuid, leaf_id uuid) LANGUAGE sql STABLE AS $$
  SELECT b.id, registry.leaf_of(k.block_id, b.community_id, b.township_id, b.district_id)
  FROM registry.building b LEFT JOIN registry.building_block k ON k.building_id = b.id
$$;
CREATE OR REPLACE FUNCTION registry.address_leaf() RETURNS TABLE (id uuid, leaf_id uuid) LANGUAGE sql STABLE AS $$
  SELECT a.id, registry.leaf_of(k.block_id, a.community_id, a.township_id, a.district_id)
  FROM registry.address a LEFT JOIN registry.address_block k ON k.address_id = a.id
$$;

-- The areas of a leaf: a block's own, or those of the division it is.
CREATE OR REPLACE FUNCTION registry.leaf_areas(leaves uuid[])
RETURNS TABLE (leaf_id uuid, block_id uuid, district_id uuid, township_id uuid, community_id uuid) LANGUAGE sql STABLE AS $$
  SELECT l.id, g.id, coalesce(g.district_id, d.district_id, l.id),
    CASE WHEN g.id IS NULL THEN d.township_id ELSE g.township_id END,
    CASE WHEN g.id IS NULL THEN CASE WHEN d.level = 'community' THEN d.id END ELSE g.community_id END
  FROM unnest(leaves) l (id) LEFT JOIN registry.grid_block g ON g.id = l.id LEFT JOIN registry.division d ON d.id = l.id
$$;

-- Lock the totals of leaves in one order for all, made when missing.
CREATE OR REPLACE FUNCTION registry.lock_leaves(leaves uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held int;
BEGIN
  PERFORM FROM registry.tally t WHERE t.leaf_id = ANY (leaves) ORDER BY t.leaf_id FOR NO KEY UPDATE;
  GET DIAGNOSTICS held = ROW_COUNT;
  IF held < cardinality(leaves) THEN
    INSERT INTO registry.tally (leaf_id, block_id, district_id, township_id, community_id)
    SELECT a.leaf_id, a.block_id, a.district_id, a.township_id, a.community_id FROM registry.leaf_areas(leaves) a ORDER BY a.leaf_id
    ON CONFLICT (leaf_id) DO NOTHING;
    PERFORM FROM registry.tally t WHERE t.leaf_id = ANY (leaves) ORDER BY t.leaf_id FOR NO KEY UPDATE;
  END IF;
END $$;

-- Whoever changes what is counted shares this lock until the end of the transaction; the day turns while nobody holds it.
CREATE OR REPLACE FUNCTION registry.counted_day() RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('tally', 0));
  RETURN (SELECT t.day FROM registry.tally_day t);
END $$;

-- Add differences to leaves whose totals are held.
CREATE OR REPLACE FUNCTION registry.add_to_leaves(facts registry.tally_fact[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(facts) = 0 THEN
    RETURN;
  END IF;
  UPDATE registry.tally t SET units = t.units + s.units, rental_units = t.rental_units + s.rental_units,
    persons = t.persons + s.persons, registered = t.registered + s.registered,
    addresses = t.addresses + s.addresses, plated = t.plated + s.plated
  FROM (
    SELECT f.place_id, coalesce(sum(f.n) FILTER (WHERE f.what = 'units'), 0) AS units,
      coalesce(sum(f.n) FILTER (WHERE f.what = 'rental_units'), 0) AS rental_units,
      coalesce(sum(f.n) FILTER (WHERE f.what = 'persons'), 0) AS persons,
      coalesce(sum(f.n) FILTER (WHERE f.what = 'registered'), 0) AS registered,
      coalesce(sum(f.n) FILTER (WHERE f.what = 'addresses'), 0) AS addresses,
      coalesce(sum(f.n) FILTER (WHERE f.what = 'plated'), 0) AS plated
    FROM unnest(facts) f WHERE f.week IS NULL GROUP BY f.place_id) s
  WHERE t.leaf_id = s.place_id;
  INSERT INTO registry.tally_week AS w (leaf_id, week, units, rental_units, persons, registered, addresses, plated, persons_met,
    persons_registered, records_checked, records_right, units_found, units_listed, forms_collected, forms_entered, visits,
    units_visited)
  SELECT f.place_id, coalesce(f.week, registry.monday(registry.clock_day(clock_timestamp()))) AS monday,
    coalesce(sum(f.n) FILTER (WHERE f.what = 'units'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'rental_units'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'persons'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'registered'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'addresses'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'plated'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'persons_met'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'persons_registered'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'records_checked'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'records_right'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'units_found'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'units_listed'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'forms_collected'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'forms_entered'), 0),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'visits'), 0), coalesce(sum(f.n) FILTER (WHERE f.what = 'units_visited'), 0)
  FROM unnest(facts) f GROUP BY f.place_id, monday ORDER BY f.place_id, monday
  ON CONFLICT (leaf_id, week) DO UPDATE SET units = w.units + excluded.units,
    rental_units = w.rental_units + excluded.rental_units, persons = w.persons + excluded.persons,
    registered = w.registered + excluded.registered, addresses = w.addresses + excluded.addresses,
    plated = w.plated + excluded.plated, persons_met = w.persons_met + excluded.persons_met,
    persons_registered = w.persons_registered + excluded.persons_registered,
    records_checked = w.records_checked + excluded.records_checked, records_right = w.records_right + excluded.records_right,
    units_found = w.units_found + excluded.units_found, units_listed = w.units_listed + excluded.units_listed,
    forms_collected = w.forms_collected + excluded.forms_collected, forms_entered = w.forms_entered + excluded.forms_entered,
    visits = w.visits + excluded.visits, units_visited = w.units_visited + excluded.units_visited;
END $$;

-- Hold the totals that buildings, or addresses, count in until the end of the transaction. An act on several of them calls
-- it first, for all: two such acts then never wait for each other in a circle. Where one went to another leaf while one
-- waited, all is let go (a subtransaction is undone) and taken again in the one order: nobody waits for a total with a later
-- one in hand.
DO $do$
DECLARE
  pattern text := $p$
    CREATE OR REPLACE FUNCTION registry.hold_%2$s(%2$s uuid[]) RETURNS date LANGUAGE plpgsql AS $f$
    DECLARE
      day date := registry.counted_day();
      held uuid[];
      wanted uuid[];
    BEGIN
      wanted := ARRAY(SELECT DISTINCT p.leaf_id FROM unnest(%2$s) i (id) JOIN registry.%1$s_leaf() p ON p.id = i.id);
      LOOP
        BEGIN
          PERFORM registry.lock_leaves(wanted);
          held := wanted;
          wanted := ARRAY(SELECT DISTINCT p.leaf_id FROM unnest(%2$s) i (id) JOIN registry.%1$s_leaf() p ON p.id = i.id);
          IF NOT wanted <@ held THEN
            RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = 'a place went to another leaf';
          END IF;
          RETURN day;
        EXCEPTION WHEN SQLSTATE 'TL001' THEN
          NULL;
        END;
      END LOOP;
    END $f$;
    CREATE OR REPLACE FUNCTION registry.add_to_%2$s(facts registry.tally_fact[]) RETURNS void LANGUAGE plpgsql AS $f$
    BEGIN
      PERFORM registry.add_to_leaves(ARRAY(
        SELECT ROW(p.leaf_id, f.week, f.what, sum(f.n))::registry.tally_fact
        FROM unnest(facts) f JOIN registry.%1$s_leaf() p ON p.id = f.place_id
        GROUP BY p.leaf_id, f.week, f.what HAVING sum(f.n) <> 0));
    END $f$
  $p$;
BEGIN
  EXECUTE format(pattern, 'building', 'buildings');
  EXECUTE format(pattern, 'address', 'addresses');
END $do$;

-- Units, residences, registrations and visits: a trigger function for each table and operation, from one pattern.
-- `changed` are the rows whose columns differ, with sign -1 as they were and 1 as they are.
DO $do$
DECLARE
  pattern text := $p$
    CREATE OR REPLACE FUNCTION registry.count_%1$s_%2$s() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = registry, public, pg_temp SET plan_cache_mode = force_generic_plan AS $f$
    DECLARE
      buildings uuid[];
      day date;
      %7$s
      buildings := ARRAY(WITH changed AS (%3$s) SELECT DISTINCT %4$s FROM changed c);
      IF cardinality(buildings) > 0 THEN
        day := hold_buildings(buildings);
        PERFORM add_to_buildings(ARRAY(
          WITH changed AS (%3$s)
          SELECT ROW(f.building_id, f.week, f.what, sum(f.n))::tally_fact FROM (%5$s) f (building_id, week, what, n)
          GROUP BY f.building_id, f.week, f.what HAVING sum(f.n) <> 0));
      END IF;
      RETURN NULL;
    END $f$;
    CREATE OR REPLACE TRIGGER add_up_%2$s AFTER %2$s ON registry.%1$s REFERENCING %6$s
      FOR EACH STATEMENT EXECUTE FUNCTION registry.count_%1$s_%2$s()
  $p$;
  -- The two commonest writes, of few rows in one leaf: added at once if nobody wrote its total since the leaf was read, else the
  -- long way. An update that waited in vain keeps the row locked: undone, it lets the total go, which may come late in the order.
  settling text := $p$
      leaves uuid[];
      seen text[];
      added int;
      this_week date := monday(clock_day(clock_timestamp()));
    BEGIN
      -- Copies of what was known are nobody's dwelling now.
      IF NOT EXISTS (SELECT FROM fresh n WHERE n.version_of IS NULL) THEN
        RETURN NULL;
      END IF;
      IF (SELECT count(*) FROM (SELECT FROM fresh LIMIT 101) few) <= 100 THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('tally', 0));
        SELECT t.day INTO day FROM tally_day t;
        SELECT array_agg(DISTINCT p.leaf_id), array_agg(DISTINCT t.xmin::text),
          count(*) FILTER (WHERE n.is_main AND upper_inf(n.sys) AND n.valid @> day)
        INTO leaves, seen, added
        FROM fresh n JOIN building_leaf() p ON p.id = n.building_id LEFT JOIN tally t ON t.leaf_id = p.leaf_id;
        IF cardinality(leaves) = 1 THEN
          BEGIN
            UPDATE tally t SET persons = t.persons + added WHERE t.leaf_id = leaves[1] AND t.xmin::text = seen[1];
            IF NOT FOUND THEN
              RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = 'somebody wrote the total';
            END IF;
            UPDATE tally_week w SET persons = w.persons + added WHERE w.leaf_id = leaves[1] AND w.week = this_week;
            IF NOT FOUND THEN
              INSERT INTO tally_week (leaf_id, week, persons) VALUES (leaves[1], this_week, added);
            END IF;
            RETURN NULL;
          EXCEPTION WHEN SQLSTATE 'TL001' THEN
            NULL;
          END;
        END IF;
      END IF;
  $p$;
  registering text := $p$
      leaves uuid[];
      seen text[];
      weeks date[];
      added int;
      collected int;
      entered int;
      this_week date := monday(clock_day(clock_timestamp()));
    BEGIN
      IF (SELECT count(*) FROM (SELECT FROM fresh LIMIT 101) few) <= 100 THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('tally', 0));
        SELECT t.day INTO day FROM tally_day t;
        SELECT array_agg(DISTINCT p.leaf_id), array_agg(DISTINCT t.xmin::text), array_agg(DISTINCT monday(n.registered_on)),
          count(*) FILTER (WHERE n.status = 'active' AND r.is_main AND upper_inf(r.sys) AND r.valid @> day),
          count(*) FILTER (WHERE n.status <> 'cancelled'), count(*) FILTER (WHERE n.status NOT IN ('cancelled', 'draft'))
        INTO leaves, seen, weeks, added, collected, entered
        FROM fresh n JOIN residence r ON r.id = n.residence_id JOIN building_leaf() p ON p.id = r.building_id
          LEFT JOIN tally t ON t.leaf_id = p.leaf_id;
        IF cardinality(leaves) = 1 AND weeks = ARRAY[this_week] THEN
          BEGIN
            UPDATE tally t SET registered = t.registered + added WHERE t.leaf_id = leaves[1] AND t.xmin::text = seen[1];
            IF NOT FOUND THEN
              RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = 'somebody wrote the total';
            END IF;
            UPDATE tally_week w SET registered = w.registered + added, forms_collected = w.forms_collected + collected,
              forms_entered = w.forms_entered + entered
            WHERE w.leaf_id = leaves[1] AND w.week = this_week;
            IF NOT FOUND THEN
              INSERT INTO tally_week (leaf_id, week, registered, forms_collected, forms_entered)
              VALUES (leaves[1], this_week, added, collected, entered);
            END IF;
            RETURN NULL;
          EXCEPTION WHEN SQLSTATE 'TL001' THEN
            NULL;
          END;
        END IF;
      END IF;
  $p$;
  kind record;
  verb record;
BEGIN
  FOR kind IN SELECT * FROM (VALUES
    ('housing_unit', ARRAY['insert', 'update'], 'id, building_id, state, use', 'c.building_id', $q$
      SELECT c.building_id, NULL::date, w.what, c.sign
      FROM changed c CROSS JOIN LATERAL (VALUES ('units', true), ('rental_units', is_rental(c.use))) w (what, counts)
      WHERE c.state NOT IN ('retired', 'not_realized', 'removed') AND w.counts
    $q$, $q$
      UNION ALL
      SELECT c.building_id, v.week, v.what, c.sign
      FROM (SELECT x.id, x.building_id, sum(x.sign) AS sign FROM changed x WHERE x.state <> 'removed'
            GROUP BY x.id, x.building_id HAVING sum(x.sign) <> 0) c
        CROSS JOIN LATERAL (
          SELECT monday(clock_day(v.visited_at)) AS week, 'visits' AS what FROM visit v WHERE v.unit_id = c.id
          UNION ALL
          SELECT monday(min(clock_day(v.visited_at))), 'units_visited' FROM visit v WHERE v.unit_id = c.id
          GROUP BY cycle_no(clock_day(v.visited_at))) v
    $q$),
    ('residence', ARRAY['insert', 'update', 'delete'], 'id, building_id, is_main, sys, valid', 'c.building_id', $q$
      SELECT c.building_id, NULL::date, 'persons', c.sign
      FROM changed c WHERE c.is_main AND upper_inf(c.sys) AND c.valid @> day
    $q$, $q$
      UNION ALL
      SELECT c.building_id, NULL, 'registered',
        c.sign * (SELECT count(*) FROM registration g WHERE g.residence_id = c.id AND g.status = 'active')
      FROM changed c WHERE c.is_main AND upper_inf(c.sys) AND c.valid @> day
      UNION ALL
      SELECT c.building_id, g.week, g.what, c.sign
      FROM (SELECT x.id, x.building_id, sum(x.sign) AS sign FROM changed x GROUP BY x.id, x.building_id HAVING sum(x.sign) <> 0) c
        CROSS JOIN LATERAL (
          SELECT monday(g.registered_on) AS week, w.what
          FROM registration g CROSS JOIN LATERAL (VALUES ('forms_collected', true), ('forms_entered', g.status <> 'draft')) w (what, counts)
          WHERE g.residence_id = c.id AND g.status <> 'cancelled' AND w.counts OFFSET 0) g
    $q$),
    ('registration', ARRAY['insert', 'update', 'delete'], 'id, residence_id, status, registered_on',
      '(SELECT r.building_id FROM residence r WHERE r.id = c.residence_id)', $q$
      SELECT r.building_id, w.week, w.what, c.sign
      FROM changed c CROSS JOIN LATERAL (
          SELECT r.building_id, r.is_main AND upper_inf(r.sys) AND r.valid @> day AS is_counted
          FROM residence r WHERE r.id = c.residence_id OFFSET 0) r
        CROSS JOIN LATERAL (VALUES
          (NULL::date, 'registered', c.status = 'active' AND r.is_counted),
          (monday(c.registered_on), 'forms_collected', c.status <> 'cancelled'),
          (monday(c.registered_on), 'forms_entered', c.status NOT IN ('cancelled', 'draft'))) w (week, what, counts)
      WHERE w.counts
    $q$, ''),
    -- A visit that comes late may be the first of its cycle after all: the count goes to its week.
    ('visit', ARRAY['insert'], 'id, unit_id, visited_at', '(SELECT u.building_id FROM housing_unit u WHERE u.id = c.unit_id)', $q$
      SELECT u.building_id, w.week, w.what, w.n
      FROM (SELECT x.unit_id, cycle_no(clock_day(x.visited_at)) AS cycle, array_agg(x.id) AS ids, array_agg(x.visited_at) AS times
            FROM changed x GROUP BY x.unit_id, cycle) c
        CROSS JOIN LATERAL (
          SELECT u.building_id FROM housing_unit u WHERE u.id = c.unit_id AND u.state <> 'removed' OFFSET 0) u
        CROSS JOIN LATERAL (
          SELECT min(v.visited_at) FILTER (WHERE v.id <> ALL (c.ids)) AS before, min(v.visited_at) AS after
          FROM visit v WHERE v.unit_id = c.unit_id AND v.visited_at >= cycle_start(c.cycle) AND v.visited_at < cycle_start(c.cycle + 1)) f
        CROSS JOIN LATERAL (
          SELECT monday(clock_day(t.at)) AS week, 'visits' AS what, 1 AS n FROM unnest(c.times) t (at)
          UNION ALL SELECT monday(clock_day(f.before)), 'units_visited', -1 WHERE f.before IS NOT NULL
          UNION ALL SELECT monday(clock_day(f.after)), 'units_visited', 1) w
    $q$, '')) k (own, verbs, columns, building, facts, more)
  LOOP
    FOR verb IN SELECT * FROM (VALUES
      ('insert', format('SELECT %s, 1 AS sign FROM fresh', kind.columns), 'NEW TABLE AS fresh'),
      ('update', format('SELECT %1$s, sum(x.sign)::int AS sign
          FROM (SELECT %1$s, 1 AS sign FROM fresh UNION ALL SELECT %1$s, -1 FROM gone) x
          GROUP BY %1$s HAVING sum(x.sign) <> 0', kind.columns), 'OLD TABLE AS gone NEW TABLE AS fresh'),
      ('delete', format('SELECT %s, -1 AS sign FROM gone', kind.columns), 'OLD TABLE AS gone')) v (name, changed, tables)
    LOOP
      CONTINUE WHEN verb.name <> ALL (kind.verbs);
      EXECUTE format(pattern, kind.own, verb.name, verb.changed, kind.building,
        kind.facts || CASE verb.name WHEN 'update' THEN kind.more ELSE '' END, verb.tables,
        CASE WHEN verb.name <> 'insert' THEN 'BEGIN' WHEN kind.own = 'residence' THEN settling
          WHEN kind.own = 'registration' THEN registering ELSE 'BEGIN' END);
    END LOOP;
  END LOOP;
END $do$;

-- Buildings and addresses go from one leaf to another, with all that counts in them, when their areas or their block
-- change. `moved` are the leaves that they left (-1) and came to (1). On the tables themselves these triggers come before
-- those of the grid, by name: they still see the block of before.
DO $do$
DECLARE
  pattern text := $p$
    CREATE OR REPLACE FUNCTION registry.count_%1$s_%2$s() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = registry, public, pg_temp AS $f$
    DECLARE
      held uuid[] := '{}';
      wanted uuid[];
      ahead uuid[] := '{}';
      ids uuid[];
    BEGIN
      %7$s
      PERFORM counted_day();
      WITH changed AS (%3$s), moved AS (%4$s)
      SELECT array_agg(DISTINCT m.leaf_id), array_agg(DISTINCT m.id) INTO wanted, ids FROM moved m;
      WHILE wanted IS NOT NULL LOOP
        BEGIN
          PERFORM lock_leaves(ARRAY(SELECT unnest(wanted) UNION SELECT unnest(ahead)));
          held := wanted || ahead;
          WITH changed AS (%3$s), moved AS (%4$s)
          SELECT array_agg(DISTINCT m.leaf_id), array_agg(DISTINCT m.id) INTO wanted, ids FROM moved m;
          IF NOT wanted <@ held THEN
            RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = 'a place went to another leaf';
          END IF;
          EXIT;
        EXCEPTION WHEN SQLSTATE 'TL001' THEN
          NULL;
        END;
      END LOOP;
      IF wanted IS NOT NULL THEN
        -- Written even where nothing counts: who adds to a total at once, unasked, sees by that whether a place went away.
        UPDATE tally SET units = units WHERE leaf_id = ANY (wanted);
        PERFORM add_to_leaves(ARRAY(
          WITH changed AS (%3$s), moved AS (%4$s)
          SELECT ROW(m.leaf_id, f.week, f.what, sum(m.sign * f.n))::tally_fact
          FROM (%5$s) f (id, week, what, n) JOIN moved m ON m.id = f.id
          GROUP BY m.leaf_id, f.week, f.what HAVING sum(m.sign * f.n) <> 0));
      END IF;
      RETURN NULL;
    END $f$;
    CREATE OR REPLACE TRIGGER add_up_%2$s AFTER %2$s ON registry.%1$s REFERENCING %6$s
      FOR EACH STATEMENT EXECUTE FUNCTION registry.count_%1$s_%2$s()
  $p$;
  in_building text := 'SELECT f.building_id, f.week, f.what, sum(f.n)::int FROM dwelling_facts() f
    WHERE f.building_id = ANY (ids) GROUP BY f.building_id, f.week, f.what';
  at_address text := 'SELECT f.address_id, NULL::date, f.what, f.n FROM address_facts() f WHERE f.address_id = ANY (ids)';
  -- An address counts as long as it is current, which is asked of the row as it was and as it is.
  of_address text := $q$SELECT i, NULL::date, 'addresses'::text, 1 FROM unnest(ids) i
    UNION ALL SELECT i, NULL, 'plated', 1 FROM unnest(ids) i
    WHERE EXISTS (SELECT FROM plate p WHERE p.address_id = i AND p.state IN ('installed', 'verified'))$q$;
  areas text := 'community_id, township_id, district_id';
  kind record;
  verb record;
BEGIN
  FOR kind IN SELECT * FROM (VALUES
    ('building', ARRAY['update'], 'id, ' || areas, format($q$
      SELECT c.id, leaf_of((SELECT k.block_id FROM building_block k WHERE k.building_id = c.id), %s) AS leaf_id, c.sign
      FROM changed c$q$, areas), in_building),
    ('address', ARRAY['insert', 'update'], 'id, state, ' || areas, format($q$
      SELECT c.id, leaf_of((SELECT k.block_id FROM address_block k WHERE k.address_id = c.id), %s) AS leaf_id,
        CASE c.state WHEN 'current' THEN c.sign ELSE 0 END AS sign
      FROM changed c$q$, areas), of_address),
    ('building_block', ARRAY['insert', 'update', 'delete'], 'building_id, block_id', $q$
      SELECT c.building_id AS id, w.leaf_id, w.sign
      FROM changed c CROSS JOIN LATERAL (
          SELECT leaf_of(NULL, b.community_id, b.township_id, b.district_id) AS rest FROM building b WHERE b.id = c.building_id OFFSET 0) b
        CROSS JOIN LATERAL (VALUES (c.block_id, c.sign), (b.rest, -c.sign)) w (leaf_id, sign)$q$, in_building),
    ('address_block', ARRAY['insert', 'update', 'delete'], 'address_id, block_id', $q$
      SELECT c.address_id AS id, w.leaf_id, w.sign
      FROM changed c CROSS JOIN LATERAL (
          SELECT leaf_of(NULL, a.community_id, a.township_id, a.district_id) AS rest FROM address a WHERE a.id = c.address_id OFFSET 0) a
        CROSS JOIN LATERAL (VALUES (c.block_id, c.sign), (a.rest, -c.sign)) w (leaf_id, sign)$q$, at_address)
    ) k (own, verbs, columns, moved, facts)
  LOOP
    FOR verb IN SELECT * FROM (VALUES
      ('insert', format('SELECT %s, 1 AS sign FROM fresh', kind.columns), 'NEW TABLE AS fresh'),
      ('update', format('SELECT %1$s, sum(x.sign)::int AS sign
          FROM (SELECT %1$s, 1 AS sign FROM fresh UNION ALL SELECT %1$s, -1 FROM gone) x
          GROUP BY %1$s HAVING sum(x.sign) <> 0', kind.columns), 'OLD TABLE AS gone NEW TABLE AS fresh'),
      ('delete', format('SELECT %s, -1 AS sign FROM gone', kind.columns), 'OLD TABLE AS gone')) v (name, changed, tables)
    LOOP
      CONTINUE WHEN verb.name <> ALL (kind.verbs);
      EXECUTE format(pattern, kind.own, verb.name, verb.changed, kind.moved, kind.facts, verb.tables,
        -- The grid asks for its lock after this; who waits for it must not hold totals yet. Where it will move what has been
        -- moved here, the totals it then needs are taken at once: the blocks of the new places, and what is outside of them.
        CASE WHEN kind.own IN ('building', 'address') THEN format('PERFORM lock_grid(ARRAY(
          WITH changed AS (%s) SELECT DISTINCT c.district_id FROM changed c), true);
          ahead := ARRAY(
            SELECT g.id FROM (SELECT %s AS place FROM %s OFFSET 0) p JOIN grid_block g
              ON g.state = ''current'' AND ST_Covers(g.boundary, p.place)
            UNION SELECT leaf_of(NULL, n.community_id, n.township_id, n.district_id) FROM %3$s);',
          verb.changed, registry.grid_point(kind.own), CASE WHEN verb.name = 'insert' THEN 'fresh n'
            WHEN kind.own = 'building' THEN 'fresh n JOIN gone o ON o.id = n.id
              AND (o.outline, o.position, o.state) IS DISTINCT FROM (n.outline, n.position, n.state)'
            ELSE 'fresh n JOIN gone o ON o.id = n.id AND (o.position, o.state) IS DISTINCT FROM (n.position, n.state)' END)
          ELSE '' END);
    END LOOP;
  END LOOP;
END $do$;

-- An address counts once, however many of its plates are on the wall.
DO $do$
DECLARE
  verb record;
BEGIN
  FOR verb IN SELECT * FROM (VALUES
    ('insert', 'SELECT address_id, state, 1 AS sign FROM fresh', 'NEW TABLE AS fresh'),
    ('update', 'SELECT address_id, state, 1 AS sign FROM fresh UNION ALL SELECT address_id, state, -1 FROM gone',
      'OLD TABLE AS gone NEW TABLE AS fresh')) v (name, changed, tables)
  LOOP
    EXECUTE format($p$
      CREATE OR REPLACE FUNCTION registry.count_plate_%1$s() RETURNS trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path = registry, public, pg_temp AS $f$
      DECLARE
        addresses uuid[];
        turns int[];
      BEGIN
        SELECT array_agg(t.address_id), array_agg(t.turn) INTO addresses, turns FROM (
          SELECT c.address_id, sum(c.sign)::int AS turn FROM (%2$s) c WHERE c.state IN ('installed', 'verified')
          GROUP BY c.address_id HAVING sum(c.sign) <> 0) t;
        IF addresses IS NOT NULL THEN
          PERFORM hold_addresses(addresses);
          PERFORM add_to_addresses(ARRAY(
            SELECT ROW(t.address_id, NULL, 'plated', (t.present > 0)::int - (t.present - t.turn > 0)::int)::tally_fact
            FROM (SELECT c.address_id, c.turn, (
                SELECT count(*) FROM plate p WHERE p.address_id = c.address_id AND p.state IN ('installed', 'verified')) AS present
              FROM unnest(addresses, turns) c (address_id, turn)
              WHERE (SELECT a.state = 'current' FROM address a WHERE a.id = c.address_id)) t));
        END IF;
        RETURN NULL;
      END $f$;
      CREATE OR REPLACE TRIGGER add_up_%1$s AFTER %1$s ON registry.plate REFERENCING %3$s
        FOR EACH STATEMENT EXECUTE FUNCTION registry.count_plate_%1$s()
    $p$, verb.name, verb.changed, verb.tables);
  END LOOP;
END $do$;

-- Checks carry their leaf: what was sampled stays where it was found.
DO $do$
DECLARE
  kind record;
BEGIN
  FOR kind IN SELECT * FROM (VALUES
    ('field_check', ARRAY['persons_met', 'persons_registered', 'records_checked', 'records_right']),
    ('building_check', ARRAY['units_found', 'units_listed'])) k (own, counts)
  LOOP
    EXECUTE format($p$
      CREATE OR REPLACE FUNCTION registry.count_%1$s_insert() RETURNS trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path = registry, public, pg_temp AS $f$
      BEGIN
        PERFORM counted_day();
        PERFORM lock_leaves(ARRAY(SELECT DISTINCT n.leaf_id FROM fresh n));
        PERFORM add_to_leaves(ARRAY(
          SELECT ROW(n.leaf_id, monday(n.checked_on), w.what, sum(w.n))::tally_fact
          FROM fresh n CROSS JOIN LATERAL (VALUES %2$s) w (what, n) GROUP BY n.leaf_id, monday(n.checked_on), w.what));
        RETURN NULL;
      END $f$;
      CREATE OR REPLACE TRIGGER add_up_insert AFTER INSERT ON registry.%1$s REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION registry.count_%1$s_insert()
    $p$, kind.own, (SELECT string_agg(format('(%L, n.%I)', c, c), ', ') FROM unnest(kind.counts) c));
  END LOOP;
END $do$;

-- Before blocks are drawn anew all totals of their districts are held, after the lock that the grid takes for it: places
-- then move between leaves in several statements, in whatever order.
CREATE OR REPLACE FUNCTION registry.hold_blocks() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  changed uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    changed := ARRAY(SELECT n.id FROM fresh n);
  ELSE
    changed := ARRAY(SELECT n.id FROM fresh n JOIN gone o ON o.id = n.id
      AND (o.boundary, o.state, o.district_id) IS DISTINCT FROM (n.boundary, n.state, n.district_id));
  END IF;
  IF cardinality(changed) > 0 THEN
    PERFORM lock_grid(ARRAY(
      SELECT g.district_id FROM grid_block g WHERE g.id = ANY (changed)
      UNION SELECT d.id FROM grid_block g JOIN division d ON d.boundary && g.boundary
      WHERE d.level = 'district' AND g.id = ANY (changed)), false);
    PERFORM counted_day();
    PERFORM lock_leaves(ARRAY(
      SELECT t.leaf_id FROM tally t WHERE t.district_id IN (SELECT g.district_id FROM grid_block g WHERE g.id = ANY (changed))
      UNION SELECT unnest(changed)));
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER add_up_insert AFTER INSERT ON registry.grid_block REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.hold_blocks();
CREATE OR REPLACE TRIGGER add_up_update AFTER UPDATE ON registry.grid_block REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.hold_blocks();

-- A leaf follows the areas of its block or division.
CREATE OR REPLACE FUNCTION registry.follow_leaf_areas() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  PERFORM counted_day();
  PERFORM FROM tally t WHERE t.leaf_id IN (SELECT n.id FROM fresh n) ORDER BY t.leaf_id FOR NO KEY UPDATE;
  UPDATE tally t SET block_id = a.block_id, district_id = a.district_id, township_id = a.township_id, community_id = a.community_id
  FROM leaf_areas(ARRAY(SELECT n.id FROM fresh n)) a
  WHERE t.leaf_id = a.leaf_id AND (t.block_id, t.district_id, t.township_id, t.community_id)
    IS DISTINCT FROM (a.block_id, a.district_id, a.township_id, a.community_id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER areas_update AFTER UPDATE ON registry.grid_block REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.follow_leaf_areas();
CREATE OR REPLACE TRIGGER areas_update AFTER UPDATE ON registry.division REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.follow_leaf_areas();

-- A check of one unit in the field, by an account that may not read such checks: all but the counts is found here.
CREATE OR REPLACE FUNCTION registry.record_field_check(
  check_id uuid, plan uuid, unit uuid, day date, account uuid, met int, met_registered int, checked int, found_right int, act uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  INSERT INTO field_check (id, plan_id, unit_id, building_id, leaf_id, district_id, township_id, community_id, checked_on,
    account_id, persons_met, persons_registered, records_checked, records_right, act_id)
  SELECT coalesce(check_id, new_id()), plan, u.id, u.building_id, p.leaf_id, u.district_id, u.township_id, u.community_id, day,
    account, met, met_registered, checked, found_right, act
  FROM housing_unit u JOIN building_leaf() p ON p.id = u.building_id WHERE u.id = unit;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no unit %', unit
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'field_check_unit_id_fkey';
  END IF;
END $$;

-- The same totals from the base tables.
CREATE OR REPLACE FUNCTION registry.tally_recount()
RETURNS TABLE (leaf_id uuid, units int, rental_units int, persons int, registered int, addresses int, plated int)
LANGUAGE sql STABLE AS $$
  SELECT f.leaf_id, coalesce(sum(f.n) FILTER (WHERE f.what = 'units'), 0)::int,
    coalesce(sum(f.n) FILTER (WHERE f.what = 'rental_units'), 0)::int, coalesce(sum(f.n) FILTER (WHERE f.what = 'persons'), 0)::int,
    coalesce(sum(f.n) FILTER (WHERE f.what = 'registered'), 0)::int, coalesce(sum(f.n) FILTER (WHERE f.what = 'addresses'), 0)::int,
    coalesce(sum(f.n) FILTER (WHERE f.what = 'plated'), 0)::int
  FROM (
    SELECT p.leaf_id, d.what, d.n FROM registry.dwelling_facts() d JOIN registry.building_leaf() p ON p.id = d.building_id WHERE d.week IS NULL
    UNION ALL
    SELECT p.leaf_id, a.what, a.n FROM registry.address_facts() a JOIN registry.address_leaf() p ON p.id = a.address_id) f
  GROUP BY f.leaf_id
$$;
CREATE OR REPLACE FUNCTION registry.tally_week_recount()
RETURNS TABLE (leaf_id uuid, week date, persons_met int, persons_registered int, records_checked int, records_right int,
  units_found int, units_listed int, forms_collected int, forms_entered int, visits int, units_visited int)
LANGUAGE sql STABLE AS $$
  SELECT f.leaf_id, f.week, sum(f.met)::int, sum(f.met_registered)::int, sum(f.checked)::int, sum(f.found_right)::int,
    sum(f.found)::int, sum(f.listed)::int, sum(f.collected)::int, sum(f.entered)::int, sum(f.visits)::int, sum(f.visited)::int
  FROM (
    SELECT c.leaf_id, registry.monday(c.checked_on) AS week, c.persons_met AS met, c.persons_registered AS met_registered,
      c.records_checked AS checked, c.records_right AS found_right, 0 AS found, 0 AS listed, 0 AS collected, 0 AS entered,
      0 AS visits, 0 AS visited
    FROM registry.field_check c
    UNION ALL
    SELECT c.leaf_id, registry.monday(c.checked_on), 0, 0, 0, 0, c.units_found, c.units_listed, 0, 0, 0, 0 FROM registry.building_check c
    UNION ALL
    SELECT p.leaf_id, d.week, 0, 0, 0, 0, 0, 0, (d.what = 'forms_collected')::int, (d.what = 'forms_entered')::int,
      (d.what = 'visits')::int, (d.what = 'units_visited')::int
    FROM registry.dwelling_facts() d JOIN registry.building_leaf() p ON p.id = d.building_id WHERE d.week IS NOT NULL) f
  GROUP BY f.leaf_id, f.week
$$;

-- Where the totals differ from the base tables, or the weeks from the totals (`of all weeks`): no rows when all is well.
-- One snapshot sees a change together with its totals, so that this may be asked at any time.
CREATE OR REPLACE FUNCTION registry.tally_drift() RETURNS TABLE (leaf_id uuid, week date, what text, kept bigint, counted bigint)
LANGUAGE sql STABLE AS $$
  WITH figure AS (
    SELECT t.leaf_id, NULL::date AS week, x.key AS what, x.value::int AS kept, 0 AS counted
    FROM registry.tally t, jsonb_each_text(to_jsonb(t) - '{leaf_id,block_id,district_id,township_id,community_id}'::text[]) x
    UNION ALL
    SELECT r.leaf_id, NULL, x.key, 0, x.value::int FROM registry.tally_recount() r, jsonb_each_text(to_jsonb(r) - 'leaf_id') x
    UNION ALL
    SELECT t.leaf_id, NULL, x.key || ' of all weeks', 0, x.value::int
    FROM registry.tally t, jsonb_each_text(to_jsonb(t) - '{leaf_id,block_id,district_id,township_id,community_id}'::text[]) x
    UNION ALL
    SELECT w.leaf_id, CASE WHEN s.is_state THEN NULL ELSE w.week END, x.key || CASE WHEN s.is_state THEN ' of all weeks' ELSE '' END,
      x.value::int, 0
    FROM registry.tally_week w, jsonb_each_text(to_jsonb(w) - '{leaf_id,week}'::text[]) x,
      LATERAL (SELECT x.key IN ('units', 'rental_units', 'persons', 'registered', 'addresses', 'plated') AS is_state) s
    WHERE x.value <> '0'
    UNION ALL
    SELECT r.leaf_id, r.week, x.key, 0, x.value::int
    FROM registry.tally_week_recount() r, jsonb_each_text(to_jsonb(r) - '{leaf_id,week}'::text[]) x WHERE x.value <> '0')
  SELECT f.leaf_id, f.week, f.what, sum(f.kept), sum(f.counted) FROM figure f
  GROUP BY f.leaf_id, f.week, f.what HAVING sum(f.kept) <> sum(f.counted) ORDER BY 1, 2, 3
$$;

-- The residences that begin or end with the passing of days, and the registrations that expire. Nothing is waited for while
-- the lock keeps all writers waiting, except those who came before: a long load puts the turn off.
CREATE OR REPLACE FUNCTION registry.turn_to(asked date, OUT day date, OUT begun int, OUT ended int, OUT expired int)
LANGUAGE plpgsql SET search_path = registry, public, pg_temp AS $$
DECLARE
  last date;
  facts tally_fact[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tally', 0));
  SELECT t.day INTO last FROM tally_day t;
  WITH changed AS (
    SELECT r.id, r.building_id, (r.valid @> asked)::int - (r.valid @> last)::int AS sign
    FROM residence r WHERE r.is_main AND upper_inf(r.sys) AND (r.valid @> asked) <> (r.valid @> last)),
  fact AS (
    SELECT c.building_id, w.what, c.sign * w.n AS n
    FROM changed c CROSS JOIN LATERAL (VALUES ('persons', 1), ('registered', (
      SELECT count(*)::int FROM registration g WHERE g.residence_id = c.id AND g.status = 'active'))) w (what, n))
  SELECT array_agg(ROW(f.building_id, NULL, f.what, f.n)::tally_fact),
    coalesce(sum(f.n) FILTER (WHERE f.what = 'persons' AND f.n > 0), 0), coalesce(-sum(f.n) FILTER (WHERE f.what = 'persons' AND f.n < 0), 0)
  INTO facts, begun, ended FROM fact f;
  IF facts IS NOT NULL THEN
    PERFORM hold_buildings(ARRAY(SELECT DISTINCT f.place_id FROM unnest(facts) f));
    PERFORM add_to_buildings(facts);
  END IF;
  day := asked;
  UPDATE tally_day SET day = asked WHERE id = 1;
  UPDATE registration g SET status = 'expired', version = g.version + 1
  FROM (SELECT e.id FROM registration e WHERE e.status = 'active' AND e.expires_on <= asked FOR NO KEY UPDATE SKIP LOCKED) e
  WHERE g.id = e.id;
  GET DIAGNOSTICS expired = ROW_COUNT;
END $$;

-- Turn to today; at once when that is done already. Refused as busy when writers hold on for more than two seconds.
CREATE OR REPLACE FUNCTION registry.turn_day(OUT day date, OUT begun int, OUT ended int, OUT expired int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
  SELECT t.day, 0, 0, 0 INTO day, begun, ended, expired FROM tally_day t;
  IF day < clock_day(clock_timestamp()) THEN
    SELECT t.day, t.begun, t.ended, t.expired INTO day, begun, ended, expired FROM turn_to(clock_day(clock_timestamp())) t;
  END IF;
END $$;

-- Write all totals anew, after loads with the triggers off and for demonstrations. Changes go to the weeks that the facts
-- name themselves; what is older than a year counts as there from the first week of that year.
CREATE OR REPLACE FUNCTION registry.tally_rebuild() RETURNS int LANGUAGE plpgsql SET search_path = registry, public, pg_temp AS $$
DECLARE
  leaves uuid[];
  today date := clock_day(clock_timestamp());
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tally', 0));
  DELETE FROM tally;
  DELETE FROM tally_week;
  UPDATE tally_day SET day = today WHERE id = 1;
  CREATE TEMP TABLE rebuilt ON COMMIT DROP AS
  SELECT p.leaf_id, f.what, monday(greatest(today - 52 * 7, least(today, f.day))) AS week, sum(f.n)::int AS n
  FROM (
    SELECT u.building_id, w.what, t.day, t.sign AS n
    FROM housing_unit u
      CROSS JOIN LATERAL (VALUES ('units', true), ('rental_units', is_rental(u.use))) w (what, counts)
      CROSS JOIN LATERAL (VALUES (lower(u.valid), 1),
        (CASE WHEN u.state IN ('retired', 'not_realized') THEN coalesce(upper(u.valid), clock_day(u.changed_at)) END, -1)) t (day, sign)
    WHERE u.state NOT IN ('removed', 'rejected') AND w.counts AND t.day IS NOT NULL
    UNION ALL
    SELECT r.building_id, 'persons', t.day, t.sign
    FROM residence r CROSS JOIN LATERAL (VALUES (lower(r.valid), 1), (upper(r.valid), -1)) t (day, sign)
    WHERE r.is_main AND upper_inf(r.sys) AND t.day <= today
    UNION ALL
    SELECT r.building_id, 'registered', t.day, t.sign
    FROM residence r JOIN registration g ON g.residence_id = r.id AND g.status = 'active'
      CROSS JOIN LATERAL (VALUES (greatest(lower(r.valid), g.registered_on), 1), (upper(r.valid), -1)) t (day, sign)
    WHERE r.is_main AND upper_inf(r.sys) AND lower(r.valid) <= today AND (t.sign > 0 OR t.day <= today)) f
    JOIN building_leaf() p ON p.id = f.building_id
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT p.leaf_id, f.what, monday(greatest(today - 52 * 7, least(today, f.day))), sum(f.n)::int
  FROM (
    SELECT a.id, 'addresses' AS what, t.day, t.sign AS n
    FROM address a CROSS JOIN LATERAL (VALUES (lower(a.valid), 1),
      (CASE WHEN a.state = 'retired' THEN coalesce(upper(a.valid), clock_day(a.changed_at)) END, -1)) t (day, sign)
    WHERE a.state IN ('current', 'retired') AND t.day IS NOT NULL
    UNION ALL
    SELECT a.address_id, 'plated', coalesce((
      SELECT clock_day(min(i.installed_at)) FROM plate p JOIN plate_installation i ON i.plate_id = p.id
      WHERE p.address_id = a.address_id), today), 1
    FROM address_facts() a WHERE a.what = 'plated') f
    JOIN address_leaf() p ON p.id = f.id
  GROUP BY 1, 2, 3;
  leaves := ARRAY(SELECT DISTINCT r.leaf_id FROM pg_temp.rebuilt r UNION SELECT w.leaf_id FROM tally_week_recount() w);
  PERFORM lock_leaves(leaves);
  UPDATE tally t SET units = r.units, rental_units = r.rental_units, persons = r.persons, registered = r.registered,
    addresses = r.addresses, plated = r.plated
  FROM tally_recount() r WHERE r.leaf_id = t.leaf_id;
  INSERT INTO tally_week (leaf_id, week, units, rental_units, persons, registered, addresses, plated)
  SELECT r.leaf_id, r.week, coalesce(sum(r.n) FILTER (WHERE r.what = 'units'), 0), coalesce(sum(r.n) FILTER (WHERE r.what = 'rental_units'), 0),
    coalesce(sum(r.n) FILTER (WHERE r.what = 'persons'), 0), coalesce(sum(r.n) FILTER (WHERE r.what = 'registered'), 0),
    coalesce(sum(r.n) FILTER (WHERE r.what = 'addresses'), 0), coalesce(sum(r.n) FILTER (WHERE r.what = 'plated'), 0)
  FROM pg_temp.rebuilt r GROUP BY r.leaf_id, r.week;
  INSERT INTO tally_week AS w (leaf_id, week, persons_met, persons_registered, records_checked, records_right, units_found,
    units_listed, forms_collected, forms_entered, visits, units_visited)
  SELECT * FROM tally_week_recount()
  ON CONFLICT (leaf_id, week) DO UPDATE SET persons_met = excluded.persons_met, persons_registered = excluded.persons_registered,
    records_checked = excluded.records_checked, records_right = excluded.records_right, units_found = excluded.units_found,
    units_listed = excluded.units_listed, forms_collected = excluded.forms_collected, forms_entered = excluded.forms_entered,
    visits = excluded.visits, units_visited = excluded.units_visited;
  DROP TABLE pg_temp.rebuilt;
  RETURN cardinality(leaves);
END $$;

-- Squares of about 150 m, the same every week: counted from 0 E 0 N in steps that follow the latitude of the jurisdiction.
-- Only a class of the share without an active registration is kept, and none where few live. A past week is written as
-- its last day was, by the dates that residences and registrations carry now; dwellings since then count as there before:
-- their dates are often those of the survey that found them.
CREATE OR REPLACE FUNCTION registry.refresh_heat(asked date) RETURNS int LANGUAGE plpgsql
SET search_path = registry, public, pg_temp AS $$
DECLARE
  tall float8 := 150 / 110900.0;
  wide float8;
  last date := CASE WHEN monday(asked) < monday(clock_day(clock_timestamp())) THEN monday(asked) + 6 END;
  cells int;
BEGIN
  SELECT tall / cos(radians(ST_Y(ST_Centroid(j.box)))) INTO wide FROM jurisdiction j;
  DELETE FROM heat_cell h WHERE h.week = monday(asked);
  INSERT INTO heat_cell (week, column_no, row_no, class_no, shape, district_id, township_id, community_id)
  SELECT monday(asked), c.column_no, c.row_no,
    CASE WHEN sum(c.persons) >= 10 AND sum(c.units) >= 3
      THEN width_bucket((1 - sum(c.registered)::float8 / sum(c.persons)) * 100, ARRAY[2, 5, 9, 15, 25]::float8[]) END,
    ST_MakeEnvelope(c.column_no * wide, c.row_no * tall, (c.column_no + 1) * wide, (c.row_no + 1) * tall, 4490),
    (array_agg(c.district_id ORDER BY c.persons DESC, c.units DESC))[1],
    (array_agg(c.township_id ORDER BY c.persons DESC, c.units DESC))[1],
    (array_agg(c.community_id ORDER BY c.persons DESC, c.units DESC))[1]
  FROM (
    SELECT floor(ST_X(p.place) / wide)::int AS column_no, floor(ST_Y(p.place) / tall)::int AS row_no,
      b.district_id, b.township_id, b.community_id, sum(f.persons) AS persons, sum(f.registered) AS registered, sum(f.units) AS units
    FROM (
      SELECT d.building_id, count(*) FILTER (WHERE d.what = 'persons') AS persons,
        count(*) FILTER (WHERE d.what = 'registered') AS registered, count(*) FILTER (WHERE d.what = 'units') AS units
      FROM (
        SELECT d.building_id, d.what FROM dwelling_facts() d WHERE last IS NULL AND d.week IS NULL
        UNION ALL
        SELECT r.building_id, w.what FROM residence r CROSS JOIN LATERAL (VALUES ('persons', true), ('registered', EXISTS (
          SELECT FROM registration g WHERE g.residence_id = r.id AND g.registered_on <= last
            AND (g.expires_on IS NULL OR g.expires_on > last)
            AND g.status IN ('active', 'changed', 'expired')))) w (what, counts)
        WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> last AND w.counts
        UNION ALL
        SELECT u.building_id, 'units' FROM housing_unit u
        WHERE last IS NOT NULL AND u.state NOT IN ('removed', 'rejected') AND (u.state NOT IN ('retired', 'not_realized')
          OR coalesce(upper(u.valid), clock_day(u.changed_at)) > last)) d
      GROUP BY d.building_id) f
      JOIN building b ON b.id = f.building_id
      CROSS JOIN LATERAL (SELECT coalesce(ST_PointOnSurface(b.outline), b.position) AS place OFFSET 0) p
    GROUP BY 1, 2, 3, 4, 5) c
  WHERE c.units > 0
  GROUP BY c.column_no, c.row_no;
  GET DIAGNOSTICS cells = ROW_COUNT;
  RETURN cells;
END $$;
