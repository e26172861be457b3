-- Tables, constraints and indexes as of this revision.
CREATE TABLE registry.account (
  id UUID DEFAULT registry.new_id() NOT NULL,
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT,
  is_active BOOLEAN DEFAULT true NOT NULL,
  hourly_limit INTEGER DEFAULT 60 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT account_pkey PRIMARY KEY (id),
  CONSTRAINT account_role_check CHECK (role IN ('clerk', 'officer', 'coordinator', 'leader', 'steward', 'system_admin', 'security_admin', 'audit_admin')),
  CONSTRAINT account_login_check CHECK (login = lower(login) AND login ~ '^[a-z0-9._-]{2,40}$'),
  CONSTRAINT account_login_key UNIQUE (login)
);

CREATE TABLE registry.act (
  id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  account_id UUID,
  role TEXT,
  verb TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id UUID,
  division_id UUID,
  purpose TEXT,
  document_number TEXT,
  reason TEXT,
  cause_act_id UUID,
  idempotency_key TEXT,
  CONSTRAINT act_pkey PRIMARY KEY (id, at)
)
 PARTITION BY RANGE (at);

CREATE INDEX act_object_id_idx ON registry.act (object_id, at);

CREATE TABLE registry.address_alias (
  id UUID DEFAULT registry.new_id() NOT NULL,
  object_kind TEXT NOT NULL,
  object_id UUID NOT NULL,
  district_id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  normal_name TEXT NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  CONSTRAINT address_alias_pkey PRIMARY KEY (id),
  CONSTRAINT address_alias_kind_check CHECK (kind IN ('historical_name', 'common_name', 'postal', 'developer_name'))
);

CREATE INDEX address_alias_name_idx ON registry.address_alias (normal_name text_pattern_ops);

CREATE INDEX address_alias_object_id_idx ON registry.address_alias (object_id);

CREATE TABLE registry.audit (
  id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id UUID,
  session_id UUID,
  role TEXT,
  address INET,
  action TEXT NOT NULL,
  purpose TEXT,
  case_number TEXT,
  object_kind TEXT NOT NULL,
  object_id UUID,
  subject_key BYTEA,
  fields TEXT[] NOT NULL,
  valid_at DATE,
  known_at TIMESTAMP WITH TIME ZONE,
  decision TEXT NOT NULL,
  request_id UUID,
  written_xid xid8 NOT NULL,
  written_lsn pg_lsn NOT NULL,
  CONSTRAINT audit_pkey PRIMARY KEY (id, at)
)
 PARTITION BY RANGE (at);

CREATE INDEX audit_account_id_idx ON registry.audit (account_id, at);

CREATE INDEX audit_object_id_idx ON registry.audit (object_id, at);

CREATE TABLE registry.backdrop (
  shape geometry(MULTIPOLYGON,4490) NOT NULL,
  id UUID DEFAULT registry.new_id() NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  source_key TEXT NOT NULL,
  CONSTRAINT backdrop_pkey PRIMARY KEY (id),
  CONSTRAINT backdrop_kind_check CHECK (kind IN ('water', 'green', 'residential', 'commercial')),
  CONSTRAINT backdrop_shape_check CHECK (registry.is_sound(shape)),
  CONSTRAINT backdrop_source_key_key UNIQUE (source_key)
);

CREATE INDEX backdrop_shape_idx ON registry.backdrop USING gist (shape);

CREATE TABLE registry.building (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  name TEXT,
  label TEXT,
  method TEXT NOT NULL,
  floors SMALLINT,
  floors_below SMALLINT,
  built_year SMALLINT,
  use TEXT,
  unauthorised BOOLEAN DEFAULT false NOT NULL,
  state TEXT DEFAULT 'realized' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  outline geometry(MULTIPOLYGON,4490),
  position geometry(POINT,4490),
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT building_pkey PRIMARY KEY (id),
  CONSTRAINT building_state_check CHECK (state IN ('planned', 'under_construction', 'realized', 'under_conversion', 'out_of_use', 'demolished', 'not_realized', 'removed')),
  CONSTRAINT building_method_check CHECK (method IN ('measured', 'outlined', 'derived')),
  CONSTRAINT building_placed_check CHECK (outline IS NOT NULL OR position IS NOT NULL),
  CONSTRAINT building_outline_check CHECK (registry.is_sound(outline) AND registry.is_sound(position)),
  CONSTRAINT building_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT building_code_key UNIQUE (code)
);

