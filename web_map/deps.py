"""What a page function is given: the engine, a session, the viewer, the look at persons."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request

from geo_registry.access.viewer import Permission, Viewer, enter
from geo_registry.db import Engine, Session, transaction
from geo_registry.errors import NotFound, NotSignedIn, Refused
from geo_registry.residence.reads import Look


def engine_of(request: Request) -> Engine:
    """Return the engine of the running application."""
    engine: Engine = request.app.state.engine
    return engine


def token_of(request: Request) -> str:
    """Return the session's token, which the gate in front of all routes has read from the cookie.

    Raises:
        NotSignedIn: there is none.

    """
    token: str = request.state.token
    if not token:
        raise NotSignedIn("not-signed-in", "请先登录")
    return token


RequestEngine = Annotated[Engine, Depends(engine_of)]
Token = Annotated[str, Depends(token_of)]


def open_session(engine: RequestEngine) -> Iterator[Session]:
    """Open one transaction; it commits before the reply leaves."""
    with transaction(engine) as session:
        yield session


PageSession = Annotated[Session, Depends(open_session, scope="function")]


def current_viewer(request: Request, session: PageSession, token: Token) -> Viewer:
    """Return who asks."""
    viewer = enter(session, token)
    request.state.account_id = str(viewer.account_id)
    return viewer


CurrentViewer = Annotated[Viewer, Depends(current_viewer, scope="function")]


@dataclass(frozen=True)
class Opens:
    """The permission a page declares; for a viewer without it the page does not exist."""

    permission: Permission

    def __call__(self, viewer: CurrentViewer) -> Viewer:
        """Return the viewer who holds the permission."""
        return require(viewer, self.permission)


PlaceViewer = Annotated[Viewer, Depends(Opens(Permission.PLACE_READ), scope="function")]


def require(viewer: Viewer, permission: Permission) -> Viewer:
    """Return the viewer, or say that there is nothing here.

    Raises:
        Refused: the session may only put its own account in order; pages lead there.
        NotFound: the role does not hold the permission; what is out of scope is absent.

    """
    if viewer.confined and permission is not Permission.SESSION_OWN:
        raise Refused("account-confined", "请先在“我的账号”中完成改密、两步验证或紧急查看的复核")
    if not viewer.may(permission):
        raise NotFound("page-not-found", "没有这个页面")
    return viewer


_CODE = re.compile(r"[a-z0-9_-]{1,40}")


def stated_look(
    request: Request,
    token: Token,
    purpose: Annotated[str, Form(max_length=40)] = "",
    case_number: Annotated[str, Form(max_length=100)] = "",
    valid_at: Annotated[dt.date | None, Form()] = None,
) -> Look:
    """Return the look that the posted form states; the database judges purpose and case number."""
    # The log holds codes only, whatever was typed.
    request.state.purpose = purpose if _CODE.fullmatch(purpose) else None
    address = request.client.host if request.client else None
    return Look(
        token=token,
        purpose=purpose,
        case_number=case_number.strip(),
        address=address,
        request_id=request.state.request_id,
        valid_at=valid_at,
    )


StatedLook = Annotated[Look, Depends(stated_look)]


# Browsers read a backslash as a slash, and leave out tabs and line ends.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def safe_next(target: str) -> str:
    """Return a path of this host, or the map: a sign-in leads nowhere else."""
    return target if _OWN_PATH.fullmatch(target) else "/"
