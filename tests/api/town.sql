-- A district with two townships; a name in braces stands for the id of that object.
UPDATE registry.jurisdiction SET box = ST_MakeEnvelope(121, 30, 122, 32, 4490);
INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id, boundary)
VALUES
  ('{d}', 'cn', '310112000000', 'district', '东塘区', '东塘区', NULL, '{d}', NULL, NULL),
  ('{t}', 'cn', '310112101000', 'township', '月河镇', '月河镇', '{d}', '{d}', '{t}',
    ST_Multi(ST_MakeEnvelope(121.40, 31.10, 121.42, 31.12, 4490))),
  ('{c}', 'cn', '310112101001', 'community', '石桥社区', '石桥社区', '{t}', '{d}', '{t}',
    ST_Multi(ST_MakeEnvelope(121.40, 31.10, 121.42, 31.12, 4490))),
  ('{far}', 'cn', '310112102000', 'township', '东林镇', '东林镇', '{d}', '{d}', '{far}', NULL);
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, scope_id, district_id, township_id, community_id)
VALUES ('{street}', 'street', '映月路', '映月路', '映月路', '{d}', '{d}', '{t}', '{c}');
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, parent_id, scope_id, district_id, township_id, community_id)
VALUES ('{lane}', 'lane', '218弄', '218弄', '映月路218弄', '{street}', '{street}', '{d}', '{t}', '{c}');
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text,
  district_id, township_id, community_id, position)
VALUES ('{address}', '{street}', '{street}', 8, '8', '8号', '映月路8号', '{d}', '{t}', '{c}',
  ST_SetSRID(ST_MakePoint(121.405, 31.105), 4490));
-- A number not yet approved, one without a building, and a building without units.
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, state,
  district_id, township_id, community_id)
VALUES ('{planned}', '{street}', '{street}', 90, '90', '90号', '映月路90号', 'proposed', '{d}', '{t}', '{c}'),
       ('{bare}', '{street}', '{street}', 92, '92', '92号', '映月路92号', 'current', '{d}', '{t}', '{c}'),
       ('{kept}', '{street}', '{street}', 94, '94', '94号', '映月路94号', 'reserved', '{d}', '{t}', '{c}');
INSERT INTO registry.building (id, method, district_id, township_id, community_id, position)
VALUES ('{empty}', 'derived', '{d}', '{t}', '{c}', ST_SetSRID(ST_MakePoint(121.47, 31.17), 4490));
INSERT INTO registry.building (id, method, floors, district_id, township_id, community_id, outline) VALUES
  ('{building}', 'outlined', 6, '{d}', '{t}', '{c}',
    ST_Multi(ST_MakeEnvelope(121.4050, 31.1050, 121.4053, 31.1052, 4490))),
  ('{hidden}', 'outlined', 6, '{d}', '{far}', NULL,
    ST_Multi(ST_MakeEnvelope(121.5050, 31.1050, 121.5053, 31.1052, 4490)));
INSERT INTO registry.building_address (building_id, address_id) VALUES ('{building}', '{address}');
INSERT INTO registry.housing_unit (id, building_id, floor, room, unit_text, unit_key, use, district_id, township_id, community_id)
VALUES ('{unit}', '{building}', 4, '402', '402室', '402', 'let_whole', '{d}', '{t}', '{c}'),
       ('{vacant}', '{building}', 4, '401', '401室', '401', 'vacant', '{d}', '{t}', '{c}');
INSERT INTO registry.plate (id, address_id, text, district_id, township_id, community_id, position)
VALUES ('{plate}', '{address}', '映月路8号', '{d}', '{t}', '{c}', ST_SetSRID(ST_MakePoint(121.405, 31.105), 4490));
INSERT INTO registry.grid_block (id, code, name, district_id, township_id, community_id, boundary)
VALUES ('{block}', '310112101001001', '石桥-01', '{d}', '{t}', '{c}',
  ST_Multi(ST_MakeEnvelope(121.40, 31.10, 121.41, 31.11, 4490)));
-- Plates on their way from the draft to the wall, with their batches.
INSERT INTO registry.plate_batch (id, number, maker, state, ordered_on, ordered, district_id, township_id, community_id) VALUES
  ('{batch}', '一', '标牌厂', 'ordered', CURRENT_DATE, 1, '{d}', '{t}', '{c}'),
  ('{made_batch}', '二', '标牌厂', 'produced', CURRENT_DATE, 1, '{d}', '{t}', '{c}'),
  ('{done_batch}', '三', '标牌厂', 'delivered', CURRENT_DATE, 1, '{d}', '{t}', '{c}');
