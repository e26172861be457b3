-- What the public tells of a plate. The role of the public zone may call this and read nothing; what it tells is a kind and a number, never a text,
-- a photo or a name. The same told twice of one plate by the public is one report; another number that should stand there is another one. Plates that
-- were not ordered yet hang nowhere.
CREATE OR REPLACE FUNCTION registry.report_plate(asked text, what text, wanted text, from_address inet)
RETURNS TABLE (outcome text, report text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = registry, public, pg_temp AS $$
DECLARE
  told plate;
BEGIN
  IF is_too_much('report', from_address, 10, 600, interval '1 hour') THEN
    outcome := 'throttled';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO told FROM plate p WHERE p.code = asked AND p.state NOT IN ('draft', 'numbered', 'approved');
  IF told.id IS NULL OR (what IN ('damaged', 'wrong_text', 'wrong_place')) IS NOT TRUE
    OR wanted !~ '^[临附]?[0-9]{1,5}([-之附][0-9]{1,4})*[甲乙丙丁A-Z]?[号號弄幢栋]?$' THEN
    outcome := 'not-found';
  ELSIF told.state IN ('replaced', 'superseded', 'removed', 'cancelled') THEN
    outcome := 'ended';
  ELSE
    outcome := 'done';
    PERFORM pg_advisory_xact_lock(hashtextextended('report/' || told.id, 0));
    SELECT r.code INTO report FROM plate_report r WHERE r.plate_id = told.id AND r.kind = what AND r.state = 'pending'
      AND r.source = 'public' AND r.wanted_text IS NOT DISTINCT FROM wanted LIMIT 1;
    IF report IS NULL THEN
      INSERT INTO plate_report (kind, source, plate_id, address_id, wanted_text, district_id, township_id, community_id)
      VALUES (what, 'public', told.id, told.address_id, wanted, told.district_id, told.township_id, told.community_id)
      RETURNING code INTO report;
    END IF;
  END IF;
  RETURN NEXT;
END $$;
