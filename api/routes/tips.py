"""Tips about dwellings: given by volunteers and staff, looked into by one account each."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.verification import DwellingQuery, NewTip, TipClosure
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.verification import tips

router = APIRouter(prefix="/v1/tips", tags=["tips"])
GIVE = Depends(Needs(Permission.TIP_GIVE))
WORK = Depends(Needs(Permission.TIP_WORK))


@router.get("", response_model=Page[tips.TipRow], dependencies=[GIVE])
def listed(query: Annotated[DwellingQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List tips, the latest first; who only gives them sees the own ones."""
    return answer(tips.tips(session, viewer, **query.asked()))


@router.get("/thanks", response_model=tips.Thanks, dependencies=[GIVE])
def thanks(session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell how many tips led to something: the viewer's own, and those of each community."""
    return answer(tips.thanks(session, viewer))


@router.get("/{tip_id}", response_model=tips.TipRow, dependencies=[GIVE])
def tip(tip_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one tip."""
    return one(tips.tip(session, viewer, tip_id))


@router.post("", status_code=201, dependencies=[GIVE], response_model=WrittenOut)
def give(body: NewTip, act: Once) -> Response:
    """Tell that somebody came to a dwelling, left it or changed."""
    return act.once(partial(tips.give_tip, act.session, act.viewer, **body.given()), 201)


@router.post("/{tip_id}/actions/process", dependencies=[WORK], response_model=WrittenOut)
def process(tip_id: UUID, body: TipClosure, version: IfMatch, act: Once) -> Response:
    """Close a tip with what came of it."""
    told = {"tip_id": tip_id, "version": version, **body.given()}
    return act.once(partial(tips.process_tip, act.session, act.viewer, **told))


@router.post("/{tip_id}/actions/ignore", dependencies=[WORK], response_model=WrittenOut)
def ignore(tip_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Close a tip that leads to nothing, with the reason."""
    told = {"tip_id": tip_id, "version": version, **body.given()}
    return act.once(partial(tips.ignore_tip, act.session, act.viewer, **told))
