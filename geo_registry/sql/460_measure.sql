-- Figures: totals of leaves at the end of a week, and what was counted in the eight weeks up to it.

-- One row for each asked week and node: a leaf of the communities in `expand` or of no community, else a whole
-- community; NULL expands all. `leaves` is how many leaves with dwellings a node holds; a block that is no longer
-- current counts, but is not listed. The order of `counts` is that of measure/figures.py.
-- `zone_id` is the zone that held a block when the week began: from the Monday after its proposal to the week in which
-- it ends. What a week tells then never changes with the zones of later days, and proposing zones one after the other
-- draws no new lines through a week that was told already.
CREATE FUNCTION registry.figures(districts uuid[], expand uuid[], weeks date[])
RETURNS TABLE (week date, district_id uuid, township_id uuid, community_id uuid, zone_id uuid, leaf_id uuid,
  is_listed boolean, leaves bigint, counts bigint[])
LANGUAGE sql STABLE SET search_path = registry, pg_temp AS $$
  WITH leaf AS MATERIALIZED (
    SELECT t.*, coalesce(g.state = 'current', t.block_id IS NULL) AS listed,
      CASE WHEN expand IS NULL OR t.community_id IS NULL OR t.community_id = ANY (expand) THEN t.leaf_id END AS own
    FROM tally t LEFT JOIN grid_block g ON g.id = t.block_id
    WHERE t.district_id = ANY (districts)),
  node AS (
    SELECT coalesce(l.own, l.community_id) AS key, l.district_id, l.township_id, l.community_id, l.own,
      CASE WHEN l.own IS NOT NULL THEN l.block_id END AS block_id,
      bool_or(l.listed OR l.own IS NULL) AS listed, count(*) FILTER (WHERE l.units > 0) AS leaves,
      sum(l.units) AS units, sum(l.rental_units) AS rental_units, sum(l.persons) AS persons, sum(l.registered) AS registered,
      sum(l.addresses) AS addresses, sum(l.plated) AS plated
    FROM leaf l GROUP BY 1, 2, 3, 4, 5, 6),
  -- First by node, then by asked week: a community of many leaves is added up once.
  change AS MATERIALIZED (
    SELECT coalesce(l.own, l.community_id) AS key, x.week,
      sum(x.units) AS units, sum(x.rental_units) AS rental_units, sum(x.persons) AS persons, sum(x.registered) AS registered,
      sum(x.addresses) AS addresses, sum(x.plated) AS plated, sum(x.persons_met) AS persons_met,
      sum(x.persons_registered) AS persons_registered, sum(x.records_checked) AS records_checked,
      sum(x.records_right) AS records_right, sum(x.units_found) AS units_found, sum(x.units_listed) AS units_listed,
      sum(x.forms_collected) AS forms_collected, sum(x.forms_entered) AS forms_entered, sum(x.units_visited) AS units_visited
    FROM leaf l JOIN tally_week x ON x.leaf_id = l.leaf_id
    WHERE x.week > (SELECT min(w) FROM unnest(weeks) w) - 56
    GROUP BY 1, 2),
  figure AS (
    SELECT c.key, a.week,
      sum(c.units) FILTER (WHERE c.week > a.week) AS units,
      sum(c.rental_units) FILTER (WHERE c.week > a.week) AS rental_units,
      sum(c.persons) FILTER (WHERE c.week > a.week) AS persons,
      sum(c.registered) FILTER (WHERE c.week > a.week) AS registered,
      sum(c.addresses) FILTER (WHERE c.week > a.week) AS addresses,
      sum(c.plated) FILTER (WHERE c.week > a.week) AS plated,
      sum(c.persons_met) FILTER (WHERE c.week <= a.week) AS persons_met,
      sum(c.persons_registered) FILTER (WHERE c.week <= a.week) AS persons_registered,
      sum(c.records_checked) FILTER (WHERE c.week <= a.week) AS records_checked,
      sum(c.records_right) FILTER (WHERE c.week <= a.week) AS records_right,
      sum(c.units_found) FILTER (WHERE c.week <= a.week) AS units_found,
      sum(c.units_listed) FILTER (WHERE c.week <= a.week) AS units_listed,
      sum(c.forms_collected) FILTER (WHERE c.week <= a.week) AS forms_collected,
      sum(c.forms_entered) FILTER (WHERE c.week <= a.week) AS forms_entered,
      -- Cycles of self-checks are fixed: fourteen days each, from Monday 5 January 2026 on.
      sum(c.units_visited) FILTER (WHERE c.week <= a.week
        AND c.week >= a.week - (((a.week - DATE '2026-01-05') % 14) + 14) % 14) AS units_visited
    FROM change c JOIN unnest(weeks) a (week) ON c.week > a.week - 56
    GROUP BY 1, 2),
  held AS MATERIALIZED (
    SELECT DISTINCT ON (a.week, k.block_id) a.week, k.block_id, k.zone_id
    FROM zone z JOIN zone_block k ON k.zone_id = z.id
      JOIN unnest(weeks) a (week) ON z.proposed_on < a.week
        AND (z.state NOT IN ('closed', 'failed') OR clock_day(z.changed_at) >= a.week)
    WHERE z.district_id = ANY (districts)
    ORDER BY a.week, k.block_id, k.zone_id)
  SELECT a.week, n.district_id, n.township_id, n.community_id, h.zone_id, n.own, n.listed, n.leaves,
    ARRAY[n.units - coalesce(f.units, 0), n.rental_units - coalesce(f.rental_units, 0),
      n.persons - coalesce(f.persons, 0), n.registered - coalesce(f.registered, 0),
      n.addresses - coalesce(f.addresses, 0), n.plated - coalesce(f.plated, 0),
      coalesce(f.persons_met, 0), coalesce(f.persons_registered, 0), coalesce(f.records_checked, 0),
      coalesce(f.records_right, 0), coalesce(f.units_found, 0), coalesce(f.units_listed, 0),
      coalesce(f.forms_collected, 0), coalesce(f.forms_entered, 0), coalesce(f.units_visited, 0)]::bigint[]
  FROM node n CROSS JOIN unnest(weeks) a (week) LEFT JOIN figure f
    ON f.week = a.week AND f.key = n.key
    LEFT JOIN held h ON h.week = a.week AND h.block_id = n.block_id
