-- People and dwellings: households, versions, separation, cases of registration and what feeds them.
CREATE SEQUENCE registry.case_number;
CREATE SEQUENCE registry.slip_number;
CREATE SEQUENCE registry.sheet_number;
CREATE SEQUENCE registry.certificate_number;

CREATE TABLE registry.archive_volume (
  id UUID DEFAULT registry.new_id() NOT NULL,
  number TEXT NOT NULL,
  title TEXT NOT NULL,
  opened_by UUID NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT archive_volume_pkey PRIMARY KEY (id),
  CONSTRAINT archive_volume_number_key UNIQUE (district_id, number),
  CONSTRAINT archive_volume_opened_by_fkey FOREIGN KEY(opened_by) REFERENCES registry.account (id)
);

CREATE TABLE registry.death_notice (
  id UUID DEFAULT registry.new_id() NOT NULL,
  source TEXT NOT NULL,
  id_type CHAR(3) NOT NULL,
  id_index BYTEA NOT NULL,
  died_on DATE NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  person_id UUID NOT NULL,
  district_id UUID,
  township_id UUID,
  community_id UUID,
  status TEXT DEFAULT 'proposed' NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  reject_reason TEXT,
  case_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT death_notice_pkey PRIMARY KEY (id),
  CONSTRAINT death_notice_status_check CHECK (status IN ('proposed', 'confirmed', 'rejected')),
  CONSTRAINT death_notice_id_type_check CHECK (id_type IN ('111', '113', '414', '511', '516', '553', '990')),
  CONSTRAINT death_notice_once_key UNIQUE (id_index, id_type, died_on),
  CONSTRAINT death_notice_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT death_notice_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id)
);

CREATE INDEX death_notice_community_id_idx ON registry.death_notice (community_id, status);

CREATE TABLE registry.form_sheet (
  id UUID DEFAULT registry.new_id() NOT NULL,
  number TEXT NOT NULL,
  form TEXT NOT NULL,
  form_version SMALLINT NOT NULL,
  status TEXT DEFAULT 'issued' NOT NULL,
  issued_to UUID NOT NULL,
  issued_by UUID NOT NULL,
  issued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  returned_at TIMESTAMP WITH TIME ZONE,
  void_reason TEXT,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT form_sheet_pkey PRIMARY KEY (id),
  CONSTRAINT form_sheet_form_check CHECK (form IN ('incomer_registration', 'resident_not_registered_here', 'registered_not_resident', 'change_cancel')),
  CONSTRAINT form_sheet_status_check CHECK (status IN ('issued', 'filled', 'returned', 'verified', 'entered', 'void')),
  CONSTRAINT form_sheet_number_key UNIQUE (number),
  CONSTRAINT form_sheet_issued_to_fkey FOREIGN KEY(issued_to) REFERENCES registry.account (id),
  CONSTRAINT form_sheet_issued_by_fkey FOREIGN KEY(issued_by) REFERENCES registry.account (id)
);

CREATE INDEX form_sheet_community_id_idx ON registry.form_sheet (community_id, status);

CREATE INDEX form_sheet_issued_to_idx ON registry.form_sheet (issued_to, status);

CREATE TABLE registry.hukou_referral (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  referred_to TEXT NOT NULL,
  opened_on DATE DEFAULT CURRENT_DATE NOT NULL,
  opened_by UUID NOT NULL,
  closed_on DATE,
  outcome TEXT,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT hukou_referral_pkey PRIMARY KEY (id),
  CONSTRAINT hukou_referral_referred_to_check CHECK (referred_to IN ('civil_affairs', 'police')),
  CONSTRAINT hukou_referral_term_check CHECK (closed_on >= opened_on),
  CONSTRAINT hukou_referral_outcome_check CHECK (outcome IN ('hukou_given', 'hukou_found', 'left_area', 'other')),
  CONSTRAINT hukou_referral_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT hukou_referral_opened_by_fkey FOREIGN KEY(opened_by) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX hukou_referral_open_key ON registry.hukou_referral (person_id) WHERE closed_on IS NULL;

CREATE TABLE registry.permit_referral (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  registration_id UUID NOT NULL,
  status TEXT DEFAULT 'referred' NOT NULL,
  referred_on DATE NOT NULL,
  permit_number BYTEA,
  permit_tail TEXT,
  issued_on DATE,
  expires_on DATE,
  archive_number TEXT,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT permit_referral_pkey PRIMARY KEY (id),
  CONSTRAINT permit_referral_status_check CHECK (status IN ('referred', 'accepted', 'issued', 'endorsed', 'refused', 'expired')),
  CONSTRAINT permit_referral_archive_key UNIQUE (district_id, archive_number),
  CONSTRAINT permit_referral_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id)
);

