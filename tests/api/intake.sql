-- A declaration and a death that wait, a run with a person who has no outcome and one whose persons all have one, and a referral.
INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
VALUES ('{homeless}', '无户籍', '1', 1980, 5, '990', '\x00', sha256('{homeless}'), '01'), ('{dead}', '过世者', '1', 1930, 5, '990', '\x00', sha256('{dead}'), '02');
INSERT INTO registry.residence (person_id, unit_id, category) VALUES ('{homeless}', '{vacant}', 'unsettled'), ('{dead}', '{vacant}', 'lodger');
INSERT INTO registry.declaration (id, kind, address_text, district_id, township_id, community_id, name, id_type, id_number, id_index, id_tail, on_day)
VALUES ('{declared}', 'arrival', '映月路8号401室', '{d}', '{t}', '{c}', '新来者', '990', '{cipher}', '{index}', 'AB', CURRENT_DATE);
INSERT INTO registry.death_notice (id, source, id_type, id_index, died_on, person_id, district_id, township_id, community_id)
VALUES ('{death}', 'civil_affairs', '990', sha256('{dead}'), CURRENT_DATE - 3, '{dead}', '{d}', '{t}', '{c}');
INSERT INTO registry.separation_run (id, title, mode, opens_on, closes_on, district_id, township_id) VALUES
  ('{run}', '九月核对', 'register_first', CURRENT_DATE - 9, CURRENT_DATE + 9, '{d}', '{t}'),
  ('{settled_run}', '八月核对', 'data_only', CURRENT_DATE - 40, CURRENT_DATE - 10, '{d}', '{t}');
INSERT INTO registry.separation_item (id, run_id, name, sex, id_type, id_number, id_index, id_tail, outcome, district_id, township_id, community_id) VALUES
  ('{listed}', '{run}', '名单甲', '1', '990', '{item_cipher}', sha256('{listed}'), '03', NULL, '{d}', '{t}', '{c}'),
  (registry.new_id(), '{settled_run}', '名单乙', '1', '990', '\x00', sha256('{settled_run}'), '04', 'ended', '{d}', '{t}', '{c}');
INSERT INTO registry.hukou_referral (id, person_id, referred_to, opened_by, district_id, township_id, community_id)
VALUES ('{hukou_referral}', '{dead}', 'police', '{keeper}', '{d}', '{t}', '{c}');
