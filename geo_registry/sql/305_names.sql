-- Persons by name inside one community or township: who lives there now as a main dwelling. The record holds sha256 of the text, a
-- keyed hash of the name before the name itself: nobody without the key tries names against it, and no other name than the recorded
-- one is searched with its ticket. Of children under 14 nothing is found by name.
CREATE OR REPLACE FUNCTION registry.reveal_name(ticket uuid, asked_by bytea, asked_text text, page_rows int)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  most int := least(greatest(page_rows, 1), 50);
  entry audit;
  wanted text := substr(asked_text, 65);
  town uuid;
  village uuid;
  found record;
BEGIN
  entry := honour(ticket, asked_by, 'name');
  IF entry.subject_key IS DISTINCT FROM sha256(convert_to(asked_text, 'UTF8')) OR NOT length(wanted) BETWEEN 2 AND 60 THEN
    RAISE EXCEPTION 'not the name on the record' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  SELECT CASE d.level WHEN 'township' THEN d.id ELSE d.township_id END, CASE d.level WHEN 'community' THEN d.id END INTO town, village
  FROM division d WHERE d.id = entry.object_id;
  SELECT count(*) AS people, count(*) FILTER (WHERE x.is_exact) AS exact, string_agg(x.entry, ',' ORDER BY x.turn) AS every,
    string_agg(x.entry, ',' ORDER BY x.turn) FILTER (WHERE x.is_exact) AS every_exact
  INTO found
  FROM (SELECT p.name = wanted AS is_exact, row_number() OVER (ORDER BY p.name <> wanted, p.name, p.id) AS turn,
      concat('{', masked_text(p, CURRENT_DATE), ',"person_id":"', p.id, '","residence_id":"', r.id, '","unit_id":"', r.unit_id,
        '","building_id":"', r.building_id, '","unit":', to_json(u.unit_text), ',"address":', coalesce(to_json(a.address)::text, 'null'),
        ',"building_no":', coalesce(to_json(a.building_no)::text, 'null'), ',"category":"', r.category,
        '","since":', quoted(lower(r.valid)), ',"exact":', (p.name = wanted)::text, '}') AS entry
    FROM person p
      JOIN residence r ON r.person_id = p.id AND r.is_main IS NOT FALSE AND r.valid @> CURRENT_DATE AND upper(r.sys) IS NULL
      JOIN housing_unit u ON u.id = r.unit_id
      LEFT JOIN LATERAL address_of(r.building_id) a ON true
    WHERE p.township_id = town AND p.name ~>=~ wanted AND p.name ~<~ (wanted || chr(1114111)) AND (village IS NULL OR r.community_id = village)
      AND NOT is_minor(p.birth_year, p.birth_month, CURRENT_DATE)
    ORDER BY p.name <> wanted, p.name, p.id LIMIT most + 1) x;
  RETURN concat('{"audit_id":"', ticket, '","rows":[', CASE WHEN found.people <= most THEN found.every WHEN found.exact <= most THEN found.every_exact END,
    '],"too_many":', (found.people > most)::text, '}');
END $$;
