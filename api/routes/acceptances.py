"""Acceptances: what is found of an area on a closed sample."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Once, Transaction, answer
from api.schemas.act import WrittenOut
from api.schemas.premises import AcceptanceQuery, NewAcceptance
from geo_registry.access.viewer import Permission
from geo_registry.measure import acceptance
from geo_registry.pages import Page

router = APIRouter(prefix="/v1/acceptances", tags=["acceptances"])
READ = Depends(Needs(Permission.MEASURE_READ))
SIGN = Depends(Needs(Permission.SAMPLE_SIGN))


@router.get("", response_model=Page[acceptance.AcceptanceRow], dependencies=[READ])
def listed(
    query: Annotated[AcceptanceQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List acceptances with the rates they rest on, the latest first."""
    return answer(acceptance.acceptances(session, viewer, **query.asked()))


@router.post("", status_code=201, dependencies=[SIGN], response_model=WrittenOut)
def sign(body: NewAcceptance, act: Once) -> Response:
    """Sign what is found of an area."""
    return act.once(partial(acceptance.sign, act.session, act.viewer, **body.given()), 201)
