"""The public zone: an application of its own that takes declarations, and tells what a plate stands for.

It has no session and no page of the registry; its database role may call five functions and read nothing
(geo_registry/sql/900_grants.sql). Pages are plain forms without a script, for old phones and for the policy.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.deps import address_of
from api.guard import Guard
from api.journal import Journal, Limit
from api.public_pages import fields_of, page
from api.public_plates import plate_page, report, report_page
from geo_registry import db, log
from geo_registry.codes import format_code, new_id
from geo_registry.errors import NotFound, RegistryError, RuleBroken
from geo_registry.intake import public
from geo_registry.intake.lists import read_day
from geo_registry.intake.rules import KINDS, check_declared
from geo_registry.registration.slips import slip_state
from web_map.render import HERE

MOST_BYTES: Final = 16 << 10
FIELDS: Final = (
    "form", "kind", "name", "id_type", "id_number", "phone", "address", "on_day", "is_adult", "agrees",
)  # fmt: skip
STATIC: Final = {
    "tokens.css": ("css/tokens.css", "text/css"),
    "public.css": ("css/public.css", "text/css"),
    "icon.svg": ("img/icon.svg", "image/svg+xml"),
}
# The documents by which somebody may declare himself; a household book is of a family.
DOCUMENTS: Final = {
    "111": "居民身份证", "511": "台湾居民来往大陆通行证", "516": "港澳居民来往内地通行证",
    "553": "外国人永久居留身份证", "414": "护照",
}  # fmt: skip


class Anonymous:
    """Leave at the door whatever a browser sends of a session: nobody is known here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on without cookie and authorization."""
        if scope["type"] == "http":
            kept = [one for one in scope["headers"] if one[0] not in {b"cookie", b"authorization"}]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, send)


def create_app(database_url: str | None = None) -> FastAPI:
    """Return the application of the public zone; by default over the installation's database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        log.configure()
        app.state.engine = db.public_engine(database_url)
        yield
        app.state.engine.dispose()

    app = FastAPI(
        title="geo_registry public", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    problems.install(app)
    for path, endpoint, methods in (
        ("/", declare_page, ["GET"]), ("/", declare, ["POST"]), ("/state", state_page, ["GET"]),
        ("/state", state, ["POST"]), ("/static/{name}", static_file, ["GET"]), ("/health", health, ["GET"]),
        ("/slip", slip_page, ["GET"]), ("/slip", slip, ["POST"]),
        ("/p/{signed}", plate_page, ["GET"]), ("/report/{signed}", report_page, ["GET"]),
        ("/report/{signed}", report, ["POST"]),
    ):  # fmt: skip
        app.add_api_route(path, endpoint, methods=methods, response_model=None)
    app.add_middleware(Limit, most=db.POOL_SIZE)
    app.add_middleware(Guard, most=MOST_BYTES)
    app.add_middleware(Journal)
    app.add_middleware(Anonymous)
    return app


async def health() -> Response:
    """Tell a proxy that the process answers; the database is not asked."""
    return Response("ok", media_type="text/plain")


async def static_file(name: str) -> Response:
    """Answer with one of the three files of the pages."""
    if name not in STATIC:
        raise NotFound("not-found", "没有这个文件")
    path, kind = STATIC[name]
    return FileResponse(HERE / "static" / path, media_type=kind, headers={"Cache-Control": "max-age=86400"})


async def declare_page() -> Response:
    """Show the empty form."""
    return _form({"form": str(new_id()), "kind": "arrival", "id_type": "111", "on_day": str(db.today())})


async def declare(request: Request) -> Response:
    """Take a declaration and show its receipt, or the form with what is wrong with it."""
    try:
        told = fields_of(request, FIELDS)
    except RegistryError as error:
        return _form({"form": str(new_id())}, error)
    try:
        receipt = await run_in_threadpool(_declared, request, told)
    except RegistryError as error:
        return _form(told, error)
    values = {"receipt": format_code(None, receipt), "kind": KINDS[told["kind"]]}
    return page("public_receipt.html", 201, **values)


def _declared(request: Request, told: dict[str, str]) -> str:
    on_day = read_day(told["on_day"])
    if on_day is None:
        raise RuleBroken("day-invalid", "请填写日期", field="on_day")
    if told["id_type"] not in DOCUMENTS:
        raise RuleBroken("id-type", "请选择证件种类", field="id_type")
    declared = check_declared(
        kind=told["kind"], address=told["address"], name=told["name"], id_type=told["id_type"],
        id_number=told["id_number"], phone=told["phone"], on_day=on_day, today=db.today(),
        is_adult=told["is_adult"] == "yes", agrees=told["agrees"] == "yes",
    )  # fmt: skip
    return public.declare(request.app.state.engine, declared, address_of(request), _own_id(told["form"]))


def _own_id(text: str) -> UUID:
    """Return the id of the form, which keeps a declaration that is sent twice from being two."""
    try:
        found = UUID(text)
    except ValueError:
        return new_id()
    return found if found.version == 7 else new_id()


async def state_page() -> Response:
    """Show the question for a receipt."""
    return page("public_state.html", told={}, error=None, found=None)


async def state(request: Request) -> Response:
    """Tell how the declaration of a receipt stands."""
    told: dict[str, str] = {}
    try:
        told = fields_of(request, ("receipt", "tail"))
        found = await run_in_threadpool(
            public.state_of, request.app.state.engine, told["receipt"], told["tail"], address_of(request)
        )
    except RegistryError as error:
        status = problems.kind_of(error).status
        return page("public_state.html", status, told=told, error=error, found=None)
    return page("public_state.html", told=told, error=None, found=found)


async def slip_page() -> Response:
    """Show the question for a slip."""
    return page("public_slip.html", told={}, error=None, found=None)


async def slip(request: Request) -> Response:
    """Tell whether a slip is valid and its day, nothing else."""
    told: dict[str, str] = {}
    try:
        told = fields_of(request, ("number", "check"))
        found = await run_in_threadpool(
            slip_state, request.app.state.engine, told["number"], told["check"], address_of(request)
        )
    except RegistryError as error:
        status = problems.kind_of(error).status
        return page("public_slip.html", status, told=told, error=error, found=None)
    return page("public_slip.html", told=told, error=None, found=found, today=db.today())


def _form(told: dict[str, str], error: RegistryError | None = None) -> Response:
    status = problems.kind_of(error).status if error else 200
    values = dict.fromkeys(FIELDS, "") | told
    return page(
        "public_declare.html", status, told=values, error=error, field=_field_of(error), kinds=KINDS,
        documents=DOCUMENTS,
    )  # fmt: skip


def _field_of(error: RegistryError | None) -> str:
    return str(error.facts.get("field", "")) if error else ""
