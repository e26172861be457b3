"""人户分离: runs with their persons and outcomes, lists of an area, referrals of persons without hukou."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentLook,
    CurrentViewer,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Page,
    Token,
    Transaction,
    answer,
    one,
)
from api.schemas.act import WrittenOut
from api.schemas.separation import (
    NewFind,
    NewOutcome,
    NewReferral,
    NewRun,
    PersonsQuery,
    ReferralOutcome,
    ReferralQuery,
    SeparatedQuery,
)
from geo_registry import pages
from geo_registry.access.viewer import Permission
from geo_registry.separation import reads, writes

router = APIRouter(prefix="/v1", tags=["separation"])
READ = Depends(Needs(Permission.SEPARATION_LOOK))
DECIDE = Depends(Needs(Permission.SEPARATION_DECIDE))
LOOK = Depends(NeedsToLook(Permission.SEPARATION_LOOK))


@router.get("/separation-runs", response_model=pages.Page[reads.RunRow], dependencies=[READ])
def runs(query: Page, session: Transaction, viewer: CurrentViewer, token: Token) -> Response:
    """List the runs of the viewer's areas with their progress, newest first; without persons."""
    return answer(reads.runs(session, viewer, token, after=query.after, limit=query.limit), NO_STORE)


@router.get("/separation-runs/{run_id}", response_model=reads.RunRow, dependencies=[READ])
def run(run_id: UUID, session: Transaction, viewer: CurrentViewer, token: Token) -> Response:
    """Show one run with its progress."""
    return one(reads.run(session, viewer, token, run_id))


@router.post("/separation-runs", status_code=201, response_model=WrittenOut, dependencies=[DECIDE])
def open_run(body: NewRun, token: Token, act: Once) -> Response:
    """Open a run for a community or a township."""
    return act.once(
        partial(writes.open_run, act.session, act.viewer, token, writes.Run(**body.model_dump())), 201
    )


@router.post("/separation-runs/{run_id}/actions/close", response_model=WrittenOut, dependencies=[DECIDE])
def close_run(run_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Close a run; every person has an outcome by then."""
    return act.once(partial(writes.close_run, act.session, act.viewer, token, run_id, version=version))


@router.post(
    "/separation-runs/{run_id}/items", status_code=201, response_model=WrittenOut, dependencies=[DECIDE]
)
def add_find(run_id: UUID, body: NewFind, token: Token, act: Once) -> Response:
    """Add somebody whom the field found; counted apart from the list."""
    find = writes.Find(**body.model_dump())
    return act.once(partial(writes.add_find, act.session, act.viewer, token, run_id, find), 201)


@router.post("/separation-runs/{run_id}/persons", response_model=reads.Persons, dependencies=[LOOK])
def persons(run_id: UUID, body: PersonsQuery, request: Request, engine: App, look: CurrentLook) -> Response:
    """Show the persons of a run, masked: a look on the record."""
    return _told(request, reads.items(engine, look, run_id, after=body.after, limit=body.limit))


@router.post("/separation-runs/{run_id}/items/{item_id}/open", response_class=Response, dependencies=[LOOK])
def open_item(run_id: UUID, item_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Show one person of a run in full, for the visit: a look on the record that names the fields."""
    audit_id, item = reads.open_item(engine, look, run_id, item_id)
    return answer({"audit_id": audit_id, "item": item}, {**NO_STORE, "Audit-Id": str(audit_id)})


@router.get("/separation-items/{item_id}", response_model=reads.ItemRow, dependencies=[READ])
def item(item_id: UUID, session: Transaction, token: Token) -> Response:
    """Show what was found out about one person of a run; without the person."""
    return one(reads.item(session, token, item_id))


@router.post("/separation-items/{item_id}/actions/settle", response_model=WrittenOut, dependencies=[DECIDE])
def settle(item_id: UUID, body: NewOutcome, version: IfMatch, token: Token, act: Once) -> Response:
    """Note what was found out about one person; with a dwelling a draft of the registration is made."""
    told = writes.Outcome(**body.model_dump())
    return act.once(partial(writes.settle, act.session, act.viewer, token, item_id, told, version=version))


@router.post("/areas/{area_id}/separations", response_model=reads.Persons, dependencies=[LOOK])
def separated(
    area_id: UUID, body: SeparatedQuery, request: Request, engine: App, look: CurrentLook
) -> Response:
    """Show separated persons of a community or township, masked: a look on the record."""
    found = reads.separated(engine, look, area_id, body.kind, after=body.after, limit=body.limit)
    return _told(request, found)


@router.get("/hukou-referrals", response_model=pages.Page[reads.ReferralRow], dependencies=[READ])
def referrals(query: Annotated[ReferralQuery, Query()], session: Transaction, token: Token) -> Response:
    """List the referrals of the viewer's areas, the oldest first; without persons."""
    found = reads.referrals(session, token, is_open=query.is_open, after=query.after, limit=query.limit)
    return answer(found, NO_STORE)


@router.get("/hukou-referrals/{referral_id}", response_model=reads.ReferralRow, dependencies=[READ])
def referral(referral_id: UUID, session: Transaction, token: Token) -> Response:
    """Show one referral; without its person."""
    return one(reads.referral(session, token, referral_id))


@router.post("/hukou-referrals", status_code=201, response_model=WrittenOut, dependencies=[DECIDE])
def refer(body: NewReferral, token: Token, act: Once) -> Response:
    """Refer a person without any hukou to civil affairs or to the police."""
    refer_one = partial(writes.refer, act.session, act.viewer, token, body.person_id, body.referred_to)
    return act.once(refer_one, 201)


@router.post("/hukou-referrals/{referral_id}/actions/close", response_model=WrittenOut, dependencies=[DECIDE])
def close_referral(
    referral_id: UUID, body: ReferralOutcome, version: IfMatch, token: Token, act: Once
) -> Response:
    """Close a referral with what became of it."""
    return act.once(
        partial(
            writes.close_referral, act.session, act.viewer, token, referral_id, body.outcome,
            version=version,
        )
    )  # fmt: skip


def _told(request: Request, found: reads.Persons) -> Response:
    request.state.rows = len(found.rows)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})
