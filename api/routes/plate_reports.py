"""Reports about plates: told by staff, settled by who edits plates; the public tells in its own zone."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.plate import Acceptance, Merger, NewReport, ReportQuery
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import inbox, reports

router = APIRouter(prefix="/v1/plate-reports", tags=["plates"])
TELL = Depends(Needs(Permission.PLATE_REPORT))
EDIT = Depends(Needs(Permission.PLATE_EDIT))


@router.get("", response_model=Page[inbox.ReportRow], dependencies=[TELL])
def listed(query: Annotated[ReportQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List reports, the oldest first; who does not edit plates sees the own ones."""
    return answer(inbox.reports(session, viewer, **query.asked()))


@router.get("/{report_id}", response_model=inbox.ReportRow, dependencies=[TELL])
def shown(report_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one report."""
    return one(inbox.report(session, viewer, report_id))


@router.post("", status_code=201, dependencies=[TELL], response_model=WrittenOut)
def tell(body: NewReport, act: Once) -> Response:
    """Tell what is wrong with a plate, or where one is missing."""
    told = body.model_dump(exclude_none=True)
    return act.once(partial(reports.report_plate, act.session, act.viewer, **told), 201)


@router.post("/{report_id}/actions/accept", dependencies=[EDIT], response_model=WrittenOut)
def accept(report_id: UUID, body: Acceptance, version: IfMatch, act: Once) -> Response:
    """Accept a report and do what follows from it, in one go."""
    target = {"report_id": report_id, "version": version, **body.given()}
    return act.once(partial(reports.accept_report, act.session, act.viewer, **target))


@router.post("/{report_id}/actions/reject", dependencies=[EDIT], response_model=WrittenOut)
def reject(report_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Close a report that leads to nothing, with the reason."""
    target = {"report_id": report_id, "version": version, **body.given()}
    return act.once(partial(reports.reject_report, act.session, act.viewer, **target))


@router.post("/{report_id}/actions/merge", dependencies=[EDIT], response_model=WrittenOut)
def merge(report_id: UUID, body: Merger, version: IfMatch, act: Once) -> Response:
    """Close a report that tells what another one tells already."""
    merged = partial(reports.merge_report, act.session, act.viewer, report_id=report_id, version=version)
    return act.once(partial(merged, into_id=body.into_id))
