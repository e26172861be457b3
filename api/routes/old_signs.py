"""Signs that bear an old name: of a street and the names below it, of a batch, or all, and where they are."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer
from api.schemas.plate import OldSignFilter, OldSignQuery
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import signs

router = APIRouter(prefix="/v1/old-signs", tags=["plates"])
READ = Depends(Needs(Permission.PLACE_READ))


@router.get("", response_model=Page[signs.OldSign], dependencies=[READ])
def old_signs(
    query: Annotated[OldSignQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List signs with an old name in order of id."""
    return answer(signs.old_signs(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/count", response_model=signs.OldSignCount, dependencies=[READ])
def count(query: Annotated[OldSignFilter, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Count signs with an old name by the states of their plates."""
    return answer(signs.count_old_signs(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/streets", response_model=tuple[signs.StreetOfOldSigns, ...], dependencies=[READ])
def streets(session: Transaction, viewer: CurrentViewer) -> Response:
    """List the streets at which signs bear an old name, the longest list first."""
    return answer(signs.streets_of_old_signs(session, viewer))
