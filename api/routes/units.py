"""Housing units: lists, one, and the acts on it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.housing import NewUnit, UnitChange
from api.schemas.place import PlaceQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.housing import reads, writes
from geo_registry.housing.tables import UNIT_STATES, UNIT_USES
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/housing-units", tags=["housing-units"])
READ = Depends(Needs(Permission.PLACE_READ))
REGISTER = Depends(Needs(Permission.UNIT_REGISTER))
CHANGE = Depends(Needs(Permission.UNIT_CHANGE))
RETIRE = Depends(Needs(Permission.UNIT_RETIRE))


class UnitQuery(PlaceQuery):
    """One page of housing units."""

    building_id: UUID | None = None
    state: Annotated[str | None, one_of(UNIT_STATES)] = None
    use: Annotated[str | None, one_of(UNIT_USES)] = None


@router.get("", response_model=Page[reads.UnitRow], dependencies=[READ])
def housing_units(
    query: Annotated[UnitQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List housing units in order of id."""
    return answer(reads.housing_units(session, viewer, **query.asked()))


@router.get("/{unit_id}", response_model=reads.UnitDetail, dependencies=[READ])
def housing_unit(unit_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one housing unit with its standard address."""
    return one(reads.housing_unit(session, viewer, unit_id))


@router.post("", status_code=201, dependencies=[REGISTER], response_model=WrittenOut)
def register_unit(body: NewUnit, act: Once) -> Response:
    """Register a unit of a building."""
    return act.once(partial(writes.register_unit, act.session, act.viewer, **body.given()), 201)


@router.post("/{unit_id}/actions/change", dependencies=[CHANGE], response_model=WrittenOut)
def change_unit(unit_id: UUID, body: UnitChange, version: IfMatch, act: Once) -> Response:
    """Change use, area, floor or state of a unit."""
    target = {"unit_id": unit_id, "version": version, **body.given()}
    return act.once(partial(writes.change_unit, act.session, act.viewer, **target))


@router.post("/{unit_id}/actions/retire", dependencies=[RETIRE], response_model=WrittenOut)
def retire_unit(unit_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a unit; its key is never given again in the building."""
    target = {"unit_id": unit_id, "version": version, **body.given()}
    return act.once(partial(writes.retire_unit, act.session, act.viewer, **target))
