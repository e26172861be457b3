-- A renumbering taken back: the old addresses are in force again as they were, the new ones were never right. The caller has
-- locked the street and both, and has seen that nothing of it was used since. What hung hangs again; a plate that was being
-- made comes back unless its batch has gone past it meanwhile, then it is drafted anew. Answers how many plates came back.
CREATE OR REPLACE FUNCTION registry.take_back_numbers(act uuid, undone uuid, olds uuid[], news uuid[])
RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry.end_plates(act, news);
  UPDATE registry.address SET state = 'removed', act_id = act WHERE id = ANY (news);
  UPDATE registry.address o SET state = 'current', act_id = act, number_key = h.row ->> 'number_key',
    valid = (h.row ->> 'valid')::daterange, certified_at = (h.row ->> 'certified_at')::timestamptz,
    certified_by = (h.row ->> 'certified_by')::uuid, certified_basis = h.row ->> 'certified_basis',
    certified_until = (h.row ->> 'certified_until')::date
  FROM registry.place_history h
  WHERE o.id = ANY (olds) AND h.object_kind = 'address' AND h.object_id = o.id AND h.version = o.version - 1;
  UPDATE registry.succession s SET old_id = d.new, new_id = d.old, act_id = act, at = now()
  FROM unnest(olds, news) d (old, new) WHERE s.old_id = d.old AND s.new_id = d.new AND s.object_kind = 'address';
  PERFORM registry.pass_buildings(act, news, olds);
  WITH ended AS (
    UPDATE registry.address_position p SET ended_at = clock_timestamp() FROM unnest(olds, news) d (old, new)
    WHERE p.address_id = d.new AND p.ended_at IS NULL RETURNING d.old, p.kind, p.position)
  INSERT INTO registry.address_position (address_id, kind, position, act_id) SELECT e.old, e.kind, e.position, act FROM ended e;
  RETURN registry.bring_plates_back(act, undone, olds);
END $$;

CREATE OR REPLACE FUNCTION registry.bring_plates_back(act uuid, undone uuid, addresses uuid[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  back uuid[];
BEGIN
  WITH was AS (
    SELECT p.id, h.row ->> 'state' AS state, (h.row ->> 'valid')::daterange AS valid
    FROM registry.plate p
      JOIN registry.place_history h ON h.object_kind = 'plate' AND h.object_id = p.id AND h.version = p.version - 1
      LEFT JOIN registry.plate_batch b ON b.id = p.batch_id
    WHERE p.address_id = ANY (addresses) AND p.act_id = undone
      AND (b.id IS NULL OR CASE h.row ->> 'state' WHEN 'ordered' THEN b.state = 'ordered'
        WHEN 'produced' THEN b.state IN ('ordered', 'produced') WHEN 'delivered' THEN b.state NOT IN ('closed', 'cancelled') ELSE true END)
  ), returned AS (
    UPDATE registry.plate p SET state = was.state, valid = was.valid, act_id = act FROM was WHERE p.id = was.id RETURNING p.id)
  SELECT coalesce(array_agg(id), '{}') INTO back FROM returned;
  -- What was recorded on the wall stays ended as it was recorded; it is in force again as a record of this act.
  INSERT INTO registry.plate_installation (plate_id, photo_sha256, installed_at, account_id, accuracy_m, verified_at, verified_by,
    position, act_id)
  SELECT DISTINCT ON (p.id) p.id, i.photo_sha256, i.installed_at, i.account_id, i.accuracy_m, i.verified_at, i.verified_by,
    i.position, act
  FROM registry.plate p JOIN registry.plate_installation i ON i.plate_id = p.id
  WHERE p.id = ANY (back) AND p.state IN ('installed', 'verified') ORDER BY p.id, i.ended_at DESC, i.id DESC;
  INSERT INTO registry.plate (address_id, kind, state, text, position, act_id, district_id, township_id, community_id)
  SELECT a.id, p.kind, 'draft', a.number_text, coalesce(p.position, a.position), act, a.district_id, a.township_id, a.community_id
  FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
  WHERE p.address_id = ANY (addresses) AND p.act_id = undone;
  RETURN cardinality(back);
END $$;
