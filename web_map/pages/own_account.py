"""我的账号: the own password, second factor, sessions and looks; open to confined sessions too."""

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from markupsafe import Markup

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.account import sessions
from web_map import access_words
from web_map.deps import CurrentViewer, Opens, PageSession, Token
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LOOKS = 20
HELPS: dict[str, Any] = {"access": access_words}
Owner = Annotated[Viewer, Depends(Opens(Permission.SESSION_OWN), scope="function")]


@router.get("/account")
def own_account(
    request: Request,
    session: PageSession,
    viewer: CurrentViewer,
    token: Token,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show the own account; what it owes stands first."""
    looks = sessions.own_looks(session, token, after=after, limit=LOOKS)
    return page(
        request, "account.html", viewer, own=own_areas(session, viewer) if not viewer.confined else (),
        account=sessions.own_account(session, token), looks=looks.rows, next=looks.next, **HELPS,
    )  # fmt: skip


@router.post("/panels/account/code", dependencies=[Depends(Opens(Permission.SESSION_OWN))])
def code(uri: Annotated[str, Form(max_length=400, pattern="^otpauth://totp/")]) -> Response:
    """Draw the square code that an authenticator reads; nothing of it is kept."""
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn,
        kind="svg",
        scale=4,
        xmldecl=False,
        svgns=False,
        omitsize=True,
        svgclass="code-square",
        lineclass=None,
    )
    return piece("_code.html", square=Markup(drawn.getvalue().decode()))  # noqa: S704  (drawn by us, no text in it)
