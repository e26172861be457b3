"""Zones under rectification: list, one with its figures, and the acts from the proposal to the end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.zone import (
    Dated,
    DecisionIn,
    MeasureReport,
    NewPlan,
    NewSweep,
    NewZone,
    PlanAmendment,
    ZoneQuery,
)
from geo_registry.access.viewer import Permission
from geo_registry.area.writes import Written
from geo_registry.pages import Page
from geo_registry.zone import reads, rules, work, writes
from geo_registry.zone.figures import ZoneFigures, zone_figures

router = APIRouter(prefix="/v1/zones", tags=["zones"])
READ = Depends(Needs(Permission.ZONE_READ))
PROPOSE = Depends(Needs(Permission.ZONE_PROPOSE))
WORK = Depends(Needs(Permission.ZONE_WORK))
DECIDE = Depends(Needs(Permission.ZONE_DECIDE))


@dataclass(frozen=True, slots=True)
class ZoneOut:
    """One zone with its figures."""

    zone: reads.ZoneDetail
    figures: ZoneFigures
    version: int


@router.get("", response_model=Page[reads.ZoneRow], dependencies=[READ])
def zones(query: Annotated[ZoneQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List zones, live ones first, the one that is due first leading."""
    return answer(reads.zones(session, viewer, **query.asked()))


@router.get("/{zone_id}", response_model=ZoneOut, dependencies=[READ])
def zone(zone_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one zone: life, plan, sweeps, figures, what it is accepted on."""
    found = reads.zone(session, viewer, zone_id)
    return one(ZoneOut(found, zone_figures(session, viewer, found), found.version))


@router.post("", status_code=201, dependencies=[PROPOSE], response_model=WrittenOut)
def propose(body: NewZone, act: Once) -> Response:
    """Propose a place for rectification."""
    return act.once(partial(writes.propose_zone, act.session, act.viewer, **body.given()), 201)


def _step(name: str) -> Callable[..., Response]:
    def step(zone_id: UUID, body: Dated, version: IfMatch, act: Once) -> Response:
        """Take a zone one step on."""
        target = {"act": name, "zone_id": zone_id, "version": version, **body.given()}
        return act.once(partial(writes.advance, act.session, act.viewer, **target))

    return step


for name, step in rules.TRANSITIONS.items():
    if not step.needs_sample:
        router.add_api_route(
            f"/{{zone_id}}/actions/{name.replace('_', '-')}",
            _step(name),
            methods=["POST"],
            name=f"{name}_zone",
            summary=step.title,
            response_model=WrittenOut,
            dependencies=[Depends(Needs(step.permission))],
        )


def _decision(decision: str) -> Callable[..., Response]:
    def decide(zone_id: UUID, body: DecisionIn, version: IfMatch, act: Once) -> Response:
        """Accept or return a submitted zone on a sample drawn after its submission."""
        target = {"decision": decision, "zone_id": zone_id, "version": version, **body.given()}
        return act.once(partial(writes.decide, act.session, act.viewer, **target))

    return decide


for verb, decision in (("accept", "accepted"), ("return", "returned")):
    router.add_api_route(
        f"/{{zone_id}}/actions/{verb}",
        _decision(decision),
        methods=["POST"],
        name=f"{verb}_zone",
        summary=rules.TRANSITIONS[verb].title,
        response_model=WrittenOut,
        dependencies=[DECIDE],
    )


def _work(zone_id: UUID, body: Paper, version: int, act: Once, write: Callable[..., Written]) -> Response:
    target = {"zone_id": zone_id, "version": version, **body.given()}
    return act.once(partial(write, act.session, act.viewer, **target))


@router.post("/{zone_id}/actions/plan", dependencies=[WORK], response_model=WrittenOut)
def make_plan(zone_id: UUID, body: NewPlan, version: IfMatch, act: Once) -> Response:
    """Make the one plan of a zone."""
    return _work(zone_id, body, version, act, work.make_plan)


@router.post("/{zone_id}/actions/amend-plan", dependencies=[WORK], response_model=WrittenOut)
def amend_plan(zone_id: UUID, body: PlanAmendment, version: IfMatch, act: Once) -> Response:
    """Amend the plan of a zone."""
    return _work(zone_id, body, version, act, work.amend_plan)


@router.post("/{zone_id}/actions/measure", dependencies=[WORK], response_model=WrittenOut)
def report_measure(zone_id: UUID, body: MeasureReport, version: IfMatch, act: Once) -> Response:
    """Report how far a measure is done."""
    return _work(zone_id, body, version, act, work.report_measure)


@router.post("/{zone_id}/actions/sweep", dependencies=[WORK], response_model=WrittenOut)
def record_sweep(zone_id: UUID, body: NewSweep, version: IfMatch, act: Once) -> Response:
    """Record a sweep that was held."""
    return _work(zone_id, body, version, act, work.record_sweep)
