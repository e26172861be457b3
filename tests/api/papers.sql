-- What the desk of papers works on: a registration, cases that took effect, sheets, volumes, referrals.
INSERT INTO registry.registration (id, residence_id, person_id, status, registered_on, expires_on)
SELECT '{registered}', r.id, r.person_id, 'active', CURRENT_DATE - 40, CURRENT_DATE + 325 FROM registry.residence r WHERE r.person_id = '{person}';
INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id, forms, collected_by, collected_at, entered_by,
  submitted_at, district_id)
SELECT c.id::uuid, c.serial, 'cancel', 'change_cancel', 1, 'active', '{unit}', '{building}', 1, '{keeper}', now() - interval '1 day', '{keeper}', now(), '{d}'
FROM (VALUES ('{paper_case}', 'J2601-900001'), ('{bound_case}', 'J2601-900002')) c (id, serial);
INSERT INTO registry.archive_volume (id, number, title, opened_by, district_id, township_id, community_id) VALUES
  ('{volume}', '2026-9001', '石桥变更注销', '{keeper}', '{d}', '{t}', '{c}'), ('{bound_volume}', '2026-9002', '石桥变更注销二', '{keeper}', '{d}', '{t}', '{c}');
INSERT INTO registry.case_person (id, case_id, turn, is_open, slip_number, person_id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail,
  volume_id, volume_page)
SELECT f.id::uuid, f.case_id::uuid, 1, false, f.slip, p.id, p.name, p.sex, p.birth_year, p.birth_month, p.id_type, p.id_number, p.id_index, p.id_tail, f.volume::uuid, f.page
FROM (VALUES ('{paper_form}', '{paper_case}', 'P2601-900001', NULL, NULL::int), ('{bound_form}', '{bound_case}', 'P2601-900002', '{bound_volume}', 1)) f (id, case_id, slip, volume, page),
  registry.person p WHERE p.id = '{person}';
INSERT INTO registry.form_sheet (number, form, form_version, status, issued_to, issued_by, act_id, district_id, township_id, community_id)
SELECT s.number, 'incomer_registration', 1, s.status, '{keeper}', '{keeper}', '{sheet_issue}', '{d}', '{t}', '{c}'
FROM (VALUES ('L26-9000001', 'issued'), ('L26-9000002', 'returned'), ('L26-9000003', 'issued')) s (number, status);
INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
VALUES ('{partner}', '张小雪', '2', 1980, 5, '990', '\x00', sha256('{partner}'), '11');
INSERT INTO registry.permit_referral (id, person_id, registration_id, status, referred_on, permit_tail, issued_on, expires_on)
SELECT t.id::uuid, '{partner}', '{registered}', t.status, CURRENT_DATE - 30, t.tail, t.issued, t.expires FROM (VALUES
  ('{referral}', 'referred', NULL, NULL::date, NULL::date), ('{accepted_referral}', 'accepted', NULL, NULL, NULL),
  ('{issued_referral}', 'issued', '0042', CURRENT_DATE - 20, CURRENT_DATE + 10)) t (id, status, tail, issued, expires);