CREATE INDEX building_district_id_idx ON registry.building (district_id, id);

CREATE INDEX building_outline_idx ON registry.building USING gist (outline);

CREATE INDEX building_position_idx ON registry.building USING gist (position);

CREATE TABLE registry.division (
  id UUID DEFAULT registry.new_id() NOT NULL,
  scheme TEXT NOT NULL,
  code TEXT NOT NULL,
  level TEXT NOT NULL,
  kind TEXT,
  name TEXT NOT NULL,
  full_name TEXT NOT NULL,
  parent_id UUID,
  city_id UUID,
  district_id UUID,
  township_id UUID,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  boundary geometry(MULTIPOLYGON,4490),
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT division_pkey PRIMARY KEY (id),
  CONSTRAINT division_scheme_key UNIQUE (scheme, code),
  CONSTRAINT division_level_check CHECK (level IN ('province', 'city', 'district', 'township', 'community')),
  CONSTRAINT division_named_check CHECK (code <> '' AND name <> ''),
  CONSTRAINT division_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT division_boundary_check CHECK (registry.is_sound(boundary)),
  CONSTRAINT division_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES registry.division (id)
);

CREATE INDEX division_boundary_idx ON registry.division USING gist (boundary);

CREATE INDEX division_district_id_idx ON registry.division (district_id, level);

CREATE INDEX division_full_name_idx ON registry.division (full_name text_pattern_ops);

CREATE INDEX division_parent_id_idx ON registry.division (parent_id);

CREATE TABLE registry.external_code (
  id UUID DEFAULT registry.new_id() NOT NULL,
  object_kind TEXT NOT NULL,
  object_id UUID NOT NULL,
  scheme TEXT NOT NULL,
  value TEXT NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  CONSTRAINT external_code_pkey PRIMARY KEY (id),
  CONSTRAINT external_code_scheme_key UNIQUE (scheme, value)
);

CREATE INDEX external_code_object_id_idx ON registry.external_code (object_id);

CREATE TABLE registry.grid_block (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT DEFAULT 'current' NOT NULL,
  boundary geometry(MULTIPOLYGON,4490) NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT grid_block_pkey PRIMARY KEY (id),
  CONSTRAINT grid_block_state_check CHECK (state IN ('current', 'retired', 'removed')),
  CONSTRAINT grid_block_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT grid_block_boundary_check CHECK (registry.is_sound(boundary)),
  CONSTRAINT grid_block_code_key UNIQUE (code)
);

CREATE INDEX grid_block_boundary_idx ON registry.grid_block USING gist (boundary);

CREATE INDEX grid_block_district_id_idx ON registry.grid_block (district_id, id);

CREATE TABLE registry.idempotency_key (
  account_id UUID NOT NULL,
  key TEXT NOT NULL,
  request_sha256 BYTEA NOT NULL,
  status SMALLINT NOT NULL,
  response BYTEA NOT NULL,
  etag TEXT,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT idempotency_key_pkey PRIMARY KEY (account_id, key)
);

CREATE TABLE registry.import_file (
  id UUID DEFAULT registry.new_id() NOT NULL,
  kind TEXT NOT NULL,
  mapping TEXT NOT NULL,
  file_name TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  rows INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  reasons JSONB NOT NULL,
  act_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT import_file_pkey PRIMARY KEY (id),
  CONSTRAINT import_file_accounted_check CHECK (stored + unchanged + quarantined + refused = rows),
  CONSTRAINT import_file_changed_check CHECK (changed <= stored)
);

CREATE INDEX import_file_sha256_idx ON registry.import_file (sha256);

