"""Names and plates of the demonstration town at work: cases, certified addresses, tasks, what was checked."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.address import naming_cases
from geo_registry.address.certifying import certify
from geo_registry.address.naming_opening import open_case
from geo_registry.address.warnings import check_scopes, scopes_of
from geo_registry.db import Session
from geo_registry.demo.cases import TOWNSHIP, Hands
from geo_registry.plate.tasks import make_tasks

# Free land north of the town, a street beside the other.
_GROUND = text("""
    SELECT t.id, ST_XMin(t.boundary) AS west, ST_XMax(t.boundary) AS east, ST_YMax(t.boundary) AS north
    FROM registry.division t WHERE t.code = :township
""")
_HUNG = text("""
    SELECT a.id FROM registry.address a
      JOIN registry.division t ON t.id = a.township_id AND t.code = :township
    WHERE a.state = 'current' AND a.accuracy IN ('A', 'B') AND a.position IS NOT NULL
      AND EXISTS (SELECT FROM registry.plate p WHERE p.address_id = a.id AND p.state = 'verified')
      AND NOT EXISTS (
        SELECT FROM registry.address_warning w WHERE w.address_id = a.id AND w.accepted_at IS NULL)
    ORDER BY a.standard_text LIMIT :many
""")
_ARRIVED = text("""
    SELECT b.id FROM registry.plate_batch b WHERE EXISTS (
      SELECT FROM registry.plate p WHERE p.batch_id = b.id AND p.state = 'delivered' AND p.task_id IS NULL)
    ORDER BY b.number LIMIT 2
""")
CASES = (
    ("春晓路", "reserve"), ("澜光路", "submit"), ("听荷路", "township"), ("望江路", "district"),
    ("晴川路", "publish"), ("采菱路", "enforce"), ("芦花路", "return"),
)  # fmt: skip
"""Name and how far its case has come."""
CERTIFIED = 40


def tell_plates(session: Session, today: dt.date) -> None:
    """Do what the accounts of the town would have done of late to its names and plates."""
    hands = Hands(session, ("clerk", "naming", "chief"))
    check_scopes(session, scopes_of(session))
    ground = session.execute(_GROUND, {"township": TOWNSHIP}).one()
    for turn, (name, state) in enumerate(CASES):
        north = ground.north + 0.0004 * (turn + 1)
        axis = [[ground.west, north], [(ground.west + ground.east) / 2, north + 0.0001], [ground.east, north]]
        _lead(hands, name, state, ground.id, {"type": "LineString", "coordinates": axis}, today)
    clerk = hands.of("clerk")[:2]
    hung = session.execute(_HUNG, {"township": TOWNSHIP, "many": CERTIFIED}).scalars().all()
    if hung:
        certify(*clerk, address_ids=list(hung), basis="photo", until=today + dt.timedelta(days=1095))
    for batch in session.execute(_ARRIVED).scalars().all():
        make_tasks(*clerk, batch_id=batch, due_on=today + dt.timedelta(days=10))
    hands.leave()


def _lead(hands: Hands, name: str, state: str, area: UUID, axis: dict[str, Any], today: dt.date) -> None:
    clerk, township, district = (hands.of(login)[:2] for login in ("clerk", "naming", "chief"))
    kept = today + dt.timedelta(days=90) if state == "reserve" else None
    done = open_case(
        *clerk,
        kind="street",
        name=name,
        area_id=area,
        axis=axis,
        meaning="取地方风物为名",
        reserve_until=kept,
    )
    case: dict[str, Any] = {"case_id": done.id}
    if state == "return":
        naming_cases.return_case(*township, **case, version=done.version, note="请补充命名含义")
    if state not in {"township", "district", "publish", "enforce"}:
        return
    done = naming_cases.approve(*township, **case, version=done.version)
    if state == "township":
        return
    done = naming_cases.approve(*district, **case, version=done.version)
    if state == "district":
        return
    done = naming_cases.publish(
        *district, **case, version=done.version, decree_number=f"映山地名〔{today.year}〕{len(name)}号",
        decree_on=today,
    )  # fmt: skip
    if state == "enforce":
        naming_cases.enforce(*district, **case, version=done.version)
