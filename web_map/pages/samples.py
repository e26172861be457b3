"""抽查: the list of samples, one with its units and checks, and its field sheet."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.area.reads import areas
from geo_registry.db import Session, today
from geo_registry.grid.blocks import blocks
from geo_registry.measure import samples
from geo_registry.measure.acceptance import VERDICTS, acceptances
from geo_registry.measure.drawing import MOST_UNITS
from geo_registry.measure.rules import SAMPLED, planned_size
from geo_registry.pages import Page, Row
from geo_registry.zone import reads as zones
from geo_registry.zone.figures import rate_words
from web_map import words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PLANS = 10
ROWS = 100
# Longer lists are cut: a select of thousands helps nobody.
MOST_CHOICES = 300
MARGINS = (0.02, 0.03, 0.05)
DIRECTIONS = {"field_to_register": "由实地查登记", "register_to_field": "由登记查实地"}
STATES = {"drawn": "核查中", "closed": "已结束", "cancelled": "已取消"}
STRATA = {"none": "不分层", "community": "按社区（村）", "block": "按网格"}
HELPS: dict[str, Any] = {
    "directions": DIRECTIONS, "states": STATES, "rate_words": rate_words, "verdicts": VERDICTS,
}  # fmt: skip


Checker = Annotated[Viewer, Depends(Opens(Permission.CHECK_RECORD), scope="function")]


@dataclass(frozen=True, slots=True)
class Choice:
    """An area that may be sampled."""

    kind: str
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Size:
    """How many independent draws a margin around a target needs."""

    number: int
    target: float
    margin: float


@router.get("/samples")
def listed(
    request: Request,
    session: PageSession,
    viewer: Checker,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List samples, the newest first, with their progress and what they show."""
    found = samples.sample_plans(session, viewer, after=after, limit=PLANS)
    may_draw = viewer.may(Permission.SAMPLE_DRAW)
    return page(
        request, "samples.html", viewer, own=own_areas(session, viewer), next=found.next, may_draw=may_draw,
        plans=[samples.sample_plan(session, viewer, row.id) for row in found.rows], strata=STRATA,
        choices=choices(session, viewer) if may_draw else {}, sizes=sizes(session), **HELPS,
    )  # fmt: skip


@router.get("/samples/{plan_id}")
def one(
    request: Request,
    session: PageSession,
    viewer: Checker,
    plan_id: UUID,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show one sample: how it was drawn, what its checks show, its units."""
    plan = samples.sample_plan(session, viewer, plan_id)
    found = samples.sample_units(session, viewer, plan_id, after=after, limit=ROWS)
    signed = acceptances(session, viewer, plan_id=plan_id, limit=ROWS).rows
    return page(
        request, "sample.html", viewer, own=own_areas(session, viewer), plan=plan, units=found.rows,
        next=found.next, after=after, today=today(), is_open=plan.state == "drawn",
        may_close=plan.state == "drawn" and viewer.may(Permission.SAMPLE_DRAW),
        signed=signed, **HELPS,
        may_sign=plan.state == "closed" and not signed and viewer.may(Permission.SAMPLE_SIGN),
    )  # fmt: skip


@router.get("/samples/{plan_id}/sheet")
def sheet(request: Request, session: PageSession, viewer: Checker, plan_id: UUID) -> Response:
    """Show the sheet that goes to the field: addresses and empty fields, no person."""
    plan = samples.sample_plan(session, viewer, plan_id)
    units = all_of(lambda after: samples.sample_units(session, viewer, plan_id, after=after, limit=ROWS))
    now = dt.datetime.now(words.CHINA)
    return page(request, "sample_sheet.html", viewer, plan=plan, units=units, now=now, **HELPS)


def choices(session: Session, viewer: Viewer) -> dict[str, list[Choice]]:
    """Return the areas that may be sampled, by the heading they stand under."""
    found: dict[str, list[Choice]] = {}
    for level in ("district", "township", "community"):
        rows = areas(session, viewer, level=level, limit=ROWS).rows
        found[words.LEVELS[level]] = [Choice("division", row.id, row.name) for row in rows]
    live = zones.zones(session, viewer, state="live").rows
    found["整治区"] = [Choice("zone", row.id, row.name) for row in live]
    current = all_of(
        lambda after: blocks(session, viewer, state="current", after=after, limit=ROWS), MOST_CHOICES
    )
    found["网格"] = [Choice("block", row.id, row.name) for row in sorted(current, key=lambda row: row.code)]
    return {title: rows for title, rows in found.items() if rows}


def sizes(session: Session) -> list[Size]:
    """Return the planning sizes for the targets of the day."""
    profile = profile_in_force(session)
    targets = {one.target_permille / 1000 for rate in SAMPLED if (one := profile.target(rate, today()))}
    return [
        Size(planned_size(target, margin), 100 * target, 100 * margin)
        for target in sorted(targets)
        for margin in MARGINS
        if target < 1
    ]


def all_of(ask: Callable[[str | None], Page[Row]], most: int = MOST_UNITS) -> list[Row]:
    """Return the rows of all pages, at most as many as are asked for."""
    found = ask(None)
    rows = list(found.rows)
    while found.next is not None and len(rows) < most:
        found = ask(found.next)
        rows += found.rows
    return rows[:most]