CREATE TABLE registry.person (
  id UUID DEFAULT registry.new_id() NOT NULL,
  name TEXT NOT NULL,
  sex CHAR(1) NOT NULL,
  birth_year SMALLINT,
  birth_month SMALLINT,
  id_type CHAR(3) NOT NULL,
  id_number BYTEA NOT NULL,
  id_index BYTEA NOT NULL,
  id_tail TEXT NOT NULL,
  phone BYTEA,
  district_id UUID,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  CONSTRAINT person_pkey PRIMARY KEY (id),
  CONSTRAINT person_id_type_check CHECK (id_type IN ('111', '113', '414', '511', '516', '553', '990')),
  CONSTRAINT person_sex_check CHECK (sex IN ('0', '1', '2', '9')),
  CONSTRAINT person_birth_month_check CHECK (birth_month BETWEEN 1 AND 12),
  CONSTRAINT person_birth_year_check CHECK (birth_year BETWEEN 1880 AND 2200),
  CONSTRAINT person_least_check CHECK (length(id_tail) <= 2 AND name <> '')
);

CREATE UNIQUE INDEX person_id_index_key ON registry.person (id_index, id_type);

CREATE TABLE registry.place_history (
  object_id UUID NOT NULL,
  version INTEGER NOT NULL,
  object_kind TEXT NOT NULL,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  act_id UUID,
  row JSONB NOT NULL,
  CONSTRAINT place_history_pkey PRIMARY KEY (object_id, version)
);

CREATE TABLE registry.place_name (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  normal_name TEXT NOT NULL,
  full_name TEXT NOT NULL,
  pinyin TEXT DEFAULT '' NOT NULL,
  initials TEXT DEFAULT '' NOT NULL,
  parent_id UUID,
  scope_id UUID NOT NULL,
  state TEXT DEFAULT 'current' NOT NULL,
  axis geometry(MULTILINESTRING,4490),
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT place_name_pkey PRIMARY KEY (id),
  CONSTRAINT place_name_kind_check CHECK (kind IN ('street', 'section', 'lane', 'sub_lane', 'alley', 'sub_alley', 'estate', 'hamlet', 'group')),
  CONSTRAINT place_name_state_check CHECK (state IN ('reserved', 'proposed', 'current', 'retired', 'rejected', 'removed')),
  CONSTRAINT place_name_named_check CHECK (name <> '' AND normal_name <> ''),
  CONSTRAINT place_name_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT place_name_scope_check CHECK (scope_id = coalesce(parent_id, scope_id)),
  CONSTRAINT place_name_axis_check CHECK (registry.is_sound(axis)),
  CONSTRAINT place_name_code_key UNIQUE (code),
  CONSTRAINT place_name_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES registry.place_name (id)
);

CREATE INDEX place_name_axis_idx ON registry.place_name USING gist (axis);

CREATE INDEX place_name_district_id_idx ON registry.place_name (district_id, kind, id);

CREATE INDEX place_name_initials_idx ON registry.place_name (initials text_pattern_ops);

CREATE UNIQUE INDEX place_name_live_key ON registry.place_name (scope_id, kind, normal_name) WHERE state NOT IN ('removed', 'rejected');

CREATE INDEX place_name_name_idx ON registry.place_name (normal_name text_pattern_ops);

CREATE INDEX place_name_parent_id_idx ON registry.place_name (parent_id);

CREATE INDEX place_name_pinyin_idx ON registry.place_name (pinyin text_pattern_ops);

CREATE TABLE registry.purpose (
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  legal_basis TEXT NOT NULL,
  roles TEXT[] NOT NULL,
  case_pattern TEXT DEFAULT '.{4,60}' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  CONSTRAINT purpose_pkey PRIMARY KEY (code)
);

CREATE TABLE registry.sign_in_failure (
  id UUID DEFAULT registry.new_id() NOT NULL,
  login TEXT NOT NULL,
  address INET,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT sign_in_failure_pkey PRIMARY KEY (id)
);

CREATE INDEX sign_in_failure_address_idx ON registry.sign_in_failure (address, at);

CREATE INDEX sign_in_failure_login_idx ON registry.sign_in_failure (login, at);

