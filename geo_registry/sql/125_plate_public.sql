-- What the page of a plate tells anybody who scans it: the standard address and how it stands, never a person. The role of the public zone may call
-- this and read nothing. Plates that were not ordered yet are nobody's business; a code without its signature never comes here.
CREATE OR REPLACE FUNCTION registry.public_plate(asked text, from_address inet)
RETURNS TABLE (outcome text, address text, kind text, standing text, ended_on date, new_address text, new_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  told plate;
  known address;
  heir address;
BEGIN
  IF is_too_much('plate', from_address, 120, 12000, interval '15 minutes') THEN
    outcome := 'throttled';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO told FROM plate p WHERE p.code = asked AND p.state NOT IN ('draft', 'numbered', 'approved');
  SELECT * INTO known FROM address a WHERE a.id = told.address_id;
  outcome := CASE WHEN known.id IS NULL THEN 'not-found' ELSE 'done' END;
  address := full_address(known);
  kind := told.kind;
  -- The first of the followers that is in use: a number may have been changed more than once.
  WITH RECURSIVE followers (id, turn) AS (
    SELECT s.new_id, 1 FROM succession s WHERE s.old_id = known.id AND s.object_kind = 'address'
    UNION
    SELECT s.new_id, f.turn + 1 FROM followers f JOIN succession s ON s.old_id = f.id AND s.object_kind = 'address' WHERE f.turn < 20)
  SELECT a.* INTO heir FROM followers f JOIN address a ON a.id = f.id WHERE a.state = 'current' AND known.state <> 'current' ORDER BY f.turn, a.id LIMIT 1;
  new_address := full_address(heir);
  standing := CASE
    WHEN known.state IN ('retired', 'removed', 'rejected') THEN CASE WHEN heir.id IS NULL THEN 'ended' ELSE 'renumbered' END
    WHEN known.state <> 'current' THEN 'planned'
    WHEN told.state IN ('replaced', 'superseded', 'removed', 'cancelled') THEN 'replaced'
    WHEN told.state IN ('ordered', 'produced', 'delivered') THEN 'planned'
    ELSE 'in_use' END;
  ended_on := CASE WHEN standing IN ('ended', 'renumbered') THEN upper(known.valid) WHEN standing = 'replaced' THEN upper(told.valid) END;
  IF standing IN ('renumbered', 'replaced') THEN
    SELECT p.code INTO new_code FROM plate p WHERE p.address_id = coalesce(heir.id, known.id) AND p.id <> told.id
      AND p.state NOT IN ('draft', 'numbered', 'approved', 'replaced', 'superseded', 'removed', 'cancelled')
      ORDER BY p.kind = told.kind DESC, p.id DESC LIMIT 1;
  END IF;
  RETURN NEXT;
END $$;

-- An address as it is written on a letter: city, district and township before it, each once.
CREATE OR REPLACE FUNCTION registry.full_address(a registry.address) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat(c.name, d.name, CASE WHEN starts_with(o.rest, t.name) THEN '' ELSE t.name END, o.rest)
  FROM (SELECT 1) one
    LEFT JOIN registry.division d ON d.id = a.district_id
    LEFT JOIN registry.division t ON t.id = a.township_id
    LEFT JOIN registry.division c ON c.id = d.city_id
    CROSS JOIN LATERAL (SELECT CASE WHEN starts_with(a.standard_text, d.name) THEN substr(a.standard_text, length(d.name) + 1) ELSE a.standard_text END) o(rest)
  WHERE a.id IS NOT NULL
$$;
