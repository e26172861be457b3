"""Where the acts of the register are tried: dwellings, accounts that sign in, and what is asked of the tables."""

from collections import Counter
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import hash_token
from geo_registry.db import today
from tests.factories import make_account, make_address, make_building, make_community, make_street, make_unit

CASE = text("""
    INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id, collected_by, collected_at,
      entered_by, district_id)
    VALUES (:id, :id, :action, :form, 1, 'station_review', :unit, gen_random_uuid(), :clerk, :at, :clerk, gen_random_uuid())""")
FORM = text("""
    INSERT INTO registry.case_person (case_id, turn, is_open, person_id, residence_id, name, sex, id_type, id_number, id_index, id_tail,
      category, relation_to_head, hukou_unit_id, hukou_code, since, ends_on, end_reason, district_id)
    VALUES (:case, :turn, false, :person, :stay, '某', '1', '111', '\\x00', convert_to(:number, 'UTF8'), '1X', :category, :relation, :hukou,
      :code, :since, :ends_on, :end_reason, gen_random_uuid())""")
APPLY = text("SELECT registry.apply_case(:case, :act, :months)")
NOW = text("""
    SELECT clock_timestamp(), (SELECT jsonb_agg(jsonb_build_array('residence', r.id, r.person_id, r.unit_id, lower(r.valid), upper(r.valid),
          r.category, r.relation_to_head, r.is_main, r.household_id, r.end_reason)) FROM registry.residence r WHERE r.person_id = ANY (:people) AND upper_inf(r.sys)),
      (SELECT jsonb_agg(jsonb_build_array('hukou', h.id, h.person_id, coalesce(h.unit_id::text, h.division_code), lower(h.valid), upper(h.valid),
          '', NULL, false, NULL, h.end_reason)) FROM registry.hukou h WHERE h.person_id = ANY (:people) AND upper_inf(h.sys)),
      (SELECT jsonb_agg(jsonb_build_array('absence', a.id, a.person_id, a.unit_id, lower(a.valid), upper(a.valid), '', NULL, false, NULL, NULL))
        FROM registry.absence a WHERE a.person_id = ANY (:people) AND upper_inf(a.sys)),
      (SELECT jsonb_agg(jsonb_build_array(g.person_id, r.person_id, r.unit_id, lower(r.valid), g.status, g.registered_on, g.expires_on, g.ended_on, g.end_reason))
        FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id WHERE r.person_id = ANY (:people))""")
THEN = text("""
    SELECT m.turn, d.day, f.kind, f.person_id, f.place FROM unnest(CAST(:moments AS timestamptz[])) WITH ORDINALITY m (at, turn)
      CROSS JOIN unnest(CAST(:days AS date[])) d (day)
      CROSS JOIN LATERAL (
        SELECT 'residence' AS kind, r.person_id, r.unit_id::text AS place FROM registry.residence r WHERE r.person_id = ANY (:people) AND r.sys @> m.at AND r.valid @> d.day
        UNION ALL SELECT 'hukou', h.person_id, coalesce(h.unit_id::text, h.division_code) FROM registry.hukou h
          WHERE h.person_id = ANY (:people) AND h.sys @> m.at AND h.valid @> d.day
        UNION ALL SELECT 'absence', a.person_id, a.unit_id::text FROM registry.absence a WHERE a.person_id = ANY (:people) AND a.sys @> m.at AND a.valid @> d.day) f""")
LAPSE = text("""
    UPDATE registry.registration SET registered_on = :registered, expires_on = :expires, status = :status
    WHERE residence_id = :stay AND status = 'active'""")


class World:
    """A community with dwellings, a clerk and two station heads, really committed, for all runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tokens = [hash_token("one"), hash_token("two")]
        with Session(engine) as session, session.begin():
            community = make_community(session)
            street = make_street(session, community=community)
            self.units: list[UUID] = []
            for _ in range(2):
                building = make_building(session, address=make_address(session, street=street))
                self.units += [make_unit(session, building, room).id for room in ("101", "102")]
            self.clerk = make_account(session).id
            for token in self.tokens:
                head = make_account(session, role="station_head", division=community)
                session.execute(
                    text(
                        "INSERT INTO registry.session (token_hash, account_id, expires_at)"
                        " VALUES (:hash, :id, now() + interval '5 hours')"
                    ),
                    {"hash": token, "id": head.id},
                )
        self.today = today()
        self.tried: Counter[tuple[str, str]] = Counter()
        self.runs = self.steps = 0