CREATE TABLE registry.succession (
  old_id UUID NOT NULL,
  new_id UUID NOT NULL,
  object_kind TEXT NOT NULL,
  kind TEXT NOT NULL,
  act_id UUID,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT succession_pkey PRIMARY KEY (old_id, new_id),
  CONSTRAINT succession_kind_check CHECK (kind IN ('merge', 'split', 'renumber', 'rename', 'replace')),
  CONSTRAINT succession_distinct_check CHECK (old_id <> new_id)
);

CREATE TABLE registry.address (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  place_name_id UUID,
  scope_id UUID NOT NULL,
  number INTEGER NOT NULL,
  number_key TEXT NOT NULL,
  number_text TEXT NOT NULL,
  standard_text TEXT NOT NULL,
  neighborhood TEXT,
  officially_assigned BOOLEAN DEFAULT true NOT NULL,
  accuracy CHAR(1) DEFAULT 'U' NOT NULL,
  position_source TEXT,
  state TEXT DEFAULT 'current' NOT NULL,
  position geometry(POINT,4490),
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT address_pkey PRIMARY KEY (id),
  CONSTRAINT address_state_check CHECK (state IN ('reserved', 'proposed', 'current', 'retired', 'rejected', 'removed')),
  CONSTRAINT address_number_check CHECK (number > 0 AND number_key <> '' AND standard_text <> ''),
  CONSTRAINT address_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT address_scope_check CHECK (scope_id = coalesce(place_name_id, community_id)),
  CONSTRAINT address_accuracy_check CHECK (accuracy IN ('A', 'B', 'U')),
  CONSTRAINT address_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT address_code_key UNIQUE (code),
  CONSTRAINT address_place_name_id_fkey FOREIGN KEY(place_name_id) REFERENCES registry.place_name (id)
);

CREATE INDEX address_district_id_idx ON registry.address (district_id, id);

CREATE UNIQUE INDEX address_number_key ON registry.address (scope_id, number_key) WHERE state NOT IN ('removed', 'rejected');

CREATE INDEX address_position_idx ON registry.address USING gist (position);

CREATE INDEX address_scope_id_idx ON registry.address (scope_id, number, id);

CREATE TABLE registry.area_grant (
  id UUID DEFAULT registry.new_id() NOT NULL,
  account_id UUID NOT NULL,
  division_id UUID,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  CONSTRAINT area_grant_pkey PRIMARY KEY (id),
  CONSTRAINT area_grant_valid_excl EXCLUDE USING gist (account_id WITH =, coalesce(division_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =, valid WITH &&),
  CONSTRAINT area_grant_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id),
  CONSTRAINT area_grant_division_id_fkey FOREIGN KEY(division_id) REFERENCES registry.division (id)
);

CREATE TABLE registry.entrance (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  building_id UUID NOT NULL,
  label TEXT NOT NULL,
  label_key TEXT NOT NULL,
  state TEXT DEFAULT 'realized' NOT NULL,
  position geometry(POINT,4490),
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT entrance_pkey PRIMARY KEY (id),
  CONSTRAINT entrance_label_key UNIQUE (building_id, label_key),
  CONSTRAINT entrance_id_building_key UNIQUE (id, building_id),
  CONSTRAINT entrance_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT entrance_code_key UNIQUE (code),
  CONSTRAINT entrance_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id)
);

CREATE TABLE registry.quarantine (
  id UUID DEFAULT registry.new_id() NOT NULL,
  import_id UUID NOT NULL,
  kind TEXT NOT NULL,
  row_number INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  row JSONB NOT NULL,
  row_sha256 BYTEA NOT NULL,
  state TEXT DEFAULT 'pending' NOT NULL,
  CONSTRAINT quarantine_pkey PRIMARY KEY (id),
  CONSTRAINT quarantine_row_key UNIQUE (kind, row_sha256),
  CONSTRAINT quarantine_state_check CHECK (state IN ('pending', 'released', 'rejected')),
  CONSTRAINT quarantine_import_id_fkey FOREIGN KEY(import_id) REFERENCES registry.import_file (id)
);

CREATE INDEX quarantine_import_id_idx ON registry.quarantine (import_id, reason);

