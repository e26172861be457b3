"""The history of any object of the place registers: `GET /v1/{noun}/{id}/history`."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.deps import CurrentViewer, Needs, Transaction, answer
from geo_registry.access.viewer import Permission
from geo_registry.area.history import Version, history_of

KINDS = {
    "areas": "division",
    "streets": "place_name",
    "lanes": "place_name",
    "addresses": "address",
    "plates": "plate",
    "plate-batches": "plate_batch",
    "buildings": "building",
    "housing-units": "housing_unit",
    "blocks": "grid_block",
    "focus-areas": "focus_area",
    "zones": "zone",
    "sample-plans": "sample_plan",
}
router = APIRouter(prefix="/v1", tags=["history"], dependencies=[Depends(Needs(Permission.HISTORY_READ))])


def _history(kind: str) -> Callable[..., Response]:
    def history(object_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
        """Show versions with what changed in each, and the acts behind them, newest first."""
        return answer(history_of(session, viewer, kind=kind, object_id=object_id))

    return history


for noun, kind in KINDS.items():
    router.add_api_route(
        f"/{noun}/{{object_id}}/history",
        _history(kind),
        methods=["GET"],
        response_model=list[Version],
        name=f"history_of_{noun}",
    )