INSERT INTO registry.plate (id, address_id, kind, text, state, batch_id, made_text, district_id, township_id, community_id) VALUES
  ('{drafted}', '{bare}', 'gate_large', '92号', 'draft', NULL, NULL, '{d}', '{t}', '{c}'),
  ('{approved}', '{bare}', 'gate_medium', '92号', 'approved', NULL, NULL, '{d}', '{t}', '{c}'),
  ('{ordered}', '{bare}', 'unit', '92号', 'ordered', '{batch}', NULL, '{d}', '{t}', '{c}'),
  ('{produced}', '{bare}', 'room', '92号', 'produced', '{made_batch}', '盈月路92号', '{d}', '{t}', '{c}'),
  ('{delivered}', '{bare}', 'row', '92号', 'delivered', NULL, NULL, '{d}', '{t}', '{c}'),
  ('{hung}', '{bare}', 'side_gate', '92号', 'installed', NULL, NULL, '{d}', '{t}', '{c}');
INSERT INTO registry.account (id, login, name, role) VALUES ('{installer}', 'hanger', '上墙人', 'coordinator');
INSERT INTO registry.photo (sha256, width, height, size_bytes) VALUES
  (decode(repeat('ab', 32), 'hex'), 1600, 1200, 90000), (decode(repeat('cd', 32), 'hex'), 1600, 1200, 90000);
INSERT INTO registry.plate_installation (plate_id, photo_sha256, installed_at, account_id, position)
VALUES ('{hung}', decode(repeat('ab', 32), 'hex'), now(), '{installer}', ST_SetSRID(ST_MakePoint(121.405, 31.105), 4490));
-- Names on their way: in review, returned, approved, published.
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, state, scope_id, district_id, township_id) VALUES
  ('{name_1}', 'street', '采薇路', '采薇路', '采薇路', 'proposed', '{d}', '{d}', '{t}'),
  ('{name_2}', 'street', '鹿鸣路', '鹿鸣路', '鹿鸣路', 'proposed', '{d}', '{d}', '{t}'),
  ('{name_3}', 'street', '白驹路', '白驹路', '白驹路', 'proposed', '{d}', '{d}', '{t}'),
  ('{name_4}', 'street', '甘棠路', '甘棠路', '甘棠路', 'proposed', '{d}', '{d}', '{t}');
INSERT INTO registry.naming_case (id, number, action, place_name_id, name, state, level, levels, proposed_by,
  decree_number, decree_on, published_on, district_id, township_id) VALUES
  ('{named}', '地名-2026-90001', 'name', '{name_1}', '采薇路', 'reviewing', 0, ARRAY['township'], '{installer}', NULL, NULL, NULL, '{d}', '{t}'),
  ('{named_back}', '地名-2026-90002', 'name', '{name_2}', '鹿鸣路', 'returned', 0, ARRAY['township'], '{installer}', NULL, NULL, NULL, '{d}', '{t}'),
  ('{named_ok}', '地名-2026-90003', 'name', '{name_3}', '白驹路', 'approved', 1, ARRAY['township'], '{installer}', NULL, NULL, NULL, '{d}', '{t}'),
  ('{named_out}', '地名-2026-90004', 'name', '{name_4}', '甘棠路', 'published', 1, ARRAY['township'], '{installer}',
    '东民〔2026〕4号', '2026-01-05', '2026-01-06', '{d}', '{t}');
INSERT INTO registry.plate_task (id, number, title, district_id, township_id, community_id)
VALUES ('{plate_task}', '上墙-2026-90001', '补装', '{d}', '{t}', '{c}');
INSERT INTO registry.plate_report (id, kind, source, plate_id, address_id, district_id, township_id, community_id) VALUES
  ('{reported}', 'missing', 'public', '{hung}', '{bare}', '{d}', '{t}', '{c}'),
  ('{reported_too}', 'wrong_text', 'public', '{hung}', '{bare}', '{d}', '{t}', '{c}');
-- A zone in each state, a plan where one is needed, a sample that proves the submitted one, and a focus area.
INSERT INTO registry.zone (id, name, ground, state, proposed_on, notified_on, listed_on, started_on, submitted_on, accepted_on,
  district_id, township_id, community_id, boundary)
