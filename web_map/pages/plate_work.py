"""The work list of warnings, ranked by what hangs on each; signs with an old name; the bin."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from geo_registry.access.viewer import Viewer
from geo_registry.address.reads import place_name
from geo_registry.address.warning_list import warning_counts, warnings
from geo_registry.db import Session
from geo_registry.plate import signs
from geo_registry.plate.bin import binned
from geo_registry.plate.rules import MOST_AT_ONCE
from geo_registry.text import natural_order
from web_map import plate_words, words
from web_map.deps import PageSession
from web_map.pages.home import own_areas
from web_map.pages.plates import Editor
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
Kind = Literal[
    "",
    "duplicate",
    "other_side",
    "far_from_street",
    "outside_area",
    "out_of_order",
    "gap",
    "no_position",
    "old_sign",
]
After = Annotated[str | None, Query(max_length=300)]


@router.get("/plates/warnings")
def warned(
    request: Request,
    session: PageSession,
    viewer: Editor,
    kind: Kind = "",
    street: UUID | None = None,
    accepted: Annotated[bool, Query()] = False,  # noqa: FBT002  (a switch in the address)
    after: After = None,
) -> Response:
    """Show the warnings of the viewer's areas or of one street, the greatest effect first."""
    told = _warned(session, viewer, kind=kind, street=street, accepted=accepted, after=after)
    if request.headers.get("HX-Request"):
        return piece("plate_warned.html", **told)
    return page(request, "plate_warnings.html", viewer, own=own_areas(session, viewer), **told)


def _warned(
    session: Session, viewer: Viewer, *, kind: str, street: UUID | None, accepted: bool, after: str | None
) -> dict[str, Any]:
    found = warnings(
        session, viewer, kind=kind or None, place_name_id=street, accepted=accepted, after=after, limit=ROWS
    )
    return {
        "rows": found.rows, "next": found.next, "kind": kind, "accepted": accepted, "after": after,
        "counts": warning_counts(session, viewer, place_name_id=street), "plate_words": plate_words,
        "street": place_name(session, viewer, street) if street else None,
    }  # fmt: skip


@router.get("/plates/old-signs")
def old_signs(
    request: Request, session: PageSession, viewer: Editor, street: UUID | None = None, after: After = None
) -> Response:
    """Show the streets whose signs bear an old name, or the signs of one and all names below it."""
    told: dict[str, Any] = {"street": None, "streets": (), "rows": (), "count": None}
    if street is None:
        told["streets"] = signs.streets_of_old_signs(session, viewer)
    else:
        found = signs.old_signs(session, viewer, place_name_id=street, after=after, limit=MOST_AT_ONCE)
        rows = sorted(found.rows, key=lambda row: natural_order(row.now_text))
        told |= {
            "street": place_name(session, viewer, street), "rows": rows, "next": found.next,
            "count": signs.count_old_signs(session, viewer, place_name_id=street),
        }  # fmt: skip
    if request.headers.get("HX-Request"):
        return piece("plate_old.html", **told)
    return page(request, "plate_old_signs.html", viewer, own=own_areas(session, viewer), **told)


@router.get("/plates/bin")
def in_bin(
    request: Request,
    session: PageSession,
    viewer: Editor,
    kind: Literal["", "address", "plate", "place_name"] = "",
    street: UUID | None = None,
    after: After = None,
) -> Response:
    """Show what lies in the bin, the latest first, with who put it there, when and why."""
    found = binned(session, viewer, kind=kind or None, place_name_id=street, after=after, limit=ROWS)
    told: dict[str, Any] = {
        "rows": found.rows, "next": found.next, "kind": kind, "plate_words": plate_words,
        "states": {**plate_words.NAME_STATES, **words.PLATE_STATES},
        "street": place_name(session, viewer, street) if street else None,
    }  # fmt: skip
    if request.headers.get("HX-Request"):
        return piece("plate_binned.html", **told)
    return page(request, "plate_bin.html", viewer, own=own_areas(session, viewer), **told)
