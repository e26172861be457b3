-- Purposes of looking at persons, each with its legal basis. An installation may end them and add its own.
-- Clause numbers are to be checked against the texts in force before they are quoted elsewhere.
INSERT INTO registry.purpose (code, title, legal_basis, roles, case_pattern, valid) VALUES
  ('01', '居住登记受理核验', '地方实有人口服务和管理规定；居住证暂行条例（国务院令第663号）', ARRAY['officer', 'coordinator', 'entry_clerk', 'station_head', 'population_office', 'permit_desk'], '.{4,60}', '[2000-01-01,)'),
  ('02', '入户走访核对', '地方实有人口服务和管理规定', ARRAY['officer', 'coordinator', 'quality_supervisor'], '.{4,60}', '[2000-01-01,)'),
  ('03', '人户分离核对', '户口登记条例；地方人户分离人员居住登记办法', ARRAY['officer', 'station_head', 'population_office'], '.{4,60}', '[2000-01-01,)'),
  ('04', '合法稳定住所核实', '居住证暂行条例（国务院令第663号）', ARRAY['officer', 'station_head', 'population_office', 'permit_desk'], '.{4,60}', '[2000-01-01,)'),
  ('05', '法定职责查询', '个人信息保护法第三十四条', ARRAY['officer', 'station_head', 'population_office'], '.{4,60}', '[2000-01-01,)'),
  ('06', '本人查询、复制', '个人信息保护法第四十五条', ARRAY['population_office'], '.{4,60}', '[2000-01-01,)')
ON CONFLICT (code) DO NOTHING;
