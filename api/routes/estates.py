"""A new estate: its developer's table read, and taken in."""

from dataclasses import astuple
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from api.deps import NO_STORE, CurrentViewer, Needs, Once, Transaction, answer
from api.guard import TABLE_TYPES
from api.problems import Unsupported
from api.schemas.estate import EstateIntake, EstateTableOut, EstateTakenOut
from geo_registry.access.viewer import Permission
from geo_registry.address.places import profile_in_force
from geo_registry.exchange.estate_table import read_estate_table
from geo_registry.housing.estate_rows import EstateRow
from geo_registry.plate.estate_blocks import BuildingPlace
from geo_registry.plate.estates import NewEstate, take_in_estate

router = APIRouter(prefix="/v1/estates", tags=["numbering"])
REGISTER = Depends(Needs(Permission.BUILDING_REGISTER))
NUMBER = Depends(Needs(Permission.ADDRESS_NUMBER))
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(TABLE_TYPES)},
    }
}


@router.post("/table", response_model=EstateTableOut, openapi_extra=_BODY, dependencies=[REGISTER])
def table(request: Request, session: Transaction, viewer: CurrentViewer) -> Response:  # noqa: ARG001  (signed in)
    """Read a developer's table (the body itself, at most 8 MiB); nothing is stored."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in TABLE_TYPES:
        raise Unsupported("unsupported", "请求体须为 XLSX 或 CSV 文件")
    read = read_estate_table(profile_in_force(session), request.state.body)
    # The sheet of a row follows from its place among them.
    rows = [astuple(row)[:-1] for row in read.rows]
    told = {
        "rows": rows, "faults": read.faults, "ignored": read.ignored, "counts": read.counts,
        "sheets": read.sheets,
    }  # fmt: skip
    return answer(told, NO_STORE)


@router.post("/intake", response_model=EstateTakenOut, dependencies=[NUMBER])
def intake(body: EstateIntake, act: Once) -> Response:
    """Take in an estate from its rows, all or none; with `dry_run` tell what it would become."""
    asked = body.given() | {
        "rows": [EstateRow(*row) for row in body.rows],
        "places": [BuildingPlace(**one.model_dump()) for one in body.places],
        "gate": None if body.gate is None else (body.gate.lon, body.gate.lat),
        "estate": None if body.estate is None else NewEstate(**body.estate.model_dump()),
    }
    if body.dry_run:
        return answer(take_in_estate(act.session, act.viewer, **asked), NO_STORE)
    facts = ("act_id", "buildings", "entrances", "units", "plates")
    return act.once(partial(take_in_estate, act.session, act.viewer, **asked), facts=facts)
