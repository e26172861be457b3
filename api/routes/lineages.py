"""Records of one person made one, or one made two; and what is decided about 人户分离 against the rule."""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentLook,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Token,
    Transaction,
    answer,
)
from api.schemas.act import WrittenOut
from api.schemas.lineage import (
    ComparisonOut,
    DecisionOut,
    DuplicatesOut,
    EndOfDecision,
    Grounds,
    LineageOut,
    NewDecision,
    NewLineage,
    Verdict,
)
from geo_registry.access.viewer import Permission
from geo_registry.person import lineage
from geo_registry.residence import decisions

router = APIRouter(prefix="/v1", tags=["lineages"])
MERGE = Depends(Needs(Permission.PERSON_MERGE))
COMPARE = Depends(NeedsToLook(Permission.PERSON_MERGE))
DECIDE = Depends(Needs(Permission.SEPARATION_DECIDE))


@router.post("/areas/{area_id}/duplicates", dependencies=[COMPARE], response_model=DuplicatesOut)
def duplicates(area_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Look for records of a community or township that may be of one person; at most 200 pairs."""
    return _looked(lineage.duplicates(engine, look, area_id))


@router.post("/lineages", status_code=201, response_model=WrittenOut, dependencies=[MERGE])
def propose(body: NewLineage, token: Token, act: Once) -> Response:
    """Propose to merge a record into another one, or to move residences of it to another one."""
    proposed = partial(
        lineage.propose, act.session, act.viewer, token, body.kind, body.from_id, body.to_id, body.reason,
        body.residence_ids,
    )  # fmt: skip
    return act.once(proposed, 201)


@router.get("/lineages/{lineage_id}", response_model=LineageOut, dependencies=[MERGE])
def lineage_of(lineage_id: UUID, session: Transaction, token: Token) -> Response:
    """Show a proposal as a piece of work, without the persons."""
    return _versioned(lineage.read(session, token, lineage_id))


@router.post("/lineages/{lineage_id}/open", dependencies=[COMPARE], response_model=ComparisonOut)
def compare(lineage_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Look at both records side by side, as known when it was decided."""
    return _looked(lineage.compare(engine, look, lineage_id))


@router.post("/lineages/{lineage_id}/actions/approve", response_model=WrittenOut, dependencies=[MERGE])
def approve(lineage_id: UUID, body: Verdict, version: IfMatch, token: Token, act: Once) -> Response:
    """Approve what somebody else proposed, and carry it out."""
    return _judged(act, token, lineage_id, "approved", version, body.reason)


@router.post("/lineages/{lineage_id}/actions/refuse", response_model=WrittenOut, dependencies=[MERGE])
def refuse(lineage_id: UUID, body: Grounds, version: IfMatch, token: Token, act: Once) -> Response:
    """Refuse what somebody else proposed; the pair does not come back among the duplicates."""
    return _judged(act, token, lineage_id, "refused", version, body.reason)


@router.post("/lineages/{lineage_id}/actions/undo", response_model=WrittenOut, dependencies=[MERGE])
def undo(lineage_id: UUID, body: Grounds, version: IfMatch, token: Token, act: Once) -> Response:
    """Put back what was carried out, exactly; refused once something was built on it."""
    undone = partial(
        lineage.undo, act.session, act.viewer, token, lineage_id, version=version, reason=body.reason
    )
    return act.once(undone)


@router.post("/separation-decisions", status_code=201, response_model=WrittenOut, dependencies=[DECIDE])
def decide(body: NewDecision, token: Token, act: Once) -> Response:
    """Decide what holds of a person against the rule, for a time and a reason."""
    decided = partial(
        decisions.decide, act.session, act.viewer, token, body.person_id, body.status, body.reason,
        body.from_, body.to,
    )  # fmt: skip
    return act.once(decided, 201)


@router.get("/separation-decisions/{decision_id}", response_model=DecisionOut, dependencies=[DECIDE])
def decision(decision_id: UUID, session: Transaction, token: Token) -> Response:
    """Show a decision without its person."""
    return _versioned(decisions.read(session, token, decision_id))


@router.post(
    "/separation-decisions/{decision_id}/actions/end", response_model=WrittenOut, dependencies=[DECIDE]
)
def end(decision_id: UUID, body: EndOfDecision, version: IfMatch, token: Token, act: Once) -> Response:
    """End a decision on a day; one that would end before it begins never was."""
    ended = partial(
        decisions.end, act.session, act.viewer, token, decision_id, version=version, ends_on=body.ends_on
    )
    return act.once(ended)


def _judged(
    act: Once, token: str, lineage_id: UUID, judgement: lineage.Judgement, version: int, reason: str | None
) -> Response:
    judged = partial(
        lineage.judge, act.session, act.viewer, token, lineage_id, judgement, version=version, reason=reason
    )
    return act.once(judged)


def _looked(found: dict[str, Any]) -> Response:
    return answer(found, {**NO_STORE, "Audit-Id": found["audit_id"]})


def _versioned(found: dict[str, Any]) -> Response:
    return answer(found, {"ETag": f'"{found["version"]}"', "Cache-Control": "private, no-cache"})