CREATE TABLE registry.session (
  id UUID DEFAULT registry.new_id() NOT NULL,
  token_hash BYTEA NOT NULL,
  account_id UUID NOT NULL,
  address INET,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_token_hash_key UNIQUE (token_hash),
  CONSTRAINT session_account_id_fkey FOREIGN KEY(account_id) REFERENCES registry.account (id)
);

CREATE TABLE registry.building_address (
  id UUID DEFAULT registry.new_id() NOT NULL,
  building_id UUID NOT NULL,
  address_id UUID NOT NULL,
  building_no TEXT DEFAULT '' NOT NULL,
  is_main BOOLEAN DEFAULT true NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  act_id UUID,
  CONSTRAINT building_address_pkey PRIMARY KEY (id),
  CONSTRAINT building_address_main_excl EXCLUDE USING gist (building_id WITH =, valid WITH &&) WHERE (is_main),
  CONSTRAINT building_address_number_excl EXCLUDE USING gist (address_id WITH =, building_no WITH =, valid WITH &&) WHERE (is_main),
  CONSTRAINT building_address_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id),
  CONSTRAINT building_address_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id)
);

CREATE INDEX building_address_building_id_idx ON registry.building_address (building_id);

CREATE INDEX building_address_address_id_idx ON registry.building_address (address_id);

CREATE TABLE registry.housing_unit (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  building_id UUID NOT NULL,
  entrance_id UUID,
  floor SMALLINT,
  room TEXT,
  unit_text TEXT NOT NULL,
  unit_key TEXT NOT NULL,
  use TEXT,
  area_m2 NUMERIC(8, 2),
  state TEXT DEFAULT 'realized' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  position geometry(POINT,4490),
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT housing_unit_pkey PRIMARY KEY (id),
  CONSTRAINT housing_unit_state_check CHECK (state IN ('planned', 'realized', 'in_conversion', 'out_of_use', 'retired', 'not_realized', 'removed')),
  CONSTRAINT housing_unit_use_check CHECK (use IN ('self_occupied', 'let_whole', 'let_rooms', 'collective_dormitory', 'vacant', 'non_residential', 'under_demolition')),
  CONSTRAINT housing_unit_area_m2_check CHECK (area_m2 > 0 AND area_m2 < 100000),
  CONSTRAINT housing_unit_floor_check CHECK (floor BETWEEN -20 AND 200),
  CONSTRAINT housing_unit_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT housing_unit_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT housing_unit_entrance_fkey FOREIGN KEY(entrance_id, building_id) REFERENCES registry.entrance (id, building_id),
  CONSTRAINT housing_unit_code_key UNIQUE (code),
  CONSTRAINT housing_unit_building_id_fkey FOREIGN KEY(building_id) REFERENCES registry.building (id)
);

CREATE INDEX housing_unit_district_id_idx ON registry.housing_unit (district_id, id);

CREATE UNIQUE INDEX housing_unit_unit_key ON registry.housing_unit (building_id, unit_key) WHERE state NOT IN ('removed', 'rejected');

CREATE TABLE registry.plate (
  id UUID DEFAULT registry.new_id() NOT NULL,
  code CHAR(13) DEFAULT registry.new_code() NOT NULL,
  address_id UUID NOT NULL,
  kind TEXT DEFAULT 'gate_small' NOT NULL,
  text TEXT NOT NULL,
  state TEXT DEFAULT 'numbered' NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  position geometry(POINT,4490),
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  act_id UUID,
  CONSTRAINT plate_pkey PRIMARY KEY (id),
  CONSTRAINT plate_kind_check CHECK (kind IN ('gate_large', 'gate_medium', 'gate_small', 'building', 'unit', 'room', 'row', 'side_gate', 'temporary', 'street_sign')),
  CONSTRAINT plate_state_check CHECK (state IN ('draft', 'numbered', 'approved', 'ordered', 'produced', 'delivered', 'installed', 'verified', 'damaged', 'missing', 'replaced', 'superseded', 'removed', 'cancelled')),
  CONSTRAINT plate_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT plate_position_check CHECK (registry.is_sound(position)),
  CONSTRAINT plate_code_key UNIQUE (code),
  CONSTRAINT plate_address_id_fkey FOREIGN KEY(address_id) REFERENCES registry.address (id)
);

