-- Blocks and who answers for them, production and installation of plates, samples and totals, zones, change feed.

CREATE TABLE registry.focus_area (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT DEFAULT 'current' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  boundary geometry(MULTIPOLYGON,4490) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT focus_area_pkey PRIMARY KEY (id),
  CONSTRAINT focus_area_kind_check CHECK (kind IN ('urban_fringe', 'village_in_city', 'old_lanes', 'rental_estate', 'small_inns', 'market', 'mine')),
  CONSTRAINT focus_area_state_check CHECK (state IN ('current', 'retired', 'removed')),
  CONSTRAINT focus_area_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT focus_area_boundary_check CHECK (registry.is_sound(boundary)),
  CONSTRAINT focus_area_code_key UNIQUE (code)
);

CREATE INDEX focus_area_boundary_idx ON registry.focus_area USING gist (boundary);
CREATE INDEX focus_area_district_id_idx ON registry.focus_area (district_id, id);

CREATE TABLE registry.heat_cell (
  week DATE NOT NULL,
  column_no INTEGER NOT NULL,
  row_no INTEGER NOT NULL,
  class_no SMALLINT,
  shape geometry(POLYGON,4490) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT heat_cell_pkey PRIMARY KEY (week, column_no, row_no),
  CONSTRAINT heat_cell_class_no_check CHECK (class_no BETWEEN 0 AND 5)
);

CREATE INDEX heat_cell_district_id_idx ON registry.heat_cell (district_id, week);
CREATE INDEX heat_cell_shape_idx ON registry.heat_cell USING gist (shape);

CREATE TABLE registry.photo (
  sha256 BYTEA NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  stored_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  account_id UUID,
  CONSTRAINT photo_pkey PRIMARY KEY (sha256),
  CONSTRAINT photo_sha256_check CHECK (length(sha256) = 32),
  CONSTRAINT photo_size_check CHECK (width > 0 AND height > 0 AND size_bytes > 0)
);


CREATE TABLE registry.place_change (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  object_kind TEXT NOT NULL,
  object_id UUID NOT NULL,
  version INTEGER NOT NULL,
  act_id UUID,
  district_id UUID,
  township_id UUID,
  community_id UUID,
  CONSTRAINT place_change_pkey PRIMARY KEY (seq)
);

CREATE INDEX place_change_order_idx ON registry.place_change (xid, seq);

CREATE TABLE registry.plate_batch (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  number TEXT NOT NULL,
  maker TEXT NOT NULL,
  state TEXT DEFAULT 'ordered' NOT NULL,
  ordered_on DATE NOT NULL,
  due_on DATE,
  delivered_on DATE,
  document_number TEXT,
  ordered INTEGER NOT NULL,
  made INTEGER DEFAULT 0 NOT NULL,
  installed INTEGER DEFAULT 0 NOT NULL,
  stock INTEGER DEFAULT 0 NOT NULL,
  scrapped INTEGER DEFAULT 0 NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT plate_batch_pkey PRIMARY KEY (id),
  CONSTRAINT plate_batch_state_check CHECK (state IN ('ordered', 'produced', 'delivered', 'closed', 'cancelled')),
  CONSTRAINT plate_batch_balance_check CHECK (made = installed + stock + scrapped),
  CONSTRAINT plate_batch_counts_check CHECK (ordered > 0 AND made >= 0 AND installed >= 0 AND stock >= 0 AND scrapped >= 0),
  CONSTRAINT plate_batch_named_check CHECK (number <> '' AND maker <> ''),
  CONSTRAINT plate_batch_code_key UNIQUE (code)
);

CREATE UNIQUE INDEX plate_batch_number_key ON registry.plate_batch (district_id, number);

CREATE TABLE registry.tally (
  leaf_id UUID NOT NULL,
  block_id UUID,
  units INTEGER DEFAULT 0 NOT NULL,
  rental_units INTEGER DEFAULT 0 NOT NULL,
  persons INTEGER DEFAULT 0 NOT NULL,
  registered INTEGER DEFAULT 0 NOT NULL,
  addresses INTEGER DEFAULT 0 NOT NULL,
  plated INTEGER DEFAULT 0 NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT tally_pkey PRIMARY KEY (leaf_id),
  CONSTRAINT tally_counts_check CHECK (least(units, rental_units, persons, registered, addresses, plated) >= 0)
);

