"""The bare endpoints against which looks are measured: FastAPI, psycopg, the same JSON made in SQL, and no guard at all.

No session, purpose, limit, audit or row-level security: the superuser reads, and the answer is that of the registry,
word for word. `uvicorn benchmarks.bare:app`.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from psycopg_pool import ConnectionPool

from geo_registry.access import cipher

OPTIONS = "-c timezone=Asia/Shanghai -c jit=off -c search_path=registry,public -c plan_cache_mode=force_generic_plan"
FIRST, LAST = "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"
SEEN = """CASE WHEN r.verified_on <= CURRENT_DATE THEN r.verified_on
      WHEN v.visited_at::date <= CURRENT_DATE THEN v.visited_at::date END"""
OCCUPANTS = f"""
SELECT concat('{{"audit_id":"', %(audit)s::text, '","valid_at":"', CURRENT_DATE, '","known_at":null,"occupants":[', (
  SELECT string_agg(concat('{{', masked_text(p, CURRENT_DATE), ',"residence_id":"', r.id, '","person_id":"', p.id,
      '","unit_id":"', r.unit_id, '","unit":', to_json(u.unit_text), ',"household_id":', quoted(r.household_id),
      ',"household_kind":', quoted(c.kind), ',"category":"', r.category, '","relation_to_head":',
      coalesce(to_json(r.relation_to_head)::text, 'null'), ',"is_main":', r.is_main::text,
      ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)),
      ',"separation":', quoted(CASE d.status WHEN 'false_alarm' THEN 'consistent' ELSE coalesce(d.status, s.derived) END),
      ',"separation_derived":', quoted(s.derived), ',"separation_decided":', quoted(d.status),
      ',"separation_decided_since":', quoted(lower(d.valid)), ',"registration":', quoted(g.status),
      ',"registered_on":', quoted(g.registered_on), ',"expires_on":', quoted(g.expires_on), ',"verified_on":', quoted(e.seen),
      ',"verified_by":', quoted(CASE WHEN e.seen IS NULL THEN NULL WHEN r.verified_on IS NULL THEN 'visit' ELSE 'case' END),
      ',"verified_age_days":', coalesce((CURRENT_DATE - e.seen)::text, 'null'), '}}'), ','
      ORDER BY r.unit_id, coalesce(r.household_id, r.unit_id), coalesce(r.relation_to_head, '9'), r.id)
  FROM residence r JOIN person p ON p.id = r.person_id JOIN housing_unit u ON u.id = r.unit_id AND u.building_id = r.building_id
    LEFT JOIN household c ON c.id = r.household_id
    LEFT JOIN last_visit v ON v.unit_id = r.unit_id
    LEFT JOIN separation_decision d ON d.person_id = r.person_id AND d.valid @> CURRENT_DATE AND upper(d.sys) IS NULL
    LEFT JOIN LATERAL registration_then(r.id, CURRENT_DATE, CURRENT_DATE) g ON true
    CROSS JOIN LATERAL (SELECT separation(r.category, r.unit_id, CASE WHEN (r.person_id, r.unit_id) IN (SELECT h.person_id, h.unit_id
        FROM hukou h WHERE h.building_id = %(building)s AND h.valid @> CURRENT_DATE AND upper(h.sys) IS NULL) THEN r.unit_id END,
      r.category = 'local_hukou' AND has_hukou(r.person_id, CURRENT_DATE, clock_timestamp())) AS derived) s
    CROSS JOIN LATERAL (SELECT {SEEN} AS seen) e
  WHERE r.building_id = %(building)s AND r.valid @> CURRENT_DATE AND upper(r.sys) IS NULL),
  '],"registered_not_resident":', away.people, ',"absent":[', away.shown, '],"counts":[',
  counts_over_time(%(building)s, {FIRST}, {LAST}, true, clock_timestamp()), '],"next":null}}')
