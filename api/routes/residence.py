"""Looks at persons: who lives where, where somebody lives, one field in full; each one on the record."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import NO_STORE, App, CurrentLook, NeedsToLook, answer, engine_of
from api.schemas.residence import (
    DwellingsOut,
    Fields,
    Lookup,
    Name,
    NamedOut,
    OccupantsOut,
    OccupantsQuery,
    RevealedOut,
)  # fmt: skip
from geo_registry.access.viewer import Permission
from geo_registry.pages import read_cursor
from geo_registry.residence import reads
from geo_registry.residence.reads import Look, Target

router = APIRouter(prefix="/v1", tags=["residence"])
OCCUPANTS = Depends(NeedsToLook(Permission.OCCUPANTS_LOOK))
PERSON = Depends(NeedsToLook(Permission.PERSON_LOOK))
NAME = Depends(NeedsToLook(Permission.NAME_LOOK))
REVEAL = Depends(NeedsToLook(Permission.PERSON_REVEAL))
Asked = Annotated[OccupantsQuery, Query()]


@router.get("/buildings/{building_id}/occupants", dependencies=[OCCUPANTS], response_model=OccupantsOut)
async def occupants_of_building(
    building_id: UUID, query: Asked, request: Request, look: CurrentLook
) -> Response:
    """Tell who lives in a building at a day (以房找人)."""
    target = reads.occupants_target("building", building_id, _after(query), query.limit)
    return await _told(request, _at(look, query), target)


@router.get("/housing-units/{unit_id}/occupants", dependencies=[OCCUPANTS], response_model=OccupantsOut)
async def occupants_of_unit(unit_id: UUID, query: Asked, request: Request, look: CurrentLook) -> Response:
    """Tell who lives in a housing unit at a day (以房找人)."""
    target = reads.occupants_target("housing_unit", unit_id, _after(query), query.limit)
    return await _told(request, _at(look, query), target)


@router.post("/persons/lookup", dependencies=[PERSON], response_model=DwellingsOut)
async def dwellings_of_person(body: Lookup, request: Request, look: CurrentLook) -> Response:
    """Tell where the person of an identity document lives and has lived (以人找房)."""
    look = replace(look, valid_at=body.valid_at, known_at=body.known_at)
    return await _told(request, look, reads.dwellings_target(body.id_type, body.id_number))


@router.post("/areas/{area_id}/persons-by-name", dependencies=[NAME], response_model=NamedOut)
async def persons_by_name(area_id: UUID, body: Name, request: Request, look: CurrentLook) -> Response:
    """Find adults by name inside one community or township."""
    return await _told(request, look, reads.name_target(area_id, body.name))


@router.post("/persons/{person_id}/reveal", dependencies=[REVEAL], response_model=RevealedOut)
def reveal_person(person_id: UUID, body: Fields, engine: App, look: CurrentLook) -> Response:
    """Show fields of one person in full: an act of its own on the record."""
    found = reads.reveal_person(engine, look, person_id, body.fields)
    return answer(found, {**NO_STORE, "Audit-Id": str(found.audit_id)})


def _at(look: Look, query: OccupantsQuery) -> Look:
    return replace(look, valid_at=query.valid_at, known_at=query.known_at)


def _after(query: OccupantsQuery) -> tuple[UUID, UUID] | None:
    if query.after is None:
        return None
    unit, residence = read_cursor(query.after, UUID, UUID)
    return unit, residence


async def _told(request: Request, look: Look, target: Target) -> Response:
    audit_id, told = await reads.told(await engine_of(request), look, target)
    request.state.rows = told.count(b'"residence_id":')
    return Response(told, headers={**NO_STORE, "Audit-Id": str(audit_id)}, media_type="application/json")
