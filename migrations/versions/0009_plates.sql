-- Cases of names, what became of addresses, warnings, tasks of installers, reports on plates.
CREATE SEQUENCE registry.naming_number;
CREATE SEQUENCE registry.address_certificate_number;
CREATE SEQUENCE registry.plate_task_number;

ALTER TABLE registry.address
  ADD COLUMN position_kind TEXT DEFAULT 'entrance' NOT NULL,
  ADD COLUMN certified_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN certified_by UUID,
  ADD COLUMN certified_basis TEXT,
  ADD COLUMN certified_until DATE,
  ADD CONSTRAINT address_position_kind_check CHECK (position_kind IN ('entrance', 'gate', 'building', 'stairway', 'vehicle_gate')),
  ADD CONSTRAINT address_certified_check CHECK (num_nulls(certified_at, certified_by, certified_basis) IN (0, 3)
    AND certified_basis IN ('decree', 'photo', 'visit'));

CREATE TABLE registry.naming_case (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  number TEXT NOT NULL,
  action TEXT NOT NULL,
  place_name_id UUID NOT NULL,
  name TEXT NOT NULL,
  former_name TEXT,
  meaning TEXT DEFAULT '' NOT NULL,
  state TEXT NOT NULL,
  level SMALLINT DEFAULT 0 NOT NULL,
  levels TEXT[] DEFAULT '{}' NOT NULL,
  reserved_until DATE,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  decree_number TEXT,
  decree_on DATE,
  published_on DATE,
  effective_on DATE,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT naming_case_pkey PRIMARY KEY (id),
  CONSTRAINT naming_case_action_check CHECK (action IN ('name', 'rename', 'retire')),
  CONSTRAINT naming_case_state_check CHECK (state IN ('reserved', 'reviewing', 'returned', 'approved', 'published', 'in_force', 'rejected', 'withdrawn')),
  CONSTRAINT naming_case_named_check CHECK (name <> '' AND number <> ''),
  CONSTRAINT naming_case_level_check CHECK (level BETWEEN 0 AND cardinality(levels)),
  CONSTRAINT naming_case_levels_check CHECK (levels <@ ARRAY['township', 'district', 'city']),
  CONSTRAINT naming_case_meaning_check CHECK (length(meaning) <= 500),
  CONSTRAINT naming_case_reserved_check CHECK ((state = 'reserved') <= (reserved_until IS NOT NULL)),
  CONSTRAINT naming_case_decree_check CHECK ((decree_number IS NULL) = (decree_on IS NULL)),
  CONSTRAINT naming_case_code_key UNIQUE (code),
  CONSTRAINT naming_case_place_name_id_fkey FOREIGN KEY(place_name_id) REFERENCES registry.place_name (id),
  CONSTRAINT naming_case_proposed_by_fkey FOREIGN KEY(proposed_by) REFERENCES registry.account (id)
);

CREATE INDEX naming_case_district_id_idx ON registry.naming_case (district_id, state, id);

CREATE UNIQUE INDEX naming_case_number_key ON registry.naming_case (district_id, number);

CREATE UNIQUE INDEX naming_case_open_key ON registry.naming_case (place_name_id) WHERE state NOT IN ('in_force', 'rejected', 'withdrawn');

CREATE TABLE registry.plate_task (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  number TEXT NOT NULL,
  title TEXT NOT NULL,
  batch_id UUID,
  installer_id UUID,
  due_on DATE,
  state TEXT DEFAULT 'open' NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT plate_task_pkey PRIMARY KEY (id),
  CONSTRAINT plate_task_state_check CHECK (state IN ('open', 'done', 'cancelled')),
  CONSTRAINT plate_task_named_check CHECK (number <> '' AND title <> ''),
  CONSTRAINT plate_task_code_key UNIQUE (code),
  CONSTRAINT plate_task_batch_id_fkey FOREIGN KEY(batch_id) REFERENCES registry.plate_batch (id),
  CONSTRAINT plate_task_installer_id_fkey FOREIGN KEY(installer_id) REFERENCES registry.account (id)
);

CREATE INDEX plate_task_district_id_idx ON registry.plate_task (district_id, state, id);

