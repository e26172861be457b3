-- Accounts: roles of the field, machines, one-time passwords, second factor, limits.
ALTER TABLE registry.account DROP CONSTRAINT account_role_check;
ALTER TABLE registry.account
  ADD COLUMN is_machine BOOLEAN DEFAULT false NOT NULL,
  ADD COLUMN password_expires_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN second_factor_required BOOLEAN DEFAULT false NOT NULL,
  ADD COLUMN totp_secret BYTEA,
  ADD COLUMN totp_step BIGINT,
  ADD COLUMN oidc_subject TEXT,
  ADD COLUMN daily_limit INTEGER DEFAULT 300 NOT NULL,
  ADD COLUMN building_limit INTEGER DEFAULT 20 NOT NULL,
  ADD COLUMN created_by UUID,
  ADD COLUMN version INTEGER DEFAULT 1 NOT NULL,
  ADD CONSTRAINT account_oidc_subject_key UNIQUE (oidc_subject),
  ADD CONSTRAINT account_role_check CHECK (role IN ('clerk', 'officer', 'coordinator', 'supervisor', 'leader', 'steward',
    'entry_clerk', 'station_head', 'quality_supervisor', 'population_office', 'installer', 'permit_desk', 'inspector', 'volunteer',
    'system_admin', 'security_admin', 'audit_admin')),
  ADD CONSTRAINT account_machine_check CHECK (NOT is_machine OR (password_hash IS NULL AND oidc_subject IS NULL
    AND role NOT IN ('system_admin', 'security_admin', 'audit_admin'))),
  ADD CONSTRAINT account_limits_check CHECK (hourly_limit >= 0 AND daily_limit >= 0 AND building_limit >= 0);

ALTER TABLE registry.area_grant ADD COLUMN granted_by UUID;

CREATE TABLE registry.recovery_code (
  account_id UUID NOT NULL,
  code_hash BYTEA NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, code_hash),
  CONSTRAINT recovery_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id)
);

ALTER TABLE registry.session
  ADD COLUMN kind TEXT DEFAULT 'person' NOT NULL,
  ADD COLUMN title TEXT,
  ADD COLUMN purposes TEXT[],
  ADD COLUMN strong_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN issued_by UUID,
  ADD CONSTRAINT session_kind_check CHECK (kind IN ('person', 'machine')),
  ADD CONSTRAINT session_machine_check CHECK (kind = 'person'
    OR (title IS NOT NULL AND purposes IS NOT NULL AND issued_by IS NOT NULL AND expires_at <= created_at + interval '90 days'));
CREATE INDEX session_account_id_idx ON registry.session (account_id, created_at);

-- What an account has looked at in this hour and on this day; the row is the lock of its looks.
CREATE TABLE registry.look_count (
  account_id UUID NOT NULL,
  hour TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  in_hour INTEGER DEFAULT 0 NOT NULL,
  day DATE DEFAULT CURRENT_DATE NOT NULL,
  in_day INTEGER DEFAULT 0 NOT NULL,
  buildings UUID[] DEFAULT '{}' NOT NULL,
  CONSTRAINT look_count_pkey PRIMARY KEY (account_id),
  CONSTRAINT look_count_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id)
) WITH (fillfactor = 50);
INSERT INTO registry.look_count (account_id) SELECT id FROM registry.account;

ALTER TABLE registry.purpose
  ADD COLUMN fields TEXT[] DEFAULT '{name,birth,id_number,phone}' NOT NULL,
  ADD COLUMN report_delay_days INTEGER DEFAULT 0 NOT NULL,
  ADD COLUMN version INTEGER DEFAULT 1 NOT NULL,
  ADD CONSTRAINT purpose_report_delay_days_check CHECK (report_delay_days BETWEEN 0 AND 365);

-- The new roles state the purposes that are there already.
UPDATE registry.purpose p SET roles = n.roles::text[] FROM (VALUES
  ('01', '{officer,coordinator,entry_clerk,station_head,population_office,permit_desk}'),
  ('02', '{officer,coordinator,quality_supervisor}'),
  ('03', '{officer,station_head,population_office}'),
  ('04', '{officer,station_head,population_office,permit_desk}'),
  ('05', '{officer,station_head,population_office}')) n (code, roles) WHERE p.code = n.code AND p.roles <@ '{officer,coordinator}';

