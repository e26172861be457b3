"""以房找人: the occupants of a unit or building at a day, and the reveal of one value. Each is one look."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response

from geo_registry.access.audit import purposes_for
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.db import transaction
from geo_registry.errors import RuleBroken
from geo_registry.housing.reads import building, housing_unit
from geo_registry.residence.reads import (
    MOST_ROWS,
    Occupants,
    occupants_of_building,
    occupants_of_unit,
    reveal_person,
)
from geo_registry.text import natural_order
from web_map import time_axis, words
from web_map.deps import RequestEngine, StatedLook, Token, current_viewer, require
from web_map.render import PageRoute, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
REVEALABLE = {"name": "姓名", "birth": "出生年月", "id_number": "证件号码", "phone": "电话"}


class Looker:
    """A viewer who may look at persons, known before the look and outside its transaction."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, engine: RequestEngine, token: Token) -> Viewer:
        """Return the viewer; without the permission the page does not exist."""
        with transaction(engine) as session:
            return require(current_viewer(request, session, token), self.permission)


OccupantLooker = Annotated[Viewer, Depends(Looker(Permission.OCCUPANTS_LOOK))]
Revealer = Annotated[Viewer, Depends(Looker(Permission.PERSON_REVEAL))]


@router.post("/panels/occupants")
def occupants(
    engine: RequestEngine,
    viewer: OccupantLooker,
    look: StatedLook,
    unit_id: Annotated[UUID | None, Form()] = None,
    building_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """List who lives in a unit, or in a whole building, now or at a past day."""
    if (unit_id is None) == (building_id is None):
        raise RuleBroken("object-required", "请选择一个户室或整幢楼")
    found: Occupants
    if unit_id is not None:
        found = occupants_of_unit(engine, look, unit_id)
    else:
        found = occupants_of_building(engine, look, building_id or UUID(int=0), limit=MOST_ROWS)
    with transaction(engine) as session:
        unit = housing_unit(session, viewer, unit_id) if unit_id else None
        house = None if unit else building(session, viewer, building_id or UUID(int=0))
        purposes = {option.code: option.title for option in purposes_for(session, viewer)}
    axis, periods = time_axis.occupancy(found.counts, found.valid_at, words.today())
    return piece(
        "_occupants.html",
        found=found,
        units=time_axis.households(found.occupants),
        absent=sorted(found.absent, key=lambda row: natural_order(row["unit"])),
        axis=axis,
        periods=periods,
        unit=unit,
        building=house,
        look=look,
        purpose_title=purposes.get(look.purpose, ""),
        is_past=look.valid_at is not None and look.valid_at < words.today(),
        today=words.today(),
        may_reveal=viewer.may(Permission.PERSON_REVEAL),
        may_enter=viewer.may(Permission.CASE_ENTER),
        may_disclose=viewer.may(Permission.DISCLOSURE_REQUEST),
        revealable=REVEALABLE,
    )


@router.post("/panels/reveal")
def reveal(
    engine: RequestEngine,
    viewer: Revealer,  # noqa: ARG001  (asked for its refusal)
    look: StatedLook,
    person_id: Annotated[UUID, Form()],
    field: Annotated[str, Form(max_length=20)],
) -> Response:
    """Reveal one field of one person: one more act with its own audit number."""
    revealed = reveal_person(engine, look, person_id, [field])
    return piece(
        "_revealed.html",
        title=REVEALABLE[field],
        value=revealed.fields.get(field),
        audit_id=revealed.audit_id,
    )
