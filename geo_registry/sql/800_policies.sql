-- Whether a dwelling or the hukou of a person lies in the scope: asked under row-level security itself. A function,
-- because the planner would turn the same EXISTS inside a policy into a hash of the whole table.
CREATE OR REPLACE FUNCTION registry.dwells_in_scope(asked uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM registry.residence r WHERE r.person_id = asked)
    OR EXISTS (SELECT FROM registry.hukou h WHERE h.person_id = asked);
END $$;

-- Row-level security of the personal tables. Each policy compares the community with that of the object looked at, where nearly all
-- rows lie; only the others ask for the rest of the scope. Neither is a sub-select: for the few rows of a look its start costs more
-- than reading a setting again. Without a scope there are no rows.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['person', 'person_history', 'person_lineage', 'person_lineage_row', 'household', 'residence', 'hukou', 'registration',
      'absence', 'separation_decision', 'case_person', 'permit_referral', 'declaration', 'death_notice', 'separation_item', 'hukou_referral',
      'field_check'] LOOP
    EXECUTE format('ALTER TABLE registry.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('DROP POLICY IF EXISTS scope ON registry.%I', name);
    EXECUTE format('DROP POLICY IF EXISTS upkeep ON registry.%I', name);
    -- Migrations and bulk loads run as the owner.
    EXECUTE format('CREATE POLICY upkeep ON registry.%I TO registry_owner USING (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['residence', 'hukou', 'registration', 'household', 'absence', 'separation_decision', 'case_person', 'permit_referral',
      'declaration', 'death_notice', 'separation_item', 'hukou_referral', 'person_lineage', 'field_check'] LOOP
    EXECUTE format($policy$CREATE POLICY scope ON registry.%I FOR SELECT TO registry_reader USING (
      community_id::text = current_setting('registry.area', true)
      OR registry.in_scope(community_id, township_id, district_id))$policy$, name);
  END LOOP;
  -- A person is seen from the current area, and from every area where a dwelling or the hukou lies.
  EXECUTE $policy$CREATE POLICY scope ON registry.person FOR SELECT TO registry_reader USING (
    community_id::text = current_setting('registry.area', true)
    OR registry.in_scope(community_id, township_id, district_id) OR registry.dwells_in_scope(id))$policy$;
  EXECUTE $policy$CREATE POLICY scope ON registry.person_lineage_row FOR SELECT TO registry_reader USING (
    EXISTS (SELECT FROM registry.person_lineage l WHERE l.id = lineage_id))$policy$;
  -- What was known of a person is seen by whoever sees the person.
  EXECUTE $policy$DROP POLICY IF EXISTS scope ON registry.person_history;
    CREATE POLICY scope ON registry.person_history FOR SELECT TO registry_reader USING (EXISTS (SELECT FROM registry.person p WHERE p.id = person_id))$policy$;
END $$;
