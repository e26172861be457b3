"""Buildings: lists, one, its plan of floors and rooms, and the acts on it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.housing import BuildingCorrection, NewBuilding
from api.schemas.place import BoxQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.housing import reads, writes
from geo_registry.housing.tables import BUILDING_STATES
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/buildings", tags=["buildings"])
READ = Depends(Needs(Permission.PLACE_READ))
REGISTER = Depends(Needs(Permission.BUILDING_REGISTER))
CORRECT = Depends(Needs(Permission.BUILDING_CORRECT))
RETIRE = Depends(Needs(Permission.BUILDING_RETIRE))


class BuildingQuery(BoxQuery):
    """One page of buildings."""

    place_name_id: UUID | None = None
    state: Annotated[str | None, one_of(BUILDING_STATES)] = None


@router.get("", response_model=Page[reads.BuildingRow], dependencies=[READ])
def buildings(
    query: Annotated[BuildingQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List buildings in order of id."""
    return answer(reads.buildings(session, viewer, **query.asked()))


@router.get("/{building_id}", response_model=reads.BuildingDetail, dependencies=[READ])
def building(building_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one building with its outline."""
    return one(reads.building(session, viewer, building_id))


@router.get("/{building_id}/units", response_model=reads.FloorPlan, dependencies=[READ])
def units_of_building(building_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show floors by rooms, the top floor first, a group of columns for each entrance."""
    return answer(reads.units_of_building(session, viewer, building_id))


@router.post("", status_code=201, dependencies=[REGISTER], response_model=WrittenOut)
def register_building(body: NewBuilding, act: Once) -> Response:
    """Register a building at an address."""
    return act.once(partial(writes.register_building, act.session, act.viewer, **body.given()), 201)


@router.post("/{building_id}/actions/correct", dependencies=[CORRECT], response_model=WrittenOut)
def correct_building(building_id: UUID, body: BuildingCorrection, version: IfMatch, act: Once) -> Response:
    """Correct outline, floors, use or state of a building."""
    target = {"building_id": building_id, "version": version, **body.given()}
    return act.once(partial(writes.correct_building, act.session, act.viewer, **target))


@router.post("/{building_id}/actions/retire", dependencies=[RETIRE], response_model=WrittenOut)
def retire_building(building_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a building that was torn down."""
    target = {"building_id": building_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_building, act.session, act.viewer, **target))
