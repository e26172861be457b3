"""台账: every form since it was submitted, and every registration that came without one; none leaves it."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from geo_registry.access.audit import Look, Target, look
from geo_registry.db import Engine
from geo_registry.errors import RuleBroken

STATUSES: Final = (
    "active", "submitted", "officer_review", "station_review", "returned", "changed", "cancelled", "expired",
    "done", "void",
)  # fmt: skip
FIELDS: Final = ("name_masked", "sex", "age", "id_tail", "address", "registration")
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the ledger is asked for: entries of one state, entered within days."""

    status: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """One page of the ledger, masked, newest first."""

    audit_id: UUID
    rows: list[dict[str, Any]]
    next: str | None


def ledger(
    engine: Engine,
    request: Look,
    area_id: UUID,
    wanted: Wanted,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> Ledger:
    """Look at the ledger of a community or a township.

    Raises:
        RuleBroken: the last day lies before the first.
        NotFound: no such area, or not the viewer's.

    """
    if wanted.since and wanted.until and wanted.until < wanted.since:
        raise RuleBroken("dates-invalid", "止期不能早于起期，请改日期", field="to")
    words = json.dumps(
        {
            name: str(value)
            for name, value in (("status", wanted.status), ("from", wanted.since), ("to", wanted.until))
            if value
        }
    )
    place = (_NOBODY, after) if after else None
    target = Target("ledger", "division", area_id, FIELDS, after=place, limit=limit, words=words)
    audit_id, told = look(engine, request, target)
    return Ledger(audit_id, told["rows"], told["next"])