-- What only a server of this installation can prove: a file's secret, told to the database by its owner.
CREATE TABLE registry.door_key (
  id BOOLEAN DEFAULT true NOT NULL,
  key BYTEA NOT NULL,
  CONSTRAINT door_key_pkey PRIMARY KEY (id),
  CONSTRAINT door_key_id_check CHECK (id)
);

-- The audit: how many, where, what was done, and the seal of its chain.
ALTER TABLE registry.audit
  ADD COLUMN area_id UUID,
  ADD COLUMN row_count INTEGER,
  ADD COLUMN emergency_id UUID,
  ADD COLUMN note TEXT,
  ADD COLUMN shard SMALLINT,
  ADD COLUMN seq BIGINT,
  ADD COLUMN prev BYTEA,
  ADD COLUMN hash BYTEA;
CREATE INDEX audit_seq_idx ON registry.audit (shard, seq);
CREATE INDEX audit_subject_key_idx ON registry.audit (subject_key, at) WHERE subject_key IS NOT NULL;

CREATE TABLE registry.audit_head (
  shard SMALLINT NOT NULL,
  seq BIGINT DEFAULT 0 NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (shard),
  CONSTRAINT audit_head_shard_check CHECK (shard BETWEEN 0 AND 15)
) WITH (fillfactor = 10);
INSERT INTO registry.audit_head (shard, hash) SELECT n, sha256(convert_to('geo_registry audit ' || n, 'UTF8')) FROM generate_series(0, 15) n;

-- When an outside anchor was last written, and how long looks go on without one.
CREATE TABLE registry.audit_anchor (
  id BOOLEAN DEFAULT true NOT NULL,
  anchored_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  warn_after INTERVAL DEFAULT '1 hour' NOT NULL,
  stop_after INTERVAL DEFAULT '24 hours' NOT NULL,
  CONSTRAINT audit_anchor_pkey PRIMARY KEY (id),
  CONSTRAINT audit_anchor_id_check CHECK (id),
  CONSTRAINT audit_anchor_stop_after_check CHECK (stop_after > warn_after AND warn_after > '0'::interval)
);
INSERT INTO registry.audit_anchor DEFAULT VALUES;

-- Break-glass: 30 minutes beyond one's own areas, reviewed by somebody else within a day.
CREATE TABLE registry.emergency (
  id UUID DEFAULT registry.new_id() NOT NULL,
  account_id UUID NOT NULL,
  session_id UUID NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE DEFAULT now() + interval '30 minutes' NOT NULL,
  case_number TEXT NOT NULL,
  reason TEXT NOT NULL,
  CONSTRAINT emergency_pkey PRIMARY KEY (id),
  CONSTRAINT emergency_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id),
  CONSTRAINT emergency_expires_at_check CHECK (expires_at > opened_at AND expires_at <= opened_at + interval '30 minutes'),
  CONSTRAINT emergency_reason_check CHECK (length(reason) BETWEEN 6 AND 200)
);
CREATE INDEX emergency_session_id_idx ON registry.emergency (session_id, expires_at);

