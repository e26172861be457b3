"""Production batches: order plates from a maker, have them made and delivered, close or cancel."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.plate import BatchQuery, Delivery, NewBatch, Production
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import reads, writes

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
