-- Plates: no state of the wall without evidence, and batches whose counters follow their plates.

-- A plate hangs (installed, verified) when, and only when, it has an open installation; verified, when that one is.
-- Asked at COMMIT: plate and installation change in one act, in either order.
CREATE OR REPLACE FUNCTION registry.check_plate_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  asked uuid;
BEGIN
  IF TG_TABLE_NAME = 'plate' THEN
    asked := NEW.id;
  ELSE
    asked := NEW.plate_id;
  END IF;
  IF EXISTS (
    SELECT FROM registry.plate p LEFT JOIN registry.plate_installation i ON i.plate_id = p.id AND i.ended_at IS NULL
    WHERE p.id = asked AND p.state IS DISTINCT FROM CASE WHEN i.id IS NULL THEN nullif(nullif(p.state, 'installed'), 'verified')
      WHEN i.verified_at IS NULL THEN 'installed' ELSE 'verified' END) THEN
    RAISE EXCEPTION 'plate % and its evidence disagree', asked
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plate_evidence';
  END IF;
  RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS plate_evidence_new ON registry.plate;
CREATE CONSTRAINT TRIGGER plate_evidence_new AFTER INSERT ON registry.plate DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.state IN ('installed', 'verified')) EXECUTE FUNCTION registry.check_plate_evidence();
DROP TRIGGER IF EXISTS plate_evidence ON registry.plate;
CREATE CONSTRAINT TRIGGER plate_evidence AFTER UPDATE ON registry.plate DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.state <> OLD.state AND (NEW.state IN ('installed', 'verified') OR OLD.state IN ('installed', 'verified')))
  EXECUTE FUNCTION registry.check_plate_evidence();
DROP TRIGGER IF EXISTS plate_evidence ON registry.plate_installation;
CREATE CONSTRAINT TRIGGER plate_evidence AFTER INSERT OR UPDATE ON registry.plate_installation DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION registry.check_plate_evidence();

-- What was recorded of an installation stays; only its verification and its end are added, once each.
CREATE OR REPLACE FUNCTION registry.keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.plate_id, NEW.photo_sha256, NEW.installed_at, NEW.account_id, NEW.accuracy_m, NEW.act_id)
      IS DISTINCT FROM (OLD.id, OLD.plate_id, OLD.photo_sha256, OLD.installed_at, OLD.account_id, OLD.accuracy_m, OLD.act_id)
    OR NOT ST_OrderingEquals(NEW.position, OLD.position)
    OR OLD.verified_at IS NOT NULL AND (NEW.verified_at, NEW.verified_by) IS DISTINCT FROM (OLD.verified_at, OLD.verified_by)
    OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
    RAISE EXCEPTION 'what was recorded of an installation stays'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'plate_installation_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER keep_evidence BEFORE UPDATE ON registry.plate_installation
  FOR EACH ROW EXECUTE FUNCTION registry.keep_evidence();
CREATE OR REPLACE TRIGGER refuse_loss BEFORE DELETE ON registry.plate_installation
  FOR EACH STATEMENT EXECUTE FUNCTION registry.refuse_loss();