CREATE UNIQUE INDEX plate_task_number_key ON registry.plate_task (district_id, number);

CREATE TABLE registry.address_certificate (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  number TEXT NOT NULL,
  address_id UUID NOT NULL,
  old_text TEXT NOT NULL,
  new_text TEXT NOT NULL,
  changed_on DATE NOT NULL,
  issued_by UUID NOT NULL,
  issued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT address_certificate_pkey PRIMARY KEY (id),
  CONSTRAINT address_certificate_texts_check CHECK (number <> '' AND old_text <> new_text),
  CONSTRAINT address_certificate_code_key UNIQUE (code),
  CONSTRAINT address_certificate_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id),
  CONSTRAINT address_certificate_issued_by_fkey FOREIGN KEY(issued_by) REFERENCES registry.account (id)
);

CREATE INDEX address_certificate_address_id_idx ON registry.address_certificate (address_id);

CREATE UNIQUE INDEX address_certificate_number_key ON registry.address_certificate (district_id, number);

CREATE TABLE registry.address_change (
  id UUID DEFAULT registry.new_id() NOT NULL,
  kind TEXT NOT NULL,
  old_id UUID NOT NULL,
  new_id UUID NOT NULL,
  place_name_id UUID,
  old_text TEXT NOT NULL,
  new_text TEXT NOT NULL,
  changed_on DATE DEFAULT CURRENT_DATE NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT address_change_pkey PRIMARY KEY (id),
  CONSTRAINT address_change_kind_check CHECK (kind IN ('renumber', 'rename', 'take_back')),
  CONSTRAINT address_change_texts_check CHECK (old_text <> new_text),
  CONSTRAINT address_change_old_id_fkey FOREIGN KEY(old_id) REFERENCES registry.address (id),
  CONSTRAINT address_change_new_id_fkey FOREIGN KEY(new_id) REFERENCES registry.address (id),
  CONSTRAINT address_change_place_name_id_fkey FOREIGN KEY(place_name_id) REFERENCES registry.place_name (id)
);

CREATE INDEX address_change_act_id_idx ON registry.address_change (act_id, id);

CREATE INDEX address_change_district_id_idx ON registry.address_change (district_id, id);

CREATE INDEX address_change_new_id_idx ON registry.address_change (new_id);

CREATE INDEX address_change_new_text_idx ON registry.address_change (new_text text_pattern_ops);

CREATE INDEX address_change_old_id_idx ON registry.address_change (old_id);

CREATE INDEX address_change_old_text_idx ON registry.address_change (old_text text_pattern_ops);

CREATE INDEX address_change_place_name_id_idx ON registry.address_change (place_name_id, id);

CREATE TABLE registry.address_position (
  id UUID DEFAULT registry.new_id() NOT NULL,
  address_id UUID NOT NULL,
  kind TEXT NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  act_id UUID,
  position geometry(POINT,4490) NOT NULL,
  CONSTRAINT address_position_pkey PRIMARY KEY (id),
  CONSTRAINT address_position_kind_check CHECK (kind IN ('entrance', 'gate', 'building', 'stairway', 'vehicle_gate')),
  CONSTRAINT address_position_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT address_position_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id)
);

CREATE INDEX address_position_address_id_idx ON registry.address_position (address_id) WHERE ended_at IS NULL;

CREATE TABLE registry.address_warning (
  address_id UUID NOT NULL,
  kind TEXT NOT NULL,
  scope_id UUID NOT NULL,
  effect INTEGER NOT NULL,
  found_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  accepted_at TIMESTAMP WITH TIME ZONE,
  accepted_by UUID,
  reason TEXT,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT address_warning_pkey PRIMARY KEY (address_id, kind),
  CONSTRAINT address_warning_kind_check CHECK (kind IN ('duplicate', 'other_side', 'far_from_street', 'outside_area', 'out_of_order', 'gap', 'no_position', 'old_sign')),
  CONSTRAINT address_warning_effect_check CHECK (effect > 0),
  CONSTRAINT address_warning_accepted_check CHECK (num_nulls(accepted_at, accepted_by, reason) IN (0, 3)),
  CONSTRAINT address_warning_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id)
);