CREATE TABLE registry.look_review (
  id UUID DEFAULT registry.new_id() NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  kind TEXT NOT NULL,
  account_id UUID NOT NULL,
  audit_id UUID,
  emergency_id UUID,
  looks INTEGER,
  verdict TEXT,
  note TEXT,
  reviewed_by UUID,
  reviewed_at TIMESTAMP WITH TIME ZONE,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT look_review_pkey PRIMARY KEY (id),
  CONSTRAINT look_review_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id),
  CONSTRAINT look_review_emergency_id_fkey FOREIGN KEY (emergency_id) REFERENCES registry.emergency (id),
  CONSTRAINT look_review_reviewed_by_fkey FOREIGN KEY (reviewed_by) REFERENCES registry.account (id),
  CONSTRAINT look_review_kind_check CHECK (kind IN ('sample', 'limit', 'repeat', 'walking', 'night', 'habit', 'emergency')),
  CONSTRAINT look_review_verdict_check CHECK (verdict IN ('justified', 'unclear', 'unjustified')),
  CONSTRAINT look_review_reviewed_check CHECK ((verdict IS NULL) = (reviewed_by IS NULL) AND (verdict IS NULL) = (reviewed_at IS NULL)),
  CONSTRAINT look_review_reviewed_by_check CHECK (reviewed_by <> account_id)
);
CREATE UNIQUE INDEX look_review_audit_id_key ON registry.look_review (audit_id, kind);
CREATE INDEX look_review_open_idx ON registry.look_review (at) WHERE verdict IS NULL;
CREATE INDEX look_review_account_id_idx ON registry.look_review (account_id, kind, at);

-- Export: asked by one, approved by two others, made with a mark that names the recipient.
CREATE TABLE registry.disclosure (
  id UUID DEFAULT registry.new_id() NOT NULL,
  number TEXT NOT NULL,
  state TEXT DEFAULT 'requested' NOT NULL,
  requested_by UUID NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  purpose TEXT NOT NULL,
  case_number TEXT NOT NULL,
  recipient TEXT NOT NULL,
  reason TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id UUID NOT NULL,
  with_numbers BOOLEAN DEFAULT false NOT NULL,
  seed BYTEA NOT NULL,
  decoys TEXT[] DEFAULT '{}' NOT NULL,
  district_id UUID NOT NULL,
  township_id UUID,
  community_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT disclosure_pkey PRIMARY KEY (id),
  CONSTRAINT disclosure_number_key UNIQUE (number),
  CONSTRAINT disclosure_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES registry.account (id),
  CONSTRAINT disclosure_purpose_fkey FOREIGN KEY (purpose) REFERENCES registry.purpose (code),
  CONSTRAINT disclosure_state_check CHECK (state IN ('requested', 'approved', 'refused', 'withdrawn', 'made')),
  CONSTRAINT disclosure_object_kind_check CHECK (object_kind IN ('housing_unit', 'building', 'division')),
  CONSTRAINT disclosure_expires_at_check CHECK (expires_at > requested_at AND expires_at <= requested_at + interval '31 days'),
  CONSTRAINT disclosure_recipient_check CHECK (length(recipient) BETWEEN 2 AND 100),
  CONSTRAINT disclosure_reason_check CHECK (length(reason) BETWEEN 6 AND 500)
);
CREATE INDEX disclosure_requested_at_idx ON registry.disclosure (requested_at);

CREATE TABLE registry.disclosure_approval (
  disclosure_id UUID NOT NULL,
  account_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT,
  CONSTRAINT disclosure_approval_pkey PRIMARY KEY (disclosure_id, account_id),
  CONSTRAINT disclosure_approval_disclosure_id_fkey FOREIGN KEY (disclosure_id) REFERENCES registry.disclosure (id),
  CONSTRAINT disclosure_approval_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id),
  CONSTRAINT disclosure_approval_verdict_check CHECK (verdict IN ('approved', 'refused'))
);

CREATE TABLE registry.disclosure_file (
  audit_id UUID NOT NULL,
  disclosure_id UUID NOT NULL,
  account_id UUID NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  form TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  sha256 BYTEA NOT NULL,
  CONSTRAINT disclosure_file_pkey PRIMARY KEY (audit_id),
  CONSTRAINT disclosure_file_disclosure_id_fkey FOREIGN KEY (disclosure_id) REFERENCES registry.disclosure (id),
  CONSTRAINT disclosure_file_account_id_fkey FOREIGN KEY (account_id) REFERENCES registry.account (id),
  CONSTRAINT disclosure_file_form_check CHECK (form IN ('csv', 'xlsx'))
);
CREATE INDEX disclosure_file_disclosure_id_idx ON registry.disclosure_file (disclosure_id);
CREATE INDEX disclosure_file_sha256_idx ON registry.disclosure_file (sha256);
