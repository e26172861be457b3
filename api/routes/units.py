"""Housing units: lists, one, and the acts on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer, one
from api.schemas.place import PlaceQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.housing import reads
from geo_registry.housing.tables import UNIT_STATES, UNIT_USES
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/housing-units", tags=["housing-units"])
READ = Depends(Needs(Permission.PLACE_READ))


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
