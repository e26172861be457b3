"""Door plates: lists and one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer, one
from api.schemas.place import BoxQuery, one_of
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import reads
from geo_registry.plate.tables import PLATE_KINDS, PLATE_STATES

router = APIRouter(prefix="/v1/plates", tags=["plates"], dependencies=[Depends(Needs(Permission.PLACE_READ))])


class PlateQuery(BoxQuery):
    """One page of plates."""

    address_id: UUID | None = None
    place_name_id: UUID | None = None
    state: Annotated[str | None, one_of(PLATE_STATES)] = None
    kind: Annotated[str | None, one_of(PLATE_KINDS)] = None


@router.get("", response_model=Page[reads.PlateRow])
def plates(query: Annotated[PlateQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List plates in order of id."""
    return answer(reads.plates(session, viewer, **query.asked()))


@router.get("/{plate_id}", response_model=reads.PlateDetail)
def plate(plate_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one plate, ended ones too."""
    return one(reads.plate(session, viewer, plate_id))
