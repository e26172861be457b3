"""Warnings after an import: the streets that a file touched are checked as after any other act on them.

They are noted in the transaction of the file and checked in others behind it: what was stored stays stored.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from geo_registry.address.warnings import check_scopes
from geo_registry.db import Engine, transaction
from geo_registry.exchange.ledger import Load

AT_ONCE = 200
"""Streets of one transaction: a check that is broken off keeps what it has found."""
# Numbers and names of this transaction, and addresses within divisions drawn anew by it.
_TOUCHED = """
WITH changed AS MATERIALIZED (
  SELECT DISTINCT object_kind, object_id FROM registry.place_change
  WHERE xid = pg_current_xact_id() AND object_kind IN ('address', 'place_name', 'division'))
SELECT a.scope_id FROM changed c JOIN registry.address a ON a.id = c.object_id WHERE c.object_kind = 'address'
UNION
SELECT n.id FROM changed c JOIN registry.place_name p ON p.id = c.object_id
  CROSS JOIN LATERAL (VALUES (p.id), (p.parent_id)) n (id)
WHERE c.object_kind = 'place_name' AND EXISTS (SELECT FROM registry.address a WHERE a.scope_id = n.id)
UNION
SELECT a.scope_id FROM changed c
  JOIN registry.address a ON c.object_id = coalesce(a.community_id, a.township_id, a.district_id)
WHERE c.object_kind = 'division'
"""


def touched(load: Load) -> list[UUID]:
    """Return the streets whose numbers, name, axis or ground the transaction of a file has changed."""
    return [scope_id for (scope_id,) in load.connection.execute(_TOUCHED).fetchall()]


def check_in_parts(
    engine: Engine, scopes: Sequence[UUID], progress: Callable[[str, int, int | None], None]
) -> int:
    """Check streets, some in each transaction; answer how many open warnings they have."""
    ordered, found = sorted(scopes), 0
    for start in range(0, len(ordered), AT_ONCE):
        progress("warnings", start, len(ordered))
        with transaction(engine) as session:
            found += check_scopes(session, ordered[start : start + AT_ONCE])
    progress("warnings", len(ordered), len(ordered))
    return found
