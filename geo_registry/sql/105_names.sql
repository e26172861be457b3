-- One row for every statement that changed names by which places are found: processes remember these names, and
-- a row they have not counted yet tells them to read again. The first argument names the columns they read, the second the
-- rows: other names of addresses and buildings are looked up, not remembered. A row whose other columns alone have
-- changed (an axis, a boundary, numbers kept) is no change of names.
CREATE OR REPLACE FUNCTION registry.note_names() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  is_changed boolean;
BEGIN
  EXECUTE format(CASE TG_OP WHEN 'INSERT' THEN 'SELECT EXISTS (SELECT FROM fresh WHERE %2$s)'
    ELSE 'SELECT EXISTS (SELECT %1$s FROM fresh WHERE %2$s EXCEPT SELECT %1$s FROM past)' END, TG_ARGV[0], TG_ARGV[1]) INTO is_changed;
  IF is_changed THEN
    INSERT INTO registry.name_change DEFAULT VALUES;
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  name text;
  columns text;
  remembered text;
BEGIN
  FOREACH name IN ARRAY ARRAY['division', 'place_name', 'address_alias'] LOOP
    columns := CASE name
      WHEN 'division' THEN 'id, parent_id, district_id, scheme, level, name, code, upper(valid)'
      WHEN 'place_name' THEN 'id, parent_id, scope_id, community_id, township_id, district_id, kind, name, normal_name, full_name, code, pinyin, state'
      ELSE 'object_id, name, normal_name, kind' END;
    remembered := CASE name WHEN 'address_alias' THEN 'object_kind IN (''place_name'', ''division'')' ELSE 'true' END;
    EXECUTE format('CREATE OR REPLACE TRIGGER names_insert AFTER INSERT ON registry.%I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_names(%L, %L)', name, columns, remembered);
    EXECUTE format('CREATE OR REPLACE TRIGGER names_update AFTER UPDATE ON registry.%I REFERENCING OLD TABLE AS past NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION registry.note_names(%L, %L)', name, columns, remembered);
  END LOOP;
  CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry.name_change
    FOR EACH ROW EXECUTE FUNCTION registry.refuse_loss();
END $$;
