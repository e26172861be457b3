"""Certifying, places, warnings, the bin and acts on many: what editing needs beside the numbers."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, CurrentViewer, IfMatch, Needs, Once, Transaction, answer
from api.schemas.act import Paper, WrittenOut
from api.schemas.address_work import (
    Addresses,
    BinQuery,
    Certification,
    Check,
    Choice,
    ManyOut,
    NewPosition,
    PlacedOut,
    Plates,
    SnapQuery,
    ToBuilding,
    TrialOut,
    WarningCountQuery,
    WarningQuery,
)
from api.schemas.plate import Move
from geo_registry.access.viewer import Permission
from geo_registry.address import certifying, positions, warning_list
from geo_registry.address.bin import try_remove, try_restore
from geo_registry.address.bulk import Trial
from geo_registry.pages import Page
from geo_registry.plate import bin as plate_bin
from geo_registry.plate import selection, signs

router = APIRouter(prefix="/v1", tags=["addresses"])
READ = Depends(Needs(Permission.PLACE_READ))
HISTORY = Depends(Needs(Permission.HISTORY_READ))
CERTIFY = Depends(Needs(Permission.ADDRESS_CERTIFY))
CORRECT = Depends(Needs(Permission.ADDRESS_CORRECT))
RETIRE = Depends(Needs(Permission.ADDRESS_RETIRE))
EDIT = Depends(Needs(Permission.PLATE_EDIT))
FACTS = ("count",)


@router.post("/addresses/actions/certify", dependencies=[CERTIFY], response_model=ManyOut | TrialOut)
def certify(body: Certification, act: Once) -> Response:
    """Certify up to 1000 addresses, all or none, or tell which may be."""
    if body.dry_run:
        return answer(certifying.try_certify(act.session, act.viewer, **body.asked()), NO_STORE)
    return act.once(partial(certifying.certify, act.session, act.viewer, **body.asked()), facts=FACTS)


@router.post("/addresses/actions/uncertify", dependencies=[CERTIFY], response_model=ManyOut | TrialOut)
def uncertify(body: Addresses, act: Once) -> Response:
    """Withdraw the certification of up to 1000 addresses, all or none, or tell which have one."""
    if body.dry_run:
        return answer(certifying.try_uncertify(act.session, act.viewer, **body.asked()), NO_STORE)
    return act.once(partial(certifying.uncertify, act.session, act.viewer, **body.asked()), facts=FACTS)


@router.post("/addresses/actions/remove", dependencies=[RETIRE], response_model=ManyOut | TrialOut)
def remove_addresses(body: Addresses, act: Once) -> Response:
    """Put addresses that were entered by mistake into the bin, all or none, or tell which may go."""
    if body.dry_run:
        return answer(try_remove(act.session, act.viewer, **body.asked()), NO_STORE)
    return act.once(partial(plate_bin.remove_addresses, act.session, act.viewer, **body.asked()), facts=FACTS)


@router.post("/addresses/actions/restore", dependencies=[RETIRE], response_model=ManyOut | TrialOut)
def restore_addresses(body: Addresses, act: Once) -> Response:
    """Bring addresses back from the bin, all or none, or tell which may come back."""
    if body.dry_run:
        return answer(try_restore(act.session, act.viewer, **body.asked()), NO_STORE)
    return act.once(
        partial(plate_bin.restore_addresses, act.session, act.viewer, **body.asked()), facts=FACTS
    )


@router.get("/bin", dependencies=[HISTORY], response_model=Page[plate_bin.Binned])
def binned(query: Annotated[BinQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List what lies in the bin, the latest first, with who put it there and why."""
    return answer(plate_bin.binned(session, viewer, **query.asked()))


