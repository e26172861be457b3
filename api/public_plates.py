"""The pages of a plate in the public zone: whoever scans its square code reads the standard address there."""

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from api import problems
from api.deps import address_of
from api.public_pages import fields_of, page
from geo_registry.codes import format_code
from geo_registry.errors import NotFound, RegistryError, RuleBroken
from geo_registry.plate.codes import read_code, signed_code
from geo_registry.plate.public import STANDINGS, PublicPlate, public_plate
from geo_registry.plate.reports import PUBLIC_KINDS, tell_publicly
from geo_registry.plate.rules import KIND_TITLES


async def plate_page(request: Request, signed: str) -> Response:
    """Show what a plate stands for: the standard address, its kind, how it stands, and never a person."""
    try:
        code = code_of(signed)
        plate = await run_in_threadpool(public_plate, request.app.state.engine, code, address_of(request))
    except RegistryError as error:
        return page("public_plate.html", problems.kind_of(error).status, error=error, plate=None)
    title, sentence = STANDINGS[plate.standing]
    return page(
        "public_plate.html", error=None, plate=plate, title=title, sentence=sentence,
        kind=KIND_TITLES[plate.kind], code=format_code("P", code), signed=signed_code(code),
        follower=signed_code(plate.new_code) if plate.new_code else "",
    )  # fmt: skip


async def report_page(request: Request, signed: str) -> Response:
    """Show the form by which anybody tells what is wrong with a plate."""
    try:
        plate = await run_in_threadpool(
            public_plate, request.app.state.engine, code_of(signed), address_of(request)
        )
    except RegistryError as error:
        return page(
            "public_report.html", problems.kind_of(error).status, error=error, plate=None, report=None
        )
    return _form(signed, plate, {"kind": "", "wanted_text": ""})


async def report(request: Request, signed: str) -> Response:
    """Take a report and show its number, or the form with what is wrong with it."""
    engine, told = request.app.state.engine, {"kind": "", "wanted_text": ""}
    try:
        code = code_of(signed)
        plate = await run_in_threadpool(public_plate, engine, code, address_of(request))
    except RegistryError as error:
        return page(
            "public_report.html", problems.kind_of(error).status, error=error, plate=None, report=None
        )
    try:
        told = fields_of(request, ("kind", "wanted_text"))
        number = await run_in_threadpool(
            tell_publicly, engine, code, told["kind"], address_of(request), wanted_text=told["wanted_text"]
        )
    except RegistryError as error:
        return _form(signed, plate, told, error)
    return _form(signed, plate, told, number=format_code(None, number))


def _form(
    signed: str,
    plate: PublicPlate,
    told: dict[str, str],
    error: RegistryError | None = None,
    number: str = "",
) -> Response:
    status = problems.kind_of(error).status if error else 201 if number else 200
    return page(
        "public_report.html", status, signed=signed_code(code_of(signed)), plate=plate, told=told,
        error=error, field=str(error.facts.get("field", "")) if error else "", kinds=PUBLIC_KINDS,
        report=number,
    )  # fmt: skip


def code_of(signed: str) -> str:
    """Return the public code of a signed one.

    Raises:
        NotFound: it was not signed here; what is wrong with it is not told.

    """
    try:
        return read_code(signed)
    except RuleBroken as error:
        detail = "这不是本系统的门牌二维码。请重新扫描；若门牌上的码总是无效，请向当地民政部门或派出所反映"
        raise NotFound("plate-code", detail) from error