CREATE INDEX tally_district_id_idx ON registry.tally (district_id);

CREATE TABLE registry.tally_day (
  id SMALLINT NOT NULL,
  day DATE NOT NULL,
  CONSTRAINT tally_day_pkey PRIMARY KEY (id),
  CONSTRAINT tally_day_single_check CHECK (id = 1)
);


CREATE TABLE registry.tally_week (
  leaf_id UUID NOT NULL,
  week DATE NOT NULL,
  units INTEGER DEFAULT 0 NOT NULL,
  rental_units INTEGER DEFAULT 0 NOT NULL,
  persons INTEGER DEFAULT 0 NOT NULL,
  registered INTEGER DEFAULT 0 NOT NULL,
  addresses INTEGER DEFAULT 0 NOT NULL,
  plated INTEGER DEFAULT 0 NOT NULL,
  persons_met INTEGER DEFAULT 0 NOT NULL,
  persons_registered INTEGER DEFAULT 0 NOT NULL,
  records_checked INTEGER DEFAULT 0 NOT NULL,
  records_right INTEGER DEFAULT 0 NOT NULL,
  units_found INTEGER DEFAULT 0 NOT NULL,
  units_listed INTEGER DEFAULT 0 NOT NULL,
  forms_collected INTEGER DEFAULT 0 NOT NULL,
  forms_entered INTEGER DEFAULT 0 NOT NULL,
  visits INTEGER DEFAULT 0 NOT NULL,
  units_visited INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT tally_week_pkey PRIMARY KEY (leaf_id, week),
  CONSTRAINT tally_week_week_check CHECK (extract(isodow FROM week) = 1)
);

CREATE INDEX tally_week_week_idx ON registry.tally_week (week);

CREATE TABLE registry.building_block (
  building_id UUID NOT NULL,
  block_id UUID NOT NULL,
  CONSTRAINT building_block_pkey PRIMARY KEY (building_id),
  CONSTRAINT building_block_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id),
  CONSTRAINT building_block_block_id_fkey FOREIGN KEY(block_id) REFERENCES registry.grid_block (id)
);

CREATE INDEX building_block_block_id_idx ON registry.building_block (block_id);

CREATE TABLE registry.coordinator (
  account_id UUID NOT NULL,
  trained_on DATE,
  act_id UUID,
  CONSTRAINT coordinator_pkey PRIMARY KEY (account_id),
  CONSTRAINT coordinator_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);


CREATE TABLE registry.focus_area_block (
  focus_area_id UUID NOT NULL,
  block_id UUID NOT NULL,
  CONSTRAINT focus_area_block_pkey PRIMARY KEY (focus_area_id, block_id),
  CONSTRAINT focus_area_block_focus_area_id_fkey FOREIGN KEY(focus_area_id) REFERENCES registry.focus_area (id),
  CONSTRAINT focus_area_block_block_id_fkey FOREIGN KEY(block_id) REFERENCES registry.grid_block (id)
);

CREATE INDEX focus_area_block_block_id_idx ON registry.focus_area_block (block_id);

