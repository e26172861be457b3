"""Acts on the numbers of a whole street."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.deps import NO_STORE, IfMatch, Needs, Once, answer
from api.schemas.numbering import (
    DoorSlot,
    IntakeTakenBackOut,
    RenumberingTakenBackOut,
    StreetNumberedOut,
    StreetNumbering,
    StreetRenumberedOut,
    StreetRenumbering,
    TakingBack,
)
from geo_registry.access.viewer import Permission
from geo_registry.address.numbering.storing import DoorWish
from geo_registry.plate.estate_back import take_back_intake
from geo_registry.plate.renumbering import NewNumber, renumber_street
from geo_registry.plate.street_numbers import number_street
from geo_registry.plate.taking_back import take_back_renumbering

router = APIRouter(prefix="/v1", tags=["numbering"])
NUMBER = Depends(Needs(Permission.ADDRESS_NUMBER))


@router.post(
    "/streets/{place_name_id}/actions/number", dependencies=[NUMBER], response_model=StreetNumberedOut
)
def number(place_name_id: UUID, body: StreetNumbering, version: IfMatch, act: Once) -> Response:
    """Give out numbers of a street, lane, estate or village as they were previewed, all or none."""
    target = {
        "place_name_id": place_name_id, "version": version, **body.given(),
        "slots": _wishes(body.slots), "reserve": _wishes(body.reserve),
    }  # fmt: skip
    facts = ("act_id", "addresses", "reserved", "plates")
    return act.once(partial(number_street, act.session, act.viewer, **target), facts=facts)


@router.post(
    "/streets/{place_name_id}/actions/renumber", dependencies=[NUMBER], response_model=StreetRenumberedOut
)
def renumber(place_name_id: UUID, body: StreetRenumbering, version: IfMatch, act: Once) -> Response:
    """Give doors of a street other numbers, all or none; with `dry_run` tell what would follow."""
    moves = [NewNumber(one.address_id, one.number, one.version) for one in body.changes]
    target = {"place_name_id": place_name_id, "version": version, **body.given(), "changes": moves}
    if body.dry_run:
        return answer(renumber_street(act.session, act.viewer, **target), NO_STORE)
    facts = ("act_id", "addresses", "plates", "buildings")
    return act.once(partial(renumber_street, act.session, act.viewer, **target), facts=facts)


@router.post(
    "/streets/{place_name_id}/actions/take-back-renumbering",
    dependencies=[NUMBER],
    response_model=RenumberingTakenBackOut,
)
def take_back(place_name_id: UUID, body: TakingBack, version: IfMatch, act: Once) -> Response:
    """Take back the latest renumbering of a street while nothing of it was used."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    if body.dry_run:
        return answer(take_back_renumbering(act.session, act.viewer, **target), NO_STORE)
    facts = ("act_id", "addresses", "plates")
    return act.once(partial(take_back_renumbering, act.session, act.viewer, **target), facts=facts)


@router.post(
    "/streets/{place_name_id}/actions/take-back-intake",
    dependencies=[NUMBER],
    response_model=IntakeTakenBackOut,
)
def take_intake_back(place_name_id: UUID, body: TakingBack, version: IfMatch, act: Once) -> Response:
    """Take back the latest intake of an estate while nothing of it was used."""
    target = {"place_name_id": place_name_id, "version": version, **body.given()}
    if body.dry_run:
        return answer(take_back_intake(act.session, act.viewer, **target), NO_STORE)
    facts = ("act_id", "addresses", "buildings", "entrances", "units", "plates")
    return act.once(partial(take_back_intake, act.session, act.viewer, **target), facts=facts)


def _wishes(slots: Sequence[DoorSlot]) -> list[DoorWish]:
    return [DoorWish(one.number, one.lon, one.lat, one.building_id) for one in slots]