CREATE INDEX permit_referral_person_id_idx ON registry.permit_referral (person_id);

CREATE TABLE registry.person_history (
  person_id UUID NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  sex CHAR(1) NOT NULL,
  birth_year SMALLINT,
  birth_month SMALLINT,
  id_type CHAR(3) NOT NULL,
  id_number BYTEA NOT NULL,
  id_index BYTEA NOT NULL,
  id_tail TEXT NOT NULL,
  phone BYTEA,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  act_id UUID,
  CONSTRAINT person_history_pkey PRIMARY KEY (person_id, version),
  CONSTRAINT person_history_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id)
);

CREATE INDEX person_history_id_index_idx ON registry.person_history (id_index, id_type);

CREATE TABLE registry.person_lineage (
  id UUID DEFAULT registry.new_id() NOT NULL,
  kind TEXT NOT NULL,
  state TEXT DEFAULT 'proposed' NOT NULL,
  from_id UUID NOT NULL,
  to_id UUID NOT NULL,
  reason TEXT NOT NULL,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  undone_by UUID,
  undone_at TIMESTAMP WITH TIME ZONE,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT person_lineage_pkey PRIMARY KEY (id),
  CONSTRAINT person_lineage_kind_check CHECK (kind IN ('merge', 'split')),
  CONSTRAINT person_lineage_state_check CHECK (state IN ('proposed', 'done', 'refused', 'undone')),
  CONSTRAINT person_lineage_ends_check CHECK (from_id <> to_id),
  CONSTRAINT person_lineage_decided_by_check CHECK (decided_by <> proposed_by),
  CONSTRAINT person_lineage_reason_check CHECK (length(reason) BETWEEN 4 AND 200),
  CONSTRAINT person_lineage_from_id_fkey FOREIGN KEY(from_id) REFERENCES registry.person (id),
  CONSTRAINT person_lineage_to_id_fkey FOREIGN KEY(to_id) REFERENCES registry.person (id),
  CONSTRAINT person_lineage_proposed_by_fkey FOREIGN KEY(proposed_by) REFERENCES registry.account (id),
  CONSTRAINT person_lineage_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id),
  CONSTRAINT person_lineage_undone_by_fkey FOREIGN KEY(undone_by) REFERENCES registry.account (id)
);

CREATE INDEX person_lineage_from_id_idx ON registry.person_lineage (from_id);

CREATE UNIQUE INDEX person_lineage_open_key ON registry.person_lineage (from_id) WHERE state = 'proposed';

CREATE INDEX person_lineage_to_id_idx ON registry.person_lineage (to_id);

CREATE TABLE registry.separation_decision (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_by UUID NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  version_of UUID,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT separation_decision_pkey PRIMARY KEY (id),
  CONSTRAINT separation_decision_status_check CHECK (status IN ('consistent', 'resident_not_registered_here', 'registered_not_resident', 'false_alarm')),
  CONSTRAINT separation_decision_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT separation_decision_reason_check CHECK (length(reason) BETWEEN 4 AND 200),
  CONSTRAINT separation_decision_person_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (upper_inf(sys)),
  CONSTRAINT separation_decision_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT separation_decision_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id)
);

CREATE INDEX separation_decision_person_id_idx ON registry.separation_decision (person_id);

