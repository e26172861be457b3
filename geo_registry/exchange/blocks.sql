-- Blocks: each belongs to the community that covers most of it.

-- :: create
CREATE TEMP TABLE block_row (
  row_number int NOT NULL, outcome text, reason text, detail text NOT NULL DEFAULT '', original json, code text, name text,
  community_code text, district_code text, boundary geometry(MultiPolygon, 4490), middle geometry(Point, 4490),
  district_id uuid, township_id uuid, community_id uuid, id uuid
)

-- :: duplicates
UPDATE pg_temp.block_row r SET outcome = 'quarantined', reason = 'code-duplicate'
FROM (SELECT row_number, row_number() OVER (PARTITION BY code ORDER BY row_number) AS turn
      FROM pg_temp.block_row WHERE outcome IS NULL) t
WHERE t.turn > 1 AND r.row_number = t.row_number

-- :: outside
UPDATE pg_temp.block_row r SET outcome = 'quarantined', reason = 'outside-jurisdiction'
FROM registry.jurisdiction j WHERE r.outcome IS NULL AND NOT ST_Covers(j.box, r.boundary)

-- :: by-cover (one community around the whole block needs no measuring)
UPDATE pg_temp.block_row r SET district_id = f.district_id, township_id = f.township_id, community_id = f.id
FROM (
  SELECT t.row_number, d.id, d.district_id, d.township_id
  FROM pg_temp.block_row t CROSS JOIN LATERAL (
    SELECT d.id, d.district_id, d.township_id
    FROM registry.division d
    WHERE d.level = 'community' AND d.boundary && t.boundary AND d.valid @> CURRENT_DATE AND d.district_id IS NOT NULL
      AND ST_Intersects(d.boundary, t.boundary)
    ORDER BY CASE WHEN ST_Covers(d.boundary, t.boundary) THEN 1e9
      ELSE ST_Area(ST_Intersection(d.boundary, t.boundary)) END DESC, d.code LIMIT 1) d
  WHERE t.outcome IS NULL AND t.community_id IS NULL AND t.community_code IS NULL) f
WHERE r.row_number = f.row_number

-- :: compare
UPDATE pg_temp.block_row r SET id = g.id, outcome = CASE
    WHEN (g.name, g.boundary, g.district_id, g.township_id, g.community_id, g.state) IS NOT DISTINCT FROM
      (r.name, r.boundary, r.district_id, r.township_id, r.community_id, 'current') THEN 'unchanged' ELSE 'changed' END
FROM registry.grid_block g WHERE r.outcome IS NULL AND g.code = r.code

-- :: identify
UPDATE pg_temp.block_row SET outcome = 'stored', id = registry.new_id() WHERE outcome IS NULL;
CREATE INDEX ON pg_temp.block_row USING gist (boundary);
ANALYZE pg_temp.block_row

-- :: overlaps (rows that share ground with a row, both ways, and rows that share it with another stored block)
WITH live AS MATERIALIZED (
  SELECT row_number, code, id, boundary FROM pg_temp.block_row WHERE outcome IN ('stored', 'changed', 'unchanged')),
pair AS MATERIALIZED (
  SELECT b.row_number, b.code, o.row_number AS other_row, NULL::uuid AS block, o.code AS other,
    ST_CollectionExtract(ST_Intersection(o.boundary, b.boundary), 3) AS shared
  FROM live b JOIN pg_temp.block_row o ON o.boundary && b.boundary AND o.row_number < b.row_number
    AND o.outcome IN ('stored', 'changed', 'unchanged')
  UNION ALL
  SELECT b.row_number, b.code, NULL, g.id, g.code, ST_CollectionExtract(ST_Intersection(g.boundary, b.boundary), 3)
  FROM live b JOIN registry.grid_block g ON g.boundary && b.boundary AND g.state = 'current' AND g.id <> b.id),
clash AS MATERIALIZED (
  SELECT p.*, round(registry.area_m2(p.shared)::numeric, 1) AS m2 FROM pair p
  WHERE ST_Area(p.shared) > 0 AND registry.area_m2(p.shared) > 1)
SELECT row_number, code, other_row, block, other, m2 FROM clash
UNION ALL SELECT other_row, other, row_number, NULL, code, m2 FROM clash WHERE other_row IS NOT NULL

-- :: judged (what is stored already comes first)
SELECT row_number, id FROM pg_temp.block_row WHERE outcome IN ('stored', 'changed', 'unchanged')
ORDER BY outcome <> 'unchanged', row_number

-- :: refuse-overlap
UPDATE pg_temp.block_row SET outcome = 'quarantined', reason = 'block-overlap', detail = %(detail)s
WHERE row_number = %(row)s

-- :: left-out (what the blocks of the file leave out in their communities)
WITH concerned AS MATERIALIZED (SELECT DISTINCT community_id FROM pg_temp.block_row
  WHERE outcome IN ('stored', 'changed') AND community_id IS NOT NULL)
SELECT (SELECT count(*) FROM concerned c, registry.block_gaps(c.community_id)),
  (SELECT count(*) FROM registry.building b
   WHERE b.community_id IN (SELECT community_id FROM concerned)
     AND b.state NOT IN ('demolished', 'not_realized', 'removed')
     AND NOT EXISTS (SELECT FROM registry.building_block k WHERE k.building_id = b.id))

-- :: insert
INSERT INTO registry.grid_block (id, code, name, boundary, district_id, township_id, community_id, act_id)
SELECT id, code, name, boundary, district_id, township_id, community_id, %(act)s
FROM pg_temp.block_row WHERE outcome = 'stored' ORDER BY row_number

-- :: update
UPDATE registry.grid_block g SET name = r.name, boundary = r.boundary, district_id = r.district_id,
  township_id = r.township_id, community_id = r.community_id, act_id = %(act)s,
  state = 'current', valid = daterange(lower(g.valid), NULL)
FROM pg_temp.block_row r WHERE r.outcome = 'changed' AND g.id = r.id

-- :: analyze
ANALYZE registry.grid_block
