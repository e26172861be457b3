"""Cases of registration: entered and submitted by one, judged by two others; and their forms."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import (
    NO_STORE,
    App,
    CurrentLook,
    CurrentViewer,
    IfMatch,
    Needs,
    NeedsToLook,
    Once,
    Token,
    Transaction,
    answer,
    one,
)
from api.schemas.act import WrittenOut
from api.schemas.registration import (
    CaseQuery,
    CheckedOut,
    Document,
    FilledOut,
    Filling,
    FormOut,
    NewCase,
    OpenedCaseOut,
    OpenedOut,
    Returning,
    Submission,
)
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.registration import forms, reads, writes

router = APIRouter(prefix="/v1", tags=["registrations"])
READ = Depends(Needs(Permission.CASE_READ))
ENTER = Depends(Needs(Permission.CASE_ENTER))
REVIEW = Depends(Needs(Permission.CASE_REVIEW))
OPEN = Depends(NeedsToLook(Permission.CASE_OPEN))
CHECK = Depends(NeedsToLook(Permission.CASE_ENTER))


@router.get("/registration-forms", response_model=list[FormOut], dependencies=[READ])
def registration_forms() -> Response:
    """List the registration forms, each in its version of today."""
    return answer([forms.described(form) for form in forms.current_forms()])


@router.get("/registration-forms/{form}/schema", response_model=dict[str, Any], dependencies=[READ])
def form_schema(form: str) -> Response:
    """Tell a form as a JSON schema of one person's sheet."""
    return answer(forms.schema_of(forms.form_of(form)))


@router.get("/registrations", response_model=Page[reads.CaseRow], dependencies=[READ])
def cases(query: Annotated[CaseQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List cases, newest first: work without a person."""
    return answer(reads.cases(session, viewer, **query.model_dump()), NO_STORE)


@router.get("/registrations/counts", response_model=reads.Counts, dependencies=[READ])
def counts(session: Transaction, viewer: CurrentViewer) -> Response:
    """Count the cases in each state."""
    return answer(reads.counts(session, viewer), NO_STORE)


@router.get("/registrations/{case_id}", response_model=reads.CaseRow, dependencies=[READ])
def case(case_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one case as work."""
    return one(reads.case(session, viewer, case_id))


@router.post("/registrations", status_code=201, response_model=OpenedOut, dependencies=[ENTER])
def open_case(body: NewCase, token: Token, act: Once) -> Response:
    """Open a case for a dwelling."""
    entry = writes.Entry(**body.model_dump())
    opened = partial(writes.open_case, act.session, act.viewer, token, entry)
    return act.once(opened, 201, facts=("serial",))


@router.post("/registrations/{case_id}/actions/fill", response_model=FilledOut, dependencies=[ENTER])
def fill_case(case_id: UUID, body: Filling, version: IfMatch, token: Token, act: Once) -> Response:
    """Replace all forms of a draft or returned case: a whole household in one go."""
    fill = partial(writes.fill_case, act.session, act.viewer, token, case_id, body.given(), version=version)
    return act.once(fill, facts=("forms", "warnings"))


@router.post("/registrations/{case_id}/actions/submit", response_model=WrittenOut, dependencies=[ENTER])
def submit_case(case_id: UUID, body: Submission, version: IfMatch, token: Token, act: Once) -> Response:
    """Hand a case to the officer; from then on its forms do not change."""
    submit = partial(writes.submit_case, act.session, act.viewer, token, case_id)
    return act.once(partial(submit, version=version, late_reason=body.late_reason))


@router.post("/registrations/{case_id}/actions/void", response_model=WrittenOut, dependencies=[ENTER])
def void_case(case_id: UUID, body: Returning, version: IfMatch, token: Token, act: Once) -> Response:
    """Give up a draft or returned case."""
    return _judge(act, token, case_id, "void", version, body.reason)


@router.post("/registrations/{case_id}/actions/take", response_model=WrittenOut, dependencies=[REVIEW])
def take_case(case_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Take a case to judge it."""
    return _judge(act, token, case_id, "take", version, None)


@router.post("/registrations/{case_id}/actions/pass", response_model=WrittenOut, dependencies=[REVIEW])
def pass_case(case_id: UUID, version: IfMatch, token: Token, act: Once) -> Response:
    """Pass a case on; the head of the station registers it by this."""
    return _judge(act, token, case_id, "pass", version, None)


@router.post("/registrations/{case_id}/actions/return", response_model=WrittenOut, dependencies=[REVIEW])
def return_case(case_id: UUID, body: Returning, version: IfMatch, token: Token, act: Once) -> Response:
    """Send a case back with the reason."""
    return _judge(act, token, case_id, "return", version, body.reason)


@router.post("/registrations/{case_id}/open", response_model=OpenedCaseOut, dependencies=[OPEN])
def open_forms(case_id: UUID, engine: App, look: CurrentLook) -> Response:
    """Show the forms of a case in full: a look on the record."""
    found = reads.open_forms(engine, look, case_id)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id), "ETag": f'"{found.case.version}"'})


@router.post("/registrations/{case_id}/check", response_model=CheckedOut, dependencies=[CHECK])
def check_person(case_id: UUID, body: Document, engine: App, look: CurrentLook) -> Response:
    """Tell whether the person of a document is registered already: a look on the record."""
    found = reads.check_person(engine, look, case_id, body.id_type, body.id_number)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})


def _judge(
    act: Once, token: str, case_id: UUID, step: writes.Judgement, version: int, reason: str | None
) -> Response:
    judge = partial(writes.judge_case, act.session, act.viewer, token, case_id, step)
    return act.once(partial(judge, version=version, reason=reason))