CREATE TABLE registry.sample_plan (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  name TEXT NOT NULL,
  direction TEXT NOT NULL,
  area_kind TEXT NOT NULL,
  area_id UUID NOT NULL,
  seed BIGINT NOT NULL,
  frame_size INTEGER NOT NULL,
  frame_sha256 BYTEA,
  sample_size INTEGER NOT NULL,
  state TEXT DEFAULT 'drawn' NOT NULL,
  drawn_on DATE NOT NULL,
  account_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT sample_plan_pkey PRIMARY KEY (id),
  CONSTRAINT sample_plan_direction_check CHECK (direction IN ('field_to_register', 'register_to_field')),
  CONSTRAINT sample_plan_area_kind_check CHECK (area_kind IN ('division', 'block', 'zone')),
  CONSTRAINT sample_plan_size_check CHECK (sample_size > 0 AND sample_size <= frame_size),
  CONSTRAINT sample_plan_state_check CHECK (state IN ('drawn', 'closed', 'cancelled')),
  CONSTRAINT sample_plan_code_key UNIQUE (code),
  CONSTRAINT sample_plan_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE INDEX sample_plan_area_id_idx ON registry.sample_plan (area_id, drawn_on);

CREATE TABLE registry.zone (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  name TEXT NOT NULL,
  ground TEXT NOT NULL,
  focus_area_id UUID,
  state TEXT DEFAULT 'proposed' NOT NULL,
  proposed_on DATE NOT NULL,
  notified_on DATE,
  listed_on DATE,
  due_on DATE GENERATED ALWAYS AS ((listed_on + interval '2 months')::date) STORED,
  started_on DATE,
  submitted_on DATE,
  accepted_on DATE,
  closed_on DATE,
  boundary geometry(MULTIPOLYGON,4490) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT zone_pkey PRIMARY KEY (id),
  CONSTRAINT zone_state_check CHECK (state IN ('proposed', 'notified', 'listed', 'plan_approved', 'in_rectification', 'submitted', 'returned', 'accepted', 'closed', 'failed')),
  CONSTRAINT zone_ground_check CHECK (ground IN ('low_registration', 'high_turnover', 'unsafe_housing', 'plates_missing')),
  CONSTRAINT zone_boundary_check CHECK (registry.is_sound(boundary)),
  CONSTRAINT zone_listed_check CHECK (state IN ('proposed', 'notified', 'failed') OR listed_on IS NOT NULL),
  CONSTRAINT zone_code_key UNIQUE (code),
  CONSTRAINT zone_focus_area_id_fkey FOREIGN KEY(focus_area_id) REFERENCES registry.focus_area (id)
);

CREATE INDEX zone_boundary_idx ON registry.zone USING gist (boundary);
CREATE INDEX zone_district_id_idx ON registry.zone (district_id, id);

CREATE TABLE registry.address_block (
  address_id UUID NOT NULL,
  block_id UUID NOT NULL,
  CONSTRAINT address_block_pkey PRIMARY KEY (address_id),
  CONSTRAINT address_block_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id),
  CONSTRAINT address_block_block_id_fkey FOREIGN KEY(block_id) REFERENCES registry.grid_block (id)
);

CREATE INDEX address_block_block_id_idx ON registry.address_block (block_id);

CREATE TABLE registry.block_assignment (
  id UUID DEFAULT registry.new_id() NOT NULL,
  block_id UUID NOT NULL,
  account_id UUID NOT NULL,
  role TEXT DEFAULT 'responsible' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  document_number TEXT,
  act_id UUID,
  CONSTRAINT block_assignment_pkey PRIMARY KEY (id),
  CONSTRAINT block_assignment_role_check CHECK (role IN ('responsible', 'deputy')),
  CONSTRAINT block_assignment_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT block_assignment_responsible_excl EXCLUDE USING gist (block_id WITH =, valid WITH &&) WHERE (role = 'responsible'),
  CONSTRAINT block_assignment_block_id_fkey FOREIGN KEY(block_id) REFERENCES registry.grid_block (id),
  CONSTRAINT block_assignment_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.coordinator (account_id)
);

CREATE INDEX block_assignment_account_id_idx ON registry.block_assignment (account_id);
CREATE INDEX block_assignment_block_id_idx ON registry.block_assignment (block_id);

CREATE TABLE registry.building_check (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plan_id UUID,
  building_id UUID NOT NULL,
  leaf_id UUID NOT NULL,
  checked_on DATE NOT NULL,
  account_id UUID,
  units_found INTEGER NOT NULL,
  units_listed INTEGER NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT building_check_pkey PRIMARY KEY (id),
  CONSTRAINT building_check_units_found_check CHECK (units_found BETWEEN 1 AND 5000),
  CONSTRAINT building_check_units_listed_check CHECK (units_listed BETWEEN 0 AND units_found),
  CONSTRAINT building_check_plan_id_fkey FOREIGN KEY(plan_id) REFERENCES registry.sample_plan (id),
  CONSTRAINT building_check_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id)
);

