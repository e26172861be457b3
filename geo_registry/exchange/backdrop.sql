-- Surfaces beneath the map; a feature is known by its id, or by what it is and where.

-- :: create
CREATE TEMP TABLE backdrop_row (
  row_number int NOT NULL, outcome text, reason text, detail text NOT NULL DEFAULT '', original json, kind text, name text,
  source_key text, shape geometry(MultiPolygon, 4490)
)

-- :: outside
UPDATE pg_temp.backdrop_row r SET outcome = 'quarantined', reason = 'outside-jurisdiction'
FROM registry.jurisdiction j WHERE r.outcome IS NULL AND NOT ST_Covers(j.box, r.shape)

-- :: merge (pieces of one key are one surface)
CREATE TEMP TABLE backdrop_whole AS
SELECT source_key, (array_agg(kind ORDER BY row_number))[1] AS kind, (array_agg(name ORDER BY row_number))[1] AS name,
  CASE WHEN count(*) = 1 THEN (array_agg(shape))[1] ELSE ST_Multi(ST_Union(shape ORDER BY row_number)) END AS shape
FROM pg_temp.backdrop_row WHERE outcome IS NULL GROUP BY source_key

-- :: compare
UPDATE pg_temp.backdrop_row r SET outcome = CASE WHEN b.id IS NULL THEN 'stored'
  WHEN (b.kind, b.name, b.shape) IS NOT DISTINCT FROM (w.kind, w.name, w.shape) THEN 'unchanged' ELSE 'changed' END
FROM pg_temp.backdrop_whole w LEFT JOIN registry.backdrop b USING (source_key)
WHERE r.outcome IS NULL AND w.source_key = r.source_key

-- :: store
INSERT INTO registry.backdrop (kind, name, source_key, shape)
SELECT kind, name, source_key, shape FROM pg_temp.backdrop_whole
ON CONFLICT ON CONSTRAINT backdrop_source_key_key DO UPDATE SET kind = excluded.kind, name = excluded.name,
  shape = excluded.shape
WHERE (backdrop.kind, backdrop.name, backdrop.shape) IS DISTINCT FROM (excluded.kind, excluded.name, excluded.shape)

-- :: forget
DROP TABLE pg_temp.backdrop_whole
