-- What an intake made is what it is the first act of, whatever was done with it since.
CREATE OR REPLACE FUNCTION registry.first_act(object uuid, version int, act uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN version = 1 THEN act
    ELSE (SELECT h.act_id FROM registry.place_history h WHERE h.object_id = object AND h.version = 1) END
$$;

-- Addresses, and buildings, entrances and units behind them; a building that was registered before is none of it.
CREATE OR REPLACE FUNCTION registry.intake_things(estate uuid, intake uuid) RETURNS TABLE (kind text, id uuid) LANGUAGE sql STABLE AS $$
  WITH numbers AS MATERIALIZED (
    SELECT a.id FROM registry.address a WHERE a.scope_id = estate AND registry.first_act(a.id, a.version, a.act_id) = intake),
  homes AS MATERIALIZED (
    SELECT b.id, registry.first_act(b.id, b.version, b.act_id) = intake AS is_made
    FROM registry.building b WHERE b.id IN (SELECT m.building_id FROM registry.building_address m JOIN numbers n ON n.id = m.address_id))
  SELECT 'address', n.id FROM numbers n
  UNION ALL SELECT 'building', h.id FROM homes h WHERE h.is_made
  UNION ALL SELECT 'entrance', e.id FROM homes h JOIN registry.entrance e ON e.building_id = h.id
    WHERE registry.first_act(e.id, e.version, e.act_id) = intake
  UNION ALL SELECT 'housing_unit', u.id FROM homes h JOIN registry.housing_unit u ON u.building_id = h.id AND u.state NOT IN ('removed', 'rejected')
    WHERE registry.first_act(u.id, u.version, u.act_id) = intake
$$;

-- The latest intake of an estate that was not taken back: an act that made buildings or units with its numbers.
CREATE OR REPLACE FUNCTION registry.latest_intake(estate uuid) RETURNS TABLE (id uuid, at timestamptz, document_number text) LANGUAGE sql STABLE AS $$
  WITH homes AS MATERIALIZED (
    SELECT b.* FROM registry.building b WHERE b.id IN (
      SELECT m.building_id FROM registry.building_address m JOIN registry.address n ON n.id = m.address_id WHERE n.scope_id = estate)),
  makers AS (
    SELECT registry.first_act(h.id, h.version, h.act_id) AS id FROM homes h
    UNION SELECT registry.first_act(u.id, u.version, u.act_id) FROM homes h JOIN registry.housing_unit u ON u.building_id = h.id
      AND u.state NOT IN ('removed', 'rejected'))
  SELECT a.id, a.at, a.document_number FROM makers JOIN registry.act a ON a.id = makers.id
  WHERE a.object_id = estate AND a.object_kind = 'place_name' AND a.verb = 'number' AND NOT EXISTS (
    SELECT FROM registry.act b WHERE b.object_id = estate AND b.verb = 'take_back' AND b.cause_act_id = a.id)
  ORDER BY a.at DESC, a.id DESC LIMIT 1
$$;

-- How many units of an intake are used by anything about persons: no more than the number leaves, and of one to nine units nothing
-- but that there are some (9), for a dwelling is small.
CREATE OR REPLACE FUNCTION registry.intake_persons(estate uuid, intake uuid) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  units uuid[] := ARRAY(SELECT t.id FROM intake_things(estate, intake) t WHERE t.kind = 'housing_unit');
  used int;
BEGIN
  SELECT count(DISTINCT x.unit_id) INTO used FROM (
    SELECT o.unit_id FROM residence o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM hukou o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM household o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.holder_unit_id FROM household o WHERE o.holder_unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM absence o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM registration_case o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.hukou_unit_id FROM case_person o WHERE o.hukou_unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM declaration o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM separation_item o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM field_check o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM verification o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM dwelling_note o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.unit_id FROM tip o WHERE o.unit_id = ANY (units)
    UNION ALL SELECT o.object_id FROM disclosure o WHERE o.object_id IN (SELECT t.id FROM intake_things(estate, intake) t)) x;
  RETURN CASE WHEN used BETWEEN 1 AND 9 THEN 9 ELSE used END;
END $$;

-- An intake taken back: all of it was never right, and its numbers, entrances and rooms are free again. The caller has locked the
-- estate and all of it, and has seen that nothing of it was used since. Answers how many plates were cancelled.
CREATE OR REPLACE FUNCTION registry.take_back_intake(act uuid, addresses uuid[], buildings uuid[], entrances uuid[], units uuid[])
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  gone int := coalesce(cardinality(registry.end_plates(act, addresses)), 0);
BEGIN
  UPDATE registry.housing_unit u SET state = 'removed', act_id = act,
    valid = daterange(lower(u.valid), greatest(CURRENT_DATE, lower(u.valid) + 1))
  WHERE u.id = ANY (units);
  UPDATE registry.entrance e SET state = 'removed', act_id = act, label_key = e.label_key || '~' || e.id WHERE e.id = ANY (entrances);
  UPDATE registry.address a SET state = 'removed', act_id = act WHERE a.id = ANY (addresses);
  -- A link that began today was wrong from its first day: its period is empty.
  UPDATE registry.building_address m SET act_id = act,
    valid = CASE WHEN lower(m.valid) < CURRENT_DATE THEN daterange(lower(m.valid), CURRENT_DATE) ELSE 'empty' END
  WHERE m.address_id = ANY (addresses) AND m.valid @> CURRENT_DATE;
  UPDATE registry.building b SET state = 'removed', act_id = act,
    valid = daterange(lower(b.valid), greatest(CURRENT_DATE, lower(b.valid) + 1))
  WHERE b.id = ANY (buildings);
  RETURN gone;
END $$;
