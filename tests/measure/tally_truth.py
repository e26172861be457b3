"""What the totals of leaves are to be, in plain SQL, and what they are."""

import datetime as dt
from uuid import UUID

import psycopg

# The totals in plain words, beside those of the registry.
TRUTH = """
WITH place AS (
  SELECT b.id, coalesce(k.block_id, b.community_id, b.township_id, b.district_id) AS leaf
  FROM building b LEFT JOIN building_block k ON k.building_id = b.id),
stay AS (
  SELECT r.id, p.leaf FROM residence r JOIN place p ON p.id = r.building_id
  WHERE r.is_main AND upper_inf(r.sys) AND r.valid @> (SELECT day FROM tally_day)),
sign AS (
  SELECT a.id, coalesce(k.block_id, a.community_id, a.township_id, a.district_id) AS leaf
  FROM address a LEFT JOIN address_block k ON k.address_id = a.id WHERE a.state = 'current'),
form AS (
  SELECT p.leaf, date_trunc('week', g.registered_on)::date AS week, g.status
  FROM registration g JOIN residence r ON r.id = g.residence_id JOIN place p ON p.id = r.building_id WHERE g.status <> 'cancelled'),
seen AS (
  SELECT p.leaf, u.id, (v.visited_at AT TIME ZONE 'Asia/Shanghai')::date AS day
  FROM visit v JOIN housing_unit u ON u.id = v.unit_id AND u.state <> 'removed' JOIN place p ON p.id = u.building_id)
SELECT leaf, 'units', NULL::date AS week, count(*) FROM housing_unit u JOIN place p ON p.id = u.building_id
  WHERE u.state NOT IN ('retired', 'not_realized', 'removed') GROUP BY 1
UNION ALL SELECT leaf, 'rental_units', NULL, count(*) FROM housing_unit u JOIN place p ON p.id = u.building_id
  WHERE u.state NOT IN ('retired', 'not_realized', 'removed') AND u.use IN ('let_whole', 'let_rooms', 'collective_dormitory') GROUP BY 1
UNION ALL SELECT leaf, 'persons', NULL, count(*) FROM stay GROUP BY 1
UNION ALL SELECT leaf, 'registered', NULL, count(*) FROM stay s
  WHERE EXISTS (SELECT FROM registration g WHERE g.residence_id = s.id AND g.status = 'active') GROUP BY 1
UNION ALL SELECT leaf, 'addresses', NULL, count(*) FROM sign GROUP BY 1
UNION ALL SELECT leaf, 'plated', NULL, count(*) FROM sign s
  WHERE EXISTS (SELECT FROM plate p WHERE p.address_id = s.id AND p.state IN ('installed', 'verified')) GROUP BY 1
UNION ALL SELECT leaf, 'forms_collected', week, count(*) FROM form GROUP BY 1, 3
UNION ALL SELECT leaf, 'forms_entered', week, count(*) FROM form WHERE status <> 'draft' GROUP BY 1, 3
UNION ALL SELECT leaf, 'visits', date_trunc('week', day)::date, count(*) FROM seen GROUP BY 1, 3
UNION ALL SELECT leaf, 'units_visited', date_trunc('week', day)::date, count(*) FROM (
  SELECT leaf, min(day) AS day FROM seen GROUP BY leaf, id, (day - date '2025-12-08' + 1400) / 14) f GROUP BY 1, 3
UNION ALL SELECT leaf_id, w.what, date_trunc('week', checked_on)::date, sum(w.n)
  FROM field_check c, LATERAL (VALUES ('persons_met', persons_met), ('persons_registered', persons_registered),
    ('records_checked', records_checked), ('records_right', records_right)) w (what, n) GROUP BY 1, 2, 3 HAVING sum(w.n) > 0
UNION ALL SELECT leaf_id, w.what, date_trunc('week', checked_on)::date, sum(w.n)
  FROM building_check c, LATERAL (VALUES ('units_found', units_found), ('units_listed', units_listed)) w (what, n) GROUP BY 1, 2, 3
"""
KEPT = """
SELECT t.leaf_id, x.key, NULL::date, x.value::int FROM tally t, jsonb_each_text(to_jsonb(t)) x
WHERE x.key IN ('units', 'rental_units', 'persons', 'registered', 'addresses', 'plated') AND x.value <> '0'
UNION ALL
SELECT w.leaf_id, x.key, w.week, x.value::int FROM tally_week w, jsonb_each_text(to_jsonb(w)) x
WHERE x.key NOT IN ('leaf_id', 'week', 'units', 'rental_units', 'persons', 'registered', 'addresses', 'plated') AND x.value <> '0'
"""
WEEKS = """
SELECT leaf_id, x.key, NULL::date, sum(x.value::int) FROM tally_week w, jsonb_each_text(to_jsonb(w)) x
WHERE x.key IN ('units', 'rental_units', 'persons', 'registered', 'addresses', 'plated')
GROUP BY 1, 2 HAVING sum(x.value::int) <> 0
"""


def figures(connection: psycopg.Connection, query: str) -> dict[tuple[UUID, str, dt.date | None], int]:
    """Return what a query counts, by leaf, name and week; zeros left out."""
    return {(leaf, what, week): n for leaf, what, week, n in connection.execute(query).fetchall()}
