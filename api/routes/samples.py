"""Samples of dwellings: plans, their units for the field sheet, and the checks."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Page, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.measure import NewBuildingCheck, NewCheck, NewSample, PlanQuery
from geo_registry import pages
from geo_registry.access.viewer import Permission
from geo_registry.measure import samples, writes

router = APIRouter(prefix="/v1", tags=["samples"])
READ = Depends(Needs(Permission.MEASURE_READ))
DRAW = Depends(Needs(Permission.SAMPLE_DRAW))
CHECK = Depends(Needs(Permission.CHECK_RECORD))


@router.get("/sample-plans", response_model=pages.Page[samples.PlanRow], dependencies=[READ])
def sample_plans(
    query: Annotated[PlanQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List sample plans, newest first."""
    return answer(samples.sample_plans(session, viewer, **query.asked()))


@router.get("/sample-plans/{plan_id}", response_model=samples.PlanDetail, dependencies=[READ])
def sample_plan(plan_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one sample plan with what its checks show."""
    return one(samples.sample_plan(session, viewer, plan_id))


@router.get(
    "/sample-plans/{plan_id}/units", response_model=pages.Page[samples.SampleRow], dependencies=[CHECK]
)
def sample_units(plan_id: UUID, page: Page, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the units of a sample in the order of the draw, for the field sheet."""
    return answer(samples.sample_units(session, viewer, plan_id, after=page.after, limit=page.limit))


@router.post("/sample-plans", status_code=201, dependencies=[DRAW], response_model=WrittenOut)
def draw_sample(body: NewSample, act: Once) -> Response:
    """Draw a random sample of the units of a division, block or zone."""
    return act.once(partial(writes.draw_sample, act.session, act.viewer, **body.given()), 201)


@router.post("/sample-plans/{plan_id}/actions/close", dependencies=[DRAW], response_model=WrittenOut)
def close_plan(plan_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Close a sample: no further check is taken for it."""
    target = {"plan_id": plan_id, "version": version, **body.given()}
    return act.once(partial(writes.close_plan, act.session, act.viewer, **target))


@router.post(
    "/sample-plans/{plan_id}/checks", status_code=201, dependencies=[CHECK], response_model=WrittenOut
)
def record_sampled_check(plan_id: UUID, body: NewCheck, act: Once) -> Response:
    """Note what a check found at one unit of a sample."""
    found = {"plan_id": plan_id, **body.given()}
    return act.once(partial(writes.record_check, act.session, act.viewer, **found), 201)


@router.post("/field-checks", status_code=201, dependencies=[CHECK], response_model=WrittenOut)
def record_check(body: NewCheck, act: Once) -> Response:
    """Note what a check found at one unit, outside any sample."""
    return act.once(partial(writes.record_check, act.session, act.viewer, **body.given()), 201)


@router.post("/building-checks", status_code=201, dependencies=[CHECK], response_model=WrittenOut)
def record_building_check(body: NewBuildingCheck, act: Once) -> Response:
    """Note how many units were found in a building, and how many of them the register lists."""
    return act.once(partial(writes.record_building_check, act.session, act.viewer, **body.given()), 201)
