-- New addresses follow old ones of a street: buildings, typed positions and plates pass to them. The caller has locked
-- the street and the old addresses and has judged the numbers.
CREATE OR REPLACE FUNCTION registry.renumber_addresses(
  act uuid, olds uuid[], news uuid[], codes text[], numbers int[], keys text[], number_texts text[], texts text[], names text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- A number that another door takes over in the same act leaves the key free; who had it keeps number and text.
  UPDATE registry.address a SET state = 'retired', act_id = act,
    valid = daterange(lower(a.valid), greatest(CURRENT_DATE, lower(a.valid) + 1)),
    number_key = CASE WHEN a.number_key = ANY (keys) THEN a.number_key || '~' || a.id ELSE a.number_key END,
    certified_at = NULL, certified_by = NULL, certified_basis = NULL, certified_until = NULL
  WHERE a.id = ANY (olds);
  INSERT INTO registry.address (id, code, place_name_id, scope_id, number, number_key, number_text, standard_text, neighborhood,
    officially_assigned, accuracy, position_source, position_kind, position, act_id, district_id, township_id, community_id)
  SELECT d.id, d.code, o.place_name_id, o.scope_id, d.number, d.number_key, d.number_text, d.standard_text, o.neighborhood,
    o.officially_assigned, o.accuracy, o.position_source, o.position_kind, o.position, act, o.district_id, o.township_id, o.community_id
  FROM unnest(news, codes, olds, numbers, keys, number_texts, texts)
    d (id, code, old, number, number_key, number_text, standard_text) JOIN registry.address o ON o.id = d.old;
  INSERT INTO registry.succession (old_id, new_id, object_kind, kind, act_id)
  SELECT d.old, d.new, 'address', 'renumber', act FROM unnest(olds, news) d (old, new);
  -- A former name is kept unless it names another door from today on: then the changes alone tell.
  INSERT INTO registry.address_alias (object_kind, object_id, district_id, kind, name, normal_name, valid)
  SELECT 'address', d.new, o.district_id, 'historical_name', o.standard_text, d.normal_name, o.valid
  FROM unnest(olds, news, names) d (old, new, normal_name) JOIN registry.address o ON o.id = d.old
  WHERE o.standard_text <> ALL (texts);
  PERFORM registry.pass_buildings(act, olds, news);
  WITH ended AS (
    UPDATE registry.address_position p SET ended_at = clock_timestamp() FROM unnest(olds, news) d (old, new)
    WHERE p.address_id = d.old AND p.ended_at IS NULL RETURNING d.new, p.kind, p.position)
  INSERT INTO registry.address_position (address_id, kind, position, act_id) SELECT e.new, e.kind, e.position, act FROM ended e;
  PERFORM registry.renew_plates(act, olds, news);
END $$;

-- Buildings carry the new numbers from today on; what came to an old one today never carried it for a day.
CREATE OR REPLACE FUNCTION registry.pass_buildings(act uuid, olds uuid[], news uuid[]) RETURNS void LANGUAGE sql AS $$
  WITH moved AS (
    UPDATE registry.building_address b SET address_id = d.new, act_id = act FROM unnest(olds, news) d (old, new)
    WHERE b.address_id = d.old AND lower(b.valid) >= CURRENT_DATE
  ), closed AS (
    UPDATE registry.building_address b SET valid = daterange(lower(b.valid), CURRENT_DATE) FROM unnest(olds, news) d (old, new)
    WHERE b.address_id = d.old AND b.valid @> CURRENT_DATE AND lower(b.valid) < CURRENT_DATE
    RETURNING b.building_id, b.building_no, b.is_main, d.new)
  INSERT INTO registry.building_address (building_id, address_id, building_no, is_main, valid, act_id)
  SELECT building_id, new, building_no, is_main, daterange(CURRENT_DATE, NULL), act FROM closed
$$;

-- Plates of addresses that are used no more: those that hang or hung are superseded, those that never did are cancelled.
CREATE OR REPLACE FUNCTION registry.end_plates(act uuid, addresses uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  gone uuid[];
BEGIN
  WITH ended AS (
    UPDATE registry.plate p SET act_id = act,
      state = CASE WHEN p.state IN ('installed', 'verified', 'damaged', 'missing') THEN 'superseded' ELSE 'cancelled' END,
      valid = CASE WHEN upper_inf(p.valid) THEN daterange(lower(p.valid), greatest(CURRENT_DATE, lower(p.valid) + 1)) ELSE p.valid END
    WHERE p.address_id = ANY (addresses) AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
    RETURNING p.id)
  SELECT array_agg(id) INTO gone FROM ended;
  UPDATE registry.plate_installation SET ended_at = clock_timestamp() WHERE plate_id = ANY (gone) AND ended_at IS NULL;
  RETURN gone;
END $$;

-- Each plate that ends with its old number is drafted anew for the new one.
CREATE OR REPLACE FUNCTION registry.renew_plates(act uuid, olds uuid[], news uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ended uuid[] := registry.end_plates(act, olds);
BEGIN
  INSERT INTO registry.plate (address_id, kind, state, text, position, act_id, district_id, township_id, community_id)
  SELECT a.id, p.kind, 'draft', a.number_text, coalesce(p.position, a.position), act, a.district_id, a.township_id, a.community_id
  FROM unnest(olds, news) d (old, new) JOIN registry.plate p ON p.address_id = d.old AND p.id = ANY (ended)
    JOIN registry.address a ON a.id = d.new;
END $$;