FROM absent_members(%(building)s, {FIRST}, {LAST}, CURRENT_DATE, clock_timestamp(), true) away
"""
DWELLINGS = f"""
SELECT concat('{{"audit_id":"', %(audit)s::text, '","valid_at":"', CURRENT_DATE, '","known_at":null,"person":{{',
  masked_text(p, CURRENT_DATE), ',"person_id":"', p.id, '","id_type":', to_json(p.id_type), ',"found_by":"document","dwellings":[', (
    SELECT string_agg(concat('{{"residence_id":"', r.id, '","unit_id":"', r.unit_id, '","building_id":"', r.building_id, '","unit":',
        to_json(u.unit_text), ',"address":', coalesce(to_json(a.address)::text, 'null'), ',"building_no":',
        coalesce(to_json(a.building_no)::text, 'null'), ',"category":"', r.category, '","is_main":', r.is_main::text,
        ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)), ',"end_reason":', quoted(r.end_reason),
        ',"current":', (r.valid @> CURRENT_DATE)::text, ',"relation_to_head":', coalesce(to_json(r.relation_to_head)::text, 'null'),
        ',"household_id":', quoted(r.household_id), ',"household_kind":', quoted(c.kind), ',"registration":', quoted(g.status),
        ',"registered_on":', quoted(g.registered_on), ',"expires_on":', quoted(g.expires_on), ',"verified_on":', quoted(e.seen),
        ',"verified_age_days":', coalesce((CURRENT_DATE - e.seen)::text, 'null'), '}}'), ',' ORDER BY lower(r.valid) DESC, r.id)
    FROM residence r JOIN housing_unit u ON u.id = r.unit_id
      LEFT JOIN household c ON c.id = r.household_id
      LEFT JOIN last_visit v ON v.unit_id = r.unit_id
      LEFT JOIN LATERAL address_of(r.building_id) a ON true
      LEFT JOIN LATERAL registration_then(r.id, CURRENT_DATE, CURRENT_DATE) g ON true
      CROSS JOIN LATERAL (SELECT CASE WHEN NOT r.valid @> CURRENT_DATE THEN NULL ELSE {SEEN} END AS seen) e
    WHERE r.person_id = p.id AND upper(r.sys) IS NULL),
  '],"hukou":', coalesce(o.now, 'null'), ',"hukou_periods":[', o.every, '],"has_hukou":', (o.now IS NOT NULL)::text,
  ',"absences":[', (SELECT string_agg(concat('{{"unit_id":"', a.unit_id, '","unit":', to_json(u.unit_text), ',"reason":"', a.reason,
      '","informant":"', a.informant, '","whereabouts_code":', coalesce(to_json(a.whereabouts_code)::text, 'null'),
      ',"whereabouts":', coalesce(to_json(a.whereabouts)::text, 'null'), ',"since":', quoted(lower(a.valid)), ',"until":', quoted(upper(a.valid)),
      ',"current":', (a.valid @> CURRENT_DATE)::text, '}}'), ',' ORDER BY lower(a.valid) DESC)
    FROM absence a JOIN housing_unit u ON u.id = a.unit_id WHERE a.person_id = p.id AND upper(a.sys) IS NULL),
  '],"decisions":[', (SELECT string_agg(concat('{{"status":"', d.status, '","reason":', to_json(d.reason), ',"since":', quoted(lower(d.valid)),
      ',"until":', quoted(upper(d.valid)), ',"current":', (d.valid @> CURRENT_DATE)::text, '}}'), ',' ORDER BY lower(d.valid) DESC)
    FROM separation_decision d WHERE d.person_id = p.id AND upper(d.sys) IS NULL),
  '],"permits":[', (SELECT string_agg(concat('{{"status":"', f.status, '","referred_on":', quoted(f.referred_on), ',"issued_on":', quoted(f.issued_on),
      ',"expires_on":', quoted(f.expires_on), ',"tail":', coalesce(to_json(f.permit_tail)::text, 'null'), '}}'), ',' ORDER BY f.referred_on DESC, f.id)
    FROM permit_referral f WHERE f.person_id = p.id), ']}}}}')
FROM person p CROSS JOIN LATERAL (
  SELECT string_agg(x.entry, ',' ORDER BY x.since DESC) AS every, max(x.entry) FILTER (WHERE x.is_current) AS now
  FROM (SELECT lower(h.valid) AS since, h.valid @> CURRENT_DATE AS is_current,
      concat('{{"unit_id":', quoted(h.unit_id), ',"building_id":', quoted(h.building_id), ',"unit":', coalesce(to_json(u.unit_text)::text, 'null'),
        ',"address":', coalesce(to_json(coalesce(a.address, h.address_text))::text, 'null'), ',"building_no":',
        coalesce(to_json(a.building_no)::text, 'null'), ',"division_code":', coalesce(to_json(h.division_code)::text, 'null'),
        ',"since":', quoted(lower(h.valid)), ',"until":', quoted(upper(h.valid)), ',"end_reason":', quoted(h.end_reason),
        ',"current":', (h.valid @> CURRENT_DATE)::text, '}}') AS entry
    FROM hukou h LEFT JOIN housing_unit u ON u.id = h.unit_id LEFT JOIN LATERAL address_of(h.building_id) a ON true
    WHERE h.person_id = p.id AND upper(h.sys) IS NULL) x) o
WHERE p.id_index = %(subject)s
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    options = {"autocommit": True, "prepare_threshold": 0, "options": OPTIONS}
    with ConnectionPool(os.environ["BARE_DATABASE_URL"], kwargs=options, min_size=8, max_size=8) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def _answer(request: Request, query: str, values: dict[str, Any]) -> Response:
    with request.app.state.pool.connection() as connection:
        row = connection.execute(query, {"audit": uuid4(), **values}, binary=True).fetchone()
    return Response(row[0], media_type="application/json")


@app.get("/buildings/{building_id}/occupants")
def occupants(building_id: UUID, request: Request) -> Response:
    return _answer(request, OCCUPANTS, {"building": building_id})


@app.post("/persons/lookup")
def dwellings(body: dict[str, str], request: Request) -> Response:
    return _answer(request, DWELLINGS, {"subject": cipher.blind_index(body["id_type"], body["id_number"])})
