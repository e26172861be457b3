-- Functions that the tables' defaults and constraints call.
CREATE SCHEMA IF NOT EXISTS registry;

-- UUIDv7 (RFC 9562): 48 bits of milliseconds, then random.
CREATE FUNCTION registry.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- The box in which every stored geometry lies.
CREATE TABLE registry.jurisdiction (
  id smallint NOT NULL CONSTRAINT jurisdiction_pkey PRIMARY KEY
    CONSTRAINT jurisdiction_single_check CHECK (id = 1),
  name text NOT NULL,
  profile text NOT NULL,
  box geometry(Polygon, 4490) NOT NULL
);

-- The box as a constant, so that the constraints below need no table; a trigger keeps it equal to the row.
CREATE FUNCTION registry.keep_jurisdiction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION registry.jurisdiction_box() RETURNS geometry
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %L::geometry', ST_Envelope(NEW.box)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER keep_jurisdiction AFTER INSERT OR UPDATE ON registry.jurisdiction
  FOR EACH ROW EXECUTE FUNCTION registry.keep_jurisdiction();
INSERT INTO registry.jurisdiction VALUES (1, '全国', 'shanghai', ST_MakeEnvelope(73, 3, 136, 54, 4490));

-- Closed, valid, of a bearable size and inside the jurisdiction; no shape is sound. One expression of
-- immutable functions: the planner puts it into the constraint itself, which makes it cheap for millions of rows.
CREATE FUNCTION registry.is_sound(shape geometry) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT shape IS NULL OR (registry.jurisdiction_box() ~ shape AND ST_NPoints(shape) <= 200000 AND ST_IsValid(shape))
$$;

-- Public code: 12 random symbols of an alphabet of 31 without 0 O I L U, and a weighted check symbol;
-- the same rule as geo_registry/codes.py.
CREATE FUNCTION registry.new_code() RETURNS char(13) LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
DECLARE
  alphabet constant text := '123456789ABCDEFGHJKMNPQRSTVWXYZ';
  raw bigint := ('x' || translate(right(gen_random_uuid()::text, 17), '-', ''))::bit(64)::bigint & 1152921504606846975;
  total int := 0;
  body text := '';
  digit int;
BEGIN
  FOR i IN 2..13 LOOP
    digit := raw % 31;
    raw := raw / 31;
    total := total + i * digit;
    body := body || substr(alphabet, digit + 1, 1);
  END LOOP;
  RETURN body || substr(alphabet, (31 - total % 31) % 31 + 1, 1);
END $$;
