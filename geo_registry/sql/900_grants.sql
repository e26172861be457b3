-- Grants come last. The web server's role reads and writes places, and touches persons only through `look`.
GRANT USAGE ON SCHEMA registry TO registry_app, registry_reader;
REVOKE ALL ON ALL ROUTINES IN SCHEMA registry FROM PUBLIC, registry_app;

GRANT SELECT, INSERT, UPDATE ON registry.division, registry.place_name, registry.address, registry.address_alias,
  registry.building, registry.building_address, registry.entrance, registry.housing_unit, registry.plate,
  registry.grid_block, registry.external_code, registry.succession, registry.coordinator, registry.block_assignment,
  registry.plate_batch, registry.plate_installation, registry.sample_plan, registry.focus_area, registry.zone,
  registry.rectification_plan, registry.plan_measure TO registry_app;
GRANT SELECT, INSERT ON registry.building_sound, registry.photo, registry.plate_inspection, registry.visit, registry.sample_unit,
  registry.building_check, registry.sweep, registry.zone_decision TO registry_app;
GRANT SELECT, INSERT, DELETE ON registry.focus_area_block, registry.zone_block TO registry_app;
-- Kept by triggers and by the nightly refresh alone.
GRANT SELECT ON registry.building_block, registry.address_block, registry.last_visit, registry.tally, registry.tally_week,
  registry.tally_day, registry.heat_cell, registry.place_change, registry.name_change TO registry_app;
GRANT SELECT ON registry.jurisdiction, registry.backdrop, registry.import_file, registry.quarantine, registry.purpose TO registry_app;
GRANT SELECT, INSERT ON registry.place_history, registry.act TO registry_app;
GRANT SELECT, INSERT, DELETE ON registry.idempotency_key TO registry_app;
-- Neither hashes nor failures nor whose session is whose: those are behind functions.
REVOKE ALL ON registry.account, registry.area_grant, registry.session, registry.sign_in_failure, registry.recovery_code FROM registry_app;
GRANT SELECT (id, name, role, is_active) ON registry.account TO registry_app;
GRANT SELECT (account_id, division_id, valid) ON registry.area_grant TO registry_app;
REVOKE ALL ON registry.audit, registry.person, registry.person_history, registry.person_lineage, registry.person_lineage_row, registry.household,
  registry.residence, registry.hukou, registry.registration, registry.absence, registry.separation_decision, registry.case_person,
  registry.permit_referral, registry.declaration, registry.death_notice, registry.separation_item, registry.hukou_referral, registry.field_check
  FROM registry_app;
-- Cases, sheets and volumes name dwellings and who worked on them: read as work, written by the functions of the cases alone.
GRANT SELECT ON registry.registration_case, registry.archive_volume, registry.form_sheet, registry.separation_run TO registry_app;
GRANT SELECT, INSERT, UPDATE ON registry.verification, registry.dwelling_note, registry.tip, registry.premises TO registry_app;
GRANT SELECT, INSERT ON registry.verification_statement, registry.acceptance TO registry_app;
GRANT USAGE ON SEQUENCE registry.certificate_number TO registry_app;
GRANT SELECT, INSERT, UPDATE ON registry.naming_case, registry.address_position, registry.plate_task, registry.plate_report TO registry_app;
GRANT SELECT, INSERT ON registry.naming_step, registry.address_change, registry.address_certificate TO registry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON registry.address_warning TO registry_app;
GRANT USAGE ON SEQUENCE registry.naming_number, registry.address_certificate_number, registry.plate_task_number TO registry_app;

-- Days and hours are China's, whatever clock the caller has set for itself.
DO $$
DECLARE
  own regprocedure;
BEGIN
  FOR own IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace AND p.prosecdef LOOP
    EXECUTE format('ALTER FUNCTION %s SET timezone = %L', own, 'Asia/Shanghai');
  END LOOP;
END $$;

-- Neither the seed nor the decoys of a disclosure, by which its files are traced.
GRANT SELECT (id, number, state, requested_by, requested_at, expires_at, purpose, case_number, recipient, reason, object_kind, object_id,
  with_numbers, district_id, township_id, community_id, version) ON registry.disclosure TO registry_app;
GRANT SELECT ON registry.disclosure_approval, registry.disclosure_file TO registry_app;
GRANT SELECT ON registry.disclosure_approval TO registry_reader;

