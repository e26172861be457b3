"""The audit, for its administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, Needs, Token, Transaction, answer
from api.schemas.audit import AuditQuery
from geo_registry import pages
from geo_registry.access.viewer import Permission
from geo_registry.audit import trail

router = APIRouter(prefix="/v1", tags=["audit"])
READ = Depends(Needs(Permission.AUDIT_READ))


@router.get("/audit", response_model=pages.Page[trail.AuditRow], dependencies=[READ])
def audit(query: Annotated[AuditQuery, Query()], session: Transaction, token: Token) -> Response:
    """List the audit, newest first; each page that is read is a row of it."""
    found = trail.audit_rows(session, token, query.asked(), after=query.after, limit=query.limit)
    return answer(found, NO_STORE)


@router.get("/audit/state", response_model=trail.State, dependencies=[READ])
def audit_state(session: Transaction, token: Token) -> Response:
    """Tell the heads of the chains and the age of the last anchor."""
    return answer(trail.audit_state(session, token), NO_STORE)