CREATE INDEX building_check_building_id_idx ON registry.building_check (building_id);
CREATE INDEX building_check_leaf_id_idx ON registry.building_check (leaf_id, checked_on);

CREATE TABLE registry.rectification_plan (
  id UUID DEFAULT registry.new_id() NOT NULL,
  zone_id UUID NOT NULL,
  cause TEXT NOT NULL,
  responsible_id UUID NOT NULL,
  sweep_weekday SMALLINT NOT NULL,
  document_number TEXT,
  approved_on DATE,
  approved_by UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT rectification_plan_pkey PRIMARY KEY (id),
  CONSTRAINT rectification_plan_sweep_weekday_check CHECK (sweep_weekday BETWEEN 1 AND 7),
  CONSTRAINT rectification_plan_cause_check CHECK (cause <> ''),
  CONSTRAINT rectification_plan_approved_check CHECK ((approved_on IS NULL) = (approved_by IS NULL)),
  CONSTRAINT rectification_plan_zone_id_key UNIQUE (zone_id),
  CONSTRAINT rectification_plan_zone_id_fkey FOREIGN KEY(zone_id) REFERENCES registry.zone (id),
  CONSTRAINT rectification_plan_responsible_id_fkey FOREIGN KEY(responsible_id) REFERENCES registry.account (id),
  CONSTRAINT rectification_plan_approved_by_fkey FOREIGN KEY(approved_by) REFERENCES registry.account (id)
);


