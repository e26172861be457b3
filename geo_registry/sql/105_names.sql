-- One row for every statement that changed names by which places are found: processes remember these names, and
-- a row they have not counted yet tells them to read again.
CREATE OR REPLACE FUNCTION registry.note_names() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'address_alias' THEN
    -- Other names of addresses and buildings are looked up, not remembered.
    IF EXISTS (SELECT FROM fresh WHERE object_kind IN ('place_name', 'division')) THEN
      INSERT INTO registry.name_change DEFAULT VALUES;
    END IF;
  ELSIF EXISTS (SELECT FROM fresh) THEN
    INSERT INTO registry.name_change DEFAULT VALUES;
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['division', 'place_name', 'address_alias'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER names_insert AFTER INSERT ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_names()', name);
    EXECUTE format('CREATE OR REPLACE TRIGGER names_update AFTER UPDATE ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_names()', name);
  END LOOP;
  CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry.name_change
    FOR EACH ROW EXECUTE FUNCTION registry.refuse_loss();
END $$;
