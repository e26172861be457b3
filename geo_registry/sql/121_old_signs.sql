-- Signs that bear a name or number that their address has no more.

-- What is written on the sign of an address: its text without the district.
CREATE OR REPLACE FUNCTION registry.sign_text(address text, district text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN starts_with(address, district) THEN substr(address, length(district) + 1) ELSE address END
$$;

-- 旧名牌: plates that were ordered, are still of use, and say something else than would be written on them now. What a
-- plate says is known from its order on; of one that was ordered before this was kept nothing is said.
CREATE OR REPLACE FUNCTION registry.old_signs() RETURNS SETOF registry.plate LANGUAGE sql STABLE AS $$
  SELECT p.* FROM registry.plate p
    JOIN registry.address a ON a.id = p.address_id
    LEFT JOIN registry.division d ON d.id = p.district_id
  WHERE p.made_text IS NOT NULL AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
    AND p.made_text <> registry.sign_text(a.standard_text, d.name)
$$;

-- The warning of an old sign goes with the sign, whichever act ends it or takes it back from its maker.
CREATE OR REPLACE FUNCTION registry.forget_old_signs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM registry.address_warning w USING gone o JOIN fresh n USING (id)
  WHERE o.made_text IS NOT NULL AND (n.made_text IS DISTINCT FROM o.made_text OR n.state IS DISTINCT FROM o.state)
    AND w.address_id = o.address_id AND w.kind = 'old_sign'
    AND NOT EXISTS (SELECT FROM registry.old_signs() s WHERE s.address_id = o.address_id);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER forget_old_signs AFTER UPDATE ON registry.plate REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.forget_old_signs();