SELECT z.id::uuid, z.name, 'low_registration', z.state, CURRENT_DATE - 9, CURRENT_DATE - 8, z.listed, z.started, z.submitted, z.accepted,
  '{d}', '{t}', '{c}', ST_Multi(ST_MakeEnvelope(121.401, 31.101, 121.402, 31.102, 4490))
FROM (VALUES
  ('{zone_proposed}', '一号片区', 'proposed', NULL::date, NULL::date, NULL::date, NULL::date),
  ('{zone_notified}', '二号片区', 'notified', NULL, NULL, NULL, NULL),
  ('{zone_listed}', '三号片区', 'listed', CURRENT_DATE - 7, NULL, NULL, NULL),
  ('{zone_approved}', '四号片区', 'plan_approved', CURRENT_DATE - 7, NULL, NULL, NULL),
  ('{zone_working}', '五号片区', 'in_rectification', CURRENT_DATE - 7, CURRENT_DATE - 5, NULL, NULL),
  ('{zone_submitted}', '六号片区', 'submitted', CURRENT_DATE - 7, CURRENT_DATE - 5, CURRENT_DATE - 2, NULL),
  ('{zone_accepted}', '七号片区', 'accepted', CURRENT_DATE - 7, CURRENT_DATE - 5, CURRENT_DATE - 2, CURRENT_DATE - 1)
) AS z (id, name, state, listed, started, submitted, accepted);
INSERT INTO registry.account (id, login, name, role) VALUES ('{worker}', 'worker', '何某', 'supervisor');
INSERT INTO registry.area_grant (account_id, division_id) VALUES ('{worker}', '{t}');
INSERT INTO registry.rectification_plan (zone_id, cause, responsible_id, sweep_weekday)
SELECT z.id, '老街隔间多', '{worker}', 3 FROM registry.zone z WHERE z.state NOT IN ('proposed', 'notified');
INSERT INTO registry.plan_measure (plan_id, turn, title, due_on)
SELECT p.id, 1, '逐户核对', CURRENT_DATE + 20 FROM registry.rectification_plan p;
INSERT INTO registry.sample_plan (id, name, direction, area_kind, area_id, seed, frame_size, sample_size, drawn_on,
  district_id, township_id, community_id)
VALUES ('{proof}', '验收抽查', 'field_to_register', 'zone', '{zone_submitted}', 7, 2, 2, CURRENT_DATE, '{d}', '{t}', '{c}');
INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight) VALUES ('{proof}', '{unit}', 1, 1), ('{proof}', '{vacant}', 2, 1);
INSERT INTO registry.field_check (plan_id, unit_id, building_id, leaf_id, checked_on, persons_met, persons_registered, records_checked,
  records_right, district_id, township_id, community_id)
SELECT '{proof}', u.id, u.building_id, '{block}', CURRENT_DATE, 200, CASE u.id WHEN '{unit}' THEN 199 ELSE 200 END, 0, 0, '{d}', '{t}', '{c}'
FROM registry.housing_unit u WHERE u.id IN ('{unit}', '{vacant}');
INSERT INTO registry.focus_area (id, name, kind, district_id, township_id, community_id, boundary)
VALUES ('{focus}', '东渡口老街', 'old_lanes', '{d}', '{t}', '{c}', ST_Multi(ST_MakeEnvelope(121.401, 31.101, 121.402, 31.102, 4490)));
-- A sample of one unit that waits for its check.
INSERT INTO registry.sample_plan (id, name, direction, area_kind, area_id, seed, frame_size, sample_size, drawn_on,
  district_id, township_id)