-- Where a state stands for the balance of a batch: not made yet, in stock, mounted once, or ended.
CREATE OR REPLACE FUNCTION registry.plate_stage(state text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN state IN ('produced', 'delivered') THEN 'stock'
    WHEN state IN ('installed', 'verified', 'damaged', 'missing') THEN 'wall'
    WHEN state IN ('replaced', 'superseded', 'removed', 'cancelled') THEN 'ended' ELSE 'unmade' END
$$;

-- The stage in which a plate ended.
CREATE OR REPLACE FUNCTION registry.stage_before(asked uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT registry.plate_stage(h.row ->> 'state') FROM registry.place_history h
  WHERE h.object_id = asked AND registry.plate_stage(h.row ->> 'state') <> 'ended' ORDER BY h.version DESC LIMIT 1
$$;

-- Counters follow the plates, by difference: a plate that left the batch unmounted was scrapped, one that was ever on
-- the wall stays installed for its batch; one whose end is taken back counts where it did before. Batches are locked in order of id, so that no two acts wait for each other.
CREATE OR REPLACE FUNCTION registry.count_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  step record;
BEGIN
  IF TG_OP = 'INSERT' THEN
    FOR step IN
      SELECT n.batch_id, count(*) FILTER (WHERE registry.plate_stage(n.state) = 'stock') AS stock,
        count(*) FILTER (WHERE registry.plate_stage(n.state) = 'wall') AS installed, 0 AS scrapped,
        (array_agg(n.act_id))[1] AS act_id
      FROM fresh n WHERE n.batch_id IS NOT NULL GROUP BY n.batch_id ORDER BY n.batch_id LOOP
      PERFORM registry.add_to_batch(step.batch_id, step.stock, step.installed, step.scrapped, step.act_id);
    END LOOP;
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT FROM gone WHERE batch_id IS NOT NULL) AND NOT EXISTS (SELECT FROM fresh WHERE batch_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT FROM gone o JOIN fresh n USING (id) WHERE o.batch_id IS NOT NULL
      AND registry.plate_stage(o.state) IN ('wall', 'ended')
      AND (n.batch_id IS DISTINCT FROM o.batch_id
        OR registry.plate_stage(o.state) = 'wall' AND registry.plate_stage(n.state) IN ('unmade', 'stock')
        OR registry.plate_stage(o.state) = 'ended' AND registry.plate_stage(n.state) <> 'ended'
          AND registry.plate_stage(n.state) IS DISTINCT FROM registry.stage_before(o.id))) THEN
    RAISE EXCEPTION 'a plate that was mounted stays with its batch'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plate_batch_kept';
  END IF;
  FOR step IN
    SELECT p.batch_id, sum(p.stock) AS stock, sum(p.installed) AS installed, sum(p.scrapped) AS scrapped,
      (array_agg(p.act_id))[1] AS act_id
    FROM (
      SELECT n.batch_id, (registry.plate_stage(n.state) = 'stock')::int AS stock,
        (registry.plate_stage(n.state) = 'wall' AND registry.plate_stage(o.state) <> 'ended')::int AS installed,
        -(registry.plate_stage(n.state) = 'stock' AND registry.plate_stage(o.state) = 'ended')::int AS scrapped, n.act_id
      FROM fresh n JOIN gone o USING (id) WHERE n.batch_id IS NOT NULL
      UNION ALL
      SELECT o.batch_id, -(registry.plate_stage(o.state) = 'stock')::int,
        -(registry.plate_stage(o.state) = 'wall' AND registry.plate_stage(n.state) <> 'ended')::int,
        (registry.plate_stage(o.state) = 'stock'
          AND (n.batch_id IS DISTINCT FROM o.batch_id OR registry.plate_stage(n.state) = 'ended'))::int, n.act_id
      FROM gone o JOIN fresh n USING (id) WHERE o.batch_id IS NOT NULL) p
    GROUP BY p.batch_id ORDER BY p.batch_id LOOP
    PERFORM registry.add_to_batch(step.batch_id, step.stock, step.installed, step.scrapped, step.act_id);
  END LOOP;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION registry.add_to_batch(asked uuid, more_stock bigint, more_installed bigint, more_scrapped bigint, act uuid)
RETURNS void LANGUAGE sql AS $$
  UPDATE registry.plate_batch SET stock = stock + more_stock, installed = installed + more_installed,
    scrapped = scrapped + more_scrapped, made = made + more_stock + more_installed + more_scrapped, act_id = act
  WHERE id = asked AND (more_stock <> 0 OR more_installed <> 0 OR more_scrapped <> 0)
$$;

CREATE OR REPLACE TRIGGER count_batch_insert AFTER INSERT ON registry.plate REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_batch();
CREATE OR REPLACE TRIGGER count_batch_update AFTER UPDATE ON registry.plate REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.count_batch();
