"""人户分离: runs with their progress and persons, lists of an area, referrals of persons without hukou."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, areas
from geo_registry.db import Session
from geo_registry.separation import reads
from web_map import intake_words, words
from web_map.deps import Opens, PageSession, RequestEngine, StatedLook, Token
from web_map.pages.home import own_areas
from web_map.pages.occupants import Looker
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 30
AREAS = 100
Worker = Annotated[Viewer, Depends(Opens(Permission.SEPARATION_LOOK), scope="function")]
PersonLooker = Annotated[Viewer, Depends(Looker(Permission.SEPARATION_LOOK))]
After = Annotated[str | None, Form(max_length=200)]


@router.get("/separation")
def separation(
    request: Request,
    session: PageSession,
    viewer: Worker,
    token: Token,
    view: Annotated[str, Query(pattern="^(runs|lists|referrals)$")] = "runs",
    state: Annotated[str, Query(pattern="^(open|closed)$")] = "open",
    after: Annotated[str | None, Query(max_length=200)] = None,
    run: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Show runs, the lists of an area, or referrals; persons come by a look alone."""
    values: dict[str, Any] = {"rows": (), "next": None, "chosen": None}
    if view == "runs":
        found = reads.runs(session, viewer, token, after=after, limit=ROWS)
        values = {"rows": found.rows, "next": found.next, "chosen": None}
        if run:
            values["chosen"] = reads.run(session, viewer, token, run)
    elif view == "referrals":
        told = reads.referrals(session, token, is_open=state == "open", after=after, limit=ROWS)
        values |= {"rows": told.rows, "next": told.next}
    return page(
        request, "separation.html", viewer, own=own_areas(session, viewer), view=view, state=state,
        areas=_choosable(session, viewer), intake=intake_words, **values,
    )  # fmt: skip


@router.post("/panels/separation-runs/{run_id}")
def run_items(
    run_id: UUID, engine: RequestEngine, viewer: PersonLooker, look: StatedLook, after: After = None
) -> Response:
    """List the persons of a run, masked."""
    found = reads.items(engine, look, run_id, after=after or None)
    return piece(
        "_separation_items.html", found=found, run_id=run_id, intake=intake_words, words=words,
        may_decide=viewer.may(Permission.SEPARATION_DECIDE),
    )  # fmt: skip


@router.post("/panels/separation-runs/{run_id}/items/{item_id}")
def run_item(
    run_id: UUID, item_id: UUID, engine: RequestEngine, _viewer: PersonLooker, look: StatedLook
) -> Response:
    """Show one person of a run in full, for the visit."""
    audit_id, item = reads.open_item(engine, look, run_id, item_id)
    return piece("_separation_item.html", audit_id=audit_id, item=item, words=words)


@router.post("/panels/separations")
def separated(
    engine: RequestEngine,
    viewer: PersonLooker,
    look: StatedLook,
    area_id: Annotated[UUID, Form()],
    kind: Annotated[Literal["here", "away", "decided", "unregistered"], Form()] = "here",
    after: After = None,
) -> Response:
    """List separated persons of an area, masked."""
    found = reads.separated(engine, look, area_id, kind, after=after or None)
    return piece(
        "_separated.html", found=found, kind=kind, intake=intake_words, words=words,
        may_decide=viewer.may(Permission.SEPARATION_DECIDE),
    )  # fmt: skip


def _choosable(session: Session, viewer: Viewer) -> dict[str, tuple[AreaRow, ...]]:
    """Return the townships and communities that a run or a list may be about."""
    levels = ("township", "community")
    found = {words.LEVELS[level]: areas(session, viewer, level=level, limit=AREAS).rows for level in levels}
    return {title: rows for title, rows in found.items() if rows}
