"""Door plates: lists, one, the wall in figures, a preview, and the acts from number to wall."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.plate import (
    Draft,
    Inspection,
    MissingQuery,
    Mounting,
    Move,
    NearQuery,
    NewPlate,
    PlateQuery,
    RatesQuery,
    Sighting,
)  # fmt: skip
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import reads, writes
from geo_registry.plate.preview import Preview, preview_address

router = APIRouter(prefix="/v1/plates", tags=["plates"])
READ = Depends(Needs(Permission.PLACE_READ))
EDIT = Depends(Needs(Permission.PLATE_EDIT))
PRODUCE = Depends(Needs(Permission.PLATE_PRODUCE))
INSTALL = Depends(Needs(Permission.PLATE_INSTALL))
VERIFY = Depends(Needs(Permission.PLATE_VERIFY))
INSPECT = Depends(Needs(Permission.PLATE_INSPECT))


@router.get("", response_model=Page[reads.PlateRow], dependencies=[READ])
def plates(query: Annotated[PlateQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List plates in order of id."""
    return answer(reads.plates(session, viewer, **query.asked()))


@router.get("/missing", response_model=Page[reads.MissingRow], dependencies=[READ])
def missing(query: Annotated[MissingQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List addresses without a plate on the wall, each with its reason."""
    return answer(reads.missing(session, viewer, **query.asked()))


@router.get("/rates", response_model=list[reads.WallRate], dependencies=[READ])
def rates(query: Annotated[RatesQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell the rate on the wall of each part of an area."""
    return answer(reads.rates_on_wall(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/nearest", response_model=list[reads.NearPlate], dependencies=[READ])
def nearest(query: Annotated[NearQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List the plates around a point that wait to be mounted, the nearest first."""
    return answer(reads.nearest_to_install(session, viewer, **query.model_dump()))


@router.get("/{plate_id}", response_model=reads.PlateDetail, dependencies=[READ])
def plate(plate_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one plate with its evidence, ended ones too."""
    return one(reads.plate(session, viewer, plate_id))


@router.post("", status_code=201, dependencies=[EDIT], response_model=WrittenOut)
def add_plate(body: NewPlate, act: Once) -> Response:
    """Give an address a plate, or number a new door together with its plate."""
    if body.address_id is None:
        return act.once(partial(writes.add_plate, act.session, act.viewer, **body.given()), 201)
    kept = body.model_dump(exclude_none=True, exclude={"place_name_id", "community_id", "number", "side"})
    return act.once(partial(writes.number_plate, act.session, act.viewer, **kept), 201)


@router.post("/preview", dependencies=[EDIT], response_model=Preview)
def preview(body: Draft, session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell what a new plate would read and what speaks against it; nothing is stored."""
    asked = body.model_dump(exclude_none=True, exclude={"document_number", "reason"})
    return answer(preview_address(session, viewer, **asked), NO_STORE)


@router.post("/{plate_id}/actions/approve", dependencies=[EDIT], response_model=WrittenOut)
def approve_plate(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Approve a plate for production."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.approve_plate, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/scrap", dependencies=[PRODUCE], response_model=WrittenOut)
def scrap_plate(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Take a plate that was never mounted out of its batch; it can be ordered again."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.scrap_plate, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/install", dependencies=[INSTALL], response_model=WrittenOut)
def install_plate(plate_id: UUID, body: Mounting, version: IfMatch, act: Once) -> Response:
    """Record that a plate hangs, with photo, place and time."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.install_plate, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/verify", dependencies=[VERIFY], response_model=WrittenOut)
def verify_plate(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Confirm that a plate hangs; never by the account that put it up."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.verify_plate, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/report-damage", dependencies=[INSPECT], response_model=WrittenOut)
def report_damage(plate_id: UUID, body: Sighting, version: IfMatch, act: Once) -> Response:
    """Record that a plate is broken."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.report_damage, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/report-missing", dependencies=[INSPECT], response_model=WrittenOut)
def report_missing(plate_id: UUID, body: Sighting, version: IfMatch, act: Once) -> Response:
    """Record that a plate is gone."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.report_missing, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/inspect", dependencies=[INSPECT], response_model=WrittenOut)
def inspect(plate_id: UUID, body: Inspection, version: IfMatch, act: Once) -> Response:
    """Record what was found at a plate that hangs."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.inspect, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/replace", dependencies=[EDIT], response_model=WrittenOut)
def replace_plate(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a plate and number its successor at the same address; answers the new plate."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.replace_plate, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/supersede", dependencies=[EDIT], response_model=WrittenOut)
def supersede(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End the use of a plate whose address got another number or name."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.supersede, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/remove", dependencies=[EDIT], response_model=WrittenOut)
def remove(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Record that a plate was taken down for good."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.remove, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/cancel", dependencies=[EDIT], response_model=WrittenOut)
def cancel(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Cancel a plate that was never mounted."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.cancel, act.session, act.viewer, **target))


@router.post("/{plate_id}/actions/move", dependencies=[EDIT], response_model=WrittenOut)
def move_plate(plate_id: UUID, body: Move, version: IfMatch, act: Once) -> Response:
    """Move the planned place of a plate."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(writes.move_plate, act.session, act.viewer, **target))
