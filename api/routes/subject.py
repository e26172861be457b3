"""The report that a person may ask for: what is stored, and who looked."""

from fastapi import APIRouter, Depends, Response

from api.deps import NO_STORE, App, CurrentLook, NeedsToLook, answer
from api.schemas.residence import Identity
from api.schemas.subject import SubjectOut
from geo_registry.access.viewer import Permission
from geo_registry.residence.subject import subject_report

router = APIRouter(prefix="/v1", tags=["residence"])
REPORT = Depends(NeedsToLook(Permission.SUBJECT_REPORT))


@router.post("/persons/subject-report", dependencies=[REPORT], response_model=SubjectOut)
def report_subject(body: Identity, engine: App, look: CurrentLook) -> Response:
    """Tell what is stored of the person of a document, and who looked at it, why and when."""
    found = subject_report(engine, look, body.id_type, body.id_number)
    return answer(found, {**NO_STORE, "Audit-Id": found["audit_id"]})
