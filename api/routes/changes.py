"""The change feed of the place registers: `GET /v1/changes?after=`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.deps import CurrentViewer, Needs, Strict, Transaction, answer
from geo_registry.access.viewer import Permission
from geo_registry.area import changes as feed

router = APIRouter(prefix="/v1", tags=["changes"])


class FeedQuery(Strict):
    """Where to go on, and the most rows."""

    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@router.get("/changes", response_model=feed.Feed, dependencies=[Depends(Needs(Permission.CHANGES_READ))])
def changes(query: Annotated[FeedQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell what changed in the place registers behind a cursor, oldest first and without gaps."""
    return answer(feed.changes(session, viewer, **query.model_dump()))
