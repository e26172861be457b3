-- Records that may be of one person: two that wait to be merged, two that were, and a decision about one.
INSERT INTO registry.residence (person_id, unit_id, category, valid)
VALUES ('{twin}', '{vacant}', 'incomer', daterange(CURRENT_DATE - 90, CURRENT_DATE - 30)), 
  ('{other_twin}', '{vacant}', 'incomer', daterange(CURRENT_DATE - 500, CURRENT_DATE - 450)),
  ('{gone}', '{vacant}', 'lodger', daterange(CURRENT_DATE - 400, CURRENT_DATE - 300));
INSERT INTO registry.person_lineage (id, kind, state, from_id, to_id, reason, proposed_by, decided_by, decided_at, district_id) VALUES
  ('{lineage}', 'merge', 'proposed', '{twin}', '{person}', '同一人两份证件', '{worker}', NULL, NULL, '{d}'),
  ('{merged}', 'merge', 'done', '{gone}', '{person}', '同一人两份证件', '{worker}', '{keeper}', now(), '{d}');
UPDATE registry.person SET merged_into = '{person}' WHERE id = '{gone}';
INSERT INTO registry.separation_decision (id, person_id, status, reason, decided_by, valid, district_id)
VALUES ('{decision}', '{person}', 'consistent', '户籍正在迁入', '{worker}', daterange(CURRENT_DATE - 9, NULL), '{d}');