CREATE UNIQUE INDEX plate_current_key ON registry.plate (address_id, kind) WHERE NOT (state IN ('replaced', 'superseded', 'removed', 'cancelled'));

CREATE INDEX plate_district_id_idx ON registry.plate (district_id, id);

CREATE INDEX plate_position_idx ON registry.plate USING gist (position);

CREATE TABLE registry.hukou (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  unit_id UUID,
  building_id UUID,
  division_code TEXT,
  district_id UUID,
  township_id UUID,
  community_id UUID,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  act_id UUID,
  CONSTRAINT hukou_pkey PRIMARY KEY (id),
  CONSTRAINT hukou_place_check CHECK ((unit_id IS NULL) <> (division_code IS NULL)),
  CONSTRAINT hukou_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT hukou_person_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (upper_inf(sys)),
  CONSTRAINT hukou_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT hukou_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX hukou_building_id_idx ON registry.hukou (building_id);

CREATE INDEX hukou_unit_id_idx ON registry.hukou (unit_id);

CREATE INDEX hukou_person_id_idx ON registry.hukou (person_id);

CREATE TABLE registry.residence (
  id UUID DEFAULT registry.new_id() NOT NULL,
  person_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  building_id UUID NOT NULL,
  category TEXT NOT NULL,
  relation_to_head CHAR(1),
  is_main BOOLEAN DEFAULT true NOT NULL,
  valid DATERANGE DEFAULT daterange(CURRENT_DATE, NULL) NOT NULL,
  sys TSTZRANGE DEFAULT tstzrange(now(), NULL) NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT residence_pkey PRIMARY KEY (id),
  CONSTRAINT residence_category_check CHECK (category IN ('local_hukou', 'incomer', 'lodger', 'unsettled', 'overseas')),
  CONSTRAINT residence_valid_check CHECK (NOT isempty(valid)),
  CONSTRAINT residence_unit_excl EXCLUDE USING gist (person_id WITH =, unit_id WITH =, valid WITH &&) WHERE (upper_inf(sys)),
  CONSTRAINT residence_main_excl EXCLUDE USING gist (person_id WITH =, valid WITH &&) WHERE (is_main AND upper_inf(sys)),
  CONSTRAINT residence_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id),
  CONSTRAINT residence_unit_id_fkey FOREIGN KEY(unit_id) REFERENCES registry.housing_unit (id)
);

CREATE INDEX residence_building_id_idx ON registry.residence (building_id, unit_id);

CREATE INDEX residence_unit_id_idx ON registry.residence (unit_id);

CREATE INDEX residence_person_id_idx ON registry.residence (person_id);

CREATE TABLE registry.registration (
  id UUID DEFAULT registry.new_id() NOT NULL,
  residence_id UUID NOT NULL,
  person_id UUID NOT NULL,
  status TEXT NOT NULL,
  registered_on DATE NOT NULL,
  expires_on DATE,
  version INTEGER DEFAULT 1 NOT NULL,
  act_id UUID,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  CONSTRAINT registration_pkey PRIMARY KEY (id),
  CONSTRAINT registration_status_check CHECK (status IN ('draft', 'submitted', 'officer_review', 'station_review', 'returned', 'active', 'changed', 'cancelled', 'expired')),
  CONSTRAINT registration_term_check CHECK (expires_on > registered_on),
  CONSTRAINT registration_residence_id_fkey FOREIGN KEY(residence_id) REFERENCES registry.residence (id),
  CONSTRAINT registration_person_id_fkey FOREIGN KEY(person_id) REFERENCES registry.person (id)
);

CREATE UNIQUE INDEX registration_live_key ON registry.registration (residence_id) WHERE status NOT IN ('cancelled', 'expired', 'changed');

CREATE INDEX registration_residence_id_idx ON registry.registration (residence_id, registered_on);

CREATE INDEX registration_person_id_idx ON registry.registration (person_id);
