"""登录 and what every visitor may see: sign-in, the sources of the data, the icon."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from geo_registry.account import oidc
from geo_registry.errors import NotSignedIn
from web_map.assets import read_manifest
from web_map.deps import PageSession, current_viewer, safe_next
from web_map.render import HERE, PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/login")
def login(
    request: Request, session: PageSession, next_: Annotated[str, Query(alias="next", max_length=500)] = "/"
) -> Response:
    """Show the sign-in; who is signed in already goes on."""
    target = safe_next(next_)
    if request.state.token:
        try:
            current_viewer(request, session, request.state.token)
        except NotSignedIn:
            pass
        else:
            return RedirectResponse(target, 303)
    return page(request, "login.html", None, target=target, oidc=oidc.is_set())


@router.get("/about")
def about(request: Request, session: PageSession) -> Response:
    """Show copyright, sources of the data and licences of what runs in the browser."""
    viewer = None
    if request.state.token:
        try:
            viewer = current_viewer(request, session, request.state.token)
        except NotSignedIn:
            viewer = None
    packages = read_manifest().packages
    return page(request, "about.html", viewer, packages=packages, folium_version=version("folium"))


@router.get("/favicon.ico")
def favicon() -> Response:
    """Answer browsers that ask for the icon at its old place."""
    return FileResponse(HERE / "static" / "img" / "icon.svg", media_type="image/svg+xml")
