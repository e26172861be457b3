"""Production batches: order plates from a maker, have them made and delivered, close or cancel."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.plate import BatchQuery, Delivery, NewBatch, Production
from geo_registry import books
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import orders, papers, reads, writes

router = APIRouter(prefix="/v1/plate-batches", tags=["plates"])
READ = Depends(Needs(Permission.PLACE_READ))
PRODUCE = Depends(Needs(Permission.PLATE_PRODUCE))


@router.get("", response_model=Page[reads.BatchRow], dependencies=[READ])
def batches(query: Annotated[BatchQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List batches, the latest first."""
    return answer(reads.batches(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/{batch_id}", response_model=reads.BatchDetail, dependencies=[READ])
def batch(batch_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one batch; its plates are `GET /v1/plates?batch_id=`."""
    return one(reads.batch(session, viewer, batch_id))


@router.get("/{batch_id}/sheet.pdf", dependencies=[PRODUCE], response_class=Response)
def sheets(
    batch_id: UUID,
    session: Transaction,
    viewer: CurrentViewer,
    page: Annotated[papers.PageSize, Query()] = "A4",
    part: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Print the maker's sheets: the list, and the signs 1:1 between cut marks, 120 in a file."""
    name, content = papers.sheets_pdf(session, viewer, batch_id, page=page, part=part)
    return Response(content, headers=books.attached(name), media_type="application/pdf")


@router.get("/{batch_id}/sheet.xlsx", dependencies=[PRODUCE], response_class=StreamingResponse)
def table(batch_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Return the maker's table of all plates of a batch."""
    number = reads.batch(session, viewer, batch_id).number
    file = orders.book_of(session, viewer, batch_id)
    return StreamingResponse(
        books.pieces(file), headers=books.attached(f"{number}.xlsx"), media_type=books.XLSX
    )


@router.post("", status_code=201, dependencies=[PRODUCE], response_model=WrittenOut)
def order_batch(body: NewBatch, act: Once) -> Response:
    """Order approved plates from a maker, all or none."""
    return act.once(partial(writes.order_batch, act.session, act.viewer, **body.given()), 201)


@router.post("/{batch_id}/actions/produce", dependencies=[PRODUCE], response_model=WrittenOut)
def produce_batch(batch_id: UUID, body: Production, version: IfMatch, act: Once) -> Response:
    """Record that plates of a batch were made."""
    target = {"batch_id": batch_id, "version": version, **body.given()}
    return act.once(partial(writes.produce_batch, act.session, act.viewer, **target))


@router.post("/{batch_id}/actions/deliver", dependencies=[PRODUCE], response_model=WrittenOut)
def deliver_batch(batch_id: UUID, body: Delivery, version: IfMatch, act: Once) -> Response:
    """Record that plates of a batch arrived."""
    target = {"batch_id": batch_id, "version": version, **body.given()}
    return act.once(partial(writes.deliver_batch, act.session, act.viewer, **target))


@router.post("/{batch_id}/actions/close", dependencies=[PRODUCE], response_model=WrittenOut)
def close_batch(batch_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Close a batch of which every plate was mounted, scrapped or cancelled."""
    target = {"batch_id": batch_id, "version": version, **body.given()}
    return act.once(partial(writes.close_batch, act.session, act.viewer, **target))


@router.post("/{batch_id}/actions/cancel", dependencies=[PRODUCE], response_model=WrittenOut)
def cancel_batch(batch_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Cancel an order of which nothing was made yet."""
    target = {"batch_id": batch_id, "version": version, **body.given()}
    return act.once(partial(writes.cancel_batch, act.session, act.viewer, **target))