GRANT SELECT ON registry.person, registry.person_history, registry.person_lineage, registry.person_lineage_row, registry.household, registry.residence, registry.hukou, registry.registration,
  registry.absence, registry.separation_decision, registry.case_person, registry.permit_referral, registry.declaration, registry.death_notice,
  registry.separation_item, registry.hukou_referral, registry.registration_case, registry.archive_volume, registry.form_sheet, registry.separation_run,
  registry.housing_unit, registry.entrance, registry.building, registry.building_address, registry.address, registry.division, registry.last_visit, registry.building_block, registry.grid_block TO registry_reader;
GRANT SELECT (id, name, role) ON registry.account TO registry_reader;

-- The functions that answer about persons belong to the reader, whom row-level security binds.
GRANT CREATE ON SCHEMA registry TO registry_reader;
DO $$
DECLARE
  call regprocedure;
BEGIN
  FOR call IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace AND p.proname LIKE 'reveal\_%' LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO registry_reader', call);
  END LOOP;
END $$;
REVOKE CREATE ON SCHEMA registry FROM registry_reader;

-- A function that runs with its caller's rights gives none. Of those that run with their owner's, these are the ones the
-- server calls; all others are steps of them. A trigger fires without the right; with it, one could hang it on a table of one's own.
DO $$
DECLARE
  call regprocedure;
BEGIN
  FOR call IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = 'registry'::regnamespace AND p.prorettype <> 'trigger'::regtype AND (NOT p.prosecdef OR (p.proname LIKE 'reveal\_%' OR p.proname = ANY (ARRAY[
      'judge_disclosure', 'keep_file', 'request_disclosure', 'reveal_export', 'rows_about',
      'decide_review', 'look_habits', 'open_emergency', 'own_emergencies', 'raise_alarms', 'read_review', 'read_reviews',
      'audit_state', 'building_persons', 'enter', 'intent', 'note_refusal', 'read_audit', 'record_field_check', 'reveal_occupants', 'reveal_dwellings', 'reveal_person', 'reveal_subject',
      'revision', 'sample_checked', 'sample_totals', 'count_anchor', 'make_partitions', 'take_anchor', 'turn_day', 'viewer_of',
      'account_of_subject', 'begin_sign_in', 'refuse_sign_in', 'refuse_sign_on', 'open_session', 'sign_out', 'confirm_session', 'change_own_password', 'start_own_factor',
      'confirm_own_factor', 'drop_own_factor', 'end_own_session', 'own_account', 'own_looks', 'list_accounts', 'find_account', 'add_account',
      'change_account', 'switch_account', 'reset_password', 'reset_factor', 'grant_area', 'end_grant', 'issue_token', 'end_session',
      'keep_purpose',
      'intake_persons',
      -- Cases, papers, people, intake, separation.
      'keep_case', 'judge_case', 'persons_of_documents', 'issue_sheets', 'move_sheets', 'open_volume', 'bind_forms', 'close_volume', 'volume_pages', 'unbound_cases', 'permit_state', 'refer_permit', 'keep_permit',
      'decide_separation', 'end_separation_decision', 'propose_lineage', 'judge_lineage', 'undo_lineage', 'read_lineage', 'read_separation_decision',
      'judge_declaration', 'judge_death', 'open_separation_run', 'close_separation_run', 'add_separation_item', 'settle_separation_item', 'refer_hukou', 'close_hukou_referral',
      'read_declarations', 'read_death_notices', 'run_progress', 'read_referrals', 'read_separation_item'])))
  LOOP
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO registry_app, registry_reader', call);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION registry.honour(uuid, bytea, text), registry.looks_upon(uuid, bytea), registry.disclosable(registry.audit), registry.permit_of(uuid), registry.permit_events(uuid) TO registry_reader;
GRANT EXECUTE ON FUNCTION registry.person_of(bytea), registry.hukou_beyond(uuid, timestamptz), registry.has_hukou(uuid, date, timestamptz) TO registry_reader;
GRANT EXECUTE ON FUNCTION registry.standing_of(bytea, uuid[], uuid), registry.without_copied(registry.case_person, text) TO registry_reader;
GRANT SELECT ON registry.block_assignment TO registry_reader;

-- The public zone takes declarations and tells how they stand, tells what a plate stands for and takes reports on it: four calls, no table.
-- A server that others run gets its role with `db prepare`.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_public') THEN
    GRANT USAGE ON SCHEMA registry TO registry_public;
    GRANT EXECUTE ON FUNCTION registry.declare, registry.declaration_state, registry.public_plate, registry.report_plate,
      registry.public_slip TO registry_public;
  END IF;
END $$;