@router.post("/plates/{plate_id}/actions/restore", dependencies=[EDIT], response_model=WrittenOut)
def restore_plate(plate_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Bring a cancelled plate back to the state in which it was cancelled."""
    target = {"plate_id": plate_id, "version": version, **body.given()}
    return act.once(partial(plate_bin.restore_plate, act.session, act.viewer, **target))


@router.get("/addresses/{address_id}/positions", dependencies=[READ], response_model=list[positions.Place])
def places(address_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """List the places of an address, the main one first."""
    return answer(positions.positions(session, viewer, address_id))


@router.post(
    "/addresses/{address_id}/positions", status_code=201, dependencies=[CORRECT], response_model=PlacedOut
)
def add_position(address_id: UUID, body: NewPosition, version: IfMatch, act: Once) -> Response:
    """Add a place to an address."""
    target = {"address_id": address_id, "version": version, **body.given()}
    write = partial(positions.add_position, act.session, act.viewer, **target)
    return act.once(write, 201, facts=("position_id",))


@router.post(
    "/addresses/{address_id}/positions/{position_id}/actions/move",
    dependencies=[CORRECT],
    response_model=PlacedOut,
)
def move_position(address_id: UUID, position_id: UUID, body: Move, version: IfMatch, act: Once) -> Response:
    """Move a place of an address that is not the main one."""
    target = {"address_id": address_id, "position_id": position_id, "version": version, **body.given()}
    return act.once(
        partial(positions.move_position, act.session, act.viewer, **target), facts=("position_id",)
    )


@router.post(
    "/addresses/{address_id}/positions/{position_id}/actions/end",
    dependencies=[CORRECT],
    response_model=PlacedOut,
)
def end_position(address_id: UUID, position_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """End a place of an address that is not the main one."""
    target = {"address_id": address_id, "position_id": position_id, "version": version, **body.given()}
    return act.once(
        partial(positions.end_position, act.session, act.viewer, **target), facts=("position_id",)
    )


@router.post(
    "/addresses/{address_id}/positions/{position_id}/actions/main",
    dependencies=[CORRECT],
    response_model=PlacedOut,
)
def make_main(address_id: UUID, position_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Make a place the main one of its address; the main one takes its turn beside it."""
    target = {"address_id": address_id, "position_id": position_id, "version": version, **body.given()}
    return act.once(partial(positions.make_main, act.session, act.viewer, **target), facts=("position_id",))


@router.get("/address-warnings", dependencies=[READ], response_model=Page[warning_list.Warned])
def warnings(
    query: Annotated[WarningQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """List what speaks against addresses, the greatest effect first."""
    return answer(warning_list.warnings(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/address-warnings/counts", dependencies=[READ], response_model=warning_list.WarningCounts)
def warning_counts(
    query: Annotated[WarningCountQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """Count warnings by kind."""
    return answer(warning_list.warning_counts(session, viewer, **query.model_dump(exclude_none=True)))


@router.post("/address-warnings/actions/check", dependencies=[CORRECT], response_model=ManyOut)
def check_street(body: Check, session: Transaction, viewer: CurrentViewer) -> Response:
    """Find anew what speaks against the numbers of a street; answers how many warnings are open."""
    asked = body.model_dump(exclude_none=True)
    return answer(warning_list.check_again(session, viewer, **asked), NO_STORE)


@router.post(
    "/address-warnings/{address_id}/{kind}/actions/accept", dependencies=[CORRECT], response_model=WrittenOut
)
def accept_warning(address_id: UUID, kind: str, body: Paper, act: Once) -> Response:
    """Accept a warning with a reason."""
    target = {"address_id": address_id, "kind": kind, **body.given()}
    return act.once(partial(warning_list.accept_warning, act.session, act.viewer, **target))


@router.post(
    "/address-warnings/{address_id}/{kind}/actions/reopen", dependencies=[CORRECT], response_model=WrittenOut
)
def reopen_warning(address_id: UUID, kind: str, body: Paper, act: Once) -> Response:
    """Take back that a warning was accepted."""
    target = {"address_id": address_id, "kind": kind, **body.given()}
    return act.once(partial(warning_list.reopen_warning, act.session, act.viewer, **target))


@router.post("/plates/selection", dependencies=[READ], response_model=selection.Selection)
def plates_within(body: Choice, session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell which plates a drawn line encloses, with their counts; nothing is stored."""
    shape = body.polygon.model_dump()
    return answer(selection.plates_within(session, viewer, polygon=shape, limit=body.limit), NO_STORE)


@router.get("/plates/snap", dependencies=[READ], response_model=list[selection.Snap])
def snap(query: Annotated[SnapQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell the nearest entrance, wall and axis that a point may be drawn to."""
    return answer(selection.snap(session, viewer, **query.model_dump(exclude_none=True)))


@router.post("/plates/actions/approve", dependencies=[EDIT], response_model=ManyOut | TrialOut)
def approve_plates(body: Plates, act: Once) -> Response:
    """Approve up to 1000 plates, all or none, or tell which may be; answers the id of the first act."""
    if body.dry_run:
        return answer(_tried(body, act, "approve"), NO_STORE)
    write = partial(selection.take_step_many, act.session, act.viewer, "approve", **body.asked())
    return act.once(write, facts=FACTS)


@router.post("/plates/actions/cancel", dependencies=[EDIT], response_model=ManyOut | TrialOut)
def cancel_plates(body: Plates, act: Once) -> Response:
    """Cancel up to 1000 plates that were never mounted, all or none, or tell which may be."""
    if body.dry_run:
        return answer(_tried(body, act, "cancel"), NO_STORE)
    write = partial(selection.take_step_many, act.session, act.viewer, "cancel", **body.asked())
    return act.once(write, facts=FACTS)


@router.post("/plates/actions/renew", dependencies=[EDIT], response_model=ManyOut | TrialOut)
def renew_plates(body: Plates, act: Once) -> Response:
    """Make up to 1000 signs with an old name anew, all or none, or tell which would be."""
    if body.dry_run:
        found = signs.try_renew(act.session, act.viewer, plate_ids=body.plate_ids, versions=body.versions)
        return answer(found, NO_STORE)
    return act.once(partial(signs.renew, act.session, act.viewer, **body.asked()), facts=FACTS)


@router.post("/plates/actions/move-to-building", dependencies=[EDIT], response_model=ManyOut | TrialOut)
def move_to_building(body: ToBuilding, act: Once) -> Response:
    """Draw up to 1000 plates to the building next to each, all or none, or tell where they would go."""
    asked = body.asked()
    if body.dry_run:
        kept = {name: asked[name] for name in asked if name not in {"reason", "document_number"}}
        return answer(selection.try_move_to_building(act.session, act.viewer, **kept), NO_STORE)
    return act.once(partial(selection.move_to_building, act.session, act.viewer, **asked), facts=FACTS)


def _tried(body: Plates, act: Once, step: str) -> Trial:
    return selection.try_step(act.session, act.viewer, step, plate_ids=body.plate_ids, versions=body.versions)