CREATE TABLE registry.sweep (
  id UUID DEFAULT registry.new_id() NOT NULL,
  zone_id UUID NOT NULL,
  kind TEXT DEFAULT 'weekly' NOT NULL,
  held_on DATE NOT NULL,
  account_id UUID NOT NULL,
  units_planned INTEGER NOT NULL,
  units_visited INTEGER NOT NULL,
  newly_registered INTEGER NOT NULL,
  act_id UUID,
  CONSTRAINT sweep_pkey PRIMARY KEY (id),
  CONSTRAINT sweep_kind_check CHECK (kind IN ('weekly', 'joint')),
  CONSTRAINT sweep_units_visited_check CHECK (units_visited BETWEEN 0 AND units_planned),
  CONSTRAINT sweep_newly_registered_check CHECK (newly_registered >= 0),
  CONSTRAINT sweep_zone_id_fkey FOREIGN KEY(zone_id) REFERENCES registry.zone (id),
  CONSTRAINT sweep_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX sweep_held_key ON registry.sweep (zone_id, held_on);

CREATE TABLE registry.zone_block (
  zone_id UUID NOT NULL,
  block_id UUID NOT NULL,
  CONSTRAINT zone_block_pkey PRIMARY KEY (zone_id, block_id),
  CONSTRAINT zone_block_zone_id_fkey FOREIGN KEY(zone_id) REFERENCES registry.zone (id),
  CONSTRAINT zone_block_block_id_fkey FOREIGN KEY(block_id) REFERENCES registry.grid_block (id)
);

CREATE INDEX zone_block_block_id_idx ON registry.zone_block (block_id);

CREATE TABLE registry.zone_decision (
  id UUID DEFAULT registry.new_id() NOT NULL,
  zone_id UUID NOT NULL,
  decision TEXT NOT NULL,
  decided_on DATE NOT NULL,
  sample_plan_id UUID NOT NULL,
  verdict TEXT NOT NULL,
  account_id UUID NOT NULL,
  document_number TEXT,
  reason TEXT NOT NULL,
  act_id UUID,
  CONSTRAINT zone_decision_pkey PRIMARY KEY (id),
  CONSTRAINT zone_decision_decision_check CHECK (decision IN ('accepted', 'returned')),
  CONSTRAINT zone_decision_proof_check CHECK (decision = 'returned' OR verdict = 'met'),
  CONSTRAINT zone_decision_verdict_check CHECK (verdict IN ('met', 'missed', 'not_demonstrated', 'too_few')),
  CONSTRAINT zone_decision_reason_check CHECK (reason <> ''),
  CONSTRAINT zone_decision_zone_id_fkey FOREIGN KEY(zone_id) REFERENCES registry.zone (id),
  CONSTRAINT zone_decision_sample_plan_id_fkey FOREIGN KEY(sample_plan_id) REFERENCES registry.sample_plan (id),
  CONSTRAINT zone_decision_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE INDEX zone_decision_zone_id_idx ON registry.zone_decision (zone_id, decided_on);

CREATE TABLE registry.field_check (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plan_id UUID,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  leaf_id UUID NOT NULL,
  checked_on DATE NOT NULL,
  account_id UUID,
  persons_met SMALLINT NOT NULL,
  persons_registered SMALLINT NOT NULL,
  records_checked SMALLINT NOT NULL,
  records_right SMALLINT NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT field_check_pkey PRIMARY KEY (id),
  CONSTRAINT field_check_persons_met_check CHECK (persons_met BETWEEN 0 AND 200),
  CONSTRAINT field_check_persons_registered_check CHECK (persons_registered BETWEEN 0 AND persons_met),
  CONSTRAINT field_check_records_checked_check CHECK (records_checked BETWEEN 0 AND 200),
  CONSTRAINT field_check_records_right_check CHECK (records_right BETWEEN 0 AND records_checked),
  CONSTRAINT field_check_plan_id_fkey FOREIGN KEY(plan_id) REFERENCES registry.sample_plan (id),
  CONSTRAINT field_check_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX field_check_building_id_idx ON registry.field_check (building_id);
CREATE INDEX field_check_leaf_id_idx ON registry.field_check (leaf_id, checked_on);
CREATE UNIQUE INDEX field_check_plan_key ON registry.field_check (plan_id, unit_id);
CREATE INDEX field_check_unit_id_idx ON registry.field_check (unit_id);

CREATE TABLE registry.last_visit (
  unit_id UUID NOT NULL,
  visited_at TIMESTAMP WITH TIME ZONE NOT NULL,
  outcome TEXT NOT NULL,
  account_id UUID,
  CONSTRAINT last_visit_pkey PRIMARY KEY (unit_id),
  CONSTRAINT last_visit_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);


CREATE TABLE registry.plan_measure (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plan_id UUID NOT NULL,
  turn SMALLINT NOT NULL,
  title TEXT NOT NULL,
  responsible_id UUID,
  due_on DATE NOT NULL,
  done_percent SMALLINT DEFAULT 0 NOT NULL,
  CONSTRAINT plan_measure_pkey PRIMARY KEY (id),
  CONSTRAINT plan_measure_done_percent_check CHECK (done_percent BETWEEN 0 AND 100),
  CONSTRAINT plan_measure_title_check CHECK (title <> ''),
  CONSTRAINT plan_measure_plan_id_fkey FOREIGN KEY(plan_id) REFERENCES registry.rectification_plan (id),
  CONSTRAINT plan_measure_responsible_id_fkey FOREIGN KEY(responsible_id) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX plan_measure_turn_key ON registry.plan_measure (plan_id, turn);

CREATE TABLE registry.plate_inspection (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plate_id UUID NOT NULL,
  inspected_at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id UUID NOT NULL,
  finding TEXT NOT NULL,
  photo_sha256 BYTEA,
  act_id UUID,
  CONSTRAINT plate_inspection_pkey PRIMARY KEY (id),
  CONSTRAINT plate_inspection_finding_check CHECK (finding IN ('in_place', 'damaged', 'missing', 'wrong_text', 'wrong_place')),
  CONSTRAINT plate_inspection_plate_id_fkey FOREIGN KEY(plate_id) REFERENCES registry.plate (id),
  CONSTRAINT plate_inspection_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id),
  CONSTRAINT plate_inspection_photo_sha256_fkey FOREIGN KEY(photo_sha256) REFERENCES registry.photo (sha256)
);

CREATE INDEX plate_inspection_plate_id_idx ON registry.plate_inspection (plate_id, inspected_at);

CREATE TABLE registry.plate_installation (
  id UUID DEFAULT registry.new_id() NOT NULL,
  plate_id UUID NOT NULL,
  photo_sha256 BYTEA NOT NULL,
  installed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id UUID NOT NULL,
  accuracy_m NUMERIC(5, 1),
  position geometry(POINT,4490) NOT NULL,
  verified_at TIMESTAMP WITH TIME ZONE,
  verified_by UUID,
  ended_at TIMESTAMP WITH TIME ZONE,
  act_id UUID,
  CONSTRAINT plate_installation_pkey PRIMARY KEY (id),
  CONSTRAINT plate_installation_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT plate_installation_accuracy_m_check CHECK (accuracy_m > 0 AND accuracy_m < 1000),
  CONSTRAINT plate_installation_verified_by_check CHECK (verified_by <> account_id),
  CONSTRAINT plate_installation_verified_check CHECK ((verified_at IS NULL) = (verified_by IS NULL)),
  CONSTRAINT plate_installation_plate_id_fkey FOREIGN KEY(plate_id) REFERENCES registry.plate (id),
  CONSTRAINT plate_installation_photo_sha256_fkey FOREIGN KEY(photo_sha256) REFERENCES registry.photo (sha256),
  CONSTRAINT plate_installation_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE UNIQUE INDEX plate_installation_open_key ON registry.plate_installation (plate_id) WHERE ended_at IS NULL;
CREATE INDEX plate_installation_plate_id_idx ON registry.plate_installation (plate_id);

CREATE TABLE registry.sample_unit (
  plan_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  turn INTEGER NOT NULL,
  stratum TEXT DEFAULT '' NOT NULL,
  weight NUMERIC(12, 4) NOT NULL,
  CONSTRAINT sample_unit_pkey PRIMARY KEY (plan_id, unit_id),
  CONSTRAINT sample_unit_weight_check CHECK (weight >= 1),
  CONSTRAINT sample_unit_plan_id_fkey FOREIGN KEY(plan_id) REFERENCES registry.sample_plan (id),
  CONSTRAINT sample_unit_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX sample_unit_unit_id_idx ON registry.sample_unit (unit_id);

CREATE TABLE registry.visit (
  id UUID DEFAULT registry.new_id() NOT NULL,
  visited_at TIMESTAMP WITH TIME ZONE NOT NULL,
  unit_id UUID NOT NULL,
  block_id UUID,
  account_id UUID,
  outcome TEXT NOT NULL,
  sweep_id UUID,
  CONSTRAINT visit_pkey PRIMARY KEY (id, visited_at),
  CONSTRAINT visit_outcome_check CHECK (outcome IN ('met_all', 'met_some', 'nobody_home', 'vacant', 'demolished', 'address_not_found', 'declined', 'document_not_sighted', 'rescheduled')),
  CONSTRAINT visit_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
)
 PARTITION BY RANGE (visited_at);

CREATE INDEX visit_block_id_idx ON registry.visit (block_id, visited_at);
CREATE INDEX visit_unit_id_idx ON registry.visit (unit_id, visited_at);
ALTER TABLE registry.plate ADD COLUMN batch_id UUID CONSTRAINT plate_batch_id_fkey REFERENCES registry.plate_batch (id);
ALTER TABLE registry.plate ADD CONSTRAINT plate_batch_check CHECK (batch_id IS NULL OR state NOT IN ('draft', 'numbered', 'approved'));
CREATE INDEX plate_batch_id_idx ON registry.plate (batch_id) WHERE batch_id IS NOT NULL;

ALTER TABLE registry.account DROP CONSTRAINT account_role_check;
ALTER TABLE registry.account ADD CONSTRAINT account_role_check CHECK (role IN ('clerk', 'officer', 'coordinator', 'supervisor', 'leader', 'steward', 'system_admin', 'security_admin', 'audit_admin'));

INSERT INTO registry.tally_day VALUES (1, CURRENT_DATE);
