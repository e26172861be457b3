"""地址变更: the old address and the new one, looked up both ways, and the certificate of the change."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.changes import ChangeRow, changes, latest_acts
from geo_registry.address.reads import PlaceNameDetail, place_name
from geo_registry.db import Session
from geo_registry.pages import Page
from geo_registry.text import natural_order
from web_map import numbering_words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
Issuer = Annotated[Viewer, Depends(Opens(Permission.CERTIFICATE_ISSUE), scope="function")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked up: the beginning of a text, one address with its chain, a street, or one act."""

    q: Annotated[str, Query(max_length=100)] = ""
    address_id: UUID | None = None
    street: UUID | None = None
    act: UUID | None = None
    after: Annotated[str | None, Query(max_length=200)] = None


@router.get("/address-changes")
def listed(
    request: Request, session: PageSession, viewer: Issuer, asked: Annotated[Asked, Depends()]
) -> Response:
    """List changes by the old or the new text, of a street or an act; of one address show the chain.

    Unasked, list the latest acts.
    """
    is_asked = bool(asked.q.strip()) or any((asked.address_id, asked.street, asked.act))
    found = _found(session, viewer, asked) if is_asked else None
    rows = found.rows if found else ()
    if found and not (found.next or asked.after or asked.address_id):
        # A whole list is read by its numbers; a page of a longer one, and a chain, in the order of the acts.
        rows = tuple(sorted(rows, key=lambda row: natural_order(row.old_text)))
    street = _street(session, viewer, asked, [row.place_name_id for row in rows])
    return page(
        request, "address_changes.html", viewer, own=own_areas(session, viewer), asked=asked,
        is_asked=is_asked, rows=rows, next=found.next if found else None, street=street,
        latest=() if is_asked else latest_acts(session, viewer),
        kinds=numbering_words.CHANGE_KINDS, may_number=viewer.may(Permission.ADDRESS_NUMBER),
    )  # fmt: skip


def _found(session: Session, viewer: Viewer, asked: Asked) -> Page[ChangeRow]:
    return changes(
        session, viewer, q=asked.q.strip() or None, address_id=asked.address_id, place_name_id=asked.street,
        act_id=asked.act, after=asked.after, limit=ROWS,
    )  # fmt: skip


def _street(
    session: Session, viewer: Viewer, asked: Asked, streets: list[UUID | None]
) -> PlaceNameDetail | None:
    """Return the one street that all changes shown belong to."""
    of = {asked.street} if asked.street else set(streets)
    one = next(iter(of), None) if len(of) == 1 else None
    return place_name(session, viewer, one) if one else None
