-- The audit is sixteen chains of rows, each sealed with the hash of the one before it.

-- What is sealed: every column of the row but the seal, as one line of JSON without doubt about where a value ends.
CREATE OR REPLACE FUNCTION registry.audit_line(a registry.audit) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(1, a.shard, a.seq, a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.account_id, a.session_id,
    a.role, host(a.address), a.action, a.purpose, a.case_number, a.object_kind, a.object_id, encode(a.subject_key, 'hex'), a.fields,
    to_char(a.valid_at, 'YYYY-MM-DD'), to_char(a.known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.decision, a.request_id, a.area_id,
    a.row_count, a.emergency_id, a.note)::text
$$;

-- The head of a chain stays locked from here to the end of the transaction, so the rows of a chain are in the order of
-- their commits, and none is missing. Whoever writes the audit writes it last.
CREATE OR REPLACE FUNCTION registry.seal_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
DECLARE
  head audit_head%ROWTYPE;
BEGIN
  SELECT * INTO STRICT head FROM audit_head h
  WHERE h.shard = get_byte(uuid_send(coalesce(NEW.account_id, NEW.id)), 15) % 16 FOR NO KEY UPDATE;
  NEW.shard := head.shard;
  NEW.seq := head.seq + 1;
  NEW.prev := head.hash;
  NEW.hash := sha256(head.hash || convert_to(audit_line(NEW), 'UTF8'));
  UPDATE audit_head h SET seq = NEW.seq, hash = NEW.hash WHERE h.shard = head.shard;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER seal BEFORE INSERT ON registry.audit FOR EACH ROW EXECUTE FUNCTION registry.seal_audit();

-- One row about an act of an account upon an account, a purpose, a disclosure ...; called last by the functions that
-- act, never by the server. `note` is made of codes by those functions: no free text, no value of a person.
CREATE OR REPLACE FUNCTION registry.note_act(
  session_id uuid, account_id uuid, role text, action text, kind text, object_id uuid, decision text, note text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  INSERT INTO audit (id, at, account_id, session_id, role, address, action, object_kind, object_id, fields, decision, note, written_xid, written_lsn)
  SELECT new_id(), clock_timestamp(), note_act.account_id, note_act.session_id, note_act.role,
    (SELECT s.address FROM session s WHERE s.id = note_act.session_id), action, kind, note_act.object_id, '{}', decision, left(note, 300),
    pg_current_xact_id(), pg_current_wal_insert_lsn()
$$;
