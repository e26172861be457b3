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
OCCUPANTS = """
SELECT concat('{"audit_id":"', %(audit)s::text, '","valid_at":"', CURRENT_DATE, '","occupants":[', (
  SELECT string_agg(concat('{', masked_text(p, CURRENT_DATE), ',"residence_id":"', r.id, '","person_id":"', p.id,
      '","unit_id":"', r.unit_id, '","unit":', to_json(u.unit_text), ',"category":"', r.category, '","relation_to_head":',
      coalesce(to_json(r.relation_to_head)::text, 'null'), ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)),
      ',"separation":', quoted(separation(r.category, r.unit_id, h.unit_id, h.id IS NOT NULL)), ',"registration":', quoted(g.status),
      ',"registered_on":', quoted(g.registered_on), ',"expires_on":', quoted(g.expires_on), '}'), ',' ORDER BY r.unit_id, r.id)
  FROM residence r JOIN person p ON p.id = r.person_id JOIN housing_unit u ON u.id = r.unit_id AND u.building_id = r.building_id
    LEFT JOIN hukou h ON h.person_id = r.person_id AND h.valid @> CURRENT_DATE AND upper(h.sys) IS NULL
    LEFT JOIN LATERAL (SELECT * FROM registration n WHERE n.residence_id = r.id ORDER BY n.registered_on DESC LIMIT 1) g ON true
  WHERE r.building_id = %(building)s AND r.valid @> CURRENT_DATE AND upper(r.sys) IS NULL),
  '],"registered_not_resident":', (SELECT count(*) FROM hukou h
    WHERE h.building_id = %(building)s AND h.valid @> CURRENT_DATE AND upper(h.sys) IS NULL AND NOT EXISTS (
      SELECT FROM residence r WHERE r.building_id = h.building_id AND r.person_id = h.person_id AND r.unit_id = h.unit_id
        AND r.valid @> CURRENT_DATE AND upper(r.sys) IS NULL)), ',"next":null}')
"""
DWELLINGS = """
SELECT concat('{"audit_id":"', %(audit)s::text, '","person":{', masked_text(p, CURRENT_DATE), ',"person_id":"', p.id, '","id_type":',
  to_json(p.id_type), ',"dwellings":[', (
    SELECT string_agg(concat('{"residence_id":"', r.id, '","unit_id":"', r.unit_id, '","building_id":"', r.building_id, '","unit":',
        to_json(u.unit_text), ',"address":', coalesce(to_json(a.standard_text)::text, 'null'), ',"building_no":',
        coalesce(to_json(nullif(ba.building_no, ''))::text, 'null'), ',"category":"', r.category, '","is_main":', r.is_main::text,
        ',"since":', quoted(lower(r.valid)), ',"until":', quoted(upper(r.valid)), ',"current":', (r.valid @> CURRENT_DATE)::text,
        ',"registration":', quoted(g.status), ',"expires_on":', quoted(g.expires_on), '}'), ',' ORDER BY lower(r.valid) DESC, r.id)
    FROM residence r JOIN housing_unit u ON u.id = r.unit_id
      LEFT JOIN building_address ba ON ba.building_id = r.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
      LEFT JOIN address a ON a.id = ba.address_id
      LEFT JOIN LATERAL (SELECT * FROM registration n WHERE n.residence_id = r.id ORDER BY n.registered_on DESC LIMIT 1) g ON true
    WHERE r.person_id = p.id AND upper(r.sys) IS NULL),
  '],"hukou":', coalesce((SELECT concat('{"unit_id":', quoted(h.unit_id), ',"unit":', coalesce(to_json(u.unit_text)::text, 'null'),
      ',"address":', coalesce(to_json(a.standard_text)::text, 'null'), ',"division_code":', coalesce(to_json(h.division_code)::text, 'null'), '}')
    FROM hukou h LEFT JOIN housing_unit u ON u.id = h.unit_id
      LEFT JOIN building_address ba ON ba.building_id = h.building_id AND ba.is_main IS NOT FALSE AND ba.valid @> CURRENT_DATE
      LEFT JOIN address a ON a.id = ba.address_id
    WHERE h.person_id = p.id AND h.valid @> CURRENT_DATE AND upper(h.sys) IS NULL), 'null'), '}}')
FROM person p WHERE p.id_index = %(subject)s
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
