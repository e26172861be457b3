-- An installation task is done when none of its plates waits to be put up any more.

CREATE OR REPLACE FUNCTION registry.is_to_mount(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT state IN ('delivered', 'damaged', 'missing')
$$;

-- Tasks are locked in order of id, after their plates: of two who put up the last two plates, the second sees the first.
CREATE OR REPLACE FUNCTION registry.settle_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  step record;
BEGIN
  FOR step IN
    SELECT o.task_id, (array_agg(n.act_id))[1] AS act_id FROM gone o JOIN fresh n USING (id)
    WHERE o.task_id IS NOT NULL AND registry.is_to_mount(o.state) AND NOT registry.is_to_mount(n.state)
    GROUP BY o.task_id ORDER BY o.task_id LOOP
    PERFORM FROM registry.plate_task WHERE id = step.task_id AND state = 'open' FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (SELECT FROM registry.plate p WHERE p.task_id = step.task_id AND registry.is_to_mount(p.state)) THEN
      UPDATE registry.plate_task SET state = 'done', act_id = step.act_id WHERE id = step.task_id;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER settle_tasks AFTER UPDATE ON registry.plate REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION registry.settle_tasks();