CREATE INDEX address_warning_district_id_idx ON registry.address_warning (district_id, effect);

CREATE INDEX address_warning_scope_id_idx ON registry.address_warning (scope_id);

CREATE TABLE registry.naming_step (
  id UUID DEFAULT registry.new_id() NOT NULL,
  case_id UUID NOT NULL,
  step TEXT NOT NULL,
  level TEXT,
  account_id UUID NOT NULL,
  taken_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  note TEXT,
  act_id UUID,
  CONSTRAINT naming_step_pkey PRIMARY KEY (id),
  CONSTRAINT naming_step_step_check CHECK (step IN ('reserve', 'submit', 'approve', 'return', 'reject', 'publish', 'enforce', 'withdraw')),
  CONSTRAINT naming_step_note_check CHECK (length(note) <= 500),
  CONSTRAINT naming_step_case_id_fkey FOREIGN KEY(case_id) REFERENCES registry.naming_case (id),
  CONSTRAINT naming_step_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE INDEX naming_step_case_id_idx ON registry.naming_step (case_id, id);

CREATE TABLE registry.plate_report (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  plate_id UUID,
  address_id UUID,
  wanted_text TEXT,
  note TEXT,
  photo_sha256 BYTEA,
  state TEXT DEFAULT 'pending' NOT NULL,
  reported_by UUID,
  reported_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  reason TEXT,
  position geometry(POINT,4490),
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT plate_report_pkey PRIMARY KEY (id),
  CONSTRAINT plate_report_kind_check CHECK (kind IN ('no_plate', 'missing', 'damaged', 'wrong_text', 'wrong_place')),
  CONSTRAINT plate_report_state_check CHECK (state IN ('pending', 'accepted', 'rejected', 'duplicate')),
  CONSTRAINT plate_report_source_check CHECK (source IN ('public', 'staff')),
  CONSTRAINT plate_report_reported_by_check CHECK ((source = 'staff') = (reported_by IS NOT NULL)),
  CONSTRAINT plate_report_public_check CHECK (source = 'staff' OR note IS NULL AND photo_sha256 IS NULL),
  CONSTRAINT plate_report_place_check CHECK (num_nonnulls(plate_id, address_id, position) > 0),
  CONSTRAINT plate_report_texts_check CHECK (length(wanted_text) <= 20 AND length(note) <= 200),
  CONSTRAINT plate_report_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT plate_report_decided_check CHECK ((state = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
  CONSTRAINT plate_report_code_key UNIQUE (code),
  CONSTRAINT plate_report_plate_id_fkey FOREIGN KEY(plate_id) REFERENCES registry.plate (id),
  CONSTRAINT plate_report_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id),
  CONSTRAINT plate_report_photo_sha256_fkey FOREIGN KEY(photo_sha256) REFERENCES registry.photo (sha256),
  CONSTRAINT plate_report_reported_by_fkey FOREIGN KEY(reported_by) REFERENCES registry.account (id),
  CONSTRAINT plate_report_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES registry.account (id)
);

CREATE INDEX plate_report_district_id_idx ON registry.plate_report (district_id, state, id);

CREATE INDEX plate_report_plate_id_idx ON registry.plate_report (plate_id);

ALTER TABLE registry.plate ADD COLUMN task_id UUID,
  ADD COLUMN made_text TEXT,
  ADD CONSTRAINT plate_made_text_check CHECK (made_text IS NULL OR state NOT IN ('draft', 'numbered', 'approved')),
  ADD CONSTRAINT plate_task_id_fkey FOREIGN KEY(task_id) REFERENCES registry.plate_task (id);

-- A list is masked where it lies: whose birth is not known shows no name.
ALTER TABLE registry.separation_item ADD COLUMN birth_year SMALLINT,
  ADD COLUMN birth_month SMALLINT;

CREATE INDEX plate_task_id_idx ON registry.plate (task_id) WHERE task_id IS NOT NULL;

CREATE INDEX address_removed_idx ON registry.address (changed_at, id) WHERE state = 'removed';

CREATE INDEX plate_address_id_idx ON registry.plate (address_id);

CREATE INDEX plate_cancelled_idx ON registry.plate (changed_at, id) WHERE state = 'cancelled';