CREATE TABLE registry.separation_run (
  id UUID DEFAULT registry.new_id() NOT NULL,
  title TEXT NOT NULL,
  mode TEXT NOT NULL,
  opens_on DATE NOT NULL,
  closes_on DATE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  opened_by UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT separation_run_pkey PRIMARY KEY (id),
  CONSTRAINT separation_run_mode_check CHECK (mode IN ('register_first', 'field_first', 'data_only')),
  CONSTRAINT separation_run_term_check CHECK (closes_on >= opens_on),
  CONSTRAINT separation_run_title_check CHECK (length(title) BETWEEN 2 AND 80),
  CONSTRAINT separation_run_opened_by_fkey FOREIGN KEY(opened_by) REFERENCES registry.account (id)
);

CREATE INDEX separation_run_district_id_idx ON registry.separation_run (district_id, opens_on);

CREATE TABLE registry.acceptance (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plan_id UUID NOT NULL,
  division_id UUID NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT,
  put_right_by DATE,
  signed_by UUID NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT acceptance_pkey PRIMARY KEY (id),
  CONSTRAINT acceptance_verdict_check CHECK (verdict IN ('accepted', 'put_right', 'refused')),
  CONSTRAINT acceptance_note_check CHECK (length(note) <= 300),
  CONSTRAINT acceptance_plan_id_fkey FOREIGN KEY(plan_id) REFERENCES registry.sample_plan (id),
  CONSTRAINT acceptance_division_id_fkey FOREIGN KEY(division_id) REFERENCES registry.division (id),
  CONSTRAINT acceptance_signed_by_fkey FOREIGN KEY(signed_by) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX acceptance_once_key ON registry.acceptance (plan_id, division_id);

CREATE TABLE registry.person_lineage_row (
  lineage_id UUID NOT NULL,
  row_id UUID NOT NULL,
  kind TEXT NOT NULL,
  change TEXT NOT NULL,
  CONSTRAINT person_lineage_row_pkey PRIMARY KEY (lineage_id, row_id),
  CONSTRAINT person_lineage_row_kind_check CHECK (kind IN ('residence', 'hukou', 'absence', 'separation_decision', 'permit_referral', 'hukou_referral')),
  CONSTRAINT person_lineage_row_change_check CHECK (change IN ('moved', 'removed', 'demoted')),
  CONSTRAINT person_lineage_row_lineage_id_fkey FOREIGN KEY(lineage_id) REFERENCES registry.person_lineage (id)
);

CREATE TABLE registry.absence (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  whereabouts_code TEXT,
  whereabouts TEXT,
  reason TEXT NOT NULL,
  informant TEXT NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  version_of UUID,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT absence_pkey PRIMARY KEY (id),
  CONSTRAINT absence_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT absence_reason_check CHECK (reason IN ('work', 'study', 'family', 'housing', 'abroad', 'other')),
  CONSTRAINT absence_informant_check CHECK (informant IN ('self', 'family', 'neighbour', 'committee', 'landlord')),
  CONSTRAINT absence_whereabouts_check CHECK (length(whereabouts) <= 120),
  CONSTRAINT absence_person_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (upper_inf(sys)),
  CONSTRAINT absence_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT absence_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX absence_community_id_idx ON registry.absence (community_id);

CREATE INDEX absence_person_id_idx ON registry.absence (person_id);

CREATE TABLE registry.declaration (
  id UUID DEFAULT registry.new_id() NOT NULL,
  receipt TEXT DEFAULT registry.new_code() NOT NULL,
  kind TEXT NOT NULL,
  status TEXT DEFAULT 'pending' NOT NULL,
  address_text TEXT NOT NULL,
  unit_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  name TEXT NOT NULL,
  id_type CHAR(3) NOT NULL,
  id_number BYTEA NOT NULL,
  id_index BYTEA NOT NULL,
  id_tail TEXT NOT NULL,
  phone BYTEA,
  on_day DATE NOT NULL,
  declared_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  reject_reason TEXT,
  case_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT declaration_pkey PRIMARY KEY (id),
  CONSTRAINT declaration_kind_check CHECK (kind IN ('arrival', 'change', 'departure')),
  CONSTRAINT declaration_status_check CHECK (status IN ('pending', 'confirmed', 'rejected', 'expired')),
  CONSTRAINT declaration_id_type_check CHECK (id_type IN ('111', '113', '414', '511', '516', '553', '990')),
  CONSTRAINT declaration_texts_check CHECK (length(address_text) <= 200 AND length(name) BETWEEN 1 AND 60),
  CONSTRAINT declaration_receipt_key UNIQUE (receipt),
  CONSTRAINT declaration_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT declaration_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id)
);

CREATE INDEX declaration_community_id_idx ON registry.declaration (community_id, status);

CREATE INDEX declaration_id_index_idx ON registry.declaration (id_index, id_type);

CREATE TABLE registry.dwelling_note (
  id UUID DEFAULT registry.new_id() NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  kind TEXT NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  noted_on DATE DEFAULT CURRENT_DATE NOT NULL,
  noted_by UUID NOT NULL,
  handed_to UUID,
  handed_at TIMESTAMP WITH TIME ZONE,
  outcome TEXT,
  closed_at TIMESTAMP WITH TIME ZONE,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT dwelling_note_pkey PRIMARY KEY (id),
  CONSTRAINT dwelling_note_kind_check CHECK (kind IN ('unregistered_letting', 'illegal_partition', 'overcrowded', 'illegal_building', 'changed_use')),
  CONSTRAINT dwelling_note_state_check CHECK (state IN ('open', 'handed_over', 'closed')),
  CONSTRAINT dwelling_note_outcome_check CHECK (outcome IN ('put_right', 'unfounded', 'passed_on')),
  CONSTRAINT dwelling_note_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT dwelling_note_noted_by_fkey FOREIGN KEY(noted_by) REFERENCES registry.account (id),
  CONSTRAINT dwelling_note_handed_to_fkey FOREIGN KEY(handed_to) REFERENCES registry.account (id)
);

CREATE INDEX dwelling_note_district_id_idx ON registry.dwelling_note (district_id, state, id);

CREATE INDEX dwelling_note_unit_id_idx ON registry.dwelling_note (unit_id);

CREATE TABLE registry.household (
  id UUID DEFAULT registry.new_id() NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  kind TEXT DEFAULT 'family' NOT NULL,
  holder_unit_id UUID,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT household_pkey PRIMARY KEY (id),
  CONSTRAINT household_kind_check CHECK (kind IN ('family', 'collective')),
  CONSTRAINT household_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT household_holder_unit_id_fkey FOREIGN KEY(holder_unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX household_unit_id_idx ON registry.household (unit_id);

CREATE TABLE registry.premises (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  name TEXT NOT NULL,
  organisation_code TEXT,
  building_id UUID NOT NULL,
  unit_id UUID,
  state TEXT DEFAULT 'current' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  checked_on DATE,
  checked_by UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT premises_pkey PRIMARY KEY (id),
  CONSTRAINT premises_state_check CHECK (state IN ('current', 'retired', 'removed')),
  CONSTRAINT premises_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT premises_name_check CHECK (length(name) BETWEEN 2 AND 120),
  CONSTRAINT premises_code_key UNIQUE (code),
  CONSTRAINT premises_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id),
  CONSTRAINT premises_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT premises_checked_by_fkey FOREIGN KEY(checked_by) REFERENCES registry.account (id)
);

CREATE INDEX premises_building_id_idx ON registry.premises (building_id);

CREATE INDEX premises_district_id_idx ON registry.premises (district_id, id);

CREATE UNIQUE INDEX premises_organisation_key ON registry.premises (building_id, organisation_code) WHERE state = 'current';

CREATE TABLE registry.separation_item (
  id UUID DEFAULT registry.new_id() NOT NULL,
  run_id UUID NOT NULL,
  found_in TEXT DEFAULT 'list' NOT NULL,
  person_id UUID,
  name TEXT NOT NULL,
  sex CHAR(1) NOT NULL,
  id_type CHAR(3) NOT NULL,
  id_number BYTEA NOT NULL,
  id_index BYTEA NOT NULL,
  id_tail TEXT NOT NULL,
  hukou_text TEXT,
  current_text TEXT,
  unit_id UUID,
  outcome TEXT,
  outcome_on DATE,
  outcome_by UUID,
  whereabouts_code TEXT,
  whereabouts TEXT,
  case_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT separation_item_pkey PRIMARY KEY (id),
  CONSTRAINT separation_item_outcome_check CHECK (outcome IN ('still_separated', 'ended', 'not_found', 'whereabouts_known')),
  CONSTRAINT separation_item_found_in_check CHECK (found_in IN ('list', 'field')),
  CONSTRAINT separation_item_id_type_check CHECK (id_type IN ('111', '113', '414', '511', '516', '553', '990')),
  CONSTRAINT separation_item_texts_check CHECK (length(hukou_text) <= 200 AND length(current_text) <= 200 AND length(whereabouts) <= 120),
  CONSTRAINT separation_item_run_id_fkey FOREIGN KEY(run_id) REFERENCES registry.separation_run (id),
  CONSTRAINT separation_item_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT separation_item_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT separation_item_outcome_by_fkey FOREIGN KEY(outcome_by) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX separation_item_once_key ON registry.separation_item (run_id, id_index, id_type);

CREATE INDEX separation_item_run_id_idx ON registry.separation_item (run_id, community_id);

CREATE TABLE registry.tip (
  id UUID DEFAULT registry.new_id() NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  kind TEXT NOT NULL,
  state TEXT DEFAULT 'pending' NOT NULL,
  note TEXT,
  given_by UUID NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  assigned_to UUID,
  outcome TEXT,
  closed_by UUID,
  closed_at TIMESTAMP WITH TIME ZONE,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT tip_pkey PRIMARY KEY (id),
  CONSTRAINT tip_kind_check CHECK (kind IN ('arrived', 'changed', 'left')),
  CONSTRAINT tip_state_check CHECK (state IN ('pending', 'processed', 'ignored', 'expired')),
  CONSTRAINT tip_outcome_check CHECK (outcome IN ('registered', 'changed', 'cancelled', 'nothing_found')),
  CONSTRAINT tip_note_check CHECK (length(note) <= 200),
  CONSTRAINT tip_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT tip_given_by_fkey FOREIGN KEY(given_by) REFERENCES registry.account (id),
  CONSTRAINT tip_assigned_to_fkey FOREIGN KEY(assigned_to) REFERENCES registry.account (id),
  CONSTRAINT tip_closed_by_fkey FOREIGN KEY(closed_by) REFERENCES registry.account (id)
);

CREATE INDEX tip_district_id_idx ON registry.tip (district_id, state, id);

CREATE INDEX tip_unit_id_idx ON registry.tip (unit_id);

CREATE TABLE registry.verification (
  id UUID DEFAULT registry.new_id() NOT NULL,
  number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  case_id UUID,
  state TEXT DEFAULT 'open' NOT NULL,
  opened_by UUID NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  visited_on DATE,
  visited_by UUID,
  refusal TEXT,
  note TEXT,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  certificate_number TEXT,
  certificate_until DATE,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT verification_pkey PRIMARY KEY (id),
  CONSTRAINT verification_state_check CHECK (state IN ('open', 'approved', 'refused', 'withdrawn')),
  CONSTRAINT verification_refusal_check CHECK (refusal IN ('not_actually_resident', 'illegal_building', 'group_renting', 'residential_used_otherwise', 'non_residential_as_home', 'false_statement')),
  CONSTRAINT verification_refused_check CHECK ((state = 'refused') = (refusal IS NOT NULL)),
  CONSTRAINT verification_approved_check CHECK ((state = 'approved') = (certificate_number IS NOT NULL)),
  CONSTRAINT verification_decided_by_check CHECK (decided_by <> opened_by),
  CONSTRAINT verification_note_check CHECK (length(note) <= 300),
  CONSTRAINT verification_number_key UNIQUE (number),
  CONSTRAINT verification_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT verification_opened_by_fkey FOREIGN KEY(opened_by) REFERENCES registry.account (id),
  CONSTRAINT verification_visited_by_fkey FOREIGN KEY(visited_by) REFERENCES registry.account (id),
  CONSTRAINT verification_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id),
  CONSTRAINT verification_certificate_number_key UNIQUE (certificate_number)
);

CREATE INDEX verification_district_id_idx ON registry.verification (district_id, state, id);

CREATE INDEX verification_unit_id_idx ON registry.verification (unit_id);

CREATE TABLE registry.registration_case (
  id UUID DEFAULT registry.new_id() NOT NULL,
  serial TEXT NOT NULL,
  action TEXT NOT NULL,
  form TEXT NOT NULL,
  form_version SMALLINT NOT NULL,
  status TEXT DEFAULT 'draft' NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  household_id UUID,
  household_kind TEXT DEFAULT 'family' NOT NULL,
  forms SMALLINT DEFAULT 0 NOT NULL,
  source TEXT DEFAULT 'desk' NOT NULL,
  source_id UUID,
  collected_by UUID NOT NULL,
  collected_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entered_by UUID NOT NULL,
  entered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  late_reason TEXT,
  submitted_at TIMESTAMP WITH TIME ZONE,
  due_on DATE,
  officer_by UUID,
  officer_at TIMESTAMP WITH TIME ZONE,
  station_by UUID,
  station_at TIMESTAMP WITH TIME ZONE,
  returned_by UUID,
  returned_at TIMESTAMP WITH TIME ZONE,
  return_reason TEXT,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT registration_case_pkey PRIMARY KEY (id),
  CONSTRAINT registration_case_action_check CHECK (action IN ('register', 'change', 'cancel', 'renew', 'correct')),
  CONSTRAINT registration_case_form_check CHECK (form IN ('incomer_registration', 'resident_not_registered_here', 'registered_not_resident', 'change_cancel')),
  CONSTRAINT registration_case_status_check CHECK (status IN ('draft', 'submitted', 'officer_review', 'station_review', 'returned', 'active', 'void')),
  CONSTRAINT registration_case_source_check CHECK (source IN ('desk', 'field', 'declaration', 'death', 'separation')),
  CONSTRAINT registration_case_household_kind_check CHECK (household_kind IN ('family', 'collective')),
  CONSTRAINT registration_case_officer_apart_check CHECK (officer_by <> collected_by AND officer_by <> entered_by),
  CONSTRAINT registration_case_station_apart_check CHECK (station_by <> collected_by AND station_by <> entered_by AND station_by <> officer_by),
  CONSTRAINT registration_case_collected_at_check CHECK (collected_at <= entered_at),
  CONSTRAINT registration_case_serial_key UNIQUE (serial),
  CONSTRAINT registration_case_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT registration_case_household_id_fkey FOREIGN KEY(household_id) REFERENCES registry.household (id),
  CONSTRAINT registration_case_collected_by_fkey FOREIGN KEY(collected_by) REFERENCES registry.account (id),
  CONSTRAINT registration_case_entered_by_fkey FOREIGN KEY(entered_by) REFERENCES registry.account (id),
  CONSTRAINT registration_case_officer_by_fkey FOREIGN KEY(officer_by) REFERENCES registry.account (id),
  CONSTRAINT registration_case_station_by_fkey FOREIGN KEY(station_by) REFERENCES registry.account (id),
  CONSTRAINT registration_case_returned_by_fkey FOREIGN KEY(returned_by) REFERENCES registry.account (id)
);

CREATE INDEX registration_case_collected_by_idx ON registry.registration_case (collected_by, entered_at);

CREATE INDEX registration_case_unit_id_idx ON registry.registration_case (unit_id);

CREATE INDEX registration_case_work_idx ON registry.registration_case (district_id, status, entered_at);

CREATE TABLE registry.verification_statement (
  id UUID DEFAULT registry.new_id() NOT NULL,
  verification_id UUID NOT NULL,
  speaker TEXT NOT NULL,
  lives_there BOOLEAN NOT NULL,
  heard_by UUID NOT NULL,
  heard_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT verification_statement_pkey PRIMARY KEY (id),
  CONSTRAINT verification_statement_speaker_check CHECK (speaker IN ('applicant', 'neighbour', 'staff', 'landlord', 'committee')),
  CONSTRAINT verification_statement_verification_id_fkey FOREIGN KEY(verification_id) REFERENCES registry.verification (id),
  CONSTRAINT verification_statement_heard_by_fkey FOREIGN KEY(heard_by) REFERENCES registry.account (id)
);

CREATE INDEX verification_statement_verification_id_idx ON registry.verification_statement (verification_id);

CREATE TABLE registry.case_person (
  id UUID DEFAULT registry.new_id() NOT NULL,
  case_id UUID NOT NULL,
  turn SMALLINT NOT NULL,
  is_open BOOLEAN DEFAULT true NOT NULL,
  slip_number TEXT,
  sheet_number TEXT,
  person_id UUID NOT NULL,
  residence_id UUID,
  name TEXT NOT NULL,
  sex CHAR(1) NOT NULL,
  birth_year SMALLINT,
  birth_month SMALLINT,
  id_type CHAR(3) NOT NULL,
  id_number BYTEA NOT NULL,
  id_index BYTEA NOT NULL,
  id_tail TEXT NOT NULL,
  phone BYTEA,
  category TEXT,
  relation_to_head CHAR(1),
  hukou_unit_id UUID,
  hukou_code TEXT,
  hukou_address TEXT,
  since DATE,
  stays_until DATE,
  stay_reason TEXT,
  lodging TEXT,
  proof TEXT,
  whereabouts_code TEXT,
  whereabouts TEXT,
  absence_reason TEXT,
  informant TEXT,
  ends_on DATE,
  end_reason TEXT,
  volume_id UUID,
  volume_page SMALLINT,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT case_person_pkey PRIMARY KEY (id),
  CONSTRAINT case_person_id_type_check CHECK (id_type IN ('111', '113', '414', '511', '516', '553', '990')),
  CONSTRAINT case_person_sex_check CHECK (sex IN ('0', '1', '2', '9')),
  CONSTRAINT case_person_birth_month_check CHECK (birth_month BETWEEN 1 AND 12),
  CONSTRAINT case_person_birth_year_check CHECK (birth_year BETWEEN 1880 AND 2200),
  CONSTRAINT case_person_least_check CHECK (length(id_tail) <= 2 AND name <> ''),
  CONSTRAINT case_person_category_check CHECK (category IN ('local_hukou', 'incomer', 'lodger', 'unsettled', 'overseas')),
  CONSTRAINT case_person_stay_reason_check CHECK (stay_reason IN ('work', 'business', 'study', 'family', 'tourism', 'other')),
  CONSTRAINT case_person_lodging_check CHECK (lodging IN ('own', 'rented', 'dormitory', 'kin', 'other')),
  CONSTRAINT case_person_proof_check CHECK (proof IN ('title', 'public_lease', 'rental_filing', 'contract', 'dormitory_letter', 'kinship', 'other')),
  CONSTRAINT case_person_end_reason_check CHECK (end_reason IN ('left_area', 'moved_within_city', 'duplicate', 'wrong', 'false_entry', 'deceased', 'military_service', 'settled_abroad', 'became_local', 'merged_division')),
  CONSTRAINT case_person_informant_check CHECK (informant IN ('self', 'family', 'neighbour', 'committee', 'landlord')),
  CONSTRAINT case_person_absence_reason_check CHECK (absence_reason IN ('work', 'study', 'family', 'housing', 'abroad', 'other')),
  CONSTRAINT case_person_texts_check CHECK (length(hukou_address) <= 120 AND length(whereabouts) <= 120),
  CONSTRAINT case_person_turn_key UNIQUE (case_id, turn),
  CONSTRAINT case_person_page_key UNIQUE (volume_id, volume_page),
  CONSTRAINT case_person_case_id_fkey FOREIGN KEY(case_id) REFERENCES registry.registration_case (id),
  CONSTRAINT case_person_slip_number_key UNIQUE (slip_number),
  CONSTRAINT case_person_sheet_number_key UNIQUE (sheet_number),
  CONSTRAINT case_person_residence_id_fkey FOREIGN KEY(residence_id) REFERENCES registry.residence (id),
  CONSTRAINT case_person_hukou_unit_id_fkey FOREIGN KEY(hukou_unit_id) REFERENCES registry.housing_unit (id),
  CONSTRAINT case_person_volume_id_fkey FOREIGN KEY(volume_id) REFERENCES registry.archive_volume (id)
);

CREATE UNIQUE INDEX case_person_open_key ON registry.case_person (id_index, id_type) WHERE is_open;

CREATE INDEX case_person_person_id_idx ON registry.case_person (person_id);

-- What was known before stays: a copy beside the row, which keeps its id.
ALTER TABLE registry.residence
  ADD COLUMN household_id UUID,
  ADD COLUMN verified_on DATE,
  ADD COLUMN end_reason TEXT,
  ADD COLUMN version_of UUID,
  ADD CONSTRAINT residence_household_id_fkey FOREIGN KEY(household_id) REFERENCES registry.household (id),
  ADD CONSTRAINT residence_end_reason_check CHECK (end_reason IN ('left_area', 'moved_within_city', 'duplicate', 'wrong', 'false_entry', 'deceased', 'military_service', 'settled_abroad', 'became_local', 'merged_division'));
CREATE INDEX residence_version_of_idx ON registry.residence (version_of) WHERE version_of IS NOT NULL;
CREATE INDEX residence_household_id_idx ON registry.residence (household_id) WHERE household_id IS NOT NULL;

ALTER TABLE registry.hukou
  ADD COLUMN address_text TEXT,
  ADD COLUMN end_reason TEXT,
  ADD COLUMN version_of UUID,
  ADD CONSTRAINT hukou_address_text_check CHECK (unit_id IS NULL OR address_text IS NULL),
  ADD CONSTRAINT hukou_end_reason_check CHECK (end_reason IN ('left_area', 'moved_within_city', 'duplicate', 'wrong', 'false_entry', 'deceased', 'military_service', 'settled_abroad', 'became_local', 'merged_division'));

ALTER TABLE registry.registration
  ADD COLUMN ended_on DATE,
  ADD COLUMN end_reason TEXT,
  ADD COLUMN case_person_id UUID,
  ADD CONSTRAINT registration_end_reason_check CHECK (end_reason IN ('left_area', 'moved_within_city', 'duplicate', 'wrong', 'false_entry', 'deceased', 'military_service', 'settled_abroad', 'became_local', 'merged_division'));

ALTER TABLE registry.person
  ADD COLUMN merged_into UUID,
  ADD CONSTRAINT person_merged_into_fkey FOREIGN KEY(merged_into) REFERENCES registry.person (id);

CREATE INDEX person_name_idx ON registry.person (township_id, name text_pattern_ops);

-- Looks that belong to a case at hand are counted apart.
ALTER TABLE registry.look_count
  ADD COLUMN work_in_hour INTEGER DEFAULT 0 NOT NULL,
  ADD COLUMN work_in_day INTEGER DEFAULT 0 NOT NULL;

-- The ledger of a community reads both newest first.
CREATE INDEX registration_community_id_idx ON registry.registration (community_id, registered_on, id);
CREATE INDEX case_person_community_id_idx ON registry.case_person (community_id, id);