VALUES ('{sample}', '抽查', 'field_to_register', 'division', '{t}', 1, 2, 1, CURRENT_DATE, '{d}', '{t}');
INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight) VALUES ('{sample}', '{unit}', 1, 2);
-- A block without buildings beside the other one, and a trained coordinator who answers for it.
INSERT INTO registry.grid_block (id, code, name, district_id, township_id, community_id, boundary)
VALUES ('{beside}', '310112101001002', '石桥-02', '{d}', '{t}', '{c}', ST_Multi(ST_MakeEnvelope(121.41, 31.10, 121.42, 31.11, 4490)));
INSERT INTO registry.account (id, login, name, role) VALUES ('{keeper}', 'keeper', '何小乙', 'coordinator');
INSERT INTO registry.area_grant (account_id, division_id) VALUES ('{keeper}', '{c}');
INSERT INTO registry.coordinator (account_id, trained_on) VALUES ('{keeper}', CURRENT_DATE - 90);
INSERT INTO registry.block_assignment (id, block_id, account_id, valid)
VALUES ('{assigned}', '{beside}', '{keeper}', daterange(CURRENT_DATE - 9, NULL));
-- A clerk and a machine with a token for an administrator to act on, and a purpose of the town's own.
INSERT INTO registry.account (id, login, name, role, is_machine) VALUES
  ('{managed}', 'managed', '新某', 'clerk', false), ('{robot}', 'robot', '统计接口', 'clerk', true);
INSERT INTO registry.area_grant (id, account_id, division_id) VALUES ('{granted}', '{managed}', '{t}');
INSERT INTO registry.area_grant (account_id, division_id) VALUES ('{robot}', '{t}');
INSERT INTO registry.session (id, token_hash, account_id, kind, title, purposes, issued_by, expires_at)
VALUES ('{opened}', sha256('{opened}'), '{robot}', 'machine', '统计接口', '{{}}', '{managed}', now() + interval '30 days');
INSERT INTO registry.purpose (code, title, legal_basis, roles, valid) VALUES ('{reason}', '入户核查', '地方规定', '{{officer}}', '[2020-01-01,)');
-- A dwelling whose verification lacks only the decision, one that has its proof, notes, a tip, an organisation and a closed sample.
INSERT INTO registry.verification (id, number, unit_id, building_id, state, opened_by, visited_on, visited_by, decided_by, decided_at,
  certificate_number, certificate_until, district_id) VALUES
  ('{to_verify}', 'HS-1', '{unit}', '{building}', 'open', '{keeper}', CURRENT_DATE, '{keeper}', NULL, NULL, NULL, NULL, '{d}'),
  ('{proven}', 'HS-2', '{unit}', '{building}', 'approved', '{keeper}', CURRENT_DATE, '{keeper}', '{managed}', now(), 'ZS2000-000090',
    CURRENT_DATE + 365, '{d}');
INSERT INTO registry.verification_statement (verification_id, speaker, lives_there, heard_by)
SELECT '{to_verify}', s, true, '{keeper}' FROM unnest(ARRAY['applicant', 'neighbour']) s;
INSERT INTO registry.dwelling_note (id, unit_id, building_id, kind, state, noted_by, handed_to, handed_at, district_id) VALUES
  ('{noted}', '{unit}', '{building}', 'changed_use', 'open', '{keeper}', NULL, NULL, '{d}'),
  ('{handed}', '{unit}', '{building}', 'illegal_partition', 'handed_over', '{keeper}', '{managed}', now(), '{d}');
INSERT INTO registry.tip (id, unit_id, building_id, kind, given_by, district_id) VALUES ('{told}', '{unit}', '{building}', 'left', '{keeper}', '{d}');
INSERT INTO registry.premises (id, name, building_id, district_id, township_id, community_id)
VALUES ('{firm}', '月河米行', '{building}', '{d}', '{t}', '{c}');
INSERT INTO registry.sample_plan (id, name, direction, area_kind, area_id, seed, frame_size, sample_size, drawn_on, state,
  district_id, township_id)
VALUES ('{closed}', '验收', 'field_to_register', 'division', '{t}', 1, 2, 1, CURRENT_DATE, 'closed', '{d}', '{t}');
-- A certified number with a second place, one in the bin, a cancelled plate, a warning that is open and one accepted.
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, state, accuracy,
  certified_at, certified_by, certified_basis, district_id, township_id, community_id, position) VALUES
  ('{certified}', '{street}', '{street}', 96, '96', '96号', '映月路96号', 'current', 'A', now(), '{keeper}', 'visit', '{d}', '{t}', '{c}',
    ST_SetSRID(ST_MakePoint(121.406, 31.106), 4490)),
  ('{binned}', '{street}', '{street}', 98, '98', '98号', '映月路98号', 'removed', 'U', NULL, NULL, NULL, '{d}', '{t}', '{c}', NULL);
