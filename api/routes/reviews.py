"""Reviews of looks, and emergencies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, IfMatch, Needs, Once, Token, Transaction, answer
from api.schemas.act import WrittenOut
from api.schemas.audit import (
    EmergenciesOut,
    NewEmergency,
    ReviewOut,
    ReviewQuery,
    ReviewsOut,
    Verdict,
    with_title,
)
from geo_registry.access.viewer import Permission
from geo_registry.area.writes import Written
from geo_registry.audit import reviews

router = APIRouter(prefix="/v1", tags=["reviews"])
REVIEW = Depends(Needs(Permission.LOOK_REVIEW))
EMERGENCY = Depends(Needs(Permission.EMERGENCY_OPEN))


@router.get("/reviews", response_model=ReviewsOut, dependencies=[REVIEW])
def list_reviews(query: Annotated[ReviewQuery, Query()], session: Transaction, token: Token) -> Response:
    """List looks to judge: of accounts whose areas lie within the caller's, never one's own."""
    waiting = query.state == "waiting"
    found = reviews.reviews(
        session, token, waiting=waiting, kind=query.kind, after=query.after, limit=query.limit
    )
    return answer({"rows": [with_title(row) for row in found.rows], "next": found.next}, NO_STORE)


@router.get("/reviews/{review_id}", response_model=ReviewOut, dependencies=[REVIEW])
def show_review(review_id: UUID, session: Transaction, token: Token) -> Response:
    """Show one review that the caller may judge."""
    found = with_title(reviews.review(session, token, review_id))
    return answer(found, {**NO_STORE, "ETag": f'"{found["version"]}"'})


@router.post("/reviews/{review_id}/actions/decide", dependencies=[REVIEW], response_model=WrittenOut)
def decide_review(review_id: UUID, body: Verdict, version: IfMatch, token: Token, act: Once) -> Response:
    """Judge one review, once."""

    def decide() -> Written:
        now = reviews.decide(
            act.session, token, review_id, version=version, verdict=body.verdict, note=body.note
        )
        return Written(review_id, now)

    return act.once(decide)


@router.get("/emergencies", response_model=EmergenciesOut, dependencies=[EMERGENCY])
def list_emergencies(session: Transaction, token: Token) -> Response:
    """List one's own emergencies of the last month, newest first."""
    return answer({"rows": reviews.own_emergencies(session, token)}, NO_STORE)


@router.post("/emergencies", status_code=201, dependencies=[EMERGENCY], response_model=WrittenOut)
def open_emergency(body: NewEmergency, token: Token, act: Once) -> Response:
    """Look beyond one's areas for half an hour, straight after a second factor."""

    def begin() -> Written:
        told = {"case_number": body.case_number, "reason": body.reason}
        return Written(reviews.open_emergency(act.session, token, **told), 1)

    return act.once(begin, 201)