$$;

-- How many persons live in each building of one block, on the day that the totals are of; counts alone.
CREATE OR REPLACE FUNCTION registry.building_persons(asked uuid) RETURNS TABLE (building_id uuid, persons bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT k.building_id, count(r.id)
  FROM building_block k LEFT JOIN residence r ON r.building_id = k.building_id AND r.is_main AND upper_inf(r.sys)
    AND r.valid @> (SELECT d.day FROM tally_day d)
  WHERE k.block_id = asked
  GROUP BY k.building_id
$$;

-- What the checks of one sample found: counted, hits and dwellings of each rate, the weighted share, and the variance
-- of that ratio over dwellings within strata (linearised, with replacement; strata of one dwelling are taken together).
-- The counts of a single dwelling stay in here.
CREATE OR REPLACE FUNCTION registry.sample_totals(asked uuid)
RETURNS TABLE (rate text, n bigint, k bigint, units bigint, share float8, variance float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  WITH found AS (
    SELECT m.rate, s.stratum, s.weight::float8 AS weight, m.n, m.k
    FROM sample_unit s JOIN field_check c ON c.plan_id = s.plan_id AND c.unit_id = s.unit_id
      CROSS JOIN LATERAL (VALUES ('registration_rate', c.persons_met, c.persons_registered),
        ('accuracy_rate', c.records_checked, c.records_right)) m (rate, n, k)
    WHERE s.plan_id = asked AND m.n > 0),
  total AS (
    SELECT f.rate, sum(f.n) AS n, sum(f.k) AS k, count(*) AS units, sum(f.weight * f.n) AS weight,
      sum(f.weight * f.k) / sum(f.weight * f.n) AS share
    FROM found f GROUP BY f.rate),
  residual AS (
    SELECT f.rate, f.weight * (f.k - t.share * f.n) AS z,
      CASE WHEN count(*) OVER (PARTITION BY f.rate, f.stratum) > 1 THEN f.stratum END AS stratum
    FROM found f JOIN total t ON t.rate = f.rate),
  spread AS (
    SELECT r.rate, CASE WHEN count(*) = 1 THEN sum(r.z ^ 2)
      ELSE count(*) / (count(*) - 1.0) * greatest(sum(r.z ^ 2) - sum(r.z) ^ 2 / count(*), 0) END AS part
    FROM residual r GROUP BY r.rate, r.stratum)
  -- Under ten only that there are some: nobody learns of one dwelling by a sample of one.
  SELECT t.rate, CASE WHEN t.n >= 10 THEN t.n END, CASE WHEN t.n >= 10 THEN t.k END, t.units, CASE WHEN t.n >= 10 THEN t.share END,
    CASE WHEN t.n >= 10 THEN sum(s.part) / t.weight ^ 2 END
  FROM total t JOIN spread s ON s.rate = t.rate GROUP BY t.rate, t.n, t.k, t.units, t.share, t.weight
$$;

-- Which units of a sample were checked; not what was found there.
CREATE OR REPLACE FUNCTION registry.sample_checked(asked uuid) RETURNS TABLE (unit_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT c.unit_id FROM field_check c WHERE c.plan_id = asked
$$;