INSERT INTO registry.address_position (id, address_id, kind, position)
VALUES ('{spot}', '{certified}', 'vehicle_gate', ST_SetSRID(ST_MakePoint(121.4061, 31.106), 4490));
INSERT INTO registry.plate (id, address_id, kind, text, state, district_id, township_id, community_id) VALUES
  ('{dropped}', '{certified}', 'gate_small', '96号', 'cancelled', '{d}', '{t}', '{c}'),
  ('{beside_house}', '{certified}', 'gate_medium', '96号', 'numbered', '{d}', '{t}', '{c}');
UPDATE registry.plate SET position = ST_SetSRID(ST_MakePoint(121.4054, 31.1051), 4490) WHERE id = '{beside_house}';
-- Neither has a place, so that the warnings stand whatever is numbered beside them.
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, district_id, township_id, community_id)
VALUES ('{unplaced}', NULL, '{c}', 95, '95', '95号', '石桥社区95号', '{d}', '{t}', '{c}');
INSERT INTO registry.address_warning (address_id, kind, scope_id, effect, district_id, township_id, community_id, accepted_at, accepted_by,
  reason) VALUES
  ('{bare}', 'no_position', '{street}', 3, '{d}', '{t}', '{c}', NULL, NULL, NULL),
  ('{unplaced}', 'no_position', '{c}', 2, '{d}', '{t}', '{c}', now(), '{keeper}', '等待测绘');
-- An address whose street was called otherwise, and the certificate of it.
INSERT INTO registry.address_change (id, kind, old_id, new_id, place_name_id, old_text, new_text, district_id, township_id, community_id)
VALUES ('{moved}', 'rename', '{bare}', '{bare}', '{street}', '映水路92号', '映月路92号', '{d}', '{t}', '{c}');
INSERT INTO registry.address_certificate (id, number, address_id, old_text, new_text, changed_on, issued_by, district_id, township_id, community_id)
VALUES ('{moved_paper}', '址证-2020-00001', '{bare}', '映水路92号', '映月路92号', CURRENT_DATE, '{keeper}', '{d}', '{t}', '{c}');
-- A lane whose only door got another number just now.
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, parent_id, scope_id, district_id, township_id, community_id)
VALUES ('{shifted}', 'lane', '226弄', '226弄', '映月路226弄', '{street}', '{street}', '{d}', '{t}', '{c}');
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, act_id, district_id, township_id, community_id)
VALUES ('{was_door}', '{shifted}', '{shifted}', 1, '1', '1号', '映月路226弄1号', NULL, '{d}', '{t}', '{c}'),
  ('{now_door}', '{shifted}', '{shifted}', 2, '2', '2号', '映月路226弄2号', '{shift}', '{d}', '{t}', '{c}');
UPDATE registry.address SET state = 'retired', act_id = '{shift}' WHERE id = '{was_door}';
INSERT INTO registry.succession (old_id, new_id, object_kind, kind, act_id) VALUES ('{was_door}', '{now_door}', 'address', 'renumber', '{shift}');
INSERT INTO registry.address_change (kind, old_id, new_id, place_name_id, old_text, new_text, act_id, district_id, township_id, community_id)
VALUES ('renumber', '{was_door}', '{now_door}', '{shifted}', '映月路226弄1号', '映月路226弄2号', '{shift}', '{d}', '{t}', '{c}');
-- An estate of one building that was taken in just now.
INSERT INTO registry.place_name (id, kind, name, normal_name, full_name, parent_id, scope_id, district_id, township_id, community_id)
VALUES ('{taken}', 'estate', '清塘苑', '清塘苑', '映月路清塘苑', '{street}', '{street}', '{d}', '{t}', '{c}');
INSERT INTO registry.act (id, verb, object_kind, object_id) VALUES ('{intake}', 'number', 'place_name', '{taken}');
INSERT INTO registry.address (id, place_name_id, scope_id, number, number_key, number_text, standard_text, act_id, district_id, township_id, community_id)
VALUES ('{taken_door}', '{taken}', '{taken}', 1, '1幢', '1幢', '映月路清塘苑1幢', '{intake}', '{d}', '{t}', '{c}');
INSERT INTO registry.building (id, method, act_id, district_id, township_id, community_id, position)
VALUES ('{taken_home}', 'derived', '{intake}', '{d}', '{t}', '{c}', ST_SetSRID(ST_MakePoint(121.47, 31.18), 4490));
INSERT INTO registry.building_address (building_id, address_id, act_id) VALUES ('{taken_home}', '{taken_door}', '{intake}');
