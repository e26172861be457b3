"""The pages of the registry, ready to be put into the application beside the interface."""

from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web_map.folium_page import localise
from web_map.pages import (
    account,
    address_changes,
    administration,
    batches,
    buildings,
    dashboard,
    declarations,
    disclosures,
    estates,
    grid,
    grid_drawing,
    home,
    my_block,
    numbering,
    occupants,
    oversight,
    own_account,
    papers,
    person,
    place_names,
    plate_panes,
    plate_rates,
    plate_reports,
    plate_wall,
    plate_work,
    plates,
    premises,
    reading,
    registrations,
    samples,
    search,
    separation,
    sign_on,
    tips,
    verifications,
    zones,
)  # fmt: skip
from web_map.render import failed

HERE = Path(__file__).parent
ROUTERS = (
    account.router,
    address_changes.router,
    sign_on.router,
    home.router,
    search.router,
    reading.router,
    papers.router,
    registrations.router,
    buildings.router,
    dashboard.router,
    occupants.router,
    person.router,
    my_block.router,
    grid.router,
    grid_drawing.router,
    zones.router,
    samples.router,
    batches.router,
    estates.router,
    numbering.router,
    place_names.router,
    plate_rates.router,
    plate_reports.router,
    plate_wall.router,
    plates.router,
    plate_panes.router,
    plate_work.router,
    own_account.router,
    administration.router,
    oversight.router,
    disclosures.router,
    declarations.router,
    separation.router,
    verifications.router,
    tips.router,
    premises.router,
)
# Paths of the interface: their errors are problems for programs, whoever asks.
_FOR_PROGRAMS = ("/v1/", "/tiles/", "/ogc/", "/health/", "/static/")
_A_DAY = "public, max-age=86400"
_A_YEAR = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """Our static files; an address with a version never changes its content.

    Modules import one another by plain names, so browsers ask each time whether they have changed.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file and say how long it may be kept."""
        reply = await super().get_response(path, scope)
        is_versioned = scope["query_string"].startswith(b"v=")
        is_ours = not path.startswith("vendor/")
        reply.headers["Cache-Control"] = _A_YEAR if is_versioned else "no-cache" if is_ours else _A_DAY
        return reply


def install(app: FastAPI) -> None:
    """Add pages, static files and the page for what is not there; errors of programs keep their form."""
    localise()
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Static(directory=HERE / "static"), name="static")
    for_programs = app.exception_handlers.get(HTTPException)

    async def not_found(request: Request, error: Exception) -> Response:
        if for_programs is not None and not _is_for_people(request):
            reply = for_programs(request, error)
            return reply if isinstance(reply, Response) else await reply
        return failed(request, error)

    app.add_exception_handler(HTTPException, not_found)


def _is_for_people(request: Request) -> bool:
    accepts = Headers(scope=request.scope).get("accept", "")
    return "text/html" in accepts and not request.url.path.startswith(_FOR_PROGRAMS)
